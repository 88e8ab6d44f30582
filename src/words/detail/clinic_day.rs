//! Days at a clinic on which doses cannot be given, or cannot be booked as things stand.

use chrono::NaiveDate;

use crate::{
    domain::language::Language,
    words::{date::date, number::count},
};

pub(super) fn day_past(language: Language, today: NaiveDate, zone: &str) -> String {
    let today = date(language, today);
    say!(
        language,
        "The day is over at the clinic: there it is {today} ({zone}).",
        "접종기관에서는 이미 지난 날짜입니다. 그곳의 오늘은 {today}({zone})입니다."
    )
}

pub(super) fn day_closed(language: Language) -> String {
    say!(
        language,
        "The clinic is closed on this day.",
        "접종기관이 그날은 접종하지 않습니다. 다른 날짜를 정해 주십시오."
    )
}

pub(super) fn booking_is_over(language: Language, closes_on: NaiveDate) -> String {
    let closes_on = date(language, closes_on);
    say!(
        language,
        "Booking ended on {closes_on}: nobody can book these doses.",
        "예약이 {closes_on}에 끝나 이 백신은 예약할 수 없습니다."
    )
}

pub(super) fn day_before_opening(language: Language, opens_on: NaiveDate) -> String {
    let opens_on = date(language, opens_on);
    say!(
        language,
        "Booking opens on {opens_on}, after this day: nobody can book these doses.",
        "예약이 이 날짜보다 늦은 {opens_on}에 시작되어 이 백신은 예약할 수 없습니다."
    )
}

pub(super) fn day_after_close(language: Language, closes_on: NaiveDate, days: i64) -> String {
    let (closes_on, days) = (date(language, closes_on), count(days));
    say!(
        language,
        "The day is {days} days after booking ends on {closes_on}: check month and year.",
        "예약이 끝나는 {closes_on}보다 {days}일 뒤의 날짜입니다. 연도와 월을 확인해 주십시오."
    )
}

pub(super) fn day_without_seats(language: Language) -> String {
    say!(
        language,
        "The clinic has no free seat on this day: nobody can book these doses until it has slots.",
        "접종기관에 그날 남은 자리가 없습니다. 예약 시간을 만들기 전에는 예약할 수 없습니다."
    )
}

pub(super) fn doses_beyond_seats(language: Language, doses: i64, seats: i64) -> String {
    let (doses, seats) = (count(doses), count(seats));
    say!(
        language,
        "The clinic would have {doses} open doses for {seats} free seats on this day.",
        "접종기관의 그날 남은 자리는 {seats}개인데 예약할 백신은 {doses}회분이 됩니다."
    )
}
