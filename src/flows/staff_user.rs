//! Staff and administrators: given a way to sign in, invited, reset, disabled and enabled.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::{Result, password::hash_password, staff_invitation::invite_one};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        ClinicId, Code, Detail, Refusal, StaffUserId,
        fact::{By, Noun},
        keys::InvitationKey,
        session::StaffRole,
        staff_user::{Account, Invitation, Username, check_password},
    },
};

/// What a new user is for.
#[derive(Clone, Copy, Debug)]
pub enum Post<'a> {
    Administrator,
    CallCentre,
    /// Staff of the clinic with this code.
    Clinic(&'a str),
    /// Staff of this clinic.
    At(ClinicId),
}

impl Post<'_> {
    async fn role(self, conn: &mut PgConnection) -> Result<StaffRole> {
        let found = match self {
            Post::Administrator => return Ok(StaffRole::Administrator),
            Post::CallCentre => return Ok(StaffRole::CallCentre),
            Post::Clinic(code) => db::staff_user::find_clinic(conn, code).await?,
            Post::At(id) => db::clinic::find(conn, id).await?.map(|clinic| clinic.clinic_id),
        };
        let (field, by) = match self {
            Post::At(_) => ("clinic_id", By::Id),
            _ => ("clinic", By::Code),
        };
        let none = || Refusal::field(field, Detail::NoSuch { what: Noun::Clinic, by });
        Ok(found.map(StaffRole::Staff).ok_or_else(none)?)
    }
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
        insert(conn, &username, Some(&password_hash), post).await
    })
    .await
}

/// Adds a user who chooses their password by the invitation.
///
/// # Errors
/// `invalid_field` for a username or clinic that cannot be, `already_exists` for a username that is
/// taken.
pub async fn invite(
    db: &Db,
    key: &InvitationKey,
    username: &str,
    post: Post<'_>,
    by: Option<StaffUserId>,
) -> Result<(Account, Invitation)> {
    let username = Username::parse(username)?;
    in_tx(&db.write, "invite user", async |conn| {
        let id = insert(conn, &username, None, post).await?;
        let account = db::staff_user::lock(conn, id).await?.ok_or_else(no_user)?;
        invited(conn, key, &account, by).await
    })
    .await
}

async fn insert(
    conn: &mut PgConnection,
    username: &Username,
    password_hash: Option<&str>,
    post: Post<'_>,
) -> Result<StaffUserId> {
    let role = post.role(conn).await?;
    let id = db::staff_user::insert(conn, username, password_hash, role).await?;
    let (what, by) = (Noun::User, By::Name);
    let taken = || Refusal::field("username", Detail::Taken { what, by });
    id.ok_or_else(|| Refusal { code: Code::AlreadyExists, ..taken() }.into())
}

async fn invited(
    conn: &mut PgConnection,
    key: &InvitationKey,
    account: &Account,
    by: Option<StaffUserId>,
) -> Result<(Account, Invitation)> {
    let invitation = invite_one(conn, key, account, by).await?;
    let account = db::staff_user::find(conn, account.staff_user_id).await?.ok_or_else(no_user)?;
    Ok((account, invitation))
}

fn no_user() -> Refusal {
    Refusal::unknown(Noun::User)
}

/// All users, with the codes of the clinics of those who work at one.
pub async fn list(db: &Db) -> Result<Vec<(Account, Option<String>)>> {
    let users = db::staff_user::list(&db.read, StaffUserId(0), i64::MAX).await?;
    let ids: Vec<_> = users.iter().filter_map(|user| clinic_of(user.role)).collect();
    let codes: HashMap<_, _> =
        db::staff_user::clinic_codes(&db.read, &ids).await?.into_iter().collect();
    let with_code = |user: Account| {
        let code = clinic_of(user.role).and_then(|id| codes.get(&id).cloned());
        (user, code)
    };
    Ok(users.into_iter().map(with_code).collect())
}

fn clinic_of(role: StaffRole) -> Option<ClinicId> {
    match role {
        StaffRole::Staff(clinic_id) => Some(clinic_id),
        StaffRole::Administrator | StaffRole::CallCentre => None,
    }
}

/// The user of this name.
///
/// # Errors
/// `invalid_field` for a username that cannot be or is nobody's.
pub async fn named(db: &Db, username: &str) -> Result<StaffUserId> {
    let username = Username::parse(username)?;
    let id = db::staff_user::find_id(&db.write, &username).await?;
    let (what, by) = (Noun::User, By::Name);
    let nobody = || Refusal::field("username", Detail::NoSuch { what, by });
    Ok(id.ok_or_else(nobody)?)
}

/// Takes the user's password away and invites them to choose another one. Their sessions end with
/// the commit. `by` is none for whoever holds the machine, who may do so to everybody.
///
/// # Errors
/// `not_found`; `user_disabled` for a user who may not sign in at all; `last_administrator` where
/// nobody else could sign in as one, and an administrator asks.
pub async fn reset(
    db: &Db,
    key: &InvitationKey,
    id: StaffUserId,
    by: Option<StaffUserId>,
) -> Result<(Account, Invitation)> {
    in_tx(&db.write, "reset user", async |conn| {
        let administrators = db::staff_user::lock_administrators(conn).await?;
        let account = db::staff_user::lock(conn, id).await?.ok_or_else(no_user)?;
        if !account.is_enabled {
            return Err(Refusal::new(Code::WrongState, Detail::UserDisabled).into());
        }
        if by.is_some() {
            not_the_last(&administrators, id)?;
        }
        db::staff_user::set_password(conn, id, None).await?;
        db::staff_user::revoke_sessions(conn, id).await?;
        invited(conn, key, &account, by).await
    })
    .await
}

/// From the commit on the user cannot sign in, their sessions are over, and an invitation that they
/// have means nothing.
///
/// # Errors
/// `not_found`; `last_administrator` where nobody else could sign in as one.
pub async fn disable(db: &Db, id: StaffUserId) -> Result<Account> {
    in_tx(&db.write, "disable user", async |conn| {
        let administrators = db::staff_user::lock_administrators(conn).await?;
        db::staff_user::lock(conn, id).await?.ok_or_else(no_user)?;
        not_the_last(&administrators, id)?;
        db::staff_user::set_active(conn, id, false).await?;
        db::staff_user::revoke_sessions(conn, id).await?;
        db::staff_invitation::delete(conn, id).await?;
        Ok(db::staff_user::find(conn, id).await?.ok_or_else(no_user)?)
    })
    .await
}

/// Lets a disabled user sign in again, with the password that they had.
///
/// # Errors
/// `not_found`.
pub async fn enable(db: &Db, id: StaffUserId) -> Result<Account> {
    in_tx(&db.write, "enable user", async |conn| {
        db::staff_user::lock(conn, id).await?.ok_or_else(no_user)?;
        db::staff_user::set_active(conn, id, true).await?;
        Ok(db::staff_user::find(conn, id).await?.ok_or_else(no_user)?)
    })
    .await
}

/// Somebody must be left who can let others in.
fn not_the_last(administrators: &[StaffUserId], id: StaffUserId) -> Result<()> {
    match administrators {
        [last] if *last == id => {
            Err(Refusal::new(Code::LastAdministrator, Detail::LastAdministrator).into())
        }
        _ => Ok(()),
    }
}
