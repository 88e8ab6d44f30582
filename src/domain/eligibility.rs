//! Who may book which dose, and when: one pure function for the booking transaction and for the
//! public question, so that nobody is told one thing and refused another.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    CampaignId, CourseId, PersonId, ProductId, TrancheId,
    applicant::{AnonymousApplicant, Applicant, Appointment},
    birth_date::{BirthDate, Precision},
    calendar::{Local, local_date},
    campaign_state::State,
    cohort::Home,
    eligibility_rule::{Case, Subject, Unmet},
    rule_set::Rules,
    tranche::Tranche,
    verdict::{Reason, Verdict},
};

/// Proof that the rules entitle a person to a dose. Only `admit` and `admit_walk_in` make one.
#[derive(Debug, PartialEq, Eq)]
pub struct Eligible(Entitlement);

/// Who may book which dose, for which day, and by which rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitlement {
    pub person_id: PersonId,
    pub campaign_id: CampaignId,
    pub course_id: CourseId,
    pub dose_number: i16,
    pub product_id: ProductId,
    /// The local date at the clinic.
    pub on_date: NaiveDate,
    /// The tranche that the person belongs to; none where the campaign has no tranches.
    pub tranche_id: Option<TrancheId>,
    /// The version of the campaign's rules that the person was judged by.
    pub rule_version: i32,
}

impl Eligible {
    /// Who may have which dose, and when.
    pub fn entitlement(&self) -> &Entitlement {
        &self.0
    }
}

/// Whether the applicant may book now. Without an appointment the question is about a dose today,
/// of any product that the campaign offers.
///
/// `now` must be the database's time where the answer decides a booking, by the clock of the clinic
/// of the appointment, or the installation's where no clinic is named.
pub fn judge(
    rules: &Rules,
    state: State,
    applicant: &Applicant,
    appointment: Option<&Appointment>,
    now: Local,
) -> Verdict {
    let home = Home { region_id: applicant.region_id, province_id: applicant.province_id };
    let subject = Subject {
        birth_date: applicant.birth_date,
        home: Some(home),
        rosters: Some(&applicant.rosters),
        doses: Some(&applicant.doses),
        is_excluded: applicant.is_excluded,
        deferred_until: applicant.deferred_until,
    };
    let on_date = appointment.map(|appointment| appointment.on_date);
    let product_id = appointment.map(|appointment| appointment.product_id);
    Case { rules, state, subject, on_date, product_id, now: now.at, zone: now.zone }.verdict()
}

/// As `judge`, for a public question: what cannot be known counts as not given, and the reasons say
/// so.
pub fn judge_anonymous(
    rules: &Rules,
    state: State,
    applicant: &AnonymousApplicant,
    now: Local,
) -> Verdict {
    let AnonymousApplicant { birth_date, home, on_date, product_id } = *applicant;
    let birth_date = BirthDate::kept(birth_date, Precision::Day);
    let subject = Subject {
        birth_date,
        home,
        rosters: None,
        doses: None,
        is_excluded: false,
        deferred_until: None,
    };
    Case { rules, state, subject, on_date, product_id, now: now.at, zone: now.zone }.verdict()
}

/// As `judge`, with a proof for the booking that is to be written.
///
/// # Errors
/// The verdict, where it says no.
pub fn admit(
    rules: &Rules,
    state: State,
    applicant: &Applicant,
    appointment: &Appointment,
    now: Local,
) -> Result<Eligible, Verdict> {
    let verdict = judge(rules, state, applicant, Some(appointment), now);
    if !verdict.eligible {
        return Err(verdict);
    }
    Ok(entitled(rules, applicant, appointment))
}

/// As `admit`, for somebody who stands at the clinic. That booking has ended does not count: what
/// is left of the doses is there for whoever comes.
///
/// # Errors
/// The verdict, where it says no.
pub fn admit_walk_in(
    rules: &Rules,
    state: State,
    applicant: &Applicant,
    appointment: &Appointment,
    now: Local,
) -> Result<Eligible, Verdict> {
    let mut verdict = judge(rules, state, applicant, Some(appointment), now);
    let is_over =
        |reason: &Reason| matches!(reason, Reason::WindowClosed { .. } | Reason::CampaignClosed {});
    verdict.reasons.retain(|reason| !is_over(reason));
    match verdict.reasons.is_empty() {
        true => Ok(entitled(rules, applicant, appointment)),
        false => Err(verdict),
    }
}

fn entitled(rules: &Rules, applicant: &Applicant, appointment: &Appointment) -> Eligible {
    let tranche = Tranche::of(&rules.tranches, applicant.birth_date);
    Eligible(Entitlement {
        person_id: applicant.person_id,
        campaign_id: rules.campaign_id,
        course_id: rules.course_id,
        dose_number: rules.dose_number,
        product_id: appointment.product_id,
        on_date: appointment.on_date,
        tranche_id: tranche.map(|tranche| tranche.tranche_id),
        rule_version: rules.version,
    })
}

impl Case<'_> {
    fn verdict(&self) -> Verdict {
        let rule_version = self.rules.version;
        let (common, by_product) = (self.common(), self.by_product());
        if common.is_empty() && by_product.iter().any(Vec::is_empty) {
            return Verdict {
                eligible: true,
                reasons: vec![],
                next_eligible_at: None,
                rule_version,
            };
        }
        let next_eligible_at = by_product
            .iter()
            .filter_map(|own| latest(common.iter().chain(own)))
            .filter(|&at| self.asked_again(at).is_yes())
            .min();
        // Of several products, the one that fits, else the one that will fit first.
        let nearest = by_product.into_iter().min_by_key(|own| {
            let until = latest(own);
            (!own.is_empty(), until.is_none(), until)
        });
        let unmet = common.into_iter().chain(nearest.unwrap_or_default());
        let mut reasons: Vec<_> = unmet.map(|unmet| unmet.reason).collect();
        reasons.sort_by_key(Reason::code);
        Verdict { eligible: false, reasons, next_eligible_at, rule_version }
    }

    fn is_yes(&self) -> bool {
        self.common().is_empty() && self.by_product().iter().any(Vec::is_empty)
    }

    /// The same question asked later, about the same day or, if that has passed by then, the day of
    /// asking. A campaign that is only published is taken to open as announced.
    fn asked_again(&self, at: DateTime<Utc>) -> Self {
        let today = local_date(at, self.zone);
        let on_date = self.on_date.map(|on_date| on_date.max(today));
        let state = if self.state == State::Published { State::Open } else { self.state };
        Self { state, on_date, now: at, ..*self }
    }
}

/// When the last of these has passed; none if one lasts, or if there are none.
fn latest<'u>(unmet: impl IntoIterator<Item = &'u Unmet>) -> Option<DateTime<Utc>> {
    unmet.into_iter().map(|unmet| unmet.until).reduce(|a, b| Some(a?.max(b?))).flatten()
}

#[cfg(test)]
pub(crate) mod tests {
    use chrono::{Days, NaiveDate, TimeDelta};
    use chrono_tz::{America, Asia, Europe};
    use proptest::{collection::vec, option, prelude::*, sample::select};

    use super::*;
    use crate::domain::{
        CampaignId, CohortId, CourseId, ProductId, RegionId, RosterId, applicant::DoseHeld,
        calendar::start_of_day, cohort::Cohort, product::Product, verdict::ReasonCode,
    };

    pub(crate) fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    pub(crate) fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    pub(crate) fn product(id: i32) -> Product {
        Product {
            product_id: ProductId(id),
            code_system: "http://hl7.org/fhir/sid/cvx".to_owned(),
            code: id.to_string(),
            name: format!("Vaccine {id}").into(),
            doses_per_vial: 10,
            age_months_min: 18 * 12,
            age_months_max: None,
            doses_in_series: 2,
            interval_days_min: 28,
        }
    }

    pub(crate) fn cohort(from: &str, to: &str) -> Cohort {
        Cohort {
            cohort_id: CohortId(1),
            name: format!("born {from} to {to}").into(),
            born_from: Some(date(from)),
            born_to: Some(date(to)),
            roster_id: None,
            region_id: None,
        }
    }

    pub(crate) fn tranche(id: i32, digits: &[i16], opens_at: &str) -> Tranche {
        Tranche {
            tranche_id: TrancheId(id),
            name: format!("day {id}").into(),
            birth_day_digits: digits.to_vec(),
            opens_at: instant(opens_at),
        }
    }

    /// The opening of 14 July 2021 at 20:00 in Seoul.
    pub(crate) fn rules() -> Rules {
        Rules {
            campaign_id: CampaignId(1),
            version: 7,
            course_id: CourseId(1),
            dose_number: 1,
            opens_at: instant("2021-07-14T11:00:00Z"),
            closes_at: instant("2021-07-24T09:00:00Z"),
            cancel_until_hours: 48,
            bookings_per_day: 2,
            zone: Asia::Seoul,
            cohorts: vec![cohort("1962-01-01", "1966-12-31")],
            tranches: vec![],
            products: vec![product(1)],
        }
    }

    pub(crate) fn applicant(born: &str) -> Applicant {
        Applicant {
            person_id: PersonId(1),
            birth_date: BirthDate::kept(date(born), Precision::Day),
            region_id: RegionId(11),
            province_id: Some(RegionId(1)),
            rosters: vec![],
            doses: vec![],
            is_excluded: false,
            deferred_until: None,
        }
    }

    pub(crate) fn on(day: &str) -> Appointment {
        Appointment { on_date: date(day), product_id: ProductId(1) }
    }

    /// At a clinic in the zone of the rules.
    pub(crate) fn here(rules: &Rules, at: DateTime<Utc>) -> Local {
        Local { at, zone: rules.zone }
    }

    pub(crate) const DURING: &str = "2021-07-15T00:00:00Z";

    #[test]
    fn the_proof_names_who_may_book_what_and_when() {
        let mut rules = rules();
        let who = Applicant { person_id: PersonId(5), ..applicant("1962-01-09") };
        let proof =
            admit(&rules, State::Open, &who, &on("2021-08-02"), here(&rules, instant(DURING)))
                .unwrap();
        let expected = Entitlement {
            person_id: PersonId(5),
            campaign_id: CampaignId(1),
            course_id: CourseId(1),
            dose_number: 1,
            product_id: ProductId(1),
            on_date: date("2021-08-02"),
            tranche_id: None,
            rule_version: 7,
        };
        assert_eq!(*proof.entitlement(), expected);
        rules.tranches = vec![
            tranche(3, &[1], "2021-07-14T11:00:00Z"),
            tranche(4, &[9], "2021-07-14T11:00:00Z"),
        ];
        let proof =
            admit(&rules, State::Open, &who, &on("2021-08-02"), here(&rules, instant(DURING)))
                .unwrap();
        assert_eq!(proof.entitlement().tranche_id, Some(TrancheId(4)));
    }

    #[test]
    fn the_next_date_is_the_last_of_those_that_must_pass() {
        let mut rules = rules();
        rules.cohorts = vec![cohort("2003-01-01", "2003-12-31")];
        rules.tranches = vec![tranche(1, &[8], "2021-07-16T11:00:00Z")];
        let next = |rules: &Rules, born: &str, day: &str| {
            let now = instant("2021-07-13T00:00:00Z");
            judge(rules, State::Published, &applicant(born), Some(&on(day)), here(rules, now))
                .next_eligible_at
        };
        // Too young until the 18th: midnight in Seoul.
        let birthday = Some(instant("2021-07-17T15:00:00Z"));
        assert_eq!(next(&rules, "2003-07-18", "2021-07-17"), birthday);
        // Old enough on the day of the appointment: the tranche is what is waited for.
        let turn = Some(instant("2021-07-16T11:00:00Z"));
        assert_eq!(next(&rules, "2003-07-18", "2021-07-18"), turn);
        // The birthday comes after the campaign has closed.
        assert_eq!(next(&rules, "2003-07-28", "2021-07-24"), None);
        // By then the person is too old.
        rules.products[0].age_months_max = Some(18 * 12 - 1);
        rules.products[0].age_months_min = 0;
        assert_eq!(next(&rules, "2003-07-08", "2021-07-15"), None);
    }

    #[test]
    fn on_days_when_clocks_change_a_birthday_begins_at_local_midnight() {
        let table = [
            (Europe::Berlin, "2003-03-28", "2021-03-27T23:00:00Z"),
            (Europe::Berlin, "2003-03-29", "2021-03-28T22:00:00Z"),
            (Europe::Berlin, "2003-11-01", "2021-10-31T23:00:00Z"),
            (America::New_York, "2003-03-15", "2021-03-15T04:00:00Z"),
            (America::New_York, "2003-11-08", "2021-11-08T05:00:00Z"),
            (America::Havana, "2003-03-14", "2021-03-14T05:00:00Z"),
            (Asia::Seoul, "2004-02-29", "2022-02-28T15:00:00Z"),
            (Asia::Seoul, "2004-01-01", "2021-12-31T15:00:00Z"),
        ];
        for (zone, born, begins) in table {
            let begins = instant(begins);
            let mut rules = Rules { zone, ..rules() };
            rules.cohorts = vec![cohort("2000-01-01", "2010-12-31")];
            rules.opens_at = begins - TimeDelta::days(3);
            rules.closes_at = begins + TimeDelta::days(3);
            let ask = |now| judge(&rules, State::Open, &applicant(born), None, here(&rules, now));
            let before = ask(begins - TimeDelta::nanoseconds(1));
            assert_eq!(before.reasons[0].code(), ReasonCode::TooYoung, "{born} in {zone}");
            assert_eq!(before.next_eligible_at, Some(begins), "{born} in {zone}");
            assert!(ask(begins).eligible, "{born} in {zone}");
        }
    }

    #[test]
    fn without_an_appointment_any_product_will_do() {
        let mut rules = rules();
        rules.cohorts = vec![cohort("1900-01-01", "2021-12-31")];
        rules.products.push(Product { age_months_min: 12 * 12, ..product(2) });
        let ask = |who: &Applicant, appointment: Option<&Appointment>| {
            judge(&rules, State::Open, who, appointment, here(&rules, instant(DURING)))
        };
        let thirteen = applicant("2008-01-01");
        assert!(ask(&thirteen, None).eligible);
        assert!(!ask(&thirteen, Some(&on("2021-08-02"))).eligible, "the control: product 1");
        let ten = ask(&applicant("2009-07-20"), None);
        assert_eq!(ten.reasons.len(), 1);
        let Reason::TooYoung { product_id, .. } = ten.reasons[0] else { panic!("{ten:?}") };
        assert_eq!(product_id, ProductId(2), "the nearest");
        assert_eq!(ten.next_eligible_at, Some(start_of_day(date("2021-07-20"), Asia::Seoul)));
    }

    fn near() -> impl Strategy<Value = DateTime<Utc>> {
        // Half hours in 40 days around the window, so that instants often coincide.
        (0..1_920_i64).prop_map(|n| instant("2021-07-01T00:00:00Z") + TimeDelta::minutes(30 * n))
    }

    fn day_from(first: &'static str, days: u64) -> impl Strategy<Value = NaiveDate> {
        (0..days).prop_map(move |n| date(first) + Days::new(n))
    }

    prop_compose! {
        fn any_product(id: i32)(
            age_months_min in select(vec![0_i16, 6, 144, 216]),
            age_span in option::of(select(vec![0_i16, 1, 71, 600])),
            interval_days_min in select(vec![0_i16, 1, 21, 28]),
        ) -> Product {
            let age_months_max = age_span.map(|span| age_months_min + span);
            Product { age_months_min, age_months_max, interval_days_min, ..product(id) }
        }
    }

    prop_compose! {
        fn any_cohort()(
            born_from in option::of(day_from("2003-06-01", 60)),
            born_to in option::of(day_from("2003-07-01", 60)),
            roster_id in option::weighted(0.2, select(vec![RosterId(1), RosterId(2)])),
            region_id in option::weighted(
                0.2,
                select(vec![RegionId(1), RegionId(11), RegionId(2)]),
            ),
        ) -> Cohort {
            let named = cohort("2003-01-01", "2003-12-31");
            Cohort { born_from, born_to, roster_id, region_id, ..named }
        }
    }

    prop_compose! {
        fn any_tranche()(
            tranche_id in (1..5_i32).prop_map(TrancheId),
            birth_day_digits in vec(0..10_i16, 1..8),
            opens_at in near(),
        ) -> Tranche {
            Tranche { tranche_id, birth_day_digits, opens_at, name: "a day".into() }
        }
    }

    prop_compose! {
        fn any_rules()(
            dose_number in 1..3_i16,
            opens_at in near(),
            hours in 1..600_i64,
            zone in select(vec![Asia::Seoul, Europe::Berlin, America::New_York]),
            cohorts in vec(any_cohort(), 1..3),
            tranches in prop_oneof![2 => Just(vec![]), 1 => vec(any_tranche(), 1..3)],
            products in prop_oneof![
                any_product(1).prop_map(|one| vec![one]),
                (any_product(1), any_product(2)).prop_map(|(one, two)| vec![one, two]),
            ],
        ) -> Rules {
            let closes_at = opens_at + TimeDelta::hours(hours);
            Rules {
                dose_number, opens_at, closes_at, zone, cohorts, tranches, products, ..rules()
            }
        }
    }

    prop_compose! {
        fn any_applicant()(
            birth_date in prop_oneof![
                day_from("2003-06-20", 60), day_from("2009-06-20", 60), day_from("2021-01-01", 60),
            ],
            rosters in vec(select(vec![RosterId(1), RosterId(2)]), 0..2),
            earlier in option::weighted(0.6, (day_from("2021-06-15", 50), any::<bool>())),
            is_booked in prop::bool::weighted(0.1),
        ) -> Applicant {
            let dose = |dose_number, (on_date, is_given)| {
                DoseHeld { dose_number, product_id: None, on_date, is_given }
            };
            let second = is_booked.then(|| dose(2, (date("2021-08-20"), false)));
            let doses = earlier.map(|held| dose(1, held)).into_iter().chain(second).collect();
            let birth_date = BirthDate::kept(birth_date, Precision::Day);
            Applicant { birth_date, rosters, doses, ..applicant("2003-07-01") }
        }
    }

    prop_compose! {
        fn any_case()(
            rules in any_rules(),
            state in prop_oneof![1 => select(State::ALL.to_vec()), 4 => Just(State::Open)],
            applicant in any_applicant(),
            appointment in option::of((day_from("2021-07-01", 60), 1..3_i32)),
            now in near(),
        ) -> (Rules, State, Applicant, Option<Appointment>, DateTime<Utc>) {
            let appointment = appointment
                .map(|(on_date, id)| Appointment { on_date, product_id: ProductId(id) });
            (rules, state, applicant, appointment, now)
        }
    }

    /// The same question later, as the doc comment of `next_eligible_at` promises it.
    fn later(
        (rules, state, who, appointment, _): &(
            Rules,
            State,
            Applicant,
            Option<Appointment>,
            DateTime<Utc>,
        ),
        at: DateTime<Utc>,
    ) -> bool {
        let today = local_date(at, rules.zone);
        let moved = appointment.map(|a| Appointment { on_date: a.on_date.max(today), ..a });
        let state = if *state == State::Published { State::Open } else { *state };
        judge(rules, state, who, moved.as_ref(), here(rules, at)).eligible
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_verdict_agrees_with_itself_and_with_the_proof(case in any_case()) {
            let (rules, state, who, appointment, now) = &case;
            let verdict = judge(rules, *state, who, appointment.as_ref(), here(rules, *now));
            prop_assert_eq!(verdict.eligible, verdict.reasons.is_empty());
            prop_assert!(!verdict.eligible || verdict.next_eligible_at.is_none());
            let in_order = verdict.reasons.is_sorted_by(|a, b| a.code() < b.code());
            prop_assert!(in_order, "each once, in order");
            if let Some(appointment) = appointment {
                let admitted = admit(rules, *state, who, appointment, here(rules, *now));
                prop_assert_eq!(admitted.is_ok(), verdict.eligible);
                prop_assert_eq!(admitted.err().unwrap_or(verdict.clone()), verdict);
            }
        }

        #[test]
        fn waiting_until_the_next_date_makes_it_yes_and_less_does_not(
            case in any_case(),
            part in 0.0..1.0_f64,
        ) {
            let (rules, state, who, appointment, now) = &case;
            let verdict = judge(rules, *state, who, appointment.as_ref(), here(rules, *now));
            if let Some(next) = verdict.next_eligible_at {
                prop_assert!(next > *now);
                prop_assert!(later(&case, next), "yes at {}", next);
                let wait = (next - *now).num_seconds();
                let sooner = *now + TimeDelta::seconds((wait as f64 * part) as i64);
                prop_assert!(sooner == next || !later(&case, sooner), "no at {}", sooner);
                prop_assert!(!later(&case, next - TimeDelta::nanoseconds(1)));
            }
        }

        #[test]
        fn without_a_next_date_waiting_does_not_help(case in any_case(), at in near()) {
            let (rules, state, who, appointment, now) = &case;
            let verdict = judge(rules, *state, who, appointment.as_ref(), here(rules, *now));
            // A past day can be chosen anew, and nobody knows when an administrator opens.
            let excepted = verdict.reasons.iter().any(|r| r.code() == ReasonCode::AppointmentPast)
                || (*state == State::Published && *now >= rules.opens_at);
            if !verdict.eligible && verdict.next_eligible_at.is_none() && !excepted {
                prop_assert!(at < *now || !later(&case, at), "no at {}", at);
            }
        }

        #[test]
        fn who_is_admitted_stays_so_until_the_window_closes(case in any_case(), at in near()) {
            let (rules, state, who, appointment, now) = &case;
            let last = local_date(rules.closes_at, rules.zone);
            let appointment =
                appointment.map(|a| Appointment { on_date: a.on_date.max(last), ..a });
            if let Some(appointment) = appointment
                && admit(rules, *state, who, &appointment, here(rules, *now)).is_ok()
                && at >= *now
            {
                let admitted = admit(rules, *state, who, &appointment, here(rules, at)).is_ok();
                prop_assert_eq!(admitted, at < rules.closes_at);
            }
        }
    }
}
