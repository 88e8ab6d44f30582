//! The way back to a booking from another device: its number and a birth date, a code to the phone,
//! the booking. Nobody learns from it which numbers there are.

use chrono::{SubsecRound, Utc};
use dosebook::clock::Clock;
use uuid::Uuid;

use super::{LANGUAGES, code_of, wrong};
use crate::support::{
    Made, Page, Person, TestApp, World, browser::Form, database::TestDatabase, wire::Wire,
};

async fn service(people: u32) -> (TestApp, Made) {
    let clock = Clock::fixed(Utc::now().trunc_subsecs(0));
    let app = TestApp::with().clock(clock).start().await;
    let made = World::new().people(people).make(&app.db).await;
    app.refresh().await;
    (app, made)
}

async fn book(app: &TestApp, made: &Made, person: usize) -> Uuid {
    let (id, body) = (Uuid::now_v7(), made.booking(made.slot(0, 3, 0)));
    app.citizen(&made.people[person]).put_booking(id, &body).await.ok(201);
    id
}

/// The form of the page, filled in.
fn claim(page: &Page, number: &str, person: &Person) -> Form {
    let date = person.birth_date.to_string();
    let [year, month, day] = *date.split('-').collect::<Vec<_>>() else { panic!("a date") };
    page.form(&page.form_action("/sign-in/number")).with(&[
        ("number", number),
        ("birth-year", year),
        ("birth-month", month),
        ("birth-day", day),
    ])
}

#[tokio::test]
async fn a_booking_is_found_again_by_its_number_from_another_device() {
    let (app, made) = service(3).await;
    for (at, language) in LANGUAGES.into_iter().enumerate() {
        let person = &made.people[at];
        let id = book(&app, &made, at).await;
        let mut browser = app.browser();
        let landing = browser.open(&format!("/{language}")).await.ok(200);
        let path = format!("/{language}/sign-in/number");
        assert!(landing.main().contains(&format!("href=\"{path}\"")), "{}", landing.main());
        let sign_in = browser.open(&format!("/{language}/sign-in")).await.ok(200);
        assert!(sign_in.main().contains(&format!("href=\"{path}\"")), "{}", sign_in.main());
        let page = browser.open(&path).await.ok(200);
        let number = app.number(id);
        let sent = browser.submit(&claim(&page, &number.to_string(), person)).await.ok(303);
        let page = browser.open(sent.header("location")).await.ok(200);
        assert_eq!(page.at, format!("/{language}/sign-in/code"));
        for secret in [&number.digits(), &number.to_string(), &person.phone, &person.name] {
            assert!(!page.text.contains(secret.as_str()), "{secret}: {}", page.main());
        }
        let last = &person.phone[person.phone.len() - 2..];
        assert!(!page.main().contains(&format!("**{last}")), "not even masked: {}", page.main());
        let code = code_of(&app, &page).await;
        let form = page.form(&page.form_action("/sign-in/code"));
        browser.press(&form.clone().with(&[("code", wrong(&code))])).await.ok(422);
        let page = browser.press(&form.with(&[("code", &code)])).await.ok(200);
        assert_eq!(page.at, format!("/{language}/bookings/{id}"), "{}", page.main());
        assert!(page.main().contains(&number.to_string()), "{}", page.main());
        let visited = browser.visited.join("\n");
        assert!(!visited.contains(&number.digits()) && !visited.contains(&person.phone));
        let me = browser.open(&format!("/{language}/me")).await.ok(200);
        assert!(me.main().contains(&number.to_string()), "where to look it up: {}", me.main());
    }
}

#[tokio::test]
async fn a_cancelled_booking_is_found_too_and_says_so() {
    let (app, made) = service(1).await;
    let id = book(&app, &made, 0).await;
    app.citizen(&made.people[0]).delete_booking(id).await.ok(200);
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in/number").await;
    let digits = app.number(id).digits();
    let page = browser.press(&claim(&page, &digits, &made.people[0])).await.ok(200);
    let code = code_of(&app, &page).await;
    let page = browser.press(&page.form("/en/sign-in/code").with(&[("code", &code)])).await.ok(200);
    assert_eq!(page.at, format!("/en/bookings/{id}"));
    assert!(page.heading().contains("cancelled"), "{}", page.main());
    assert!(page.main().contains("/clinics"), "how to book again: {}", page.main());
}

#[tokio::test]
async fn who_was_on_the_way_elsewhere_goes_on_there() {
    let (app, made) = service(1).await;
    let id = book(&app, &made, 0).await;
    let mut browser = app.browser();
    let next = format!("/campaigns/{}/eligibility", made.campaign_id);
    let page = browser.open(&format!("/en/sign-in?next={next}")).await.ok(200);
    let link = format!("/en/sign-in/number?next={}", next.replace('/', "%2F"));
    assert!(page.main().contains(&format!("href=\"{link}\"")), "{}", page.main());
    let page = browser.open(&link).await.ok(200);
    let digits = app.number(id).digits();
    let page = browser.press(&claim(&page, &digits, &made.people[0])).await.ok(200);
    let code = code_of(&app, &page).await;
    let page = browser.press(&page.form("/en/sign-in/code").with(&[("code", &code)])).await.ok(200);
    assert_eq!(page.at, format!("/en{next}"));
}

#[tokio::test]
async fn what_cannot_be_a_number_is_named_and_what_was_typed_stays() {
    let (app, made) = service(1).await;
    let id = book(&app, &made, 0).await;
    let digits = app.number(id).digits();
    let last = if digits.ends_with('0') { '1' } else { '0' };
    let slip = format!("{}{last}", &digits[..9]);
    let mut browser = app.browser();
    for language in LANGUAGES {
        let page = browser.open(&format!("/{language}/sign-in/number")).await.ok(200);
        let mut said = Vec::new();
        for typed in ["", "12345", &slip] {
            let page = browser.press(&claim(&page, typed, &made.people[0])).await.ok(422);
            let errors = page.errors();
            assert_eq!((errors.len(), errors[0].0.as_str()), (1, "number"), "{errors:?}");
            assert!(errors[0].1.is_empty() || !errors[0].1.contains(&slip), "{errors:?}");
            let kept = page.form(&page.form_action("/sign-in/number"));
            assert_eq!((kept.value("number"), kept.value("birth-year")), (typed, "1962"));
            said.push(errors[0].1.clone());
        }
        said.dedup();
        assert_eq!(said.len(), 3, "{said:?}");
        let empty = browser.press(&page.form(&page.form_action("/sign-in/number"))).await.ok(422);
        let first = if language == "ko" { "birth-year" } else { "birth-day" };
        let fields: Vec<_> = empty.errors().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["number", first]);
    }
    // However people write it.
    let wide: String =
        digits.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
    for typed in [format!(" {}-{} ", &digits[..3], &digits[3..]), format!("예약번호 {wide}")] {
        let page = browser.open("/ko/sign-in/number").await;
        let page = browser.press(&claim(&page, &typed, &made.people[0])).await.ok(200);
        code_of(&app, &page).await;
        let mended = browser.press(&page.form("/ko/sign-in/number").by_button("change")).await;
        let kept = mended.ok(200).form("/ko/sign-in/number");
        assert_eq!(kept.value("number").replace(' ', ""), digits);
        assert_eq!((kept.value("birth-year"), kept.value("birth-month")), ("1962", "1"));
    }
}

/// What a page says but for what is drawn by lot.
fn apart_from_ids(page: &Page) -> String {
    let form = page.form(&page.form_action("/sign-in/code"));
    let text = page.text.replace(form.value("challenge"), "CHALLENGE");
    text.replace(form.value("sent"), "SEALED")
}

#[tokio::test]
async fn known_and_unknown_numbers_look_the_same_and_cost_the_same() {
    let mut database = TestDatabase::new().await;
    let made = World::new().people(3).make(&database.pool).await;
    let wire = Wire::before(&mut database).await;
    let clock = Clock::fixed(Utc::now().trunc_subsecs(0));
    let app = TestApp::with().clock(clock).connections(1).start_on(database.into()).await;
    app.refresh().await;
    let id = book(&app, &made, 0).await;
    let known = app.number(id).digits();
    let unknown = app.number(Uuid::from_u128(1)).digits();
    // Connections and statements are made on first use.
    let other = app.number(book(&app, &made, 1).await).digits();
    let mut browser = app.browser();
    let page = browser.open("/ko/sign-in/number").await;
    let asked = browser.press(&claim(&page, &other, &made.people[1])).await.ok(200);
    let form = asked.form("/ko/sign-in/code").with(&[("code", "00")]);
    browser.press(&form).await.ok(422);
    let form = asked.form("/ko/sign-in/code").with(&[("code", "000000")]);
    browser.press(&form).await;

    let mut told = Vec::new();
    // The right number with another day of birth is as good as none.
    let stranger = Person { birth_date: "1963-05-06".parse().unwrap(), ..made.people[0].clone() };
    let cases = [(&known, &made.people[0]), (&unknown, &made.people[0]), (&known, &stranger)];
    for (number, person) in cases {
        let mut browser = app.browser();
        wire.take();
        let sent = browser.submit(&claim(&page, number, person)).await;
        let asked = browser.open(sent.header("location")).await.ok(200);
        let mut pages = vec![(sent.status, String::new()), (asked.status, apart_from_ids(&asked))];
        for n in 0..6 {
            let code = if n % 2 == 0 { "000000" } else { "000001" };
            let form = asked.form("/ko/sign-in/code").with(&[("code", code)]);
            let tried = browser.press(&form).await;
            pages.push((tried.status, apart_from_ids(&tried)));
        }
        assert_eq!(pages.len(), 8);
        told.push((pages, wire.take()));
    }
    assert_eq!(told[0], told[1], "no such number");
    assert_eq!(told[0].0, told[2].0, "another day of birth");
    assert_eq!(told[0].1, told[2].1);
    assert!(told[0].1.len() > 10, "the control: {:?}", told[0].1);
    // The control: a code was made that the holder can use, and none for the others.
    let page = browser.open("/ko/sign-in/number").await;
    sqlx::query("delete from code_cap").execute(&app.db).await.unwrap();
    let asked = browser.press(&claim(&page, &known, &made.people[0])).await.ok(200);
    let code = code_of(&app, &asked).await;
    let form = asked.form("/ko/sign-in/code").with(&[("code", &code)]);
    let page = browser.press(&form).await.ok(200);
    assert_eq!(page.at, format!("/ko/bookings/{id}"));
}

#[tokio::test]
async fn caps_by_number_are_said_on_the_page() {
    let (app, made) = service(1).await;
    let digits = app.number(book(&app, &made, 0).await).digits();
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in/number").await;
    let form = claim(&page, &digits, &made.people[0]);
    let mut page = browser.press(&form).await.ok(200);
    for _ in 0..2 {
        page = browser.press(&page.form("/en/sign-in/number")).await.ok(200);
    }
    let capped = browser.press(&page.form("/en/sign-in/number")).await.ok(429);
    assert!(capped.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0));
    assert!(capped.text.contains("name=\"code\""), "the earlier code works: {}", capped.main());
    let fresh = app.browser().press(&form).await.ok(429);
    assert_eq!(fresh.form("/en/sign-in/number").value("number"), digits, "what was typed stays");
}
