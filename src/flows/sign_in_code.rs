//! Sends a one-time code to a person of the register, and tells whoever asked nothing about it: not
//! by what is answered, nor by how long it takes.

use std::sync::Arc;

use super::{
    Result,
    sign_in::{self, SignInLane, SignInReplies},
};
use crate::{
    clock::Clock,
    domain::{
        Code, Refusal,
        code_cap::{Caller, CodeCounts, CodeRoom},
        keys::Keys,
        person_key::Sought,
        sign_in::{Asked, Outcome, Request},
        sign_in_code::{Challenge, SignInCode},
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
/// `too_many_requests` where a cap of [`crate::domain::code_cap`] is reached; `overloaded` where it
/// would take too long; or when the machine gives no random bytes.
pub async fn request(
    lane: (&SignInLane, &SignInReplies),
    keys: &Keys,
    clock: &Clock,
    (claim, room): (Claim<'_>, CodeRoom),
) -> Result<Challenge> {
    let counts = CodeCounts::new(&keys.cap, claim.sought.key(), claim.caller);
    request_counted(lane, keys, clock, (claim, counts, room)).await
}

/// The same, counted as `counts` has it.
pub(super) async fn request_counted(
    lane: (&SignInLane, &SignInReplies),
    keys: &Keys,
    clock: &Clock,
    (claim, counts, room): (Claim<'_>, CodeCounts, CodeRoom),
) -> Result<Challenge> {
    let Claim { sought, phone, .. } = claim;
    let code = SignInCode::from_random(getrandom::u64()?);
    let challenge_id = clock.id();
    let code_hash = code.hash(&keys.code, challenge_id);
    let (sought, phone) = (sought.clone(), phone.to_owned());
    let room = Arc::new(room);
    let asked = Asked { challenge_id, code, code_hash, sought, phone, counts, room };
    match sign_in::submit(lane, Request::Ask(asked)).await? {
        Outcome::Sent { expires_at } => Ok(Challenge { challenge_id, expires_at }),
        _ => Err(Refusal::from(Code::Internal).into()),
    }
}
