//! What a person is told about their appointment.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    BookingId, amenity::Amenities, clinic::Directions, localized::Localized,
    quiet_hours::QuietHours,
};

/// What has happened to an appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum News {
    Booked,
    /// By the person, or for them: the appointment says why.
    Cancelled,
    /// The clinic gives nothing on that day, or not at that time.
    Closed,
    /// It does after all.
    Opened,
    /// The appointment is tomorrow.
    Reminder,
}

impl News {
    pub const ALL: [Self; 5] =
        [Self::Booked, Self::Cancelled, Self::Closed, Self::Opened, Self::Reminder];

    /// The name in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Cancelled => "cancelled",
            Self::Closed => "closed",
            Self::Opened => "opened",
            Self::Reminder => "reminder",
        }
    }

    /// The news with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|news| news.name() == name)
    }
}

/// An appointment, as far as its person must know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    pub booking_id: BookingId,
    pub booked_at: DateTime<Utc>,
    /// The local date in the zone of the clinic.
    pub on_date: NaiveDate,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// What it protects against.
    pub course: Localized,
    pub dose_number: i16,
    pub clinic: Localized,
    /// The zone of the clinic.
    pub zone: Tz,
    pub address: String,
    pub clinic_phone: String,
    pub directions: Directions,
    pub amenities: Amenities,
    /// Why the clinic is closed on that day, where it is.
    pub closure_reason: Option<Localized>,
    /// Why the administration cancelled it, where it did.
    pub cancelled_because: Option<Localized>,
}

/// News of an appointment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub news: News,
    pub happened_at: DateTime<Utc>,
    pub appointment: Appointment,
}

/// How long before an appointment its person must know at least; what quiet hours would hold back
/// longer is sent in them.
const KNOWN_BEFORE: TimeDelta = TimeDelta::hours(1);

impl Notice {
    /// Until when it has to wait at this instant, because of quiet hours at the clinic.
    pub fn held_until(
        &self,
        now: DateTime<Utc>,
        quiet: Option<&QuietHours>,
    ) -> Option<DateTime<Utc>> {
        let end = quiet?.end(now, self.appointment.zone)?;
        (end <= self.appointment.starts_at - KNOWN_BEFORE).then_some(end)
    }

    /// How many changes the appointment has had, for calendars (RFC 5545, SEQUENCE): the seconds
    /// since it was booked, so that what happened later always has the larger number. A booking is
    /// told again where a clinic took back that it was cancelled.
    pub fn sequence(&self) -> u32 {
        let least = match self.news {
            News::Booked => 0,
            News::Cancelled | News::Closed | News::Opened | News::Reminder => 1,
        };
        let since = self.happened_at - self.appointment.booked_at;
        u32::try_from(since.num_seconds().max(least)).unwrap_or(u32::MAX)
    }

    /// Whether a calendar must be told: a reminder changes nothing in it.
    pub fn changes_calendar(&self) -> bool {
        self.news != News::Reminder
    }

    /// Whether the appointment takes place, as far as this news knows.
    pub fn takes_place(&self) -> bool {
        match self.news {
            News::Booked | News::Opened | News::Reminder => true,
            News::Cancelled | News::Closed => false,
        }
    }
}

#[cfg(test)]
pub(crate) mod samples {
    use super::*;
    use crate::domain::amenity::Amenity;

    /// Of 26 July 2021, 14:30 in Seoul, booked on the 12th.
    pub(crate) fn notice(news: News) -> Notice {
        let clinic = Localized::new(
            "중구보건소".into(),
            Some("중구보건소".into()),
            Some("Jung-gu Health Centre".into()),
        );
        Notice {
            news,
            happened_at: match news {
                News::Booked => "2021-07-12T11:00:00Z".parse().unwrap(),
                _ => "2021-07-20T01:00:00Z".parse().unwrap(),
            },
            appointment: Appointment {
                booking_id: BookingId(uuid::Uuid::from_u128(7)),
                booked_at: "2021-07-12T11:00:00Z".parse().unwrap(),
                on_date: "2021-07-26".parse().unwrap(),
                starts_at: "2021-07-26T05:30:00Z".parse().unwrap(),
                ends_at: "2021-07-26T06:00:00Z".parse().unwrap(),
                course: Localized::new(
                    "COVID-19".into(),
                    Some("코로나19".into()),
                    Some("COVID-19".into()),
                ),
                dose_number: 1,
                clinic,
                zone: Tz::Asia__Seoul,
                address: "서울 중구 다산로 39길 16".into(),
                clinic_phone: "02-3396-6317".into(),
                directions: Directions::default(),
                amenities: Amenities::default().with(Amenity::StepFree, Some(true)),
                closure_reason: None,
                cancelled_because: None,
            },
        }
    }

    #[test]
    fn every_news_has_a_name_of_its_own() {
        for news in News::ALL {
            assert_eq!(News::named(news.name()), Some(news));
        }
        assert_eq!(News::named("sign_in_code"), None);
    }

    #[test]
    fn later_news_has_the_larger_number() {
        let cancelled = notice(News::Cancelled);
        let booked = notice(News::Booked);
        assert_eq!((booked.sequence(), cancelled.sequence()), (0, 655_200));
        let at_once =
            Notice { happened_at: cancelled.appointment.booked_at, ..notice(News::Closed) };
        assert_eq!(at_once.sequence(), 1, "later than the booking in any case");
        let happened_at = cancelled.happened_at + TimeDelta::hours(1);
        let again = Notice { happened_at, ..booked };
        assert!(again.sequence() > cancelled.sequence(), "booked after all");
    }

    #[test]
    fn quiet_hours_hold_back_what_can_wait() {
        let notice = notice(News::Closed);
        let quiet = QuietHours::default();
        let held = |at: &str, quiet| notice.held_until(at.parse().unwrap(), quiet);
        let night = "2021-07-25T13:00:00Z";
        let morning = "2021-07-25T23:00:00Z".parse().ok();
        assert_eq!(held(night, Some(&quiet)), morning);
        assert_eq!(held(night, None), None);
        assert_eq!(held("2021-07-25T03:00:00Z", Some(&quiet)), None, "at noon");
        let mut early = notice.clone();
        early.appointment.starts_at = "2021-07-25T23:30:00Z".parse().unwrap();
        assert_eq!(early.held_until(night.parse().unwrap(), Some(&quiet)), None, "at 08:30");
    }
}
