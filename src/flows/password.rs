//! Passwords as argon2id hashes. Hashing is slow and large by design, so there is never more of it
//! at once than this machine has cores.

use std::{num::NonZero, sync::Arc, time::Duration};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Result;
use crate::domain::{Code, Detail, Refusal};

/// OWASP Password Storage Cheat Sheet, second of the equal choices for argon2id: 19 MiB, two
/// passes, one lane.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Who waits longer than this for a core is refused: a flood of sign-ins must not pile up.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// Nobody's password, under these parameters: an unknown user costs as much work as a known one, so
/// the time of an answer does not tell them apart.
pub(super) const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEhIQ\
                                 $AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Verifies passwords, a bounded number at once.
#[derive(Clone, Debug)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    wait_max: Duration,
}

impl Default for Passwords {
    /// One permit for each core of this machine.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self { permits: Arc::new(Semaphore::new(cores)), wait_max: WAIT_MAX }
    }
}

impl Passwords {
    /// Whether the password belongs to the PHC string.
    ///
    /// # Errors
    /// `overloaded` where no core is free in time.
    pub(super) async fn verify(&self, hash: String, password: String) -> Result<bool> {
        let permit = self.permit().await?;
        let work = move || {
            // Goes with the work, not with the request: a client that hangs up stops neither.
            let _permit = permit;
            let hash = PasswordHash::new(&hash).map_err(password_hash::Error::from)?;
            Ok(hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
        };
        tokio::task::spawn_blocking(work).await?
    }

    /// The PHC string of a password under a new salt.
    ///
    /// # Errors
    /// `overloaded` where no core is free in time.
    pub(super) async fn hash(&self, password: String) -> Result<String> {
        let permit = self.permit().await?;
        let work = move || {
            let _permit = permit;
            hash_password(&password)
        };
        tokio::task::spawn_blocking(work).await?
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit> {
        let waiting = tokio::time::timeout(self.wait_max, self.permits.clone().acquire_owned());
        // The semaphore is never closed; if it were, there would be no core to be had either.
        match waiting.await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(Refusal::new(Code::Overloaded, Detail::SignInCrowded).into()),
        }
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
    use crate::flows::Error;

    fn one_at_a_time(wait_max: Duration) -> Passwords {
        Passwords { permits: Arc::new(Semaphore::new(1)), wait_max }
    }

    #[test]
    fn a_password_is_kept_as_salted_argon2id_with_the_named_parameters() {
        let hash = hash_password("correct horse battery").expect("hashed");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, hash_password("correct horse battery").expect("hashed"), "its own salt");
    }

    #[tokio::test]
    async fn only_the_right_password_is_right() {
        let passwords = one_at_a_time(Duration::MAX);
        let hash = hash_password("correct horse battery").expect("hashed");
        for (password, is_right) in [("correct horse battery", true), ("correct horse", false)] {
            let found = passwords.verify(hash.clone(), password.into()).await;
            assert_eq!(found.expect("verified"), is_right);
        }
        assert_eq!(passwords.permits.available_permits(), 1, "given back");
    }

    #[tokio::test]
    async fn an_unknown_user_costs_the_same_work_as_a_known_one() {
        let found = one_at_a_time(Duration::MAX).verify(NOBODY.into(), "nobody".into()).await;
        assert!(!found.expect("a hash that can be computed, or the work would not be done"));
        let known = hash_password("correct horse battery").expect("hashed");
        let work = |phc: &str| phc.rsplitn(3, '$').last().map(str::to_owned);
        assert_eq!(work(NOBODY), work(&known), "same algorithm, version and parameters");
        assert_eq!(NOBODY.len(), known.len(), "same lengths of salt and hash");
    }

    #[tokio::test]
    async fn who_finds_no_core_in_time_is_refused() {
        let passwords = one_at_a_time(Duration::from_millis(1));
        let taken = passwords.permits.clone().acquire_owned().await.expect("open");
        let Err(Error::Refused(refusal)) = passwords.verify(NOBODY.into(), "nobody".into()).await
        else {
            panic!("there was no permit to be had");
        };
        assert_eq!(refusal.code, Code::Overloaded);
        drop(taken);
        passwords.verify(NOBODY.into(), "nobody".into()).await.expect("the control");
    }
}
