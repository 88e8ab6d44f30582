//! Administrators' pages of clinics: found, corrected, with hours, and closed with everybody told.

use uuid::Uuid;

use super::{LANGUAGES, faults};
use crate::support::{Browser, Made, TestApp, World};

async fn setting() -> (TestApp, Made, Browser) {
    let app = TestApp::with().local(false).start().await;
    let made = World::new().clinics(3).people(10).make(&app.db).await;
    app.refresh().await;
    let boss = app.staff_browser(3, None).await;
    (app, made, boss)
}

fn at(made: &Made, rest: &str) -> String {
    format!("/en/admin/clinics/{}{rest}", made.clinics[0])
}

#[tokio::test]
async fn a_clinic_is_found_and_corrected() {
    let (app, made, mut boss) = setting().await;
    let all = boss.get("/en/admin/clinics").await.ok(200);
    assert!(all.main().contains("3 clinics"), "{}", all.main());
    let found = boss.get("/en/admin/clinics?q=clinic+1").await.ok(200);
    assert!(found.main().contains("1 clinics") && found.main().contains("Clinic 1"));
    let path = at(&made, "/correct");
    let form = boss.get(&path).await.ok(200).form(&path);
    let wrong = [("zone", "Asia/Atlantis"), ("latitude", "91"), ("phone", "call")];
    let refused = boss.submit(&form.clone().with(&wrong)).await.ok(422);
    let fields: Vec<_> = refused.errors().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["phone", "zone", "latitude"]);
    let right = [("name_en", "Clinic One"), ("address", "2 Side Street")];
    let done = boss.press(&form.with(&right)).await.ok(200);
    assert!(done.main().contains("2 Side Street"), "{}", done.main());
    app.refresh().await;
    let found = boss.get("/en/admin/clinics?q=side").await.ok(200);
    assert!(found.main().contains("Clinic One"), "{}", found.main());
}

#[tokio::test]
async fn a_clinic_is_added_once() {
    let (app, made, mut boss) = setting().await;
    let path = "/en/admin/clinics/new";
    let form = boss.get(path).await.ok(200).form(path);
    assert_eq!(form.value("zone"), "Asia/Seoul", "the installation's");
    let refused = boss.submit(&form.clone().with(&[("latitude", "37.5")])).await.ok(422);
    let fields: Vec<_> = refused.errors().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["code", "name_en", "region_id", "address", "longitude"]);
    let region = made.districts[0].to_string();
    let new = form.with(&[
        ("code", "NEW"),
        ("name_en", "New Clinic"),
        ("region_id", &region),
        ("address", "1 New Street"),
        ("phone", "02-000-0001"),
        ("latitude", "37.5"),
        ("longitude", "127"),
        ("parking", "yes"),
        ("directions_en", "Behind the station."),
    ]);
    let done = boss.press(&new).await.ok(200);
    for said in ["New Clinic", "Parking", "Behind the station.", "1 New Street"] {
        assert!(done.main().contains(said), "{said}: {}", done.main());
    }
    let again = boss.press(&new).await.ok(200);
    assert_eq!(again.at, done.at, "the same press is the same clinic");
    let other = boss.submit(&new.with(&[("address", "2 New Street")])).await.ok(422);
    assert_eq!(other.errors()[0].0, "code", "{:?}", other.errors());
    let count = "select count(*) from clinic where code = 'NEW'";
    let count: i64 = sqlx::query_scalar(count).fetch_one(&app.db).await.unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn the_second_sees_what_the_first_made_of_a_clinic() {
    let (_app, made, mut boss) = setting().await;
    let path = at(&made, "/correct");
    let form = boss.get(&path).await.ok(200).form(&path);
    boss.press(&form.clone().with(&[("address", "1 First Street")])).await.ok(200);
    let stale = boss.submit(&form.with(&[("address", "2 Second Street")])).await.ok(422);
    assert!(stale.main().contains("1 First Street"), "{}", stale.main());
    let typed = stale.form(&path);
    assert_eq!(typed.value("address"), "2 Second Street", "what was typed stays");
    let done = boss.press(&typed).await.ok(200);
    assert!(done.main().contains("2 Second Street"), "a further press means it");
}

#[tokio::test]
async fn hours_are_calculated_before_they_are_saved() {
    let (app, made, mut boss) = setting().await;
    let path = at(&made, "/hours");
    let form = boss.get(&path).await.ok(200).form(&path);
    let count = "select count(*) from slot where clinic_id = $1";
    let slots = || sqlx::query_scalar::<_, i64>(count).bind(made.clinics[0].0).fetch_one(&app.db);
    let before = slots().await.unwrap();
    let seen = boss.submit(&form).await.ok(200);
    assert!(seen.main().contains("Slots to add"), "{}", seen.main());
    assert_eq!(slots().await.unwrap(), before, "a calculation makes nothing");
    let wrong = [("opens", "late"), ("breaks", "13-14"), ("slot_minutes", "0")];
    let refused = boss.submit(&form.with(&wrong)).await.ok(422);
    assert!(refused.errors().iter().any(|(field, _)| field == "opens"), "{:?}", refused.errors());
    let done = boss.press(&seen.form(&path).by_button("save")).await.ok(200);
    assert!(done.main().contains("The hours were saved"), "{}", done.main());
    assert!(slots().await.unwrap() > before, "the control");
}

#[tokio::test]
async fn a_day_is_closed_with_everybody_told() {
    let (app, made, mut boss) = setting().await;
    let slot = made.slot(0, 1, 0);
    let id = Uuid::now_v7();
    app.citizen(&made.people[0]).put_booking(id, &made.booking(slot)).await.ok(201);
    let path = at(&made, "/closures");
    let form = boss.get(&path).await.ok(200).form(&path);
    let day = slot.on_date.to_string();
    let form = form.with(&[("from_date", &day), ("reason_en", "Snow"), ("reason_ko", "폭설")]);
    let seen = boss.submit(&form).await.ok(200);
    let number = app.number(id).to_string();
    assert!(seen.main().contains(&number), "who is hit is named first: {}", seen.main());
    let closed = "select count(*) from clinic_closure";
    let closed = || sqlx::query_scalar::<_, i64>(closed).fetch_one(&app.db);
    assert_eq!(closed().await.unwrap(), 0, "nothing is closed by looking");
    let done = boss.press(&seen.form(&path).by_button("close")).await.ok(200);
    assert_eq!(
        (closed().await.unwrap(), done.at.clone()),
        (1, at(&made, &format!("/closures/{day}")))
    );
    assert!(done.main().contains("1 of 1 persons still have to be told"), "{}", done.main());
    assert!(done.main().contains(&made.people[0].name));
    assert_eq!(faults(&done.text), [""; 0]);

    let tick = done.form(&format!("{}/tick", done.at));
    let told = boss.press(&tick.clone().with(&[(&format!("told-{id}"), "phone")])).await.ok(200);
    assert!(told.main().contains("0 of 1 persons still have to be told"), "{}", told.main());
    boss.press(&tick.with(&[(&format!("told-{id}"), "")])).await.ok(200);

    let cancel = done.form(&format!("{}/cancel", done.at));
    let refused = boss.submit(&cancel).await.ok(422);
    assert_eq!(refused.errors()[0].0, "reason_en");
    let gone = boss.press(&cancel.with(&[("reason_en", "Snow")])).await.ok(200);
    assert!(gone.main().contains("1 bookings were cancelled"), "{}", gone.main());
    let open = boss.press(&gone.form(&format!("{}/open", gone.at))).await.ok(200);
    assert_eq!(closed().await.unwrap(), 0, "{}", open.main());
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn pages_of_clinics_are_for_administrators_in_both_languages() {
    let (app, made, mut boss) = setting().await;
    let mut staff = app.staff_browser(2, Some(made.clinics[0])).await;
    for language in LANGUAGES {
        let clinic = format!("/{language}/admin/clinics/{}", made.clinics[0]);
        let day = made.slot(0, 1, 0).on_date;
        for path in [
            format!("/{language}/admin/clinics"),
            clinic.clone(),
            format!("/{language}/admin/clinics/new"),
            format!("{clinic}/correct"),
            format!("{clinic}/hours"),
            format!("{clinic}/closures"),
            format!("{clinic}/closures/{day}"),
        ] {
            let page = boss.get(&path).await.ok(200);
            assert_eq!(faults(&page.text), [""; 0], "{path}");
            staff.get(&path).await.ok(403);
        }
    }
    boss.get("/en/admin/clinics/999").await.ok(404);
}

#[tokio::test]
async fn who_lost_a_time_by_other_hours_waits_on_the_first_page_until_told() {
    let (app, made, mut boss) = setting().await;
    let slot = made.slot(0, 2, 0);
    let id = Uuid::now_v7();
    app.citizen(&made.people[0]).put_booking(id, &made.booking(slot)).await.ok(201);
    let day = at(&made, &format!("/closures/{}", slot.on_date));
    let start = boss.get("/en/admin").await.ok(200);
    assert!(!start.main().contains(&day), "the control");
    let path = at(&made, "/hours");
    let mut form = boss.get(&path).await.ok(200).form(&path);
    // Every day of the week, so that the day is among them; late in the evening alone.
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    form.fields.retain(|(name, _)| !days.contains(&name.as_str()));
    form.fields.extend(days.map(|day| (day.to_owned(), "yes".to_owned())));
    let date = slot.on_date.to_string();
    let form = form.with(&[
        ("from_date", date.as_str()),
        ("to_date", date.as_str()),
        ("opens", "22:00"),
        ("closes", "23:00"),
        ("breaks", ""),
    ]);
    let seen = boss.submit(&form).await.ok(200);
    let back = boss.submit(&seen.form(&path).by_button("again")).await.ok(200);
    assert_eq!(back.form(&path).value("opens"), "22:00", "what was typed is there to change");
    boss.press(&seen.form(&path).by_button("save")).await.ok(200);
    let start = boss.get("/en/admin").await.ok(200);
    assert!(start.main().contains(&day), "{}", start.main());
    let clinic = boss.get(&at(&made, "")).await.ok(200);
    assert!(clinic.main().contains(&day), "the day leads there too: {}", clinic.main());
    let list = boss.get(&day).await.ok(200);
    assert!(list.main().contains(&made.people[0].name), "{}", list.main());
    let tick = list.form(&format!("{day}/tick")).with(&[(&format!("told-{id}"), "phone")]);
    boss.press(&tick).await.ok(200);
    let start = boss.get("/en/admin").await.ok(200);
    assert!(!start.main().contains(&day), "told: {}", start.main());
}
