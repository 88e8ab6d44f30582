//! Merging one person of the register into another.
//!
//! A lane reads a person without locking the row: a lock would be written for each booking. So a
//! merge goes in steps. It seals the person, and commits: whoever reads the row from then on books
//! nothing for it. It waits for the booking transactions that may have read the row before. Then
//! nothing is being booked for the person, and one transaction moves what there is.
//!
//! Lock order: persons by id, the catalogue, then bookings by id. No slot and no allocation is
//! locked.

use chrono::{DateTime, Utc};
use sqlx::{Executor, PgConnection, PgExecutor, query, query_as, query_scalar};

use crate::domain::{
    BookingId, CourseId, PersonId,
    merge::{SameDose, Side},
};

/// A row that another transaction holds longer is held by a long import, or by somebody in trouble.
const LOCK_TIMEOUT: &str = "set local lock_timeout = '3s'";

/// From here on, nothing that this transaction waits for keeps it long.
pub async fn be_impatient(conn: &mut PgConnection) -> sqlx::Result<()> {
    conn.execute(LOCK_TIMEOUT).await.map(drop)
}

/// Has nothing booked for the person until the merge is over. None where they were merged, or are
/// sealed by another merge.
pub async fn seal(
    conn: &mut PgConnection,
    person_id: PersonId,
) -> sqlx::Result<Option<DateTime<Utc>>> {
    query_scalar!(
        r#"/* merge::seal */ update person set sealed_at = clock_timestamp()
           where person_id = $1 and merged_into is null and sealed_at is null
           returning sealed_at as "sealed_at!""#,
        person_id.0,
    )
    .fetch_optional(conn)
    .await
}

/// Takes this seal away, and no other one.
pub async fn lift(
    conn: &mut PgConnection,
    person_id: PersonId,
    sealed_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    query!(
        "/* merge::lift */ update person set sealed_at = null
         where person_id = $1 and sealed_at = $2",
        person_id.0,
        sealed_at,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes up to `limit` seals away that are older than this many seconds: whoever was merging is
/// gone. A merge that was only slow finds its seal gone, and merges nothing.
pub async fn lift_old(conn: &mut PgConnection, seconds: i32, limit: u64) -> sqlx::Result<u64> {
    let done = query!(
        "/* merge::lift_old */ update person set sealed_at = null where person_id = any(array(
             select person_id from person
             where sealed_at < statement_timestamp() - make_interval(secs => $1)
             order by sealed_at limit $2 for update skip locked))",
        f64::from(seconds),
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// The booking transactions under way. Each has locked slots, then allocations, before it reads
/// persons, and keeps its locks on the tables to its end; nobody else locks rows of both and is
/// waited for long.
pub async fn bookings_under_way(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        r#"/* merge::bookings_under_way */
           select s.virtualtransaction as "transaction!"
           from pg_locks s join pg_locks a using (virtualtransaction, database)
           where s.database = (select oid from pg_database where datname = current_database())
               and s.locktype = 'relation' and a.locktype = 'relation'
               and s.relation = 'slot'::regclass and a.relation = 'allocation'::regclass
               and s.mode = 'RowShareLock' and a.mode = 'RowShareLock'"#
    )
    .fetch_all(db)
    .await
}

/// Locks both persons, and everybody who turned out to be the first of them, by id. Answers with
/// the two, as far as they are there.
pub async fn lock(
    conn: &mut PgConnection,
    person_id: PersonId,
    into: PersonId,
) -> sqlx::Result<Vec<Side>> {
    let sides = query_as!(
        Side,
        r#"/* merge::lock */ select person_id as "person_id: PersonId",
               merged_into as "merged_into: PersonId", sealed_at
           from person where person_id = any(array[$1::bigint, $2::bigint]) or merged_into = $1
           order by person_id for update"#,
        person_id.0,
        into.0,
    )
    .fetch_all(conn)
    .await?;
    let is_side = |side: &Side| [person_id, into].contains(&side.person_id);
    Ok(sides.into_iter().filter(is_side).collect())
}

/// The doses that both have, by course and number.
pub async fn same_doses(
    conn: &mut PgConnection,
    person_id: PersonId,
    into: PersonId,
) -> sqlx::Result<Vec<SameDose>> {
    query_as!(
        SameDose,
        r#"/* merge::same_doses */ select a.course_id as "course_id: CourseId", a.dose_number,
               a.booking_id as "booking_id: BookingId",
               b.booking_id as "other_booking_id: BookingId"
           from booking a join booking b using (course_id, dose_number)
           where a.person_id = $1 and a.state in (1, 2, 5)
               and b.person_id = $2 and b.state in (1, 2, 5)
           order by a.course_id, a.dose_number"#,
        person_id.0,
        into.0,
    )
    .fetch_all(conn)
    .await
}

/// Moves the bookings, ended ones too; says which those are.
///
/// # Errors
/// `booking_one_live_key` where the other person has booked one of the doses meanwhile.
pub async fn move_bookings(
    conn: &mut PgConnection,
    person_id: PersonId,
    into: PersonId,
) -> sqlx::Result<Vec<BookingId>> {
    query_scalar!(
        r#"/* merge::move_bookings */ with held as (
               select booking_id from booking where person_id = $1 and state in (1, 2, 5)
               union all
               select booking_id from booking where person_id = $1 and state in (3, 4)
           ), locked as materialized (
               select b.booking_id from booking b join held using (booking_id)
               order by b.booking_id for no key update of b)
           update booking b set person_id = $2 from locked
           where b.booking_id = locked.booking_id
           returning b.booking_id as "booking_id: BookingId""#,
        person_id.0,
        into.0,
    )
    .fetch_all(conn)
    .await
}

/// Moves what else is the person's: their lists, what excludes them from a course, and whoever
/// turned out to be them. The row says from here on who they are, and has its seal no more. Codes
/// on their way to the person, which sign nobody in from here on, are not sent.
pub async fn move_rest(
    conn: &mut PgConnection,
    person_id: PersonId,
    into: PersonId,
) -> sqlx::Result<()> {
    query!(
        "/* merge::move_rest */ with left_ones as (
             delete from roster_member where person_id = $1 returning roster_id)
         insert into roster_member (person_id, roster_id)
         select $2, roster_id from left_ones order by roster_id on conflict do nothing",
        person_id.0,
        into.0,
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "/* merge::move_rest */ with moved as (
             update exclusion set person_id = $2 where person_id = $1 and lifted_at is null
             returning person_id)
         update person set is_excluded = true where person_id in (select person_id from moved)",
        person_id.0,
        into.0,
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "/* merge::move_rest */
         update person set merged_into = $2, sealed_at = null, is_excluded = false
         where person_id = $1 or merged_into = $1",
        person_id.0,
        into.0,
    )
    .execute(&mut *conn)
    .await?;
    query!(
        "/* merge::move_rest */
         delete from outbox where person_id = $1 and kind = 'sign_in_code'",
        person_id.0,
    )
    .execute(conn)
    .await
    .map(drop)
}
