//! Closing days of a clinic, and what becomes of those who are booked then. Bookings stay until it
//! is decided what becomes of them: each person may move, the administration may cancel all, and a
//! day that is opened again has them as they were.

use chrono::NaiveDate;

use super::{Error, Result, constraint::named, lane::apart};
use crate::{
    db::{self, Db, Failure, in_tx},
    domain::{
        BookingId, ClinicId, Code, Detail, Refusal, StaffUserId,
        actor::{Actor, Cause},
        batch::Outcome,
        booking::{Book, Booking},
        clinic::Closure,
        closure::{How, Told},
        day::accounted,
        fact::Noun,
        localized::Localized,
        opening_hours::DAYS_MAX,
        slot_plan::{HITS_MAX, Hit},
    },
};

/// Bookings that one transaction cancels: their slots are locked for some milliseconds.
const CANCELLED_AT_ONCE: i64 = 100;
/// How often a transaction is tried that met a lane's booking for the same person.
const TRIES_MAX: usize = 3;

/// What closing days touched, or would.
#[derive(Clone, Debug, Default)]
pub struct Closed {
    pub slots: u64,
    /// Bookings, not cancelled, that stand on the days.
    pub live_bookings: i64,
    /// The first of them.
    pub hits: Vec<Hit>,
}

/// Closes a clinic from the day of the closure to this one, both included; days that are closed
/// already get the new reason.
///
/// # Errors
/// `not_found` for an unknown clinic; `invalid_field` for days in another order, or too many.
pub async fn close(
    db: &Db,
    closure: &Closure,
    to_date: NaiveDate,
    dry_run: bool,
) -> Result<Closed> {
    let Closure { clinic_id, on_date, .. } = *closure;
    if to_date < on_date {
        return Err(Refusal::field("to_date", Detail::DatesReversed).into());
    }
    if (to_date - on_date).num_days().unsigned_abs() >= DAYS_MAX {
        return Err(Refusal::field("to_date", Detail::TooManyDays { days_max: DAYS_MAX }).into());
    }
    let done = in_tx(&db.write, "close clinic day", async |conn| {
        db::clinic::lock(conn, clinic_id).await?.ok_or_else(|| no_clinic(clinic_id))?;
        let slots = db::closure::close(conn, closure, to_date).await.map_err(named)?;
        let days = (on_date, to_date);
        let (live_bookings, hits) = db::closure::standing(conn, clinic_id, days, HITS_MAX).await?;
        let closed = Closed { slots, live_bookings, hits };
        if dry_run {
            return Err(Undone::DryRun(closed));
        }
        db::catalogue::touch(conn).await?;
        Ok(closed)
    });
    match done.await {
        Ok(closed) | Err(Undone::DryRun(closed)) => Ok(closed),
        Err(Undone::Refused(refusal)) => Err(refusal.into()),
        Err(Undone::Failed(error)) => Err(error),
    }
}

/// Opens a closed day and its slots; bookings on it are whole again. Whom somebody had told of the
/// closing stands on the list of those to tell.
///
/// # Errors
/// `not_found` for an unknown clinic or a day that is not closed; `wrong_state` for one that is
/// accounted for.
pub async fn open_day(db: &Db, clinic_id: ClinicId, on_date: NaiveDate) -> Result<()> {
    in_tx(&db.write, "open clinic day", async |conn| {
        db::clinic::lock(conn, clinic_id).await?.ok_or_else(|| no_clinic(clinic_id))?;
        if db::day::is_closed(&mut *conn, clinic_id, on_date).await? {
            return Err(accounted(on_date).into());
        }
        if !db::clinic::delete_closure(conn, clinic_id, on_date).await? {
            return Err(Refusal::not_found().into());
        }
        let back = db::slot::open(conn, clinic_id, on_date).await?;
        db::closure::note_reopened(conn, &back).await?;
        db::notice::insert_closure_change(conn, clinic_id, on_date).await?;
        db::catalogue::touch(conn).await?;
        Ok(())
    })
    .await
}

/// Cancels every booking of a day that has lost its time and is still to come; says how many. Some
/// at a time: what was cancelled stays so where it breaks off, and the rest is done when asked
/// again.
///
/// # Errors
/// `not_found` for an unknown clinic; `wrong_state` where nothing of the day is closed.
pub async fn cancel_lost(
    db: &Db,
    (clinic_id, date): (ClinicId, NaiveDate),
    reason: &Localized,
    by: StaffUserId,
) -> Result<u64> {
    db::clinic::find(&db.read, clinic_id).await?.ok_or_else(|| no_clinic(clinic_id))?;
    if !db::closure::is_any_closed(&db.read, clinic_id, date).await? {
        return Err(Refusal::new(Code::WrongState, Detail::NothingClosed).into());
    }
    let cause = Cause { actor: Actor::Administrator(by), reason: reason.clone() };
    let mut cancelled = 0;
    loop {
        let (found, done) = in_tx(&db.write, "cancel lost bookings", async |conn| {
            // Whoever opens the day waits: nothing is cancelled whose time has come back.
            db::clinic::lock(conn, clinic_id).await?;
            let lost = db::closure::lost(&mut *conn, clinic_id, date, CANCELLED_AT_ONCE).await?;
            let outcomes = apart::cancel(conn, &lost, &cause).await?;
            let done = outcomes.iter().filter_map(|outcome| match outcome {
                Outcome::Cancelled(booking) => Some(booking.booking_id),
                _ => None,
            });
            let done: Vec<BookingId> = done.collect();
            db::closure::note_cancelled(conn, &done, by, reason).await?;
            Ok::<_, Error>((lost.len(), done.len()))
        })
        .await?;
        cancelled += u64::try_from(done).unwrap_or(u64::MAX);
        // What cannot be cancelled stays in the list: it must not be asked for without end.
        if done == 0 || i64::try_from(found).unwrap_or(0) < CANCELLED_AT_ONCE {
            return Ok(cancelled);
        }
    }
}

/// Moves a booking that has lost its time to another slot, here or at another clinic. The old
/// booking stands until the new one does.
///
/// # Errors
/// Those of booking; `wrong_state` where the clinic still has the time of the old one;
/// `booking_ended` where it has ended.
pub async fn relocate(db: &Db, old: &Booking, new: Book) -> Result<Booking> {
    for _ in 1..TRIES_MAX {
        match try_relocate(db, old, new.clone()).await {
            Err(Error::Db(error)) if is_worth_another_try(&error) => {}
            done => return done,
        }
    }
    try_relocate(db, old, new).await
}

/// A lane, or another press, has written a booking of the person meanwhile: the next try sees it.
fn is_worth_another_try(error: &db::Error) -> bool {
    matches!(error.failure(), Failure::Unique(_) | Failure::Conflict | Failure::LockTimeout)
}

async fn try_relocate(db: &Db, old: &Booking, new: Book) -> Result<Booking> {
    in_tx(&db.write, "move booking", async |conn| {
        // Sent again, it is there already.
        let there = db::booking::find_own(&mut *conn, new.booking_id, new.person_id).await?;
        if let Some(booking) = there {
            return match new.is_for(&booking) {
                true => Ok(booking),
                false => Err(Refusal::from(Code::BookingIdReused).into()),
            };
        }
        let outcome = apart::replace(conn, old, new.clone()).await?;
        // Under the lock of its slot: a time that has come back is not given up.
        if !db::closure::is_slot_closed(conn, old.slot_id).await? {
            return Err(Refusal::new(Code::WrongState, Detail::SlotNotLost).into());
        }
        match outcome {
            Outcome::Booked(booking) | Outcome::Replayed(booking) => Ok(booking),
            Outcome::Cancelled(_) | Outcome::Visited(_) => {
                Err(Refusal::from(Code::Internal).into())
            }
            Outcome::Refused(refusal) => Err(refusal.into()),
        }
    })
    .await
}

/// Ticks a person off the list of those whom no message has reached.
///
/// # Errors
/// `not_found` where the clinic has no such booking that has lost its appointment.
pub async fn tick(
    db: &Db,
    (clinic_id, booking_id): (ClinicId, BookingId),
    how: How,
    by: StaffUserId,
) -> Result<Told> {
    in_tx(&db.write, "tick off", async |conn| {
        let at = db::closure::tick(conn, (clinic_id, booking_id), how, by).await?;
        let at = at.ok_or_else(Refusal::not_found)?;
        Ok(Told { at, staff_user_id: by, how })
    })
    .await
}

/// Takes a tick back.
///
/// # Errors
/// `not_found` where there is none.
pub async fn untick(db: &Db, clinic_id: ClinicId, booking_id: BookingId) -> Result<()> {
    in_tx(&db.write, "tick off", async |conn| {
        match db::closure::untick(conn, clinic_id, booking_id).await? {
            true => Ok(()),
            false => Err(Refusal::not_found().into()),
        }
    })
    .await
}

/// Why the transaction is rolled back.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error("a dry run")]
    DryRun(Closed),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Failed(Error),
}

impl From<Error> for Undone {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<db::Error> for Undone {
    fn from(error: db::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl From<sqlx::Error> for Undone {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.into())
    }
}

fn no_clinic(clinic_id: ClinicId) -> Refusal {
    Refusal::none(Noun::Clinic, clinic_id)
}
