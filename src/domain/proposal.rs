//! Appointments that are proposed to somebody: the earliest lawful day of a dose, and the first
//! times from then on.

use chrono::{DateTime, NaiveDate, Utc};

use super::{
    CampaignId, ProductId, SlotId, TrancheId,
    applicant::{Applicant, Appointment},
    calendar::Local,
    campaign,
    eligibility::judge,
    product::Product,
    rule_set::Rules,
    tranche::Tranche,
    verdict::{Reason, Verdict},
};

/// A time at a clinic that has a seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FreeSlot {
    pub slot_id: SlotId,
    /// The local date at the clinic.
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// Free ones.
    pub seats: i32,
}

/// Times of which appointment are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub campaign_id: CampaignId,
    pub product_id: ProductId,
    /// The local date at the clinic.
    pub from: NaiveDate,
    /// Of the person.
    pub tranche_id: Option<TrancheId>,
}

/// What is proposed of one product of a campaign.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub campaign_id: CampaignId,
    pub product: Product,
    pub dose_number: i16,
    /// The first local date that age and interval allow.
    pub earliest_on: NaiveDate,
    /// Whether the person may book now for that day.
    pub verdict: Verdict,
    pub slots: Vec<FreeSlot>,
}

/// The first day, today or later, on which age, interval and what a clinic has found let the person
/// have the product; and whether they may book it now.
pub fn earliest(
    (rules, state): (&Rules, campaign::State),
    applicant: &Applicant,
    product_id: ProductId,
    now: Local,
) -> (NaiveDate, Verdict) {
    let mut on_date = now.date();
    loop {
        let appointment = Appointment { on_date, product_id };
        let verdict = judge(rules, state, applicant, Some(&appointment), now);
        let later = verdict.reasons.iter().filter_map(|reason| match reason {
            Reason::IntervalTooShort { possible_on, .. } => *possible_on,
            Reason::TooYoung { reached_on, .. } => *reached_on,
            Reason::Deferred { until } => Some(*until),
            _ => None,
        });
        match later.max().filter(|day| *day > on_date) {
            Some(day) => on_date = day,
            None => return (on_date, verdict),
        }
    }
}

/// The tranche that the person belongs to.
pub fn tranche_of(rules: &Rules, applicant: &Applicant) -> Option<TrancheId> {
    Tranche::of(&rules.tranches, applicant.birth_date).map(|tranche| tranche.tranche_id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        applicant::DoseHeld,
        campaign::State,
        eligibility::tests::{DURING, applicant, date, instant, rules},
    };

    #[test]
    fn the_earliest_day_is_after_interval_and_birthday() {
        let mut rules = Rules { dose_number: 2, ..rules() };
        let mut who = applicant("1964-02-29");
        let given =
            |on| DoseHeld { dose_number: 1, product_id: None, on_date: date(on), is_given: true };
        who.doses = vec![given("2021-07-14")];
        let ask = |rules: &Rules, who: &Applicant| {
            let now = Local { at: instant(DURING), zone: rules.zone };
            let (on, verdict) = earliest((rules, State::Open), who, ProductId(1), now);
            (on.to_string(), verdict.eligible)
        };
        assert_eq!(ask(&rules, &who), ("2021-08-11".to_owned(), true), "28 days later");
        let long_ago = Applicant { doses: vec![given("2021-01-01")], ..who.clone() };
        assert_eq!(ask(&rules, &long_ago), ("2021-07-15".to_owned(), true), "today");
        // Eighteen only in September.
        rules.cohorts[0].born_to = None;
        let young = Applicant { doses: who.doses.clone(), ..applicant("2003-09-02") };
        assert_eq!(ask(&rules, &young), ("2021-09-02".to_owned(), true));
        let none = Applicant { doses: vec![], ..who };
        assert_eq!(ask(&rules, &none), ("2021-07-15".to_owned(), false), "no dose before");
    }
}
