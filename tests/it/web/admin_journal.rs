//! The journal on pages and as files, and who looked at whom.

use serde_json::{Value, json};

use super::{LANGUAGES, faults};
use crate::support::{TestApp, World};

#[tokio::test]
async fn the_journal_is_filtered_and_exported_with_inert_cells() {
    let app = TestApp::start().await;
    let made = World::new().make(&app.db).await;
    app.refresh().await;
    let admin = app.admin().await;
    let pool: i32 =
        sqlx::query_scalar("select min(pool_id) from pool").fetch_one(&app.db).await.unwrap();
    let per_vial: i16 =
        sqlx::query_scalar("select doses_per_vial from product").fetch_one(&app.db).await.unwrap();
    let receipt = json!({ "doses": i32::from(per_vial) * 3, "reason": "=HYPERLINK(\"x\")" });
    admin.post(&format!("/v1/admin/pools/{pool}/receipts"), &receipt).await.ok(200);
    let person = made.people[0].person_id;
    let body = made.booking(made.slot(0, 1, 0));
    app.citizen(person).put_booking(uuid::Uuid::now_v7(), &body).await.ok(201);
    let mut browser = app.staff_browser(3, None).await;
    for language in LANGUAGES {
        let page = browser.open(&format!("/{language}/admin/journal")).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        let rows = |text: &str| text.matches("<tr id=\"m").count();
        let all = rows(&page.text);
        assert!(all >= 2, "{}", page.main());
        let of_kind = browser.open(&format!("/{language}/admin/journal?kind=1")).await.ok(200);
        assert_eq!(rows(&of_kind.text), 1, "one booking");
        let path = format!("/{language}/admin/journal?pool={pool}&kind=20&from=2020-01-01");
        assert!(rows(&browser.open(&path).await.ok(200).text) >= 1);
        let before = format!("/{language}/admin/journal?until=2020-01-01");
        assert_eq!(rows(&browser.open(&before).await.ok(200).text), 0);
        let wrong = format!("/{language}/admin/journal?user=nobody.here&from=yesterday&pool=x");
        let wrong = browser.open(&wrong).await.ok(200);
        let fields: Vec<_> = wrong.errors().into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["pool", "from", "user"]);
        assert_eq!(faults(&wrong.text), [""; 0]);
    }
    let csv = browser.open("/en/admin/journal.csv?kind=20").await.ok(200);
    assert!(csv.header("content-disposition").contains("journal.csv"));
    assert!(csv.text.contains(",\"'=HYPERLINK(\"\"x\"\")\","), "{}", csv.text);
    assert!(!csv.text.contains(",=HYPERLINK") && !csv.text.contains(",\"=HYPERLINK"));
    let lines = browser.open("/en/admin/journal.ndjson").await.ok(200);
    let lines: Vec<Value> =
        lines.text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect();
    let count: i64 =
        sqlx::query_scalar("select count(*) from movement").fetch_one(&app.db).await.unwrap();
    assert_eq!(i64::try_from(lines.len()), Ok(count), "every line, once");
    assert_eq!(lines[0]["kind"], "book", "the newest first");
    browser.open("/en/admin/journal.csv?from=yesterday").await.ok(422);
}

#[tokio::test]
async fn a_long_journal_is_exported_whole_and_paged() {
    let app = TestApp::start().await;
    World::new().make(&app.db).await;
    sqlx::query(
        "insert into movement (kind, from_bucket, to_bucket, doses, to_pool_id, actor_role, reason)
         select 20, 0, 7, 1, (select min(pool_id) from pool), 4, 'n' || n
         from generate_series(1, 2500) as n",
    )
    .execute(&app.db)
    .await
    .unwrap();
    let mut browser = app.staff_browser(3, None).await;
    let csv = browser.open("/ko/admin/journal.csv?kind=20").await.ok(200);
    let reasons: std::collections::BTreeSet<_> =
        csv.text.lines().filter(|line| line.contains(",n")).collect();
    assert_eq!(reasons.len(), 2500, "each line once, over several readings");
    let first = browser.open("/en/admin/journal?kind=20").await.ok(200);
    let (_, rest) = first.text.split_once("rel=\"next\" href=\"").expect("a further page");
    let next = rest.split_once('"').unwrap().0.replace("&#38;", "&");
    let second = browser.open(&next).await.ok(200);
    assert!(first.text.contains(">n2500<") && !second.text.contains(">n2500<"));
    assert!(second.text.contains(">n2400<") && !first.text.contains(">n2400<"));
}

#[tokio::test]
async fn looks_at_persons_are_listed_and_filtered() {
    let app = TestApp::start().await;
    let made = World::new().make(&app.db).await;
    let (admin, id) = app.staff_user(3, None).await;
    let person = made.people[0].person_id;
    admin.get(&format!("/v1/admin/persons/{person}")).await.ok(200);
    let mut browser = app.staff_browser(3, None).await;
    for language in LANGUAGES {
        let path = format!("/{language}/admin/looks?person={person}");
        let page = browser.open(&path).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        assert_eq!(page.text.matches("<tr><th scope=\"row\"").count(), 1, "{}", page.main());
        let name: String =
            sqlx::query_scalar("select username from staff_user where staff_user_id = $1")
                .bind(id.0)
                .fetch_one(&app.db)
                .await
                .unwrap();
        assert!(page.text.contains(&name));
        let other = browser.open(&format!("/{language}/admin/looks?person=999")).await.ok(200);
        assert!(!other.text.contains(&name), "{}", other.main());
        let wrong = browser.open(&format!("/{language}/admin/looks?person=Kim")).await.ok(200);
        assert_eq!(wrong.errors()[0].0, "person");
    }
}

#[tokio::test]
async fn times_are_told_by_the_clock_of_the_clinic_or_of_the_installation() {
    let app = TestApp::with().zone(chrono_tz::Pacific::Kiritimati).start().await;
    World::new().make(&app.db).await;
    // On 2026-01-02 in Kiritimati (+14), and still on the first in Seoul (+9).
    let at = "update movement set at = '2026-01-01T10:30:00Z'";
    let mut tx = app.db.begin().await.unwrap();
    sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
    sqlx::query(at).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    let mut boss = app.staff_browser(3, None).await;
    let rows = |text: &str| text.matches("<tr id=\"m").count();
    for (query, zone, is_there) in [
        ("from=2026-01-02", "Pacific/Kiritimati", true),
        ("from=2026-01-02&clinic=C1", "Asia/Seoul", false),
        ("from=2026-01-01&clinic=C1", "Asia/Seoul", true),
        ("from=2026-01-02&campaign=1", "Asia/Seoul", false),
    ] {
        let page = boss.open(&format!("/en/admin/journal?{query}")).await.ok(200);
        assert!(page.main().contains(zone), "{query}: {}", page.main());
        assert_eq!(rows(&page.text) > 0, is_there, "{query}");
    }
    let page = boss.open("/en/admin/campaigns/new").await.ok(200);
    assert_eq!(page.form("/en/admin/campaigns/new").value("zone"), "Pacific/Kiritimati");
}
