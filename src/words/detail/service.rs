//! What keeps the service from answering.

use crate::domain::language::Language;

pub(super) fn crowded(language: Language, retry_after: u64) -> String {
    let seconds = if retry_after == 1 { "second" } else { "seconds" };
    say!(
        language,
        "Too many requests at once: try again in {retry_after} {seconds}.",
        "지금 요청이 많습니다. {retry_after}초 뒤에 다시 시도해 주십시오."
    )
}

pub(super) fn outcome_unknown(language: Language) -> String {
    say!(
        language,
        "The answer did not come in time. Send the same request again: it is done at most \
         once, and the answer tells whether it was.",
        "제때 답을 받지 못했습니다. 같은 요청을 다시 보내 주십시오. \
         같은 요청은 한 번만 처리되며, 처리되었는지는 다음 답에서 알 수 있습니다."
    )
}

pub(super) fn bookings_not_taken(language: Language) -> String {
    say!(language, "Bookings are not taken.", "지금은 예약을 받지 않습니다.")
}

pub(super) fn sign_ins_not_taken(language: Language) -> String {
    say!(language, "Nobody can sign in.", "지금은 로그인할 수 없습니다.")
}

pub(super) fn snapshot_stale(language: Language, seconds_max: u64) -> String {
    say!(
        language,
        "The public figures are more than {seconds_max} seconds old.",
        "공개 현황이 {seconds_max}초 넘게 갱신되지 않았습니다."
    )
}
