//! Local days and ages. A zone is always the clinic's or the campaign's, never the machine's.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};

const MONTHS_PER_YEAR: i32 = 12;

/// Completed months of age on the local day `on`; negative before birth.
///
/// A month is completed on the day of the month on which the person was born. Where a month lacks
/// that day, it is completed on the 1st of the next one: who was born on 29 February turns 18 on
/// 1 March of a common year. This is rule CALCDT-5 of the logic specification of the CDC's Clinical
/// Decision Support for Immunization ("a computed date which is not a real date must be moved forward
/// to first day of the next month": 31 March + 6 months = 1 October). Laws differ on 29 February;
/// this reading never gives a dose a day below its minimum age.
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
    let midnight = date.and_time(NaiveTime::MIN);
    let instant = zone
        .from_local_datetime(&midnight)
        .earliest()
        .or_else(|| GapInfo::new(&midnight, &zone).and_then(|gap| gap.end));
    // Only the ends of chrono's calendar have neither.
    instant.map_or_else(|| midnight.and_utc(), |at| at.to_utc())
}
