//! Signing in on pages: the whole story, what goes wrong on the way, and that nobody learns from it
//! who is in the register.

use chrono::{SubsecRound, TimeDelta, Utc};
use dosebook::clock::Clock;
use sqlx::query_scalar;

use super::{claim, code_of, wrong};
use crate::support::{
    Browser, Made, Page, Person, TestApp, World, database::TestDatabase, wire::Wire,
};

/// A service whose clock stands still, and people of its register.
async fn service(people: u32) -> (TestApp, Made, Clock) {
    let clock = Clock::fixed(Utc::now().trunc_subsecs(0));
    let app = TestApp::with().clock(clock.clone()).start().await;
    let made = World::new().people(people).make(&app.db).await;
    app.refresh().await;
    (app, made, clock)
}

async fn language_of(app: &TestApp, person: &Person) -> Option<String> {
    query_scalar("select language from person where person_id = $1")
        .bind(person.person_id.0)
        .fetch_one(&app.db)
        .await
        .expect("the person")
}

#[tokio::test]
async fn a_citizen_signs_in_and_sees_themselves_in_both_languages() {
    let (app, made, _) = service(2).await;
    for (language, person) in [("ko", &made.people[0]), ("en", &made.people[1])] {
        let mut browser = app.browser();
        let page = browser.open(&format!("/{language}/me")).await.ok(200);
        assert_eq!(page.at, format!("/{language}/sign-in"), "first of all");
        for attributes in [
            "name=\"name\" type=\"text\" class=\"full\" autocomplete=\"name\"",
            "autocomplete=\"bday-year\"",
            "autocomplete=\"bday-month\"",
            "autocomplete=\"bday-day\"",
            "type=\"tel\" class=\"w10\" autocomplete=\"tel-national\"",
        ] {
            assert!(page.text.contains(attributes), "{attributes}: {}", page.main());
        }
        let page = browser.press(&claim(&page, person)).await.ok(200);
        assert!(page.text.contains("autocomplete=\"one-time-code\""), "{}", page.main());
        assert!(!page.text.contains("maxlength"), "a pasted 012 345 would lose a digit");
        let code = code_of(&app, &page).await;

        let form = page.form(&page.form_action("/sign-in/code"));
        let page = browser.press(&form.clone().with(&[("code", wrong(&code))])).await.ok(422);
        let errors = page.errors();
        assert_eq!((errors.len(), errors[0].0.as_str()), (1, "code"));
        assert!(errors[0].1.contains('4'), "{errors:?}");

        // As people read it out of a message.
        let spaced = format!(" {} {} ", &code[..3], &code[3..]);
        let form = page.form(&page.form_action("/sign-in/code")).with(&[("code", &spaced)]);
        let answer = browser.submit(&form).await.ok(303);
        assert!(answer.header("set-cookie").contains("Max-Age=43200"), "12 hours");
        let page = browser.open(answer.header("location")).await.ok(200);
        assert_eq!(page.at, format!("/{language}/me"));
        assert!(page.main().contains(&person.name), "{}", page.main());
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(language_of(&app, person).await.as_deref(), Some(language));
    }
}

#[tokio::test]
async fn a_code_pressed_twice_is_one_session() {
    let (app, made, clock) = service(1).await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await;
    let page = browser.press(&claim(&page, &made.people[0])).await;
    let code = code_of(&app, &page).await;
    let form = page.form("/en/sign-in/code").with(&[("code", &code)]);
    let mut twice = browser.clone();
    let (first, second) = tokio::join!(browser.submit(&form), twice.submit(&form));
    assert_eq!((first.status, second.status), (303, 303), "{}", second.main());
    let session = |browser: &Browser| {
        let kept: Vec<_> = browser.cookies.keys().cloned().collect();
        (browser.cookies["__Host-citizen"].clone(), kept)
    };
    assert_eq!(session(&browser), session(&twice), "the same session");
    clock.set(clock.now() + TimeDelta::seconds(59));
    let mut again = app.browser();
    again.submit(&form).await.ok(303);
    assert_eq!(session(&again), session(&browser));
    // Whoever finds it later, in a history, gets nowhere.
    clock.set(clock.now() + TimeDelta::seconds(2));
    let mut later = app.browser();
    let page = later.submit(&form).await.ok(422);
    assert_eq!(page.errors().len(), 1);
    assert!(later.cookies.is_empty());
    // Nor with another code in the same minute.
    let (app, made, _) = service(1).await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await;
    let page = browser.press(&claim(&page, &made.people[0])).await;
    let code = code_of(&app, &page).await;
    browser.submit(&page.form("/en/sign-in/code").with(&[("code", &code)])).await.ok(303);
    let other = page.form("/en/sign-in/code").with(&[("code", wrong(&code))]);
    app.browser().submit(&other).await.ok(422);
}

#[tokio::test]
async fn a_session_that_was_ended_is_not_opened_again_by_its_code() {
    let (app, made, _) = service(1).await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await;
    let page = browser.press(&claim(&page, &made.people[0])).await;
    let code = code_of(&app, &page).await;
    let form = page.form("/en/sign-in/code").with(&[("code", &code)]);
    let page = browser.press(&form).await.ok(200);
    browser.press(&page.form("/en/sign-out")).await.ok(200);
    let page = browser.press(&form).await.ok(422);
    assert!(page.main().contains("This code does not work any more"), "{}", page.main());
    // It is not the browser's fault.
    assert!(!page.main().contains("did not keep"), "{}", page.main());
}

/// What a page says but for its challenge.
fn apart_from_ids(page: &Page) -> String {
    let form = page.form(&page.form_action("/sign-in/code"));
    let text = page.text.replace(form.value("challenge"), "CHALLENGE");
    text.replace(form.value("sent"), "SEALED")
}

fn headers_of(page: &Page) -> Vec<String> {
    let is_own = |name: &str| !["date", "x-request-id"].contains(&name);
    let headers = page.headers.iter().filter(|(name, _)| is_own(name.as_str()));
    headers.map(|(name, value)| format!("{name}: {value:?}")).collect()
}

#[tokio::test]
async fn known_and_unknown_people_see_the_same_and_cause_the_same() {
    let mut database = TestDatabase::new().await;
    let made = World::new().people(3).make(&database.pool).await;
    let wire = Wire::before(&mut database).await;
    let clock = Clock::fixed(Utc::now().trunc_subsecs(0));
    let app = TestApp::with().clock(clock).connections(1).start_on(database.into()).await;
    let known = &made.people[0];
    let unknown = Person { name: "Nobody Here".into(), ..known.clone() };
    // Connections and statements are made on first use.
    let mut browser = app.browser();
    let page = browser.open("/ko/sign-in").await;
    let asked = browser.press(&claim(&page, &made.people[1])).await.ok(200);
    let code = code_of(&app, &asked).await;
    let form = asked.form("/ko/sign-in/code").with(&[("code", wrong(&code))]);
    browser.press(&form).await.ok(422);

    let mut told = Vec::new();
    for person in [known, &unknown] {
        let mut browser = app.browser();
        wire.take();
        let asked = browser.press(&claim(&page, person)).await.ok(200);
        let mut statements = wire.take();
        // What was typed stands there again, for both.
        let typed = |page: &Page| apart_from_ids(page).replace(&person.name, "NAME");
        let form = asked.form("/ko/sign-in/code");
        let tries: Vec<&str> =
            (0..6).map(|n| if n % 2 == 0 { "000000" } else { "000001" }).collect();
        let mut pages = vec![(asked.status, headers_of(&asked), typed(&asked))];
        for code in tries {
            // The right one would be an accident of one in half a million.
            let tried = browser.press(&form.clone().with(&[("code", code)])).await;
            pages.push((tried.status, headers_of(&tried), typed(&tried)));
        }
        statements.extend(wire.take());
        told.push((pages, statements));
    }
    let ((known, known_statements), (unknown, unknown_statements)) = (&told[0], &told[1]);
    for (known, unknown) in known.iter().zip(unknown) {
        // A name of another length is another number of bytes.
        let without_length = |headers: &[String]| {
            headers
                .iter()
                .filter(|line| !line.starts_with("content-length"))
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(known.0, unknown.0);
        assert_eq!(without_length(&known.1), without_length(&unknown.1));
        assert_eq!(known.2, unknown.2);
    }
    assert_eq!(known_statements, unknown_statements);
    assert!(known_statements.len() > 10, "the control: {known_statements:?}");
}

#[tokio::test]
async fn what_was_typed_stays_and_the_summary_leads_to_each_field() {
    let (app, made, _) = service(1).await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await;
    let hostile = "\"><script>alert('&')</script>";
    let form = page.form("/en/sign-in").with(&[
        ("name", hostile),
        ("birth-year", "64"),
        ("birth-month", "<b>9"),
        ("phone", "call me"),
    ]);
    let page = browser.press(&form).await.ok(422);
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    assert!(!page.text.contains("<script>alert") && !page.text.contains("<b>9"), "{}", page.main());
    let fields: Vec<_> = page.errors().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["birth-day", "phone"]);
    for field in &fields {
        assert!(page.text.contains(&format!("id=\"{field}\"")), "{field} is there");
    }
    assert_eq!(page.text.matches("aria-invalid=\"true\"").count(), 2);
    let kept = page.form("/en/sign-in");
    for (name, value) in [("name", hostile), ("birth-year", "64"), ("phone", "call me")] {
        assert_eq!(kept.value(name), value);
    }
    // Mended, it goes on; and back again, nothing is lost.
    let person = &made.people[0];
    let page = browser.press(&claim(&page, person)).await.ok(200);
    let page = browser.press(&page.form("/en/sign-in").by_button("change")).await.ok(200);
    let kept = page.form("/en/sign-in");
    assert_eq!((kept.value("name"), kept.value("phone")), (&*person.name, &*person.phone));
    let korean = browser.open("/ko/sign-in").await;
    let page = browser.press(&korean.form("/ko/sign-in")).await.ok(422);
    assert!(page.title().starts_with("오류: "), "{}", page.title());
    let fields: Vec<_> = page.errors().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["name", "birth-year", "phone"], "the year comes first");
}

#[tokio::test]
async fn any_usual_writing_signs_in() {
    let (app, made, _) = service(3).await;
    let [first, second, third] = &made.people[..] else { panic!("three people") };
    // Born on 1962-01-01, 1962-01-08 and 1962-01-15.
    for (person, fields) in [
        (first, [("birth-year", "19620101"), ("birth-month", ""), ("birth-day", "")]),
        (second, [("birth-year", "１９６２"), ("birth-month", "January"), ("birth-day", "8")]),
        (third, [("birth-year", "1962년"), ("birth-month", "1월"), ("birth-day", "15일")]),
    ] {
        let mut browser = app.browser();
        let page = browser.open("/ko/sign-in").await;
        let phone = format!("＋８２ {}–{}", &person.phone[1..3], &person.phone[3..]);
        let name = format!("  {}\u{200b} ", person.name.to_uppercase());
        let form = claim(&page, person).with(&[("name", &name), ("phone", &phone)]).with(&fields);
        let page = browser.press(&form).await.ok(200);
        code_of(&app, &page).await;
    }
}

#[tokio::test]
async fn caps_say_when_to_ask_again_and_leave_the_code_that_came() {
    let (app, made, clock) = service(1).await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await;
    let mut page = browser.press(&claim(&page, &made.people[0])).await.ok(200);
    for _ in 0..2 {
        page = browser.press(&page.form("/en/sign-in")).await.ok(200);
    }
    let code = code_of(&app, &page).await;
    let capped = browser.press(&page.form("/en/sign-in")).await.ok(429);
    let wait: u64 = capped.header("retry-after").parse().expect("seconds");
    assert!((800..=900).contains(&wait), "{wait}");
    assert!(capped.main().contains("15 minutes"), "{}", capped.main());
    assert_eq!(code_of(&app, &capped).await, code, "the last one still works");
    let form = capped.form("/en/sign-in/code").with(&[("code", &code)]);
    browser.press(&form).await.ok(200);

    // Without a code that works there is only the page where details are written.
    clock.set(clock.now() + TimeDelta::minutes(6));
    let late = app.browser().press(&page.form("/en/sign-in")).await.ok(429);
    assert_eq!(late.form("/en/sign-in").value("name"), made.people[0].name);
    assert!(!late.text.contains("name=\"code\""), "{}", late.main());
}

#[tokio::test]
async fn codes_that_are_over_say_so_and_how_to_go_on() {
    let (app, made, clock) = service(1).await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await;
    let page = browser.press(&claim(&page, &made.people[0])).await;
    let code = code_of(&app, &page).await;
    let form = page.form("/en/sign-in/code");
    let said = |page: &Page| page.errors()[0].1.clone();
    for left in ["4 more", "3 more", "2 more", "once more"] {
        let page = browser.press(&form.clone().with(&[("code", wrong(&code))])).await.ok(422);
        assert!(said(&page).contains(left), "{}", said(&page));
    }
    for code in [wrong(&code), &code] {
        let over = browser.press(&form.clone().with(&[("code", code)])).await.ok(422);
        assert!(said(&over).contains("does not work any more"), "{}", said(&over));
    }
    // Asking again keeps the details; the new code works until it expires.
    let page = browser.press(&form_again(&page)).await.ok(200);
    let code = code_of(&app, &page).await;
    clock.set(clock.now() + TimeDelta::minutes(5));
    let form = page.form("/en/sign-in/code").with(&[("code", &code)]);
    let expired = browser.press(&form).await.ok(422);
    assert!(said(&expired).contains("expired"), "{}", said(&expired));
    let nobodys = form.clone().with(&[("challenge", "7b0c2f7e-8a5c-4cc0-b1de-9b7f2f5f5f01")]);
    browser.press(&nobodys).await.ok(422);
    let page = browser.press(&form.with(&[("challenge", "'; drop table person")])).await.ok(200);
    assert_eq!(page.at, "/en/sign-in", "begun anew");
    assert!(!browser.cookies.contains_key("__Host-citizen"));
}

fn form_again(page: &Page) -> crate::support::browser::Form {
    page.form(&page.form_action("/sign-in"))
}

#[tokio::test]
async fn where_the_browser_would_not_keep_it_the_page_says_so() {
    let (app, made, _) = service(1).await;
    let mut browser = app.browser();
    let host = ("host", "lan.example:8080");
    let page = browser.send(reqwest::Method::GET, "/en/sign-in", None, &[host]).await.ok(200);
    assert!(page.main().contains("seems to have come unencrypted"), "{}", page.main());
    let plain = [host, ("origin", "http://lan.example:8080")];
    let refused = browser.submit_with(&claim(&page, &made.people[0]), &plain).await.ok(403);
    assert!(refused.main().contains("No code was sent"), "{}", refused.main());
    assert_eq!(refused.form("/en/sign-in").value("name"), made.people[0].name, "kept");
    let codes: i64 =
        query_scalar("select count(*) from sign_in_code").fetch_one(&app.db).await.unwrap();
    assert_eq!(codes, 0);
    // The control: encrypted, as a proxy has it.
    let encrypted = [host, ("origin", "https://lan.example:8080")];
    browser.submit_with(&claim(&page, &made.people[0]), &encrypted).await.ok(303);
    let page = browser.open("/en/sign-in").await;
    assert!(!page.main().contains("unencrypted"), "{}", page.main());
}

#[tokio::test]
async fn a_browser_without_cookies_is_told_instead_of_asked_again() {
    let (app, made, _) = service(1).await;
    let mut browser = app.browser().without_cookies();
    let page = browser.open("/ko/me").await;
    let page = browser.press(&claim(&page, &made.people[0])).await.ok(403);
    assert_eq!(page.at, "/ko/sign-in/code");
    assert!(page.main().contains("쿠키"), "{}", page.main());
    assert!(page.main().contains("href=\"/ko/sign-in\""), "{}", page.main());
    // One that loses them later is told too.
    let mut browser = app.browser();
    let page = browser.open("/ko/me").await;
    let page = browser.press(&claim(&page, &made.people[0])).await.ok(200);
    let code = code_of(&app, &page).await;
    let form = page.form("/ko/sign-in/code").with(&[("code", &code)]);
    let page = browser.without_cookies().press(&form).await.ok(403);
    assert_eq!(page.at, "/ko/sign-in/done");
}

#[tokio::test]
async fn the_page_for_a_code_is_opened_again_without_sending_anything_again() {
    let (app, made, clock) = service(2).await;
    let person = &made.people[0];
    let mut browser = app.browser();
    let asked = format!("/campaigns/{}/eligibility", made.campaign_id);
    let page = browser.open(&format!("/en/sign-in?next={asked}")).await;
    let sent = browser.submit(&claim(&page, person)).await.ok(303);
    assert_eq!(sent.header("cache-control"), "no-store");
    let at = sent.header("location").to_owned();
    assert!(at.starts_with("/en/sign-in/code?next="), "{at}");
    let cookie = sent.header("set-cookie");
    assert!(cookie.starts_with("__Host-code=") && cookie.contains("Max-Age=1800"), "{cookie}");
    let count = || query_scalar::<_, i64>("select count(*) from sign_in_code").fetch_one(&app.db);
    for path in [&at, &at, "/ko/sign-in/code"] {
        let page = browser.get(path).await.ok(200);
        assert!(page.text.contains("name=\"code\""), "{}", page.main());
        for secret in [&person.name, &person.phone] {
            assert!(!page.text.contains(secret.as_str()), "only sealed: {}", page.main());
        }
    }
    assert_eq!(count().await.unwrap(), 1, "one code");
    // To mend the details is a page of its own too.
    let page = browser.get(&at).await;
    let mend = browser.submit(&page.form("/en/sign-in").by_button("change")).await.ok(303);
    let mend = browser.get(mend.header("location")).await.ok(200);
    assert_eq!(mend.form("/en/sign-in").value("name"), person.name);
    assert_eq!(mend.form("/en/sign-in").value("next"), asked);
    assert_eq!(browser.get("/en/sign-in").await.form("/en/sign-in").value("name"), "", "asked for");
    assert_eq!(count().await.unwrap(), 1);

    // Signed in, Back leads on; signed out, it shows nobody.
    let code = code_of(&app, &page).await;
    browser.submit(&page.form("/en/sign-in/code").with(&[("code", &code)])).await.ok(303);
    assert!(!browser.cookies.contains_key("__Host-code"), "{:?}", browser.cookies);
    assert_eq!(browser.get(&at).await.ok(303).header("location"), format!("/en{asked}"));
    let page = browser.open("/en/sign-out").await;
    browser.press(&page.form("/en/sign-out")).await.ok(200);
    browser.get(&at).await.ok(403);

    // What is kept opens nothing after half an hour, nor for anybody but this service.
    let page = browser.open("/en/sign-in").await;
    browser.press(&claim(&page, &made.people[1])).await.ok(200);
    let mut forged = browser.clone();
    for value in forged.cookies.values_mut() {
        let other = if value.starts_with('-') { "_" } else { "-" };
        value.replace_range(0..1, other);
    }
    forged.get("/en/sign-in/code").await.ok(403);
    clock.set(clock.now() + TimeDelta::minutes(29));
    browser.get("/en/sign-in/code").await.ok(200);
    clock.set(clock.now() + TimeDelta::minutes(1));
    browser.get("/en/sign-in/code").await.ok(403);
}

#[tokio::test]
async fn what_was_typed_survives_a_database_that_cannot_be_reached() {
    let database = TestDatabase::new().await;
    let made = World::new().people(1).make(&database.pool).await;
    let app = TestApp::with().start_on(database.into()).await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await;
    sqlx::query("alter table sign_in_code rename to away").execute(&app.db).await.expect("gone");
    let person = &made.people[0];
    let failed = browser.press(&claim(&page, person)).await.ok(500);
    assert_eq!(failed.form("/en/sign-in").value("name"), person.name);
    assert!(failed.main().contains("Your details are kept"), "{}", failed.main());
    sqlx::query("alter table away rename to sign_in_code").execute(&app.db).await.expect("back");
    browser.press(&failed.form("/en/sign-in")).await.ok(200);
}

#[tokio::test]
async fn a_code_that_could_not_be_tried_stays_on_its_own_page() {
    let database = TestDatabase::new().await;
    let made = World::new().people(1).make(&database.pool).await;
    let app = TestApp::with().start_on(database.into()).await;
    app.refresh().await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await;
    let page = browser.press(&claim(&page, &made.people[0])).await;
    let code = code_of(&app, &page).await;
    let form = page.form("/en/sign-in/code").with(&[("code", &code)]);
    sqlx::query("alter table sign_in_code rename to away").execute(&app.db).await.expect("gone");
    let failed = browser.submit(&form).await.ok(500);
    let kept = failed.form("/en/sign-in/code");
    assert_eq!(kept.value("code"), code, "in the field where it was typed: {}", failed.main());
    assert!(!failed.main().contains("Send the same again"), "{}", failed.main());
    sqlx::query("alter table away rename to sign_in_code").execute(&app.db).await.expect("back");
    browser.submit(&kept).await.ok(303);
}

#[tokio::test]
async fn without_a_way_to_send_codes_the_page_says_so() {
    let app = TestApp::with().local(false).start().await;
    let made = World::new().people(1).make(&app.db).await;
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await;
    let page = browser.press(&claim(&page, &made.people[0])).await.ok(503);
    assert!(page.main().contains("No way to send codes"), "{}", page.main());
    assert!(!page.main().contains("data-again"), "it would never come: {}", page.main());
    assert_eq!(page.form("/en/sign-in").value("phone"), made.people[0].phone);
}
