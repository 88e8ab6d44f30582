//! Adds a province, or a district to a province.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{Detail, Refusal, RegionId, fact::Noun, region::Region},
};

/// # Errors
/// `invalid_field` for an unknown parent, one that is a district itself, or a bad code;
/// `already_exists` for a code that is taken.
pub async fn add(
    db: &Db,
    parent_id: Option<RegionId>,
    code: String,
    name: String,
) -> Result<Region> {
    in_tx(&db.write, "add region", async |conn| {
        if let Some(parent_id) = parent_id {
            let parent = db::region::find(&mut *conn, parent_id).await?;
            let no_parent = || Refusal::no_such("parent_id", Noun::Region);
            if parent.ok_or_else(no_parent)?.parent_id.is_some() {
                return Err(Refusal::field("parent_id", Detail::DistrictOfDistrict).into());
            }
        }
        let region_id = db::region::insert(conn, parent_id, &code, &name).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(Region { region_id, parent_id, code, name })
    })
    .await
}
