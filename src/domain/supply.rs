//! Supply: doses counted by bucket, for one allocation or any sum of them.

use std::ops::AddAssign;

use serde::Serialize;

use super::movement::{Bucket, Kind};

/// Doses by bucket. `granted` is the sum of the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Buckets {
    pub granted: i64,
    pub open: i64,
    pub held: i64,
    pub booked: i64,
    pub spare: i64,
    pub given: i64,
    pub lost: i64,
}

impl Buckets {
    /// How a line of the journal changes the allocation that it names.
    pub fn change(from: Bucket, to: Bucket, doses: i64) -> Self {
        let mut change = Self::default();
        change.put(from, -doses);
        change.put(to, doses);
        change.granted = match (from, to) {
            (Bucket::Pool | Bucket::Outside, _) => doses,
            (_, Bucket::Pool | Bucket::Outside) => -doses,
            _ => 0,
        };
        change
    }

    fn put(&mut self, bucket: Bucket, doses: i64) {
        match bucket {
            Bucket::Open => self.open += doses,
            Bucket::Held => self.held += doses,
            Bucket::Booked => self.booked += doses,
            Bucket::Spare => self.spare += doses,
            Bucket::Given => self.given += doses,
            Bucket::Lost => self.lost += doses,
            Bucket::Outside | Bucket::Pool => {}
        }
    }

    /// Whether `granted` is the sum of the others and none is negative.
    pub fn balance(&self) -> bool {
        let parts = [self.open, self.held, self.booked, self.spare, self.given, self.lost];
        parts.iter().all(|&doses| doses >= 0) && parts.iter().sum::<i64>() == self.granted
    }

    /// Doses that stand for a person: promised or given.
    pub fn with_person(&self) -> i64 {
        self.held + self.booked + self.given
    }
}

impl AddAssign for Buckets {
    fn add_assign(&mut self, other: Self) {
        self.granted += other.granted;
        self.open += other.open;
        self.held += other.held;
        self.booked += other.booked;
        self.spare += other.spare;
        self.given += other.given;
        self.lost += other.lost;
    }
}

/// Seats that one line of this kind takes (negative: frees) in the slot of its booking. A line that
/// takes back the end of a booking takes the seat again; walk-ins take none, and name no slot.
pub fn seats_taken(kind: Kind, from: Bucket) -> i64 {
    match (kind, from) {
        (Kind::Book, _) | (Kind::Correct, Bucket::Spare | Bucket::Lost) => 1,
        (
            Kind::Cancel
            | Kind::CancelLate
            | Kind::NoShow
            | Kind::NotVaccinated
            | Kind::NotRecorded,
            _,
        ) => -1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::movement::LAWFUL;

    #[test]
    fn every_lawful_move_keeps_the_balance() {
        for &(kind, from, to) in LAWFUL {
            let start = Buckets {
                granted: 60,
                open: 10,
                held: 10,
                booked: 10,
                spare: 10,
                given: 10,
                lost: 10,
            };
            let mut after = start;
            after += Buckets::change(from, to, 3);
            if !matches!(
                kind,
                Kind::Receive
                    | Kind::PassOn
                    | Kind::Lose
                    | Kind::SendBack
                    | Kind::CorrectReceipt
                    | Kind::CorrectLoss
            ) {
                assert!(after.balance(), "{kind:?}: {after:?}");
                assert_ne!(after, start, "{kind:?}");
            }
        }
    }

    #[test]
    fn a_wrong_sum_does_not_balance() {
        let good = Buckets { granted: 3, open: 2, given: 1, ..Buckets::default() };
        assert!(good.balance(), "the control");
        assert!(!Buckets { granted: 4, ..good }.balance());
        assert!(!Buckets { open: 4, booked: -2, ..good }.balance(), "negative");
    }

    #[test]
    fn a_grant_brings_doses_and_a_retraction_takes_them_away() {
        let granted = Buckets::change(Bucket::Pool, Bucket::Open, 7);
        assert_eq!(granted, Buckets { granted: 7, open: 7, ..Buckets::default() });
        let mut after = granted;
        after += Buckets::change(Bucket::Open, Bucket::Pool, 7);
        assert_eq!(after, Buckets::default());
    }

    #[test]
    fn a_seat_is_taken_by_booking_and_freed_by_what_ends_it() {
        assert_eq!(seats_taken(Kind::Book, Bucket::Open), 1);
        for (kind, from, _) in LAWFUL.iter().filter(|(_, from, _)| *from == Bucket::Booked) {
            let kept = i64::from(*kind == Kind::Administer);
            assert_eq!(seats_taken(*kind, *from), kept - 1, "{kind:?}");
        }
        assert_eq!(seats_taken(Kind::Correct, Bucket::Given), 0, "who was there kept the seat");
        for from in [Bucket::Spare, Bucket::Lost] {
            assert_eq!(seats_taken(Kind::Correct, from), 1, "the booking lives again: {from:?}");
        }
    }
}
