//! Whole journeys, played small by the API and by the pages: everybody's end is accounted for, what
//! the report says is in the database, and a promise that is not kept is found.

use std::{collections::BTreeMap, net::TcpListener};

use dosebook::{
    db::Db,
    rehearsal::{
        Report, Scenario, Target,
        journey::{self, FinishedJourneys, JourneyConfig, Way},
    },
};
use serde_json::Value;
use sqlx::Executor;

use crate::support::{TestApp, World, app::Options, gateway::Gateway};

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

pub struct Stage {
    pub app: TestApp,
    /// As the command opens it.
    pub db: Db,
    gateway: TcpListener,
}

impl Stage {
    /// A service that sends its messages to the replay.
    pub async fn set() -> Self {
        let gateway = TcpListener::bind("127.0.0.1:0").expect("a port");
        let settings = settings(&gateway.local_addr().expect("an address").to_string());
        Self::with(&settings, gateway).await
    }

    async fn with(settings: &str, gateway: TcpListener) -> Self {
        let world = World::new().clinics(3).days(4).slots_per_day(4).seats(4).doses(10);
        Self::of(world.people(400), settings, gateway).await
    }

    pub async fn of(world: World, settings: &str, gateway: TcpListener) -> Self {
        Self::on(TestApp::with(), world, settings, gateway).await
    }

    /// With a service that is set like this.
    pub async fn on(options: Options, world: World, settings: &str, gateway: TcpListener) -> Self {
        let app = options.messages(settings).trusted_proxy("127.0.0.1").start().await;
        world.make(&app.db).await;
        // A fifth of them may not book.
        let sql = "update cohort set born_to = '1965-12-31'";
        app.db.execute(sql).await.expect("a cohort");
        app.refresh().await;
        let db = Db::new(app.database.options.clone(), 1);
        Self { app, db, gateway }
    }

    pub fn config(&self, scenario: &str, way: Way) -> JourneyConfig {
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

    pub async fn play(&self, scenario: &str, way: Way) -> FinishedJourneys {
        self.play_as(self.config(scenario, way)).await
    }

    pub async fn play_as(&self, config: JourneyConfig) -> FinishedJourneys {
        let prepared = journey::prepare(&self.db, config).await.expect("prepared");
        let clock = &self.app.app.clock;
        prepared.run(&self.db, clock, Box::new(|_| {})).await.expect("finished")
    }

    pub async fn report(&self, replay: &FinishedJourneys) -> Report {
        let checked = replay.check(&self.db).await.expect("the check");
        Report::of_journeys(replay, checked)
    }

    pub async fn number(&self, sql: &'static str) -> u64 {
        let number: i64 = sqlx::query_scalar(sql).fetch_one(&self.app.db).await.expect(sql);
        number.try_into().expect("a count")
    }
}

pub fn settings(address: &str) -> String {
    include_str!("../../scenarios/messages.toml").replace("127.0.0.1:8090", address)
}

fn small(sms_seconds: &str) -> String {
    SMALL.replace("SMS", sms_seconds)
}

/// What happened, by the name of each request.
pub fn by_kind(report: &Report) -> BTreeMap<&'static str, (u64, u64)> {
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
    let replay = stage.play(&small("5"), way).await;
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
    // The timeline adds up to the same, also where a second device was shown the booking.
    let open = stage.number("select sum(open) from allocation").await;
    let last = report.timeline.last().map(|last| last.open);
    assert_eq!(report.timeline.iter().map(|interval| interval.booked).sum::<u64>(), booked);
    assert_eq!(last, i64::try_from(open).ok());
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
    for of_kind in json["requests"].as_array().expect("requests") {
        for (rate, all) in [("sent_per_second", "sent"), ("done_per_second", "done")] {
            let (rate, all) = (&of_kind[rate], of_kind[all].as_u64().expect("a count"));
            let (mean, peak) = (rate["mean"].as_f64(), rate["peak"].as_u64().expect("a count"));
            let is_lawful = mean.is_some_and(|mean| (mean > 0.0) == (all > 0)) && peak <= all;
            assert!(is_lawful && (peak > 0) == (all > 0), "{of_kind}");
        }
    }
    let table = dosebook::rehearsal::table::text(&report);
    assert!(table.contains("a second, on average"), "{table}");
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
    assert!(page.contains("<th>a second<th>best"));
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
    let scenario = small("5").replace("citizens: 200", "citizens: 40");
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

#[tokio::test]
async fn everybody_may_want_the_same_clinic() {
    let wish = |code: &str| {
        let few = small("5").replace("citizens: 200", "citizens: 30");
        few.replace("strangers: 0.05", "strangers: 0")
            .replace("not_eligible: 0.1", "not_eligible: 0")
            .replace("times: 3,", "times: 100,")
            + &format!("aim: {{ clinic: {code} }}\n")
    };
    for way in [Way::Api, Way::Pages] {
        let stage = Stage::set().await;
        let replay = stage.play(&wish("C2"), way).await;
        let report = stage.report(&replay).await;
        assert!(report.is_sound, "{:?} {:?}", report.check, report.journey);
        assert_eq!((report.booked, report.doses_open, report.doses_aimed_at), (30, 120, 40));
        let elsewhere = "select count(*) from booking join slot using (slot_id)
                             join clinic c on c.clinic_id = slot.clinic_id where c.code <> 'C2'";
        assert_eq!(stage.number(elsewhere).await, 0, "{way:?}");
    }
    let stage = Stage::set().await;
    let config = stage.config(&wish("C9"), Way::Api);
    let refused = journey::prepare(&stage.db, config).await.err().expect("refused").to_string();
    assert!(refused.contains("nothing to book"), "{refused}");
}
