//! What an answer means, whichever way it came.

use std::time::Duration;

use super::{
    plan::{JourneyPlan, USED_CODE, Way},
    visit::{End, Then, Visit},
};
use crate::{
    domain::{Code, PersonId},
    rehearsal::step::{RequestKind, Stage},
};

/// So long after the opening what is in memory may not have heard of it.
const NEWS_PAUSE: Duration = Duration::from_secs(2);

/// What was learned from an answer, and what follows.
#[derive(Debug)]
pub struct Heard {
    pub then: Then,
    pub news: Option<News>,
}

/// What an answer says beside what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    Stage(Stage),
    /// As whom.
    SignedIn(PersonId),
    /// The booking that the visit has in hand.
    Booked,
    /// A session by a code that has been used, or that was never sent.
    SignedInTwice,
    SignedInWrongly,
    /// The same booking is cancelled.
    Cancelled,
    /// A booking that was acknowledged is not there.
    NotShown,
    /// One that was cancelled is shown as live, or one that is live as cancelled.
    ShownLive,
    ShownCancelled,
}

/// What is shown of a booking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    Live,
    Cancelled,
    /// Neither, or both.
    Nothing,
}

impl From<Then> for Heard {
    fn from(then: Then) -> Self {
        Self { then, news: None }
    }
}

impl Heard {
    pub(super) fn news(then: Then, news: News) -> Self {
        Self { then, news: Some(news) }
    }

    pub(super) fn end(end: End) -> Self {
        Then::End(end).into()
    }
}

/// What follows the landing page, and the question.
pub(super) fn onwards(plan: &JourneyPlan, visit: &Visit, first: RequestKind) -> Then {
    let is_early = plan.early(visit.citizen).is_some() && !plan.is_ready(visit.citizen);
    match is_early && visit.device == 0 {
        true => Then::Turn(first),
        false => Then::Go(first),
    }
}

/// What follows the right code once.
pub(super) fn signed_in(plan: &JourneyPlan, visit: &Visit, next: Then) -> Then {
    let share = plan.shares.used_codes;
    match plan.happens(USED_CODE, visit.citizen, share) {
        true => Then::Go(RequestKind::UsedCode),
        false => next,
    }
}

/// What a no to the question means: before the opening it may be a yes at it.
pub(super) fn not_eligible(plan: &JourneyPlan, now: Duration) -> Heard {
    if now < plan.opening {
        return Then::Turn(RequestKind::Question).into();
    }
    match now < plan.opening + NEWS_PAUSE {
        true => Then::Opening(RequestKind::Question).into(),
        false => Heard::end(End::NotEligible),
    }
}

/// What a no to a press that books means; none where another time may do.
pub(super) fn not_booked(code: Code) -> Option<Heard> {
    let heard = match code {
        Code::SeatTaken | Code::DosesExhausted | Code::SlotClosed => return None,
        Code::AlreadyBooked => Heard::end(End::BookedBefore),
        Code::NotEligible => Heard::end(End::NotEligible),
        Code::WindowNotOpen => Then::Opening(RequestKind::Book).into(),
        _ => Heard::end(End::Refused),
    };
    Some(heard)
}

/// What a code that does not sign in means: another is on its way, or has to be asked for.
pub(super) fn wrong_code(visit: &Visit) -> Heard {
    match visit.received < visit.codes {
        true => Then::Sms.into(),
        false => Then::Code.into(),
    }
}

/// What follows a look at a booking that was made, and at one that was cancelled.
pub(super) fn looked_at(plan: &JourneyPlan, visit: &Visit, shown: Shown) -> Heard {
    let is_cancelled = visit.step == RequestKind::Cancelled;
    match (is_cancelled, shown) {
        (true, Shown::Cancelled) => Heard::end(End::Cancelled),
        (true, Shown::Live) => Heard::news(Then::End(End::Cancelled), News::ShownLive),
        (false, Shown::Live) if plan.cancels(visit.citizen) => Then::Cancel(match plan.way {
            Way::Api => RequestKind::Cancel,
            Way::Pages => RequestKind::CancelPage,
        })
        .into(),
        (false, Shown::Live) => Heard::end(End::Booked),
        (false, Shown::Cancelled) => Heard::news(Then::End(End::Refused), News::ShownCancelled),
        (_, Shown::Nothing) => Heard::news(Then::End(End::Refused), News::NotShown),
    }
}
