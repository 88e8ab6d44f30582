//! The day on which a person was born.

use std::fmt;

use chrono::{Datelike, NaiveDate};

use super::{Detail, Refusal, calendar::parse_date};

/// Nobody who can be vaccinated was born before; earlier dates are mistakes.
const BIRTH_YEAR_MIN: i32 = 1900;

/// How much of a birth date is known, in the order of how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    Year,
    Month,
    Day,
}

impl Precision {
    /// As it is kept.
    pub fn number(self) -> i16 {
        match self {
            Self::Year => 1,
            Self::Month => 2,
            Self::Day => 3,
        }
    }

    /// The one that is kept as this number.
    pub fn numbered(number: i16) -> Self {
        match number {
            1 => Self::Year,
            2 => Self::Month,
            _ => Self::Day,
        }
    }

    /// As in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
        }
    }
}

/// A day of birth that somebody now alive can have. Of some people only the year or the month is
/// known: they count as born on the last day that is possible, so that nobody gets a dose below its
/// minimum age, and in a campaign with tranches they belong to the one that opens first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BirthDate {
    date: NaiveDate,
    precision: Precision,
}

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
        Ok(Self { date, precision: Precision::Day })
    }

    /// Of somebody of whose day of birth no more is known.
    ///
    /// # Errors
    /// Names `birth_date`: no such month, after `today`, or before 1900.
    pub fn partial(year: i32, month: Option<u32>, today: NaiveDate) -> Result<Self, Refusal> {
        let unreadable = || Refusal::field("birth_date", Detail::BirthDateUnreadable);
        let first = NaiveDate::from_ymd_opt(year, month.unwrap_or(1), 1).ok_or_else(unreadable)?;
        Self::new(first, today)?;
        let precision = if month.is_some() { Precision::Month } else { Precision::Year };
        Ok(Self { date: last_day(first, precision), precision })
    }

    /// One that was kept.
    pub fn kept(date: NaiveDate, precision: Precision) -> Self {
        Self { date, precision }
    }

    /// # Errors
    /// Names `birth_date`: not a date as `YYYY-MM-DD`, or outside the limits of `new`.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, Refusal> {
        let unreadable = || Refusal::field("birth_date", Detail::BirthDateUnreadable);
        Self::new(parse_date(text).ok_or_else(unreadable)?, today)
    }

    /// Also of somebody of whom less is known: `1950`, `1950-03`, `1950-00-00`, `1950-03-00`.
    ///
    /// # Errors
    /// Names `birth_date`, as `parse` does.
    pub fn parse_partial(text: &str, today: NaiveDate) -> Result<Self, Refusal> {
        match partial(text) {
            Some((year, month)) => Self::partial(year, month, today),
            None => Self::parse(text, today),
        }
    }

    /// The day, or the last day that is possible.
    pub fn date(self) -> NaiveDate {
        self.date
    }

    /// How much of it is known.
    pub fn precision(self) -> Precision {
        self.precision
    }

    /// The same date as it is kept of people of whom only the month, or only the year is known.
    pub fn vaguer(self) -> [Self; 2] {
        [Precision::Month, Precision::Year]
            .map(|precision| Self { precision, ..self })
            .map(|vague| Self { date: last_day(vague.date, vague.precision), ..vague })
    }
}

/// The year, and the month where it is known: `1950`, `1950-03`, `1950-00-00`, `1950-03-00`.
fn partial(text: &str) -> Option<(i32, Option<u32>)> {
    let mut parts = text.split('-');
    let year = parts.next().filter(|year| year.len() == 4)?;
    let mut number = || match parts.next() {
        None => Some(None),
        Some(part) if part.len() == 2 => part.parse::<u32>().ok().map(Some),
        Some(_) => None,
    };
    let (month, day) = (number()?, number()?);
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    match (month, day) {
        _ if !is_plain || parts.next().is_some() => None,
        (None | Some(0), None | Some(0)) => Some((year.parse().ok()?, None)),
        (Some(month), None | Some(0)) => Some((year.parse().ok()?, Some(month))),
        _ => None,
    }
}

/// The last day that somebody can be born on of whom no more is known.
fn last_day(date: NaiveDate, precision: Precision) -> NaiveDate {
    let month = match precision {
        Precision::Year => 12,
        _ => date.month(),
    };
    let last = match precision {
        Precision::Day => Some(date),
        _ => {
            let mut days = [31, 30, 29, 28].into_iter();
            days.find_map(|day| NaiveDate::from_ymd_opt(date.year(), month, day))
        }
    };
    last.unwrap_or(date)
}

/// As it was told: zeros for what is not known.
impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.precision {
            Precision::Day => self.date.fmt(f),
            Precision::Month => write!(f, "{}-00", self.date.format("%Y-%m")),
            Precision::Year => write!(f, "{}-00-00", self.date.format("%Y")),
        }
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

    #[test]
    fn of_some_people_only_the_month_or_the_year_is_known() {
        let today = parse_date("2021-07-12").unwrap();
        for (text, shown, last) in [
            ("1950", "1950-00-00", "1950-12-31"),
            ("1950-00-00", "1950-00-00", "1950-12-31"),
            ("1950-02", "1950-02-00", "1950-02-28"),
            ("1952-02-00", "1952-02-00", "1952-02-29"),
            ("1950-03-05", "1950-03-05", "1950-03-05"),
            ("2021", "2021-00-00", "2021-12-31"),
        ] {
            let born = BirthDate::parse_partial(text, today).unwrap();
            assert_eq!((born.to_string(), born.date().to_string()), (shown.into(), last.into()));
            assert_eq!(BirthDate::kept(born.date(), born.precision()), born);
            assert_eq!(Precision::numbered(born.precision().number()), born.precision());
        }
        for text in [
            "195",
            "19500",
            "1950-13",
            "1950-13-00",
            "1950-00-05",
            "2022",
            "1899",
            "1950-3",
            "1950-03-00-00",
            "+195",
            "",
        ] {
            let refusal = BirthDate::parse_partial(text, today).unwrap_err();
            assert_eq!(refusal.field.as_deref(), Some("birth_date"), "{text}");
        }
        let whole = BirthDate::parse("1952-02-11", today).unwrap();
        let vaguer = whole.vaguer().map(|vague| vague.date().to_string());
        assert_eq!(vaguer, ["1952-02-29", "1952-12-31"]);
    }
}
