//! Signs staff and administrators in by password. Hashing is slow and large by design, so there is
//! never more of it at once than this machine has cores.

use std::{
    num::NonZero,
    sync::{Arc, LazyLock},
    time::Duration,
};

use argon2::password_hash::{PasswordVerifier, phc::PasswordHash};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use tokio::sync::Semaphore;

use super::{Result, add_user::hasher};
use crate::{
    clock::Clock,
    db::{self, Db, in_tx},
    domain::{
        Code, Refusal,
        session::{STAFF_SESSION_HOURS, StaffRole, token_hash},
        staff_user::{PASSWORD_BYTES_MAX, Username},
    },
};

/// Who waits longer than this for a core is sent away: a flood of sign-ins must not pile up.
const WAIT_SECONDS_MAX: Duration = Duration::from_secs(2);
const TOKEN_BYTES: usize = 32;

/// Nobody's password, under the parameters of `add_user`: an unknown user costs as much work as a
/// known one, so the time of an answer does not tell them apart.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEhIQ\
                      $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// One permit per core, for the whole process.
static HASHING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    Arc::new(Semaphore::new(cores))
});

/// A staff session, as it is told to its user.
pub struct StaffSession {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub role: StaffRole,
}

/// Opens a session for the user with this password.
///
/// # Errors
/// `wrong_credentials` for an unknown or disabled user and for a wrong password alike; `overloaded`
/// when too many sign in at once.
pub async fn staff_sign_in(
    db: &Db,
    clock: &Clock,
    username: &str,
    password: &str,
) -> Result<StaffSession> {
    let wrong = || Refusal::new(Code::WrongCredentials, "Username or password is wrong.");
    if password.len() > PASSWORD_BYTES_MAX {
        return Err(wrong().into());
    }
    let found = match Username::parse(username) {
        Ok(username) => db::staff_user::find_credentials(&db.write, &username).await?,
        Err(_impossible) => None,
    };
    let (user, hash) = match found {
        Some((user, hash)) => (Some(user), hash),
        None => (None, NOBODY.to_owned()),
    };
    let is_right = verify(&HASHING, WAIT_SECONDS_MAX, hash, password.to_owned()).await?;
    let user = user.filter(|_| is_right).ok_or_else(wrong)?;

    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    let token = BASE64URL_NOPAD.encode(&bytes);
    let expires_at = (clock.now() + TimeDelta::hours(STAFF_SESSION_HOURS)).trunc_subsecs(0);
    let hash = token_hash(&token);
    in_tx(&db.write, "staff sign in", async |conn| {
        db::staff_user::insert_session(conn, &hash, user.staff_user_id, expires_at).await
    })
    .await?;
    Ok(StaffSession { token, expires_at, role: user.role })
}

/// Whether the password belongs to the PHC string; waits at most `wait` for a permit.
async fn verify(
    permits: &Arc<Semaphore>,
    wait: Duration,
    hash: String,
    password: String,
) -> Result<bool> {
    let crowded = "Too many people sign in at this moment.";
    let permit = tokio::time::timeout(wait, permits.clone().acquire_owned())
        .await
        .map_err(|_elapsed| Refusal::new(Code::Overloaded, crowded))?
        .map_err(std::io::Error::other)?;
    let work = move || {
        // Goes with the work, not with the request: a client that hangs up stops neither.
        let _permit = permit;
        let hash = PasswordHash::new(&hash).map_err(std::io::Error::other)?;
        Ok(hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
    };
    tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::{Error, add_user::hash_password};

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let permits = Arc::new(Semaphore::new(1));
        let hash = hash_password("correct horse battery").expect("hashed");
        for (password, is_right) in [("correct horse battery", true), ("correct horse", false)] {
            let found = verify(&permits, Duration::MAX, hash.clone(), password.into()).await;
            assert_eq!(found.expect("verified"), is_right);
        }
        assert_eq!(permits.available_permits(), 1, "given back");
    }

    #[tokio::test]
    async fn an_unknown_user_costs_the_same_work_as_a_known_one() {
        let permits = Arc::new(Semaphore::new(1));
        let found = verify(&permits, Duration::MAX, NOBODY.into(), "nobody".into()).await;
        assert!(!found.expect("a hash that can be computed, or the work would not be done"));
        let known = hash_password("correct horse battery").expect("hashed");
        let work = |phc: &str| phc.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(work(NOBODY), work(&known), "same algorithm, version and parameters");
        assert_eq!(NOBODY.len(), known.len(), "same lengths of salt and hash");
    }

    #[tokio::test]
    async fn who_finds_no_core_in_time_is_sent_away() {
        let permits = Arc::new(Semaphore::new(1));
        let taken = permits.clone().acquire_owned().await.expect("open");
        let waits = |wait| verify(&permits, wait, NOBODY.into(), "nobody".into());
        let Err(Error::Refused(refusal)) = waits(Duration::from_millis(1)).await else {
            panic!("there was no permit to be had");
        };
        assert_eq!(refusal.code, Code::Overloaded);
        drop(taken);
        waits(Duration::MAX).await.expect("the control");
    }
}
