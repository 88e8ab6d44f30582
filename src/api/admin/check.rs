//! What is missing or odd before a campaign is published or opened.

use actix_web::{HttpResponse, http::header::CACHE_CONTROL, web::Data};
use serde::Serialize;
use serde_json::Value;

use super::ByAdministrator;
use crate::{
    domain::{
        CampaignId, Code, Detail, Refusal,
        campaign::{State, Step},
        check::{Check, Codes, Finding, Numbers, Setup, Severity},
        fact::Expected,
        language::Language,
    },
    flows,
    http::{
        admission::{self, Admitted},
        extract::Path,
        language::{Accepted, mark},
        problem::Problem,
        state::App,
    },
    words,
};

#[derive(Serialize)]
struct FindingView {
    code: &'static str,
    severity: Severity,
    facts: Value,
    text: String,
}

#[derive(Serialize)]
struct CheckView {
    campaign_id: CampaignId,
    state: State,
    /// The step that comes next; null for a campaign that was opened.
    step: Option<Step>,
    /// Whether nothing would have to be confirmed.
    is_ready: bool,
    numbers: Numbers,
    text: String,
    findings: Vec<FindingView>,
}

/// What this service is set to do, as far as a check goes by it.
pub fn setup(app: &App) -> Setup {
    let codes = match (&app.shown_codes, &app.providers) {
        (Some(_), _) => Codes::Shown,
        (None, Some(_)) => Codes::Sent,
        (None, None) => Codes::NotSent,
    };
    Setup { codes, has_helpline: app.site.helpline.is_some() }
}

/// The codes of warnings that an administrator has read.
///
/// # Errors
/// Names `confirm` where one is no code of a finding.
pub(super) fn confirmed(codes: Option<Vec<String>>) -> Result<Vec<String>, Refusal> {
    let codes = codes.unwrap_or_default();
    let is_known = |code: &String| Finding::CODES.contains(&code.as_str());
    match codes.iter().position(|code| !is_known(code)) {
        None => Ok(codes),
        Some(at) => {
            let known = Expected::one_of(Finding::CODES.iter().copied());
            Err(Refusal::expected(format!("confirm[{at}]"), known))
        }
    }
}

/// What stands in the way of publishing or opening.
///
/// # Errors
/// Those of `flows::check::check`.
pub async fn get_check(
    _: Admitted<admission::Export>,
    app: Data<App>,
    ByAdministrator { what: Path(campaign_id), .. }: ByAdministrator<Path<CampaignId>>,
    Accepted(language): Accepted,
) -> Result<HttpResponse, Problem> {
    let check = flows::check::check(&app.db, campaign_id, setup(&app)).await?;
    let view = CheckView {
        campaign_id,
        state: check.campaign.state,
        step: check.step,
        is_ready: !check.holds_up(&[]),
        numbers: check.numbers,
        text: words::check_summary(language, &check.numbers),
        findings: findings(language, &check)?,
    };
    let mut response = HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view);
    mark(response.headers_mut(), language);
    Ok(response)
}

/// The refusal of a step because of what was found.
pub(super) fn held_up(language: Language, check: &Check) -> Problem {
    let errors = check.count(Severity::Error);
    let detail = Detail::CheckFailed { errors, warnings: check.count(Severity::Warning) };
    let findings = findings(language, check);
    match findings.and_then(|list| serde_json::to_value(list).map_err(Problem::internal)) {
        Ok(list) => Refusal::new(Code::NotReady, detail).with("findings", list).into(),
        Err(problem) => problem,
    }
}

fn findings(language: Language, check: &Check) -> Result<Vec<FindingView>, Problem> {
    let Some(step) = check.step else { return Ok(Vec::new()) };
    let view = |finding: &Finding| {
        let mut written = serde_json::to_value(finding).map_err(Problem::internal)?;
        let facts = written.get_mut("facts").map(Value::take).filter(Value::is_object);
        Ok(FindingView {
            code: finding.code(),
            severity: finding.severity(step),
            facts: facts.unwrap_or_else(|| serde_json::Map::new().into()),
            text: words::finding(language, finding),
        })
    };
    check.findings.iter().map(view).collect()
}
