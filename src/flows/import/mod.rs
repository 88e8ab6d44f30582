//! Loads a file: parsed row by row on a thread of its own, checked set-wise in a staging table, and
//! written in one transaction. All rows or none, unless the good ones alone are asked for; the same
//! file again answers what became of it the first time.
//!
//! While a file of millions of rows is written, readers of the journal wait for its transaction, as
//! for any other: load the register before booking opens.

mod allocation;
mod clinic;
mod encoding;
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
mod xlsx;

use std::{path::Path, time::Duration};

use sqlx::PgConnection;
use tokio::sync::{Semaphore, mpsc};

use super::{Error, Result};
use crate::{
    db::{self, Db},
    domain::{
        StaffUserId,
        actor::Actor,
        import::{Kind, ReadAs, Rejects, Report},
        keys::Keys,
    },
};
use loader::{Chunk, Staged};
use read::Opened;
use rows::RowParser;

/// A file of 1 GiB takes some minutes.
const LIMIT: Duration = Duration::from_mins(30);
/// Chunks of rows that wait for the connection: with their size, the memory that a file takes.
const CHUNKS_MAX: usize = 4;

/// How a file is loaded.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Do everything, then take it back.
    pub dry_run: bool,
    /// Load the good rows although others are rejected.
    pub partial: bool,
    /// The sheet of a workbook; none is the first.
    pub sheet: Option<String>,
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
    /// One file at a time: the others wait here and leave the connections to other writers.
    one_at_a_time: Semaphore,
}

/// What was done with a file.
#[derive(Debug)]
pub enum Imported {
    /// Its good rows were written, or would have been.
    Loaded(Report),
    /// Rows are rejected and the import is not `partial`, or none is good, or the header is wrong:
    /// nothing was changed.
    Rejected(Report),
}

impl Imports {
    pub fn new(db: Db, keys: Keys) -> Self {
        Self { db, keys, one_at_a_time: Semaphore::new(1) }
    }

    /// Loads `file`; `progress` is told how many of its bytes have been read. A dry run answers as
    /// the import would.
    ///
    /// # Errors
    /// The database's, and those of reading the file.
    pub async fn load(
        &self,
        kind: Kind,
        file: &Path,
        options: Options,
        progress: impl Fn(u64),
    ) -> Result<Imported> {
        let path = file.to_owned();
        let file = off_thread(move || read::open(&path, kind)).await?;
        let job = Job { keys: &self.keys, kind, options };
        let _alone = self.one_at_a_time.acquire().await.map_err(std::io::Error::other)?;
        let outcome = db::in_long_tx(&self.db.write, "import", LIMIT, async |conn| {
            Box::pin(job.load(conn, file, &progress)).await
        });
        match Box::pin(outcome).await {
            Ok(report) | Err(Undone::DryRun(report)) => Ok(Imported::Loaded(report)),
            Err(Undone::Rejected(report)) => Ok(Imported::Rejected(report)),
            Err(Undone::Failed(error)) => Err(error),
        }
    }
}

/// Why the transaction is rolled back.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error("a dry run")]
    DryRun(Report),
    #[error("rows are rejected")]
    Rejected(Report),
    #[error(transparent)]
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Undone {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

struct Job<'a> {
    keys: &'a Keys,
    kind: Kind,
    options: Options,
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
        if let Some(earlier) = db::import::find(conn, kind, &sha256).await? {
            return Ok(Report { dry_run: options.dry_run, read_as, ..earlier });
        }
        let parser = self.parser(conn).await?;
        let Staged { rows_read, is_readable, mut rejects } =
            self.stage(conn, file, parser, progress).await?;
        if is_readable {
            check(conn, kind, &mut rejects).await?;
        }
        let mut report = self.report((&sha256, read_as), rows_read, rejects);
        let good = rows_read.saturating_sub(report.rows_rejected);
        let is_clean = is_readable && report.rows_rejected == 0;
        let is_enough = is_clean || (options.partial && good > 0);
        if !is_enough {
            return Err(Undone::Rejected(report));
        }
        report.rows_accepted = write(conn, kind, options.actor()).await?;
        report.rows_unchanged = good.saturating_sub(report.rows_accepted);
        db::import::insert(conn, &sha256, &report, options.staff_user_id).await?;
        // What is taken back invites nobody.
        if kind == Kind::Users && !options.dry_run {
            let (key, by) = (&self.keys.invitation, options.staff_user_id);
            report.invitations = user::invite(conn, key, by).await?;
        }
        db::catalogue::touch(conn).await?;
        if options.dry_run { Err(Undone::DryRun(report)) } else { Ok(report) }
    }

    async fn parser(&self, conn: &mut PgConnection) -> Result<Box<dyn RowParser>> {
        Ok(match self.kind {
            Kind::Register => Box::new(register::Parser::new(conn, self.keys).await?),
            Kind::Roster => Box::new(roster::Parser::new(conn, self.keys).await?),
            Kind::Clinics => Box::new(clinic::Parser::new(conn).await?),
            Kind::Slots => Box::new(slot::Parser::new(conn).await?),
            Kind::Allocations => Box::new(allocation::Parser::new(conn).await?),
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
        let (send, chunks) = mpsc::channel::<Chunk>(CHUNKS_MAX);
        let reading =
            off_thread(move || read::read(file, (kind, sheet.as_deref()), &*parser, &send));
        let copying = async move {
            // Where the copying fails, the reader learns it because nobody takes its chunks any
            // more.
            let mut chunks = chunks;
            let mut copy = db::import::copy_in(conn, kind).await?;
            while let Some(chunk) = chunks.recv().await {
                copy.send(chunk.rows).await?;
                progress(chunk.bytes_read);
            }
            copy.finish().await?;
            Ok::<_, Error>(())
        };
        let (staged, copied) = tokio::join!(reading, copying);
        copied?;
        staged
    }

    fn report(
        &self,
        (sha256, read_as): (&[u8], Option<ReadAs>),
        rows_read: u64,
        rejects: Rejects,
    ) -> Report {
        Report {
            kind: self.kind,
            sha256: data_encoding::HEXLOWER.encode(sha256),
            read_as,
            dry_run: self.options.dry_run,
            already_imported: false,
            rows_read,
            rows_accepted: 0,
            rows_unchanged: 0,
            rows_rejected: rejects.counted(),
            rejects: rejects.into_listed(),
            invitations: Vec::new(),
        }
    }
}

async fn check(conn: &mut PgConnection, kind: Kind, rejects: &mut Rejects) -> sqlx::Result<()> {
    match kind {
        Kind::Register => register::check(conn, rejects).await,
        Kind::Roster => roster::check(conn, rejects).await,
        Kind::Clinics => clinic::check(conn, rejects).await,
        Kind::Slots => slot::check(conn, rejects).await,
        Kind::Allocations => allocation::check(conn, rejects).await,
        Kind::Regions => region::check(conn, rejects).await,
        Kind::Users => user::check(conn, rejects).await,
    }
}

async fn write(conn: &mut PgConnection, kind: Kind, actor: Actor) -> sqlx::Result<u64> {
    match kind {
        Kind::Register => db::import::register::insert_staged(conn).await,
        Kind::Roster => db::import::roster::insert_staged(conn).await,
        Kind::Clinics => db::import::clinic::insert_staged(conn).await,
        Kind::Slots => db::import::slot::insert_staged(conn).await,
        Kind::Allocations => allocation::write(conn, actor).await,
        Kind::Regions => db::import::region::insert_staged(conn).await,
        Kind::Users => db::import::user::insert_staged(conn).await,
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    Ok(tokio::task::spawn_blocking(work).await??)
}
