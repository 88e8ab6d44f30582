//! "Can I book?" on pages: answered at once, in words, with every reason.

use chrono::TimeDelta;
use uuid::Uuid;

use super::sign_in;
use crate::support::{Made, Page, TestApp, World};

async fn service(world: World) -> (TestApp, Made, String) {
    let app = TestApp::start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    let path = format!("/campaigns/{}/eligibility", made.campaign_id);
    (app, made, path)
}

/// What the page answers to somebody born then.
async fn ask(app: &TestApp, path: &str, (year, month, day): (&str, &str, &str)) -> Page {
    let mut browser = app.browser();
    let page = browser.open(path).await.ok(200);
    let form =
        page.form(path).with(&[("birth-year", year), ("birth-month", month), ("birth-day", day)]);
    let answer = browser.submit(&form).await;
    assert_eq!(answer.at, path, "nothing stands in the address");
    answer
}

#[tokio::test]
async fn everybody_is_told_whether_they_can_book_and_why_not() {
    let (app, _, path) = service(World::new().people(1)).await;
    let (en, ko) = (format!("/en{path}"), format!("/ko{path}"));
    let yes = ask(&app, &en, ("1964", "5", "6")).await.ok(200);
    assert_eq!(yes.heading(), "You can book this vaccination");
    assert_eq!(yes.header("cache-control"), "no-store");
    assert!(yes.main().contains("84 doses can be booked now."), "{}", yes.main());
    assert!(yes.main().contains("/en/sign-in?next=%2Fcampaigns%2F"), "{}", yes.main());
    let no = ask(&app, &en, ("1950", "5", "6")).await.ok(200);
    assert_eq!(no.heading(), "You cannot book this vaccination now");
    assert!(no.main().contains("55 to 59") && no.main().contains("next rounds"), "{}", no.main());
    let no = ask(&app, &ko, ("1950", "5", "6")).await.ok(200);
    assert_eq!(no.heading(), "지금은 예약하실 수 없습니다");
    assert!(no.title().starts_with("지금은"), "{}", no.title());
    // Every reason, not the first alone.
    let child = ask(&app, &en, ("2020", "5", "6")).await.ok(200);
    assert!(
        child.main().contains("55 to 59") && child.main().contains("18 years"),
        "{}",
        child.main()
    );
    assert_eq!(child.main().matches("<li>").count(), 2, "{}", child.main());
}

#[tokio::test]
async fn who_can_book_later_is_told_when() {
    let world = World::new().people(1).opens_in(TimeDelta::days(2)).state(2);
    let (app, _, path) = service(world).await;
    let page = ask(&app, &format!("/en{path}"), ("1964", "5", "6")).await.ok(200);
    assert_eq!(page.heading(), "You can book later, not now");
    assert!(page.main().contains("By these rules you can book from"), "{}", page.main());
    assert!(page.main().contains("Asia/Seoul"), "{}", page.main());
}

#[tokio::test]
async fn what_was_typed_stays_whatever_the_answer() {
    let (app, made, path) = service(World::new().people(1)).await;
    let (mut browser, path) = (app.browser(), format!("/ko{path}"));
    let page = browser.open(&path).await;
    let region = made.districts[1].to_string();
    let form = page.form(&path).with(&[
        ("birth-year", "1964"),
        ("birth-month", "May"),
        ("birth-day", "6"),
        ("region", &region),
    ]);
    let page = browser.press(&form).await.ok(200);
    let kept = page.form(&path);
    assert_eq!((kept.value("birth-month"), kept.value("region")), ("May", region.as_str()));

    let page = browser.press(&form.clone().with(&[("birth-year", "64")])).await.ok(422);
    assert_eq!(page.errors()[0].0, "birth-year");
    assert_eq!(page.form(&path).value("region"), region);
    assert!(page.title().starts_with("오류: "), "{}", page.title());
    for unknown in ["999999", "x", "-1"] {
        let page = browser.press(&form.clone().with(&[("region", unknown)])).await.ok(422);
        assert_eq!(page.errors()[0].0, "region", "{unknown}");
    }
    let page = browser.press(&form.with(&[("birth-year", "2999")])).await.ok(422);
    assert_eq!(page.errors()[0].0, "birth-year");
}

#[tokio::test]
async fn whoever_is_signed_in_sees_the_answer_about_themselves() {
    let (app, made, path) = service(World::new().people(2)).await;
    let mut browser = app.browser();
    let person = &made.people[0];
    let path = format!("/en{path}");
    sign_in(&app, &mut browser, "/en/me", person).await.ok(200);
    let page = browser.open(&path).await.ok(200);
    assert_eq!(page.heading(), "You can book this vaccination");
    assert!(page.main().contains(&person.name), "{}", page.main());
    let booking = made.booking(made.slot(0, 2, 0));
    app.citizen(person).put_booking(Uuid::now_v7(), &booking).await.ok(201);
    let page = browser.open(&path).await.ok(200);
    assert_eq!(page.heading(), "You cannot book this vaccination now");
    assert!(page.main().contains("Dose 1 is already booked for you."), "{}", page.main());
    // The form is still about anybody.
    let form =
        page.form(&path).with(&[("birth-year", "1964"), ("birth-month", "5"), ("birth-day", "6")]);
    let page = browser.press(&form).await.ok(200);
    assert_eq!(page.heading(), "You can book this vaccination");
    let neighbour = app.browser().open(&path).await.ok(200);
    assert_eq!(neighbour.heading(), "Can I book?");
}

#[tokio::test]
async fn what_is_booked_stands_on_ones_own_page_with_what_comes_next() {
    let (app, made, _) = service(World::new().people(2)).await;
    let mut browser = app.browser();
    let person = &made.people[0];
    let page = sign_in(&app, &mut browser, "/en/me", person).await.ok(200);
    let clinics = format!("/en/campaigns/{}/clinics", made.campaign_id);
    assert!(page.main().contains("You have not booked anything."), "{}", page.main());
    assert!(page.main().contains(&format!("href=\"{clinics}\"")), "{}", page.main());
    let (id, slot) = (Uuid::now_v7(), made.slot(0, 4, 0));
    app.citizen(person).put_booking(id, &made.booking(slot)).await.ok(201);
    let page = browser.open("/en/me").await.ok(200);
    assert!(page.main().contains("A dose is set aside for you."), "{}", page.main());
    assert!(page.main().contains("Clinic 1") && page.main().contains("09:00"), "{}", page.main());
    assert!(page.main().contains(&format!("href=\"/en/bookings/{id}\"")), "{}", page.main());
    assert!(!page.main().contains(&clinics), "nothing else to book: {}", page.main());
    app.citizen(person).delete_booking(id).await.ok(200);
    let page = browser.open("/ko/me").await.ok(200);
    assert!(page.main().contains("취소됨"), "{}", page.main());
    assert!(page.main().contains(&format!("/ko/campaigns/{}/clinics", made.campaign_id)));
    // Somebody else's page is about somebody else.
    let mut other = app.browser();
    let page = sign_in(&app, &mut other, "/en/me", &made.people[1]).await.ok(200);
    assert!(!page.main().contains(&id.to_string()) && !page.main().contains(&person.name));
}

#[tokio::test]
async fn a_paused_or_closed_round_says_why() {
    for (state, said) in [(4, "Booking is paused"), (5, "nothing to book at present")] {
        let (app, made, path) = service(World::new().people(1).state(state)).await;
        let mut browser = app.browser();
        let page = sign_in(&app, &mut browser, "/en/me", &made.people[0]).await.ok(200);
        assert!(page.main().contains(said), "{}", page.main());
        let page = browser.open(&format!("/en{path}")).await.ok(200);
        assert!(page.main().contains("as the test has it"), "{}", page.main());
    }
}
