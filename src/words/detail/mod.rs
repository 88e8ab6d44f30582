//! What is wrong this time, in a sentence or two.

mod campaign;
mod clinic_day;
mod day;
mod dose;
mod field;
mod file;
mod hours;
mod import;
mod person;
mod person_change;
mod person_key;
mod place;
mod pool;
mod request;
mod service;
mod sign_in;
mod slot;
mod split;
mod user;
mod visit;
mod walk_in;

use super::{
    code::title,
    finding::failed,
    noun::{how_many, none_of, none_with_id, taken, unknown},
    reason::reason,
    step::step_not_allowed,
};
use crate::domain::{Code, Detail, Refusal, import::Reject, language::Language};

/// What a refusal says.
pub fn refusal(language: Language, refusal: &Refusal) -> String {
    let Refusal { code, detail, field, .. } = refusal;
    sentence(language, *code, detail, field.as_deref().unwrap_or_default())
}

/// What is said of a rejected row.
pub fn reject(language: Language, reject: &Reject) -> String {
    sentence(language, reject.code, &reject.detail, &reject.column)
}

#[expect(clippy::too_many_lines, reason = "one table of sentences, in the order of Detail")]
fn sentence(language: Language, code: Code, detail: &Detail, field: &str) -> String {
    match detail {
        Detail::Unmet(verdict) => match verdict.reasons.first() {
            Some(first) => reason(language, first),
            None => sentence(language, code, &Detail::General, field),
        },
        Detail::General => {
            let title = title(language, code);
            say!(language, "{title}.", "{title}.")
        }

        // the request
        Detail::WrongMediaType { sent, media_type } => {
            request::wrong_media_type(language, *sent, media_type)
        }
        Detail::TooLarge { sent, bytes_max } => request::too_large(language, *sent, *bytes_max),
        Detail::TooSlow { sent } => request::too_slow(language, *sent),
        Detail::BrokenOff { sent } => request::broken_off(language, *sent),
        Detail::NotJson { line, column } => request::not_json(language, *line, *column),
        Detail::NoSuchMethod => request::no_such_method(language),
        Detail::TokenMissing => request::token_missing(language),
        Detail::TokenRefused { role } => request::token_refused(language, *role),
        Detail::OnlyAdministrators => request::only_administrators(language),
        Detail::OnlyClinics => request::only_clinics(language),
        Detail::OnlyCallCentre => request::only_call_centre(language),
        Detail::NothingVisible => request::nothing_visible(language),
        Detail::FormFromElsewhere => request::form_from_elsewhere(language),

        // a field of it
        Detail::FieldUnknown => field::field_unknown(language, field),
        Detail::FieldMissing => field::field_missing(language, field),
        Detail::FieldTwice => field::field_twice(language, field),
        Detail::ValueImpossible => field::value_impossible(language, field),
        Detail::MustBe { expected } => field::must_be(language, expected, field),
        Detail::HowMany { of, min, max } => how_many(language, *of, (*min, *max)),
        Detail::Empty => field::empty(language, field),
        Detail::TooLong { chars_max } => field::too_long(language, *chars_max, field),
        Detail::ControlCharacters => field::control_characters(language, field),
        Detail::PhoneCharacters => field::phone_characters(language),
        Detail::WrongCheckDigit => field::wrong_check_digit(language),
        Detail::PhoneDigits { digits_min, digits_max } => {
            field::phone_digits(language, *digits_min, *digits_max)
        }
        Detail::PhoneStart => file::phone_start(language),
        Detail::PhonePrefix => file::phone_prefix(language),
        Detail::NumberInPowers => file::number_in_powers(language, &field::value(language, field)),
        Detail::NumberPoint => file::number_point(language, &field::value(language, field)),
        Detail::DateOrder => file::date_order(language, &field::value(language, field)),
        Detail::DateTwoDigitYear => {
            file::date_two_digit_year(language, &field::value(language, field))
        }
        Detail::DateSerial => file::date_serial(language, &field::value(language, field)),
        Detail::DateWithTime => file::date_with_time(language, &field::value(language, field)),
        Detail::BirthDateUnreadable => field::birth_date_unreadable(language),
        Detail::BirthDateInFuture => field::birth_date_in_future(language),
        Detail::BirthDateTooEarly { year_min } => field::birth_date_too_early(language, *year_min),
        Detail::DateTooFar { days_max } => field::date_too_far(language, *days_max),
        Detail::HalfPosition => field::half_position(language),
        Detail::TranslationAlone => field::translation_alone(language),
        Detail::PasswordTooShort { chars_min } => field::password_too_short(language, *chars_min),
        Detail::PasswordTooLong { bytes_max } => field::password_too_long(language, *bytes_max),

        // things that it names
        Detail::NoSuch { what, by } => {
            let none = none_of(language, *what, *by);
            say!(language, "There is no {none}.", "{none} 없습니다.")
        }
        Detail::NotInCampaign { what, by } => {
            let none = none_of(language, *what, *by);
            say!(language, "The campaign has no {none}.", "이 접종 사업에 {none} 없습니다.")
        }
        Detail::Taken { what, by } => taken(language, *what, *by),
        Detail::TwoCodeSystems => campaign::two_code_systems(language),
        Detail::NoBookingHere { from, to } => person::no_booking_here(language, *from, *to),

        // persons
        Detail::NotInRegister => person::not_in_register(language),
        Detail::NoLongerInRegister => person::no_longer_in_register(language),
        Detail::InRegister => person::in_register(language),
        Detail::SpellingInRegister => person::spelling_in_register(language),
        Detail::RecordClosed
        | Detail::OfOtherPerson { .. }
        | Detail::IfMatchMissing
        | Detail::RecordChanged
        | Detail::NothingToCorrect
        | Detail::SamePerson
        | Detail::MergedInto { .. }
        | Detail::MergeUnderWay
        | Detail::SameDose { .. }
        | Detail::NumberAlone
        | Detail::OneWayToFind => person_change::sentence(language, detail),

        // places
        Detail::DistrictOfDistrict => place::district_of_district(language),
        Detail::ClinicElsewhere => place::clinic_elsewhere(language),
        Detail::ClinicInOtherZone => place::clinic_in_other_zone(language),
        Detail::SlotsGoByZone => place::slots_go_by_zone(language),

        // slots
        Detail::SlotLength { hours_max } => slot::slot_length(language, *hours_max),
        Detail::SlotStartsThen => slot::slot_starts_then(language),
        Detail::SlotDiffers => slot::slot_differs(language),
        Detail::SeatsTaken { taken, max } => slot::seats_taken(language, *taken, *max),
        Detail::FewerSeatsThanTaken => slot::fewer_seats_than_taken(language),
        Detail::TimeSkipped => slot::time_skipped(language),
        Detail::TimeTwice => slot::time_twice(language),

        // campaigns and their rules
        Detail::StepNotAllowed { state, step } => step_not_allowed(language, *state, *step),
        Detail::QuotaFirst => campaign::quota_first(language),
        Detail::NothingReceived => campaign::nothing_received(language),
        Detail::CampaignClosed => campaign::campaign_closed(language),
        Detail::CampaignClosedByThen => campaign::campaign_closed_by_then(language),
        Detail::ClosesBeforeOpening => campaign::closes_before_opening(language),
        Detail::CohortOfNobody => campaign::cohort_of_nobody(language),
        Detail::BirthDatesReversed => campaign::birth_dates_reversed(language),
        Detail::AgesReversed => campaign::ages_reversed(language),

        // doses
        Detail::OnlyNationReceives => dose::only_nation_receives(language),
        Detail::ParentNeeded => dose::parent_needed(language),
        Detail::RegionNeeded => dose::region_needed(language),
        Detail::RegionNotBelow => dose::region_not_below(language),
        Detail::PoolOfOtherProduct => dose::pool_of_other_product(language),
        Detail::PoolOfOtherRegion => dose::pool_of_other_region(language),
        Detail::PoolThere => dose::pool_there(language),
        Detail::NoPoolAbove => dose::no_pool_above(language),
        Detail::DrawsFromPool { pool_id } => dose::draws_from_pool(language, *pool_id),
        Detail::PoolHolds { open, pools } => pool::holds(language, *open, pools),
        Detail::PoolPassedOn { passed_on } => dose::pool_passed_on(language, *passed_on),
        Detail::Uncountable { what } => dose::uncountable(language, *what),
        Detail::VialBroken { doses_per_vial } => dose::vial_broken(language, *doses_per_vial),
        Detail::MovedMeanwhile { counter, now } => dose::moved_meanwhile(language, *counter, *now),
        Detail::Promised { open, promised: kept, displaced } => {
            dose::promised(language, (*open, *kept, *displaced))
        }

        // signing in
        Detail::CodesNotSent => sign_in::codes_not_sent(language),
        Detail::WrongCode => sign_in::wrong_code(language),
        Detail::WrongPassword => sign_in::wrong_password(language),
        Detail::SignInCrowded => sign_in::sign_in_crowded(language),
        Detail::TooManyCodes { retry_after } => sign_in::too_many_codes(language, *retry_after),
        Detail::TooManyPasswords { retry_after } => {
            sign_in::too_many_passwords(language, *retry_after)
        }
        Detail::TooManyTries { retry_after } => sign_in::too_many_tries(language, *retry_after),

        // the service
        Detail::Crowded { retry_after } => service::crowded(language, *retry_after),
        Detail::OutcomeUnknown => service::outcome_unknown(language),
        Detail::BookingsNotTaken => service::bookings_not_taken(language),
        Detail::SignInsNotTaken => service::sign_ins_not_taken(language),
        Detail::SnapshotStale { seconds_max } => service::snapshot_stale(language, *seconds_max),

        // files
        Detail::FileEmpty => file::empty(language),
        Detail::NoHeader { columns } => file::no_header(language, &columns.join(",")),
        Detail::ColumnUnknown { kind } => file::column_unknown(language, field, *kind),
        Detail::ColumnUnnamed { kind, number } => file::column_unnamed(language, *kind, *number),
        Detail::ColumnMissing => file::column_missing(language, field),
        Detail::ColumnTwice => file::column_twice(language, field),
        Detail::FileUnreadable => file::unreadable(language),
        Detail::RowsRejected { rejected, read } => file::rows_rejected(language, *rejected, *read),
        Detail::TooManyColumns { columns_max } => file::too_many_columns(language, *columns_max),
        Detail::ValueWithoutColumn { number } => file::value_without_column(language, *number),
        Detail::CellError => file::cell_error(language),
        Detail::FormulaWithoutValue => file::formula_without_value(language),
        Detail::EncodingUnknown { offset } => file::encoding_unknown(language, *offset),
        Detail::NulByte { offset } => file::nul_byte(language, *offset),
        Detail::OldWorkbook => file::old_workbook(language),
        Detail::NoWorkbook => file::no_workbook(language),
        Detail::WorkbookBroken => file::workbook_broken(language),
        Detail::WorkbookTooLarge { bytes_max } => file::workbook_too_large(language, *bytes_max),
        Detail::SheetTooLong { rows_max } => file::sheet_too_long(language, *rows_max),
        Detail::NoSuchSheet => file::no_such_sheet(language),
        Detail::NotUtf8 => file::not_utf8(language),
        Detail::QuoteOpen => file::quote_open(language),
        Detail::QuoteStray => file::quote_stray(language),
        Detail::QuoteNeverClosed { lines_max } => file::quote_never_closed(language, *lines_max),
        Detail::RowTooLong { bytes_max, first_line, last_line } => {
            file::row_too_long(language, *bytes_max, (*first_line, *last_line))
        }
        Detail::RowWidth { fields, columns } => file::row_width(language, *fields, *columns),
        Detail::SameAsLine { line } => file::same_as_line(language, *line, field),

        // users, and what an administrator asked for by its id
        Detail::Unknown { what } => unknown(language, *what),
        Detail::InvitationOver => user::invitation_over(language),
        Detail::LastAdministrator => user::last_administrator(language),
        Detail::UserDisabled => user::disabled(language),
        Detail::AdministratorAtClinic => user::administrator_at_clinic(language),
        Detail::CallCentreAtClinic => user::call_centre_at_clinic(language),
        Detail::StaffWithoutClinic => user::staff_without_clinic(language),
        Detail::RegionElsewhere => place::region_elsewhere(language),
        Detail::ProductDiffers => campaign::product_differs(language),
        Detail::CheckFailed { errors, warnings } => failed(language, *errors, *warnings),
        Detail::AlreadyLoaded { import_id, at, by } => {
            import::already_loaded(language, *import_id, *at, by.as_deref())
        }
        Detail::OtherFileThanTried => import::other_file_than_tried(language),
        Detail::ChangedSinceDryRun { then, now } => {
            import::changed_since_dry_run(language, then, now)
        }
        Detail::FarMore { shares, confirm } => import::far_more(language, shares, *confirm),

        // doses on their way, and days that can have them
        Detail::PoolNotBeside => pool::pool_not_beside(language),
        Detail::DosesGone { gone } => pool::gone(language, gone),
        Detail::LineNotCorrectable => pool::line_not_correctable(language),
        Detail::LineCorrected => pool::line_corrected(language),
        Detail::BeyondLine { doses } => pool::beyond_line(language, *doses),
        Detail::QuotaGone => pool::quota_gone(language),
        Detail::KeyMissing => pool::key_missing(language),
        Detail::KeyReused => pool::key_reused(language),
        Detail::NoneWithId { what, id } => none_with_id(language, *what, id),
        Detail::DayPast { today, zone } => clinic_day::day_past(language, *today, zone),
        Detail::DayClosed => clinic_day::day_closed(language),
        Detail::BookingIsOver { closes_on } => clinic_day::booking_is_over(language, *closes_on),
        Detail::DayBeforeOpening { opens_on } => {
            clinic_day::day_before_opening(language, *opens_on)
        }
        Detail::DayAfterClose { closes_on, days } => {
            clinic_day::day_after_close(language, *closes_on, *days)
        }
        Detail::DayWithoutSeats => clinic_day::day_without_seats(language),
        Detail::DosesBeyondSeats { doses, seats } => {
            clinic_day::doses_beyond_seats(language, *doses, *seats)
        }

        // slots and opening hours that change
        Detail::SlotOverlaps { other } => hours::slot_overlaps(language, other),
        Detail::SlotOverlapsLine { line } => hours::slot_overlaps_line(language, *line),
        Detail::SlotTaken { taken } => hours::slot_taken(language, *taken),
        Detail::ZoneBooked { bookings } => hours::zone_booked(language, *bookings),
        Detail::ClosesBeforeOpens => hours::closes_before_opens(language),
        Detail::BreakReversed => hours::break_reversed(language),
        Detail::DatesReversed => hours::dates_reversed(language),
        Detail::TooManyDays { days_max } => hours::too_many_days(language, *days_max),
        Detail::NoSuchDay => hours::no_such_day(language),
        Detail::NoSlotFits => hours::no_slot_fits(language),
        Detail::DayHasHours { line } => hours::day_has_hours(language, *line),
        Detail::NothingClosed => hours::nothing_closed(language),
        Detail::SlotNotLost => hours::slot_not_lost(language),

        // splits of a pool
        Detail::SplitOverNothing => split::over_nothing(language),
        Detail::SplitWithoutWeight => split::without_weight(language),
        Detail::SplitChanged => split::changed(language),
        Detail::SplitNotSeen => split::not_seen(language),

        // the clinic's day
        Detail::NotToday { .. }
        | Detail::NotArrived
        | Detail::CheckedIn
        | Detail::VisitEnded { .. }
        | Detail::AppointmentAhead { .. }
        | Detail::BirthDateDiffers
        | Detail::HadInFuture
        | Detail::UntilNotAhead { .. }
        | Detail::DoseGone
        | Detail::NewerStep
        | Detail::StepNotUndone
        | Detail::CancelledInTime
        | Detail::SameDoseSince { .. }
        | Detail::LaterDose { .. }
        | Detail::Unanswered { .. } => visit::sentence(language, detail),
        // the clinic's day and its closing
        Detail::DayAccounted { on_date } => day::day_accounted(language, *on_date),
        Detail::DayNotAccounted => day::day_not_accounted(language),
        Detail::DayAhead { today } => day::day_ahead(language, *today),
        Detail::DayChanged => day::day_changed(language),
        Detail::PeopleWaiting { people } => day::people_waiting(language, *people),
        Detail::PeopleToCome { people } => day::people_to_come(language, *people),
        Detail::NotOfDay => day::not_of_day(language),
        Detail::NoDoses => day::no_doses(language),
        Detail::DayHolds { doses } => day::day_holds(language, *doses),
        Detail::NobodyCouldBook => day::nobody_could_book(language),
        Detail::OnlyToday { today } => day::only_today(language, *today),

        // walk-ins, and bookings by staff
        Detail::NoWalkIns => walk_in::no_walk_ins(language),
        Detail::NotRegisteredHere => walk_in::not_registered_here(language),
        Detail::NoHoursToday => walk_in::no_hours_today(language),
        Detail::NoDoseForWalkIn { open } => walk_in::no_dose_for_walk_in(language, *open),
        Detail::ConsentMissing => walk_in::consent_missing(language),
        Detail::TooManyFinds { retry_after } => walk_in::too_many_finds(language, *retry_after),

        // as it was written down
        // how often somebody may book on one day
        Detail::BookingsOfDay { bookings_max, again_at, zone, .. } => {
            person::bookings_of_day(language, *bookings_max, (*again_at, zone))
        }

        Detail::Written { text } => say!(language, "{text}", "당시 기록: {text}"),

        // who is a person
        Detail::SameNameAndBirthDate => person_key::same_name_and_birth_date(language),
        Detail::PossiblySameAsLine { line } => person_key::possibly_same_as_line(language, *line),
        Detail::PersonCodeInRegister => person_key::code_in_register(language),
        Detail::PersonHasOtherCode => person_key::has_other_code(language),
        Detail::CodeOfOtherPerson => person_key::code_of_other_person(language),
        Detail::KeyOfOtherPerson => person_key::key_of_other_person(language),
    }
}
