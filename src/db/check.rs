//! What a check of a campaign counts: rules, doses and seats, and the people whom it is for.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, query, query_as, query_scalar, types::Json};

use super::error::{Failure, classify};
use crate::domain::{
    CampaignId,
    check::{Capacity, HomeRegion, NAMED_MAX, RuleCounts, ShortDay},
};

/// The rules that hold now.
pub async fn rules(conn: &mut PgConnection, campaign_id: CampaignId) -> sqlx::Result<RuleCounts> {
    let row = query!(
        r#"/* check::rules */
         select
             (select count(*) from campaign_product where campaign_id = $1) as "products!",
             (select count(*) from cohort where campaign_id = $1 and until_version is null)
                 as "cohorts!",
             (select count(*) from tranche where campaign_id = $1 and until_version is null)
                 as "tranches!",
             array(select distinct digit from tranche, unnest(birth_day_digits) as digit
                   where campaign_id = $1 and until_version is null order by 1) as "digits!""#,
        campaign_id.0,
    )
    .fetch_one(conn)
    .await?;
    let (products, cohorts, tranches) = (row.products, row.cohorts, row.tranches);
    Ok(RuleCounts { products, cohorts, tranches, digits: row.digits })
}

/// Doses that clinics may promise from today on, by their calendars, and the free seats on the days
/// that have some. Seats serve all campaigns alike, so another one can take them first.
pub async fn capacity(conn: &mut PgConnection, campaign_id: CampaignId) -> sqlx::Result<Capacity> {
    let row = query!(
        r#"/* check::capacity */
         with granted as (
             select a.clinic_id, a.on_date, c.code, sum(a.open)::bigint as doses
             from allocation a join clinic c using (clinic_id)
             where a.campaign_id = $1 and a.open > 0
                 and a.on_date >= (clock_timestamp() at time zone c.zone)::date
             group by a.clinic_id, a.on_date, c.code
         ), offered as (
             select s.clinic_id, s.on_date, sum(s.seats - s.taken)::bigint as seats
             from slot s join granted g using (clinic_id, on_date)
             where not s.is_closed and s.starts_at > clock_timestamp()
             group by s.clinic_id, s.on_date
         ), day as (
             select g.clinic_id, g.on_date, g.code, g.doses, coalesce(o.seats, 0) as seats
             from granted g left join offered o using (clinic_id, on_date)
         ), short as (
             select * from day where doses > seats
         )
         select coalesce(sum(doses), 0)::bigint as "doses!",
             coalesce(sum(seats), 0)::bigint as "seats!",
             coalesce(sum(least(doses, seats)), 0)::bigint as "bookable!",
             (select count(distinct clinic_id) from short) as "clinics!",
             (select count(*) from short) as "days!",
             (select coalesce(jsonb_agg(jsonb_build_object('clinic_code', code,
                     'on_date', on_date, 'doses', doses, 'seats', seats) order by on_date, code),
                     '[]')
              from (select * from short order by on_date, code limit $2) as first)
                 as "first!: Json<Vec<ShortDay>>"
         from day"#,
        campaign_id.0,
        i64::try_from(NAMED_MAX).unwrap_or(i64::MAX),
    )
    .fetch_one(conn)
    .await?;
    Ok(Capacity {
        doses: row.doses,
        seats: row.seats,
        bookable: row.bookable,
        clinics: row.clinics,
        days: row.days,
        first: row.first.0,
    })
}

/// The regions where people live whom a cohort lets in, most people first; none where they could
/// not be counted in time. Leaves the transaction with its limit, so it comes last in it.
pub async fn homes(
    conn: &mut PgConnection,
    campaign_id: CampaignId,
    seconds_max: u64,
) -> sqlx::Result<Option<Vec<HomeRegion>>> {
    #[expect(clippy::disallowed_methods, reason = "a setting takes no parameters")]
    let limit = sqlx::query_scalar::<_, String>(
        "/* check::homes */ select set_config('statement_timeout', $1, true)",
    )
    .bind(format!("{seconds_max}s"));
    limit.fetch_one(&mut *conn).await?;
    let counted = query_as!(
        HomeRegion,
        r#"/* check::homes */
         with let_in as materialized (
             select born_from, born_to, roster_id, region_id from cohort
             where campaign_id = $1 and until_version is null
         ), home as (
             select p.region_id, count(*) as people
             from person p join region r using (region_id)
             where p.mark is null and p.merged_into is null and exists (select from let_in c
                 where (c.born_from is null or c.born_from <= p.birth_date)
                     and (c.born_to is null or p.birth_date <= c.born_to)
                     and (c.region_id is null or c.region_id in (r.region_id, r.parent_id))
                     and (c.roster_id is null or exists (select from roster_member m
                         where m.person_id = p.person_id and m.roster_id = c.roster_id)))
             group by p.region_id
         ), giving as (
             select distinct clinic_id from allocation where campaign_id = $1 and open > 0
         ), place as (
             select r.region_id, r.parent_id, bool_or(g.clinic_id is not null) as has_doses
             from clinic c join region r using (region_id) left join giving g using (clinic_id)
             group by r.region_id
         )
         select r.code, h.people as "people!",
             exists (select from place where h.region_id in (place.region_id, place.parent_id))
                 as "has_clinic!",
             exists (select from place where h.region_id in (place.region_id, place.parent_id)
                 and place.has_doses) as "has_doses!"
         from home h join region r using (region_id) order by h.people desc, r.code"#,
        campaign_id.0,
    )
    .fetch_all(conn)
    .await;
    let rows = match counted {
        Err(error) if classify(&error) == Failure::Canceled => return Ok(None),
        counted => counted?,
    };
    Ok(Some(rows))
}

/// The database's time.
pub async fn now(conn: &mut PgConnection) -> sqlx::Result<DateTime<Utc>> {
    query_scalar!(r#"/* check::now */ select clock_timestamp() as "now!""#).fetch_one(conn).await
}
