//! Passwords as argon2id hashes. Hashing is slow and large by design, so a quarter of the cores
//! does it, on threads of its own: each takes the same 19 MiB again and again
//! (`password_memory`), and nobody else's work waits for it.
//!
//! Whoever wants one hashed takes a turn first, and nothing is asked of the database before.
//! Browsers that are known and strangers wait apart. Of known ones several have their turn at once,
//! so that the threads hash while some of them ask the database. Strangers have one turn at a time,
//! and a rest after each hash: a crowd of guessers gets a share of one core, whatever it does.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, phc::PasswordHash},
};
use rustix::time::{ClockId, clock_gettime};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep_until, timeout},
};

use super::{Error, Result, password_memory::Memory};
use crate::{
    domain::{Code, Detail, Refusal},
    worker_pool::{Undone, WorkerPool, quarter_of_cores},
};

/// OWASP Password Storage Cheat Sheet, second of the equal choices for argon2id: 19 MiB, two
/// passes, one lane.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Who waits longer than this is refused: a flood of sign-ins must not pile up.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// What a hash takes.
const USUAL: Duration = Duration::from_millis(30);
/// Known browsers that have their turn at once, for each thread: one of them hashes, while the
/// others ask the database who they are.
const KNOWN_SEATS: usize = 8;
/// Known browsers that may wait for each thread.
const KNOWN_MAX: usize = 64;
/// Strangers that may wait: more than get their turn in time. Who waits costs little, and who is
/// refused comes again at once.
const STRANGERS_MAX: usize = 768;
/// What strangers have of one core, in percent: a sixteenth of the cores, between these.
const SHARE_MIN: u32 = 25;
const SHARE_MAX: u32 = 100;

/// Nobody's password, under these parameters: an unknown user costs as much work as a known one, so
/// the time of an answer does not tell them apart.
pub(super) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEhIQ\
                                 $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Verifies passwords, a bounded number at once.
#[derive(Clone, Debug)]
pub struct Passwords {
    pool: WorkerPool,
    known: Line,
    strangers: Line,
}

impl Default for Passwords {
    fn default() -> Self {
        let threads = quarter_of_cores();
        // All who may have a turn: the known ones, and a stranger.
        let queue = KNOWN_SEATS * threads + 1;
        let pool = WorkerPool::start("passwords", threads, queue, WAIT_MAX);
        Self::new(pool, threads, WAIT_MAX)
    }
}

impl Passwords {
    fn new(pool: WorkerPool, threads: usize, wait_max: Duration) -> Self {
        let memory = Memory::default();
        let (seats, waiting_max) = (KNOWN_SEATS * threads, KNOWN_MAX * threads);
        let known = Line::new((seats, waiting_max), (SHARE_MAX, wait_max), &memory);
        let strangers = Line::new((1, STRANGERS_MAX), (share(threads), wait_max), &memory);
        Self { pool, known, strangers }
    }

    /// The turn of whoever sits where they have signed in before, or was invited.
    ///
    /// # Errors
    /// `overloaded` where it does not come in time.
    pub(super) async fn turn_of_known(&self) -> Result<Turn> {
        self.known.turn(&self.pool).await.ok_or_else(crowded)
    }

    /// The turn of whoever comes from anywhere.
    ///
    /// # Errors
    /// As `turn_of_known`.
    pub(super) async fn turn_of_stranger(&self) -> Result<Turn> {
        self.strangers.turn(&self.pool).await.ok_or_else(crowded)
    }
}

/// What strangers have of one core, where so many threads hash passwords.
fn share(threads: usize) -> u32 {
    let quarters = u32::try_from(threads).unwrap_or(SHARE_MAX);
    quarters.saturating_mul(SHARE_MIN).clamp(SHARE_MIN, SHARE_MAX)
}

/// Those who wait for their turn, in order.
#[derive(Clone, Debug)]
struct Line {
    /// Of those who wait or have their turn.
    room: Arc<Semaphore>,
    /// Of those who have their turn.
    seats: Arc<Semaphore>,
    pace: Arc<Mutex<Pace>>,
    wait_max: Duration,
    memory: Memory,
}

impl Line {
    fn new(
        (seats, waiting_max): (usize, usize),
        (percent, wait_max): (u32, Duration),
        memory: &Memory,
    ) -> Self {
        Self {
            memory: memory.clone(),
            room: Arc::new(Semaphore::new(seats + waiting_max)),
            seats: Arc::new(Semaphore::new(seats)),
            pace: Arc::new(Mutex::new(Pace { percent, ready_at: None })),
            wait_max,
        }
    }

    async fn turn(&self, pool: &WorkerPool) -> Option<Turn> {
        let room = self.room.clone().try_acquire_owned().ok()?;
        let seated = async {
            let seat = self.seats.clone().acquire_owned().await.ok()?;
            let ready_at = self.pace.lock().unwrap_or_else(PoisonError::into_inner).ready_at;
            if let Some(ready_at) = ready_at {
                sleep_until(ready_at.into()).await;
            }
            self.pace.lock().unwrap_or_else(PoisonError::into_inner).begin(Instant::now());
            Some(seat)
        };
        let seat = timeout(self.wait_max, seated).await.ok()??;
        let (pace, memory) = (self.pace.clone(), self.memory.clone());
        Some(Turn { pool: pool.clone(), held: (room, seat), pace, memory })
    }
}

/// When the next hash may begin.
#[derive(Debug)]
struct Pace {
    /// What hashing may take of one core.
    percent: u32,
    ready_at: Option<Instant>,
}

impl Pace {
    /// Whoever has a turn and goes away with it costs as much as a hash.
    fn begin(&mut self, now: Instant) {
        self.worked(USUAL, now + USUAL);
    }

    /// After one that took so much of a core and ended at this moment.
    fn worked(&mut self, took: Duration, ended: Instant) {
        let rest = took * SHARE_MAX.saturating_sub(self.percent) / self.percent.max(1);
        self.ready_at = (!rest.is_zero()).then_some(ended + rest);
    }
}

/// The right to have one password hashed. It is held until that is done, whoever waits for it.
#[derive(Debug)]
pub(super) struct Turn {
    pool: WorkerPool,
    held: (OwnedSemaphorePermit, OwnedSemaphorePermit),
    pace: Arc<Mutex<Pace>>,
    memory: Memory,
}

impl Turn {
    /// Leaves it to the next one: there is nothing to hash.
    pub(super) fn give_back(self) {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner).ready_at = None;
    }

    /// Whether the password belongs to the PHC string.
    ///
    /// # Errors
    /// `overloaded` where it is not done in time.
    pub(super) async fn verify(self, hash: String, password: String) -> Result<bool> {
        let memory = self.memory.clone();
        self.run(move || {
            let hash = PasswordHash::new(&hash).map_err(password_hash::Error::from)?;
            Ok::<_, Error>(memory.verify(&hash, &password).unwrap_or(false))
        })
        .await?
    }

    /// The PHC string of a password under a new salt.
    ///
    /// # Errors
    /// `overloaded` where it is not done in time.
    pub(super) async fn hash(self, password: String) -> Result<String> {
        self.run(move || hash_password(&password)).await?
    }

    async fn run<T: Send + 'static>(self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let Self { pool, held, pace, .. } = self;
        let work = move || {
            let _held = held;
            let began = core_time();
            let done = work();
            let took = core_time().saturating_sub(began);
            pace.lock().unwrap_or_else(PoisonError::into_inner).worked(took, Instant::now());
            done
        };
        pool.run(work).await.map_err(undone)
    }
}

/// What this thread has had of the cores. Time in which others had them is not its own.
fn core_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

fn crowded() -> Error {
    undone(Undone::Busy)
}

fn undone(undone: Undone) -> Error {
    match undone {
        Undone::Busy => Refusal::new(Code::Overloaded, Detail::SignInCrowded).into(),
        Undone::Failed => Refusal::from(Code::Internal).into(),
    }
}

/// The PHC string of a password under a new salt. Takes tens of milliseconds and 19 MiB: call it on
/// a blocking thread.
///
/// # Errors
/// When the machine gives no random bytes.
pub fn hash_password(password: &str) -> Result<String> {
    let hash = hasher()?.hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

/// argon2id with our parameters.
fn hasher() -> Result<Argon2<'static>> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(password_hash::Error::from)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use futures_util::future::poll_immediate;

    use super::*;

    #[test]
    fn a_password_is_kept_as_salted_argon2id_with_the_named_parameters() {
        let hash = hash_password("correct horse battery").expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password("correct horse battery").expect("hashed"), "its own salt");
    }

    /// Without patience.
    fn passwords(threads: usize) -> Passwords {
        let wait_max = Duration::from_millis(1);
        Passwords::new(WorkerPool::start("test", threads, 2, WAIT_MAX), 1, wait_max)
    }

    fn refused<T>(result: Result<T>) -> Code {
        match result {
            Err(Error::Refused(refusal)) => refusal.code,
            _ => panic!("there is no room"),
        }
    }

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let passwords = Passwords::default();
        let hash = hash_password("correct horse battery").expect("hashed");
        for (password, is_right) in [("correct horse battery", true), ("correct horse", false)] {
            let turn = passwords.turn_of_stranger().await.expect("a turn");
            let found = turn.verify(hash.clone(), password.into()).await;
            assert_eq!(found.expect("verified"), is_right);
        }
    }

    #[tokio::test]
    async fn an_unknown_user_costs_the_same_work_as_a_known_one() {
        let turn = Passwords::default().turn_of_known().await.expect("a turn");
        let found = turn.verify(NOBODY.into(), "nobody".into()).await;
        assert!(!found.expect("a hash that can be computed, or the work would not be done"));
        let known = hash_password("correct horse battery").expect("hashed");
        let work = |phc: &str| phc.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(work(NOBODY), work(&known), "same algorithm, version and parameters");
        assert_eq!(NOBODY.len(), known.len(), "same lengths of salt and hash");
    }

    #[tokio::test]
    async fn who_finds_no_room_in_time_is_refused() {
        let nobody_works = WorkerPool::start("test", 0, 1, Duration::from_millis(1));
        let passwords = Passwords::new(nobody_works, 1, WAIT_MAX);
        let turn = passwords.turn_of_stranger().await.expect("a turn");
        let verified = turn.verify(NOBODY.into(), "nobody".into()).await;
        assert_eq!(refused(verified), Code::Overloaded);
        let turn = Passwords::default().turn_of_stranger().await.expect("a turn");
        turn.verify(NOBODY.into(), "nobody".into()).await.expect("the control");
    }

    #[test]
    fn strangers_rest_so_long_that_they_have_their_share_of_one_core() {
        let (now, took) = (Instant::now(), Duration::from_millis(30));
        for (threads, rest) in [(1, Some(90)), (2, Some(30)), (4, None), (64, None)] {
            let mut pace = Pace { percent: share(threads), ready_at: None };
            pace.worked(took, now);
            let ready_at = rest.map(|millis| now + Duration::from_millis(millis));
            assert_eq!(pace.ready_at, ready_at, "{threads}");
        }
    }

    #[tokio::test]
    async fn strangers_wait_for_the_rest_and_known_browsers_do_not() {
        let passwords = passwords(1);
        let turn = passwords.turn_of_stranger().await.expect("the control: nobody was here");
        turn.give_back();
        let turn = passwords.turn_of_stranger().await.expect("nothing was hashed");
        // Whoever goes away with a turn has had it.
        drop(turn);
        assert!(passwords.strangers.pace.lock().expect("the pace").ready_at.is_some());
        let in_an_hour = Instant::now() + Duration::from_secs(3_600);
        passwords.strangers.pace.lock().expect("the pace").ready_at = Some(in_an_hour);
        assert_eq!(refused(passwords.turn_of_stranger().await), Code::Overloaded);
        passwords.turn_of_known().await.expect("a turn");
    }

    #[tokio::test]
    async fn a_known_browser_that_asks_the_database_keeps_no_thread_from_the_next_one() {
        let passwords = passwords(1);
        let mut slow = Vec::new();
        for _ in 1..KNOWN_SEATS {
            slow.push(passwords.turn_of_known().await.expect("a turn"));
        }
        let turn = passwords.turn_of_known().await.expect("the last one");
        assert_eq!(refused(passwords.turn_of_known().await), Code::Overloaded, "no more");
        turn.verify(NOBODY.into(), "nobody".into()).await.expect("hashed");
        // Strangers have one, and beside all those.
        let _stranger = passwords.turn_of_stranger().await.expect("a turn");
        assert_eq!(refused(passwords.turn_of_stranger().await), Code::Overloaded);
    }

    #[tokio::test]
    async fn what_takes_little_is_followed_by_a_short_rest() {
        let passwords = passwords(1);
        let turn = passwords.turn_of_stranger().await.expect("a turn");
        turn.run(|| ()).await.expect("done");
        let ready_at = passwords.strangers.pace.lock().expect("the pace").ready_at;
        assert!(ready_at.is_none_or(|ready_at| ready_at < Instant::now() + USUAL));
    }

    #[tokio::test]
    async fn a_stranger_who_goes_leaves_the_turn_when_the_work_is_done() {
        // Without a rest, for which the next one would wait as well.
        let pace = (SHARE_MAX, Duration::from_millis(1));
        let strangers = Line::new((1, STRANGERS_MAX), pace, &Memory::default());
        let passwords = Passwords { strangers, ..passwords(1) };
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (release, released) = std::sync::mpsc::channel::<()>();
        let turn = passwords.turn_of_stranger().await.expect("a turn");
        let work = turn.run(move || (begun.send(()), released.recv()));
        let mut work = Box::pin(work);
        assert!(poll_immediate(&mut work).await.is_none());
        has_begun.recv().expect("it is at work");
        drop(work);
        assert_eq!(refused(passwords.turn_of_stranger().await), Code::Overloaded, "it is at work");
        release.send(()).expect("the worker");
        let patient = Line { wait_max: WAIT_MAX, ..passwords.strangers.clone() };
        assert!(patient.turn(&passwords.pool).await.is_some(), "the control");
    }

    #[tokio::test]
    async fn so_many_strangers_wait_and_no_more() {
        let passwords = passwords(1);
        let first = passwords.turn_of_stranger().await.expect("a turn");
        let patient = Line { wait_max: WAIT_MAX, ..passwords.strangers.clone() };
        let mut waiting: Vec<_> =
            (0..STRANGERS_MAX).map(|_| Box::pin(patient.turn(&passwords.pool))).collect();
        for stranger in &mut waiting {
            assert!(poll_immediate(stranger).await.is_none());
        }
        assert!(patient.turn(&passwords.pool).await.is_none(), "at once");
        drop(first);
        assert!(waiting.remove(0).await.is_some(), "the control: whoever came first");
    }
}
