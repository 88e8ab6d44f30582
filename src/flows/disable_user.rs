//! Takes a staff user's access away, open sessions included.

use super::Result;
use crate::{
    db::{self, Db, in_tx},
    domain::{Refusal, staff_user::Username},
};

/// From the commit on the user cannot sign in and their tokens are refused.
///
/// # Errors
/// `invalid_field` for a username that cannot be or is nobody's.
pub async fn disable_user(db: &Db, username: &str) -> Result<()> {
    let username = Username::parse(username)?;
    in_tx(&db.write, "disable user", async |conn| {
        if db::staff_user::set_active(conn, &username, false).await? {
            return Ok(());
        }
        Err(Refusal::field("username", "There is no user with this name.").into())
    })
    .await
}
