//! What staff are asked, and what was done, at the clinic.

use crate::domain::{
    language::Language,
    visit::{NotGiven, Site, StepKind, Warning},
};

/// A question that must be answered before a dose is given.
pub fn warning(language: Language, warning: Warning) -> String {
    match warning {
        Warning::Identity => say!(
            language,
            "Ask for the name and the day of birth, and compare them.",
            "이름과 생년월일을 물어 예약 정보와 같은지 확인해 주십시오."
        ),
        Warning::Screening => say!(
            language,
            "Ask whether the person is unwell, has had a severe allergic reaction, or is pregnant.",
            "몸 상태, 심한 알레르기 반응 경험, 임신 여부를 물어 예진을 마쳤는지 확인해 주십시오."
        ),
        Warning::ProductDiffers => say!(
            language,
            "The dose before was another vaccine. Confirm that this one may follow.",
            "이전 차수와 백신이 다릅니다. 이 백신으로 이어서 접종해도 되는지 확인해 주십시오."
        ),
        Warning::IntervalUnknown => say!(
            language,
            "The dose before was had elsewhere on an unknown day. Ask when, and confirm that \
             enough days have passed.",
            "이전 차수를 다른 곳에서 받았고 날짜가 기록되어 있지 않습니다. 언제 받았는지 물어 접종 간격이 \
             지났는지 확인해 주십시오."
        ),
        Warning::NotTheirSlot => say!(
            language,
            "The person is here at another time than booked. Confirm that there is time for them \
             now.",
            "예약 시간이 아닙니다. 지금 접종할 수 있는지 확인해 주십시오."
        ),
        Warning::PreviousDoseMissing => say!(
            language,
            "The dose before is on no record. Ask whether it was given, and where.",
            "이전 차수 접종 기록이 없습니다. 접종했는지, 어디에서 했는지 물어보십시오."
        ),
        Warning::PossibleDuplicate => say!(
            language,
            "The register may have this person twice. Ask whether they were vaccinated under \
             another entry.",
            "등록 명부에 두 번 올라 있을 수 있는 분입니다. 다른 이름이나 번호로 접종받은 적이 있는지 \
             물어보십시오."
        ),
        Warning::BirthDateImprecise => say!(
            language,
            "Only the month or the year of birth is known. Ask for the day, and confirm the age.",
            "태어난 달이나 해만 등록되어 있습니다. 생년월일을 물어 나이를 확인해 주십시오."
        ),
    }
}

/// A warning by its name, to be listed with others.
pub fn warning_name(language: Language, warning: Warning) -> &'static str {
    let (english, korean) = match warning {
        Warning::Identity => ("name and day of birth", "이름과 생년월일"),
        Warning::Screening => ("health today", "오늘의 건강 상태"),
        Warning::ProductDiffers => ("another vaccine than before", "이전 차수와 다른 백신"),
        Warning::IntervalUnknown => ("the day of the dose before", "이전 차수 접종일"),
        Warning::NotTheirSlot => ("another time than booked", "예약과 다른 시간"),
        Warning::PreviousDoseMissing => ("no record of the dose before", "이전 차수 기록 없음"),
        Warning::PossibleDuplicate => ("perhaps twice in the register", "중복 등록 가능성"),
        Warning::BirthDateImprecise => ("exact day of birth", "정확한 생년월일"),
    };
    pick(language, english, korean)
}

/// What a step did.
pub fn step_name(language: Language, kind: StepKind) -> &'static str {
    let (english, korean) = match kind {
        StepKind::Arrive => ("Checked in", "접수"),
        StepKind::Give => ("Given", "접종 완료"),
        StepKind::NoShow => ("Did not come", "미방문"),
        StepKind::NotVaccinated => ("Not vaccinated", "미접종"),
        StepKind::Cancel => ("Cancelled by the clinic", "접종기관에서 취소"),
        StepKind::Undo => ("Taken back", "기록 취소"),
        StepKind::WalkIn => ("Given without a booking", "예약 없이 접종"),
        StepKind::Assist => ("Booked by staff", "예약 대행"),
    };
    pick(language, english, korean)
}

/// Why somebody who came was not vaccinated.
pub fn not_given_name(language: Language, reason: NotGiven) -> &'static str {
    let (english, korean) = match reason {
        NotGiven::Refused => ("Did not want it today", "본인이 원하지 않음"),
        NotGiven::Unwell => ("Not well enough today", "오늘 몸 상태가 좋지 않음"),
        NotGiven::Contraindicated => ("Must not have it", "접종 금기"),
        NotGiven::AlreadyHad => ("Has had it already", "이미 접종함"),
        NotGiven::NotRecorded => ("Nothing was written down", "기록 없음"),
    };
    pick(language, english, korean)
}

/// Where a dose was injected.
pub fn site_name(language: Language, site: Site) -> &'static str {
    let (english, korean) = match site {
        Site::LeftArm => ("Left upper arm", "왼쪽 위팔"),
        Site::RightArm => ("Right upper arm", "오른쪽 위팔"),
        Site::LeftThigh => ("Left thigh", "왼쪽 허벅지"),
        Site::RightThigh => ("Right thigh", "오른쪽 허벅지"),
        Site::Other => ("Elsewhere", "그 밖의 부위"),
    };
    pick(language, english, korean)
}

fn pick(language: Language, english: &'static str, korean: &'static str) -> &'static str {
    match language {
        Language::English => english,
        Language::Korean => korean,
    }
}
