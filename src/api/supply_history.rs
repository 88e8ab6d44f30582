//! The history of a campaign's limit, for everybody. What is left is pre-rendered.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::localized::ReasonView;
use crate::{
    db,
    domain::{CampaignId, Detail, Refusal, fact::Counted, supply_history::Entry},
    http::{
        admission::{self, Admitted},
        extract::{Path, Query},
        negotiate,
        problem::Problem,
        state::App,
    },
};

const HISTORY_LIMIT: i64 = 100;
const HISTORY_LIMIT_MAX: i64 = 500;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryQuery {
    after: Option<i64>,
    limit: Option<i64>,
}

#[derive(Serialize)]
struct HistoryView<'a> {
    campaign_id: CampaignId,
    entries: Vec<EntryView<'a>>,
    /// Ask for what comes after this entry; none at the end.
    next_after: Option<i64>,
}

#[derive(Serialize)]
struct EntryView<'a> {
    supply_history_id: i64,
    at: DateTime<Utc>,
    event: &'a str,
    doses: Option<i32>,
    #[serde(flatten)]
    reason: ReasonView<'a>,
}

impl<'a> From<&'a Entry> for EntryView<'a> {
    fn from(entry: &'a Entry) -> Self {
        Self {
            supply_history_id: entry.supply_history_id,
            at: entry.at,
            event: &entry.event,
            doses: entry.doses,
            reason: (&entry.reason).into(),
        }
    }
}

/// Every change of the limit and of the state, with its reason, oldest first.
///
/// # Errors
/// `not_found`, `invalid_field`.
pub async fn list_history(
    _: Admitted<admission::Read>,
    app: Data<App>,
    request: HttpRequest,
    Path(campaign_id): Path<CampaignId>,
    Query(page): Query<HistoryQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = page.limit.unwrap_or(HISTORY_LIMIT);
    if !(1..=HISTORY_LIMIT_MAX).contains(&limit) {
        let detail = Detail::HowMany { of: Counted::Entries, min: 1, max: HISTORY_LIMIT_MAX };
        return Err(Refusal::field("limit", detail).into());
    }
    let after = page.after.unwrap_or(0);
    let entries = db::supply_history::list(&app.db.read, campaign_id, after, limit + 1).await?;
    let mut entries = entries.ok_or_else(Refusal::not_found)?;
    let limit = usize::try_from(limit).map_err(Problem::internal)?;
    let is_more = entries.len() > limit;
    entries.truncate(limit);
    let next_after = entries.last().map(|entry| entry.supply_history_id).filter(|_| is_more);
    let entries = entries.iter().map(EntryView::from).collect();
    let history = HistoryView { campaign_id, entries, next_after };
    let hash = Sha256::digest(serde_json::to_vec(&history).map_err(Problem::internal)?);
    negotiate::send_made(&request, &hash, || Ok(history))
}
