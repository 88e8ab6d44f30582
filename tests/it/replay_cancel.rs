//! Second thoughts on whole journeys: who cancels is told so and shown so, the dose is booked by
//! others, and what was told otherwise than it is is found.

use std::{collections::BTreeMap, net::TcpListener};

use dosebook::rehearsal::{
    Report, Target,
    citizens::AckState,
    journey::{FinishedJourneys, Way},
};
use serde_json::Value;

use crate::{
    replay_journey::{Stage, by_kind, settings},
    support::{World, meddler},
};

/// A few people, of whom this share cancels a moment after they have booked.
fn changing(citizens: u32, share: f64, more: &str) -> String {
    format!(
        "{{ title: Second thoughts, seed: 5, citizens: {citizens}, connections: 8,
            seconds_max: 60, arrivals: [{{ seconds: 0.5, share: 1 }}],
            reloads: {{ share: 0, after_seconds: 20, times: 2 }},
            other_slot: {{ times: 100, after_seconds: 0.2 }},
            cancels: {{ share: {share}, after_seconds: 0.1 }},
            journey: {{ english: 0.5, think_seconds: 0.01, sms_seconds: 20 }}{more} }}"
    )
}

async fn everybody_cancels(way: Way) -> Report {
    let stage = Stage::set().await;
    let replay = stage.play(&changing(40, 1.0, ""), way).await;
    let report = stage.report(&replay).await;
    assert!(report.is_sound, "{:?} {:?}", report.check, report.journey);
    let journey = report.journey.as_ref().expect("whole journeys");
    // Each figure is that of the database, and they add up.
    let cancelled = stage.number("select count(*) from booking where state = 3").await;
    assert_eq!((report.booked, report.cancelled, cancelled), (40, 40, 40));
    assert_eq!((report.check.in_database, report.check.live_in_database), (40, 0));
    assert_eq!(journey.ends, BTreeMap::from([("cancelled", 40)]));
    assert_eq!(journey.funnel[6..], [("booked", 40), ("cancelled", 40)]);
    let requests = by_kind(&report);
    for kind in ["book", "booking", "cancel", "cancelled"] {
        assert_eq!(requests[kind], (40, 40), "{kind}: {requests:?}");
    }
    let sums = report.timeline.iter().fold((0, 0), |(booked, cancelled), interval| {
        (booked + interval.booked, cancelled + interval.cancelled)
    });
    assert_eq!(sums, (40, 40));
    // Those of the next days were cancelled too late to be open to everybody again.
    let open = stage.number("select sum(open) from allocation").await;
    let spare = stage.number("select sum(spare) from allocation").await;
    assert!(spare > 0 && open + spare == 120, "{open} open, {spare} spare");
    assert_eq!(report.timeline.last().map(|last| last.open), i64::try_from(open).ok());
    let table = dosebook::rehearsal::table::text(&report);
    assert!(table.contains("40 of them cancelled afterwards"), "{table}");
    let page = dosebook::rehearsal::page::html(&report);
    assert!(page.contains("<th>cancelled<td>40") && page.contains("cancelled afterwards<td>40"));
    report
}

#[tokio::test]
async fn who_thinks_better_of_it_cancels_by_the_api() {
    let report = everybody_cancels(Way::Api).await;
    assert!(!by_kind(&report).contains_key("cancel_page"));
    let json: Value = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["journey"]["funnel"][7], serde_json::json!(["cancelled", 40]));
    assert_eq!(json["journey"]["faults"]["shown_live"], 0);
}

#[tokio::test]
async fn who_thinks_better_of_it_cancels_by_the_pages() {
    let report = everybody_cancels(Way::Pages).await;
    assert_eq!(by_kind(&report)["cancel_page"], (40, 40));
}

/// Three doses for eight people: each of them has one for a moment.
async fn doses_flow_back(way: Way) {
    let gateway = TcpListener::bind("127.0.0.1:0").expect("a port");
    let settings = settings(&gateway.local_addr().expect("an address").to_string());
    let world = World::new().clinics(1).days(3).slots_per_day(2).seats(4).doses(1);
    let world = world.people(20).cancel_until_hours(1);
    let stage = Stage::of(world, &settings, gateway).await;
    let replay = stage.play(&changing(8, 1.0, ""), way).await;
    let report = stage.report(&replay).await;
    assert!(report.is_sound, "{:?} {:?}", report.check, report.journey);
    assert_eq!((report.doses_open, report.booked, report.cancelled), (3, 8, 8), "{report:?}");
    assert_eq!(stage.number("select sum(open) from allocation").await, 3);
    assert_eq!(report.timeline.last().map(|last| last.open), Some(3));
}

#[tokio::test]
async fn a_dose_that_was_cancelled_is_booked_by_others_by_the_api() {
    doses_flow_back(Way::Api).await;
}

#[tokio::test]
async fn a_dose_that_was_cancelled_is_booked_by_others_by_the_pages() {
    doses_flow_back(Way::Pages).await;
}

#[tokio::test]
async fn a_cancellation_that_is_not_as_it_was_told_is_found() {
    let stage = Stage::set().await;
    let mut replay = stage.play(&changing(40, 0.5, ""), Way::Api).await;
    let control = stage.report(&replay).await;
    assert!(control.is_sound, "the control: {:?} {:?}", control.check, control.journey);
    let journey = control.journey.as_ref().expect("whole journeys");
    let of = |end: &str| journey.ends.get(end).copied().unwrap_or(0);
    assert!(of("booked") > 0 && of("cancelled") > 0, "{:?}", journey.ends);
    assert_eq!((of("booked") + of("cancelled"), of("cancelled")), (40, control.cancelled));

    let nth = |replay: &FinishedJourneys, state| {
        replay.notes.acks.iter().position(|ack| ack.state == state).expect("one of them")
    };
    let live = nth(&replay, AckState::Booked);
    let cancelled = nth(&replay, AckState::Cancelled);
    for (at, is, told) in [
        (live, AckState::Booked, AckState::Cancelled),
        (cancelled, AckState::Cancelled, AckState::Booked),
    ] {
        replay.notes.acks[at].state = told;
        let checked = replay.check(&stage.db).await.expect("the check");
        assert_eq!((checked.lost, checked.is_sound()), (1, false), "told as {told:?}");
        assert!(checked.faults[0].contains("was acknowledged as"), "{:?}", checked.faults);
        // Where the answer was lost, either is lawful.
        replay.notes.acks[at].state = AckState::MayBeCancelled;
        assert!(replay.check(&stage.db).await.expect("the check").is_sound());
        replay.notes.acks[at].state = is;
    }
    // To be gone altogether is not.
    let id = replay.notes.acks[live].booking_id;
    let sql = "delete from booking where booking_id = $1";
    sqlx::query(sql).bind(id).execute(&stage.app.db).await.expect("deleted");
    for state in [AckState::Booked, AckState::MayBeCancelled] {
        replay.notes.acks[live].state = state;
        let checked = replay.check(&stage.db).await.expect("the check");
        assert_eq!((checked.lost, checked.is_sound()), (1, false), "told as {state:?}");
    }
}

#[tokio::test]
async fn a_page_that_shows_a_booking_wrongly_is_reported() {
    let stage = Stage::set().await;
    let mut replay = stage.play(&changing(4, 1.0, ""), Way::Api).await;
    assert!(stage.report(&replay).await.is_sound, "the control");
    replay.notes.faults.shown_live = 1;
    let report = stage.report(&replay).await;
    assert!(!report.is_sound && report.check.is_sound(), "{:?}", report.check);
    assert!(report.check.faults[0].contains("what they had cancelled"), "{:?}", report.check);
    let page = dosebook::rehearsal::page::html(&report);
    assert!(page.contains("Something is wrong") && page.contains("what they had cancelled"));
}

/// Whether a request of this first line cancels.
fn is_cancellation(line: &str) -> bool {
    line.starts_with("DELETE /v1/bookings/")
        || (line.starts_with("POST ") && line.contains("/cancel "))
}

#[tokio::test]
async fn a_cancellation_whose_answer_is_lost_is_sent_again_and_made_once() {
    for way in [Way::Api, Way::Pages] {
        let stage = Stage::set().await;
        let is_lost = meddler::the_first(2);
        let loses = move |line: &str, answer: &[u8]| match is_cancellation(line) && is_lost() {
            true => None,
            false => Some(answer.to_vec()),
        };
        let between = meddler::between(&stage.app.url, loses).await;
        let mut config = stage.config(&changing(6, 1.0, ""), way);
        config.target = Target::parse(&between, false).expect("this machine");
        let report = stage.report(&stage.play_as(config).await).await;
        assert!(report.is_sound, "{:?} {:?}", report.check, report.journey);
        assert_eq!((report.cancelled, report.retries.sent_again), (6, 2), "{way:?}");
        assert_eq!(by_kind(&report)["cancel"], (8, 6), "{way:?}");
        let once = stage.number("select count(*) from movement where kind in (2, 3)").await;
        assert_eq!(once, 6, "{way:?}");
    }
}
