//! Proves the ledger: derives every counter anew from the journal and the bookings. Read-only, no
//! locks: bookings go on meanwhile. Each snapshot is of some hundred clinics, or of a block of the
//! journal, so that none holds back the clean-up of hot rows for long.

use chrono::NaiveDate;
use sqlx::{Executor, PgConnection};

use super::Result;
use crate::{
    db::{self, Db, discrepancy::Range},
    domain::{
        discrepancy::Discrepancy,
        journal_seal::{Block, POOL_SUMS, SUMS, Seal, SealedTo},
    },
};

/// Differences listed per check; a broken ledger need not be printed whole.
const LISTED_MAX: i64 = 1000;
/// Clinics in one snapshot.
const CLINICS_AT_ONCE: i64 = 500;
/// Above so many lines that are not sealed, all clinics go into one snapshot: each would read them
/// all anew.
const UNSEALED_MAX: i64 = 500_000;
/// Persons in one snapshot.
const PERSONS_AT_ONCE: i64 = 500_000;
/// Seals read at once.
const SEALS_AT_ONCE: i64 = 1_000;

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// What the sealed sums and the lines since come to against all counters, and bookings of days
    /// that are not over: as long as the present is large.
    Present,
    /// The sealed lines too, one by one, all bookings and all persons: as long as the past is
    /// large.
    Full,
}

/// What is wrong in all of the ledger; empty is what it should be.
///
/// # Errors
/// The database's.
pub async fn verify(db: &Db) -> Result<Vec<Discrepancy>> {
    verify_to(db, Extent::Full).await
}

/// As [`verify`], of so much of it.
///
/// # Errors
/// The database's.
pub async fn verify_to(db: &Db, extent: Extent) -> Result<Vec<Discrepancy>> {
    // Not from a pool: this takes as long as the ledger is large.
    let mut conn = db.connect("dosebook verify").await?;
    let mut found = seals(&mut conn).await?;
    if extent == Extent::Full {
        found.extend(journal(&mut conn).await?);
        found.extend(persons(&mut conn).await?);
    }
    let since = match extent {
        Extent::Full => None,
        Extent::Present => Some(db::discrepancy::today(&mut conn).await?),
    };
    found.extend(clinics(&mut conn, since).await?);
    Ok(found)
}

/// Runs `work` in one snapshot.
async fn in_snapshot<T>(
    conn: &mut PgConnection,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>,
) -> Result<T> {
    conn.execute("begin transaction isolation level repeatable read read only").await?;
    let done = work(&mut *conn).await;
    conn.execute("rollback").await?;
    done
}

/// The chain of the seals, and the totals of the last one against the sums. The sums are read in
/// the snapshot that shows the last seal.
async fn seals(conn: &mut PgConnection) -> Result<Vec<Discrepancy>> {
    in_snapshot(conn, async |conn| {
        let (mut found, mut before) = (Vec::new(), None::<Seal>);
        loop {
            let after = before.as_ref().map_or(0, |seal| seal.number);
            let seals = db::journal_seal::list(&mut *conn, after, SEALS_AT_ONCE).await?;
            if seals.is_empty() {
                break;
            }
            for seal in seals {
                found.extend(seal.faults(before.as_ref()));
                before = Some(seal);
            }
        }
        let totals = db::journal_seal::sums(&mut *conn).await?.totals();
        let sealed = before.map(|seal| seal.totals).unwrap_or_default();
        for (what, (sealed, sum)) in SUMS.iter().zip(sealed.into_iter().zip(totals)) {
            if sealed != sum {
                let (of, id) = ("seal.totals".to_owned(), (*what).to_owned());
                found.push(Discrepancy { of, id, stored: Some(sealed), derived: Some(sum) });
            }
        }
        Ok(found)
    })
    .await
}

/// Every sealed line: against the digest of its block, what it names, and against the sums.
async fn journal(conn: &mut PgConnection) -> Result<Vec<Discrepancy>> {
    let (mut found, mut sum, mut before) = (Vec::new(), Block::default(), None::<Seal>);
    loop {
        let after = before.as_ref().map_or(0, |seal| seal.number);
        let next = db::journal_seal::list(&mut *conn, after, 1).await?;
        let Some(seal) = next.into_iter().next() else { break };
        let from = before.as_ref().map(|before| before.to.clone()).unwrap_or_default();
        let (block, faults) = in_snapshot(&mut *conn, async |conn| {
            let block = db::journal_seal::block(&mut *conn, &from, &seal.to).await?;
            let part = (&from, Some(&seal.to));
            Ok((block, db::discrepancy::lines(conn, part, LISTED_MAX).await?))
        })
        .await?;
        found.extend(seal.faults_of(&block));
        found.extend(faults);
        sum.add(&block);
        before = Some(seal);
    }
    in_snapshot(conn, async |conn| {
        // Blocks that were sealed while the others were read.
        loop {
            let after = before.as_ref().map_or(0, |seal| seal.number);
            let next = db::journal_seal::list(&mut *conn, after, 1).await?;
            let Some(seal) = next.into_iter().next() else { break };
            let from = before.as_ref().map(|before| before.to.clone()).unwrap_or_default();
            sum.add(&db::journal_seal::block(&mut *conn, &from, &seal.to).await?);
            before = Some(seal);
        }
        found.extend(differing(&db::journal_seal::sums(conn).await?, &sum));
        Ok(found)
    })
    .await
}

/// Sums that are not what the sealed lines come to.
fn differing(kept: &Block, derived: &Block) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    let mut compare = |of: &str, id: String, kept: &[i64], derived: &[i64], names: &[&str]| {
        for (name, (kept, derived)) in names.iter().zip(kept.iter().zip(derived)) {
            if kept != derived {
                let (of, id) = (format!("{of}.{name}"), id.clone());
                let (stored, derived) = (Some(*kept), Some(*derived));
                found.push(Discrepancy { of, id, stored, derived });
            }
        }
    };
    let ids = kept.allocations.keys().chain(derived.allocations.keys());
    let mut ids: Vec<_> = ids.copied().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let [kept, derived] =
            [kept, derived].map(|sums| sums.allocations.get(&id).copied().unwrap_or_default());
        compare("sealed", id.to_string(), &kept, &derived, &SUMS);
    }
    let ids = kept.pools.keys().chain(derived.pools.keys());
    let mut ids: Vec<_> = ids.copied().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        let [kept, derived] =
            [kept, derived].map(|sums| sums.pools.get(&id).copied().unwrap_or_default());
        compare("sealed_pool", id.to_string(), &kept, &derived, &POOL_SUMS);
    }
    found.truncate(usize::try_from(LISTED_MAX).unwrap_or(usize::MAX));
    found
}

async fn persons(conn: &mut PgConnection) -> Result<Vec<Discrepancy>> {
    let last = db::discrepancy::last_person(&mut *conn).await?;
    let (mut found, mut from) = (Vec::new(), i64::MIN);
    while from <= last {
        let to = from.max(0).saturating_add(PERSONS_AT_ONCE);
        let part = (from, to);
        found.extend(db::discrepancy::persons(&mut *conn, part, LISTED_MAX).await?);
        from = to;
    }
    Ok(found)
}

/// All counters against sums, lines and bookings, a part of the clinics at a time; and the pools.
async fn clinics(conn: &mut PgConnection, since: Option<NaiveDate>) -> Result<Vec<Discrepancy>> {
    let (mut found, starts) = in_snapshot(&mut *conn, async |conn| {
        let sealed = sealed_to(&mut *conn).await?;
        let mut found = db::discrepancy::pools(&mut *conn, &sealed, LISTED_MAX).await?;
        found.extend(db::discrepancy::lines(&mut *conn, (&sealed, None), LISTED_MAX).await?);
        let unsealed = db::journal_seal::count_above(&mut *conn, &sealed).await?;
        let starts = match unsealed > UNSEALED_MAX {
            true => Vec::new(),
            false => db::discrepancy::starts(conn, CLINICS_AT_ONCE).await?,
        };
        Ok((found, starts))
    })
    .await?;
    let ends = starts.iter().copied().chain([i64::MAX]);
    let from = std::iter::once(0).chain(starts.iter().copied());
    for (from, to) in from.zip(ends) {
        let range = Range { from, to, since, limit: LISTED_MAX };
        found.extend(in_snapshot(&mut *conn, async |conn| part(conn, &range).await).await?);
    }
    Ok(found)
}

async fn part(conn: &mut PgConnection, range: &Range) -> Result<Vec<Discrepancy>> {
    let sealed = sealed_to(&mut *conn).await?;
    let mut found = db::discrepancy::allocations(&mut *conn, range, &sealed).await?;
    found.extend(db::discrepancy::promises(&mut *conn, range, &sealed).await?);
    let unmatched = db::discrepancy::unmatched(&mut *conn, range, &sealed).await?;
    if !unmatched.is_empty() {
        found.extend(db::discrepancy::bookings(&mut *conn, &unmatched, LISTED_MAX).await?);
    }
    found.extend(db::discrepancy::references(&mut *conn, range).await?);
    found.extend(db::discrepancy::visits(&mut *conn, range).await?);
    found.extend(db::discrepancy::days(&mut *conn, range).await?);
    found.extend(db::discrepancy::constraints(conn, range).await?);
    Ok(found)
}

async fn sealed_to(conn: &mut PgConnection) -> sqlx::Result<SealedTo> {
    let last = db::journal_seal::last(conn).await?;
    Ok(last.map(|seal| seal.to).unwrap_or_default())
}
