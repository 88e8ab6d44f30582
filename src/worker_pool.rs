//! A few threads for work that takes long and can wait: passwords, and answers that are made for
//! one client. They have a bounded share of the cores, and whoever else wants those goes first.
//! Where that is not enough, the threads rest after each work.

use std::{
    num::NonZero,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use tokio::{sync::oneshot, time::timeout};

/// Lower than everything else in the process: on Linux it holds for the thread that asks.
const NICE: i32 = 10;

/// The longest rest after a work.
const REST_MAX: Duration = Duration::from_millis(50);

type Work = Box<dyn FnOnce() + Send>;
type IsBusy = dyn Fn() -> bool + Send + Sync;

/// Threads with a bounded queue. They end with its last clone.
#[derive(Clone, Debug)]
pub struct WorkerPool {
    queue: SyncSender<Work>,
    wait_max: Duration,
}

/// No thread was free in time, or the work has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undone {
    Busy,
    Failed,
}

/// A quarter of the cores of this machine, at least one.
pub fn quarter_of_cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (NonZero::get(cores) / 4).max(1))
}

impl WorkerPool {
    /// So many threads of this name, and works that may wait, each for so long.
    pub fn start(name: &str, threads: usize, queue: usize, wait_max: Duration) -> Self {
        Self::start_resting(name, threads, queue, wait_max, || false)
    }

    /// The same; while somebody else is busy who goes first, a thread rests after each work for as
    /// long as that took. Being nice does not do it on full cores: whoever wakes up there waits
    /// until the thread has had its share.
    pub fn start_resting(
        name: &str,
        threads: usize,
        queue: usize,
        wait_max: Duration,
        is_busy: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let (sender, receiver) = sync_channel(queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let is_busy: Arc<IsBusy> = Arc::new(is_busy);
        for _ in 0..threads {
            let (receiver, is_busy) = (receiver.clone(), is_busy.clone());
            let started = std::thread::Builder::new().name(name.to_owned());
            // Where the system gives no thread, those that there are do the work; without any, all
            // is refused.
            if let Err(error) = started.spawn(move || serve(&receiver, &*is_busy)) {
                tracing::error!(%error, name, "a thread cannot be started");
            }
        }
        Self { queue: sender, wait_max }
    }

    /// Does the work, unless nobody waits for it any more when its turn comes.
    ///
    /// # Errors
    /// `Busy` when its turn and its end did not come in time; `Failed` when it panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Undone> {
        let (answer, answered) = oneshot::channel();
        let work = move || {
            if !answer.is_closed() {
                // Whoever waited may have gone meanwhile.
                let _ = answer.send(work());
            }
        };
        match self.queue.try_send(Box::new(work)) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return Err(Undone::Busy),
        }
        match timeout(self.wait_max, answered).await {
            Ok(answer) => answer.map_err(|_dropped| Undone::Failed),
            Err(_elapsed) => Err(Undone::Busy),
        }
    }
}

fn serve(queue: &Mutex<Receiver<Work>>, is_busy: &IsBusy) {
    // Where it may not, the threads are as eager as others.
    let _ = rustix::process::nice(NICE);
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else { break };
        let began = Instant::now();
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            tracing::error!("a panic was caught in a worker");
        }
        if is_busy() {
            sleep(began.elapsed().min(REST_MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, pin::pin, sync::mpsc::channel, task::Poll};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn work_is_done_and_a_panic_ends_only_its_own() {
        let pool = WorkerPool::start("test", 1, 4, LONG);
        assert_eq!(pool.run(|| 1 + 1).await, Ok(2));
        let panics = || -> u8 { panic!("a fault") };
        assert_eq!(pool.run(panics).await, Err(Undone::Failed));
        assert_eq!(pool.run(|| 3).await, Ok(3), "the thread goes on");
    }

    /// How long after one work of some 20 ms another begins.
    async fn pause_after_work(pool: &WorkerPool) -> Duration {
        let work = || {
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(20) {}
            Instant::now()
        };
        let (ended, begun) = tokio::join!(pool.run(work), pool.run(Instant::now));
        begun.expect("begun").duration_since(ended.expect("done"))
    }

    #[tokio::test]
    async fn a_thread_rests_as_long_as_it_worked_while_somebody_goes_first() {
        let least = async |is_busy: bool| {
            let pool = WorkerPool::start_resting("test", 1, 4, LONG, move || is_busy);
            let mut least = LONG;
            for _ in 0..5 {
                least = least.min(pause_after_work(&pool).await);
            }
            least
        };
        let rest = least(true).await;
        assert!(rest >= Duration::from_millis(20), "{rest:?}");
        let rest = least(false).await;
        assert!(rest < Duration::from_millis(20), "the control: {rest:?}");
    }

    #[tokio::test]
    async fn what_finds_no_thread_in_time_is_refused_and_never_done() {
        let pool = WorkerPool::start("test", 1, 1, Duration::from_millis(1));
        let (begun, has_begun) = channel();
        let (release, released) = channel::<()>();
        let mut held = pin!(pool.run(move || (begun.send(()), released.recv()).0.is_ok()));
        // Waited for until a thread has it, however busy the machine is.
        let is_asked = poll_fn(|context| Poll::Ready(held.as_mut().poll(context).is_pending()));
        assert!(is_asked.await);
        has_begun.recv().expect("it is at work");
        assert_eq!(held.await, Err(Undone::Busy), "it takes too long");
        let (done, was_done) = channel();
        assert_eq!(pool.run(move || done.send(()).is_ok()).await, Err(Undone::Busy), "it waits");
        assert_eq!(pool.run(|| ()).await, Err(Undone::Busy), "the queue is full");
        release.send(()).expect("the worker");
        assert!(was_done.recv().is_err(), "nobody waited for it when its turn came");
        let patient = WorkerPool { wait_max: LONG, ..pool.clone() };
        assert_eq!(patient.run(|| 3).await, Ok(3), "the control");
    }
}
