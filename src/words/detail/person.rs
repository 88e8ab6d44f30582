//! What stands in the way of a person: the register, and numbers of bookings.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    domain::{calendar::zone_named, language::Language},
    words::{
        date::{date, instant},
        number::count,
    },
};

pub(super) fn no_booking_here(language: Language, from: NaiveDate, to: NaiveDate) -> String {
    let (from, to) = (date(language, from), date(language, to));
    say!(
        language,
        "This clinic has no booking with this number from {from} to {to}.",
        "이 접종기관에는 {from}부터 {to}까지 이 번호의 예약이 없습니다."
    )
}

pub(super) fn not_in_register(language: Language) -> String {
    say!(language, "There is no such person in the register.", "등록 명부에 없는 분입니다.")
}

pub(super) fn no_longer_in_register(language: Language) -> String {
    say!(
        language,
        "You are not in the register any more.",
        "등록 명부에서 더 이상 확인되지 않습니다."
    )
}

pub(super) fn in_register(language: Language) -> String {
    say!(
        language,
        "The register has a person of this name, birth date and phone.",
        "이름, 생년월일, 전화번호가 같은 분이 이미 등록되어 있습니다."
    )
}

pub(super) fn spelling_in_register(language: Language) -> String {
    say!(
        language,
        "Another person of the register has one of these names, this birth date and this \
         phone.",
        "이 이름 가운데 하나와 생년월일, 전화번호가 같은 다른 분이 이미 등록되어 있습니다."
    )
}

/// That as many bookings were made as a day may have, and when the next day begins.
pub(super) fn bookings_of_day(
    language: Language,
    bookings_max: i16,
    (again_at, zone): (DateTime<Utc>, &str),
) -> String {
    let when = instant(language, again_at, zone_named(zone).unwrap_or_default());
    let max = count(bookings_max);
    say!(
        language,
        "You have made and cancelled {max} bookings today, as many as this campaign allows on one \
         day. You can book again from {when} on.",
        "오늘 예약과 취소를 {max}회 하셨습니다. 이 접종 사업에서 하루에 할 수 있는 횟수를 모두 쓰셨으니 \
         {when}부터 다시 예약하실 수 있습니다."
    )
}
