//! New bookings as columns, for the statements that insert them.

use uuid::Uuid;

use crate::domain::booking::Booking;

/// In the order of their persons, so that two lanes that book for the same persons cannot deadlock
/// on the unique index.
#[derive(Debug, Default)]
pub(super) struct BookingColumns {
    pub(super) booking_ids: Vec<Uuid>,
    pub(super) person_ids: Vec<i64>,
    pub(super) campaign_ids: Vec<i32>,
    pub(super) product_ids: Vec<i32>,
    pub(super) course_ids: Vec<i32>,
    pub(super) dose_numbers: Vec<i16>,
    pub(super) slot_ids: Vec<i64>,
    pub(super) allocation_ids: Vec<i64>,
    pub(super) rule_versions: Vec<i32>,
}

impl BookingColumns {
    /// Of bookings in the order of their persons.
    pub(super) fn of<'a>(sorted: impl IntoIterator<Item = &'a Booking>) -> Self {
        let mut columns = Self::default();
        for booking in sorted {
            columns.booking_ids.push(booking.booking_id.0);
            columns.person_ids.push(booking.person_id.0);
            columns.campaign_ids.push(booking.campaign_id.0);
            columns.product_ids.push(booking.product_id.0);
            columns.course_ids.push(booking.course_id.0);
            columns.dose_numbers.push(booking.dose_number);
            columns.slot_ids.push(booking.slot_id.0);
            columns.allocation_ids.push(booking.allocation_id.0);
            columns.rule_versions.push(booking.rule_version);
        }
        columns
    }
}
