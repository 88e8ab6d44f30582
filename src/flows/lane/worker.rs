//! One lane's task: takes what has arrived, runs the transaction, answers, and knows what to do
//! when the database says no or is gone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{Connection, Executor, PgConnection};
use tokio::{sync::watch, time};

use super::{
    Job,
    bell::Round,
    door::Waiting,
    pace::Pace,
    transaction::{self, KnownRules},
    unavailable,
};
use crate::{
    db::{Db, Error, Failure, metrics::Outcome as Ended},
    domain::{
        Code, Refusal,
        batch::{Decide, Outcome, Request},
    },
    flows::Result,
    telemetry::{Metrics, OutcomeLabel},
};

/// A batch that takes longer has met a stalled server: its connection is given up (which does not
/// cancel a commit) and the batch is run again on another.
const TRANSACTION_SECONDS_MAX: Duration = Duration::from_secs(8);
/// The transaction in metrics and errors.
const NAME: &str = "book";
/// How long a lane tries before its callers are told that the database is away.
const AWAY_SECONDS_MAX: Duration = Duration::from_secs(10);
/// While people come close upon each other, a batch begins no sooner than this after the last one:
/// those who come in between share its statements and its commit, which cost a small batch more
/// than its bookings do. PostgreSQL's commit_delay and commit_siblings are the same thought.
const GATHER: Duration = Duration::from_millis(3);
const RECONNECT_DELAY_MIN: Duration = Duration::from_millis(50);
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);
/// A conflict with another lane is over when that lane has committed: the second try sees its rows.
/// Several processes can conflict several times; more than this is a fault of ours.
const CONFLICTS_MAX: u32 = 20;

pub(super) struct Worker {
    name: String,
    db: Db,
    conn: Option<PgConnection>,
    known: KnownRules,
    decide: Decide,
    pace: Arc<Pace>,
    metrics: Arc<Metrics>,
}

/// What a failed transaction calls for.
enum Remedy {
    /// Somebody else was first: look again.
    Again,
    /// Somebody holds a row for long: ask again, but not for ever.
    Wait,
    /// The connection is of no use any more.
    Reconnect,
    /// One of the requests cannot be handled: find out which.
    Split,
}

impl Worker {
    pub(super) fn new(
        number: usize,
        db: &Db,
        decide: Decide,
        pace: Arc<Pace>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            name: format!("dosebook lane {number}"),
            db: db.clone(),
            conn: None,
            known: KnownRules::default(),
            decide,
            pace,
            metrics,
        }
    }

    /// Serves whoever waits until told to stop, then those who still do.
    pub(super) async fn run(mut self, mut waiting: Waiting, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::new();
        let mut last = None;
        loop {
            if let Some(next) = last.and_then(not_before) {
                time::sleep_until(next.into()).await;
            }
            tokio::select! {
                biased;
                is_some = waiting.take(&mut batch) => if !is_some { break },
                _ = stop.wait_for(|stop| *stop) => waiting.close(),
            }
            self.metrics.queued.dec_by(i64::try_from(batch.len()).unwrap_or(0));
            let late = waiting.late(&mut batch);
            self.metrics.abandoned.inc_by(u64::try_from(late.len()).unwrap_or(0));
            self.answer(late.into_iter().map(|job| (job, Err(self.pace.overloaded()))));
            last = Some((Instant::now(), batch.len()));
            self.settle(std::mem::take(&mut batch)).await;
        }
        if let Some(conn) = self.conn
            && let Err(error) = conn.close().await
        {
            tracing::debug!(%error, "a lane's connection did not close cleanly");
        }
    }

    /// Answers every job: decided, or with the reason why it cannot be.
    async fn settle(&mut self, mut jobs: Vec<Job>) {
        // Halves of a batch that failed, the front one on top.
        let mut stack = Vec::new();
        loop {
            if jobs.is_empty() {
                match stack.pop() {
                    Some(next) => jobs = next,
                    None => return,
                }
            }
            // Nobody waits for these any more; whoever sends them again starts anew.
            let came = jobs.len();
            jobs.retain(|job| !job.answer.is_closed());
            self.metrics.abandoned.inc_by(u64::try_from(came - jobs.len()).unwrap_or(0));
            if jobs.is_empty() {
                continue;
            }
            let requests: Vec<_> = jobs.iter().map(|job| job.request.clone()).collect();
            match self.transact(&requests).await {
                Ok(outcomes) => {
                    let rest = jobs.split_off(outcomes.len().min(jobs.len()));
                    self.answer(jobs.into_iter().zip(outcomes.into_iter().map(Ok)));
                    jobs = rest;
                }
                Err(Failed::Away) => {
                    let all = jobs.drain(..).chain(stack.drain(..).flatten());
                    self.answer(all.map(|job| (job, Err(unavailable()))));
                }
                Err(Failed::Fault) if jobs.len() > 1 => {
                    stack.push(jobs.split_off(jobs.len() / 2));
                }
                Err(Failed::Fault) => {
                    let fault = || Err(Refusal::from(Code::Internal).into());
                    self.answer(jobs.drain(..).map(|job| (job, fault())));
                }
            }
        }
    }

    fn answer(&self, answers: impl IntoIterator<Item = (Job, Result<Outcome>)>) {
        let mut round = Round::default();
        for (job, outcome) in answers {
            let name = match &outcome {
                Ok(outcome) => outcome.name(),
                Err(_) => "failed",
            };
            self.metrics.decisions.get_or_create(&OutcomeLabel { outcome: name }).inc();
            round.add(job, outcome);
        }
        round.ring();
    }

    /// Runs the transaction until it goes through, as far as trying again can help.
    async fn transact(
        &mut self,
        requests: &[Request],
    ) -> std::result::Result<Vec<Outcome>, Failed> {
        let started = Instant::now();
        let mut delay = RECONNECT_DELAY_MIN;
        let mut conflicts = 0;
        loop {
            let error = match self.attempt(requests).await {
                Ok(outcomes) => {
                    self.pace.observe(outcomes.len(), started.elapsed());
                    self.metrics.batch_requests.observe(count(outcomes.len()));
                    self.metrics.batch_seconds.observe(started.elapsed().as_secs_f64());
                    return Ok(outcomes);
                }
                Err(error) => error,
            };
            self.metrics.retries.inc();
            match remedy(error.failure()) {
                Remedy::Wait if started.elapsed() > AWAY_SECONDS_MAX => return Err(Failed::Away),
                Remedy::Wait => {}
                Remedy::Again if conflicts < CONFLICTS_MAX => conflicts += 1,
                Remedy::Again | Remedy::Split => {
                    tracing::error!(lane = self.name, %error, "a batch cannot be decided");
                    return Err(Failed::Fault);
                }
                Remedy::Reconnect if started.elapsed() > AWAY_SECONDS_MAX => {
                    return Err(Failed::Away);
                }
                Remedy::Reconnect => {
                    tracing::warn!(lane = self.name, %error, "trying again on a new connection");
                    self.conn = None;
                    time::sleep(delay).await;
                    delay = (delay * 2).min(RECONNECT_DELAY_MAX);
                }
            }
        }
    }

    async fn attempt(&mut self, requests: &[Request]) -> std::result::Result<Vec<Outcome>, Error> {
        const LIMIT: Duration = TRANSACTION_SECONDS_MAX;
        let metrics = &self.db.metrics;
        let mut conn = match self.conn.take() {
            Some(conn) => conn,
            None => match time::timeout(LIMIT, self.connect()).await {
                Ok(connected) => connected.inspect_err(|_| metrics.no_connection(NAME))?,
                Err(_elapsed) => {
                    metrics.no_connection(NAME);
                    return Err(Error::AcquireTimeout { name: NAME, limit: LIMIT });
                }
            },
        };
        let began = Instant::now();
        let run = transaction::run(&mut conn, &mut self.known, self.decide, requests);
        let Ok(done) = time::timeout(LIMIT, run).await else {
            metrics.ended(NAME, Ended::TimedOut, began.elapsed());
            return Err(Error::TransactionTimeout { name: NAME, limit: LIMIT });
        };
        let ended = if done.is_ok() { Ended::Committed } else { Ended::Failed };
        metrics.ended(NAME, ended, began.elapsed());
        if done.is_ok() || conn.execute("rollback").await.is_ok() {
            self.conn = Some(conn);
        }
        Ok(done?)
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let mut conn = self.db.connect(&self.name).await?;
        conn.execute(transaction::PLANNER_SETTINGS).await?;
        Ok(conn)
    }
}

/// Why a batch was not decided.
enum Failed {
    /// The database is away.
    Away,
    /// The database refuses it as it stands.
    Fault,
}

/// When the batch after one that began then, with so many requests, may begin; at once after a
/// request that came alone.
fn not_before((began, requests): (Instant, usize)) -> Option<Instant> {
    (requests > 1).then(|| began + GATHER)
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// Keys here are a person's and a booking's: who finds one taken looks again, and then sees it.
fn remedy(failure: Failure<'_>) -> Remedy {
    match failure {
        Failure::Unique(_) | Failure::Conflict => Remedy::Again,
        Failure::LockTimeout => Remedy::Wait,
        Failure::Unavailable | Failure::OutOfTime | Failure::Canceled => Remedy::Reconnect,
        Failure::Constraint(_) | Failure::Bug => Remedy::Split,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_those_who_come_close_upon_each_other_gather() {
        let began = Instant::now();
        assert_eq!(not_before((began, 2)), Some(began + GATHER));
        assert_eq!(not_before((began, 1)), None, "nobody waits behind one who came alone");
        assert_eq!(not_before((began, 0)), None, "nor behind those who had gone");
    }
}
