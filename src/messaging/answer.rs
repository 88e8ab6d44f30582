//! What the answer of a gateway means: rules over its status and the values in its JSON.

use serde::Deserialize;
use serde_json::Value;

use super::{
    attempt::{Attempt, Verdict},
    place::Place,
};

/// One rule, as it stands in the settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSource {
    /// "200", "2xx", or several with commas.
    status: Option<toml::Value>,
    /// A JSON pointer (RFC 6901).
    at: Option<String>,
    /// A value or a list of them.
    is: Option<toml::Value>,
    means: Meaning,
}

/// What an answer can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Meaning {
    Accepted,
    TryAgain,
    Refused,
}

/// Statuses from the first to the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Statuses(u16, u16);

#[derive(Clone, Debug)]
struct Rule {
    /// Any, where there are none.
    statuses: Vec<Statuses>,
    /// A pointer, and the values of which one must stand there; any value, where there are none.
    value: Option<(String, Vec<String>)>,
    meaning: Meaning,
}

/// The rules of a gateway, in order: the first that fits says what an answer means.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    rules: Vec<Rule>,
    /// Then an answer of success that no rule knows is none.
    tells_success: bool,
}

impl Answers {
    pub(super) fn read(sources: &[RuleSource], place: &mut Place<'_>) -> Self {
        let mut rules = Vec::new();
        for (nth, source) in sources.iter().enumerate() {
            rules.extend(rule(source, place.within(&format!("answers[{nth}]"))));
        }
        let tells_success = rules.iter().any(|rule| rule.meaning == Meaning::Accepted);
        Self { rules, tells_success }
    }

    /// What an answer means. Without a rule for it: 2xx is accepted, unless a rule says what is;
    /// 400, 413 and 422 refuse the message; everything else is the gateway's trouble, and not the
    /// message's.
    pub(super) fn judge(&self, status: u16, body: &[u8]) -> Attempt {
        let json = serde_json::from_slice::<Value>(body).ok();
        let fits = |rule: &&Rule| rule.fits(status, json.as_ref());
        if let Some(nth) = self.rules.iter().position(|rule| fits(&rule)) {
            let verdict = match self.rules.get(nth).map(|rule| rule.meaning) {
                Some(Meaning::Accepted) => Verdict::Accepted,
                Some(Meaning::Refused) => Verdict::Refused,
                Some(Meaning::TryAgain) | None => Verdict::TryAgain,
            };
            return Attempt::new(verdict, format!("status {status}, answers[{nth}]"));
        }
        let verdict = match status {
            200..=299 if !self.tells_success => Verdict::Accepted,
            200..=299 | 500..=599 => Verdict::Unsure,
            400 | 413 | 422 => Verdict::Refused,
            _ => Verdict::TryAgain,
        };
        Attempt::new(verdict, format!("status {status}"))
    }
}

impl Rule {
    fn fits(&self, status: u16, json: Option<&Value>) -> bool {
        let in_range = |range: &Statuses| (range.0..=range.1).contains(&status);
        if !self.statuses.is_empty() && !self.statuses.iter().any(in_range) {
            return false;
        }
        let Some((pointer, values)) = &self.value else { return true };
        let found = json.and_then(|json| json.pointer(pointer));
        found.is_some_and(|found| values.is_empty() || values.contains(&as_text(found)))
    }
}

/// 1 and "1" are the same: gateways are not of one mind about which they send.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn rule(source: &RuleSource, mut place: Place<'_>) -> Option<Rule> {
    let statuses = match &source.status {
        None => Vec::new(),
        Some(status) => place.within("status").take(statuses(status))?,
    };
    if source.is.is_some() && source.at.is_none() {
        place.fault("`is` needs `at`, a JSON pointer such as /result/code");
    }
    if statuses.is_empty() && source.at.is_none() {
        place.fault("a rule without `status` and `at` fits every answer");
    }
    let value = match &source.at {
        None => None,
        Some(pointer) => {
            if !pointer.is_empty() && !pointer.starts_with('/') {
                place.within("at").fault("a JSON pointer begins with a slash: /result/code");
            }
            let values = source.is.as_ref().map_or(Ok(Vec::new()), values);
            Some((pointer.clone(), place.within("is").take(values)?))
        }
    };
    Some(Rule { statuses, value, meaning: source.means })
}

fn statuses(value: &toml::Value) -> Result<Vec<Statuses>, String> {
    let text = match value {
        toml::Value::Integer(status) => status.to_string(),
        toml::Value::String(text) => text.clone(),
        _ => return Err("write 200, \"2xx\" or \"200, 202\"".into()),
    };
    text.split(',').map(|part| one_status(part.trim())).collect()
}

fn one_status(text: &str) -> Result<Statuses, String> {
    let wrong = || format!("{text} is no status: write 200, \"2xx\" or \"200, 202\"");
    let hundreds = text.strip_suffix("xx");
    let status: u16 = hundreds.unwrap_or(text).parse().map_err(|_unusable| wrong())?;
    match (hundreds, status) {
        (Some(_), 1..=5) => Ok(Statuses(status * 100, status * 100 + 99)),
        (None, 100..=599) => Ok(Statuses(status, status)),
        _ => Err(wrong()),
    }
}

fn values(value: &toml::Value) -> Result<Vec<String>, String> {
    match value {
        toml::Value::Array(list) if list.is_empty() => Err("an empty list fits nothing".into()),
        toml::Value::Array(list) => list.iter().map(scalar).collect(),
        other => Ok(vec![scalar(other)?]),
    }
}

fn scalar(value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(boolean) => Ok(boolean.to_string()),
        _ => Err("a value is a text, a whole number, true or false".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Source {
        answers: Vec<RuleSource>,
    }

    fn read(toml: &str) -> Result<Answers, Vec<String>> {
        let source: Source = toml::from_str(toml).map_err(|error| vec![error.to_string()])?;
        let mut faults = Vec::new();
        let answers = Answers::read(&source.answers, &mut Place::new(&mut faults, "sms"));
        if faults.is_empty() { Ok(answers) } else { Err(faults) }
    }

    #[test]
    fn without_rules_the_status_says_it() {
        let answers = Answers::default();
        for (status, verdict) in [
            (200, Verdict::Accepted),
            (202, Verdict::Accepted),
            (302, Verdict::TryAgain),
            (400, Verdict::Refused),
            (401, Verdict::TryAgain),
            (404, Verdict::TryAgain),
            (422, Verdict::Refused),
            (429, Verdict::TryAgain),
            (500, Verdict::Unsure),
            (503, Verdict::Unsure),
        ] {
            let attempt = answers.judge(status, b"{}");
            assert_eq!((attempt.verdict, attempt.why), (verdict, format!("status {status}")));
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let answers = read(
            r#"answers = [
                { status = 200, at = "/result_code", is = [1, "ok"], means = "accepted" },
                { status = "2xx", at = "/error/fatal", is = true, means = "refused" },
                { status = "200, 202", at = "/list/0/later", means = "try_again" },
                { status = "503", means = "refused" },
            ]"#,
        )
        .unwrap();
        for (status, body, verdict) in [
            (200, r#"{"result_code": 1}"#, Verdict::Accepted),
            (200, r#"{"result_code": "1"}"#, Verdict::Accepted),
            (200, r#"{"result_code": "ok"}"#, Verdict::Accepted),
            (201, r#"{"result_code": 1}"#, Verdict::Unsure),
            (200, r#"{"result_code": -101, "error": {"fatal": true}}"#, Verdict::Refused),
            (202, r#"{"list": [{"later": null}]}"#, Verdict::TryAgain),
            (200, r#"{"result_code": -101}"#, Verdict::Unsure),
            (200, "no JSON", Verdict::Unsure),
            (503, "no JSON", Verdict::Refused),
            (429, "", Verdict::TryAgain),
        ] {
            assert_eq!(answers.judge(status, body.as_bytes()).verdict, verdict, "{status} {body}");
        }
    }

    #[test]
    fn an_answer_is_never_repeated_in_the_log() {
        let attempt = Answers::default().judge(400, br#"{"error": "01012345678 is wrong"}"#);
        assert_eq!(attempt.why, "status 400");
    }

    #[test]
    fn a_rule_that_cannot_work_is_refused_with_its_place() {
        for (rule, reason) in [
            (r#"{ status = 99, means = "accepted" }"#, "sms.answers[0].status: 99 is no status"),
            (r#"{ status = "6xx", means = "accepted" }"#, "6xx is no status"),
            (r#"{ status = "ok", means = "accepted" }"#, "ok is no status"),
            (r#"{ status = true, means = "accepted" }"#, "write 200"),
            (r#"{ means = "refused" }"#, "fits every answer"),
            (r#"{ status = 200, is = 1, means = "refused" }"#, "`is` needs `at`"),
            (r#"{ at = "code", means = "refused" }"#, "answers[0].at: a JSON pointer begins"),
            (r#"{ at = "/code", is = [], means = "refused" }"#, "fits nothing"),
            (r#"{ at = "/code", is = 1.5, means = "refused" }"#, "a whole number"),
            (r#"{ status = 200, means = "fine" }"#, "unknown variant `fine`"),
            (r#"{ status = 200, equals = 1, means = "refused" }"#, "unknown field `equals`"),
        ] {
            let faults = read(&format!("answers = [{rule}]")).unwrap_err();
            assert!(faults.iter().any(|fault| fault.contains(reason)), "{rule}: {faults:?}");
        }
    }
}
