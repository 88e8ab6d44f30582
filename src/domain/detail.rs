//! What is wrong this time: a cause with typed facts, and never a sentence. Sentences are made of
//! them in `words`. Facts name limits, counts and things, and repeat no value that was sent.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize, Serializer};

use super::{
    booking_state,
    campaign_state::{State, Step},
    fact::{By, Counted, Counter, Expected, Noun, Overlapped, Role, Sent},
    ids::{ImportId, PersonId, PoolId},
    import::{brake::Excess, counts::Counts, kind::Kind},
    merge::SameDose,
    stock::{Gone, Stock},
    verdict::Verdict,
    visit_word::Warning,
};

macro_rules! details {
    ($($name:ident $({ $($fact:tt)* })?, $slug:literal;)*) => {
        /// A cause and its facts. Where a field or a column is to blame, that stands beside it.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "cause", content = "facts")]
        pub enum Detail {
            /// Rules that do not hold; its facts are those of the first reason.
            #[serde(rename = "unmet_rule", serialize_with = "of_first", skip_deserializing)]
            Unmet(Box<Verdict>),
            $(#[serde(rename = $slug)] $name $({ $($fact)* })?),*
        }

        impl Detail {
            pub const CAUSES: &'static [&'static str] = &["unmet_rule", $($slug),*];

            /// The `cause` member; it never changes once published.
            pub fn cause(&self) -> &'static str {
                match self {
                    Self::Unmet(_) => "unmet_rule",
                    $(Self::$name { .. } => $slug),*
                }
            }
        }
    };
}

details! {
    // no more than the code says
    General,                                                   "general";

    // the request
    WrongMediaType { sent: Sent, media_type: Cow<'static, str> }, "wrong_media_type";
    TooLarge { sent: Sent, bytes_max: u64 },                   "too_large";
    TooSlow { sent: Sent },                                    "too_slow";
    BrokenOff { sent: Sent },                                  "broken_off";
    NotJson { line: u64, column: u64 },                        "not_json";
    NoSuchMethod,                                              "no_such_method";
    TokenMissing,                                              "token_missing";
    TokenRefused { role: Role },                               "token_refused";
    OnlyAdministrators,                                        "only_administrators";
    OnlyClinics,                                               "only_clinics";
    OnlyCallCentre,                                            "only_call_centre";
    NothingVisible,                                            "nothing_visible";
    FormFromElsewhere,                                         "form_from_elsewhere";

    // a field of it
    FieldUnknown,                                              "field_unknown";
    FieldMissing,                                              "field_missing";
    FieldTwice,                                                "field_twice";
    ValueImpossible,                                           "value_impossible";
    MustBe { #[serde(flatten)] expected: Expected },           "must_be";
    HowMany { of: Counted, min: i64, max: i64 },               "how_many";
    Empty,                                                     "empty";
    TooLong { chars_max: usize },                                "too_long";
    ControlCharacters,                                         "control_characters";
    PhoneCharacters,                                           "phone_characters";
    WrongCheckDigit,                                           "wrong_check_digit";
    PhoneDigits { digits_min: usize, digits_max: usize },          "phone_digits";
    PhoneStart,                                                "phone_start";
    PhonePrefix,                                               "phone_prefix";
    NumberInPowers,                                            "number_in_powers";
    NumberPoint,                                               "number_point";
    DateOrder,                                                 "date_order";
    DateTwoDigitYear,                                          "date_two_digit_year";
    DateSerial,                                                "date_serial";
    DateWithTime,                                              "date_with_time";
    BirthDateUnreadable,                                       "birth_date_unreadable";
    BirthDateInFuture,                                         "birth_date_in_future";
    BirthDateTooEarly { year_min: i32 },                       "birth_date_too_early";
    DateTooFar { days_max: u64 },                              "date_too_far";
    HalfPosition,                                              "half_position";
    TranslationAlone,                                          "translation_alone";
    PasswordTooShort { chars_min: usize },                       "password_too_short";
    PasswordTooLong { bytes_max: usize },                        "password_too_long";

    // things that it names
    NoSuch { what: Noun, by: By },                             "no_such";
    NotInCampaign { what: Noun, by: By },                      "not_in_campaign";
    Taken { what: Noun, by: By },                              "taken";
    TwoCodeSystems,                                            "two_code_systems";
    NoBookingHere { from: NaiveDate, to: NaiveDate },          "no_booking_here";

    // persons
    NotInRegister,                                             "not_in_register";
    NoLongerInRegister,                                        "no_longer_in_register";
    InRegister,                                                "in_register";
    SpellingInRegister,                                        "spelling_in_register";
    // persons as administrators change them
    RecordClosed,                                              "record_closed";
    OfOtherPerson { person_id: PersonId },                     "of_other_person";
    IfMatchMissing,                                            "if_match_missing";
    RecordChanged,                                             "record_changed";
    NothingToCorrect,                                          "nothing_to_correct";
    SamePerson,                                                "same_person";
    MergedInto { person_id: PersonId },                        "merged_into";
    MergeUnderWay,                                             "merge_under_way";
    SameDose { #[serde(flatten)] both: Box<SameDose> },        "same_dose";
    NumberAlone,                                               "number_alone";
    OneWayToFind,                                              "one_way_to_find";
    SameNameAndBirthDate,                                      "same_name_and_birth_date";
    PossiblySameAsLine { line: u64 },                          "possibly_same_as_line";
    PersonCodeInRegister,                                      "person_code_in_register";
    PersonHasOtherCode,                                        "person_has_other_code";
    CodeOfOtherPerson,                                         "code_of_other_person";
    KeyOfOtherPerson,                                          "key_of_other_person";

    // places
    DistrictOfDistrict,                                        "district_of_district";
    ClinicElsewhere,                                           "clinic_elsewhere";
    ClinicInOtherZone,                                         "clinic_in_other_zone";
    SlotsGoByZone,                                             "slots_go_by_zone";

    // slots
    SlotLength { hours_max: i64 },                             "slot_length";
    SlotStartsThen,                                            "slot_starts_then";
    SlotDiffers,                                               "slot_differs";
    SeatsTaken { taken: i32, max: i32 },                       "seats_taken";
    FewerSeatsThanTaken,                                       "fewer_seats_than_taken";
    TimeSkipped,                                               "time_skipped";
    TimeTwice,                                                 "time_twice";

    // campaigns and their rules
    StepNotAllowed { state: State, step: Step },               "step_not_allowed";
    QuotaFirst,                                                "quota_first";
    NothingReceived,                                           "nothing_received";
    CampaignClosed,                                            "campaign_closed";
    CampaignClosedByThen,                                      "campaign_closed_by_then";
    ClosesBeforeOpening,                                       "closes_before_opening";
    CohortOfNobody,                                            "cohort_of_nobody";
    BirthDatesReversed,                                        "birth_dates_reversed";
    AgesReversed,                                              "ages_reversed";

    // doses
    OnlyNationReceives,                                        "only_nation_receives";
    ParentNeeded,                                              "parent_needed";
    RegionNeeded,                                              "region_needed";
    RegionNotBelow,                                            "region_not_below";
    PoolOfOtherProduct,                                        "pool_of_other_product";
    PoolOfOtherRegion,                                         "pool_of_other_region";
    PoolThere,                                                 "pool_there";
    NoPoolAbove,                                               "no_pool_above";
    DrawsFromPool { pool_id: PoolId },                         "draws_from_pool";
    PoolHolds { open: i32, #[serde(default)] pools: Vec<Stock> }, "pool_holds";
    PoolPassedOn { passed_on: i32 },                           "pool_passed_on";
    Uncountable { what: Noun },                                "uncountable";
    VialBroken { doses_per_vial: i16 },                        "vial_broken";
    MovedMeanwhile { counter: Counter, now: i32 },             "moved_meanwhile";
    Promised { open: i32, promised: i32, displaced: i32 },     "promised";

    // signing in
    CodesNotSent,                                              "codes_not_sent";
    WrongCode,                                                 "wrong_code";
    WrongPassword,                                             "wrong_password";
    SignInCrowded,                                             "sign_in_crowded";
    TooManyCodes { retry_after: u64 },                         "too_many_codes";
    TooManyTries { retry_after: u64 },                         "too_many_tries";

    // the service
    Crowded { retry_after: u64 },                              "crowded";
    OutcomeUnknown,                                            "outcome_unknown";
    BookingsNotTaken,                                          "bookings_not_taken";
    SignInsNotTaken,                                           "sign_ins_not_taken";
    SnapshotStale { seconds_max: u64 },                        "snapshot_stale";

    // files
    FileEmpty,                                                 "file_empty";
    NoHeader { columns: Vec<Cow<'static, str>> },              "no_header";
    ColumnUnknown { kind: Kind },                              "column_unknown";
    ColumnUnnamed { kind: Kind, number: usize },               "column_unnamed";
    ColumnMissing,                                             "column_missing";
    ColumnTwice,                                               "column_twice";
    FileUnreadable,                                            "file_unreadable";
    RowsRejected { rejected: u64, read: u64 },                 "rows_rejected";
    TooManyColumns { columns_max: usize },                         "too_many_columns";
    ValueWithoutColumn { number: usize },                          "value_without_column";
    CellError,                                                 "cell_error";
    FormulaWithoutValue,                                       "formula_without_value";
    EncodingUnknown { offset: u64 },                           "encoding_unknown";
    NulByte { offset: u64 },                                   "nul_byte";
    OldWorkbook,                                               "old_workbook";
    NoWorkbook,                                                "no_workbook";
    WorkbookBroken,                                            "workbook_broken";
    WorkbookTooLarge { bytes_max: u64 },                       "workbook_too_large";
    SheetTooLong { rows_max: u32 },                            "sheet_too_long";
    NoSuchSheet,                                               "no_such_sheet";
    NotUtf8,                                                   "not_utf8";
    QuoteOpen,                                                 "quote_open";
    QuoteStray,                                                "quote_stray";
    QuoteNeverClosed { lines_max: u64 },                       "quote_never_closed";
    RowTooLong { bytes_max: usize, first_line: u64, last_line: u64 }, "row_too_long";
    RowWidth { fields: usize, columns: usize },                    "row_width";
    SameAsLine { line: u64 },                                  "same_as_line";
    // slots and opening hours that change
    SlotOverlaps { #[serde(flatten)] other: Box<Overlapped> }, "slot_overlaps";
    SlotOverlapsLine { line: u64 },                            "slot_overlaps_line";
    SlotTaken { taken: i32 },                                  "slot_taken";
    ZoneBooked { bookings: i64 },                              "zone_booked";
    ClosesBeforeOpens,                                         "closes_before_opens";
    BreakReversed,                                             "break_reversed";
    DatesReversed,                                             "dates_reversed";
    TooManyDays { days_max: u64 },                             "too_many_days";
    NoSuchDay,                                                 "no_such_day";
    NoSlotFits,                                                "no_slot_fits";
    DayHasHours { line: u64 },                                 "day_has_hours";
    NothingClosed,                                             "nothing_closed";
    SlotNotLost,                                               "slot_not_lost";

    // users, and what an administrator asked for by its id
    Unknown { what: Noun },                                    "unknown";
    InvitationOver,                                            "invitation_over";
    LastAdministrator,                                         "last_administrator";
    UserDisabled,                                              "user_disabled";
    AdministratorAtClinic,                                     "administrator_at_clinic";
    CallCentreAtClinic,                                        "call_centre_at_clinic";
    StaffWithoutClinic,                                        "staff_without_clinic";
    RegionElsewhere,                                           "region_elsewhere";
    ProductDiffers,                                            "product_differs";
    CheckFailed { errors: usize, warnings: usize },            "check_failed";

    AlreadyLoaded { import_id: ImportId, at: DateTime<Utc>, by: Box<Option<String>> },
                                                               "already_loaded";
    OtherFileThanTried,                                        "other_file_than_tried";
    ChangedSinceDryRun { then: Box<Counts>, now: Box<Counts> }, "changed_since_dry_run";
    FarMore { shares: Box<[Excess]>, confirm: u64 },           "far_more";

    // doses on their way, and days that can have them
    PoolNotBeside,                                             "pool_not_beside";
    DosesGone { #[serde(flatten)] gone: Box<Gone> },           "doses_gone";
    LineNotCorrectable,                                        "line_not_correctable";
    LineCorrected,                                             "line_corrected";
    BeyondLine { doses: i32 },                                 "beyond_line";
    QuotaGone,                                                 "quota_gone";
    KeyMissing,                                                "key_missing";
    KeyReused,                                                 "key_reused";
    NoneWithId { what: Noun, id: String },                     "none_with_id";
    DayPast { today: NaiveDate, zone: String },                "day_past";
    DayClosed,                                                 "day_closed";
    BookingIsOver { closes_on: NaiveDate },                    "booking_is_over";
    DayBeforeOpening { opens_on: NaiveDate },                  "day_before_opening";
    DayAfterClose { closes_on: NaiveDate, days: i64 },         "day_after_close";
    DayWithoutSeats,                                           "day_without_seats";
    DosesBeyondSeats { doses: i64, seats: i64 },               "doses_beyond_seats";

    // splits of a pool
    SplitOverNothing,                                          "split_over_nothing";
    SplitWithoutWeight,                                        "split_without_weight";
    SplitChanged,                                              "split_changed";
    SplitNotSeen,                                              "split_not_seen";

    // the clinic's day
    NotToday { on_date: NaiveDate, today: NaiveDate },         "not_today";
    NotArrived,                                                "not_arrived";
    CheckedIn,                                                 "checked_in";
    VisitEnded { state: booking_state::State },                "visit_ended";
    AppointmentAhead { starts_at: DateTime<Utc>, zone: String }, "appointment_ahead";
    BirthDateDiffers,                                          "birth_date_differs";
    HadInFuture,                                               "had_in_future";
    UntilNotAhead { days_max: u64 },                           "until_not_ahead";
    DoseGone,                                                  "dose_gone";
    NewerStep,                                                 "newer_step";
    StepNotUndone,                                             "step_not_undone";
    CancelledInTime,                                           "cancelled_in_time";
    SameDoseSince { dose_number: i16, on_date: NaiveDate },    "same_dose_since";
    LaterDose { dose_number: i16, on_date: NaiveDate },        "later_dose";
    Unanswered { warnings: Vec<Warning> },                     "unanswered";
    // the clinic's day and its closing
    DayAccounted { on_date: NaiveDate },                       "day_accounted";
    DayNotAccounted,                                           "day_not_accounted";
    DayAhead { today: NaiveDate },                             "day_ahead";
    DayChanged,                                                "day_changed";
    PeopleWaiting { people: i64 },                           "people_waiting";
    PeopleToCome { people: i64 },                            "people_to_come";
    NotOfDay,                                                  "not_of_day";
    NoDoses,                                                   "no_doses";
    DayHolds { doses: i32 },                                   "day_holds";
    NobodyCouldBook,                                           "nobody_could_book";
    OnlyToday { today: NaiveDate },                            "only_today";

    // walk-ins, and bookings by staff
    NoWalkIns,                                                 "no_walk_ins";
    NotRegisteredHere,                                         "not_registered_here";
    NoHoursToday,                                              "no_hours_today";
    NoDoseForWalkIn { open: i64 },                             "no_dose_for_walk_in";
    ConsentMissing,                                            "consent_missing";
    TooManyPasswords { retry_after: u64 },                     "too_many_passwords";
    TooManyFinds { retry_after: u64 },                         "too_many_finds";

    // how often somebody may book on one day
    BookingsOfDay {
        bookings_max: i16, again_at: DateTime<Utc>, zone: String,
        #[serde(skip)] retry_after: u64
    },                                                         "bookings_of_day";

    // as it was written down in English, before causes were kept
    Written { text: String },                                  "written";
}

/// The facts of the reason that is given first.
fn of_first<S: Serializer>(verdict: &Verdict, to: S) -> Result<S::Ok, S::Error> {
    verdict.reasons.first().serialize(to)
}
