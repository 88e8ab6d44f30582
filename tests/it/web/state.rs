//! Where a round is, as its pages say it: announced, open, none free, sold out, paused, ended; each
//! with its reason, in both languages.

use chrono::TimeDelta;
use serde_json::json;
use uuid::Uuid;

use super::{attributes, inside};
use crate::support::{Made, TestApp, World};

/// The landing pages in English and Korean, after the board was read anew.
async fn landings(app: &TestApp) -> (String, String) {
    app.refresh_pages().await;
    (app.public().get("/en").await.text(), app.public().get("/ko").await.text())
}

/// The words of the round's state.
fn tag(html: &str) -> &str {
    let tag = inside(html, "<strong class=\"tag", "</strong>").expect("a state");
    tag.split_once('>').expect("its word").1
}

fn has_choice_of_place(html: &str, made: &Made) -> bool {
    html.contains(&format!("/sign-in?next=%2Fcampaigns%2F{}%2Fclinics\"", made.campaign_id))
}

#[tokio::test]
async fn before_the_opening_the_page_says_when_and_counts_down() {
    let app = TestApp::start().await;
    let made = World::new().opens_in(TimeDelta::days(2)).state(2).make(&app.db).await;
    let (english, korean) = landings(&app).await;
    assert_eq!((tag(&english), tag(&korean)), ("Announced", "예약 예정"));
    let campaign = app.public().get(&format!("/v1/campaigns/{}", made.campaign_id)).await.ok(200);
    let opens_at: chrono::DateTime<chrono::Utc> =
        campaign["opens_at"].as_str().unwrap().parse().unwrap();
    let until = attributes(&english, "data-until");
    let [until] = until.as_slice() else { panic!("one countdown: {until:?}") };
    let until: chrono::DateTime<chrono::Utc> = until.parse().unwrap();
    assert!((opens_at - until).abs() < TimeDelta::seconds(1), "{until} is not {opens_at}");
    use dosebook::{domain::language::Language, words};
    for (html, language) in [(&english, Language::English), (&korean, Language::Korean)] {
        let at = words::instant(language, opens_at, chrono_tz::Asia::Seoul);
        assert!(html.contains(&at), "{at}: {html}");
        assert!(html.contains("84"), "the doses that can be booked then");
        assert!(!has_choice_of_place(html, &made), "nothing can be booked: {html}");
    }
    // Announced for a time that has passed.
    sqlx::query("update campaign set opens_at = opens_at - interval '3 days'")
        .execute(&app.db)
        .await
        .unwrap();
    sqlx::query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
    let (english, _) = landings(&app).await;
    assert!(english.contains("It has not been opened yet."), "{english}");
    assert_eq!(attributes(&english, "data-until"), [""; 0]);
}

#[tokio::test]
async fn a_pause_is_told_with_its_reason_and_so_is_its_end() {
    let app = TestApp::start().await;
    let made = World::new().make(&app.db).await;
    let admin = app.admin().await;
    let step = async |step: &str, reason: serde_json::Value| {
        let path = format!("/v1/admin/campaigns/{}/{step}", made.campaign_id);
        admin.post(&path, &reason).await.ok(200);
    };
    let (english, korean) = landings(&app).await;
    assert_eq!((tag(&english), tag(&korean)), ("Open", "예약 중"));
    assert!(has_choice_of_place(&english, &made) && has_choice_of_place(&korean, &made));
    step(
        "pause",
        json!({
            "reason": "A delivery is late",
            "reason_en": "A delivery is late",
            "reason_ko": "백신 도착이 늦어지고 있습니다",
        }),
    )
    .await;
    let (english, korean) = landings(&app).await;
    assert_eq!((tag(&english), tag(&korean)), ("Paused", "일시 중지"));
    assert!(english.contains("Booking has been paused since "), "{english}");
    assert!(english.contains("Reason: A delivery is late"), "{english}");
    assert!(english.contains("Every booking that was made stays as it is."), "{english}");
    assert!(korean.contains("사유: 백신 도착이 늦어지고 있습니다"), "{korean}");
    assert!(!has_choice_of_place(&english, &made), "{english}");
    let paused = attributes(&english, "data-turn")[0].to_owned();
    step("open", json!({ "reason": "It has come" })).await;
    let (english, _) = landings(&app).await;
    assert_eq!(tag(&english), "Open");
    assert_ne!(attributes(&english, "data-turn"), [paused], "the script says that it has changed");
    // The history has all of it, newest first.
    let path = format!("/en/campaigns/{}", made.campaign_id);
    let numbers = app.public().get(&path).await.text();
    let history = inside(&numbers, "<ol class=\"changes\">", "</ol>").expect("a history");
    let told =
        ["Booking went on", "It has come", "Booking paused", "A delivery is late", "fixture"];
    let places = told.map(|text| history.find(text).expect(text));
    assert!(places.is_sorted(), "{history}");
    step("close", json!({ "reason": "All done" })).await;
    let (english, korean) = landings(&app).await;
    let past = inside(&english, "Rounds that have ended</h2>", "</ul>").expect("it has ended");
    assert!(past.contains(&path) && korean.contains("종료된 예약"), "{past}");
    let numbers = app.public().get(&path).await.text();
    assert!(numbers.contains("This round is closed.") && numbers.contains("All done"));
    assert!(!numbers.contains("Find a clinic"), "{numbers}");
}

#[tokio::test]
async fn sold_out_is_not_the_same_as_nothing_free() {
    let app = TestApp::start().await;
    let made = World::new().clinics(1).days(1).doses(2).seats(2).make(&app.db).await;
    let slot = made.slot(0, 1, 0);
    for person in &made.people[..2] {
        let body = made.booking(slot);
        app.citizen(person).put_booking(Uuid::now_v7(), &body).await.ok(201);
    }
    let (english, korean) = landings(&app).await;
    assert_eq!((tag(&english), tag(&korean)), ("Fully booked", "예약 마감"));
    assert!(english.contains("All 2 doses of this round are booked or given."), "{english}");
    assert!(!english.contains("About") && !has_choice_of_place(&english, &made), "{english}");
    // A dose without a seat: some are left, and none can be booked.
    let app = TestApp::start().await;
    let made = World::new().clinics(1).days(1).doses(7).make(&app.db).await;
    sqlx::query("update slot set seats = 0").execute(&app.db).await.unwrap();
    sqlx::query("update clinic set slots_revision = slots_revision + 1")
        .execute(&app.db)
        .await
        .unwrap();
    let (english, korean) = landings(&app).await;
    assert_eq!((tag(&english), tag(&korean)), ("No dose free now", "지금은 예약 불가"));
    assert!(english.contains("7 doses are left"), "{english}");
    let numbers = app.public().get(&format!("/en/campaigns/{}", made.campaign_id)).await.text();
    let why = "Without a free time at the clinic</th><td class=\"n\">7</td>";
    assert!(numbers.contains(why), "{numbers}");
}

#[tokio::test]
async fn a_window_that_has_ended_is_over() {
    let app = TestApp::start().await;
    World::new().opens_in(TimeDelta::days(-31)).make(&app.db).await;
    let (english, korean) = landings(&app).await;
    assert!(english.contains("Rounds that have ended"), "{english}");
    assert!(korean.contains("지금 예약할 수 있는 예방접종이 없습니다."), "{korean}");
}

#[tokio::test]
async fn groups_are_told_when_their_turn_is() {
    let app = TestApp::start().await;
    let made = World::new().make(&app.db).await;
    sqlx::query(
        "insert into tranche (campaign_id, name, name_ko, birth_day_digits, opens_at, since_version)
         values ($1, 'Late group', '늦은 그룹', '{1,6}', now() + interval '1 day', 1)",
    )
    .bind(made.campaign_id.0)
    .execute(&app.db)
    .await
    .unwrap();
    sqlx::query("update catalogue set revision = revision + 1").execute(&app.db).await.unwrap();
    let (english, korean) = landings(&app).await;
    assert_eq!(tag(&english), "No dose free now");
    assert!(english.contains("The next turn begins on ") && english.contains("Late group"));
    assert!(korean.contains("다음 순서: 늦은 그룹"), "{korean}");
    let numbers = app.public().get(&format!("/en/campaigns/{}", made.campaign_id)).await.text();
    let turns = inside(&numbers, "<caption id=\"turns\">", "</table>").expect("turns");
    assert!(turns.contains("<th scope=\"row\">1, 6</th>"), "{turns}");
}
