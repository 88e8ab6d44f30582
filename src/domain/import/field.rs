//! Values that several kinds of file share.

use std::{borrow::Cow, ops::RangeInclusive};

use chrono::NaiveDate;

use super::{cell::plain, date, fault::Fault, header::Row};
use crate::domain::{
    Detail,
    birth_date::BirthDate,
    fact::Expected,
    fold,
    person::{parse_person_code, parse_phone_if_any},
};

/// Characters of a code, as `clinic_code_check` and its like have it.
pub const CODE_CHARS_MAX: usize = 32;

/// Text of 1 to `chars_max` characters, none of them a control character.
///
/// # Errors
/// Names the column.
pub fn text<'a>(row: &Row<'a>, column: &'static str, chars_max: usize) -> Result<&'a str, Fault> {
    let text = row.get(column);
    if text.is_empty() {
        return Err(Fault::field(column, Detail::Empty));
    }
    if text.chars().count() > chars_max {
        return Err(Fault::field(column, Detail::TooLong { chars_max }));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::field(column, Detail::ControlCharacters));
    }
    Ok(text)
}

/// As `text`, of a code that the field's own systems have: without marks, and in narrow characters.
///
/// # Errors
/// Names the column.
pub fn plain_text<'a>(
    row: &Row<'a>,
    column: &'static str,
    chars_max: usize,
) -> Result<Cow<'a, str>, Fault> {
    text(row, column, chars_max).map(plain)
}

/// Text that may be left out: none where the column is, and empty text where the value is.
///
/// # Errors
/// Names the column, as `text` does.
pub fn optional_text<'a>(
    row: &Row<'a>,
    column: &'static str,
    chars_max: usize,
) -> Result<Option<&'a str>, Fault> {
    match row.find(column) {
        None | Some("") => Ok(row.find(column)),
        Some(_) => text(row, column, chars_max).map(Some),
    }
}

/// A code of 1 to 32 letters (ASCII), digits and hyphens, as clinics, regions and rosters have it.
///
/// # Errors
/// Names the column.
pub fn code<'a>(row: &Row<'a>, column: &'static str) -> Result<Cow<'a, str>, Fault> {
    let code = plain(row.get(column));
    let is_lawful = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=CODE_CHARS_MAX).contains(&code.len()) && code.bytes().all(is_lawful) {
        return Ok(code);
    }
    Err(Fault::expected(column, Expected::Code { chars_max: CODE_CHARS_MAX }))
}

/// A whole number within `range`: digits, also with commas between thousands and with zeros after
/// the point.
///
/// # Errors
/// Names the column.
pub fn number(
    row: &Row<'_>,
    column: &'static str,
    range: RangeInclusive<i32>,
) -> Result<i32, Fault> {
    let text = plain(row.get(column));
    if is_in_powers(&text) {
        return Err(Fault::field(column, Detail::NumberInPowers));
    }
    let (whole, decimals) = text.split_once('.').unwrap_or((&text, "0"));
    if is_thousands(whole, decimals) {
        return Err(Fault::field(column, Detail::NumberPoint));
    }
    let is_whole = !decimals.is_empty() && decimals.bytes().all(|byte| byte == b'0');
    let number = if is_whole { digits(whole).and_then(|digits| digits.parse().ok()) } else { None };
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        let (min, max) = (i64::from(*range.start()), i64::from(*range.end()));
        Fault::expected(column, Expected::WholeNumberBetween { min, max })
    })
}

/// The digits of a number, whose commas may stand only between thousands.
fn digits(text: &str) -> Option<String> {
    let mut groups = text.split(',');
    let first = groups.next().unwrap_or_default();
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !(1..=3).contains(&first.len()) {
            return None;
        }
        digits.push_str(group);
    }
    digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)
}

/// `1.000` is a thousand to some and one to others; `10.0` is ten to all.
fn is_thousands(whole: &str, decimals: &str) -> bool {
    (1..=3).contains(&whole.len())
        && decimals.len() == 3
        && [whole, decimals].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `1E+01`: what a spreadsheet shows of a number that is too long for its column.
fn is_in_powers(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    mantissa.parse::<f64>().is_ok() && exponent.parse::<i32>().is_ok()
}

/// A date with the year first.
///
/// # Errors
/// Names the column.
pub fn date(row: &Row<'_>, column: &'static str) -> Result<NaiveDate, Fault> {
    date::date(row.get(column)).map_err(|detail| Fault::field(column, detail))
}

/// A birth date, also one of which only the year or the month is known.
///
/// # Errors
/// Names `birth_date`: none, or outside the limits of `BirthDate::new`.
pub fn birth_date(row: &Row<'_>, today: NaiveDate) -> Result<BirthDate, Fault> {
    if let Some((year, month)) = date::partial(row.get("birth_date")) {
        return Ok(BirthDate::partial(year, month, today)?);
    }
    let date = date::date(row.get("birth_date")).map_err(|detail| match detail {
        Detail::MustBe { .. } => Detail::BirthDateUnreadable,
        detail => detail,
    });
    let date = date.map_err(|detail| Fault::field("birth_date", detail))?;
    Ok(BirthDate::new(date, today)?)
}

/// A person's phone number as it is kept; empty where there is none.
///
/// # Errors
/// Names `phone`.
pub fn phone(row: &Row<'_>) -> Result<String, Fault> {
    Ok(parse_phone_if_any(&plain(row.get("phone")))?)
}

/// The register's own code for a person; none where there is none.
///
/// # Errors
/// Names `person_code`.
pub fn person_code(row: &Row<'_>) -> Result<Option<String>, Fault> {
    let code = plain(row.get("person_code"));
    if code.is_empty() { Ok(None) } else { Ok(Some(parse_person_code(&code)?)) }
}

/// Yes or no; an empty value is no.
///
/// # Errors
/// Names the column.
pub fn is_yes(row: &Row<'_>, column: &'static str) -> Result<bool, Fault> {
    match fold::name(row.get(column)).as_str() {
        "" | "no" | "n" | "아니오" | "아니요" => Ok(false),
        "yes" | "y" | "예" | "네" => Ok(true),
        _ => Err(Fault::expected(column, Expected::one_of(["yes", "no"]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::import::{Kind, header::tests::with_file};

    fn read(text: &str) -> Result<i32, Detail> {
        let quoted = format!("C,x,y,\"{text}\"");
        with_file(Kind::Slots, "clinic_code,starts_at,ends_at,seats", &quoted, |row| {
            number(row, "seats", 1..=100_000).map_err(|fault| {
                assert_eq!(fault.column, "seats");
                fault.detail
            })
        })
    }

    #[test]
    fn whole_numbers_are_read_as_spreadsheets_write_them() {
        for (text, expected) in [
            ("10", 10),
            ("10.0", 10),
            ("10.00", 10),
            ("1,000", 1_000),
            ("1,000.0", 1_000),
            ("10,000", 10_000),
            ("100,000.00", 100_000),
            ("１０", 10),
            ("１，０００", 1_000),
            ("１０．０", 10),
            (" 10 ", 10),
            ("\u{a0}10\u{a0}", 10),
            ("'10", 10),
            ("007", 7),
            ("1000.000", 1_000),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_number_or_could_be_two_is_refused() {
        let between =
            Detail::MustBe { expected: Expected::WholeNumberBetween { min: 1, max: 100_000 } };
        for text in [
            "",
            "10.5",
            "-10",
            "－１０",
            "−10",
            "0",
            "0.0",
            "+5",
            "10.",
            ".0",
            "1,00",
            "1,0000",
            "10,5",
            "1000,000",
            ",000",
            "1,",
            "1 000",
            "10 doses",
            "10개",
            "①",
            "1²",
            "0x10",
            "100001",
            "99999999999",
            "1/2",
            "ten",
            "NaN",
            "inf",
            "1,000,00",
            "1.0.0",
            "1'000",
            "--",
            "٣",
            "十",
        ] {
            assert_eq!(read(text), Err(between.clone()), "{text}");
        }
        for text in ["1E+01", "1e1", "1.5E+03", "１Ｅ＋０１", "1E-2"] {
            assert_eq!(read(text), Err(Detail::NumberInPowers), "{text}");
        }
        for text in ["1.000", "10.000", "100.000", "1.500"] {
            assert_eq!(read(text), Err(Detail::NumberPoint), "{text}");
        }
    }
}
