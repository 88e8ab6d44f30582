//! The demonstration's staff users. Their passwords follow from the installation's secret: each
//! installation has its own, and they can be shown again without being stored.

use argon2::{
    Argon2,
    password_hash::{PasswordVerifier, phc::PasswordHash},
};
use sqlx::PgConnection;

use crate::{
    db::{self, Db},
    domain::{ClinicId, keys::Keys, session::StaffRole, staff_user::Username},
    flows::{Result, password::hash_password},
};

const USERNAMES: [&str; 4] = ["admin", "clinic-1", "clinic-2", "clinic-3"];

/// Letters and digits that nobody mistakes for one another; 32 of them, so that no one is likelier.
const READABLE: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
const PASSWORD_CHARS: usize = 12;

/// A staff user of the demonstration.
#[derive(Debug)]
pub struct SignIn {
    pub username: String,
    /// None where it was changed since, or belongs to somebody who was there before.
    pub password: Option<String>,
    /// Its names in Korean and English; None for an administrator.
    pub clinic: Option<String>,
}

/// The hash of each user's password, in their order. Slow on purpose.
pub(super) async fn hashes(keys: &Keys) -> Result<Vec<String>> {
    let keys = keys.clone();
    let hash = move || -> Result<Vec<String>> {
        USERNAMES.iter().map(|name| hash_password(&password(&keys, name))).collect()
    };
    tokio::task::spawn_blocking(hash).await?
}

/// An administrator, and staff for the first clinics. Who has such a username already keeps it.
pub(super) async fn write(
    conn: &mut PgConnection,
    hashes: Vec<String>,
    clinics: &[ClinicId],
) -> Result<()> {
    let clinics = clinics.iter().copied().map(StaffRole::Staff);
    let roles = std::iter::once(StaffRole::Administrator).chain(clinics);
    for ((username, hash), role) in USERNAMES.iter().zip(hashes).zip(roles) {
        db::staff_user::insert(conn, &Username::parse(username)?, Some(&hash), role).await?;
    }
    Ok(())
}

/// The users who are there, with their passwords where these are still the ones set here.
pub(super) async fn list(db: &Db, keys: &Keys) -> Result<Vec<SignIn>> {
    let usernames = USERNAMES.map(str::to_owned);
    let rows = db::demo::list_staff(&db.read, &usernames).await?;
    let keys = keys.clone();
    let check = move || {
        rows.into_iter()
            .map(|row| {
                let password = password(&keys, &row.username);
                let is_current = is_password(&password, &row.password_hash);
                let (username, clinic) = (row.username, row.clinic);
                SignIn { username, password: is_current.then_some(password), clinic }
            })
            .collect()
    };
    Ok(tokio::task::spawn_blocking(check).await?)
}

/// Twelve readable characters in three groups: 60 bits.
fn password(keys: &Keys, username: &str) -> String {
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
fn is_password(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

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
