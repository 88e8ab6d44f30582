//! How outcomes return to the HTTP thread that waits for them: those of one batch together, with
//! one wake-up per thread.
//!
//! Waking each caller from the lane's task was slower. actix runs connections on tokio's
//! `LocalSet`; while that has work of its own, only one in 31 of the tasks it runs is one that
//! another thread has woken, so callers with a finished booking would wait behind the thread's
//! readers. Sending all outcomes in one go is no better: new bookings on the thread would wait
//! behind them, and the lane would idle.

use std::collections::VecDeque;

use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

use crate::{domain::batch::Outcome, flows::Result};

/// After so many replies the thread serves its connections (tokio: up to 61 tasks). This gives
/// replies four times the share that they have beside readers when each is woken by the lane. With
/// no such pause, a single clinic that everybody wants was a tenth slower.
const REPLIES_PER_TURN_MIN: usize = 8;
/// Of a backlog, one part in so many goes with each turn. Where a thread makes pages, a turn is
/// long, and eight replies are fewer than come in: when 2,783 people a second came, whoever had a
/// code, a session or a booking was told of it 0.9 s later at the median, and now after 0.35 s.
const BACKLOG_PARTS: usize = 2;

/// How many of the replies that wait go before the thread serves its connections again.
fn per_turn(waiting: usize) -> usize {
    waiting.min((waiting / BACKLOG_PARTS).max(REPLIES_PER_TURN_MIN))
}

/// The way back to one HTTP thread; a clone leads to the same thread.
pub struct ReplyQueue<O = Outcome>(mpsc::UnboundedSender<Vec<Reply<O>>>);

/// The outcome for one caller.
struct Reply<O>(oneshot::Sender<Result<O>>, Result<O>);

/// Where the outcome of one request goes.
pub(super) struct ReplyTo<O> {
    caller: oneshot::Sender<Result<O>>,
    queue: ReplyQueue<O>,
}

/// The replies of one batch, grouped by thread.
pub(super) struct ReplyBatch<O>(Vec<(ReplyQueue<O>, Vec<Reply<O>>)>);

impl<O> Clone for ReplyQueue<O> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<O> Default for ReplyBatch<O> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<O: Send + 'static> ReplyQueue<O> {
    /// Starts the task that hands out replies on the current thread's runtime. Call it once on each
    /// thread that waits for outcomes.
    pub fn spawn() -> Self {
        Self::spawn_as(per_turn)
    }

    fn spawn_as(per_turn: fn(usize) -> usize) -> Self {
        // Unbounded, because the lanes' queues bound how many callers can wait.
        let (queue, batches) = mpsc::unbounded_channel();
        tokio::spawn(hand_out(batches, per_turn));
        Self(queue)
    }
}

async fn hand_out<O>(
    mut batches: mpsc::UnboundedReceiver<Vec<Reply<O>>>,
    per_turn: fn(usize) -> usize,
) {
    let mut waiting = VecDeque::new();
    while let Some(replies) = batches.recv().await {
        waiting.extend(replies);
        while !waiting.is_empty() {
            while let Ok(replies) = batches.try_recv() {
                waiting.extend(replies);
            }
            for Reply(caller, outcome) in waiting.drain(..per_turn(waiting.len())) {
                // The caller may have hung up. The booking stands, and its id finds it.
                let _ = caller.send(outcome);
            }
            if !waiting.is_empty() {
                yield_now().await;
            }
        }
    }
}

impl<O> ReplyTo<O> {
    /// The two ends: one goes with the request, the caller waits on the other.
    pub(super) fn new(queue: &ReplyQueue<O>) -> (Self, oneshot::Receiver<Result<O>>) {
        let (caller, outcome) = oneshot::channel();
        (Self { caller, queue: queue.clone() }, outcome)
    }

    /// Whether the caller has hung up.
    pub(super) fn is_abandoned(&self) -> bool {
        self.caller.is_closed()
    }
}

impl<O> ReplyBatch<O> {
    pub(super) fn add(&mut self, ReplyTo { caller, queue }: ReplyTo<O>, outcome: Result<O>) {
        let reply = Reply(caller, outcome);
        // There are as many queues as HTTP threads: a few.
        match self.0.iter_mut().find(|(known, _)| known.0.same_channel(&queue.0)) {
            Some((_, replies)) => replies.push(reply),
            None => self.0.push((queue, vec![reply])),
        }
    }

    pub(super) fn send(self) {
        for (queue, replies) in self.0 {
            // An error means that the thread has ended, and its callers with it.
            let _ = queue.0.send(replies);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, rc::Rc, task::Poll, thread};

    use tokio::task::{LocalSet, spawn_local};

    use super::*;
    use crate::domain::{Code, Refusal};

    const CALLERS: usize = 100;
    const BUSY_TASKS: usize = 64;

    /// How many times the other tasks of a busy thread run until so many callers have the outcomes
    /// that another thread `sends` by this queue.
    async fn turns(
        callers: usize,
        queue: ReplyQueue,
        send: impl FnOnce(ReplyQueue, Vec<Reply<Outcome>>) + Send + 'static,
    ) -> usize {
        let (turns, waiting) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let mut replies = Vec::new();
        for _ in 0..callers {
            let (caller, outcome) = oneshot::channel();
            replies.push(Reply(caller, Err(Refusal::from(Code::Internal).into())));
            let waiting = waiting.clone();
            spawn_local(async move {
                waiting.set(waiting.get() + 1);
                outcome.await.expect("a reply").expect_err("a refusal");
                waiting.set(waiting.get() - 1);
            });
        }
        while waiting.get() < callers {
            yield_now().await;
        }
        thread::spawn(move || send(queue, replies)).join().expect("sent");
        let others = (0..BUSY_TASKS).map(|_| {
            let (turns, waiting) = (turns.clone(), waiting.clone());
            spawn_local(std::future::poll_fn(move |context| {
                turns.set(turns.get() + 1);
                context.waker().wake_by_ref();
                if waiting.get() == 0 { Poll::Ready(()) } else { Poll::Pending }
            }))
        });
        for other in others.collect::<Vec<_>>() {
            other.await.expect("run");
        }
        turns.get()
    }

    fn at_once(queue: ReplyQueue, replies: Vec<Reply<Outcome>>) {
        ReplyBatch(vec![(queue, replies)]).send();
    }

    #[tokio::test]
    async fn a_batch_is_answered_within_few_turns_of_a_busy_thread() {
        let local = LocalSet::new();
        let batched =
            local.run_until(async { turns(CALLERS, ReplyQueue::spawn(), at_once).await }).await;
        assert!(batched < 2 * BUSY_TASKS * CALLERS / REPLIES_PER_TURN_MIN, "{batched} turns");

        let one_by_one = async {
            let send = |_, replies: Vec<Reply<Outcome>>| {
                for Reply(caller, outcome) in replies {
                    caller.send(outcome).expect("a caller waits");
                }
            };
            turns(CALLERS, ReplyQueue::spawn(), send).await
        };
        let one_by_one = local.run_until(one_by_one).await;
        assert!(one_by_one > 20 * CALLERS, "the control: {one_by_one} turns");
    }

    /// What is committed is told ahead of what is new, in whatever pieces it comes.
    #[tokio::test]
    async fn a_backlog_is_answered_within_few_turns_of_a_busy_thread() {
        const BACKLOG: usize = 20 * CALLERS;
        let piecemeal = |queue: ReplyQueue, mut replies: Vec<Reply<Outcome>>| {
            while !replies.is_empty() {
                let rest = replies.split_off(replies.len().min(12));
                at_once(queue.clone(), std::mem::replace(&mut replies, rest));
            }
        };
        let local = LocalSet::new();
        let queue = |per_turn| async move { ReplyQueue::spawn_as(per_turn) };
        for send in [at_once as fn(_, _), piecemeal] {
            let of = |per_turn| async move { turns(BACKLOG, queue(per_turn).await, send).await };
            let shared = local.run_until(of(per_turn)).await;
            let few = local.run_until(of(|waiting| waiting.min(REPLIES_PER_TURN_MIN))).await;
            assert!(few > 4 * shared, "the control: {few} turns, {shared} of a share");
        }
    }

    #[test]
    fn a_turn_has_eight_replies_or_a_share_of_those_that_wait() {
        let turns = [0, 1, 8, 9, 16, 18, 800].map(per_turn);
        assert_eq!(turns, [0, 1, 8, 8, 8, 9, 400]);
    }
}
