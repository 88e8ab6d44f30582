//! Sends a one-time code to a person of the register, and tells whoever asked nothing about it.

use chrono::{SubsecRound, TimeDelta};

use super::Result;
use crate::{
    clock::Clock,
    db::{self, Db, in_tx},
    domain::{
        keys::CodeKey,
        outbox::CodeMessage,
        person::Match,
        sign_in_code::{CODE_MINUTES, Challenge, SignInCode},
    },
};

/// Makes a code for the person with this match key. For nobody it makes one that can never be used,
/// by the same steps.
///
/// # Errors
/// The database's, or when the machine gives no random bytes.
pub async fn request(
    db: &Db,
    key: &CodeKey,
    clock: &Clock,
    match_key: &Match,
) -> Result<Challenge> {
    let code = SignInCode::from_random(getrandom::u64()?);
    let challenge_id = clock.id();
    let expires_at = (clock.now() + TimeDelta::minutes(CODE_MINUTES)).trunc_subsecs(0);
    let code_hash = code.hash(key, challenge_id);
    let message = CodeMessage { challenge_id, code, expires_at };
    in_tx(&db.write, "request code", async |conn| {
        db::sign_in_code::insert(conn, match_key, &code_hash, &message)
            .await
            .map_err(db::Error::from)
    })
    .await?;
    Ok(Challenge { challenge_id, expires_at })
}
