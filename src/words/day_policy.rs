//! What a campaign lays down for its clinics' days, as administrators choose it.

use crate::domain::{
    day_policy::{LeftOver, WalkIn},
    language::Language,
};

/// Who is given a dose without a booking, as a choice.
pub fn walk_in(language: Language, policy: WalkIn) -> String {
    match policy {
        WalkIn::Nobody => say!(
            language,
            "Nobody: doses are only for those who have booked",
            "없음: 예약한 사람만 접종합니다"
        ),
        WalkIn::Register => say!(
            language,
            "People of the register whom the campaign's rules allow",
            "대상자 명부에 있고 접종 사업의 기준에 맞는 사람"
        ),
        WalkIn::Anybody => say!(
            language,
            "Anybody whom the rules allow; who is not in the register is added on the spot",
            "기준에 맞는 누구나. 명부에 없으면 그 자리에서 등록합니다"
        ),
    }
}

/// What becomes of doses that are left over when a day closes, as a choice.
pub fn left_over(language: Language, policy: LeftOver) -> String {
    match policy {
        LeftOver::Pool => say!(
            language,
            "Unopened vials go back to the pool; opened ones are waste",
            "개봉하지 않은 병은 물량으로 돌아가고, 개봉한 병은 폐기합니다"
        ),
        LeftOver::NextDay => say!(
            language,
            "Unopened vials are kept for the clinic's next day with doses; opened ones are waste",
            "개봉하지 않은 병은 접종기관의 다음 접종일에 쓰고, 개봉한 병은 폐기합니다"
        ),
        LeftOver::Waste => {
            say!(language, "Everything that is left over is waste", "남은 백신은 모두 폐기합니다")
        }
    }
}
