//! Where there is something to book.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    board::{listing::Filter, place::Point, snapshot::Snapshot},
    domain::{
        CampaignId, ClinicId, Detail, Refusal, RegionId,
        fact::{Counted, Expected, Noun},
    },
    http::{
        answer_cache::{Answer, Kind, Whom},
        extract::{Path, Query},
        field::Day,
        kept_answer, negotiate,
        problem::Problem,
        state::App,
    },
    worker_pool::Undone,
};

const LIMIT: usize = 50;
const LIMIT_MAX: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicQuery {
    region: Option<RegionId>,
    date: Option<Day>,
    /// `latitude,longitude` in degrees
    near: Option<String>,
    limit: Option<usize>,
    after: Option<ClinicId>,
}

/// Clinics with doses of the campaign, each with its days, from the board.
///
/// # Errors
/// `not_found`, `invalid_field`.
pub async fn list_clinics(
    app: Data<App>,
    request: HttpRequest,
    Path(campaign_id): Path<CampaignId>,
    Query(query): Query<ClinicQuery>,
) -> Result<HttpResponse, Problem> {
    let snapshot = app.board.now();
    if !snapshot.supplies.contains_key(&campaign_id) {
        return Err(Refusal::not_found().into());
    }
    let filter = filter(&snapshot, campaign_id, &query)?;
    let hash = Sha256::digest(format!("{:?} {} {filter:?}", snapshot.as_of, snapshot.version));
    let coding = negotiate::coding_once(request.headers());
    let etag = coding.tag(&hash);
    if negotiate::has(&request, &etag) {
        return Ok(negotiate::not_modified(&etag).map_into_boxed_body().into());
    }
    // Every place is another list, and much may have to be looked through for it.
    let of = snapshot.clone();
    let make = move || {
        let no_such = || Refusal::no_such("after", Noun::Clinic);
        let listing = snapshot.list(&filter).ok_or_else(no_such)?;
        let bytes = serde_json::to_vec(&listing).map_err(Problem::internal)?;
        coding.encode_once(bytes).map_err(Problem::internal)
    };
    let body = match app.answers.run(make).await {
        Ok(bytes) => bytes?.into(),
        Err(Undone::Busy) => return Err(app.lanes.overloaded().into()),
        Err(Undone::Failed) => return Err(Problem::internal("an answer could not be made")),
    };
    let answer =
        Answer { kind: Kind::Json { etag }, coding, body, whom: Whom::Everybody, until: None };
    let sent = kept_answer::send(&app, &request, &of, answer);
    Ok(sent.map_into_boxed_body().into())
}

fn filter(
    snapshot: &Snapshot,
    campaign_id: CampaignId,
    query: &ClinicQuery,
) -> Result<Filter, Refusal> {
    let &ClinicQuery { region: region_id, date, ref near, limit, after } = query;
    let date = date.map(|day| day.0);
    if region_id.is_some_and(|id| !snapshot.catalogue.regions.contains_key(&id)) {
        return Err(Refusal::no_such("region", Noun::Region));
    }
    let limit = limit.unwrap_or(LIMIT);
    if !(1..=LIMIT_MAX).contains(&limit) {
        let max = i64::try_from(LIMIT_MAX).unwrap_or(i64::MAX);
        let detail = Detail::HowMany { of: Counted::Clinics, min: 1, max };
        return Err(Refusal::field("limit", detail));
    }
    let near = near.as_deref().map(point).transpose()?;
    Ok(Filter { region_id, date, near, after, limit, ..Filter::all(campaign_id) })
}

/// A place to a hundredth of a degree, a kilometre: so many asking from everywhere ask for the same
/// lists, and nobody says exactly where they are.
fn point(near: &str) -> Result<Point, Refusal> {
    let degrees = |text: &str, limit: f64| {
        let value = text.trim().parse::<f64>().ok()?;
        (-limit..=limit).contains(&value).then_some((value * 100.0).round() / 100.0)
    };
    near.split_once(',')
        .and_then(|(lat, lon)| Some(Point::new(degrees(lat, 90.0)?, degrees(lon, 180.0)?)))
        .ok_or_else(|| Refusal::expected("near", Expected::Point))
}
