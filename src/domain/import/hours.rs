//! A row of a file of opening hours: a series for one clinic. Several rows of a clinic share out
//! the days; a row of one day wins over those of several.

use std::{borrow::Cow, collections::BTreeSet};

use chrono::NaiveDate;

use super::{cell::plain, date, fault::Fault, field, header::Row};
use crate::domain::{
    fact::Expected,
    opening_hours::{Break, MINUTES_MAX, MINUTES_MIN, Minute, Series, WEEKDAY_WORDS, Weekdays},
    slot::SEATS_MAX,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours<'a> {
    pub clinic_code: Cow<'a, str>,
    pub series: Series,
}

impl<'a> Hours<'a> {
    /// # Errors
    /// Names the first column with an impossible value.
    pub fn parse(row: &Row<'a>) -> Result<Self, Fault> {
        let day = |column: &'static str| {
            date::date(row.get(column)).map_err(|detail| Fault::field(column, detail))
        };
        let minutes = i32::from(MINUTES_MIN)..=i32::from(MINUTES_MAX);
        let slot_minutes = field::number(row, "slot_minutes", minutes)?;
        let series = Series {
            weekdays: weekdays(row.get("weekdays"))?,
            opens: time(row, "opens")?,
            closes: time(row, "closes")?,
            slot_minutes: u16::try_from(slot_minutes).unwrap_or(MINUTES_MAX),
            seats_per_slot: field::number(row, "seats_per_slot", 0..=SEATS_MAX)?,
            breaks: rest(row)?,
            from_date: day("from_date")?,
            to_date: day("to_date")?,
            except: dates(row)?,
        };
        series.check().map_err(|(column, detail)| match column {
            "breaks" => Fault::field("break_to", detail),
            column => Fault::field(column, detail),
        })?;
        Ok(Self { clinic_code: plain(row.get("clinic_code")), series })
    }
}

fn time(row: &Row<'_>, column: &'static str) -> Result<Minute, Fault> {
    time_of_day(row.get(column)).ok_or_else(|| Fault::expected(column, Expected::TimeOfDay))
}

/// `9:00`, `09:00:00`, `24:00`, and how workbooks have a time without a date.
fn time_of_day(text: &str) -> Option<Minute> {
    let text = plain(text);
    let days = ["1899-12-30", "1899-12-31", "1900-01-00"];
    let time = days.iter().find_map(|day| text.strip_prefix(day)).unwrap_or(&text);
    let time = time.trim_start_matches([' ', 'T']);
    // Seconds are zero where a program writes them.
    let time = match time.matches(':').count() {
        2 => time.strip_suffix(":00")?,
        _ => time,
    };
    Minute::parse(time)
}

fn rest(row: &Row<'_>) -> Result<Vec<Break>, Fault> {
    let from = row.find("break_from").filter(|text| !text.trim().is_empty());
    let to = row.find("break_to").filter(|text| !text.trim().is_empty());
    match (from, to) {
        (None, None) => Ok(Vec::new()),
        (Some(_), None) => Err(Fault::expected("break_to", Expected::TimeOfDay)),
        (None, Some(_)) => Err(Fault::expected("break_from", Expected::TimeOfDay)),
        (Some(_), Some(_)) => {
            Ok(vec![Break { from: time(row, "break_from")?, to: time(row, "break_to")? }])
        }
    }
}

/// What stands between days.
fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '/' | '·' | '、')
}

fn dates(row: &Row<'_>) -> Result<BTreeSet<NaiveDate>, Fault> {
    let text = plain(row.find("except").unwrap_or_default());
    let days = text.split(is_between).filter(|day| !day.is_empty());
    let day = |day| date::date(day).map_err(|_other| Fault::expected("except", Expected::Dates));
    days.map(day).collect()
}

/// `mon-fri`, `mon,wed,sat`, `월-금`, `월수금`, `daily`, `매일`, `평일`.
fn weekdays(text: &str) -> Result<Weekdays, Fault> {
    let wrong = || Fault::expected("weekdays", Expected::Weekdays);
    let text = plain(text).to_lowercase().replace(['~', '\u{301c}'], "-").replace("요일", "");
    let text = text.replace(" - ", "-");
    let mut days = Weekdays::default();
    for part in text.split(is_between).filter(|part| !part.is_empty()) {
        days = match (part, part.split_once('-')) {
            ("daily" | "매일", _) => days.with(0, 6),
            ("weekdays" | "평일", _) => days.with(0, 4),
            ("weekend" | "주말", _) => days.with(5, 6),
            (_, Some((first, last))) => {
                days.with(weekday(first).ok_or_else(wrong)?, weekday(last).ok_or_else(wrong)?)
            }
            (part, None) => match weekday(part) {
                Some(at) => days.with(at, at),
                None => part.chars().try_fold(days, |days, day| {
                    let at = KOREAN.iter().position(|known| *known == day).ok_or_else(wrong)?;
                    Ok::<_, Fault>(days.with(at, at))
                })?,
            },
        };
    }
    if days.is_empty() { Err(wrong()) } else { Ok(days) }
}

const KOREAN: [char; 7] = ['월', '화', '수', '목', '금', '토', '일'];

/// The number of a day from Monday, 0, by the first three letters or more of its English name or by
/// its Korean one.
fn weekday(word: &str) -> Option<usize> {
    const ENGLISH: [&str; 7] =
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let mut days = ENGLISH.iter().zip(WEEKDAY_WORDS);
    let english = days.position(|(name, short)| word.starts_with(short) && name.starts_with(word));
    let korean = || KOREAN.iter().position(|known| word.chars().eq([*known]));
    english.or_else(korean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{Kind, header::tests::with_row};

    const GOOD: &str = "C-1,mon-fri,09:00,18:00,30,5,2026-12-07,2026-12-20,12:00,13:00,2026-12-09";

    fn parse(line: &str) -> Result<Series, Fault> {
        with_row(Kind::Hours, line, |row| Hours::parse(row).map(|hours| hours.series))
    }

    #[test]
    fn a_row_is_a_series() {
        let series = parse(GOOD).unwrap();
        assert_eq!(series.weekdays, Weekdays::WORKING);
        assert_eq!((series.opens, series.closes), (Minute(540), Minute(1080)));
        assert_eq!(series.breaks, [Break { from: Minute(720), to: Minute(780) }]);
        assert_eq!(series.except.len(), 1);
        let other = "C-1,월~금,'9:00,18:00:00,30.0,5,2026.12.07,20261220,1899-12-31 12:00:00,\
                     13:00,2026-12-09";
        assert_eq!(parse(other).unwrap(), series, "as spreadsheets and Koreans write it");
    }

    #[test]
    fn days_of_the_week_are_read_as_people_write_them() {
        let read = |text: &str| weekdays(text).map_err(|fault| fault.column);
        let some = |days: &[usize]| {
            Ok(days.iter().fold(Weekdays::default(), |all, &day| all.with(day, day)))
        };
        for (text, expected) in [
            ("mon", some(&[0])),
            ("Monday", some(&[0])),
            ("MON-WED", some(&[0, 1, 2])),
            ("mon, wed; sat", some(&[0, 2, 5])),
            ("sat-mon", some(&[5, 6, 0])),
            ("sat - sun", some(&[5, 6])),
            ("월수금", some(&[0, 2, 4])),
            ("월요일", some(&[0])),
            ("토, 일", some(&[5, 6])),
            ("평일", Ok(Weekdays::WORKING)),
            ("매일", Ok(Weekdays::ALL)),
            ("daily", Ok(Weekdays::ALL)),
            ("weekend", some(&[5, 6])),
            ("월－금", Ok(Weekdays::WORKING)),
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        for text in ["", "mo", "m", "monkey", "1-5", "월달", "mon-", "-"] {
            assert_eq!(read(text), Err("weekdays".into()), "{text}");
        }
    }

    #[test]
    fn an_impossible_value_names_its_column() {
        for (from, to, column) in [
            ("mon-fri", "someday", "weekdays"),
            ("09:00,18", "9,18", "opens"),
            ("18:00", "08:00", "closes"),
            (",30,", ",3,", "slot_minutes"),
            (",5,", ",-5,", "seats_per_slot"),
            ("2026-12-20", "2026-12-01", "to_date"),
            ("2026-12-07", "07/12/2026", "from_date"),
            ("12:00,13:00", "12:00,", "break_to"),
            ("12:00,13:00", ",13:00", "break_from"),
            ("12:00,13:00", "13:00,12:00", "break_to"),
            ("2026-12-09", "soon", "except"),
        ] {
            let line = GOOD.replacen(from, to, 1);
            assert_ne!(line, GOOD);
            let fault = parse(&line).unwrap_err();
            assert_eq!(fault.column, column, "{line}");
        }
    }
}
