//! What campaigns come to, for those who decide: doses, days that nobody closed, people who have
//! not heard, and rules that changed.

use sqlx::{PgExecutor, query, query_as};

use crate::domain::{
    CampaignId, ClinicId,
    campaign_sum::{CampaignSum, RuleChange, SumOf, UnheardDay},
    localized::Localized,
};

/// The sums of one campaign, or of all that have doses. Goes over all allocations.
pub async fn list(
    db: impl PgExecutor<'_>,
    campaign_id: Option<CampaignId>,
) -> sqlx::Result<Vec<SumOf>> {
    let rows = query!(
        r#"/* campaign_sum::list */
           with today as materialized (
               select clinic_id, (clock_timestamp() at time zone zone)::date as day from clinic
           ), dose as (
               select a.campaign_id, sum(a.granted) as granted, sum(a.given) as given,
                   sum(a.lost) as lost,
                   sum(a.open) filter (where a.on_date >= t.day) as open,
                   sum(a.booked + a.held) filter (where a.on_date >= t.day) as booked,
                   sum(a.open + a.held + a.booked + a.spare) filter (where a.on_date < t.day)
                       as unaccounted,
                   count(distinct (a.clinic_id, a.on_date)) filter (where a.on_date < t.day
                       and a.open + a.held + a.booked + a.spare > 0) as days_open,
                   count(distinct a.clinic_id) filter (where a.on_date < t.day
                       and a.open + a.held + a.booked + a.spare > 0) as clinics_open
               from allocation a join today t using (clinic_id)
               where $1::int is null or a.campaign_id = $1
               group by a.campaign_id
           ), above as (
               select campaign_id, sum(received) filter (where parent_id is null) as received,
                   sum(open) as in_pools
               from pool where $1::int is null or campaign_id = $1 group by campaign_id
           )
           select campaign_id as "campaign_id!: CampaignId",
               coalesce(received, 0)::bigint as "received!",
               coalesce(in_pools, 0)::bigint as "in_pools!",
               coalesce(granted, 0)::bigint as "granted!", coalesce(open, 0)::bigint as "open!",
               coalesce(booked, 0)::bigint as "booked!", coalesce(given, 0)::bigint as "given!",
               coalesce(lost, 0)::bigint as "lost!",
               coalesce(unaccounted, 0)::bigint as "unaccounted!",
               coalesce(days_open, 0) as "days_open!",
               coalesce(clinics_open, 0) as "clinics_open!"
           from dose full join above using (campaign_id)"#,
        campaign_id.map(|id| id.0),
    )
    .fetch_all(db)
    .await?;
    let sums = rows.into_iter().map(|row| {
        let sum = CampaignSum {
            received: row.received,
            in_pools: row.in_pools,
            granted: row.granted,
            open: row.open,
            booked: row.booked,
            given: row.given,
            lost: row.lost,
            unaccounted: row.unaccounted,
            days_open: row.days_open,
            clinics_open: row.clinics_open,
        };
        (row.campaign_id, sum)
    });
    Ok(sums.collect())
}

/// Days to come of clinics with people who lost their appointment, or have it back, and have not
/// heard of it: no message reached them or waits, and nobody has told them. The next days first.
///
/// Closed slots are looked up day by day, and their bookings slot by slot: PostgreSQL takes all
/// slots of the past, which are closed, for as many to come.
pub async fn unheard(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<UnheardDay>> {
    query_as!(
        UnheardDay,
        r#"/* campaign_sum::unheard */
           with lost as (
               select b.booking_id, b.person_id, s.clinic_id, s.on_date
               from generate_series(-1,
                   (select max(on_date) - current_date from slot where is_closed)) n
               cross join lateral (
                   select slot_id, clinic_id, on_date from slot
                   where on_date = current_date + n and is_closed and taken > 0
                       and starts_at > clock_timestamp() offset 0) s
               cross join lateral (
                   select booking_id, person_id from booking
                   where slot_id = s.slot_id and state in (1, 5) offset 0) b
               union
               select b.booking_id, b.person_id, s.clinic_id, s.on_date
               from booking_reopened r join booking b using (booking_id)
               join slot s on s.slot_id = b.slot_id
               where b.state in (1, 5) and not s.is_closed and s.starts_at > clock_timestamp()
               union
               select b.booking_id, b.person_id, s.clinic_id, s.on_date
               from booking_cancellation c join booking b using (booking_id)
               join slot s on s.slot_id = b.slot_id
               where b.state = 3 and s.starts_at > clock_timestamp()
           )
           select l.clinic_id as "clinic_id!: ClinicId", c.code as clinic_code,
               l.on_date as "on_date!",
               count(*) as "people!"
           from lost l join clinic c using (clinic_id)
           where not exists (select from notice_sent n where n.booking_id = l.booking_id)
               and not exists (select from booking_told t where t.booking_id = l.booking_id)
               and not exists (select from outbox o where o.person_id = l.person_id
                   and o.booking_id = l.booking_id and o.kind in ('closed', 'cancelled', 'opened'))
           group by l.clinic_id, c.code, l.on_date
           order by l.on_date, c.code limit $1"#,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Cohorts and tranches that came or went after a version of the rules.
pub async fn changes(
    db: impl PgExecutor<'_>,
    campaign_id: CampaignId,
    since: i32,
) -> sqlx::Result<Vec<RuleChange>> {
    let rows = query!(
        r#"/* campaign_sum::changes */
           select true as "is_cohort!", until_version is null as "is_added!", name as "name!",
               name_ko, name_en
           from cohort where campaign_id = $1 and (
               (since_version > $2 and until_version is null)
               or (since_version <= $2 and until_version > $2))
           union all
           select false, until_version is null, name, name_ko, name_en
           from tranche where campaign_id = $1 and (
               (since_version > $2 and until_version is null)
               or (since_version <= $2 and until_version > $2))
           order by 1 desc, 2, 3"#,
        campaign_id.0,
        since,
    )
    .fetch_all(db)
    .await?;
    let change = rows.into_iter().map(|row| RuleChange {
        is_cohort: row.is_cohort,
        is_added: row.is_added,
        name: Localized::new(row.name, row.name_ko, row.name_en),
    });
    Ok(change.collect())
}
