//! One refusal of each kind, asked for in English and in Korean: the same code, cause and facts,
//! and a sentence in the language.

use dosebook::domain::{Code, verdict::ReasonCode};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Answer, Client, Made, Request, TestApp, World, make};

const KOREAN: &str = "ko-KR, ko;q=0.9, en;q=0.5";

fn has_hangul(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    assert!(text.len() > 3 && !text.contains(['{', '}']) && !text.contains("  "), "{value}");
    text.chars().any(|c| ('\u{ac00}'..='\u{d7a3}').contains(&c))
}

fn is_in(answer: &Answer, language: &str) {
    assert_eq!(answer.header("content-language"), language);
    let vary = answer.headers.get_all("vary").iter().filter_map(|value| value.to_str().ok());
    assert!(vary.collect::<Vec<_>>().join(",").contains("Accept-Language"));
}

/// Sends the request in both languages; gives the two answers.
async fn both(request: impl Fn() -> Request) -> (Value, Value) {
    let english = request().send().await;
    let korean = request().header("accept-language", KOREAN).send().await;
    assert_eq!(english.status, korean.status);
    is_in(&english, "en");
    is_in(&korean, "ko");
    (english.body, korean.body)
}

/// Sends a request that is refused in both languages; gives what it says beside the sentences.
async fn refused(request: impl Fn() -> Request, code: Code) -> Value {
    let (english, korean) = both(request).await;
    assert_eq!(english["code"], code.slug(), "{english}");
    for member in ["title", "detail"] {
        assert!(!has_hangul(&english[member]), "{english}");
        assert!(has_hangul(&korean[member]), "{korean}");
    }
    if let Some(errors) = korean["errors"].as_array() {
        assert_eq!(errors[0]["detail"], korean["detail"]);
        assert_eq!(errors[0]["cause"], korean["cause"]);
    }
    let (english, korean) = (without_sentences(english), without_sentences(korean));
    assert_eq!(english, korean);
    english
}

fn without_sentences(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(members) => {
                // Each answer has its own time to come back.
                for name in ["title", "detail", "text", "retry_after"] {
                    members.remove(name);
                }
                members.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value
}

async fn sql(app: &TestApp, statement: &'static str) {
    sqlx::raw_sql(statement).execute(&app.db).await.expect(statement);
}

fn post<'a>(client: &'a Client, path: &'a str, body: Value) -> impl Fn() -> Request + use<'a> {
    move || client.request(Method::POST, path).json(&body)
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_in_both_languages() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let (public, staff, admin) =
        (app.public(), app.staff(made.clinics[0]).await, app.admin().await);
    let question = json!({ "campaign_id": made.campaign_id, "birth_date": "1962-01-01" });
    let with = |name: &str, value: Value| {
        let mut body = question.clone();
        body[name] = value;
        body
    };
    let path = "/v1/eligibility";
    let said = refused(post(&public, path, with("x", json!(1))), Code::UnknownField).await;
    assert_eq!((&said["cause"], &said["facts"]), (&json!("field_unknown"), &json!({})));
    let said = refused(post(&public, path, with("birth_date", json!(7))), Code::InvalidField).await;
    assert_eq!(said["facts"], json!({ "expected": "text" }));
    let early = with("birth_date", json!("1899-12-31"));
    let said = refused(post(&public, path, early), Code::InvalidField).await;
    assert_eq!(said["cause"], "birth_date_too_early");
    assert_eq!(said["errors"][0]["facts"], json!({ "year_min": 1900 }));
    let broken = || public.request(Method::POST, path).body("application/json", "{");
    let said = refused(broken, Code::MalformedRequest).await;
    assert_eq!(said["facts"], json!({ "line": 1, "column": 1 }));
    let long = || public.request(Method::POST, path).body("application/json", " ".repeat(70_000));
    let said = refused(long, Code::BodyTooLarge).await;
    assert_eq!(said["facts"], json!({ "sent": "body", "bytes_max": 65_536 }));
    let text = || public.request(Method::POST, path).body("text/plain", "x");
    refused(text, Code::UnsupportedMediaType).await;
    refused(|| public.request(Method::GET, path), Code::MethodNotAllowed).await;
    refused(|| public.request(Method::GET, "/v1/nothing"), Code::NotFound).await;
    refused(|| public.request(Method::GET, "/v1/me"), Code::Unauthenticated).await;
    refused(|| staff.request(Method::GET, "/v1/me"), Code::Unauthenticated).await;
    refused(|| staff.request(Method::GET, "/v1/admin/pools"), Code::Forbidden).await;
    let session = json!({ "challenge_id": Uuid::now_v7(), "code": "000000" });
    refused(post(&public, "/v1/auth/sessions", session), Code::WrongCredentials).await;
    let region = json!({ "code": "한국", "name": "Korea" });
    let said = refused(post(&admin, "/v1/admin/regions", region), Code::InvalidField).await;
    assert_eq!(said["facts"], json!({ "expected": "code", "chars_max": 32 }));
    let nameless = json!({ "code": "K", "name": "" });
    let said = refused(post(&admin, "/v1/admin/regions", nameless), Code::InvalidField).await;
    assert_eq!(said["facts"]["expected"], "line");
}

#[tokio::test]
async fn who_cannot_be_sent_a_code_is_told_in_both_languages() {
    let app = TestApp::with().local(false).start().await;
    let made = World::new().people(1).make(&app.db).await;
    let person = &made.people[0];
    let claim =
        json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone });
    let public = app.public();
    refused(post(&public, "/v1/auth/codes", claim), Code::Unavailable).await;
}

/// A request to book a slot.
fn book<'a>(client: &'a Client, body: Value) -> impl Fn() -> Request + use<'a> {
    let path = format!("/v1/bookings/{}", Uuid::now_v7());
    move || client.request(Method::PUT, &path).json(&body)
}

#[tokio::test]
async fn why_a_booking_is_refused_is_said_in_both_languages() {
    let app = TestApp::start().await;
    let made = World::new().seats(1).doses(10).make(&app.db).await;
    let (first, second) = (app.citizen(&made.people[0]), app.citizen(&made.people[1]));
    let body = |slot| made.booking(made.slot(0, 3, slot));
    let id = Uuid::now_v7();
    first.put_booking(id, &body(0)).await.ok(201);
    refused(book(&second, body(0)), Code::SeatTaken).await;
    let said = refused(book(&first, body(1)), Code::AlreadyBooked).await;
    assert_eq!(
        (&said["cause"], &said["facts"]),
        (&json!("unmet_rule"), &json!({"dose_number": 1}))
    );
    assert_eq!(said["reasons"][0], json!({ "code": "already_booked", "facts": said["facts"] }));
    let path = format!("/v1/bookings/{id}");
    let other = || first.request(Method::PUT, &path).json(&body(1));
    refused(other, Code::BookingIdReused).await;
    let unknown = || first.request(Method::GET, "/v1/bookings/0");
    refused(unknown, Code::NotFound).await;

    sql(&app, "update slot set is_closed = true where seats > taken").await;
    refused(book(&second, body(1)), Code::SlotClosed).await;
    sql(&app, "update slot set is_closed = false, seats = 10").await;
    sql(&app, "update campaign set state = 4, state_reason = 'A truck is late.'").await;
    refused(book(&second, body(0)), Code::CampaignPaused).await;
    sql(&app, "update campaign set state = 3, state_reason = null").await;
    sql(
        &app,
        "update campaign set opens_at = now() + interval '1 hour', rule_version = rule_version + 1",
    )
    .await;
    let said = refused(book(&second, body(0)), Code::WindowNotOpen).await;
    let facts = &said["reasons"][0]["facts"];
    assert_eq!((&facts["zone"], &facts["is_late"]), (&json!("Asia/Seoul"), &json!(false)));
    assert_eq!(facts["opens_at"], said["next_eligible_at"]);
    sql(
        &app,
        "update campaign set opens_at = now() - interval '2 hours',
             closes_at = now() - interval '1 hour', rule_version = rule_version + 1",
    )
    .await;
    refused(book(&second, body(0)), Code::WindowClosed).await;
    sql(
        &app,
        "update campaign set closes_at = now() + interval '90 days',
             rule_version = rule_version + 1;
         update cohort set born_from = '2000-01-01', born_to = '2001-01-01'",
    )
    .await;
    let said = refused(book(&second, body(0)), Code::NotEligible).await;
    assert_eq!(said["reasons"][0]["facts"]["cohorts"].as_array().map(Vec::len), Some(1));
    sql(&app, "update slot set starts_at = now() - interval '1 hour' where taken > 0").await;
    refused(|| first.request(Method::DELETE, &path), Code::BookingEnded).await;
}

#[tokio::test]
async fn that_no_dose_is_left_is_said_in_both_languages() {
    let app = TestApp::start().await;
    let made = World::new().doses(0).make(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    let said = refused(book(&citizen, made.booking(made.slot(0, 3, 0))), Code::DosesExhausted);
    assert_eq!(said.await["cause"], "general");
}

#[tokio::test]
async fn why_an_administrator_is_refused_is_said_in_both_languages() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let campaign = format!("/v1/admin/campaigns/{}", made.campaign_id);
    let publish = format!("{campaign}/publish");
    let reason = json!({ "reason": "as announced" });
    let said = refused(post(&admin, &publish, reason.clone()), Code::WrongState).await;
    assert_eq!(said["facts"], json!({ "state": "open", "step": "publish" }));
    let region = json!({ "code": "P1", "name": "Again" });
    let said = refused(post(&admin, "/v1/admin/regions", region), Code::AlreadyExists).await;
    assert_eq!(said["facts"], json!({ "what": "region", "by": "code" }));

    let allocation = made.allocation(0, 3).allocation_id;
    let grants = format!("/v1/admin/allocations/{allocation}/grants");
    let doses = |doses: i32| json!({ "doses": doses, "reason": "more" });
    let said = refused(post(&admin, &grants, doses(10_000)), Code::NotEnoughDoses).await;
    assert_eq!((&said["cause"], &said["open"]), (&json!("pool_holds"), &said["facts"]["open"]));
    let said = refused(post(&admin, &grants, doses(5)), Code::NotWholeVials).await;
    assert_eq!(
        (&said["doses_per_vial"], &said["facts"]["doses_per_vial"]),
        (&10.into(), &10.into())
    );
    let said = refused(post(&admin, &grants, doses(0)), Code::InvalidField).await;
    assert_eq!(said["facts"], json!({ "of": "doses", "min": 1, "max": 10_000_000 }));
    let seen = json!({ "doses": 10, "reason": "more", "if_granted": 1 });
    let said = refused(post(&admin, &grants, seen), Code::WrongState).await;
    assert_eq!(said["facts"], json!({ "counter": "granted", "now": said["granted"] }));

    let slot = made.slot(0, 3, 0);
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(Uuid::now_v7(), &made.booking(slot)).await.ok(201);
    let retractions = format!("/v1/admin/allocations/{allocation}/retractions");
    let said = refused(post(&admin, &retractions, doses(10)), Code::PromisedDoses).await;
    assert_eq!(said["facts"]["displaced"], said["displaced"]);
    assert_eq!(said["displaced_booking_ids"].as_array().map(Vec::len), Some(1));
    let seats = format!("/v1/admin/slots/{}", slot.slot_id);
    let none = || admin.request(Method::PATCH, &seats).json(&json!({ "seats": 0 }));
    let said = refused(none, Code::InvalidField).await;
    assert_eq!(said["facts"], json!({ "taken": 1, "max": 10_000 }));
    assert_eq!(said["taken"], 1);

    sql(
        &app,
        "insert into campaign (code, name, course_id, opens_at, closes_at, zone)
         select 'dry', 'Without doses', course_id, opens_at, closes_at, zone from campaign",
    )
    .await;
    let draft: i32 = sqlx::query_scalar("select campaign_id from campaign where code = 'dry'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    let (open, publish) =
        ["open", "publish"].map(|step| format!("/v1/admin/campaigns/{draft}/{step}")).into();
    refused(post(&admin, &open, reason.clone()), Code::QuotaNotPublished).await;
    let said = refused(post(&admin, &publish, reason), Code::QuotaNotPublished).await;
    assert_eq!(said["cause"], "nothing_received");
}

/// What the public question answers in both languages; gives the facts of each reason by its code.
async fn reasons(app: &TestApp, made: &Made, more: Value) -> Vec<(String, Value)> {
    let mut body = json!({ "campaign_id": made.campaign_id, "birth_date": "1962-01-07" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    app.refresh().await;
    let public = app.public();
    let (english, korean) = both(post(&public, "/v1/eligibility", body)).await;
    let list = |verdict: &Value| verdict["reasons"].as_array().unwrap().clone();
    assert!(list(&english).iter().all(|reason| !has_hangul(&reason["text"])), "{english}");
    assert!(list(&korean).iter().all(|reason| has_hangul(&reason["text"])), "{korean}");
    assert_eq!(without_sentences(english.clone()), without_sentences(korean));
    let named =
        |reason: &Value| (reason["code"].as_str().unwrap().to_owned(), reason["facts"].clone());
    list(&english).iter().map(named).collect()
}

#[tokio::test]
async fn every_reason_that_the_public_question_gives_is_said_in_both_languages() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let mut seen = Vec::new();
    for (statement, more) in [
        ("select", json!({})),
        ("select", json!({ "on_date": "2021-07-26" })),
        ("select", json!({ "product_id": 0 })),
        ("update cohort set born_from = '1999-01-01', born_to = null", json!({})),
        ("update product set age_months_min = 1200", json!({})),
        ("update product set age_months_min = 0, age_months_max = 1", json!({})),
        (
            "insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
             select campaign_id, 'Day one', array[1], opens_at, 1 from campaign",
            json!({}),
        ),
        (
            "update tranche set birth_day_digits = array[7], opens_at = now() + interval '1 hour'",
            json!({}),
        ),
        ("update campaign set dose_number = 2", json!({})),
        ("update campaign set state = 4, state_reason = 'x'", json!({})),
        ("update campaign set state = 5", json!({})),
        ("update campaign set opens_at = now() + interval '1 hour', state = 3", json!({})),
        (
            "update campaign set opens_at = now() - interval '2 hours',
                 closes_at = now() - interval '1 hour'",
            json!({}),
        ),
    ] {
        sql(&app, statement).await;
        seen.extend(reasons(&app, &made, more).await);
    }
    for code in ReasonCode::ALL {
        // A draft is not shown, and what somebody holds only they may ask.
        let elsewhere = [
            ReasonCode::NotPublished,
            ReasonCode::AlreadyGiven,
            ReasonCode::AlreadyBooked,
            ReasonCode::IntervalTooShort,
            ReasonCode::Excluded,
            ReasonCode::Deferred,
        ];
        let is_seen = seen.iter().any(|(seen, _)| seen == code.slug());
        assert_eq!(is_seen, !elsewhere.contains(code), "{code:?}: {seen:?}");
    }
    let facts = |code: &str| &seen.iter().find(|(seen, _)| seen == code).unwrap().1;
    assert_eq!(facts("not_in_tranche"), &json!({ "last_digit": 7 }));
    assert_eq!(facts("tranche_not_open")["tranche_name"], "Day one");
    assert_eq!(facts("appointment_past"), &json!({ "on_date": "2021-07-26" }));
    assert_eq!(facts("too_young")["reached_on"], "2062-01-07");
    assert_eq!(facts("too_old")["age_months_max"], 1);
}

#[tokio::test]
async fn an_interval_is_said_in_both_languages() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    let slot = made.slot(0, 3, 0);
    citizen.put_booking(Uuid::now_v7(), &made.booking(slot)).await.ok(201);
    sql(&app, "update campaign set dose_number = 2, rule_version = rule_version + 1").await;
    let said = refused(book(&citizen, made.booking(slot)), Code::NotEligible).await;
    let first = &said["reasons"][0];
    assert_eq!((&first["code"], &said["facts"]), (&json!("interval_too_short"), &first["facts"]));
    let expected = (&json!(slot.on_date), &json!(28));
    assert_eq!((&first["facts"]["previous_on"], &first["facts"]["interval_days"]), expected);
}

/// Loads the file in both languages; gives the answers.
async fn load(admin: &Client, what: &str, file: &'static str) -> (Value, Value) {
    let path = format!("/v1/admin/imports/{what}");
    both(|| admin.request(Method::POST, &path).body("text/csv", file)).await
}

/// What is remembered of a file of slots, in both languages.
async fn look_up(admin: &Client, import_id: &Value) -> (Value, Value) {
    let path = format!("/v1/admin/imports/slots/{import_id}");
    both(|| admin.request(Method::GET, &path)).await
}

#[tokio::test]
async fn rejected_rows_are_said_in_both_languages_and_again_when_they_are_looked_up() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let file = "clinic_code,starts_at,ends_at,seats\n\
                C1,2030-01-02T09:00,2030-01-02T10:00,5\n\
                C1,2030-01-03T09:00,2030-01-03T10:00,-1\n\
                C9,2030-01-03T09:00,2030-01-03T10:00,5\n\
                C1,2030-01-03T09:00,2030-01-03T08:00,5\n\
                C1,tomorrow,2030-01-03T10:00,5\n\
                \"C1\"x,2030-01-03T09:00,2030-01-03T10:00,5\n\
                C1,2030-01-03T09:00\n";
    let texts = |report: &Value| {
        let rejects = report["rejects"].as_array().unwrap().clone();
        assert_eq!(rejects.len(), 6, "{report}");
        rejects
    };
    let (english, korean) = load(&admin, "slots", file).await;
    for (english, korean) in texts(&english).iter().zip(texts(&korean)) {
        assert!(!has_hangul(&english["text"]) && has_hangul(&korean["text"]), "{korean}");
    }
    assert_eq!(without_sentences(english.clone()), without_sentences(korean));
    assert_eq!(english["facts"], json!({ "rejected": 6, "read": 7 }));
    let causes: Vec<_> = texts(&english).iter().map(|reject| reject["cause"].clone()).collect();
    let expected = ["must_be", "no_such", "slot_length", "must_be", "quote_stray", "row_width"];
    assert_eq!(causes, expected);
    assert_eq!(texts(&english)[1]["facts"], json!({ "what": "clinic", "by": "code" }));

    // The first answer loads the good row; what is looked up is read from what was kept of it.
    let (english, _) = load(&admin, "slots?partial=true", file).await;
    let (_, korean) = look_up(&admin, &english["import_id"]).await;
    let without = |report: &Value| without_sentences(report["rejects"].clone());
    assert_eq!(without(&english), without(&korean));
    assert!(has_hangul(&texts(&korean)[0]["text"]), "{korean}");

    let (english, korean) = load(&admin, "slots", "starts_at,age\n").await;
    assert_eq!(english["rejects"][0]["cause"], "column_unknown");
    assert_eq!(
        (&english["cause"], &korean["cause"]),
        (&json!("file_unreadable"), &json!("file_unreadable"))
    );
}

#[tokio::test]
async fn what_became_of_a_file_under_an_earlier_version_is_said_as_it_was_then() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let file = "clinic_code,starts_at,ends_at,seats\nC1,2030-01-02T09:00,2030-01-02T10:00,5\nC1\n";
    let (loaded, _) = load(&admin, "slots?partial=true", file).await;
    sql(
        &app,
        r#"update import set rejects = '[{"line":3,"column":"","code":"malformed_row",
               "text":"The row has 1 fields and the header has 4."}]'"#,
    )
    .await;
    let (english, korean) = look_up(&admin, &loaded["import_id"]).await;
    let sentence = "The row has 1 fields and the header has 4.";
    assert_eq!(english["rejects"][0]["text"], sentence);
    assert_eq!(english["rejects"][0]["cause"], "written");
    assert!(korean["rejects"][0]["text"].as_str().unwrap().contains(sentence), "{korean}");
}

#[tokio::test]
async fn a_language_that_is_not_spoken_here_is_answered_in_english() {
    let app = TestApp::start().await;
    for asked in ["de-DE, fr;q=0.5", "*", "ko;q=0", "ko;q=x", ";;", ""] {
        let request = app.public().request(Method::GET, "/v1/nothing");
        let answer = request.header("accept-language", asked).send().await;
        is_in(&answer, "en");
        assert!(!has_hangul(&answer.problem(404, "not_found")["detail"]), "{asked}");
    }
}
