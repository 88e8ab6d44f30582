//! Signing in, in batches: caps and sessions are exact however many come at once, a batch is done
//! as if each request were alone, and what stops half way is not half done. Each test has a
//! control.

mod batch;
mod crash;
mod cut;
mod property;
mod stall;

use std::{slice, sync::Arc};

use chrono::Utc;
use dosebook::{
    domain::{
        birth_date::BirthDate,
        code_cap::{Caller, CodeCounts, Counted, TryCounts},
        keys::Keys,
        person_key::Sought,
        sign_in::{Decision, Request, Seen, Writes, decide},
    },
    flows::sign_in::SignInLane,
};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{Executor, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::support::{
    Answer, Made, Person, TestApp, World,
    app::{Options, SECRET},
    until,
};

/// Decides each request by what was read, as if no other one of the batch were there.
fn forgetful(seen: Seen, requests: &[Arc<Request>]) -> Decision {
    let mut all = Decision { outcomes: Vec::new(), writes: Writes::default() };
    for request in requests {
        let Decision { outcomes, writes } = decide(seen.clone(), slice::from_ref(request));
        all.outcomes.extend(outcomes);
        all.writes.codes.extend(writes.codes);
        all.writes.changed.extend(writes.changed);
        all.writes.languages.extend(writes.languages);
        for (key, count) in writes.counted {
            all.writes.counted.entry(key).and_modify(|sum| sum.used += count.used).or_insert(count);
        }
    }
    all
}

/// Services behind a proxy on this machine, on one database.
struct Stage {
    services: Vec<TestApp>,
    made: Made,
}

impl Stage {
    async fn set(services: usize, people: u32, options: Options) -> Self {
        let options = options.trusted_proxy("127.0.0.1");
        let first = options.clone().start().await;
        let made = World::new().people(people).make(&first.db).await;
        let mut all = vec![first];
        for _ in 1..services {
            all.push(options.clone().start_on(all[0].database.clone()).await);
        }
        Self { services: all, made }
    }

    fn db(&self) -> &PgPool {
        &self.services[0].db
    }

    fn lane(&self, number: usize) -> &SignInLane {
        &self.services[number % self.services.len()].app.sign_ins
    }

    /// Those who wait for somebody else's turn, in all services.
    fn blocked(&self) -> usize {
        let of = |app: &TestApp| app.app.metrics.sign_ins.blocked.get();
        usize::try_from(self.services.iter().map(of).sum::<i64>()).unwrap()
    }

    /// Sends it to one service after the other.
    async fn post(&self, number: usize, (path, body): (&str, &Value), from: &str) -> Answer {
        let app = &self.services[number % self.services.len()];
        let request = app.public().request(Method::POST, path).json(body);
        request.header("x-forwarded-for", from).send().await
    }

    async fn ask(&self, number: usize, person: &Person, from: &str) -> Answer {
        self.post(number, ("/v1/auth/codes", &claim(person)), from).await
    }

    async fn answer(&self, number: usize, challenge: &Value, code: &str, from: &str) -> Answer {
        let body = json!({ "challenge_id": challenge, "code": code });
        self.post(number, ("/v1/auth/sessions", &body), from).await
    }

    /// A challenge of the person, and its code.
    async fn challenge(&self, person: &Person, from: &str) -> (Value, String) {
        let challenge = self.ask(0, person, from).await.ok(202)["challenge_id"].clone();
        loop {
            for app in &self.services {
                let shown = app.shown_codes().await;
                if let Some(shown) = shown.iter().find(|code| code["challenge_id"] == challenge) {
                    return (challenge, shown["code"].as_str().unwrap().to_owned());
                }
            }
        }
    }

    /// Has somebody else have this turn until this is rolled back.
    async fn hold(&self, turn: &Counted) -> Transaction<'static, Postgres> {
        let mut holder = self.db().begin().await.unwrap();
        let number = i64::from_be_bytes(turn[..8].try_into().unwrap());
        let sql = "select pg_advisory_xact_lock($1)";
        sqlx::query(sql).bind(number).execute(&mut *holder).await.unwrap();
        holder
    }

    /// All of them together: none is decided before all have arrived, because they wait for this
    /// turn.
    async fn together<T>(
        &self,
        turn: &Counted,
        requests: impl IntoIterator<Item = impl Future<Output = T>>,
    ) -> Vec<T> {
        let holder = self.hold(turn).await;
        let requests: Vec<_> = requests.into_iter().collect();
        let count = requests.len();
        let release = async {
            until(|| self.blocked() == count).await;
            holder.rollback().await.unwrap();
        };
        let (answers, ()) = tokio::join!(join_all(requests), release);
        answers
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.db()).await.unwrap()
    }
}

/// Keeps the code of each message: whoever sends one takes it out of the outbox.
const NOTE_MESSAGES: &str = "
    create table said (challenge_id uuid, code text);
    create function note_message() returns trigger language plpgsql security definer
    set search_path from current as $$ begin
        insert into said
        values ((new.body::json->>'challenge_id')::uuid, new.body::json->>'code');
        return null;
    end $$;
    create trigger note_message after insert on outbox
    for each row when (new.kind = 'sign_in_code') execute function note_message()";

/// What of codes, messages, counts and sessions does not fit together, where so many tries were
/// made at codes that were over. A code counts for its address and its network, a wrong try at one
/// for its person and origin too, and one that was over where it came from alone.
const HALF_DONE: &str = "
    select 'counts' where (select coalesce(sum(used), 0) from code_cap) <> (
        select 2 * count(*) + 4 * (coalesce(sum(attempts), 0) - count(signed_in_at)) + 2 * $1
        from sign_in_code)
    union all
    select 'messages' from (
        (select challenge_id from sign_in_code except all select challenge_id from said)
        union all
        (select challenge_id from said except all select challenge_id from sign_in_code)) a
    union all
    select 'sessions' from sign_in_code where signed_in_at is not null
        and (used_at is distinct from signed_in_at or attempts = 0 or coalesce(person_id, 0) = 0)
    union all
    select 'open codes' from sign_in_code where used_at is null
    group by person_key, origin_key having count(*) > 1";

async fn half_done(db: &PgPool, over: i64) -> Vec<String> {
    sqlx::query_scalar(HALF_DONE).bind(over).fetch_all(db).await.unwrap()
}

async fn note_messages(db: &PgPool) {
    db.execute(NOTE_MESSAGES).await.unwrap();
}

/// The code that was sent for a challenge.
async fn said(db: &PgPool, challenge: &Value) -> String {
    let challenge: Uuid = challenge.as_str().unwrap().parse().unwrap();
    let sql = "select code from said where challenge_id = $1";
    sqlx::query_scalar(sql).bind(challenge).fetch_one(db).await.unwrap()
}

/// Of a network of its own for each number.
fn place(number: usize) -> String {
    format!("10.{}.{}.1", number / 256, number % 256)
}

pub fn claim(person: &Person) -> Value {
    json!({ "name": person.name, "birth_date": person.birth_date, "phone": person.phone })
}

fn caller(from: &str) -> Caller {
    let octets: Vec<u8> = from.split('.').map(|octet| octet.parse().unwrap()).collect();
    Caller { network: octets[..3].to_vec(), address: octets }
}

/// What asking for a code for this person from there counts for.
fn code_counts(person: &Person, from: &str) -> CodeCounts {
    let keys = Keys::new(&SECRET);
    let today = Utc::now().date_naive();
    let birth_date = BirthDate::new(person.birth_date, today).unwrap();
    let sought = Sought::typed(&keys.matching, &person.name, birth_date, &person.phone);
    CodeCounts::new(&keys.cap, sought.key(), &caller(from))
}

fn try_counts(from: &str) -> TryCounts {
    TryCounts::new(&Keys::new(&SECRET).cap, &caller(from))
}

fn statuses(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

/// Somebody of the register, and somebody who is not in it.
fn known_and_unknown(made: &Made) -> [Person; 2] {
    let known = made.people[0].clone();
    [known.clone(), Person { name: "Nobody There".into(), ..known }]
}
