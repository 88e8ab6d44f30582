//! Every change of a campaign's limit or state, with its reason, for everybody to read.

use sqlx::{PgConnection, PgExecutor, query};

use crate::domain::{
    CampaignId,
    localized::Localized,
    supply_history::{Entry, Event},
};

/// Writes an entry; `doses` is the change of the campaign's doses, where the event changes them.
pub async fn insert(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    event: Event,
    doses: Option<i32>,
    reason: &Localized,
) -> sqlx::Result<()> {
    query!(
        "/* supply_history::insert */
         insert into supply_history (campaign_id, event, doses, reason, reason_ko, reason_en)
         values ($1, $2, $3, $4, $5, $6)",
        campaign_id.0,
        event.word(),
        doses,
        reason.main,
        reason.ko,
        reason.en,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The public entries of a campaign after the one named, oldest first; none for what is not public.
pub async fn list(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    after: i64,
    limit: i64,
) -> sqlx::Result<Option<Vec<Entry>>> {
    let rows = query!(
        r#"/* supply_history::list */
           select h.supply_history_id as "supply_history_id?", h.at as "at?", h.event as "event?",
               h.doses as "doses?", h.reason as "reason?", h.reason_ko as "reason_ko?",
               h.reason_en as "reason_en?"
           from campaign c left join lateral (
               select * from supply_history h
               where h.campaign_id = c.campaign_id and h.supply_history_id > $2
               order by h.supply_history_id limit $3
           ) h on true
           where c.campaign_id = $1 and c.state <> 1
           order by h.supply_history_id"#,
        campaign_id.0,
        after,
        limit,
    )
    .fetch_all(db)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let changes = rows.into_iter().filter_map(|row| {
        Some(Entry {
            supply_history_id: row.supply_history_id?,
            at: row.at?,
            event: row.event?,
            doses: row.doses,
            reason: Localized::new(row.reason?, row.reason_ko, row.reason_en),
        })
    });
    Ok(Some(changes.collect()))
}

/// The last entries of a campaign, newest first.
pub async fn latest(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    let rows = query!(
        "/* supply_history::latest */
         select supply_history_id, at, event, doses, reason, reason_ko, reason_en
         from supply_history where campaign_id = $1
         order by supply_history_id desc limit $2",
        campaign_id.0,
        limit,
    )
    .fetch_all(db)
    .await?;
    let entries = rows.into_iter().map(|row| Entry {
        supply_history_id: row.supply_history_id,
        at: row.at,
        event: row.event,
        doses: row.doses,
        reason: Localized::new(row.reason, row.reason_ko, row.reason_en),
    });
    Ok(entries.collect())
}
