//! Clinics.

use chrono_tz::Tz;
use sqlx::PgConnection;

use super::{Result, constraint::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        ClinicId, Code, Detail, Refusal, RegionId,
        amenity::AmenitiesChange,
        clinic::{Clinic, DirectionsChange, NewClinic},
        fact::Expected,
        localized::LocalizedChange,
    },
};

/// # Errors
/// `invalid_field` for an unknown region, a bad code or position; `already_exists` for a code that
/// is taken.
pub async fn add(db: &Db, new: NewClinic) -> Result<Clinic> {
    in_tx(&db.write, "open clinic", async |conn| {
        check_position(new.latitude, new.longitude)?;
        let clinic_id = db::clinic::insert(conn, &new).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(new.clone().with_id(clinic_id))
    })
    .await
}

/// Degrees that are on the globe; that there are both or neither, the database knows.
fn check_position(latitude: Option<f64>, longitude: Option<f64>) -> Result<()> {
    for (field, degrees, max) in [("latitude", latitude, 90_i16), ("longitude", longitude, 180)] {
        if degrees.is_some_and(|degrees| degrees.is_nan() || degrees.abs() > f64::from(max)) {
            let (min, max) = (i64::from(-max), i64::from(max));
            return Err(Refusal::expected(field, Expected::NumberBetween { min, max }).into());
        }
    }
    Ok(())
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
    /// Of the clinic as it was seen; none is any.
    pub version: Option<String>,
}

/// # Errors
/// `not_found`; `changed_meanwhile`; `invalid_field` for an unknown region, a bad position, or
/// another zone while something is booked, or where clocks do not show the time of a slot exactly
/// once.
pub async fn change(db: &Db, clinic_id: ClinicId, change: Change) -> Result<Clinic> {
    in_tx(&db.write, "change clinic", async |conn| {
        let old = db::clinic::lock(conn, clinic_id).await?.ok_or_else(Refusal::not_found)?;
        if change.version.as_ref().is_some_and(|seen| *seen != old.version()) {
            return Err(Refusal::new(Code::ChangedMeanwhile, Detail::RecordChanged).into());
        }
        let clinic = Clinic {
            region_id: change.region_id.unwrap_or(old.region_id),
            name: old.name.changed(change.name.clone()),
            zone: change.zone.unwrap_or(old.zone),
            address: change.address.clone().unwrap_or(old.address),
            phone: change.phone.clone().unwrap_or(old.phone),
            latitude: change.latitude.or(old.latitude),
            longitude: change.longitude.or(old.longitude),
            amenities: old.amenities.changed(&change.amenities),
            directions: old.directions.changed(change.directions.clone()),
            ..old
        };
        check_position(clinic.latitude, clinic.longitude)?;
        if clinic.zone != old.zone {
            move_slots(conn, &clinic, old.zone).await?;
        }
        db::clinic::set(conn, &clinic).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(clinic)
    })
    .await
}

/// The clock of the clinic stays as it is: nine o'clock is nine o'clock in the new zone. Whoever
/// has booked was promised an instant, so that nothing may be booked; whoever books meanwhile holds
/// the lock of their slot.
async fn move_slots(conn: &mut PgConnection, clinic: &Clinic, old: Tz) -> Result<()> {
    let clinic_id = clinic.clinic_id;
    db::slot::lock_all(conn, clinic_id).await?;
    let bookings = db::slot::bookings_of_clinic(conn, clinic_id).await?;
    if bookings > 0 {
        return Err(Refusal::field("zone", Detail::ZoneBooked { bookings }).into());
    }
    let zones = (old.name(), clinic.zone.name());
    if !db::slot::fit_zone(conn, clinic_id, zones).await? {
        return Err(Refusal::field("zone", Detail::TimeSkipped).into());
    }
    Ok(db::slot::move_to_zone(conn, clinic_id, zones).await?)
}
