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
    // The refusal of a wrong one comes after the commit: a rollback would forget the attempt.
    let person_id = in_tx(&db.write, "sign in", async |conn| {
        db::code_cap::wait_for_turn_of(conn, challenge_id).await?;
        if let Some(until) = db::code_cap::of_tries(conn, challenge_id, &counts, now).await? {
            return Err(too_many_tries(until, now).into());
        }
        let tried = db::sign_in_code::attempt(conn, challenge_id, &hash, &counts, now).await;
        tried.map_err(super::Error::from)
    })
    .await?;
    let person_id = person_id.ok_or_else(wrong)?;
    let expires_at = (now + TimeDelta::hours(CITIZEN_SESSION_HOURS)).trunc_subsecs(0);
    Ok(CitizenSession { token: citizen_token(keys, person_id, expires_at), expires_at, person_id })
}

/// The refusal of a try, or of a code to try, until `until`.
pub(super) fn too_many_tries(until: DateTime<Utc>, now: DateTime<Utc>) -> Refusal {
    let retry_after = seconds_until(until, now);
    Refusal::new(Code::TooManyRequests, Detail::TooManyTries { retry_after })
}
