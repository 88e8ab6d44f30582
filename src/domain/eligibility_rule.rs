//! The rules of eligibility: each is a function from a question to what is not met, with the
//! instant from which it is.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{
    ProductId, RosterId,
    applicant::DoseHeld,
    birth_date::BirthDate,
    calendar::{day_reaching, local_date, start_of_day},
    campaign_state::State,
    cohort::{Home, Membership},
    product::{AgeFit, Product},
    rule_set::Rules,
    tranche::Tranche,
    verdict::Reason,
};

/// What is known of whoever asks; `None` is not known.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) birth_date: BirthDate,
    pub(super) home: Option<Home>,
    pub(super) rosters: Option<&'a [RosterId]>,
    pub(super) doses: Option<&'a [DoseHeld]>,
    /// A clinic has found that they must not have this dose; a public question knows of nothing.
    pub(super) is_excluded: bool,
    /// A clinic has found that they are not well enough before this local date.
    pub(super) deferred_until: Option<NaiveDate>,
}

/// One question.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) rules: &'a Rules,
    pub(super) state: State,
    pub(super) subject: Subject<'a>,
    /// None is today.
    pub(super) on_date: Option<NaiveDate>,
    /// None is any that the campaign offers.
    pub(super) product_id: Option<ProductId>,
    pub(super) now: DateTime<Utc>,
    /// Decides what is today, and when a day on which something becomes possible begins.
    pub(super) zone: Tz,
}

/// A rule that is not met, and from when it is if one only waits.
pub(super) struct Unmet {
    pub(super) reason: Reason,
    pub(super) until: Option<DateTime<Utc>>,
}

fn lasting(reason: Reason) -> Unmet {
    Unmet { reason, until: None }
}

fn passing(reason: Reason, until: DateTime<Utc>) -> Unmet {
    Unmet { reason, until: Some(until) }
}

impl<'a> Case<'a> {
    /// The day on which the dose would be given.
    fn on_date(&self) -> NaiveDate {
        self.on_date.unwrap_or_else(|| self.today())
    }

    fn today(&self) -> NaiveDate {
        local_date(self.now, self.zone)
    }

    fn products(&self) -> impl Iterator<Item = &'a Product> {
        let only = self.product_id;
        let products = self.rules.products.iter();
        products.filter(move |product| only.is_none_or(|only| product.product_id == only))
    }

    /// What is not met whatever the product.
    pub(super) fn common(&self) -> Vec<Unmet> {
        let mut unmet = Vec::new();
        unmet.extend(self.held());
        unmet.extend(self.excluded());
        unmet.extend(self.deferred());
        unmet.extend(self.stage());
        unmet.extend(self.window());
        unmet.extend(self.cohort());
        unmet.extend(self.tranche());
        unmet.extend(self.offer());
        unmet.extend(self.previous_dose());
        unmet.extend(self.appointment());
        unmet
    }

    /// For each product that comes into question, what is not met.
    pub(super) fn by_product(&self) -> Vec<Vec<Unmet>> {
        let own = |product| [self.age(product), self.interval(product)];
        self.products().map(|product| own(product).into_iter().flatten().collect()).collect()
    }

    fn held(&self) -> Option<Unmet> {
        let dose_number = self.rules.dose_number;
        let held = self.subject.doses?.iter().filter(|dose| dose.dose_number == dose_number);
        let is_given = held.map(|dose| dose.is_given).reduce(|a, b| a || b)?;
        Some(lasting(match is_given {
            true => Reason::AlreadyGiven { dose_number },
            false => Reason::AlreadyBooked { dose_number },
        }))
    }

    fn excluded(&self) -> Option<Unmet> {
        self.subject.is_excluded.then(|| lasting(Reason::Excluded {}))
    }

    fn deferred(&self) -> Option<Unmet> {
        let until = self.subject.deferred_until.filter(|until| self.on_date() < *until)?;
        Some(passing(Reason::Deferred { until }, start_of_day(until, self.zone)))
    }

    fn stage(&self) -> Option<Unmet> {
        match self.state {
            State::Draft => Some(lasting(Reason::NotPublished {})),
            State::Paused => Some(lasting(Reason::CampaignPaused {})),
            State::Closed => Some(lasting(Reason::CampaignClosed {})),
            State::Published | State::Open => None,
        }
    }

    fn window(&self) -> Option<Unmet> {
        let Rules { opens_at, closes_at, zone, .. } = *self.rules;
        if self.now >= closes_at {
            return Some(lasting(Reason::WindowClosed { closes_at, zone }));
        }
        if self.now < opens_at && self.state != State::Closed {
            let reason = Reason::WindowNotOpen { opens_at, zone, is_late: false };
            return Some(passing(reason, opens_at));
        }
        let late = || lasting(Reason::WindowNotOpen { opens_at, zone, is_late: true });
        (self.state == State::Published).then(late)
    }

    fn cohort(&self) -> Option<Unmet> {
        let Subject { home, rosters, .. } = self.subject;
        let born = self.subject.birth_date.date();
        let (mut depends_on_region, mut depends_on_roster) = (false, false);
        for cohort in &self.rules.cohorts {
            match cohort.membership(born, home, rosters) {
                Membership::Yes => return None,
                Membership::No => {}
                Membership::DependsOnRegion => depends_on_region = true,
                Membership::DependsOnRoster => depends_on_roster = true,
            }
        }
        let cohorts = self.rules.cohorts.iter().map(|cohort| cohort.name.clone()).collect();
        Some(lasting(Reason::NotInCohort { cohorts, depends_on_region, depends_on_roster }))
    }

    fn tranche(&self) -> Option<Unmet> {
        let tranches = &self.rules.tranches;
        let born = self.subject.birth_date;
        if tranches.is_empty() {
            return None;
        }
        let Some(tranche) = Tranche::of(tranches, born) else {
            return Some(lasting(Reason::NotInTranche { last_digit: born.date().day() % 10 }));
        };
        let opens_at = tranche.opens_at;
        (self.now < opens_at).then(|| {
            let tranche_name = tranche.name.clone();
            let zone = self.rules.zone;
            passing(Reason::TrancheNotOpen { tranche_name, opens_at, zone }, opens_at)
        })
    }

    fn offer(&self) -> Option<Unmet> {
        let is_named = self.product_id.is_some();
        let none = || lasting(Reason::ProductNotOffered { is_named });
        self.products().next().is_none().then(none)
    }

    fn previous_dose(&self) -> Option<Unmet> {
        let is_missing = self.rules.dose_number > 1 && self.previous().is_none();
        is_missing.then(|| {
            let previous_dose_number = self.rules.dose_number - 1;
            let is_known = self.subject.doses.is_some();
            lasting(Reason::PreviousDoseMissing { previous_dose_number, is_known })
        })
    }

    fn appointment(&self) -> Option<Unmet> {
        let on_date = self.on_date();
        (on_date < self.today()).then(|| lasting(Reason::AppointmentPast { on_date }))
    }

    fn age(&self, product: &Product) -> Option<Unmet> {
        let born = self.subject.birth_date.date();
        let product_id = product.product_id;
        let product_name = || product.name.clone();
        match product.age_fit(born, self.on_date()) {
            AgeFit::Fits => None,
            AgeFit::TooYoung => {
                let age_months_min = product.age_months_min;
                let reached_on = day_reaching(born, age_months_min.into());
                let product_name = product_name();
                let reason =
                    Reason::TooYoung { product_id, product_name, age_months_min, reached_on };
                let until = reached_on.map(|day| start_of_day(day, self.zone));
                Some(Unmet { reason, until })
            }
            AgeFit::TooOld => {
                let age_months_max = product.age_months_max.unwrap_or(i16::MAX);
                let product_name = product_name();
                Some(lasting(Reason::TooOld { product_id, product_name, age_months_max }))
            }
        }
    }

    /// The day of the dose before this one.
    fn previous(&self) -> Option<NaiveDate> {
        let number = self.rules.dose_number - 1;
        let doses = self.subject.doses?.iter().filter(|dose| dose.dose_number == number);
        doses.map(|dose| dose.on_date).max()
    }

    fn interval(&self, product: &Product) -> Option<Unmet> {
        let previous_on = self.previous().filter(|_| self.rules.dose_number > 1)?;
        let interval_days = product.interval_days_min;
        let between = Days::new(u64::from(interval_days.max(0).unsigned_abs()));
        let possible_on = previous_on.checked_add_days(between);
        if possible_on.is_some_and(|day| day <= self.on_date()) {
            return None;
        }
        let reason = Reason::IntervalTooShort { interval_days, previous_on, possible_on };
        let until = possible_on.map(|day| start_of_day(day, self.zone));
        Some(Unmet { reason, until })
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Months, TimeDelta};
    use chrono_tz::{America, Asia, Australia, Europe, Pacific};
    use proptest::{prelude::*, sample::select};

    use super::*;
    use crate::domain::{
        RegionId,
        applicant::{AnonymousApplicant, Applicant, Appointment},
        birth_date::Precision,
        calendar::Local,
        cohort::Cohort,
        eligibility::{
            judge, judge_anonymous,
            tests::{DURING, applicant, cohort, date, here, instant, on, product, rules, tranche},
        },
        verdict::{ReasonCode, Verdict},
    };

    /// A question that is answered with yes; each test changes one thing.
    struct Question {
        rules: Rules,
        state: State,
        who: Applicant,
        appointment: Option<Appointment>,
        now: DateTime<Utc>,
    }

    fn question() -> Question {
        Question {
            rules: rules(),
            state: State::Open,
            who: applicant("1964-02-29"),
            appointment: Some(on("2021-08-02")),
            now: instant(DURING),
        }
    }

    impl Question {
        fn verdict(&self) -> Verdict {
            let now = here(&self.rules, self.now);
            judge(&self.rules, self.state, &self.who, self.appointment.as_ref(), now)
        }
    }

    /// The reasons, and whether waiting helps, after a change to a question answered with yes.
    fn answer(change: impl FnOnce(&mut Question)) -> (Vec<&'static str>, Option<DateTime<Utc>>) {
        let mut asked = question();
        change(&mut asked);
        let verdict = asked.verdict();
        (verdict.reasons.iter().map(|r| r.code().slug()).collect(), verdict.next_eligible_at)
    }

    fn dose(dose_number: i16, on_date: &str, is_given: bool) -> DoseHeld {
        DoseHeld { dose_number, product_id: None, on_date: date(on_date), is_given }
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
    fn an_anonymous_applicant_is_told_what_cannot_be_known() {
        let ask = |rules: &Rules, home| {
            let birth_date = date("1964-02-29");
            let who = AnonymousApplicant { birth_date, home, on_date: None, product_id: None };
            judge_anonymous(rules, State::Open, &who, here(rules, instant(DURING)))
        };
        let mut rules = rules();
        assert!(ask(&rules, None).eligible, "the control");
        let plain = rules.cohorts[0].clone();

        let region_id = Some(RegionId(1));
        rules.cohorts = vec![Cohort { region_id, ..plain.clone() }];
        let depends = |verdict: Verdict| match verdict.reasons[0] {
            Reason::NotInCohort { depends_on_region, depends_on_roster, .. } => {
                (depends_on_region, depends_on_roster)
            }
            ref other => panic!("{other:?}"),
        };
        assert_eq!(depends(ask(&rules, None)), (true, false));
        let home = |id| Some(Home { region_id: RegionId(11), province_id: Some(RegionId(id)) });
        assert!(ask(&rules, home(1)).eligible);
        assert_eq!(depends(ask(&rules, home(2))), (false, false), "it is known");

        rules.cohorts = vec![Cohort { roster_id: Some(RosterId(1)), ..plain.clone() }];
        assert_eq!(depends(ask(&rules, home(1))), (false, true));

        rules.cohorts = vec![plain];
        rules.dose_number = 2;
        let missing = Reason::PreviousDoseMissing { previous_dose_number: 1, is_known: false };
        assert_eq!(ask(&rules, home(1)).reasons, [missing]);
    }

    #[test]
    fn an_anonymous_applicant_may_ask_about_a_day_or_a_product_alone() {
        let mut rules = rules();
        rules.products.push(Product { age_months_min: 0, ..product(2) });
        rules.products[0].age_months_min = 58 * 12;
        rules.closes_at = instant("2022-12-31T00:00:00Z");
        let ask = |on_date: Option<&str>, product_id| {
            let birth_date = date("1964-02-29");
            let on_date = on_date.map(date);
            let who = AnonymousApplicant { birth_date, home: None, on_date, product_id };
            let verdict = judge_anonymous(&rules, State::Open, &who, here(&rules, instant(DURING)));
            verdict.reasons.iter().map(|r| r.code().slug()).collect::<Vec<_>>()
        };
        let one = Some(ProductId(1));
        assert_eq!(ask(None, None), Vec::<&str>::new(), "product 2 fits today");
        assert_eq!(ask(None, one), vec!["too_young"]);
        assert_eq!(ask(Some("2022-03-01"), one), Vec::<&str>::new());
        assert_eq!(ask(Some("2022-03-01"), None), Vec::<&str>::new());
        assert_eq!(ask(Some("2021-07-14"), None), vec!["appointment_past"]);
        assert_eq!(ask(None, Some(ProductId(3))), vec!["product_not_offered"]);
    }

    fn any_zone() -> impl Strategy<Value = Tz> {
        select(vec![
            Asia::Seoul,
            Asia::Kathmandu,
            America::New_York,
            America::Havana,
            America::St_Johns,
            Australia::Lord_Howe,
            Europe::Berlin,
            Pacific::Apia,
            Pacific::Chatham,
            Pacific::Kiritimati,
            Pacific::Pago_Pago,
        ])
    }

    proptest! {
        /// East and west of UTC, through the nights on which clocks change: of the clinic's days
        /// the present one can be booked to its last instant, and the one before not from its first
        /// on, whatever the zone of the campaign.
        #[test]
        fn today_is_the_clinics(
            minutes in 0..527_040_i64,
            clinic in any_zone(),
            campaign in any_zone(),
        ) {
            let now = instant("2024-01-01T00:00:00Z") + TimeDelta::minutes(minutes);
            let (opens_at, closes_at) = (now - TimeDelta::days(9), now + TimeDelta::days(9));
            let rules = Rules { zone: campaign, opens_at, closes_at, ..rules() };
            let here = Local { at: now, zone: clinic };
            let today = here.date();
            let ask = |on_date, here| {
                let appointment = Appointment { on_date, product_id: ProductId(1) };
                let who = applicant("1962-01-09");
                let verdict = judge(&rules, State::Open, &who, Some(&appointment), here);
                verdict.reasons.first().map(Reason::code)
            };
            prop_assert_eq!(ask(today, here), None);
            let yesterday = today - Days::new(1);
            prop_assert_eq!(ask(yesterday, here), Some(ReasonCode::AppointmentPast));
            let begins = start_of_day(today, clinic);
            prop_assert!(begins <= now);
            let before = Local { at: begins - TimeDelta::nanoseconds(1), zone: clinic };
            prop_assert!(before.date() < today);
            prop_assert_eq!(ask(before.date(), before), None, "the evening before");
        }

        /// Who comes of age on a day does so with the day of the clinic.
        #[test]
        fn a_birthday_begins_with_the_clinics_day(
            day in 0..366_u64,
            clinic in any_zone(),
            campaign in any_zone(),
        ) {
            let birthday = date("2024-01-01") + Days::new(day);
            let begins = start_of_day(birthday, clinic);
            let born = birthday - Months::new(18 * 12);
            prop_assume!(day_reaching(born, 18 * 12) == Some(birthday));
            let (opens_at, closes_at) = (begins - TimeDelta::days(9), begins + TimeDelta::days(9));
            let mut rules = Rules { zone: campaign, opens_at, closes_at, ..rules() };
            rules.cohorts = vec![cohort("2000-01-01", "2010-12-31")];
            let birth_date = BirthDate::kept(born, Precision::Day);
            let who = Applicant { birth_date, ..applicant("2003-07-01") };
            let ask = |at| judge(&rules, State::Open, &who, None, Local { at, zone: clinic });
            let sooner = ask(begins - TimeDelta::nanoseconds(1));
            prop_assert_eq!(sooner.reasons.first().map(Reason::code), Some(ReasonCode::TooYoung));
            prop_assert_eq!(sooner.next_eligible_at, Some(begins));
            prop_assert!(ask(begins).eligible);
        }
    }
}
