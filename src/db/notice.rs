//! What people are told about their appointments: from the journal, from closed days and from the
//! calendar into the outbox. Whoever holds the cursor's row is the only one who does so. Whoever is
//! marked as moved away or dead is told nothing.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use sqlx::{
    Executor, PgConnection, PgExecutor, postgres::PgQueryResult, query, query_as, query_scalar,
};

use crate::domain::{ClinicId, booking::State};

/// The time by which something is news, or late: the database's, unless a test holds it.
pub type Now = Option<DateTime<Utc>>;

/// Where the journal is being read: everything that `ahead` sees, `seen` does not, and is behind
/// `done_id`.
#[derive(Clone, Debug)]
pub struct Cursor {
    /// As PostgreSQL writes a snapshot.
    pub seen: String,
    /// None where nothing is being read.
    pub ahead: Option<String>,
    pub done_id: i64,
}

/// By which ways this installation sends notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ways {
    pub texts: bool,
    pub mails: bool,
}

/// What happened longer ago is told to nobody: it is no news where messages begin to be sent after
/// a long time without.
pub const NEWS_HOURS_MAX: i32 = 72;
/// Whoever has booked within this time before a reminder has just been told.
pub const REMINDER_HOURS_MIN: i32 = 12;

/// Whether anything was committed that nobody has looked at. Locks nothing and writes nothing. It
/// looks at the ends of the index: where nothing is new, any other plan would read all of the
/// journal to find that out.
pub async fn is_news(conn: &mut PgConnection) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* notice::is_news */ select ahead is not null
               or coalesce((select tx from movement order by tx desc, id desc limit 1)
                   >= pg_snapshot_xmax(seen), false)
               or exists (
                   select from pg_snapshot_xip(seen) late (tx) cross join lateral (
                       select from movement m where m.tx = late.tx order by m.id limit 1) line)
               or exists (select from closure_change) as "is_news!"
           from notice_cursor"#
    )
    .fetch_one(conn)
    .await
}

/// Takes the cursor to the end of the transaction; none if another node has it.
pub async fn lock_cursor(conn: &mut PgConnection) -> sqlx::Result<Option<Cursor>> {
    query_as!(
        Cursor,
        r#"/* notice::lock_cursor */
           select seen::text as "seen!", ahead::text, done_id from notice_cursor
           for update skip locked"#
    )
    .fetch_optional(conn)
    .await
}

/// Where the cursor is, and what has been committed by now. Locks nothing.
pub async fn mark(db: impl PgExecutor<'_>) -> sqlx::Result<Option<(Cursor, String)>> {
    let row = query!(
        r#"/* notice::mark */
           select seen::text as "seen!", ahead::text, done_id, pg_current_snapshot()::text as "now!"
           from notice_cursor"#
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.map(|row| (Cursor { seen: row.seen, ahead: row.ahead, done_id: row.done_id }, row.now)))
}

/// Looks at what `to` sees, which is a snapshot later than what was seen, or at what has been
/// committed by now; gives what is ahead then.
pub async fn look_ahead(conn: &mut PgConnection, to: Option<&str>) -> sqlx::Result<String> {
    query_scalar!(
        r#"/* notice::look_ahead */
           update notice_cursor
           set ahead = coalesce($1::text::pg_snapshot, pg_current_snapshot()), done_id = 0
           returning ahead::text as "ahead!""#,
        to,
    )
    .fetch_one(conn)
    .await
}

/// What a step has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Lines of the journal that were read; fewer than asked for at the end.
    pub lines: i64,
    /// Messages that were put into the outbox.
    pub messages: i64,
}

/// Puts the news of the next lines that are ahead into the outbox: bookings, whoever made them,
/// cancellations, and cancellations that a clinic took back, in the order of their ids: a
/// line that depends on another has the larger one, because it was written after the other was
/// committed. (Ids of transactions do not say that: one is given before its transaction waits.)
pub async fn tell_lines(
    conn: &mut PgConnection,
    at: (&Cursor, &str),
    (now, ways): (Now, Ways),
    limit: i64,
) -> sqlx::Result<Told> {
    // The planner cannot know how few lines are new; see board::lines_since. Nor does it know of
    // bookings that were made since it last looked.
    conn.execute(
        "set local enable_seqscan = off; set local enable_hashjoin = off; \
         set local enable_mergejoin = off",
    )
    .await?;
    let told = tell_lines_by_index(conn, at, (now, ways), limit).await?;
    conn.execute(
        "set local enable_seqscan = on; set local enable_hashjoin = on; \
         set local enable_mergejoin = on",
    )
    .await?;
    Ok(told)
}

async fn tell_lines_by_index(
    conn: &mut PgConnection,
    (cursor, ahead): (&Cursor, &str),
    (now, ways): (Now, Ways),
    limit: i64,
) -> sqlx::Result<Told> {
    query_as!(
        Told,
        r#"/* notice::tell_lines_by_index */ with fresh as (
               select id, tx, kind, from_bucket, to_bucket, booking_id, at from movement
               where tx >= pg_snapshot_xmax($1::text::pg_snapshot)
                   and tx < pg_snapshot_xmax($2::text::pg_snapshot)
               union all
               select id, tx, kind, from_bucket, to_bucket, booking_id, at from movement
               where tx = any(array(select pg_snapshot_xip($1::text::pg_snapshot)))
           ), line as materialized (
               select * from fresh
               where (kind in (1, 2, 3) or (kind, from_bucket, to_bucket) = (12, 4, 3))
                   and id > $3
                   and pg_visible_in_snapshot(tx, $2::text::pg_snapshot)
               order by id limit $4
           ), told as (
               insert into outbox (kind, recipient, body, person_id, queue, booking_id,
                   happened_at, expires_at)
               select case when line.kind in (1, 12) then 'booked' else 'cancelled' end, '', '',
                   b.person_id, way.queue, b.booking_id, line.at, s.starts_at
               from line
               join booking b on b.booking_id = line.booking_id
                   and (line.kind <> 12 or b.state = 1 and b.arrived_at is null)
               join slot s on s.slot_id = b.slot_id
               join person p on p.person_id = b.person_id
               join (values (2::smallint), (3)) way (queue) on
                   way.queue = 2 and $5 or way.queue = 3 and $6 and p.email is not null
               where p.mark is null and s.starts_at > coalesce($7, statement_timestamp())
                   and line.at > coalesce($7, statement_timestamp()) - make_interval(hours => $8)
               order by line.id
               returning 1
           ), moved as (
               update notice_cursor set done_id = (select max(id) from line)
               where exists (select from line)
           )
           select (select count(*) from line) as "lines!",
               (select count(*) from told) as "messages!""#,
        cursor.seen,
        ahead,
        cursor.done_id,
        limit,
        ways.texts,
        ways.mails,
        now,
        NEWS_HOURS_MAX,
    )
    .fetch_one(conn)
    .await
}

/// Everything ahead is done.
pub async fn arrive(conn: &mut PgConnection) -> sqlx::Result<()> {
    query!(
        "/* notice::arrive */ update notice_cursor set seen = ahead, ahead = null, done_id = 0
         where ahead is not null"
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A day of a clinic that was closed or opened.
#[derive(Clone, Copy, Debug)]
pub struct ClosureChange {
    pub closure_change_id: i64,
    pub at: DateTime<Utc>,
    pub clinic_id: ClinicId,
    pub on_date: NaiveDate,
}

/// Notes that a clinic's day was closed or opened, after its slots were: whoever is booked there
/// will be told.
pub async fn insert_closure_change(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    on_date: NaiveDate,
) -> sqlx::Result<()> {
    query!(
        "/* notice::insert_closure_change */
         insert into closure_change (clinic_id, on_date) values ($1, $2)",
        clinic_id.0,
        on_date,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The oldest change that is ahead.
pub async fn next_closure_change(
    conn: &mut PgConnection,
    ahead: &str,
) -> sqlx::Result<Option<ClosureChange>> {
    query_as!(
        ClosureChange,
        r#"/* notice::next_closure_change */
           select closure_change_id, at, clinic_id as "clinic_id: ClinicId", on_date
           from closure_change where pg_visible_in_snapshot(tx, $1::text::pg_snapshot)
           order by closure_change_id limit 1"#,
        ahead,
    )
    .fetch_optional(conn)
    .await
}

/// Puts into the outbox what the change means for those who are booked on that day: closed, for
/// whoever has not been told so; opened, for whoever has. Says how many messages that made, and
/// forgets the change. Who was booked after it is left to a later change; whoever has come already
/// is told by those who stand there.
pub async fn tell_closure(
    conn: &mut PgConnection,
    change: &ClosureChange,
    (now, ways): (Now, Ways),
) -> sqlx::Result<i64> {
    query_scalar!(
        r#"/* notice::tell_closure */ with hit as materialized (
               select b.booking_id, b.person_id, s.ends_at, s.is_closed, p.email
               from slot s
               join booking b using (slot_id)
               join person p using (person_id)
               left join closure_told t on t.booking_id = b.booking_id
               where s.clinic_id = $2 and s.on_date = $3 and b.state = any($5) and p.mark is null
                   and b.booked_at <= $4 and b.arrived_at is null
                   and s.ends_at > coalesce($6, statement_timestamp())
                   and s.is_closed = (t.booking_id is null)
           ), noted as (
               insert into closure_told (booking_id, on_date)
               select booking_id, $3 from hit where is_closed
           ), forgotten as (
               delete from closure_told where booking_id in (
                   select booking_id from hit where not is_closed)
           ), unsent as (
               delete from notice_sent where booking_id in (
                   select booking_id from hit where not is_closed)
           ), untold as (
               delete from booking_told t where booking_id in (
                   select booking_id from hit where not is_closed)
                   and not exists (
                       select from booking_reopened r where r.booking_id = t.booking_id)
           ), done as (
               delete from closure_change where closure_change_id = $1
           ), told as (
               insert into outbox (kind, recipient, body, person_id, queue, booking_id,
                   happened_at, expires_at)
               select case when is_closed then 'closed' else 'opened' end, '', '', person_id,
                   way.queue, booking_id, $4, ends_at
               from hit
               join (values (2::smallint), (3)) way (queue) on
                   way.queue = 2 and $7 or way.queue = 3 and $8 and email is not null
               returning 1
           )
           select count(*) as "messages!" from told"#,
        change.closure_change_id,
        change.clinic_id.0,
        change.on_date,
        change.at,
        &State::PROMISED.map(State::number),
        now,
        ways.texts,
        ways.mails,
    )
    .fetch_one(conn)
    .await
}

/// Clinics whose persons are to be reminded of tomorrow, there, and have not been: those where it
/// is this time of the day or later.
pub async fn due_reminders(
    conn: &mut PgConnection,
    now: Now,
    time: NaiveTime,
    limit: i64,
) -> sqlx::Result<Vec<(i32, NaiveDate)>> {
    let rows = query!(
        r#"/* notice::due_reminders */
           select clinic_id as "clinic_id!", tomorrow as "tomorrow!" from (
               select clinic_id, local::date + 1 as tomorrow, local::time as time from (
                   select clinic_id, coalesce($1, statement_timestamp()) at time zone zone as local
                   from clinic) there) c
           where time >= $2 and not exists (
               select from reminder_day r where r.clinic_id = c.clinic_id and r.on_date = tomorrow)
           order by clinic_id limit $3"#,
        now,
        time,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.clinic_id, row.tomorrow)).collect())
}

/// Puts reminders into the outbox for everybody who is booked at these clinics on these days, and
/// notes that. Says how many messages that made. They are of no use once the day has begun.
pub async fn tell_reminders(
    conn: &mut PgConnection,
    days: &[(i32, NaiveDate)],
    (now, ways): (Now, Ways),
) -> sqlx::Result<i64> {
    let (clinics, dates): (Vec<_>, Vec<_>) = days.iter().copied().unzip();
    query_scalar!(
        r#"/* notice::tell_reminders */ with marked as (
               insert into reminder_day (clinic_id, on_date)
               select * from unnest($1::int[], $2::date[])
               on conflict do nothing returning clinic_id, on_date
           ), told as (
               insert into outbox (kind, recipient, body, person_id, queue, booking_id,
                   happened_at, expires_at)
               select 'reminder', '', '', b.person_id, way.queue, b.booking_id,
                   coalesce($3, statement_timestamp()), m.on_date::timestamp at time zone c.zone
               from marked m
               join clinic c using (clinic_id)
               join slot s on s.clinic_id = m.clinic_id and s.on_date = m.on_date
               join booking b using (slot_id)
               join person p using (person_id)
               join (values (2::smallint), (3)) way (queue) on
                   way.queue = 2 and $4 or way.queue = 3 and $5 and p.email is not null
               where b.state = any($6) and p.mark is null and not s.is_closed and b.booked_at
                   < coalesce($3, statement_timestamp()) - make_interval(hours => $7)
               returning 1
           )
           select count(*) as "messages!" from told"#,
        &clinics,
        &dates,
        now,
        ways.texts,
        ways.mails,
        &State::PROMISED.map(State::number),
        REMINDER_HOURS_MIN,
    )
    .fetch_one(conn)
    .await
}

/// Forgets up to `limit` notes about days that are over everywhere, of each kind; says how many
/// those were.
pub async fn delete_past(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: u64,
) -> sqlx::Result<u64> {
    let told = query!(
        "/* notice::delete_past */ delete from closure_told where booking_id in (
             select booking_id from closure_told
             where on_date < ($1 at time zone 'UTC')::date - 1
             limit $2)",
        now,
        limit.cast_signed(),
    )
    .execute(&mut *conn)
    .await?;
    let reminded = query!(
        "/* notice::delete_past */ delete from reminder_day where (clinic_id, on_date) in (
             select clinic_id, on_date from reminder_day
             where on_date < ($1 at time zone 'UTC')::date - 1
             limit $2)",
        now,
        limit.cast_signed(),
    )
    .execute(&mut *conn)
    .await?;
    // Where nobody sends messages, nobody takes these away.
    let changed = query!(
        "/* notice::delete_past */ delete from closure_change where closure_change_id in (
             select closure_change_id from closure_change
             where on_date < ($1 at time zone 'UTC')::date - 1
             limit $2)",
        now,
        limit.cast_signed(),
    )
    .execute(&mut *conn)
    .await?;
    let reopened = query!(
        "/* notice::delete_past */ delete from booking_reopened where booking_id in (
             select r.booking_id from booking_reopened r
             cross join lateral (
                 select slot_id from booking where booking_id = r.booking_id offset 0) b
             cross join lateral (
                 select on_date from slot where slot_id = b.slot_id offset 0) s
             where s.on_date < ($1 at time zone 'UTC')::date - 1
             limit $2)",
        now,
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok([told, reminded, changed, reopened]
        .iter()
        .map(PgQueryResult::rows_affected)
        .max()
        .unwrap_or(0))
}
