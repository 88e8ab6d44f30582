//! Somebody who does not let go of a turn, clients who have gone, and more than can be served.

use futures_util::future::join_all;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::{Stage, claim, code_counts, statuses};
use crate::support::{TestApp, World, until};

const FROM: &str = "198.51.100.1";
const ELSEWHERE: &str = "203.0.113.9";
/// The names of the connections begin so.
const SIGN_INS: &str = "dosebook sign-in";

#[tokio::test]
async fn whose_turn_somebody_else_has_waits_and_nobody_else_does() {
    let stage = Stage::set(1, 40, TestApp::with()).await;
    let people = &stage.made.people;
    let holder = stage.hold(&code_counts(&people[0], FROM).person).await;
    let blocked = stage.ask(0, &people[0], FROM);
    let others = async {
        until(|| stage.blocked() == 1).await;
        let others = people[1..].iter().enumerate().map(|(n, one)| stage.ask(n, one, ELSEWHERE));
        let others = join_all(others).await;
        assert_eq!(statuses(&others, 202), 39);
        // The control: the turn is still somebody else's, but for while it is being tried again.
        until(|| stage.blocked() == 1).await;
        holder.rollback().await.unwrap();
    };
    let (blocked, ()) = tokio::join!(blocked, others);
    blocked.ok(202);
    // Both take the same turn: who tries waits too.
    let (challenge, code) = stage.challenge(&people[0], FROM).await;
    let holder = stage.hold(&code_counts(&people[0], FROM).person).await;
    let release = async {
        until(|| stage.blocked() == 1).await;
        holder.rollback().await.unwrap();
    };
    let (tried, ()) = tokio::join!(stage.answer(0, &challenge, &code, FROM), release);
    tried.ok(201);
}

#[tokio::test]
async fn who_has_hung_up_is_not_served() {
    let stage = Stage::set(1, 2, TestApp::with()).await;
    let [gone, patient] = [&stage.made.people[0], &stage.made.people[1]];
    let app = &stage.services[0];
    let metrics = &app.app.metrics.sign_ins;
    let holder = stage.hold(&code_counts(gone, FROM).address).await;
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    let body = claim(gone).to_string();
    let request = format!(
        "POST /v1/auth/codes HTTP/1.1\r\nHost: test\r\nX-Forwarded-For: {FROM}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    until(|| stage.blocked() == 1).await;
    // Cut off; a client that only ends its side may still read (RFC 9112, 9.6).
    stream.set_zero_linger().unwrap();
    drop(stream);
    until(|| metrics.callers.get() == 0 && metrics.abandoned.get() == 1).await;
    let let_go = async {
        until(|| stage.blocked() == 1).await;
        holder.rollback().await.unwrap();
    };
    let (waited, ()) = tokio::join!(stage.ask(0, patient, FROM), let_go);
    waited.ok(202);
    assert_eq!(stage.count("select count(*) from sign_in_code").await, 1, "the control's");
}

#[tokio::test]
async fn who_would_wait_too_long_is_told_when_to_come_again() {
    let options = TestApp::with().queue(1).batch(1).trusted_proxy("127.0.0.1");
    let (app, proxy) = options.start_behind_proxy().await;
    let made = World::new().people(60).make(&app.db).await;
    let stage = Stage { services: vec![app], made };
    let people = &stage.made.people;
    proxy.stall(SIGN_INS);
    let metrics = &stage.services[0].app.metrics.sign_ins;
    let first = stage.ask(0, &people[0], FROM);
    let others = async {
        until(|| proxy.holds_back()).await;
        let others = people[1..].iter().map(|person| stage.ask(0, person, FROM));
        let release = async {
            // One is in hand, and one waits.
            until(|| metrics.overflows.get() == 58).await;
            proxy.resume();
        };
        tokio::join!(join_all(others), release).0
    };
    let (first, others) = tokio::join!(first, others);
    first.ok(202);
    assert_eq!([202, 503].map(|status| statuses(&others, status)), [1, 58]);
    for refused in others.into_iter().filter(|answer| answer.status == 503) {
        let seconds: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&seconds), "{seconds}");
        refused.problem(503, "overloaded");
    }
    assert!(stage.lane(0).are_open());
}
