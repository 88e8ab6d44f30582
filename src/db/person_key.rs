//! Keys of persons that are to be made anew, because the form of names has changed or the register
//! has corrected somebody.

use std::collections::HashMap;

use sqlx::{PgConnection, PgExecutor, query, query_scalar};
use uuid::Uuid;

use crate::domain::{
    PersonId,
    birth_date::{BirthDate, Precision},
    person_key::{FOLD, Match},
};

/// Somebody whose keys are to be made anew.
pub struct Waiting {
    pub person_id: PersonId,
    pub match_key: Match,
    pub name: String,
    pub phone: String,
    pub birth_date: BirthDate,
    /// By the register's own code: of somebody without a phone it is part of the key.
    pub has_code: bool,
    pub spellings: Vec<WaitingSpelling>,
}

/// A further spelling of the name.
pub struct WaitingSpelling {
    pub match_key: Match,
    pub name: String,
}

/// A person with their keys as they are to be.
pub struct Rekeyed {
    pub person_id: PersonId,
    pub earlier: Match,
    pub match_key: Match,
    pub name_key: Match,
    pub phone: String,
    /// Of the spellings, the key that each has and the one that it is to have.
    pub spellings: Vec<(Match, Match)>,
}

/// What became of some who waited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// How many there were.
    pub seen: usize,
    /// Those whose new key is another person's.
    pub shared: usize,
}

/// Says whether no file is being loaded, and keeps it so until the end of the transaction: who is
/// who does not change while a file is checked.
pub async fn take_turn(conn: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* person_key::take_turn */
           select pg_try_advisory_xact_lock(hashtext('import')) as "is_free!""#
    )
    .fetch_one(conn)
    .await
}

/// Up to `limit` of those who wait.
pub async fn waiting(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Waiting>> {
    let rows = query!(
        r#"/* person_key::waiting */
           select person_id as "person_id: PersonId", match_key, name, phone, birth_date,
               birth_precision, person_code_key is not null as "has_code!"
           from person where fold = 1 order by fold, person_id limit $1"#,
        limit,
    )
    .fetch_all(&mut *conn)
    .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.person_id.0).collect();
    let mut spelled = spellings(conn, &ids).await?;
    let waiting = rows.into_iter().map(|row| Waiting {
        person_id: row.person_id,
        match_key: key(&row.match_key),
        name: row.name,
        phone: row.phone,
        birth_date: BirthDate::kept(row.birth_date, Precision::numbered(row.birth_precision)),
        has_code: row.has_code,
        spellings: spelled.remove(&row.person_id.0).unwrap_or_default(),
    });
    Ok(waiting.collect())
}

async fn spellings(
    conn: &mut PgConnection,
    ids: &[i64],
) -> sqlx::Result<HashMap<i64, Vec<WaitingSpelling>>> {
    let rows = query!(
        "/* person_key::spellings */
         select person_id, match_key, name from person_spelling where person_id = any($1)",
        ids,
    )
    .fetch_all(conn)
    .await?;
    let mut spelled: HashMap<i64, Vec<WaitingSpelling>> = HashMap::new();
    for row in rows {
        let spelling = WaitingSpelling { match_key: key(&row.match_key), name: row.name };
        spelled.entry(row.person_id).or_default().push(spelling);
    }
    Ok(spelled)
}

/// Writes their keys. Whoever's new key is another person's keeps the one they have, and is marked;
/// a spelling whose new key somebody else has, or its own person by the main name, stays too.
///
/// # Errors
/// The database's; a unique violation where somebody was registered in the same instant.
pub async fn write(conn: &mut PgConnection, rekeyed: &[Rekeyed]) -> sqlx::Result<Done> {
    let of = |pick: fn(&Rekeyed) -> Match| -> Vec<Vec<u8>> {
        rekeyed.iter().map(|one| pick(one).to_vec()).collect()
    };
    let ids: Vec<_> = rekeyed.iter().map(|one| one.person_id.0).collect();
    let name_keys: Vec<_> = rekeyed.iter().map(|one| Uuid::from_bytes(one.name_key)).collect();
    let phones: Vec<_> = rekeyed.iter().map(|one| one.phone.clone()).collect();
    let folds = query_scalar!(
        "/* person_key::write */
         with new as (
             select * from unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::uuid[], $5::text[])
                 as n (person_id, earlier, match_key, name_key, phone)
         ), judged as (
             select new.*,
                 row_number() over (partition by match_key order by person_id) > 1
                 or exists (select from person p
                     where p.match_key = new.match_key and p.person_id <> new.person_id)
                 or exists (select from person_spelling x
                     where x.match_key = new.match_key and x.person_id <> new.person_id)
                     as is_shared
             from new
         )
         update person p set
             match_key = case when j.is_shared then p.match_key else j.match_key end,
             phone = case when j.is_shared then p.phone else j.phone end,
             name_key = j.name_key,
             fold = case when j.is_shared then 0 else $6::smallint end
         from judged j
         where p.person_id = j.person_id and p.match_key = j.earlier and p.fold = 1
         returning p.fold",
        &ids,
        &of(|one| one.earlier),
        &of(|one| one.match_key),
        &name_keys,
        &phones,
        FOLD,
    )
    .fetch_all(&mut *conn)
    .await?;
    write_spellings(conn, rekeyed).await?;
    let shared = folds.iter().filter(|fold| **fold == 0).count();
    Ok(Done { seen: rekeyed.len(), shared })
}

async fn write_spellings(conn: &mut PgConnection, rekeyed: &[Rekeyed]) -> sqlx::Result<()> {
    let changed = rekeyed.iter().flat_map(|one| &one.spellings).filter(|(a, b)| a != b);
    let (earlier, new): (Vec<_>, Vec<_>) = changed.map(|(a, b)| (a.to_vec(), b.to_vec())).unzip();
    if earlier.is_empty() {
        return Ok(());
    }
    query!(
        "/* person_key::write_spellings */
         with new as (
             select * from unnest($1::bytea[], $2::bytea[]) as n (earlier, match_key)
         ), free as (
             select distinct on (match_key) earlier, match_key from new
             where not exists (select from person p where p.match_key = new.match_key)
                 and not exists (select from person_spelling x where x.match_key = new.match_key)
             order by match_key, earlier
         )
         update person_spelling x set match_key = free.match_key from free
         where x.match_key = free.earlier",
        &earlier,
        &new,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// How many persons keep a key of the form before, because their new one is another person's.
pub async fn count_shared(db: impl PgExecutor<'_>) -> sqlx::Result<i64> {
    query_scalar!(
        r#"/* person_key::count_shared */ select count(*) as "count!" from person where fold = 0"#
    )
    .fetch_one(db)
    .await
}

fn key(bytes: &[u8]) -> Match {
    Match::try_from(bytes).unwrap_or_default()
}
