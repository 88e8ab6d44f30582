//! Staging and writing of users.

use sqlx::PgConnection;

use super::staged::{Removed, Written, remove, write};
use crate::domain::StaffUserId;

pub(super) const STAGED: (&str, &str) = (
    "/* import::user::STAGED */
     create temporary table staged_user (line bigint not null, username text not null,
         clinic_id int, role smallint not null) on commit drop",
    "/* import::user::STAGED */ copy staged_user (line, username, clinic_id, role) from stdin",
);

/// Takes out users who stand in the file a second time.
pub async fn remove_repeated(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    write(conn, "/* import::user::remove_repeated */ analyze staged_user").await?;
    remove(
        conn,
        "/* import::user::remove_repeated */
         with repeated as (
             select username, min(line) as earlier from staged_user
             group by username having count(*) > 1
         ), gone as (
             delete from staged_user s using repeated r
             where s.username = r.username and s.line > r.earlier
             returning s.line, r.earlier
         )
         select line, earlier, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Takes out administrators to whom the file gives another role where no other one would be left
/// who can sign in. Call it with all administrators locked.
pub async fn remove_last_administrators(conn: &mut PgConnection) -> sqlx::Result<Removed> {
    remove(
        conn,
        "/* import::user::remove_last_administrators */
         with left_over as (
             select from staff_user u
             where u.role = 3 and u.is_active and u.password_hash is not null
                 and not exists (select from staged_user s
                     where s.username = u.username and s.role <> 3)
         ), gone as (
             delete from staged_user s using staff_user u
             where s.username = u.username and u.role = 3 and s.role <> 3
                 and u.is_active and u.password_hash is not null
                 and not exists (select from left_over)
             returning s.line
         )
         select line, 0::bigint, count(*) over () from gone order by line limit 1000",
    )
    .await
}

/// Gives known users another post, and adds new ones, who have no password yet.
pub async fn insert_staged(conn: &mut PgConnection) -> sqlx::Result<Written> {
    let changed = write(
        conn,
        "/* import::user::insert_staged */
         update staff_user u set clinic_id = s.clinic_id, role = s.role
         from staged_user s
         where s.username = u.username
             and (u.clinic_id, u.role) is distinct from (s.clinic_id, s.role)",
    )
    .await?;
    let new = write(
        conn,
        "/* import::user::insert_staged */
         insert into staff_user (username, role, clinic_id)
         select username, role, clinic_id
         from staged_user order by line on conflict (username) do nothing",
    )
    .await?;
    Ok(Written { new, changed, removed: 0 })
}

/// The users of the file who have neither a password nor an invitation: those whom it added.
pub async fn uninvited(conn: &mut PgConnection) -> sqlx::Result<Vec<(StaffUserId, String)>> {
    #[expect(clippy::disallowed_methods, reason = "the staging table is not in the schema")]
    let uninvited = sqlx::query_as::<_, (StaffUserId, String)>(
        "/* import::user::uninvited */
         select u.staff_user_id, u.username
         from staged_user s join staff_user u using (username)
             left join staff_invitation i using (staff_user_id)
         where u.password_hash is null and i.staff_user_id is null and u.is_active
         order by s.line",
    )
    .persistent(false);
    uninvited.fetch_all(conn).await
}
