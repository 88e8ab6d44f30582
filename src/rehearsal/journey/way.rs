//! Either way: requests are written and answers read by the API, or by the pages.

use std::time::Duration;

use super::{
    api, browser,
    heard::Heard,
    pages,
    plan::{JourneyPlan, Way},
    visit::Visit,
};
use crate::{
    domain::Code,
    rehearsal::{load::Response, step::RequestKind, tally::Reply},
};

/// The request that is due. Writing to memory cannot fail.
pub(super) fn write(plan: &JourneyPlan, visit: &Visit, into: &mut Vec<u8>) {
    match plan.way {
        Way::Api => api::write(plan, visit, into),
        Way::Pages => browser::write(plan, visit, into),
    }
}

pub(super) fn reply(way: Way, step: RequestKind, response: Option<Response<'_>>) -> Reply {
    match way {
        Way::Api => Reply::of(response),
        Way::Pages => pages::reply(step, response),
    }
}

/// Whether a press may have come true although its answer does not say so. Pages say with one
/// status that a press was not taken in, and that nobody knows.
pub(super) fn is_unclear(way: Way, reply: Reply) -> bool {
    match reply {
        Reply::Missing | Reply::Unexpected(500..) => true,
        Reply::Refused(Code::Unavailable | Code::Internal) => true,
        Reply::Refused(Code::Overloaded) => way == Way::Pages,
        _ => false,
    }
}

/// What an answer means that is neither a crowd's nor a fault.
pub(super) fn read(
    plan: &JourneyPlan,
    visit: &mut Visit,
    (response, reply): (Response<'_>, Reply),
    now: Duration,
) -> Heard {
    match plan.way {
        Way::Api => api::read(plan, visit, (response, reply), now),
        Way::Pages => pages::read(plan, visit, (response, reply), now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_unclear_where_nobody_can_tell_what_was_done() {
        for way in [Way::Api, Way::Pages] {
            for unclear in [
                Reply::Missing,
                Reply::Unexpected(502),
                Reply::Refused(Code::Unavailable),
                Reply::Refused(Code::Internal),
            ] {
                assert!(is_unclear(way, unclear), "{way:?} {unclear:?}");
            }
            for clear in [
                Reply::Done,
                Reply::Gone,
                Reply::Unexpected(404),
                Reply::Refused(Code::BookingEnded),
                Reply::Refused(Code::TooManyRequests),
            ] {
                assert!(!is_unclear(way, clear), "{way:?} {clear:?}");
            }
        }
        let crowded = Reply::Refused(Code::Overloaded);
        assert!(!is_unclear(Way::Api, crowded) && is_unclear(Way::Pages, crowded));
    }
}
