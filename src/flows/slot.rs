//! Slots of a clinic: added, and given more or fewer seats.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::HashSet;

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        ClinicId, Code, Detail, Refusal, SlotId, calendar,
        fact::Counted,
        slot::{HOURS_MAX, NewSlot, SEATS_MAX, Slot},
    },
};

/// A time window that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub seats: i32,
}

/// All of them or none; those on a closed day are closed.
///
/// # Errors
/// `not_found` for an unknown clinic; `invalid_field` for an impossible window and `already_exists`
/// for one that starts when another does, each naming `slots[i]`.
pub async fn add(db: &Db, clinic_id: ClinicId, windows: Vec<Window>) -> Result<Vec<Slot>> {
    check(&windows)?;
    in_tx(&db.write, "add slots", async |conn| {
        let clinic = db::clinic::lock(conn, clinic_id).await?.ok_or_else(Refusal::not_found)?;
        let starts: Vec<_> = windows.iter().map(|window| window.starts_at).collect();
        let known = db::slot::known_starts(&mut *conn, clinic_id, &starts).await?;
        refuse_taken(&windows, known.into_iter().collect())?;
        let slots: Vec<_> = windows
            .iter()
            .map(|window| NewSlot {
                on_date: calendar::local_date(window.starts_at, clinic.zone),
                starts_at: window.starts_at,
                ends_at: window.ends_at,
                seats: window.seats,
            })
            .collect();
        let slots = db::slot::insert(conn, clinic_id, &slots).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(slots)
    })
    .await
}

fn check(windows: &[Window]) -> Result<()> {
    for (at, window) in windows.iter().enumerate() {
        let length = window.ends_at - window.starts_at;
        if length <= TimeDelta::zero() || length > TimeDelta::hours(HOURS_MAX) {
            let detail = Detail::SlotLength { hours_max: HOURS_MAX };
            return Err(Refusal::field(format!("slots[{at}].ends_at"), detail).into());
        }
        if !(0..=SEATS_MAX).contains(&window.seats) {
            let detail = Detail::HowMany { of: Counted::Seats, min: 0, max: SEATS_MAX.into() };
            return Err(Refusal::field(format!("slots[{at}].seats"), detail).into());
        }
    }
    Ok(())
}

fn refuse_taken(windows: &[Window], mut taken: HashSet<DateTime<Utc>>) -> Result<()> {
    for (at, window) in windows.iter().enumerate() {
        if !taken.insert(window.starts_at) {
            let field = format!("slots[{at}].starts_at");
            let refusal = Refusal::field(field, Detail::SlotStartsThen);
            return Err(Refusal { code: Code::AlreadyExists, ..refusal }.into());
        }
    }
    Ok(())
}

/// A seat that is taken stays.
///
/// # Errors
/// `not_found`; `invalid_field` below the seats that are taken, with `taken`, or above the most.
pub async fn set_seats(db: &Db, slot_id: SlotId, seats: i32) -> Result<Slot> {
    in_tx(&db.write, "change slot", async |conn| {
        db::clinic::lock(conn, slot_id.clinic()).await?.ok_or_else(Refusal::not_found)?;
        let slot = db::slot::lock(conn, slot_id).await?.ok_or_else(Refusal::not_found)?;
        if !(slot.taken..=SEATS_MAX).contains(&seats) {
            let (taken, max) = (slot.taken, SEATS_MAX);
            let detail = Detail::SeatsTaken { taken, max };
            return Err(Refusal::field("seats", detail).with("taken", taken).into());
        }
        db::slot::set_seats(conn, slot_id, seats).await?;
        db::catalogue::touch(conn).await?;
        Ok(Slot { seats, ..slot })
    })
    .await
}
