//! How a booking stands, and what its person can do next, in two sentences.

use super::date::{date, instant};
use crate::domain::{
    booking_standing::{Next, Standing},
    language::Language,
    localized::Localized,
    visit::NotGiven,
};

/// How it stands and what to do next.
pub fn standing(language: Language, standing: &Standing, next: Next) -> String {
    let first = now(language, standing);
    match then(language, next) {
        Some(second) => format!("{first} {second}"),
        None => first,
    }
}

fn now(language: Language, standing: &Standing) -> String {
    match standing {
        Standing::Ahead { starts_at, zone } => {
            let when = instant(language, *starts_at, *zone);
            say!(language, "Your appointment is on {when}.", "예약 시간은 {when}입니다.")
        }
        Standing::Past { starts_at, zone } => {
            let when = instant(language, *starts_at, *zone);
            say!(
                language,
                "This appointment was on {when}, and no dose is on record for it.",
                "예약 시간({when})이 지났고, 접종 기록이 없습니다."
            )
        }
        Standing::Given { on_date } => {
            let day = date(language, *on_date);
            say!(language, "You got this dose on {day}.", "{day}에 접종을 받으셨습니다.")
        }
        Standing::Cancelled { cancelled_at, zone } => {
            let when = instant(language, *cancelled_at, *zone);
            say!(
                language,
                "You cancelled this booking on {when}.",
                "{when}에 이 예약을 취소하셨습니다."
            )
        }
        Standing::Lost { starts_at, zone, reason } => {
            let when = instant(language, *starts_at, *zone);
            let why = because(language, reason.as_ref());
            say!(
                language,
                "Your appointment on {when} cannot take place: the clinic does not have this time \
                 any more.{why}",
                "{when} 예약대로 접종할 수 없습니다. 접종기관이 그 시간에 운영하지 않습니다.{why}"
            )
        }
        Standing::CancelledFor { cancelled_at, zone, reason } => {
            let when = instant(language, *cancelled_at, *zone);
            let why = because(language, reason.as_ref());
            say!(
                language,
                "This booking was cancelled for you on {when}, because the clinic cannot keep \
                 it.{why}",
                "접종기관 사정으로 {when}에 이 예약이 취소되었습니다.{why}"
            )
        }
        Standing::Missed { on_date } => {
            let day = date(language, *on_date);
            say!(
                language,
                "The clinic expected you on {day}, and has on record that you did not come.",
                "접종기관에 {day} 예약일에 오지 않으신 것으로 기록되어 있습니다."
            )
        }
        Standing::NotVaccinated { on_date, reason } => {
            not_vaccinated(language, &date(language, *on_date), *reason)
        }
    }
}

fn not_vaccinated(language: Language, day: &str, reason: NotGiven) -> String {
    match reason {
        NotGiven::Refused => say!(
            language,
            "You were at the clinic on {day} and did not want to be vaccinated that day.",
            "{day}에 접종기관에 오셨으나 그날은 접종을 원하지 않으신 것으로 기록되어 있습니다."
        ),
        NotGiven::Unwell => say!(
            language,
            "You were at the clinic on {day} and were not well enough to be vaccinated that day.",
            "{day}에 접종기관에 오셨으나 그날 몸 상태가 좋지 않아 접종받지 않으신 것으로 기록되어 있습니다."
        ),
        NotGiven::Contraindicated => say!(
            language,
            "You were at the clinic on {day}, which found that you must not have this vaccination. \
             If that has changed, ask the clinic.",
            "{day}에 접종기관에서 이 접종을 받으시면 안 되는 것으로 확인하였습니다. 사정이 달라졌다면 그 \
             접종기관에 문의해 주십시오."
        ),
        NotGiven::AlreadyHad => say!(
            language,
            "You were at the clinic on {day}, which noted that you had this dose before.",
            "{day}에 접종기관에서 이 차수를 이미 접종받으신 것으로 확인하였습니다."
        ),
        NotGiven::NotRecorded => say!(
            language,
            "You were at the clinic on {day}, and it has no record of a dose. If you were \
             vaccinated, call the clinic.",
            "{day}에 접종기관에 오셨으나 접종 기록이 없습니다. 접종받으셨다면 접종기관에 전화해 주십시오."
        ),
    }
}

fn because(language: Language, reason: Option<&Localized>) -> String {
    reason.map_or(String::new(), |reason| {
        let reason = reason.in_language(language);
        say!(language, " The reason: {reason}.", " 사유: {reason}.")
    })
}

fn then(language: Language, next: Next) -> Option<String> {
    Some(match next {
        Next::Come | Next::Nothing => return None,
        Next::Choose => say!(
            language,
            "Choose another time or clinic: your booking stands until you have. If the clinic \
             opens after all, it holds as it was.",
            "다른 시간이나 다른 접종기관을 선택해 주십시오. 그때까지 이 예약은 남아 있습니다. 접종기관이 다시 운영하면 예약이 그대로 유효합니다."
        ),
        Next::CallClinic => say!(
            language,
            "If you were not vaccinated, call the clinic: once it has written that down, you can \
             book again.",
            "접종을 받지 못하셨으면 접종기관에 전화해 주십시오. 접종기관이 기록하면 다시 예약하실 수 있습니다."
        ),
        Next::BookAgain => say!(
            language,
            "You can book again while doses are left.",
            "백신이 남아 있는 동안 다시 예약하실 수 있습니다."
        ),
        Next::BookLater { opens_at, zone } => {
            let when = instant(language, opens_at, zone);
            say!(
                language,
                "You can book again from {when}.",
                "{when}부터 다시 예약하실 수 있습니다."
            )
        }
        Next::Wait => say!(
            language,
            "Booking is on hold: you can book again when it goes on. The campaign says why.",
            "지금은 예약을 받지 않고 있습니다. 예약이 다시 시작되면 예약하실 수 있습니다. 사유는 접종 사업 \
             안내에 있습니다."
        ),
        Next::AnotherCampaign => say!(
            language,
            "This round of booking is over. The next ones are announced with the campaigns.",
            "이번 예약은 끝났습니다. 다음 예약 일정은 접종 사업 안내에서 알려 드립니다."
        ),
    })
}
