//! Deletes codes, counts, messages, sessions, seals and keys of requests that are of no more use.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{Result, idempotency};
use crate::{
    clock::Clock,
    db::{self, Db, in_tx_once},
    domain::code_cap::CODE_WINDOW_MINUTES,
};

/// Rows that one transaction deletes: few enough to take milliseconds.
const BATCH: u64 = 500;
/// So long a dry run is remembered.
const DRY_RUN_DAYS: i64 = 30;

/// A merge is over much sooner than after this time, or whoever was at it is gone.
const SEAL_SECONDS_MAX: i32 = 60;

/// What can be deleted.
#[derive(Clone, Copy)]
enum Done {
    /// Codes that are too old to be counted.
    Codes,
    Counts,
    /// Nobody could send them in time.
    Messages,
    /// What is remembered of days that are over, so that nobody is told twice.
    Notices,
    StaffSessions,
    EndedSessions,
    /// Seals of merges whose process is gone.
    Seals,
    /// Files that were tried and are not going to be loaded any more.
    DryRuns,
    /// Nobody sends a request again after so long.
    IdempotencyKeys,
}

impl Done {
    const ALL: [Self; 9] = [
        Self::Codes,
        Self::Counts,
        Self::Messages,
        Self::Notices,
        Self::StaffSessions,
        Self::EndedSessions,
        Self::DryRuns,
        Self::Seals,
        Self::IdempotencyKeys,
    ];
}

/// Deletes all that is of no more use, in small transactions that wait for no lock. May run in
/// several processes at once.
pub async fn sweep(db: &Db, clock: &Clock) -> Result<()> {
    let now = clock.now();
    for done in Done::ALL {
        let mut deleted = BATCH;
        while deleted >= BATCH {
            deleted = in_tx_once(&db.jobs, "sweep", async |conn| {
                delete(conn, done, now).await.map_err(db::Error::from)
            })
            .await?;
        }
    }
    Ok(())
}

/// Deletes a batch, and says how many those were.
async fn delete(conn: &mut PgConnection, done: Done, now: DateTime<Utc>) -> sqlx::Result<u64> {
    match done {
        Done::Codes => {
            let oldest = first_id_at(now - TimeDelta::minutes(CODE_WINDOW_MINUTES));
            db::sign_in_code::delete_before(conn, oldest, BATCH).await
        }
        Done::Counts => db::code_cap::delete_ended(conn, now, BATCH).await,
        Done::Messages => db::outbox::delete_expired(conn, now, BATCH).await,
        Done::Notices => db::notice::delete_past(conn, now, BATCH).await,
        Done::StaffSessions => db::staff_user::delete_expired_sessions(conn, now, BATCH).await,
        Done::EndedSessions => db::session::delete_expired(conn, now, BATCH).await,
        Done::Seals => db::merge::lift_old(conn, SEAL_SECONDS_MAX, BATCH).await,
        Done::DryRuns => {
            let until = now - TimeDelta::days(DRY_RUN_DAYS);
            db::import::entry::delete_dry_runs(conn, until, BATCH).await
        }
        Done::IdempotencyKeys => {
            let before = now - TimeDelta::days(idempotency::DAYS_KEPT);
            db::idempotency_key::delete_before(conn, before, BATCH).await
        }
    }
}

/// Before every challenge of that time, and after those of an earlier millisecond (UUID version 7).
fn first_id_at(at: DateTime<Utc>) -> Uuid {
    Uuid::from_u128(u128::try_from(at.timestamp_millis()).unwrap_or(0) << 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_before_and_after_their_time() {
        let at = |millis: i64| {
            DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_600_000_000_000 + millis)
        };
        let id = Clock::fixed(at(5)).id();
        assert!(first_id_at(at(5)) < id && id < first_id_at(at(6)));
    }
}
