//! Bookings as their persons see them.

use super::{
    BookingId, CourseId, PersonId, booking::Booking, closure::Disruption, localized::Localized,
};

/// A booking with the name of whom it is for, and what others have done to it.
#[derive(Clone, Debug)]
pub struct OwnBooking {
    pub booking: Booking,
    pub name: Localized,
    pub by: Disruption,
}

/// A dose of a course, for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OfDose {
    pub person_id: PersonId,
    pub course_id: CourseId,
    pub dose_number: i16,
}

/// How a person is called, and their booking of a dose that has not ended.
#[derive(Clone, Debug)]
pub struct LiveBooking {
    pub name: Localized,
    pub booking_id: Option<BookingId>,
}
