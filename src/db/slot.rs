//! Slots and the doses of their date, read for whoever wants to choose one.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::{PgExecutor, query_as, query_scalar};

use crate::domain::{CampaignId, ClinicId, ProductId, SlotId};

/// A time window, as everybody may see it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Window {
    pub slot_id: SlotId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub seats: i32,
    /// None of a closed slot's seats is left.
    pub seats_left: i32,
    pub is_closed: bool,
}

/// Doses of a product that can be booked on the web.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct DosesOpen {
    pub product_id: ProductId,
    pub open: i64,
}

/// The database's time, if there are such a clinic and such a public campaign.
///
/// # Errors
/// The database's.
pub async fn find_day(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    campaign_id: CampaignId,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    query_scalar!(
        r#"select now() as "now!" from clinic, campaign
           where clinic_id = $1 and campaign_id = $2 and state <> 1"#,
        clinic_id.0,
        campaign_id.0,
    )
    .fetch_optional(db)
    .await
}

/// The slots of a clinic on a local date, in the order of the day.
///
/// # Errors
/// The database's.
pub async fn list(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    on_date: NaiveDate,
) -> sqlx::Result<Vec<Window>> {
    query_as!(
        Window,
        r#"select slot_id as "slot_id: SlotId", starts_at, ends_at, seats,
               case when is_closed then 0 else seats - taken end as "seats_left!", is_closed
           from slot where clinic_id = $1 and on_date = $2 order by starts_at"#,
        clinic_id.0,
        on_date,
    )
    .fetch_all(db)
    .await
}

/// The doses of a campaign at a clinic on a date, by product.
///
/// # Errors
/// The database's.
pub async fn doses_open(
    db: impl PgExecutor<'_>,
    clinic_id: ClinicId,
    campaign_id: CampaignId,
    on_date: NaiveDate,
) -> sqlx::Result<Vec<DosesOpen>> {
    query_as!(
        DosesOpen,
        r#"select product_id as "product_id: ProductId", sum(open) as "open!"
           from allocation
           where clinic_id = $1 and campaign_id = $2 and on_date = $3 and channel = 1
           group by product_id order by product_id"#,
        clinic_id.0,
        campaign_id.0,
        on_date,
    )
    .fetch_all(db)
    .await
}
