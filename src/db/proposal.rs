//! What a clinic has to offer for an appointment: campaigns with a dose for somebody, and times
//! with a seat and a dose.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as};

use crate::domain::{
    CampaignId, ClinicId, CourseId, ProductId, SlotId, TrancheId,
    campaign::State,
    proposal::{FreeSlot, Wanted},
};

/// The dose that somebody may want next.
#[derive(Clone, Copy, Debug)]
pub struct Dose {
    pub course_id: CourseId,
    pub dose_number: i16,
}

/// Products that campaigns offer, by campaign and product: of every campaign that is open and has
/// doses at the clinic from this day on; or, of one dose of a course, of every campaign that is
/// public and not closed, whether the clinic has doses of it yet or not.
pub async fn offers(
    db: impl PgExecutor<'_>,
    (clinic_id, from): (ClinicId, NaiveDate),
    only: Option<Dose>,
) -> sqlx::Result<Vec<(CampaignId, ProductId)>> {
    let rows = query!(
        "/* proposal::offers */
         select p.campaign_id, p.product_id
         from campaign_product p join campaign c using (campaign_id)
         where case when $3::int is null
             then c.state = $5 and exists (select from allocation a
                 where a.clinic_id = $1 and a.campaign_id = p.campaign_id
                     and a.product_id = p.product_id and a.on_date >= $2 and a.channel <> 3)
             else c.course_id = $3 and c.dose_number = $4 and c.state = any(array[$5, $6, $7]) end
         order by p.campaign_id, p.product_id",
        clinic_id.0,
        from,
        only.map(|dose| dose.course_id.0),
        only.map(|dose| dose.dose_number),
        i16::from(State::Open),
        i16::from(State::Published),
        i16::from(State::Paused),
    )
    .fetch_all(db)
    .await?;
    let offer = |(campaign_id, product_id)| (CampaignId(campaign_id), ProductId(product_id));
    Ok(rows.into_iter().map(|row| offer((row.campaign_id, row.product_id))).collect())
}

struct Row {
    wanted: i64,
    slot_id: i64,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    seats: i32,
}

/// For each of the appointments that are wanted the first times at the clinic that have a seat, on
/// days with a dose that staff can book for this person; by time.
pub async fn free_slots(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    wanted: &[Wanted],
    limit: i64,
) -> sqlx::Result<Vec<Vec<FreeSlot>>> {
    let campaigns: Vec<_> = wanted.iter().map(|one| one.campaign_id.0).collect();
    let products: Vec<_> = wanted.iter().map(|one| one.product_id.0).collect();
    let dates: Vec<_> = wanted.iter().map(|one| one.from).collect();
    let tranches: Vec<_> =
        wanted.iter().map(|one| one.tranche_id.map_or(0, |TrancheId(id)| id)).collect();
    let rows = query_as!(
        Row,
        r#"/* proposal::free_slots */
           select k.wanted as "wanted!", s.slot_id as "slot_id!", s.on_date as "on_date!",
               s.starts_at as "starts_at!", s.ends_at as "ends_at!", s.seats as "seats!"
           from unnest($2::int[], $3::int[], $4::date[], $5::int[])
               with ordinality k (campaign_id, product_id, from_date, tranche_id, wanted)
           cross join lateral (
               select slot_id, on_date, starts_at, ends_at, seats - taken as seats
               from slot where clinic_id = $1 and on_date >= k.from_date and not is_closed
                   and taken < seats and starts_at > clock_timestamp()
                   and exists (select from allocation a
                       where a.clinic_id = $1 and a.campaign_id = k.campaign_id
                           and a.product_id = k.product_id and a.on_date = slot.on_date
                           and a.channel <> 3 and a.open > 0
                           and (a.tranche_id is null or a.tranche_id = k.tranche_id))
               order by starts_at limit $6) s
           order by k.wanted, s.starts_at"#,
        clinic_id.0,
        &campaigns,
        &products,
        &dates,
        &tranches,
        limit,
    )
    .fetch_all(conn)
    .await?;
    let mut found = vec![Vec::new(); wanted.len()];
    for row in rows {
        let at = usize::try_from(row.wanted - 1).unwrap_or(usize::MAX);
        let Some(slots) = found.get_mut(at) else { continue };
        slots.push(FreeSlot {
            slot_id: SlotId(row.slot_id),
            on_date: row.on_date,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            seats: row.seats,
        });
    }
    Ok(found)
}
