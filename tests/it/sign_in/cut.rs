//! One statement of a batch fails, each in turn: the connection is lost before it or after it, or
//! the database refuses it. Everybody is told what became of their request, and it is done once.

use std::{cell::Cell, sync::Arc};

use futures_util::future::{FutureExt, LocalBoxFuture, join_all};
use serde_json::Value;

use super::{Stage, half_done, note_messages, place, said};
use crate::{
    support::{
        Person, TestApp, World,
        database::TestDatabase,
        fault::{Fault, Faults, Plan},
        proxy::Proxy,
        until,
    },
    web,
};

const SIGN_INS: &str = "dosebook sign-in";
const SERIALIZATION: Fault = Fault::Refused("40001");
const DEADLOCK: Fault = Fault::Refused("40P01");
const LOCK_TIMEOUT: Fault = Fault::Refused("55P03");
const FAULTS: [Fault; 5] =
    [Fault::CutBefore, Fault::CutAfter, SERIALIZATION, DEADLOCK, LOCK_TIMEOUT];

type Sent<'a> = LocalBoxFuture<'a, u16>;

struct Cut {
    stage: Stage,
    proxy: Proxy,
    faults: Faults,
    /// Everybody comes once, from a place of their own.
    comers: Cell<usize>,
}

impl Cut {
    async fn set() -> Self {
        let mut database = TestDatabase::new().await;
        let faults = Faults::before(&mut database).await;
        let proxy = Proxy::before(&mut database).await;
        let options = TestApp::with().trusted_proxy("127.0.0.1");
        let app = options.start_on(Arc::new(database)).await;
        note_messages(&app.db).await;
        let made = World::new().people(240).make(&app.db).await;
        let stage = Stage { services: vec![app], made };
        let cut = Self { stage, proxy, faults, comers: Cell::new(0) };
        // The lane has its connection from now on.
        cut.ask(cut.stranger()).await;
        cut
    }

    /// Somebody who has not come before, and where they are.
    fn comer(&self) -> (Person, String) {
        let number = self.comers.replace(self.comers.get() + 1);
        (self.stage.made.people[number % 240].clone(), place(number))
    }

    /// The same, of nobody in the register.
    fn stranger(&self) -> (Person, String) {
        let (person, from) = self.comer();
        (Person { name: format!("Nobody {from}"), ..person }, from)
    }

    /// A code for them; gives its challenge.
    async fn ask(&self, (person, from): (Person, String)) -> Value {
        self.stage.ask(0, &person, &from).await.ok(202)["challenge_id"].clone()
    }

    /// A code that somebody has, and where they are.
    async fn code(&self) -> (Value, String, String) {
        let comer = self.comer();
        let from = comer.1.clone();
        let challenge = self.ask(comer).await;
        let code = said(self.stage.db(), &challenge).await;
        (challenge, code, from)
    }

    /// Sends the requests, and has them decided in one batch whose nth statement meets the fault.
    /// When the connection is cut, `look` is told whether the batch was committed, before it is
    /// tried again. Gives the statuses and the statement, none where the batch has fewer.
    async fn batch(
        &self,
        (fault, nth): (Fault, usize),
        requests: Vec<Sent<'_>>,
        look: impl AsyncFn(bool),
    ) -> (Vec<u16>, Option<String>) {
        let metrics = &self.stage.services[0].app.metrics.sign_ins;
        let (count, answered) = (requests.len(), Cell::new(0));
        let is_cut = !matches!(fault, Fault::Refused(_));
        self.proxy.stall(SIGN_INS);
        let first = self.ask(self.stranger());
        let release = async {
            until(|| metrics.queued.get() == i64::try_from(count).unwrap()).await;
            self.faults.plant(Plan {
                application: SIGN_INS,
                fault,
                of_lanes: None,
                commits: 1,
                nth,
                lasts: false,
                keeps_out: is_cut,
            });
            self.proxy.resume();
            until(|| self.faults.has_met() || answered.get() == count).await;
            if is_cut && let Some(statement) = self.faults.met() {
                look(statement == "commit" && fault == Fault::CutAfter).await;
                self.faults.let_in();
            }
        };
        let others = async {
            until(|| self.proxy.holds_back()).await;
            let requests = requests.into_iter().map(async |request| {
                let status = request.await;
                answered.set(answered.get() + 1);
                status
            });
            tokio::join!(join_all(requests), release).0
        };
        let (_, statuses) = tokio::join!(first, others);
        let met = self.faults.call_off();
        assert!(met.len() < 2, "one statement failed: {met:?}");
        (statuses, met.into_iter().next().map(|statement| name(&statement)))
    }
}

/// The function that a statement is of, or the statement.
fn name(statement: &str) -> String {
    let named = statement.strip_prefix("/* ").and_then(|rest| rest.split_once(" */"));
    named.map_or(statement, |(name, _)| name).to_owned()
}

/// The statements that may fail: what waits for nobody is not refused.
fn expected(all: &[&str], fault: Fault) -> Vec<String> {
    let skipped = usize::from(matches!(fault, Fault::Refused(_)));
    all.iter().skip(skipped).map(|name| (*name).to_owned()).collect()
}

#[tokio::test]
async fn codes_are_made_once_whichever_statement_of_their_batch_fails() {
    let cut = Cut::set().await;
    let codes = async || cut.stage.count("select count(*) from sign_in_code").await;
    for fault in FAULTS {
        let mut met = Vec::new();
        loop {
            let before = codes().await;
            let mut comers = [cut.comer(), cut.comer(), cut.stranger(), cut.stranger()];
            // The last two ask for one person.
            comers[3] = comers[2].clone();
            let look = async |is_done| {
                let made = codes().await - before;
                assert_eq!(made, if is_done { 5 } else { 1 }, "{fault:?} {met:?}");
                assert_eq!(half_done(cut.stage.db(), 0).await, [""; 0], "{fault:?} {met:?}");
            };
            let stage = &cut.stage;
            let asked = comers.iter().map(|(person, from)| {
                async move { stage.ask(0, person, from).await.status }.boxed_local()
            });
            let nth = met.len() + 1;
            let (statuses, statement) = cut.batch((fault, nth), asked.collect(), look).await;
            assert_eq!(statuses, [202; 4], "{fault:?} {met:?}");
            assert_eq!(codes().await - before, 5, "{fault:?} {met:?}: each once");
            assert_eq!(half_done(cut.stage.db(), 0).await, [""; 0], "{fault:?} {met:?}");
            match statement {
                Some(statement) => met.push(statement),
                None => break,
            }
        }
        let all = [
            "begin",
            "sign_in::wait_for_turns",
            "sign_in::codes",
            "sign_in::counts",
            "sign_in::holders",
            "sign_in::write",
            "commit",
        ];
        assert_eq!(met, expected(&all, fault), "the control: each of them failed");
    }
}

/// Somebody at the page on which a code is written, and the press that sends it.
async fn at_page(cut: &Cut) -> Sent<'_> {
    let app = &cut.stage.services[0];
    let (person, from) = cut.comer();
    let mut browser = app.browser();
    let page = browser.open("/en/sign-in").await.ok(200);
    let page = browser.press(&web::claim(&page, &person)).await.ok(200);
    let code = web::code_of(app, &page).await;
    let form = page.form(&page.form_action("/sign-in/code")).with(&[("code", &code)]);
    async move {
        let headers = [("sec-fetch-site", "same-origin"), ("x-forwarded-for", &*from)];
        browser.submit_with(&form, &headers).await.status
    }
    .boxed_local()
}

#[tokio::test]
async fn each_code_opens_one_session_whichever_statement_of_its_batch_fails() {
    let cut = Cut::set().await;
    let signed_in = "select count(*) from sign_in_code where signed_in_at is not null";
    let mut over = 0;
    for fault in FAULTS {
        let mut met = Vec::new();
        loop {
            let before = cut.stage.count(signed_in).await;
            let (one, other, third) = (cut.code().await, cut.code().await, cut.code().await);
            let wrong = if third.1 == "000000" { "000001" } else { "000000" };
            let answer = |(challenge, code, from): &(Value, String, String)| {
                let (challenge, code, from) = (challenge.clone(), code.clone(), from.clone());
                let stage = &cut.stage;
                async move { stage.answer(0, &challenge, &code, &from).await.status }.boxed_local()
            };
            let mistaken = (third.0.clone(), wrong.to_owned(), third.2.clone());
            let tries = vec![answer(&one), answer(&other), answer(&mistaken), at_page(&cut).await];
            let look = async |is_done| {
                let opened = cut.stage.count(signed_in).await - before;
                assert_eq!(opened, if is_done { 3 } else { 0 }, "{fault:?} {met:?}");
                assert_eq!(half_done(cut.stage.db(), over).await, [""; 0], "{fault:?} {met:?}");
            };
            let nth = met.len() + 1;
            let (statuses, statement) = cut.batch((fault, nth), tries, look).await;
            assert_eq!(statuses, [201, 201, 401, 303], "{fault:?} {met:?}");
            assert_eq!(cut.stage.count(signed_in).await - before, 3, "{fault:?} {met:?}");
            assert_eq!(half_done(cut.stage.db(), over).await, [""; 0], "{fault:?} {met:?}");
            // They were told, so each code is over; the one that was mistaken still opens.
            assert_eq!(answer(&one).await, 401, "{fault:?} {met:?}");
            over += 1;
            assert_eq!(answer(&third).await, 201, "{fault:?} {met:?}");
            match statement {
                Some(statement) => met.push(statement),
                None => break,
            }
        }
        let all = [
            "begin",
            "sign_in::owners",
            "sign_in::wait_for_turns",
            "sign_in::codes",
            "sign_in::counts",
            "sign_in::write",
            "sign_in::set_languages",
            "commit",
        ];
        assert_eq!(met, expected(&all, fault), "the control: each of them failed");
    }
    let tried = "select count(*) from sign_in_code where signed_in_at is not null and attempts = 1";
    assert!(cut.stage.count(tried).await > 100, "most of them at the first try");
}
