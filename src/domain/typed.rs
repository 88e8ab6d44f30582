//! What people type into forms, read as they mean it: with the keyboard that they have, in the
//! writing that they are used to.

use chrono::NaiveDate;

use super::fold::plain;

/// Digits of a year. Two could be this century or the last.
const YEAR_DIGITS: usize = 4;
/// Years of the oldest person of whom one is sure, and a few more.
const YEARS_MAX: u32 = 125;
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The digits of a text.
pub fn digits(text: &str) -> String {
    plain(text).chars().filter(char::is_ascii_digit).collect()
}

/// A day as it was typed into three fields, or as a whole into one of them.
#[derive(Clone, Copy, Debug)]
pub struct TypedDate<'a> {
    pub year: &'a str,
    pub month: &'a str,
    pub day: &'a str,
}

/// A part of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatePart {
    Year,
    Month,
    Day,
}

/// Why what was typed is no day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// Nothing was typed.
    Missing,
    PartMissing(DatePart),
    /// Of two digits.
    ShortYear,
    Unreadable(DatePart),
    /// Typed as a whole, and the month could be the day.
    Ambiguous,
    /// One that the calendar does not have, as 30 February.
    NoSuchDay,
}

impl TypedDate<'_> {
    /// The day.
    ///
    /// # Errors
    /// The first fault: what is missing, then what cannot be read.
    pub fn read(self) -> Result<NaiveDate, DateFault> {
        let [year, month, day] = [self.year, self.month, self.day].map(|text| {
            let text = plain(text);
            text.trim().trim_end_matches(['년', '월', '일', '.', ',']).trim().to_owned()
        });
        let filled: Vec<&str> = [&year, &month, &day]
            .into_iter()
            .map(String::as_str)
            .filter(|t| !t.is_empty())
            .collect();
        if let [only] = filled.as_slice()
            && let Some(whole) = whole(only)
        {
            return whole;
        }
        match (year.is_empty(), month.is_empty(), day.is_empty()) {
            (true, true, true) => return Err(DateFault::Missing),
            (true, ..) => return Err(DateFault::PartMissing(DatePart::Year)),
            (_, true, _) => return Err(DateFault::PartMissing(DatePart::Month)),
            (.., true) => return Err(DateFault::PartMissing(DatePart::Day)),
            _ => {}
        }
        day_of(&year, &month, &day)
    }
}

/// A whole day in one text; none where it holds only a part of one. Without a name of a month the
/// year comes first: 3/9 is September here and March elsewhere.
fn whole(text: &str) -> Option<Result<NaiveDate, DateFault>> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if is_number(text) {
        return match text.len() {
            8 => {
                let (year, rest) = text.split_at_checked(YEAR_DIGITS)?;
                let (month, day) = rest.split_at_checked(2)?;
                Some(day_of(year, month, day))
            }
            6 => Some(Err(DateFault::ShortYear)),
            _ => None,
        };
    }
    let separators = [' ', '.', '-', '/', ',', '년', '월', '일'];
    let parts = text.split(separators).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.map(without_ordinal).collect();
    let [first, second, third] = *parts.as_slice() else { return None };
    Some(match (is_number(first), is_number(second), first.len()) {
        (true, _, YEAR_DIGITS) => day_of(first, second, third),
        (true, false, _) => day_of(third, second, first),
        (false, true, _) => day_of(third, first, second),
        (true, true, _) if third.len() == YEAR_DIGITS => Err(DateFault::Ambiguous),
        _ => day_of(first, second, third),
    })
}

/// The day of birth in six digits (620301) as eight, where only one century can be meant: somebody
/// lives on `today`, and nobody is older than [`YEARS_MAX`].
pub fn with_century(text: &str, today: NaiveDate) -> Option<String> {
    let text = plain(text);
    let digits = text.trim();
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let lives = |century: &str| {
        let whole = format!("{century}{digits}");
        let day = TypedDate { year: &whole, month: "", day: "" }.read().ok()?;
        let is_alive = day <= today && today.years_since(day)? <= YEARS_MAX;
        is_alive.then_some(whole)
    };
    match (lives("19"), lives("20")) {
        (Some(only), None) | (None, Some(only)) => Some(only),
        _ => None,
    }
}

fn day_of(year: &str, month: &str, day: &str) -> Result<NaiveDate, DateFault> {
    let unreadable = |part| move || DateFault::Unreadable(part);
    let year = match number(year.trim_start_matches('\'')) {
        Some((year, YEAR_DIGITS)) => year,
        Some((_, 1 | 2)) => return Err(DateFault::ShortYear),
        _ => return Err(DateFault::Unreadable(DatePart::Year)),
    };
    let month = month_number(month).ok_or_else(unreadable(DatePart::Month))?;
    let day = number(without_ordinal(day)).map(|(day, _)| day);
    let day = day.filter(|day| (1..=31).contains(day)).ok_or_else(unreadable(DatePart::Day))?;
    let year = i32::try_from(year).map_err(|_impossible| DateFault::Unreadable(DatePart::Year))?;
    NaiveDate::from_ymd_opt(year, month, day).ok_or(DateFault::NoSuchDay)
}

/// 3 for 3rd.
fn without_ordinal(text: &str) -> &str {
    let ends = ["st", "nd", "rd", "th"];
    let number = ends.into_iter().find_map(|end| text.strip_suffix(end));
    number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or(text)
}

/// 1 to 12; also by its name in English, or the first three letters of it.
fn month_number(text: &str) -> Option<u32> {
    if let Some((month, _)) = number(text) {
        return Some(month).filter(|month| (1..=12).contains(month));
    }
    let name = text.trim_end_matches('.').to_ascii_lowercase();
    let found = MONTHS.iter().position(|month| name.len() >= 3 && month.starts_with(&name));
    found.and_then(|at| u32::try_from(at + 1).ok())
}

/// A number and with how many digits it was written.
fn number(text: &str) -> Option<(u32, usize)> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_number { text.parse().ok() } else { None };
    number.map(|number| (number, text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateFault::{Ambiguous, Missing, NoSuchDay, PartMissing, ShortYear, Unreadable};
    use DatePart::{Day, Month, Year};

    fn read(year: &str, month: &str, day: &str) -> Result<String, DateFault> {
        TypedDate { year, month, day }.read().map(|date| date.to_string())
    }

    #[test]
    fn a_day_is_read_from_three_fields() {
        for (year, month, day) in [
            ("1964", "9", "3"),
            ("1964", "09", "03"),
            (" 1964 ", "9.", "3,"),
            ("１９６４", "９", "３"),
            ("1964년", "9월", "3일"),
            ("1964", "Sep", "3rd"),
            ("1964", "sept.", "3"),
            ("1964", "SEPTEMBER", "3th"),
            ("1964\u{200b}", "9", "\u{3000}3"),
        ] {
            assert_eq!(read(year, month, day).as_deref(), Ok("1964-09-03"), "{year} {month} {day}");
        }
        assert_eq!(read("2000", "2", "29").as_deref(), Ok("2000-02-29"));
    }

    #[test]
    fn a_whole_day_is_read_from_any_field() {
        for text in [
            "19640903",
            "１９６４０９０３",
            "1964.9.3",
            "1964. 9. 3.",
            "1964-09-03",
            "1964–09–03",
            "1964/9/3",
            "1964 9 3",
            "1964년 9월 3일",
            "1964년9월3일",
            "3 September 1964",
            "3rd Sep, 1964",
            "September 3, 1964",
            "1964 September 3",
        ] {
            for fields in [[text, "", ""], ["", text, " "], ["", "", text]] {
                let [year, month, day] = fields;
                assert_eq!(read(year, month, day).as_deref(), Ok("1964-09-03"), "{text}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (typed, fault) in [
            (["", " ", ""], Missing),
            (["1964", "", ""], PartMissing(Month)),
            (["", "9", ""], PartMissing(Year)),
            (["", "9", "3"], PartMissing(Year)),
            (["1964", "9", ""], PartMissing(Day)),
            (["64", "9", "3"], ShortYear),
            (["'64", "9", "3"], ShortYear),
            (["640903", "", ""], ShortYear),
            (["64.9.3", "", ""], ShortYear),
            (["3", "9", "1964"], ShortYear),
            (["196", "9", "3"], Unreadable(Year)),
            (["19644", "9", "3"], Unreadable(Year)),
            (["year", "9", "3"], Unreadable(Year)),
            (["1964", "13", "3"], Unreadable(Month)),
            (["1964", "0", "3"], Unreadable(Month)),
            (["1964", "se", "3"], Unreadable(Month)),
            (["1964", "구월", "3"], Unreadable(Month)),
            (["1964", "9", "32"], Unreadable(Day)),
            (["1964", "9", "0"], Unreadable(Day)),
            (["1964", "9", "-3"], Unreadable(Day)),
            (["1964", "2", "30"], NoSuchDay),
            (["1900", "2", "29"], NoSuchDay),
            (["19640230", "", ""], NoSuchDay),
            // Which of the two is the month?
            (["3/9/1964", "", ""], Ambiguous),
        ] {
            let [year, month, day] = typed;
            assert_eq!(read(year, month, day), Err(fault), "{typed:?}");
        }
    }

    #[test]
    fn digits_are_found_among_anything() {
        assert_eq!(digits(" ０1 2-3\u{200b}45 "), "012345");
    }

    #[test]
    fn a_year_of_two_digits_is_told_where_only_one_century_can_be_meant() {
        let today = "2026-11-26".parse().unwrap();
        let read = |text: &str| with_century(text, today);
        assert_eq!(read("620301").as_deref(), Some("19620301"));
        assert_eq!(read(" ６２０３０１ ").as_deref(), Some("19620301"));
        assert_eq!(read("261127").as_deref(), Some("19261127"), "the other is tomorrow");
        assert_eq!(read("261126"), None, "a hundred years old, or born today");
        assert_eq!(read("000229").as_deref(), Some("20000229"), "1900 had no such day");
        for text in ["620230", "62031", "6203011", "19620301", "62-3-1", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
