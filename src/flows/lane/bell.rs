//! How answers come back to the thread that waits for them: those of one batch together, with one
//! wake-up.
//!
//! A busy thread looks only now and then for what other threads have woken: tokio's `LocalSet`, on
//! which actix runs connections, takes one such task in 31 while it has work of its own. Were each
//! answer woken by its lane, those who read would hold back those who have booked. Were all handed
//! out at once, those who come to book would wait behind them, and the lane for those who come.

use tokio::{
    sync::{mpsc, oneshot},
    task::yield_now,
};

use super::Job;
use crate::{domain::batch::Outcome, flows::Result};

/// After so many answers the thread looks to its connections (tokio: up to 61 of them). Four times
/// the share that answers woken one by one have beside readers; with all at once, a clinic that
/// everybody wants was a tenth slower.
const PORTION: usize = 8;

/// The bell of a thread; a clone rings the same.
#[derive(Clone)]
pub struct Bell(mpsc::UnboundedSender<Vec<Answer>>);

/// Somebody who waits, and what they are to be told.
struct Answer(oneshot::Sender<Result<Outcome>>, Result<Outcome>);

/// The answers of a batch, apart for each bell.
#[derive(Default)]
pub(super) struct Round(Vec<(Bell, Vec<Answer>)>);

impl Bell {
    /// Hangs a bell for those who wait on the current thread, whose runtime hands out the answers.
    pub fn hang() -> Self {
        // What it can hold is bounded by who may wait in the lanes.
        let (bell, mut rung) = mpsc::unbounded_channel::<Vec<Answer>>();
        tokio::spawn(async move {
            while let Some(answers) = rung.recv().await {
                for (handed_out, Answer(caller, outcome)) in answers.into_iter().enumerate() {
                    if handed_out % PORTION == PORTION - 1 {
                        yield_now().await;
                    }
                    // The caller may have gone; what was done stays done, and its id finds it.
                    let _ = caller.send(outcome);
                }
            }
        });
        Self(bell)
    }
}

impl Round {
    pub(super) fn add(&mut self, Job { bell, answer, .. }: Job, outcome: Result<Outcome>) {
        let answer = Answer(answer, outcome);
        // There are as many bells as threads for HTTP: a few.
        match self.0.iter_mut().find(|(known, _)| known.0.same_channel(&bell.0)) {
            Some((_, answers)) => answers.push(answer),
            None => self.0.push((bell, vec![answer])),
        }
    }

    pub(super) fn ring(self) {
        for (bell, answers) in self.0 {
            // Nobody is left to wait where the thread has ended.
            let _ = bell.0.send(answers);
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
    const BUSY: usize = 64;

    /// How often the others on a busy thread are served until every caller has the answer that
    /// another thread `tells` them.
    async fn turns(tell: impl FnOnce(Bell, Vec<Answer>) + Send + 'static) -> usize {
        let bell = Bell::hang();
        let (turns, waiting) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let mut answers = Vec::new();
        for _ in 0..CALLERS {
            let (answer, outcome) = oneshot::channel();
            answers.push(Answer(answer, Err(Refusal::from(Code::Internal).into())));
            let waiting = waiting.clone();
            spawn_local(async move {
                waiting.set(waiting.get() + 1);
                outcome.await.expect("an answer").expect_err("which is no");
                waiting.set(waiting.get() - 1);
            });
        }
        while waiting.get() < CALLERS {
            yield_now().await;
        }
        thread::spawn(move || tell(bell, answers)).join().expect("told");
        let others = (0..BUSY).map(|_| {
            let (turns, waiting) = (turns.clone(), waiting.clone());
            spawn_local(std::future::poll_fn(move |context| {
                turns.set(turns.get() + 1);
                context.waker().wake_by_ref();
                if waiting.get() == 0 { Poll::Ready(()) } else { Poll::Pending }
            }))
        });
        for other in others.collect::<Vec<_>>() {
            other.await.expect("served");
        }
        turns.get()
    }

    #[tokio::test]
    async fn a_batch_is_answered_within_few_turns_of_a_busy_thread() {
        let local = LocalSet::new();
        let by_bell = turns(|bell, answers| Round(vec![(bell, answers)]).ring());
        let by_bell = local.run_until(by_bell).await;
        assert!(by_bell < 2 * BUSY * CALLERS / PORTION, "{by_bell} turns");

        let one_by_one = turns(|_, answers| {
            for Answer(caller, outcome) in answers {
                caller.send(outcome).expect("somebody waits");
            }
        });
        let one_by_one = local.run_until(one_by_one).await;
        assert!(one_by_one > 20 * CALLERS, "the control: {one_by_one} turns");
    }
}
