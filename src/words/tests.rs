//! Every text in both languages: that it is one, and that both say the same facts.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::Value;

use super::{amenity, amenity_name, count, form, need, reason, refusal, standing, title};
use crate::domain::{
    BookingId, Code, CourseId, Detail, ImportId, PersonId, PoolId, ProductId, Refusal, RegionId,
    amenity::Amenity,
    booking_standing::{Next, Standing},
    booking_state,
    campaign_state::{State, Step},
    fact::{By, Counted, Counter, Expected, Noun, Overlapped, Role, Sent},
    import::{
        Counts, Kind,
        brake::{Excess, What},
        column::Form,
    },
    language::Language::{English, Korean},
    localized::Localized,
    merge::SameDose,
    stock::{Gone, Stock},
    verdict::{Reason, ReasonCode, Verdict},
    visit::{NotGiven, Warning},
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn expectations() -> Vec<Expected> {
    vec![
        Expected::WholeNumber,
        Expected::WholeNumberFrom { min: 3 },
        Expected::WholeNumberBetween { min: 3, max: 4_000 },
        Expected::Number,
        Expected::NumberBetween { min: -90, max: 90 },
        Expected::Boolean,
        Expected::Text,
        Expected::List,
        Expected::Object,
        Expected::Uuid,
        Expected::Line { chars_max: 500 },
        Expected::Date,
        Expected::Instant,
        Expected::LocalTime,
        Expected::TimeOfDay,
        Expected::Weekdays,
        Expected::Dates,
        Expected::TimeZone,
        Expected::PhoneLine { chars_max: 50 },
        Expected::Point,
        Expected::Code { chars_max: 32 },
        Expected::SmallCode { chars_max: 64 },
        Expected::Username { chars_min: 3, chars_max: 64 },
        Expected::one_of(["web", "phone"]),
        Expected::Email { chars_max: 254 },
        Expected::BookingNumber { digits: 10 },
        Expected::Channel,
        Expected::Digits,
        Expected::MovementId,
    ]
}

/// Details whose facts are things, with each of them.
fn details_of_things() -> Vec<Detail> {
    let mut details = Vec::new();
    for &sent in Sent::ALL {
        details.push(Detail::WrongMediaType { sent, media_type: "text/csv".into() });
        details.push(Detail::TooLarge { sent, bytes_max: 65_536 });
        details.extend([Detail::TooSlow { sent }, Detail::BrokenOff { sent }]);
    }
    for &what in Noun::ALL {
        for &by in By::ALL {
            details.push(Detail::NoSuch { what, by });
            details.push(Detail::NotInCampaign { what, by });
            details.push(Detail::Taken { what, by });
        }
        details.push(Detail::Uncountable { what });
    }
    for state in State::ALL {
        details.extend(Step::ALL.map(|step| Detail::StepNotAllowed { state, step }));
    }
    for &kind in Kind::ALL {
        details.push(Detail::ColumnUnknown { kind });
        details.push(Detail::ColumnUnnamed { kind, number: 17 });
    }
    details.extend(Role::ALL.iter().map(|&role| Detail::TokenRefused { role }));
    details.extend(Counted::ALL.iter().map(|&of| Detail::HowMany { of, min: 1, max: 1_000 }));
    let moved = |&counter| Detail::MovedMeanwhile { counter, now: 1_200 };
    details.extend(Counter::ALL.iter().map(moved));
    details.extend(expectations().into_iter().map(|expected| Detail::MustBe { expected }));
    details
}

fn stock(id: i32, name: &str, name_ko: &str) -> Stock {
    Stock {
        pool_id: PoolId(id),
        region_id: Some(RegionId(id)),
        name: Some(name.into()),
        name_ko: Some(name_ko.into()),
        name_en: None,
        doses: 1_200,
    }
}

fn nation() -> Stock {
    Stock { region_id: None, name: None, name_ko: None, ..stock(1, "", "") }
}

fn gone() -> Gone {
    Gone {
        pool_id: PoolId(2),
        name: Some("Seoul".into()),
        name_ko: Some("서울".into()),
        name_en: None,
        doses: 4_000,
        open: 1_500,
        went: (3..9).map(|id| stock(id, "Mapo", "마포")).collect(),
        granted: 700,
        lost: 30,
    }
}

fn excesses() -> Vec<Excess> {
    let whats = [What::Changed, What::Rejected, What::Missing, What::Repeated];
    let excess = |what| Excess { what, rows: 1_200, of: 3_000, percent_max: 20 };
    whats.map(excess).to_vec()
}

/// At least one of each cause.
pub(crate) fn details() -> Vec<Detail> {
    let mut details = details_of_things();
    details.extend(reasons().into_iter().map(|reason| {
        let reasons = vec![reason];
        let verdict = Verdict { eligible: false, reasons, next_eligible_at: None, rule_version: 1 };
        Detail::Unmet(verdict.into())
    }));
    details.extend([
        Detail::NotJson { line: 3, column: 17 },
        Detail::TooLong { chars_max: 200 },
        Detail::PhoneDigits { digits_min: 7, digits_max: 15 },
        Detail::BirthDateTooEarly { year_min: 1900 },
        Detail::DateTooFar { days_max: 732 },
        Detail::PasswordTooShort { chars_min: 12 },
        Detail::PasswordTooLong { bytes_max: 1_024 },
        Detail::NoBookingHere { from: day("2021-07-12"), to: day("2021-09-06") },
        Detail::SlotLength { hours_max: 24 },
        Detail::SeatsTaken { taken: 12, max: 10_000 },
        Detail::DrawsFromPool { pool_id: PoolId(1_234) },
        Detail::PoolHolds { open: 1_500, pools: Vec::new() },
        Detail::PoolHolds { open: 1_500, pools: vec![stock(2, "Seoul", "서울"), nation()] },
        Detail::PoolHolds { open: 1_500, pools: vec![nation()] },
        Detail::DosesGone { gone: gone().into() },
        Detail::DosesGone { gone: Gone { name: None, went: Vec::new(), ..gone() }.into() },
        Detail::BeyondLine { doses: 1_200 },
        Detail::NoneWithId { what: Noun::Pool, id: "1234".into() },
        Detail::DayPast { today: day("2026-12-07"), zone: "Asia/Seoul".into() },
        Detail::BookingIsOver { closes_on: day("2026-12-07") },
        Detail::DayBeforeOpening { opens_on: day("2026-12-07") },
        Detail::DayAfterClose { closes_on: day("2026-12-07"), days: 1_176 },
        Detail::DosesBeyondSeats { doses: 1_200, seats: 1_100 },
        Detail::PoolPassedOn { passed_on: 1_500 },
        Detail::DayAccounted { on_date: day("2026-12-07") },
        Detail::DayAhead { today: day("2026-12-07") },
        Detail::PeopleWaiting { people: 1_200 },
        Detail::PeopleToCome { people: 1_200 },
        Detail::DayHolds { doses: 1_200 },
        Detail::OnlyToday { today: day("2026-12-07") },
        Detail::VialBroken { doses_per_vial: 10 },
        Detail::Promised { open: 1_000, promised: 2_000, displaced: 3_000 },
        Detail::TooManyCodes { retry_after: 7 },
        Detail::TooManyTries { retry_after: 7 },
        Detail::TooManyPasswords { retry_after: 7 },
        Detail::SnapshotStale { seconds_max: 10 },
        Detail::Crowded { retry_after: 7 },
        Detail::Crowded { retry_after: 1 },
    ]);
    details.extend(details_of_files());
    details.extend(details_of_hours());
    details.extend(details_of_visits());
    details.extend(without_facts());
    details
}

/// Of what files hold, and of persons in them.
fn details_of_files() -> Vec<Detail> {
    let at = "2026-11-26T07:00:00Z".parse().unwrap();
    vec![
        Detail::NoHeader { columns: vec!["name".into(), "phone".into()] },
        Detail::RowsRejected { rejected: 3, read: 12_000 },
        Detail::QuoteNeverClosed { lines_max: 20 },
        Detail::RowTooLong { bytes_max: 65_536, first_line: 3, last_line: 4 },
        Detail::TooManyColumns { columns_max: 256 },
        Detail::ValueWithoutColumn { number: 7 },
        Detail::EncodingUnknown { offset: 1_234 },
        Detail::NulByte { offset: 1_234 },
        Detail::WorkbookTooLarge { bytes_max: 2_147_483_648 },
        Detail::SheetTooLong { rows_max: 1_048_576 },
        Detail::RowWidth { fields: 3, columns: 4 },
        Detail::SameAsLine { line: 31 },
        Detail::Unknown { what: Noun::Clinic },
        Detail::CheckFailed { errors: 0, warnings: 3 },
        Detail::CheckFailed { errors: 2, warnings: 3 },
        Detail::OfOtherPerson { person_id: PersonId(12) },
        Detail::MergedInto { person_id: PersonId(12) },
        Detail::SameDose {
            both: Box::new(SameDose {
                course_id: CourseId(1),
                dose_number: 2,
                booking_id: BookingId(uuid::Uuid::from_u128(1)),
                other_booking_id: BookingId(uuid::Uuid::from_u128(2)),
            }),
        },
        Detail::PossiblySameAsLine { line: 31 },
        Detail::AlreadyLoaded { import_id: ImportId(17), at, by: Box::new(Some("kim".into())) },
        Detail::AlreadyLoaded { import_id: ImportId(17), at, by: Box::default() },
        Detail::ChangedSinceDryRun { then: Box::default(), now: Box::default() },
        Detail::ChangedSinceDryRun {
            then: Box::default(),
            now: Box::new(Counts {
                rows_accepted: 3,
                rows_changed: 4,
                rows_unchanged: 5,
                rows_rejected: 6,
            }),
        },
        Detail::FarMore { shares: excesses().into(), confirm: 2_000 },
        Detail::NoDoseForWalkIn { open: 1_234 },
        Detail::NoDoseForWalkIn { open: 0 },
        Detail::TooManyFinds { retry_after: 7 },
        Detail::UntilNotAhead { days_max: 180 },
        Detail::BookingsOfDay {
            bookings_max: 5,
            again_at: "2021-07-26T15:00:00Z".parse().unwrap(),
            zone: "Asia/Seoul".to_owned(),
            retry_after: 7,
        },
        Detail::Written { text: "As it was said then.".into() },
    ]
}

/// Of slots and opening hours that change.
fn details_of_hours() -> Vec<Detail> {
    vec![
        Detail::SlotOverlaps {
            other: Box::new(Overlapped {
                starts_at: "2021-07-26T05:30:00Z".parse().unwrap(),
                ends_at: "2021-07-26T06:30:00Z".parse().unwrap(),
                zone: "Asia/Seoul".into(),
            }),
        },
        Detail::SlotOverlapsLine { line: 31 },
        Detail::SlotTaken { taken: 12 },
        Detail::ZoneBooked { bookings: 1_234 },
        Detail::TooManyDays { days_max: 366 },
        Detail::DayHasHours { line: 31 },
    ]
}

/// What stands in the way of a step at the clinic.
fn details_of_visits() -> Vec<Detail> {
    let at = |text: &str| text.parse().unwrap();
    let zone = || "Asia/Seoul".to_owned();
    let mut details = vec![
        Detail::NotToday { on_date: day("2021-07-26"), today: day("2021-07-25") },
        Detail::AppointmentAhead { starts_at: at("2021-07-26T05:30:00Z"), zone: zone() },
        Detail::SameDoseSince { dose_number: 2, on_date: day("2021-07-26") },
        Detail::LaterDose { dose_number: 2, on_date: day("2021-08-23") },
        Detail::Unanswered { warnings: Warning::ALL.to_vec() },
    ];
    details.extend(booking_state::State::ALL.map(|state| Detail::VisitEnded { state }));
    details
}

/// The causes that have no facts, as they are read from their names alone.
fn without_facts() -> impl Iterator<Item = Detail> {
    Detail::CAUSES
        .iter()
        .filter_map(|cause| serde_json::from_value(serde_json::json!({ "cause": cause })).ok())
}

fn reasons() -> Vec<Reason> {
    let name =
        |main: &str, ko: &str| Localized { main: main.into(), ko: Some(ko.into()), en: None };
    let zone = Tz::Asia__Seoul;
    let at = |text: &str| text.parse().unwrap();
    let (product_id, product_name) = (ProductId(7), || name("Moderna", "모더나"));
    let cohorts = |names: usize| vec![name("55 to 59", "55~59세"); names];
    let mut reasons = vec![
        Reason::AlreadyGiven { dose_number: 2 },
        Reason::AlreadyBooked { dose_number: 2 },
        Reason::Excluded {},
        Reason::Deferred { until: day("2021-08-09") },
        Reason::CampaignClosed {},
        Reason::WindowClosed { closes_at: at("2021-07-24T09:00:00Z"), zone },
        Reason::NotInTranche { last_digit: 9 },
        Reason::ProductNotOffered { is_named: true },
        Reason::ProductNotOffered { is_named: false },
        Reason::TooOld { product_id, product_name: product_name(), age_months_max: 143 },
        Reason::TooOld { product_id, product_name: product_name(), age_months_max: 30 },
        Reason::PreviousDoseMissing { previous_dose_number: 1, is_known: true },
        Reason::PreviousDoseMissing { previous_dose_number: 1, is_known: false },
        Reason::AppointmentPast { on_date: day("2021-07-26") },
        Reason::NotPublished {},
        Reason::CampaignPaused {},
        Reason::WindowNotOpen { opens_at: at("2021-07-12T11:00:00Z"), zone, is_late: false },
        Reason::WindowNotOpen { opens_at: at("2021-07-12T11:00:00Z"), zone, is_late: true },
        Reason::TrancheNotOpen {
            tranche_name: name("Day one", "첫째 날"),
            opens_at: at("2021-07-12T11:30:00Z"),
            zone,
        },
    ];
    for (names, depends_on_region, depends_on_roster) in
        [(0, false, false), (1, true, false), (2, false, true), (2, true, true)]
    {
        let cohorts = cohorts(names);
        reasons.push(Reason::NotInCohort { cohorts, depends_on_region, depends_on_roster });
    }
    for reached_on in [Some(day("2021-08-03")), None] {
        let product_name = product_name();
        reasons.push(Reason::TooYoung {
            product_id,
            product_name,
            age_months_min: 216,
            reached_on,
        });
    }
    for possible_on in [Some(day("2021-08-23")), None] {
        let previous_on = day("2021-07-26");
        reasons.push(Reason::IntervalTooShort { interval_days: 28, previous_on, possible_on });
    }
    reasons
}

fn has_hangul(text: &str) -> bool {
    text.chars().any(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c))
}

/// A text in both languages reads as one, without marks of what it was made from.
#[track_caller]
fn assert_reads_well(english: &str, korean: &str) {
    assert!(!has_hangul(english), "{english}");
    assert!(has_hangul(korean), "{korean}");
    for text in [english, korean] {
        assert!(!text.contains(['{', '}', '\n']), "{text}");
        assert!(!text.contains("  "), "{text}");
        assert_eq!(text.trim(), text, "{text}");
        assert!(!text.contains("..") && !text.contains(" ."), "{text}");
    }
}

#[track_caller]
fn assert_is_polite(korean: &str) {
    let is_polite = ["니다.", "십시오.", "당시 기록: "].iter().any(|end| korean.contains(end));
    assert!(is_polite, "{korean}");
}

#[test]
fn every_code_has_a_title_in_both_languages() {
    for &code in Code::ALL {
        let (english, korean) = (title(English, code), title(Korean, code));
        assert_reads_well(english, korean);
        assert!(!english.ends_with('.') && !korean.ends_with('.'), "{english} {korean}");
        let general = Refusal::from(code);
        assert_eq!(refusal(English, &general), format!("{english}."));
        assert_is_polite(&refusal(Korean, &general));
    }
}

#[test]
fn every_cause_has_a_sentence_in_both_languages() {
    let details = details();
    for cause in Detail::CAUSES {
        assert!(details.iter().any(|detail| detail.cause() == *cause), "no example of {cause}");
    }
    for detail in details {
        let facts = serde_json::to_value(&detail).unwrap();
        for field in ["birth_date", "(all)", ""] {
            let refused = Refusal::field(field, detail.clone());
            let (english, korean) = (refusal(English, &refused), refusal(Korean, &refused));
            // These speak of their field, and never stand without one.
            if field.is_empty() && (english.contains("  ") || english.ends_with(" .")) {
                continue;
            }
            assert_reads_well(&english, &korean);
            assert!(english.ends_with('.'), "{english}");
            assert_is_polite(&korean);
            // Nothing to be booked is said without a number.
            let is_plain =
                !matches!(detail, Detail::Unmet(_) | Detail::NoDoseForWalkIn { open: 0 });
            if is_plain {
                says_the_facts(&facts["facts"], &english, &korean);
            }
        }
    }
}

/// Every number of the facts is said in both languages, in groups of three digits or as it is.
#[track_caller]
fn says_the_facts(facts: &Value, english: &str, korean: &str) {
    for (name, fact) in facts.as_object().into_iter().flatten() {
        let Some(number) = fact.as_i64() else { continue };
        for text in [english, korean] {
            let is_said = text.contains(&count(number)) || text.contains(&number.to_string());
            assert!(is_said, "{name} {number} in {text}");
        }
    }
}

#[test]
fn a_cause_says_one_thing() {
    let details = details();
    let mut said = std::collections::HashMap::new();
    // What was written down in a sentence says what it says.
    let is_one = |detail: &&Detail| !matches!(detail, Detail::General | Detail::Written { .. });
    for detail in details.iter().filter(is_one) {
        for language in [English, Korean] {
            let text = refusal(language, &Refusal::new(Code::Internal, detail.clone()));
            let earlier = said.insert(text.clone(), detail.cause());
            assert!(earlier.is_none_or(|cause| cause == detail.cause()), "{text} says {earlier:?}");
        }
    }
}

#[test]
fn every_reason_has_a_sentence_in_both_languages() {
    let reasons = reasons();
    for code in ReasonCode::ALL {
        assert!(reasons.iter().any(|reason| reason.code() == *code), "no example of {code:?}");
    }
    for said in reasons {
        let (english, korean) = (reason(English, &said), reason(Korean, &said));
        assert_reads_well(&english, &korean);
        assert!(english.ends_with('.') && korean.ends_with('.'), "{english} {korean}");
        assert_is_polite(&korean);
    }
}

#[test]
fn every_form_of_a_column_is_said_in_both_languages() {
    for &one in Form::ALL {
        let (english, korean) = (form(English, one), form(Korean, one));
        assert!(!english.is_empty() && english.is_ascii(), "{english}");
        assert!(korean.chars().any(|c| ('가'..='힣').contains(&c)), "{korean}");
    }
    assert_ne!(need(English, true), need(English, false));
    assert_ne!(need(Korean, true), need(Korean, false));
}

#[test]
fn every_amenity_is_said_to_be_there_not_there_or_unknown() {
    let mut said = std::collections::HashSet::new();
    for &one in Amenity::ALL {
        let (english, korean) = (amenity_name(English, one), amenity_name(Korean, one));
        assert_reads_well(&english, &korean);
        for is_there in [Some(true), Some(false), None] {
            let (english, korean) =
                (amenity(English, one, is_there), amenity(Korean, one, is_there));
            assert_reads_well(&english, &korean);
            assert_is_polite(&korean);
            assert_eq!(english.contains("not known"), is_there.is_none(), "{english}");
            assert!(said.insert(english) && said.insert(korean), "said of two things");
        }
    }
}

#[test]
fn every_standing_says_what_to_do_next_in_both_languages() {
    let zone = Tz::Asia__Seoul;
    let starts_at = "2021-07-26T05:30:00Z".parse().unwrap();
    let on_date = day("2021-07-26");
    let because = || Some(Localized::new("Snow".into(), Some("폭설".into()), None));
    let came = |&reason| Standing::NotVaccinated { on_date, reason };
    let standings = [
        Standing::Ahead { starts_at, zone },
        Standing::Past { starts_at, zone },
        Standing::Given { on_date },
        Standing::Lost { starts_at, zone, reason: None },
        Standing::Lost { starts_at, zone, reason: because() },
        Standing::Cancelled { cancelled_at: starts_at, zone },
        Standing::CancelledFor { cancelled_at: starts_at, zone, reason: because() },
        Standing::Missed { on_date },
    ];
    for said in standings.into_iter().chain(NotGiven::ALL.iter().map(came)) {
        for next in [
            Next::Come,
            Next::Choose,
            Next::Nothing,
            Next::CallClinic,
            Next::BookAgain,
            Next::BookLater { opens_at: starts_at, zone },
            Next::Wait,
            Next::AnotherCampaign,
        ] {
            let (english, korean) = (standing(English, &said, next), standing(Korean, &said, next));
            assert_reads_well(&english, &korean);
            assert_is_polite(&korean);
            assert!(english.contains("26 July 2021") && korean.contains("2021년 7월 26일"));
            assert!(english.ends_with('.') && korean.ends_with('.'));
        }
    }
}

#[test]
fn reasons_are_said_with_their_facts() {
    for (english, korean) in [
        (
            "Booking opens on Monday 12 July 2021, 20:00 (Asia/Seoul).",
            "예약은 2021년 7월 12일(월) 오후 8시에 시작합니다.",
        ),
        (
            "Your turn (Day one) begins on Monday 12 July 2021, 20:30 (Asia/Seoul).",
            "예약 차례(첫째 날)는 2021년 7월 12일(월) 오후 8시 30분에 시작합니다.",
        ),
        (
            "Moderna is given from the age of 18 years. To you it can be given from Tuesday 3 \
             August 2021.",
            "모더나는 만 18세부터 접종받을 수 있습니다. 2021년 8월 3일(화)부터 접종받으실 수 있습니다.",
        ),
        (
            "Moderna is given to people under 12 years.",
            "모더나는 만 12세 미만인 분이 접종받을 수 있습니다.",
        ),
        (
            "Moderna is given to people under 31 months.",
            "모더나는 생후 31개월 미만인 분이 접종받을 수 있습니다.",
        ),
        (
            "28 days must pass after the dose of Monday 26 July 2021. The next is possible from \
             Monday 23 August 2021.",
            "이전 접종일인 2021년 7월 26일(월)부터 28일이 지나야 합니다. 다음 접종은 2021년 8월 23일(월)부터 \
             받으실 수 있습니다.",
        ),
        (
            "You are in none of its groups: 55 to 59; 55 to 59. A group that may be yours goes by \
             a list, and a public question cannot know who is on it: sign in to be sure.",
            "이번 예약 대상이 아닙니다. 예약 대상: 55~59세; 55~59세. 명단에 있는 분은 예약 대상일 수 있습니다. \
             명단에 있는지는 로그인하시면 확인할 수 있습니다.",
        ),
    ] {
        let said = reasons().into_iter().find(|said| reason(English, said) == english);
        let said = said.unwrap_or_else(|| panic!("nobody says: {english}"));
        assert_eq!(reason(Korean, &said), korean);
    }
}
