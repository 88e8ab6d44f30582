//! Sends a one-time code to a person of the register, and tells whoever asked nothing about it: not
//! by what is answered, nor by how long it takes.

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::{Result, session};
use crate::{
    clock::Clock,
    db::{self, Db, in_tx, sign_in_code::Asking},
    domain::{
        Code, Detail, Refusal,
        code_cap::{Caller, Capped, CodeCounts, seconds_until},
        keys::Keys,
        outbox::CodeMessage,
        person_key::Sought,
        sign_in_code::{CODE_MINUTES, Challenge, SignInCode},
    },
};

/// Who somebody says they are, and where they ask from.
pub struct Claim<'a> {
    pub sought: &'a Sought,
    /// Digits only.
    pub phone: &'a str,
    pub caller: &'a Caller,
}

/// Makes a code for the person who is sought. For nobody it makes one that can never be used,
/// by the same steps.
///
/// # Errors
/// `too_many_requests` where a cap of [`crate::domain::code_cap`] is reached; or when the machine
/// gives no random bytes.
pub async fn request(db: &Db, keys: &Keys, clock: &Clock, claim: Claim<'_>) -> Result<Challenge> {
    let counts = CodeCounts::new(&keys.cap, claim.sought.key(), claim.caller);
    request_counted(db, keys, clock, (claim, counts)).await
}

/// The same, counted as `counts` has it.
pub(super) async fn request_counted(
    db: &Db,
    keys: &Keys,
    clock: &Clock,
    (claim, counts): (Claim<'_>, CodeCounts),
) -> Result<Challenge> {
    let Claim { sought, phone, .. } = claim;
    let code = SignInCode::from_random(getrandom::u64()?);
    let challenge_id = clock.id();
    let now = clock.now();
    let expires_at = (now + TimeDelta::minutes(CODE_MINUTES)).trunc_subsecs(0);
    let code_hash = code.hash(&keys.code, challenge_id);
    let message = CodeMessage { challenge_id, code, expires_at };
    let asking = Asking { sought, phone, counts: &counts, now };
    in_tx(&db.write, "request code", async |conn| {
        db::code_cap::wait_for_turn(conn, &counts).await?;
        refuse(db::code_cap::of_codes(conn, &counts, now).await?, now)?;
        db::sign_in_code::insert(conn, asking, &code_hash, &message).await?;
        super::Result::Ok(Challenge { challenge_id, expires_at })
    })
    .await
}

/// # Errors
/// `too_many_requests` for whoever has no more codes, with the cause that lasts longer.
fn refuse(capped: Capped, now: DateTime<Utc>) -> std::result::Result<(), Refusal> {
    let Capped { codes_until, tries_until } = capped;
    match codes_until.max(tries_until) {
        None => Ok(()),
        Some(until) if codes_until == Some(until) => Err(too_many(until, now)),
        Some(until) => Err(session::too_many_tries(until, now)),
    }
}

/// The refusal of a code that may be asked for again from `until` on.
pub fn too_many(until: DateTime<Utc>, now: DateTime<Utc>) -> Refusal {
    let retry_after = seconds_until(until, now);
    Refusal::new(Code::TooManyRequests, Detail::TooManyCodes { retry_after })
}
