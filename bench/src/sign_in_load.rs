//! Asking for codes, or trying them, as a workload: each client sends its next request as soon as
//! the last one was answered, until a list of requests is through.

use std::{io::Write, net::SocketAddr, time::Duration};

use dosebook::rehearsal::load::{Completion, LoadGenerator, Workload};

/// How long the whole list may take.
const LOAD_SECONDS_MAX: Duration = Duration::from_secs(240);
/// People behind one address, as subscribers of a carrier are.
const PEOPLE_PER_ADDRESS: u32 = 20;

/// A list of requests to one path.
pub(crate) struct SignInLoad {
    path: &'static str,
    /// The status of an answer that is as wanted.
    status: u16,
    bodies: Vec<String>,
    next: usize,
    clients_to_start: usize,
    /// After so many answers the measurement begins.
    settle: usize,
    answered: usize,
    began: Duration,
    ended: Duration,
    /// How often somebody was told to come again; they do at once.
    refused: u64,
}

/// How it went.
#[derive(Clone, Copy)]
pub(crate) struct Through {
    /// From the answer that was the last of `settle` on.
    pub(crate) per_second: f64,
    pub(crate) refused: u64,
}

/// Sends the requests with this many clients.
///
/// # Panics
/// A response is neither as wanted nor a 503.
pub(crate) async fn run(
    address: SocketAddr,
    clients: usize,
    (path, status): (&'static str, u16),
    (bodies, settle): (Vec<String>, usize),
) -> Through {
    let measured = bodies.len() - settle;
    let load = SignInLoad {
        path,
        status,
        bodies,
        next: 0,
        clients_to_start: clients,
        settle,
        answered: 0,
        began: Duration::ZERO,
        ended: Duration::ZERO,
        refused: 0,
    };
    let generator = LoadGenerator { address, connections: clients, duration_max: LOAD_SECONDS_MAX };
    let finished = tokio::task::spawn_blocking(move || generator.run(load)).await;
    let finished = finished.expect("the generator").expect("the service answers");
    assert_eq!(finished.answered, finished.bodies.len(), "all were answered");
    let span = (finished.ended - finished.began).as_secs_f64();
    Through { per_second: measured as f64 / span, refused: finished.refused }
}

impl SignInLoad {
    fn draw(&mut self) -> Option<usize> {
        let nth = self.next;
        self.next += 1;
        (nth < self.bodies.len()).then_some(nth)
    }
}

impl Workload for SignInLoad {
    type Request = usize;

    fn next_arrival(&mut self) -> Option<(Duration, usize)> {
        self.clients_to_start = self.clients_to_start.checked_sub(1)?;
        Some((Duration::ZERO, self.draw()?))
    }

    fn write(&mut self, nth: &usize, buffer: &mut Vec<u8>) {
        let (path, body) = (self.path, &self.bodies[*nth]);
        let [_, a, b, c] = (*nth as u32 / PEOPLE_PER_ADDRESS).to_be_bytes();
        let length = body.len();
        write!(
            buffer,
            "POST {path} HTTP/1.1\r\nHost: bench\r\nX-Forwarded-For: 10.{a}.{b}.{c}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .expect("written");
    }

    fn completed(&mut self, nth: usize, completion: &Completion<'_>) -> Option<(Duration, usize)> {
        let response = completion.response.expect("a response");
        if response.status == 503 && response.retry_after.is_some() {
            self.refused += 1;
            return Some((Duration::ZERO, nth));
        }
        let text = || String::from_utf8_lossy(response.body);
        assert_eq!(response.status, self.status, "{}", text());
        self.answered += 1;
        if self.answered == self.settle {
            self.began = completion.done;
        }
        self.ended = completion.done;
        Some((Duration::ZERO, self.draw()?))
    }
}
