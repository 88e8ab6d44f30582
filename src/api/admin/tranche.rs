//! Who may book from which day on.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{ByAdministrator, Page, found, list, localized, localized_change, settled};
use crate::{
    board::view::TrancheView,
    db,
    domain::{CampaignId, TrancheId, tranche::NewTranche},
    flows,
    http::{
        extract::{Json, Path, Query},
        field::{Instant, Text, nullable},
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrancheRequest {
    name: Text<100>,
    name_ko: Option<Text<100>>,
    name_en: Option<Text<100>>,
    birth_day_digits: Vec<i16>,
    opens_at: Instant,
}

/// What is left out stays as it is, and null removes a name in a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrancheChange {
    name: Option<Text<100>>,
    #[serde(default, deserialize_with = "nullable")]
    name_ko: Option<Option<Text<100>>>,
    #[serde(default, deserialize_with = "nullable")]
    name_en: Option<Option<Text<100>>>,
    opens_at: Option<Instant>,
}

impl From<TrancheRequest> for NewTranche {
    fn from(new: TrancheRequest) -> Self {
        let TrancheRequest { name, name_ko, name_en, birth_day_digits, opens_at } = new;
        let name = localized(name, name_ko, name_en);
        Self { name, birth_day_digits, opens_at: opens_at.0 }
    }
}

/// The path of a tranche.
type One = Path<(CampaignId, TrancheId)>;

#[derive(Serialize)]
struct AddedTranche<'a> {
    #[serde(flatten)]
    tranche: TrancheView<'a>,
    rule_version: i32,
}

/// Those that hold now.
///
/// # Errors
/// `not_found` for an unknown campaign.
pub async fn list_tranches(
    app: Data<App>,
    request: ByAdministrator<(Path<CampaignId>, Query<Page>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Query(page)) = request.what;
    found(db::campaign::find(&app.db.read, campaign_id).await?)?;
    let after = TrancheId(page.after.unwrap_or(0));
    let tranches = db::tranche::list(&app.db.read, campaign_id, after, page.limit.0).await?;
    list("tranches", &tranches, page.limit, TrancheView::from, |tranche| tranche.tranche_id.0)
}

/// # Errors
/// Those of `flows::rules::add_tranche`.
pub async fn post_tranche(
    app: Data<App>,
    request: ByAdministrator<(Path<CampaignId>, Json<TrancheRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(campaign_id), Json(new)) = request.what;
    let added = flows::rules::add_tranche(&app.db, campaign_id, new.into()).await?;
    let rule_version = added.rule_version;
    let body = AddedTranche { tranche: (&added.rule).into(), rule_version };
    settled(StatusCode::CREATED, &body, added.is_settled)
}

/// Corrects the names of a tranche, or moves it, in a new version of the rules.
///
/// # Errors
/// Those of `flows::rules::change_tranche`.
pub async fn patch_tranche(
    app: Data<App>,
    request: ByAdministrator<(One, Json<TrancheChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path((campaign_id, tranche_id)), Json(change)) = request.what;
    let TrancheChange { name, name_ko, name_en, opens_at } = change;
    let names = localized_change(name, name_ko, name_en);
    let change = (names, opens_at.map(|at| at.0));
    let changed = flows::rules::change_tranche(&app.db, campaign_id, tranche_id, change).await?;
    let rule_version = changed.rule_version;
    let body = AddedTranche { tranche: (&changed.rule).into(), rule_version };
    settled(StatusCode::OK, &body, changed.is_settled)
}

/// Ends a tranche at a new version of the rules.
///
/// # Errors
/// Those of `flows::rules::end_tranche`.
pub async fn delete_tranche(
    app: Data<App>,
    ByAdministrator { what: Path((campaign_id, tranche_id)), .. }: ByAdministrator<
        Path<(CampaignId, TrancheId)>,
    >,
) -> Result<HttpResponse, Problem> {
    let ended = flows::rules::end_tranche(&app.db, campaign_id, tranche_id).await?;
    let body = json!({ "tranche_id": ended.rule, "rule_version": ended.rule_version });
    settled(StatusCode::OK, &body, ended.is_settled)
}
