//! Staging and writing of regions.

use sqlx::PgConnection;

use super::staged::{Removed, Written, remove, write};

pub(super) const STAGED: (&str, &str) = (
    // A name in another language is null where the file has no such column, and empty where a
    // known region is to lose it.
    "/* import::region::STAGED */
     create temporary table staged_region (line bigint not null, code text not null,
         name text not null, parent_code text, name_ko text, name_en text) on commit drop",
    "/* import::region::STAGED */
     copy staged_region (line, code, name, parent_code, name_ko, name_en) from stdin",
);

/// Takes out regions that stand in the file a second time.
pub async fn remove_repeated(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(conn, "/* import::region::remove_repeated */ analyze staged_region").await?;
    remove(
        conn,
        "/* import::region::remove_repeated */
         with repeated as (
             select code, min(line) as earlier from staged_region group by code having count(*) > 1
         ), gone as (
             delete from staged_region s using repeated r
             where s.code = r.code and s.line > r.earlier
             returning s.line, r.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out regions that are known below another province, or as a province: clinics, pools and
/// cohorts hang on it.
pub async fn remove_elsewhere(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::region::remove_elsewhere */
         with gone as (
             delete from staged_region s
             using region r left join region p on p.region_id = r.parent_id
             where s.code = r.code and p.code is distinct from s.parent_code
             returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out districts of what is a district itself, in the file or already.
pub async fn remove_below_district(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::region::remove_below_district */
         with gone as (
             delete from staged_region s
             where exists (select from staged_region p
                     where p.code = s.parent_code and p.parent_code is not null)
                 or exists (select from region p
                     where p.code = s.parent_code and p.parent_id is not null)
             returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out districts whose province is neither in the file nor known.
pub async fn remove_without_parent(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::region::remove_without_parent */
         with gone as (
             delete from staged_region s
             where s.parent_code is not null
                 and not exists (select from staged_region p where p.code = s.parent_code)
                 and not exists (select from region p where p.code = s.parent_code)
             returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Rewrites the names of known regions that look different now, and adds new ones, provinces
/// first.
pub async fn insert_staged(conn: &mut PgConnection) -> sqlx::Result<Written> {
    let changed = write(
        conn,
        "/* import::region::insert_staged */
         with new as (
             select r.region_id, s.name, nullif(coalesce(s.name_ko, r.name_ko), '') as name_ko,
                 nullif(coalesce(s.name_en, r.name_en), '') as name_en
             from staged_region s join region r using (code)
         )
         update region r set name = new.name, name_ko = new.name_ko, name_en = new.name_en
         from new
         where r.region_id = new.region_id and (r.name, r.name_ko, r.name_en)
             is distinct from (new.name, new.name_ko, new.name_en)",
    )
    .await?;
    let provinces = write(
        conn,
        "/* import::region::insert_staged */
         insert into region (code, name, name_ko, name_en)
         select code, name, nullif(name_ko, ''), nullif(name_en, '') from staged_region
         where parent_code is null order by line on conflict (code) do nothing",
    )
    .await?;
    let districts = write(
        conn,
        "/* import::region::insert_staged */
         insert into region (parent_id, code, name, name_ko, name_en)
         select p.region_id, s.code, s.name, nullif(s.name_ko, ''), nullif(s.name_en, '')
         from staged_region s join region p on p.code = s.parent_code
         order by s.line on conflict (code) do nothing",
    )
    .await?;
    Ok(Written { new: provinces + districts, changed, removed: 0 })
}
