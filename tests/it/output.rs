//! What commands print when nobody reads it any more.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use data_encoding::HEXLOWER;
use serde_json::json;
use sqlx::query_scalar;

use crate::support::{Client, TestApp, World, app::SECRET, until};

/// The program on the test's database, before it starts.
fn dosebook(app: &TestApp, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dosebook"));
    command.args(args).env("DATABASE_URL", app.database.url());
    command.env("DOSEBOOK_SECRET", HEXLOWER.encode(&SECRET));
    command
}

/// A pipe of which the reading end is closed.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[tokio::test]
async fn commands_do_what_they_do_whether_or_not_somebody_reads_it() {
    let app = TestApp::start().await;
    World::new().people(1).make(&app.db).await;
    let mut echo = Command::new("sh");
    let status = echo.args(["-c", "echo; echo"]).stdout(closed_pipe()).status().expect("a shell");
    assert!(!status.success(), "the control: nobody reads this");
    for (args, printed) in [(&["migrate"], "up to date"), (&["verify"], "0 discrepancies")] {
        let read = dosebook(&app, args).output().expect("it runs");
        let text = String::from_utf8_lossy(&read.stdout);
        assert!(read.status.success() && text.contains(printed), "{args:?}: {text}");
        let mut unread = dosebook(&app, args);
        let unread = unread.stdout(closed_pipe()).stderr(Stdio::piped()).spawn();
        let unread = unread.expect("it starts").wait_with_output().expect("it ends");
        let complaint = String::from_utf8_lossy(&unread.stderr);
        assert!(unread.status.success() && !complaint.contains("panicked"), "{complaint}");
    }
    // What a command found is in its exit code all the same.
    let sql = "update allocation set open = open - 1, granted = granted - 1
               where allocation_id = (select min(allocation_id) from allocation)";
    sqlx::query(sql).execute(&app.db).await.expect("a dose goes missing");
    let status = dosebook(&app, &["verify"]).stdout(closed_pipe()).status().expect("it runs");
    assert_eq!(status.code(), Some(1));
}

/// Killed when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_service_answers_whether_or_not_somebody_reads_its_output_and_its_log() {
    let app = TestApp::start().await;
    let made = World::new().people(1).make(&app.db).await;
    let folder = tempfile::tempdir().expect("a folder");
    // It cannot tell where it answers: a port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let args = ["serve", "--show-codes", "--codes-listen", "127.0.0.1:0", "--listen", &listen];
    let mut command = dosebook(&app, &args);
    let command = command.arg("--data-dir").arg(folder.path()).env("RUST_LOG", "debug");
    let process = command.stdout(closed_pipe()).stderr(closed_pipe()).spawn();
    let mut running = Running(process.expect("it starts"));
    let ended = |running: &mut Running| running.0.try_wait().expect("a child");
    until(|| {
        assert_eq!(ended(&mut running), None, "it ended before it answered");
        std::net::TcpStream::connect(&listen).is_ok()
    })
    .await;
    let public = Client::new(&format!("http://{listen}"), None, reqwest::Client::new());
    let person = &made.people[0];
    let claim =
        json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone });
    // Each leaves a line in the log, and so does the job that shows the code.
    for _ in 0..3 {
        public.post("/v1/auth/codes", &claim).await.ok(202);
    }
    let unsent = "select count(*) from outbox where sent_at is null";
    while query_scalar::<_, i64>(unsent).fetch_one(&app.db).await.expect("a count") > 0 {}
    public.get("/readyz").await.ok(200);
    assert_eq!(ended(&mut running), None);
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_with_its_flag() {
    let app = TestApp::start().await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("its address").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    for (flag, other) in [("--listen", "--codes-listen"), ("--codes-listen", "--listen")] {
        let args = ["serve", "--show-codes", flag, &taken, other, "127.0.0.1:0", "--data-dir"];
        let output = dosebook(&app, &args).arg(folder.path()).output().expect("it ends");
        let complaint = String::from_utf8_lossy(&output.stderr);
        let is_named = complaint.contains(&format!("on {taken} ({flag})"));
        assert!(!output.status.success() && is_named, "{complaint}");
    }
}
