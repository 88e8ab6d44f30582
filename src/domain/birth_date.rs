//! The day on which a person was born.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use super::{Detail, Refusal, calendar::parse_date};

/// Nobody who can be vaccinated was born before; earlier dates are mistakes.
const BIRTH_YEAR_MIN: i32 = 1900;

/// A day of birth that somebody now alive can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BirthDate(NaiveDate);

impl BirthDate {
    /// # Errors
    /// Names `birth_date`: after `today`, or before 1900.
    pub fn new(date: NaiveDate, today: NaiveDate) -> Result<Self, Refusal> {
        if date > today {
            return Err(Refusal::field("birth_date", Detail::BirthDateInFuture));
        }
        if date.year() < BIRTH_YEAR_MIN {
            let detail = Detail::BirthDateTooEarly { year_min: BIRTH_YEAR_MIN };
            return Err(Refusal::field("birth_date", detail));
        }
        Ok(Self(date))
    }

    /// # Errors
    /// Names `birth_date`: not a date as `YYYY-MM-DD`, or outside the limits of `new`.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, Refusal> {
        let unreadable = || Refusal::field("birth_date", Detail::BirthDateUnreadable);
        Self::new(parse_date(text).ok_or_else(unreadable)?, today)
    }

    /// The day.
    pub fn date(self) -> NaiveDate {
        self.0
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_impossible_birth_date_names_the_field() {
        let today = parse_date("2021-07-12").unwrap();
        for text in
            ["1961-02-29", "2021-07-13", "1899-12-31", "1962-3-1", "19620301", "", "+1962-03-1"]
        {
            let refusal = BirthDate::parse(text, today).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("birth_date"), "{text}");
        }
        for text in ["1960-02-29", "2021-07-12", "1900-01-01"] {
            assert_eq!(BirthDate::parse(text, today).unwrap().to_string(), text);
        }
    }
}
