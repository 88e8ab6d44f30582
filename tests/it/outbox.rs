//! Messages leave once, and none is lost.

use std::sync::Mutex;

use dosebook::{
    db::{self, in_tx},
    domain::outbox::Message,
    flows::outbox::deliver,
};
use futures_util::future::join_all;
use sqlx::{Executor, query, query_scalar};

use crate::support::TestApp;

/// A service without a way to send, and messages that wait.
async fn waiting(messages: i32) -> TestApp {
    let app = TestApp::with().local(false).start().await;
    query(
        "insert into outbox (kind, recipient, body)
         select 'sign_in_code', '010', n::text from generate_series(1, $1) n",
    )
    .bind(messages)
    .execute(&app.db)
    .await
    .expect("messages");
    app
}

async fn unsent(app: &TestApp) -> i64 {
    query_scalar("select count(*) from outbox where sent_at is null")
        .fetch_one(&app.db)
        .await
        .expect("a count")
}

#[tokio::test]
async fn each_message_is_sent_once_however_many_send() {
    let app = waiting(1000).await;
    let sent = Mutex::new(Vec::new());
    let send = |message: &Message| {
        sent.lock().unwrap().push(message.outbox_id);
        true
    };
    let db = &app.app.db;
    let all = join_all((0..4).map(|_| deliver(db, send))).await;
    all.into_iter().for_each(|done| done.expect("sent"));
    deliver(db, send).await.expect("nothing to do");
    let mut sent = sent.into_inner().unwrap();
    sent.sort_unstable();
    assert_eq!(sent, (1..=1000).collect::<Vec<_>>());
    assert_eq!(unsent(&app).await, 0);
}

#[tokio::test]
async fn a_message_that_could_not_be_sent_is_tried_again_when_its_claim_has_lapsed() {
    let app = waiting(3).await;
    let sent = Mutex::new(Vec::new());
    let send = |message: &Message| {
        sent.lock().unwrap().push(message.body.clone());
        message.body != "2" || sent.lock().unwrap().len() > 3
    };
    deliver(&app.app.db, send).await.expect("two sent");
    assert_eq!(unsent(&app).await, 1);
    deliver(&app.app.db, send).await.expect("nobody else's claim is touched");
    assert_eq!(sent.lock().unwrap().len(), 3);
    let lapse = "update outbox set claimed_until = clock_timestamp() where sent_at is null";
    query(lapse).execute(&app.db).await.expect("lapsed");
    deliver(&app.app.db, send).await.expect("one sent");
    assert_eq!(sent.lock().unwrap().last().map(String::as_str), Some("2"));
    assert_eq!(unsent(&app).await, 0);
}

/// The handler of a client that hangs up is dropped where it stands.
#[tokio::test]
async fn a_transaction_dropped_half_way_leaves_nothing_to_whoever_comes_next() {
    let app = TestApp::with().connections(1).local(false).start().await;
    let db = &app.app.db;
    let (told, tells) = tokio::sync::oneshot::channel();
    let abandoned = in_tx(&db.write, "abandoned", async |conn| {
        conn.execute("update catalogue set revision = revision + 1000").await?;
        told.send(()).expect("somebody waits");
        std::future::pending::<Result<(), db::Error>>().await
    });
    tokio::select! {
        _ = abandoned => panic!("it never ends by itself"),
        reached = tells => reached.expect("half way"),
    }
    in_tx(&db.write, "next", async |conn| {
        let sql = "update catalogue set revision = revision + 1";
        conn.execute(sql).await.map_err(db::Error::from)
    })
    .await
    .expect("the next transaction");
    let revision: i64 =
        query_scalar("select revision from catalogue").fetch_one(&app.db).await.expect("one row");
    assert!(revision < 1000, "half of the abandoned work was kept: {revision}");
}
