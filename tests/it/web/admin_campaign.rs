//! Campaigns on administrators' pages: from an empty database to an open one, its steps, and two
//! administrators at once.

use chrono::{Days, Utc};
use serde_json::json;

use super::{LANGUAGES, admin_import::load, faults};
use crate::support::{Browser, Page, TestApp, World, browser::Form};

/// The form without boxes that nobody has ticked.
pub fn unticked(mut form: Form) -> Form {
    form.fields.retain(|(_, value)| value != "on");
    form
}

/// The form with the radio buttons that are chosen in a draft, as a browser sends it.
fn usual(mut form: Form) -> Form {
    let chosen = [("walk_in", "register"), ("left_over", "pool")];
    form.fields.retain(|(name, value)| {
        chosen.iter().all(|(radio, usual)| name != radio || value == usual)
    });
    form
}

fn ticked(form: Form, name: &str) -> Form {
    let mut form = unticked(form);
    form.fields.push((name.to_owned(), "on".to_owned()));
    form
}

/// The page at the path and the form to the action there.
async fn form_at(browser: &mut Browser, path: &str, action: &str) -> Form {
    let page = browser.open(path).await.ok(200);
    assert_eq!(faults(&page.text), [""; 0], "{path}");
    usual(page.form(action))
}

fn day(after: u64) -> String {
    let day = Utc::now().date_naive().checked_add_days(Days::new(after)).expect("a day");
    day.to_string()
}

/// Begins a draft by its page; gives the path of its tasks.
async fn draft(browser: &mut Browser, language: &str) -> String {
    let new = format!("/{language}/admin/campaigns/new");
    let form = form_at(browser, &new, &new).await.with(&[
        ("name_ko", "독감 1차"),
        ("name_en", "Flu, first dose"),
        ("code", "flu-1"),
        ("course_code", "flu"),
        ("course_name_en", "Influenza"),
        ("opens_at", &format!("{} 00:00", day(0))),
        ("closes_at", &format!("{} 18:00", day(60))),
    ]);
    browser.press(&form).await.ok(200).at
}

#[tokio::test]
async fn an_administrator_comes_from_nothing_to_an_open_campaign_on_pages() {
    for language in LANGUAGES {
        let app = TestApp::with().helpline("1339").start().await;
        let mut browser = app.staff_browser(3, None).await;
        let page = browser.open(&format!("/{language}/admin")).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        let tasks = draft(&mut browser, language).await;
        let products = format!("{tasks}/products");
        let form = form_at(&mut browser, &products, &format!("{products}/new")).await;
        let vaccine = [("name_en", "Vaxigrip"), ("code", "150"), ("doses_per_vial", "10")];
        let page = browser.press(&form.with(&vaccine)).await.ok(200);
        let form = page.form(&products);
        assert!(form.fields.iter().any(|(name, _)| name == "product_1"), "{form:?}");
        assert_eq!(browser.press(&unticked(form.clone())).await.status, 422, "none is ticked");
        assert_eq!(browser.press(&form).await.ok(200).at, tasks);
        let cohorts = format!("{tasks}/cohorts");
        let form = form_at(&mut browser, &cohorts, &cohorts).await;
        let adults = [("name_ko", "어른"), ("name_en", "Adults"), ("born_to", "2007-12-31")];
        browser.press(&form.with(&adults)).await.ok(200);
        let check = browser.open(&format!("{tasks}/check")).await.ok(200);
        assert_eq!(faults(&check.text), [""; 0]);
        supply(&app, &mut browser, language).await;
        step(&mut browser, &tasks, "publish").await;
        step(&mut browser, &tasks, "open").await;
        let state: i16 = sqlx::query_scalar("select state from campaign")
            .fetch_one(&app.db)
            .await
            .expect("the campaign");
        assert_eq!(state, 3);
        let page = browser.open(&tasks).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        assert!(page.text.contains("100"), "the limit is shown");
        let page = browser.open(&format!("/{language}/admin")).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
    }
}

/// Doses for a clinic with hours, and somebody to give them to.
async fn supply(app: &TestApp, browser: &mut Browser, language: &str) {
    let admin = app.admin().await;
    let pool = json!({ "campaign_id": 1, "product_id": 1 });
    let pool = admin.post("/v1/admin/pools", &pool).await.ok(201)["pool_id"].clone();
    let receipt = json!({ "doses": 100, "reason": "Delivered" });
    admin.post(&format!("/v1/admin/pools/{pool}/receipts"), &receipt).await.ok(200);
    let (first, last) = (day(1), day(30));
    let files = [
        ("regions", "code,name\n11,Seoul\n".to_owned()),
        (
            "clinics",
            "code,name,region_code,zone,address,phone,latitude,longitude\n\
             C1,Clinic,11,Asia/Seoul,Street 1,02-000-0000,37.5,127.0\n"
                .to_owned(),
        ),
        (
            "hours",
            format!(
                "clinic_code,weekdays,opens,closes,slot_minutes,seats_per_slot,from_date,to_date\n\
                 C1,mon-sun,09:00,18:00,60,20,{first},{last}\n"
            ),
        ),
        (
            "register",
            "name,birth_date,phone,region_code\nKim Minji,1962-03-01,01012345678,11\n".to_owned(),
        ),
        (
            "allocations",
            format!(
                "campaign_code,clinic_code,product_code,on_date,doses\nflu-1,C1,150,{first},50\n"
            ),
        ),
    ];
    for (kind, file) in files {
        load(browser, language, kind, &file).await;
    }
}

/// Takes a step with all warnings confirmed; without, it is refused.
async fn step(browser: &mut Browser, tasks: &str, word: &str) {
    let path = format!("{tasks}/{word}");
    let form = form_at(browser, &path, &path).await;
    let reasons = [("reason_ko", "예고한 대로"), ("reason_en", "As announced")];
    let form = form.with(&reasons);
    let unread = browser.press(&unticked(form.clone())).await.ok(422);
    assert!(unread.errors().iter().any(|(field, _)| field == "codes_shown"), "{unread:?}");
    let mute = form.clone().with(&[("reason_ko", ""), ("reason_en", "")]);
    let errors = browser.press(&mute).await.ok(422).errors();
    assert!(matches!(&errors[..], [(field, _)] if field.starts_with("reason_")), "{errors:?}");
    // Whoever has done neither is told of both at once.
    let errors = browser.press(&unticked(mute)).await.ok(422).errors();
    for wanted in ["codes_shown", "reason_"] {
        assert!(errors.iter().any(|(field, _)| field.starts_with(wanted)), "{wanted}: {errors:?}");
    }
    assert_eq!(browser.press(&form).await.ok(200).at, tasks);
    assert_eq!(browser.press(&form).await.ok(200).at, tasks, "the same press again");
}

#[tokio::test]
async fn errors_stop_a_step_and_say_where_they_are_mended() {
    let app = TestApp::start().await;
    let mut browser = app.staff_browser(3, None).await;
    let tasks = draft(&mut browser, "en").await;
    let page = browser.open(&format!("{tasks}/publish")).await.ok(200);
    assert!(page.text.contains(&format!("{tasks}/cohorts")), "{}", page.main());
    assert!(!page.text.contains("name=\"reason_en\""), "no button while something is missing");
    let body = Form {
        action: format!("{tasks}/publish"),
        fields: vec![
            ("reason_en".into(), "Now".into()),
            ("version".into(), version(&browser.open(&tasks_settings(&tasks)).await)),
        ],
    };
    browser.press(&body).await.ok(422);
    let state: i16 =
        sqlx::query_scalar("select state from campaign").fetch_one(&app.db).await.unwrap();
    assert_eq!(state, 1);
    browser.open(&format!("{tasks}/pause")).await.ok(409);
    browser.open(&format!("{tasks}/explode")).await.ok(404);
}

fn tasks_settings(tasks: &str) -> String {
    format!("{tasks}/settings")
}

fn version(page: &Page) -> String {
    let (_, rest) = page.text.split_once("name=\"version\" value=\"").expect("a version");
    rest.split_once('"').expect("its end").0.to_owned()
}

#[tokio::test]
async fn the_second_administrator_sees_what_the_first_has_done() {
    for language in LANGUAGES {
        let app = TestApp::start().await;
        let mut first = app.staff_browser(3, None).await;
        let mut second = app.staff_browser(3, None).await;
        let tasks = draft(&mut first, language).await;
        let (cohorts, settings) = (format!("{tasks}/cohorts"), tasks_settings(&tasks));
        let mine = form_at(&mut first, &cohorts, &cohorts).await;
        let theirs = form_at(&mut second, &settings, &settings).await;
        let late = theirs.clone();
        let teachers = [("name_en", "Teachers"), ("born_from", "1960-01-01")];
        first.press(&mine.clone().with(&teachers)).await.ok(200);
        let page = second.press(&theirs.with(&[("cancel_until_hours", "24")])).await.ok(412);
        assert!(page.text.contains("Teachers"), "{}", page.main());
        assert_eq!(faults(&page.text), [""; 0]);
        let hours: i16 = sqlx::query_scalar("select cancel_until_hours from campaign")
            .fetch_one(&app.db)
            .await
            .unwrap();
        assert_eq!(hours, 48, "nothing of theirs was done");
        // What they typed is still there, and the next press means what they have seen.
        let form = usual(page.form(&settings));
        assert_eq!(form.value("cancel_until_hours"), "24");
        assert_eq!(second.press(&form).await.ok(200).at, tasks);
        let page = first.press(&late.with(&[("name_en", "Old")])).await.ok(412);
        assert!(!page.text.contains("name=\"version\" value=\"0"), "{}", page.main());
        let ended = format!("{tasks}/cohorts/1/end");
        let end = form_at(&mut first, &ended, &ended).await;
        assert_eq!(first.press(&end).await.ok(200).at, cohorts);
        assert_eq!(first.press(&end).await.ok(200).at, cohorts, "the same press again");
    }
}

#[tokio::test]
async fn booking_is_paused_resumed_and_closed_with_reasons_for_everybody() {
    let app = TestApp::start().await;
    let made = World::new().make(&app.db).await;
    app.refresh().await;
    let mut browser = app.staff_browser(3, None).await;
    let tasks = format!("/en/admin/campaigns/{}", made.campaign_id);
    for (word, state) in [("pause", 4_i16), ("open", 3), ("close", 5)] {
        let path = format!("{tasks}/{word}");
        let form = form_at(&mut browser, &path, &path).await;
        let form = form.with(&[("reason_ko", "사유"), ("reason_en", "A reason")]);
        let page = browser.press(&form).await.ok(200);
        assert_eq!(page.at, tasks);
        let now: (i16, Option<String>) =
            sqlx::query_as("select state, state_reason_en from campaign")
                .fetch_one(&app.db)
                .await
                .unwrap();
        assert_eq!(now, (state, (state != 3).then(|| "A reason".to_owned())));
    }
    let page = browser.open(&tasks_settings(&tasks)).await.ok(200);
    assert!(!page.text.contains("name=\"version\""), "nothing is changed any more");
}

#[tokio::test]
async fn what_is_typed_wrongly_is_said_and_kept() {
    let app = TestApp::start().await;
    let mut browser = app.staff_browser(3, None).await;
    for language in LANGUAGES {
        let new = format!("/{language}/admin/campaigns/new");
        let form = form_at(&mut browser, &new, &new).await;
        let page = browser
            .press(&form.with(&[("name_en", "Kept"), ("opens_at", "soon"), ("zone", "Mars/Base")]))
            .await
            .ok(422);
        let fields: Vec<_> = page.errors().into_iter().map(|(field, _)| field).collect();
        for wrong in ["code", "course_code", "zone"] {
            assert!(fields.iter().any(|field| field == wrong), "{wrong}: {fields:?}");
        }
        assert_eq!(page.form(&new).value("name_en"), "Kept");
        assert_eq!(faults(&page.text), [""; 0]);
    }
    let tasks = draft(&mut browser, "en").await;
    let cohorts = format!("{tasks}/cohorts");
    let form = form_at(&mut browser, &cohorts, &cohorts).await;
    let page = browser.press(&form.clone().with(&[("name_en", "Nobody")])).await.ok(422);
    assert_eq!(page.errors()[0].0, "born_from");
    let backwards = [("name_en", "B"), ("born_from", "2000-01-01"), ("born_to", "1990-01-01")];
    browser.press(&form.with(&backwards)).await.ok(422);
    let tranches = format!("{tasks}/tranches");
    let form = form_at(&mut browser, &tranches, &tranches).await.with(&[("name_en", "First")]);
    let page = browser.press(&unticked(form.clone())).await.ok(422);
    assert!(page.errors().iter().any(|(field, _)| field == "digits"));
    let page = browser.press(&ticked(form, "digit_3")).await.ok(200);
    assert_eq!(page.at, tranches);
    assert!(page.text.contains("class=\"note warn\""), "nine digits are in no tranche");
}

#[tokio::test]
async fn only_administrators_come_here() {
    let app = TestApp::start().await;
    let made = World::new().make(&app.db).await;
    app.refresh().await;
    let mut staff = app.staff_browser(2, Some(made.clinics[0])).await;
    let campaign = format!("/en/admin/campaigns/{}", made.campaign_id);
    for path in [
        "/en/admin",
        &campaign,
        &format!("{campaign}/open"),
        "/en/admin/imports",
        "/en/admin/imports/register",
        "/en/admin/journal",
        "/en/admin/journal.csv",
        "/en/admin/users",
        "/en/admin/looks",
    ] {
        staff.get(path).await.ok(403);
        app.browser().get(path).await.ok(303);
    }
}
