//! The journal for people: found by what they know, newest first, with names in place of numbers.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, query};

use super::movement::Row;
use crate::domain::{
    CampaignId, PoolId, StaffUserId, journal::Position, journal_line::JournalLine,
    localized::Localized, movement::Entry, movement::Kind,
};

/// Which lines are wanted; none of a kind is all of that kind.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub campaign_id: Option<CampaignId>,
    pub clinic_code: Option<String>,
    pub pool_id: Option<PoolId>,
    pub kind: Option<Kind>,
    pub staff_user_id: Option<StaffUserId>,
    /// From this instant on, and before that one.
    pub from: Option<DateTime<Utc>>,
    pub until: Option<DateTime<Utc>>,
    /// Goes on below this line.
    pub before: Option<Position>,
}

/// Newest first: lines that are added while somebody reads stand above what they have read.
///
/// # Errors
/// `ColumnDecode` for numbers that this program does not know.
pub async fn list(
    db: impl PgExecutor<'_>,
    filter: &Filter,
    limit: i64,
) -> sqlx::Result<Vec<JournalLine>> {
    let rows = query!(
        r#"/* journal::list */
           select m.tx::text as "tx!", m.id, m.at, m.kind, m.from_bucket, m.to_bucket, m.doses,
               m.allocation_id, m.from_pool_id, m.to_pool_id, m.booking_id, m.actor_role,
               m.staff_user_id, m.reason,
               m.tx < pg_snapshot_xmin(pg_current_snapshot()) as "is_settled!",
               x.of_tx::text as "of_tx?", x.of_id as "of_id?", u.username as "username?",
               c.code as "clinic_code?", a.on_date as "on_date?", n.code as campaign_code,
               d.name as product, d.name_ko as product_ko, d.name_en as product_en
           from movement m
           left join movement_correction x on (x.tx, x.id) = (m.tx, m.id)
           left join allocation a using (allocation_id) left join clinic c using (clinic_id)
           left join staff_user u on u.staff_user_id = m.staff_user_id
           left join pool p on p.pool_id = coalesce(m.from_pool_id, m.to_pool_id)
           join campaign n on n.campaign_id = coalesce(a.campaign_id, p.campaign_id)
           join product d on d.product_id = coalesce(a.product_id, p.product_id)
           where (m.tx, m.id) < ($1::text::xid8, $2)
               and ($3::int is null or n.campaign_id = $3) and ($4::text is null or c.code = $4)
               and ($5::int is null or $5 in (m.from_pool_id, m.to_pool_id))
               and ($6::smallint is null or m.kind = $6)
               and ($7::int is null or m.staff_user_id = $7)
               and ($8::timestamptz is null or m.at >= $8)
               and ($9::timestamptz is null or m.at < $9)
           order by m.tx desc, m.id desc limit $10"#,
        filter.before.map_or(u64::MAX, |at| at.tx).to_string(),
        filter.before.map_or(i64::MAX, |at| at.id),
        filter.campaign_id.map(|id| id.0),
        filter.clinic_code.as_deref(),
        filter.pool_id.map(|id| id.0),
        filter.kind.map(Kind::number),
        filter.staff_user_id.map(|id| id.0),
        filter.from,
        filter.until,
        limit,
    )
    .fetch_all(db)
    .await?;
    let line = rows.into_iter().map(|row| {
        let entry = Entry::try_from(Row {
            tx: row.tx,
            id: row.id,
            at: row.at,
            kind: row.kind,
            from_bucket: row.from_bucket,
            to_bucket: row.to_bucket,
            doses: row.doses,
            allocation_id: row.allocation_id,
            from_pool_id: row.from_pool_id,
            to_pool_id: row.to_pool_id,
            booking_id: row.booking_id,
            actor_role: row.actor_role,
            staff_user_id: row.staff_user_id,
            reason: row.reason,
            is_settled: row.is_settled,
            of_tx: row.of_tx,
            of_id: row.of_id,
        })?;
        Ok(JournalLine {
            entry,
            username: row.username,
            clinic_code: row.clinic_code,
            on_date: row.on_date,
            campaign_code: row.campaign_code,
            product: Localized::new(row.product, row.product_ko, row.product_en),
        })
    });
    line.collect()
}
