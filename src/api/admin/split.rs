//! Splits of a pool by a rule: what one would do, and doing it.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    web::Data,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ByAdministrator, Reason, cause, closure::DryRun, localized, ok, pool::PoolView};
use crate::{
    domain::{
        Detail, PoolId, Refusal, TrancheId,
        channel::Channel,
        fact::Expected,
        split::{Over, Rule, Share},
    },
    flows::{
        self,
        split::{Done, Preview, Wish},
    },
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::Day,
        idempotency_key::IdempotencyKey,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitRequest {
    over: String,
    by: String,
    doses: Option<i32>,
    from_date: Day,
    to_date: Day,
    channel: Option<i16>,
    tranche_id: Option<TrancheId>,
    state: Option<String>,
    reason: Option<Reason>,
    reason_ko: Option<Reason>,
    reason_en: Option<Reason>,
}

/// Of which pool, whether it is only to be said, what, and the key of the request.
type Asked = (Path<PoolId>, Query<DryRun>, Json<SplitRequest>, IdempotencyKey);

impl SplitRequest {
    fn wish(&self, pool_id: PoolId) -> Result<Wish, Refusal> {
        let over = || Refusal::expected("over", Expected::one_of(Over::ALL.map(Over::word)));
        let by = || Refusal::expected("by", Expected::one_of(Rule::ALL.map(Rule::word)));
        let channel = || Refusal::expected("channel", Expected::Channel);
        Ok(Wish {
            pool_id,
            over: Over::named(&self.over).ok_or_else(over)?,
            rule: Rule::named(&self.by).ok_or_else(by)?,
            doses: self.doses,
            from_date: self.from_date.0,
            to_date: self.to_date.0,
            channel: match self.channel {
                None => Channel::default(),
                Some(number) => Channel::of(number).ok_or_else(channel)?,
            },
            tranche_id: self.tranche_id,
        })
    }
}

#[derive(Serialize)]
struct SplitView<'a> {
    pool: PoolView,
    over: &'static str,
    by: &'static str,
    dry_run: bool,
    state: &'a str,
    doses: i32,
    shares: &'a [Share],
    clinics: usize,
    allocations: usize,
    beyond_seats: i64,
    clinics_without_hours: i64,
}

impl<'a> SplitView<'a> {
    fn previewed(wish: &Wish, seen: &'a Preview) -> Self {
        Self {
            pool: (&seen.pool).into(),
            over: wish.over.word(),
            by: wish.rule.word(),
            dry_run: true,
            state: &seen.state,
            doses: seen.plan.doses(),
            shares: &seen.plan.shares,
            clinics: seen.clinics_with_doses(),
            allocations: seen.plan.cells.len(),
            beyond_seats: seen.plan.beyond_seats(),
            clinics_without_hours: seen.without_hours,
        }
    }

    fn done(wish: &Wish, done: &'a Done) -> Self {
        Self {
            pool: (&done.pool).into(),
            over: wish.over.word(),
            by: wish.rule.word(),
            dry_run: false,
            state: &done.state,
            doses: done.doses,
            shares: &done.shares,
            clinics: done.clinics,
            allocations: done.allocations,
            beyond_seats: done.beyond_seats,
            clinics_without_hours: done.without_hours,
        }
    }
}

/// Splits a pool, as its dry run said.
///
/// # Errors
/// Those of `flows::split::preview` and `flows::split::carry_out`; `invalid_field` without the
/// state of a dry run, a reason or an idempotency key.
pub async fn post_split(
    _: Admitted<admission::Export>,
    app: Data<App>,
    request: ByAdministrator<Asked>,
) -> Result<HttpResponse, Problem> {
    let by = request.by;
    let (Path(pool_id), Query(DryRun { dry_run }), Json(body), key) = request.what;
    let wish = body.wish(pool_id)?;
    if dry_run {
        let seen = flows::split::preview(&app.db, &wish).await?;
        return Ok(ok(&SplitView::previewed(&wish, &seen)));
    }
    let state = body.state.ok_or_else(|| Refusal::field("state", Detail::SplitNotSeen))?;
    let reason = body.reason.ok_or_else(|| Refusal::field("reason", Detail::FieldMissing))?;
    let cause = cause(by, localized(reason, body.reason_ko, body.reason_en));
    let keyed = key.needed(by, &json!(["split", wish, state, cause.reason]))?;
    let done = flows::split::carry_out(&app.db, &wish, &state, &cause, &keyed).await?;
    Ok(ok(&SplitView::done(&wish, &done)))
}

/// A split over clinics as a file of allocations.
///
/// # Errors
/// Those of `flows::split::preview`.
pub async fn post_split_file(
    _: Admitted<admission::Export>,
    app: Data<App>,
    request: ByAdministrator<(Path<PoolId>, Json<SplitRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(pool_id), Json(body)) = request.what;
    let wish = body.wish(pool_id)?;
    let file = flows::split::file(&app.db, &wish).await?;
    let name = format!("attachment; filename=\"allocations-of-pool-{pool_id}.csv\"");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(file))
}
