//! What stands in the way of a step at the clinic.

use chrono_tz::Tz;

use crate::{
    domain::{Detail, booking::State, language::Language},
    words::{
        date::{date, instant},
        visit::warning_name,
    },
};

#[expect(clippy::too_many_lines, reason = "one table of sentences, in the order of Detail")]
pub(super) fn sentence(language: Language, detail: &Detail) -> String {
    match detail {
        Detail::NotToday { on_date, today } => {
            let (day, today) = (date(language, *on_date), date(language, *today));
            say!(
                language,
                "The appointment is on {day}, and today is {today}. Look for the booking of today, \
                 or take the person as a walk-in.",
                "예약일은 {day}이고 오늘은 {today}입니다. 오늘 예약을 찾거나 예약 없이 온 분으로 접수해 \
                 주십시오."
            )
        }
        Detail::NotArrived => say!(
            language,
            "The person is not checked in. Check them in first.",
            "아직 접수하지 않은 분입니다. 먼저 접수해 주십시오."
        ),
        Detail::CheckedIn => say!(
            language,
            "The person is checked in at the clinic. What becomes of this booking is written down \
             there.",
            "접종기관에 도착한 분입니다. 이 예약은 접종기관에서 처리합니다."
        ),
        Detail::VisitEnded { state } => ended(language, *state),
        Detail::AppointmentAhead { starts_at, zone } => {
            let when = instant(language, *starts_at, named(zone));
            say!(
                language,
                "The appointment begins on {when}. Until then the person may come.",
                "예약 시간은 {when}입니다. 그때까지는 오실 수 있습니다."
            )
        }
        Detail::BirthDateDiffers => say!(
            language,
            "This is not the day of birth of the person who is booked. Make sure who stands there.",
            "예약하신 분의 생년월일과 다릅니다. 본인이 맞는지 확인해 주십시오."
        ),
        Detail::HadInFuture => say!(
            language,
            "A dose was had today or before.",
            "이미 받은 접종의 날짜는 오늘이거나 그 이전이어야 합니다."
        ),
        Detail::UntilNotAhead { days_max } => say!(
            language,
            "Say a day after today, and no more than {days_max} days ahead. Leave it empty where \
             nobody knows.",
            "오늘보다 뒤이고 {days_max}일을 넘지 않는 날짜를 적어 주십시오. 알 수 없으면 비워 두십시오."
        ),
        Detail::DoseGone => say!(
            language,
            "The dose of this booking has gone to somebody else, or was written off. Give another \
             dose as a walk-in, or offer another time.",
            "이 예약의 백신은 이미 다른 분께 접종했거나 폐기했습니다. 남은 백신으로 예약 없이 접종하거나 다른 \
             시간을 안내해 주십시오."
        ),
        Detail::NewerStep => say!(
            language,
            "Something was done after this step. Take back the last step first.",
            "이 단계 뒤에 기록된 것이 있습니다. 마지막 단계부터 취소해 주십시오."
        ),
        Detail::StepNotUndone => say!(
            language,
            "This step is not taken back. Cancel the booking instead.",
            "되돌릴 수 없는 단계입니다. 예약을 취소해 주십시오."
        ),
        Detail::CancelledInTime => say!(
            language,
            "The booking was cancelled so early that its dose went back to everybody. Book again.",
            "일찍 취소하여 백신이 다시 예약에 나온 예약입니다. 새로 예약해 주십시오."
        ),
        Detail::SameDoseSince { dose_number, on_date } => {
            let day = date(language, *on_date);
            say!(
                language,
                "Dose {dose_number} has been booked or given since, for {day}.",
                "그 뒤에 {dose_number}차 접종({day})을 다시 예약했거나 받으신 것으로 기록되어 있습니다."
            )
        }
        Detail::LaterDose { dose_number, on_date } => {
            let day = date(language, *on_date);
            say!(
                language,
                "Dose {dose_number} is booked for {day}, or was given then, and depends on this \
                 one. Cancel dose {dose_number} first.",
                "{day}의 {dose_number}차 접종이 이 접종을 전제로 합니다. 먼저 {dose_number}차 예약을 \
                 취소해 주십시오."
            )
        }
        Detail::Unanswered { warnings } => {
            let names: Vec<_> =
                warnings.iter().map(|warning| warning_name(language, *warning)).collect();
            let names = names.join(", ");
            say!(
                language,
                "Ask, and confirm each: {names}.",
                "다음을 물어보고 하나씩 확인해 주십시오. {names}."
            )
        }
        // The others are said elsewhere: `super::sentence` has them.
        _ => String::new(),
    }
}

fn ended(language: Language, state: State) -> String {
    match state {
        State::Booked | State::Held => {
            say!(language, "This booking is still to come.", "아직 끝나지 않은 예약입니다.")
        }
        State::Given => say!(
            language,
            "The dose was given. If that is wrong, take it back first.",
            "이미 접종한 것으로 기록되어 있습니다. 잘못된 기록이면 먼저 취소해 주십시오."
        ),
        State::Cancelled => say!(
            language,
            "This booking was cancelled. Take the person as a walk-in, or offer another time.",
            "취소된 예약입니다. 예약 없이 온 분으로 접수하거나 다른 시간을 안내해 주십시오."
        ),
        State::NoShow => say!(
            language,
            "It is on record that the person did not come. Take that back first.",
            "오지 않은 것으로 기록되어 있습니다. 먼저 그 기록을 취소해 주십시오."
        ),
        State::NotVaccinated => say!(
            language,
            "It is on record that the person was not vaccinated. Take that back first.",
            "접종하지 않은 것으로 기록되어 있습니다. 먼저 그 기록을 취소해 주십시오."
        ),
    }
}

fn named(zone: &str) -> Tz {
    zone.parse().unwrap_or_default()
}
