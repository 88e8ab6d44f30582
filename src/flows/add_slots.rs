//! Adds time windows to a clinic.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Result, conflict::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{ClinicId, Code, Refusal, calendar, slot::Slot},
};

/// A longer window is a mistake.
const HOURS_MAX: i64 = 24;
/// More seats than the largest stadium had in one window.
pub(super) const SEATS_MAX: i32 = 10_000;

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
pub async fn add_slots(db: &Db, clinic_id: ClinicId, windows: Vec<Window>) -> Result<Vec<Slot>> {
    check(&windows)?;
    in_tx(&db.write, "add slots", async |conn| {
        let clinic = db::clinic::lock(conn, clinic_id).await?.ok_or_else(Refusal::not_found)?;
        let starts: Vec<_> = windows.iter().map(|window| window.starts_at).collect();
        let known = db::slot::known_starts(&mut *conn, clinic_id, &starts).await?;
        refuse_taken(&windows, known.into_iter().collect())?;
        let slots: Vec<_> = windows
            .iter()
            .map(|window| db::slot::New {
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
            let detail = format!("A slot ends after it starts, within {HOURS_MAX} hours.");
            return Err(Refusal::field(format!("slots[{at}].ends_at"), detail).into());
        }
        if !(0..=SEATS_MAX).contains(&window.seats) {
            let detail = format!("A slot has 0 to {SEATS_MAX} seats.");
            return Err(Refusal::field(format!("slots[{at}].seats"), detail).into());
        }
    }
    Ok(())
}

fn refuse_taken(windows: &[Window], mut taken: HashSet<DateTime<Utc>>) -> Result<()> {
    for (at, window) in windows.iter().enumerate() {
        if !taken.insert(window.starts_at) {
            let field = format!("slots[{at}].starts_at");
            let refusal = Refusal::field(field, "The clinic has a slot that starts then.");
            return Err(Refusal { code: Code::AlreadyExists, ..refusal }.into());
        }
    }
    Ok(())
}
