//! Signs a citizen in with the code that was sent to their phone.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use uuid::Uuid;

use super::Result;
use crate::{
    clock::Clock,
    db::{self, Db, in_tx},
    domain::{
        Code, Detail, PersonId, Refusal,
        code_cap::{Caller, TryCounts, seconds_until},
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

/// A challenge, and what somebody says its code is.
pub struct Answer<'a> {
    pub challenge_id: Uuid,
    pub code: &'a str,
    pub caller: &'a Caller,
}

/// Uses the code up. Each try at an open challenge counts, whatever comes of it.
///
/// # Errors
/// `wrong_credentials` for a code that is wrong, expired, used, replaced, tried too often, a
/// decoy's or nobody's: they all look the same. `too_many_requests` where a cap of
/// [`crate::domain::code_cap`] is reached: the code is not looked at then.
pub async fn sign_in(
    db: &Db,
    keys: &Keys,
    clock: &Clock,
    answer: Answer<'_>,
) -> Result<CitizenSession> {
    let wrong = || Refusal::new(Code::WrongCredentials, Detail::WrongCode);
    let Answer { challenge_id, code, caller } = answer;
    let code = SignInCode::parse(code).ok_or_else(wrong)?;
    let hash = code.hash(&keys.code, challenge_id);
    let counts = TryCounts::new(&keys.cap, caller);
    let now = clock.now();
    // The refusal comes after the commit: a rollback would forget the attempt.
    let tried = in_tx(&db.write, "sign in", async |conn| {
        let tried = db::sign_in_code::attempt(conn, challenge_id, &hash, &counts, now).await;
        tried.map_err(db::Error::from)
    })
    .await?;
    if let Some(until) = tried.capped_until {
        let retry_after = seconds_until(until, now);
        let detail = Detail::TooManyTries { retry_after };
        return Err(Refusal::new(Code::TooManyRequests, detail).into());
    }
    let person_id = tried.person_id.ok_or_else(wrong)?;
    let expires_at = (now + TimeDelta::hours(CITIZEN_SESSION_HOURS)).trunc_subsecs(0);
    Ok(CitizenSession { token: citizen_token(keys, person_id, expires_at), expires_at, person_id })
}
