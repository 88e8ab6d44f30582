//! An administrator at work beside the crowd.

use std::{
    io::{self, Write},
    net::SocketAddr,
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    service::{self, try_ask},
    world::World,
};

const USERNAME: &str = "bench";
const PASSWORD: &str = "correct horse battery staple";
/// Whoever waits so long for a step has not been served.
pub(crate) const STEP_SECONDS_MAX: Duration = Duration::from_secs(15);

/// Who may do everything; whoever runs this how often.
pub(crate) async fn add(world: &mut World) {
    let sql = "select exists (select from staff_user where username = $1)";
    let exists = sqlx::query_scalar(sql).bind(USERNAME).fetch_one(&mut world.root);
    if exists.await.expect("users") {
        return;
    }
    let mut add = service::program(world.data_dir());
    add.args(["user", "add", "--username", USERNAME, "--administrator"]);
    let mut child = add.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the program");
    let mut input = child.stdin.take().expect("its input");
    writeln!(input, "{PASSWORD}").expect("the password");
    drop(input);
    assert!(child.wait().expect("an end").success(), "an administrator");
}

/// Signed in.
#[derive(Clone)]
pub(crate) struct Administrator {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
}

impl Administrator {
    pub(crate) fn sign_in(address: SocketAddr) -> Self {
        let session = try_sign_in(address, STEP_SECONDS_MAX).expect("a session");
        let token = session["token"].as_str().expect("a token").to_owned();
        Self { address, token }
    }

    /// Status and body of the answer.
    pub(crate) fn post(
        &self,
        path: &str,
        body: &str,
        limit: Duration,
    ) -> io::Result<(u16, String)> {
        let token = &self.token;
        let head = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: bench\r\n{head}Content-Length: {length}\r\n\r\n{body}"
        );
        try_ask(self.address, &request, limit)
    }

    /// Pauses a campaign, or opens it; the status.
    pub(crate) fn step(&self, campaign: i64, step: &str, limit: Duration) -> io::Result<u16> {
        let path = format!("/v1/admin/campaigns/{campaign}/{step}");
        Ok(self.post(&path, r#"{"reason":"a rehearsal"}"#, limit)?.0)
    }

    /// Seconds until a campaign is paused, whether nothing of before is written any more, and opens
    /// it again.
    pub(crate) fn pause(&self, campaign: i64) -> (f64, bool) {
        let began = Instant::now();
        let status = self.step(campaign, "pause", STEP_SECONDS_MAX);
        let took = began.elapsed().as_secs_f64();
        // Whoever is refused presses again, and has waited.
        let seconds = match status {
            Ok(200 | 202) => took,
            _ => STEP_SECONDS_MAX.as_secs_f64(),
        };
        self.open(campaign);
        (seconds, matches!(status, Ok(200)))
    }

    /// Presses until the campaign is open.
    pub(crate) fn open(&self, campaign: i64) {
        let began = Instant::now();
        while !matches!(self.step(campaign, "open", STEP_SECONDS_MAX), Ok(200 | 409)) {
            assert!(began.elapsed() < 4 * STEP_SECONDS_MAX, "the campaign is opened again");
        }
    }
}

/// A session, unless the service does not give one now.
pub(crate) fn try_sign_in(address: SocketAddr, limit: Duration) -> io::Result<Value> {
    let body = format!(r#"{{"username":"{USERNAME}","password":"{PASSWORD}"}}"#);
    let request = format!(
        "POST /v1/auth/staff-sessions HTTP/1.1\r\nHost: bench\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    match try_ask(address, &request, limit)? {
        (201, session) => Ok(serde_json::from_str(&session)?),
        (status, body) => Err(io::Error::other(format!("{status} {body}"))),
    }
}
