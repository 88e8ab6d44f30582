//! `dosebook user`, and the flag that shows codes, from the command line.

use std::{
    io::Write,
    process::{Command, Output, Stdio},
};

use data_encoding::HEXLOWER;
use serde_json::json;

use crate::support::{TestApp, app::SECRET, make::world};

const PASSWORD: &str = "correct horse battery staple";

/// Runs the program on the test's database with this on standard input.
fn dosebook(app: &TestApp, args: &[&str], input: &str) -> Output {
    let mut process = Command::new(env!("CARGO_BIN_EXE_dosebook"))
        .args(args)
        .env("DATABASE_URL", app.database.url())
        .env("DOSEBOOK_SECRET", HEXLOWER.encode(&SECRET))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // A program that refuses its arguments reads nothing: the pipe is then closed already.
    let _closed = process.stdin.take().expect("its input").write_all(input.as_bytes());
    process.wait_with_output().expect("the program ends")
}

#[track_caller]
fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[track_caller]
fn fails(output: &Output, words: &str) {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && complaint.contains(words), "{complaint}");
    assert!(!complaint.contains("horse"), "it repeats the password: {complaint}");
}

async fn sign_in(app: &TestApp, username: &str) -> (u16, serde_json::Value) {
    let body = json!({ "username": username, "password": PASSWORD });
    let answer = app.public().post("/v1/auth/staff-sessions", &body).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn an_operator_adds_a_user_and_takes_their_access_away() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    let code: String = sqlx::query_scalar("select code from clinic where clinic_id = $1")
        .bind(made.clinics[2].0)
        .fetch_one(&app.db)
        .await
        .expect("a clinic");
    let add = ["user", "add", "--username", "desk", "--clinic", &code];
    succeeds(&dosebook(&app, &add, &format!("{PASSWORD}\r\nnot this line\n")));
    let add_boss = ["user", "add", "--username", "boss", "--administrator"];
    succeeds(&dosebook(&app, &add_boss, PASSWORD));
    let add_agent = ["user", "add", "--username", "agent", "--call-centre"];
    succeeds(&dosebook(&app, &add_agent, PASSWORD));

    let (status, session) = sign_in(&app, "desk").await;
    assert_eq!((status, &session["clinic_id"]), (201, &json!(made.clinics[2])));
    let (status, session) = sign_in(&app, "boss").await;
    assert_eq!((status, &session["role"]), (201, &json!("administrator")));
    let (status, session) = sign_in(&app, "agent").await;
    assert_eq!((status, &session["role"]), (201, &json!("call_centre")));
    assert_eq!(session["clinic_id"], serde_json::Value::Null);
    // One post each: who books for everybody is at no clinic, and administers nothing.
    for other in [["--clinic", code.as_str()].as_slice(), &["--administrator"]] {
        let add = ["user", "add", "--username", "two", "--call-centre"];
        fails(&dosebook(&app, &[&add[..], other].concat(), PASSWORD), "--call-centre");
    }
    let list = dosebook(&app, &["user", "list"], "");
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    assert!(list.lines().any(|line| line.contains("agent") && line.contains("call centre")));

    succeeds(&dosebook(&app, &["user", "disable", "desk"], ""));
    assert_eq!((sign_in(&app, "desk").await.0, sign_in(&app, "boss").await.0), (401, 201));
}

#[tokio::test]
async fn what_cannot_be_a_user_is_refused_in_words() {
    let app = TestApp::start().await;
    world(&app.db).await;
    let administrator = ["user", "add", "--administrator", "--username"];
    let add = |name| [&administrator[..], &[name]].concat();
    succeeds(&dosebook(&app, &add("boss"), PASSWORD));
    fails(&dosebook(&app, &add("boss"), PASSWORD), "taken");
    fails(&dosebook(&app, &add("a b"), PASSWORD), "username");
    fails(&dosebook(&app, &add("other"), "horse"), "at least 12");
    fails(&dosebook(&app, &add("other"), ""), "at least 12");
    let nowhere = ["user", "add", "--username", "other", "--clinic", "nowhere"];
    fails(&dosebook(&app, &nowhere, PASSWORD), "no clinic");
    fails(&dosebook(&app, &["user", "add", "--username", "other"], PASSWORD), "--administrator");
    fails(&dosebook(&app, &["user", "disable", "nobody"], ""), "no user");
    let users: i64 = sqlx::query_scalar("select count(*) from staff_user")
        .fetch_one(&app.db)
        .await
        .expect("a count");
    assert_eq!(users, 1);
}

#[tokio::test]
async fn an_invited_user_chooses_their_password_at_a_terminal() {
    let app = TestApp::start().await;
    world(&app.db).await;
    let says = |args: &[&str], input: &str| {
        let output = dosebook(&app, args, input);
        succeeds(&output);
        String::from_utf8(output.stdout).unwrap()
    };
    let token = |text: &str| {
        let line = text.lines().find(|line| line.starts_with("invitation of")).unwrap();
        line.rsplit(' ').next().unwrap().to_owned()
    };
    succeeds(&dosebook(&app, &["user", "add", "--username", "boss", "--administrator"], PASSWORD));
    let first = token(&says(&["user", "invite", "desk", "--clinic", "C1"], ""));
    let list = says(&["user", "list"], "");
    assert!(list.contains("desk") && list.contains("clinic C1"), "{list}");
    assert!(list.contains("invited until") && list.contains("can sign in"), "{list}");
    let typed = format!("{first}\n{PASSWORD}\n");
    fails(&dosebook(&app, &["user", "accept"], &format!("{first}\nhorse\n")), "at least 12");
    assert!(says(&["user", "accept"], &typed).contains("desk can sign in now."));
    fails(&dosebook(&app, &["user", "accept"], &typed), "expired");
    assert_eq!(sign_in(&app, "desk").await.0, 201);

    let second = token(&says(&["user", "reset", "desk"], ""));
    assert_eq!(sign_in(&app, "desk").await.0, 401);
    says(&["user", "accept"], &format!("{second}\n{PASSWORD}\n"));
    says(&["user", "disable", "desk"], "");
    assert_eq!(sign_in(&app, "desk").await.0, 401);
    assert!(says(&["user", "enable", "desk"], "").contains("again"));
    assert_eq!(sign_in(&app, "desk").await.0, 201);

    // Whoever holds the machine is never locked out, and does not lock others out by a slip.
    fails(&dosebook(&app, &["user", "disable", "boss"], ""), "Let another one in");
    let third = token(&says(&["user", "reset", "boss"], ""));
    says(&["user", "accept"], &format!("{third}\n{PASSWORD}\n"));
    assert_eq!(sign_in(&app, "boss").await.0, 201);
}

#[tokio::test]
async fn codes_are_not_shown_where_other_machines_can_see_them() {
    let app = TestApp::start().await;
    let serve = ["serve", "--show-codes", "--codes-listen", "0.0.0.0:0"];
    fails(&dosebook(&app, &serve, ""), "loopback");
}
