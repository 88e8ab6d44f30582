//! What stands in the way of splitting a pool.

use crate::domain::language::Language;

pub(super) fn over_nothing(language: Language) -> String {
    say!(
        language,
        "There is nobody below this pool to get doses: no region, or no clinic with slots to come \
         on these days. Choose other days, or add opening hours first.",
        "이 물량 아래에 백신을 받을 곳이 없습니다. 하위 지역이 없거나, 이 기간에 예약 시간이 있는 \
         접종기관이 없습니다. 다른 기간을 고르거나 먼저 진료 시간을 등록해 주십시오."
    )
}

pub(super) fn without_weight(language: Language) -> String {
    say!(
        language,
        "By this rule everybody's share is nothing: nobody is in the register there, or every seat \
         has a dose. Choose another rule.",
        "이 기준으로는 모두의 몫이 0입니다. 명부에 등록된 사람이 없거나 모든 자리에 이미 백신이 \
         배정되어 있습니다. 다른 기준을 골라 주십시오."
    )
}

pub(super) fn changed(language: Language) -> String {
    say!(
        language,
        "What the split would do has changed since its preview: doses, slots or the register are \
         different. Nothing was moved. Look at the new preview.",
        "미리 본 뒤에 백신, 예약 시간 또는 명부가 바뀌어 배분 결과가 달라졌습니다. 옮겨진 백신은 \
         없습니다. 새로 미리 보기를 해 주십시오."
    )
}

pub(super) fn not_seen(language: Language) -> String {
    say!(
        language,
        "Ask for a dry run first, and send the state that it answers with.",
        "먼저 미리 보기(dry_run)를 요청하고, 그 응답의 state 값을 보내 주십시오."
    )
}
