//! Why a campaign cannot take a step.

use crate::domain::{
    campaign_state::{State, Step},
    language::Language,
};

/// "A campaign that is … cannot …."
pub(super) fn step_not_allowed(language: Language, state: State, step: Step) -> String {
    let (state_english, state_korean) = match state {
        State::Draft => ("draft", "준비 중인"),
        State::Published => ("published", "공개된"),
        State::Open => ("open", "예약 중인"),
        State::Paused => ("paused", "예약이 멈춘"),
        State::Closed => ("closed", "종료된"),
    };
    let (step_english, step_korean) = match step {
        Step::Publish => ("be published", "공개할"),
        Step::Open => ("be opened", "시작할"),
        Step::Pause => ("be paused", "멈출"),
        Step::Close => ("be closed", "종료할"),
    };
    say!(
        language,
        "A campaign that is {state_english} cannot {step_english}.",
        "{state_korean} 접종 사업은 {step_korean} 수 없습니다."
    )
}
