//! What speaks against a yes: each rule is a function from a question to the objection it has, with
//! the instant from which the objection no longer holds.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};

use super::{
    ProductId, RosterId,
    calendar::{day_reaching, local_date, start_of_day},
    campaign::State,
    cohort::{Home, Membership},
    eligibility::{DoseHeld, Rules},
    language::Language,
    product::{AgeFit, Product},
    tranche::Tranche,
    verdict::{Reason, ReasonCode},
};

/// What is known of whoever asks; `None` is not known.
#[derive(Clone, Copy)]
pub(super) struct Person<'a> {
    pub(super) birth_date: NaiveDate,
    pub(super) home: Option<Home>,
    pub(super) rosters: Option<&'a [RosterId]>,
    pub(super) doses: Option<&'a [DoseHeld]>,
}

/// One question.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) rules: &'a Rules,
    pub(super) state: State,
    pub(super) person: Person<'a>,
    /// None is today.
    pub(super) on_date: Option<NaiveDate>,
    /// None is any that the campaign offers.
    pub(super) product_id: Option<ProductId>,
    pub(super) now: DateTime<Utc>,
}

/// A reason for a no, and from when it no longer holds if one only waits.
pub(super) struct Objection {
    pub(super) reason: Reason,
    pub(super) until: Option<DateTime<Utc>>,
}

fn lasting(code: ReasonCode, text: impl Into<String>) -> Objection {
    Objection { reason: Reason { code, text: text.into() }, until: None }
}

fn passing(code: ReasonCode, until: DateTime<Utc>, text: impl Into<String>) -> Objection {
    Objection { until: Some(until), ..lasting(code, text) }
}

impl<'a> Case<'a> {
    /// The day on which the dose would be given.
    fn on_date(&self) -> NaiveDate {
        self.on_date.unwrap_or_else(|| self.today())
    }

    fn today(&self) -> NaiveDate {
        local_date(self.now, self.rules.zone)
    }

    fn products(&self) -> impl Iterator<Item = &'a Product> {
        let only = self.product_id;
        let products = self.rules.products.iter();
        products.filter(move |product| only.is_none_or(|only| product.product_id == only))
    }

    /// Objections that hold whatever the product.
    pub(super) fn common(&self) -> Vec<Objection> {
        let mut objections = Vec::new();
        objections.extend(self.held());
        objections.extend(self.stage());
        objections.extend(self.window());
        objections.extend(self.cohort());
        objections.extend(self.tranche());
        if self.products().next().is_none() {
            let text = match self.product_id {
                Some(_) => "This campaign does not offer this vaccine.",
                None => "This campaign does not offer any vaccine yet.",
            };
            objections.push(lasting(ReasonCode::ProductNotOffered, text));
        }
        if self.rules.dose_number > 1 && self.previous().is_none() {
            objections.push(self.previous_missing());
        }
        if self.on_date() < self.today() {
            let text = format!("The day {} has passed.", self.on_date());
            objections.push(lasting(ReasonCode::AppointmentPast, text));
        }
        objections
    }

    /// For each product that comes into question, the objections to it.
    pub(super) fn by_product(&self) -> Vec<Vec<Objection>> {
        let own = |product| [self.age(product), self.interval(product)];
        self.products().map(|product| own(product).into_iter().flatten().collect()).collect()
    }

    fn held(&self) -> Option<Objection> {
        let number = self.rules.dose_number;
        let mut held = self.person.doses?.iter().filter(|dose| dose.dose_number == number);
        let dose = held.next()?;
        let (code, word) = match dose.is_given || held.any(|dose| dose.is_given) {
            true => (ReasonCode::AlreadyGiven, "was already given to you"),
            false => (ReasonCode::AlreadyBooked, "is already booked for you"),
        };
        Some(lasting(code, format!("Dose {number} {word}.")))
    }

    fn stage(&self) -> Option<Objection> {
        match self.state {
            State::Draft => {
                let text = "This campaign is still being prepared.";
                Some(lasting(ReasonCode::NotPublished, text))
            }
            State::Paused => {
                let text = "Booking is paused; the campaign says why.";
                Some(lasting(ReasonCode::CampaignPaused, text))
            }
            State::Closed => {
                let text = "This campaign is closed; the campaign says why.";
                Some(lasting(ReasonCode::CampaignClosed, text))
            }
            State::Published | State::Open => None,
        }
    }

    fn window(&self) -> Option<Objection> {
        let Rules { opens_at, closes_at, .. } = *self.rules;
        if self.now >= closes_at {
            let text = format!("Booking closed at {}.", self.local(closes_at));
            return Some(lasting(ReasonCode::WindowClosed, text));
        }
        if self.now < opens_at && self.state != State::Closed {
            let text = format!("Booking opens at {}.", self.local(opens_at));
            return Some(passing(ReasonCode::WindowNotOpen, opens_at, text));
        }
        let text = "Booking was announced for now, but has not been opened yet.";
        (self.state == State::Published).then(|| lasting(ReasonCode::WindowNotOpen, text))
    }

    fn cohort(&self) -> Option<Objection> {
        let Person { birth_date, home, rosters, .. } = self.person;
        let cohorts = &self.rules.cohorts;
        let mut depends = (false, false);
        for cohort in cohorts {
            match cohort.membership(birth_date, home, rosters) {
                Membership::Yes => return None,
                Membership::No => {}
                Membership::DependsOnRegion => depends.0 = true,
                Membership::DependsOnRoster => depends.1 = true,
            }
        }
        let names: Vec<&str> =
            cohorts.iter().map(|cohort| cohort.name.in_language(Language::English)).collect();
        let mut text = match names.as_slice() {
            [] => "Nobody can book in this campaign yet.".to_owned(),
            names => format!("You are in none of its groups: {}.", names.join("; ")),
        };
        if depends.0 {
            text += " A group that may be yours is for a region: say in which region you live.";
        }
        if depends.1 {
            text += " A group that may be yours goes by a list, and a public question cannot know \
                     who is on it: sign in to be sure.";
        }
        Some(lasting(ReasonCode::NotInCohort, text))
    }

    fn tranche(&self) -> Option<Objection> {
        let tranches = &self.rules.tranches;
        let born = self.person.birth_date;
        if tranches.is_empty() {
            return None;
        }
        let Some(tranche) = Tranche::of(tranches, born) else {
            let digit = born.day() % 10;
            let text = format!("It is not open to people born on a day that ends in {digit}.");
            return Some(lasting(ReasonCode::NotInTranche, text));
        };
        let opens_at = tranche.opens_at;
        let name = tranche.name.in_language(Language::English);
        let text = || format!("Your turn ({name}) begins at {}.", self.local(opens_at));
        (self.now < opens_at).then(|| passing(ReasonCode::TrancheNotOpen, opens_at, text()))
    }

    fn age(&self, product: &Product) -> Option<Objection> {
        let born = self.person.birth_date;
        let name = product.name.in_language(Language::English);
        match product.age_fit(born, self.on_date()) {
            AgeFit::Fits => None,
            AgeFit::TooYoung => {
                let age = age_in_words(product.age_months_min);
                let text = format!("{name} is given from the age of {age}");
                Some(match day_reaching(born, product.age_months_min.into()) {
                    Some(day) => passing(
                        ReasonCode::TooYoung,
                        start_of_day(day, self.rules.zone),
                        format!("{text}: to you from {day}."),
                    ),
                    None => lasting(ReasonCode::TooYoung, text + "."),
                })
            }
            AgeFit::TooOld => {
                let age = age_in_words(product.age_months_max.unwrap_or(i16::MAX));
                let text = format!("{name} is given up to the age of {age}.");
                Some(lasting(ReasonCode::TooOld, text))
            }
        }
    }

    /// The day of the dose before this one.
    fn previous(&self) -> Option<NaiveDate> {
        let number = self.rules.dose_number - 1;
        let doses = self.person.doses?.iter().filter(|dose| dose.dose_number == number);
        doses.map(|dose| dose.on_date).max()
    }

    fn previous_missing(&self) -> Objection {
        let number = self.rules.dose_number - 1;
        let text = match self.person.doses {
            Some(_) => format!("Dose {number} must be given or booked first."),
            None => format!(
                "Dose {number} must be given or booked first, and a public question cannot know \
                 whether it is: sign in to be sure."
            ),
        };
        lasting(ReasonCode::PreviousDoseMissing, text)
    }

    fn interval(&self, product: &Product) -> Option<Objection> {
        let previous = self.previous().filter(|_| self.rules.dose_number > 1)?;
        let days = product.interval_days_min;
        let between = Days::new(u64::from(days.max(0).unsigned_abs()));
        let text = format!("{days} days must pass after the dose of {previous}.");
        match previous.checked_add_days(between) {
            Some(day) if day <= self.on_date() => None,
            Some(day) => {
                let until = start_of_day(day, self.rules.zone);
                Some(passing(ReasonCode::IntervalTooShort, until, text))
            }
            None => Some(lasting(ReasonCode::IntervalTooShort, text)),
        }
    }

    fn local(&self, at: DateTime<Utc>) -> String {
        let zone = self.rules.zone;
        format!("{} ({zone})", at.with_timezone(&zone).format("%Y-%m-%d %H:%M"))
    }
}

/// "18 years" or, where it is no whole number of years, "30 months".
fn age_in_words(months: i16) -> String {
    if months % 12 == 0 { format!("{} years", months / 12) } else { format!("{months} months") }
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America, Asia};

    use super::*;
    use crate::domain::{
        RegionId,
        cohort::Cohort,
        eligibility::{
            Applicant, Appointment, Stranger, judge, judge_stranger,
            tests::{DURING, applicant, cohort, date, instant, on, product, rules, tranche},
        },
        verdict::Verdict,
    };

    /// A question that is answered with yes; each test changes one thing.
    struct Asked {
        rules: Rules,
        state: State,
        who: Applicant,
        appointment: Option<Appointment>,
        now: DateTime<Utc>,
    }

    fn asked() -> Asked {
        Asked {
            rules: rules(),
            state: State::Open,
            who: applicant("1964-02-29"),
            appointment: Some(on("2021-08-02")),
            now: instant(DURING),
        }
    }

    impl Asked {
        fn verdict(&self) -> Verdict {
            judge(&self.rules, self.state, &self.who, self.appointment.as_ref(), self.now)
        }
    }

    /// The reasons, and whether waiting helps, after a change to a question answered with yes.
    fn answer(change: impl FnOnce(&mut Asked)) -> (Vec<&'static str>, Option<DateTime<Utc>>) {
        let mut asked = asked();
        change(&mut asked);
        let verdict = asked.verdict();
        (verdict.reasons.iter().map(|r| r.code.slug()).collect(), verdict.next_eligible_at)
    }

    fn dose(dose_number: i16, on_date: &str, is_given: bool) -> DoseHeld {
        DoseHeld { dose_number, product_id: ProductId(1), on_date: date(on_date), is_given }
    }

    #[test]
    fn a_person_whom_all_rules_fit_is_eligible() {
        assert_eq!(answer(|_| ()), (vec![], None));
        assert_eq!(answer(|asked| asked.appointment = None), (vec![], None));
    }

    #[test]
    fn the_window_includes_its_opening_and_not_its_closing() {
        let nanosecond = chrono::TimeDelta::nanoseconds(1);
        let Rules { opens_at, closes_at, .. } = rules();
        let at = |now| answer(|asked| asked.now = now);
        assert_eq!(at(opens_at - nanosecond), (vec!["window_not_open"], Some(opens_at)));
        assert_eq!(at(opens_at), (vec![], None));
        assert_eq!(at(closes_at - nanosecond), (vec![], None));
        assert_eq!(at(closes_at), (vec!["window_closed"], None));
    }

    #[test]
    fn only_an_open_campaign_can_be_booked() {
        let Rules { opens_at, .. } = rules();
        let before = instant("2021-07-13T00:00:00Z");
        let at = |state, now| {
            answer(|asked| {
                asked.state = state;
                asked.now = now;
            })
        };
        let during = instant(DURING);
        assert_eq!(at(State::Draft, during), (vec!["not_published"], None));
        assert_eq!(at(State::Draft, before), (vec!["not_published", "window_not_open"], None));
        assert_eq!(at(State::Published, during), (vec!["window_not_open"], None));
        assert_eq!(at(State::Published, before), (vec!["window_not_open"], Some(opens_at)));
        assert_eq!(at(State::Paused, during), (vec!["campaign_paused"], None));
        assert_eq!(at(State::Closed, during), (vec!["campaign_closed"], None));
        assert_eq!(at(State::Closed, before), (vec!["campaign_closed"], None));
        let after = instant("2021-07-25T00:00:00Z");
        assert_eq!(at(State::Closed, after), (vec!["campaign_closed", "window_closed"], None));
        assert_eq!(at(State::Open, during), (vec![], None), "the control");
    }

    #[test]
    fn one_cohort_is_enough_and_none_is_nobody() {
        let with = |cohorts| answer(|asked| asked.rules.cohorts = cohorts).0;
        let others = cohort("1967-01-01", "1968-12-31");
        let ours = cohort("1962-01-01", "1966-12-31");
        assert_eq!(with(vec![others.clone(), ours]), Vec::<&str>::new());
        assert_eq!(with(vec![others]), vec!["not_in_cohort"]);
        assert_eq!(with(vec![]), vec!["not_in_cohort"]);
    }

    #[test]
    fn a_tranche_has_its_own_day() {
        let opens_at = "2021-07-16T11:00:00Z";
        let with = |tranches| answer(|asked| asked.rules.tranches = tranches);
        let wait = (vec!["tranche_not_open"], Some(instant(opens_at)));
        assert_eq!(with(vec![tranche(1, &[9], opens_at)]), wait);
        assert_eq!(with(vec![tranche(1, &[8], opens_at)]), (vec!["not_in_tranche"], None));
        assert_eq!(with(vec![tranche(1, &[9], DURING)]), (vec![], None));
    }

    #[test]
    fn the_age_on_the_day_of_the_appointment_counts() {
        let with = |min, max, day| {
            answer(|asked| {
                asked.rules.products =
                    vec![Product { age_months_min: min, age_months_max: max, ..product(1) }];
                asked.rules.closes_at = instant("2022-12-31T00:00:00Z");
                asked.appointment = Some(on(day));
            })
        };
        let years = |years: i16| years * 12;
        // Born on 29 February 1964: 58 on 1 March 2022.
        let birthday = Some(instant("2022-02-28T15:00:00Z"));
        assert_eq!(with(years(58), None, "2022-02-28"), (vec!["too_young"], birthday));
        assert_eq!(with(years(58), None, "2022-03-01"), (vec![], None));
        let max = Some(years(58) - 1);
        assert_eq!(with(0, max, "2022-02-28"), (vec![], None));
        assert_eq!(with(0, max, "2022-03-01"), (vec!["too_old"], None));
    }

    #[test]
    fn a_product_that_is_not_offered_cannot_be_booked() {
        let other = Appointment { product_id: ProductId(2), ..on("2021-08-02") };
        let answered = answer(|asked| asked.appointment = Some(other));
        assert_eq!(answered, (vec!["product_not_offered"], None));
        let answered = answer(|asked| {
            asked.rules.products.clear();
            asked.appointment = None;
        });
        assert_eq!(answered, (vec!["product_not_offered"], None));
    }

    #[test]
    fn a_dose_is_had_once() {
        let with = |doses| answer(|asked| asked.who.doses = doses);
        assert_eq!(with(vec![dose(1, "2021-08-01", false)]), (vec!["already_booked"], None));
        assert_eq!(with(vec![dose(1, "2021-06-01", true)]), (vec!["already_given"], None));
        assert_eq!(with(vec![dose(2, "2021-06-01", true)]), (vec![], None));
    }

    #[test]
    fn a_second_dose_needs_the_first_and_its_interval() {
        let with = |doses, day| {
            answer(|asked| {
                asked.rules.dose_number = 2;
                asked.who.doses = doses;
                asked.appointment = Some(on(day));
            })
        };
        assert_eq!(with(vec![], "2021-08-02"), (vec!["previous_dose_missing"], None));
        for is_given in [true, false] {
            let first = vec![dose(1, "2021-06-22", is_given)];
            let until = Some(instant("2021-07-19T15:00:00Z"));
            assert_eq!(with(first.clone(), "2021-07-19"), (vec!["interval_too_short"], until));
            assert_eq!(with(first, "2021-07-20"), (vec![], None));
        }
        // The day on which it would be possible comes after the campaign has closed.
        let late = vec![dose(1, "2021-07-01", true)];
        assert_eq!(with(late, "2021-07-20"), (vec!["interval_too_short"], None));
    }

    #[test]
    fn an_appointment_is_past_when_its_day_is_over_there() {
        let in_zone = |zone| {
            answer(|asked| {
                asked.rules.zone = zone;
                asked.now = instant("2021-07-15T15:00:00Z");
                asked.appointment = Some(on("2021-07-15"));
            })
        };
        assert_eq!(in_zone(Asia::Seoul), (vec!["appointment_past"], None));
        assert_eq!(in_zone(America::New_York), (vec![], None));
    }

    #[test]
    fn all_reasons_are_listed_the_most_useful_first() {
        let answered = answer(|asked| {
            asked.now = instant("2021-07-13T00:00:00Z");
            asked.state = State::Paused;
            asked.who = applicant("2003-08-03");
            asked.who.doses = vec![dose(1, "2021-08-01", false)];
        });
        let codes =
            ["already_booked", "not_in_cohort", "campaign_paused", "window_not_open", "too_young"];
        assert_eq!(answered, (codes.to_vec(), None));
    }

    #[test]
    fn a_stranger_is_told_what_cannot_be_known() {
        let ask = |rules: &Rules, home| {
            let birth_date = date("1964-02-29");
            let stranger = Stranger { birth_date, home, on_date: None, product_id: None };
            judge_stranger(rules, State::Open, &stranger, instant(DURING))
        };
        let mut rules = rules();
        assert!(ask(&rules, None).eligible, "the control");
        let plain = rules.cohorts[0].clone();

        let region_id = Some(RegionId(1));
        rules.cohorts = vec![Cohort { region_id, ..plain.clone() }];
        let text = |verdict: Verdict| verdict.reasons[0].text.clone();
        assert!(text(ask(&rules, None)).contains("in which region you live"));
        let home = |id| Some(Home { region_id: RegionId(11), province_id: Some(RegionId(id)) });
        assert!(ask(&rules, home(1)).eligible);
        assert!(!text(ask(&rules, home(2))).contains("region you live"), "it is known");

        rules.cohorts = vec![Cohort { roster_id: Some(RosterId(1)), ..plain.clone() }];
        assert!(text(ask(&rules, home(1))).contains("sign in"));

        rules.cohorts = vec![plain];
        rules.dose_number = 2;
        let verdict = ask(&rules, home(1));
        assert_eq!(verdict.reasons[0].code, ReasonCode::PreviousDoseMissing);
        assert!(text(verdict).contains("sign in"));
    }

    #[test]
    fn a_stranger_may_ask_about_a_day_or_a_product_alone() {
        let mut rules = rules();
        rules.products.push(Product { age_months_min: 0, ..product(2) });
        rules.products[0].age_months_min = 58 * 12;
        rules.closes_at = instant("2022-12-31T00:00:00Z");
        let ask = |on_date: Option<&str>, product_id| {
            let birth_date = date("1964-02-29");
            let on_date = on_date.map(date);
            let stranger = Stranger { birth_date, home: None, on_date, product_id };
            let verdict = judge_stranger(&rules, State::Open, &stranger, instant(DURING));
            verdict.reasons.iter().map(|r| r.code.slug()).collect::<Vec<_>>()
        };
        let one = Some(ProductId(1));
        assert_eq!(ask(None, None), Vec::<&str>::new(), "product 2 fits today");
        assert_eq!(ask(None, one), vec!["too_young"]);
        assert_eq!(ask(Some("2022-03-01"), one), Vec::<&str>::new());
        assert_eq!(ask(Some("2022-03-01"), None), Vec::<&str>::new());
        assert_eq!(ask(Some("2021-07-14"), None), vec!["appointment_past"]);
        assert_eq!(ask(None, Some(ProductId(3))), vec!["product_not_offered"]);
    }
}
