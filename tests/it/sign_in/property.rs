//! A batch is decided as if each of its requests were alone: for any sequence, cut into batches in
//! any way, the outcomes and what is kept afterwards are the same.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use dosebook::domain::{
    PersonId,
    code_cap::{CODE_WINDOW_MINUTES, CodeCounts, Counted, SharedCeiling, TryCounts},
    keys::Keys,
    person_key::Sought,
    sign_in::{
        Asked, Count, Decide, Decision, Holder, KeptCode, Outcome, Owner, Request, Seen, Typed,
        counted_by, decide,
    },
    sign_in_code::SignInCode,
};
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use uuid::Uuid;

use super::{caller, forgetful};

/// What the tables keep.
#[derive(Clone, Debug, Default, PartialEq)]
struct Store {
    codes: HashMap<Uuid, KeptCode>,
    counts: HashMap<Counted, Count>,
}

impl Store {
    /// What `db::sign_in` reads.
    fn read(&self, requests: &[Arc<Request>], now: DateTime<Utc>) -> Seen {
        let since = now - TimeDelta::minutes(CODE_WINDOW_MINUTES);
        let owners: HashMap<_, Owner> =
            self.codes.iter().map(|(id, code)| (*id, code.owner)).collect();
        let mut seen = Seen {
            now,
            codes: HashMap::new(),
            counts: HashMap::new(),
            holders: HashMap::new(),
            unsure: Vec::new(),
        };
        for request in requests {
            let is_wanted = |id: &Uuid, code: &KeptCode| match &**request {
                Request::Ask(asked) => {
                    let is_theirs = code.owner.person == asked.counts.person;
                    *id == asked.challenge_id || is_theirs && code.created_at > since
                }
                Request::Try(typed) => *id == typed.challenge_id,
            };
            let codes = self.codes.iter().filter(|(id, code)| is_wanted(id, code));
            seen.codes.extend(codes.map(|(id, code)| (*id, code.clone())));
            for key in counted_by(request, &owners) {
                let count = self.counts.get(&key).filter(|count| count.ends_at > now);
                seen.counts.extend(count.map(|count| (key, *count)));
            }
            if let Request::Ask(asked) = &**request {
                // Every third person is in no register.
                let number = i64::from(asked.counts.person[0] % 3);
                let person_id = (number > 0).then_some(PersonId(number));
                let holder = Holder { person_id, phone: asked.phone.clone() };
                seen.holders.insert(asked.challenge_id, holder);
            }
        }
        seen
    }

    /// What `db::sign_in::write` does.
    fn run(&mut self, decide: Decide, batch: &[Arc<Request>], now: DateTime<Utc>) -> Vec<Outcome> {
        let Decision { outcomes, writes } = decide(self.read(batch, now), batch);
        let new = writes.codes.into_iter().map(|new| (new.challenge_id, new.kept));
        self.codes.extend(new.chain(writes.changed));
        for (key, count) in writes.counted {
            let kept = self.counts.entry(key).or_insert(Count { used: 0, ..count });
            if kept.ends_at <= now {
                *kept = Count { used: 0, ..count };
            }
            kept.used += count.used;
        }
        outcomes
    }
}

/// A request by small numbers, so that they often concern the same.
#[derive(Clone, Debug)]
enum Step {
    Ask {
        person: u8,
        from: u8,
    },
    /// At the n-th challenge of all that were asked for.
    Try {
        challenge: u8,
        from: u8,
        is_right: bool,
    },
    /// Seconds go by, and a batch ends.
    Wait(u16),
    End,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ask = (0..3_u8, 0..4_u8).prop_map(|(person, from)| Step::Ask { person, from });
    let attempt = (0..12_u8, 0..4_u8, prop::bool::weighted(0.15))
        .prop_map(|(challenge, from, is_right)| Step::Try { challenge, from, is_right });
    let wait = (1..600_u16).prop_map(Step::Wait);
    let step = prop_oneof![4 => ask, 8 => attempt, 1 => wait, 1 => Just(Step::End)];
    prop::collection::vec(step, 1..120)
}

/// Two networks with two addresses each.
fn place(from: u8) -> String {
    format!("10.0.{}.{}", from / 2, from % 2)
}

/// The batches, each with its time.
fn batches(steps: &[Step]) -> Vec<(DateTime<Utc>, Vec<Arc<Request>>)> {
    let keys = Keys::new(&[7; 32]);
    let mut now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let (mut batches, mut batch, mut asked) = (Vec::new(), Vec::new(), 0_u128);
    let code = |is_right: bool| SignInCode::from_random(u64::from(!is_right));
    for step in steps {
        match step {
            Step::Ask { person, from } => {
                let (challenge_id, key) = (Uuid::from_u128(asked), [*person; 16]);
                asked += 1;
                let code = code(true);
                batch.push(Arc::new(Request::Ask(Asked {
                    challenge_id,
                    code_hash: code.hash(&keys.code, challenge_id),
                    code,
                    sought: Sought::held(key),
                    phone: "01012345678".into(),
                    counts: CodeCounts::new(&keys.cap, &key, &caller(&place(*from))),
                    room: Arc::new(SharedCeiling::new(1_000_000).take(now).unwrap()),
                })));
            }
            Step::Try { challenge, from, is_right } => {
                let challenge_id = Uuid::from_u128(u128::from(*challenge));
                batch.push(Arc::new(Request::Try(Typed {
                    challenge_id,
                    code_hash: code(*is_right).hash(&keys.code, challenge_id),
                    counts: TryCounts::new(&keys.cap, &caller(&place(*from))),
                    language: None,
                })));
            }
            Step::Wait(seconds) => {
                batches.push((now, std::mem::take(&mut batch)));
                now += TimeDelta::seconds(i64::from(*seconds));
            }
            Step::End => batches.push((now, std::mem::take(&mut batch))),
        }
    }
    batches.push((now, batch));
    batches
}

/// Addresses and networks that have nearly used up what they have.
fn store(batches: &[(DateTime<Utc>, Vec<Arc<Request>>)]) -> Store {
    let mut store = Store::default();
    let (began, _) = batches[0];
    for request in batches.iter().flat_map(|(_, batch)| batch) {
        let places = match &**request {
            Request::Ask(asked) => [(asked.counts.address, 290), (asked.counts.network, 9_985)],
            Request::Try(typed) => [(typed.counts.address, 90), (typed.counts.network, 985)],
        };
        for (key, used) in places {
            store.counts.insert(key, Count { used, ends_at: began + TimeDelta::minutes(12) });
        }
    }
    store
}

/// Whether the batches come to the same as their requests one by one.
fn is_same(decide_batch: Decide, steps: &[Step]) -> bool {
    let batches = batches(steps);
    let (mut together, mut apart) = (store(&batches), store(&batches));
    batches.iter().all(|(now, batch)| {
        let in_batch = together.run(decide_batch, batch, *now);
        let alone = batch.chunks(1).flat_map(|one| apart.run(decide, one, *now));
        alone.collect::<Vec<_>>() == in_batch
    }) && together == apart
}

#[test]
fn a_batch_comes_to_the_same_as_its_requests_one_by_one() {
    let run = |decide_batch: Decide| {
        let config =
            ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) };
        // A runner for each: one counts the cases of all its runs.
        TestRunner::new(config).run(&steps(), |steps| {
            prop_assert!(is_same(decide_batch, &steps));
            Ok(())
        })
    };
    run(decide).unwrap();
    run(forgetful).expect_err("the control");
}

#[test]
fn the_sequences_come_to_everything_that_can_become_of_a_request() {
    let mut names = std::collections::BTreeSet::new();
    let mut runner = TestRunner::deterministic();
    for _ in 0..200 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let batches = batches(&steps);
        let mut store = store(&batches);
        for (now, batch) in &batches {
            let outcomes = store.run(decide, batch, *now);
            names.extend(outcomes.iter().map(|outcome| outcome.name().to_owned()));
        }
    }
    let all = ["over", "sent", "signed_in", "too_many_requests", "wrong"];
    assert_eq!(names.into_iter().collect::<Vec<_>>(), all);
}
