//! The answer to "may this person book this dose now?", with every reason for a no.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::{Code, Refusal};

macro_rules! reason_codes {
    ($($name:ident, $slug:literal, $refused_as:ident;)*) => {
        /// A stable reason, declared in the order in which reasons are listed: what settles the
        /// matter first, then what only somebody else can change, last what passes by waiting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ReasonCode { $($name),* }

        impl ReasonCode {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The `code` member of a reason; never changes once published.
            pub fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug),* }
            }

            /// The code of the refusal whose first reason this is.
            fn refused_as(self) -> Code {
                match self { $(Self::$name => Code::$refused_as),* }
            }
        }
    };
}

reason_codes! {
    AlreadyGiven,        "already_given",         AlreadyBooked;
    AlreadyBooked,       "already_booked",        AlreadyBooked;
    CampaignClosed,      "campaign_closed",       WindowClosed;
    WindowClosed,        "window_closed",         WindowClosed;
    NotInCohort,         "not_in_cohort",         NotEligible;
    NotInTranche,        "not_in_tranche",        NotEligible;
    ProductNotOffered,   "product_not_offered",   NotEligible;
    TooOld,              "too_old",               NotEligible;
    PreviousDoseMissing, "previous_dose_missing", NotEligible;
    AppointmentPast,     "appointment_past",      NotEligible;
    NotPublished,        "not_published",         WindowNotOpen;
    CampaignPaused,      "campaign_paused",       CampaignPaused;
    WindowNotOpen,       "window_not_open",       WindowNotOpen;
    TrancheNotOpen,      "tranche_not_open",      WindowNotOpen;
    TooYoung,            "too_young",             NotEligible;
    IntervalTooShort,    "interval_too_short",    NotEligible;
}

impl Serialize for ReasonCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.slug())
    }
}

/// One reason for a no. Says nothing about the person that the person did not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub code: ReasonCode,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    pub eligible: bool,
    /// Every reason that applies, the most useful first; empty exactly when eligible.
    pub reasons: Vec<Reason>,
    /// The first instant from which waiting alone makes the answer yes, for an appointment on the
    /// day that was asked about or, where that is earlier, on the day of this instant. None when
    /// eligible, when waiting does not help, and when nobody can know how long (a pause).
    pub next_eligible_at: Option<DateTime<Utc>>,
    /// The version of the rules that gave this answer.
    pub rule_version: i32,
}

impl Verdict {
    /// The no as a refusal. A verdict that says yes has nothing to refuse: do not ask it.
    pub fn refusal(&self) -> Refusal {
        let refusal = match self.reasons.first() {
            Some(Reason { code, text }) => Refusal::new(code.refused_as(), text.as_str()),
            None => Code::NotEligible.into(),
        };
        let reason = |reason: &Reason| json!({ "code": reason.code.slug(), "text": reason.text });
        let next = self.next_eligible_at.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        refusal
            .with("reasons", self.reasons.iter().map(reason).collect::<Vec<Value>>())
            .with("next_eligible_at", next)
            .with("rule_version", self.rule_version)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn no(codes: &[ReasonCode]) -> Verdict {
        let reasons = codes.iter().map(|&code| Reason { code, text: format!("{code:?}") });
        Verdict {
            eligible: false,
            reasons: reasons.collect(),
            next_eligible_at: Some(Utc.with_ymd_and_hms(2021, 7, 14, 11, 0, 0).unwrap()),
            rule_version: 3,
        }
    }

    #[test]
    fn a_refusal_says_what_the_verdict_says() {
        let verdict = no(&[ReasonCode::WindowNotOpen, ReasonCode::TooYoung]);
        let refusal = verdict.refusal();
        assert_eq!(refusal.code, Code::WindowNotOpen);
        assert_eq!(refusal.detail, "WindowNotOpen");
        let mut more = Value::Object(refusal.more);
        more["eligible"] = false.into();
        assert_eq!(more, serde_json::to_value(&verdict).unwrap());
        assert_eq!(more["next_eligible_at"], "2021-07-14T11:00:00Z");
        assert_eq!(more["reasons"][1]["code"], "too_young");
    }

    #[test]
    fn the_first_reason_names_the_refusal() {
        let code = |codes: &[ReasonCode]| no(codes).refusal().code;
        assert_eq!(code(&[ReasonCode::CampaignPaused]), Code::CampaignPaused);
        assert_eq!(code(&[ReasonCode::AlreadyGiven]), Code::AlreadyBooked);
        assert_eq!(code(&[ReasonCode::WindowClosed, ReasonCode::NotInCohort]), Code::WindowClosed);
        assert_eq!(code(&[ReasonCode::NotInCohort, ReasonCode::WindowNotOpen]), Code::NotEligible);
    }

    #[test]
    fn a_reason_is_called_the_same_everywhere() {
        for code in ReasonCode::ALL {
            let camel: String = code.slug().split('_').map(capitalised).collect();
            assert_eq!(format!("{code:?}"), camel);
        }
    }

    fn capitalised(word: &str) -> String {
        word[..1].to_uppercase() + &word[1..]
    }
}
