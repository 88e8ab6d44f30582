//! What is said to administrators who change persons of the register, and to whom it concerns.

use crate::domain::{Detail, language::Language, merge::SameDose};

/// A cause of the administration of persons; empty for any other.
pub(super) fn sentence(language: Language, detail: &Detail) -> String {
    match detail {
        Detail::RecordClosed => say!(
            language,
            "Nothing can be booked here with this entry of the register. Call the helpline.",
            "이 등록 정보로는 여기에서 예약하실 수 없습니다. 전화로 문의해 주십시오."
        ),
        Detail::OfOtherPerson { person_id } => say!(
            language,
            "The corrected name, birth date and phone are those of person {person_id}. If both are \
             one person, merge them.",
            "고친 이름, 생년월일, 전화번호는 {person_id}번으로 등록된 분의 것입니다. 같은 분이라면 두 등록 \
             정보를 합쳐 주십시오."
        ),
        Detail::IfMatchMissing => say!(
            language,
            "Send the ETag of the person, as you have read it, as If-Match.",
            "조회할 때 받은 ETag를 If-Match 헤더로 보내 주십시오."
        ),
        Detail::RecordChanged => say!(
            language,
            "Somebody has changed this person since you read it. Read it again, and then decide.",
            "조회하신 뒤에 이 분의 등록 정보가 바뀌었습니다. 다시 조회한 뒤 결정해 주십시오."
        ),
        Detail::NothingToCorrect => say!(
            language,
            "The request names nothing that differs from the register.",
            "등록된 내용과 다른 항목이 없습니다."
        ),
        Detail::SamePerson => say!(
            language,
            "A person cannot be merged into themselves.",
            "같은 등록 정보끼리는 합칠 수 없습니다."
        ),
        Detail::MergedInto { person_id } => say!(
            language,
            "This person was merged into person {person_id}. Go on with that one.",
            "{person_id}번 등록 정보와 합쳐진 분입니다. 그 번호로 진행해 주십시오."
        ),
        Detail::MergeUnderWay => say!(
            language,
            "The person is being merged at this moment. Try again in a minute.",
            "지금 이 등록 정보를 합치는 중입니다. 1분 뒤에 다시 시도해 주십시오."
        ),
        Detail::SameDose { both } => {
            let SameDose { course_id, dose_number, booking_id, other_booking_id } = &**both;
            say!(
                language,
                "Both have dose {dose_number} of course {course_id}: bookings {booking_id} and \
             {other_booking_id}. Cancel one of them, then merge.",
                "두 분 모두 접종 과정 {course_id}번의 {dose_number}차 예약이나 접종이 있습니다: {booking_id}, \
             {other_booking_id}. 하나를 취소한 뒤 합쳐 주십시오."
            )
        }
        Detail::NumberAlone => say!(
            language,
            "Give the clinic or the birth date beside the booking number.",
            "예약번호와 함께 접종기관이나 생년월일을 적어 주십시오."
        ),
        Detail::OneWayToFind => say!(
            language,
            "Look for a person by name and birth date, by booking number or by the \
             register's code: one of them.",
            "이름과 생년월일, 예약번호, 개인 코드 가운데 한 가지로 찾아 주십시오."
        ),
        _ => String::new(),
    }
}
