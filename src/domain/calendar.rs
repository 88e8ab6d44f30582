//! Local days and ages. A zone is always the clinic's or the campaign's, never the machine's.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

const MONTHS_PER_YEAR: i32 = 12;

/// Completed months of age on the local day `on`; negative before birth.
///
/// A month is completed on the day of the month on which the person was born. Where a month lacks
/// that day, it is completed on the 1st of the next one: who was born on 29 February turns 18 on
/// 1 March of a common year. This is rule CALCDT-5 of the logic specification of the CDC's Clinical
/// Decision Support for Immunization ("a computed date which is not a real date must be moved
/// forward to first day of the next month": 31 March + 6 months = 1 October). Laws differ on 29
/// February; this reading never gives a dose a day below its minimum age.
pub fn months_reached(birth: NaiveDate, on: NaiveDate) -> i32 {
    let months = months_of_era(on) - months_of_era(birth);
    if on.day() < birth.day() { months - 1 } else { months }
}

/// The first day on which `months_reached` is at least `months`; none beyond the calendar.
pub fn day_reaching(birth: NaiveDate, months: i32) -> Option<NaiveDate> {
    let target = months_of_era(birth).checked_add(months)?;
    let day_in = |months: i32, day: u32| {
        let month = months.rem_euclid(MONTHS_PER_YEAR).unsigned_abs() + 1;
        NaiveDate::from_ymd_opt(months.div_euclid(MONTHS_PER_YEAR), month, day)
    };
    day_in(target, birth.day()).or_else(|| day_in(target.checked_add(1)?, 1))
}

fn months_of_era(date: NaiveDate) -> i32 {
    date.year() * MONTHS_PER_YEAR + date.month0().cast_signed()
}

/// The zone with this name in the IANA time zone database.
pub fn zone_named(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// An instant, and by whose clock it is looked at: the clinic's, or the installation's where no
/// clinic is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Local {
    pub at: DateTime<Utc>,
    pub zone: Tz,
}

impl Local {
    /// What is today there.
    pub fn date(self) -> NaiveDate {
        local_date(self.at, self.zone)
    }
}

/// The date on a wall calendar in `zone` at this instant.
pub fn local_date(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// The first instant of the local day `date` in `zone`.
///
/// Where clocks go forward over midnight the day begins after the gap; where they go back over
/// midnight, at the first of the two. A day that a zone left out altogether (Samoa, 30 December
/// 2011) begins when the next one does.
pub fn start_of_day(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    instant_of(date.and_time(NaiveTime::MIN), zone)
}

/// The first instant at which clocks in `zone` show this local time; where they skip it, the end of
/// the gap.
pub fn instant_of(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let instant = zone
        .from_local_datetime(&local)
        .earliest()
        .or_else(|| GapInfo::new(&local, &zone).and_then(|gap| gap.end));
    // Only the ends of chrono's calendar have neither.
    instant.map_or_else(|| local.and_utc(), |at| at.to_utc())
}

/// A calendar date written as `YYYY-MM-DD` and in no other way.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    // chrono also reads `2021-7-1` and `+2021-07-01`; one way to write a date is enough.
    let is_plain = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if is_plain { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

#[cfg(test)]
mod tests {
    use chrono::{Duration, TimeDelta};
    use chrono_tz::{Africa, America, Asia, Australia, Europe, Pacific};
    use proptest::prelude::*;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn months_are_completed_on_the_day_of_birth() {
        let table = [
            ("2003-07-12", "2021-07-11", 18 * 12 - 1),
            ("2003-07-12", "2021-07-12", 18 * 12),
            ("2003-07-12", "2021-07-13", 18 * 12),
            // 29 February: the 1st of March in a common year, the day itself in a leap year
            ("2004-02-29", "2022-02-28", 18 * 12 - 1),
            ("2004-02-29", "2022-03-01", 18 * 12),
            ("2004-02-29", "2024-02-28", 20 * 12 - 1),
            ("2004-02-29", "2024-02-29", 20 * 12),
            // 1900 was no leap year, 2000 was one
            ("1896-02-29", "1900-02-28", 4 * 12 - 1),
            ("1896-02-29", "1900-03-01", 4 * 12),
            ("1996-02-29", "2000-02-29", 4 * 12),
            // short months
            ("2021-01-31", "2021-02-28", 0),
            ("2021-01-31", "2021-03-01", 1),
            ("2021-01-31", "2021-03-30", 1),
            ("2021-01-31", "2021-03-31", 2),
            ("2021-03-31", "2021-04-30", 0),
            ("2021-03-31", "2021-05-01", 1),
            ("2000-03-31", "2000-10-01", 6),
            // ends of years
            ("1966-12-31", "2021-12-30", 55 * 12 - 1),
            ("1966-12-31", "2021-12-31", 55 * 12),
            ("1966-12-31", "2022-01-01", 55 * 12),
            ("2020-12-31", "2021-01-01", 0),
            ("2021-01-01", "2020-12-31", -1),
            ("2021-07-12", "2021-07-12", 0),
        ];
        for (birth, on, months) in table {
            assert_eq!(months_reached(date(birth), date(on)), months, "{birth} on {on}");
        }
    }

    #[test]
    fn beyond_the_calendar_no_day_reaches_an_age() {
        assert_eq!(day_reaching(NaiveDate::MAX, 1), None);
        assert_eq!(day_reaching(date("2004-02-29"), i32::MAX), None);
        assert_eq!(day_reaching(date("2004-02-29"), 12), Some(date("2005-03-01")), "the control");
    }

    #[test]
    fn a_day_begins_at_its_first_instant() {
        let table = [
            (Asia::Seoul, "2021-07-12", "2021-07-11T15:00:00Z"),
            // Clocks change by night, after the day has begun: those days have 23 and 25 hours.
            (Europe::Berlin, "2021-03-28", "2021-03-27T23:00:00Z"),
            (Europe::Berlin, "2021-03-29", "2021-03-28T22:00:00Z"),
            (Europe::Berlin, "2021-10-31", "2021-10-30T22:00:00Z"),
            (Europe::Berlin, "2021-11-01", "2021-10-31T23:00:00Z"),
            (America::New_York, "2021-03-14", "2021-03-14T05:00:00Z"),
            (America::New_York, "2021-03-15", "2021-03-15T04:00:00Z"),
            (America::New_York, "2021-11-07", "2021-11-07T04:00:00Z"),
            (America::New_York, "2021-11-08", "2021-11-08T05:00:00Z"),
            // 00:00 does not exist: the day begins at 01:00
            (America::Havana, "2021-03-14", "2021-03-14T05:00:00Z"),
            (Asia::Beirut, "2021-03-28", "2021-03-27T22:00:00Z"),
            // 00:00 exists twice: the first one
            (America::Havana, "2021-11-07", "2021-11-07T04:00:00Z"),
            // a minute into the day the clock went back into the day before
            (America::St_Johns, "2006-10-29", "2006-10-29T02:30:00Z"),
            // Samoa had no 30 December 2011
            (Pacific::Apia, "2011-12-29", "2011-12-29T10:00:00Z"),
            (Pacific::Apia, "2011-12-30", "2011-12-30T10:00:00Z"),
            (Pacific::Apia, "2011-12-31", "2011-12-30T10:00:00Z"),
        ];
        for (zone, day, begins) in table {
            assert_eq!(start_of_day(date(day), zone), instant(begins), "{day} in {zone}");
        }
    }

    #[test]
    fn midnight_falls_where_the_clinic_is() {
        let at = instant("2021-12-31T15:00:00Z");
        let before = at - TimeDelta::nanoseconds(1);
        assert_eq!(local_date(before, Asia::Seoul), date("2021-12-31"));
        assert_eq!(local_date(at, Asia::Seoul), date("2022-01-01"));
        assert_eq!(local_date(at, Europe::Berlin), date("2021-12-31"));
        assert_eq!(local_date(at, Pacific::Kiritimati), date("2022-01-01"));
        assert_eq!(local_date(at, Pacific::Pago_Pago), date("2021-12-31"));
    }

    #[test]
    fn the_ends_of_the_calendar_do_not_panic() {
        for zone in [Asia::Seoul, America::New_York, Pacific::Kiritimati] {
            start_of_day(NaiveDate::MAX, zone);
            start_of_day(NaiveDate::MIN, zone);
        }
    }

    fn any_date() -> impl Strategy<Value = NaiveDate> {
        (0..60_000_u64).prop_map(|days| date("1900-01-01") + chrono::Days::new(days))
    }

    fn any_zone() -> impl Strategy<Value = Tz> {
        proptest::sample::select(vec![
            Asia::Seoul,
            Asia::Beirut,
            Asia::Kathmandu,
            Africa::Cairo,
            America::Havana,
            America::New_York,
            America::Sao_Paulo,
            America::St_Johns,
            Australia::Lord_Howe,
            Europe::Berlin,
            Europe::London,
            Pacific::Chatham,
        ])
    }

    proptest! {
        #[test]
        fn an_age_is_reached_on_its_day_and_not_before(born in any_date(), months in 0..1_500_i32) {
            let day = day_reaching(born, months).unwrap();
            prop_assert!(months_reached(born, day) >= months);
            prop_assert!(months_reached(born, day - Duration::days(1)) < months);
        }

        #[test]
        fn age_never_goes_down(born in any_date(), on in any_date()) {
            let today = months_reached(born, on);
            let tomorrow = months_reached(born, on.succ_opt().unwrap());
            prop_assert!(tomorrow == today || tomorrow == today + 1);
        }

        #[test]
        fn the_first_instant_of_a_day_is_in_it_and_the_one_before_is_not(
            day in any_date(),
            zone in any_zone(),
        ) {
            let begins = start_of_day(day, zone);
            prop_assert_eq!(local_date(begins, zone), day);
            prop_assert_eq!(
                local_date(begins - TimeDelta::nanoseconds(1), zone),
                day - Duration::days(1)
            );
        }
    }
}
