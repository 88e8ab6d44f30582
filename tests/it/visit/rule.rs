//! The rules of a dose on the day itself, as a pure function: age, interval, and what is asked.

use chrono::{DateTime, Days, Months, NaiveDate, TimeDelta, Utc};
use dosebook::domain::{
    AllocationId, BookingId, CampaignId, ClinicId, CourseId, Detail, PersonId, ProductId, RegionId,
    SlotId, StaffUserId, StepId,
    actor::Actor,
    applicant::{Applicant, DoseHeld},
    birth_date::{BirthDate, Precision},
    booking::{Booking, State},
    channel::Channel,
    person_state::PersonState,
    product::Product,
    visit::{Act, Exclusion, ExclusionReason, Facts, Patient, Press, Site, Warning},
    visit_rule::Scene,
};
use proptest::prelude::*;
use uuid::Uuid;

const COURSE: CourseId = CourseId(1);
const USUAL: [Warning; 2] = [Warning::Identity, Warning::Screening];

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// What a visit is decided by, owned.
#[derive(Clone)]
struct Visit {
    booking: Booking,
    facts: Facts,
    person: PersonState,
    product: Product,
    now: DateTime<Utc>,
}

impl Visit {
    /// Somebody of 59 has arrived for dose 2 of product 1, on the morning of 2 August in Seoul, 32
    /// days after dose 1 of the same.
    fn usual() -> Self {
        let now: DateTime<Utc> = "2021-08-02T01:00:00Z".parse().unwrap();
        let birth_date = BirthDate::kept(date("1962-01-09"), Precision::Day);
        let applicant = Applicant {
            person_id: PersonId(1),
            birth_date,
            region_id: RegionId(1),
            province_id: None,
            rosters: vec![],
            doses: vec![],
            is_excluded: false,
            deferred_until: None,
        };
        let patient = Patient {
            name: "Kim Min-jun".to_owned(),
            birth_date,
            phone: String::new(),
            may_be_double: false,
        };
        let new = Self {
            booking: Booking {
                booking_id: BookingId(Uuid::from_u128(1)),
                person_id: PersonId(1),
                campaign_id: CampaignId(1),
                product_id: ProductId(1),
                course_id: COURSE,
                dose_number: 2,
                state: State::Booked,
                clinic_id: ClinicId(7),
                slot_id: SlotId((7 << 24) | 1),
                allocation_id: AllocationId((7 << 24) | 1),
                rule_version: 1,
                on_date: date("2021-08-02"),
                starts_at: now,
                ends_at: now + TimeDelta::hours(1),
                booked_at: now - TimeDelta::days(9),
                ended_at: None,
                channel: Channel::Web,
                arrived_at: Some(now),
                not_given: None,
            },
            facts: Facts {
                zone: chrono_tz::Asia::Seoul,
                closed_at: None,
                patient,
                presser: None,
                steps: vec![],
            },
            person: PersonState { applicant: Some(applicant), ..PersonState::default() },
            product: Product {
                product_id: ProductId(1),
                code_system: "http://hl7.org/fhir/sid/cvx".to_owned(),
                code: "207".to_owned(),
                name: "Moderna".into(),
                doses_per_vial: 10,
                age_months_min: 18 * 12,
                age_months_max: Some(80 * 12),
                doses_in_series: 2,
                interval_days_min: 28,
            },
            now,
        };
        new.had(Some(1), date("2021-07-01"))
    }

    /// Dose 1 was this product, and given on that day.
    fn had(mut self, product: Option<i32>, on_date: NaiveDate) -> Self {
        let product_id = product.map(ProductId);
        let dose = DoseHeld { dose_number: 1, product_id, on_date, is_given: true };
        self.person.doses = vec![(COURSE, dose)];
        self
    }

    fn born(mut self, day: NaiveDate, precision: Precision) -> Self {
        self.facts.patient.birth_date = BirthDate::kept(day, precision);
        self
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut changed = self.clone();
        change(&mut changed);
        changed
    }

    fn see<T>(&self, look: impl FnOnce(&Scene<'_>) -> T) -> T {
        look(&Scene {
            booking: &self.booking,
            facts: &self.facts,
            person: &self.person,
            product: Some(&self.product),
            others: &[],
            cancel_until_hours: 48,
            now: self.now,
        })
    }

    fn warnings(&self) -> Vec<Warning> {
        self.see(|scene| scene.warnings())
    }

    /// The causes of what is refused.
    fn causes(&self) -> Vec<&'static str> {
        self.see(|scene| scene.refusals()).iter().map(|refusal| refusal.detail.cause()).collect()
    }

    /// Presses "given" where this day of birth was said; the cause where it is refused.
    fn give(&self, said: &str) -> Result<(), Detail> {
        let press = Press {
            step_id: StepId(Uuid::from_u128(2)),
            clinic_id: self.booking.clinic_id,
            booking_id: self.booking.booking_id,
            act: Act::Give { site: Site::LeftArm, lot: "EW0182".to_owned() },
            answers: Warning::ALL.to_vec(),
            birth_date: Some(date(said)),
            note: None,
            by: Actor::Staff(StaffUserId(1)),
        };
        self.see(|scene| scene.decide(&press)).map(|_| ()).map_err(|refusal| refusal.detail)
    }
}

#[test]
fn the_usual_visit_has_two_questions_and_nothing_against_it() {
    let usual = Visit::usual();
    assert_eq!(usual.warnings(), USUAL);
    assert_eq!(usual.causes(), [""; 0]);
}

#[test]
fn each_question_is_asked_where_it_matters_and_only_there() {
    let usual = Visit::usual();
    let date_of_first = date("2021-07-01");
    let unknown = Exclusion {
        dose_number: Some(1),
        reason: ExclusionReason::AlreadyHad { had_on: None, by_then: date_of_first },
    };
    let known = Exclusion {
        reason: ExclusionReason::AlreadyHad { had_on: Some(date_of_first), by_then: date_of_first },
        ..unknown
    };
    let said = |found: Exclusion| {
        usual.with(|visit| {
            visit.person.doses.clear();
            visit.person.add_exclusion(COURSE, found);
        })
    };
    let at = |minutes: i64| usual.with(|visit| visit.now += TimeDelta::minutes(minutes));
    let none = usual.with(|visit| visit.person.doses.clear());
    let first = none.with(|visit| visit.booking.dose_number = 1);
    let double = usual.with(|visit| visit.facts.patient.may_be_double = true);
    let born = |precision| usual.clone().born(date("1962-12-31"), precision);
    for (visit, asked) in [
        (usual.clone().had(Some(2), date_of_first), Some(Warning::ProductDiffers)),
        (usual.clone().had(None, date_of_first), None),
        (said(unknown), Some(Warning::IntervalUnknown)),
        (said(known), None),
        (at(-120), None),
        (at(-121), Some(Warning::NotTheirSlot)),
        (at(180), None),
        (at(181), Some(Warning::NotTheirSlot)),
        (none, Some(Warning::PreviousDoseMissing)),
        (first, None),
        (double, Some(Warning::PossibleDuplicate)),
        (born(Precision::Month), Some(Warning::BirthDateImprecise)),
        (born(Precision::Year), Some(Warning::BirthDateImprecise)),
        (born(Precision::Day), None),
    ] {
        let expected: Vec<_> = USUAL.into_iter().chain(asked).collect();
        assert_eq!(visit.warnings(), expected);
    }
}

#[test]
fn the_day_of_birth_that_is_said_must_be_possible() {
    let day = Visit::usual();
    assert_eq!(day.give("1962-01-09"), Ok(()));
    assert_eq!(day.give("1962-01-10"), Err(Detail::BirthDateDiffers));
    let month = day.clone().born(date("1962-01-31"), Precision::Month);
    assert_eq!(month.give("1962-01-09"), Ok(()));
    assert_eq!(month.give("1962-02-09"), Err(Detail::BirthDateDiffers));
    let year = day.born(date("1962-12-31"), Precision::Year);
    assert_eq!(year.give("1962-02-09"), Ok(()));
    assert_eq!(year.give("1963-02-09"), Err(Detail::BirthDateDiffers));
}

/// Found after the dose was booked, so that no rule of booking stands before it.
#[test]
fn what_a_clinic_has_found_keeps_a_booked_dose_from_them() {
    let found = |dose_number, reason| {
        Visit::usual().with(|visit| {
            visit.person.add_exclusion(COURSE, Exclusion { dose_number, reason });
        })
    };
    let reasons = |visit: &Visit| {
        let refusals = visit.see(|scene| scene.refusals());
        let reasons = refusals.into_iter().flat_map(|refusal| match refusal.detail {
            Detail::Unmet(verdict) => verdict.reasons,
            other => panic!("{other:?}"),
        });
        reasons.map(|reason| reason.code().slug()).collect::<Vec<_>>()
    };
    let (today, tomorrow) = (date("2021-08-02"), date("2021-08-03"));
    let had = ExclusionReason::AlreadyHad { had_on: Some(today), by_then: today };
    for (dose_number, reason, refused) in [
        (None, ExclusionReason::Contraindicated, vec!["excluded"]),
        (Some(2), ExclusionReason::Contraindicated, vec!["excluded"]),
        (Some(1), ExclusionReason::Contraindicated, vec![]),
        (None, ExclusionReason::Unwell { until: tomorrow }, vec!["deferred"]),
        (None, ExclusionReason::Unwell { until: today }, vec![]),
        (Some(2), had, vec!["already_given"]),
    ] {
        assert_eq!(reasons(&found(dose_number, reason)), refused, "{dose_number:?} {reason:?}");
    }
}

#[test]
fn another_day_at_the_clinic_is_not_today() {
    let usual = Visit::usual();
    // It is midnight in Seoul at 15:00 UTC.
    let last = usual.with(|visit| visit.now = "2021-08-02T14:59:59Z".parse().unwrap());
    assert_eq!(last.causes(), [""; 0]);
    let next = usual.with(|visit| visit.now = "2021-08-02T15:00:00Z".parse().unwrap());
    assert_eq!(next.causes(), ["not_today"]);
}

proptest! {
    #[test]
    fn a_dose_waits_for_its_interval(interval in 0_i16..200, days in 0_u64..400) {
        let today = date("2021-08-02");
        let visit = Visit::usual().had(Some(1), today.checked_sub_days(Days::new(days)).unwrap());
        let visit = visit.with(|visit| visit.product.interval_days_min = interval);
        let is_refused = !visit.causes().is_empty();
        prop_assert_eq!(is_refused, days < u64::from(interval.unsigned_abs()));
    }

    #[test]
    fn age_is_that_of_the_day_itself(months in 200_u32..1000, days in -3_i64..=3) {
        let today = date("2021-08-02");
        // Who is so many months old today, and those born just before and after.
        let born = today.checked_sub_months(Months::new(months)).unwrap();
        let born = born + TimeDelta::days(days);
        let reached = if days > 0 { months - 1 } else { months };
        let visit = Visit::usual().born(born, Precision::Day);
        let is_refused = !visit.causes().is_empty();
        prop_assert_eq!(is_refused, !(18 * 12..=80 * 12).contains(&reached), "{}", born);
    }
}
