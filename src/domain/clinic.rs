//! A vaccination site: where it is, and the days on which it gives nothing.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Serialize, Serializer};

use super::ids::{ClinicId, RegionId};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Clinic {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    pub code: String,
    pub name: String,
    /// Appointment dates, ages and closures are judged in this zone.
    #[serde(serialize_with = "zone_name")]
    pub zone: Tz,
    pub address: String,
    pub phone: String,
    /// Degrees north (WGS 84); given together with the longitude or not at all.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

/// A day on which a clinic gives nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Closure {
    pub clinic_id: ClinicId,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    pub reason: String,
}

/// Writes a zone as its IANA name.
///
/// # Errors
/// The serializer's.
pub fn zone_name<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(zone.name())
}
