//! A crowd that wants something else than to book, as fast as it is answered or at a rate.

use std::{net::SocketAddr, time::Duration};

use dosebook::rehearsal::load::{Completion, LoadGenerator, Workload};

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
pub(crate) type Write = Box<dyn FnMut(&mut Vec<u8>) + Send>;

pub(crate) struct Flood {
    write: Write,
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
    pub(crate) fn new(write: Write, pace: Pace, lawful: &'static [u16]) -> Self {
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
