//! Codes that are asked for and sessions that are opened by them, each as fast as it goes.

use std::time::Duration;

use dosebook::domain::outbox::CodeMessage;
use serde_json::json;

use super::bookings::CONNECTIONS;
use crate::{
    bench::Bench,
    dataset::claim,
    gateway::Gateway,
    report::{Goal, Run, median, number},
    service::{Service, Setup},
    sign_in_load::{self, Through},
    world::World,
};

/// People who sign in before the measurement begins, and in it.
const SETTLE: i64 = 20_000;
const MEASURED: i64 = 60_000;
/// Longer than a measurement: the messages stay in the outbox, where the codes are read.
const SILENCE: Duration = Duration::from_secs(600);

pub(crate) async fn measure(bench: &mut Bench) {
    let peak = bench.peak().await;
    let people = SETTLE + MEASURED;
    bench.world().await.register(people).await;
    let (mut steps, mut codes, mut sessions, mut pairs) = (vec![], vec![], vec![], vec![]);
    for run in 1..=bench.runs {
        let (asked, tried) = one_run(bench.world().await, people).await;
        let pair = 1.0 / (1.0 / asked.per_second + 1.0 / tried.per_second);
        println!(
            "run {run}: {:.0} codes/s ({} refused), {:.0} sessions/s ({} refused): {pair:.0} \
             pairs/s",
            asked.per_second, asked.refused, tried.per_second, tried.refused,
        );
        steps.push(Run::beside(2.0 * pair, peak));
        codes.push(asked.per_second);
        sessions.push(tried.per_second);
        pairs.push(pair);
    }
    let report = &mut bench.report;
    let name = "codes and sessions, beside spread bookings";
    report.row(name, "codes and sessions/s", Goal::Times(0.4), &steps);
    report.note(format!(
        "Codes alone {}/s, sessions alone {}/s: {} people a second can be signed in, each with one \
         code and one session. All of them are in the register, twenty at an address; the messages \
         are in the outbox, and a gateway that does not answer keeps them there.",
        number(median(codes)),
        number(median(sessions)),
        number(median(pairs)),
    ));
}

/// Codes for everybody, and then a session for each.
async fn one_run(world: &mut World, people: i64) -> (Through, Through) {
    world.forget_codes().await;
    let gateway = Gateway::start(SILENCE);
    let setup = Setup::default().sending(&gateway.settings()).for_crowd(60_000_000);
    let service = Service::start_as(world.data_dir(), &setup);
    let claims = (0..people).map(|nth| {
        let (name, born, phone) = claim(world.shape.person(nth));
        json!({ "name": name, "birth_date": born, "phone": phone }).to_string()
    });
    let (claims, settle) = (claims.collect(), SETTLE as usize);
    let path = ("/v1/auth/codes", 202);
    let asked = sign_in_load::run(service.address, CONNECTIONS, path, (claims, settle)).await;
    let answers = world.codes().await.into_iter().map(|body| {
        let CodeMessage { challenge_id, code, .. } = CodeMessage::from_body(&body).expect("a code");
        json!({ "challenge_id": challenge_id, "code": code.as_str() }).to_string()
    });
    let answers: Vec<_> = answers.collect();
    assert_eq!(answers.len() as i64, people, "a message for each");
    let path = ("/v1/auth/sessions", 201);
    let tried = sign_in_load::run(service.address, CONNECTIONS, path, (answers, settle)).await;
    service.stop();
    gateway.stop().await;
    assert_eq!(world.codes_used().await, (people, people), "codes there, and used");
    (asked, tried)
}
