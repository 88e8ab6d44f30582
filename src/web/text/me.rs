//! What somebody sees of themselves: what they have booked, what happens next, what they can book.

use super::Texts;
use crate::domain::{
    booking::{Booking, State},
    visit::NotGiven,
};

texts! {
    me_signed_in(name: &str), "You are signed in as {name}.", "{name} 님으로 로그인되어 있습니다.";
    me_none, "You have not booked anything.", "예약하신 내역이 없습니다.";
    me_other_booking,
        "Find another person's booking by its number",
        "다른 분의 예약을 예약번호로 찾기";
    me_earlier, "Earlier", "지난 내역";
    me_can_book, "What can be booked", "예약할 수 있는 접종";
    me_nothing_to_book,
        "There is nothing to book at present. The next round is announced on the first page.",
        "지금은 예약할 수 있는 접종이 없습니다. 다음 예약은 첫 화면에서 안내합니다.";
    booking_when, "When", "일시";
    booking_where, "Where", "장소";
    booking_address, "Address", "주소";
    booking_call, "Telephone of the clinic", "접종기관 전화번호";
    booking_show, "Show this booking", "예약 보기";
    booking_cancelled, "Cancelled", "취소됨";
    booking_no_show, "Not come", "미방문";
    booking_not_vaccinated, "Not vaccinated", "미접종";
    booking_is_lost, "Cannot take place", "접종 불가";
    choose_another,
        "The clinic does not have this time any more. Choose another time or clinic.",
        "접종기관이 이 시간에 운영하지 않습니다. 다른 시간이나 다른 접종기관을 선택해 주십시오.";
    booking_held, "Held for you", "확보됨";
    booking_is_due, "Time has passed", "예약 시간 지남";
    booked_next,
        "A dose is set aside for you. Come at this time and bring an identity card.",
        "백신을 따로 확보해 두었습니다. 예약 시간에 신분증을 가지고 오십시오.";
    booked_due_next,
        "The time of this appointment has passed. If you could not come, call the clinic.",
        "예약 시간이 지났습니다. 방문하지 못하셨다면 접종기관에 전화해 주십시오.";
    held_next,
        "A dose is held for you. You are told when the appointment is certain.",
        "백신을 확보해 두었습니다. 예약이 확정되면 알려 드립니다.";
    given_next, "This dose was given to you.", "이 차수 접종을 받으셨습니다.";
    cancelled_next,
        "This booking was cancelled. You can book again while doses are left.",
        "취소된 예약입니다. 백신이 남아 있는 동안 다시 예약하실 수 있습니다.";
    no_show_next,
        "The clinic noted that you did not come. Call the helpline if you still want this dose.",
        "방문하지 않으신 것으로 기록되었습니다. 접종을 원하시면 전화로 문의해 주십시오.";
    not_vaccinated_next,
        "You were at the clinic and were not vaccinated. If you may be vaccinated later, you can \
         book again while doses are left.",
        "접종기관에 오셨으나 접종받지 않으신 것으로 기록되었습니다. 나중에 접종하실 수 있는 경우 백신이 \
         남아 있는 동안 다시 예약하실 수 있습니다.";
    excluded_next,
        "The clinic found that you must not have this vaccination. If that has changed, ask the \
         clinic.",
        "접종기관에서 이 접종을 받으시면 안 되는 것으로 확인하였습니다. 사정이 달라졌다면 그 접종기관에 \
         문의해 주십시오.";
    had_elsewhere_next,
        "The clinic noted that you had this dose before.",
        "접종기관에서 이 차수를 이미 접종받으신 것으로 확인하였습니다.";
}

impl Texts {
    /// What happens next with a booking.
    pub fn booking_next(self, booking: &Booking, is_due: bool) -> &'static str {
        match booking.state {
            State::Booked if is_due => self.booked_due_next(),
            State::Booked => self.booked_next(),
            State::Held => self.held_next(),
            State::Given => self.given_next(),
            State::Cancelled => self.cancelled_next(),
            State::NoShow => self.no_show_next(),
            State::NotVaccinated => match booking.not_given {
                Some(NotGiven::Contraindicated) => self.excluded_next(),
                Some(NotGiven::AlreadyHad) => self.had_elsewhere_next(),
                _ => self.not_vaccinated_next(),
            },
        }
    }
}
