//! Closes a clinic for a day, or opens a closed day again. Bookings that stand on the day are
//! counted and stay: whoever closes a day must know whom it meets.

use chrono::NaiveDate;

use super::Result;
use crate::{
    db::{self, Db, in_tx},
    domain::{ClinicId, Refusal, clinic::Closure},
};

/// What closing or opening a day touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub slots: u64,
    /// Bookings, not cancelled, that stand on the day.
    pub live_bookings: i64,
}

/// Closes a day and all its slots; a day that is closed already gets the new reason.
///
/// # Errors
/// `not_found` for an unknown clinic.
pub async fn close_clinic_day(db: &Db, closure: Closure) -> Result<(Closure, Day)> {
    in_tx(&db.write, "close clinic day", async |conn| {
        let Closure { clinic_id, on_date, .. } = closure;
        db::clinic::lock(conn, clinic_id).await?.ok_or_else(Refusal::not_found)?;
        db::clinic::set_closure(conn, &closure).await?;
        let slots = db::slot::set_closed(conn, clinic_id, on_date, true).await?;
        let live_bookings = db::slot::live_bookings(&mut *conn, clinic_id, on_date).await?;
        db::catalogue::touch(conn).await?;
        Ok((closure, Day { slots, live_bookings }))
    })
    .await
}

/// Opens a closed day and its slots.
///
/// # Errors
/// `not_found` for an unknown clinic or a day that is not closed.
pub async fn open_clinic_day(db: &Db, clinic_id: ClinicId, on_date: NaiveDate) -> Result<()> {
    in_tx(&db.write, "open clinic day", async |conn| {
        db::clinic::lock(conn, clinic_id).await?.ok_or_else(Refusal::not_found)?;
        if !db::clinic::delete_closure(conn, clinic_id, on_date).await? {
            return Err(Refusal::not_found().into());
        }
        db::slot::set_closed(conn, clinic_id, on_date, false).await?;
        db::catalogue::touch(conn).await?;
        Ok(())
    })
    .await
}
