//! The demonstration's register, streamed.

use chrono::NaiveDate;
use sqlx::{Executor, PgConnection};

use crate::{
    db::copy::CopyText,
    domain::{RegionId, person::Match},
};

/// Bytes of rows that are gathered before they are sent.
const COPY_CHUNK_BYTES: usize = 256 * 1024;

pub struct NewPerson {
    pub match_key: Match,
    /// The same for everybody of this name and birth date.
    pub name_key: Match,
    pub birth_date: NaiveDate,
    pub region_id: RegionId,
    pub name: String,
    pub phone: String,
    /// The match key of the English name.
    pub spelling_key: Match,
    pub name_en: String,
}

/// Streams persons into a table of their own, then writes them and their English names into the
/// register; answers how many persons.
///
/// # Errors
/// The database's; `person_match_key` or `person_spelling_key` where somebody is there already.
pub async fn copy_persons(
    conn: &mut PgConnection,
    persons: impl Iterator<Item = NewPerson>,
) -> sqlx::Result<u64> {
    conn.execute(
        "/* demo::person::copy_persons */
         create temporary table staged_person (n bigint not null, match_key uuid not null,
             birth_date date not null, region_id int not null, name text not null,
             phone text not null, spelling_key uuid not null, name_en text not null,
             name_key uuid not null)
             on commit drop;
         set local work_mem = '64MB'",
    )
    .await?;
    let mut copy =
        conn.copy_in_raw("/* demo::person::copy_persons */ copy staged_person from stdin").await?;
    let mut rows = CopyText::default();
    for (n, person) in persons.enumerate() {
        rows.row(n)
            .key(person.match_key)
            .value(person.birth_date)
            .value(person.region_id)
            .text(&person.name)
            .text(&person.phone)
            .key(person.spelling_key)
            .text(&person.name_en)
            .key(person.name_key)
            .end();
        if rows.len() >= COPY_CHUNK_BYTES {
            copy.send(std::mem::take(&mut rows).into_bytes()).await?;
        }
    }
    copy.send(rows.into_bytes()).await?;
    let persons = copy.finish().await?;
    conn.execute(
        "/* demo::person::copy_persons */ analyze staged_person;
         insert into person (match_key, birth_date, region_id, name, phone, name_key, fold)
         select uuid_send(match_key), birth_date, region_id, name, phone, name_key, 2
         from staged_person order by n;
         insert into person_spelling (match_key, person_id, language, name)
         select uuid_send(s.spelling_key), p.person_id, 'en', s.name_en
         from staged_person s join person p on p.match_key = uuid_send(s.match_key)
         order by s.spelling_key",
    )
    .await?;
    Ok(persons)
}
