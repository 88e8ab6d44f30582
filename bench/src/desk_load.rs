//! Open pages of clinic staff as a workload: each asks at times of its own, whoever else asks.

use std::{collections::HashMap, io::Write, net::SocketAddr, time::Duration};

use chrono::NaiveDate;
use dosebook::{
    domain::keys::Keys,
    random::Random,
    rehearsal::load::{Completion, LoadGenerator, Workload},
};
use hdrhistogram::Histogram;

use crate::{
    dataset::{DAY_CLINICS, desk_token},
    tally::histogram,
};

/// How long responses are waited for after the end.
const LATE_MAX: Duration = Duration::from_secs(60);

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    /// By the script of the open page of each clinic, as often as it does, and conditionally.
    News,
    /// The page of the day at the first clinic, so often a second.
    Page(f64),
}

pub(crate) struct DeskLoad {
    /// What each clinic's user is signed in by, by the clinic's number.
    desks: Vec<String>,
    asked: Asked,
    on: NaiveDate,
    span: Duration,
    at: f64,
    random: Random,
    /// By clinic, what its page knows.
    tags: HashMap<i64, String>,
    pub(crate) tally: DeskTally,
}

pub(crate) struct DeskTally {
    /// In microseconds, from when each was due.
    pub(crate) took: Histogram<u64>,
    /// Those that said that nothing is new.
    pub(crate) same: u64,
    /// The longest body.
    pub(crate) bytes: usize,
}

impl DeskLoad {
    pub(crate) fn new(keys: &Keys, asked: Asked, on: NaiveDate, span: Duration) -> Self {
        Self {
            desks: (0..=DAY_CLINICS).map(|clinic| desk_token(keys, clinic)).collect(),
            asked,
            on,
            span,
            at: 0.0,
            random: Random::new(0xde5c),
            tags: HashMap::new(),
            tally: DeskTally { took: histogram(), same: 0, bytes: 0 },
        }
    }

    pub(crate) async fn run(self, address: SocketAddr, connections: usize) -> DeskTally {
        let duration_max = self.span + LATE_MAX;
        let generator = LoadGenerator { address, connections, duration_max };
        let finished = tokio::task::spawn_blocking(move || generator.run(self)).await;
        finished.expect("the generator").expect("the service answers").tally
    }

    /// Seconds until the page of a clinic asks again, as in `assets/live.js`.
    fn pause(&mut self) -> f64 {
        10.0 + f64::from(self.random.below(2_500)) / 1_000.0
    }
}

impl Workload for DeskLoad {
    type Request = (i64, Duration);

    fn next_arrival(&mut self) -> Option<(Duration, Self::Request)> {
        match self.asked {
            Asked::News => {
                let clinic = self.at as i64 + 1;
                self.at += 1.0;
                let due = Duration::from_secs_f64(10.0 * clinic as f64 / DAY_CLINICS as f64);
                (clinic <= DAY_CLINICS).then_some((due, (clinic, due)))
            }
            Asked::Page(rate) => {
                self.at += 1.0 / rate;
                let due = Duration::from_secs_f64(self.at);
                (due < self.span).then_some((due, (1, due)))
            }
        }
    }

    fn write(&mut self, &(clinic, _): &Self::Request, buffer: &mut Vec<u8>) {
        let path = match self.asked {
            Asked::News => format!("/now?date={}", self.on),
            Asked::Page(_) => String::new(),
        };
        write!(
            buffer,
            "GET /en/clinic/{clinic}{path} HTTP/1.1\r\nHost: bench\r\n\
             Accept-Encoding: gzip, deflate, br\r\nCookie: __Host-staff={}\r\n",
            self.desks[clinic as usize],
        )
        .expect("written");
        if let Some(tag) = self.tags.get(&clinic) {
            write!(buffer, "If-None-Match: \"{tag}.en\"\r\n").expect("written");
        }
        buffer.extend_from_slice(b"\r\n");
    }

    fn completed(
        &mut self,
        (clinic, due): Self::Request,
        completion: &Completion<'_>,
    ) -> Option<(Duration, Self::Request)> {
        let response = completion.response.expect("a response");
        let status = response.status;
        assert!(
            matches!(status, 200 | 304),
            "{status}: {}",
            String::from_utf8_lossy(response.body)
        );
        let took = completion.done.saturating_sub(due);
        self.tally.took.record(took.as_micros() as u64).expect("recorded");
        self.tally.same += u64::from(status == 304);
        self.tally.bytes = self.tally.bytes.max(response.body.len());
        if matches!(self.asked, Asked::Page(_)) {
            return None;
        }
        if status == 200 {
            let news: serde_json::Value = serde_json::from_slice(response.body).expect("news");
            let turn = news["turn"].as_str().expect("a turn");
            self.tags.insert(clinic, turn.to_owned());
        }
        let pause = Duration::from_secs_f64(self.pause());
        let due = completion.done + pause;
        (due < self.span).then_some((pause, (clinic, due)))
    }
}
