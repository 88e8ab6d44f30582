//! The task of one lane: group commit, retries after conflicts, reconnects when the database was
//! unreachable, and isolation of a request that the database cannot handle.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{Connection, Executor, PgConnection};
use tokio::{sync::watch, time};

use super::{
    delay::DelayEstimate,
    job::{Job, unavailable},
    queue::QueueReceiver,
    reply::ReplyBatch,
    transaction::{self, KnownRules},
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

/// A batch that takes longer has met a stalled server. Its connection is dropped (which does not
/// cancel a commit) and the batch runs again on a new one.
const TRANSACTION_SECONDS_MAX: Duration = Duration::from_secs(8);
/// The transaction in metrics and errors.
const NAME: &str = "book";
/// How long a lane keeps trying before its callers are told that the database is unavailable.
const UNAVAILABLE_AFTER: Duration = Duration::from_secs(10);
/// Group commit: after a batch of several requests, the next one begins no sooner than this after
/// that one began. Requests that arrive in between share one round of statements and one commit,
/// which cost a small batch more than its bookings do. Compare PostgreSQL's commit_delay and
/// commit_siblings.
const GROUP_COMMIT_WINDOW: Duration = Duration::from_millis(3);
const RECONNECT_DELAY_MIN: Duration = Duration::from_millis(50);
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);
/// A conflict with another lane ends when that lane commits: the next try sees its rows. Several
/// processes can conflict several times; more often than this is a fault of the program.
const CONFLICTS_MAX: u32 = 20;

pub(super) struct Worker {
    name: String,
    db: Db,
    conn: Option<PgConnection>,
    known: KnownRules,
    decide: Decide,
    delay: Arc<DelayEstimate>,
    metrics: Arc<Metrics>,
}

/// What a failed transaction calls for.
enum Remedy {
    /// Another transaction was first: run it again.
    Retry,
    /// Another transaction has held a row for long: run it again, for a limited time.
    RetryForAWhile,
    /// The connection is broken or its server unusable: connect again.
    Reconnect,
    /// One of the requests cannot be handled: find out which by halving the batch.
    Split,
}

impl Worker {
    pub(super) fn new(
        number: usize,
        db: &Db,
        decide: Decide,
        delay: Arc<DelayEstimate>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            name: format!("dosebook lane {number}"),
            db: db.clone(),
            conn: None,
            known: KnownRules::default(),
            decide,
            delay,
            metrics,
        }
    }

    /// Serves the queue until told to stop, then what is left in it.
    pub(super) async fn run(mut self, mut queue: QueueReceiver, mut stop: watch::Receiver<bool>) {
        let mut batch = Vec::new();
        let mut last = None;
        loop {
            if let Some(earliest) = last.and_then(earliest_start) {
                time::sleep_until(earliest.into()).await;
            }
            tokio::select! {
                biased;
                is_open = queue.take(&mut batch) => if !is_open { break },
                _ = stop.wait_for(|stop| *stop) => queue.close(),
            }
            self.metrics.queued.dec_by(i64::try_from(batch.len()).unwrap_or(0));
            let expired = queue.expired(&mut batch);
            self.metrics.abandoned.inc_by(u64::try_from(expired.len()).unwrap_or(0));
            self.answer(expired.into_iter().map(|job| (job, Err(self.delay.overloaded()))));
            last = Some((Instant::now(), batch.len()));
            self.settle(std::mem::take(&mut batch)).await;
        }
        if let Some(conn) = self.conn
            && let Err(error) = conn.close().await
        {
            tracing::debug!(%error, "a lane's connection did not close cleanly");
        }
    }

    /// Answers every job: with its outcome, or with the reason why there is none.
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
            // Requests whose caller has hung up are not decided; sent again, they are new ones.
            let taken = jobs.len();
            jobs.retain(|job| !job.reply.is_abandoned());
            self.metrics.abandoned.inc_by(u64::try_from(taken - jobs.len()).unwrap_or(0));
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
                Err(Failed::Unreachable) => {
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
        let mut replies = ReplyBatch::default();
        for (job, outcome) in answers {
            let name = match &outcome {
                Ok(outcome) => outcome.name(),
                Err(_) => "failed",
            };
            self.metrics.decisions.get_or_create(&OutcomeLabel { outcome: name }).inc();
            replies.add(job.reply, outcome);
        }
        replies.send();
    }

    /// Runs the transaction, and again as long as that can help.
    async fn transact(
        &mut self,
        requests: &[Request],
    ) -> std::result::Result<Vec<Outcome>, Failed> {
        let started = Instant::now();
        let mut reconnect_delay = RECONNECT_DELAY_MIN;
        let mut conflicts = 0;
        loop {
            let error = match self.attempt(requests).await {
                Ok(outcomes) => {
                    self.delay.observe(outcomes.len(), started.elapsed());
                    self.metrics.batch_requests.observe(count(outcomes.len()));
                    self.metrics.batch_seconds.observe(started.elapsed().as_secs_f64());
                    return Ok(outcomes);
                }
                Err(error) => error,
            };
            self.metrics.retries.inc();
            match remedy(error.failure()) {
                Remedy::RetryForAWhile if started.elapsed() > UNAVAILABLE_AFTER => {
                    return Err(Failed::Unreachable);
                }
                Remedy::RetryForAWhile => {}
                Remedy::Retry if conflicts < CONFLICTS_MAX => conflicts += 1,
                Remedy::Retry | Remedy::Split => {
                    tracing::error!(lane = self.name, %error, "a batch cannot be decided");
                    return Err(Failed::Fault);
                }
                Remedy::Reconnect if started.elapsed() > UNAVAILABLE_AFTER => {
                    return Err(Failed::Unreachable);
                }
                Remedy::Reconnect => {
                    tracing::warn!(lane = self.name, %error, "trying again on a new connection");
                    self.conn = None;
                    time::sleep(reconnect_delay).await;
                    reconnect_delay = (reconnect_delay * 2).min(RECONNECT_DELAY_MAX);
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
    /// The database could not be reached, or a row was locked, for `UNAVAILABLE_AFTER`.
    Unreachable,
    /// The database cannot handle it as it is.
    Fault,
}

/// When the next batch may begin, after one that began then with so many requests. None is at once:
/// a lane that served a single request does not delay the next.
fn earliest_start((began, requests): (Instant, usize)) -> Option<Instant> {
    (requests > 1).then(|| began + GROUP_COMMIT_WINDOW)
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// Keys here are a person's and a booking's: who finds one taken looks again, and then sees it.
fn remedy(failure: Failure<'_>) -> Remedy {
    match failure {
        Failure::Unique(_) | Failure::Conflict => Remedy::Retry,
        Failure::LockTimeout => Remedy::RetryForAWhile,
        Failure::Unavailable | Failure::OutOfTime | Failure::Canceled => Remedy::Reconnect,
        Failure::Constraint(_) | Failure::Bug => Remedy::Split,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lane_under_load_delays_a_batch() {
        let began = Instant::now();
        assert_eq!(earliest_start((began, 2)), Some(began + GROUP_COMMIT_WINDOW));
        assert_eq!(earliest_start((began, 1)), None, "no delay after a single request");
        assert_eq!(earliest_start((began, 0)), None, "nor when all callers had hung up");
    }
}
