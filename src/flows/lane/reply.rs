//! How outcomes return to the HTTP thread that waits for them: those of one batch together, with
//! one wake-up per thread.
//!
//! Waking each caller from the lane's task was slower. actix runs connections on tokio's
//! `LocalSet`; while that has work of its own, only one in 31 of the tasks it runs is one that
//! another thread has woken, so callers with a finished booking would wait behind the thread's
//! readers. Sending all outcomes in one go is no better: new bookings on the thread would wait
//! behind them, and the lane would idle.

use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

use crate::{domain::batch::Outcome, flows::Result};

/// After so many replies the thread serves its connections (tokio: up to 61 tasks). This gives
/// replies four times the share that they have beside readers when each is woken by the lane. With
/// no such pause, a single clinic that everybody wants was a tenth slower.
const REPLIES_PER_TURN: usize = 8;

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
        // Unbounded, because the lanes' queues bound how many callers can wait.
        let (queue, mut batches) = mpsc::unbounded_channel::<Vec<Reply<O>>>();
        tokio::spawn(async move {
            while let Some(replies) = batches.recv().await {
                for (sent, Reply(caller, outcome)) in replies.into_iter().enumerate() {
                    if sent % REPLIES_PER_TURN == REPLIES_PER_TURN - 1 {
                        yield_now().await;
                    }
                    // The caller may have hung up. The booking stands, and its id finds it.
                    let _ = caller.send(outcome);
                }
            }
        });
        Self(queue)
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

    /// How many times the other tasks of a busy thread run until every caller has the outcome that
    /// another thread `sends`.
    async fn turns(send: impl FnOnce(ReplyQueue, Vec<Reply<Outcome>>) + Send + 'static) -> usize {
        let queue = ReplyQueue::spawn();
        let (turns, waiting) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let mut replies = Vec::new();
        for _ in 0..CALLERS {
            let (caller, outcome) = oneshot::channel();
            replies.push(Reply(caller, Err(Refusal::from(Code::Internal).into())));
            let waiting = waiting.clone();
            spawn_local(async move {
                waiting.set(waiting.get() + 1);
                outcome.await.expect("a reply").expect_err("a refusal");
                waiting.set(waiting.get() - 1);
            });
        }
        while waiting.get() < CALLERS {
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

    #[tokio::test]
    async fn a_batch_is_answered_within_few_turns_of_a_busy_thread() {
        let local = LocalSet::new();
        let batched = turns(|queue, replies| ReplyBatch(vec![(queue, replies)]).send());
        let batched = local.run_until(batched).await;
        assert!(batched < 2 * BUSY_TASKS * CALLERS / REPLIES_PER_TURN, "{batched} turns");

        let one_by_one = turns(|_, replies| {
            for Reply(caller, outcome) in replies {
                caller.send(outcome).expect("a caller waits");
            }
        });
        let one_by_one = local.run_until(one_by_one).await;
        assert!(one_by_one > 20 * CALLERS, "the control: {one_by_one} turns");
    }
}
