//! Invitations: a user gets a token once, and whoever has it chooses the user's password, once.

use data_encoding::BASE64URL_NOPAD;
use sqlx::PgConnection;

use super::{Result, password::Passwords};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Code, Detail, Refusal, StaffUserId,
        keys::InvitationKey,
        session::StaffRole,
        staff_user::{Account, Invitation, check_password, invitation_hash},
    },
};

/// Too long to be guessed, so that tries need not be counted.
const TOKEN_BYTES: usize = 32;

/// Invites users; what each is told stands in the answer and nowhere else.
///
/// # Errors
/// When the machine gives no random bytes.
pub(super) async fn invite(
    conn: &mut PgConnection,
    key: &InvitationKey,
    users: Vec<(StaffUserId, String)>,
    by: Option<StaffUserId>,
) -> Result<Vec<Invitation>> {
    let mut tokens = Vec::with_capacity(users.len());
    for _ in &users {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        tokens.push(BASE64URL_NOPAD.encode(&bytes));
    }
    let (ids, names): (Vec<_>, Vec<_>) = users.into_iter().unzip();
    let hashes: Vec<_> = tokens.iter().map(|token| invitation_hash(key, token).to_vec()).collect();
    let expires_at = db::staff_invitation::insert(conn, &ids, &hashes, by).await?;
    let told = names.into_iter().zip(tokens);
    Ok(told.map(|(username, token)| Invitation { username, token, expires_at }).collect())
}

/// As `invite`, of one user.
pub(super) async fn invite_one(
    conn: &mut PgConnection,
    key: &InvitationKey,
    account: &Account,
    by: Option<StaffUserId>,
) -> Result<Invitation> {
    let user = (account.staff_user_id, account.username.clone());
    let invited = invite(conn, key, vec![user], by).await?.pop();
    Ok(invited.ok_or_else(Refusal::not_found)?)
}

/// Who chose their password.
pub struct Accepted {
    pub username: String,
    pub role: StaffRole,
}

/// Makes this the password of the user whom the token invites. The token means nothing from then
/// on, and sessions of before end.
///
/// # Errors
/// `invalid_field` for a password that cannot be; `wrong_credentials` for a token that invites
/// nobody, or not any more; `overloaded`.
pub async fn accept(
    db: &Db,
    key: &InvitationKey,
    passwords: &Passwords,
    token: &str,
    password: &str,
) -> Result<Accepted> {
    check_password(password)?;
    let over = || Refusal::new(Code::WrongCredentials, Detail::InvitationOver);
    let token_hash = invitation_hash(key, token.trim());
    // Asked before a core is taken: hashing is slow, and anybody may send anything.
    db::staff_invitation::find_username(&db.write, &token_hash).await?.ok_or_else(over)?;
    let password_hash = passwords.turn_of_known().await?.hash(password.to_owned()).await?;
    in_tx(&db.write, "accept invitation", async |conn| {
        let id = db::staff_invitation::take(conn, &token_hash).await?.ok_or_else(over)?;
        db::staff_user::set_password(conn, id, Some(&password_hash)).await?;
        db::staff_user::revoke_sessions(conn, id).await?;
        let account = db::staff_user::find(conn, id).await?.ok_or_else(over)?;
        Ok(Accepted { username: account.username, role: account.role })
    })
    .await
}
