//! Twice as many requests as can be served, for a minute, and then fewer again.

use std::fs;

use super::latency::NORMAL_SHARE;
use crate::{
    bench::Bench,
    booking_load::{BookingLoad, Phase, Targets},
    report::{Goal, Run, median, number},
    service::Service,
    static_server::{StaticResponse, StaticServer},
    tally::{Tally, ms},
    world::World,
};

const OVERLOAD: f64 = 2.0;
/// More than the service queues: otherwise requests would wait in the generator.
const CONNECTIONS_MAX: usize = 8_192;
/// Files that this process needs besides connections.
const OTHER_FILES: usize = 512;
const BEFORE_SECONDS: f64 = 2.0;
const AFTER_SECONDS: f64 = 5.0;
/// Step in which recovery is looked for, in microseconds.
const STEP_MICROS: u64 = 100_000;
/// The normal latency, unless it was measured in this run of the bench: the goal for p99.
const NORMAL_MS: f64 = 60.0;
/// A generator that lags more than this did not keep up.
const MISSED_MS: f64 = 10.0;
/// Of the same load that is only refused, by static bytes.
const FLOOR_SECONDS_MAX: f64 = 10.0;
/// As a refusal of the service is, with as many bytes.
const REFUSAL: &str = "HTTP/1.1 503 Service Unavailable\r\ncache-control: no-store\r\n\
    content-language: en\r\ncontent-type: application/problem+json\r\nretry-after: 1\r\n\
    x-content-type-options: nosniff\r\nx-request-id: 01900000-0000-7000-8000-000000000000\r\n\
    \r\n{\"type\":\"/docs#overloaded\",\"title\":\"Too many people come at once.\",\
    \"status\":503,\"detail\":\"Many people book at this moment. Send the same request again in \
    1 second.\",\"instance\":\"urn:uuid:01900000-0000-7000-8000-000000000000\",\
    \"code\":\"overloaded\",\"cause\":\"crowded\",\"facts\":{\"retry_after\":1},\
    \"retry_after\":1}";

#[derive(Default)]
struct Runs {
    goodput: Vec<Run>,
    accepted: Vec<Run>,
    refused: Vec<Run>,
    recovery: Vec<Run>,
    /// What the service adds to the same from when they were sent, beside that.
    accepted_added: Vec<Run>,
    refused_added: Vec<Run>,
    accepted_from_sent: Vec<f64>,
    refused_from_sent: Vec<f64>,
    refused_share: Vec<f64>,
    lag: Vec<Run>,
    floor_lag: Vec<f64>,
    sent_again: u64,
}

/// What refusals take that are static bytes, in ms.
#[derive(Clone, Copy)]
struct Floor {
    from_sent: f64,
    lag: f64,
}

pub(crate) async fn measure(bench: &mut Bench) {
    let peak = bench.peak().await;
    let normal = bench.normal_ms.unwrap_or(NORMAL_MS);
    let connections = connections();
    let span = bench.overload_seconds as f64;
    let mut runs = Runs::default();
    for _ in 0..bench.runs {
        let world = bench.world().await;
        let floor = floor(world, OVERLOAD * peak, span.min(FLOOR_SECONDS_MAX), connections).await;
        let before = world.sums().await;
        let service = Service::start(world.data_dir());
        let phases = vec![
            Phase { span: BEFORE_SECONDS, rate: NORMAL_SHARE * peak },
            Phase { span, rate: OVERLOAD * peak },
            Phase { span: AFTER_SECONDS, rate: NORMAL_SHARE * peak },
        ];
        let targets = Targets::Spread(world.shape);
        let bookings = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases);
        let tally = bookings.run(service.address, connections).await.tally;
        service.stop();
        world.check(before, &tally.acknowledged).await;
        runs.take(&tally, (peak, floor), (span, normal));
    }
    runs.report(bench, (peak, normal), connections);
}

/// The same people come to a server that refuses everybody by static bytes: what generator and
/// kernel take by themselves.
async fn floor(world: &World, rate: f64, span: f64, connections: usize) -> Floor {
    let server = StaticServer::start(StaticResponse::parse(REFUSAL.as_bytes()));
    let targets = Targets::Spread(world.shape);
    let phases = vec![Phase { span, rate }];
    let bookings = BookingLoad::open_loop(world.citizens.clone(), targets, 0, phases);
    let tally = bookings.run(server.address, connections).await.tally;
    server.stop().await;
    let phase = &tally.phases[0];
    Floor { from_sent: ms(&phase.refused_from_sent, 99.0), lag: ms(&phase.lag, 99.0) }
}

impl Runs {
    fn take(&mut self, tally: &Tally, (peak, floor): (f64, Floor), (span, normal): (f64, f64)) {
        let phase = &tally.phases[1];
        let accepted = ms(&phase.booked, 99.0);
        // If nothing was refused, the requests that should have been took as long as the others.
        let nobody = phase.refused.is_empty();
        let refused = |p99| if nobody { accepted } else { p99 };
        let count = (phase.refused.len() + phase.booked.len()) as f64;
        self.goodput.push(Run::beside(phase.booked_within as f64 / span, peak));
        self.accepted.push(Run::alone(accepted));
        self.refused.push(Run::alone(refused(ms(&phase.refused, 99.0))));
        let accepted_from_sent = ms(&phase.booked_from_sent, 99.0);
        let refused_from_sent =
            if nobody { accepted_from_sent } else { ms(&phase.refused_from_sent, 99.0) };
        let added = |p99: f64| Run::beside((p99 - floor.from_sent).max(0.0), floor.from_sent);
        self.accepted_added.push(added(accepted_from_sent));
        self.refused_added.push(added(refused_from_sent));
        self.accepted_from_sent.push(accepted_from_sent);
        self.refused_from_sent.push(refused_from_sent);
        self.refused_share.push(100.0 * phase.refused.len() as f64 / count);
        self.recovery.push(Run::alone(recovery(tally, BEFORE_SECONDS + span, normal)));
        self.lag.push(Run::alone(ms(&phase.lag, 99.0)));
        self.floor_lag.push(floor.lag);
        self.sent_again += tally.sent_again;
    }

    fn report(self, bench: &mut Bench, (peak, normal): (f64, f64), connections: usize) {
        let seconds = bench.overload_seconds;
        let report = &mut bench.report;
        let name = format!("bookings/s at 2x the peak for {seconds} s, beside the peak");
        report.row(&name, "bookings/s", Goal::Times(0.9), &self.goodput);
        for (name, goal, runs) in [
            (
                "accepted at 2x the peak, p99 from sent, added to the floor",
                300.0,
                &self.accepted_added,
            ),
            (
                "refused at 2x the peak, p99 from sent, added to the floor",
                10.0,
                &self.refused_added,
            ),
            ("accepted at 2x the peak, p99 from due", 300.0, &self.accepted),
            ("refused at 2x the peak, p99 from due", 10.0, &self.refused),
            ("the generator sends later than due at 2x the peak, p99", MISSED_MS, &self.lag),
        ] {
            report.row(name, "ms", Goal::Most(goal), runs);
        }
        report.row("recovery after the overload", "s", Goal::Most(2.0), &self.recovery);
        report.note(format!(
            "Twice the peak is {}/s on {connections} connections; {} % were refused and did not \
             come again. From when it was sent a booking takes {} ms and a refusal {} ms (p99). \
             The floor is the same load against a server that answers everybody with a refusal of \
             static bytes: it has the cores to itself, and what the service takes beyond it is \
             what the goal is for, since generator and service share two cores. The generator was \
             late there by {} ms (p99). What is counted from when it was due is the crowd's view, \
             and holds the generator's own lateness. Recovered is a tenth of a second in which \
             nine of ten were accepted within {} ms. {} requests were sent again because a \
             connection broke.",
            number(OVERLOAD * peak),
            number(median(self.refused_share)),
            number(median(self.accepted_from_sent)),
            number(median(self.refused_from_sent)),
            number(median(self.floor_lag)),
            number(normal),
            self.sent_again,
        ));
    }
}

/// Seconds from the end of the overload until latency is normal again; at most the seconds that
/// were measured after it.
fn recovery(tally: &Tally, overload_ended: f64, normal_ms: f64) -> f64 {
    let ended = (overload_ended * 1e6) as u64;
    let steps = (AFTER_SECONDS * 1e6) as u64 / STEP_MICROS;
    let is_usual = |step: u64| {
        let from = ended + step * STEP_MICROS;
        let due = tally.last.iter().filter(|(due, _)| (from..from + STEP_MICROS).contains(due));
        let (mut all, mut soon) = (0, 0);
        for (_, took) in due {
            all += 1;
            soon += usize::from(took.is_some_and(|took| took as f64 <= normal_ms * 1000.0));
        }
        all > 0 && soon * 10 >= all * 9
    };
    let step = (0..steps).find(|step| is_usual(*step)).unwrap_or(steps);
    (step + 1) as f64 * STEP_MICROS as f64 / 1e6
}

/// As many connections as this process may open.
pub(super) fn connections() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    soft.map_or(CONNECTIONS_MAX, |soft| CONNECTIONS_MAX.min(soft.saturating_sub(OTHER_FILES)))
}
