//! Availability: how many of a campaign's open doses can be booked now, by whom, and why the others
//! cannot. It goes by doses and seats: whether booking is open at all is the campaign's state and
//! window, and who may have which product is for the rules of eligibility.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{ProductId, TrancheId, channel::Channel, rule_set::Rules, tranche::Tranche};

/// For whom the doses of an allocation are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// Everybody who may book on the web.
    Everybody,
    /// Those of one tranche, on the web.
    Tranche(TrancheId),
    /// Those who come by telephone or without a booking.
    OtherChannel,
}

impl Audience {
    /// Of an allocation with this channel and tranche.
    pub fn new(channel: Channel, tranche_id: Option<TrancheId>) -> Self {
        match (channel, tranche_id) {
            (Channel::Web, None) => Self::Everybody,
            (Channel::Web, Some(tranche_id)) => Self::Tranche(tranche_id),
            (Channel::Phone | Channel::WalkIn, _) => Self::OtherChannel,
        }
    }

    /// Whether they can be booked by the citizens themselves.
    pub fn is_web(self) -> bool {
        self != Self::OtherChannel
    }
}

/// What a campaign's rules offer, and to which tranches.
#[derive(Clone, Debug)]
pub struct Offer {
    products: Vec<ProductId>,
    /// In the order in which they open.
    tranches: Vec<OfferedTranche>,
}

/// A tranche of the present rules.
#[derive(Clone, Debug)]
pub struct OfferedTranche {
    pub tranche: Tranche,
    /// Whether anybody belongs to it: not where each of its digits is also that of a tranche that
    /// opens earlier.
    pub has_people: bool,
}

impl OfferedTranche {
    /// Whether its turn has come.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        now >= self.tranche.opens_at
    }
}

impl From<&Rules> for Offer {
    fn from(rules: &Rules) -> Self {
        let has_people = |tranche: &Tranche| {
            let own = |digit| Tranche::of_digit(&rules.tranches, digit) == Some(tranche);
            (0..10).any(own)
        };
        let tranches = rules.tranches.iter().map(|tranche| OfferedTranche {
            tranche: tranche.clone(),
            has_people: has_people(tranche),
        });
        let mut tranches: Vec<_> = tranches.collect();
        tranches.sort_by_key(|OfferedTranche { tranche, .. }| tranche.opening_order());
        Self {
            products: rules.products.iter().map(|product| product.product_id).collect(),
            tranches,
        }
    }
}

impl Offer {
    /// In the order in which they open.
    pub fn tranches(&self) -> &[OfferedTranche] {
        &self.tranches
    }

    /// When the next tranche opens; none if all are open.
    pub fn next_opening(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.tranches.iter().map(|offered| offered.tranche.opens_at).find(|&at| at > now)
    }

    fn has_open_tranche(&self, now: DateTime<Utc>) -> bool {
        self.tranches.iter().any(|offered| offered.has_people && offered.is_open(now))
    }
}

/// A day at a clinic.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    /// Over, by the clinic's zone or the campaign's.
    pub is_past: bool,
    pub is_closed: bool,
    /// Free seats in slots that are not closed and have not begun.
    pub seats: i64,
}

/// Open doses of a day at a clinic that are for the same people.
#[derive(Clone, Copy, Debug)]
pub struct OpenDoses {
    pub product_id: ProductId,
    pub audience: Audience,
    pub doses: i64,
}

/// What a campaign's open doses come to, on one day at one clinic or in any sum of those.
/// `bookable` and the parts of `not_bookable` are together all open doses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    pub bookable: i64,
    pub not_bookable: NotBookable,
    /// As [`Offer::tranches`]. They share doses and seats with each other.
    pub by_tranche: Vec<TrancheDoses>,
}

/// Open doses that cannot be booked, each under the first of these that is so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotBookable {
    /// The day is over.
    pub past_day: i64,
    /// The clinic is closed on the day.
    pub closed_day: i64,
    /// They are kept for the telephone, or for those who come without a booking.
    pub other_channel: i64,
    /// The campaign does not offer the product.
    pub product_not_offered: i64,
    /// They are kept for a tranche that the campaign no longer has, or to which nobody belongs.
    pub tranche_of_nobody: i64,
    /// Nobody for whom they are has a turn already.
    pub tranche_not_open: i64,
    /// There are fewer free seats that day, in slots that have not begun.
    pub no_seats: i64,
}

/// What the people of one tranche can book, or could if it were open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrancheDoses {
    /// Doses that they can have: their own, and those for everybody.
    pub doses: i64,
    /// Among them those that are kept for this tranche.
    pub own: i64,
}

/// Why doses cannot be booked, whatever the seats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    PastDay,
    ClosedDay,
    OtherChannel,
    ProductNotOffered,
    TrancheOfNobody,
    TrancheNotOpen,
}

impl Offer {
    /// The first reason that holds; none if somebody can book the doses where there are seats.
    fn reason(&self, now: DateTime<Utc>, day: Day, doses: &OpenDoses) -> Option<Reason> {
        if day.is_past {
            return Some(Reason::PastDay);
        }
        if day.is_closed {
            return Some(Reason::ClosedDay);
        }
        if doses.audience == Audience::OtherChannel {
            return Some(Reason::OtherChannel);
        }
        if !self.products.contains(&doses.product_id) {
            return Some(Reason::ProductNotOffered);
        }
        let Audience::Tranche(tranche_id) = doses.audience else {
            let is_open = self.tranches.is_empty() || self.has_open_tranche(now);
            return (!is_open).then_some(Reason::TrancheNotOpen);
        };
        let is_own = |offered: &&OfferedTranche| offered.tranche.tranche_id == tranche_id;
        match self.tranches.iter().find(is_own).filter(|offered| offered.has_people) {
            None => Some(Reason::TrancheOfNobody),
            Some(offered) => (!offered.is_open(now)).then_some(Reason::TrancheNotOpen),
        }
    }
}

impl Availability {
    /// What the doses of a day come to. All products of the day share its seats.
    pub fn of_day(offer: &Offer, now: DateTime<Utc>, day: Day, doses: &[OpenDoses]) -> Self {
        let mut not_bookable = NotBookable::default();
        let mut open = 0;
        let mut for_everybody = 0;
        let mut own = vec![0; offer.tranches.len()];
        for doses in doses {
            let reason = offer.reason(now, day, doses);
            match reason {
                None => open += doses.doses,
                Some(reason) => *not_bookable.part(reason) += doses.doses,
            }
            if !matches!(reason, None | Some(Reason::TrancheNotOpen)) {
                continue;
            }
            for (offered, own) in offer.tranches.iter().zip(&mut own) {
                if doses.audience == Audience::Tranche(offered.tranche.tranche_id) {
                    *own += doses.doses;
                }
            }
            if doses.audience == Audience::Everybody {
                for_everybody += doses.doses;
            }
        }
        let seats = day.seats.max(0);
        let bookable = open.min(seats);
        not_bookable.no_seats = open - bookable;
        let by_tranche = offer.tranches.iter().zip(own).map(|(offered, own)| {
            let all = if offered.has_people { for_everybody + own } else { 0 };
            TrancheDoses { doses: all.min(seats), own: own.min(seats) }
        });
        Self { bookable, not_bookable, by_tranche: by_tranche.collect() }
    }

    /// Adds another one so many times: -1 takes it away.
    pub fn add(&mut self, other: &Self, times: i64) {
        self.bookable += times * other.bookable;
        self.not_bookable.add(&other.not_bookable, times);
        if self.by_tranche.len() < other.by_tranche.len() {
            self.by_tranche.resize(other.by_tranche.len(), TrancheDoses::default());
        }
        for (sum, tranche) in self.by_tranche.iter_mut().zip(&other.by_tranche) {
            sum.doses += times * tranche.doses;
            sum.own += times * tranche.own;
        }
    }

    /// All open doses.
    pub fn open(&self) -> i64 {
        self.bookable + self.not_bookable.total()
    }
}

impl NotBookable {
    fn part(&mut self, reason: Reason) -> &mut i64 {
        match reason {
            Reason::PastDay => &mut self.past_day,
            Reason::ClosedDay => &mut self.closed_day,
            Reason::OtherChannel => &mut self.other_channel,
            Reason::ProductNotOffered => &mut self.product_not_offered,
            Reason::TrancheOfNobody => &mut self.tranche_of_nobody,
            Reason::TrancheNotOpen => &mut self.tranche_not_open,
        }
    }

    fn add(&mut self, other: &Self, times: i64) {
        self.past_day += times * other.past_day;
        self.closed_day += times * other.closed_day;
        self.other_channel += times * other.other_channel;
        self.product_not_offered += times * other.product_not_offered;
        self.tranche_of_nobody += times * other.tranche_of_nobody;
        self.tranche_not_open += times * other.tranche_not_open;
        self.no_seats += times * other.no_seats;
    }

    /// The sum of all reasons.
    pub fn total(&self) -> i64 {
        let of_day = self.past_day + self.closed_day + self.no_seats;
        let of_tranche = self.tranche_of_nobody + self.tranche_not_open;
        of_day + self.other_channel + self.product_not_offered + of_tranche
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::eligibility::tests::{instant, product, rules, tranche};

    const FIRST: &str = "2021-08-09T11:00:00Z";
    const BETWEEN: &str = "2021-08-12T00:00:00Z";
    const SECOND: &str = "2021-08-19T11:00:00Z";
    const DAY: Day = Day { is_past: false, is_closed: false, seats: 100 };
    const OTHER_CHANNEL: Audience = Audience::OtherChannel;
    const EVERYBODY: Audience = Audience::Everybody;

    /// One product; tranche 1 opens first, tranche 2 later, and of tranche 3 is nobody.
    fn offer() -> Offer {
        let tranches =
            vec![tranche(2, &[5, 6], SECOND), tranche(3, &[1], SECOND), tranche(1, &[1, 2], FIRST)];
        Offer::from(&Rules { tranches, products: vec![product(1)], ..rules() })
    }

    fn own(id: i32) -> Audience {
        Audience::Tranche(TrancheId(id))
    }

    fn doses(product: i32, audience: Audience, doses: i64) -> OpenDoses {
        OpenDoses { product_id: ProductId(product), audience, doses }
    }

    fn of_day(offer: &Offer, now: &str, day: Day, doses: &[OpenDoses]) -> Availability {
        let found = Availability::of_day(offer, instant(now), day, doses);
        assert_eq!(found.open(), doses.iter().map(|doses| doses.doses).sum::<i64>());
        found
    }

    #[test]
    fn every_dose_has_the_first_reason_that_holds() {
        let all = [
            doses(1, EVERYBODY, 1),
            doses(1, own(1), 20),
            doses(1, own(2), 300),
            doses(1, own(3), 4_000),
            doses(1, own(4), 50_000),
            doses(2, EVERYBODY, 600_000),
            doses(2, OTHER_CHANNEL, 7_000_000),
        ];
        let kept = NotBookable {
            other_channel: 7_000_000,
            product_not_offered: 600_000,
            tranche_of_nobody: 54_000,
            tranche_not_open: 300,
            ..NotBookable::default()
        };
        let found = of_day(&offer(), BETWEEN, DAY, &all);
        assert_eq!((found.bookable, found.not_bookable), (21, kept));
        let found = of_day(&offer(), BETWEEN, Day { seats: 8, ..DAY }, &all);
        assert_eq!((found.bookable, found.not_bookable), (8, NotBookable { no_seats: 13, ..kept }));
        let closed = Day { is_closed: true, seats: 0, ..DAY };
        assert_eq!(of_day(&offer(), BETWEEN, closed, &all).not_bookable.closed_day, 7_654_321);
        let past = Day { is_past: true, ..closed };
        assert_eq!(of_day(&offer(), BETWEEN, past, &all).not_bookable.past_day, 7_654_321);
    }

    #[test]
    fn doses_for_everybody_wait_for_the_first_tranche() {
        let offer = offer();
        let all = [doses(1, EVERYBODY, 5), doses(1, own(2), 3)];
        let bookable = |now| of_day(&offer, now, DAY, &all).bookable;
        assert_eq!(bookable("2021-08-09T10:59:59Z"), 0);
        assert_eq!([FIRST, SECOND].map(bookable), [5, 8]);
        let without = Offer::from(&Rules { tranches: Vec::new(), ..rules() });
        let all = &all[..1];
        assert_eq!(of_day(&without, "2021-08-09T10:59:59Z", DAY, all).bookable, 5, "the control");
    }

    #[test]
    fn a_tranche_has_its_own_doses_and_those_for_everybody() {
        let offer = offer();
        let all = [doses(1, EVERYBODY, 5), doses(1, own(1), 2), doses(1, own(2), 3)];
        let by_tranche = |seats| {
            let day = Day { seats, ..DAY };
            let tranches = of_day(&offer, FIRST, day, &all).by_tranche;
            tranches.iter().map(|tranche| (tranche.doses, tranche.own)).collect::<Vec<_>>()
        };
        let ids: Vec<_> = offer.tranches().iter().map(|one| one.tranche.tranche_id.0).collect();
        assert_eq!(ids, [1, 2, 3]);
        assert_eq!(by_tranche(100), [(7, 2), (8, 3), (0, 0)]);
        assert_eq!(by_tranche(1), [(1, 1), (1, 1), (0, 0)]);
        assert_eq!(offer.next_opening(instant(BETWEEN)), Some(instant(SECOND)));
        assert_eq!(offer.next_opening(instant(SECOND)), None);
    }

    #[test]
    fn what_is_added_can_be_taken_away() {
        let offer = offer();
        let one = of_day(&offer, FIRST, DAY, &[doses(1, EVERYBODY, 5), doses(1, own(2), 3)]);
        let mut sum = Availability::default();
        sum.add(&one, 1);
        assert_eq!(sum, one);
        sum.add(&one, 1);
        assert_eq!((sum.bookable, sum.open()), (10, 16));
        sum.add(&one, -2);
        assert_eq!((sum.open(), sum.by_tranche), (0, vec![TrancheDoses::default(); 3]));
    }
}
