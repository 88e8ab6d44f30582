//! Loads a file: parsed row by row on a thread of its own, checked set-wise in a staging table, and
//! written in one transaction. All rows or none, unless the good ones alone are asked for. Each
//! time a file is compared with what is there; one that adds is known by what its rows say.
//!
//! While a file of millions of rows is written, readers of the journal wait for its transaction, as
//! for any other: load the register before booking opens.

mod allocation;
mod binding;
mod breath;
mod clinic;
mod encoding;
mod hours;
mod loader;
mod read;
mod records;
mod region;
mod register;
mod roster;
mod rows;
mod slot;
#[cfg(test)]
mod tests;
mod user;
#[cfg(test)]
mod variants;
mod xlsx;

use std::{fs::File, sync::Mutex, time::Duration};

use sqlx::PgConnection;
use tokio::sync::{Semaphore, mpsc};

use super::{Error, Result, lane::Busy};
use crate::{
    db::{
        self, Db,
        error::Failure,
        import::{
            entry::{Earlier, Sent},
            staged::Written,
        },
    },
    domain::{
        Code, Detail, ImportId, Refusal, StaffUserId,
        actor::Actor,
        import::{
            Kind, ReadAs, Rejects, Report,
            brake::{self, Limits, Seen},
        },
        keys::Keys,
        slot_plan::{Changes, Missing},
        staff_user::Invitation,
    },
};
use allocation::Known;
use breath::Breath;
use loader::{Chunk, Staged};
use read::Opened;
use rows::RowParser;

/// A file of 1 GiB takes some minutes.
const LIMIT: Duration = Duration::from_mins(30);
/// How often a file is begun before it is given up because others were first.
const TRIES_MAX: usize = 3;

/// How a file is loaded.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Do everything, then take it back.
    pub dry_run: bool,
    /// Load the good rows although others are rejected.
    pub partial: bool,
    /// Of a file of slots: those of its days that it does not name go.
    pub remove_missing: bool,
    /// Load rows that add although the same were loaded before.
    pub again: bool,
    /// The dry run that showed what this file does: it must do the same.
    pub dry_run_id: Option<ImportId>,
    /// The figure of what is far more than usual, by whoever means it.
    pub confirm: Option<u64>,
    /// The sheet of a workbook; none is the first.
    pub sheet: Option<String>,
    /// As the sender calls it, to find it in the list.
    pub file_name: Option<String>,
    /// The administrator who sent it; none for whoever holds the machine.
    pub staff_user_id: Option<StaffUserId>,
}

impl Options {
    fn actor(&self) -> Actor {
        self.staff_user_id.map_or(Actor::Service, Actor::Administrator)
    }
}

/// The imports of one process.
pub struct Imports {
    db: Db,
    keys: Keys,
    limits: Limits,
    /// One file at a time: the others wait here and leave the connections to other writers.
    one_at_a_time: Semaphore,
    /// What files step back for; none where this process takes no bookings.
    busy: Option<Mutex<Busy>>,
}

/// What was done with a file.
#[derive(Debug)]
pub enum Imported {
    /// Its good rows were written, or would have been.
    Loaded(Report),
    /// Nothing was changed; why not, and what is known of the file.
    Refused(Box<(Report, Refusal)>),
}

impl Imports {
    pub fn new(db: Db, keys: Keys, limits: Limits, busy: Option<Busy>) -> Self {
        let busy = busy.map(Mutex::new);
        Self { db, keys, limits, one_at_a_time: Semaphore::new(1), busy }
    }

    /// Loads `file`, from its start; `progress` is told how many of its bytes have been read. A dry
    /// run answers as the import would, and is remembered.
    ///
    /// # Errors
    /// The database's, and those of reading the file.
    pub async fn load(
        &self,
        kind: Kind,
        file: File,
        options: Options,
        progress: impl Fn(u64),
    ) -> Result<Imported> {
        let busy = self.busy.as_ref();
        let job = Job { keys: &self.keys, limits: self.limits, kind, options, busy };
        let _alone = self.one_at_a_time.acquire().await.map_err(std::io::Error::other)?;
        for _ in 1..TRIES_MAX {
            match self.try_load(&job, file.try_clone()?, &progress).await {
                Err(Error::Db(error)) if is_overtaken(&error) => {
                    tracing::warn!(%error, "an import was overtaken, and begins anew");
                }
                done => return done,
            }
        }
        self.try_load(&job, file, &progress).await
    }

    async fn try_load(
        &self,
        job: &Job<'_>,
        file: File,
        progress: &impl Fn(u64),
    ) -> Result<Imported> {
        let kind = job.kind;
        let file = off_thread(move || read::open(file, kind)).await?;
        let sha256 = file.sha256;
        let outcome = db::in_long_tx(&self.db.write, "import", LIMIT, async |conn| {
            Box::pin(job.load(conn, file, progress)).await
        });
        match Box::pin(outcome).await {
            Ok(report) => Ok(Imported::Loaded(report)),
            Err(Undone::DryRun(mut report)) => {
                let remembering = db::in_tx(&self.db.write, "import_dry_run", async |conn| {
                    let sent = job.sent(&sha256, None);
                    let inserted = db::import::entry::insert(conn, &report, sent).await;
                    inserted.map_err(Error::from)
                });
                report.import_id = Some(Box::pin(remembering).await?);
                Ok(Imported::Loaded(*report))
            }
            Err(Undone::Refused(refused)) => Ok(Imported::Refused(refused)),
            Err(Undone::Failed(error)) => Err(error),
        }
    }
}

/// Somebody was corrected, merged or added while the file was being written: checked anew, the file
/// meets them as they are.
fn is_overtaken(error: &db::Error) -> bool {
    matches!(error.failure(), Failure::Unique(_) | Failure::Conflict)
}

/// Why the transaction is rolled back.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error("a dry run")]
    DryRun(Box<Report>),
    #[error("the file is refused")]
    Refused(Box<(Report, Refusal)>),
    #[error(transparent)]
    Failed(Error),
}

impl Undone {
    fn refused(report: Report, refusal: Refusal) -> Self {
        Self::Refused(Box::new((report, refusal)))
    }
}

impl<E: Into<Error>> From<E> for Undone {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

struct Job<'a> {
    keys: &'a Keys,
    limits: Limits,
    kind: Kind,
    options: Options,
    busy: Option<&'a Mutex<Busy>>,
}

impl Job<'_> {
    async fn load(
        &self,
        conn: &mut PgConnection,
        file: Opened,
        progress: &impl Fn(u64),
    ) -> std::result::Result<Report, Undone> {
        let Self { kind, ref options, .. } = *self;
        let (read_as, sha256) = (file.read_as(), file.sha256);
        db::import::lock(conn).await?;
        let tried = match options.dry_run_id {
            Some(id) => Some(db::import::entry::find_dry_run(conn, id).await?),
            None => None,
        };
        let mut report = self.report((&sha256, read_as));
        let tried = match binding::tried(tried, kind, &sha256) {
            Ok(tried) => tried,
            Err(refusal) => return Err(Undone::refused(report, refusal)),
        };
        let parser = self.parser(conn).await?;
        let Staged { rows_read, is_readable, mut rejects, content } =
            self.stage(conn, file, parser, progress).await?;
        report.rows_read = rows_read;
        let known = match content {
            Some(content) => match self.recognise(conn, &mut rejects, (&content, &sha256)).await? {
                Ok(known) => known,
                Err(refusal) => return Err(Undone::refused(report, refusal)),
            },
            None => Known::default(),
        };
        report.continues = known.continues;
        if is_readable {
            self.check(conn, &mut rejects).await?;
        }
        let warnings = rejects.take_warnings();
        report.warnings_counted = warnings.counted;
        report.warnings = warnings.into_listed();
        report.rows_rejected = rejects.counted();
        report.rejects = rejects.into_listed();
        let good = rows_read.saturating_sub(report.rows_rejected);
        let is_clean = is_readable && report.rows_rejected == 0;
        let is_enough = is_clean || (options.partial && good > 0);
        if !is_enough {
            let refusal = tried.and_then(|tried| binding::compare(&tried, &report).err());
            let refusal = refusal.unwrap_or_else(|| report.refusal());
            return Err(Undone::refused(report, refusal));
        }
        let missing = self.missing(report.rows_rejected);
        let (written, slots) = self.write(conn, missing).await?;
        report.slots = slots.map(Box::new);
        report.rows_accepted = written.new;
        report.rows_changed = written.changed;
        report.rows_unchanged = good.saturating_sub(written.new + written.changed);
        let seen = self.seen(conn, &report, (known, written)).await?;
        report.rows_missing = seen.missing();
        let is_meant = tried.map_or(Ok(()), |tried| binding::compare(&tried, &report));
        if let Err(refusal) = is_meant.and_then(|()| self.brake(&seen)) {
            return Err(Undone::refused(report, refusal));
        }
        if options.dry_run {
            return Err(Undone::DryRun(Box::new(report)));
        }
        let sent = self.sent(&sha256, content.as_ref().map(<[u8; 32]>::as_slice));
        let import_id = db::import::entry::insert(conn, &report, sent).await?;
        if kind == Kind::Allocations {
            allocation::remember(conn, import_id, self.breath()).await?;
        }
        let invitations = self.invite(conn).await?;
        db::catalogue::touch(conn).await?;
        finish(conn, kind).await?;
        Ok(Report { import_id: Some(import_id), invitations, ..report })
    }

    fn breath(&self) -> Breath<'_> {
        Breath::new(self.busy)
    }

    async fn check(&self, conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
        match self.kind {
            Kind::Register => register::check(conn, rejects).await,
            Kind::Roster => roster::check(conn, rejects).await,
            Kind::Clinics => clinic::check(conn, rejects).await,
            Kind::Slots => slot::check(conn, rejects, self.missing(0)).await,
            Kind::Allocations => {
                allocation::check(conn, rejects, self.options.dry_run, self.breath()).await
            }
            Kind::Hours => hours::check(conn, rejects).await,
            Kind::Regions => region::check(conn, rejects).await,
            Kind::Users => user::check(conn, rejects).await,
        }
    }

    async fn write(
        &self,
        conn: &mut PgConnection,
        missing: Missing,
    ) -> sqlx::Result<(Written, Option<Changes>)> {
        let options = &self.options;
        let written = match self.kind {
            Kind::Register => register::write(conn).await?,
            Kind::Roster => db::import::roster::insert_staged(conn).await?,
            Kind::Clinics => db::import::clinic::insert_staged(conn).await?,
            Kind::Slots => return slot::write(conn, missing).await,
            Kind::Allocations => match options.dry_run {
                true => allocation::count(conn).await?,
                false => allocation::write(conn, options.actor(), self.breath()).await?,
            },
            Kind::Hours => return hours::write(conn, options.staff_user_id).await,
            Kind::Regions => db::import::region::insert_staged(conn).await?,
            Kind::Users => db::import::user::insert_staged(conn).await?,
        };
        Ok((written, None))
    }

    /// Invites the users whom the file added; what is taken back invites nobody.
    async fn invite(&self, conn: &mut PgConnection) -> Result<Vec<Invitation>> {
        match self.kind {
            Kind::Users => {
                user::invite(conn, &self.keys.invitation, self.options.staff_user_id).await
            }
            _ => Ok(Vec::new()),
        }
    }

    fn sent<'a>(&'a self, sha256: &'a [u8], content: Option<&'a [u8]>) -> Sent<'a> {
        Sent {
            sha256,
            content,
            file_name: self.options.file_name.as_deref(),
            staff_user_id: self.options.staff_user_id,
        }
    }

    /// Rows of a file that adds which were loaded before; refuses a file all of which was.
    async fn recognise(
        &self,
        conn: &mut PgConnection,
        rejects: &mut Rejects,
        (content, sha256): (&[u8], &[u8]),
    ) -> sqlx::Result<std::result::Result<Known, Refusal>> {
        if !self.options.again {
            let earlier = db::import::entry::find_loaded(conn, self.kind, content, sha256).await?;
            if let Some(Earlier { import_id, at, username: by }) = earlier {
                let detail = Detail::AlreadyLoaded { import_id, at, by: by.into() };
                return Ok(Err(Refusal::new(Code::AlreadyLoaded, detail)));
            }
        }
        allocation::recognise(conn, rejects, self.options.again).await.map(Ok)
    }

    /// What the file did, for the brake. What is known is counted only where it decides something:
    /// there are millions of persons.
    async fn seen(
        &self,
        conn: &mut PgConnection,
        report: &Report,
        (known, written): (Known, Written),
    ) -> sqlx::Result<Seen> {
        let is_list = matches!(self.kind, Kind::Clinics | Kind::Roster);
        let counts = is_list || written.changed.max(written.removed) >= self.limits.rows_min;
        let there = if counts { db::import::known(conn, self.kind).await? } else { None };
        Ok(Seen {
            rows_read: report.rows_read,
            rows_changed: report.rows_changed,
            rows_unchanged: report.rows_unchanged,
            rows_left_out: report.rows_rejected,
            rows_repeated: known.repeated,
            known: there.map(|now| now.saturating_sub(written.new) + written.removed),
            is_list,
            removed: written.removed,
        })
    }

    /// Stops what is far more than usual, unless it is confirmed by its figure.
    fn brake(&self, seen: &Seen) -> std::result::Result<(), Refusal> {
        let shares = self.limits.exceeded(seen);
        let confirm = brake::figure(&shares);
        if shares.is_empty() || self.options.confirm == Some(confirm) {
            return Ok(());
        }
        let detail = Detail::FarMore { shares: shares.into(), confirm };
        Err(Refusal::new(Code::ConfirmationNeeded, detail))
    }

    /// What becomes of slots that the file does not name. Where a row was rejected, it might have
    /// named them.
    fn missing(&self, rows_rejected: u64) -> Missing {
        match self.options.remove_missing && rows_rejected == 0 {
            true => Missing::Remove,
            false => Missing::Leave,
        }
    }

    async fn parser(&self, conn: &mut PgConnection) -> Result<Box<dyn RowParser>> {
        Ok(match self.kind {
            Kind::Register => Box::new(register::Parser::new(conn, self.keys).await?),
            Kind::Roster => Box::new(roster::Parser::new(conn, self.keys).await?),
            Kind::Clinics => Box::new(clinic::Parser::new(conn).await?),
            Kind::Slots => Box::new(slot::Parser::new(conn).await?),
            Kind::Allocations => Box::new(allocation::Parser::new(conn).await?),
            Kind::Hours => Box::new(hours::Parser::new(conn).await?),
            Kind::Regions => Box::new(region::Parser),
            Kind::Users => Box::new(user::Parser::new(conn).await?),
        })
    }

    /// Reads the file on a thread of its own while its rows are copied into the staging table.
    async fn stage(
        &self,
        conn: &mut PgConnection,
        file: Opened,
        parser: Box<dyn RowParser>,
        progress: &impl Fn(u64),
    ) -> Result<Staged> {
        let (kind, sheet) = (self.kind, self.options.sheet.clone());
        let (send, chunks) = mpsc::channel::<Chunk>(1);
        let reading =
            off_thread(move || read::read(file, (kind, sheet.as_deref()), &*parser, &send));
        let copying = async move {
            // Where the copying fails, the reader learns it because nobody takes its chunks any
            // more.
            let mut chunks = chunks;
            let mut copy = db::import::copy_in(conn, kind).await?;
            let mut breath = Breath::of_two(self.busy);
            while let Some(Chunk { rows, bytes_read, turn }) = chunks.recv().await {
                let turn = Some(turn).filter(|_| breath.is_wanted());
                copy.send(rows).await?;
                breath.take().await;
                drop(turn);
                progress(bytes_read);
            }
            copy.finish().await?;
            Ok::<_, Error>(())
        };
        let (staged, copied) = tokio::join!(reading, copying);
        copied?;
        staged
    }

    /// Of a file of which no row is read yet.
    fn report(&self, (sha256, read_as): (&[u8], Option<ReadAs>)) -> Report {
        Report {
            import_id: None,
            kind: self.kind,
            sha256: data_encoding::HEXLOWER.encode(sha256),
            read_as,
            dry_run: self.options.dry_run,
            continues: None,
            rows_read: 0,
            rows_accepted: 0,
            rows_changed: 0,
            rows_unchanged: 0,
            rows_rejected: 0,
            rows_missing: None,
            rejects: Vec::new(),
            invitations: Vec::new(),
            warnings_counted: 0,
            warnings: Vec::new(),
            slots: None,
        }
    }
}

/// What bookings wait for comes last, after everything that can be waited for.
async fn finish(conn: &mut PgConnection, kind: Kind) -> sqlx::Result<()> {
    match kind {
        Kind::Allocations => db::import::allocation::top_up(conn).await,
        Kind::Register
        | Kind::Roster
        | Kind::Clinics
        | Kind::Slots
        | Kind::Hours
        | Kind::Regions
        | Kind::Users => Ok(()),
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    Ok(tokio::task::spawn_blocking(work).await??)
}
