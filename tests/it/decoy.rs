//! Whoever asks for a code learns nothing about who is in the register: neither from what the
//! service does for it, nor from how long that takes.

use std::{sync::Arc, time::Instant};

use dosebook::{
    db::MIGRATOR,
    postgres::{Durability, Private},
};
use serde_json::json;
use sqlx::{Executor, PgPool, query_scalar};

use crate::support::{Client, Person, TestApp, World, database::TestDatabase};

/// Requests for people of the register, and as many for others.
const PROBES: u32 = 120;

async fn ask(public: &Client, person: &Person) {
    let claim =
        json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone });
    public.post("/v1/auth/codes", &claim).await.ok(202);
}

/// Everybody of the register, each with somebody who is not in it, in changing order.
fn pairs(people: &[Person]) -> impl Iterator<Item = [(Person, bool); 2]> {
    people.iter().enumerate().map(|(n, known)| {
        let unknown = Person { name: format!("Nobody {n}"), ..known.clone() };
        let mut pair = [(known.clone(), true), (unknown, false)];
        pair.rotate_left(n % 2);
        pair
    })
}

async fn is_delivered(db: &PgPool) {
    let sql = "select count(*) from outbox where sent_at is null";
    while query_scalar::<_, i64>(sql).fetch_one(db).await.expect("a count") > 0 {}
}

/// The middle value.
fn median(values: &mut [i64]) -> i64 {
    values.sort_unstable();
    values[values.len() / 2]
}

/// Has the database do this beside for everybody of the register who is asked for, and not for
/// decoys: a fault that the measurements must see.
async fn betray(db: &PgPool, what: &str) {
    let sql = format!(
        "create function betray() returns trigger language plpgsql security definer as $$ begin
             if new.person_id > 0 then {what}; end if; return new; end $$;
         create trigger betray before insert on sign_in_code
             for each row execute function betray()"
    );
    db.execute(sqlx::AssertSqlSafe(sql)).await.expect("a trigger");
}

/// What the lock of a reference to the person did before there was none.
const LOCK: &str = "perform from person where person_id = new.person_id for key share";
/// So long that nothing else which a request takes hides it.
const DELAY: &str = "perform pg_sleep(0.2)";

async fn locked_people(db: &PgPool) -> i64 {
    let sql = "select count(*) from person where xmax <> '0'";
    query_scalar(sql).fetch_one(db).await.expect("a count")
}

/// Bytes that a request adds to the log, its message being taken out included, in the middle case:
/// for people of the register, and for others.
async fn bytes_written(app: &TestApp, people: &[Person]) -> (i64, i64) {
    let at = async || {
        let sql = "select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint";
        query_scalar::<_, i64>(sql).fetch_one(&app.db).await.expect("a position")
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for pair in pairs(people) {
        for (person, is_known) in pair {
            let before = at().await;
            ask(&app.public(), &person).await;
            is_delivered(&app.db).await;
            let bytes = at().await - before;
            if is_known { known.push(bytes) } else { unknown.push(bytes) }
        }
    }
    (median(&mut known), median(&mut unknown))
}

#[tokio::test]
async fn as_much_is_written_for_people_outside_the_register() {
    // A server of its own: the position in its log moves for nobody else.
    let folder = tempfile::tempdir().expect("a folder");
    let private = Private::start(folder.path(), None, Durability::Disposable).await.unwrap();
    let options = private.superuser_options("dosebook");
    let pool = PgPool::connect_with(options.clone()).await.expect("the server");
    MIGRATOR.run(&pool).await.expect("the schema");
    let made = World::new().people(40).make(&pool).await;
    let name = "dosebook_elsewhere".to_owned();
    let app = TestApp::with();
    let app = app.start_on(Arc::new(TestDatabase { name, options, pool: pool.clone() })).await;

    let (known, unknown) = bytes_written(&app, &made.people).await;
    assert!(known > 500, "something is written: {known} bytes");
    assert_eq!(known, unknown, "bytes of the log for each request");
    let rows: Vec<(bool, i64, i64)> = sqlx::query_as(
        "select person_id > 0, count(*), sum(pg_column_size(c)) from sign_in_code c group by 1",
    )
    .fetch_all(&pool)
    .await
    .expect("rows");
    assert_eq!(rows.len(), 2, "people and decoys");
    assert_eq!((rows[0].1, rows[0].2), (rows[1].1, rows[1].2), "rows and their bytes");
    assert_eq!(locked_people(&pool).await, 0, "no person's row is locked by asking for a code");

    betray(&pool, LOCK).await;
    let (known, unknown) = bytes_written(&app, &made.people).await;
    assert!(known > unknown, "the control: {known} and {unknown} bytes");
    assert_eq!(locked_people(&pool).await, 40, "the control: each person's row");
    pool.close().await;
    drop(app);
    private.stop().await.expect("stopped");
}

/// The share of pairs in which the request for somebody of the register is the faster one. Of two
/// who are alike either is.
async fn share_of_faster(app: &TestApp, people: &[Person]) -> f64 {
    let public = app.public();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for pair in pairs(people) {
        for (person, is_known) in pair {
            // What the last request left to be done is no part of this one.
            is_delivered(&app.db).await;
            let began = Instant::now();
            ask(&public, &person).await;
            let took = began.elapsed();
            if is_known { known.push(took) } else { unknown.push(took) }
        }
    }
    let faster = known.iter().map(|one| unknown.iter().filter(|other| one < *other).count());
    faster.sum::<usize>() as f64 / (known.len() * unknown.len()) as f64
}

#[tokio::test]
async fn time_does_not_tell_who_is_in_the_register() {
    let app = TestApp::start().await;
    let made = World::new().people(PROBES).make(&app.db).await;
    let share = share_of_faster(&app, &made.people).await;
    // The share of so many lies within 0.04 of a half in two of three runs, and outside of this
    // once in a million.
    assert!(
        (0.3..0.7).contains(&share),
        "people of the register are faster in {share:.2} of pairs"
    );
    betray(&app.db, DELAY).await;
    // All come from one address.
    app.db.execute("delete from code_cap").await.expect("another quarter of an hour");
    let share = share_of_faster(&app, &made.people[..20]).await;
    assert!(share < 0.3, "the control: {share:.2}");
}

#[tokio::test]
async fn what_was_sent_is_forgotten_and_nothing_is_sent_for_a_decoy() {
    let app = TestApp::start().await;
    let made = World::new().people(1).make(&app.db).await;
    for pair in pairs(&made.people) {
        for (person, _) in pair {
            ask(&app.public(), &person).await;
        }
    }
    assert_eq!(app.shown_codes().await.len(), 1, "one of them is in the register");
    let kept: i64 = query_scalar("select count(*) from outbox where recipient <> '' or body <> ''")
        .fetch_one(&app.db)
        .await
        .expect("a count");
    assert_eq!(kept, 0);
}
