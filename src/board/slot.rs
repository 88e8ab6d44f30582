//! The slots of a clinic, packed so that those of a nation stay in memory: 20 bytes each, in the
//! order of the days, so that a day is found without looking at the others.

use std::{ops::Range, sync::Arc};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use serde::Serialize;

use crate::domain::{ClinicId, SlotId, slot::Slot};

/// A time window, as everybody may see it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Window {
    pub slot_id: SlotId,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub seats: i32,
    /// None of the seats of a slot that is closed or has begun is left.
    pub seats_left: i32,
    pub is_closed: bool,
}

/// What the slots of a date come to at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotDay {
    /// Free seats in slots that are not closed and have not begun.
    pub seats_left: i64,
    /// There are slots, and all are closed.
    pub is_closed: bool,
    /// When the next slot with a free seat begins.
    pub next_begins: Option<DateTime<Utc>>,
}

/// The slots of one clinic. A copy for the next snapshot costs four bytes a slot.
#[derive(Clone, Debug, Default)]
pub struct Slots {
    plan: Arc<Plan>,
    /// As `Plan::slots`.
    taken: Box<[i32]>,
}

/// What no booking changes.
#[derive(Debug, Default)]
struct Plan {
    /// In order, each with the place in `slots` where it ends.
    days: Box<[(NaiveDate, usize)]>,
    /// By date and time.
    slots: Box<[Packed]>,
}

/// A slot without what its day and its clinic say already.
#[derive(Clone, Copy, Debug)]
struct Packed {
    /// The slot's number within its clinic, of 24 bits, and below it whether it is closed.
    number_and_closed: u32,
    /// Milliseconds from midnight (UTC) of its date.
    starts: i32,
    /// Milliseconds.
    lasts: i32,
    seats: i32,
}

impl Packed {
    fn new(slot: &Slot) -> Self {
        // What no flow writes, a window that is weeks from its date, becomes one as far as it goes.
        let milliseconds = |span: TimeDelta| {
            let limit = i64::from(i32::MAX);
            i32::try_from(span.num_milliseconds().clamp(-limit, limit)).unwrap_or(i32::MAX)
        };
        Self {
            number_and_closed: (slot.slot_id.number() << 1) | u32::from(slot.is_closed),
            starts: milliseconds(slot.starts_at - midnight(slot.on_date)),
            lasts: milliseconds(slot.ends_at - slot.starts_at),
            seats: slot.seats,
        }
    }

    fn number(self) -> u32 {
        self.number_and_closed >> 1
    }

    fn is_closed(self) -> bool {
        self.number_and_closed & 1 == 1
    }

    fn starts_at(self, midnight: DateTime<Utc>) -> DateTime<Utc> {
        midnight + TimeDelta::milliseconds(self.starts.into())
    }

    /// Never below zero, which only a change of the slots that was not yet read could make it.
    fn seats_left(self, taken: i32, has_begun: bool) -> i32 {
        if self.is_closed() || has_begun { 0 } else { (self.seats - taken).max(0) }
    }
}

impl Plan {
    /// Where the slots of a date stand.
    fn places(&self, date: NaiveDate) -> Range<usize> {
        match self.days.binary_search_by_key(&date, |(day, _)| *day) {
            Ok(at) => self.end_of_first(at)..self.end_of_first(at + 1),
            Err(_) => 0..0,
        }
    }

    /// Where the slots of the first so many days end.
    fn end_of_first(&self, days: usize) -> usize {
        days.checked_sub(1).and_then(|at| self.days.get(at)).map_or(0, |(_, end)| *end)
    }
}

impl Slots {
    /// Of one clinic, in any order.
    pub fn new(slots: &mut [Slot]) -> Self {
        slots.sort_unstable_by_key(|slot| (slot.on_date, slot.starts_at));
        let mut end = 0;
        let days = slots.chunk_by(|a, b| a.on_date == b.on_date).filter_map(|day| {
            end += day.len();
            Some((day.first()?.on_date, end))
        });
        let (days, packed) = (days.collect(), slots.iter().map(Packed::new).collect());
        Self {
            plan: Arc::new(Plan { days, slots: packed }),
            taken: slots.iter().map(|slot| slot.taken).collect(),
        }
    }

    /// Takes seats (gives back, if negative) in the slot with this number. One that is not known is
    /// of a date long past, or so new that it is still to be read. Says whether that is possible.
    pub fn take_seats(&mut self, number: u32, seats: i64) -> bool {
        let at = self.plan.slots.iter().position(|slot| slot.number() == number);
        let Some(taken) = at.and_then(|at| self.taken.get_mut(at)) else { return true };
        match i32::try_from(i64::from(*taken) + seats) {
            Ok(after) if after >= 0 => {
                *taken = after;
                true
            }
            _ => false,
        }
    }

    /// What the slots of a date come to.
    pub fn day(&self, date: NaiveDate, now: DateTime<Utc>) -> SlotDay {
        let midnight = midnight(date);
        let (mut seats_left, mut is_closed, mut next_begins) = (0, None, None);
        for (slot, taken) in self.on(date) {
            is_closed = Some(is_closed.unwrap_or(true) && slot.is_closed());
            let starts_at = slot.starts_at(midnight);
            let left = slot.seats_left(taken, starts_at <= now);
            if left > 0 {
                seats_left += i64::from(left);
                // They are by time.
                next_begins = next_begins.or(Some(starts_at));
            }
        }
        SlotDay { seats_left, is_closed: is_closed.unwrap_or(false), next_begins }
    }

    /// The slots of a date, by time.
    pub fn windows(
        &self,
        clinic_id: ClinicId,
        date: NaiveDate,
        now: DateTime<Utc>,
    ) -> impl Iterator<Item = Window> {
        let midnight = midnight(date);
        self.on(date).map(move |(slot, taken)| {
            let starts_at = slot.starts_at(midnight);
            Window {
                slot_id: SlotId::of(clinic_id, slot.number()),
                starts_at,
                ends_at: starts_at + TimeDelta::milliseconds(slot.lasts.into()),
                seats: slot.seats,
                seats_left: slot.seats_left(taken, starts_at <= now),
                is_closed: slot.is_closed(),
            }
        })
    }

    /// The slot with this number, and its date.
    pub fn find(
        &self,
        clinic_id: ClinicId,
        number: u32,
        now: DateTime<Utc>,
    ) -> Option<(NaiveDate, Window)> {
        let at = self.plan.slots.iter().position(|slot| slot.number() == number)?;
        let day = self.plan.days.partition_point(|(_, end)| *end <= at);
        let (date, _) = *self.plan.days.get(day)?;
        let mut windows = self.windows(clinic_id, date, now);
        let window = windows.find(|window| window.slot_id.number() == number)?;
        Some((date, window))
    }

    /// Whether it has slots before this date.
    pub fn reach_before(&self, date: NaiveDate) -> bool {
        self.plan.days.first().is_some_and(|(first, _)| *first < date)
    }

    /// Forgets the slots before this date.
    pub fn forget_before(&mut self, date: NaiveDate) {
        let Plan { days, slots } = &*self.plan;
        let gone = days.partition_point(|(day, _)| *day < date);
        let start = self.plan.end_of_first(gone);
        let taken = self.taken.iter().skip(start).copied().collect();
        let plan = Plan {
            days: days.iter().skip(gone).map(|&(day, end)| (day, end - start)).collect(),
            slots: slots.iter().skip(start).copied().collect(),
        };
        *self = Self { plan: Arc::new(plan), taken };
    }

    /// The slots of a date, each with the seats that are taken.
    fn on(&self, date: NaiveDate) -> impl Iterator<Item = (Packed, i32)> {
        let places = self.plan.places(date);
        let slots = self.plan.slots.get(places.clone()).unwrap_or_default();
        let taken = self.taken.get(places).unwrap_or_default();
        slots.iter().copied().zip(taken.iter().copied())
    }
}

/// The first date of which slots are kept: yesterday (UTC), as no zone is further behind.
pub fn first_date(as_of: DateTime<Utc>) -> NaiveDate {
    let today = as_of.date_naive();
    today.pred_opt().unwrap_or(today)
}

fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLINIC: ClinicId = ClinicId(7);

    fn date(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2021, 7, day).unwrap()
    }

    /// Two seats at this hour of the day, perhaps of the day before.
    fn slot(number: u32, day: u32, hour: i64) -> Slot {
        let starts_at = midnight(date(day)) + TimeDelta::hours(hour);
        Slot {
            slot_id: SlotId::of(CLINIC, number),
            on_date: date(day),
            starts_at,
            ends_at: starts_at + TimeDelta::milliseconds(1_800_500),
            seats: 2,
            taken: 0,
            is_closed: false,
        }
    }

    fn slots() -> Slots {
        let closed = Slot { is_closed: true, ..slot(5, 27, 3) };
        Slots::new(&mut [slot(3, 28, 1), slot(2, 26, 2), closed, slot(1, 26, -9), slot(4, 28, 0)])
    }

    /// Before every slot.
    fn early() -> DateTime<Utc> {
        midnight(date(20))
    }

    fn left(slots: &Slots, day: u32) -> i64 {
        slots.day(date(day), early()).seats_left
    }

    fn numbers(slots: &Slots, day: u32) -> Vec<u32> {
        slots.windows(CLINIC, date(day), early()).map(|window| window.slot_id.number()).collect()
    }

    #[test]
    fn a_slot_is_20_bytes() {
        assert_eq!(size_of::<Packed>() + size_of::<i32>(), 20);
    }

    #[test]
    fn a_day_has_its_slots_by_time() {
        let slots = slots();
        assert_eq!(numbers(&slots, 26), [1, 2]);
        assert_eq!(numbers(&slots, 27), [5]);
        assert_eq!(numbers(&slots, 28), [4, 3]);
        for day in [1, 25, 29] {
            assert!(numbers(&slots, day).is_empty(), "{day}");
        }
        assert!(numbers(&Slots::default(), 26).is_empty());
    }

    #[test]
    fn a_slot_comes_out_as_it_went_in() {
        let slot = slot(1, 26, -9);
        let window = slots().windows(CLINIC, date(26), early()).next().unwrap();
        assert_eq!(window.slot_id, slot.slot_id);
        assert_eq!((window.starts_at, window.ends_at), (slot.starts_at, slot.ends_at));
        assert_eq!((window.seats, window.seats_left, window.is_closed), (2, 2, false));
    }

    #[test]
    fn a_slot_is_found_by_its_number() {
        let slots = slots();
        for (number, day) in [(1, 26), (2, 26), (5, 27), (4, 28), (3, 28)] {
            let (found, window) = slots.find(CLINIC, number, early()).unwrap();
            assert_eq!((found, window.slot_id), (date(day), SlotId::of(CLINIC, number)));
        }
        assert!(slots.find(CLINIC, 6, early()).is_none());
        assert!(Slots::default().find(CLINIC, 1, early()).is_none());
    }

    #[test]
    fn seats_are_taken_and_given_back() {
        let mut slots = slots();
        assert!(slots.take_seats(1, 2));
        assert_eq!(left(&slots, 26), 2);
        assert!(slots.take_seats(1, -1));
        assert_eq!(left(&slots, 26), 3);
        assert!(!slots.take_seats(1, -2), "only one was taken");
        assert_eq!(left(&slots, 26), 3);
        assert!(slots.take_seats(99, -1), "nothing is known of it");
        assert!(slots.take_seats(5, 1));
        assert_eq!(left(&slots, 27), 0, "closed");
        // A slot whose seats were cut and not yet read again.
        assert!(slots.take_seats(2, 3));
        assert_eq!(left(&slots, 26), 1);
    }

    #[test]
    fn a_slot_that_has_begun_has_no_seats_left() {
        let mut slots = slots();
        assert!(slots.take_seats(4, 1));
        let begins = midnight(date(28));
        let day = |now| slots.day(date(28), now);
        let before = SlotDay { seats_left: 3, is_closed: false, next_begins: Some(begins) };
        assert_eq!(day(begins - TimeDelta::milliseconds(1)), before);
        let next_begins = Some(begins + TimeDelta::hours(1));
        assert_eq!(day(begins), SlotDay { seats_left: 2, next_begins, ..before });
        let left = |now| -> Vec<_> {
            slots.windows(CLINIC, date(28), now).map(|window| window.seats_left).collect()
        };
        assert_eq!(left(early()), [1, 2]);
        assert_eq!(left(begins), [0, 2]);
        let over = SlotDay { seats_left: 0, next_begins: None, ..before };
        assert_eq!(day(begins + TimeDelta::hours(1)), over);
    }

    #[test]
    fn a_day_is_closed_if_it_has_slots_and_all_are_closed() {
        let closed = |day| slots().day(date(day), early()).is_closed;
        assert!(closed(27));
        assert!(!closed(26) && !closed(25));
    }

    #[test]
    fn past_days_are_forgotten() {
        let mut slots = slots();
        assert!(slots.reach_before(date(27)));
        slots.forget_before(date(27));
        assert!(!slots.reach_before(date(27)));
        assert!(numbers(&slots, 26).is_empty());
        assert_eq!((numbers(&slots, 27), numbers(&slots, 28)), (vec![5], vec![4, 3]));
        slots.forget_before(date(30));
        assert!(numbers(&slots, 28).is_empty());
        assert!(!slots.reach_before(date(31)));
    }
}
