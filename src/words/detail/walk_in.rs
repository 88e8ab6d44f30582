//! What is said about doses without a booking, and about bookings that staff make for somebody.

use crate::{
    domain::language::Language,
    words::number::{count, wait},
};

pub(super) fn no_walk_ins(language: Language) -> String {
    say!(
        language,
        "In this campaign nobody is given a dose without a booking. Book a time for them instead.",
        "이 접종 사업에서는 예약 없이 접종할 수 없습니다. 대신 예약을 잡아 주십시오."
    )
}

pub(super) fn not_registered_here(language: Language) -> String {
    say!(
        language,
        "This campaign is for people of the register only. Whoever is missing there is added by an \
         administrator.",
        "이 접종 사업은 명부에 있는 분만 대상입니다. 명부에 없는 분은 관리자가 등록합니다."
    )
}

pub(super) fn no_hours_today(language: Language) -> String {
    say!(
        language,
        "The clinic has no opening hours today. An administrator can add them.",
        "접종기관의 오늘 접종 시간이 없습니다. 관리자가 추가할 수 있습니다."
    )
}

pub(super) fn no_dose_for_walk_in(language: Language, open: i64) -> String {
    if open == 0 {
        return say!(
            language,
            "No dose is left for this person today.",
            "오늘 이분께 드릴 수 있는 백신이 남아 있지 않습니다."
        );
    }
    let n = count(open);
    say!(
        language,
        "No dose is spare. So many can still be booked by anybody: {n}. Take the offer of one back \
         first, or wait until the last time of the day has begun.",
        "남은 여분이 없습니다. 아직 누구나 예약할 수 있는 백신이 {n}회분 있습니다. 먼저 그 예약 제공을 \
         거두거나, 오늘의 마지막 예약 시간이 시작될 때까지 기다려 주십시오."
    )
}

pub(super) fn consent_missing(language: Language) -> String {
    say!(
        language,
        "Whoever is booked for must have agreed. Ask them, and say who did.",
        "예약 대상자의 동의가 필요합니다. 동의를 받고 누가 동의했는지 적어 주십시오."
    )
}

pub(super) fn too_many_finds(language: Language, retry_after: u64) -> String {
    let wait = wait(language, retry_after);
    say!(
        language,
        "You have looked for many people in a short time. You can look again in {wait}.",
        "짧은 시간에 너무 많이 찾으셨습니다. {wait} 뒤에 다시 찾을 수 있습니다."
    )
}
