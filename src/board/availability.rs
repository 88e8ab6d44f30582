//! What the doses and the slots of a clinic come to at an instant: what can be booked there, day by
//! day and campaign by campaign, and until when that stays so if nothing is booked.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::{
    catalogue::{Card, Catalogue},
    slot::Slots,
};
use crate::domain::{
    CampaignId, ProductId,
    availability::{Audience, Availability, Day, OpenDoses},
    calendar::{local_date, start_of_day},
};

/// Where the doses of an allocation are counted within its clinic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DoseKey {
    pub campaign_id: CampaignId,
    pub date: NaiveDate,
    pub product_id: ProductId,
    pub audience: Audience,
}

/// The open doses of a clinic, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub struct ClinicDoses(Vec<(DoseKey, i64)>);

impl ClinicDoses {
    /// Adds doses (takes away, if negative).
    pub fn add(&mut self, key: DoseKey, doses: i64) {
        match self.0.binary_search_by_key(&key, |(key, _)| *key) {
            Ok(at) => {
                if let Some((_, open)) = self.0.get_mut(at) {
                    *open += doses;
                }
            }
            Err(at) => self.0.insert(at, (key, doses)),
        }
    }
}

/// A date at a clinic, for one product of one campaign.
#[derive(Clone, Copy, Debug)]
pub struct ClinicDay {
    pub campaign_id: CampaignId,
    pub date: NaiveDate,
    pub product_id: ProductId,
    /// Open doses for the web, of every tranche.
    pub open: i64,
    /// Free seats in slots that are not closed and have not begun, for whichever campaign and
    /// product.
    pub seats_left: i64,
    /// What can be booked of all products of the campaign on this date: they share the seats.
    pub bookable: i64,
}

/// What a clinic's doses and slots come to.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// By campaign, then date, then product; of public campaigns, with doses for the web.
    pub days: Arc<[ClinicDay]>,
    /// Of public campaigns, by id.
    pub campaigns: Vec<(CampaignId, Availability)>,
    /// When the passing of time changes it: a slot begins, a day ends, a tranche opens. None is
    /// never.
    pub until: Option<DateTime<Utc>>,
}

impl Standing {
    /// At `now`, for a clinic in this zone.
    pub fn new(
        catalogue: &Catalogue,
        zone: Tz,
        doses: &ClinicDoses,
        slots: &Slots,
        now: DateTime<Utc>,
    ) -> Self {
        let mut reading = Reading { zone, slots, now, days: Vec::new(), until: None };
        let of_campaigns = doses.0.chunk_by(|(a, _), (b, _)| a.campaign_id == b.campaign_id);
        let campaigns = of_campaigns.filter_map(|lines| {
            let (key, _) = lines.first()?;
            let card = catalogue.campaigns.get(&key.campaign_id)?;
            Some((key.campaign_id, reading.campaign(card, lines)))
        });
        let campaigns = campaigns.collect();
        Self { days: reading.days.into(), campaigns, until: reading.until }
    }
}

/// A standing in the making.
struct Reading<'a> {
    zone: Tz,
    slots: &'a Slots,
    now: DateTime<Utc>,
    days: Vec<ClinicDay>,
    until: Option<DateTime<Utc>>,
}

impl Reading<'_> {
    /// The lines of one campaign.
    fn campaign(&mut self, card: &Card, lines: &[(DoseKey, i64)]) -> Availability {
        let today = local_date(self.now, self.zone);
        let mut sum = Availability::default();
        let mut ends = None;
        for lines in lines.chunk_by(|(a, _), (b, _)| a.date == b.date) {
            let Some(date) = lines.first().map(|(key, _)| key.date) else { continue };
            let is_past = date < today;
            if !is_past {
                ends = ends.or_else(|| date.succ_opt());
            }
            sum.add(&self.day(card, (date, is_past), lines), 1);
        }
        if let Some(next_day) = ends {
            self.changes_at([start_of_day(next_day, self.zone)]);
        }
        self.changes_at(card.offer.next_opening(self.now));
        sum
    }

    /// The lines of one date of one campaign.
    fn day(
        &mut self,
        card: &Card,
        (date, is_past): (NaiveDate, bool),
        lines: &[(DoseKey, i64)],
    ) -> Availability {
        let seats = self.slots.day(date, self.now);
        self.changes_at(seats.next_begins);
        let day = Day { is_past, is_closed: seats.is_closed, seats: seats.seats_left };
        let doses: Vec<_> = lines.iter().map(|&(key, doses)| key.doses(doses)).collect();
        let available = Availability::of_day(&card.offer, self.now, day, &doses);
        let on_web = doses.iter().filter(|doses| doses.audience.is_web());
        for &OpenDoses { product_id, doses, .. } in on_web {
            match self.days.last_mut().filter(|last| last.is_of(card, date, product_id)) {
                Some(last) => last.open += doses,
                None => self.days.push(ClinicDay {
                    campaign_id: card.campaign.campaign_id,
                    date,
                    product_id,
                    open: doses,
                    seats_left: seats.seats_left,
                    bookable: available.bookable,
                }),
            }
        }
        available
    }

    fn changes_at(&mut self, instants: impl IntoIterator<Item = DateTime<Utc>>) {
        let coming = instants.into_iter().filter(|&at| at > self.now);
        self.until = coming.chain(self.until).min();
    }
}

impl DoseKey {
    fn doses(self, doses: i64) -> OpenDoses {
        OpenDoses { product_id: self.product_id, audience: self.audience, doses }
    }
}

impl ClinicDay {
    fn is_of(&self, card: &Card, date: NaiveDate, product_id: ProductId) -> bool {
        let key = (self.campaign_id, self.date, self.product_id);
        key == (card.campaign.campaign_id, date, product_id)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America::New_York, Asia::Seoul};

    use super::*;
    use crate::{
        board::document::Document,
        domain::{
            CourseId, TrancheId,
            availability::Offer,
            campaign::{Campaign, State},
            day_policy::DayPolicy,
            eligibility::tests::{date, instant, product, rules, tranche},
            rule_set::Rules,
        },
    };

    fn card(offer: Offer) -> Card {
        let campaign = Campaign {
            campaign_id: CampaignId(1),
            code: "c".to_owned(),
            name: "C".into(),
            course_id: CourseId(1),
            dose_number: 1,
            state: State::Open,
            opens_at: instant("2021-07-01T00:00:00Z"),
            closes_at: instant("2021-09-01T00:00:00Z"),
            cancel_until_hours: 48,
            bookings_per_day: 5,
            zone: Seoul,
            rule_version: 1,
            published_quota: None,
            published_at: None,
            state_reason: None,
            day: DayPolicy::default(),
        };
        let document = Document::new(&()).unwrap();
        let (rules, changes) = (rules(), Vec::new());
        Card { campaign, course: "C".into(), rules, offer, changes, document }
    }

    fn line(day: &str, audience: Audience) -> (DoseKey, i64) {
        let (campaign_id, product_id) = (CampaignId(1), ProductId(1));
        (DoseKey { campaign_id, date: date(day), product_id, audience }, 7)
    }

    /// Doses that can be booked on no day, and when that becomes different, in New York.
    fn past(card: &Card, lines: &[(DoseKey, i64)], now: &str) -> (i64, Option<DateTime<Utc>>) {
        let (slots, now) = (&Slots::default(), instant(now));
        let mut reading = Reading { zone: New_York, slots, now, days: Vec::new(), until: None };
        let available = reading.campaign(card, lines);
        (available.not_bookable.past_day, reading.until)
    }

    #[test]
    fn a_day_is_over_at_midnight_of_the_clinic() {
        let lines = ["2021-08-01", "2021-08-02"].map(|day| line(day, Audience::Everybody));
        let card = card(Offer::from(&Rules { products: vec![product(1)], ..rules() }));
        // In New York, whatever the campaign's zone is.
        let (first, second) = ("2021-08-02T04:00:00Z", "2021-08-03T04:00:00Z");
        let at = |now| past(&card, &lines, now);
        assert_eq!(at("2021-08-02T03:59:59Z"), (0, Some(instant(first))));
        assert_eq!(at(first), (7, Some(instant(second))));
        assert_eq!(at(second), (14, None));
    }

    #[test]
    fn a_tranche_that_opens_is_waited_for() {
        let opens_at = "2021-08-01T11:00:00Z";
        let tranches = vec![tranche(4, &[1], opens_at)];
        let card = card(Offer::from(&Rules { tranches, ..rules() }));
        let lines = [line("2021-08-02", Audience::Tranche(TrancheId(4)))];
        let until = |now| past(&card, &lines, now).1;
        assert_eq!(until("2021-08-01T10:59:59Z"), Some(instant(opens_at)));
        assert_eq!(until(opens_at), Some(instant("2021-08-03T04:00:00Z")), "the day's end");
    }
}
