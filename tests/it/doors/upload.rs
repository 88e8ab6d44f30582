//! Files that come slowly, and those whose sender goes.

use std::{fmt::Write as _, time::Duration};

use serde_json::json;
use sqlx::query_scalar;
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};

use super::slow::connect;
use crate::support::TestApp;

/// An import waits for a lock for half a minute.
const SOONER: Duration = Duration::from_secs(15);
/// More than the buffers between a client and the service hold.
const SENT: usize = 12 << 20;

async fn import(app: &TestApp, token: &str, length: usize, body: &[u8]) -> TcpStream {
    let mut stream = connect(app).await;
    let mut head = String::from("POST /v1/admin/imports/regions?dry_run=true HTTP/1.1\r\n");
    let _ = write!(head, "Host: test\r\nAuthorization: Bearer {token}\r\n");
    let _ = write!(head, "Content-Type: text/csv\r\nContent-Length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("open");
    stream.write_all(body).await.expect("the service takes it in");
    stream
}

async fn administrator(app: &TestApp) -> String {
    let browser = app.staff_browser(3, None).await;
    browser.cookies["__Host-staff"].clone()
}

#[tokio::test]
async fn slow_uploads_keep_nobody_from_exports() {
    let app = TestApp::start().await;
    let token = administrator(&app).await;
    let bytes = vec![b'x'; SENT];
    let mut uploads = Vec::new();
    for _ in 0..8 {
        // Its last byte never comes; that so much was taken tells that it is being read.
        uploads.push(import(&app, &token, SENT + 1, &bytes).await);
    }
    let admin = app.holder_of(&token);
    for _ in 0..3 {
        admin.get("/v1/admin/movements").await.ok(200);
    }
    drop(uploads);
}

#[tokio::test]
async fn an_import_ends_when_its_client_goes() {
    let app = TestApp::start().await;
    let token = administrator(&app).await;
    let mut held = app.db.begin().await.expect("a transaction");
    sqlx::query("lock table region in access exclusive mode").execute(&mut *held).await.unwrap();
    let waiting = async || -> i64 {
        query_scalar(
            "select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'",
        )
        .fetch_one(&app.db)
        .await
        .expect("a number")
    };
    let file = b"code,name,parent_code\n99,Nowhere,\n";
    let stream = import(&app, &token, file.len(), file).await;
    while waiting().await == 0 {
        tokio::task::yield_now().await;
    }
    drop(stream);
    let ending = async {
        while waiting().await > 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOONER, ending).await.expect("it ends long before its wait for the lock is over");
    held.rollback().await.expect("rolled back");
    // The control: with its client there, the same file is read.
    let admin = app.holder_of(&token);
    let path = "/v1/admin/imports/regions?dry_run=true";
    let sent = admin.request(reqwest::Method::POST, path).body("text/csv", file.to_vec());
    let report = sent.send().await;
    assert_eq!(report.status, 200, "{:?}", report.body);
    assert_ne!(report.body, json!(null));
}
