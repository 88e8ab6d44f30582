//! A campaign in one request: its course, its products with the doses that were delivered, and who
//! may book.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};

use super::{
    ByAdministrator, Reason,
    campaign::{CANCEL_UNTIL_HOURS, day_policy},
    cause,
    cohort::CohortRequest,
    course::CourseRequest,
    created, localized,
    pool::PoolView,
    product::ProductRequest,
    tranche::TrancheRequest,
};
use crate::{
    board::view::CampaignView,
    domain::{
        ProductId,
        booking_limit::BOOKINGS_PER_DAY,
        campaign::NewCampaign,
        campaign_draft::{CampaignDraft, DraftProduct, NO_COURSE},
    },
    flows::{self, campaign_draft::Drafted},
    http::{
        extract::Json,
        field::{Instant, LeftOverWord, Text, WalkInWord, Zone},
        problem::Problem,
        state::App,
    },
};

/// Written into the journal where the administrator gives no other reason.
const DELIVERED: &str = "Delivered before the campaign was drafted.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DraftRequest {
    code: Text<64>,
    name: Text<200>,
    name_ko: Option<Text<200>>,
    name_en: Option<Text<200>>,
    dose_number: Option<i16>,
    opens_at: Instant,
    closes_at: Instant,
    cancel_until_hours: Option<i16>,
    bookings_per_day: Option<i16>,
    zone: Zone,
    walk_in: Option<WalkInWord>,
    left_over: Option<LeftOverWord>,
    course: CourseRequest,
    products: Vec<DeliveredProduct>,
    #[serde(default)]
    cohorts: Vec<CohortRequest>,
    #[serde(default)]
    tranches: Vec<TrancheRequest>,
    reason: Option<Reason>,
}

/// A product, and the doses of it that were delivered.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeliveredProduct {
    product: ProductRequest,
    #[serde(default)]
    doses: i32,
}

#[derive(Serialize)]
struct DraftedView<'a> {
    campaign: CampaignView<'a>,
    product_ids: &'a [ProductId],
    pools: Vec<PoolView>,
}

impl From<DraftRequest> for CampaignDraft {
    fn from(new: DraftRequest) -> Self {
        let products = new.products.into_iter();
        Self {
            course: new.course.into(),
            campaign: NewCampaign {
                code: new.code.0,
                name: localized(new.name, new.name_ko, new.name_en),
                course_id: NO_COURSE,
                dose_number: new.dose_number.unwrap_or(1),
                opens_at: new.opens_at.0,
                closes_at: new.closes_at.0,
                cancel_until_hours: new.cancel_until_hours.unwrap_or(CANCEL_UNTIL_HOURS),
                bookings_per_day: new.bookings_per_day.unwrap_or(BOOKINGS_PER_DAY),
                zone: new.zone.0,
                day: day_policy(new.walk_in, new.left_over),
            },
            products: products
                .map(|DeliveredProduct { product, doses }| DraftProduct {
                    product: product.into(),
                    doses,
                })
                .collect(),
            cohorts: new.cohorts.into_iter().map(Into::into).collect(),
            tranches: new.tranches.into_iter().map(Into::into).collect(),
        }
    }
}

/// Drafts it all, or nothing.
///
/// # Errors
/// Those of `flows::campaign_draft::draft`.
pub async fn post_campaign_draft(
    app: Data<App>,
    ByAdministrator { by, what: Json(new) }: ByAdministrator<Json<DraftRequest>>,
) -> Result<HttpResponse, Problem> {
    let reason = new.reason.as_ref().map_or(DELIVERED, |reason| &reason.0);
    let cause = cause(by, reason.into());
    let draft = CampaignDraft::from(new);
    let Drafted { campaign, product_ids, pools } =
        flows::campaign_draft::draft(&app.db, draft, &cause).await?;
    let pools = pools.iter().map(PoolView::from).collect();
    let campaign = CampaignView::from(&campaign);
    Ok(created(&DraftedView { campaign, product_ids: &product_ids, pools }))
}
