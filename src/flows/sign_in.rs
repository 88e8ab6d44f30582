//! Codes that are asked for and codes that are tried, in batches: all that has arrived is decided
//! in one transaction, in the order in which it came, and answered after the commit.
//!
//! A lane of its own, so that whoever signs in waits for no booking and no booking for them. The
//! turns of all persons, addresses and networks of a batch are taken first, in one order: so caps
//! are exact, also between processes, and two batches never wait for each other in a circle. What
//! somebody else has the turn of is left out, and tried again beside the batches.
//!
//! Trips to the database for a batch, whatever its size: begin, for whom the challenges are (where
//! codes are tried), turns, codes, counts, for whom codes are (where some are asked for), write,
//! commit; one more where pages of another language than the person's were used.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Instant,
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{
    Error, Result,
    lane::{
        Lanes, ReplyQueue, Work,
        chain::{Chain, Ending},
        transaction::{Done, Locks, without_waiting},
    },
};
use crate::{
    clock::Clock,
    db::{self, sign_in::Wanted},
    domain::{
        Code, Refusal, SlotId,
        code_cap::Counted,
        sign_in::{Decide, Decision, Outcome, Owner, Request, Seen, counted_by, turns, turns_of},
        sign_in_code::REPEAT_SECONDS,
    },
    telemetry::{BatchMetrics, Metrics},
};

/// Requests of a batch at most. Each takes up to three of PostgreSQL's locks, of which there are
/// 6,400 for all processes as it is set by default (`max_locks_per_transaction`).
pub const BATCH_MAX: usize = 256;

/// The lane of sign-ins.
pub type SignInLane = Lanes<SignIns>;
/// The way back to one HTTP thread.
pub type SignInReplies = ReplyQueue<Outcome>;

/// Has the request decided; answers after the commit and never before.
///
/// # Errors
/// Its refusal; `overloaded` where it would wait too long; `unavailable` where nobody knows what
/// became of it.
pub(super) async fn submit(
    (lane, replies): (&SignInLane, &SignInReplies),
    request: Request,
) -> Result<Outcome> {
    match lane.submit(Arc::new(request), replies).await {
        Ok(Outcome::Refused(refusal)) => Err(refusal.into()),
        // What a lane says of bookings is not so here: who asks again gets another code.
        Err(Error::Refused(refusal)) if refusal.code == Code::Unavailable => {
            Err(Refusal::from(Code::Unavailable).into())
        }
        done => done,
    }
}

/// How sign-ins are decided.
pub struct SignIns {
    clock: Clock,
    decide: Decide,
    unsure: Unsure,
}

/// Challenges that were tried, and when that was decided, in batches whose commit was asked for and
/// never answered. It may still go through, after others have.
#[derive(Debug, Default)]
struct Unsure(Vec<(Uuid, DateTime<Utc>)>);

impl Unsure {
    /// Before the commit of what was decided at `now`. Nobody is told again of what is older than a
    /// repeat may be.
    fn add(&mut self, requests: &[Arc<Request>], now: DateTime<Utc>) {
        let since = now - TimeDelta::seconds(REPEAT_SECONDS);
        self.0.retain(|(_, decided_at)| *decided_at > since);
        self.0.extend(tried(requests).map(|challenge_id| (challenge_id, now)));
    }

    /// After a commit that was answered: what became of these is known, and of no others.
    fn settle(&mut self, requests: &[Arc<Request>]) {
        let known: HashSet<_> = tried(requests).collect();
        self.0.retain(|(challenge_id, _)| !known.contains(challenge_id));
    }
}

impl SignIns {
    pub fn new(clock: Clock, decide: Decide) -> Self {
        Self { clock, decide, unsure: Unsure::default() }
    }

    /// Reads what the requests need, in the turn of all of them.
    async fn read(
        &self,
        conn: &mut PgConnection,
        requests: &[Arc<Request>],
        owners: &HashMap<Uuid, Owner>,
    ) -> sqlx::Result<Seen> {
        // As exact as the database keeps it: the same session is told by its time.
        let now = self.clock.now().trunc_subsecs(6);
        let mut wanted = Wanted { since: db::sign_in::since(now), ..Wanted::default() };
        let mut asked = Vec::new();
        for request in requests {
            match &**request {
                Request::Ask(ask) => {
                    wanted.asked.push(ask.challenge_id);
                    wanted.people.push(ask.counts.person);
                    asked.push(ask);
                }
                Request::Try(typed) => wanted.tried.push(typed.challenge_id),
            }
        }
        let keys: BTreeSet<Counted> =
            requests.iter().flat_map(|request| counted_by(request, owners)).collect();
        let keys: Vec<_> = keys.into_iter().collect();
        let codes = db::sign_in::codes(conn, &wanted).await?;
        let counts = db::sign_in::counts(conn, &keys, now).await?;
        let holders = match asked.is_empty() {
            true => HashMap::new(),
            false => db::sign_in::holders(conn, &asked).await?,
        };
        Ok(Seen { now, codes, counts, holders, unsure: self.unsure.0.clone() })
    }
}

impl Work for SignIns {
    type Request = Arc<Request>;
    type Outcome = Outcome;

    const TASK: &'static str = "sign-in";
    const TRANSACTION: &'static str = "sign in";

    fn metrics(metrics: &Metrics) -> BatchMetrics {
        metrics.sign_ins.clone()
    }

    fn lane(_: &Arc<Request>) -> usize {
        0
    }

    /// They are decided as they come.
    fn goes_first(_: &Arc<Request>) -> bool {
        true
    }

    fn slot_id(_: &Arc<Request>) -> Option<SlotId> {
        None
    }

    fn name(outcome: &Outcome) -> &'static str {
        outcome.name()
    }

    async fn run(
        &mut self,
        conn: &mut PgConnection,
        requests: &[Arc<Request>],
        (chain, locks): (&mut Chain, Locks),
    ) -> sqlx::Result<Done<Outcome>> {
        let began = Instant::now();
        // Cut before turns are taken: each is one of PostgreSQL's locks, and thousands may wait.
        let requests = match locks {
            Locks::Wait => requests,
            Locks::Skip { batch_max } => requests.get(..batch_max).unwrap_or(requests),
        };
        chain.begin(conn, locks).await?;
        let owners = owners(conn, requests).await?;
        let locking = Instant::now();
        let left_out = take_turns(conn, requests, (&owners, locks)).await?;
        let locking = locking.elapsed();
        let free = requests.iter().enumerate().filter(|(number, _)| !left_out.contains(number));
        let free: Vec<_> = free.map(|(_, request)| request.clone()).collect();
        let mut outcomes = Vec::new();
        if !free.is_empty() {
            let seen = self.read(conn, &free, &owners).await?;
            let now = seen.now;
            let decision = (self.decide)(seen, &free);
            let Decision { writes, .. } = &decision;
            if !writes.is_empty() {
                db::sign_in::write(conn, writes, now).await?;
                self.unsure.add(&free, now);
            } else if decision.outcomes.iter().any(|one| !matches!(one, Outcome::Refused(_))) {
                // What is told again was committed before, and perhaps not yet by a synchronous
                // standby: unlike a lane of bookings this one locks no rows, for which it waits.
                db::safety::wait_at_commit(conn).await?;
            }
            outcomes = decision.outcomes;
        }
        chain.end(conn, Ending::Commit).await?;
        self.unsure.settle(&free);
        note_made(&free, &outcomes);
        let work = without_waiting(began.elapsed(), locking);
        Ok(Done { outcomes, left_out, work })
    }

    fn forget(&mut self) {
        self.unsure = Unsure::default();
    }
}

/// What was made has used up its room below the ceiling.
fn note_made(requests: &[Arc<Request>], outcomes: &[Outcome]) {
    for (request, outcome) in requests.iter().zip(outcomes) {
        if let (Request::Ask(asked), Outcome::Sent { .. }) = (&**request, outcome) {
            asked.room.made();
        }
    }
}

/// The challenges that somebody tries.
fn tried(requests: &[Arc<Request>]) -> impl Iterator<Item = Uuid> {
    requests.iter().filter_map(|request| match &**request {
        Request::Try(typed) => Some(typed.challenge_id),
        Request::Ask(_) => None,
    })
}

/// For whom the challenges are that somebody tries.
async fn owners(
    conn: &mut PgConnection,
    requests: &[Arc<Request>],
) -> sqlx::Result<HashMap<Uuid, Owner>> {
    let tried: Vec<_> = tried(requests).collect();
    match tried.is_empty() {
        true => Ok(HashMap::new()),
        false => db::sign_in::owners(conn, &tried).await,
    }
}

/// Takes the turns of all that the requests concern. Gives the numbers of those requests, from 0,
/// that must wait because somebody else has a turn of theirs.
async fn take_turns(
    conn: &mut PgConnection,
    requests: &[Arc<Request>],
    (owners, locks): (&HashMap<Uuid, Owner>, Locks),
) -> sqlx::Result<BTreeSet<usize>> {
    let all = turns(requests, owners);
    match locks {
        Locks::Wait => {
            db::sign_in::wait_for_turns(conn, &all).await?;
            Ok(BTreeSet::new())
        }
        Locks::Skip { .. } => {
            let taken = db::sign_in::take_free_turns(conn, &all).await?;
            let must_wait = |request: &Request| {
                turns_of(request, owners).iter().flatten().any(|turn| !taken.contains(turn))
            };
            let numbered = requests.iter().enumerate();
            Ok(numbered.filter(|(_, one)| must_wait(one)).map(|(number, _)| number).collect())
        }
    }
}
