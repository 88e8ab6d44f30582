//! Every kind of no that dosebook says, in one table. A code never changes once published; what is
//! said of it in words stands in `words::code`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! codes {
    ($($name:ident, $slug:literal, $status:literal;)*) => {
        /// A stable kind of no. Clients may rely on the slug and the status.
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
        }
    };
}

codes! {
    // the request itself
    MalformedRequest,     "malformed_request",      400;
    InvalidField,         "invalid_field",          422;
    UnknownField,         "unknown_field",          422;
    Unauthenticated,      "unauthenticated",        401;
    WrongCredentials,     "wrong_credentials",      401;
    Forbidden,            "forbidden",              403;
    NotFound,             "not_found",              404;
    MethodNotAllowed,     "method_not_allowed",     405;
    BodyTooLarge,         "body_too_large",         413;
    UnsupportedMediaType, "unsupported_media_type", 415;
    TooManyRequests,      "too_many_requests",      429;
    // booking
    NotEligible,          "not_eligible",           403;
    WindowNotOpen,        "window_not_open",        403;
    WindowClosed,         "window_closed",          403;
    CampaignPaused,       "campaign_paused",        403;
    SeatTaken,            "seat_taken",             409;
    DosesExhausted,       "doses_exhausted",        409;
    SlotClosed,           "slot_closed",            409;
    AlreadyBooked,        "already_booked",         409;
    BookingIdReused,      "booking_id_reused",      422;
    BookingEnded,         "booking_ended",          409;
    LaterDoseBooked,      "later_dose_booked",      409;
    // the clinic's day
    StepRefused,          "step_refused",           409;
    AnswersNeeded,        "answers_needed",         409;
    StepIdReused,         "step_id_reused",         422;
    // administration
    AlreadyExists,        "already_exists",         409;
    WrongState,           "wrong_state",            409;
    QuotaNotPublished,    "quota_not_published",    409;
    NotReady,             "not_ready",              409;
    LastAdministrator,    "last_administrator",     409;
    NotEnoughDoses,       "not_enough_doses",       409;
    PromisedDoses,        "promised_doses",         409;
    NotWholeVials,        "not_whole_vials",        422;
    NotBookable,          "not_bookable",           422;
    RowsRejected,         "rows_rejected",          422;
    MalformedFile,        "malformed_file",         422;
    MalformedRow,         "malformed_row",          422;
    UnknownColumn,        "unknown_column",         422;
    MissingColumn,        "missing_column",         422;
    DuplicateRow,         "duplicate_row",          422;
    // persons
    ChangedMeanwhile,     "changed_meanwhile",      412;
    PreconditionRequired, "precondition_required",  428;
    PersonMerged,         "person_merged",          409;
    BookedTwice,          "booked_twice",           409;
    PossibleDuplicate,    "possible_duplicate",     409;
    AlreadyLoaded,        "already_loaded",         409;
    DryRunDiffers,        "dry_run_differs",        409;
    ConfirmationNeeded,   "confirmation_needed",    409;
    // the service
    Overloaded,           "overloaded",             503;
    Unavailable,          "unavailable",            503;
    Internal,             "internal",               500;
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.slug())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let slug = String::deserialize(deserializer)?;
        let found = Self::ALL.iter().copied().find(|code| code.slug() == slug);
        found.ok_or_else(|| de::Error::custom("no such code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_written_as_its_slug_and_read_again() {
        for &code in Code::ALL {
            let written = serde_json::to_value(code).unwrap();
            assert_eq!(written, code.slug());
            assert_eq!(serde_json::from_value::<Code>(written).unwrap(), code);
        }
        serde_json::from_value::<Code>("no_such_code".into()).expect_err("the control");
    }
}
