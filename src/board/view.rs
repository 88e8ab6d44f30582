//! How what the catalogue holds is written: each noun that is both public and an administrator's,
//! as JSON. A column or a field of the domain can change without these.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::domain::{
    CampaignId, ClinicId, CohortId, CourseId, ProductId, RegionId, RosterId, TrancheId,
    amenity::Amenities,
    campaign::{Campaign, State},
    clinic::{Clinic, Directions},
    cohort::Cohort,
    day_policy::{LeftOver, WalkIn},
    localized::Localized,
    product::Product,
    region::Region,
    tranche::Tranche,
};

/// A name; null in a language is the main name there.
#[derive(Debug, Serialize)]
pub struct NameView<'a> {
    name: &'a str,
    name_ko: Option<&'a str>,
    name_en: Option<&'a str>,
}

impl<'a> From<&'a Localized> for NameView<'a> {
    fn from(name: &'a Localized) -> Self {
        Self { name: &name.main, name_ko: name.ko.as_deref(), name_en: name.en.as_deref() }
    }
}

#[derive(Debug, Serialize)]
pub struct RegionView<'a> {
    pub region_id: RegionId,
    parent_id: Option<RegionId>,
    code: &'a str,
    #[serde(flatten)]
    name: NameView<'a>,
}

impl<'a> From<&'a Region> for RegionView<'a> {
    fn from(region: &'a Region) -> Self {
        Self {
            region_id: region.region_id,
            parent_id: region.parent_id,
            code: &region.code,
            name: (&region.name).into(),
        }
    }
}

/// A clinic, and how people find it and their way in it.
#[derive(Debug, Serialize)]
pub struct ClinicView<'a> {
    pub clinic_id: ClinicId,
    pub region_id: RegionId,
    code: &'a str,
    #[serde(flatten)]
    name: NameView<'a>,
    /// IANA name.
    zone: &'static str,
    address: &'a str,
    phone: &'a str,
    latitude: Option<f64>,
    longitude: Option<f64>,
    /// Null is not known.
    amenities: Amenities,
    #[serde(flatten)]
    directions: DirectionsView<'a>,
}

impl<'a> From<&'a Clinic> for ClinicView<'a> {
    fn from(clinic: &'a Clinic) -> Self {
        Self {
            clinic_id: clinic.clinic_id,
            region_id: clinic.region_id,
            code: &clinic.code,
            name: (&clinic.name).into(),
            zone: clinic.zone.name(),
            address: &clinic.address,
            phone: &clinic.phone,
            latitude: clinic.latitude,
            longitude: clinic.longitude,
            amenities: clinic.amenities,
            directions: (&clinic.directions).into(),
        }
    }
}

/// How to find a clinic; null in a language is the main text there, if there is one.
#[derive(Debug, Serialize)]
struct DirectionsView<'a> {
    directions: Option<&'a str>,
    directions_ko: Option<&'a str>,
    directions_en: Option<&'a str>,
}

impl<'a> From<&'a Directions> for DirectionsView<'a> {
    fn from(directions: &'a Directions) -> Self {
        Self {
            directions: directions.main.as_deref(),
            directions_ko: directions.ko.as_deref(),
            directions_en: directions.en.as_deref(),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct CampaignView<'a> {
    pub campaign_id: CampaignId,
    code: &'a str,
    #[serde(flatten)]
    name: NameView<'a>,
    course_id: CourseId,
    dose_number: i16,
    state: State,
    opens_at: DateTime<Utc>,
    closes_at: DateTime<Utc>,
    cancel_until_hours: i16,
    bookings_per_day: i16,
    /// IANA name.
    zone: &'static str,
    rule_version: i32,
    published_quota: Option<i32>,
    published_at: Option<DateTime<Utc>>,
    #[serde(flatten)]
    state_reason: StateReasonView<'a>,
    walk_in: WalkIn,
    left_over: LeftOver,
}

impl<'a> From<&'a Campaign> for CampaignView<'a> {
    fn from(campaign: &'a Campaign) -> Self {
        Self {
            campaign_id: campaign.campaign_id,
            code: &campaign.code,
            name: (&campaign.name).into(),
            course_id: campaign.course_id,
            dose_number: campaign.dose_number,
            state: campaign.state,
            opens_at: campaign.opens_at,
            closes_at: campaign.closes_at,
            cancel_until_hours: campaign.cancel_until_hours,
            bookings_per_day: campaign.bookings_per_day,
            zone: campaign.zone.name(),
            rule_version: campaign.rule_version,
            published_quota: campaign.published_quota,
            published_at: campaign.published_at,
            state_reason: campaign.state_reason.as_ref().into(),
            walk_in: campaign.day.walk_in,
            left_over: campaign.day.left_over,
        }
    }
}

/// Why booking is paused or closed.
#[derive(Debug, Serialize)]
struct StateReasonView<'a> {
    state_reason: Option<&'a str>,
    state_reason_ko: Option<&'a str>,
    state_reason_en: Option<&'a str>,
}

impl<'a> From<Option<&'a Localized>> for StateReasonView<'a> {
    fn from(reason: Option<&'a Localized>) -> Self {
        Self {
            state_reason: reason.map(|reason| reason.main.as_str()),
            state_reason_ko: reason.and_then(|reason| reason.ko.as_deref()),
            state_reason_en: reason.and_then(|reason| reason.en.as_deref()),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct CohortView<'a> {
    pub cohort_id: CohortId,
    #[serde(flatten)]
    name: NameView<'a>,
    born_from: Option<NaiveDate>,
    born_to: Option<NaiveDate>,
    roster_id: Option<RosterId>,
    region_id: Option<RegionId>,
}

impl<'a> From<&'a Cohort> for CohortView<'a> {
    fn from(cohort: &'a Cohort) -> Self {
        Self {
            cohort_id: cohort.cohort_id,
            name: (&cohort.name).into(),
            born_from: cohort.born_from,
            born_to: cohort.born_to,
            roster_id: cohort.roster_id,
            region_id: cohort.region_id,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct TrancheView<'a> {
    pub tranche_id: TrancheId,
    #[serde(flatten)]
    name: NameView<'a>,
    birth_day_digits: &'a [i16],
    opens_at: DateTime<Utc>,
}

impl<'a> From<&'a Tranche> for TrancheView<'a> {
    fn from(tranche: &'a Tranche) -> Self {
        Self {
            tranche_id: tranche.tranche_id,
            name: (&tranche.name).into(),
            birth_day_digits: &tranche.birth_day_digits,
            opens_at: tranche.opens_at,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct ProductView<'a> {
    pub product_id: ProductId,
    code_system: &'a str,
    code: &'a str,
    #[serde(flatten)]
    name: NameView<'a>,
    doses_per_vial: i16,
    age_months_min: i16,
    age_months_max: Option<i16>,
    doses_in_series: i16,
    interval_days_min: i16,
}

impl<'a> From<&'a Product> for ProductView<'a> {
    fn from(product: &'a Product) -> Self {
        Self {
            product_id: product.product_id,
            code_system: &product.code_system,
            code: &product.code,
            name: (&product.name).into(),
            doses_per_vial: product.doses_per_vial,
            age_months_min: product.age_months_min,
            age_months_max: product.age_months_max,
            doses_in_series: product.doses_in_series,
            interval_days_min: product.interval_days_min,
        }
    }
}
