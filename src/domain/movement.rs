//! The journal of doses. A line moves doses from one bucket to another and says why and by whom.

use chrono::{DateTime, Utc};

use super::{
    AllocationId, BookingId, Code, Detail, PoolId, Refusal,
    actor::{Actor, Cause},
    fact::Counter,
    journal::Position,
    numbered::numbered,
    vials::Vials,
};

numbered! {
    /// Where doses are.
    Bucket {
        /// Outside the book: with the manufacturer.
        Outside = 0,
        /// In an allocation, free to be booked.
        Open = 1,
        /// Held for one person for a short while.
        Held = 2,
        /// Promised to a person.
        Booked = 3,
        /// Freed too late to be booked; for walk-ins.
        Spare = 4,
        Given = 5,
        Lost = 6,
        /// In a pool above the clinic.
        Pool = 7,
    }
}

numbered! {
    /// Why doses move.
    Kind {
        Book = 1,
        Cancel = 2,
        /// Cancelled after the campaign's limit: the dose is spare.
        CancelLate = 3,
        NoShow = 4,
        Administer = 5,
        WalkIn = 6,
        /// A spare dose is offered to everybody again.
        OfferAgain = 7,
        Waste = 8,
        Hold = 9,
        Confirm = 10,
        Release = 11,
        /// Takes back a wrong press on a booking: the dose goes back to where it came from.
        Correct = 12,
        /// Came, and was not vaccinated.
        NotVaccinated = 13,
        /// Takes back wrong waste, or a part of it.
        CorrectWaste = 14,
        /// Takes back an offer: open doses are for walk-ins only.
        Withhold = 15,
        /// The service closed the day, and nobody had written down what became of a booking.
        NotRecorded = 16,
        /// From the manufacturer into a pool of the nation.
        Receive = 20,
        /// From a pool to one of its children.
        PassOn = 21,
        /// From a pool to an allocation.
        Grant = 22,
        /// From an allocation back to its pool.
        Retract = 23,
        /// Lost above the clinic.
        Lose = 24,
        /// From a pool back to the one right above it.
        SendBack = 25,
        /// Takes back a wrong receipt, or a part of it.
        CorrectReceipt = 26,
        /// Takes back a wrong loss, or a part of it.
        CorrectLoss = 27,
    }
}

/// Every move that may be made. The constraint `movement_lawful_check` has the same table; a test
/// compares them.
pub const LAWFUL: &[(Kind, Bucket, Bucket)] = &[
    (Kind::Book, Bucket::Open, Bucket::Booked),
    (Kind::Cancel, Bucket::Booked, Bucket::Open),
    (Kind::CancelLate, Bucket::Booked, Bucket::Spare),
    (Kind::NoShow, Bucket::Booked, Bucket::Spare),
    (Kind::Administer, Bucket::Booked, Bucket::Given),
    (Kind::WalkIn, Bucket::Spare, Bucket::Given),
    (Kind::WalkIn, Bucket::Open, Bucket::Given),
    (Kind::OfferAgain, Bucket::Spare, Bucket::Open),
    (Kind::Waste, Bucket::Open, Bucket::Lost),
    (Kind::Waste, Bucket::Spare, Bucket::Lost),
    (Kind::Hold, Bucket::Open, Bucket::Held),
    (Kind::Confirm, Bucket::Held, Bucket::Booked),
    (Kind::Release, Bucket::Held, Bucket::Open),
    (Kind::Correct, Bucket::Given, Bucket::Booked),
    (Kind::Correct, Bucket::Spare, Bucket::Booked),
    (Kind::Correct, Bucket::Lost, Bucket::Booked),
    (Kind::Correct, Bucket::Given, Bucket::Spare),
    (Kind::Correct, Bucket::Given, Bucket::Open),
    (Kind::NotVaccinated, Bucket::Booked, Bucket::Spare),
    (Kind::CorrectWaste, Bucket::Lost, Bucket::Open),
    (Kind::CorrectWaste, Bucket::Lost, Bucket::Spare),
    (Kind::Withhold, Bucket::Open, Bucket::Spare),
    (Kind::NotRecorded, Bucket::Booked, Bucket::Lost),
    (Kind::Receive, Bucket::Outside, Bucket::Pool),
    (Kind::PassOn, Bucket::Pool, Bucket::Pool),
    (Kind::Grant, Bucket::Pool, Bucket::Open),
    (Kind::Retract, Bucket::Open, Bucket::Pool),
    (Kind::Retract, Bucket::Spare, Bucket::Pool),
    (Kind::Lose, Bucket::Pool, Bucket::Lost),
    (Kind::SendBack, Bucket::Pool, Bucket::Pool),
    (Kind::CorrectReceipt, Bucket::Pool, Bucket::Outside),
    (Kind::CorrectLoss, Bucket::Lost, Bucket::Pool),
];

impl Kind {
    /// The moves of this kind, as (from, to).
    pub fn lawful(self) -> impl Iterator<Item = (Bucket, Bucket)> {
        LAWFUL.iter().filter(move |(kind, ..)| *kind == self).map(|&(_, from, to)| (from, to))
    }
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    pub kind: Kind,
    pub from: Bucket,
    pub to: Bucket,
    /// At least 1.
    pub doses: i32,
    pub allocation_id: Option<AllocationId>,
    pub from_pool_id: Option<PoolId>,
    pub to_pool_id: Option<PoolId>,
    pub booking_id: Option<BookingId>,
    pub actor: Actor,
    pub reason: Option<String>,
}

impl Movement {
    /// From the manufacturer into a pool.
    pub fn receive(to: PoolId, vials: Vials, cause: &Cause) -> Self {
        let line = Self::above(Kind::Receive, Bucket::Outside, Bucket::Pool, vials, cause);
        Self { to_pool_id: Some(to), ..line }
    }

    /// From a pool to one of its children.
    pub fn pass_on(from: PoolId, to: PoolId, vials: Vials, cause: &Cause) -> Self {
        let line = Self::above(Kind::PassOn, Bucket::Pool, Bucket::Pool, vials, cause);
        Self { from_pool_id: Some(from), to_pool_id: Some(to), ..line }
    }

    /// From a pool to an allocation.
    pub fn grant(from: PoolId, to: AllocationId, vials: Vials, cause: &Cause) -> Self {
        let line = Self::above(Kind::Grant, Bucket::Pool, Bucket::Open, vials, cause);
        Self { from_pool_id: Some(from), allocation_id: Some(to), ..line }
    }

    /// From an allocation back to its pool.
    pub fn retract(from: AllocationId, to: PoolId, vials: Vials, cause: &Cause) -> Self {
        let line = Self::above(Kind::Retract, Bucket::Open, Bucket::Pool, vials, cause);
        Self { allocation_id: Some(from), to_pool_id: Some(to), ..line }
    }

    /// From a pool, lost.
    pub fn lose(from: PoolId, vials: Vials, cause: &Cause) -> Self {
        let line = Self::above(Kind::Lose, Bucket::Pool, Bucket::Lost, vials, cause);
        Self { from_pool_id: Some(from), ..line }
    }

    /// From a pool to the one right above it.
    pub fn send_back(from: PoolId, to: PoolId, vials: Vials, cause: &Cause) -> Self {
        let line = Self::above(Kind::SendBack, Bucket::Pool, Bucket::Pool, vials, cause);
        Self { from_pool_id: Some(from), to_pool_id: Some(to), ..line }
    }

    /// Out of a pool that never received them.
    pub fn correct_receipt(of: PoolId, vials: Vials, cause: &Cause) -> Self {
        let line = Self::above(Kind::CorrectReceipt, Bucket::Pool, Bucket::Outside, vials, cause);
        Self { from_pool_id: Some(of), ..line }
    }

    /// Back into a pool that never lost them.
    pub fn correct_loss(of: PoolId, vials: Vials, cause: &Cause) -> Self {
        let line = Self::above(Kind::CorrectLoss, Bucket::Lost, Bucket::Pool, vials, cause);
        Self { to_pool_id: Some(of), ..line }
    }

    fn above(kind: Kind, from: Bucket, to: Bucket, vials: Vials, cause: &Cause) -> Self {
        Self {
            kind,
            from,
            to,
            doses: vials.doses(),
            allocation_id: None,
            from_pool_id: None,
            to_pool_id: None,
            booking_id: None,
            actor: cause.actor,
            reason: Some(cause.reason.main.clone()),
        }
    }
}

/// A line with its position, as readers get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub position: Position,
    pub at: DateTime<Utc>,
    /// No line can appear before this one any more. Readers continue from the last settled line.
    pub is_settled: bool,
    pub movement: Movement,
    /// The line whose doses this one takes back.
    pub corrects: Option<Position>,
}

/// The refusal of a conditional change (such as `if_granted`) whose number is outdated: another
/// request, or the same one sent before, has changed it.
pub fn moved_meanwhile(counter: Counter, now: i32) -> Refusal {
    let (field, name) = match counter {
        Counter::Granted => ("if_granted", "granted"),
        Counter::PassedOn => ("if_passed_on", "passed_on"),
        Counter::Received => ("if_received", "received"),
    };
    let detail = Detail::MovedMeanwhile { counter, now };
    Refusal { code: Code::WrongState, ..Refusal::field(field, detail) }.with(name, now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StaffUserId;

    #[test]
    fn every_kind_and_bucket_has_its_own_number() {
        for &kind in Kind::ALL {
            assert_eq!(Kind::of(kind.number()), Some(kind));
            assert!(kind.lawful().next().is_some(), "{kind:?} can never happen");
        }
        for &bucket in Bucket::ALL {
            assert_eq!(Bucket::of(bucket.number()), Some(bucket));
        }
        assert_eq!((Kind::of(0), Kind::of(17), Bucket::of(8)), (None, None, None));
    }

    #[test]
    fn what_pools_write_is_lawful() {
        let cause = Cause { actor: Actor::Administrator(StaffUserId(1)), reason: "x".into() };
        let (pool, row, vials) = (PoolId(1), AllocationId(2), Vials::new(10, 10).unwrap());
        for line in [
            Movement::receive(pool, vials, &cause),
            Movement::pass_on(pool, PoolId(2), vials, &cause),
            Movement::grant(pool, row, vials, &cause),
            Movement::retract(row, pool, vials, &cause),
            Movement::lose(pool, vials, &cause),
            Movement::send_back(PoolId(2), pool, vials, &cause),
            Movement::correct_receipt(pool, vials, &cause),
            Movement::correct_loss(pool, vials, &cause),
        ] {
            assert!(line.kind.lawful().any(|move_| move_ == (line.from, line.to)), "{line:?}");
        }
    }
}
