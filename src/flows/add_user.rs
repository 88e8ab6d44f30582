//! Gives a member of staff or an administrator a way to sign in.

use argon2::{Algorithm, Argon2, Params, Version, password_hash::PasswordHasher};

use super::{Error, Result};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Code, Refusal, StaffUserId,
        session::StaffRole,
        staff_user::{Username, check_password},
    },
};

/// OWASP Password Storage Cheat Sheet, second of the equal choices for argon2id: 19 MiB, two
/// passes, one lane.
/// <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What a new user is for.
#[derive(Clone, Copy, Debug)]
pub enum Post<'a> {
    Administrator,
    /// Staff of the clinic with this code.
    Clinic(&'a str),
}

/// Adds a user who may sign in at once.
///
/// # Errors
/// `invalid_field` for a username, password or clinic that cannot be, `already_exists` for a
/// username that is taken.
pub async fn add_user(
    db: &Db,
    username: &str,
    password: &str,
    post: Post<'_>,
) -> Result<StaffUserId> {
    let username = Username::parse(username)?;
    check_password(password)?;
    let password = password.to_owned();
    let password_hash = tokio::task::spawn_blocking(move || hash_password(&password))
        .await
        .map_err(std::io::Error::other)??;
    in_tx(&db.write, "add user", async |conn| {
        let role = match post {
            Post::Administrator => StaffRole::Administrator,
            Post::Clinic(code) => {
                let clinic_id = db::staff_user::find_clinic(&mut *conn, code).await?;
                let no_clinic = || Refusal::field("clinic", "There is no clinic with this code.");
                StaffRole::Staff(clinic_id.ok_or_else(no_clinic)?)
            }
        };
        let id = db::staff_user::insert(conn, &username, &password_hash, role).await?;
        let taken = || Refusal::new(Code::AlreadyExists, "This username is taken.");
        id.ok_or_else(|| taken().into())
    })
    .await
}

/// The PHC string of a password under a new salt. Takes tens of milliseconds and 19 MiB: call it on
/// a blocking thread.
///
/// # Errors
/// When the machine gives no random bytes.
pub fn hash_password(password: &str) -> Result<String> {
    let hash = hasher()?.hash_password(password.as_bytes()).map_err(not_hashed)?;
    Ok(hash.to_string())
}

/// argon2id with our parameters; to verify, those in the PHC string hold.
pub(super) fn hasher() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(not_hashed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn not_hashed(error: impl std::fmt::Display) -> Error {
    Error::Io(std::io::Error::other(format!("argon2: {error}")))
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
}
