//! Adds a province, or a district to a province; corrects their names.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Detail, Refusal, RegionId,
        fact::Noun,
        localized::LocalizedChange,
        region::{NewRegion, Region},
    },
};

/// # Errors
/// `invalid_field` for an unknown parent, one that is a district itself, or a bad code;
/// `already_exists` for a code that is taken.
pub async fn add(db: &Db, new: NewRegion) -> Result<Region> {
    in_tx(&db.write, "add region", async |conn| {
        if let Some(parent_id) = new.parent_id {
            let parent = db::region::find(&mut *conn, parent_id).await?;
            let no_parent = || Refusal::no_such("parent_id", Noun::Region);
            if parent.ok_or_else(no_parent)?.parent_id.is_some() {
                return Err(Refusal::field("parent_id", Detail::DistrictOfDistrict).into());
            }
        }
        let region_id = db::region::insert(conn, &new).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        let NewRegion { parent_id, code, name } = new.clone();
        Ok(Region { region_id, parent_id, code, name })
    })
    .await
}

/// Corrects the names of a region, in public documents too.
///
/// # Errors
/// `not_found`.
pub async fn rename(db: &Db, region_id: RegionId, change: LocalizedChange) -> Result<Region> {
    in_tx(&db.write, "rename region", async |conn| {
        let renamed = db::region::rename(conn, region_id, &change).await?;
        let region = renamed.ok_or_else(Refusal::not_found)?;
        db::catalogue::touch(conn).await?;
        Ok(region)
    })
    .await
}
