//! Sessions of staff and administrators, opened by password and ended before their time.

use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;

use super::{
    Error, Result,
    password::{NOBODY, Passwords, Turn},
};
use crate::{
    clock::Clock,
    db::{self, Db, in_tx},
    domain::{
        Code, Detail, Refusal,
        code_cap::{Caller, seconds_until},
        keys::Keys,
        known_browser::{KnownBrowser, NUMBER_BYTES},
        session::{STAFF_SESSION_HOURS, StaffRole, StaffUser, staff_token, token_hash},
        sign_in_delay::{Refusals, Try},
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
    refusals: Mutex<Refusals>,
}

impl DeskDoor {
    fn refusals(&self) -> MutexGuard<'_, Refusals> {
        self.refusals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What somebody has typed, and where.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    pub username: &'a str,
    pub password: &'a str,
    pub caller: &'a Caller,
    /// What their browser says of itself; none of a program.
    pub browser: Option<&'a KnownBrowser>,
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
    let wrong = || Refusal::new(Code::WrongCredentials, Detail::WrongPassword);
    // Nobody has such a password, so that nothing is learnt by it and nothing needs to be counted.
    if typed.password.len() > PASSWORD_BYTES_MAX {
        return Err(wrong().into());
    }
    let known = typed.browser.filter(|browser| browser.knows(&keys.known_browser, typed.username));
    let one = match known {
        Some(browser) => Try::of_known(&keys.cap, typed.username, browser.number()),
        None => Try::new(&keys.cap, typed.username, typed.caller),
    };
    refuse_again(door, one, clock)?;
    let turn = match known {
        Some(_) => door.passwords.turn_of_known().await?,
        None => door.passwords.turn_of_stranger().await?,
    };
    // Others with the same name may have had their turns meanwhile.
    let is_counted = match refuse_again(door, one, clock) {
        Ok(()) => count(db, door, one, clock.now()).await,
        refused => refused,
    };
    if let Err(error) = is_counted {
        turn.give_back();
        return Err(error);
    }
    let found = find(db, turn, typed).await;
    let settled = match &found {
        Ok(Some(_)) => db::sign_in_delay::was_right(&db.write, one).await,
        Ok(None) => Ok(()),
        Err(_) => db::sign_in_delay::was_not_looked_at(&db.write, one).await,
    };
    if !matches!(found, Ok(None)) && settled.is_ok() {
        // Also those who came meanwhile.
        door.refusals().forget(one);
    }
    if let Err(error) = settled {
        tracing::warn!(%error, "a try at a password stays counted as wrong");
    }
    let user = found?.ok_or_else(wrong)?;
    open(db, (keys, clock), user).await
}

/// The browser as one in which the user has signed in.
///
/// # Errors
/// When the machine gives no random bytes.
pub fn remember(
    keys: &Keys,
    browser: Option<KnownBrowser>,
    username: &str,
) -> Result<KnownBrowser> {
    let browser = match browser {
        Some(browser) => browser,
        None => {
            let mut number = [0; NUMBER_BYTES];
            getrandom::fill(&mut number)?;
            KnownBrowser::new(&number)
        }
    };
    Ok(browser.with(&keys.known_browser, username))
}

/// Whoever was refused until later is refused again, and nobody else is asked for it.
fn refuse_again(door: &DeskDoor, one: Try, clock: &Clock) -> Result<()> {
    let now = clock.now();
    match door.refusals().until(one, now) {
        Some(until) => Err(too_many(until, now)),
        None => Ok(()),
    }
}

/// Counts a try as wrong before its password is looked at, so that many at once are counted too.
async fn count(db: &Db, door: &DeskDoor, one: Try, now: DateTime<Utc>) -> Result<()> {
    match db::sign_in_delay::count(&db.write, one, now).await? {
        Some((key, until)) => {
            door.refusals().note(key, until, now);
            Err(too_many(until, now))
        }
        None => Ok(()),
    }
}

fn too_many(until: DateTime<Utc>, now: DateTime<Utc>) -> Error {
    let detail = Detail::TooManyPasswords { retry_after: seconds_until(until, now) };
    Refusal::new(Code::TooManyRequests, detail).into()
}

/// The user whose password this is.
async fn find(db: &Db, turn: Turn, typed: Typed<'_>) -> Result<Option<StaffUser>> {
    let found = match Username::parse(typed.username) {
        Ok(username) => db::staff_user::find_credentials(&db.write, &username).await?,
        Err(_impossible) => None,
    };
    let (user, hash) = match found {
        Some((user, hash)) => (Some(user), hash),
        None => (None, NOBODY.to_owned()),
    };
    let is_right = turn.verify(hash, typed.password.to_owned()).await?;
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
