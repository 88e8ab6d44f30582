//! Staging and writing of the members of rosters.

use std::collections::HashMap;

use sqlx::{PgConnection, query};

use super::staged::{Removed, Written, remove, write};
use crate::domain::RosterId;

pub(super) const STAGED: (&str, &str) = (
    "/* import::roster::STAGED */
     create temporary table staged_roster (line bigint not null, roster_id int not null,
         match_key uuid not null, earlier_key uuid not null, code_key uuid)
         on commit drop",
    "/* import::roster::STAGED */
     copy staged_roster (line, roster_id, match_key, earlier_key, code_key) from stdin",
);

/// The rosters by their codes.
pub async fn rosters(conn: &mut PgConnection) -> sqlx::Result<HashMap<String, RosterId>> {
    let rows = query!(
        "/* import::roster::rosters */
         select roster_id, code from roster"
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.code, RosterId(row.roster_id))).collect())
}

/// Gives rows the key under which their person stands: the one whom the code finds, or who stands
/// under the key of the form before.
pub async fn find_persons(conn: &mut PgConnection) -> sqlx::Result<()> {
    for sql in [
        "/* import::roster::find_persons */
         update staged_roster s set match_key = s.earlier_key
         where s.earlier_key <> s.match_key and (
             exists (select from person p where p.match_key = uuid_send(s.earlier_key))
             or exists (
                 select from person_spelling x where x.match_key = uuid_send(s.earlier_key)))",
        "/* import::roster::find_persons */
         update staged_roster s set match_key = encode(p.match_key, 'hex')::uuid
         from person p where p.person_code_key = uuid_send(s.code_key)",
    ] {
        write(conn, sql).await?;
    }
    Ok(())
}

/// Takes out who stands on the same roster a second time.
pub async fn remove_repeated(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(conn, "/* import::roster::remove_repeated */ analyze staged_roster").await?;
    remove(
        conn,
        "/* import::roster::remove_repeated */
         with repeated as (
             select roster_id, match_key, min(line) as earlier from staged_roster
             group by roster_id, match_key having count(*) > 1
         ), gone as (
             delete from staged_roster s using repeated r
             where (s.roster_id, s.match_key) = (r.roster_id, r.match_key) and s.line > r.earlier
             returning s.line, r.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out who is not in the register under any spelling.
pub async fn remove_unknown(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::roster::remove_unknown */
         with gone as (
             delete from staged_roster s
             where not exists (select from person p where p.match_key = uuid_send(s.match_key))
                 and not exists (
                     select from person_spelling x where x.match_key = uuid_send(s.match_key))
             returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Adds who is new on a roster.
pub async fn insert_staged(conn: &mut PgConnection) -> sqlx::Result<Written> {
    let new = write(
        conn,
        "/* import::roster::insert_staged */
         insert into roster_member (person_id, roster_id)
         select coalesce(p.merged_into, p.person_id), s.roster_id from staged_roster s
         join (select match_key, person_id from person
               union all select match_key, person_id from person_spelling) k
             on k.match_key = uuid_send(s.match_key)
         join person p on p.person_id = k.person_id
         order by 1, 2 on conflict do nothing",
    )
    .await?;
    follow_merges(conn).await?;
    Ok(Written { new, ..Written::default() })
}

/// Puts whoever was merged while the file was written on the lists as whom they turned out to be. A
/// merge locks the row that each member names, so it comes before this or after the file.
async fn follow_merges(conn: &mut PgConnection) -> sqlx::Result<u64> {
    write(
        conn,
        "/* import::roster::follow_merges */
         with left_ones as (
             delete from roster_member m using person p
             where p.person_id = m.person_id and p.merged_into is not null
             returning p.merged_into, m.roster_id)
         insert into roster_member (person_id, roster_id)
         select merged_into, roster_id from left_ones order by 1, 2 on conflict do nothing",
    )
    .await
}
