//! Slots of a clinic: added, and given more or fewer seats.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashSet};

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        ClinicId, Code, Detail, Refusal, SlotId, calendar,
        clinic::Clinic,
        day::accounted,
        fact::{Counted, Overlapped},
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
/// `not_found` for an unknown clinic; `wrong_state` for a day that is accounted for;
/// `invalid_field` for an impossible window and `already_exists`
/// for one that starts when another does or overlaps it, each naming `slots[i]`.
pub async fn add(db: &Db, clinic_id: ClinicId, windows: Vec<Window>) -> Result<Vec<Slot>> {
    check(&windows)?;
    in_tx(&db.write, "add slots", async |conn| {
        let clinic = db::clinic::lock(conn, clinic_id).await?.ok_or_else(Refusal::not_found)?;
        let dates: BTreeSet<_> = windows
            .iter()
            .map(|window| calendar::local_date(window.starts_at, clinic.zone))
            .collect();
        if let Some(on_date) = db::day::first_closed(&mut *conn, clinic_id, dates).await? {
            return Err(accounted(on_date).into());
        }
        let starts: Vec<_> = windows.iter().map(|window| window.starts_at).collect();
        let known = db::slot::known_starts(&mut *conn, clinic_id, &starts).await?;
        refuse_taken(&windows, known.into_iter().collect())?;
        refuse_overlap(conn, &clinic, &windows).await?;
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
        // A slot that came back with people in it: they are told.
        let back = slots.iter().filter(|slot| slot.taken > 0 && !slot.is_closed);
        let back: Vec<_> = back.map(|slot| slot.slot_id.0).collect();
        if !back.is_empty() {
            db::closure::note_reopened(conn, &back).await?;
        }
        let told: BTreeSet<_> =
            slots.iter().filter(|slot| slot.taken > 0).map(|slot| slot.on_date).collect();
        for on_date in told {
            db::notice::insert_closure_change(conn, clinic_id, on_date).await?;
        }
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

/// A new slot may not overlap another one of the clinic, new or old.
async fn refuse_overlap(
    conn: &mut PgConnection,
    clinic: &Clinic,
    windows: &[Window],
) -> Result<()> {
    let refused = |at, starts_at, ends_at| {
        let other = Overlapped { starts_at, ends_at, zone: clinic.zone.name().to_owned() };
        let detail = Detail::SlotOverlaps { other: other.into() };
        let refusal = Refusal::field(format!("slots[{at}].starts_at"), detail);
        Err(Refusal { code: Code::AlreadyExists, ..refusal }.into())
    };
    let mut by_time: Vec<_> = windows.iter().enumerate().collect();
    by_time.sort_by_key(|(_, window)| window.starts_at);
    for (earlier, later) in by_time.iter().zip(by_time.iter().skip(1)) {
        if later.1.starts_at < earlier.1.ends_at {
            return refused(
                i64::try_from(later.0).unwrap_or(0),
                earlier.1.starts_at,
                earlier.1.ends_at,
            );
        }
    }
    let (starts, ends): (Vec<_>, Vec<_>) =
        windows.iter().map(|window| (window.starts_at, window.ends_at)).unzip();
    match db::slot::find_overlap(conn, clinic.clinic_id, (&starts, &ends)).await? {
        Some((at, starts_at, ends_at)) => refused(at, starts_at, ends_at),
        None => Ok(()),
    }
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
