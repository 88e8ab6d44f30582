//! The demonstration's staff users. Their passwords follow from the installation's secret: each
//! installation has its own, and they can be shown again without being stored.

use argon2::{
    Argon2,
    password_hash::{PasswordVerifier, phc::PasswordHash},
};

use crate::domain::keys::Keys;

/// Letters and digits that nobody mistakes for one another; 32 of them, so that no one is likelier.
const READABLE: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const PASSWORD_CHARS: usize = 12;

/// Twelve readable characters in three groups: 60 bits.
pub(super) fn password(keys: &Keys, username: &str) -> String {
    let mac = keys.demo.mac(&[b"password", username.as_bytes()]);
    let mut password = String::new();
    for (n, byte) in mac.into_iter().take(PASSWORD_CHARS).enumerate() {
        if n > 0 && n % 4 == 0 {
            password.push('-');
        }
        let letter = READABLE.get(usize::from(byte) % READABLE.len()).copied().unwrap_or(b'a');
        password.push(char::from(letter));
    }
    password
}

/// Whether this password is the one behind the stored hash. As slow as hashing.
pub(super) fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flows::password::hash_password;

    #[test]
    fn a_password_is_the_same_again_and_another_elsewhere() {
        let keys = Keys::new(&[7; 32]);
        assert_eq!(password(&keys, "admin"), password(&Keys::new(&[7; 32]), "admin"));
        assert_ne!(password(&keys, "admin"), password(&keys, "clinic-1"));
        assert_ne!(password(&keys, "admin"), password(&Keys::new(&[8; 32]), "admin"));
        assert_eq!(password(&keys, "admin").len(), PASSWORD_CHARS + 2);
    }

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let hash = hash_password("abcd-efgh-ijkm").unwrap();
        assert!(is_password("abcd-efgh-ijkm", &hash));
        assert!(!is_password("abcd-efgh-ijkn", &hash));
        assert!(!is_password("abcd-efgh-ijkm", "no hash"));
    }
}
