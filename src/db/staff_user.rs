//! Staff users and their sessions.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, query};

use crate::domain::{
    ClinicId, StaffUserId,
    session::{StaffRole, StaffUser},
};

/// The active user of a session that is neither revoked nor expired at `now`.
///
/// # Errors
/// The database's.
pub async fn find_by_session(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<StaffUser>> {
    let row = query!(
        "select u.staff_user_id, u.clinic_id
         from staff_session s join staff_user u using (staff_user_id)
         where s.token_hash = $1 and s.revoked_at is null and s.expires_at > $2 and u.is_active",
        token_hash,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| StaffUser {
        staff_user_id: StaffUserId(row.staff_user_id),
        role: row.clinic_id.map_or(StaffRole::Administrator, |id| StaffRole::Staff(ClinicId(id))),
    }))
}
