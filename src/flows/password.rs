//! Passwords as argon2id hashes. Hashing is slow and large by design, so a quarter of the cores
//! does it, on threads of its own: each takes the 19 MiB of a hash again and again, and nobody
//! else's work waits for it.

use std::time::Duration;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash},
};

use super::{Error, Result};
use crate::{
    domain::{Code, Detail, Refusal},
    worker_pool::{Undone, WorkerPool, quarter_of_cores},
};

/// OWASP Password Storage Cheat Sheet, second of the equal choices for argon2id: 19 MiB, two
/// passes, one lane.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Who waits longer than this is refused: a flood of sign-ins must not pile up.
const WAIT_MAX: Duration = Duration::from_secs(3);
/// Who may wait for each thread: a hash takes some 30 ms.
const QUEUE_MAX: usize = 64;

/// Nobody's password, under these parameters: an unknown user costs as much work as a known one, so
/// the time of an answer does not tell them apart.
pub(super) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEhIQ\
                                 $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Verifies passwords, a bounded number at once.
#[derive(Clone, Debug)]
pub struct Passwords(WorkerPool);

impl Default for Passwords {
    fn default() -> Self {
        let threads = quarter_of_cores();
        Self(WorkerPool::start("passwords", threads, QUEUE_MAX * threads, WAIT_MAX))
    }
}

impl Passwords {
    /// Whether the password belongs to the PHC string.
    ///
    /// # Errors
    /// `overloaded` where there is no room in time.
    pub(super) async fn verify(&self, hash: String, password: String) -> Result<bool> {
        let work = move || {
            let hash = PasswordHash::new(&hash).map_err(password_hash::Error::from)?;
            Ok::<_, Error>(hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
        };
        self.0.run(work).await.map_err(undone)?
    }

    /// The PHC string of a password under a new salt.
    ///
    /// # Errors
    /// `overloaded` where there is no room in time.
    pub(super) async fn hash(&self, password: String) -> Result<String> {
        self.0.run(move || hash_password(&password)).await.map_err(undone)?
    }
}

fn undone(undone: Undone) -> Error {
    match undone {
        Undone::Busy => Refusal::new(Code::Overloaded, Detail::SignInCrowded).into(),
        Undone::Failed => Refusal::from(Code::Internal).into(),
    }
}

/// The PHC string of a password under a new salt. Takes tens of milliseconds and 19 MiB: call it on
/// a blocking thread.
///
/// # Errors
/// When the machine gives no random bytes.
pub fn hash_password(password: &str) -> Result<String> {
    let hash = hasher()?.hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

/// argon2id with our parameters; to verify, those in the PHC string hold.
fn hasher() -> Result<Argon2<'static>> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(password_hash::Error::from)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_kept_as_salted_argon2id_with_the_named_parameters() {
        let hash = hash_password("correct horse battery").expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password("correct horse battery").expect("hashed"), "its own salt");
    }

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let passwords = Passwords::default();
        let hash = hash_password("correct horse battery").expect("hashed");
        for (password, is_right) in [("correct horse battery", true), ("correct horse", false)] {
            let found = passwords.verify(hash.clone(), password.into()).await;
            assert_eq!(found.expect("verified"), is_right);
        }
    }

    #[tokio::test]
    async fn an_unknown_user_costs_the_same_work_as_a_known_one() {
        let found = Passwords::default().verify(NOBODY.into(), "nobody".into()).await;
        assert!(!found.expect("a hash that can be computed, or the work would not be done"));
        let known = hash_password("correct horse battery").expect("hashed");
        let work = |phc: &str| phc.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(work(NOBODY), work(&known), "same algorithm, version and parameters");
        assert_eq!(NOBODY.len(), known.len(), "same lengths of salt and hash");
    }

    #[tokio::test]
    async fn who_finds_no_room_in_time_is_refused() {
        let passwords = Passwords(WorkerPool::start("test", 0, 1, Duration::from_millis(1)));
        let Err(Error::Refused(refusal)) = passwords.verify(NOBODY.into(), "nobody".into()).await
        else {
            panic!("nobody is at work");
        };
        assert_eq!(refusal.code, Code::Overloaded);
        let verified = Passwords::default().verify(NOBODY.into(), "nobody".into()).await;
        verified.expect("the control");
    }
}
