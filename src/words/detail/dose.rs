//! What stands in the way of moving doses.

use crate::{
    domain::{
        PoolId,
        fact::{Counter, Noun},
        language::Language,
    },
    words::{noun::noun, number::count},
};

/// That a count is another one by now than whoever asked has seen.
pub(super) fn moved_meanwhile(language: Language, counter: Counter, now: i32) -> String {
    let now = count(now);
    let name = match counter {
        Counter::Granted => "granted",
        Counter::PassedOn => "passed_on",
        Counter::Received => "received",
    };
    say!(
        language,
        "The doses moved meanwhile: {name} is {now} now.",
        "그사이 백신 수가 바뀌었습니다. 지금 {name} 값은 {now}입니다."
    )
}

/// That doses are promised, and what taking them back would do.
pub(super) fn promised(language: Language, (open, promised, displaced): (i32, i32, i32)) -> String {
    let (open, promised, displaced) = (count(open), count(promised), count(displaced));
    say!(
        language,
        "Only {open} doses are open and {promised} are promised: taking back more would \
         displace {displaced} bookings.",
        "회수할 수 있는 백신은 {open}회분이고 {promised}회분은 예약되어 있습니다. \
         더 회수하면 예약 {displaced}건의 백신이 없어집니다."
    )
}

pub(super) fn only_nation_receives(language: Language) -> String {
    say!(
        language,
        "Deliveries go into the nation's pool; pass them on from there.",
        "백신은 전국 물량으로 먼저 들어옵니다. 전국 물량에서 나누어 주십시오."
    )
}

pub(super) fn parent_needed(language: Language) -> String {
    say!(
        language,
        "A pool of a region stands below another: name its parent.",
        "지역의 물량은 다른 물량 아래에 있습니다. 상위 물량을 정해 주십시오."
    )
}

pub(super) fn region_needed(language: Language) -> String {
    say!(
        language,
        "Only the nation's pool, which has no parent, is without a region.",
        "지역이 없는 물량은 상위 물량이 없는 전국 물량뿐입니다."
    )
}

pub(super) fn region_not_below(language: Language) -> String {
    say!(
        language,
        "There is no such region below the parent's.",
        "상위 물량의 지역 안에 해당 지역이 없습니다."
    )
}

pub(super) fn pool_of_other_product(language: Language) -> String {
    say!(
        language,
        "There is no such pool of this campaign and product.",
        "이 접종 사업과 백신에 해당 물량이 없습니다."
    )
}

pub(super) fn pool_of_other_region(language: Language) -> String {
    say!(
        language,
        "The pool is of a region that the clinic is not in.",
        "접종기관이 있는 지역의 물량이 아닙니다."
    )
}

pub(super) fn pool_there(language: Language) -> String {
    say!(
        language,
        "The campaign has a pool of this product there.",
        "이 접종 사업에는 해당 지역에 이 백신의 물량이 이미 있습니다."
    )
}

pub(super) fn no_pool_above(language: Language) -> String {
    say!(
        language,
        "No pool of this campaign and product stands above the clinic.",
        "이 접종기관의 상위에 이 접종 사업과 백신의 물량이 없습니다."
    )
}

pub(super) fn draws_from_pool(language: Language, pool_id: PoolId) -> String {
    say!(
        language,
        "This allocation draws from pool {pool_id}.",
        "이 배정은 {pool_id}번 물량에서 나옵니다."
    )
}

pub(super) fn pool_passed_on(language: Language, passed_on: i32) -> String {
    let passed_on = count(passed_on);
    say!(
        language,
        "The pool passed on only {passed_on} doses.",
        "이 물량에서 나간 백신은 {passed_on}회분뿐입니다."
    )
}

pub(super) fn uncountable(language: Language, what: Noun) -> String {
    let what = noun(language, what);
    say!(
        language,
        "The {what} would have more doses than can be counted.",
        "{what}의 백신 수가 셀 수 있는 범위를 넘습니다."
    )
}

pub(super) fn vial_broken(language: Language, doses_per_vial: i16) -> String {
    say!(
        language,
        "A vial holds {doses_per_vial} doses: say a multiple of that.",
        "한 병(바이알)은 {doses_per_vial}회분입니다. 그 배수로 적어 주십시오."
    )
}
