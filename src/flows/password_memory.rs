//! The memory that passwords are hashed in. It is kept: an allocator that gets pieces of 19 MiB
//! back again and again keeps several of them for each thread, as many as a flood of guesses has
//! once taken.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        self,
        phc::{Output, PasswordHash},
    },
};

/// Pieces that nobody hashes in: together with those in use as many as there were hashes at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    free: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Memory {
    /// Whether the password belongs to the PHC string. As `PasswordVerifier` finds it, whose memory
    /// is its own each time.
    ///
    /// # Errors
    /// Parameters of which argon2 knows nothing.
    pub(super) fn verify(
        &self,
        hash: &PasswordHash,
        password: &str,
    ) -> password_hash::Result<bool> {
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
        let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let params = Params::try_from(hash)?;
        let count = params.block_count();
        let argon2 = Argon2::new(algorithm, version, params);
        let mut buffer = [0; Output::MAX_LENGTH];
        let found = buffer.get_mut(..expected.len()).ok_or(password_hash::Error::OutputSize)?;
        self.with(count, |memory| {
            argon2.hash_password_into_with_memory(password.as_bytes(), salt, found, memory)
        })?;
        // In constant time: outputs are compared so.
        Ok(*expected == Output::new(found)?)
    }

    /// Has work done in so many blocks.
    fn with<T>(&self, count: usize, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let mut piece = self.free().pop().unwrap_or_default();
        if piece.len() != count {
            // Whole, and no larger than it must be.
            piece = vec![Block::new(); count];
        }
        let done = work(&mut piece);
        self.free().push(piece);
        done
    }

    fn free(&self) -> MutexGuard<'_, Vec<Vec<Block>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::{PasswordHasher, PasswordVerifier};

    use super::*;

    fn hashed(password: &str, kib: u32) -> PasswordHash {
        let params = Params::new(kib, 2, 1, None).expect("parameters");
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password(password.as_bytes()).expect("hashed")
    }

    fn places(memory: &Memory) -> Vec<*const Block> {
        memory.free().iter().map(|piece| piece.as_ptr()).collect()
    }

    #[test]
    fn one_hash_after_another_takes_one_piece_and_is_what_the_library_says() {
        let memory = Memory::default();
        let hash = hashed("correct horse", 64);
        let mut seen = Vec::new();
        for password in ["correct horse", "correct horsf", "", "correct horse"] {
            let is_right = memory.verify(&hash, password).expect("verified");
            let library = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
            assert_eq!((is_right, library), (password == "correct horse", is_right));
            seen.extend(places(&memory));
        }
        assert_eq!(seen.len(), 4, "one each time");
        assert!(seen.iter().all(|place| Some(place) == seen.first()), "and always the same");
        // Under other parameters.
        let larger = hashed("battery", 128);
        assert_eq!(memory.verify(&larger, "battery"), Ok(true));
        assert_eq!(memory.verify(&hash, "correct horse"), Ok(true));
        assert_eq!(places(&memory).len(), 1);
    }

    #[test]
    fn those_at_once_have_a_piece_each() {
        let memory = Memory::default();
        memory.with(8, |one| memory.with(8, |other| assert_ne!(one.as_ptr(), other.as_ptr())));
        assert_eq!(places(&memory).len(), 2);
    }
}
