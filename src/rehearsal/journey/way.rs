//! Either way: requests are written and answers read by the API, or by the pages.

use std::time::Duration;

use super::{
    api,
    heard::Heard,
    pages,
    plan::{JourneyPlan, Way},
    visit::Visit,
};
use crate::rehearsal::{
    load::Response,
    tally::{Reply, RequestKind},
};

/// The request that is due. Writing to memory cannot fail.
pub(super) fn write(plan: &JourneyPlan, visit: &Visit, into: &mut Vec<u8>) {
    match plan.way {
        Way::Api => api::write(plan, visit, into),
        Way::Pages => pages::write(plan, visit, into),
    }
}

pub(super) fn reply(way: Way, step: RequestKind, response: Option<Response<'_>>) -> Reply {
    match way {
        Way::Api => Reply::of(response),
        Way::Pages => pages::reply(step, response),
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
