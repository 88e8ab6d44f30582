//! Provinces and their districts.

use sqlx::{PgConnection, PgExecutor, query_as, query_scalar};

use crate::domain::{RegionId, region::Region};

/// Those after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: RegionId,
    limit: i64,
) -> sqlx::Result<Vec<Region>> {
    query_as!(
        Region,
        r#"/* region::list */
           select region_id, parent_id as "parent_id: RegionId", code, name from region
           where region_id > $1 order by region_id limit $2"#,
        after.0,
        limit,
    )
    .fetch_all(db)
    .await
}

pub async fn find(db: impl PgExecutor<'_>, region_id: RegionId) -> sqlx::Result<Option<Region>> {
    query_as!(
        Region,
        r#"/* region::find */
           select region_id, parent_id as "parent_id: RegionId", code, name from region
           where region_id = $1"#,
        region_id.0,
    )
    .fetch_optional(db)
    .await
}

/// # Errors
/// The database's; the region's named constraints.
pub async fn insert(
    conn: &mut PgConnection,
    parent_id: Option<RegionId>,
    code: &str,
    name: &str,
) -> sqlx::Result<RegionId> {
    query_scalar!(
        r#"/* region::insert */ insert into region (parent_id, code, name) values ($1, $2, $3)
           returning region_id as "id: RegionId""#,
        parent_id.map(|id| id.0),
        code,
        name,
    )
    .fetch_one(conn)
    .await
}
