//! Administrators' pages of doses: received, split, a wrong receipt taken back, and seen.

use std::collections::BTreeSet;

use dosebook::domain::language::Language;
use serde_json::json;

use super::{LANGUAGES, faults, grouped};
use crate::{
    overload::{answers, ask_all, hold_lane},
    support::{Browser, Made, TestApp, World, until},
};

async fn setting() -> (TestApp, Made, Browser) {
    let app = TestApp::start().await;
    let made = World::new().clinics(6).doses(20).people(30).seats(30).make(&app.db).await;
    app.refresh().await;
    let boss = app.staff_browser(3, None).await;
    (app, made, boss)
}

fn nation(made: &Made, press: &str) -> String {
    format!("/en/admin/pools/{}{press}", made.nation)
}

async fn open_in(app: &TestApp, made: &Made) -> i64 {
    let admin = app.admin().await;
    let path = format!("/v1/admin/pools?campaign_id={}", made.campaign_id);
    let pools = admin.get(&path).await.ok(200);
    let pools = pools["pools"].as_array().unwrap();
    let nation = pools.iter().find(|pool| pool["pool_id"] == json!(made.nation)).unwrap();
    nation["open"].as_i64().unwrap()
}

async fn receive(boss: &mut Browser, made: &Made, doses: &str) -> crate::support::Page {
    let at = nation(made, "/receive");
    let page = boss.open(&at).await.ok(200);
    let form = page.form(&at).with(&[("doses", doses), ("reason", "Delivery of Monday")]);
    boss.press(&form).await
}

#[tokio::test]
async fn a_delivery_is_received_once_and_a_wrong_one_is_taken_back() {
    let (app, made, mut boss) = setting().await;
    let at = nation(&made, "/receive");
    let page = boss.open(&at).await.ok(200);
    let form = page.form(&at).with(&[("doses", "1,230"), ("reason", "Delivery of Monday")]);
    let done = boss.press(&form).await.ok(200);
    assert!(done.main().contains("1,230 doses were received."), "{}", done.main());
    assert_eq!(done.at, nation(&made, ""));
    boss.press(&form).await.ok(200);
    assert_eq!(open_in(&app, &made).await, 1_230, "the same press is done once");

    receive(&mut boss, &made, "500").await.ok(200);
    let page = boss.open(&nation(&made, "")).await.ok(200);
    let mut links = page.text.split("href=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0);
    let line = links.find(|href| href.contains("/lines/")).expect("the newest line");
    let line = line.to_owned();
    let page = boss.open(&line).await.ok(200);
    let form = page.form(&line);
    assert_eq!(form.value("doses"), "500", "all that is left of it");
    let refused = boss.submit(&form).await.ok(422);
    assert_eq!(refused.errors().len(), 1, "a reason is needed: {:?}", refused.errors());
    let done = boss.press(&form.with(&[("reason", "Typed twice")])).await.ok(200);
    assert!(done.main().contains("500 doses were taken back"), "{}", done.main());
    assert_eq!(open_in(&app, &made).await, 1_230);
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn what_cannot_be_is_said_beside_the_field_and_moves_nothing() {
    let (app, made, mut boss) = setting().await;
    for (doses, said) in [("15", "whole vials"), ("many", "whole number"), ("", "whole number")] {
        let page = receive(&mut boss, &made, doses).await.ok(422);
        let errors = page.errors();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert_eq!(errors[0].0, "doses");
        assert!(errors[0].1.contains(said) || doses == "15", "{errors:?}");
        let kept = page.form(&nation(&made, "/receive"));
        assert_eq!((kept.value("doses"), kept.value("reason")), (doses, "Delivery of Monday"));
    }
    let at = nation(&made, "/lose");
    let page = boss.open(&at).await.ok(200);
    let form = page.form(&at).with(&[("doses", "10"), ("reason", "Broken")]);
    let refused = boss.press(&form).await.ok(422);
    assert_eq!(refused.errors().len(), 1, "nothing is there");
    assert_eq!(open_in(&app, &made).await, 0);
}

#[tokio::test]
async fn a_pool_is_split_as_its_preview_said() {
    let (app, made, mut boss) = setting().await;
    receive(&mut boss, &made, "1,230").await.ok(200);
    let at = nation(&made, "/split");
    let page = boss.open(&at).await.ok(200);
    let form = page.form(&at).with(&[("over", "clinics"), ("by", "population")]);
    let seen = boss.submit(&form).await.ok(200);
    assert!(seen.main().contains("will have no seat"), "{}", seen.main());
    assert!(seen.main().contains("<caption id=\"shares\">"), "{}", seen.main());
    assert_eq!(faults(&seen.text), [""; 0]);
    assert_eq!(open_in(&app, &made).await, 1_230, "a preview moves nothing");

    let file = boss.submit(&seen.form(&at).by_button("file")).await.ok(200);
    assert!(file.header("content-disposition").contains(".csv"));
    let rows = file.text.lines().skip(1).map(|row| row.split(',').nth(4).unwrap());
    assert_eq!(rows.map(|doses| doses.parse::<i64>().unwrap()).sum::<i64>(), 1_230);

    let without = boss.submit(&seen.form(&at).by_button("carry_out")).await.ok(422);
    assert_eq!(without.errors()[0].0, "reason", "{:?}", without.errors());
    let meant = without.form(&at).with(&[("reason", "The night before")]).by_button("carry_out");
    let done = boss.press(&meant).await.ok(200);
    assert!(done.main().contains("1,230 doses were split"), "{}", done.main());
    assert_eq!(open_in(&app, &made).await, 0);
    boss.press(&meant).await.ok(200);
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
    the_pool_says_where_its_doses_went(&app, &made, &mut boss).await;
}

/// Each line names the clinic and the day, in the language of the page, and leads there.
async fn the_pool_says_where_its_doses_went(app: &TestApp, made: &Made, boss: &mut Browser) {
    let renamed = "update clinic set name_en = 'Clinic ' || code, name_ko = code || '의원'";
    sqlx::query(renamed).execute(&app.db).await.unwrap();
    let granted = "select m.from_pool_id, a.clinic_id, c.name_en, c.name_ko, a.on_date, m.doses
        from movement m join allocation a using (allocation_id) join clinic c using (clinic_id)
        where m.reason = $1 order by m.from_pool_id, m.id";
    type Line = (i32, i32, String, String, chrono::NaiveDate, i32);
    let granted = sqlx::query_as::<_, Line>(granted).bind("The night before");
    let granted = granted.fetch_all(&app.db).await.unwrap();
    let clinics: BTreeSet<_> = granted.iter().map(|line| line.1).collect();
    assert_eq!(clinics.len(), made.clinics.len(), "{granted:?}");
    for (pool, clinic, in_english, in_korean, on, doses) in granted {
        for (language, tag, name) in
            [(Language::English, "en", &in_english), (Language::Korean, "ko", &in_korean)]
        {
            let page = boss.open(&format!("/{tag}/admin/pools/{pool}")).await.ok(200);
            let day = dosebook::words::date(language, on);
            let link = format!("<a href=\"/{tag}/admin/clinics/{clinic}\">{name}, {day}</a>");
            let mut rows = page.main().split("<tr>").filter(|row| row.contains(&link));
            let doses = format!("−{}", grouped(doses.into()));
            assert!(rows.any(|row| row.contains(&doses)), "{link} {doses}: {}", page.main());
        }
    }
}

#[tokio::test]
async fn a_press_whose_answer_was_lost_is_in_the_way_of_no_other() {
    let (app, made, mut boss) = setting().await;
    let at = nation(&made, "/receive");
    let form = boss.open(&at).await.ok(200).form(&at);
    let form = form.with(&[("doses", "1,000"), ("reason", "Delivery of Monday")]);
    // Its answer is lost: nobody looks at it.
    boss.submit(&form).await.ok(303);
    let told = boss.submit(&form.clone().with(&[("doses", "200")])).await.ok(422);
    let earlier = "Your earlier press was done";
    assert!(told.errors()[0].1.contains(earlier), "{:?}", told.errors());
    assert_eq!(open_in(&app, &made).await, 1_000, "nothing more is done unseen");
    let again = told.form(&at);
    assert_eq!(again.value("doses"), "200", "what was typed stays");
    assert_ne!(again.value("key"), form.value("key"));
    boss.submit(&again).await.ok(303);
    assert_eq!(open_in(&app, &made).await, 1_200);
    for same in [&form, &again] {
        boss.submit(same).await.ok(303);
    }
    assert_eq!(open_in(&app, &made).await, 1_200, "the control: each once");

    let at = nation(&made, "/split");
    let form = boss.open(&at).await.ok(200).form(&at);
    let form = form.with(&[("over", "regions"), ("by", "equal"), ("doses", "500")]);
    let seen = boss.submit(&form).await.ok(200);
    let meant = seen.form(&at).with(&[("reason", "The first")]).by_button("carry_out");
    boss.submit(&meant).await.ok(303);
    assert_eq!(open_in(&app, &made).await, 700);
    let told = boss.submit(&meant.clone().with(&[("reason", "The second")])).await.ok(422);
    assert!(told.errors()[0].1.contains(earlier), "{:?}", told.errors());
    let again = told.form(&at).by_button("carry_out");
    assert_ne!(again.value("key"), meant.value("key"));
    boss.submit(&again).await.ok(303);
    assert_eq!(open_in(&app, &made).await, 200);
}

#[tokio::test]
async fn a_preview_that_is_out_of_date_is_shown_anew() {
    let (app, made, mut boss) = setting().await;
    receive(&mut boss, &made, "1,000").await.ok(200);
    let at = nation(&made, "/split");
    let page = boss.open(&at).await.ok(200);
    let form = page.form(&at).with(&[("over", "regions"), ("by", "equal"), ("doses", "500")]);
    let seen = boss.submit(&form).await.ok(200);
    receive(&mut boss, &made, "10").await.ok(200);
    let meant = seen.form(&at).with(&[("reason", "x")]).by_button("carry_out");
    let stale = boss.submit(&meant).await.ok(422);
    assert!(stale.errors()[0].1.contains("changed since its preview"), "{:?}", stale.errors());
    assert_eq!(open_in(&app, &made).await, 1_010, "nothing was moved");
    let meant = stale.form(&at).with(&[("reason", "x")]).by_button("carry_out");
    boss.press(&meant).await.ok(200);
    assert_eq!(open_in(&app, &made).await, 510, "the control");
}

#[tokio::test]
async fn supply_is_seen_in_pictures_with_tables_and_as_files() {
    let (app, made, mut boss) = setting().await;
    let named = "update region set name = '=1+1' where parent_id is null";
    sqlx::query(named).execute(&app.db).await.unwrap();
    sqlx::query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
    app.refresh().await;
    let page = boss.open("/en/admin/supply").await.ok(200);
    let main = page.main();
    assert!(main.contains("class=\"plot\"") && main.contains("class=\"map\""), "{main}");
    for id in ["days", "regions", "clinics"] {
        assert!(main.contains(&format!("<caption id=\"{id}\">")), "{id}: {main}");
    }
    assert!(main.contains(&grouped(6 * 4 * 20)), "{main}");
    for (file, rows) in [("days", 4), ("regions", made.provinces.len() + made.districts.len())] {
        let path = format!("/en/admin/supply/{}/{file}.csv", made.campaign_id);
        let file = boss.get(&path).await.ok(200);
        assert_eq!(file.text.lines().count(), rows + 1, "{}", file.text);
        assert!(!file.text.contains(",=1+1"), "no cell is a formula: {}", file.text);
        assert!(path.contains("days") || file.text.contains(",'=1+1"), "{}", file.text);
    }
}

#[tokio::test]
async fn pages_of_doses_are_for_administrators_in_both_languages() {
    let (app, made, mut boss) = setting().await;
    let mut staff = app.staff_browser(2, Some(made.clinics[0])).await;
    for language in LANGUAGES {
        let pool = format!("/{language}/admin/pools/{}", made.nation);
        for path in [
            format!("/{language}/admin/pools"),
            format!("/{language}/admin/pools/new?campaign={}", made.campaign_id),
            pool.clone(),
            format!("{pool}/receive"),
            format!("{pool}/transfer"),
            format!("{pool}/lose"),
            format!("{pool}/below"),
            format!("{pool}/split"),
            format!("/{language}/admin/supply"),
        ] {
            let page = boss.get(&path).await.ok(200);
            assert_eq!(faults(&page.text), [""; 0], "{path}");
            assert!(page.text.contains(&format!("<html lang=\"{language}\"")), "{path}");
            staff.get(&path).await.ok(403);
        }
    }
    boss.get("/en/admin/pools/999").await.ok(404);
}

#[tokio::test]
async fn while_many_book_supply_is_shown_and_no_shows_are_not_counted() {
    let (app, proxy) = TestApp::with().lanes(1).batch(1).wait_ms(1).start_behind_proxy().await;
    let made = World::new().people(45).seats(100).doses(100).make(&app.db).await;
    app.refresh().await;
    let mut boss = app.staff_browser(3, None).await;
    let page = boss.open("/en/admin/supply").await.ok(200);
    assert!(!page.main().contains("No-shows are not counted"), "the control");
    let mut asked = hold_lane(&app, &proxy, &made).await;
    asked.extend(ask_all(&app, &made, 1..45));
    until(|| app.app.metrics.lanes.queued.get() == 44).await;
    let busy = boss.open("/en/admin/supply").await.ok(200);
    assert!(busy.main().contains("No-shows are not counted at this moment"), "{}", busy.main());
    assert!(busy.main().contains("class=\"plot\""), "what is in memory is shown");
    assert_eq!(faults(&busy.text), [""; 0]);
    let file = format!("/en/admin/supply/{}/regions.csv", made.campaign_id);
    boss.open(&file).await.ok(503);
    proxy.resume();
    answers(asked).await;
}
