//! Sessions of staff and administrators, opened by password and ended before their time.

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
        session::{STAFF_SESSION_HOURS, StaffRole, token_hash},
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

/// Opens a session for the user with this password.
///
/// # Errors
/// `wrong_credentials` for an unknown or disabled user and for a wrong password alike; `overloaded`
/// when too many sign in at once.
pub async fn sign_in(
    db: &Db,
    passwords: &Passwords,
    clock: &Clock,
    username: &str,
    password: &str,
) -> Result<StaffSession> {
    let wrong = || Refusal::new(Code::WrongCredentials, Detail::WrongPassword);
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
    let is_right = passwords.verify(hash, password.to_owned()).await?;
    let user = user.filter(|_| is_right).ok_or_else(wrong)?;

    let mut bytes = [0; TOKEN_BYTES];
    getrandom::fill(&mut bytes)?;
    let token = BASE64URL_NOPAD.encode(&bytes);
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
