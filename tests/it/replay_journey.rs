//! Whole journeys, played small by the API and by the pages: everybody's end is accounted for, what
//! the report says is in the database, and a promise that is not kept is found.

use std::{collections::BTreeMap, net::TcpListener};

use dosebook::{
    db::Db,
    rehearsal::{
        Report, Scenario, Target,
        citizens::AckState,
        journey::{self, FinishedJourneys, JourneyConfig, Way},
    },
};
use serde_json::Value;
use sqlx::Executor;

use crate::support::{TestApp, World, gateway::Gateway};

/// 200 people for 120 doses: some may not book, some are in no register, some press and type
/// wrongly, and too many want the same.
const SMALL: &str = "
title: A small evening from the landing page on
seed: 11
citizens: 200
connections: 16
seconds_max: 60
arrivals:
  - { seconds: 0.4, share: 0.7 }
  - { seconds: 0.6, share: 0.3 }
duplicates: 0.2
reloads: { share: 0.2, after_seconds: 10, times: 2 }
other_slot: { times: 3, after_seconds: 0.1 }
journey:
  early: 0.3
  early_seconds: 1
  ready: 0.5
  question: 0.8
  english: 0.3
  wrong_codes: 0.2
  used_codes: 0.2
  strangers: 0.05
  not_eligible: 0.1
  think_seconds: 0.01
  sms_seconds: SMS
";

struct Stage {
    app: TestApp,
    /// As the command opens it.
    db: Db,
    gateway: TcpListener,
}

impl Stage {
    /// A service that sends its messages to the replay.
    async fn set() -> Self {
        let gateway = TcpListener::bind("127.0.0.1:0").expect("a port");
        let settings = settings(&gateway.local_addr().expect("an address").to_string());
        Self::with(&settings, gateway).await
    }

    async fn with(settings: &str, gateway: TcpListener) -> Self {
        let world = World::new().clinics(3).days(4).slots_per_day(4).seats(4).doses(10);
        Self::of(world.people(400), settings, gateway).await
    }

    async fn of(world: World, settings: &str, gateway: TcpListener) -> Self {
        let options = TestApp::with().messages(settings).trusted_proxy("127.0.0.1");
        let app = options.start().await;
        world.make(&app.db).await;
        // A fifth of them may not book.
        let sql = "update cohort set born_to = '1965-12-31'";
        app.db.execute(sql).await.expect("a cohort");
        app.refresh().await;
        let db = Db::new(app.database.options.clone(), 1);
        Self { app, db, gateway }
    }

    fn config(&self, scenario: &str, way: Way) -> JourneyConfig {
        JourneyConfig {
            name: "small".to_owned(),
            scenario: Scenario::parse(scenario).expect("a scenario"),
            share: 1.0,
            target: Target::parse(&self.app.url, false).expect("this machine"),
            campaign_id: None,
            way,
            gateway: self.gateway.try_clone().expect("a listener"),
        }
    }

    async fn play(&self, scenario: &str, way: Way) -> FinishedJourneys {
        let config = self.config(scenario, way);
        let prepared = journey::prepare(&self.db, config).await.expect("prepared");
        let clock = &self.app.app.clock;
        prepared.run(&self.db, clock, Box::new(|_| {})).await.expect("finished")
    }

    async fn report(&self, replay: &FinishedJourneys) -> Report {
        let checked = replay.check(&self.db).await.expect("the check");
        Report::of_journeys(replay, checked)
    }

    async fn number(&self, sql: &'static str) -> u64 {
        let number: i64 = sqlx::query_scalar(sql).fetch_one(&self.app.db).await.expect(sql);
        number.try_into().expect("a count")
    }
}

fn settings(address: &str) -> String {
    include_str!("../../scenarios/messages.toml").replace("127.0.0.1:8090", address)
}

fn small(sms_seconds: &str) -> String {
    SMALL.replace("SMS", sms_seconds)
}

/// What happened, by the name of each request.
fn by_kind(report: &Report) -> BTreeMap<&'static str, (u64, u64)> {
    report.requests.iter().map(|of| (of.kind, (of.sent, of.done))).collect()
}

#[track_caller]
fn assert_done(requests: &BTreeMap<&'static str, (u64, u64)>, kinds: &str) {
    for kind in kinds.split_whitespace() {
        let done = requests.get(kind).map_or(0, |(_, done)| *done);
        assert!(done > 0, "no {kind}: {requests:?}");
    }
}

async fn a_small_evening(way: Way) -> (Stage, Report) {
    let stage = Stage::set().await;
    let replay = stage.play(&small("2"), way).await;
    let checked = replay.check(&stage.db).await.expect("the check");
    let report = Report::of_journeys(&replay, checked);
    assert!(report.is_sound, "{:?} {:?}", report.check, report.journey);
    let journey = report.journey.as_ref().expect("whole journeys");

    let (booked, live) = (
        stage.number("select count(*) from booking").await,
        stage.number("select count(*) from booking where state = 1").await,
    );
    assert_eq!((report.booked, report.check.in_database, live), (booked, booked, booked));
    assert!(booked > 0 && booked <= 120, "{booked}");
    // Everybody has an end, and those that there must be are there.
    let of = |end: &str| journey.ends.get(end).copied().unwrap_or(0);
    assert_eq!((journey.ends.values().sum::<u64>(), journey.unfinished), (200, 0));
    assert!(of("not_eligible") > 0 && of("not_in_register") > 0, "{:?}", journey.ends);
    assert!(of("sold_out") > 0, "{:?}", journey.ends);
    assert_eq!((of("no_code_came"), of("gave_up"), of("refused")), (0, 0, 0), "{:?}", journey.ends);
    let elsewhere = journey.second_devices.get("booked").copied().unwrap_or(0);
    assert_eq!(of("booked") + elsewhere, booked, "{journey:?}");
    assert!(journey.second_devices.values().sum::<u64>() > 0);
    // Each session took a code of its own, and a code that was used is used no more.
    let requests = by_kind(&report);
    assert_eq!(requests["session"].1, journey.sessions, "{requests:?}");
    assert_eq!(requests["wrong_code"].1, 0);
    assert!(requests["wrong_code"].0 > 0 && requests["used_code"].0 > 0);
    assert!(journey.messages.codes >= journey.sessions);
    let funnel: Vec<_> = journey.funnel.iter().map(|(_, people)| *people).collect();
    assert_eq!((funnel[0], funnel[6]), (200, of("booked")), "{funnel:?}");
    assert!(funnel[2..].is_sorted_by(|a, b| a >= b), "{:?}", journey.funnel);
    (stage, report)
}

#[tokio::test]
async fn a_small_evening_is_played_whole_by_the_api() {
    let (_stage, report) = a_small_evening(Way::Api).await;
    let requests = by_kind(&report);
    let kinds = "landing question code sms session districts clinics slots check book booking";
    assert_done(&requests, kinds);
    assert_eq!(requests["used_code"].1, 0, "a used code signs nobody in");
    let json: Value = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["journey"]["way"], "api");
    let table = dosebook::rehearsal::table::text(&report);
    assert!(table.contains("whole journeys by the API"), "{table}");
}

#[tokio::test]
async fn a_small_evening_is_played_whole_by_the_pages() {
    let (_stage, report) = a_small_evening(Way::Pages).await;
    let requests = by_kind(&report);
    let kinds = "landing style question_form question sign_in code code_page sms \
                 session signed_in clinics slots check book booking";
    assert_done(&requests, kinds);
    let page = dosebook::rehearsal::page::html(&report);
    assert!(page.contains("Every promise was kept") && page.contains("<h2>The way</h2>"));
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn a_gateway_that_swallows_messages_is_reported() {
    let swallows = Gateway::start().await;
    let nowhere = TcpListener::bind("127.0.0.1:0").expect("a port");
    let stage = Stage::with(&settings(&swallows.address.to_string()), nowhere).await;
    let scenario = small("0.2").replace("citizens: 200", "citizens: 20");
    let replay = stage.play(&scenario, Way::Api).await;
    let checked = replay.check(&stage.db).await.expect("the check");
    assert!(checked.is_sound(), "nothing is booked: {checked:?}");
    let report = Report::of_journeys(&replay, checked);
    let journey = report.journey.as_ref().expect("whole journeys");
    assert!(!report.is_sound && journey.faults.without_code > 0, "{journey:?}");
    assert_eq!((report.booked, journey.sessions, journey.messages.codes), (0, 0, 0));
    assert!(report.check.faults.iter().any(|fault| fault.contains("none came")));
    let page = dosebook::rehearsal::page::html(&report);
    assert!(page.contains("Something is wrong"));
}

#[tokio::test]
async fn a_booking_that_was_only_acknowledged_is_found() {
    let stage = Stage::set().await;
    let scenario = small("2").replace("citizens: 200", "citizens: 40");
    let mut replay = stage.play(&scenario, Way::Api).await;
    let control = replay.check(&stage.db).await.expect("the check");
    assert!(control.is_sound() && control.acknowledged > 0, "the control: {control:?}");
    let mut invented = replay.notes.acks[0];
    invented.booking_id = uuid::Uuid::now_v7();
    replay.notes.acks.push(invented);
    assert_eq!(replay.check(&stage.db).await.expect("the check").lost, 1);
    replay.notes.acks.pop();
    replay.notes.acks.pop();
    let checked = replay.check(&stage.db).await.expect("the check");
    assert_eq!((checked.untold, checked.is_sound()), (1, false));
}

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

#[tokio::test]
async fn everybody_may_want_the_same_clinic() {
    for way in [Way::Api, Way::Pages] {
        let stage = Stage::set().await;
        let scenario = changing(30, 0.0, ", aim: { clinic: C2 }");
        let replay = stage.play(&scenario, way).await;
        let report = stage.report(&replay).await;
        assert!(report.is_sound, "{:?} {:?}", report.check, report.journey);
        assert_eq!((report.booked, report.doses_open, report.doses_aimed_at), (30, 120, 40));
        let elsewhere = "select count(*) from booking join slot using (slot_id)
                             join clinic c on c.clinic_id = slot.clinic_id where c.code <> 'C2'";
        assert_eq!(stage.number(elsewhere).await, 0, "{way:?}");
    }
    let stage = Stage::set().await;
    let config = stage.config(&changing(30, 0.0, ", aim: { clinic: C9 }"), Way::Api);
    let refused = journey::prepare(&stage.db, config).await.err().expect("refused").to_string();
    assert!(refused.contains("nothing to book"), "{refused}");
}
