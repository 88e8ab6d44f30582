//! Clinics, and the days on which they are closed. Bookings that stand on a closed day are counted
//! and stay: whoever closes a day must know whom it meets. Their persons are told, by `notice`.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        ClinicId, Detail, Refusal, RegionId,
        amenity::AmenitiesChange,
        clinic::{Clinic, Closure, DirectionsChange, NewClinic},
        fact::Noun,
        localized::LocalizedChange,
    },
};

/// # Errors
/// `invalid_field` for an unknown region, a bad code or position; `already_exists` for a code that
/// is taken.
pub async fn add(db: &Db, new: NewClinic) -> Result<Clinic> {
    in_tx(&db.write, "open clinic", async |conn| {
        let clinic_id = db::clinic::insert(conn, &new).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(new.with_id(clinic_id))
    })
    .await
}

/// What to change; none leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub region_id: Option<RegionId>,
    pub name: LocalizedChange,
    pub zone: Option<Tz>,
    pub address: Option<String>,
    pub phone: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub amenities: AmenitiesChange,
    pub directions: DirectionsChange,
}

/// # Errors
/// `not_found`; `invalid_field` for an unknown region, a bad position, or another zone where slots
/// were made by the old one.
pub async fn change(db: &Db, clinic_id: ClinicId, change: Change) -> Result<Clinic> {
    in_tx(&db.write, "change clinic", async |conn| {
        let old = db::clinic::lock(conn, clinic_id).await?.ok_or_else(Refusal::not_found)?;
        let clinic = Clinic {
            region_id: change.region_id.unwrap_or(old.region_id),
            name: old.name.changed(change.name),
            zone: change.zone.unwrap_or(old.zone),
            address: change.address.unwrap_or(old.address),
            phone: change.phone.unwrap_or(old.phone),
            latitude: change.latitude.or(old.latitude),
            longitude: change.longitude.or(old.longitude),
            amenities: old.amenities.changed(&change.amenities),
            directions: old.directions.changed(change.directions),
            ..old
        };
        if clinic.zone != old.zone && db::slot::exists(&mut *conn, clinic_id).await? {
            return Err(Refusal::field("zone", Detail::SlotsGoByZone).into());
        }
        db::clinic::set(conn, &clinic).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(clinic)
    })
    .await
}

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
pub async fn close_day(db: &Db, closure: Closure) -> Result<(Closure, Day)> {
    in_tx(&db.write, "close clinic day", async |conn| {
        let Closure { clinic_id, on_date, .. } = closure;
        db::clinic::lock(conn, clinic_id).await?.ok_or_else(no_clinic)?;
        db::clinic::set_closure(conn, &closure).await?;
        let slots = db::slot::set_closed(conn, clinic_id, on_date, true).await?;
        db::notice::insert_closure_change(conn, clinic_id, on_date).await?;
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
pub async fn open_day(db: &Db, clinic_id: ClinicId, on_date: NaiveDate) -> Result<()> {
    in_tx(&db.write, "open clinic day", async |conn| {
        db::clinic::lock(conn, clinic_id).await?.ok_or_else(no_clinic)?;
        if !db::clinic::delete_closure(conn, clinic_id, on_date).await? {
            return Err(Refusal::unknown(Noun::Closure).into());
        }
        db::slot::set_closed(conn, clinic_id, on_date, false).await?;
        db::notice::insert_closure_change(conn, clinic_id, on_date).await?;
        db::catalogue::touch(conn).await?;
        Ok(())
    })
    .await
}

fn no_clinic() -> Refusal {
    Refusal::unknown(Noun::Clinic)
}
