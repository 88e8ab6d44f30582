//! Invitations of users to choose their password: one for each user at most.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_scalar};

use crate::domain::{StaffUserId, staff_user::INVITATION_DAYS};

/// Invites users, each by the hash of a token; an earlier invitation of theirs means nothing from
/// then on. Answers until when the new ones can be used.
pub async fn insert(
    conn: &mut PgConnection,
    users: &[StaffUserId],
    token_hashes: &[Vec<u8>],
    by: Option<StaffUserId>,
) -> sqlx::Result<DateTime<Utc>> {
    let ids: Vec<_> = users.iter().map(|id| id.0).collect();
    query_scalar!(
        r#"/* staff_invitation::insert */
         with until as (
             select date_trunc('second', clock_timestamp()) + make_interval(days => $4) as at
         ), invited as (
             insert into staff_invitation as i
                 (staff_user_id, token_hash, expires_at, by_staff_user_id)
             select id, token_hash, until.at, $3
             from unnest($1::int[], $2::bytea[]) as new (id, token_hash), until
             on conflict (staff_user_id) do update
             set token_hash = excluded.token_hash, created_at = clock_timestamp(),
                 expires_at = excluded.expires_at, by_staff_user_id = excluded.by_staff_user_id
         )
         select at as "at!" from until"#,
        &ids,
        token_hashes,
        by.map(|id| id.0),
        INVITATION_DAYS,
    )
    .fetch_one(conn)
    .await
}

/// Who may choose a password by this token: an enabled user whose invitation has not expired.
pub async fn find_username(
    db: impl PgExecutor<'_>,
    token_hash: &[u8; 32],
) -> sqlx::Result<Option<String>> {
    query_scalar!(
        "/* staff_invitation::find_username */
         select u.username from staff_invitation i join staff_user u using (staff_user_id)
         where i.token_hash = $1 and i.expires_at > clock_timestamp() and u.is_active",
        token_hash,
    )
    .fetch_optional(db)
    .await
}

/// Uses an invitation up: of two who try at once, one is left with nothing.
pub async fn take(
    conn: &mut PgConnection,
    token_hash: &[u8; 32],
) -> sqlx::Result<Option<StaffUserId>> {
    query_scalar!(
        r#"/* staff_invitation::take */
         delete from staff_invitation i using staff_user u
         where i.token_hash = $1 and i.expires_at > clock_timestamp()
             and u.staff_user_id = i.staff_user_id and u.is_active
         returning i.staff_user_id as "id: StaffUserId""#,
        token_hash,
    )
    .fetch_optional(conn)
    .await
}

/// Takes a user's invitation back, if they have one.
pub async fn delete(conn: &mut PgConnection, id: StaffUserId) -> sqlx::Result<()> {
    query!(
        "/* staff_invitation::delete */ delete from staff_invitation where staff_user_id = $1",
        id.0
    )
    .execute(conn)
    .await
    .map(drop)
}
