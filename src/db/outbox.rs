//! Messages between the transaction that causes them and the one that knows them sent. A message
//! that was sent is deleted.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sqlx::{Executor, PgConnection, PgExecutor, query, query_scalar, types::Json};
use uuid::Uuid;

use crate::{
    db::clinic::zone,
    domain::{
        BookingId, PersonId,
        amenity::Amenities,
        clinic::Directions,
        language::Language,
        localized::Localized,
        notice::{Appointment, News, Notice},
        outbox::{Claimed, CodeMessage, Content, Queue, Recipient},
    },
};

/// How long whoever has claimed a message has it to themselves. Attempts end well before.
pub const LEASE_SECONDS: f64 = 60.0;

/// Takes up to `limit` codes that are due, the longest due first, and for each person only their
/// oldest: nobody else gets them for a minute, and no lock is held while they are being sent.
/// Whoever dies with a message leaves it to whoever comes when its claim has lapsed, so a message
/// may be sent twice but is not lost.
pub async fn claim_codes(conn: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<Claimed>> {
    let rows = query!(
        r#"/* outbox::claim_codes */ with next as (
             select o.outbox_id from outbox o
             where o.queue = 1 and o.sent_at is null
                 and o.due_at <= statement_timestamp()
                 and (o.claimed_until is null or o.claimed_until < statement_timestamp())
                 and (
                     select e.outbox_id from outbox e
                     where e.person_id > 0 and e.person_id = o.person_id and e.queue + 0 = 1
                         and e.outbox_id + 0 < o.outbox_id and e.sent_at is null limit 1) is null
             order by o.due_at limit $1 for update of o skip locked),
         claimed as (
             update outbox o set attempts = o.attempts + 1,
                 claimed_until = statement_timestamp() + make_interval(secs => $2)
             where o.outbox_id = any(array(select outbox_id from next))
             returning o.outbox_id, o.message_id, o.claimed_until, o.attempts, o.expires_at,
                 o.happened_at, o.person_id, o.recipient, o.body, o.is_decoy)
         select c.outbox_id, c.message_id, c.claimed_until as "claimed_until!", c.attempts,
             c.expires_at, c.happened_at, c.recipient, c.body,
             c.is_decoy or p.mark is not null or p.merged_into is not null as "is_decoy!",
             p.email as "email?",
             p.language as "language?"
         from claimed c
         left join lateral (
             select * from person where person_id = c.person_id offset 0) p on true"#,
        limit,
        LEASE_SECONDS,
    )
    .fetch_all(conn)
    .await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        outbox_id: row.outbox_id,
        message_id: row.message_id,
        claimed_until: row.claimed_until,
        happened_at: row.happened_at,
        attempts: row.attempts,
        expires_at: row.expires_at,
        recipient: Recipient {
            phone: row.recipient,
            email: row.email,
            language: row.language.as_deref().and_then(Language::tagged),
        },
        content: match (row.is_decoy, CodeMessage::from_body(&row.body)) {
            (true, _) => Content::Decoy,
            (false, Ok(message)) => Content::Code(message),
            (false, Err(_)) => Content::Unknown,
        },
    });
    Ok(claimed.collect())
}

/// As `claim_codes`, from one of the queues of notices. Whoever was merged is whom they were merged
/// into; what is for somebody who is marked is taken out and goes to nobody.
pub async fn claim_notices(
    conn: &mut PgConnection,
    queue: Queue,
    limit: i64,
) -> sqlx::Result<Vec<Claimed>> {
    let rows = sqlx::query_as!(
        NoticeRow,
        r#"/* outbox::claim_notices */ with next as (
             select o.outbox_id from outbox o
             where o.queue = $1 and o.sent_at is null
                 and o.due_at <= statement_timestamp()
                 and (o.claimed_until is null or o.claimed_until < statement_timestamp())
                 and (
                     select e.outbox_id from outbox e
                     where e.person_id > 0 and e.person_id = o.person_id and e.queue + 0 = o.queue
                         and e.outbox_id + 0 < o.outbox_id and e.sent_at is null limit 1) is null
             order by o.due_at limit $2 for update of o skip locked),
         claimed as (
             update outbox o set attempts = o.attempts + 1,
                 claimed_until = statement_timestamp() + make_interval(secs => $3)
             where o.outbox_id = any(array(select outbox_id from next))
             returning o.outbox_id, o.message_id, o.claimed_until, o.attempts, o.expires_at,
                 o.happened_at, o.kind, o.person_id, o.booking_id)
         select c.outbox_id, c.message_id, c.claimed_until as "claimed_until!", c.attempts,
             c.expires_at, c.happened_at, c.kind, p.phone as "phone!", p.email, p.language,
             p.mark is not null as "is_closed!",
             b.booking_id as "booking_id!", b.booked_at as "booked_at!",
             b.dose_number as "dose_number!", s.on_date as "on_date!", s.starts_at as "starts_at!",
             s.ends_at as "ends_at!", course.name as "course!", course.name_ko as course_ko,
             course.name_en as course_en, clinic.name as "clinic!",
             clinic.name_ko as clinic_ko, clinic.name_en as clinic_en, clinic.zone as "zone!",
             clinic.address as "address!", clinic.phone as "clinic_phone!", clinic.directions,
             clinic.directions_ko, clinic.directions_en,
             clinic.amenities as "amenities!: Json<Amenities>", closure.reason as "reason?",
             closure.reason_ko as "reason_ko?", closure.reason_en as "reason_en?",
             ended.reason as "because?", ended.reason_ko as "because_ko?",
             ended.reason_en as "because_en?"
         from claimed c
         cross join lateral (
             select merged_into from person where person_id = c.person_id offset 0) was
         cross join lateral (
             select * from person
             where person_id = coalesce(was.merged_into, c.person_id) offset 0) p
         cross join lateral (
             select * from booking where booking_id = c.booking_id offset 0) b
         cross join lateral (select * from slot where slot_id = b.slot_id offset 0) s
         cross join lateral (select * from clinic where clinic_id = s.clinic_id offset 0) clinic
         join course on course.course_id = b.course_id
         left join lateral (
             select * from clinic_closure
             where clinic_id = s.clinic_id and on_date = s.on_date offset 0) closure on true
         left join lateral (
             select * from booking_cancellation
             where booking_id = b.booking_id offset 0) ended on true"#,
        queue.number(),
        limit,
        LEASE_SECONDS,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Claimed::try_from).collect()
}

struct NoticeRow {
    outbox_id: i64,
    message_id: Uuid,
    claimed_until: DateTime<Utc>,
    attempts: i16,
    expires_at: DateTime<Utc>,
    happened_at: DateTime<Utc>,
    kind: String,
    phone: String,
    email: Option<String>,
    language: Option<String>,
    is_closed: bool,
    booking_id: Uuid,
    booked_at: DateTime<Utc>,
    dose_number: i16,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    course: String,
    course_ko: Option<String>,
    course_en: Option<String>,
    clinic: String,
    clinic_ko: Option<String>,
    clinic_en: Option<String>,
    zone: String,
    address: String,
    clinic_phone: String,
    directions: Option<String>,
    directions_ko: Option<String>,
    directions_en: Option<String>,
    amenities: Json<Amenities>,
    reason: Option<String>,
    reason_ko: Option<String>,
    reason_en: Option<String>,
    because: Option<String>,
    because_ko: Option<String>,
    because_en: Option<String>,
}

impl TryFrom<NoticeRow> for Claimed {
    type Error = sqlx::Error;

    fn try_from(row: NoticeRow) -> sqlx::Result<Self> {
        let appointment = Appointment {
            booking_id: BookingId(row.booking_id),
            booked_at: row.booked_at,
            on_date: row.on_date,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            course: Localized::new(row.course, row.course_ko, row.course_en),
            dose_number: row.dose_number,
            clinic: Localized::new(row.clinic, row.clinic_ko, row.clinic_en),
            zone: zone(&row.zone)?,
            address: row.address,
            clinic_phone: row.clinic_phone,
            directions: Directions {
                main: row.directions,
                ko: row.directions_ko,
                en: row.directions_en,
            },
            amenities: row.amenities.0,
            closure_reason: row
                .reason
                .map(|reason| Localized::new(reason, row.reason_ko, row.reason_en)),
            cancelled_because: row
                .because
                .map(|reason| Localized::new(reason, row.because_ko, row.because_en)),
        };
        let news = News::named(&row.kind);
        let notice = |news| Notice { news, happened_at: row.happened_at, appointment };
        Ok(Self {
            outbox_id: row.outbox_id,
            message_id: row.message_id,
            claimed_until: row.claimed_until,
            happened_at: row.happened_at,
            attempts: row.attempts,
            expires_at: row.expires_at,
            recipient: Recipient {
                phone: row.phone,
                email: row.email,
                language: row.language.as_deref().and_then(Language::tagged),
            },
            content: match (row.is_closed, news) {
                (true, _) => Content::Decoy,
                (false, Some(news)) => Content::Notice(Box::new(notice(news))),
                (false, None) => Content::Unknown,
            },
        })
    }
}

/// Deletes messages that are done with: sent, or not to be sent.
pub async fn delete(conn: &mut PgConnection, outbox_ids: &[i64]) -> sqlx::Result<()> {
    query!("/* outbox::delete */ delete from outbox where outbox_id = any($1)", outbox_ids)
        .execute(conn)
        .await
        .map(drop)
}

/// A message that was claimed and is to be tried later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PutBack {
    pub outbox_id: i64,
    pub claimed_until: DateTime<Utc>,
    /// How long it is left alone.
    pub pause: TimeDelta,
    pub attempts: i16,
}

/// Gives claims back. One that has lapsed meanwhile is somebody else's, and left to them.
pub async fn put_back(conn: &mut PgConnection, messages: &[PutBack]) -> sqlx::Result<()> {
    let outbox_ids: Vec<_> = messages.iter().map(|message| message.outbox_id).collect();
    let claims: Vec<_> = messages.iter().map(|message| message.claimed_until).collect();
    let pauses: Vec<_> =
        messages.iter().map(|message| message.pause.num_milliseconds().max(0)).collect();
    let attempts: Vec<_> = messages.iter().map(|message| message.attempts).collect();
    query!(
        "/* outbox::put_back */
         update outbox o set claimed_until = null,
             (attempts, due_at) = (
                 select ($4::smallint[])[n],
                     statement_timestamp() + ($3::bigint[])[n] * interval '1 millisecond'
                 from array_position($1::bigint[], o.outbox_id) n)
         where o.outbox_id = any($1)
             and o.claimed_until = ($2::timestamptz[])[array_position($1, o.outbox_id)]",
        &outbox_ids,
        &claims,
        &pauses,
        &attempts,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// What this transaction has written may be lost with the server: a message is then sent once more,
/// under the same id. Not for what puts messages in. Its plans go by index from here on. They are
/// made while the outbox is empty and kept for minutes, in which hundreds of thousands of codes
/// come: whatever reads one row for another is so written (a sub-select, an array, `offset 0`) that
/// PostgreSQL cannot read all rows for it. (`+ 0` in a claim keeps a person's messages from being
/// looked up by anything but the person.)
pub async fn need_not_last(conn: &mut PgConnection) -> sqlx::Result<()> {
    conn.execute(
        "/* outbox::need_not_last */ set local synchronous_commit = off;
         set local enable_seqscan = off; set local enable_hashjoin = off;
         set local enable_mergejoin = off; set local enable_bitmapscan = off;
         set local enable_sort = off",
    )
    .await
    .map(drop)
}

/// Whether more notices than this are due.
pub async fn are_more_due(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<bool> {
    query_scalar!(
        r#"/* outbox::are_more_due */ select count(*) > $1::bigint as "more!" from (
               select from outbox
               where queue > 1 and due_at <= statement_timestamp() limit $1::bigint + 1) due"#,
        limit,
    )
    .fetch_one(db)
    .await
}

/// What waits in a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    pub queue: i16,
    pub messages: i64,
    /// How long the one that is due the longest has been so, in seconds; zero where none is.
    pub seconds: i64,
}

/// What waits in the queues that are not empty.
pub async fn waiting(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Waiting>> {
    sqlx::query_as!(
        Waiting,
        r#"/* outbox::waiting */ select queue, count(*) as "messages!",
               greatest(0, extract(epoch from statement_timestamp() - min(due_at)))::bigint
                   as "seconds!"
           from outbox where sent_at is null group by queue"#
    )
    .fetch_all(db)
    .await
}

/// Deletes up to `limit` messages that are of no more use, and says how many those were.
pub async fn delete_expired(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: u64,
) -> sqlx::Result<u64> {
    let done = query!(
        "/* outbox::delete_expired */
         delete from outbox where outbox_id = any(array(
             select outbox_id from outbox where expires_at <= $1
             order by expires_at limit $2 for update skip locked))",
        now,
        limit.cast_signed(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes all that is to be sent to a person.
pub async fn delete_of(conn: &mut PgConnection, person_id: PersonId) -> sqlx::Result<()> {
    query!(
        "/* outbox::delete_of */ delete from outbox where person_id = $1 and sent_at is null",
        person_id.0,
    )
    .execute(conn)
    .await
    .map(drop)
}
