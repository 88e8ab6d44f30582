//! Why somebody may not book, in a sentence or two.

use super::{
    date::{date, instant},
    josa::josa,
};
use crate::domain::{language::Language, localized::Localized, verdict::Reason};

/// A reason, with its facts.
#[expect(clippy::too_many_lines, reason = "one table of sentences, in the order of Reason")]
pub fn reason(language: Language, reason: &Reason) -> String {
    match reason {
        Reason::AlreadyGiven { dose_number } => say!(
            language,
            "Dose {dose_number} was already given to you.",
            "{dose_number}차 접종을 이미 받으셨습니다."
        ),
        Reason::AlreadyBooked { dose_number } => say!(
            language,
            "Dose {dose_number} is already booked for you.",
            "{dose_number}차 접종이 이미 예약되어 있습니다."
        ),
        Reason::Excluded {} => say!(
            language,
            "A clinic has noted that you must not have this vaccination. If that has changed, ask \
             the clinic to take the note back.",
            "접종을 받으시면 안 되는 것으로 접종기관에서 확인하였습니다. 사정이 달라졌다면 그 접종기관에 \
             문의해 주십시오."
        ),
        Reason::Deferred { until } => {
            let day = date(language, *until);
            say!(
                language,
                "A clinic has noted that you are not well enough before {day}. Choose that day or \
                 a later one; if you are well sooner, ask the clinic to take the note back.",
                "{day} 전에는 몸 상태 때문에 접종을 받지 않으시도록 접종기관에서 확인하였습니다. {day} 또는 그 \
                 뒤의 날을 선택해 주십시오. 더 일찍 나으셨다면 그 접종기관에 문의해 주십시오."
            )
        }
        Reason::CampaignClosed {} => say!(
            language,
            "This campaign is closed; the campaign says why.",
            "이 접종 사업은 종료되었습니다. 사유는 접종 사업 안내에 있습니다."
        ),
        Reason::WindowClosed { closes_at, zone } => {
            let when = instant(language, *closes_at, *zone);
            say!(language, "Booking closed on {when}.", "예약은 {when}에 마감되었습니다.")
        }
        Reason::NotInCohort { cohorts, depends_on_region, depends_on_roster } => {
            not_in_cohort(language, cohorts, (*depends_on_region, *depends_on_roster))
        }
        Reason::NotInTranche { last_digit } => say!(
            language,
            "It is not open to people born on a day that ends in {last_digit}.",
            "태어난 날의 끝자리가 {last_digit}인 분은 이번 예약 대상이 아닙니다."
        ),
        Reason::ProductNotOffered { is_named } => not_offered(language, *is_named),
        Reason::TooOld { product_name, age_months_max, .. } => {
            let name = product_name.in_language(language);
            let age = age(language, i32::from(*age_months_max) + 1);
            let neun = josa(name, "은", "는");
            say!(
                language,
                "{name} is given to people under {age}.",
                "{neun} {age} 미만인 분이 접종받을 수 있습니다."
            )
        }
        Reason::PreviousDoseMissing { previous_dose_number, is_known } => {
            previous_dose_missing(language, *previous_dose_number, *is_known)
        }
        Reason::AppointmentPast { on_date } => {
            let day = date(language, *on_date);
            say!(language, "The day {day} has passed.", "{day}은 이미 지난 날입니다.")
        }
        Reason::NotPublished {} => say!(
            language,
            "This campaign is still being prepared.",
            "이 접종 사업은 아직 준비 중입니다."
        ),
        Reason::CampaignPaused {} => say!(
            language,
            "Booking is paused; the campaign says why.",
            "예약을 잠시 멈추었습니다. 사유는 접종 사업 안내에 있습니다."
        ),
        Reason::WindowNotOpen { is_late: true, .. } => say!(
            language,
            "Booking was announced for now, but has not been opened yet.",
            "예약 시작 예정 시각이 지났으나 아직 예약이 시작되지 않았습니다."
        ),
        Reason::WindowNotOpen { opens_at, zone, is_late: false } => {
            let when = instant(language, *opens_at, *zone);
            say!(language, "Booking opens on {when}.", "예약은 {when}에 시작합니다.")
        }
        Reason::TrancheNotOpen { tranche_name, opens_at, zone } => {
            let name = tranche_name.in_language(language);
            let when = instant(language, *opens_at, *zone);
            say!(
                language,
                "Your turn ({name}) begins on {when}.",
                "예약 차례({name})는 {when}에 시작합니다."
            )
        }
        Reason::TooYoung { product_name, age_months_min, reached_on, .. } => {
            let first = too_young(language, product_name, *age_months_min);
            let Some(day) = reached_on.map(|day| date(language, day)) else { return first };
            say!(
                language,
                "{first} To you it can be given from {day}.",
                "{first} {day}부터 접종받으실 수 있습니다."
            )
        }
        Reason::IntervalTooShort { interval_days, previous_on, possible_on } => {
            let previous = date(language, *previous_on);
            let first = interval(language, *interval_days, &previous);
            let Some(day) = possible_on.map(|day| date(language, day)) else { return first };
            say!(
                language,
                "{first} The next is possible from {day}.",
                "{first} 다음 접종은 {day}부터 받으실 수 있습니다."
            )
        }
    }
}

fn not_in_cohort(language: Language, cohorts: &[Localized], depends_on: (bool, bool)) -> String {
    let names: Vec<_> = cohorts.iter().map(|name| name.in_language(language)).collect();
    let names = names.join("; ");
    let mut text = match cohorts {
        [] => say!(
            language,
            "Nobody can book in this campaign yet.",
            "이 접종 사업의 예약 대상이 아직 정해지지 않았습니다."
        ),
        _ => say!(
            language,
            "You are in none of its groups: {names}.",
            "이번 예약 대상이 아닙니다. 예약 대상: {names}."
        ),
    };
    if depends_on.0 {
        text += &say!(
            language,
            " A group that may be yours is for a region: say in which region you live.",
            " 사시는 지역에 따라 예약 대상일 수 있습니다. 거주 지역을 알려 주십시오."
        );
    }
    if depends_on.1 {
        text += &say!(
            language,
            " A group that may be yours goes by a list, and a public question cannot know who is \
             on it: sign in to be sure.",
            " 명단에 있는 분은 예약 대상일 수 있습니다. 명단에 있는지는 로그인하시면 확인할 수 있습니다."
        );
    }
    text
}

fn not_offered(language: Language, is_named: bool) -> String {
    if is_named {
        say!(
            language,
            "This campaign does not offer this vaccine.",
            "이 접종 사업에서 접종하는 백신이 아닙니다."
        )
    } else {
        say!(
            language,
            "This campaign does not offer any vaccine yet.",
            "이 접종 사업에서 접종할 백신이 아직 정해지지 않았습니다."
        )
    }
}

fn previous_dose_missing(language: Language, number: i16, is_known: bool) -> String {
    if is_known {
        say!(
            language,
            "Dose {number} must be given or booked first.",
            "{number}차 접종을 먼저 받거나 예약하셔야 합니다."
        )
    } else {
        say!(
            language,
            "Dose {number} must be given or booked first, and a public question cannot know \
             whether it is: sign in to be sure.",
            "{number}차 접종을 먼저 받거나 예약하셔야 합니다. 접종 이력은 로그인하시면 확인할 수 있습니다."
        )
    }
}

fn too_young(language: Language, product_name: &Localized, age_months_min: i16) -> String {
    let name = product_name.in_language(language);
    let age = age(language, age_months_min.into());
    let neun = josa(name, "은", "는");
    say!(
        language,
        "{name} is given from the age of {age}.",
        "{neun} {age}부터 접종받을 수 있습니다."
    )
}

fn interval(language: Language, days: i16, previous: &str) -> String {
    say!(
        language,
        "{days} days must pass after the dose of {previous}.",
        "이전 접종일인 {previous}부터 {days}일이 지나야 합니다."
    )
}

/// Years or, where it is no whole number of them, months.
fn age(language: Language, months: i32) -> String {
    let years = months / 12;
    if months % 12 == 0 {
        say!(language, "{years} years", "만 {years}세")
    } else {
        say!(language, "{months} months", "생후 {months}개월")
    }
}
