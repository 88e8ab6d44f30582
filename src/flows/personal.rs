//! What people ask about themselves on their way to a booking and after it. At an opening many do
//! at once, so they are looked up together.

use std::collections::HashMap;

use super::{
    Result,
    batched_lookup::{BatchedLookup, Lookup},
};
use crate::{
    db::{self, Pool},
    domain::{
        BookingId, PersonId,
        own_booking::{LiveBooking, OfDose, OwnBooking},
        person::Person,
    },
};

/// Looks up for one HTTP thread.
#[derive(Clone)]
pub struct Personal {
    people: BatchedLookup<People>,
    bookings: BatchedLookup<OwnBookings>,
    live: BatchedLookup<LiveBookings>,
}

struct People;

impl Lookup for People {
    type Key = PersonId;
    type Found = Person;

    async fn find(db: &Pool, ids: &[PersonId]) -> sqlx::Result<HashMap<PersonId, Person>> {
        db::person::find(db, ids).await
    }
}

struct OwnBookings;

impl Lookup for OwnBookings {
    type Key = BookingId;
    type Found = OwnBooking;

    async fn find(db: &Pool, ids: &[BookingId]) -> sqlx::Result<HashMap<BookingId, OwnBooking>> {
        db::own_booking::find(db, ids).await
    }
}

struct LiveBookings;

impl Lookup for LiveBookings {
    type Key = OfDose;
    type Found = LiveBooking;

    async fn find(db: &Pool, keys: &[OfDose]) -> sqlx::Result<HashMap<OfDose, LiveBooking>> {
        db::own_booking::find_live(db, keys).await
    }
}

impl Personal {
    pub fn new(db: &Pool) -> Self {
        Self {
            people: BatchedLookup::new(db.clone()),
            bookings: BatchedLookup::new(db.clone()),
            live: BatchedLookup::new(db.clone()),
        }
    }

    /// The person, if the register has them.
    ///
    /// # Errors
    /// The database's.
    pub async fn person(&self, person_id: PersonId) -> Result<Option<Person>> {
        self.people.find(person_id).await
    }

    /// The booking with this id, if it is this person's.
    ///
    /// # Errors
    /// The database's.
    pub async fn booking(&self, id: BookingId, person_id: PersonId) -> Result<Option<OwnBooking>> {
        let found = self.bookings.find(id).await?;
        Ok(found.filter(|found| found.booking.person_id == person_id))
    }

    /// How a person is called, and what they have booked of a dose. None if the register does not
    /// have them.
    ///
    /// # Errors
    /// The database's.
    pub async fn live_booking(&self, of: OfDose) -> Result<Option<LiveBooking>> {
        self.live.find(of).await
    }
}
