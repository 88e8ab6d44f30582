//! Days and instants as people read them. The zone is that of a clinic or a campaign.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use chrono_tz::Tz;

use crate::domain::language::Language;

/// 26 July 2021; 2021년 7월 26일: where the day of the week says nothing, as with a day of birth.
pub fn calendar_day(language: Language, date: NaiveDate) -> String {
    let (year, day) = (date.year(), date.day());
    match language {
        Language::English => format!("{day} {} {year}", date.format("%B")),
        Language::Korean => format!("{year}년 {}월 {day}일", date.month()),
    }
}

/// 14:30:05; 오후 2시 30분 5초: how new something is that was true just now.
pub fn second(language: Language, at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    let (minute, second) = (at.minute(), at.second());
    match language {
        Language::English => format!("{}", at.format("%H:%M:%S")),
        Language::Korean => {
            let (half, hour) = half_day(at.hour());
            format!("{half} {hour}시 {minute}분 {second}초")
        }
    }
}

fn half_day(hour: u32) -> (&'static str, u32) {
    match hour {
        0..=11 => ("오전", hour),
        12 => ("오후", hour),
        _ => ("오후", hour - 12),
    }
}

/// Mon 26 Jul; 7. 26.(월): in tables, where the year is clear and the room is small.
pub fn short_date(language: Language, date: NaiveDate) -> String {
    let day = date.day();
    match language {
        Language::English => format!("{} {day} {}", date.format("%a"), date.format("%b")),
        Language::Korean => format!("{}. {day}.({})", date.month(), korean_weekday(date)),
    }
}

fn korean_weekday(date: NaiveDate) -> char {
    match date.weekday() {
        chrono::Weekday::Mon => '월',
        chrono::Weekday::Tue => '화',
        chrono::Weekday::Wed => '수',
        chrono::Weekday::Thu => '목',
        chrono::Weekday::Fri => '금',
        chrono::Weekday::Sat => '토',
        chrono::Weekday::Sun => '일',
    }
}

/// Monday 26 July 2021; 2021년 7월 26일(월).
pub fn date(language: Language, date: NaiveDate) -> String {
    let (year, day) = (date.year(), date.day());
    match language {
        Language::English => format!("{} {day} {} {year}", date.format("%A"), date.format("%B")),
        Language::Korean => {
            let weekday = korean_weekday(date);
            format!("{year}년 {}월 {day}일({weekday})", date.month())
        }
    }
}

/// Mon 26 Jul 14:30; 7/26(월) 14:30. For text messages, where each letter counts: of days that are
/// near, in a zone that the reader lives in.
pub fn brief(language: Language, at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    match language {
        Language::English => at.format("%a %-d %b %H:%M").to_string(),
        Language::Korean => {
            let (month, day, weekday) = (at.month(), at.day(), korean_weekday(at.date_naive()));
            format!("{month}/{day}({weekday}) {}", at.format("%H:%M"))
        }
    }
}

/// Mon 26 July; 7월 26일(월). To choose from coming days, where the year is understood.
pub fn coming_day(language: Language, date: NaiveDate) -> String {
    match language {
        Language::English => date.format("%a %-d %B").to_string(),
        Language::Korean => {
            format!("{}월 {}일({})", date.month(), date.day(), korean_weekday(date))
        }
    }
}

/// 14:30; 오후 2시 30분. The zone is said elsewhere.
pub fn time(language: Language, at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    match language {
        Language::English => at.format("%H:%M").to_string(),
        Language::Korean => {
            let (half, hour) = half_day(at.hour());
            match at.minute() {
                0 => format!("{half} {hour}시"),
                minute => format!("{half} {hour}시 {minute}분"),
            }
        }
    }
}

/// Monday 26 July 2021, 14:30 (Asia/Seoul); 2021년 7월 26일(월) 오후 2시 30분. Korean names the zone
/// where it is not Korea's.
pub fn instant(language: Language, at: DateTime<Utc>, zone: Tz) -> String {
    let at = at.with_timezone(&zone);
    let day = date(language, at.date_naive());
    let (hour, minute) = (at.hour(), at.minute());
    match language {
        Language::English => format!("{day}, {hour:02}:{minute:02} ({zone})"),
        Language::Korean => {
            let (half, hour) = half_day(hour);
            let minute = if minute == 0 { String::new() } else { format!(" {minute}분") };
            let zone =
                if zone == Tz::Asia__Seoul { String::new() } else { format!("({zone} 기준)") };
            format!("{day} {half} {hour}시{minute}{zone}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_to_choose_from_are_short() {
        let at = "2021-07-31T15:05:00Z".parse().unwrap();
        assert_eq!(time(Language::English, at, Tz::Asia__Seoul), "00:05");
        assert_eq!(time(Language::Korean, at, Tz::Asia__Seoul), "오전 0시 5분");
        assert_eq!(time(Language::Korean, at, Tz::Asia__Tokyo), "오전 0시 5분");
        let day = "2021-08-01".parse().unwrap();
        assert_eq!(coming_day(Language::English, day), "Sun 1 August");
        assert_eq!(coming_day(Language::Korean, day), "8월 1일(일)");
    }

    #[test]
    fn a_day_of_birth_has_no_day_of_the_week() {
        let day = NaiveDate::from_ymd_opt(1964, 9, 3).unwrap();
        assert_eq!(calendar_day(Language::English, day), "3 September 1964");
        assert_eq!(calendar_day(Language::Korean, day), "1964년 9월 3일");
    }

    #[test]
    fn a_table_names_days_in_short() {
        let day = NaiveDate::from_ymd_opt(2021, 7, 26).unwrap();
        assert_eq!(short_date(Language::English, day), "Mon 26 Jul");
        assert_eq!(short_date(Language::Korean, day), "7. 26.(월)");
    }

    #[test]
    fn a_second_is_said_by_the_clock_there() {
        let at = "2021-07-12T10:59:58Z".parse().unwrap();
        assert_eq!(second(Language::English, at, Tz::Asia__Seoul), "19:59:58");
        assert_eq!(second(Language::Korean, at, Tz::Asia__Seoul), "오후 7시 59분 58초");
    }

    #[test]
    fn an_instant_is_said_as_the_clock_there_shows_it() {
        for (at, zone, english, korean) in [
            (
                "2021-07-26T05:30:00Z",
                Tz::Asia__Seoul,
                "Monday 26 July 2021, 14:30 (Asia/Seoul)",
                "2021년 7월 26일(월) 오후 2시 30분",
            ),
            (
                "2021-07-31T15:00:00Z",
                Tz::Asia__Seoul,
                "Sunday 1 August 2021, 00:00 (Asia/Seoul)",
                "2021년 8월 1일(일) 오전 0시",
            ),
            (
                "2021-07-31T10:05:00Z",
                Tz::Europe__Berlin,
                "Saturday 31 July 2021, 12:05 (Europe/Berlin)",
                "2021년 7월 31일(토) 오후 12시 5분(Europe/Berlin 기준)",
            ),
        ] {
            let at = at.parse().unwrap();
            assert_eq!(instant(Language::English, at, zone), english);
            assert_eq!(instant(Language::Korean, at, zone), korean);
        }
    }
}
