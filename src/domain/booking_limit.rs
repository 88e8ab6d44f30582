//! How many bookings a person may make in a campaign on one day: who books and cancels again and
//! again holds seats and doses that others would take.
//!
//! Of a booking that was cancelled nobody but its person and the journal knows. So bookings count
//! that their own person has cancelled, and only of persons who have cancelled as many as a day may
//! have: of everybody else nothing is read.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    BookingId, CampaignId, Code, Detail, PersonId, Refusal,
    booking::{Booking, State},
    calendar::{local_date, start_of_day},
};

/// Unless the campaign says otherwise.
pub const BOOKINGS_PER_DAY: i16 = 5;
/// No day is longer, in any zone.
const DAY_MAX: TimeDelta = TimeDelta::hours(27);

/// Whose bookings, and in what.
#[derive(Clone, Copy, Debug)]
pub struct Count<'a> {
    /// What was read of the person, among others.
    pub bookings: &'a HashMap<BookingId, Booking>,
    pub person_id: PersonId,
    pub campaign_id: CampaignId,
    /// Of the campaign.
    pub per_day: i16,
}

impl Count<'_> {
    fn made_since(&self, since: DateTime<Utc>) -> usize {
        let made = self.bookings.values().filter(|booking| {
            booking.person_id == self.person_id
                && booking.campaign_id == self.campaign_id
                && booking.state == State::Cancelled
                && booking.booked_at >= since
        });
        made.count()
    }

    fn is_reached(&self, since: DateTime<Utc>) -> bool {
        self.made_since(since) >= usize::from(self.per_day.unsigned_abs())
    }

    /// Whether the person has cancelled as many as a day may have, in some zone.
    pub fn may_be_reached(&self, now: DateTime<Utc>) -> bool {
        self.is_reached(now - DAY_MAX)
    }

    /// # Errors
    /// `too_many_requests` where the person has made as many bookings on the day that it is in this
    /// zone, with the beginning of the next day.
    pub fn check(&self, now: DateTime<Utc>, zone: Tz) -> Result<(), Refusal> {
        let today = local_date(now, zone);
        if !self.is_reached(start_of_day(today, zone)) {
            return Ok(());
        }
        let again_at = today.succ_opt().map_or(now + DAY_MAX, |next| start_of_day(next, zone));
        let wait = (again_at - now).num_seconds().unsigned_abs() + 1;
        let detail = Detail::BookingsOfDay {
            bookings_max: self.per_day,
            again_at,
            zone: zone.name().to_owned(),
            retry_after: wait,
        };
        Err(Refusal::new(Code::TooManyRequests, detail))
    }
}
