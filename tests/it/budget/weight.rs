//! What the pages between the question and the booking weigh as they are sent, among as many
//! clinics as a tenth of Korea has. (The first page: tests/web/story/weight.mjs.)

use std::sync::Arc;

use chrono::{TimeDelta, Utc};
use dosebook::{
    db::Db,
    demo::{self, Scale},
    domain::{keys::Keys, session::citizen_token},
};
use reqwest::Client;
use serde_json::json;
use uuid::Uuid;

use crate::{
    demo::{id_of, slot},
    support::{TestApp, app::SECRET, database::TestDatabase},
};

/// Lists depend on the clinics; who is in the register does not matter here.
const SCALE: Scale = Scale { people: 1_000, doses: 80_640, clinics: 1_450 };

/// Of the page in Korean.
const BYTES_MAX: [(&str, usize); 5] = [
    ("the districts", 6_200),
    ("the clinics of a district", 7_800),
    ("the times of a clinic", 2_200),
    ("the check", 1_650),
    ("the booking", 3_000),
];
/// A bound that is further above holds nothing.
const SLACK_PERCENT_MAX: usize = 20;

/// As browsers ask; gives the bytes as they are sent.
async fn weigh(app: &TestApp, cookie: &str, path: &str) -> usize {
    let client = Client::builder().no_proxy().no_gzip().build().unwrap();
    let request = client.get(format!("{}{path}", app.url)).header("cookie", cookie);
    let answer = request.header("accept-encoding", "gzip, deflate, br").send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.bytes().await.unwrap().len()
}

#[tokio::test]
async fn no_page_on_the_way_to_a_booking_weighs_more_than_it_may() {
    let database = TestDatabase::new().await;
    let db = Db::new(database.options.clone(), 2);
    let loaded = demo::load(&db, &Keys::new(&SECRET), SCALE).await.expect("the demonstration");
    db.close().await;
    let app = TestApp::with().start_on(Arc::new(database)).await;
    app.refresh_pages().await;
    let slot_id = slot(&app.db).await;
    let sql = "select on_date::text, (select product_id from campaign_product limit 1),
        (select region_id from clinic group by region_id order by count(*) desc limit 1)
        from slot where slot_id = $1";
    let (day, product, district): (String, i32, i32) =
        sqlx::query_as(sql).bind(slot_id.0).fetch_one(&app.db).await.unwrap();
    let person_id = id_of(&app.db, &loaded.citizens[0]).await;
    let (booking_id, campaign) = (Uuid::now_v7(), loaded.campaign_id);
    let booking = json!({ "campaign_id": campaign, "slot_id": slot_id, "product_id": product });
    app.citizen(person_id).put_booking(booking_id, &booking).await.ok(201);
    let until = Utc::now() + TimeDelta::hours(1);
    let other = id_of(&app.db, &loaded.citizens[1]).await;
    let cookie = |person| format!("__Host-citizen={}", citizen_token(&app.app.keys, person, until));
    let round = format!("/ko/campaigns/{campaign}");
    let paths = [
        format!("{round}/clinics"),
        format!("{round}/clinics?region={district}"),
        format!("{round}/clinics/{}?date={day}", slot_id.clinic()),
        format!("{round}/check?slot={slot_id}&product={product}"),
        format!("/ko/bookings/{booking_id}"),
    ];
    let mut wrong = Vec::new();
    for ((name, bytes_max), path) in BYTES_MAX.into_iter().zip(paths) {
        let whose = if name == "the booking" { person_id } else { other };
        let bytes = weigh(&app, &cookie(whose), &path).await;
        if bytes > bytes_max || bytes * (100 + SLACK_PERCENT_MAX) / 100 < bytes_max {
            wrong.push(format!("{name}: {bytes} bytes, and the bound is {bytes_max}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
