//! What stands in the way of moving doses, where the sentence is a long one.

use super::number::count;
use crate::domain::{fact::Counter, language::Language};

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
