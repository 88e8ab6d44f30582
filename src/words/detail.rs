//! What is wrong this time, in a sentence or two.

use super::{
    code::title,
    date::date,
    dose::{moved_meanwhile, promised},
    expected::expected,
    file, finding,
    noun::{how_many, none_of, noun, role, sent, taken, unknown},
    number::{count, length, wait},
    reason::reason,
    step::step_not_allowed,
    user,
};
use crate::domain::{Code, Detail, Refusal, fact::Sent, import::Reject, language::Language};

/// What a refusal says.
pub fn refusal(language: Language, refusal: &Refusal) -> String {
    let Refusal { code, detail, field, .. } = refusal;
    sentence(language, *code, detail, field.as_deref().unwrap_or_default())
}

/// What is said of a rejected row.
pub fn reject(language: Language, reject: &Reject) -> String {
    sentence(language, reject.code, &reject.detail, &reject.column)
}

/// The value that is to blame; the Korean ends in a consonant, so that its particles are known.
fn value(language: Language, field: &str) -> String {
    match field {
        "" => say!(language, "The value", "값"),
        "(all)" => say!(language, "The value of (all)", "전체 값"),
        field => say!(language, "The value of {field}", "{field} 값"),
    }
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
        Detail::WrongMediaType { sent: what, media_type } => {
            let what = sent(language, *what);
            say!(
                language,
                "Send the {what} as {media_type}.",
                "{what}을 {media_type} 형식으로 보내 주십시오."
            )
        }
        Detail::TooLarge { sent: what, bytes_max } => {
            let (what, max) = (sent(language, *what), count(*bytes_max));
            say!(
                language,
                "A {what} may have at most {max} bytes.",
                "{what}의 크기는 {max}바이트 이하여야 합니다."
            )
        }
        Detail::TooSlow { sent: Sent::Body } => {
            say!(language, "The body came too slowly.", "본문이 제때 도착하지 않았습니다.")
        }
        Detail::TooSlow { sent: Sent::File } => {
            say!(language, "The file stopped coming.", "파일이 도중에 더 이상 도착하지 않았습니다.")
        }
        Detail::BrokenOff { sent: what } => {
            let what = sent(language, *what);
            say!(language, "The {what} broke off.", "{what}이 도중에 끊겼습니다.")
        }
        Detail::NotJson { line, column } => say!(
            language,
            "The body is not one JSON value: line {line}, column {column}.",
            "본문이 올바른 JSON이 아닙니다. 위치: {line}번째 줄 {column}번째 글자."
        ),
        Detail::NoSuchMethod => say!(
            language,
            "See /docs for what this resource can do.",
            "이 주소에서 쓸 수 있는 요청은 /docs에서 확인해 주십시오."
        ),
        Detail::TokenMissing => say!(
            language,
            "Send `Authorization: Bearer TOKEN`.",
            "`Authorization: Bearer TOKEN` 헤더를 보내 주십시오."
        ),
        Detail::TokenRefused { role: whose } => {
            let whose = role(language, *whose);
            say!(
                language,
                "This needs the token of {whose}, and the one sent is not, or not any more.",
                "{whose} 로그인이 필요합니다. 보내신 토큰은 맞지 않거나 만료되었습니다."
            )
        }
        Detail::OnlyAdministrators => {
            say!(language, "Only administrators may do this.", "관리자만 할 수 있습니다.")
        }
        Detail::NothingVisible => say!(
            language,
            "There is nothing with this id that you may see.",
            "이 ID로 볼 수 있는 내용이 없습니다."
        ),

        Detail::FormFromElsewhere => say!(
            language,
            "This did not come from a page of this service, so nothing was done. Open the page \
             here and try again.",
            "이 서비스의 화면에서 보낸 요청이 아니어서 처리하지 않았습니다. 이 서비스의 화면을 연 뒤 다시 시도해 \
             주십시오."
        ),

        // a field of it
        Detail::FieldUnknown => {
            say!(language, "There is no field {field} here.", "여기에 {field} 항목은 없습니다.")
        }
        Detail::FieldMissing => {
            say!(language, "The field {field} is missing.", "{field} 항목이 빠져 있습니다.")
        }
        Detail::FieldTwice => {
            say!(language, "The field {field} is there twice.", "{field} 항목이 두 번 있습니다.")
        }
        Detail::ValueImpossible => {
            let value = value(language, field);
            say!(language, "{value} is not possible.", "{value}이 올바르지 않습니다.")
        }
        Detail::MustBe { expected: what } => {
            let (value, what) = (value(language, field), expected(language, what));
            let it_must_be = super::josa(&what, "이어야", "여야");
            say!(language, "{value} must be {what}.", "{value}은 {it_must_be} 합니다.")
        }
        Detail::HowMany { of, min, max } => how_many(language, *of, (*min, *max)),
        Detail::Empty => {
            let value = value(language, field);
            say!(language, "{value} is empty.", "{value}이 비어 있습니다.")
        }
        Detail::TooLong { chars_max } => {
            let (value, max) = (value(language, field), length(*chars_max));
            say!(
                language,
                "{value} is longer than {max} characters.",
                "{value}은 {max}자 이하여야 합니다."
            )
        }
        Detail::ControlCharacters => {
            let value = value(language, field);
            say!(language, "{value} has control characters.", "{value}에 제어 문자가 있습니다.")
        }
        Detail::PhoneCharacters => say!(
            language,
            "The phone number has characters other than digits.",
            "전화번호에 숫자가 아닌 문자가 있습니다."
        ),
        Detail::WrongCheckDigit => say!(
            language,
            "The booking number has a slip in it: one digit is wrong, or two changed places.",
            "예약번호에 잘못된 숫자나 순서가 바뀐 숫자가 있습니다. 다시 확인해 주십시오."
        ),
        Detail::PhoneDigits { digits_min, digits_max } => say!(
            language,
            "A phone number has {digits_min} to {digits_max} digits.",
            "전화번호는 {digits_min}자리 이상 {digits_max}자리 이하여야 합니다."
        ),
        Detail::PhoneStart => file::phone_start(language),
        Detail::PhonePrefix => file::phone_prefix(language),
        Detail::NumberInPowers => file::number_in_powers(language, &value(language, field)),
        Detail::NumberPoint => file::number_point(language, &value(language, field)),
        Detail::DateOrder => file::date_order(language, &value(language, field)),
        Detail::DateTwoDigitYear => file::date_two_digit_year(language, &value(language, field)),
        Detail::DateSerial => file::date_serial(language, &value(language, field)),
        Detail::DateWithTime => file::date_with_time(language, &value(language, field)),
        Detail::BirthDateUnreadable => say!(
            language,
            "The birth date is not a date as YYYY-MM-DD.",
            "생년월일은 YYYY-MM-DD 형식의 날짜여야 합니다."
        ),
        Detail::BirthDateInFuture => say!(
            language,
            "The birth date is in the future.",
            "생년월일은 오늘보다 뒤일 수 없습니다."
        ),
        Detail::BirthDateTooEarly { year_min } => say!(
            language,
            "The birth date is before {year_min}.",
            "생년월일은 {year_min}년 1월 1일 이후여야 합니다."
        ),
        Detail::DateTooFar { days_max } => say!(
            language,
            "The date is more than {days_max} days ahead.",
            "날짜는 오늘부터 {days_max}일 이내여야 합니다."
        ),
        Detail::HalfPosition => say!(
            language,
            "Give latitude and longitude, both in degrees.",
            "위도와 경도를 모두 도 단위로 적어 주십시오."
        ),
        Detail::TranslationAlone => say!(
            language,
            "Give the reason itself beside its translation.",
            "사유를 번역한 글과 함께 사유 자체도 적어 주십시오."
        ),
        Detail::PasswordTooShort { chars_min } => say!(
            language,
            "A password has at least {chars_min} characters.",
            "비밀번호는 {chars_min}자 이상이어야 합니다."
        ),
        Detail::PasswordTooLong { bytes_max } => {
            let max = length(*bytes_max);
            say!(
                language,
                "A password has at most {max} bytes.",
                "비밀번호는 {max}바이트 이하여야 합니다."
            )
        }

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
        Detail::TwoCodeSystems => say!(
            language,
            "The campaign has two products with this code, in two code systems.",
            "이 접종 사업에는 코드는 같고 코드 체계가 다른 백신이 둘 있습니다."
        ),

        Detail::NoBookingHere { from, to } => {
            let (from, to) = (date(language, *from), date(language, *to));
            say!(
                language,
                "This clinic has no booking with this number from {from} to {to}.",
                "이 접종기관에는 {from}부터 {to}까지 이 번호의 예약이 없습니다."
            )
        }

        // persons
        Detail::NotInRegister => {
            say!(language, "There is no such person in the register.", "등록 명부에 없는 분입니다.")
        }
        Detail::NoLongerInRegister => say!(
            language,
            "You are not in the register any more.",
            "등록 명부에서 더 이상 확인되지 않습니다."
        ),
        Detail::InRegister => say!(
            language,
            "The register has a person of this name, birth date and phone.",
            "이름, 생년월일, 전화번호가 같은 분이 이미 등록되어 있습니다."
        ),

        Detail::SpellingInRegister => say!(
            language,
            "Another person of the register has one of these names, this birth date and this \
             phone.",
            "이 이름 가운데 하나와 생년월일, 전화번호가 같은 다른 분이 이미 등록되어 있습니다."
        ),

        // places
        Detail::DistrictOfDistrict => say!(
            language,
            "A district has no districts of its own.",
            "시·군·구 아래에는 다른 지역을 둘 수 없습니다."
        ),
        Detail::ClinicElsewhere => say!(
            language,
            "The clinic is known in another region; a file does not move it.",
            "다른 지역에 이미 등록된 접종기관입니다. 파일로는 지역을 바꿀 수 없습니다."
        ),
        Detail::ClinicInOtherZone => say!(
            language,
            "The clinic is known in another time zone; a file does not change it.",
            "다른 시간대로 이미 등록된 접종기관입니다. 파일로는 시간대를 바꿀 수 없습니다."
        ),
        Detail::SlotsGoByZone => say!(
            language,
            "The clinic has slots, and their dates go by the zone that it has.",
            "이 접종기관의 예약 시간은 지금 시간대의 날짜를 따르므로 시간대를 바꿀 수 없습니다."
        ),

        // slots
        Detail::SlotLength { hours_max } => say!(
            language,
            "A slot ends after it starts, and within {hours_max} hours.",
            "끝나는 시각은 시작 시각보다 늦고, 시작한 뒤 {hours_max}시간 이내여야 합니다."
        ),
        Detail::SlotStartsThen => say!(
            language,
            "The clinic has a slot that starts then.",
            "이 접종기관에는 같은 시각에 시작하는 예약 시간이 이미 있습니다."
        ),
        Detail::SlotDiffers => say!(
            language,
            "The clinic has a slot at this time with another end or other seats.",
            "같은 시각에 시작하지만 끝나는 시각이나 정원이 다른 예약 시간이 이미 있습니다."
        ),
        Detail::SeatsTaken { taken, max } => {
            let (taken, max) = (count(*taken), count(*max));
            say!(
                language,
                "{taken} seats are taken: give at least that many, at most {max}.",
                "이미 {taken}명이 예약했습니다. 정원을 {taken}명 이상 {max}명 이하로 정해 주십시오."
            )
        }
        Detail::FewerSeatsThanTaken => say!(
            language,
            "A slot has at least as many seats as are taken.",
            "정원은 이미 예약한 인원보다 적을 수 없습니다."
        ),
        Detail::TimeSkipped => say!(
            language,
            "The clinic's clocks skip this time; write it with an offset.",
            "접종기관 현지 시계가 건너뛰는 시각입니다. UTC와의 시차를 함께 적어 주십시오."
        ),
        Detail::TimeTwice => say!(
            language,
            "The clinic's clocks show this time twice; write it with an offset.",
            "접종기관 현지 시계에 두 번 나오는 시각입니다. UTC와의 시차를 함께 적어 주십시오."
        ),

        // campaigns and their rules
        Detail::StepNotAllowed { state, step } => step_not_allowed(language, *state, *step),
        Detail::QuotaFirst => say!(
            language,
            "Publish the campaign with its dose quota first.",
            "먼저 접종 사업을 백신 총량과 함께 공개해 주십시오."
        ),
        Detail::NothingReceived => say!(
            language,
            "No doses were received for this campaign: there is no quota to publish.",
            "이 접종 사업에 들어온 백신이 없어 공개할 총량이 없습니다."
        ),
        Detail::CampaignClosed => {
            say!(language, "The campaign is closed for good.", "이미 종료된 접종 사업입니다.")
        }
        Detail::CampaignClosedByThen => say!(
            language,
            "The campaign has closed by then.",
            "그 시각에는 접종 사업의 예약이 이미 마감되어 있습니다."
        ),
        Detail::ClosesBeforeOpening => say!(
            language,
            "A campaign closes after it opens.",
            "마감 시각은 시작 시각보다 늦어야 합니다."
        ),
        Detail::CohortOfNobody => say!(
            language,
            "Name birth dates, a roster or a region.",
            "생년월일, 명단, 지역 가운데 하나 이상을 정해 주십시오."
        ),
        Detail::BirthDatesReversed => say!(
            language,
            "The range of birth dates ends before it begins.",
            "생년월일 범위의 끝이 시작보다 앞에 있습니다."
        ),
        Detail::AgesReversed => say!(
            language,
            "Ages are at least 0, the lower one first.",
            "나이는 0 이상이어야 하며, 최소 나이가 최대 나이보다 많을 수 없습니다."
        ),

        // doses
        Detail::OnlyNationReceives => say!(
            language,
            "Deliveries go into the nation's pool; pass them on from there.",
            "백신은 전국 물량으로 먼저 들어옵니다. 전국 물량에서 나누어 주십시오."
        ),
        Detail::ParentNeeded => say!(
            language,
            "A pool of a region stands below another: name its parent.",
            "지역의 물량은 다른 물량 아래에 있습니다. 상위 물량을 정해 주십시오."
        ),
        Detail::RegionNeeded => say!(
            language,
            "Only the nation's pool, which has no parent, is without a region.",
            "지역이 없는 물량은 상위 물량이 없는 전국 물량뿐입니다."
        ),
        Detail::RegionNotBelow => say!(
            language,
            "There is no such region below the parent's.",
            "상위 물량의 지역 안에 해당 지역이 없습니다."
        ),
        Detail::PoolNotBelow => say!(
            language,
            "There is no such pool right below this one.",
            "이 물량 바로 아래에 해당 물량이 없습니다."
        ),
        Detail::PoolOfOtherProduct => say!(
            language,
            "There is no such pool of this campaign and product.",
            "이 접종 사업과 백신에 해당 물량이 없습니다."
        ),
        Detail::PoolOfOtherRegion => say!(
            language,
            "The pool is of a region that the clinic is not in.",
            "접종기관이 있는 지역의 물량이 아닙니다."
        ),
        Detail::PoolThere => say!(
            language,
            "The campaign has a pool of this product there.",
            "이 접종 사업에는 해당 지역에 이 백신의 물량이 이미 있습니다."
        ),
        Detail::NoPoolAbove => say!(
            language,
            "No pool of this campaign and product stands above the clinic.",
            "이 접종기관의 상위에 이 접종 사업과 백신의 물량이 없습니다."
        ),
        Detail::DrawsFromPool { pool_id } => say!(
            language,
            "This allocation draws from pool {pool_id}.",
            "이 배정은 {pool_id}번 물량에서 나옵니다."
        ),
        Detail::PoolHolds { open } => {
            let open = count(*open);
            say!(language, "The pool has {open} doses left.", "남은 물량은 {open}회분입니다.")
        }
        Detail::PoolPassedOn { passed_on } => {
            let passed_on = count(*passed_on);
            say!(
                language,
                "The pool passed on only {passed_on} doses.",
                "이 물량에서 나간 백신은 {passed_on}회분뿐입니다."
            )
        }
        Detail::Uncountable { what } => {
            let what = noun(language, *what);
            say!(
                language,
                "The {what} would have more doses than can be counted.",
                "{what}의 백신 수가 셀 수 있는 범위를 넘습니다."
            )
        }
        Detail::VialBroken { doses_per_vial } => say!(
            language,
            "A vial holds {doses_per_vial} doses: move a multiple of that.",
            "한 병(바이알)은 {doses_per_vial}회분입니다. 그 배수로 옮겨 주십시오."
        ),
        Detail::MovedMeanwhile { counter, now } => moved_meanwhile(language, *counter, *now),
        Detail::Promised { open, promised: kept, displaced } => {
            promised(language, (*open, *kept, *displaced))
        }

        // signing in
        Detail::CodesNotSent => say!(
            language,
            "No way to send codes is set up here, so citizens cannot sign in.",
            "인증번호를 보내는 방법이 마련되어 있지 않아 로그인하실 수 없습니다."
        ),
        Detail::WrongCode => say!(
            language,
            "This code does not sign anyone in.",
            "로그인에 쓸 수 없는 인증번호입니다."
        ),
        Detail::WrongPassword => say!(
            language,
            "Username or password is wrong.",
            "사용자 이름이나 비밀번호가 맞지 않습니다."
        ),
        Detail::SignInCrowded => say!(
            language,
            "Too many people sign in at this moment.",
            "지금 로그인하는 분이 많습니다. 잠시 후 다시 시도해 주십시오."
        ),
        Detail::TooManyCodes { retry_after } => {
            let wait = wait(language, *retry_after);
            say!(
                language,
                "Too many codes were asked for. Ask for the next one in {wait}.",
                "인증번호 요청이 너무 많습니다. {wait} 뒤에 다시 요청해 주십시오."
            )
        }
        Detail::TooManyTries { retry_after } => {
            let wait = wait(language, *retry_after);
            say!(
                language,
                "Too many codes were wrong. Try again in {wait}.",
                "맞지 않는 인증번호가 너무 많이 입력되었습니다. {wait} 뒤에 다시 시도해 주십시오."
            )
        }

        // the service
        Detail::Crowded { retry_after } => {
            let seconds = if *retry_after == 1 { "second" } else { "seconds" };
            say!(
                language,
                "Too many requests at once: try again in {retry_after} {seconds}.",
                "지금 요청이 많습니다. {retry_after}초 뒤에 다시 시도해 주십시오."
            )
        }
        Detail::OutcomeUnknown => say!(
            language,
            "The answer did not come in time. Send the same request again: it is done at most \
             once, and the answer tells whether it was.",
            "제때 답을 받지 못했습니다. 같은 요청을 다시 보내 주십시오. \
             같은 요청은 한 번만 처리되며, 처리되었는지는 다음 답에서 알 수 있습니다."
        ),
        Detail::BookingsNotTaken => {
            say!(language, "Bookings are not taken.", "지금은 예약을 받지 않습니다.")
        }
        Detail::SnapshotStale { seconds_max } => say!(
            language,
            "The public figures are more than {seconds_max} seconds old.",
            "공개 현황이 {seconds_max}초 넘게 갱신되지 않았습니다."
        ),

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
        Detail::QuoteNeverClosed { first_line, last_line } => {
            file::quote_never_closed(language, *first_line, *last_line)
        }
        Detail::RowTooLong { bytes_max, first_line, last_line } => {
            file::row_too_long(language, *bytes_max, (*first_line, *last_line))
        }
        Detail::RowWidth { fields, columns } => file::row_width(language, *fields, *columns),
        Detail::SameAsLine { line } => say!(
            language,
            "Line {line} has the same {field}.",
            "{line}번째 줄과 {field} 값이 같습니다."
        ),

        // users, and what an administrator asked for by its id
        Detail::Unknown { what, id } => unknown(language, *what, id.as_deref()),
        Detail::InvitationOver => user::invitation_over(language),
        Detail::LastAdministrator => user::last_administrator(language),
        Detail::UserDisabled => user::disabled(language),
        Detail::AdministratorAtClinic => user::administrator_at_clinic(language),
        Detail::StaffWithoutClinic => user::staff_without_clinic(language),
        Detail::RegionElsewhere => file::region_elsewhere(language),
        Detail::ProductDiffers => file::product_differs(language),
        Detail::CheckFailed { errors, warnings } => finding::failed(language, *errors, *warnings),
        Detail::Written { text } => say!(language, "{text}", "당시 기록: {text}"),
    }
}
