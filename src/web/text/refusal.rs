//! What a refusal means for whoever reads it on a page, and what they can do. What is wrong is said
//! by `words`.

use super::Texts;
use crate::{
    domain::{Code, Detail, Refusal},
    words,
};

texts! {
    refusal_nothing_done,
        "Nothing was changed. Go back and try again from the page.",
        "바뀐 것은 없습니다. 이전 화면으로 돌아가 다시 시도해 주십시오.";
    refusal_sign_in,
        "Sign in again, and go on from there. A booking that you have is kept.",
        "다시 로그인한 뒤 이어서 진행해 주십시오. 이미 하신 예약은 그대로 유지됩니다.";
    refusal_elsewhere,
        "Open this service in a window of its own and sign in there. A booking that you have is \
         kept.",
        "새 창에서 이 서비스를 직접 열고 로그인해 주십시오. 이미 하신 예약은 그대로 유지됩니다.";
    refusal_not_found,
        "Check the address, or begin on the first page. A booking that you have is kept: you find \
         it under \"My booking\".",
        "주소를 확인하거나 첫 화면에서 다시 시작해 주십시오. 이미 하신 예약은 그대로이며 '내 예약'에서 보실 수 있습니다.";
    refusal_not_booked,
        "This press booked nothing. Whether you have a booking stands under \"My booking\".",
        "이 요청으로 예약된 것은 없습니다. 예약이 있는지는 '내 예약'에서 확인해 주십시오.";
    refusal_stands,
        "What you have booked stands under \"My booking\". This press changed nothing.",
        "예약하신 내용은 '내 예약'에 있습니다. 이 요청으로 바뀐 것은 없습니다.";
    refusal_too_many,
        "A booking that you have is kept. If you cannot wait, the helpline helps.",
        "이미 하신 예약은 그대로 유지됩니다. 기다리기 어려우시면 전화로 문의해 주십시오.";
    refusal_busy_press(seconds: u64),
        "Nothing was booked by this press. Go back and press again in {seconds} seconds.",
        "방금 누르신 요청은 접수되지 않았습니다. {seconds}초 뒤에 이전 화면으로 돌아가 다시 눌러 주십시오.";
    refusal_busy_page(seconds: u64),
        "Look again in {seconds} seconds. A booking that you have is kept.",
        "{seconds}초 뒤에 다시 보아 주십시오. 이미 하신 예약은 그대로 유지됩니다.";
    refusal_unsure,
        "Go back and press again: it is one booking \
         at most, and if you have it, you will see it.",
        "이전 화면으로 돌아가 다시 눌러 주십시오. 예약은 한 건만 되며, 이미 되었다면 그 예약을 보여 드립니다.";
    refusal_later,
        "A booking that you have is kept. Look again in a minute.",
        "이미 하신 예약은 그대로 유지됩니다. 1분 뒤에 다시 보아 주십시오.";
    refusal_id(id: uuid::Uuid),
        "If you call the helpline, name this request: {id}",
        "전화로 문의하실 때 이 요청 번호를 알려 주십시오: {id}";
    refusal_begin, "To the first page", "첫 화면으로";
    no_page, "There is no such page", "이 주소에는 페이지가 없습니다";
    too_many, "Too many tries from here", "요청이 너무 많습니다";
    busy, "Many people are booking right now", "지금 예약하는 분이 많습니다";
    not_known, "We do not know yet whether it went through", "결과를 확인하지 못했습니다";
    no_answer, "This page cannot be shown right now", "지금은 이 화면을 보여 드릴 수 없습니다";
}

/// What somebody can do who was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The page once more.
    Again,
    SignIn,
    /// What they have booked.
    Mine,
    Begin,
}

impl Texts {
    /// What the refusal of a page, or of a press, is called.
    pub fn refused(self, code: Code, is_press: bool) -> &'static str {
        match code {
            Code::NotFound => self.no_page(),
            Code::TooManyRequests => self.too_many(),
            Code::Overloaded => self.busy(),
            Code::Unavailable | Code::Internal if is_press => self.not_known(),
            Code::Unavailable | Code::Internal => self.no_answer(),
            code => words::title(self.language(), code),
        }
    }

    /// What the refusal of a page means, and the way on; of a press, where a form was sent.
    pub fn advice(self, refusal: &Refusal, is_press: bool) -> (String, Way) {
        let (text, way) = match refusal.code {
            Code::Unauthenticated | Code::WrongCredentials => (self.refusal_sign_in(), Way::SignIn),
            Code::Forbidden => (self.refusal_elsewhere(), Way::Begin),
            Code::NotFound | Code::MethodNotAllowed => (self.refusal_not_found(), Way::Begin),
            Code::NotEligible
            | Code::WindowNotOpen
            | Code::WindowClosed
            | Code::CampaignPaused
            | Code::SeatTaken
            | Code::DosesExhausted
            | Code::SlotClosed
            | Code::BookingIdReused => (self.refusal_not_booked(), Way::Mine),
            Code::AlreadyBooked | Code::BookingEnded => (self.refusal_stands(), Way::Mine),
            Code::TooManyRequests => (self.refusal_too_many(), Way::Begin),
            Code::Overloaded => {
                let seconds = match refusal.detail {
                    Detail::Crowded { retry_after } => retry_after,
                    _ => 1,
                };
                let text = if is_press {
                    self.refusal_busy_press(seconds)
                } else {
                    self.refusal_busy_page(seconds)
                };
                return (text, Way::Again);
            }
            Code::Unavailable | Code::Internal if is_press => (self.refusal_unsure(), Way::Mine),
            Code::Unavailable | Code::Internal => (self.refusal_later(), Way::Again),
            Code::MalformedRequest
            | Code::InvalidField
            | Code::UnknownField
            | Code::BodyTooLarge
            | Code::UnsupportedMediaType
            | Code::AlreadyExists
            | Code::WrongState
            | Code::QuotaNotPublished
            | Code::NotEnoughDoses
            | Code::PromisedDoses
            | Code::NotWholeVials
            | Code::RowsRejected
            | Code::MalformedRow
            | Code::UnknownColumn
            | Code::MissingColumn
            | Code::DuplicateRow => (self.refusal_nothing_done(), Way::Begin),
        };
        (text.to_owned(), way)
    }
}
