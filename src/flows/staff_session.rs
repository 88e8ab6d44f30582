//! Sessions of staff and administrators, opened by password and ended before their time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;

use super::{
    Result,
    password::{NOBODY, Passwords},
};
use crate::{
    clock::Clock,
    db::{self, Db, in_tx},
    domain::{
        Code, Detail, Refusal,
        code_cap::{Caller, seconds_until},
        keys::Keys,
        session::{STAFF_SESSION_HOURS, StaffRole, StaffUser, staff_token, token_hash},
        sign_in_delay::{SignInDelays, Try},
        staff_user::{PASSWORD_BYTES_MAX, Username},
    },
};

const TOKEN_BYTES: usize = 32;

/// A staff session, as it is told to its user.
pub struct StaffSession {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub role: StaffRole,
}

/// What keeps guessers of passwords from getting far, and from taking the machine.
#[derive(Debug, Default)]
pub struct DeskDoor {
    pub passwords: Passwords,
    delays: Mutex<SignInDelays>,
}

impl DeskDoor {
    fn delays(&self) -> MutexGuard<'_, SignInDelays> {
        self.delays.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What somebody has typed, and where.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    pub username: &'a str,
    pub password: &'a str,
    pub caller: &'a Caller,
}

/// Opens a session for the user with this password.
///
/// # Errors
/// `wrong_credentials` for an unknown or disabled user and for a wrong password alike;
/// `too_many_requests` after too many of those, whatever the password is: it is not looked at then;
/// `overloaded` when too many sign in at once.
pub async fn sign_in(
    db: &Db,
    door: &DeskDoor,
    (keys, clock): (&Keys, &Clock),
    typed: Typed<'_>,
) -> Result<StaffSession> {
    let now = clock.now();
    let one = Try::new(&keys.cap, typed.username, typed.caller);
    if let Err(until) = door.delays().begin(one, now) {
        let retry_after = seconds_until(until, now);
        let detail = Detail::TooManyPasswords { retry_after };
        return Err(Refusal::new(Code::TooManyRequests, detail).into());
    }
    let found = find(db, &door.passwords, typed).await;
    match &found {
        Ok(Some(_)) => door.delays().was_right(one),
        Ok(None) => {}
        Err(_) => door.delays().was_not_looked_at(one),
    }
    let wrong = || Refusal::new(Code::WrongCredentials, Detail::WrongPassword);
    let user = found?.ok_or_else(wrong)?;
    open(db, (keys, clock), user).await
}

/// The user whose password this is.
async fn find(db: &Db, passwords: &Passwords, typed: Typed<'_>) -> Result<Option<StaffUser>> {
    if typed.password.len() > PASSWORD_BYTES_MAX {
        return Ok(None);
    }
    let found = match Username::parse(typed.username) {
        Ok(username) => db::staff_user::find_credentials(&db.write, &username).await?,
        Err(_impossible) => None,
    };
    let (user, hash) = match found {
        Some((user, hash)) => (Some(user), hash),
        None => (None, NOBODY.to_owned()),
    };
    let is_right = passwords.verify(hash, typed.password.to_owned()).await?;
    Ok(user.filter(|_| is_right))
}

async fn open(db: &Db, (keys, clock): (&Keys, &Clock), user: StaffUser) -> Result<StaffSession> {
    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes)?;
    let token = staff_token(keys, &BASE64URL_NOPAD.encode(&bytes));
    let expires_at = (clock.now() + TimeDelta::hours(STAFF_SESSION_HOURS)).trunc_subsecs(0);
    let hash = token_hash(&token);
    in_tx(&db.write, "staff sign in", async |conn| {
        db::staff_user::insert_session(conn, &hash, user.staff_user_id, expires_at)
            .await
            .map_err(db::Error::from)
    })
    .await?;
    Ok(StaffSession { token, expires_at, role: user.role })
}

/// Revokes the session with this token's hash; from then on the token is nobody's.
pub async fn sign_out(db: &Db, clock: &Clock, token_hash: &[u8; 32]) -> Result<()> {
    let now = clock.now();
    in_tx(&db.write, "staff sign out", async |conn| {
        Ok(db::staff_user::revoke_session(conn, token_hash, now).await?)
    })
    .await
}
