//! The search for clinics with open doses: by region, date and distance.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Made, TestApp, World, make};

fn ids(list: &Value) -> Vec<i64> {
    let clinics = list["clinics"].as_array().unwrap();
    clinics.iter().map(|clinic| clinic["clinic_id"].as_i64().unwrap()).collect()
}

fn of(made: &Made, places: &[usize]) -> Vec<i64> {
    places.iter().map(|&place| i64::from(made.clinics[place].0)).collect()
}

async fn start(world: World) -> (TestApp, Made, String) {
    let app = TestApp::start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/clinics", made.campaign_id);
    (app, made, path)
}

#[tokio::test]
async fn every_day_says_how_many_can_be_booked() {
    let (app, made, path) = start(World::new()).await;
    let citizen = app.citizen(&made.people[0]);
    let (slot, id) = (made.slot(0, 4, 0), Uuid::now_v7());
    citizen.put_booking(id, &made.booking(slot)).await.ok(201);
    app.tick().await;
    let list = app.public().get(&path).await.ok(200);
    let clinic = &list["clinics"][0];
    assert_eq!(clinic["name"], "Clinic 1");
    assert!(clinic.get("distance_km").is_none(), "nobody asked");
    let days = clinic["days"].as_array().unwrap();
    assert_eq!(days.len(), 4);
    // Seven doses, two slots of ten seats.
    assert_eq!(
        days[3],
        json!({ "date": slot.on_date, "open": 6, "seats_left": 19, "bookable": 6 })
    );
    assert_eq!(days[2]["open"], 7);
    citizen.delete_booking(id).await.ok(200);
    app.tick().await;
    let list = app.public().get(&path).await.ok(200);
    assert_eq!(list["clinics"][0]["days"][3]["open"], 7);
    assert_eq!(list["clinics"][0]["days"][3]["seats_left"], 20);
}

#[tokio::test]
async fn seats_bind_where_they_are_fewer() {
    let (app, _, path) = start(World::new().seats(2)).await;
    let list = app.public().get(&path).await.ok(200);
    assert_eq!(list["clinics"][0]["days"][0]["bookable"], 4);
}

#[tokio::test]
async fn a_province_includes_its_districts() {
    let (app, made, path) = start(World::new().clinics(5)).await;
    let list = async |query: String| app.public().get(&format!("{path}?{query}")).await.ok(200);
    let in_region = async |id: i32| ids(&list(format!("region={id}")).await);
    assert_eq!(in_region(made.districts[0].0).await, of(&made, &[0, 4]));
    assert_eq!(in_region(made.provinces[0].0).await, of(&made, &[0, 1, 4]));
    assert_eq!(in_region(made.provinces[1].0).await, of(&made, &[2, 3]));
    assert_eq!(ids(&list(String::new()).await), of(&made, &[0, 1, 2, 3, 4]));
}

#[tokio::test]
async fn a_date_leaves_that_date() {
    let (app, made, path) = start(World::new()).await;
    let date = made.allocation(0, 2).on_date;
    let list = app.public().get(&format!("{path}?date={date}")).await.ok(200);
    assert_eq!(ids(&list).len(), 3);
    for clinic in list["clinics"].as_array().unwrap() {
        let days = clinic["days"].as_array().unwrap();
        assert_eq!((days.len(), &days[0]["date"]), (1, &json!(date)));
    }
    let later = made.allocation(0, 4).on_date + chrono::Days::new(1);
    let none = app.public().get(&format!("{path}?date={later}")).await.ok(200);
    assert_eq!(none["clinics"], json!([]));
}

#[tokio::test]
async fn past_days_are_not_offered() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    // The whole world as it will be looked at three days later: two days are over.
    let sql = "update slot set on_date = on_date - 3, starts_at = starts_at - interval '3 days',
                   ends_at = ends_at - interval '3 days';
               update allocation set on_date = on_date - 3";
    sqlx::raw_sql(sql).execute(&app.db).await.unwrap();
    app.refresh().await;
    let path = format!("/v1/campaigns/{}/clinics", made.campaign_id);
    let list = app.public().get(&path).await.ok(200);
    let days = list["clinics"][0]["days"].as_array().unwrap();
    assert_eq!(days.len(), 2, "today and tomorrow: {days:?}");
    let yesterday = made.allocation(0, 2).on_date - chrono::Days::new(3);
    let list = app.public().get(&format!("{path}?date={yesterday}")).await.ok(200);
    assert_eq!(list["clinics"], json!([]));
}

#[tokio::test]
async fn the_nearest_come_first_and_pages_go_on_from_there() {
    let (app, made, path) = start(World::new().clinics(7)).await;
    // Clinic n lies at (37.50 + n/100, 127.00 + n/100); the last one's place is not known.
    let sql = "update clinic set latitude = null, longitude = null where code = 'C7'";
    sqlx::query(sql).execute(&app.db).await.unwrap();
    app.refresh().await;
    let near = "near=37.5410,127.0410";
    let list = app.public().get(&format!("{path}?{near}")).await.ok(200);
    assert_eq!(ids(&list), of(&made, &[3, 4, 2, 5, 1, 0, 6]));
    let distances: Vec<_> =
        list["clinics"].as_array().unwrap().iter().map(|c| c["distance_km"].as_f64()).collect();
    assert!(distances[0].unwrap() < 0.2 && distances[5].unwrap() > 4.0, "{distances:?}");
    assert!(distances[..6].is_sorted());
    assert_eq!(distances[6], None, "not known is not 0");
    let mut pages = Vec::new();
    let mut next = String::new();
    loop {
        let page = app.public().get(&format!("{path}?{near}&limit=3{next}")).await.ok(200);
        pages.extend(ids(&page));
        match page["next_after"].as_i64() {
            Some(after) => next = format!("&after={after}"),
            None => break,
        }
    }
    assert_eq!(pages, ids(&list));
    let page = app.public().get(&format!("{path}?limit=2")).await.ok(200);
    assert_eq!((ids(&page), &page["next_after"]), (of(&made, &[0, 1]), &json!(made.clinics[1])));
}

#[tokio::test]
async fn what_cannot_be_asked_names_the_field() {
    let (app, _, path) = start(World::new()).await;
    for (query, field) in [
        ("region=99999", "region"),
        ("region=Seoul", "region"),
        ("date=2021-02-30", "date"),
        ("date=tomorrow", "date"),
        ("near=37.5", "near"),
        ("near=95,127", "near"),
        ("near=NaN,1", "near"),
        ("near=37.5,127,3", "near"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=-1", "limit"),
        ("after=99999", "after"),
    ] {
        let answer = app.public().get(&format!("{path}?{query}")).await;
        answer.blames(422, "invalid_field", field);
    }
    app.public().get(&format!("{path}?radius=3")).await.blames(422, "unknown_field", "radius");
    app.public().get(&format!("{path}?limit=500")).await.ok(200);
}

#[tokio::test]
async fn a_list_that_did_not_change_is_not_sent_again() {
    let (app, made, path) = start(World::new()).await;
    let get = async |path: &str, tag: &str| {
        let request = app.public().request(reqwest::Method::GET, path);
        request.header("if-none-match", tag).send().await
    };
    // The picture may become older between two requests, but not twice within five seconds.
    let mut is_known = false;
    for _ in 0..3 {
        let etag = app.public().get(&path).await.header("etag").to_owned();
        is_known |= get(&path, &etag).await.status == 304;
    }
    assert!(is_known);
    let etag = app.public().get(&path).await.header("etag").to_owned();
    assert_eq!(get(&format!("{path}?limit=2"), &etag).await.status, 200, "another question");
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(Uuid::now_v7(), &made.booking(made.slot(0, 4, 0))).await.ok(201);
    app.tick().await;
    assert_eq!(get(&path, &etag).await.status, 200, "another answer");
}
