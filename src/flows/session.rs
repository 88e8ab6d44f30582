//! Signs a citizen in with the code that was sent to their phone.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use super::Result;
use crate::{
    clock::Clock,
    db::{self, Db, in_tx},
    domain::{
        Code, Detail, PersonId, Refusal,
        keys::Keys,
        session::{CITIZEN_SESSION_HOURS, citizen_token},
        sign_in_code::SignInCode,
    },
};

/// A citizen's session, as it is told to them.
#[derive(Clone, Debug)]
pub struct CitizenSession {
    pub token: String,
    pub expires_at: DateTime<Utc>,
    pub person_id: PersonId,
}

/// Uses the code up. Each try at an open challenge counts, whatever comes of it.
///
/// # Errors
/// `wrong_credentials` for a code that is wrong, expired, used, tried too often, a decoy's or
/// nobody's: they all look the same.
pub async fn sign_in(
    db: &Db,
    keys: &Keys,
    clock: &Clock,
    challenge_id: Uuid,
    code: &str,
) -> Result<CitizenSession> {
    let wrong = || Refusal::new(Code::WrongCredentials, Detail::WrongCode);
    let code = SignInCode::parse(code).ok_or_else(wrong)?;
    let hash = code.hash(&keys.code, challenge_id);
    let now = clock.now();
    // The refusal comes after the commit: a rollback would forget the attempt.
    let person_id = in_tx(&db.write, "sign in", async |conn| {
        db::sign_in_code::attempt(conn, challenge_id, &hash, now).await.map_err(db::Error::from)
    })
    .await?
    .ok_or_else(wrong)?;
    let expires_at = (now + TimeDelta::hours(CITIZEN_SESSION_HOURS)).trunc_subsecs(0);
    Ok(CitizenSession { token: citizen_token(keys, person_id, expires_at), expires_at, person_id })
}
