//! Changes what is known of a clinic.

use chrono_tz::Tz;

use super::{Result, conflict::named};
use crate::{
    db::{self, Db, in_tx},
    domain::{ClinicId, Refusal, RegionId, clinic::Clinic},
};

/// What to change; none leaves it as it is.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub region_id: Option<RegionId>,
    pub name: Option<String>,
    pub zone: Option<Tz>,
    pub address: Option<String>,
    pub phone: Option<String>,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

/// # Errors
/// `not_found`; `invalid_field` for an unknown region, a bad position, or another zone where slots
/// were made by the old one.
pub async fn change_clinic(db: &Db, clinic_id: ClinicId, change: Change) -> Result<Clinic> {
    in_tx(&db.write, "change clinic", async |conn| {
        let old = db::clinic::lock(conn, clinic_id).await?.ok_or_else(Refusal::not_found)?;
        let clinic = Clinic {
            region_id: change.region_id.unwrap_or(old.region_id),
            name: change.name.unwrap_or(old.name),
            zone: change.zone.unwrap_or(old.zone),
            address: change.address.unwrap_or(old.address),
            phone: change.phone.unwrap_or(old.phone),
            latitude: change.latitude.or(old.latitude),
            longitude: change.longitude.or(old.longitude),
            ..old
        };
        if clinic.zone != old.zone && db::slot::exists(&mut *conn, clinic_id).await? {
            let detail = "The clinic has slots, and their dates go by the zone that it has.";
            return Err(Refusal::field("zone", detail).into());
        }
        db::clinic::set(conn, &clinic).await.map_err(named)?;
        db::catalogue::touch(conn).await?;
        Ok(clinic)
    })
    .await
}
