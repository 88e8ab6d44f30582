//! "Can I book?": the answer in words, and what to do with it. Reasons are said by `words`.

use super::Texts;
use crate::domain::verdict::ReasonCode;

texts! {
    can_i_book, "Can I book?", "예약 대상 확인";
    eligibility_about(campaign: &str), "For: {campaign}", "접종 사업: {campaign}";
    eligibility_private,
        "Nothing of what you write here is kept. Only the district goes on with you, to show you \
         its clinics.",
        "여기에 입력하신 내용은 저장하지 않습니다. 선택하신 지역만 접종기관 목록을 보여 드리는 데 쓰입니다.";
    eligibility_ask, "Check", "확인하기";
    region_not_said, "Not said", "선택하지 않음";
    region_optional_hint,
        "Only some rounds go by where people live.",
        "지역에 따라 대상이 정해지는 경우에만 필요합니다.";
    eligible, "You can book this vaccination", "예약하실 수 있습니다";
    eligible_later, "You can book later, not now", "지금은 아니지만 나중에 예약하실 수 있습니다";
    not_eligible, "You cannot book this vaccination now", "지금은 예약하실 수 없습니다";
    eligible_from(when: &str),
        "By these rules you can book from {when} on.",
        "지금 기준으로는 {when}부터 예약하실 수 있습니다.";
    eligible_as_written,
        "This answer goes by what you wrote here. What you have booked or been given already \
         counts too: it is seen when you sign in.",
        "입력하신 내용만으로 확인한 결과입니다. 이미 예약하셨거나 접종받으신 내역도 기준이 되며, 로그인하시면 함께 확인합니다.";
    eligible_as_registered(name: &str),
        "This answer is for {name}, by the register and all bookings.",
        "{name} 님의 등록 정보와 예약 내역으로 확인한 결과입니다.";
    why_not, "Why", "사유";
    ask_for_other, "Ask for somebody else", "다른 분 확인하기";
    eligibility_busy(time: &str),
        "What you have booked cannot be looked up right now. Open this page again in {time}, or \
         ask here without it.",
        "지금은 예약 내역을 확인할 수 없습니다. {time} 뒤에 이 화면을 다시 여시거나, 아래에서 내역 없이 확인하실 수 있습니다.";

    step_nothing, "Nothing more is to be done for this dose.", "이 차수에는 더 하실 일이 없습니다.";
    step_my_booking, "It stands under \"My booking\".", "'내 예약'에서 확인하실 수 있습니다.";
    step_next_rounds,
        "The next rounds are announced on the first page.",
        "다음 예약 일정은 첫 화면에서 안내합니다.";
    step_check,
        "Check the date of birth and the region. The next rounds are announced on the first page.",
        "생년월일과 지역을 확인해 주십시오. 다음 예약 일정은 첫 화면에서 안내합니다.";
    step_ask_doctor,
        "Ask your doctor or the helpline about another vaccine.",
        "다른 백신은 의료진이나 전화 문의로 확인해 주십시오.";
    step_dose_before, "Book the dose before it first.", "이전 차수부터 예약해 주십시오.";
    step_later_day, "Choose a later day.", "이후 날짜를 선택해 주십시오.";
    step_look_again, "Look again on the first page.", "첫 화면에서 다시 확인해 주십시오.";
    step_paused,
        "What you have booked is safe. The first page says when it goes on.",
        "이미 하신 예약은 그대로 유지됩니다. 다시 시작하는 시각은 첫 화면에서 안내합니다.";
    step_sign_in_before,
        "You can sign in before that: then only place and time are left to choose.",
        "그 전에 미리 로그인하실 수 있습니다. 그러면 장소와 시간만 선택하시면 됩니다.";
    step_when_due, "Come back when that day is near.", "그 날이 가까워지면 다시 확인해 주십시오.";
}

impl Texts {
    /// What somebody can do about a reason.
    pub fn next_step(self, reason: ReasonCode) -> &'static str {
        match reason {
            ReasonCode::AlreadyGiven => self.step_nothing(),
            ReasonCode::AlreadyBooked => self.step_my_booking(),
            ReasonCode::CampaignClosed | ReasonCode::WindowClosed => self.step_next_rounds(),
            ReasonCode::NotInCohort | ReasonCode::NotInTranche => self.step_check(),
            ReasonCode::TooOld | ReasonCode::Excluded => self.step_ask_doctor(),
            ReasonCode::PreviousDoseMissing => self.step_dose_before(),
            ReasonCode::AppointmentPast | ReasonCode::Deferred => self.step_later_day(),
            ReasonCode::ProductNotOffered | ReasonCode::NotPublished => self.step_look_again(),
            ReasonCode::CampaignPaused => self.step_paused(),
            ReasonCode::WindowNotOpen | ReasonCode::TrancheNotOpen => self.step_sign_in_before(),
            ReasonCode::TooYoung | ReasonCode::IntervalTooShort => self.step_when_due(),
        }
    }
}
