//! The task of one lane: group commit, retries after conflicts, reconnects when the database was
//! unreachable, and isolation of a request that cannot be handled or that waits for a lock.
//!
//! Locks: a batch that is not granted one within a moment runs again and leaves out the requests
//! that need it. They are parked and tried every few milliseconds. While some are parked, no batch
//! waits for a lock.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use sqlx::{Connection, Executor, PgConnection};
use tokio::{sync::watch, time};

use super::{
    chain::Chain,
    delay::DelayEstimate,
    job::{Job, Limits, unavailable},
    parked::Parked,
    queue::QueueReceiver,
    reply::ReplyBatch,
    transaction::{Done, Locks, TIMEOUT_SETTINGS},
    work::Work,
};
use crate::{
    db::{self, Db, Error, Failure, metrics::Outcome as Ended},
    domain::{Code, Refusal},
    flows::Result,
    supervisor::{Backoff, caught},
    telemetry::{BatchMetrics, Metrics, OutcomeLabel},
};

/// A batch that takes longer has met a stalled server. Its connection is dropped (which does not
/// cancel a commit) and the batch runs again on a new one.
const TRANSACTION_SECONDS_MAX: Duration = Duration::from_secs(8);
/// A connection that is not made by then is tried anew.
const CONNECT_SECONDS_MAX: Duration = Duration::from_secs(3);
/// A server that does not roll back, or close a connection, is left to itself.
const PARTING_SECONDS_MAX: Duration = Duration::from_secs(1);
/// How long a lane keeps trying before its callers are told that the database is unavailable.
const UNAVAILABLE_AFTER: Duration = Duration::from_secs(10);
/// Group commit: after a batch of several requests, the next one begins no sooner than this after
/// that one began. Requests that arrive in between share one round of statements and one commit,
/// which cost a small batch more than its bookings do. Compare PostgreSQL's commit_delay and
/// commit_siblings.
const GROUP_COMMIT_WINDOW: Duration = Duration::from_millis(3);
const RECONNECT_DELAY_MIN: Duration = Duration::from_millis(50);
const RECONNECT_DELAY_MAX: Duration = Duration::from_secs(1);
/// A conflict with another lane ends when that lane commits: the next try sees its rows. Deadlocks
/// and serialization failures with several processes can come several times; whoever is not served
/// by then is told to come again. Rows of others that are in the way each time are a bug.
const CONFLICTS_MAX: u32 = 20;
/// How many times parts of a batch may wait in vain for another transaction's booking for the same
/// person, before a part is parked as a whole: enough to find one request among 256.
const LOCK_TIMEOUTS_MAX: u32 = 9;

pub(super) struct Worker<W: Work> {
    name: String,
    db: Db,
    conn: Option<(PgConnection, Chain)>,
    work: W,
    delay: Arc<DelayEstimate>,
    metrics: BatchMetrics,
    /// Where panics are counted.
    panics: Arc<Metrics>,
    parked: Parked<W>,
    batch_max: usize,
    is_cut_off: Arc<AtomicBool>,
}

/// What a failed transaction calls for.
enum Remedy {
    /// Another transaction was first: run it again.
    Retry,
    /// Another transaction holds a row: run it again without the requests that need it.
    LeaveOut,
    /// The connection is broken or its server unusable: connect again.
    Reconnect,
    /// One of the requests cannot be handled: find out which by halving the batch.
    Split,
}

impl<W: Work> Worker<W> {
    pub(super) fn new(
        number: usize,
        db: &Db,
        work: W,
        (limits, delay, is_cut_off): (Limits, Arc<DelayEstimate>, Arc<AtomicBool>),
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            name: format!("dosebook {} {number}", W::TASK),
            db: db.clone(),
            conn: None,
            work,
            delay,
            metrics: W::metrics(&metrics),
            panics: metrics,
            parked: Parked::new(limits),
            batch_max: limits.batch.max(1),
            is_cut_off,
        }
    }

    /// Serves the queue until told to stop, then what is left in it. A panic loses the batch in
    /// hand, whose callers are told that the service is unavailable; then the lane goes on.
    pub(super) async fn run(
        mut self,
        mut queue: QueueReceiver<W>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut backoff = Backoff::default();
        let panics = self.panics.clone();
        while caught(W::TASK, &panics, self.serve(&mut queue, &mut stop)).await.is_none() {
            queue.set_down(true);
            self.conn = None;
            self.work.forget();
            time::sleep(backoff.next_pause()).await;
            queue.set_down(false);
        }
        if let Some((conn, _)) = self.conn
            && !matches!(time::timeout(PARTING_SECONDS_MAX, conn.close()).await, Ok(Ok(())))
        {
            tracing::debug!(lane = self.name, "its connection did not close cleanly");
        }
    }

    async fn serve(&mut self, queue: &mut QueueReceiver<W>, stop: &mut watch::Receiver<bool>) {
        let mut batch = Vec::new();
        let mut last = None;
        let mut is_open = true;
        while is_open || self.parked.due_at().is_some() {
            if let Some(earliest) = last.and_then(earliest_start) {
                time::sleep_until(earliest.into()).await;
            }
            if queue.is_empty()
                && let Some((mut conn, mut chain)) = self.conn.take()
                && chain.give_up(&mut conn).await
            {
                self.conn = Some((conn, chain));
            }
            let retry_at = self.parked.due_at();
            tokio::select! {
                biased;
                taken = queue.take(&mut batch), if is_open => is_open = taken,
                () = sleep_until(retry_at), if retry_at.is_some() => {}
                _ = stop.wait_for(|stop| *stop), if is_open => queue.close(),
            }
            self.metrics.queued.dec_by(i64::try_from(batch.len()).unwrap_or(0));
            let expired = queue.expired(&mut batch);
            self.metrics.abandoned.inc_by(u64::try_from(expired.len()).unwrap_or(0));
            self.answer(expired.into_iter().map(|job| (job, Err(self.delay.overloaded()))));
            last = Some((Instant::now(), batch.len()));
            self.settle(std::mem::take(&mut batch)).await;
            if self.parked.is_due(Instant::now()) {
                self.try_parked_again().await;
            }
        }
    }

    async fn try_parked_again(&mut self) {
        let (jobs, over) = self.parked.take(Instant::now());
        self.metrics.blocked.dec_by(i64::try_from(jobs.len() + over.len()).unwrap_or(0));
        if let Some(job) = over.first() {
            let slot_id = W::slot_id(&job.request).map(|slot_id| slot_id.0);
            tracing::warn!(lane = self.name, slot_id, jobs = over.len(), "a lock is not released");
        }
        self.answer(over.into_iter().map(|job| (job, Err(unavailable()))));
        self.settle_with(jobs, Locks::Skip { batch_max: self.batch_max }).await;
    }

    /// Parks the jobs; where there is no place, they are answered.
    fn park(&mut self, jobs: Vec<Job<W>>) {
        let now = Instant::now();
        for job in jobs {
            if self.parked.is_full() {
                self.answer([(job, Err(unavailable()))]);
            } else {
                self.parked.add(job, now);
                self.metrics.blocked.inc();
            }
        }
    }

    async fn settle(&mut self, jobs: Vec<Job<W>>) {
        let locks = match self.parked.len() {
            0 => Locks::Wait,
            _ => Locks::Skip { batch_max: self.batch_max },
        };
        self.settle_with(jobs, locks).await;
    }

    /// Answers or parks every job: with its outcome, or with the reason why there is none.
    async fn settle_with(&mut self, mut jobs: Vec<Job<W>>, mut locks: Locks) {
        // Parts of a batch that failed, the front one on top.
        let mut stack = Vec::new();
        let mut lock_timeouts = 0;
        loop {
            if jobs.is_empty() {
                match stack.pop() {
                    Some(next) => jobs = next,
                    None => return,
                }
            }
            match self.transact(&mut jobs, locks).await {
                Ok(done) => jobs = self.finish(jobs, done),
                Err(Failed::Unreachable) => {
                    let all = jobs.drain(..).chain(stack.drain(..).flatten());
                    self.answer(all.map(|job| (job, Err(unavailable()))));
                }
                Err(Failed::Locked) if locks == Locks::Wait => {
                    locks = Locks::Skip { batch_max: self.batch_max };
                }
                Err(Failed::Locked) => {
                    lock_timeouts += 1;
                    if jobs.len() > 1 && lock_timeouts < LOCK_TIMEOUTS_MAX {
                        stack.push(jobs.split_off(jobs.len() / 2));
                    } else {
                        self.park(std::mem::take(&mut jobs));
                    }
                }
                Err(Failed::Fault | Failed::Overtaken) if jobs.len() > 1 => {
                    stack.push(jobs.split_off(jobs.len() / 2));
                }
                Err(Failed::Overtaken) => {
                    self.answer(jobs.drain(..).map(|job| (job, Err(unavailable()))));
                }
                Err(Failed::Fault) => {
                    let fault = || Err(Refusal::from(Code::Internal).into());
                    self.answer(jobs.drain(..).map(|job| (job, fault())));
                }
            }
        }
    }

    /// Answers the jobs that were decided, parks those that were left out, and returns the rest.
    fn finish(&mut self, jobs: Vec<Job<W>>, done: Done<W::Outcome>) -> Vec<Job<W>> {
        let Done { outcomes, left_out, .. } = done;
        let mut decided = jobs;
        if !left_out.is_empty() {
            let numbered = decided.into_iter().enumerate();
            let (blocked, free): (Vec<_>, Vec<_>) =
                numbered.partition(|(number, _)| left_out.contains(number));
            decided = free.into_iter().map(|(_, job)| job).collect();
            self.park(blocked.into_iter().map(|(_, job)| job).collect());
        }
        let rest = decided.split_off(outcomes.len().min(decided.len()));
        self.answer(decided.into_iter().zip(outcomes.into_iter().map(Ok)));
        rest
    }

    fn answer(&self, answers: impl IntoIterator<Item = (Job<W>, Result<W::Outcome>)>) {
        let mut replies = ReplyBatch::default();
        for (job, outcome) in answers {
            let name = match &outcome {
                Ok(outcome) => W::name(outcome),
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
        jobs: &mut Vec<Job<W>>,
        locks: Locks,
    ) -> std::result::Result<Done<W::Outcome>, Failed> {
        let transacted = self.insist(jobs, locks).await;
        // Also where nobody is left to decide for: a lane that nobody asks must not keep its
        // process out of rotation. Who asks next finds out anew.
        self.is_cut_off.store(false, Ordering::Relaxed);
        transacted
    }

    /// Leaves out requests whose caller has hung up: they are not decided; sent again, they are new
    /// ones.
    fn leave_out_abandoned(&self, jobs: &mut Vec<Job<W>>) {
        let taken = jobs.len();
        jobs.retain(|job| !job.reply.is_abandoned());
        self.metrics.abandoned.inc_by(u64::try_from(taken - jobs.len()).unwrap_or(0));
    }

    async fn insist(
        &mut self,
        jobs: &mut Vec<Job<W>>,
        locks: Locks,
    ) -> std::result::Result<Done<W::Outcome>, Failed> {
        let started = Instant::now();
        let mut reconnect_delay = RECONNECT_DELAY_MIN;
        let mut conflicts = 0;
        loop {
            // Each time: callers go while the database is away.
            self.leave_out_abandoned(jobs);
            if jobs.is_empty() {
                return Ok(Done::of_nobody());
            }
            let requests: Vec<_> = jobs.iter().map(|job| job.request.clone()).collect();
            let error = match self.attempt(&requests, locks).await {
                Ok(Some(done)) => {
                    let decided = done.outcomes.len();
                    self.delay.observe(decided, done.work, Instant::now());
                    self.metrics.batch_requests.observe(count(decided));
                    self.metrics.batch_seconds.observe(started.elapsed().as_secs_f64());
                    return Ok(done);
                }
                Ok(None) => return Err(Failed::Fault),
                Err(error) => error,
            };
            self.metrics.retries.inc();
            match remedy(error.failure()) {
                Remedy::LeaveOut => return Err(Failed::Locked),
                Remedy::Retry if conflicts < CONFLICTS_MAX => conflicts += 1,
                Remedy::Retry if error.failure() == Failure::Conflict => {
                    tracing::warn!(lane = self.name, %error, "others are first again and again");
                    return Err(Failed::Overtaken);
                }
                Remedy::Retry | Remedy::Split => {
                    tracing::error!(lane = self.name, %error, "a batch cannot be decided");
                    return Err(Failed::Fault);
                }
                Remedy::Reconnect if started.elapsed() > UNAVAILABLE_AFTER => {
                    return Err(Failed::Unreachable);
                }
                Remedy::Reconnect => {
                    tracing::warn!(lane = self.name, %error, "trying again on a new connection");
                    // Not at the first time: only one connection may be lost. But where the server
                    // was waited for in vain, more is.
                    let is_again = reconnect_delay > RECONNECT_DELAY_MIN
                        || error.failure() == Failure::OutOfTime;
                    self.is_cut_off.store(is_again, Ordering::Relaxed);
                    self.conn = None;
                    time::sleep(reconnect_delay).await;
                    reconnect_delay = (reconnect_delay * 2).min(RECONNECT_DELAY_MAX);
                }
            }
        }
    }

    /// Runs the transaction once. None when it panicked: then its connection is given up.
    async fn attempt(
        &mut self,
        requests: &[W::Request],
        locks: Locks,
    ) -> std::result::Result<Option<Done<W::Outcome>>, Error> {
        const LIMIT: Duration = TRANSACTION_SECONDS_MAX;
        let metrics = &self.db.metrics;
        let (mut conn, mut chain) = match self.conn.take() {
            Some(conn) => conn,
            None => match time::timeout(CONNECT_SECONDS_MAX, self.connect()).await {
                Ok(connected) => {
                    let conn = connected.inspect_err(|_| metrics.no_connection(W::TRANSACTION))?;
                    (conn, Chain::default())
                }
                Err(_elapsed) => {
                    metrics.no_connection(W::TRANSACTION);
                    let limit = CONNECT_SECONDS_MAX;
                    return Err(Error::AcquireTimeout { name: W::TRANSACTION, limit });
                }
            },
        };
        let began = Instant::now();
        chain.expect(requests.len());
        let run = self.work.run(&mut conn, requests, (&mut chain, locks));
        let done = time::timeout(LIMIT, caught(W::TASK, &self.panics, run)).await;
        self.metrics.lane_seconds.inc_by(began.elapsed().as_secs_f64());
        let Ok(done) = done else {
            metrics.ended(W::TRANSACTION, Ended::TimedOut, began.elapsed());
            return Err(Error::TransactionTimeout { name: W::TRANSACTION, limit: LIMIT });
        };
        let ended = if let Some(Ok(_)) = done { Ended::Committed } else { Ended::Failed };
        metrics.ended(W::TRANSACTION, ended, began.elapsed());
        let Some(done) = done else { return Ok(None) };
        let is_clean = match &done {
            Ok(_) => true,
            Err(_) => {
                chain = Chain::default();
                let rolled_back = time::timeout(PARTING_SECONDS_MAX, conn.execute("rollback"));
                matches!(rolled_back.await, Ok(Ok(_)))
            }
        };
        if is_clean {
            self.conn = Some((conn, chain));
        }
        Ok(Some(done?))
    }

    async fn connect(&self) -> sqlx::Result<PgConnection> {
        let mut conn = self.db.connect(&self.name).await?;
        conn.execute(db::PLANNER_SETTINGS).await?;
        conn.execute(TIMEOUT_SETTINGS).await?;
        Ok(conn)
    }
}

/// Why a batch was not decided.
enum Failed {
    /// The database could not be reached for `UNAVAILABLE_AFTER`.
    Unreachable,
    /// Another transaction's lock was not released in time.
    Locked,
    /// Other transactions were first, again and again.
    Overtaken,
    /// It cannot be handled as it is: the database refused it, or it panicked.
    Fault,
}

/// When the next batch may begin, after one that began then with so many requests. None is at once:
/// a lane that served a single request does not delay the next.
fn earliest_start((began, requests): (Instant, usize)) -> Option<Instant> {
    (requests > 1).then(|| began + GROUP_COMMIT_WINDOW)
}

async fn sleep_until(at: Option<Instant>) {
    if let Some(at) = at {
        time::sleep_until(at.into()).await;
    }
}

fn count(n: usize) -> f64 {
    f64::from(u32::try_from(n).unwrap_or(u32::MAX))
}

/// Keys here are a person's and a booking's: who finds one taken looks again, and then sees it.
fn remedy(failure: Failure<'_>) -> Remedy {
    match failure {
        Failure::Unique(_) | Failure::Conflict => Remedy::Retry,
        Failure::LockTimeout => Remedy::LeaveOut,
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
