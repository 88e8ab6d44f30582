//! The register.

use std::collections::HashMap;

use sqlx::{PgConnection, PgExecutor, query};

use crate::domain::{
    PersonId,
    birth_date::{BirthDate, Precision},
    language::Language,
    localized::Localized,
    person::{Keyed, NewPerson, Person},
    person_key::{FOLD, Match},
};

/// Persons with the spellings of their names, and the names of their regions. `offset 0` has each
/// table looked into for one row at a time, whatever the planner takes it to hold.
pub async fn find(
    db: impl PgExecutor<'_>,
    person_ids: &[PersonId],
) -> sqlx::Result<HashMap<PersonId, Person>> {
    let ids: Vec<_> = person_ids.iter().map(|id| id.0).collect();
    let rows = query!(
        r#"/* person::find */ select p.person_id, p.name, ko.name as "name_ko?",
               en.name as "name_en?", p.birth_date, p.birth_precision, p.region_id, p.language,
               r.name as region_name, r.name_ko as region_name_ko, r.name_en as region_name_en
           from unnest($1::bigint[]) k (person_id)
           cross join lateral (select * from person where person_id = k.person_id offset 0) p
           join region r using (region_id)
           left join lateral (
               select name from person_spelling
               where person_id = k.person_id and language = 'ko' offset 0) ko on true
           left join lateral (
               select name from person_spelling
               where person_id = k.person_id and language = 'en' offset 0) en on true"#,
        &ids,
    );
    let people = rows.fetch_all(db).await?.into_iter().map(|row| Person {
        person_id: row.person_id.into(),
        name: row.name,
        name_ko: row.name_ko,
        name_en: row.name_en,
        birth_date: BirthDate::kept(row.birth_date, Precision::numbered(row.birth_precision)),
        region_id: row.region_id.into(),
        region_name: Localized::new(row.region_name, row.region_name_ko, row.region_name_en),
        language: row.language.as_deref().and_then(Language::tagged),
    });
    Ok(people.map(|person| (person.person_id, person)).collect())
}

/// Why a person is not put into the register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum There {
    /// The register has one of the names: 0 is the main one, the spellings follow.
    Name(usize),
    Code,
    /// Somebody of this name and birth date has another phone.
    Possibly,
}

/// Waits until nobody else adds a person of this name and birth date. Held until the end of the
/// transaction.
pub async fn wait_for_turn(conn: &mut PgConnection, name_key: Match) -> sqlx::Result<()> {
    query!(
        "/* person::wait_for_turn */
         select pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 0))",
        &name_key,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Puts a person into the register, unless they are there already or may be.
///
/// The statement does not see a name that somebody else is adding at the same time. The database
/// keeps main names apart from each other, and spellings from each other. A name that becomes one
/// person's main name and another's spelling in the same instant finds neither of them.
///
/// # Errors
/// The database's; `person_match_key`, `person_code_key` or `person_spelling_key` where somebody
/// else was faster.
pub async fn insert(
    conn: &mut PgConnection,
    new: &NewPerson<'_>,
) -> sqlx::Result<Result<PersonId, There>> {
    let Keyed { name, match_key, earlier_key, name_key, spellings } = new.keyed;
    let keys: Vec<_> = spellings.iter().map(|one| one.match_key.to_vec()).collect();
    let languages: Vec<_> = spellings.iter().map(|one| one.language.tag().to_owned()).collect();
    let names: Vec<_> = spellings.iter().map(|one| one.name.clone()).collect();
    let row = query!(
        r#"/* person::insert */ with sought as (
               select key, n from unnest(array[$1::bytea] || $6::bytea[]) with ordinality k (key, n)
               union all select $11, 1),
           taken as materialized (
               select n from sought
               where exists (select from person p where p.match_key = sought.key)
                   or exists (select from person_spelling s where s.match_key = sought.key)),
           coded as materialized (
               select from person where person_code_key = $12),
           possible as materialized (
               select from person p where p.birth_date = $2 and not $14
                   and p.name_key = encode($13::bytea, 'hex')::uuid
                   and ($12::bytea is null or p.person_code_key is null)),
           new as (
               insert into person (match_key, birth_date, birth_precision, region_id, name, phone,
                   email, language, person_code_key, name_key, fold)
               select $1, $2, $15, $3, $4, $5, $9, $10, $12, encode($13, 'hex')::uuid, $16
               where not exists (select from taken) and not exists (select from coded)
                   and not exists (select from possible)
               returning person_id),
           spelled as (
               insert into person_spelling (match_key, person_id, language, name)
               select s.match_key, new.person_id, s.language, s.name
               from new cross join unnest($6::bytea[], $7::text[], $8::text[])
                                   as s (match_key, language, name))
           select (select person_id from new) as "person_id: PersonId",
                  (select min(n) from taken) as taken,
                  exists (select from coded) as "is_coded!""#,
        match_key.as_slice(),
        new.birth_date.date(),
        new.region_id.0,
        name,
        new.phone,
        &keys,
        &languages,
        &names,
        new.contact.email,
        new.contact.language.map(Language::tag),
        earlier_key.as_ref().map(Match::as_slice),
        new.code_key.as_ref().map(Match::as_slice),
        name_key.as_slice(),
        new.is_distinct,
        new.birth_date.precision().number(),
        FOLD,
    )
    .fetch_one(conn)
    .await?;
    let there = match row.taken {
        Some(n) => There::Name(usize::try_from(n).unwrap_or(0).saturating_sub(1)),
        None if row.is_coded => There::Code,
        None => There::Possibly,
    };
    Ok(row.person_id.ok_or(there))
}

/// Writes down in which language to write to a person, where that is new; says whether it is.
/// Nothing is locked and nothing is written otherwise.
pub async fn set_language(
    db: impl PgExecutor<'_>,
    person_id: PersonId,
    language: Language,
) -> sqlx::Result<bool> {
    let done = query!(
        "/* person::set_language */
         update person set language = $2 where person_id = $1 and language is distinct from $2",
        person_id.0,
        language.tag(),
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
