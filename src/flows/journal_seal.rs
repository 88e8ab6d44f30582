//! Seals the journal, block by block.

use std::time::Duration;

use super::Result;
use crate::{
    db::{self, Db},
    domain::journal_seal::Seal,
};

/// Lines of a block at most: sealed in some tenths of a second.
pub const LINES_MAX: i64 = 50_000;
/// A block that takes longer has met a stalled server.
const SECONDS_MAX: Duration = Duration::from_secs(30);

/// How many lines are sealed.
///
/// # Errors
/// The database's.
pub async fn sealed_lines(db: &Db) -> Result<i64> {
    db::in_tx_once(&db.jobs, "count the sealed", async |conn| {
        Ok(db::journal_seal::last(conn).await?.map_or(0, |last| last.lines_total))
    })
    .await
}

/// Seals the next block after the last, of so many lines at most, all of whose transactions are
/// over; none where there is nothing to seal, or another process is at it.
///
/// # Errors
/// The database's.
pub async fn seal_next(db: &Db, lines_max: i64) -> Result<Option<Seal>> {
    db::in_long_tx(&db.jobs, "seal the journal", SECONDS_MAX, async |conn| {
        if !db::journal_seal::take_turn(&mut *conn).await? {
            return Ok(None);
        }
        let last = db::journal_seal::last(&mut *conn).await?;
        let after = last.as_ref().map(|last| last.to.clone()).unwrap_or_default();
        let Some((to, _)) = db::journal_seal::next_end(&mut *conn, &after, lines_max).await? else {
            return Ok(None);
        };
        let block = db::journal_seal::block(&mut *conn, &after, &to).await?;
        let seal = Seal::of(&block, to, last.as_ref());
        db::journal_seal::insert(conn, &seal, &block).await?;
        Ok(Some(seal))
    })
    .await
}
