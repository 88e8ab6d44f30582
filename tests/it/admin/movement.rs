//! The journal, read by administrators; and that program and database agree on what is lawful.

use dosebook::domain::movement::{Bucket, Kind, LAWFUL};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{TestApp, make};

#[tokio::test]
async fn program_and_database_agree_on_every_lawful_move() {
    let app = TestApp::start().await;
    let check: String = sqlx::query_scalar(
        "select pg_get_expr(conbin, conrelid) from pg_constraint
         where conname = 'movement_lawful_check'",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    let sql = format!(
        "select kind::smallint, from_bucket::smallint, to_bucket::smallint
         from generate_series(-1, 100) kind, generate_series(-1, 20) from_bucket,
             generate_series(-1, 20) to_bucket
         where {check} order by 1, 2, 3"
    );
    let database: Vec<(i16, i16, i16)> =
        sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(&app.db).await.unwrap();
    let mut program: Vec<_> =
        LAWFUL.iter().map(|(kind, from, to)| (kind.number(), from.number(), to.number())).collect();
    program.sort_unstable();
    assert_eq!(program, database);
    let mut book = book_of_movements();
    book.sort_unstable();
    assert_eq!(book, database, "docs/movements.md");
}

/// The moves that docs/movements.md has, whose names are those of the program.
fn book_of_movements() -> Vec<(i16, i16, i16)> {
    let bucket = |cell: &str| {
        let (number, name) = cell.split_once(' ').expect("a number and a name");
        let bucket = Bucket::of(number.parse().unwrap()).expect("a bucket");
        assert_eq!(serde_json::to_value(bucket).unwrap(), name);
        bucket.number()
    };
    let rows = include_str!("../../../docs/movements.md").lines();
    let rows = rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
    let rows = rows.filter(|cells| cells.len() == 8 && cells[1].parse::<i16>().is_ok());
    let moves = rows.map(|cells| {
        let kind = Kind::of(cells[1].parse().unwrap()).expect("a kind");
        assert_eq!(serde_json::to_value(kind).unwrap(), cells[2]);
        assert!(cells[4..7].iter().all(|cell| !cell.is_empty()), "{cells:?}");
        let (from, to) = cells[3].split_once(" > ").expect("from > to");
        (kind.number(), bucket(from), bucket(to))
    });
    moves.collect()
}

#[tokio::test]
async fn every_move_names_who_made_it_and_why() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let (admin, by) = app.staff_user(3, None).await;
    let path = format!("/v1/admin/pools/{}/receipts", made.nation);
    admin.post(&path, &json!({ "doses": 50, "reason": "Delivery" })).await.ok(200);
    let id = Uuid::now_v7();
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(&made.people[0]).put_booking(id, &body).await.ok(201);

    let of = format!("/v1/admin/movements?pool_id={}&limit=1000", made.nation);
    let lines = admin.get(&of).await.ok(200);
    let received = lines["movements"].as_array().unwrap().last().unwrap();
    assert_eq!((&received["kind"], &received["doses"]), (&json!("receive"), &json!(50)));
    assert_eq!((&received["from"], &received["to"]), (&json!("outside"), &json!("pool")));
    assert_eq!(
        (&received["actor"], &received["staff_user_id"]),
        (&json!("administrator"), &json!(by))
    );
    assert_eq!(received["reason"], "Delivery");
    let allocation = made.allocation(0, 1).allocation_id;
    let lines = admin.get(&format!("/v1/admin/movements?allocation_id={allocation}")).await.ok(200);
    let kinds: Vec<_> =
        lines["movements"].as_array().unwrap().iter().map(|line| &line["kind"]).collect();
    assert_eq!(kinds, ["grant", "book"]);
    assert_eq!(lines["movements"][1]["booking_id"], json!(id));
    assert_eq!(lines["movements"][1]["actor"], "citizen");
}

#[tokio::test]
async fn the_journal_is_read_page_by_page_without_a_gap() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let base = format!("/v1/admin/movements?campaign_id={}", made.campaign_id);
    let all = admin.get(&format!("{base}&limit=1000")).await.ok(200);
    let all = all["movements"].as_array().unwrap();
    let mut read = Vec::new();
    let mut after = String::new();
    loop {
        let page = admin.get(&format!("{base}&limit=4{after}")).await.ok(200);
        read.extend(page["movements"].as_array().unwrap().iter().map(|l| l["movement_id"].clone()));
        let Value::String(next) = &page["next_after"] else { break };
        after = format!("&after={next}");
    }
    let ids: Vec<_> = all.iter().map(|line| line["movement_id"].clone()).collect();
    assert_eq!(read, ids);
    assert!(ids.len() > 12, "three clinics, four days, and the way there");
    let other = admin.get("/v1/admin/movements?campaign_id=999").await.ok(200);
    assert_eq!(other, json!({ "movements": [], "next_after": null }));
    for after in ["x", "1", "1-", "-1-1", "99999999999999999999-1"] {
        let answer = admin.get(&format!("/v1/admin/movements?after={after}")).await;
        answer.blames(422, "invalid_field", "after");
    }
}
