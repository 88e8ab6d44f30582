//! What is wrong with a field or a value, and how long or large it may be.

use crate::{
    domain::{fact::Expected, language::Language},
    words::{expected::expected, josa::josa, number::length},
};

/// The value that is to blame; the Korean ends in a consonant, so that its particles are known.
pub(super) fn value(language: Language, field: &str) -> String {
    match field {
        "" => say!(language, "The value", "값"),
        "(all)" => say!(language, "The value of (all)", "전체 값"),
        field => say!(language, "The value of {field}", "{field} 값"),
    }
}

pub(super) fn field_unknown(language: Language, field: &str) -> String {
    say!(language, "There is no field {field} here.", "여기에 {field} 항목은 없습니다.")
}

pub(super) fn field_missing(language: Language, field: &str) -> String {
    say!(language, "The field {field} is missing.", "{field} 항목이 빠져 있습니다.")
}

pub(super) fn field_twice(language: Language, field: &str) -> String {
    say!(language, "The field {field} is there twice.", "{field} 항목이 두 번 있습니다.")
}

pub(super) fn value_impossible(language: Language, field: &str) -> String {
    let value = value(language, field);
    say!(language, "{value} is not possible.", "{value}이 올바르지 않습니다.")
}

pub(super) fn must_be(language: Language, what: &Expected, field: &str) -> String {
    let (value, what) = (value(language, field), expected(language, what));
    let it_must_be = josa(&what, "이어야", "여야");
    say!(language, "{value} must be {what}.", "{value}은 {it_must_be} 합니다.")
}

pub(super) fn empty(language: Language, field: &str) -> String {
    let value = value(language, field);
    say!(language, "{value} is empty.", "{value}이 비어 있습니다.")
}

pub(super) fn too_long(language: Language, chars_max: usize, field: &str) -> String {
    let (value, max) = (value(language, field), length(chars_max));
    say!(language, "{value} is longer than {max} characters.", "{value}은 {max}자 이하여야 합니다.")
}

pub(super) fn control_characters(language: Language, field: &str) -> String {
    let value = value(language, field);
    say!(language, "{value} has control characters.", "{value}에 제어 문자가 있습니다.")
}

pub(super) fn phone_characters(language: Language) -> String {
    say!(
        language,
        "The phone number has characters other than digits.",
        "전화번호에 숫자가 아닌 문자가 있습니다."
    )
}

pub(super) fn wrong_check_digit(language: Language) -> String {
    say!(
        language,
        "The booking number has a slip in it: one digit is wrong, or two changed places.",
        "예약번호에 잘못된 숫자나 순서가 바뀐 숫자가 있습니다. 다시 확인해 주십시오."
    )
}

pub(super) fn phone_digits(language: Language, digits_min: usize, digits_max: usize) -> String {
    say!(
        language,
        "A phone number has {digits_min} to {digits_max} digits.",
        "전화번호는 {digits_min}자리 이상 {digits_max}자리 이하여야 합니다."
    )
}

pub(super) fn birth_date_unreadable(language: Language) -> String {
    say!(
        language,
        "The birth date is not a date as YYYY-MM-DD.",
        "생년월일은 YYYY-MM-DD 형식의 날짜여야 합니다."
    )
}

pub(super) fn birth_date_in_future(language: Language) -> String {
    say!(language, "The birth date is in the future.", "생년월일은 오늘보다 뒤일 수 없습니다.")
}

pub(super) fn birth_date_too_early(language: Language, year_min: i32) -> String {
    say!(
        language,
        "The birth date is before {year_min}.",
        "생년월일은 {year_min}년 1월 1일 이후여야 합니다."
    )
}

pub(super) fn date_too_far(language: Language, days_max: u64) -> String {
    say!(
        language,
        "The date is more than {days_max} days ahead.",
        "날짜는 오늘부터 {days_max}일 이내여야 합니다."
    )
}

pub(super) fn half_position(language: Language) -> String {
    say!(
        language,
        "Give latitude and longitude, both in degrees.",
        "위도와 경도를 모두 도 단위로 적어 주십시오."
    )
}

pub(super) fn translation_alone(language: Language) -> String {
    say!(
        language,
        "Give the reason itself beside its translation.",
        "사유를 번역한 글과 함께 사유 자체도 적어 주십시오."
    )
}

pub(super) fn password_too_short(language: Language, chars_min: usize) -> String {
    say!(
        language,
        "A password has at least {chars_min} characters.",
        "비밀번호는 {chars_min}자 이상이어야 합니다."
    )
}

pub(super) fn password_too_long(language: Language, bytes_max: usize) -> String {
    let max = length(bytes_max);
    say!(language, "A password has at most {max} bytes.", "비밀번호는 {max}바이트 이하여야 합니다.")
}
