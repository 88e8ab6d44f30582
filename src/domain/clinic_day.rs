//! A day at a clinic, before doses are given to it: whether anybody can book them. What nobody
//! could ever book is refused; what looks like a slip, or can still become bookable, is warned of.

use std::borrow::Cow;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Code, Detail, Refusal, channel::Channel};

/// Appointments follow within weeks of booking. A day that lies further behind its end is a slip of
/// a month or a year more often than not.
pub const DAYS_AFTER_CLOSE_MAX: i64 = 62;

/// A day at a clinic, as it stands now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClinicDay {
    pub on_date: NaiveDate,
    /// The clinic's date now, and its zone.
    pub today: NaiveDate,
    pub zone: Tz,
    pub is_closed: bool,
    pub account: Account,
    /// Free seats in slots that are not closed and have not begun.
    pub seats: i64,
    /// Open doses for that day that need a seat, of any campaign.
    pub open: i64,
}

/// Whether the day was accounted for. The numbers are those of the statements that read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::Type)]
#[repr(i16)]
pub enum Account {
    /// Not yet.
    #[default]
    Open = 0,
    Closed = 1,
    /// It was, and was opened again: what was wrong in it can be mended, whenever it was.
    Reopened = 2,
}

/// When booking for a campaign begins and ends, by the clinic's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub opens_on: NaiveDate,
    pub closes_on: NaiveDate,
    /// Whether it has ended by now.
    pub is_over: bool,
}

impl ClinicDay {
    /// # Errors
    /// `invalid_field` naming `on_date` for a day that is over at the clinic, unless it was opened
    /// again, for one that is accounted for, and for one on which the clinic is closed.
    pub fn can_give(&self) -> Result<(), Refusal> {
        if self.account == Account::Closed {
            let detail = Detail::DayAccounted { on_date: self.on_date };
            return Err(Refusal::field("on_date", detail));
        }
        if self.on_date < self.today && self.account != Account::Reopened {
            let detail = Detail::DayPast { today: self.today, zone: self.zone.name().to_owned() };
            return Err(Refusal::field("on_date", detail));
        }
        if self.is_closed {
            return Err(Refusal::field("on_date", Detail::DayClosed));
        }
        Ok(())
    }

    /// Why some of the doses will not be bookable as things stand; `added` are those that come to
    /// the open ones by and with this grant. Whoever comes without a booking needs no seat.
    pub fn warnings(&self, window: Window, channel: Channel, added: i64) -> Vec<Warning> {
        if channel == Channel::WalkIn {
            return Vec::new();
        }
        let mut warnings = Vec::new();
        let Window { opens_on, closes_on, is_over } = window;
        let days_after = (self.on_date - closes_on).num_days();
        if is_over {
            warnings.push(Warning::of_day(Detail::BookingIsOver { closes_on }));
        } else if self.on_date < opens_on {
            warnings.push(Warning::of_day(Detail::DayBeforeOpening { opens_on }));
        } else if days_after > DAYS_AFTER_CLOSE_MAX {
            warnings.push(Warning::of_day(Detail::DayAfterClose { closes_on, days: days_after }));
        }
        let doses = self.open.saturating_add(added);
        if self.seats <= 0 {
            warnings.push(Warning::of_day(Detail::DayWithoutSeats));
        } else if doses > self.seats {
            let detail = Detail::DosesBeyondSeats { doses, seats: self.seats };
            warnings.push(Warning { field: "doses".into(), detail });
        }
        warnings
    }
}

/// What was done although something about it looks wrong. Its code is always `not_bookable`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    pub field: Cow<'static, str>,
    pub detail: Detail,
}

impl Warning {
    pub const CODE: Code = Code::NotBookable;

    fn of_day(detail: Detail) -> Self {
        Self { field: "on_date".into(), detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn clinic_day() -> ClinicDay {
        ClinicDay {
            on_date: day("2026-12-07"),
            today: day("2026-12-07"),
            zone: Tz::Asia__Seoul,
            is_closed: false,
            account: Account::Open,
            seats: 20,
            open: 5,
        }
    }

    fn window() -> Window {
        Window { opens_on: day("2026-11-20"), closes_on: day("2026-11-30"), is_over: false }
    }

    fn causes(at: ClinicDay, window: Window, added: i64) -> Vec<&'static str> {
        let warnings = at.warnings(window, Channel::Web, added);
        warnings.iter().map(|warning| warning.detail.cause()).collect()
    }

    #[test]
    fn a_day_that_is_over_or_closed_gives_nothing() {
        let today = clinic_day();
        today.can_give().expect("the control: today is not over");
        let refused = |at: ClinicDay| at.can_give().unwrap_err().detail.cause();
        assert_eq!(refused(ClinicDay { today: day("2026-12-08"), ..today }), "day_past");
        let closed = ClinicDay { is_closed: true, ..today };
        assert_eq!(refused(closed), "day_closed");
        assert_eq!(refused(ClinicDay { today: day("2026-12-08"), ..closed }), "day_past");
        let accounted = ClinicDay { account: Account::Closed, ..today };
        assert_eq!(refused(accounted), "day_accounted");
        let past = ClinicDay { today: day("2026-12-08"), account: Account::Reopened, ..today };
        past.can_give().expect("opened again");
    }

    #[test]
    fn doses_need_seats_and_a_day_within_the_campaign() {
        let at = clinic_day();
        assert_eq!(causes(at, window(), 15), [""; 0], "the control");
        assert_eq!(causes(at, window(), 16), ["doses_beyond_seats"]);
        assert_eq!(causes(ClinicDay { seats: 0, ..at }, window(), 1), ["day_without_seats"]);
        let late = Window { opens_on: day("2026-12-08"), ..window() };
        assert_eq!(causes(at, late, 1), ["day_before_opening"]);
        let over = Window { is_over: true, ..window() };
        assert_eq!(causes(at, over, 16), ["booking_is_over", "doses_beyond_seats"]);
        let last = ClinicDay { on_date: day("2027-01-31"), ..at };
        assert_eq!(causes(last, window(), 1), [""; 0]);
        let beyond = ClinicDay { on_date: day("2027-02-01"), ..at };
        assert_eq!(causes(beyond, window(), 1), ["day_after_close"]);
    }

    #[test]
    fn who_comes_without_a_booking_needs_no_seat() {
        let none = ClinicDay { seats: 0, ..clinic_day() };
        assert_eq!(none.warnings(window(), Channel::WalkIn, 100), []);
        assert_eq!(none.warnings(window(), Channel::Phone, 100).len(), 1, "the control");
    }
}
