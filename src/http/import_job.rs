//! Files that administrators have sent by a page: each is kept for a while, tried and loaded by one
//! press after another, and can be left and come back to. They are in this process alone: another
//! one asks for the file again.

use std::{
    fs::File,
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::{sync::Notify, time::timeout};
use uuid::Uuid;

use crate::{
    domain::{
        Refusal, StaffUserId,
        import::{Kind, Report},
    },
    flows::import::{Imported, Options},
};

/// How long a file is kept after the last press.
pub const KEPT_MINUTES: i64 = 30;
/// Files, and bytes of all of them together.
const JOBS_MAX: usize = 20;
const BYTES_MAX: u64 = 4 << 30;

/// Where a file stands.
#[derive(Clone, Debug)]
pub enum Stage {
    /// Being tried or loaded.
    Running,
    /// Its good rows were written, or would have been.
    Loaded(Arc<Report>),
    /// Nothing was changed.
    Refused(Arc<(Report, Refusal)>),
    /// The service could not. A dry run has changed nothing; whether another run was committed is
    /// not known.
    Failed,
}

/// A file, and what has been done with it.
pub struct ImportJob {
    pub id: Uuid,
    pub kind: Kind,
    pub by: StaffUserId,
    pub file_name: Option<String>,
    pub bytes: u64,
    pub sent_at: DateTime<Utc>,
    file: File,
    /// Bytes read by the run at hand.
    read: AtomicU64,
    at: Mutex<At>,
    /// Tells whoever waits that a run has ended.
    end: Notify,
}

struct At {
    options: Options,
    stage: Stage,
    /// The last press.
    pressed_at: DateTime<Utc>,
    presses: u64,
}

/// What a page shows of a job.
#[derive(Clone, Debug)]
pub struct Seen {
    pub options: Options,
    pub stage: Stage,
    pub presses: u64,
    pub bytes_read: u64,
}

impl ImportJob {
    pub fn look(&self) -> Seen {
        let at = self.at();
        Seen {
            options: at.options.clone(),
            stage: at.stage.clone(),
            presses: at.presses,
            bytes_read: self.read.load(Ordering::Relaxed).min(self.bytes),
        }
    }

    /// Begins a run with these options, unless one is at it.
    ///
    /// # Errors
    /// Those of the file.
    pub fn begin(
        self: &Arc<Self>,
        options: Options,
        now: DateTime<Utc>,
    ) -> io::Result<Option<Run>> {
        let mut at = self.at();
        if at.presses > 0 && matches!(at.stage, Stage::Running) {
            return Ok(None);
        }
        let file = self.file.try_clone()?;
        self.read.store(0, Ordering::Relaxed);
        let presses = at.presses + 1;
        *at = At { options, stage: Stage::Running, pressed_at: now, presses };
        Ok(Some(Run { file: Some(file), job: self.clone() }))
    }

    /// Waits for the end of the run at hand, no longer than this.
    pub async fn ended(&self, within: Duration) {
        let end = self.end.notified();
        if self.is_running() {
            let _is_late = timeout(within, end).await;
        }
    }

    pub fn is_running(&self) -> bool {
        matches!(self.at().stage, Stage::Running)
    }

    fn pressed_at(&self) -> DateTime<Utc> {
        self.at().pressed_at
    }

    fn at(&self) -> MutexGuard<'_, At> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A press that is being carried out. Dropped before its end, because the service stops or fails,
/// it is `Failed`: whoever looks waits for that, so nobody keeps it beyond the work.
pub struct Run {
    file: Option<File>,
    pub job: Arc<ImportJob>,
}

impl Run {
    /// The file, the first time.
    pub fn take_file(&mut self) -> Option<File> {
        self.file.take()
    }

    /// How many bytes have been read.
    pub fn has_read(&self, bytes: u64) {
        self.job.read.store(bytes, Ordering::Relaxed);
    }

    /// Keeps what became of it.
    pub fn end(self, done: Imported) {
        self.job.at().stage = match done {
            Imported::Loaded(report) => Stage::Loaded(Arc::new(report)),
            Imported::Refused(refused) => Stage::Refused(Arc::from(refused)),
        };
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let mut at = self.job.at();
        if matches!(at.stage, Stage::Running) {
            at.stage = Stage::Failed;
        }
        drop(at);
        self.job.end.notify_waiters();
    }
}

/// What was sent.
pub struct NewJob {
    pub id: Uuid,
    pub kind: Kind,
    pub by: StaffUserId,
    pub file_name: Option<String>,
    pub file: File,
    pub bytes: u64,
}

/// The files of one process.
#[derive(Default)]
pub struct ImportJobs {
    /// Which process has them, so that another one can say that it is not the one.
    process: Uuid,
    jobs: Mutex<Vec<Arc<ImportJob>>>,
}

impl ImportJobs {
    /// Of the process that has this random id.
    pub fn of(process: Uuid) -> Self {
        Self { process, jobs: Mutex::default() }
    }

    pub fn process(&self) -> Uuid {
        self.process
    }

    /// Keeps a file; none where so many are kept and at work that there is no room for it. A file
    /// with this id that is kept already stays.
    pub fn add(&self, new: NewJob, now: DateTime<Utc>) -> Option<Arc<ImportJob>> {
        let mut jobs = self.jobs();
        forget_old(&mut jobs, now);
        if let Some(known) = jobs.iter().find(|job| job.id == new.id) {
            return Some(known.clone());
        }
        while jobs.len() >= JOBS_MAX || size(&jobs) + new.bytes > BYTES_MAX {
            // The one that nobody has touched for the longest.
            let idle = jobs.iter().enumerate().filter(|(_, job)| !job.is_running());
            let (oldest, _) = idle.min_by_key(|(_, job)| job.pressed_at())?;
            jobs.remove(oldest);
        }
        let NewJob { id, kind, by, file_name, file, bytes } = new;
        let at =
            At { options: Options::default(), stage: Stage::Running, pressed_at: now, presses: 0 };
        let (read, at, end) = (AtomicU64::new(0), Mutex::new(at), Notify::new());
        let job = ImportJob { id, kind, by, file_name, bytes, sent_at: now, file, read, at, end };
        let job = Arc::new(job);
        jobs.push(job.clone());
        Some(job)
    }

    pub fn find(&self, id: Uuid, now: DateTime<Utc>) -> Option<Arc<ImportJob>> {
        let mut jobs = self.jobs();
        forget_old(&mut jobs, now);
        jobs.iter().find(|job| job.id == id).cloned()
    }

    /// Those that are kept, the latest first.
    pub fn list(&self, now: DateTime<Utc>) -> Vec<Arc<ImportJob>> {
        let mut jobs = self.jobs();
        forget_old(&mut jobs, now);
        jobs.iter().rev().cloned().collect()
    }

    /// Throws a file away, unless it is being read.
    pub fn forget(&self, id: Uuid) {
        self.jobs().retain(|job| job.id != id || job.is_running());
    }

    /// Throws away what nobody has touched for long.
    pub fn sweep(&self, now: DateTime<Utc>) {
        forget_old(&mut self.jobs(), now);
    }

    fn jobs(&self) -> MutexGuard<'_, Vec<Arc<ImportJob>>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget_old(jobs: &mut Vec<Arc<ImportJob>>, now: DateTime<Utc>) {
    let kept = TimeDelta::minutes(KEPT_MINUTES);
    jobs.retain(|job| job.is_running() || now < job.pressed_at() + kept);
}

fn size(jobs: &[Arc<ImportJob>]) -> u64 {
    jobs.iter().map(|job| job.bytes).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(number: u128, bytes: u64) -> NewJob {
        NewJob {
            id: Uuid::from_u128(number),
            kind: Kind::Regions,
            by: StaffUserId(1),
            file_name: None,
            file: tempfile::tempfile().expect("a file"),
            bytes,
        }
    }

    fn ended(jobs: &ImportJobs, new: NewJob, now: DateTime<Utc>) -> Arc<ImportJob> {
        let job = jobs.add(new, now).expect("room");
        drop(job.begin(Options::default(), now).expect("the file").expect("nobody is at it"));
        job
    }

    #[test]
    fn a_file_is_read_by_one_press_at_a_time() {
        let (jobs, now) = (ImportJobs::default(), DateTime::UNIX_EPOCH);
        let job = jobs.add(new(1, 10), now).expect("room");
        let run = job.begin(Options::default(), now).expect("the file").expect("the first");
        assert!(job.begin(Options::default(), now).expect("the file").is_none(), "a second");
        drop(run);
        assert!(matches!(job.look().stage, Stage::Failed), "it did not come to its end");
        assert!(job.begin(Options::default(), now).expect("the file").is_some(), "afterwards");
        assert_eq!(job.look().presses, 2);
    }

    #[tokio::test]
    async fn whoever_waits_for_a_run_goes_on_at_its_end_or_when_the_time_is_over() {
        let (jobs, now) = (ImportJobs::default(), DateTime::UNIX_EPOCH);
        let job = jobs.add(new(1, 10), now).expect("room");
        let run = job.begin(Options::default(), now).expect("the file").expect("the first");
        job.ended(Duration::ZERO).await;
        assert!(job.is_running(), "the time was over before the end");
        // Longer than any test may take.
        tokio::join!(job.ended(Duration::from_hours(9)), async { drop(run) });
        assert!(!job.is_running());
        job.ended(Duration::from_hours(9)).await;
    }

    #[test]
    fn what_nobody_touches_is_thrown_away_and_what_runs_is_not() {
        let (jobs, now) = (ImportJobs::default(), DateTime::UNIX_EPOCH);
        ended(&jobs, new(1, 10), now);
        let running = jobs.add(new(2, 10), now).expect("room");
        let later = now + TimeDelta::minutes(KEPT_MINUTES);
        assert_eq!(jobs.list(later - TimeDelta::seconds(1)).len(), 2, "the control");
        jobs.sweep(later);
        let left: Vec<_> = jobs.list(later).iter().map(|job| job.id).collect();
        assert_eq!(left, [running.id]);
        jobs.forget(running.id);
        assert_eq!(jobs.list(later).len(), 1, "it is being read");
    }

    #[test]
    fn the_oldest_makes_room_and_where_all_run_there_is_none() {
        let (jobs, now) = (ImportJobs::default(), DateTime::UNIX_EPOCH);
        ended(&jobs, new(1, BYTES_MAX / 2), now);
        ended(&jobs, new(2, BYTES_MAX / 2), now + TimeDelta::seconds(1));
        let third = jobs.add(new(3, 1), now + TimeDelta::seconds(2)).expect("room");
        assert!(jobs.find(Uuid::from_u128(1), now).is_none(), "the oldest went");
        assert!(jobs.find(Uuid::from_u128(2), now).is_some());
        assert!(jobs.add(new(4, BYTES_MAX), now).is_none(), "the third one runs");
        assert!(jobs.find(third.id, now).is_some());
        let again = jobs.add(new(3, 1), now).expect("it is there");
        assert!(Arc::ptr_eq(&again, &third), "the same press again is the same file");
    }
}
