//! Staging and writing of clinics.

use sqlx::PgConnection;

use super::staged::{Removed, remove, write};

pub(super) const STAGED: (&str, &str) = (
    "create temporary table staged_clinic (line bigint not null, code text not null,
         name text not null, region_id int not null, zone text not null, address text not null,
         phone text not null, latitude double precision, longitude double precision)
         on commit drop",
    "copy staged_clinic (line, code, name, region_id, zone, address, phone, latitude, longitude)
         from stdin",
);

/// Takes out clinics that stand in the file a second time.
pub async fn remove_repeated(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(conn, "analyze staged_clinic").await?;
    remove(
        conn,
        "with repeated as (
             select code, min(line) as earlier from staged_clinic group by code having count(*) > 1
         ), gone as (
             delete from staged_clinic s using repeated r
             where s.code = r.code and s.line > r.earlier
             returning s.line, r.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out clinics that are known in another region: their pools and cohorts hang on it.
pub async fn remove_elsewhere(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "with gone as (
             delete from staged_clinic s using clinic c
             where s.code = c.code and s.region_id <> c.region_id returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out clinics that are known in another zone: the dates of their slots hang on it.
pub async fn remove_of_other_zone(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "with gone as (
             delete from staged_clinic s using clinic c
             where s.code = c.code and s.zone <> c.zone returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Adds new clinics and rewrites those that look different now; answers how many those were.
pub async fn insert_staged(conn: &mut PgConnection) -> sqlx::Result<u64> {
    let changed = write(
        conn,
        "update clinic c
         set name = s.name, address = s.address, phone = s.phone, latitude = s.latitude,
             longitude = s.longitude
         from staged_clinic s
         where c.code = s.code
             and (c.name, c.address, c.phone, c.latitude, c.longitude) is distinct from
                 (s.name, s.address, s.phone, s.latitude, s.longitude)",
    )
    .await?;
    let new = write(
        conn,
        "insert into clinic (region_id, code, name, zone, address, phone, latitude, longitude)
         select region_id, code, name, zone, address, phone, latitude, longitude
         from staged_clinic order by line on conflict (code) do nothing",
    )
    .await?;
    Ok(changed + new)
}
