//! Rotates the keys of citizens' sessions: after it is feared that somebody has the secret, or the
//! database, or both as they were.

use chrono::TimeDelta;

use super::Result;
use crate::{
    clock::Clock,
    db::{self, Db, in_tx, session_key::KeptKey},
    domain::{
        keys::Keys,
        session::{CITIZEN_SESSION_HOURS, NumberedKey, SessionKeys},
    },
};

/// Every process reads the keys once a second. One that has not for longer than this refuses
/// sessions that others open by the newest.
const KNOWN_AFTER_SECONDS: i64 = 10;
const SALT_BYTES: usize = 32;

/// What becomes of the sessions that are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenSessions {
    /// They last as long as they would have.
    LiveOn,
    /// Everybody signs in again: citizens and staff.
    End,
}

/// Makes a new key and returns its number.
pub async fn rotate(db: &Db, clock: &Clock, open: OpenSessions) -> Result<i16> {
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt)?;
    let after = match open {
        // A process that has not heard yet opens sessions by the old key for a moment.
        OpenSessions::LiveOn => {
            TimeDelta::hours(CITIZEN_SESSION_HOURS) + TimeDelta::seconds(2 * KNOWN_AFTER_SECONDS)
        }
        OpenSessions::End => TimeDelta::zero(),
    };
    let key_id = in_tx(&db.write, "rotate session keys", async |conn| {
        if open == OpenSessions::End {
            db::staff_user::revoke_all_sessions(conn, clock.now()).await?;
        }
        Ok::<_, db::Error>(db::session_key::rotate(conn, &salt, after).await?)
    });
    Ok(key_id.await?)
}

/// All keys that were ever made, the latest first.
pub async fn list(db: &Db) -> Result<Vec<KeptKey>> {
    let known_after = TimeDelta::seconds(KNOWN_AFTER_SECONDS);
    Ok(db::session_key::list(&db.read, known_after, true).await.map_err(db::Error::from)?)
}

/// The keys that are in use.
pub(super) async fn read(db: &Db, keys: &Keys) -> Result<SessionKeys> {
    let known_after = TimeDelta::seconds(KNOWN_AFTER_SECONDS);
    let kept =
        db::session_key::list(&db.jobs, known_after, false).await.map_err(db::Error::from)?;
    let numbered = kept.into_iter().map(|kept| NumberedKey {
        key_id: kept.key_id,
        key: match kept.salt {
            None => keys.session.clone(),
            Some(salt) => keys.salted_session(kept.key_id, &salt),
        },
        ends_at: kept.ends_at,
        is_known: kept.is_known,
    });
    Ok(SessionKeys::new(numbered.collect()))
}
