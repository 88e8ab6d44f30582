//! A vaccination site: where it is, and the days on which it gives nothing.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::{ClinicId, RegionId, localized::Localized};

/// A vaccination site.
#[derive(Clone, Debug, PartialEq)]
pub struct Clinic {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    pub code: String,
    pub name: Localized,
    /// Appointment dates, ages and closures are judged in this zone.
    pub zone: Tz,
    pub address: String,
    pub phone: String,
    /// Degrees north (WGS 84); given together with the longitude or not at all.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

/// A clinic before it has an id.
#[derive(Clone, Debug)]
pub struct NewClinic {
    pub region_id: RegionId,
    pub code: String,
    pub name: Localized,
    pub zone: Tz,
    pub address: String,
    pub phone: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

/// A day on which a clinic gives nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure {
    pub clinic_id: ClinicId,
    /// The local date in the clinic's zone.
    pub on_date: NaiveDate,
    pub reason: Localized,
}
