//! Doses of a day that nobody was promised.

use serde_json::json;
use uuid::Uuid;

use super::{Stage, buckets, world};

#[tokio::test]
async fn each_act_moves_doses_and_the_journal_says_so() {
    let mut stage = Stage::set(world()).await;
    stage.move_slots(0, "2 hours").await;
    assert_eq!(buckets(&stage.doses("withhold", 3).await.ok(200)), [17, 0, 3, 0, 0]);
    assert_eq!(buckets(&stage.doses("offer_again", 1).await.ok(200)), [18, 0, 2, 0, 0]);
    // Spare ones first, and then open ones.
    assert_eq!(buckets(&stage.doses("waste", 5).await.ok(200)), [15, 0, 0, 0, 5]);
    assert_eq!(buckets(&stage.doses("correct_waste", 4).await.ok(200)), [15, 0, 4, 0, 1]);
    stage.is_sound().await;
    for (action, most) in
        [("withhold", 15), ("offer_again", 4), ("waste", 19), ("correct_waste", 1)]
    {
        let refused = stage.doses(action, most + 1).await.problem(409, "not_enough_doses");
        assert_eq!((&refused["cause"], &refused["doses"]), (&json!("day_holds"), &json!(most)));
    }
    for none in [0, -3] {
        stage.doses("waste", none).await.blames(422, "invalid_field", "doses");
    }
    assert_eq!(buckets(&stage.day().await), [15, 0, 4, 0, 1], "nothing moved");
}

#[tokio::test]
async fn a_press_is_done_once() {
    let mut stage = Stage::set(world()).await;
    stage.move_to(0).await;
    let key = Uuid::now_v7();
    let body = |doses: i32| {
        json!({
            "action": "waste", "allocation_id": stage.allocation().allocation_id, "doses": doses,
            "reason": "broken",
        })
    };
    let press = async |doses| stage.staff.post_once(key, &stage.path("/doses"), &body(doses)).await;
    let first = press(2).await.ok(200);
    assert_eq!(press(2).await.ok(200), first);
    press(3).await.blames(422, "invalid_field", "Idempotency-Key");
    let bare = stage.staff.request(reqwest::Method::POST, &stage.path("/doses"));
    bare.json(&body(1)).send().await.blames(422, "invalid_field", "Idempotency-Key");
    assert_eq!(buckets(&stage.day().await)[4], 2);
}

#[tokio::test]
async fn what_nobody_could_book_is_not_offered() {
    let mut stage = Stage::set(world()).await;
    let ahead = stage.doses("withhold", 2).await.problem(409, "wrong_state");
    assert_eq!(ahead["cause"], "only_today");
    stage.move_to(0).await;
    stage.doses("withhold", 2).await.ok(200);
    let refused = stage.doses("offer_again", 2).await.problem(409, "wrong_state");
    assert_eq!(refused["cause"], "nobody_could_book");
    stage.move_slots(0, "1 hour").await;
    stage.doses("offer_again", 2).await.ok(200);
    let other = json!({
        "action": "waste", "allocation_id": stage.made.allocation(0, 2).allocation_id, "doses": 1,
        "reason": "of another day",
    });
    let other = stage.staff.post_once(Uuid::now_v7(), &stage.path("/doses"), &other).await;
    other.blames(422, "invalid_field", "allocation_id");
    stage.is_sound().await;
}
