//! Bookings that staff make for somebody else, written in the transaction of a lane beside those of
//! citizens. A batch without any of them runs none of this.

use std::collections::BTreeMap;

use super::booking::BookingColumns;
use crate::domain::{
    AllocationId, BookingId, SlotId,
    channel::Channel,
    movement::Bucket,
    staff_booking::{StaffBooking, Written},
};
use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor, query};

/// Writes the bookings with their steps, counters and journal, sorted by person as `batch::write`
/// does. A walk-in takes no seat and its line names no slot; its booking is given as it is made.
///
/// # Errors
/// A unique violation means that another lane has booked for one of the persons.
#[expect(clippy::as_conversions, reason = "how sqlx is told that elements may be null")]
pub async fn write(
    conn: &mut PgConnection,
    bookings: &[StaffBooking],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let new = Columns::of(bookings);
    let counters = Counters::of(bookings);
    query!(
        "/* staff_booking::write */ with booked as (
             insert into booking (booking_id, person_id, campaign_id, product_id, course_id,
                 dose_number, slot_id, allocation_id, rule_version, booked_at, channel)
             select ($2::uuid[])[n], ($3::bigint[])[n], ($4::int[])[n], ($5::int[])[n],
                 ($6::int[])[n], ($7::smallint[])[n], ($8::bigint[])[n], ($9::bigint[])[n],
                 ($10::int[])[n], $1, ($11::smallint[])[n]
             from generate_subscripts($2::uuid[], 1) n
         ), stepped as (
             insert into visit_step (step_id, booking_id, kind, staff_user_id, site, lot, answers,
                 note)
             select ($2::uuid[])[n], ($2::uuid[])[n], ($12::smallint[])[n], ($13::int[])[n],
                 ($14::smallint[])[n], ($15::text[])[n], ($16::text[])[n]::smallint[],
                 ($17::text[])[n]
             from generate_subscripts($2::uuid[], 1) n
         ), seats as (
             update slot s set taken = s.taken + d.taken
             from unnest($18::bigint[], $19::int[]) d (slot_id, taken)
             where s.slot_id = d.slot_id
         ), doses as (
             update allocation a
             set open = a.open + d.open, booked = a.booked + d.booked, spare = a.spare + d.spare,
                 given = a.given + d.given
             from unnest($20::bigint[], $21::int[], $22::int[], $23::int[], $24::int[])
                 d (allocation_id, open, booked, spare, given)
             where a.allocation_id = d.allocation_id
         )
         insert into movement (kind, from_bucket, to_bucket, doses, allocation_id, slot_id,
             booking_id, actor_role, staff_user_id)
         select ($25::smallint[])[n], ($26::smallint[])[n], ($27::smallint[])[n], 1,
             ($9::bigint[])[n], case when ($11::smallint[])[n] <> 3 then ($8::bigint[])[n] end,
             ($2::uuid[])[n], ($28::smallint[])[n], ($13::int[])[n]
         from generate_subscripts($2::uuid[], 1) n",
        now,
        &new.booking.booking_ids,
        &new.booking.person_ids,
        &new.booking.campaign_ids,
        &new.booking.product_ids,
        &new.booking.course_ids,
        &new.booking.dose_numbers,
        &new.booking.slot_ids,
        &new.booking.allocation_ids,
        &new.booking.rule_versions,
        &new.channels,
        &new.step_kinds,
        &new.staff_user_ids as &[Option<i32>],
        &new.sites as &[Option<i16>],
        &new.lots as &[Option<String>],
        &new.answers,
        &new.notes as &[Option<String>],
        &counters.slot_ids,
        &counters.taken,
        &counters.allocation_ids,
        &counters.open,
        &counters.booked,
        &counters.spare,
        &counters.given,
        &new.kinds,
        &new.from,
        &new.to,
        &new.roles,
    )
    .execute(&mut *conn)
    .await?;
    note_given(conn, bookings, now).await
}

/// A walk-in's booking is given as it is made.
async fn note_given(
    conn: &mut PgConnection,
    bookings: &[StaffBooking],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let given = bookings.iter().map(|one| one.new.booking());
    let given = given.filter(|booking| booking.channel == Channel::WalkIn);
    let given: Vec<_> = given.map(|booking| booking.booking_id.0).collect();
    if given.is_empty() {
        return Ok(());
    }
    query!(
        "/* staff_booking::note_given */
         update booking set state = 2, arrived_at = $1, ended_at = $1 where booking_id = any($2)",
        now,
        &given,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The bookings as columns, in the order of their persons.
#[derive(Default)]
struct Columns {
    booking: BookingColumns,
    channels: Vec<i16>,
    step_kinds: Vec<i16>,
    staff_user_ids: Vec<Option<i32>>,
    sites: Vec<Option<i16>>,
    lots: Vec<Option<String>>,
    /// Lists, each as PostgreSQL writes one: an array of arrays would have to be a rectangle.
    answers: Vec<String>,
    notes: Vec<Option<String>>,
    kinds: Vec<i16>,
    from: Vec<i16>,
    to: Vec<i16>,
    roles: Vec<i16>,
}

impl Columns {
    fn of(bookings: &[StaffBooking]) -> Self {
        let mut sorted: Vec<_> = bookings.iter().collect();
        sorted.sort_unstable_by_key(|one| one.new.booking().person_id);
        let bookings = sorted.iter().map(|one| one.new.booking());
        let mut columns = Self { booking: BookingColumns::of(bookings), ..Self::default() };
        for one in sorted {
            columns.push(one);
        }
        columns
    }

    fn push(&mut self, one: &StaffBooking) {
        let booking = one.new.booking();
        let written = Written::from(&one.form);
        let (kind, from, to) = one.movement();
        self.channels.push(booking.channel.number());
        self.step_kinds.push(written.kind);
        self.staff_user_ids.push(one.by.staff_user_id().map(|id| id.0));
        self.sites.push(written.site);
        self.lots.push(written.lot);
        self.answers.push(list(&written.answers));
        self.notes.push(written.note);
        self.kinds.push(kind.number());
        self.from.push(from.number());
        self.to.push(to.number());
        self.roles.push(one.by.role());
    }
}

fn list(numbers: &[i16]) -> String {
    let numbers: Vec<_> = numbers.iter().map(i16::to_string).collect();
    format!("{{{}}}", numbers.join(","))
}

/// The change of each counter row, as columns for `unnest`.
#[derive(Default)]
struct Counters {
    slot_ids: Vec<i64>,
    taken: Vec<i32>,
    allocation_ids: Vec<i64>,
    open: Vec<i32>,
    booked: Vec<i32>,
    spare: Vec<i32>,
    given: Vec<i32>,
}

impl Counters {
    fn of(bookings: &[StaffBooking]) -> Self {
        let mut slots: BTreeMap<SlotId, i32> = BTreeMap::new();
        let mut doses: BTreeMap<AllocationId, [i32; 4]> = BTreeMap::new();
        for one in bookings {
            let booking = one.new.booking();
            if booking.channel != Channel::WalkIn {
                *slots.entry(booking.slot_id).or_default() += 1;
            }
            let (_, from, to) = one.movement();
            let [open, booked, spare, given] = doses.entry(booking.allocation_id).or_default();
            for (bucket, by) in [(from, -1), (to, 1)] {
                match bucket {
                    Bucket::Open => *open += by,
                    Bucket::Booked => *booked += by,
                    Bucket::Spare => *spare += by,
                    Bucket::Given => *given += by,
                    Bucket::Held | Bucket::Lost | Bucket::Outside | Bucket::Pool => {}
                }
            }
        }
        let mut columns = Self::default();
        (columns.slot_ids, columns.taken) = slots.into_iter().map(|(id, n)| (id.0, n)).unzip();
        for (allocation_id, [open, booked, spare, given]) in doses {
            columns.allocation_ids.push(allocation_id.0);
            columns.open.push(open);
            columns.booked.push(booked);
            columns.spare.push(spare);
            columns.given.push(given);
        }
        columns
    }
}

/// The step with the id that a booking of staff's is to have, and the booking that it is about.
pub async fn find_step(
    db: impl PgExecutor<'_>,
    booking_id: BookingId,
) -> sqlx::Result<Option<(BookingId, Written)>> {
    let row = query!(
        "/* staff_booking::find_step */
         select booking_id, kind, site, lot, answers, note from visit_step where step_id = $1",
        booking_id.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| {
        let written = Written {
            kind: row.kind,
            site: row.site,
            lot: row.lot,
            answers: row.answers,
            note: row.note,
        };
        (BookingId(row.booking_id), written)
    }))
}
