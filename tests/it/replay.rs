//! A small replay from end to end: its report agrees with the database, and a promise that was not
//! kept is found.

use dosebook::{
    db::Db,
    domain::keys::Keys,
    rehearsal::{
        self, CheckResult, FinishedReplay, ReplayConfig, Report, Scenario, Target,
        citizens::AckState, plan::BookingKey,
    },
};
use serde_json::{Value, json};
use sqlx::Executor;
use tokio::process::Command;

use crate::support::{TestApp, World, app::SECRET};

/// 600 people for the 240 doses of three clinics, in a second: sold out, with everything that
/// people do.
const SMALL: &str = "
title: A small evening
seed: 7
citizens: 600
connections: 16
arrivals:
  - { seconds: 0.4, share: 0.7 }
  - { seconds: 0.6, share: 0.3 }
before: { seconds: 0.5, supply: 0.3, clinics: 0.2, slots: 0.2 }
beside: { supply: 0.05, clinics: 0.05, slots: 0.05 }
duplicates: 0.2
reloads: { share: 0.2, after_seconds: 5, times: 2 }
cancels: { share: 0.1, after_seconds: 0.1 }
other_slot: { times: 3, after_seconds: 0.1 }
sign_in_by_code: 5
";

struct Stage {
    app: TestApp,
    /// As the command opens it.
    db: Db,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::start().await;
        let world = World::new().clinics(3).days(4).slots_per_day(4).seats(10).doses(20);
        world.people(700).make(&app.db).await;
        app.refresh().await;
        let db = Db::new(app.database.options.clone(), 1);
        Self { app, db }
    }

    fn config(&self, scenario: &str) -> ReplayConfig {
        ReplayConfig {
            name: "small".to_owned(),
            scenario: Scenario::parse(scenario).expect("a scenario"),
            share: 1.0,
            target: Target::parse(&self.app.url, false).expect("this machine"),
            codes: Target::parse(self.app.codes_url.as_ref().expect("shown"), false).unwrap(),
            campaign_id: None,
        }
    }

    async fn run(&self, scenario: &str) -> anyhow::Result<FinishedReplay> {
        let (keys, clock) = (Keys::new(&SECRET), &self.app.app.clock);
        let prepared = rehearsal::prepare(&self.db, &keys, clock, self.config(scenario)).await?;
        prepared.run(&self.db, clock, Box::new(|_| {})).await
    }

    async fn check(&self, replay: &FinishedReplay) -> CheckResult {
        replay.check(&self.db).await.expect("the check")
    }

    async fn number(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(&self.app.db).await.expect(sql)
    }
}

fn of(report: &Value, path: &str) -> i64 {
    report.pointer(path).and_then(Value::as_i64).unwrap_or_else(|| panic!("{path} in {report}"))
}

fn sum(report: &Value, member: &str) -> i64 {
    let moments = report["timeline"].as_array().expect("a time line");
    moments.iter().map(|moment| of(moment, &format!("/{member}"))).sum()
}

#[tokio::test]
async fn what_a_replay_reports_is_what_the_database_holds() {
    let stage = Stage::set().await;
    let replay = stage.run(SMALL).await.expect("finished");
    let checked = stage.check(&replay).await;
    assert!(checked.is_sound(), "{checked:?}");
    let report = Report::new(&replay, checked);
    let json = serde_json::to_value(&report).expect("JSON");

    let bookings = stage.number("select count(*) from booking").await;
    let live = stage.number("select count(*) from booking where state = 1").await;
    let cancelled = stage.number("select count(*) from booking where state = 3").await;
    let open = stage.number("select sum(open) from allocation").await;
    assert_eq!(of(&json, "/arrived"), 600);
    assert_eq!((of(&json, "/booked"), of(&json, "/cancelled")), (bookings, cancelled));
    assert_eq!(
        (of(&json, "/check/in_database"), of(&json, "/check/live_in_database")),
        (bookings, live)
    );
    assert!(cancelled > 0 && live <= 240, "{cancelled} cancelled, {live} live");
    assert_eq!((of(&json, "/doses_open"), of(&json, "/lost")), (240, 0));
    // The timeline adds up to the same totals.
    assert_eq!((sum(&json, "arrived"), sum(&json, "booked")), (600, bookings));
    let end = json["timeline"].as_array().unwrap().last().unwrap();
    // Some of the doses were cancelled too late to be open again.
    let spare = stage.number("select sum(spare) from allocation").await;
    assert_eq!((of(end, "/open"), 240 - live), (open, open + spare));
    // Second devices, and people who came too late.
    assert!(of(&json, "/refused/already_booked") > 0, "{}", json["refused"]);
    assert!(of(&json, "/refused/doses_exhausted") > 0, "{}", json["refused"]);
    assert!(of(&json, "/retries/other_slot") > 0);
    let sent: Vec<_> = json["requests"].as_array().unwrap().iter().map(|r| &r["kind"]).collect();
    assert_eq!(sent, ["supply", "clinics", "slots", "book", "cancel"]);
    for of_kind in json["requests"].as_array().unwrap() {
        let settled = of(of_kind, "/done")
            + of(of_kind, "/lost")
            + of_kind["refused"]
                .as_object()
                .unwrap()
                .values()
                .map(|n| n.as_i64().unwrap())
                .sum::<i64>();
        assert_eq!((settled, of(of_kind, "/odd")), (of(of_kind, "/sent"), 0), "{of_kind}");
    }
    let page = rehearsal::page::html(&report);
    assert!(page.contains("Every promise was kept") && !page.contains("<script"));
    assert!(rehearsal::table::text(&report).ends_with("  0 discrepancies\n"));
    assert_eq!(
        stage.number("select count(*) from sign_in_code where used_at is not null").await,
        5
    );
}

#[tokio::test]
async fn the_same_people_come_again_from_the_same_seed_and_ids_are_new() {
    let stage = Stage::set().await;
    let first = stage.run(SMALL).await.expect("finished");
    assert!(stage.check(&first).await.is_sound());
    // Who is booked is not asked again; with what is left the second has its own.
    let fewer = SMALL.replace("citizens: 600", "citizens: 100");
    let second = stage.run(&fewer).await;
    // All doses may be gone: then there is nothing to aim at, and it says so.
    match second {
        Ok(second) => assert!(stage.check(&second).await.is_sound()),
        Err(error) => assert!(error.to_string().contains("nothing to book"), "{error}"),
    }
}

#[tokio::test]
async fn a_promise_that_was_not_kept_is_found() {
    let stage = Stage::set().await;
    let scenario = SMALL.replace("citizens: 600", "citizens: 100");
    let mut replay = stage.run(&scenario).await.expect("finished");
    let control = stage.check(&replay).await;
    assert!(control.is_sound(), "the control: {control:?}");
    assert_eq!(control.acknowledged, control.in_database);

    // A booking was acknowledged that is not there.
    let mut invented = replay.log.acks[0];
    invented.key = BookingKey { attempt: 99, ..invented.key };
    replay.log.acks.push(invented);
    let checked = stage.check(&replay).await;
    assert_eq!((checked.lost, checked.untold, checked.is_sound()), (1, 0, false));
    assert!(checked.faults[0].contains("is not there"), "{:?}", checked.faults);
    replay.log.acks.pop();

    // A booking that was not acknowledged; and one whose response was lost, which is no fault.
    let held_back = replay.log.acks.remove(0);
    let checked = stage.check(&replay).await;
    assert_eq!((checked.untold, checked.is_sound()), (1, false));
    replay.log.in_doubt.insert(held_back.key);
    let checked = stage.check(&replay).await;
    assert_eq!(checked.unknown, [replay.plan.booking_id(held_back.key)]);
    assert!(checked.is_sound(), "{checked:?}");

    // Acknowledged as cancelled, and live; acknowledged at another slot.
    let booked = replay.log.acks.iter_mut().find(|ack| ack.state == AckState::Booked).unwrap();
    booked.state = AckState::Cancelled;
    assert_eq!(stage.check(&replay).await.lost, 1);
    let booked = replay.log.acks.iter_mut().find(|ack| ack.state == AckState::Cancelled).unwrap();
    booked.state = AckState::Booked;
    booked.slot += 1;
    assert!(stage.check(&replay).await.lost >= 1);
}

#[tokio::test]
async fn a_ledger_that_was_tampered_with_is_found() {
    let stage = Stage::set().await;
    let scenario = SMALL.replace("citizens: 600", "citizens: 100");
    let replay = stage.run(&scenario).await.expect("finished");
    assert!(stage.check(&replay).await.is_sound(), "the control");
    let sql = "delete from booking where booking_id =
                   (select booking_id from booking where state = 1 limit 1)";
    stage.app.db.execute(sql).await.expect("deleted");
    let checked = stage.check(&replay).await;
    assert_eq!(checked.lost, 1);
    assert!(checked.discrepancies > 0);
}

#[tokio::test]
async fn people_whose_service_is_busy_come_back_until_they_are_heard() {
    let app = TestApp::with().queue(1).batch(1).start().await;
    let world = World::new().clinics(3).days(4).slots_per_day(4).seats(10).doses(20);
    world.people(100).make(&app.db).await;
    let db = Db::new(app.database.options.clone(), 1);
    let stage = Stage { app, db };
    let scenario = "{ title: Busy, seed: 1, citizens: 60, connections: 60, \
                    arrivals: [{ seconds: 0.01, share: 1 }], busy_times: 100, \
                    other_slot: { times: 5, after_seconds: 0.1 } }";
    let replay = stage.run(scenario).await.expect("finished");
    let checked = stage.check(&replay).await;
    assert!(checked.is_sound(), "{checked:?}");
    let report = Report::new(&replay, checked);
    assert_eq!(report.booked, 60);
    assert_eq!(report.retries.after_busy, report.refused.get("overloaded").copied().unwrap_or(0));
}

#[tokio::test]
async fn what_cannot_be_played_is_said_in_a_sentence() {
    let stage = Stage::set().await;
    let refused =
        async |scenario: &str| stage.run(scenario).await.err().expect("refused").to_string();
    let many = SMALL.replace("citizens: 600", "citizens: 701");
    assert!(refused(&many).await.contains("700 are there"));
    let nowhere = SMALL.replace("duplicates", "aim: { clinic: C9 }\nduplicates");
    assert!(refused(&nowhere).await.contains("nothing to book"));

    let mut config = stage.config(SMALL);
    config.campaign_id = Some(99.into());
    let keys = Keys::new(&SECRET);
    let clock = &stage.app.app.clock;
    let error = rehearsal::prepare(&stage.db, &keys, clock, config).await.err().expect("refused");
    assert!(error.to_string().contains("campaign 99 is not open"), "{error}");

    let error =
        rehearsal::prepare(&stage.db, &Keys::new(&[9; 32]), clock, stage.config(SMALL)).await;
    let error = error.err().expect("refused").to_string();
    assert!(error.contains("another secret"), "{error}");
}

#[tokio::test]
async fn the_command_writes_its_reports_and_refuses_other_machines() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(file("small.yaml"), SMALL.replace("citizens: 600", "citizens: 1000")).unwrap();
    let (scenario, html, json) = (file("small.yaml"), file("r.html"), file("r.json"));
    let command = async |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_dosebook"))
            .env("DATABASE_URL", stage.app.database.url())
            .env("DOSEBOOK_SECRET", data_encoding::HEXLOWER.encode(&SECRET))
            .env("DOSEBOOK_DATA_DIR", folder.path())
            .args(args)
            .output()
            .await
            .expect("the command");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let run = async |args: &[&str]| command(&[&["replay", &scenario], args].concat()).await;
    // The database learns whose it is.
    assert_eq!(command(&["migrate"]).await.0, Some(0));
    let url = stage.app.url.as_str();
    let codes_url = stage.app.codes_url.as_deref().expect("codes are shown");
    let at = ["--url", url, "--codes-url", codes_url];
    let reports = ["--share", "0.2", "--html", &html, "--json", &json];
    let (code, table, error) = run(&[&at[..], &reports].concat()).await;
    assert_eq!(code, Some(0), "{table}{error}");
    assert!(table.contains("  0 discrepancies\n"), "{table}");
    assert!(table.ends_with(&format!("The report: {html}\n")), "{table}");
    let json: Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    assert_eq!((&json["is_sound"], &json["citizens"]), (&json!(true), &json!(200)));
    assert!(std::fs::read_to_string(html).unwrap().contains("</html>"));

    let (code, _, error) = run(&["--url", "http://192.0.2.1:8080"]).await;
    assert_eq!(code, Some(1));
    assert!(error.contains("--allow-remote"), "{error}");
    let (code, _, error) = run(&["--url", "http://127.0.0.1:1"]).await;
    assert_eq!(code, Some(1));
    assert!(error.contains("no service answers on http://127.0.0.1:1"), "{error}");
    let (code, ..) = run(&["--share", "0"]).await;
    assert_eq!(code, Some(2));
}
