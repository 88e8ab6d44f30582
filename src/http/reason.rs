//! Reasons, causes and facts as answers carry them: the data beside the sentence that says it.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    domain::{
        Code, Detail, ImportId, Refusal,
        clinic_day::Warning,
        import::{Kind, ReadAs, Reject, Report},
        language::Language,
        slot_plan::Changes,
        staff_user::Invitation,
        verdict::{Reason, ReasonCode, Verdict},
    },
    words,
};

/// A verdict, without whether it is a yes.
#[derive(Serialize)]
pub struct WrittenVerdict<'a> {
    reasons: Vec<WrittenReason<'a>>,
    next_eligible_at: Option<chrono::DateTime<chrono::Utc>>,
    rule_version: i32,
}

#[derive(Serialize)]
struct WrittenReason<'a> {
    code: ReasonCode,
    text: String,
    facts: &'a Reason,
}

impl<'a> WrittenVerdict<'a> {
    pub fn new(language: Language, verdict: &'a Verdict) -> Self {
        let write = |reason: &'a Reason| WrittenReason {
            code: reason.code(),
            text: words::reason(language, reason),
            facts: reason,
        };
        Self {
            reasons: verdict.reasons.iter().map(write).collect(),
            next_eligible_at: verdict.next_eligible_at,
            rule_version: verdict.rule_version,
        }
    }
}

/// What became of a file.
#[derive(Serialize)]
pub struct WrittenReport<'a> {
    import_id: Option<ImportId>,
    kind: Kind,
    sha256: &'a str,
    read_as: Option<ReadAs>,
    dry_run: bool,
    continues: Option<ImportId>,
    rows_read: u64,
    rows_accepted: u64,
    rows_changed: u64,
    rows_unchanged: u64,
    rows_rejected: u64,
    rows_missing: Option<u64>,
    rejects: Vec<WrittenReject<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    invitations: Vec<WrittenInvitation<'a>>,
    warnings_counted: u64,
    warnings: Vec<WrittenReject<'a>>,
    slots: Option<&'a Changes>,
}

#[derive(Serialize)]
struct WrittenInvitation<'a> {
    username: &'a str,
    token: &'a str,
    expires_at: chrono::DateTime<chrono::Utc>,
}

/// What was done although something about it looks wrong.
#[derive(Serialize)]
pub struct WrittenWarning<'a> {
    field: &'a str,
    code: Code,
    text: String,
    cause: &'static str,
    facts: Value,
}

impl<'a> WrittenWarning<'a> {
    /// # Errors
    /// Where facts cannot be written as JSON.
    pub fn all(language: Language, warnings: &'a [Warning]) -> serde_json::Result<Vec<Self>> {
        let write = |warning: &'a Warning| {
            let Warning { field, detail } = warning;
            let said = Refusal::field(field.clone(), detail.clone());
            Ok(Self {
                field,
                code: Warning::CODE,
                text: words::refusal(language, &said),
                cause: detail.cause(),
                facts: facts(detail)?,
            })
        };
        warnings.iter().map(write).collect()
    }
}

/// A row that was not loaded, and why.
#[derive(Serialize)]
pub struct WrittenReject<'a> {
    line: u64,
    column: &'a str,
    code: Code,
    text: String,
    cause: &'static str,
    facts: Value,
}

impl<'a> From<&'a Invitation> for WrittenInvitation<'a> {
    fn from(invitation: &'a Invitation) -> Self {
        let Invitation { username, token, expires_at } = invitation;
        Self { username, token, expires_at: *expires_at }
    }
}

impl<'a> WrittenReport<'a> {
    /// # Errors
    /// Where facts cannot be written as JSON.
    pub fn new(language: Language, report: &'a Report) -> serde_json::Result<Self> {
        Ok(Self {
            import_id: report.import_id,
            kind: report.kind,
            sha256: &report.sha256,
            read_as: report.read_as,
            dry_run: report.dry_run,
            continues: report.continues,
            rows_read: report.rows_read,
            rows_accepted: report.rows_accepted,
            rows_changed: report.rows_changed,
            rows_unchanged: report.rows_unchanged,
            rows_rejected: report.rows_rejected,
            rows_missing: report.rows_missing,
            rejects: rejects(language, &report.rejects)?,
            invitations: report.invitations.iter().map(WrittenInvitation::from).collect(),
            warnings_counted: report.warnings_counted,
            warnings: rejects(language, &report.warnings)?,
            slots: report.slots.as_deref(),
        })
    }
}

/// Rejected rows as they are said in a language.
///
/// # Errors
/// Where facts cannot be written as JSON.
pub fn rejects(
    language: Language,
    rejects: &[Reject],
) -> serde_json::Result<Vec<WrittenReject<'_>>> {
    let written = rejects.iter().map(|reject| {
        Ok(WrittenReject {
            line: reject.line,
            column: &reject.column,
            code: reject.code,
            text: words::reject(language, reject),
            cause: reject.detail.cause(),
            facts: facts(&reject.detail)?,
        })
    });
    written.collect()
}

/// The facts of a cause; an empty object where it has none.
///
/// # Errors
/// Where they cannot be written as JSON.
pub fn facts(detail: &Detail) -> serde_json::Result<Value> {
    let mut written = serde_json::to_value(detail)?;
    let facts = written.get_mut("facts").map(Value::take);
    Ok(facts.filter(Value::is_object).unwrap_or_else(|| Map::new().into()))
}
