//! Campaigns as the public reads them: what can be booked, and by whom.

use serde_json::json;

use crate::support::{TestApp, World, make};

#[tokio::test]
async fn a_campaign_says_who_may_book_what_and_when() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let sql = format!(
        "insert into roster (code, name) values ('health', 'Health workers');
         insert into cohort (campaign_id, name, roster_id, region_id, born_to, since_version)
         select {0}, 'health', roster_id, {1}, '2000-01-01', 1 from roster;
         insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version) values
             ({0}, 'second', '{{2,7}}', '2030-01-02', 1),
              ({0}, 'first', '{{1,6}}', '2030-01-01', 1);
         insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version,
             until_version)
         values ({0}, 'of another version', '{{9}}', '2030-01-01', 2, 3)",
        made.campaign_id, made.provinces[0]
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&app.db).await.unwrap();
    app.refresh().await;
    let path = format!("/v1/campaigns/{}", made.campaign_id);
    let campaign = app.public().get(&path).await.ok(200);
    assert_eq!((&campaign["state"], &campaign["zone"]), (&json!("open"), &json!("Asia/Seoul")));
    assert_eq!(campaign["published_quota"], 90);
    assert_eq!(campaign["course"], "COVID-19");
    let words: Vec<_> = campaign["cohorts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cohort| cohort["words"].as_str().unwrap())
        .collect();
    assert_eq!(
        words,
        [
            "Persons born from 1962-01-01 to 1966-12-31.",
            "Persons born on 2000-01-01 or earlier, living in Region P1, on the list \"Health \
             workers\".",
        ]
    );
    assert_eq!(campaign["cohorts"][0]["born_from"], "1962-01-01");
    let tranches = campaign["tranches"].as_array().unwrap();
    assert_eq!(tranches.len(), 2, "only those of the present version");
    assert_eq!(tranches[0]["name"], "first");
    assert_eq!(campaign["products"][0]["code"], "207");
    let list = app.public().get("/v1/campaigns").await.ok(200);
    assert_eq!(list["campaigns"], json!([campaign]));
}

#[tokio::test]
async fn drafts_are_not_listed() {
    let app = TestApp::start().await;
    World::new().state(1).make(&app.db).await;
    app.refresh().await;
    assert_eq!(app.public().get("/v1/campaigns").await.ok(200)["campaigns"], json!([]));
}

#[tokio::test]
async fn a_pause_is_shown_with_its_reason() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let path = format!("/v1/campaigns/{}", made.campaign_id);
    let etag = app.public().get(&path).await.header("etag").to_owned();
    let sql = "update campaign set state = 4, state_reason = 'More doses are on their way.'";
    sqlx::query(sql).execute(&app.db).await.unwrap();
    app.refresh().await;
    let request = app.public().request(reqwest::Method::GET, &path);
    let paused = request.header("if-none-match", &etag).send().await.ok(200);
    assert_eq!(paused["state"], "paused");
    assert_eq!(paused["state_reason"], "More doses are on their way.");
    let supply = app.public().get(&format!("{path}/supply")).await.ok(200);
    assert_eq!(supply["state_reason"], "More doses are on their way.");
}

#[tokio::test]
async fn regions_are_listed_with_the_province_they_lie_in() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let regions = app.public().get("/v1/regions").await.ok(200);
    let regions = regions["regions"].as_array().unwrap();
    assert_eq!(regions.len(), 6);
    let district = regions.iter().find(|region| region["region_id"] == made.districts[2].0);
    assert_eq!(district.unwrap()["parent_id"], made.provinces[1].0);
}
