//! Closing a clinic's day, by its staff or, after a time of grace, by the service; and opening it
//! again. Each is one transaction: a day is closed whole or not at all.
//!
//! Locks: the clinic, pools by id, the day's slots by id, the catalogue, and last the allocations
//! of the day and of the later days that keep doses, by id.

use std::{collections::BTreeMap, time::Duration};

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{Error, Result, idempotency::once};
use crate::{
    db::{self, Db, Pool as Connections, idempotency_key::Keyed, in_tx},
    domain::{
        AllocationId, ClinicId, Code, Detail, PoolId, Refusal, StaffUserId,
        actor::{Actor, Cause},
        day::Day,
        day_close::{self, Unopened},
        day_reopen::reopen as take_back,
        fact::Noun,
        localized::Localized,
        session::{StaffRole, StaffUser},
    },
};

/// Days that are closed in one go when their time of grace is over.
const DUE_MAX: i64 = 200;
/// Written into the journal where staff give no other reason.
const CLOSED: &str = "day closed";
const CLOSED_BY_SERVICE: &str = "day closed by the service, after the time of grace";

/// What staff say when they close a day.
#[derive(Clone, Debug, Default)]
pub struct Closing {
    /// The version of the day that they have seen; none takes any.
    pub seen: Option<String>,
    /// Doses in vials that nobody has opened. None: no more vials were opened than had to be.
    pub unopened: Option<Vec<Unopened>>,
    /// About differences.
    pub note: Option<String>,
}

/// The day as it stands.
///
/// # Errors
/// `not_found` for a clinic that is not there.
pub async fn look(db: &Db, clinic_id: ClinicId, date: NaiveDate) -> Result<Day> {
    let day = db::day::find(&db.read, clinic_id, date).await?;
    Ok(day.ok_or_else(|| Refusal::none(Noun::Clinic, clinic_id))?)
}

/// Closes a day.
///
/// # Errors
/// `not_found` for a clinic that is not there; `changed_meanwhile` where the day is not as it was
/// seen; those of `domain::day_close::close`.
pub async fn close(
    db: &Db,
    day: (ClinicId, NaiveDate),
    closing: &Closing,
    by: StaffUser,
    keyed: Option<&Keyed>,
) -> Result<Day> {
    let reason = closing.note.clone().unwrap_or_else(|| CLOSED.to_owned());
    let cause = Cause { actor: actor(by), reason: Localized::from(reason.as_str()) };
    in_tx(&db.write, "close day", async |conn| {
        once(conn, keyed, async |conn| close_in(conn, day, closing, &cause).await).await
    })
    .await
}

/// Who does something at a clinic, as the journal names them.
pub fn actor(by: StaffUser) -> Actor {
    match by.role {
        StaffRole::Staff(_) => Actor::Staff(by.staff_user_id),
        StaffRole::Administrator => Actor::Administrator(by.staff_user_id),
        StaffRole::CallCentre => Actor::CallCentre(by.staff_user_id),
    }
}

/// What closing the days came to whose time of grace was over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClosedByService {
    pub closed: usize,
    /// Could not be closed; tried again the next time.
    pub failed: usize,
    /// There may be more.
    pub is_more: bool,
}

/// Closes days that nobody has closed, each in a transaction of its own, the earliest first, so
/// that what one leaves over is there for the next.
///
/// # Errors
/// When the days cannot be read.
pub async fn close_due(db: &Db, grace: Duration) -> Result<ClosedByService> {
    let hours = i32::try_from(grace.as_secs() / 3600).unwrap_or(i32::MAX);
    let due = db::day_close::due(&db.jobs, hours, DUE_MAX).await?;
    let is_more = i64::try_from(due.len()).unwrap_or(0) >= DUE_MAX;
    let mut done = ClosedByService { is_more, ..ClosedByService::default() };
    for day in due {
        match close_by_service(&db.jobs, day).await {
            Ok(()) => done.closed += 1,
            // Somebody was faster.
            Err(Error::Refused(refusal)) if refusal.code == Code::WrongState => {}
            Err(error) => {
                done.failed += 1;
                let (clinic_id, date) = day;
                tracing::warn!(%clinic_id, %date, %error, "the day cannot be closed");
            }
        }
    }
    Ok(done)
}

async fn close_by_service(db: &Connections, day: (ClinicId, NaiveDate)) -> Result<()> {
    let cause = Cause { actor: Actor::Service, reason: CLOSED_BY_SERVICE.into() };
    db::in_tx_once(db, "close day by itself", async |conn| {
        close_in(conn, day, &Closing::default(), &cause).await.map(drop)
    })
    .await
}

async fn close_in(
    conn: &mut PgConnection,
    (clinic_id, date): (ClinicId, NaiveDate),
    closing: &Closing,
    cause: &Cause,
) -> Result<Day> {
    let no_clinic = || Refusal::none(Noun::Clinic, clinic_id);
    db::clinic::lock(conn, clinic_id).await?.ok_or_else(no_clinic)?;
    let seen = db::day::find(&mut *conn, clinic_id, date).await?.ok_or_else(no_clinic)?;
    seen.unless_closed()?;
    let pool_ids: Vec<_> = seen.doses.iter().map(|row| row.grant.pool_id).collect();
    let later: Vec<_> =
        seen.doses.iter().filter_map(|row| row.next).map(|next| next.allocation_id).collect();
    let mut pools = db::pool::lock(conn, &pool_ids).await?;
    db::day_close::lock_slots(conn, clinic_id, date).await?;
    db::catalogue::touch(conn).await?;
    db::catalogue::hurry(conn).await?;
    let own = seen.doses.iter().map(|row| row.grant.allocation_id);
    let ids: Vec<_> = own.chain(later.iter().copied()).collect();
    let mut rows = db::day_close::lock_allocations(conn, &ids).await?;
    rows.retain(|row| later.contains(&row.allocation_id));
    let day = db::day::find(&mut *conn, clinic_id, date).await?.ok_or_else(no_clinic)?;
    day.unless_changed(closing.seen.as_deref())?;
    let (now, standing) = db::day_close::standing(conn, clinic_id, date).await?;
    let unopened = closing.unopened.as_deref();
    let plan = day_close::close(&day, &rows, &standing, unopened, (cause, now))?;
    for pool in &mut pools {
        if let Some(&(back, out)) = plan.pools.get(&pool.pool_id) {
            pool.turn_over(back, out)?;
        }
    }
    db::pool::set_all(conn, &pools).await?;
    db::day_close::end_bookings(conn, (clinic_id, date), &plan.ends, cause).await?;
    db::day_close::set_allocations(conn, &plan.rows).await?;
    db::movement::insert_all(conn, &plan.lines).await?;
    let by = (cause.actor.staff_user_id(), closing.note.as_deref());
    db::day_close::insert(conn, (clinic_id, date), &plan, by).await?;
    Ok(db::day::find(conn, clinic_id, date).await?.ok_or_else(no_clinic)?)
}

/// Opens a closed day again. What the closing did to doses is taken back, as far as they are still
/// where it brought them; those who did not come, and what was not recorded, are corrected one by
/// one.
///
/// # Errors
/// `not_found` for a clinic that is not there; `wrong_state` for a day that is not closed;
/// `forbidden` for staff on another day than today.
pub async fn reopen(
    db: &Db,
    (clinic_id, date): (ClinicId, NaiveDate),
    reason: &str,
    by: StaffUser,
) -> Result<Day> {
    let cause = Cause { actor: actor(by), reason: reason.into() };
    in_tx(&db.write, "reopen day", async |conn| {
        let no_clinic = || Refusal::none(Noun::Clinic, clinic_id);
        db::clinic::lock(conn, clinic_id).await?.ok_or_else(no_clinic)?;
        let day = db::day::find(&mut *conn, clinic_id, date).await?.ok_or_else(no_clinic)?;
        if day.closed.is_none() {
            return Err(Refusal::new(Code::WrongState, Detail::DayNotAccounted).into());
        }
        if by.role != StaffRole::Administrator && day.date != day.today {
            return Err(Refusal::new(Code::Forbidden, Detail::OnlyAdministrators).into());
        }
        let (ids, pool_ids) = db::day_close::touched(conn, clinic_id, date).await?;
        let pools = db::pool::lock(conn, &pool_ids).await?;
        db::day_close::lock_slots(conn, clinic_id, date).await?;
        db::day_close::open_slots(conn, clinic_id, date).await?;
        db::catalogue::touch(conn).await?;
        db::catalogue::hurry(conn).await?;
        let rows = db::day_close::lock_allocations(conn, &ids).await?;
        let mut rows: BTreeMap<AllocationId, _> =
            rows.into_iter().map(|row| (row.allocation_id, row)).collect();
        let mut pools: BTreeMap<PoolId, _> =
            pools.into_iter().map(|pool| (pool.pool_id, pool)).collect();
        let by: StaffUserId = by.staff_user_id;
        let lines = db::day_close::end(conn, (clinic_id, date), &cause, by).await?;
        let plan = take_back(&lines.unwrap_or_default(), &mut rows, &pools, &cause);
        for (pool_id, &(back, out)) in &plan.pools {
            if let Some(pool) = pools.get_mut(pool_id) {
                pool.turn_over(back, out)?;
            }
        }
        db::pool::set_all(conn, &pools.into_values().collect::<Vec<_>>()).await?;
        let rows: Vec<_> = rows.into_values().collect();
        db::day_close::set_allocations(conn, &rows).await?;
        db::movement::insert_all(conn, &plan.lines).await?;
        Ok(db::day::find(conn, clinic_id, date).await?.ok_or_else(no_clinic)?)
    })
    .await
}
