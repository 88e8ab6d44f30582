//! Values that several kinds of file share.

use std::ops::RangeInclusive;

use super::{Fault, Row};

/// Text of 1 to `chars_max` characters, none of them a control character.
///
/// # Errors
/// Names the column.
pub fn text<'a>(row: &Row<'a>, column: &'static str, chars_max: usize) -> Result<&'a str, Fault> {
    let text = row.get(column);
    if text.is_empty() {
        return Err(Fault::field(column, "The value is empty."));
    }
    if text.chars().count() > chars_max {
        let limit = format!("The value is longer than {chars_max} characters.");
        return Err(Fault::field(column, limit));
    }
    if text.chars().any(char::is_control) {
        return Err(Fault::field(column, "The value has control characters."));
    }
    Ok(text)
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
pub fn code<'a>(row: &Row<'a>, column: &'static str) -> Result<&'a str, Fault> {
    let code = row.get(column);
    let is_lawful = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=32).contains(&code.len()) && code.bytes().all(is_lawful) {
        return Ok(code);
    }
    Err(Fault::field(column, "A code has 1 to 32 letters, digits and hyphens."))
}

/// A whole number within `range`, written in digits only.
///
/// # Errors
/// Names the column.
pub fn number(
    row: &Row<'_>,
    column: &'static str,
    range: RangeInclusive<i32>,
) -> Result<i32, Fault> {
    let text = row.get(column);
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_digits { text.parse().ok() } else { None };
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        let (min, max) = (range.start(), range.end());
        Fault::field(column, format!("The value is not a whole number from {min} to {max}."))
    })
}
