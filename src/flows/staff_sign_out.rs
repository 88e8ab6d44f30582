//! Ends a staff session before its time.

use super::Result;
use crate::{
    clock::Clock,
    db::{self, Db, in_tx},
};

/// Revokes the session with this token's hash; from then on the token is nobody's.
///
/// # Errors
/// The database's.
pub async fn staff_sign_out(db: &Db, clock: &Clock, token_hash: &[u8; 32]) -> Result<()> {
    let now = clock.now();
    in_tx(&db.write, "staff sign out", async |conn| {
        Ok(db::staff_user::revoke_session(conn, token_hash, now).await?)
    })
    .await
}
