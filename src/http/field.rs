//! Values in requests that a plain string or number would take too lightly. Each says what it
//! expects when it is something else; `extract` turns that into a refusal that names the field.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer};

use crate::domain::{
    calendar::{parse_date, zone_named},
    clinic::{PHONE_CHARS_MAX, is_phone_line},
    closure::How,
    day_dose::Act,
    day_policy::{LeftOver, WalkIn},
    fact::Expected,
    opening_hours::{Minute, WEEKDAY_WORDS},
    staff_booking::Consent,
    visit::{NotGiven, Site, StepKind, Warning},
};

/// Years of an instant: what a database and a human can both work with.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9000;
const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 1000;

/// Something else was expected. serde keeps nothing of an error but its message, so that what was
/// expected goes through it as JSON.
#[derive(Debug)]
pub struct Wrong(Expected);

impl Wrong {
    /// What was expected, out of what follows that word in a message.
    pub fn read(text: &str) -> Option<Expected> {
        serde_json::from_str(text).ok()
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", serde_json::to_string(&self.0).unwrap_or_default())
    }
}

impl std::error::Error for Wrong {}

/// One line of text: 1 to `MAX` characters, white space around it removed.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const MAX: usize>(pub String);

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let trimmed = text.trim();
        let length = trimmed.chars().count();
        if !(1..=MAX).contains(&length) || trimmed.chars().any(char::is_control) {
            return Err(Wrong(Expected::Line { chars_max: MAX }));
        }
        Ok(Self(trimmed.to_owned()))
    }
}

/// How a clinic is called; empty where it is not.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct PhoneLine(pub String);

impl TryFrom<String> for PhoneLine {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let trimmed = text.trim();
        if is_phone_line(trimmed) {
            return Ok(Self(trimmed.to_owned()));
        }
        Err(Wrong(Expected::PhoneLine { chars_max: PHONE_CHARS_MAX }))
    }
}

/// A member of a change that null clears. With `#[serde(default)]` the outer none is a member that
/// was left out; the inner none is null.
///
/// # Errors
/// Those of the value itself.
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// A date as `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Day(pub NaiveDate);

impl TryFrom<String> for Day {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let is_usual = |date: &NaiveDate| YEARS.contains(&date.year());
        let day = parse_date(&text).filter(is_usual).map(Self);
        day.ok_or(Wrong(Expected::Date))
    }
}

/// A time of day as `HH:MM`, up to 24:00.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct DayTime(pub Minute);

impl TryFrom<String> for DayTime {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        Minute::parse(&text).map(Self).ok_or(Wrong(Expected::TimeOfDay))
    }
}

/// A day of the week by its first three letters.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct DayOfWeek(pub usize);

impl TryFrom<String> for DayOfWeek {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let at = WEEKDAY_WORDS.iter().position(|word| *word == text);
        at.map(Self).ok_or_else(|| Wrong(Expected::one_of(WEEKDAY_WORDS)))
    }
}

/// How somebody told a person.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct TellingHow(pub How);

impl TryFrom<String> for TellingHow {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let how = How::ALL.into_iter().find(|how| how.word() == text);
        how.map(Self).ok_or_else(|| Wrong(Expected::one_of(How::ALL.map(How::word))))
    }
}

/// A word of a visit.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Word<T: Named>(pub T);

/// What has a word for each of its values.
pub trait Named: Copy + 'static {
    /// All that may come in from outside.
    const WORDS: &'static [Self];
    fn word(self) -> &'static str;
}

impl<T: Named> TryFrom<String> for Word<T> {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let found = T::WORDS.iter().copied().find(|one| one.word() == text);
        let words = || Wrong(Expected::one_of(T::WORDS.iter().map(|one| one.word())));
        found.map(Self).ok_or_else(words)
    }
}

macro_rules! named {
    ($($name:ident: $words:expr;)*) => {$(
        impl Named for $name {
            const WORDS: &'static [Self] = $words;

            fn word(self) -> &'static str {
                Self::word(self)
            }
        }
    )*};
}

named! {
    Site: Site::ALL;
    Consent: &Consent::ALL;
    Warning: Warning::ALL;
    // What staff press about a booking; the others come about in other ways.
    StepKind: &[
        StepKind::Arrive,
        StepKind::Give,
        StepKind::NoShow,
        StepKind::NotVaccinated,
        StepKind::Cancel,
        StepKind::Undo,
    ];
    // The service alone closes a day on which nothing was written down.
    NotGiven: &[
        NotGiven::Refused,
        NotGiven::Unwell,
        NotGiven::Contraindicated,
        NotGiven::AlreadyHad,
    ];
}

/// Who is given a dose without a booking.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct WalkInWord(pub WalkIn);

impl TryFrom<String> for WalkInWord {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let policy = WalkIn::ALL.into_iter().find(|policy| policy.word() == text);
        policy.map(Self).ok_or_else(|| Wrong(Expected::one_of(WalkIn::ALL.map(WalkIn::word))))
    }
}

/// What becomes of doses that are left over.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct LeftOverWord(pub LeftOver);

impl TryFrom<String> for LeftOverWord {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let policy = LeftOver::ALL.into_iter().find(|policy| policy.word() == text);
        policy.map(Self).ok_or_else(|| Wrong(Expected::one_of(LeftOver::ALL.map(LeftOver::word))))
    }
}

/// What is done with doses of a day.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct ActWord(pub Act);

impl TryFrom<String> for ActWord {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let act = Act::ALL.into_iter().find(|act| act.word() == text);
        act.map(Self).ok_or_else(|| Wrong(Expected::one_of(Act::ALL.map(Act::word))))
    }
}

/// An instant in RFC 3339, with any offset.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Instant(pub DateTime<Utc>);

impl TryFrom<String> for Instant {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        let at = DateTime::parse_from_rfc3339(&text).ok().map(|at| at.to_utc());
        let is_usual = |at: &DateTime<Utc>| YEARS.contains(&at.year());
        at.filter(is_usual).map(Self).ok_or(Wrong(Expected::Instant))
    }
}

/// An IANA time zone.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Zone(pub Tz);

impl TryFrom<String> for Zone {
    type Error = Wrong;

    fn try_from(text: String) -> Result<Self, Wrong> {
        zone_named(&text).map(Self).ok_or(Wrong(Expected::TimeZone))
    }
}

/// How many items a list answers with: 1 to 1000, 100 unless asked.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "i64")]
pub struct Limit(pub i64);

impl Default for Limit {
    fn default() -> Self {
        Self(LIMIT_DEFAULT)
    }
}

impl TryFrom<i64> for Limit {
    type Error = Wrong;

    fn try_from(limit: i64) -> Result<Self, Wrong> {
        let expected = Expected::WholeNumberBetween { min: 1, max: LIMIT_MAX };
        (1..=LIMIT_MAX).contains(&limit).then_some(Self(limit)).ok_or(Wrong(expected))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(given: &str) -> Option<String> {
        Text::<5>::try_from(given.to_owned()).ok().map(|text| text.0)
    }

    #[test]
    fn a_text_is_one_line_that_is_neither_empty_nor_long() {
        assert_eq!(text(" 보건소 ").as_deref(), Some("보건소"));
        assert_eq!(text("12345").as_deref(), Some("12345"));
        for bad in ["", "  ", "123456", "a\nb", "a\u{0}b"] {
            assert_eq!(text(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn an_instant_has_an_offset_and_a_sane_year() {
        let read = |text: &str| Instant::try_from(text.to_owned()).ok().map(|at| at.0);
        let noon = read("2021-07-12T21:00:00+09:00").unwrap();
        assert_eq!(noon, read("2021-07-12T12:00:00Z").unwrap());
        for bad in ["2021-07-12", "2021-07-12T21:00:00", "0001-01-01T00:00:00Z", "soon"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn days_zones_and_limits_have_their_bounds() {
        assert!(Day::try_from("2021-07-12".to_owned()).is_ok());
        for bad in ["2021-02-29", "0000-01-01", "2021-7-12", ""] {
            assert!(Day::try_from(bad.to_owned()).is_err(), "{bad}");
        }
        assert!(Zone::try_from("Asia/Seoul".to_owned()).is_ok());
        assert!(Zone::try_from("Asia/Atlantis".to_owned()).is_err());
        assert_eq!(
            [0, 1, 1000, 1001].map(|n| Limit::try_from(n).is_ok()),
            [false, true, true, false]
        );
    }
}
