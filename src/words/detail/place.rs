//! What stands in the way of changing regions and clinics.

use crate::domain::language::Language;

pub(super) fn district_of_district(language: Language) -> String {
    say!(
        language,
        "A district has no districts of its own.",
        "시·군·구 아래에는 다른 지역을 둘 수 없습니다."
    )
}

pub(super) fn clinic_elsewhere(language: Language) -> String {
    say!(
        language,
        "The clinic is known in another region; a file does not move it.",
        "다른 지역에 이미 등록된 접종기관입니다. 파일로는 지역을 바꿀 수 없습니다."
    )
}

pub(super) fn clinic_in_other_zone(language: Language) -> String {
    say!(
        language,
        "The clinic is known in another time zone; a file does not change it.",
        "다른 시간대로 이미 등록된 접종기관입니다. 파일로는 시간대를 바꿀 수 없습니다."
    )
}

pub(super) fn slots_go_by_zone(language: Language) -> String {
    say!(
        language,
        "The clinic has slots, and their dates go by the zone that it has.",
        "이 접종기관의 예약 시간은 지금 시간대의 날짜를 따르므로 시간대를 바꿀 수 없습니다."
    )
}

pub(super) fn region_elsewhere(language: Language) -> String {
    say!(
        language,
        "The region is known elsewhere: a file does not move a region from one province to \
         another.",
        "다른 곳에 이미 등록된 지역입니다. 파일로는 상위 지역을 바꿀 수 없습니다."
    )
}
