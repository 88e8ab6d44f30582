//! Staging and writing of clinics.

use sqlx::PgConnection;

use super::staged::{Removed, Written, remove, write};

pub(super) const STAGED: (&str, &str) = (
    // A name in another language is null where the file has no such column, and empty where a
    // known clinic is to lose it; directions likewise. Of amenities there is what the file says,
    // and null in it for what it makes unknown.
    "/* import::clinic::STAGED */
     create temporary table staged_clinic (line bigint not null, code text not null,
         name text not null, name_ko text, name_en text, region_id int not null,
         zone text not null, address text not null, phone text not null,
         latitude double precision, longitude double precision, amenities jsonb not null,
         directions text, directions_ko text, directions_en text)
         on commit drop",
    "/* import::clinic::STAGED */
     copy staged_clinic (line, code, name, name_ko, name_en, region_id, zone, address, phone,
         latitude, longitude, amenities, directions, directions_ko, directions_en)
         from stdin",
);

/// Takes out clinics that stand in the file a second time.
pub async fn remove_repeated(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(conn, "/* import::clinic::remove_repeated */ analyze staged_clinic").await?;
    remove(
        conn,
        "/* import::clinic::remove_repeated */
         with repeated as (
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
        "/* import::clinic::remove_elsewhere */
         with gone as (
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
        "/* import::clinic::remove_of_other_zone */
         with gone as (
             delete from staged_clinic s using clinic c
             where s.code = c.code and s.zone <> c.zone returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Adds new clinics and rewrites those that look different now.
pub async fn insert_staged(conn: &mut PgConnection) -> sqlx::Result<Written> {
    let changed = write(
        conn,
        "/* import::clinic::insert_staged */
         with new as (
             select s.code, s.name, s.address, s.phone, s.latitude, s.longitude,
                 nullif(coalesce(s.name_ko, c.name_ko), '') as name_ko,
                 nullif(coalesce(s.name_en, c.name_en), '') as name_en,
                 jsonb_strip_nulls(c.amenities || s.amenities) as amenities,
                 nullif(coalesce(s.directions, c.directions), '') as directions,
                 nullif(coalesce(s.directions_ko, c.directions_ko), '') as directions_ko,
                 nullif(coalesce(s.directions_en, c.directions_en), '') as directions_en
             from staged_clinic s join clinic c using (code)
         )
         update clinic c
         set name = new.name, name_ko = new.name_ko, name_en = new.name_en, address = new.address,
             phone = new.phone, latitude = new.latitude, longitude = new.longitude,
             amenities = new.amenities, directions = new.directions,
             directions_ko = new.directions_ko, directions_en = new.directions_en
         from new
         where c.code = new.code
             and (c.name, c.name_ko, c.name_en, c.address, c.phone, c.latitude, c.longitude,
                     c.amenities, c.directions, c.directions_ko, c.directions_en)
                 is distinct from (new.name, new.name_ko, new.name_en, new.address, new.phone,
                     new.latitude, new.longitude, new.amenities, new.directions,
                     new.directions_ko, new.directions_en)",
    )
    .await?;
    let new = write(
        conn,
        "/* import::clinic::insert_staged */
         insert into clinic (region_id, code, name, name_ko, name_en, zone, address, phone,
             latitude, longitude, amenities, directions, directions_ko, directions_en)
         select region_id, code, name, nullif(name_ko, ''), nullif(name_en, ''), zone, address,
             phone, latitude, longitude, jsonb_strip_nulls(amenities), nullif(directions, ''),
             nullif(directions_ko, ''), nullif(directions_en, '')
         from staged_clinic order by line on conflict (code) do nothing",
    )
    .await?;
    Ok(Written { new, changed, ..Written::default() })
}
