//! The supply: correct, balanced, and cheap to read.

use std::io::Read;

use dosebook::{board::Board, db::Db};
use reqwest::header::{ACCEPT_ENCODING, IF_NONE_MATCH};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, World, make};

const PARTS: [&str; 6] = ["open", "held", "booked", "spare", "given", "lost"];

/// Panics unless `granted` is the sum of the others.
#[track_caller]
fn balanced(doses: &Value) {
    let parts: i64 = PARTS.iter().map(|part| doses[part].as_i64().expect("a number")).sum();
    assert_eq!(doses["granted"], parts, "{doses}");
}

#[track_caller]
fn all_balanced(supply: &Value) {
    balanced(&supply["totals"]);
    for list in ["by_region", "by_day"] {
        supply[list].as_array().unwrap().iter().for_each(balanced);
    }
    let of = |list: &str, part: &str, is_in: fn(&Value) -> bool| -> i64 {
        let lines = supply[list].as_array().unwrap().iter().filter(|line| is_in(line));
        lines.map(|line| line[part].as_i64().unwrap()).sum()
    };
    for part in PARTS {
        assert_eq!(supply["totals"][part], of("by_day", part, |_| true), "{part}");
        let provinces = of("by_region", part, |line| line["parent_id"].is_null());
        assert_eq!(supply["totals"][part], provinces, "{part}");
    }
}

#[tokio::test]
async fn the_supply_is_public_and_complete() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/supply", made.campaign_id);
    let supply = app.public().get(&path).await.ok(200);
    all_balanced(&supply);
    // Three clinics, four days, seven doses; received in vials of ten.
    assert_eq!(supply["totals"]["granted"], 84);
    assert_eq!(supply["held_back"], 90 - 84);
    assert_eq!(supply["published_quota"], 90);
    assert_eq!(supply["state"], "open");
    assert_eq!(supply["eligible"], 20);
    assert_eq!(supply["not_yet_booked"], 20);
    assert_eq!(supply["by_day"].as_array().unwrap().len(), 4);
    let lines = supply["by_region"].as_array().unwrap();
    let province = lines.iter().find(|line| line["region_id"] == made.provinces[0].0).unwrap();
    // Of twenty persons, who live in four districts by turns, ten live in the first province.
    assert_eq!(province["eligible"], 10);
    assert_eq!(province["granted"], 56, "two of the three clinics");
}

#[tokio::test]
async fn a_booking_is_seen_to_leave_and_to_return() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/supply", made.campaign_id);
    let supply = async || {
        app.tick().await;
        let supply = app.public().get(&path).await.ok(200);
        all_balanced(&supply);
        supply
    };
    let before = supply().await;
    let (citizen, id) = (app.citizen(&made.people[0]), Uuid::now_v7());
    citizen.put_booking(id, &made.booking(made.slot(0, 4, 0))).await.ok(201);
    let booked = supply().await;
    assert_eq!((&booked["totals"]["open"], &booked["totals"]["booked"]), (&json!(83), &json!(1)));
    assert_eq!(booked["not_yet_booked"], 19);
    assert_eq!(booked["version"].as_i64(), before["version"].as_i64().map(|lines| lines + 1));
    citizen.delete_booking(id).await.ok(200);
    let cancelled = supply().await;
    assert_eq!(cancelled["totals"], before["totals"]);
    assert_eq!(cancelled["version"].as_i64(), before["version"].as_i64().map(|lines| lines + 2));
}

#[tokio::test]
async fn every_answer_balances_while_bookings_come_in() {
    let app = TestApp::start().await;
    let made = World::new().people(60).doses(20).make(&app.db).await;
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/supply", made.campaign_id);
    let bookings = (0..60).map(|n| {
        let (citizen, body) = (app.citizen(&made.people[n]), made.booking(made.slot(n % 3, 4, 0)));
        async move { citizen.put_booking(Uuid::now_v7(), &body).await.status == 201 }
    });
    let bookings = futures_util::future::join_all(bookings);
    let readings = async {
        let mut versions = Vec::new();
        for _ in 0..40 {
            app.tick().await;
            let supply = app.public().get(&path).await.ok(200);
            all_balanced(&supply);
            versions.push(supply["version"].as_i64().unwrap());
        }
        versions
    };
    let (booked, versions) = futures_util::future::join(bookings, readings).await;
    assert!(versions.is_sorted(), "it never goes back: {versions:?}");
    app.tick().await;
    let supply = app.public().get(&path).await.ok(200);
    let booked = booked.into_iter().filter(|&is_booked| is_booked).count();
    assert_eq!(supply["totals"]["booked"], booked);
    assert_eq!(booked, 30, "ten seats at each of three clinics");
}

#[tokio::test]
async fn what_is_not_counted_is_not_zero() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    // A board that nobody counts for.
    let board = Board::open(Db::new(app.database.options.clone(), 2)).await.unwrap();
    let supply = &board.now().supplies[&made.campaign_id].supply;
    assert_eq!((supply.eligible, supply.not_yet_booked), (None, None));
    assert!(supply.by_region.iter().all(|region| region.eligible.is_none()));
    board.count_eligible().await.unwrap();
    assert_eq!(board.now().supplies[&made.campaign_id].supply.eligible, Some(20), "the control");
}

#[tokio::test]
async fn eligible_is_who_is_in_a_cohort_of_the_present_rules() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/supply", made.campaign_id);
    // The rules change: one district, whatever the age, and those born in 1962 wherever they live.
    let sql = format!(
        "update cohort set until_version = 2;
         insert into cohort (campaign_id, name, region_id, since_version) values ({0}, 'a', {1}, 2);
         insert into cohort (campaign_id, name, born_from, born_to, since_version)
         values ({0}, 'b', '1962-01-01', '1962-02-01', 2);
         update campaign set rule_version = 2; update catalogue set revision = revision + 1",
        made.campaign_id, made.districts[0],
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&app.db).await.unwrap();
    let district = made.districts[0];
    let until = chrono::NaiveDate::from_ymd_opt(1962, 2, 1).unwrap();
    let expected = made
        .people
        .iter()
        .filter(|person| person.region_id == district || person.birth_date <= until)
        .count();
    app.refresh().await;
    let supply = app.public().get(&path).await.ok(200);
    assert_eq!(supply["eligible"], expected);
    assert!(expected > 5 && expected < 20, "the control: both cohorts have someone: {expected}");
}

#[tokio::test]
async fn a_client_that_has_the_answer_is_told_so() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/supply", made.campaign_id);
    let ask = async |tags: &str| {
        let request = app.public().request(reqwest::Method::GET, &path);
        request.header("if-none-match", tags).send().await
    };
    let forms: [fn(&str) -> String; 4] = [
        |etag| etag.to_owned(),
        |etag| format!("W/{etag}"),
        |etag| format!("\"x\", {etag}"),
        |_| "*".to_owned(),
    ];
    for form in forms {
        // Every five seconds the answer becomes older; it will not do so every time.
        let mut again = None;
        for _ in 0..3 {
            let first = app.public().get(&path).await;
            let etag = first.header("etag").to_owned();
            assert!(etag.starts_with('"') && etag.ends_with('"'), "strong: {etag}");
            assert_eq!(first.header("vary"), "Accept-Encoding");
            let answer = ask(&form(&etag)).await;
            if answer.status == 304 {
                assert_eq!((answer.header("etag"), answer.bytes.len()), (etag.as_str(), 0));
                let cache = "public, max-age=1, stale-while-revalidate=10";
                assert_eq!(
                    [first.header("cache-control"), answer.header("cache-control")],
                    [cache; 2]
                );
                again = Some(answer);
            }
        }
        assert!(again.is_some(), "{}", form("\"tag\""));
    }
    let etag = app.public().get(&path).await.header("etag").to_owned();
    assert_eq!(ask("\"something else\"").await.status, 200, "the control");
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(Uuid::now_v7(), &made.booking(made.slot(0, 1, 0))).await.ok(201);
    app.tick().await;
    let changed = ask(&etag).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.header("etag"), etag);
}

#[tokio::test]
async fn every_coding_says_the_same_under_its_own_tag() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let url = format!("{}/v1/campaigns/{}/supply", app.url, made.campaign_id);
    let http = reqwest::Client::builder().no_proxy().no_gzip().build().unwrap();
    let mut tags = Vec::new();
    let mut bodies = Vec::new();
    for (accepted, coding) in [("identity", None), ("gzip", Some("gzip")), ("br", Some("br"))] {
        let answer = http.get(&url).header(ACCEPT_ENCODING, accepted).send().await.unwrap();
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-encoding").as_deref(), coding);
        assert_eq!(header("content-type").as_deref(), Some("application/json"));
        tags.push(header("etag").unwrap());
        let bytes = answer.bytes().await.unwrap();
        let mut body = Vec::new();
        match coding {
            Some("gzip") => flate2::read::GzDecoder::new(&*bytes).read_to_end(&mut body),
            Some(_) => brotli::Decompressor::new(&*bytes, 4096).read_to_end(&mut body),
            None => (&*bytes).read_to_end(&mut body),
        }
        .unwrap();
        // Between two requests the picture may have become a second older.
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        body["as_of"] = Value::Null;
        bodies.push(body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert!(tags[0] != tags[1] && tags[1] != tags[2], "{tags:?}");
    let request = http.get(&url).header(ACCEPT_ENCODING, "gzip").header(IF_NONE_MATCH, &tags[2]);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status().as_u16(), 200, "another coding's tag is another tag");
}

#[tokio::test]
async fn a_draft_is_not_there() {
    let app = TestApp::start().await;
    let made = World::new().state(1).make(&app.db).await;
    app.refresh().await;
    for path in ["", "/supply", "/supply/history", "/clinics"] {
        let path = format!("/v1/campaigns/{}{path}", made.campaign_id);
        app.public().get(&path).await.problem(404, "not_found");
        app.public()
            .get(&path.replace("campaigns/", "campaigns/99"))
            .await
            .problem(404, "not_found");
    }
    app.public().get("/v1/campaigns/one/supply").await.problem(404, "not_found");
    app.public().get("/v1/campaigns/-1/supply").await.problem(404, "not_found");
    let sql = "update campaign set state = 2, published_quota = 10, published_at = now()";
    sqlx::query(sql).execute(&app.db).await.unwrap();
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/supply", made.campaign_id);
    assert_eq!(app.public().get(&path).await.ok(200)["state"], "published", "the control");
}

#[tokio::test]
async fn the_history_of_the_limit_is_read_page_by_page() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    for n in 0..5 {
        sqlx::query(
            "insert into supply_history (campaign_id, event, doses, reason)
             values ($1, 'granted', $2, 'reason ' || $2)",
        )
        .bind(made.campaign_id.0)
        .bind(n)
        .execute(&app.db)
        .await
        .unwrap();
    }
    let path = format!("/v1/campaigns/{}/supply/history", made.campaign_id);
    let all = app.public().get(&path).await.ok(200);
    let entries = all["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 7);
    assert_eq!(
        (&entries[0]["event"], &entries[6]["reason"]),
        (&json!("published"), &json!("reason 4"))
    );
    assert!(all["next_after"].is_null());
    let mut pages = Vec::new();
    let mut after = json!(0);
    while !after.is_null() {
        let page = app.public().get(&format!("{path}?limit=3&after={after}")).await.ok(200);
        pages.extend(page["entries"].as_array().unwrap().clone());
        after = page["next_after"].clone();
    }
    assert_eq!(&pages, entries);
    app.public().get(&format!("{path}?limit=0")).await.blames(422, "invalid_field", "limit");
    app.public().get(&format!("{path}?limit=501")).await.blames(422, "invalid_field", "limit");
    app.public().get(&format!("{path}?after=x")).await.blames(422, "invalid_field", "after");
    app.public().get(&format!("{path}?page=2")).await.blames(422, "unknown_field", "page");
    let etag = app.public().get(&path).await.header("etag").to_owned();
    let request = app.public().request(reqwest::Method::GET, &path);
    assert_eq!(request.header("if-none-match", &etag).send().await.status, 304);
}

#[tokio::test]
async fn without_the_database_the_last_picture_stays() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/supply", made.campaign_id);
    let before = app.public().get(&path).await.ok(200);
    app.public().get("/readyz").await.ok(200);
    app.app.db.close().await;
    assert!(app.app.board.tick().await.is_err());
    app.public().get("/readyz").await.problem(503, "unavailable");
    let after = app.public().get(&path).await.ok(200);
    assert_eq!(after["totals"], before["totals"]);
    let clinics = format!("/v1/campaigns/{}/clinics", made.campaign_id);
    app.public().get(&clinics).await.ok(200);
}
