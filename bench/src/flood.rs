//! A crowd that wants something else than to book, as fast as it is answered or at a rate.

use std::{io::Write as _, net::SocketAddr, time::Duration};

use dosebook::{
    random::Random,
    rehearsal::load::{Completion, LoadGenerator, Workload},
};

use crate::booking_load::LoadHandle;

/// How long responses are waited for after the end.
const LATE_MAX: Duration = Duration::from_secs(60);
/// No measurement is as long.
const SPAN_MAX: Duration = Duration::from_secs(600);

/// How they come.
#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// So many clients, each with its next request when the last one was answered.
    Clients(usize),
    /// So many requests a second, on this many connections.
    Rate(f64, usize),
}

/// Writes the next request.
pub(crate) type NextRequest = Box<dyn FnMut(&mut Vec<u8>) + Send>;

pub(crate) struct Flood {
    write: NextRequest,
    pace: Pace,
    /// What the service may answer.
    lawful: &'static [u16],
    arrivals: u64,
    handle: LoadHandle,
    /// Requests that were answered, and those whose connection broke.
    pub(crate) answered: u64,
    pub(crate) broken: u64,
    fault: Option<String>,
}

impl Flood {
    pub(crate) fn new(write: NextRequest, pace: Pace, lawful: &'static [u16]) -> Self {
        let handle = LoadHandle::default();
        Self { write, pace, lawful, arrivals: 0, handle, answered: 0, broken: 0, fault: None }
    }

    pub(crate) fn handle(&self) -> LoadHandle {
        self.handle.clone()
    }

    /// Goes on until its handle ends it.
    ///
    /// # Panics
    /// An answer that is none of the lawful ones.
    pub(crate) async fn run(self, address: SocketAddr) -> Self {
        let (Pace::Clients(connections) | Pace::Rate(_, connections)) = self.pace;
        let generator = LoadGenerator { address, connections, duration_max: SPAN_MAX + LATE_MAX };
        let finished = tokio::task::spawn_blocking(move || generator.run(self)).await;
        let finished = finished.expect("the generator").expect("the service answers");
        if let Some(fault) = &finished.fault {
            panic!("a response that nobody should get: {fault}");
        }
        finished
    }
}

impl Workload for Flood {
    type Request = ();

    fn next_arrival(&mut self) -> Option<(Duration, ())> {
        if self.handle.is_over() {
            return None;
        }
        self.arrivals += 1;
        match self.pace {
            Pace::Clients(clients) => {
                (self.arrivals <= clients as u64).then_some((Duration::ZERO, ()))
            }
            Pace::Rate(rate, _) => Some((Duration::from_secs_f64(self.arrivals as f64 / rate), ())),
        }
    }

    fn write(&mut self, (): &(), buffer: &mut Vec<u8>) {
        (self.write)(buffer);
    }

    fn completed(&mut self, (): (), completion: &Completion<'_>) -> Option<(Duration, ())> {
        match completion.response {
            Some(response) if self.lawful.contains(&response.status) => self.answered += 1,
            Some(response) => {
                let body = String::from_utf8_lossy(response.body);
                let status = response.status;
                self.fault.get_or_insert_with(|| format!("{status} {body:.500}"));
            }
            None => self.broken += 1,
        }
        let goes_on = matches!(self.pace, Pace::Clients(_)) && !self.handle.is_over();
        goes_on.then_some((Duration::ZERO, ()))
    }
}

/// Wrong passwords of users, one of whom there is, each from an address of its own.
pub(crate) fn guesses() -> NextRequest {
    let mut random = Random::new(0x9e55);
    Box::new(move |buffer| {
        let user = match random.below(10) {
            0 => "bench".to_owned(),
            _ => format!("user.{}", random.below(1_000_000)),
        };
        let body = format!(r#"{{"username":"{user}","password":"a guess, and wrong"}}"#);
        let [a, b, c] = [0; 3].map(|_| random.below(250));
        write!(
            buffer,
            "POST /v1/auth/staff-sessions HTTP/1.1\r\nHost: bench\r\n\
             X-Forwarded-For: 10.{a}.{b}.{c}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("written");
    })
}

/// Searches for clinics near a place at random.
pub(crate) fn searches() -> NextRequest {
    let mut random = Random::new(0x5ea7);
    Box::new(move |buffer| {
        let (latitude, longitude) = (random.below(5_000), random.below(5_000));
        write!(
            buffer,
            "GET /v1/campaigns/1/clinics?near={}.{:03},{}.{:03}&limit=500 HTTP/1.1\r\n\
             Host: bench\r\nAccept-Encoding: br\r\n\r\n",
            33 + latitude / 1_000,
            latitude % 1_000,
            125 + longitude / 1_000,
            longitude % 1_000,
        )
        .expect("written");
    })
}

/// Tokens that nobody was ever given, as staff and as citizens.
pub(crate) fn junk() -> NextRequest {
    let mut random = Random::new(0x1abe);
    Box::new(move |buffer| {
        let path = if random.below(2) == 0 { "/v1/me" } else { "/v1/admin/campaigns" };
        let token = format!("{:016x}{:016x}", random.next_u64(), random.next_u64());
        write!(
            buffer,
            "GET {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n\r\n"
        )
        .expect("written");
    })
}
