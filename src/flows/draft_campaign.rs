//! Starts a campaign: a draft, of which the public knows nothing yet.

use super::{Result, conflict::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{Refusal, campaign::Campaign},
};

/// # Errors
/// `invalid_field` for an unknown course, a window that ends before it begins, or a bad code;
/// `already_exists` for a code that is taken.
pub async fn draft_campaign(db: &Db, new: db::campaign::New) -> Result<Campaign> {
    in_tx(&db.write, "draft campaign", async |conn| {
        let id = db::campaign::insert(conn, &new).await.map_err(named)?;
        let campaign = db::campaign::find(&mut *conn, id).await?;
        db::catalogue::touch(conn).await?;
        Ok(campaign.ok_or_else(Refusal::not_found)?)
    })
    .await
}
