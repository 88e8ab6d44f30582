//! Doses that clinics may give on a date: granted, and taken back where nobody was promised them.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{Asked, Reason, cause, created, list, ok};
use crate::{
    db,
    domain::{AllocationId, CampaignId, ClinicId, PoolId, ProductId, TrancheId},
    flows::{self, allocation::Amount},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::{Day, Limit},
        problem::Problem,
        state::App,
    },
};

/// Doses that are booked on the web.
const WEB: i16 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAllocation {
    clinic_id: ClinicId,
    campaign_id: CampaignId,
    product_id: ProductId,
    on_date: Day,
    tranche_id: Option<TrancheId>,
    channel: Option<i16>,
    pool_id: PoolId,
    doses: i32,
    reason: Reason,
    if_granted: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountBody {
    doses: i32,
    reason: Reason,
    if_granted: Option<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allocations {
    clinic_id: Option<ClinicId>,
    campaign_id: Option<CampaignId>,
    date: Option<Day>,
    #[serde(default)]
    limit: Limit,
    after: Option<AllocationId>,
}

pub async fn list_allocations(
    _: Admitted<admission::Export>,
    app: Data<App>,
    Asked { what: Query(wanted), .. }: Asked<Query<Allocations>>,
) -> Result<HttpResponse, Problem> {
    let Allocations { clinic_id, campaign_id, date, limit, after } = wanted;
    let filter = db::allocation::Filter {
        clinic_id,
        campaign_id,
        on_date: date.map(|day| day.0),
        after: after.unwrap_or(AllocationId(0)),
    };
    let grants = db::allocation::list(&app.db.read, filter, limit.0).await?;
    list("allocations", &grants, limit, |grant| grant.allocation_id.0)
}

/// Grants to the allocation that is described, and makes it first if there is none.
///
/// # Errors
/// Those of `flows::allocation::allocate`.
pub async fn post_allocation(
    app: Data<App>,
    Asked { by, what: Json(new) }: Asked<Json<NewAllocation>>,
) -> Result<HttpResponse, Problem> {
    let to = db::allocation::New {
        clinic_id: new.clinic_id,
        campaign_id: new.campaign_id,
        product_id: new.product_id,
        on_date: new.on_date.0,
        tranche_id: new.tranche_id,
        channel: new.channel.unwrap_or(WEB),
        pool_id: new.pool_id,
    };
    let amount = Amount { doses: new.doses, if_granted: new.if_granted };
    let granted = flows::allocation::allocate(&app.db, to, amount, &cause(by, new.reason)).await?;
    Ok(if granted.is_new { created(&granted.grant) } else { ok(&granted.grant) })
}

/// Grants more to an allocation.
///
/// # Errors
/// Those of `flows::allocation::grant`.
pub async fn post_grant(
    app: Data<App>,
    Asked { by, what: (Path(id), Json(body)) }: Asked<(Path<AllocationId>, Json<AmountBody>)>,
) -> Result<HttpResponse, Problem> {
    let AmountBody { doses, reason, if_granted } = body;
    let amount = Amount { doses, if_granted };
    Ok(ok(&flows::allocation::grant(&app.db, id, amount, &cause(by, reason)).await?))
}

/// Takes back doses that nobody was promised.
///
/// # Errors
/// Those of `flows::allocation::retract`.
pub async fn post_retraction(
    app: Data<App>,
    Asked { by, what: (Path(id), Json(body)) }: Asked<(Path<AllocationId>, Json<AmountBody>)>,
) -> Result<HttpResponse, Problem> {
    let AmountBody { doses, reason, if_granted } = body;
    let amount = Amount { doses, if_granted };
    Ok(ok(&flows::allocation::retract(&app.db, id, amount, &cause(by, reason)).await?))
}
