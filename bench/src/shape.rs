//! How large a world is, and who books which slot in it. This is arithmetic, so that load
//! generator, pgbench scripts and data sets agree without a table.

/// How large a world is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) clinics: i64,
    pub(crate) slots_per_clinic: i64,
    pub(crate) slots_per_day: i64,
    /// In each allocation; also the seats of each slot.
    pub(crate) doses: i64,
    pub(crate) people: i64,
    /// How many of the people are signed in.
    pub(crate) signed_in: i64,
}

/// Persons do not arrive in the order of their ids: the nth arrival is n steps further. Prime, so
/// that nobody arrives twice.
pub(crate) const PERSON_STEP: i64 = 7_368_787;
/// The same for slots: consecutive arrivals book slots that are no neighbours.
pub(crate) const SLOT_STEP: i64 = 7_919;

impl Shape {
    pub(crate) fn slots(&self) -> i64 {
        self.clinics * self.slots_per_clinic
    }

    /// The person of the nth arrival, counted from 0.
    pub(crate) fn person(&self, nth: i64) -> i64 {
        nth * PERSON_STEP % self.people + 1
    }

    /// The slot that the nth arrival books.
    pub(crate) fn slot(&self, nth: i64) -> i64 {
        let nth = nth * SLOT_STEP % self.slots();
        ((nth / self.slots_per_clinic + 1) << 24) + nth % self.slots_per_clinic + 1
    }
}

/// 2,000 clinics, 20,000 slots: the world of most rows.
pub(crate) const SPREAD: Shape = Shape {
    clinics: 2_000,
    slots_per_clinic: 10,
    slots_per_day: 10,
    doses: 1_000_000,
    people: 5_200_000,
    signed_in: 5_000_000,
};
