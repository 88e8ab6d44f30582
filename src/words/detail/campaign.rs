//! What stands in the way of a campaign and its rules.

use crate::domain::language::Language;

pub(super) fn two_code_systems(language: Language) -> String {
    say!(
        language,
        "The campaign has two products with this code, in two code systems.",
        "이 접종 사업에는 코드는 같고 코드 체계가 다른 백신이 둘 있습니다."
    )
}

pub(super) fn quota_first(language: Language) -> String {
    say!(
        language,
        "Publish the campaign with its dose quota first.",
        "먼저 접종 사업을 백신 총량과 함께 공개해 주십시오."
    )
}

pub(super) fn nothing_received(language: Language) -> String {
    say!(
        language,
        "No doses were received for this campaign: there is no quota to publish.",
        "이 접종 사업에 들어온 백신이 없어 공개할 총량이 없습니다."
    )
}

pub(super) fn campaign_closed(language: Language) -> String {
    say!(language, "The campaign is closed for good.", "이미 종료된 접종 사업입니다.")
}

pub(super) fn campaign_closed_by_then(language: Language) -> String {
    say!(
        language,
        "The campaign has closed by then.",
        "그 시각에는 접종 사업의 예약이 이미 마감되어 있습니다."
    )
}

pub(super) fn closes_before_opening(language: Language) -> String {
    say!(language, "A campaign closes after it opens.", "마감 시각은 시작 시각보다 늦어야 합니다.")
}

pub(super) fn cohort_of_nobody(language: Language) -> String {
    say!(
        language,
        "Name birth dates, a roster or a region.",
        "생년월일, 명단, 지역 가운데 하나 이상을 정해 주십시오."
    )
}

pub(super) fn birth_dates_reversed(language: Language) -> String {
    say!(
        language,
        "The range of birth dates ends before it begins.",
        "생년월일 범위의 끝이 시작보다 앞에 있습니다."
    )
}

pub(super) fn ages_reversed(language: Language) -> String {
    say!(
        language,
        "Ages are at least 0, the lower one first.",
        "나이는 0 이상이어야 하며, 최소 나이가 최대 나이보다 많을 수 없습니다."
    )
}

pub(super) fn product_differs(language: Language) -> String {
    say!(
        language,
        "A product has this code, with other doses per vial, ages or interval. Give those that it \
         has, or another code.",
        "코드가 같은 백신이 이미 있지만 병당 회분, 나이, 접종 간격이 다릅니다. 등록된 값과 같게 적거나 다른 \
         코드를 적어 주십시오."
    )
}
