//! What stands in the way of slots, and of times.

use crate::{domain::language::Language, words::number::count};

pub(super) fn slot_length(language: Language, hours_max: i64) -> String {
    say!(
        language,
        "A slot ends after it starts, and within {hours_max} hours.",
        "끝나는 시각은 시작 시각보다 늦고, 시작한 뒤 {hours_max}시간 이내여야 합니다."
    )
}

pub(super) fn slot_starts_then(language: Language) -> String {
    say!(
        language,
        "The clinic has a slot that starts then.",
        "이 접종기관에는 같은 시각에 시작하는 예약 시간이 이미 있습니다."
    )
}

pub(super) fn slot_differs(language: Language) -> String {
    say!(
        language,
        "The clinic has a slot at this time with another end or other seats.",
        "같은 시각에 시작하지만 끝나는 시각이나 정원이 다른 예약 시간이 이미 있습니다."
    )
}

pub(super) fn seats_taken(language: Language, taken: i32, max: i32) -> String {
    let (taken, max) = (count(taken), count(max));
    say!(
        language,
        "{taken} seats are taken: give at least that many, at most {max}.",
        "이미 {taken}명이 예약했습니다. 정원을 {taken}명 이상 {max}명 이하로 정해 주십시오."
    )
}

pub(super) fn fewer_seats_than_taken(language: Language) -> String {
    say!(
        language,
        "A slot has at least as many seats as are taken.",
        "정원은 이미 예약한 인원보다 적을 수 없습니다."
    )
}

pub(super) fn time_skipped(language: Language) -> String {
    say!(
        language,
        "The clinic's clocks skip this time; write it with an offset.",
        "접종기관 현지 시계가 건너뛰는 시각입니다. UTC와의 시차를 함께 적어 주십시오."
    )
}

pub(super) fn time_twice(language: Language) -> String {
    say!(
        language,
        "The clinic's clocks show this time twice; write it with an offset.",
        "접종기관 현지 시계에 두 번 나오는 시각입니다. UTC와의 시차를 함께 적어 주십시오."
    )
}
