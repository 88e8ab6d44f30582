//! Provinces and their districts.

use sqlx::{PgConnection, PgExecutor, query_as, query_scalar};

use crate::domain::{
    RegionId,
    localized::{Localized, LocalizedChange},
    region::{NewRegion, Region},
};

struct Row {
    region_id: i32,
    parent_id: Option<i32>,
    code: String,
    name: String,
    name_ko: Option<String>,
    name_en: Option<String>,
}

impl From<Row> for Region {
    fn from(row: Row) -> Self {
        Self {
            region_id: row.region_id.into(),
            parent_id: row.parent_id.map(RegionId),
            code: row.code,
            name: Localized::new(row.name, row.name_ko, row.name_en),
        }
    }
}

/// Those after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: RegionId,
    limit: i64,
) -> sqlx::Result<Vec<Region>> {
    let rows = query_as!(
        Row,
        "/* region::list */ select region_id, parent_id, code, name, name_ko, name_en from region
         where region_id > $1 order by region_id limit $2",
        after.0,
        limit,
    );
    rows.map(Region::from).fetch_all(db).await
}

/// A province or a district.
pub async fn find(db: impl PgExecutor<'_>, region_id: RegionId) -> sqlx::Result<Option<Region>> {
    let row = query_as!(
        Row,
        "/* region::find */ select region_id, parent_id, code, name, name_ko, name_en from region
         where region_id = $1",
        region_id.0,
    );
    row.map(Region::from).fetch_optional(db).await
}

/// # Errors
/// The database's; the region's named constraints.
pub async fn insert(conn: &mut PgConnection, new: &NewRegion) -> sqlx::Result<RegionId> {
    query_scalar!(
        r#"/* region::insert */ insert into region (parent_id, code, name, name_ko, name_en)
           values ($1, $2, $3, $4, $5) returning region_id as "id: RegionId""#,
        new.parent_id.map(|id| id.0),
        new.code,
        new.name.main,
        new.name.ko,
        new.name.en,
    )
    .fetch_one(conn)
    .await
}

/// Corrects the names of a region; none if there is no such region.
///
/// # Errors
/// The database's; the region's named constraints.
pub async fn rename(
    conn: &mut PgConnection,
    region_id: RegionId,
    change: &LocalizedChange,
) -> sqlx::Result<Option<Region>> {
    let row = query_as!(
        Row,
        "/* region::rename */
         update region set name = coalesce($2, name),
             name_ko = case when $3 then $4 else name_ko end,
             name_en = case when $5 then $6 else name_en end
         where region_id = $1
         returning region_id, parent_id, code, name, name_ko, name_en",
        region_id.0,
        change.main,
        change.ko.is_some(),
        change.ko.clone().flatten(),
        change.en.is_some(),
        change.en.clone().flatten(),
    );
    row.map(Region::from).fetch_optional(conn).await
}
