//! One statement of a batch fails, each in turn: the connection is lost before it or after it, or
//! the database refuses it. Everybody is told what became of their request, and it is done once. So
//! it is in a chain too, where the commit of a busy batch begins the transaction of the next.

use std::{cell::Cell, sync::Arc, time::Duration};

use futures_util::future::{FutureExt, LocalBoxFuture, join_all};
use serde_json::Value;

use super::{Stage, half_done, note_messages, place, said};
use crate::{
    support::{
        Person, TestApp, World,
        database::TestDatabase,
        fault::{Fault, Faults, Plan, is_commit},
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

/// Of each of two batches in a chain: codes that are asked for, and codes that are tried. Together
/// they are `BUSY_REQUESTS` of src/flows/lane/chain.rs: the commit begins the next transaction.
const ASKED: usize = 13;
const TRIED: usize = 3;

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
        // A lane that a test holds is not slow, and nobody is refused for it.
        let options = TestApp::with().trusted_proxy("127.0.0.1").wait_ms(60_000);
        let options = options.codes_per_minute(1_000_000);
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

    /// Returns when the lane has no transaction open: one that has begun in vain is given up soon.
    async fn come_to_rest(&self) {
        let open = "select count(*) from pg_stat_activity where datname = current_database()
                    and application_name like 'dosebook sign-in%' and xact_start is not null";
        while self.stage.count(open).await > 0 {
            tokio::task::yield_now().await;
        }
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
        self.come_to_rest().await;
        let metrics = &self.stage.services[0].app.metrics.sign_ins;
        let (count, answered) = (requests.len(), Cell::new(0));
        self.proxy.stall(SIGN_INS);
        let first = self.ask(self.stranger());
        let release = async {
            until(|| metrics.queued.get() == i64::try_from(count).unwrap()).await;
            self.faults.plant(plan((fault, nth), 1));
            self.proxy.resume();
            until(|| self.faults.has_met() || answered.get() == count).await;
            if let (true, Some(statement)) = (is_cut(fault), self.faults.met()) {
                look(is_commit(&statement) && fault == Fault::CutAfter).await;
                self.faults.let_in();
            }
        };
        let others = async {
            until(|| self.proxy.holds_back()).await;
            tokio::join!(all(requests, &answered), release).0
        };
        let (_, statuses) = tokio::join!(first, others);
        (statuses, self.failed())
    }

    /// The same with two batches, the second of which waits while the first is decided. Statements
    /// are counted from the first one of the first batch on.
    async fn chain(
        &self,
        (fault, nth): (Fault, usize),
        [one, other]: [Vec<Sent<'_>>; 2],
        look: impl AsyncFn(&str),
    ) -> ([Vec<u16>; 2], Option<String>) {
        self.come_to_rest().await;
        let metrics = &self.stage.services[0].app.metrics.sign_ins;
        let is_queued = |count: usize| metrics.queued.get() == i64::try_from(count).unwrap();
        let counts = [one.len(), other.len()];
        let (answered, is_taken) = (Cell::new(0), Cell::new(false));
        self.proxy.stall(SIGN_INS);
        let first = self.ask(self.stranger());
        let one = async {
            until(|| self.proxy.holds_back()).await;
            all(one, &answered).await
        };
        let other = async {
            until(|| is_taken.get()).await;
            all(other, &answered).await
        };
        let release = async {
            until(|| is_queued(counts[0])).await;
            // The lane takes the first batch, and stalls at its first statement.
            self.proxy.resume_until_commit(SIGN_INS);
            until(|| is_queued(0)).await;
            is_taken.set(true);
            until(|| is_queued(counts[1])).await;
            self.faults.plant(plan((fault, nth), 0));
            self.proxy.resume();
            until(|| self.faults.has_met() || answered.get() == counts[0] + counts[1]).await;
            if let (true, Some(statement)) = (is_cut(fault), self.faults.met()) {
                look(&name(&statement)).await;
                self.faults.let_in();
            }
        };
        let (_, one, other, ()) = tokio::join!(first, one, other, release);
        ([one, other], self.failed())
    }

    /// The statement that failed, if one has.
    fn failed(&self) -> Option<String> {
        let met = self.faults.call_off();
        assert!(met.len() < 2, "one statement failed: {met:?}");
        met.into_iter().next().map(|statement| name(&statement))
    }

    /// A batch of people who ask and of people who try, and what each is to be told.
    async fn busy_batch(&self) -> (Vec<Sent<'_>>, Vec<u16>) {
        let (mut requests, mut statuses) = (Vec::new(), Vec::new());
        for _ in 0..TRIED {
            let (challenge, code, from) = self.code().await;
            let answer = async move { self.stage.answer(0, &challenge, &code, &from).await.status };
            requests.push(answer.boxed_local());
            statuses.push(201);
        }
        for _ in 0..ASKED {
            let (person, from) = self.stranger();
            let asked = async move { self.stage.ask(0, &person, &from).await.status };
            requests.push(asked.boxed_local());
            statuses.push(202);
        }
        (requests, statuses)
    }

    /// How many codes there are, and how many have opened a session.
    async fn made(&self) -> [i64; 2] {
        let codes = "select count(*) from sign_in_code";
        let opened = "select count(*) from sign_in_code where signed_in_at is not null";
        [self.stage.count(codes).await, self.stage.count(opened).await]
    }

    /// Returns when so much is there: a commit whose answer is lost takes its time.
    async fn come_to(&self, wanted: [i64; 2], what: &str) {
        let coming = async {
            while self.made().await != wanted {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(10), coming).await.is_err() {
            assert_eq!(self.made().await, wanted, "{what}");
        }
    }
}

fn is_cut(fault: Fault) -> bool {
    !matches!(fault, Fault::Refused(_))
}

/// The nth statement fails after so many commits.
fn plan((fault, nth): (Fault, usize), commits: usize) -> Plan {
    Plan {
        application: SIGN_INS,
        fault,
        of_lanes: None,
        commits,
        nth,
        lasts: false,
        keeps_out: is_cut(fault),
    }
}

/// Sends them at once, and counts those that are answered.
async fn all(requests: Vec<Sent<'_>>, answered: &Cell<usize>) -> Vec<u16> {
    let requests = requests.into_iter().map(async |request| {
        let status = request.await;
        answered.set(answered.get() + 1);
        status
    });
    join_all(requests).await
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

/// The statements that fail, from which on: those of the first batch that come before its commit
/// fail in the tests above, but for once, which says what they are.
fn first_of_chain(all: &[String], fault: Fault) -> usize {
    let Some(at) = all.iter().position(|statement| is_commit(statement)) else { return 1 };
    if is_cut(fault) { at + 1 } else { at }
}

#[tokio::test]
async fn each_is_done_once_whichever_statement_of_a_chain_fails() {
    let cut = Cut::set().await;
    let mut known: Vec<String> = Vec::new();
    for fault in [Fault::CutBefore, Fault::CutAfter, SERIALIZATION, DEADLOCK] {
        let mut nth = first_of_chain(&known, fault);
        let mut met = Vec::new();
        loop {
            let (one, other) = (cut.busy_batch().await, cut.busy_batch().await);
            let [codes, opened] = cut.made().await;
            // After so many of the two batches; somebody has asked before both.
            let after = |batches: usize| {
                let batches = i64::try_from(batches).unwrap();
                [codes + 1 + batches * ASKED as i64, opened + batches * TRIED as i64]
            };
            let what = format!("{fault:?} {nth} {known:?}");
            let look = async |statement: &str| {
                let is_before = known.iter().take(nth - 1).filter(|one| is_commit(one)).count();
                let is_it = is_commit(statement) && fault == Fault::CutAfter;
                cut.come_to(after(is_before + usize::from(is_it)), &what).await;
                assert_eq!(half_done(cut.stage.db(), 0).await, [""; 0], "{what}");
            };
            let (told, statement) = cut.chain((fault, nth), [one.0, other.0], look).await;
            assert_eq!(told, [one.1, other.1], "{what}");
            assert_eq!(cut.made().await, after(2), "{what}: each once");
            assert_eq!(half_done(cut.stage.db(), 0).await, [""; 0], "{what}");
            // What was begun for nobody is given up when all have been told.
            let Some(statement) = statement.filter(|one| one != "rollback") else { break };
            if fault == Fault::CutBefore {
                known.push(statement.clone());
            }
            met.push(statement);
            nth += 1;
        }
        let commits = met.iter().filter(|statement| is_commit(statement)).count();
        assert_eq!(commits, 2, "the control: {fault:?}: both commits failed: {met:?}");
        let begun = known.iter().filter(|statement| *statement == "begin").count();
        assert_eq!(begun, 1, "the control: the second batch was begun by the first: {known:?}");
        assert!(known.iter().any(|one| one == "commit and chain"), "the control: {known:?}");
    }
}
