//! The answer to "may this person book this dose now?", with every reason for a no.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use super::{code::Code, ids::ProductId, localized::Localized};

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
            pub fn refused_as(self) -> Code {
                match self { $(Self::$name => Code::$refused_as),* }
            }
        }

        impl Reason {
            /// The stable code.
            pub fn code(&self) -> ReasonCode {
                match self { $(Self::$name { .. } => ReasonCode::$name),* }
            }
        }
    };
}

reason_codes! {
    AlreadyGiven,        "already_given",         AlreadyBooked;
    AlreadyBooked,       "already_booked",        AlreadyBooked;
    Excluded,            "excluded",              NotEligible;
    Deferred,            "deferred",              NotEligible;
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
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.slug())
    }
}

/// One reason for a no, with its facts, as which alone it is serialised. Says nothing about the
/// person that the person did not say. Zones are those in which instants are to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Reason {
    AlreadyGiven {
        dose_number: i16,
    },
    AlreadyBooked {
        dose_number: i16,
    },
    Excluded {},
    Deferred {
        /// From this local date on the person can have a dose.
        until: NaiveDate,
    },
    CampaignClosed {},
    WindowClosed {
        closes_at: DateTime<Utc>,
        #[serde(serialize_with = "zone_name")]
        zone: Tz,
    },
    NotInCohort {
        /// The groups that may book; none of them is the person's, as far as is known.
        #[serde(serialize_with = "main_of_each")]
        cohorts: Vec<Localized>,
        /// One of them could be, were the region known.
        depends_on_region: bool,
        /// One of them could be, were the lists known.
        depends_on_roster: bool,
    },
    NotInTranche {
        /// Of the day of birth.
        last_digit: u32,
    },
    ProductNotOffered {
        /// The question names a product; else there is none at all.
        is_named: bool,
    },
    TooOld {
        product_id: ProductId,
        #[serde(serialize_with = "main")]
        product_name: Localized,
        /// Included.
        age_months_max: i16,
    },
    PreviousDoseMissing {
        previous_dose_number: i16,
        /// Earlier doses are known; a public question knows none.
        is_known: bool,
    },
    AppointmentPast {
        on_date: NaiveDate,
    },
    NotPublished {},
    CampaignPaused {},
    WindowNotOpen {
        opens_at: DateTime<Utc>,
        #[serde(serialize_with = "zone_name")]
        zone: Tz,
        /// The instant has passed, and nobody has opened the campaign.
        is_late: bool,
    },
    TrancheNotOpen {
        #[serde(serialize_with = "main")]
        tranche_name: Localized,
        opens_at: DateTime<Utc>,
        #[serde(serialize_with = "zone_name")]
        zone: Tz,
    },
    TooYoung {
        product_id: ProductId,
        #[serde(serialize_with = "main")]
        product_name: Localized,
        age_months_min: i16,
        /// The first day on which the person is old enough; none beyond the calendar.
        reached_on: Option<NaiveDate>,
    },
    IntervalTooShort {
        interval_days: i16,
        previous_on: NaiveDate,
        /// The first day on which enough days have passed; none beyond the calendar.
        possible_on: Option<NaiveDate>,
    },
}

/// A zone as its IANA name.
fn zone_name<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(zone.name())
}

/// A name as an administrator gave it.
fn main<S: Serializer>(name: &Localized, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&name.main)
}

fn main_of_each<S: Serializer>(names: &[Localized], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(names.iter().map(|name| &name.main))
}

/// The answer to "may this person book this dose?".
#[derive(Clone, Debug, PartialEq, Eq)]
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

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn a_reason_is_serialised_as_its_facts() {
        let facts = |reason: Reason| serde_json::to_value(reason).unwrap();
        assert_eq!(facts(Reason::CampaignPaused {}), serde_json::json!({}));
        let name = Localized { main: "55-59".into(), ko: Some("55~59세".into()), en: None };
        let cohorts = Reason::NotInCohort {
            cohorts: vec![name],
            depends_on_region: true,
            depends_on_roster: false,
        };
        let expected = serde_json::json!({
            "cohorts": ["55-59"], "depends_on_region": true, "depends_on_roster": false,
        });
        assert_eq!(facts(cohorts), expected);
    }
}
