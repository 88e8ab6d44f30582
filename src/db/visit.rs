//! Visits: what is known of them under the locks of a lane, and the one statement that writes the
//! presses of a batch. A batch without presses runs none of these.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, query, query_as};
use uuid::Uuid;

use super::{booking::booking_of, clinic::zone};
use crate::domain::{
    AllocationId, BookingId, SlotId, StaffUserId, StepId,
    batch::VisitWrite,
    birth_date::{BirthDate, Precision},
    booking::{Booking, State},
    channel::Channel,
    supply::Buckets,
    visit::{Act, Facts, NotGiven, Patient, Press, Site, Step, StepKind, Warning},
};

/// Bookings by their ids. `offset 0` as in `find`.
pub async fn bookings(
    conn: &mut PgConnection,
    booking_ids: &[BookingId],
) -> sqlx::Result<HashMap<BookingId, Booking>> {
    let ids: Vec<_> = booking_ids.iter().map(|id| id.0).collect();
    let rows = query_as!(
        super::booking::Row,
        r#"/* visit::bookings */ select b.booking_id, b.person_id, b.campaign_id, b.product_id,
               b.course_id, b.dose_number, b.state, b.slot_id, b.allocation_id, b.rule_version,
               b.booked_at, b.ended_at, s.on_date, s.starts_at, s.ends_at,
               b.channel as "channel: Channel", b.arrived_at, b.not_given
           from unnest($1::uuid[]) k (booking_id)
           cross join lateral (
               select * from booking where booking_id = k.booking_id offset 0) b
           cross join lateral (select * from slot where slot_id = b.slot_id offset 0) s"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| booking_of(row).map(|b| (b.booking_id, b))).collect()
}

/// What is asked about a visit.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    pub booking_id: BookingId,
    /// The id of the press; nil where somebody only looks.
    pub step_id: StepId,
    /// Who presses.
    pub by: Option<StaffUserId>,
}

impl From<&Press> for Asked {
    fn from(press: &Press) -> Self {
        let Press { booking_id, step_id, by, .. } = *press;
        Self { booking_id, step_id, by: by.staff_user_id() }
    }
}

/// What is known of visits, by booking and press; and those of the pressed ids that are steps of
/// another booking.
pub type Known = (HashMap<(BookingId, StepId), Facts>, HashSet<StepId>);

/// Reads what is known of these visits, in two statements whatever their number. `offset 0` has
/// each table looked into for one row at a time: lanes plan once, perhaps before anybody has
/// booked.
pub async fn find(conn: &mut PgConnection, asked: &[Asked]) -> sqlx::Result<Known> {
    let booking_ids: Vec<_> = asked.iter().map(|one| one.booking_id.0).collect();
    let step_ids: Vec<_> = asked.iter().map(|one| one.step_id.0).collect();
    let by: Vec<_> = asked.iter().map(|one| one.by.map_or(0, |id| id.0)).collect();
    let steps = steps(conn, &booking_ids, &step_ids).await?;
    let rows = query!(
        r#"/* visit::find */
           select b.booking_id, ($2::uuid[])[n] as "step_id!", c.zone,
               x.closed_at as "closed_at?", p.name, p.birth_date, p.birth_precision, p.phone,
               p.fold = 0 as "may_be_double!", u.username as "presser?"
           from generate_subscripts($1::uuid[], 1) n
           cross join lateral (
               select * from booking where booking_id = ($1::uuid[])[n] offset 0) b
           cross join lateral (select * from slot where slot_id = b.slot_id offset 0) s
           cross join lateral (select * from clinic where clinic_id = s.clinic_id offset 0) c
           cross join lateral (select * from person where person_id = b.person_id offset 0) p
           left join lateral (
               select closed_at from clinic_day_close where clinic_id = s.clinic_id
                   and on_date = s.on_date and reopened_at is null offset 0) x on true
           left join lateral (
               select username from staff_user
               where staff_user_id = ($3::int[])[n] offset 0) u on true"#,
        &booking_ids,
        &step_ids,
        &by,
    )
    .fetch_all(conn)
    .await?;
    let mut known = HashMap::with_capacity(rows.len());
    for row in rows {
        let booking_id = BookingId(row.booking_id);
        let precision = Precision::numbered(row.birth_precision);
        let facts = Facts {
            zone: zone(&row.zone)?,
            closed_at: row.closed_at,
            patient: Patient {
                name: row.name,
                birth_date: BirthDate::kept(row.birth_date, precision),
                phone: row.phone,
                may_be_double: row.may_be_double,
            },
            presser: row.presser,
            steps: steps.iter().filter(|step| step.booking_id == booking_id).cloned().collect(),
        };
        known.insert((booking_id, StepId(row.step_id)), facts);
    }
    let is_strange = |one: &&Asked| {
        steps.iter().any(|step| step.step_id == one.step_id && step.booking_id != one.booking_id)
    };
    Ok((known, asked.iter().filter(is_strange).map(|one| one.step_id).collect()))
}

/// The steps of these bookings in the order in which they were made, and those with these ids.
async fn steps(
    conn: &mut PgConnection,
    booking_ids: &[Uuid],
    step_ids: &[Uuid],
) -> sqlx::Result<Vec<Step>> {
    let rows = query!(
        r#"/* visit::steps */
           select v.step_id as "step_id!", v.booking_id as "booking_id!", v.kind as "kind!",
               v.at as "at!", v.staff_user_id, u.username as "username?", v.reason, v.site, v.lot,
               v.had_on, v.until, v.answers as "answers!", v.undoes, v.note
           from (
               select * from visit_step where booking_id = any($1)
               union
               select * from visit_step where step_id = any($2)
           ) v
           left join lateral (
               select username from staff_user
               where staff_user_id = v.staff_user_id offset 0) u on true
           order by v.at, v.step_id"#,
        booking_ids,
        step_ids,
    )
    .fetch_all(conn)
    .await?;
    let steps = rows.into_iter().map(|row| {
        let kind = StepKind::of(row.kind)
            .ok_or_else(|| sqlx::Error::Decode(format!("{} is no step", row.kind).into()))?;
        Ok(Step {
            step_id: StepId(row.step_id),
            booking_id: BookingId(row.booking_id),
            kind,
            at: row.at,
            by: row.staff_user_id.map(StaffUserId),
            username: row.username,
            reason: row.reason.and_then(NotGiven::of),
            had_on: row.had_on,
            until: row.until,
            site: row.site.and_then(Site::of),
            lot: row.lot,
            answers: row.answers.into_iter().filter_map(Warning::of).collect(),
            undoes: row.undoes.map(StepId),
            note: row.note,
        })
    });
    steps.collect()
}

/// Locks those of the persons of whom presses find something, or take that back, and the others
/// who are named, in the order of their ids. Persons come before bookings, so it is called before
/// any booking of the batch is written. Most batches have none, and run nothing.
pub async fn lock_people(
    conn: &mut PgConnection,
    visits: &[VisitWrite],
    others: &[i64],
) -> sqlx::Result<()> {
    let found = visits.iter().filter(|visit| finds(visit) || takes_back_finding(visit));
    let found = found.map(|visit| visit.booking.person_id.0);
    let ids: Vec<_> = found.chain(others.iter().copied()).collect();
    if ids.is_empty() {
        return Ok(());
    }
    query!(
        "/* visit::lock_people */
         select from person where person_id = any($1) order by person_id for no key update",
        &ids,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Whether the press finds something that keeps the person from doses.
fn finds(visit: &VisitWrite) -> bool {
    match visit.press.act {
        Act::NotVaccinated { reason, until, .. } => keeps_from_doses(reason, until),
        _ => false,
    }
}

/// Whether the press takes back a step that did.
fn takes_back_finding(visit: &VisitWrite) -> bool {
    let undone = visit.undone.as_ref();
    let found = undone.and_then(|undone| Some((undone.reason?, undone.until)));
    found.is_some_and(|(reason, until)| keeps_from_doses(reason, until))
}

fn keeps_from_doses(reason: NotGiven, until: Option<NaiveDate>) -> bool {
    match reason {
        NotGiven::Contraindicated | NotGiven::AlreadyHad => true,
        NotGiven::Unwell => until.is_some(),
        NotGiven::Refused | NotGiven::NotRecorded => false,
    }
}

/// Writes the presses of a batch in one statement: steps, bookings, counters, journal, and what was
/// found of persons. Each booking and each person is in it once. Bookings are found by a list of
/// their ids: a join, planned while the table was empty, would read all of it all evening.
///
/// # Errors
/// A unique violation means that another lane has made the same step, or has booked for a person.
#[expect(clippy::as_conversions, reason = "how sqlx is told that elements may be null")]
#[expect(clippy::too_many_lines, reason = "one statement and its parameters")]
pub async fn write(
    conn: &mut PgConnection,
    visits: &[VisitWrite],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let rows = Rows::of(visits);
    let (steps, found, moved) = (&rows.steps, &rows.found, &rows.moved);
    query!(
        "/* visit::write */ with step as (
             insert into visit_step (step_id, booking_id, kind, at, staff_user_id, reason, site,
                 lot, answers, undoes, note, had_on, until)
             select ($2::uuid[])[n], ($3::uuid[])[n], ($4::smallint[])[n], $1, ($5::int[])[n],
                 ($6::smallint[])[n], ($7::smallint[])[n], ($8::text[])[n],
                 (($9::text[])[n])::smallint[], ($10::uuid[])[n], ($11::text[])[n],
                 ($43::date[])[n], ($44::date[])[n]
             from generate_subscripts($2::uuid[], 1) n
         ), changed as (
             update booking b set (state, not_given, arrived_at, ended_at) = (
                 select ($12::smallint[])[n], ($13::smallint[])[n], ($14::timestamptz[])[n],
                     ($15::timestamptz[])[n]
                 from array_position($3::uuid[], b.booking_id) n)
             where b.booking_id = any($3::uuid[])
         ), seats as (
             update slot s set taken = s.taken + d.taken
             from unnest($16::bigint[], $17::int[]) d (slot_id, taken)
             where s.slot_id = d.slot_id
         ), doses as (
             update allocation a set open = a.open + d.open, booked = a.booked + d.booked,
                 spare = a.spare + d.spare, given = a.given + d.given, lost = a.lost + d.lost
             from unnest($18::bigint[], $19::int[], $20::int[], $21::int[], $22::int[], $23::int[])
                 d (allocation_id, open, booked, spare, given, lost)
             where a.allocation_id = d.allocation_id
         ), found as (
             insert into exclusion (person_id, course_id, dose_number, reason, booking_id, had_on,
                 staff_user_id, until)
             select ($24::bigint[])[n], ($25::int[])[n], ($26::smallint[])[n],
                 ($27::smallint[])[n], ($28::uuid[])[n], ($29::date[])[n], ($30::int[])[n],
                 ($45::date[])[n]
             from generate_subscripts($24::bigint[], 1) n
         ), lifted as (
             update exclusion e set lifted_at = $1,
                 lifted_by = ($33::int[])[array_position($32::uuid[], e.booking_id)]
             where e.person_id = any($31::bigint[]) and e.booking_id = any($32::uuid[])
                 and e.lifted_at is null
         ), people as (
             update person p set is_excluded = p.person_id = any($24::bigint[]) or coalesce((
                 select true from exclusion e
                 where e.person_id = p.person_id and e.lifted_at is null
                     and e.booking_id <> all($32::uuid[]) limit 1), false)
             where p.person_id = any($24::bigint[] || $31::bigint[])
         )
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id,
             booking_id, actor_role, staff_user_id, reason)
         select ($34::smallint[])[n], ($35::smallint[])[n], ($36::smallint[])[n], 1,
             ($37::bigint[])[n], ($38::bigint[])[n], ($39::uuid[])[n],
             ($40::smallint[])[n], ($41::int[])[n], ($42::text[])[n]
         from generate_subscripts($34::smallint[], 1) n",
        now,
        &steps.step_ids,
        &steps.booking_ids,
        &steps.kinds,
        &steps.by as &[Option<i32>],
        &steps.reasons as &[Option<i16>],
        &steps.sites as &[Option<i16>],
        &steps.lots as &[Option<String>],
        &steps.answers,
        &steps.undoes as &[Option<Uuid>],
        &steps.notes as &[Option<String>],
        &steps.states,
        &steps.not_given as &[Option<i16>],
        &steps.arrived_at as &[Option<DateTime<Utc>>],
        &steps.ended_at as &[Option<DateTime<Utc>>],
        &rows.slot_ids,
        &rows.taken,
        &rows.allocation_ids,
        &rows.open,
        &rows.booked,
        &rows.spare,
        &rows.given,
        &rows.lost,
        &found.person_ids,
        &found.course_ids,
        &found.dose_numbers,
        &found.reasons,
        &found.booking_ids,
        &found.had_on as &[Option<NaiveDate>],
        &found.by,
        &rows.lifted_person_ids,
        &rows.lifted_booking_ids,
        &rows.lifted_by,
        &moved.kinds,
        &moved.from,
        &moved.to,
        &moved.allocation_ids,
        &moved.slot_ids as &[Option<i64>],
        &moved.booking_ids,
        &moved.roles,
        &moved.by as &[Option<i32>],
        &moved.notes as &[Option<String>],
        &steps.had_on as &[Option<NaiveDate>],
        &steps.until as &[Option<NaiveDate>],
        &found.until as &[Option<NaiveDate>],
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The presses as columns, and what they change.
#[derive(Default)]
struct Rows {
    steps: Steps,
    found: Found,
    moved: Moves,
    lifted_person_ids: Vec<i64>,
    lifted_booking_ids: Vec<Uuid>,
    lifted_by: Vec<i32>,
    slot_ids: Vec<i64>,
    taken: Vec<i32>,
    allocation_ids: Vec<i64>,
    open: Vec<i32>,
    booked: Vec<i32>,
    spare: Vec<i32>,
    given: Vec<i32>,
    lost: Vec<i32>,
}

/// Steps, beside their bookings as they will be.
#[derive(Default)]
struct Steps {
    step_ids: Vec<Uuid>,
    booking_ids: Vec<Uuid>,
    kinds: Vec<i16>,
    by: Vec<Option<i32>>,
    reasons: Vec<Option<i16>>,
    had_on: Vec<Option<NaiveDate>>,
    until: Vec<Option<NaiveDate>>,
    sites: Vec<Option<i16>>,
    lots: Vec<Option<String>>,
    /// Each as PostgreSQL writes an array: arrays of arrays must be of one length.
    answers: Vec<String>,
    undoes: Vec<Option<Uuid>>,
    notes: Vec<Option<String>>,
    states: Vec<i16>,
    not_given: Vec<Option<i16>>,
    arrived_at: Vec<Option<DateTime<Utc>>>,
    ended_at: Vec<Option<DateTime<Utc>>>,
}

/// What was found of persons.
#[derive(Default)]
struct Found {
    person_ids: Vec<i64>,
    course_ids: Vec<i32>,
    dose_numbers: Vec<i16>,
    reasons: Vec<i16>,
    booking_ids: Vec<Uuid>,
    had_on: Vec<Option<NaiveDate>>,
    until: Vec<Option<NaiveDate>>,
    by: Vec<i32>,
}

/// The journal's lines.
#[derive(Default)]
struct Moves {
    kinds: Vec<i16>,
    from: Vec<i16>,
    to: Vec<i16>,
    allocation_ids: Vec<i64>,
    slot_ids: Vec<Option<i64>>,
    booking_ids: Vec<Uuid>,
    roles: Vec<i16>,
    by: Vec<Option<i32>>,
    notes: Vec<Option<String>>,
}

impl Rows {
    fn of(visits: &[VisitWrite]) -> Self {
        let mut rows = Self::default();
        let mut seats: BTreeMap<SlotId, i32> = BTreeMap::new();
        let mut doses: BTreeMap<AllocationId, Buckets> = BTreeMap::new();
        for visit in visits {
            rows.steps.push(visit);
            rows.moved.push(visit);
            rows.found.push(visit);
            rows.lift(visit);
            let Some(moved) = visit.moved else { continue };
            *seats.entry(visit.booking.slot_id).or_default() += visit.seats;
            let change = Buckets::change(moved.from, moved.to, 1);
            *doses.entry(visit.booking.allocation_id).or_default() += change;
        }
        (rows.slot_ids, rows.taken) =
            seats.into_iter().filter(|(_, n)| *n != 0).map(|(id, n)| (id.0, n)).unzip();
        let number = |doses: i64| i32::try_from(doses).unwrap_or(0);
        for (id, change) in doses {
            rows.allocation_ids.push(id.0);
            rows.open.push(number(change.open));
            rows.booked.push(number(change.booked));
            rows.spare.push(number(change.spare));
            rows.given.push(number(change.given));
            rows.lost.push(number(change.lost));
        }
        rows
    }

    /// A step that is taken back takes back what was found with it.
    fn lift(&mut self, visit: &VisitWrite) {
        if let (true, Some(by)) = (takes_back_finding(visit), visit.press.by.staff_user_id()) {
            self.lifted_person_ids.push(visit.booking.person_id.0);
            self.lifted_booking_ids.push(visit.booking.booking_id.0);
            self.lifted_by.push(by.0);
        }
    }
}

impl Steps {
    fn push(&mut self, VisitWrite { step, booking, .. }: &VisitWrite) {
        let answers: Vec<_> = step.answers.iter().map(|one| one.number().to_string()).collect();
        self.step_ids.push(step.step_id.0);
        self.booking_ids.push(step.booking_id.0);
        self.kinds.push(step.kind.number());
        self.by.push(step.by.map(|id| id.0));
        self.reasons.push(step.reason.map(NotGiven::number));
        self.had_on.push(step.had_on);
        self.until.push(step.until);
        self.sites.push(step.site.map(Site::number));
        self.lots.push(step.lot.clone());
        self.answers.push(format!("{{{}}}", answers.join(",")));
        self.undoes.push(step.undoes.map(|id| id.0));
        self.notes.push(step.note.clone());
        // A booking that was not vaccinated is kept as a no-show with a reason.
        self.states.push(match booking.state {
            State::NotVaccinated => State::NoShow.number(),
            state => state.number(),
        });
        self.not_given.push(booking.not_given.map(NotGiven::number));
        self.arrived_at.push(booking.arrived_at);
        self.ended_at.push(booking.ended_at);
    }
}

impl Found {
    fn push(&mut self, VisitWrite { press, booking, .. }: &VisitWrite) {
        let Act::NotVaccinated { reason, had_on, until } = press.act else { return };
        let Some(by) = press.by.staff_user_id() else { return };
        let dose_number = match (reason, until) {
            (NotGiven::Contraindicated, _) | (NotGiven::Unwell, Some(_)) => 0,
            (NotGiven::AlreadyHad, _) => booking.dose_number,
            (NotGiven::Refused | NotGiven::Unwell | NotGiven::NotRecorded, _) => return,
        };
        self.person_ids.push(booking.person_id.0);
        self.course_ids.push(booking.course_id.0);
        self.dose_numbers.push(dose_number);
        self.reasons.push(reason.number());
        self.booking_ids.push(booking.booking_id.0);
        self.had_on.push(had_on.filter(|_| reason == NotGiven::AlreadyHad));
        self.until.push(until.filter(|_| reason == NotGiven::Unwell));
        self.by.push(by.0);
    }
}

impl Moves {
    fn push(&mut self, VisitWrite { press, booking, moved, .. }: &VisitWrite) {
        let Some(moved) = moved else { return };
        // A walk-in takes no seat: its lines name no slot.
        let slot_id = (booking.channel != Channel::WalkIn).then_some(booking.slot_id.0);
        self.kinds.push(moved.kind.number());
        self.from.push(moved.from.number());
        self.to.push(moved.to.number());
        self.allocation_ids.push(booking.allocation_id.0);
        self.slot_ids.push(slot_id);
        self.booking_ids.push(booking.booking_id.0);
        self.roles.push(press.by.role());
        self.by.push(press.by.staff_user_id().map(|id| id.0));
        self.notes.push(press.note.clone());
    }
}
