//! Doses that clinics may give on a date: granted, and taken back where nobody was promised them.

use actix_web::{HttpResponse, web::Data};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ByAdministrator, Reason, cause, created, list, localized, ok};
use crate::{
    db,
    domain::{
        AllocationId, CampaignId, ClinicId, PoolId, ProductId, Refusal, StaffUserId, TrancheId,
        actor::Cause, allocation::NewAllocation, channel::Channel, fact::Expected, grant::Grant,
        language::Language,
    },
    flows::{
        self,
        allocation::{Amount, Granted},
    },
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::{Day, Limit},
        idempotency_key::IdempotencyKey,
        language::{Accepted, mark},
        problem::Problem,
        reason::WrittenWarning,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationRequest {
    clinic_id: ClinicId,
    campaign_id: CampaignId,
    product_id: ProductId,
    on_date: Day,
    tranche_id: Option<TrancheId>,
    channel: Option<i16>,
    pool_id: PoolId,
    doses: i32,
    reason: Reason,
    reason_ko: Option<Reason>,
    reason_en: Option<Reason>,
    if_granted: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountRequest {
    doses: i32,
    reason: Reason,
    reason_ko: Option<Reason>,
    reason_en: Option<Reason>,
    if_granted: Option<i32>,
}

impl AmountRequest {
    /// How many doses, and who moves them why.
    fn split(self, by: StaffUserId) -> (Amount, Cause) {
        let amount = Amount { doses: self.doses, if_granted: self.if_granted };
        (amount, cause(by, localized(self.reason, self.reason_ko, self.reason_en)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AllocationQuery {
    clinic_id: Option<ClinicId>,
    campaign_id: Option<CampaignId>,
    date: Option<Day>,
    #[serde(default)]
    limit: Limit,
    after: Option<AllocationId>,
}

#[derive(Serialize)]
struct AllocationView {
    allocation_id: AllocationId,
    clinic_id: ClinicId,
    campaign_id: CampaignId,
    product_id: ProductId,
    on_date: NaiveDate,
    tranche_id: Option<TrancheId>,
    channel: i16,
    pool_id: PoolId,
    granted: i32,
    open: i32,
    held: i32,
    booked: i32,
    spare: i32,
    given: i32,
    lost: i32,
}

impl From<&Grant> for AllocationView {
    fn from(grant: &Grant) -> Self {
        Self {
            allocation_id: grant.allocation_id,
            clinic_id: grant.clinic_id,
            campaign_id: grant.campaign_id,
            product_id: grant.product_id,
            on_date: grant.on_date,
            tranche_id: grant.tranche_id,
            channel: grant.channel.number(),
            pool_id: grant.pool_id,
            granted: grant.granted,
            open: grant.open,
            held: grant.held,
            booked: grant.booked,
            spare: grant.spare,
            given: grant.given,
            lost: grant.lost,
        }
    }
}

/// # Errors
/// `invalid_field` for a number that is no channel's.
fn channel(number: i16) -> Result<Channel, Refusal> {
    let unknown = || Refusal::expected("channel", Expected::Channel);
    Channel::of(number).ok_or_else(unknown)
}

pub async fn list_allocations(
    _: Admitted<admission::Export>,
    app: Data<App>,
    ByAdministrator { what: Query(wanted), .. }: ByAdministrator<Query<AllocationQuery>>,
) -> Result<HttpResponse, Problem> {
    let AllocationQuery { clinic_id, campaign_id, date, limit, after } = wanted;
    let filter = db::allocation::Filter {
        clinic_id,
        campaign_id,
        on_date: date.map(|day| day.0),
        after: after.unwrap_or(AllocationId(0)),
    };
    let grants = db::allocation::list(&app.db.read, filter, limit.0).await?;
    list("allocations", &grants, limit, AllocationView::from, |grant| grant.allocation_id.0)
}

/// An allocation that doses were granted to.
#[derive(Serialize)]
struct GrantedView<'a> {
    #[serde(flatten)]
    allocation: AllocationView,
    warnings: Vec<WrittenWarning<'a>>,
}

fn granted(language: Language, granted: &Granted) -> Result<HttpResponse, Problem> {
    let warnings = WrittenWarning::all(language, &granted.warnings).map_err(Problem::internal)?;
    let view = GrantedView { allocation: AllocationView::from(&granted.grant), warnings };
    let mut response = if granted.is_new { created(&view) } else { ok(&view) };
    mark(response.headers_mut(), language);
    Ok(response)
}

/// Grants to the allocation that is described, and makes it first if there is none.
///
/// # Errors
/// Those of `flows::allocation::allocate`.
pub async fn post_allocation(
    app: Data<App>,
    Accepted(language): Accepted,
    ByAdministrator { by, what: (Json(new), key) }: ByAdministrator<(
        Json<AllocationRequest>,
        IdempotencyKey,
    )>,
) -> Result<HttpResponse, Problem> {
    let channel = new.channel.map(channel).transpose()?.unwrap_or_default();
    let to = NewAllocation {
        clinic_id: new.clinic_id,
        campaign_id: new.campaign_id,
        product_id: new.product_id,
        on_date: new.on_date.0,
        tranche_id: new.tranche_id,
        channel,
        pool_id: new.pool_id,
    };
    let amount = Amount { doses: new.doses, if_granted: new.if_granted };
    let cause = cause(by, localized(new.reason, new.reason_ko, new.reason_en));
    let place = json!([to.clinic_id, to.campaign_id, to.product_id, to.on_date, to.tranche_id]);
    let asked = json!(["allocation", place, channel, to.pool_id, amount, cause.reason]);
    let keyed = key.of(by, &asked);
    let done = flows::allocation::allocate(&app.db, to, amount, &cause, keyed.as_ref()).await?;
    granted(language, &done)
}

/// Grants more to an allocation.
///
/// # Errors
/// Those of `flows::allocation::grant`.
pub async fn post_grant(
    app: Data<App>,
    Accepted(language): Accepted,
    ByAdministrator { by, what: (Path(id), Json(body), key) }: ByAdministrator<(
        Path<AllocationId>,
        Json<AmountRequest>,
        IdempotencyKey,
    )>,
) -> Result<HttpResponse, Problem> {
    let (amount, cause) = body.split(by);
    let keyed = key.of(by, &json!(["grant", id, amount, cause.reason]));
    let done = flows::allocation::grant(&app.db, id, amount, &cause, keyed.as_ref()).await?;
    granted(language, &done)
}

/// Takes back doses that nobody was promised.
///
/// # Errors
/// Those of `flows::allocation::retract`.
pub async fn post_retraction(
    app: Data<App>,
    ByAdministrator { by, what: (Path(id), Json(body), key) }: ByAdministrator<(
        Path<AllocationId>,
        Json<AmountRequest>,
        IdempotencyKey,
    )>,
) -> Result<HttpResponse, Problem> {
    let (amount, cause) = body.split(by);
    let keyed = key.of(by, &json!(["retraction", id, amount, cause.reason]));
    let grant = flows::allocation::retract(&app.db, id, amount, &cause, keyed.as_ref()).await?;
    Ok(ok(&AllocationView::from(&grant)))
}
