//! Pools by name: what they have, where their doses went, and what is done once.

use crate::{
    domain::{
        language::Language,
        stock::{Gone, Stock},
    },
    words::number::count,
};

/// So many pools are named in a sentence; the facts have more.
const NAMED_MAX: usize = 4;

/// A pool by its region and number; the Korean ends in a bracket, so that its particles are known.
fn pool(language: Language, stock: &Stock) -> String {
    let id = stock.pool_id;
    match stock.name() {
        Some(name) => {
            let name = name.in_language(language);
            say!(language, "the pool of {name} (number {id})", "{name} 물량({id}번)")
        }
        None => say!(language, "the nation's pool (number {id})", "전국 물량({id}번)"),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// That a pool has too few, and where there are some.
pub(super) fn holds(language: Language, open: i32, pools: &[Stock]) -> String {
    let open = count(open);
    let Some((own, others)) = pools.split_first() else {
        return say!(language, "The pool has {open} doses left.", "남은 물량은 {open}회분입니다.");
    };
    let own = pool(language, own);
    let mut text = say!(language, "{own} has {open} doses left", "{own}에는 {open}회분이 남아");
    for stock in others.iter().take(NAMED_MAX) {
        let (other, doses) = (pool(language, stock), count(stock.doses));
        text += &say!(language, "; {other} has {doses}", " 있고, {other}에는 {doses}회분이");
    }
    text += &say!(language, ".", " 있습니다.");
    sentence(&text)
}

/// That doses which are to be taken back are not there any more, and where they went.
pub(super) fn gone(language: Language, gone: &Gone) -> String {
    let Gone { went, .. } = gone;
    let own = pool(language, &gone.pool());
    let (doses, open) = (count(gone.doses), count(gone.open));
    let mut text = say!(
        language,
        "{own} has only {open} of the {doses} doses that are to be taken back.",
        "{own}에는 되돌릴 {doses}회분 가운데 {open}회분만 남아 있습니다."
    );
    for stock in went.iter().take(NAMED_MAX) {
        let (to, doses) = (pool(language, stock), count(stock.doses));
        text += &say!(language, " {doses} went to {to}.", " {to}으로 {doses}회분이 나갔습니다.");
    }
    if let Some(rest) = went.len().checked_sub(NAMED_MAX).filter(|rest| *rest > 0) {
        text += &say!(
            language,
            " Others went to {rest} more pools.",
            " 그 밖의 물량 {rest}곳으로도 나갔습니다."
        );
    }
    let (granted, lost) = (count(gone.granted), count(gone.lost));
    text += &say!(
        language,
        " Allocations have {granted}, and {lost} were lost. Bring them back first.",
        " 배정으로 {granted}회분이 나갔고 {lost}회분이 폐기되었습니다. 먼저 회수해 주십시오."
    );
    sentence(&text)
}

pub(super) fn pool_not_beside(language: Language) -> String {
    say!(
        language,
        "Doses go to a pool right below or right above this one, or to one beside it below the \
         same pool: there is no such pool.",
        "이 물량의 바로 위나 아래, 또는 같은 상위 물량 아래에 해당 물량이 없습니다."
    )
}

pub(super) fn line_not_correctable(language: Language) -> String {
    say!(
        language,
        "Only receipts, transfers between pools and losses of pools are taken back in this way. \
         Take doses of an allocation back by a retraction.",
        "이 방법으로는 입고, 물량 사이의 이동, 물량의 폐기만 되돌릴 수 있습니다. \
         배정된 백신은 회수 기능으로 되돌려 주십시오."
    )
}

pub(super) fn line_corrected(language: Language) -> String {
    say!(
        language,
        "All doses of this line have been taken back before.",
        "이 기록의 백신은 이미 모두 되돌렸습니다."
    )
}

pub(super) fn beyond_line(language: Language, doses: i32) -> String {
    let doses = count(doses);
    say!(
        language,
        "Of this line at most {doses} doses can still be taken back.",
        "이 기록에서 더 되돌릴 수 있는 백신은 {doses}회분까지입니다."
    )
}

pub(super) fn quota_gone(language: Language) -> String {
    say!(
        language,
        "The campaign is public, and its quota would become zero. Take back a part, receive the \
         right doses first, or close the campaign.",
        "공개된 접종 사업의 총량이 0이 됩니다. 일부만 되돌리거나, 맞는 입고를 먼저 기록하거나, \
         접종 사업을 종료해 주십시오."
    )
}

pub(super) fn key_missing(language: Language) -> String {
    say!(
        language,
        "Send a header Idempotency-Key with a UUID of your own: the same request sent again is \
         then done once.",
        "직접 만든 UUID를 Idempotency-Key 헤더로 보내 주십시오. 그러면 같은 요청을 다시 보내도 한 번만 \
         처리됩니다."
    )
}

pub(super) fn key_reused(language: Language) -> String {
    say!(
        language,
        "This Idempotency-Key came with another request before. Take a new one for each request.",
        "이 Idempotency-Key는 이미 다른 요청에 쓰였습니다. 요청마다 새로 만들어 주십시오."
    )
}
