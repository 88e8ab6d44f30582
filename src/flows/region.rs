//! Adds a province, or a district to a province.

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Detail, Refusal,
        fact::Noun,
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
        let NewRegion { parent_id, code, name } = new;
        Ok(Region { region_id, parent_id, code, name })
    })
    .await
}
