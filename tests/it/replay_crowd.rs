//! Whole journeys in a crowd: who is refused, or hears nothing, comes back and books; and a service
//! that does not say when to come back is found out.

use std::{collections::BTreeMap, net::TcpListener};

use dosebook::rehearsal::{
    Report, Target,
    journey::{JourneyConfig, Way},
};

use crate::{
    replay_journey::{Stage, settings},
    support::{TestApp, World, meddler},
};

const PEOPLE: u64 = 40;

/// All at once, and each on a connection of their own.
fn crowd(reloads: &str) -> String {
    format!(
        "{{ title: A crowd, seed: 16, citizens: {PEOPLE}, connections: {PEOPLE},
            seconds_max: 120, arrivals: [{{ seconds: 0.1, share: 1 }}],
            reloads: {reloads}, busy_times: 100,
            other_slot: {{ times: 100, after_seconds: 0.2 }},
            journey: {{ english: 0.5, think_seconds: 0.01, sms_seconds: 30 }} }}"
    )
}

const PATIENT: &str = "{ share: 0, after_seconds: 20, times: 3 }";
const IMPATIENT: &str = "{ share: 1, after_seconds: 3, times: 20 }";

/// A service where one request waits for the one that is done, and the next is refused.
async fn narrow() -> Stage {
    let options = TestApp::with().lanes(1).queue(1).batch(1);
    let gateway = TcpListener::bind("127.0.0.1:0").expect("a port");
    let settings = settings(&gateway.local_addr().expect("an address").to_string());
    let world = World::new().clinics(3).days(4).slots_per_day(4).seats(4).doses(10).people(400);
    Stage::on(options, world, &settings, gateway).await
}

/// As the stage has it, but for what stands between.
fn through(stage: &Stage, between: &str, (scenario, way): (&str, Way)) -> JourneyConfig {
    let target = Target::parse(between, false).expect("this machine");
    JourneyConfig { target, ..stage.config(scenario, way) }
}

#[track_caller]
fn everybody_has_booked(report: &Report) {
    let journey = report.journey.as_ref().expect("whole journeys");
    assert!(report.is_sound, "{:?} {journey:?}", report.check);
    assert_eq!(journey.ends, BTreeMap::from([("booked", PEOPLE)]));
    assert_eq!((report.booked, report.check.in_database), (PEOPLE, PEOPLE));
    assert_eq!((report.retries.gave_up, journey.unfinished), (0, 0));
}

#[tokio::test]
async fn who_is_refused_is_told_when_to_come_back_and_books() {
    for way in [Way::Api, Way::Pages] {
        let stage = narrow().await;
        let report = stage.report(&stage.play(&crowd(PATIENT), way).await).await;
        everybody_has_booked(&report);
        let refused: u64 =
            report.requests.iter().filter_map(|of| of.refused.get("overloaded")).sum();
        assert!(refused > 0, "the control: it is too narrow for all of them");
        assert_eq!(report.retries.after_busy, refused, "{way:?}: each came back");
        assert!(report.requests.iter().all(|of| of.without_time == 0));
    }
}

/// An answer whose `Retry-After` has another name.
fn without_time(_line: &str, answer: &[u8]) -> Option<Vec<u8>> {
    const NAME: &[u8] = b"retry-after:";
    let mut answer = answer.to_vec();
    let found = answer.windows(NAME.len()).position(|window| window == NAME);
    if let Some(at) = found {
        answer[at] = b'x';
    }
    Some(answer)
}

#[tokio::test]
async fn a_refusal_without_a_time_to_come_back_is_a_fault() {
    for way in [Way::Api, Way::Pages] {
        let stage = narrow().await;
        let between = meddler::between(&stage.app.url, without_time).await;
        let config = through(&stage, &between, (&crowd(PATIENT), way));
        let report = stage.report(&stage.play_as(config).await).await;
        let journey = report.journey.as_ref().expect("whole journeys");
        assert!(journey.faults.without_time > 0 && !report.is_sound, "{way:?} {journey:?}");
        let counted: u64 = report.requests.iter().map(|of| of.without_time).sum();
        assert_eq!(journey.faults.without_time, counted);
        let is_said = |fault: &String| fault.contains("did not say when to come back");
        assert!(report.check.faults.iter().any(is_said), "{:?}", report.check);
        assert_eq!(report.booked, PEOPLE, "and they book all the same");
    }
}

#[tokio::test]
async fn who_hears_nothing_loads_the_page_again_and_books_once() {
    const SILENCES: u32 = 3;
    for way in [Way::Api, Way::Pages] {
        let stage = Stage::set().await;
        let is_silent = meddler::the_first(SILENCES);
        let swallows = move |line: &str, answer: &[u8]| {
            let books = line.starts_with("PUT /v1/bookings/")
                || (line.starts_with("POST ") && line.contains("/check"));
            Some(if books && is_silent() { Vec::new() } else { answer.to_vec() })
        };
        let between = meddler::between(&stage.app.url, swallows).await;
        let config = through(&stage, &between, (&crowd(IMPATIENT), way));
        let report = stage.report(&stage.play_as(config).await).await;
        everybody_has_booked(&report);
        let again = report.retries.sent_again;
        assert!(again >= u64::from(SILENCES) && report.lost >= u64::from(SILENCES), "{again}");
    }
}
