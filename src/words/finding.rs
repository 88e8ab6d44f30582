//! What a check before publishing or opening says, and people counted against doses.

use super::{
    date::{date, instant},
    number::{count, length, wait},
};
use crate::domain::{
    check::{Finding, Numbers, ShortDay},
    language::Language,
};

/// That a campaign was not taken to its next step.
pub(super) fn failed(language: Language, errors: usize, warnings: usize) -> String {
    let (faults, odd) = (length(errors), length(warnings));
    say!(
        language,
        "The check found errors ({faults}) or warnings ({odd}); see `findings`. Errors must be \
         mended. To go on in spite of warnings, send their codes as `confirm`.",
        "점검에서 빠진 점 {faults}건, 살펴보실 점 {odd}건을 찾았습니다. `findings`를 봐 주십시오. 빠진 점은 \
         채워야 합니다. 살펴보실 점은 그 코드를 `confirm`에 적어 보내시면 그대로 진행합니다."
    )
}

/// "352,400 people, 80,640 doses: 1 in 4."
pub fn check_summary(language: Language, numbers: &Numbers) -> String {
    let doses = count(numbers.doses);
    let Some(people) = numbers.people else {
        return say!(
            language,
            "{doses} doses; the people were not counted.",
            "백신 {doses}회분. 대상 인원은 세지 못했습니다."
        );
    };
    let all = count(people);
    match (people, numbers.doses) {
        (_, 0) => say!(language, "{all} people, no doses.", "대상 {all}명, 백신 없음."),
        (people, doses_left) if people <= doses_left => say!(
            language,
            "{all} people, {doses} doses: one for everybody.",
            "대상 {all}명, 백신 {doses}회분: 모두에게 돌아갑니다."
        ),
        (people, doses_left) => {
            // Rounded; that somebody goes without is never rounded away.
            let tenths = (people.saturating_mul(10) + doses_left / 2) / doses_left;
            let tenths = tenths.max(11);
            let ratio = match (tenths / 10, tenths % 10) {
                (whole, 0) => count(whole),
                // Near one, a tenth tells much; far from it, nothing.
                (whole, tenth) if whole < 3 => format!("{whole}.{tenth}"),
                (whole, tenth) => count(if tenth >= 5 { whole + 1 } else { whole }),
            };
            say!(
                language,
                "{all} people, {doses} doses: 1 in {ratio}.",
                "대상 {all}명, 백신 {doses}회분: {ratio}명에 1회분."
            )
        }
    }
}

/// What was found, and what to do about it.
pub fn finding(language: Language, finding: &Finding) -> String {
    match finding {
        Finding::NoCohort => say!(
            language,
            "No cohort says who may book. Add one.",
            "접종 대상이 정해져 있지 않아 아무도 예약할 수 없습니다. 대상을 추가해 주십시오."
        ),
        Finding::NoProduct => say!(
            language,
            "The campaign gives no product. Name one.",
            "이 접종 사업에 백신이 정해져 있지 않습니다. 백신을 정해 주십시오."
        ),
        Finding::NoDoses => say!(
            language,
            "No clinic has a dose to give from today on. Load allocations.",
            "오늘부터 접종할 백신을 가진 접종기관이 없습니다. 배정을 반영해 주십시오."
        ),
        Finding::NoSeats { doses } => no_seats(language, *doses),
        Finding::DosesWithoutSeats { doses, clinics, days, first } => {
            without_seats(language, (*doses, *clinics, *days), first)
        }
        Finding::NobodyEligible => say!(
            language,
            "Nobody in the register is in a cohort. Load the register, or look at the cohorts.",
            "등록 명부에 접종 대상인 사람이 없습니다. 명부를 반영하거나 대상을 다시 확인해 주십시오."
        ),
        Finding::PeopleNotCounted { seconds_max } => not_counted(language, *seconds_max),
        Finding::RegionsWithoutClinic { regions, people, first } => {
            without_clinic(language, (*regions, *people), first)
        }
        Finding::RegionsWithoutDoses { regions, people, first } => {
            without_doses(language, (*regions, *people), first)
        }
        Finding::DigitsWithoutTranche { digits } => without_tranche(language, digits),
        Finding::OpensInPast { opens_at, zone } => {
            opens_in_past(language, &instant(language, *opens_at, *zone))
        }
        Finding::ClosesInPast { closes_at, zone } => {
            closes_in_past(language, &instant(language, *closes_at, *zone))
        }
        Finding::CodesNotSent => codes_not_sent(language),
        Finding::CodesShown => codes_shown(language),
        Finding::NoHelpline => no_helpline(language),
    }
}

fn no_seats(language: Language, doses: i64) -> String {
    let doses = count(doses);
    say!(
        language,
        "Clinics have doses and no free seat on any day that has some (doses: {doses}). Load \
         slots.",
        "접종기관에 백신 {doses}회분이 있지만 그 날짜에 빈자리가 하나도 없습니다. 예약 시간을 반영해 주십시오."
    )
}

fn not_counted(language: Language, seconds_max: u64) -> String {
    let wait = wait(language, seconds_max);
    say!(
        language,
        "The people who may book could not be counted within {wait}. Check again later.",
        "예약할 수 있는 사람을 {wait} 안에 세지 못했습니다. 나중에 다시 점검해 주십시오."
    )
}

fn without_clinic(language: Language, (regions, people): (usize, i64), first: &[String]) -> String {
    let (regions, people, first) = (length(regions), count(people), first.join(", "));
    say!(
        language,
        "Some who may book live in regions without a clinic. People: {people}; regions: {regions} \
         ({first}).",
        "예약할 수 있는 {people}명이 접종기관이 없는 지역 {regions}곳에 삽니다: {first}."
    )
}

fn without_doses(language: Language, (regions, people): (usize, i64), first: &[String]) -> String {
    let (regions, people, first) = (length(regions), count(people), first.join(", "));
    say!(
        language,
        "Some who may book live in regions whose clinics have no doses of this campaign. People: \
         {people}; regions: {regions} ({first}).",
        "예약할 수 있는 {people}명이 접종기관에 이 사업의 백신이 없는 지역 {regions}곳에 삽니다: {first}."
    )
}

fn without_tranche(language: Language, digits: &[i16]) -> String {
    let digits: Vec<_> = digits.iter().map(ToString::to_string).collect();
    let digits = digits.join(", ");
    say!(
        language,
        "Who was born on a day that ends in {digits} is in no tranche and can never book.",
        "생일의 끝자리가 {digits}인 사람은 어느 예약 그룹에도 없어 예약할 수 없습니다."
    )
}

fn opens_in_past(language: Language, at: &str) -> String {
    say!(
        language,
        "Booking was to begin {at}, which is over: it begins as soon as it is opened.",
        "예약 시작 시각({at})이 이미 지났습니다. 시작하면 바로 예약을 받습니다."
    )
}

fn closes_in_past(language: Language, at: &str) -> String {
    say!(
        language,
        "Booking ended {at}. Change the window.",
        "예약 마감 시각({at})이 이미 지났습니다. 예약 기간을 바꾸어 주십시오."
    )
}

fn codes_not_sent(language: Language) -> String {
    say!(
        language,
        "No way to send one-time codes is set up, so nobody can sign in: start the service with \
         --messages.",
        "인증번호를 보낼 방법이 없어 아무도 로그인할 수 없습니다. --messages를 정해 서비스를 시작해 주십시오."
    )
}

fn codes_shown(language: Language) -> String {
    say!(
        language,
        "One-time codes are shown on the service's machine and sent to nobody (--show-codes): \
         right for trying out, and for nothing else.",
        "인증번호를 보내지 않고 서비스가 도는 컴퓨터에 보여 주기만 합니다(--show-codes). 시험할 때만 쓰는 \
         설정입니다."
    )
}

fn no_helpline(language: Language) -> String {
    say!(
        language,
        "No helpline is named (--helpline): who cannot book alone learns of nobody to call.",
        "상담 전화가 정해져 있지 않습니다(--helpline). 혼자 예약하기 어려운 분이 전화할 곳을 알 수 없습니다."
    )
}

fn without_seats(
    language: Language,
    (doses, clinics, days): (i64, i64, i64),
    first: &[ShortDay],
) -> String {
    let named = first.iter().map(|day| {
        let (clinic, on) = (&day.clinic_code, date(language, day.on_date));
        let (doses, seats) = (count(day.doses), count(day.seats));
        say!(
            language,
            "{clinic} on {on} (doses {doses}, seats {seats})",
            "{clinic} {on}(백신 {doses}회분, 자리 {seats}개)"
        )
    });
    let named = named.collect::<Vec<_>>().join("; ");
    let (doses, clinics, days) = (count(doses), count(clinics), count(days));
    say!(
        language,
        "Some doses have no seat. Doses: {doses}; clinics: {clinics}; days: {days}. First: \
         {named}.",
        "접종기관 {clinics}곳의 {days}일치에서 백신 {doses}회분에 자리가 없습니다: {named}."
    )
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate};

    use super::*;
    use crate::domain::language::Language::{English, Korean};

    fn findings() -> Vec<Finding> {
        let on_date = NaiveDate::from_ymd_opt(2026, 12, 7).unwrap();
        let day = ShortDay { clinic_code: "C-1".into(), on_date, doses: 1_200, seats: 30 };
        let (at, zone) = (DateTime::UNIX_EPOCH, chrono_tz::Asia::Seoul);
        let first = vec!["11680".to_owned(), "11110".to_owned()];
        vec![
            Finding::NoCohort,
            Finding::NoProduct,
            Finding::NoDoses,
            Finding::NoSeats { doses: 4_000 },
            Finding::DosesWithoutSeats { doses: 4_000, clinics: 12, days: 30, first: vec![day] },
            Finding::NobodyEligible,
            Finding::PeopleNotCounted { seconds_max: 8 },
            Finding::RegionsWithoutClinic { regions: 2, people: 9_000, first: first.clone() },
            Finding::RegionsWithoutDoses { regions: 2, people: 9_000, first },
            Finding::DigitsWithoutTranche { digits: vec![3, 7] },
            Finding::OpensInPast { opens_at: at, zone },
            Finding::ClosesInPast { closes_at: at, zone },
            Finding::CodesNotSent,
            Finding::CodesShown,
            Finding::NoHelpline,
        ]
    }

    #[test]
    fn every_finding_is_said_in_both_languages_with_its_facts() {
        let findings = findings();
        let codes: Vec<_> = findings.iter().map(Finding::code).collect();
        assert_eq!(codes, Finding::CODES, "one of each");
        let mut said = Vec::new();
        for one in &findings {
            let (english, korean) = (finding(English, one), finding(Korean, one));
            let has_hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
            assert!(has_hangul(&korean) && !has_hangul(&english), "{english} {korean}");
            for fact in ["4,000", "9,000", "1,200", "11680", "C-1", "3, 7"] {
                assert_eq!(english.contains(fact), korean.contains(fact), "{fact}: {english}");
            }
            said.push(english);
        }
        said.sort();
        said.dedup();
        assert_eq!(said.len(), codes.len(), "each says something of its own");
    }

    #[test]
    fn people_are_counted_against_doses() {
        let said = |people: Option<i64>, doses: i64| {
            let numbers = Numbers { people, doses, seats: 0, bookable: 0 };
            check_summary(English, &numbers)
        };
        assert_eq!(said(Some(352_400), 80_640), "352,400 people, 80,640 doses: 1 in 4.");
        assert_eq!(said(Some(150), 100), "150 people, 100 doses: 1 in 1.5.");
        assert_eq!(said(Some(200), 100), "200 people, 100 doses: 1 in 2.");
        assert_eq!(said(Some(100), 100), "100 people, 100 doses: one for everybody.");
        assert_eq!(said(Some(4), 0), "4 people, no doses.");
        assert_eq!(said(None, 100), "100 doses; the people were not counted.");
    }
}
