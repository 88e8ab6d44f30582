//! A no as a value: it is returned, never raised. It carries what is wrong as data; `words` says it
//! in the language of whoever asked.

use std::{borrow::Cow, fmt};

use serde_json::{Map, Value};

use super::{
    code::Code,
    detail::Detail,
    fact::{By, Expected, Noun},
    verdict::Verdict,
};

/// A no, with what the person who asked needs to know. Holds nothing personal.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub code: Code,
    /// What is wrong this time.
    pub detail: Detail,
    /// The field of the request that is to blame, as a path (`cohorts[0].born_from`).
    pub field: Option<Cow<'static, str>>,
    /// Further members of the problem document.
    pub more: Map<String, Value>,
}

impl Refusal {
    /// A no to the request as a whole.
    pub fn new(code: Code, detail: Detail) -> Self {
        Self { code, detail, field: None, more: Map::new() }
    }

    /// An impossible value in `field`.
    pub fn field(field: impl Into<Cow<'static, str>>, detail: Detail) -> Self {
        Self { field: Some(field.into()), ..Self::new(Code::InvalidField, detail) }
    }

    /// A value in `field` that is not of the kind that belongs there.
    pub fn expected(field: impl Into<Cow<'static, str>>, expected: Expected) -> Self {
        Self::field(field, Detail::MustBe { expected })
    }

    /// `field` names something that there is not.
    pub fn no_such(field: impl Into<Cow<'static, str>>, what: Noun) -> Self {
        Self::field(field, Detail::NoSuch { what, by: By::Id })
    }

    /// Unknown and foreign things look the same: nobody learns what exists.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, Detail::NothingVisible)
    }

    /// The thing of this kind that the path names is unknown; `http` adds which id that is.
    pub fn unknown(what: Noun) -> Self {
        Self::new(Code::NotFound, Detail::Unknown { what })
    }

    /// There is none with this id. For administrators, from whom nothing is hidden.
    pub fn none(what: Noun, id: impl fmt::Display) -> Self {
        Self::new(Code::NotFound, Detail::NoneWithId { what, id: id.to_string() })
    }

    /// `field` has an id that none has. For administrators.
    pub fn none_in(field: impl Into<Cow<'static, str>>, what: Noun, id: impl fmt::Display) -> Self {
        Self::field(field, Detail::NoneWithId { what, id: id.to_string() })
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code, Detail::General)
    }
}

impl From<Verdict> for Refusal {
    /// The no of a verdict. One that says yes has nothing to refuse.
    fn from(verdict: Verdict) -> Self {
        match verdict.reasons.first() {
            Some(reason) => Self::new(reason.code().refused_as(), Detail::Unmet(verdict.into())),
            None => Code::NotEligible.into(),
        }
    }
}

/// For logs: causes, no sentences.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.slug(), self.detail.cause())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::verdict::Reason;

    fn refused(reasons: Vec<Reason>) -> Refusal {
        let verdict = Verdict { eligible: false, reasons, next_eligible_at: None, rule_version: 3 };
        verdict.into()
    }

    fn closed() -> Reason {
        Reason::WindowClosed { closes_at: DateTime::UNIX_EPOCH, zone: chrono_tz::UTC }
    }

    #[test]
    fn the_first_reason_names_the_refusal() {
        let code = |reasons: Vec<Reason>| refused(reasons).code;
        assert_eq!(code(vec![Reason::CampaignPaused {}]), Code::CampaignPaused);
        assert_eq!(code(vec![Reason::AlreadyGiven { dose_number: 1 }]), Code::AlreadyBooked);
        let digit = Reason::NotInTranche { last_digit: 7 };
        assert_eq!(code(vec![closed(), digit.clone()]), Code::WindowClosed);
        assert_eq!(code(vec![digit, Reason::CampaignPaused {}]), Code::NotEligible);
    }

    #[test]
    fn the_facts_of_a_refusal_are_those_of_its_first_reason() {
        let refusal = refused(vec![Reason::NotInTranche { last_digit: 7 }, closed()]);
        let written = serde_json::to_value(&refusal.detail).unwrap();
        let expected = serde_json::json!({ "cause": "unmet_rule", "facts": { "last_digit": 7 } });
        assert_eq!(written, expected);
    }
}
