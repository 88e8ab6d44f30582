//! What belongs in a field or a column, to follow "must be".

use super::number::{count, length};
use crate::domain::{fact::Expected, language::Language};

/// What belongs there, to follow "must be"; the Korean ends in Hangul, so that a particle fits.
pub(super) fn expected(language: Language, expected: &Expected) -> String {
    match expected {
        Expected::WholeNumber => say!(language, "a whole number", "정수"),
        Expected::WholeNumberFrom { min } => {
            let min = count(*min);
            say!(language, "a whole number of at least {min}", "{min} 이상의 정수")
        }
        Expected::WholeNumberBetween { min, max } => {
            let (min, max) = (count(*min), count(*max));
            say!(language, "a whole number from {min} to {max}", "{min} 이상 {max} 이하의 정수")
        }
        Expected::Number => say!(language, "a number", "숫자"),
        Expected::NumberBetween { min, max } => {
            let (min, max) = (count(*min), count(*max));
            say!(language, "a number from {min} to {max}", "{min} 이상 {max} 이하의 숫자")
        }
        Expected::Boolean => say!(language, "true or false", "true와 false 가운데 하나"),
        Expected::Text => say!(language, "a string", "문자열"),
        Expected::List => say!(language, "a list", "목록"),
        Expected::Object => say!(language, "an object", "JSON 객체"),
        Expected::Uuid => say!(language, "a UUID", "UUID 형식의 문자열"),
        Expected::Line { chars_max } => line(language, &length(*chars_max)),
        Expected::Date => say!(language, "a date as YYYY-MM-DD", "YYYY-MM-DD 형식의 날짜"),
        Expected::Instant => instant(language),
        Expected::LocalTime => local_time(language),
        Expected::TimeOfDay => {
            say!(language, "a time of day as 09:00", "09:00 형식의 시각")
        }
        Expected::Weekdays => say!(
            language,
            "days of the week as mon-fri or mon,wed,sat",
            "월-금이나 mon,wed,sat 형식의 요일"
        ),
        Expected::Dates => say!(
            language,
            "dates as 2026-12-24, apart by spaces or commas",
            "빈칸이나 쉼표로 나눈 2026-12-24 형식의 날짜"
        ),
        Expected::TimeZone => {
            say!(language, "an IANA time zone as Asia/Seoul", "Asia/Seoul 같은 IANA 시간대 이름")
        }
        Expected::PhoneLine { chars_max } => phone_line(language, &length(*chars_max)),
        Expected::Point => point(language),
        Expected::Code { chars_max } => code(language, &length(*chars_max)),
        Expected::SmallCode { chars_max } => small_code(language, &length(*chars_max)),
        Expected::Username { chars_min, chars_max } => {
            username(language, &length(*chars_min), &length(*chars_max))
        }
        Expected::OneOf { words } => {
            let words = words.join(", ");
            say!(language, "one of {words}", "{words} 가운데 하나")
        }
        Expected::Email { chars_max } => email(language, &length(*chars_max)),
        Expected::BookingNumber { digits } => {
            say!(language, "a number of {digits} digits", "{digits}자리 숫자로 된 번호")
        }
        Expected::Channel => channel(language),
        Expected::Digits => digits(language),
        Expected::MovementId => {
            say!(language, "the movement_id of a line", "원장 기록의 movement_id 값")
        }
    }
}

fn line(language: Language, max: &str) -> String {
    say!(
        language,
        "one line of 1 to {max} characters without control characters",
        "제어 문자가 없는 1자 이상 {max}자 이하의 한 줄"
    )
}

fn instant(language: Language) -> String {
    say!(language, "an instant as 2021-07-12T11:00:00Z", "2021-07-12T11:00:00Z 형식의 시각")
}

fn local_time(language: Language) -> String {
    say!(
        language,
        "a time such as 2021-07-26T09:00 (the clinic's zone) or 2021-07-26T09:00:00+09:00",
        "2021-07-26T09:00(접종기관 시간대)이나 2021-07-26T09:00:00+09:00 형식의 시각"
    )
}

fn phone_line(language: Language, max: &str) -> String {
    say!(
        language,
        "empty, or phone numbers as they are to be shown, in one line of at most {max} characters",
        "비워 두거나, 보이는 그대로 한 줄에 {max}자 이하로 적은 전화번호"
    )
}

fn point(language: Language) -> String {
    say!(
        language,
        "latitude,longitude in degrees as 37.5665,126.9780",
        "37.5665,126.9780처럼 도 단위로 적은 위도와 경도"
    )
}

fn code(language: Language, max: &str) -> String {
    say!(
        language,
        "1 to {max} letters (a-z, A-Z), digits and hyphens",
        "영문자, 숫자, 하이픈으로 된 1자 이상 {max}자 이하의 코드"
    )
}

fn small_code(language: Language, max: &str) -> String {
    say!(
        language,
        "1 to {max} small letters (a-z), digits and hyphens",
        "영문 소문자, 숫자, 하이픈으로 된 1자 이상 {max}자 이하의 코드"
    )
}

fn username(language: Language, min: &str, max: &str) -> String {
    say!(
        language,
        "{min} to {max} letters (a-z), digits, dots, underscores or hyphens",
        "영문 소문자, 숫자, 점, 밑줄, 하이픈으로 된 {min}자 이상 {max}자 이하의 이름"
    )
}

fn email(language: Language, max: &str) -> String {
    say!(
        language,
        "an e-mail address with one @, without spaces, of at most {max} characters",
        "@가 하나이고 공백이 없는 {max}자 이하의 이메일 주소"
    )
}

fn channel(language: Language) -> String {
    say!(language, "1 (web), 2 (phone) or 3 (walk-in)", "1(인터넷), 2(전화), 3(현장) 가운데 하나")
}

fn digits(language: Language) -> String {
    say!(
        language,
        "1 to 10 different digits from 0 to 9",
        "0부터 9까지 서로 다른 숫자 1개 이상 10개 이하"
    )
}
