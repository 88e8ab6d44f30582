//! One device of one person on its way: what it was told so far, and what it does next.

use std::time::Duration;

use uuid::Uuid;

use super::plan::JourneyPlan;
use crate::{random::Random, rehearsal::step::RequestKind};

/// What a visit has in hand. Small until there is something to remember, because hundreds of
/// thousands may wait at once.
#[derive(Debug)]
pub struct Visit {
    pub citizen: u32,
    /// 0, or 1 for a second one.
    pub device: u8,
    /// The request that is due or under way.
    pub step: RequestKind,
    /// How often it was sent again after a 503, and after no answer.
    pub busy: u8,
    pub resends: u8,
    /// Codes that were asked for, and those that came.
    pub codes: u8,
    pub received: u8,
    /// Lists that had nothing, and times that were gone.
    pub looked: u8,
    /// Stages of `Stage::ALL` that the person has got to.
    pub stages: usize,
    /// Whether a wrong code is yet to be typed.
    pub is_clumsy: bool,
    pub random: Random,
    /// When the code was asked for.
    pub asked_at: Duration,
    /// The session.
    pub token: Box<str>,
    /// Of the pages: the cookie while a code is under way.
    pub cookie: Box<str>,
    /// The cookie that says where the person lives.
    pub home: Box<str>,
    /// What the next request is about: of the pages a path or hidden fields, of the API the rest of
    /// a path.
    pub path: Box<str>,
    pub form: Box<str>,
    pub challenge: Option<Uuid>,
    pub code: [u8; 6],
    pub clinic_id: i32,
    pub slot_id: i64,
    pub product_id: i32,
    pub booking_id: Option<Uuid>,
    /// Index of the acknowledgement, once there is one.
    pub ack: usize,
    /// Whether a press to cancel had an answer that does not tell the outcome.
    pub is_cancel_unclear: bool,
}

/// What follows an answer.
#[derive(Debug)]
pub enum Then {
    /// The next request, after a moment of thought.
    Go(RequestKind),
    /// The next request at once, as browsers follow a redirect.
    Follow(RequestKind),
    /// The next request when the person's time to book has come.
    Turn(RequestKind),
    /// This request, when the campaign has opened.
    Opening(RequestKind),
    /// Another look after a time or a list that had nothing.
    Look(RequestKind),
    /// This request, when somebody who has booked thinks better of it.
    Cancel(RequestKind),
    /// For the SMS with the code.
    Sms,
    /// Another code.
    Code,
    End(End),
}

/// How a visit ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Booked,
    /// And cancelled again.
    Cancelled,
    /// Booked, wanted to cancel, and was not told that it is done.
    NotCancelled,
    /// By another device of the same person.
    BookedBefore,
    NotEligible,
    /// As often as somebody looked, there was nothing left.
    FoundNothing,
    /// Nobody in the register: no code came.
    Unknown,
    /// A code was on its way and did not come.
    NoCode,
    /// No retry was left.
    GaveUp,
    /// Some other no.
    Refused,
}

impl End {
    pub fn name(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Cancelled => "cancelled",
            Self::NotCancelled => "not_cancelled",
            Self::BookedBefore => "booked_on_other_device",
            Self::NotEligible => "not_eligible",
            Self::FoundNothing => "sold_out",
            Self::Unknown => "not_in_register",
            Self::NoCode => "no_code_came",
            Self::GaveUp => "gave_up",
            Self::Refused => "refused",
        }
    }
}

impl Visit {
    pub(super) fn new(plan: &JourneyPlan, citizen: u32, device: u8) -> Self {
        Self {
            citizen,
            device,
            step: RequestKind::Landing,
            busy: 0,
            resends: 0,
            codes: 0,
            received: 0,
            stages: 0,
            looked: 0,
            is_clumsy: plan.happens(super::plan::WRONG_CODE, citizen, plan.shares.wrong_codes),
            random: plan.random(citizen, device),
            asked_at: Duration::ZERO,
            token: "".into(),
            cookie: "".into(),
            home: "".into(),
            path: "".into(),
            form: "".into(),
            challenge: None,
            code: *b"000000",
            clinic_id: 0,
            slot_id: 0,
            product_id: 0,
            booking_id: None,
            ack: 0,
            is_cancel_unclear: false,
        }
    }

    /// What this end is for whoever has booked: nothing that goes wrong afterwards takes it back.
    pub(super) fn end(&self, end: End) -> End {
        match (self.step, end) {
            (RequestKind::Cancelled, _) => End::Cancelled,
            (RequestKind::CancelPage | RequestKind::Cancel, _) => End::NotCancelled,
            _ => end,
        }
    }

    /// One of these, each as probable.
    pub(super) fn choose<T>(&mut self, of: impl Iterator<Item = T>) -> Option<T> {
        let mut chosen = None;
        for (nth, item) in (1_u32..).zip(of) {
            if self.random.below(nth) == 0 {
                chosen = Some(item);
            }
        }
        chosen
    }

    /// Half to one and a half times the pause.
    pub(super) fn jittered(&mut self, pause: Duration) -> Duration {
        pause / 2 + pause.saturating_mul(self.random.below(1_001)) / 1_000
    }

    /// The code as it is typed: wrong in its last digit, or as it came.
    pub(super) fn typed_code(&self) -> String {
        let mut code = self.code;
        if let (RequestKind::WrongCode, [.., last]) = (self.step, &mut code) {
            *last = if *last == b'9' { b'0' } else { *last + 1 };
        }
        String::from_utf8_lossy(&code).into_owned()
    }
}
