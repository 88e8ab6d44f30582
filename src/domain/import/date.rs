//! Dates and times as files have them. What can be read in two ways is refused, with the way out.

use chrono::{
    DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc,
};
use chrono_tz::Tz;

use super::cell::plain;
use crate::domain::{Detail, fact::Expected};

/// A date with the year first, also with a time of midnight after it, as spreadsheets write dates.
///
/// # Errors
/// Why it is none, or could be two.
pub fn date(text: &str) -> Result<NaiveDate, Detail> {
    let text = plain(text);
    let none = || Detail::MustBe { expected: Expected::Date };
    let (date, rest) = day(&text)?.ok_or_else(none)?;
    if rest.is_empty() {
        return Ok(date);
    }
    match time(rest) {
        Some((NaiveTime::MIN, "")) => Ok(date),
        Some((_, "")) => Err(Detail::DateWithTime),
        _ => Err(none()),
    }
}

/// The year, and the month where it is known, of a date of which the rest is not: `1950`, `1950년`,
/// `1950-03`, `1950.3.`, `1950-00-00`, `19500300`. None for everything else.
pub fn partial(text: &str) -> Option<(i32, Option<u32>)> {
    let text = plain(text);
    let (year, rest) = digits(&text);
    if year.len() == 8 && rest.is_empty() {
        let (year, rest) = year.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        return year_and_month(year, month, day);
    }
    if year.len() != 4 {
        return None;
    }
    let rest = rest.trim_start_matches(['년', '.', '-', '/']).trim();
    let (month, rest) = digits(rest);
    let rest = rest.trim_start_matches(['월', '.', '-', '/']).trim();
    let (day, rest) = digits(rest);
    let is_over = rest.trim_matches(['일', '.', ' ']).is_empty();
    if is_over && month.len() <= 2 && day.len() <= 2 {
        year_and_month(year, month, day)
    } else {
        None
    }
}

/// Where the day is not known.
fn year_and_month(year: &str, month: &str, day: &str) -> Option<(i32, Option<u32>)> {
    let number = |text: &str| if text.is_empty() { Some(0) } else { text.parse::<u32>().ok() };
    match (number(month)?, number(day)?) {
        (0, 0) => Some((year.parse().ok()?, None)),
        (month, 0) => Some((year.parse().ok()?, Some(month))),
        _ => None,
    }
}

/// A date and time, with an offset or as `zone` shows it; there it must happen exactly once.
///
/// # Errors
/// Why it is none, or could be two.
pub fn instant(text: &str, zone: Tz) -> Result<DateTime<Utc>, Detail> {
    let text = plain(text);
    if let Ok(at) = DateTime::parse_from_rfc3339(&text) {
        return Ok(at.to_utc());
    }
    let none = || Detail::MustBe { expected: Expected::LocalTime };
    let (date, rest) = day(&text)?.ok_or_else(none)?;
    let (time, rest) = time(rest).ok_or_else(none)?;
    let local = NaiveDateTime::new(date, time);
    if !rest.is_empty() {
        let offset = offset(rest).ok_or_else(none)?;
        return match offset.from_local_datetime(&local) {
            LocalResult::Single(at) => Ok(at.to_utc()),
            _ => Err(none()),
        };
    }
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) => Ok(at.to_utc()),
        LocalResult::None => Err(Detail::TimeSkipped),
        LocalResult::Ambiguous(..) => Err(Detail::TimeTwice),
    }
}

/// The date at the start of `text`, and what follows it; none where there is no date.
fn day(text: &str) -> Result<Option<(NaiveDate, &str)>, Detail> {
    let (first, rest) = digits(text);
    match first.len() {
        8 => return Ok(ymd(first.get(..4), first.get(4..6), first.get(6..)).map(|day| (day, rest))),
        5 if is_fraction(rest) => return Err(Detail::DateSerial),
        6 if rest.is_empty() => return Err(Detail::DateTwoDigitYear),
        _ => {}
    }
    let Some((mark, rest)) = separator(rest) else { return Ok(None) };
    let (second, rest) = digits(rest);
    let Some((other, rest)) = separator(rest) else { return Ok(None) };
    let (third, rest) = digits(rest);
    let is_plain = mark == other && "-./".contains(mark) || (mark, other) == ('년', '월');
    if !is_plain || !(1..=2).contains(&second.len()) {
        return Ok(None);
    }
    match (first.len(), third.len()) {
        (4, 1..=2) => {}
        (1..=2, 4) => return Err(Detail::DateOrder),
        (1..=2, 1..=2) => return Err(Detail::DateTwoDigitYear),
        _ => return Ok(None),
    }
    // As in `2021. 7. 14.` and `2021년 7월 14일`.
    let rest = match mark {
        '.' => rest.strip_prefix('.').unwrap_or(rest),
        '년' => match rest.strip_prefix('일') {
            Some(rest) => rest,
            None => return Ok(None),
        },
        _ => rest,
    };
    Ok(ymd(Some(first), Some(second), Some(third)).map(|day| (day, rest)))
}

fn ymd(year: Option<&str>, month: Option<&str>, day: Option<&str>) -> Option<NaiveDate> {
    let number = |text: &str| text.parse::<u32>().ok();
    NaiveDate::from_ymd_opt(year?.parse().ok()?, number(month?)?, number(day?)?)
}

/// A time of day at the start of `text`, and what follows it; none where there is no time.
fn time(text: &str) -> Option<(NaiveTime, &str)> {
    let text = text.strip_prefix(['T', 't']).unwrap_or(text).trim_start();
    let (half, text) = half(text).map_or((None, text), |(half, rest)| (Some(half), rest));
    let (hour, rest) = digits(text.trim_start());
    let (minute, rest) = digits(rest.strip_prefix(':')?);
    let (second, rest) = match rest.strip_prefix(':') {
        Some(rest) => digits(rest),
        None => ("00", rest),
    };
    let rest = match rest.strip_prefix('.') {
        Some(rest) => digits(rest).1,
        None => rest,
    };
    let rest = rest.trim_start();
    let (half, rest) = self::half(rest).map_or((half, rest), |(half, rest)| (Some(half), rest));
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || second.len() != 2 {
        return None;
    }
    let hour = hour.parse::<u32>().ok()?;
    let hour = match half {
        None => hour,
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(Half::Before) => hour % 12,
        Some(Half::After) => hour % 12 + 12,
    };
    let time = NaiveTime::from_hms_opt(hour, minute.parse().ok()?, second.parse().ok()?)?;
    Some((time, rest.trim()))
}

enum Half {
    Before,
    After,
}

fn half(text: &str) -> Option<(Half, &str)> {
    let word = |word: &str| {
        let (start, rest) = text.split_at_checked(word.len())?;
        start.eq_ignore_ascii_case(word).then_some(rest)
    };
    let before = word("오전").or_else(|| word("AM")).map(|rest| (Half::Before, rest));
    before.or_else(|| word("오후").or_else(|| word("PM")).map(|rest| (Half::After, rest)))
}

/// `Z`, `+09`, `+0900`, `+09:00`.
fn offset(text: &str) -> Option<FixedOffset> {
    if text.eq_ignore_ascii_case("z") {
        return FixedOffset::east_opt(0);
    }
    let (sign, rest) = match text.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, text.strip_prefix('-')?),
    };
    let digits: String = rest.chars().filter(|&c| c != ':').collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let minutes = if minutes.is_empty() { "00" } else { minutes };
    if hours.len() + minutes.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = (hours.parse::<i32>().ok()?, minutes.parse::<i32>().ok()?);
    FixedOffset::east_opt(sign * (hours * 3_600 + minutes * 60)).filter(|_| minutes < 60)
}

/// The digits at the start, and what follows them.
fn digits(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// What stands between year, month and day, with the spaces around it.
fn separator(text: &str) -> Option<(char, &str)> {
    let text = text.trim_start();
    let mark = text.chars().next().filter(|mark| "-./년월".contains(*mark))?;
    Some((mark, text.strip_prefix(mark)?.trim_start()))
}

/// Nothing, or decimals: what follows the whole of a number.
fn is_fraction(rest: &str) -> bool {
    let decimals = rest.strip_prefix('.').unwrap_or(rest);
    decimals.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unambiguous_forms_are_read() {
        for text in [
            "1964-03-05",
            "1964.03.05",
            "1964/03/05",
            "19640305",
            "1964-3-5",
            "1964.3.5",
            "1964/3/5",
            "1964-03-05 00:00",
            "1964-03-05 00:00:00",
            "1964-03-05T00:00:00",
            "1964-03-05T00:00:00.000",
            "1964-03-05 0:00",
            "1964. 3. 5.",
            "1964. 3. 5",
            "1964.03.05.",
            "1964년 3월 5일",
            "1964년3월5일",
            "1964-03-05 오전 12:00:00",
            "1964. 3. 5. 오전 12:00",
            "1964-03-05 12:00:00 AM",
            "１９６４－０３－０５",
            "１９６４／３／５",
            "1964–03–05",
            "'1964-03-05",
            " 1964-03-05\u{a0}",
            "1964 - 03 - 05",
        ] {
            assert_eq!(date(text).map(|day| day.to_string()), Ok("1964-03-05".into()), "{text}");
        }
    }

    #[test]
    fn what_could_be_two_days_is_refused_with_the_way_out() {
        for (text, detail) in [
            ("07/08/2021", Detail::DateOrder),
            ("7.8.2021", Detail::DateOrder),
            ("25/12/2021", Detail::DateOrder),
            ("５/3/1964", Detail::DateOrder),
            ("07-08-2021", Detail::DateOrder),
            ("7/8/2021 00:00", Detail::DateOrder),
            ("640305", Detail::DateTwoDigitYear),
            ("64-03-05", Detail::DateTwoDigitYear),
            ("07/08/21", Detail::DateTwoDigitYear),
            ("5.3.64", Detail::DateTwoDigitYear),
            ("23441", Detail::DateSerial),
            ("23441.0", Detail::DateSerial),
            ("44391.5", Detail::DateSerial),
            ("2021-07-14 09:00", Detail::DateWithTime),
            ("2021-07-14T23:59:59", Detail::DateWithTime),
            ("2021-07-14 오후 12:00", Detail::DateWithTime),
        ] {
            assert_eq!(date(text), Err(detail), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_none() {
        let none = Err(Detail::MustBe { expected: Expected::Date });
        for text in [
            "",
            "-",
            "1941",
            "2021-02-30",
            "2021-13-01",
            "2021-00-10",
            "20210230",
            "2021-07",
            "2021-07-14-1",
            "2021-07.14",
            "2021/07-14",
            "2021--07-14",
            "14 July 2021",
            "+2021-07-14",
            "2021년 7월 14",
            "2021년 7년 14일",
            "2021월 7년 14일",
            "12021-07-14",
            "2021-007-14",
            "2021-07-014",
            "2021-07-14x",
            "2021-07-14 24:00",
            "2021-07-14 0",
            "July",
            "²021-07-14",
            "1E+07",
            "00:00",
            "2021-07-14 00:00 +09:00",
            "202107141",
            "2021-07-14 오전 0:00",
        ] {
            assert_eq!(date(text), none, "{text}");
        }
    }

    #[test]
    fn times_are_read_with_seconds_or_a_space_or_an_offset() {
        let seoul = |text: &str| instant(text, Tz::Asia__Seoul).map(|at| at.to_rfc3339());
        for text in [
            "2026-12-07T09:00",
            "2026-12-07T09:00:00",
            "2026-12-07 09:00",
            "2026-12-07 9:00",
            "2026-12-07 09:00:00",
            "2026-12-07  09:00:00.000",
            "2026-12-07T09:00:00+09:00",
            "2026-12-07 09:00:00+09:00",
            "2026-12-07 09:00+0900",
            "2026-12-07 09:00 +09",
            "2026-12-07T00:00:00Z",
            "2026-12-07 00:00Z",
            "2026-12-06T19:00-05:00",
            "2026.12.07 09:00",
            "2026/12/7 9:00",
            "2026. 12. 7. 오전 9:00",
            "2026-12-07 오전 9:00:00",
            "2026-12-07 9:00 AM",
            "2026-12-07 9:00:00 am",
            "20261207 09:00",
            "20261207T09:00:00",
            "2026년 12월 7일 09:00",
            "２０２６－１２－０７　０９：００",
        ] {
            assert_eq!(seoul(text), Ok("2026-12-07T00:00:00+00:00".into()), "{text}");
        }
        assert_eq!(seoul("2026-12-07 오후 2:30"), Ok("2026-12-07T05:30:00+00:00".into()));
        assert_eq!(seoul("2026-12-07 12:15 PM"), Ok("2026-12-07T03:15:00+00:00".into()));
        for text in [
            "2026-12-07",
            "09:00",
            "2026-12-07 25:00",
            "2026-12-07 09",
            "2026-12-07 09:60",
            "2026-12-07 09:00 x",
            "2026-12-07 13:00 PM",
            "2026-12-07 0:30 AM",
            "2026-12-07T9",
            "2026-12-07 09:00+25:00",
            "2026-12-07 09:00+9",
            "2026-12-07 09:00+09:75",
            "",
            "2026-12-07 009:00",
            "2026-12-07 09:0",
        ] {
            let none = Err(Detail::MustBe { expected: Expected::LocalTime });
            assert_eq!(seoul(text), none, "{text}");
        }
        assert_eq!(seoul("07/12/2026 09:00"), Err(Detail::DateOrder));
        assert_eq!(seoul("46363.375"), Err(Detail::DateSerial));
    }
}
