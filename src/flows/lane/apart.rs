//! Bookings that are written apart from the lanes: by the same locks, decision and statement, in a
//! transaction of somebody else, for what a lane cannot do in one batch. Lanes and these wait for
//! each other's rows, in the same order.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::transaction::{KnownRules, Rows, lock, read, resolve, write};
use crate::{
    domain::{
        BookingId, ClinicId, Code, Refusal, StepId,
        actor::{Actor, Cause},
        batch::{Decision, Outcome, Request, Visit, decide},
        booking::{Book, Booking},
        visit::{Act, Press},
        visit_batch,
        visit_rule::Seen,
    },
    flows,
};

/// Cancels these bookings of a clinic for somebody else than their persons; the outcomes are in
/// their order.
///
/// # Errors
/// The database's.
pub async fn cancel(
    conn: &mut PgConnection,
    bookings: &[Booking],
    cause: &Cause,
) -> sqlx::Result<Vec<Outcome>> {
    let requests: Vec<_> = bookings.iter().cloned().map(Request::Displace).collect();
    let reason = Some(cause.reason.main.as_str());
    run(conn, &requests, &requests, (cause.actor, reason)).await
}

/// Gives up a booking and makes another of the same person, both or neither: none where the new one
/// is refused. The transaction must then be rolled back.
///
/// # Errors
/// The database's. A unique violation means that a lane has booked for the person meanwhile.
pub async fn replace(conn: &mut PgConnection, old: &Booking, new: Book) -> sqlx::Result<Outcome> {
    let both = [Request::Displace(old.clone()), Request::Book(new)];
    let [cancel, book] = &both;
    let by = (Actor::Citizen, None);
    // A batch is written table by table, and the new booking needs the old one gone: two batches,
    // under locks that are all taken before the first.
    let cancelled = run(conn, &both, std::slice::from_ref(cancel), by).await?;
    match cancelled.into_iter().next() {
        Some(Outcome::Cancelled(_)) => {}
        Some(Outcome::Refused(refusal)) => return Ok(Outcome::Refused(refusal)),
        _ => return Ok(Outcome::Refused(Code::BookingEnded.into())),
    }
    let booked = run(conn, &both, std::slice::from_ref(book), by).await?;
    Ok(booked.into_iter().next().unwrap_or(Outcome::Refused(Code::Internal.into())))
}

/// Decides and writes `requests`, with everything locked that `all` need.
async fn run(
    conn: &mut PgConnection,
    all: &[Request],
    requests: &[Request],
    by: (Actor, Option<&str>),
) -> sqlx::Result<Vec<Outcome>> {
    let Rows { slots, allocations, .. } = lock(conn, all).await?;
    let locked = read(conn, &mut KnownRules::default(), (slots, allocations), requests).await?;
    let now = locked.now;
    let Decision { outcomes, writes } = decide(locked, requests);
    if !writes.is_empty() {
        write(conn, &writes, now, by).await?;
    }
    Ok(outcomes)
}

/// How a visit stands, read as a press would be, without locks.
///
/// # Errors
/// `not_found` where the clinic has no such booking; `unavailable` while the person is merged.
pub async fn look(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    booking_id: BookingId,
) -> flows::Result<Seen> {
    // A press that nobody makes: reading goes by requests.
    let press = Press {
        step_id: StepId(Uuid::nil()),
        clinic_id,
        booking_id,
        act: Act::Arrive,
        answers: Vec::new(),
        birth_date: None,
        note: None,
        by: Actor::Service,
    };
    let key = (booking_id, press.step_id);
    let request = [Request::Visit(Visit { press, booking: None }.into())];
    let request = resolve(conn, &request).await?;
    let nothing_locked = (HashMap::new(), HashMap::new());
    let known = &mut KnownRules::default();
    let read = read(conn, known, nothing_locked, &request).await?;
    let found = read.bookings.get(&booking_id).zip(read.visits.get(&key));
    let (booking, facts) = found.ok_or_else(Refusal::not_found)?;
    Ok(visit_batch::see(&read, booking, facts)?)
}
