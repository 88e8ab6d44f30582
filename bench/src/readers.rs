//! People who read: each asks the same again as soon as it is answered.

use std::{net::SocketAddr, time::Duration};

use dosebook::rehearsal::load::{Completion, LoadGenerator, Workload};

/// Answers are waited for so long.
const LATE_MAX: Duration = Duration::from_secs(60);

pub(crate) struct Readers {
    request: &'static str,
    clients_to_come: usize,
    from: Duration,
    until: Duration,
    read: u64,
}

/// Answers a second, in the `span` seconds after `settle` seconds, with so many clients.
pub(crate) async fn read(
    address: SocketAddr,
    request: &'static str,
    clients: usize,
    (settle, span): (f64, f64),
) -> f64 {
    let (from, until) = (Duration::from_secs_f64(settle), Duration::from_secs_f64(settle + span));
    let readers = Readers { request, clients_to_come: clients, from, until, read: 0 };
    let crowd = LoadGenerator { address, connections: clients, duration_max: until + LATE_MAX };
    let came = tokio::task::spawn_blocking(move || crowd.come(readers)).await;
    came.expect("the generator").expect("the service answers").read as f64 / span
}

impl Workload for Readers {
    type Request = ();

    fn next_arrival(&mut self) -> Option<(Duration, ())> {
        self.clients_to_come = self.clients_to_come.checked_sub(1)?;
        Some((Duration::ZERO, ()))
    }

    fn write(&mut self, (): &(), request: &mut Vec<u8>) {
        request.extend_from_slice(self.request.as_bytes());
    }

    fn completed(&mut self, (): (), heard: &Completion<'_>) -> Option<(Duration, ())> {
        let answer = heard.answer.expect("an answer");
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
        self.read += u64::from((self.from..self.until).contains(&heard.done));
        (heard.done < self.until).then_some((Duration::ZERO, ()))
    }
}
