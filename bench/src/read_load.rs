//! Reading as a workload: each client sends the next request as soon as the last one is answered.

use std::{net::SocketAddr, time::Duration};

use dosebook::rehearsal::load::{Completion, LoadGenerator, Workload};

/// How long responses are waited for after the end.
const LATE_MAX: Duration = Duration::from_secs(60);

pub(crate) struct ReadLoad {
    /// Sent one after the other, and from the first again.
    requests: Vec<String>,
    sent: usize,
    clients_to_start: usize,
    from: Duration,
    until: Duration,
    read: u64,
}

/// Responses per second in the `span` seconds after `settle` seconds, with this many clients.
pub(crate) async fn run(
    address: SocketAddr,
    request: &str,
    clients: usize,
    spans: (f64, f64),
) -> f64 {
    run_all(address, &[request.to_owned()], clients, spans).await
}

/// As `run`, of all these requests in turns.
pub(crate) async fn run_all(
    address: SocketAddr,
    requests: &[String],
    clients: usize,
    (settle, span): (f64, f64),
) -> f64 {
    let (from, until) = (Duration::from_secs_f64(settle), Duration::from_secs_f64(settle + span));
    let (requests, clients_to_start) = (requests.to_vec(), clients);
    let load = ReadLoad { requests, sent: 0, clients_to_start, from, until, read: 0 };
    let generator = LoadGenerator { address, connections: clients, duration_max: until + LATE_MAX };
    let finished = tokio::task::spawn_blocking(move || generator.run(load)).await;
    finished.expect("the generator").expect("the service answers").read as f64 / span
}

impl Workload for ReadLoad {
    type Request = ();

    fn next_arrival(&mut self) -> Option<(Duration, ())> {
        self.clients_to_start = self.clients_to_start.checked_sub(1)?;
        Some((Duration::ZERO, ()))
    }

    fn write(&mut self, (): &(), buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(self.requests[self.sent % self.requests.len()].as_bytes());
        self.sent += 1;
    }

    fn completed(&mut self, (): (), completion: &Completion<'_>) -> Option<(Duration, ())> {
        let response = completion.response.expect("a response");
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(response.body));
        self.read += u64::from((self.from..self.until).contains(&completion.done));
        (completion.done < self.until).then_some((Duration::ZERO, ()))
    }
}
