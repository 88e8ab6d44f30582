//! What pages say: tables in which English and Korean stand side by side, one file a family of
//! pages. Each text becomes a method of [`Texts`] with typed facts, so that a text which is missing
//! in one language, or called by a wrong name in a template, does not compile.
//!
//! Refusals, reasons, dates and numbers are said by `words`, on pages as in the API.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::{
    domain::{language::Language, localized::Localized},
    words,
};

/// A table of texts: `name, "English", "한국어";` or, with facts in braces,
/// `name(fact: Type), "{fact} …", "{fact} …";`. No text holds markup: templates escape them all.
macro_rules! texts {
    ($($name:ident $(($($fact:ident: $kind:ty),+))?, $english:literal, $korean:literal;)*) => {
        impl crate::web::text::Texts {
            $(crate::web::text::text!($name [$(($($fact: $kind),+))?] $english $korean);)*
        }

        /// Name, English and Korean of each, for the tests.
        #[cfg(test)]
        pub(super) const TEXTS: &[(&str, &str, &str)] =
            &[$((stringify!($name), $english, $korean)),*];
    };
}

/// One method of a table.
macro_rules! text {
    ($name:ident [] $english:literal $korean:literal) => {
        pub fn $name(self) -> &'static str {
            match self.0 {
                crate::domain::language::Language::English => $english,
                crate::domain::language::Language::Korean => $korean,
            }
        }
    };
    ($name:ident [($($fact:ident: $kind:ty),+)] $english:literal $korean:literal) => {
        pub fn $name(self, $($fact: $kind),+) -> String {
            match self.0 {
                crate::domain::language::Language::English => format!($english),
                crate::domain::language::Language::Korean => format!($korean),
            }
        }
    };
}

use text;

mod admin;
mod admin_campaign;
mod admin_clinic;
mod admin_import;
mod admin_journal;
mod admin_person;
mod admin_picture;
mod admin_pool;
mod admin_step;
mod booking;
mod clinic;
mod eligibility;
mod error;
mod form;
mod landing;
mod layout;
mod me;
mod part;
mod round;
mod sign_in;
mod staff;
mod style;
mod supply;
#[cfg(test)]
mod tests;

/// The texts in one language, as `t` in templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texts(pub Language);

impl Texts {
    pub fn language(self) -> Language {
        self.0
    }

    /// As in the attribute `lang` and in paths.
    pub fn tag(self) -> &'static str {
        self.0.tag()
    }

    pub fn is_korean(self) -> bool {
        self.0 == Language::Korean
    }

    /// A name or reason in this language, as far as it was given in it.
    pub fn name(self, text: &Localized) -> &str {
        text.in_language(self.0)
    }

    /// Whether a name or an address is in the other language: screen readers say it by its own.
    pub fn is_foreign(self, text: &str) -> bool {
        !self.is_korean() && text.chars().any(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c))
    }

    /// A text whose phone numbers and spans of years stay on one line: browsers break behind a
    /// plain hyphen.
    pub fn whole(self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let is_digit =
            |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
        let whole = |(at, &c): (usize, &char)| {
            let is_within = c == '-' && is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
            if is_within { '\u{2011}' } else { c }
        };
        chars.iter().enumerate().map(whole).collect()
    }

    /// A count with groups of three digits.
    pub fn count(self, number: impl Into<i128>) -> String {
        words::count(number)
    }

    /// Monday 26 July 2021; 2021년 7월 26일(월).
    pub fn date(self, date: NaiveDate) -> String {
        words::date(self.0, date)
    }

    /// Date and time of day, by the zone's clock.
    pub fn instant(self, at: DateTime<Utc>, zone: Tz) -> String {
        words::instant(self.0, at, zone)
    }
}

/// Markup of our own, a picture for example, that is written into pages as it is. Whatever a person
/// or an administrator wrote is never part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Html(pub String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Html {}
