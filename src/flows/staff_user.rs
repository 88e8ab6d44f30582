//! Staff and administrators: given a way to sign in, and disabled.

use super::{Result, password::hash_password};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Code, Detail, Refusal, StaffUserId,
        fact::{By, Noun},
        session::StaffRole,
        staff_user::{Username, check_password},
    },
};

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
pub async fn add(db: &Db, username: &str, password: &str, post: Post<'_>) -> Result<StaffUserId> {
    let username = Username::parse(username)?;
    check_password(password)?;
    let password = password.to_owned();
    let password_hash = tokio::task::spawn_blocking(move || hash_password(&password)).await??;
    in_tx(&db.write, "add user", async |conn| {
        let role = match post {
            Post::Administrator => StaffRole::Administrator,
            Post::Clinic(code) => {
                let clinic_id = db::staff_user::find_clinic(&mut *conn, code).await?;
                let (what, by) = (Noun::Clinic, By::Code);
                let no_clinic = || Refusal::field("clinic", Detail::NoSuch { what, by });
                StaffRole::Staff(clinic_id.ok_or_else(no_clinic)?)
            }
        };
        let id = db::staff_user::insert(conn, &username, &password_hash, role).await?;
        let (what, by) = (Noun::User, By::Name);
        let taken = || Refusal::new(Code::AlreadyExists, Detail::Taken { what, by });
        id.ok_or_else(|| taken().into())
    })
    .await
}

/// From the commit on the user cannot sign in and their tokens are refused.
///
/// # Errors
/// `invalid_field` for a username that cannot be or is nobody's.
pub async fn disable(db: &Db, username: &str) -> Result<()> {
    let username = Username::parse(username)?;
    in_tx(&db.write, "disable user", async |conn| {
        if db::staff_user::set_active(conn, &username, false).await? {
            return Ok(());
        }
        let (what, by) = (Noun::User, By::Name);
        Err(Refusal::field("username", Detail::NoSuch { what, by }).into())
    })
    .await
}
