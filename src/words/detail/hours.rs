//! What stands in the way of slots and opening hours that are to change, and of what becomes of
//! bookings then.

use crate::{
    domain::{calendar::zone_named, fact::Overlapped, language::Language},
    words::{
        date::instant,
        number::{count, wait},
    },
};

pub(super) fn slot_overlaps(language: Language, other: &Overlapped) -> String {
    let Overlapped { starts_at, ends_at, zone } = other;
    let from = instant(language, *starts_at, zone_named(zone).unwrap_or_default());
    let lasts = wait(language, (*ends_at - *starts_at).num_seconds().unsigned_abs());
    say!(
        language,
        "It overlaps a slot of this clinic that starts on {from} and lasts {lasts}. Give it other \
         times, or change the other one first.",
        "이 접종기관에서 {from}에 시작해 {lasts} 동안 이어지는 예약 시간과 겹칩니다. 시각을 바꾸거나 그 예약 시간을 먼저 \
         바꿔 주십시오."
    )
}

pub(super) fn slot_overlaps_line(language: Language, line: u64) -> String {
    say!(
        language,
        "It overlaps the slot in line {line}, which is at the same clinic.",
        "{line}번째 줄에 있는 같은 접종기관의 예약 시간과 겹칩니다."
    )
}

pub(super) fn slot_taken(language: Language, taken: i32) -> String {
    let taken = count(taken);
    say!(
        language,
        "{taken} people are booked in this slot, so it cannot end at another time.",
        "이미 {taken}명이 예약한 시간이므로 끝나는 시각을 바꿀 수 없습니다."
    )
}

pub(super) fn zone_booked(language: Language, bookings: i64) -> String {
    let bookings = count(bookings);
    say!(
        language,
        "{bookings} bookings stand at this clinic, and their times go by its zone. The zone can be \
         corrected while nothing is booked.",
        "이 접종기관에 예약 {bookings}건이 있고, 그 시각은 지금 시간대를 따릅니다. 시간대는 예약이 없을 때만 바꿀 수 있습니다."
    )
}

pub(super) fn closes_before_opens(language: Language) -> String {
    say!(
        language,
        "The clinic closes after it opens, on the same day.",
        "닫는 시각은 같은 날 여는 시각보다 늦어야 합니다."
    )
}

pub(super) fn break_reversed(language: Language) -> String {
    say!(
        language,
        "A break ends after it begins, and a day has ten breaks at most.",
        "쉬는 시간은 시작보다 끝이 늦어야 하고, 하루에 열 번까지 둘 수 있습니다."
    )
}

pub(super) fn dates_reversed(language: Language) -> String {
    say!(
        language,
        "The last day is not before the first one.",
        "마지막 날은 첫날보다 빠를 수 없습니다."
    )
}

pub(super) fn too_many_days(language: Language, days_max: u64) -> String {
    say!(
        language,
        "From the first to the last day there may be {days_max} days at most.",
        "첫날부터 마지막 날까지 {days_max}일을 넘을 수 없습니다."
    )
}

pub(super) fn no_such_day(language: Language) -> String {
    say!(
        language,
        "None of these weekdays is between the first and the last day.",
        "첫날과 마지막 날 사이에 해당하는 요일이 없습니다."
    )
}

pub(super) fn no_slot_fits(language: Language) -> String {
    say!(
        language,
        "No slot of this length fits into the hours and between the breaks.",
        "운영 시간과 쉬는 시간 사이에 이 길이의 예약 시간이 들어갈 수 없습니다."
    )
}

pub(super) fn day_has_hours(language: Language, line: u64) -> String {
    say!(
        language,
        "Line {line} has hours for the same clinic and some of the same days.",
        "{line}번째 줄에 같은 접종기관, 같은 날짜의 운영 시간이 있습니다."
    )
}

pub(super) fn nothing_closed(language: Language) -> String {
    say!(
        language,
        "The clinic is not closed on this day and no slot of it was removed, so no booking has \
         lost its time. Close the day first.",
        "이날은 휴진일이 아니고 없어진 예약 시간도 없어, 시간을 잃은 예약이 없습니다. 먼저 휴진일로 정해 주십시오."
    )
}

pub(super) fn slot_not_lost(language: Language) -> String {
    say!(
        language,
        "The clinic still has the time of this booking. To come at another time, cancel it and \
         book again.",
        "이 예약의 시간은 그대로 있습니다. 다른 시간에 오시려면 예약을 취소하고 다시 예약해 주십시오."
    )
}
