//! Allocations, as administrators fill and empty them.

use chrono::NaiveDate;
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    AllocationId, BookingId, CampaignId, ClinicId, TrancheId,
    allocation::{ClinicDay, NewAllocation},
    booking::State,
    channel::Channel,
    grant::Grant,
    localized::Localized,
};

/// Which allocations to list; none of a kind is all of that kind.
#[derive(Clone, Copy, Debug)]
pub struct Filter {
    pub clinic_id: Option<ClinicId>,
    pub campaign_id: Option<CampaignId>,
    pub on_date: Option<NaiveDate>,
    pub after: AllocationId,
}

/// By id.
pub async fn list(db: impl PgExecutor<'_>, filter: Filter, limit: i64) -> sqlx::Result<Vec<Grant>> {
    query_as!(
        Grant,
        r#"/* allocation::list */ select allocation_id, clinic_id, campaign_id, product_id, on_date,
               tranche_id as "tranche_id: TrancheId", channel as "channel: Channel", pool_id,
               granted, open, held, booked, spare, given, lost
           from allocation
           where allocation_id > $1 and ($2::int is null or clinic_id = $2)
               and ($3::int is null or campaign_id = $3) and ($4::date is null or on_date = $4)
           order by allocation_id limit $5"#,
        filter.after.0,
        filter.clinic_id.map(|id| id.0),
        filter.campaign_id.map(|id| id.0),
        filter.on_date,
        limit,
    )
    .fetch_all(db)
    .await
}

/// An allocation, not locked.
pub async fn find(
    db: impl PgExecutor<'_>,
    allocation_id: AllocationId,
) -> sqlx::Result<Option<Grant>> {
    query_as!(
        Grant,
        r#"/* allocation::find */ select allocation_id, clinic_id, campaign_id, product_id, on_date,
               tranche_id as "tranche_id: TrancheId", channel as "channel: Channel", pool_id,
               granted, open, held, booked, spare, given, lost
           from allocation where allocation_id = $1"#,
        allocation_id.0,
    )
    .fetch_optional(db)
    .await
}

/// The clinic and the day of each of these.
pub async fn days(
    db: impl PgExecutor<'_>,
    allocation_ids: &[AllocationId],
) -> sqlx::Result<Vec<(AllocationId, ClinicDay)>> {
    let ids: Vec<_> = allocation_ids.iter().map(|id| id.0).collect();
    let rows = query!(
        "/* allocation::days */
         select allocation_id, clinic_id, name, name_ko, name_en, on_date
         from allocation join clinic using (clinic_id) where allocation_id = any($1)",
        &ids,
    )
    .fetch_all(db)
    .await?;
    let day = rows.into_iter().map(|row| {
        let clinic = Localized::new(row.name, row.name_ko, row.name_en);
        let day = ClinicDay { clinic_id: ClinicId(row.clinic_id), clinic, on_date: row.on_date };
        (AllocationId(row.allocation_id), day)
    });
    Ok(day.collect())
}

/// Locks an allocation, and answers what it is from then on.
pub async fn lock(
    conn: &mut PgConnection,
    allocation_id: AllocationId,
) -> sqlx::Result<Option<Grant>> {
    query_as!(
        Grant,
        r#"/* allocation::lock */ select allocation_id, clinic_id, campaign_id, product_id, on_date,
               tranche_id as "tranche_id: TrancheId", channel as "channel: Channel", pool_id,
               granted, open, held, booked, spare, given, lost
           from allocation where allocation_id = $1 for no key update"#,
        allocation_id.0,
    )
    .fetch_optional(conn)
    .await
}

/// The allocation for this clinic, campaign, product, date, tranche and channel, not locked.
pub async fn find_of(db: impl PgExecutor<'_>, of: &NewAllocation) -> sqlx::Result<Option<Grant>> {
    query_as!(
        Grant,
        r#"/* allocation::find_of */
           select allocation_id, clinic_id, campaign_id, product_id, on_date,
               tranche_id as "tranche_id: TrancheId", channel as "channel: Channel", pool_id,
               granted, open, held, booked, spare, given, lost
           from allocation
           where clinic_id = $1 and campaign_id = $2 and product_id = $3 and on_date = $4
               and tranche_id is not distinct from $5 and channel = $6"#,
        of.clinic_id.0,
        of.campaign_id.0,
        of.product_id.0,
        of.on_date,
        of.tranche_id.map(|id| id.0),
        of.channel.number(),
    )
    .fetch_optional(db)
    .await
}

/// Adds an empty allocation to a locked clinic, numbered on from its last one.
///
/// # Errors
/// The database's; the allocation's named constraints.
pub async fn insert(conn: &mut PgConnection, new: &NewAllocation) -> sqlx::Result<Grant> {
    query_as!(
        Grant,
        r#"/* allocation::insert */
           insert into allocation (allocation_id, clinic_id, campaign_id, product_id, on_date,
               tranche_id, channel, pool_id)
           select coalesce(max(allocation_id), $1::bigint << 24) + 1, $1, $2, $3, $4, $5, $6, $7
           from allocation
           where allocation_id between $1::bigint << 24 and ($1::bigint + 1 << 24) - 1
           returning allocation_id, clinic_id, campaign_id, product_id, on_date,
               tranche_id as "tranche_id: TrancheId", channel as "channel: Channel", pool_id,
               granted, open, held, booked, spare, given, lost"#,
        i64::from(new.clinic_id.0),
        new.campaign_id.0,
        new.product_id.0,
        new.on_date,
        new.tranche_id.map(|id| id.0),
        new.channel.number(),
        new.pool_id.0,
    )
    .fetch_one(conn)
    .await
}

/// Writes what granting and retracting change, of a locked allocation.
///
/// # Errors
/// The database's; the allocation's named constraints.
pub async fn set_granted(conn: &mut PgConnection, grant: &Grant) -> sqlx::Result<()> {
    query!(
        "/* allocation::set_granted */
         update allocation set granted = $2, open = $3 where allocation_id = $1",
        grant.allocation_id.0,
        grant.granted,
        grant.open,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Live bookings on an allocation, the latest first: the order in which they would be displaced.
pub async fn latest_bookings(
    db: impl PgExecutor<'_>,
    grant: &Grant,
    limit: i64,
) -> sqlx::Result<Vec<BookingId>> {
    query_scalar!(
        r#"/* allocation::latest_bookings */
           select booking_id as "id: BookingId" from slot join booking using (slot_id)
           where clinic_id = $1 and on_date = $2 and allocation_id = $3 and state = any($4)
           order by booked_at desc, booking_id desc limit $5"#,
        grant.clinic_id.0,
        grant.on_date,
        grant.allocation_id.0,
        &State::PROMISED.map(State::number),
        limit,
    )
    .fetch_all(db)
    .await
}
