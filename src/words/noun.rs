//! Things by their names, to be put into sentences.

use super::{josa::josa, number::count};
use crate::domain::{
    fact::{By, Counted, Noun, Role, Sent},
    import::Kind,
    language::Language,
};

fn pick<'a>(language: Language, english: &'a str, korean: &'a str) -> &'a str {
    match language {
        Language::English => english,
        Language::Korean => korean,
    }
}

pub(super) fn noun(language: Language, noun: Noun) -> &'static str {
    let (english, korean) = match noun {
        Noun::Allocation => ("allocation", "배정"),
        Noun::Booking => ("booking", "예약"),
        Noun::Campaign => ("campaign", "접종 사업"),
        Noun::Clinic => ("clinic", "접종기관"),
        Noun::Closure => ("closed day", "휴진일"),
        Noun::Cohort => ("cohort", "접종 대상"),
        Noun::Course => ("course", "접종 과정"),
        Noun::Kind => ("kind of files", "파일 종류"),
        Noun::DryRun => ("dry run", "시험 실행"),
        Noun::Exclusion => ("note", "접종 제한 기록"),
        Noun::Import => ("import", "파일 등록"),
        Noun::Person => ("person", "등록된 분"),
        Noun::Movement => ("line of the journal", "장부 기록"),
        Noun::Pool => ("pool", "물량"),
        Noun::Product => ("product", "백신"),
        Noun::Region => ("region", "지역"),
        Noun::Roster => ("roster", "명단"),
        Noun::Slot => ("slot", "예약 시간"),
        Noun::Step => ("step", "단계"),
        Noun::Tranche => ("tranche", "예약 그룹"),
        Noun::User => ("user", "사용자"),
    };
    pick(language, english, korean)
}

/// "clinic with this code", to follow "no"; the Korean with its particle.
pub(super) fn none_of(language: Language, what: Noun, by: By) -> String {
    let what = noun(language, what);
    let ga = josa(what, "이", "가");
    match by {
        By::Id => say!(language, "such {what}", "해당 {ga}"),
        By::Code => say!(language, "{what} with this code", "이 코드의 {ga}"),
        By::CodeInSystem => {
            say!(
                language,
                "{what} with this code in this code system",
                "이 코드 체계와 코드의 {ga}"
            )
        }
        By::Name => say!(language, "{what} with this name", "이 이름의 {ga}"),
    }
}

/// That there is no such thing.
pub(super) fn unknown(language: Language, what: Noun) -> String {
    let what = noun(language, what);
    let ga = josa(what, "이", "가");
    say!(language, "There is no {what} with such an id.", "그런 ID의 {ga} 없습니다.")
}

/// That there is none with this id.
pub(super) fn none_with_id(language: Language, what: Noun, id: &str) -> String {
    let what = noun(language, what);
    let ga = josa(what, "이", "가");
    say!(language, "There is no {what} {id}.", "ID가 {id}인 {ga} 없습니다.")
}

/// That the code or name of a thing is in use.
pub(super) fn taken(language: Language, what: Noun, by: By) -> String {
    let a = if matches!(what, Noun::Allocation | Noun::Import) { "An" } else { "A" };
    let what = noun(language, what);
    let ga = josa(what, "이", "가");
    match by {
        By::Id => say!(language, "{a} {what} has this id.", "같은 ID의 {ga} 이미 있습니다."),
        By::Code => say!(language, "{a} {what} has this code.", "같은 코드의 {ga} 이미 있습니다."),
        By::CodeInSystem => say!(
            language,
            "{a} {what} has this code in this code system.",
            "코드 체계와 코드가 같은 {ga} 이미 있습니다."
        ),
        By::Name => say!(language, "This {what} name is taken.", "같은 이름의 {ga} 이미 있습니다."),
    }
}

/// That there must be so many.
pub(super) fn how_many(language: Language, of: Counted, (min, max): (i64, i64)) -> String {
    let (min, max) = (count(min), count(max));
    let (english, korean, unit) = match of {
        Counted::Clinics => ("clinics", "접종기관은", "곳"),
        Counted::Doses => ("doses", "백신은", "회분"),
        Counted::Entries => ("entries", "항목은", "개"),
        Counted::Products => ("products", "백신은", "종"),
        Counted::Rosters => ("rosters", "명단은", "개"),
        Counted::Seats => ("seats", "정원은", "명"),
        Counted::Slots => ("slots", "예약 시간은", "개"),
    };
    say!(
        language,
        "The number of {english} must be from {min} to {max}.",
        "{korean} {min}{unit} 이상 {max}{unit} 이하여야 합니다."
    )
}

pub(super) fn sent(language: Language, sent: Sent) -> &'static str {
    let (english, korean) = match sent {
        Sent::Body => ("body", "본문"),
        Sent::File => ("file", "파일"),
    };
    pick(language, english, korean)
}

pub(super) fn role(language: Language, role: Role) -> &'static str {
    let (english, korean) = match role {
        Role::Citizen => ("a citizen", "예약자"),
        Role::Staff => ("a staff user", "직원"),
    };
    pick(language, english, korean)
}

pub(super) fn kind(language: Language, kind: Kind) -> &'static str {
    let korean = match kind {
        Kind::Register => "등록 명부",
        Kind::Roster => "명단",
        Kind::Clinics => "접종기관",
        Kind::Slots => "예약 시간",
        Kind::Allocations => "배정",
        Kind::Hours => "운영 시간",
        Kind::Regions => "지역",
        Kind::Users => "사용자",
    };
    pick(language, kind.word(), korean)
}
