//! A day at a clinic, as it stands before doses are given to it.

use chrono::NaiveDate;
use sqlx::{PgExecutor, query};

use super::clinic::zone;
use crate::domain::{
    CampaignId, ClinicId,
    clinic_day::{Account, ClinicDay, Window},
};

/// The day, and the campaign's window by the clinic's calendar; nothing is locked.
///
/// # Errors
/// The database's, or a zone that is none.
pub async fn find(
    db: impl PgExecutor<'_>,
    (clinic_id, campaign_id): (ClinicId, CampaignId),
    on_date: NaiveDate,
) -> sqlx::Result<Option<(ClinicDay, Window)>> {
    let row = query!(
        r#"/* clinic_day::find */
           select c.zone, (clock_timestamp() at time zone c.zone)::date as "today!",
               exists (
                   select from clinic_closure x where x.clinic_id = $1 and x.on_date = $3
               ) as "is_closed!",
               coalesce((
                   select case when k.reopened_at is null then 1 else 2 end
                   from clinic_day_close k where k.clinic_id = $1 and k.on_date = $3
                   order by k.clinic_day_close_id desc limit 1), 0)::smallint
                   as "account!: Account",
               coalesce((
                   select sum(seats - taken) from slot s
                   where s.clinic_id = $1 and s.on_date = $3 and not s.is_closed
                       and s.starts_at > clock_timestamp()), 0) as "seats!",
               coalesce((
                   select sum(open) from allocation a
                   where a.clinic_id = $1 and a.on_date = $3 and a.channel in (1, 2)), 0)
                   as "open!",
               (m.opens_at at time zone c.zone)::date as "opens_on!",
               (m.closes_at at time zone c.zone)::date as "closes_on!",
               m.closes_at <= clock_timestamp() as "is_over!"
           from clinic c, campaign m where c.clinic_id = $1 and m.campaign_id = $2"#,
        clinic_id.0,
        campaign_id.0,
        on_date,
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let day = ClinicDay {
            on_date,
            today: row.today,
            zone: zone(&row.zone)?,
            is_closed: row.is_closed,
            account: row.account,
            seats: row.seats,
            open: row.open,
        };
        let window =
            Window { opens_on: row.opens_on, closes_on: row.closes_on, is_over: row.is_over };
        Ok((day, window))
    })
    .transpose()
}
