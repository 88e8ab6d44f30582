//! What facts are made of beside numbers, dates and names: the things that a refusal can speak of.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $word:ident),* $(,)? })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$about])* $word),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$word),*];
        }
    )*};
}

words! {
    /// A thing that a request can name.
    Noun {
        Allocation,
        Booking,
        Campaign,
        Clinic,
        /// A day on which a clinic is closed.
        Closure,
        Cohort,
        Course,
        /// A kind of files.
        Kind,
        DryRun,
        /// What keeps a person from doses.
        Exclusion,
        Import,
        Person,
        /// A line of the journal.
        Movement,
        Pool,
        Product,
        Region,
        Roster,
        Slot,
        /// A press at a clinic.
        Step,
        Tranche,
        User,
    }

    /// How it was named.
    By {
        Id,
        Code,
        /// A code and the system of codes that it is from.
        CodeInSystem,
        Name,
    }

    /// Things of which there can be too few or too many.
    Counted { Clinics, Doses, Entries, Products, Rosters, Seats, Slots }

    /// A count by which a caller shows what they have seen.
    Counter { Granted, PassedOn, Received }

    /// What a caller sends.
    Sent { Body, File }

    /// Whose token is needed.
    Role { Citizen, Staff }
}

/// A slot that another one would overlap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlapped {
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// The name of the clinic's zone, in which the instants are to be shown.
    pub zone: String,
}

/// What belongs in a field. Bounds are included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "expected", rename_all = "snake_case")]
pub enum Expected {
    WholeNumber,
    WholeNumberFrom {
        min: i64,
    },
    WholeNumberBetween {
        min: i64,
        max: i64,
    },
    Number,
    NumberBetween {
        min: i64,
        max: i64,
    },
    Boolean,
    Text,
    List,
    Object,
    Uuid,
    /// Text without control characters.
    Line {
        chars_max: usize,
    },
    /// `YYYY-MM-DD`.
    Date,
    /// RFC 3339.
    Instant,
    /// As a clinic's clock shows it, or RFC 3339.
    LocalTime,
    /// As a clinic's clock shows it, without a date.
    TimeOfDay,
    /// Names of days of the week, or of ranges of them.
    Weekdays,
    /// Dates, apart by spaces or commas.
    Dates,
    /// A name of the IANA time zone database.
    TimeZone,
    /// How a clinic is called, as it is shown; or nothing.
    PhoneLine {
        chars_max: usize,
    },
    /// Latitude and longitude in degrees.
    Point,
    /// Letters (ASCII), digits and hyphens.
    Code {
        chars_max: usize,
    },
    /// Small letters (ASCII), digits and hyphens.
    SmallCode {
        chars_max: usize,
    },
    /// Small letters (ASCII), digits, dots, underscores and hyphens.
    Username {
        chars_min: usize,
        chars_max: usize,
    },
    OneOf {
        words: Vec<Cow<'static, str>>,
    },
    /// An address of e-mail.
    Email {
        chars_max: usize,
    },
    /// The number of a booking, as people have it.
    BookingNumber {
        digits: usize,
    },
    /// The number of a channel.
    Channel,
    /// Last digits of days of birth.
    Digits,
    /// The place of a line in the journal.
    MovementId,
}

impl Expected {
    pub fn one_of(words: impl IntoIterator<Item = &'static str>) -> Self {
        Self::OneOf { words: words.into_iter().map(Cow::Borrowed).collect() }
    }
}
