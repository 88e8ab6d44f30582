//! What is missing or odd about a campaign before it is published or opened, and how many people
//! there are for how many doses. Pure: what was counted comes in.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize, Serializer};

use super::{campaign::Campaign, campaign_state::Step};

/// So many clinics, days or regions are named; all are counted.
pub const NAMED_MAX: usize = 5;

/// Whether a finding stops a step or asks for a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Error,
    Warning,
}

/// A clinic's day, and what it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortDay {
    pub clinic_code: String,
    /// In the clinic's zone.
    pub on_date: NaiveDate,
    pub doses: i64,
    pub seats: i64,
}

macro_rules! findings {
    ($(
        $(#[$about:meta])*
        $name:ident $({ $($(#[$how:meta])* $fact:ident: $type:ty),* $(,)? })?, $slug:literal;
    )*) => {
        /// Something that is missing or odd, with its facts.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "code", content = "facts")]
        pub enum Finding {
            $($(#[$about])* #[serde(rename = $slug)] $name $({ $($(#[$how])* $fact: $type),* })?),*
        }

        impl Finding {
            pub const CODES: &'static [&'static str] = &[$($slug),*];

            /// Stable; what a warning is confirmed by.
            pub fn code(&self) -> &'static str {
                match self { $(Self::$name { .. } => $slug),* }
            }
        }
    };
}

findings! {
    NoCohort, "no_cohort";
    NoProduct, "no_product";
    /// No clinic has a dose to give.
    NoDoses, "no_doses";
    /// Clinics have doses, and none of them a seat for one.
    NoSeats { doses: i64 }, "no_seats";
    /// More doses than free seats on some days of some clinics.
    DosesWithoutSeats { doses: i64, clinics: i64, days: i64, first: Vec<ShortDay> },
        "doses_without_seats";
    NobodyEligible, "nobody_eligible";
    /// The register is so large that counting took too long.
    PeopleNotCounted { seconds_max: u64 }, "people_not_counted";
    /// Eligible people live in regions without a clinic.
    RegionsWithoutClinic { regions: usize, people: i64, first: Vec<String> },
        "regions_without_clinic";
    /// Eligible people live in regions whose clinics have no doses of the campaign.
    RegionsWithoutDoses { regions: usize, people: i64, first: Vec<String> },
        "regions_without_doses";
    /// Nobody born on a day that ends in these can ever book.
    DigitsWithoutTranche { digits: Vec<i16> }, "digits_without_tranche";
    OpensInPast { opens_at: DateTime<Utc>, #[serde(serialize_with = "zone_name")] zone: Tz },
        "opens_in_past";
    ClosesInPast { closes_at: DateTime<Utc>, #[serde(serialize_with = "zone_name")] zone: Tz },
        "closes_in_past";
    CodesNotSent, "codes_not_sent";
    CodesShown, "codes_shown";
    NoHelpline, "no_helpline";
}

impl Finding {
    /// What it means for the step: doses and seats are often given out after the limit is
    /// published, and must be there when booking opens.
    pub fn severity(&self, step: Step) -> Severity {
        match (self, step) {
            (Self::NoCohort | Self::NoProduct | Self::ClosesInPast { .. }, _)
            | (Self::NoDoses | Self::NoSeats { .. } | Self::CodesNotSent, Step::Open) => {
                Severity::Error
            }
            _ => Severity::Warning,
        }
    }
}

fn zone_name<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(zone.name())
}

/// How one-time codes leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codes {
    NotSent,
    /// On this machine only.
    Shown,
    Sent,
}

/// What the service that was asked is set to do.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    pub codes: Codes,
    pub has_helpline: bool,
}

/// The rules that hold.
#[derive(Clone, Debug, Default)]
pub struct RuleCounts {
    pub products: i64,
    pub cohorts: i64,
    pub tranches: i64,
    /// Last digits of days of birth that some tranche lists.
    pub digits: Vec<i16>,
}

/// Doses and seats from today on.
#[derive(Clone, Debug, Default)]
pub struct Capacity {
    /// Doses that clinics may still promise.
    pub doses: i64,
    /// Free seats on days with doses.
    pub seats: i64,
    /// Doses that have a seat.
    pub bookable: i64,
    /// Clinics, and days of clinics, with more doses than seats.
    pub clinics: i64,
    pub days: i64,
    pub first: Vec<ShortDay>,
}

/// A region with eligible people.
#[derive(Clone, Debug)]
pub struct HomeRegion {
    pub code: String,
    pub people: i64,
    /// In the region, or in a district of it.
    pub has_clinic: bool,
    pub has_doses: bool,
}

/// All that a check goes by.
pub struct Survey {
    pub campaign: Campaign,
    /// The database's time.
    pub now: DateTime<Utc>,
    pub rules: RuleCounts,
    pub capacity: Capacity,
    /// Regions with eligible people, most people first; none where they could not be counted in
    /// `seconds_max`.
    pub homes: Option<Vec<HomeRegion>>,
    pub seconds_max: u64,
    pub setup: Setup,
}

/// People against doses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Numbers {
    /// Of the register, whom a cohort lets in; null where they were not counted.
    pub people: Option<i64>,
    /// That clinics may promise from today on.
    pub doses: i64,
    /// Free seats on the days that have doses.
    pub seats: i64,
    /// Doses that have a seat.
    pub bookable: i64,
}

/// What a check found, for the step that comes next.
pub struct Check {
    pub campaign: Campaign,
    /// The errors first; empty where no step is left to check.
    pub findings: Vec<Finding>,
    pub numbers: Numbers,
    /// Publish or open; none for a campaign that has been opened.
    pub step: Option<Step>,
    pub rules: RuleCounts,
}

impl Check {
    /// Draws the conclusions.
    pub fn new(seen: Survey) -> Self {
        let step = seen.campaign.state.checked_step();
        let mut findings = step.map(|step| seen.findings(step)).unwrap_or_default();
        findings.sort_by_key(|finding| step.map(|step| finding.severity(step)));
        let people = |homes: &Vec<HomeRegion>| homes.iter().map(|home| home.people).sum();
        let numbers = Numbers {
            people: seen.homes.as_ref().map(people),
            doses: seen.capacity.doses,
            seats: seen.capacity.seats,
            bookable: seen.capacity.bookable,
        };
        Self { campaign: seen.campaign, findings, numbers, step, rules: seen.rules }
    }

    /// Whether errors, or warnings other than those confirmed, stand in the way.
    pub fn holds_up(&self, confirmed: &[String]) -> bool {
        let is_confirmed = |finding: &Finding| confirmed.iter().any(|code| code == finding.code());
        let stops = |finding: &Finding, step| {
            finding.severity(step) == Severity::Error || !is_confirmed(finding)
        };
        self.step.is_some_and(|step| self.findings.iter().any(|finding| stops(finding, step)))
    }

    /// How many findings there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        let of =
            |finding: &&Finding| self.step.map(|step| finding.severity(step)) == Some(severity);
        self.findings.iter().filter(of).count()
    }
}

impl Survey {
    fn findings(&self, step: Step) -> Vec<Finding> {
        let mut found = Vec::new();
        let RuleCounts { products, cohorts, tranches, digits } = &self.rules;
        if *products == 0 {
            found.push(Finding::NoProduct);
        }
        if *cohorts == 0 {
            found.push(Finding::NoCohort);
        }
        let without: Vec<i16> = (0..=9).filter(|digit| !digits.contains(digit)).collect();
        if *tranches > 0 && !without.is_empty() {
            found.push(Finding::DigitsWithoutTranche { digits: without });
        }
        self.times(step, &mut found);
        self.doses(&mut found);
        self.people(&mut found);
        match self.setup.codes {
            Codes::NotSent => found.push(Finding::CodesNotSent),
            Codes::Shown => found.push(Finding::CodesShown),
            Codes::Sent => {}
        }
        if !self.setup.has_helpline {
            found.push(Finding::NoHelpline);
        }
        found
    }

    fn times(&self, step: Step, found: &mut Vec<Finding>) {
        let Campaign { opens_at, closes_at, zone, .. } = self.campaign;
        if closes_at <= self.now {
            found.push(Finding::ClosesInPast { closes_at, zone });
        } else if step == Step::Publish && opens_at <= self.now {
            found.push(Finding::OpensInPast { opens_at, zone });
        }
    }

    fn doses(&self, found: &mut Vec<Finding>) {
        let Capacity { doses, bookable, clinics, days, ref first, .. } = self.capacity;
        match (doses, bookable) {
            (0, _) => found.push(Finding::NoDoses),
            (doses, 0) => found.push(Finding::NoSeats { doses }),
            (doses, bookable) if bookable < doses => {
                let (doses, first) = (doses - bookable, first.clone());
                found.push(Finding::DosesWithoutSeats { doses, clinics, days, first });
            }
            _ => {}
        }
    }

    fn people(&self, found: &mut Vec<Finding>) {
        let Some(homes) = &self.homes else {
            return found.push(Finding::PeopleNotCounted { seconds_max: self.seconds_max });
        };
        if homes.is_empty() {
            // Where there is no cohort, that says it.
            if self.rules.cohorts > 0 {
                found.push(Finding::NobodyEligible);
            }
            return;
        }
        let of = |homes: Vec<&HomeRegion>| {
            let first = homes.iter().take(NAMED_MAX).map(|home| home.code.clone()).collect();
            (homes.len(), homes.iter().map(|home| home.people).sum(), first)
        };
        let (regions, people, first) = of(homes.iter().filter(|home| !home.has_clinic).collect());
        if regions > 0 {
            found.push(Finding::RegionsWithoutClinic { regions, people, first });
        }
        let is_dry = |home: &&HomeRegion| home.has_clinic && !home.has_doses;
        let (regions, people, first) = of(homes.iter().filter(is_dry).collect());
        // Where no clinic has doses, that says it.
        if regions > 0 && self.capacity.doses > 0 {
            found.push(Finding::RegionsWithoutDoses { regions, people, first });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{CampaignId, CourseId, campaign_state::State, day_policy::DayPolicy};

    fn survey(state: State) -> Survey {
        let now = DateTime::UNIX_EPOCH;
        let home = |code: &str, has_clinic, has_doses| HomeRegion {
            code: code.to_owned(),
            people: 10,
            has_clinic,
            has_doses,
        };
        Survey {
            campaign: Campaign {
                campaign_id: CampaignId(1),
                code: "spring".to_owned(),
                name: "Spring".into(),
                course_id: CourseId(1),
                dose_number: 1,
                state,
                opens_at: now + chrono::TimeDelta::hours(1),
                closes_at: now + chrono::TimeDelta::hours(2),
                cancel_until_hours: 48,
                bookings_per_day: 5,
                zone: Tz::Asia__Seoul,
                rule_version: 1,
                published_quota: Some(100),
                published_at: Some(now),
                state_reason: None,
                day: DayPolicy::default(),
            },
            now,
            rules: RuleCounts { products: 1, cohorts: 1, tranches: 0, digits: Vec::new() },
            capacity: Capacity { doses: 50, seats: 60, bookable: 50, ..Capacity::default() },
            homes: Some(vec![home("a", true, true), home("b", true, true)]),
            seconds_max: 8,
            setup: Setup { codes: Codes::Sent, has_helpline: true },
        }
    }

    fn codes(seen: Survey) -> Vec<&'static str> {
        Check::new(seen).findings.iter().map(Finding::code).collect()
    }

    #[test]
    fn nothing_is_found_where_all_is_well() {
        for state in [State::Draft, State::Published] {
            let check = Check::new(survey(state));
            assert_eq!((check.findings.as_slice(), check.holds_up(&[])), (&[][..], false));
            let numbers = Numbers { people: Some(20), doses: 50, seats: 60, bookable: 50 };
            assert_eq!(check.numbers, numbers);
        }
    }

    #[test]
    fn a_campaign_that_was_opened_is_not_asked_about() {
        for state in [State::Open, State::Paused, State::Closed] {
            let bare = Survey { capacity: Capacity::default(), homes: None, ..survey(state) };
            let check = Check::new(bare);
            assert_eq!((check.step, check.findings.len()), (None, 0));
            assert!(!check.holds_up(&[]));
        }
    }

    #[test]
    fn one_cause_is_said_once() {
        let none = Survey { capacity: Capacity::default(), ..survey(State::Published) };
        assert_eq!(codes(none), ["no_doses"], "and not that regions have none");
        let mut none = survey(State::Published);
        none.rules.cohorts = 0;
        none.homes = Some(Vec::new());
        assert_eq!(codes(none), ["no_cohort"], "and not that nobody is eligible");
        let mut short = survey(State::Published);
        short.capacity.bookable = 0;
        assert_eq!(codes(short), ["no_seats"]);
    }

    #[test]
    fn what_could_not_be_counted_is_said_as_such() {
        let check = Check::new(Survey { homes: None, ..survey(State::Published) });
        assert_eq!(check.numbers.people, None);
        assert_eq!(check.findings, [Finding::PeopleNotCounted { seconds_max: 8 }]);
        assert!(!check.holds_up(&["people_not_counted".to_owned()]), "it can be confirmed");
    }

    #[test]
    fn errors_come_first_and_cannot_be_confirmed() {
        let mut bad = survey(State::Published);
        bad.setup = Setup { codes: Codes::NotSent, has_helpline: false };
        bad.rules.tranches = 1;
        bad.rules.digits = vec![0, 1, 2, 3, 4, 5, 6];
        let check = Check::new(bad);
        let found: Vec<_> = check.findings.iter().map(Finding::code).collect();
        assert_eq!(found, ["codes_not_sent", "digits_without_tranche", "no_helpline"]);
        assert_eq!((check.count(Severity::Error), check.count(Severity::Warning)), (1, 2));
        let all: Vec<_> = Finding::CODES.iter().map(|&code| code.to_owned()).collect();
        assert!(check.holds_up(&all));
        let mut odd = survey(State::Published);
        odd.setup.has_helpline = false;
        let odd = Check::new(odd);
        assert!(odd.holds_up(&[]) && odd.holds_up(&["no_cohort".to_owned()]));
        assert!(!odd.holds_up(&all), "the control");
    }
}
