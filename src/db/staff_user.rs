//! Staff users and their sessions.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    ClinicId, StaffUserId,
    session::{StaffRole, StaffUser},
    staff_user::{Account, Username},
};

/// The values of `staff_user.role`.
const STAFF: i16 = 2;
const ADMINISTRATOR: i16 = 3;
const CALL_CENTRE: i16 = 5;

struct Row {
    staff_user_id: i32,
    username: String,
    role: i16,
    clinic_id: Option<i32>,
    is_active: bool,
    has_password: bool,
    invited_until: Option<DateTime<Utc>>,
}

impl From<Row> for Account {
    fn from(row: Row) -> Self {
        let StaffUser { staff_user_id, role } =
            staff_user(row.staff_user_id, (row.role, row.clinic_id));
        Self {
            staff_user_id,
            username: row.username,
            role,
            is_enabled: row.is_active,
            has_password: row.has_password,
            invited_until: row.invited_until,
        }
    }
}

/// Those after `after`, by id.
pub async fn list(
    db: impl PgExecutor<'_>,
    after: StaffUserId,
    limit: i64,
) -> sqlx::Result<Vec<Account>> {
    let rows = query_as!(
        Row,
        r#"/* staff_user::list */
         select staff_user_id, username, role, clinic_id, is_active,
             password_hash is not null as "has_password!", i.expires_at as "invited_until?"
         from staff_user left join staff_invitation i using (staff_user_id)
         where staff_user_id > $1 order by staff_user_id limit $2"#,
        after.0,
        limit,
    );
    rows.map(Account::from).fetch_all(db).await
}

/// A user, disabled ones too.
pub async fn find(db: impl PgExecutor<'_>, id: StaffUserId) -> sqlx::Result<Option<Account>> {
    let row = query_as!(
        Row,
        r#"/* staff_user::find */
         select staff_user_id, username, role, clinic_id, is_active,
             password_hash is not null as "has_password!", i.expires_at as "invited_until?"
         from staff_user left join staff_invitation i using (staff_user_id)
         where staff_user_id = $1"#,
        id.0,
    );
    row.map(Account::from).fetch_optional(db).await
}

/// The user of this name, disabled ones too.
pub async fn find_id(
    db: impl PgExecutor<'_>,
    username: &Username,
) -> sqlx::Result<Option<StaffUserId>> {
    query_scalar!(
        r#"/* staff_user::find_id */
         select staff_user_id as "id: StaffUserId" from staff_user where username = $1"#,
        username.as_str(),
    )
    .fetch_optional(db)
    .await
}

/// The codes of clinics.
pub async fn clinic_codes(
    db: impl PgExecutor<'_>,
    clinic_ids: &[ClinicId],
) -> sqlx::Result<Vec<(ClinicId, String)>> {
    let ids: Vec<_> = clinic_ids.iter().map(|id| id.0).collect();
    let rows = query!(
        "/* staff_user::clinic_codes */
         select clinic_id, code from clinic where clinic_id = any($1)",
        &ids,
    );
    rows.map(|row| (ClinicId(row.clinic_id), row.code)).fetch_all(db).await
}

/// Locks a user against other changes.
pub async fn lock(conn: &mut PgConnection, id: StaffUserId) -> sqlx::Result<Option<Account>> {
    query!(
        "/* staff_user::lock */
         select from staff_user where staff_user_id = $1 for no key update",
        id.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    find(conn, id).await
}

/// Locks the administrators who can sign in, by id: two that take each other's access away wait
/// here, and the second one sees what the first has done.
pub async fn lock_administrators(conn: &mut PgConnection) -> sqlx::Result<Vec<StaffUserId>> {
    query_scalar!(
        r#"/* staff_user::lock_administrators */
         select staff_user_id as "id: StaffUserId" from staff_user
         where role = $1 and is_active and password_hash is not null
         order by staff_user_id for no key update"#,
        ADMINISTRATOR,
    )
    .fetch_all(conn)
    .await
}

/// The active user of a session that is neither revoked nor expired at `now`.
pub async fn find_by_session(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<StaffUser>> {
    let row = query!(
        "/* staff_user::find_by_session */ select u.staff_user_id, u.role, u.clinic_id
         from staff_session s join staff_user u using (staff_user_id)
         where s.token_hash = $1 and s.revoked_at is null and s.expires_at > $2 and u.is_active",
        token_hash,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| staff_user(row.staff_user_id, (row.role, row.clinic_id))))
}

/// The active users of sessions that are not revoked, by the hash of the token, and when each
/// session expires.
pub async fn find_by_sessions(
    db: impl PgExecutor<'_>,
    token_hashes: &[[u8; 32]],
) -> sqlx::Result<HashMap<[u8; 32], (StaffUser, DateTime<Utc>)>> {
    let token_hashes: Vec<_> = token_hashes.iter().map(|hash| hash.to_vec()).collect();
    let rows = query!(
        "/* staff_user::find_by_sessions */ select s.token_hash, s.expires_at,
             u.staff_user_id, u.role, u.clinic_id
         from staff_session s cross join lateral (
             select * from staff_user where staff_user_id = s.staff_user_id offset 0) u
         where s.token_hash = any($1) and s.revoked_at is null and u.is_active",
        &token_hashes,
    );
    let found = rows.fetch_all(db).await?.into_iter().map(|row| {
        let user = staff_user(row.staff_user_id, (row.role, row.clinic_id));
        let hash = row.token_hash.try_into();
        let hash = hash.map_err(|_odd| sqlx::Error::Decode("a hash has 32 bytes".into()))?;
        Ok((hash, (user, row.expires_at)))
    });
    found.collect()
}

/// As `find_by_session`, with the user's name, which pages show.
pub async fn find_signed_in(
    db: impl PgExecutor<'_>,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> sqlx::Result<Option<(StaffUser, String)>> {
    let row = query!(
        "/* staff_user::find_signed_in */ select u.staff_user_id, u.role, u.clinic_id,
             u.username
         from staff_session s join staff_user u using (staff_user_id)
         where s.token_hash = $1 and s.revoked_at is null and s.expires_at > $2 and u.is_active",
        token_hash,
        now,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (staff_user(row.staff_user_id, (row.role, row.clinic_id)), row.username)))
}

/// The clinic that a new user is to work at, by its code.
pub async fn find_clinic(db: impl PgExecutor<'_>, code: &str) -> sqlx::Result<Option<ClinicId>> {
    query_scalar!(
        r#"/* staff_user::find_clinic */
         select clinic_id as "id: ClinicId" from clinic where code = $1"#,
        code
    )
    .fetch_optional(db)
    .await
}

/// A role as the database keeps it: the columns `role` and `clinic_id`.
pub fn columns(role: StaffRole) -> (i16, Option<i32>) {
    match role {
        StaffRole::Staff(clinic_id) => (STAFF, Some(clinic_id.0)),
        StaffRole::Administrator => (ADMINISTRATOR, None),
        StaffRole::CallCentre => (CALL_CENTRE, None),
    }
}

/// Adds an active user; none if the username is taken. Without a password nothing signs them in.
pub async fn insert(
    conn: &mut PgConnection,
    username: &Username,
    password_hash: Option<&str>,
    role: StaffRole,
) -> sqlx::Result<Option<StaffUserId>> {
    let (role, clinic_id) = columns(role);
    query_scalar!(
        r#"/* staff_user::insert */
           insert into staff_user (username, password_hash, role, clinic_id)
           values ($1, $2, $3, $4) on conflict on constraint staff_user_username_key do nothing
           returning staff_user_id as "id: StaffUserId""#,
        username.as_str(),
        password_hash,
        role,
        clinic_id,
    )
    .fetch_optional(conn)
    .await
}

/// Lets a user sign in or not.
pub async fn set_active(
    conn: &mut PgConnection,
    id: StaffUserId,
    is_active: bool,
) -> sqlx::Result<()> {
    query!(
        "/* staff_user::set_active */
         update staff_user set is_active = $2 where staff_user_id = $1",
        id.0,
        is_active,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Gives a user another password, as a PHC string; none takes it away.
pub async fn set_password(
    conn: &mut PgConnection,
    id: StaffUserId,
    password_hash: Option<&str>,
) -> sqlx::Result<()> {
    query!(
        "/* staff_user::set_password */
         update staff_user set password_hash = $2 where staff_user_id = $1",
        id.0,
        password_hash,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends all sessions of a user.
pub async fn revoke_sessions(conn: &mut PgConnection, id: StaffUserId) -> sqlx::Result<()> {
    query!(
        "/* staff_user::revoke_sessions */
         update staff_session set revoked_at = clock_timestamp()
         where staff_user_id = $1 and revoked_at is null",
        id.0,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The active user of that name who has a password, and its PHC string.
pub async fn find_credentials(
    db: impl PgExecutor<'_>,
    username: &Username,
) -> sqlx::Result<Option<(StaffUser, String)>> {
    let row = query!(
        r#"/* staff_user::find_credentials */
         select staff_user_id, role, clinic_id, password_hash as "password_hash!" from staff_user
         where username = $1 and is_active and password_hash is not null"#,
        username.as_str(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (staff_user(row.staff_user_id, (row.role, row.clinic_id)), row.password_hash)))
}

/// Opens a session.
pub async fn insert_session(
    conn: &mut PgConnection,
    token_hash: &[u8; 32],
    staff_user_id: StaffUserId,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    query!(
        "/* staff_user::insert_session */
         insert into staff_session (token_hash, staff_user_id, expires_at) values ($1, $2, $3)",
        token_hash,
        staff_user_id.0,
        expires_at,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Ends a session; one that has ended stays as it is.
pub async fn revoke_session(
    conn: &mut PgConnection,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    query!(
        "/* staff_user::revoke_session */
         update staff_session set revoked_at = $2 where token_hash = $1 and revoked_at is null",
        token_hash,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Revokes every session that is open.
pub async fn revoke_all_sessions(conn: &mut PgConnection, now: DateTime<Utc>) -> sqlx::Result<()> {
    query!(
        "/* staff_user::revoke_all_sessions */
         update staff_session set revoked_at = $1 where revoked_at is null and expires_at > $1",
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Deletes up to `limit` sessions that have expired at `now`, and says how many those were.
pub async fn delete_expired_sessions(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: u64,
) -> sqlx::Result<u64> {
    let done = query!(
        "/* staff_user::delete_expired_sessions */
         delete from staff_session where token_hash = any(array(
             select token_hash from staff_session where expires_at <= $1
             order by expires_at limit $2 for update skip locked))",
        now,
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Staff have a clinic and nobody else has one, by `staff_user_role_check`. Whoever has neither a
/// clinic nor the role of administrators may do the least.
fn staff_user(staff_user_id: i32, (role, clinic_id): (i16, Option<i32>)) -> StaffUser {
    let role = match (role, clinic_id) {
        (_, Some(id)) => StaffRole::Staff(ClinicId(id)),
        (ADMINISTRATOR, None) => StaffRole::Administrator,
        (_, None) => StaffRole::CallCentre,
    };
    StaffUser { staff_user_id: StaffUserId(staff_user_id), role }
}
