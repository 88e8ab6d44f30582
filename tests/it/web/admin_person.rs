//! Administrators' pages of persons: found, corrected, merged and marked, each with a reason.

use uuid::Uuid;

use super::{LANGUAGES, faults};
use crate::support::{Browser, Made, Page, TestApp, World};

async fn setting() -> (TestApp, Made, Browser) {
    let app = TestApp::start().await;
    let made = World::new().people(5).make(&app.db).await;
    app.refresh().await;
    let boss = app.staff_browser(3, None).await;
    (app, made, boss)
}

fn at(made: &Made, person: usize, rest: &str) -> String {
    format!("/en/admin/persons/{}{rest}", made.people[person].person_id)
}

async fn find(boss: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let form = boss.get("/en/admin/persons").await.ok(200).form("/en/admin/persons");
    boss.submit(&form.with(fields)).await
}

#[tokio::test]
async fn a_person_is_found_for_a_reason_and_opened() {
    let (app, made, mut boss) = setting().await;
    let one = &made.people[0];
    let birth = one.birth_date.to_string();
    let named = [("name", one.name.as_str()), ("birth_date", birth.as_str())];
    let refused = find(&mut boss, &named).await.ok(422);
    assert_eq!(refused.errors()[0].0, "reason", "{:?}", refused.errors());
    let looks = "select count(*) from person_look";
    let looks = || sqlx::query_scalar::<_, i64>(looks).fetch_one(&app.db);
    assert_eq!(looks().await.unwrap(), 0);
    let found = find(&mut boss, &[&named[..], &[("reason", "They called")]].concat()).await.ok(200);
    assert!(found.main().contains(&at(&made, 0, "")), "{}", found.main());
    assert!(!found.main().contains(&one.phone), "masked until they are opened");
    assert_eq!(looks().await.unwrap(), 1, "the look is written down");
    let page = boss.get(&at(&made, 0, "")).await.ok(200);
    assert!(page.main().contains(&one.phone), "{}", page.main());
    let nobody = [("name", "Nobody"), ("birth_date", birth.as_str()), ("reason", "x")];
    let page = find(&mut boss, &nobody).await.ok(200);
    assert!(page.main().contains("Nobody was found"), "{}", page.main());
    let both = [("person_code", "A1"), ("birth_date", birth.as_str()), ("reason", "x")];
    find(&mut boss, &both).await.ok(422);
}

#[tokio::test]
async fn a_record_is_corrected_by_whoever_has_seen_it() {
    let (_app, made, mut boss) = setting().await;
    let path = at(&made, 0, "/correct");
    let form = boss.get(&path).await.ok(200).form(&path);
    let right = [("name", "Citizen Corrected"), ("reason", "Misspelt")];
    let done = boss.press(&form.clone().with(&right)).await.ok(200);
    assert_eq!(done.heading(), "Citizen Corrected");
    assert!(done.main().contains("Misspelt"), "{}", done.main());
    let stale = boss.submit(&form.with(&[("name", "Other"), ("reason", "x")])).await.ok(422);
    assert_eq!(stale.errors().len(), 1, "the second sees what the first did");
    assert_eq!(stale.form(&path).value("name"), "Other", "what was typed stays");
    assert!(stale.main().contains("Citizen Corrected"), "what stands now: {}", stale.main());
    assert_eq!(boss.get(&at(&made, 0, "")).await.heading(), "Citizen Corrected");
    let done = boss.press(&stale.form(&path)).await.ok(200);
    assert_eq!(done.heading(), "Other", "a further press means it");
}

#[tokio::test]
async fn two_records_become_one_and_one_is_marked() {
    let (app, made, mut boss) = setting().await;
    let id = Uuid::now_v7();
    let booking = made.booking(made.slot(0, 1, 0));
    app.citizen(&made.people[0]).put_booking(id, &booking).await.ok(201);
    let path = at(&made, 0, "/merge");
    let form = boss.get(&path).await.ok(200).form(&path);
    let own = made.people[0].person_id.to_string();
    let refused = form.clone().with(&[("into_person_id", &own), ("reason", "x")]);
    let refused = boss.submit(&refused).await.ok(422);
    assert_eq!(refused.errors()[0].0, "into_person_id", "{:?}", refused.errors());
    let other = made.people[1].person_id.to_string();
    let meant = form.with(&[("into_person_id", &other), ("reason", "The same person")]);
    let done = boss.press(&meant).await.ok(200);
    assert_eq!(done.at, at(&made, 1, ""));
    assert!(done.main().contains(&app.number(id).to_string()), "{}", done.main());

    let path = at(&made, 1, "/mark");
    let form = boss.get(&path).await.ok(200).form(&path);
    let form = form.with(&[("mark", "moved_away"), ("reason", "A letter")]);
    let done = boss.press(&form).await.ok(200);
    assert!(done.main().contains("moved away"), "{}", done.main());
    assert!(done.main().contains("cancelled"), "the box is ticked: {}", done.main());
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn pages_of_persons_are_for_administrators_in_both_languages() {
    let (app, made, mut boss) = setting().await;
    let mut staff = app.staff_browser(2, Some(made.clinics[0])).await;
    for language in LANGUAGES {
        let person = format!("/{language}/admin/persons/{}", made.people[0].person_id);
        for path in [
            format!("/{language}/admin/persons"),
            person.clone(),
            format!("{person}/correct"),
            format!("{person}/merge"),
            format!("{person}/mark"),
        ] {
            let page = boss.get(&path).await.ok(200);
            assert_eq!(faults(&page.text), [""; 0], "{path}");
            staff.get(&path).await.ok(403);
        }
    }
    boss.get("/en/admin/persons/999999").await.ok(404);
}

#[tokio::test]
async fn what_a_clinic_found_is_seen_and_lifted_with_a_reason() {
    for language in LANGUAGES {
        let app = TestApp::start().await;
        let made = World::new().clinics(2).days(3).cancel_until_hours(0).make(&app.db).await;
        let (person, body) = (&made.people[0], made.booking(made.slot(0, 1, 0)));
        let id = Uuid::now_v7();
        app.citizen(person).put_booking(id, &body).await.ok(201);
        made.begin_day(&app.db, 0, 1).await;
        app.refresh().await;
        let mut boss = app.staff_browser(3, None).await;
        let path = format!("/{language}/admin/persons/{}", person.person_id);
        let page = boss.open(&path).await.ok(200);
        assert!(!page.text.contains("id=\"exclusions\""), "nothing was found yet");
        let staff = app.staff(made.clinics[0]).await;
        let until = made.allocation(0, 3).on_date;
        for step in [
            serde_json::json!({ "step": "arrive" }),
            serde_json::json!({ "step": "not_vaccinated", "reason": "unwell", "until": until }),
        ] {
            let clinic = made.clinics[0];
            let at = format!("/v1/clinics/{clinic}/bookings/{id}/steps/{}", Uuid::now_v7());
            staff.put(&at, &step).await.ok(201);
        }
        let page = boss.open(&path).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        let (_, rest) = page.text.split_once(&format!("{path}/exclusions/")).expect("a link");
        let lift = format!("{path}/exclusions/{}", rest.split_once('"').expect("its end").0);
        let asked = boss.open(&lift).await.ok(200);
        assert_eq!(faults(&asked.text), [""; 0]);
        assert!(asked.main().contains(&person.name), "{}", asked.main());
        let form = asked.form(&lift);
        let refused = boss.press(&form).await.ok(422);
        assert_eq!(refused.errors()[0].0, "reason");
        let stands = "select count(*) from exclusion where lifted_at is null";
        let stands = || sqlx::query_scalar::<_, i64>(stands).fetch_one(&app.db);
        assert_eq!(stands().await.unwrap(), 1, "nothing is lifted without a reason");
        let form = form.with(&[("reason", "Well again, says the doctor")]);
        let done = boss.press(&form).await.ok(200);
        assert_eq!((done.at.clone(), stands().await.unwrap()), (path.clone(), 0));
        assert_eq!(faults(&done.text), [""; 0]);
        let said = done.main().matches("Well again, says the doctor").count();
        assert_eq!(said, 2, "with what was found, and among the changes: {}", done.main());
        assert!(!done.text.contains("/lift\""), "it is lifted once");
        boss.open(&lift.replace("exclusions/", "exclusions/99")).await.ok(404);
        let mut desk = app.staff_browser(2, Some(made.clinics[0])).await;
        desk.open(&lift).await.ok(403);
    }
}
