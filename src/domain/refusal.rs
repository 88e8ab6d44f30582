//! Every reason for which dosebook says no, in one table. A refusal is a value: it is returned,
//! never raised, and its code never changes once published.

use std::fmt;

use serde_json::{Map, Value};

macro_rules! codes {
    ($($name:ident, $slug:literal, $status:literal, $title:literal;)*) => {
        /// A stable reason. Clients may rely on the slug and the status.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($name),* }

        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$name),*];

            /// The `code` member of the problem document.
            pub fn slug(self) -> &'static str {
                match self { $(Code::$name => $slug),* }
            }

            /// The HTTP status that the api answers with; here so that there is one table.
            pub fn status(self) -> u16 {
                match self { $(Code::$name => $status),* }
            }

            /// The `title` member: the same for every occurrence.
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title),* }
            }
        }
    };
}

codes! {
    // the request itself
    MalformedRequest,     "malformed_request",      400, "The request cannot be read";
    InvalidField,         "invalid_field",          422, "A field has an impossible value";
    UnknownField,         "unknown_field",          422, "A field is not known here";
    Unauthenticated,      "unauthenticated",        401, "Sign in first";
    WrongCredentials,     "wrong_credentials",      401, "These credentials do not sign anyone in";
    Forbidden,            "forbidden",              403, "Your role may not do this";
    NotFound,             "not_found",              404, "There is nothing here";
    MethodNotAllowed,     "method_not_allowed",     405, "This resource does not have that method";
    BodyTooLarge,         "body_too_large",         413, "The body is larger than allowed";
    UnsupportedMediaType, "unsupported_media_type", 415, "The body is of a type not read here";
    // booking
    NotEligible,          "not_eligible",           403, "You cannot book this dose now";
    WindowNotOpen,        "window_not_open",        403, "Booking has not opened yet";
    WindowClosed,         "window_closed",          403, "Booking has closed";
    CampaignPaused,       "campaign_paused",        403, "Booking is paused";
    SeatTaken,            "seat_taken",             409, "No seat is left in this slot";
    DosesExhausted,       "doses_exhausted",        409, "No dose is left at this clinic on this day";
    SlotClosed,           "slot_closed",            409, "This slot does not take bookings";
    AlreadyBooked,        "already_booked",         409, "This dose is already booked or given";
    BookingIdReused,      "booking_id_reused",      422, "This booking id was used for another request";
    BookingEnded,         "booking_ended",          409, "This booking can no longer be cancelled";
    // administration
    AlreadyExists,        "already_exists",         409, "This already exists";
    WrongState,           "wrong_state",            409, "The campaign's state does not allow this";
    QuotaNotPublished,    "quota_not_published",    409, "A campaign cannot open without a published quota";
    NotEnoughDoses,       "not_enough_doses",       409, "There are not enough doses to move";
    PromisedDoses,        "promised_doses",         409, "Doses that are promised cannot be taken back";
    NotWholeVials,        "not_whole_vials",        422, "Doses above the clinic move in whole vials";
    RowsRejected,         "rows_rejected",          422, "The file has rows that cannot be loaded";
    MalformedRow,         "malformed_row",          422, "The row cannot be read";
    UnknownColumn,        "unknown_column",         422, "A file of this kind has no such column";
    MissingColumn,        "missing_column",         422, "A column is missing";
    DuplicateRow,         "duplicate_row",          422, "The row stands in the file twice";
    // the service
    Overloaded,           "overloaded",             503, "Too many requests at once: try again soon";
    Unavailable,          "unavailable",            503, "The service cannot answer now: try again soon";
    Internal,             "internal",               500, "Something went wrong on our side";
}

/// The member of a problem document that says after how many seconds to try again.
pub const RETRY_AFTER: &str = "retry_after";

/// A no, with what the person who asked needs to know. Holds nothing personal.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub code: Code,
    /// What is wrong this time, in a sentence.
    pub detail: String,
    /// The field of the request that is to blame, as a path (`cohorts[0].born_from`).
    pub field: Option<String>,
    /// Further members of the problem document.
    pub more: Map<String, Value>,
}

impl Refusal {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), field: None, more: Map::new() }
    }

    /// An impossible value in `field`.
    pub fn field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(Code::InvalidField, detail) }
    }

    /// Unknown and foreign things look the same: nobody learns what exists.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "There is nothing with this id that you may see.")
    }

    /// Says after how many seconds the same request should be sent again.
    #[must_use]
    pub fn come_again_in(self, seconds: u64) -> Self {
        self.with(RETRY_AFTER, seconds)
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }
}

impl From<Code> for Refusal {
    fn from(code: Code) -> Self {
        Self::new(code, format!("{}.", code.title()))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.slug(), self.detail)
    }
}

impl std::error::Error for Refusal {}
