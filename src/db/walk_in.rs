//! What a clinic's day has for somebody without a booking.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

use super::clinic::zone;
use crate::domain::{
    AllocationId, BookingId, CampaignId, ClinicId, PersonId, ProductId, SlotId, TrancheId,
    allocation::{Allocation, Key},
    channel::Channel,
    day_policy::WalkIn,
    slot::Slot,
    walk_in::Facts,
};

/// The campaigns for which a clinic may add somebody to the register who stands there: those that
/// are for anybody, and of which it has doses today or later.
pub async fn open_to_anybody(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
) -> sqlx::Result<Vec<CampaignId>> {
    let ids = query_scalar!(
        "/* walk_in::open_to_anybody */ select c.campaign_id from campaign c
         where c.walk_in = $2 and c.state = 3 and exists (
             select from allocation a join clinic l using (clinic_id)
             where a.clinic_id = $1 and a.campaign_id = c.campaign_id
                 and a.on_date >= (statement_timestamp() at time zone l.zone)::date)
         order by c.campaign_id",
        clinic_id.0,
        WalkIn::Anybody.number(),
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(CampaignId).collect())
}

/// Who is to be given which dose where, before the facts of it are read.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub booking_id: BookingId,
    pub person_id: PersonId,
    pub campaign_id: CampaignId,
    pub clinic_id: ClinicId,
    /// The local date of the slot.
    pub on_date: NaiveDate,
}

/// What each walk-in is decided by; those whose campaign is not there are left out. Read after the
/// locks were granted: whoever closes the day locks its slots first.
///
/// # Errors
/// The database's; `ColumnDecode` for a zone that no clock knows.
pub async fn facts(
    conn: &mut PgConnection,
    asked: &[Asked],
) -> sqlx::Result<HashMap<BookingId, Facts>> {
    let booking_ids: Vec<_> = asked.iter().map(|one| one.booking_id.0).collect();
    let people: Vec<_> = asked.iter().map(|one| one.person_id.0).collect();
    let campaigns: Vec<_> = asked.iter().map(|one| one.campaign_id.0).collect();
    let clinics: Vec<_> = asked.iter().map(|one| one.clinic_id.0).collect();
    let dates: Vec<_> = asked.iter().map(|one| one.on_date).collect();
    let rows = query!(
        r#"/* walk_in::facts */ select k.booking_id as "booking_id!", c.zone as "zone!",
               m.walk_in as "policy!: WalkIn",
               (select d.closed_at from clinic_day_close d
                   where d.clinic_id = k.clinic_id and d.on_date = k.on_date
                       and d.reopened_at is null) as closed_at,
               (select max(s.starts_at) from slot s
                   where s.clinic_id = k.clinic_id and s.on_date = k.on_date
                       and not s.is_closed) as last_starts_at,
               coalesce(p.fold = 0, false) as "may_be_double!"
           from unnest($1::uuid[], $2::bigint[], $3::int[], $4::int[], $5::date[])
               k (booking_id, person_id, campaign_id, clinic_id, on_date)
           join clinic c on c.clinic_id = k.clinic_id
           join campaign m on m.campaign_id = k.campaign_id
           left join person p on p.person_id = k.person_id"#,
        &booking_ids,
        &people,
        &campaigns,
        &clinics,
        &dates,
    )
    .fetch_all(conn)
    .await?;
    let facts = rows.into_iter().map(|row| {
        let facts = Facts {
            zone: zone(&row.zone)?,
            closed_at: row.closed_at,
            last_starts_at: row.last_starts_at,
            policy: row.policy,
            may_be_double: row.may_be_double,
        };
        Ok((BookingId(row.booking_id), facts))
    });
    facts.collect()
}

/// The slot of the clinic's present date that is nearest to now; one that is not closed, if there
/// is any.
pub async fn nearest_slot(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
) -> sqlx::Result<Option<SlotId>> {
    query_scalar!(
        r#"/* walk_in::nearest_slot */
           select s.slot_id as "slot_id: SlotId" from clinic c join slot s using (clinic_id)
           where c.clinic_id = $1 and s.removed_at is null
               and s.on_date = (statement_timestamp() at time zone c.zone)::date
           order by s.is_closed,
               greatest(s.starts_at - clock_timestamp(), clock_timestamp() - s.ends_at, '0'),
               s.starts_at
           limit 1"#,
        clinic_id.0,
    )
    .fetch_optional(db)
    .await
}

/// A slot as it stands, without locking it.
pub async fn find_slot(db: impl PgExecutor<'_>, slot_id: SlotId) -> sqlx::Result<Option<Slot>> {
    let row = query!(
        "/* walk_in::find_slot */ select on_date, starts_at, ends_at, seats, taken, is_closed
         from slot where slot_id = $1",
        slot_id.0,
    );
    row.map(|row| Slot {
        slot_id,
        on_date: row.on_date,
        starts_at: row.starts_at,
        ends_at: row.ends_at,
        seats: row.seats,
        taken: row.taken,
        is_closed: row.is_closed,
    })
    .fetch_optional(db)
    .await
}

/// The doses of a clinic on a local date, without locking them.
pub async fn allocations(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    on_date: NaiveDate,
) -> sqlx::Result<HashMap<Key, Vec<Allocation>>> {
    let rows = query!(
        r#"/* walk_in::allocations */
           select allocation_id, campaign_id, product_id, tranche_id, channel as "channel: Channel",
               open, booked, spare, given, lost
           from allocation where clinic_id = $1 and on_date = $2 order by allocation_id"#,
        clinic_id.0,
        on_date,
    )
    .fetch_all(db)
    .await?;
    let mut allocations: HashMap<Key, Vec<Allocation>> = HashMap::new();
    for row in rows {
        let key = Key {
            clinic_id,
            campaign_id: CampaignId(row.campaign_id),
            product_id: ProductId(row.product_id),
            on_date,
        };
        allocations.entry(key).or_default().push(Allocation {
            allocation_id: AllocationId(row.allocation_id),
            key,
            tranche_id: row.tranche_id.map(TrancheId),
            channel: row.channel,
            open: row.open,
            booked: row.booked,
            spare: row.spare,
            given: row.given,
            lost: row.lost,
        });
    }
    Ok(allocations)
}
