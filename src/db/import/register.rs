//! Staging and writing of the register. Of the millions of rows each is touched three times: copied
//! in, grouped to find repetitions, and inserted in the order of the unique key, which is the order
//! in which its index grows fastest.

use sqlx::PgConnection;

use super::staged::{Removed, remove, write};

pub(super) const STAGED: (&str, &str) = (
    "create temporary table staged_register (line bigint not null, match_key uuid not null,
         birth_date date not null, region_id int not null, name text not null,
         phone text not null) on commit drop",
    "copy staged_register (line, match_key, birth_date, region_id, name, phone) from stdin",
);

/// Takes out who stands in the file a second time.
pub async fn remove_repeated(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(conn, "analyze staged_register").await?;
    remove(
        conn,
        "with repeated as (
             select match_key, min(line) as earlier from staged_register
             group by match_key having count(*) > 1
         ), gone as (
             delete from staged_register s using repeated r
             where s.match_key = r.match_key and s.line > r.earlier
             returning s.line, r.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Adds who is new and moves who lives elsewhere now; answers how many those were.
pub async fn insert_staged(conn: &mut PgConnection) -> sqlx::Result<u64> {
    let moved = write(
        conn,
        "update person p set region_id = s.region_id from staged_register s
         where p.match_key = uuid_send(s.match_key) and p.region_id <> s.region_id",
    )
    .await?;
    let new = write(
        conn,
        "insert into person (match_key, birth_date, region_id, name, phone)
         select uuid_send(match_key), birth_date, region_id, name, phone from staged_register
         order by staged_register.match_key on conflict (match_key) do nothing",
    )
    .await?;
    Ok(moved + new)
}
