//! Every change of a campaign's limit or state, with its reason, for everybody to read.

use sqlx::{PgConnection, query};

use crate::domain::{CampaignId, supply_history::Event};

/// Writes an entry; `doses` is the change of the campaign's doses, where the event changes them.
///
/// # Errors
/// The database's.
pub async fn insert(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    event: Event,
    doses: Option<i32>,
    reason: &str,
) -> sqlx::Result<()> {
    query!(
        "insert into supply_history (campaign_id, event, doses, reason) values ($1, $2, $3, $4)",
        campaign_id.0,
        event.word(),
        doses,
        reason,
    )
    .execute(conn)
    .await
    .map(drop)
}
