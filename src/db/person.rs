//! The register.

use sqlx::{PgConnection, PgExecutor, query};

use crate::domain::{
    PersonId,
    language::Language,
    localized::Localized,
    person::{NewPerson, Person},
};

/// A person with the spellings of their name, and the name of their region.
pub async fn find(db: impl PgExecutor<'_>, person_id: PersonId) -> sqlx::Result<Option<Person>> {
    let row = query!(
        r#"/* person::find */ select p.person_id, p.name, ko.name as "name_ko?",
               en.name as "name_en?", p.birth_date, p.region_id, p.language,
               r.name as region_name, r.name_ko as region_name_ko, r.name_en as region_name_en
           from person p join region r using (region_id)
               left join person_spelling ko on ko.person_id = p.person_id and ko.language = 'ko'
               left join person_spelling en on en.person_id = p.person_id and en.language = 'en'
           where p.person_id = $1"#,
        person_id.0,
    );
    row.map(|row| Person {
        person_id: row.person_id.into(),
        name: row.name,
        name_ko: row.name_ko,
        name_en: row.name_en,
        birth_date: row.birth_date,
        region_id: row.region_id.into(),
        region_name: Localized::new(row.region_name, row.region_name_ko, row.region_name_en),
        language: row.language.as_deref().and_then(Language::tagged),
    })
    .fetch_optional(db)
    .await
}

/// Puts a person into the register, unless it has one of the names already; then answers which: 0
/// is the main name, the spellings follow.
///
/// The statement does not see a name that somebody else is adding at the same time. The database
/// keeps main names apart from each other, and spellings from each other. A name that becomes one
/// person's main name and another's spelling in the same instant finds neither of them.
///
/// # Errors
/// The database's; `person_match_key` or `person_spelling_key` where somebody else was faster.
pub async fn insert(
    conn: &mut PgConnection,
    new: &NewPerson<'_>,
) -> sqlx::Result<Result<PersonId, usize>> {
    let keys: Vec<_> = new.spellings.iter().map(|one| one.match_key.to_vec()).collect();
    let languages: Vec<_> = new.spellings.iter().map(|one| one.language.tag().to_owned()).collect();
    let names: Vec<_> = new.spellings.iter().map(|one| one.name.clone()).collect();
    let row = query!(
        r#"/* person::insert */ with taken as materialized (
               select k.n from unnest(array[$1::bytea] || $6::bytea[]) with ordinality
                               as k (match_key, n)
               where exists (select from person p where p.match_key = k.match_key)
                   or exists (select from person_spelling s where s.match_key = k.match_key)),
           new as (
               insert into person
                   (match_key, birth_date, region_id, name, phone, email, language)
               select $1, $2, $3, $4, $5, $9, $10 where not exists (select from taken)
               returning person_id),
           spelled as (
               insert into person_spelling (match_key, person_id, language, name)
               select s.match_key, new.person_id, s.language, s.name
               from new cross join unnest($6::bytea[], $7::text[], $8::text[])
                                   as s (match_key, language, name))
           select (select person_id from new) as "person_id: PersonId",
                  coalesce((select min(n) from taken), 1) - 1 as "taken!""#,
        new.match_key.as_slice(),
        new.birth_date.date(),
        new.region_id.0,
        new.name,
        new.phone,
        &keys,
        &languages,
        &names,
        new.contact.email,
        new.contact.language.map(Language::tag),
    )
    .fetch_one(conn)
    .await?;
    Ok(row.person_id.ok_or_else(|| usize::try_from(row.taken).unwrap_or(0)))
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
