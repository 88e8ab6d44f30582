//! Clinics.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{ByAdministrator, Page, created, list, localized, localized_change, ok};
use crate::{
    board::view::ClinicView,
    db,
    domain::{
        ClinicId, RegionId,
        amenity::{Amenities, AmenitiesChange, Amenity},
        clinic::{DIRECTIONS_CHARS_MAX, Directions, DirectionsChange, NewClinic},
    },
    flows::{self, clinic::Change},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::{PhoneLine, Text, Zone, nullable},
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicRequest {
    region_id: RegionId,
    code: Text<32>,
    name: Text<200>,
    name_ko: Option<Text<200>>,
    name_en: Option<Text<200>>,
    zone: Zone,
    address: Text<500>,
    phone: PhoneLine,
    latitude: Option<f64>,
    longitude: Option<f64>,
    #[serde(default)]
    amenities: Option<AmenitiesRequest>,
    directions: Option<Text<DIRECTIONS_CHARS_MAX>>,
    directions_ko: Option<Text<DIRECTIONS_CHARS_MAX>>,
    directions_en: Option<Text<DIRECTIONS_CHARS_MAX>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicChange {
    region_id: Option<RegionId>,
    name: Option<Text<200>>,
    #[serde(default, deserialize_with = "nullable")]
    name_ko: Option<Option<Text<200>>>,
    #[serde(default, deserialize_with = "nullable")]
    name_en: Option<Option<Text<200>>>,
    zone: Option<Zone>,
    address: Option<Text<500>>,
    phone: Option<PhoneLine>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    #[serde(default)]
    amenities: Option<AmenitiesRequest>,
    #[serde(default, deserialize_with = "nullable")]
    directions: Option<Option<Text<DIRECTIONS_CHARS_MAX>>>,
    #[serde(default, deserialize_with = "nullable")]
    directions_ko: Option<Option<Text<DIRECTIONS_CHARS_MAX>>>,
    #[serde(default, deserialize_with = "nullable")]
    directions_en: Option<Option<Text<DIRECTIONS_CHARS_MAX>>>,
}

/// What is known of a clinic's amenities; null is that one is not known.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct AmenitiesRequest {
    #[serde(default, deserialize_with = "nullable")]
    step_free: Option<Option<bool>>,
    #[serde(default, deserialize_with = "nullable")]
    accessible_toilet: Option<Option<bool>>,
    #[serde(default, deserialize_with = "nullable")]
    parking: Option<Option<bool>>,
    #[serde(default, deserialize_with = "nullable")]
    hearing_loop: Option<Option<bool>>,
    #[serde(default, deserialize_with = "nullable")]
    sign_language: Option<Option<bool>>,
    #[serde(default, deserialize_with = "nullable")]
    wheelchair: Option<Option<bool>>,
}

impl AmenitiesRequest {
    fn change(&self) -> AmenitiesChange {
        let said = |amenity| match amenity {
            Amenity::StepFree => self.step_free,
            Amenity::AccessibleToilet => self.accessible_toilet,
            Amenity::Parking => self.parking,
            Amenity::HearingLoop => self.hearing_loop,
            Amenity::SignLanguage => self.sign_language,
            Amenity::Wheelchair => self.wheelchair,
        };
        Amenity::ALL.iter().filter_map(|&one| Some((one, said(one)?))).collect()
    }
}

/// What a change says of a part of the directions.
fn part<const MAX: usize>(said: Option<Option<Text<MAX>>>) -> Option<Option<String>> {
    said.map(|said| said.map(|text| text.0))
}

pub async fn list_clinics(
    _: Admitted<admission::Export>,
    app: Data<App>,
    ByAdministrator { what: Query(page), .. }: ByAdministrator<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = ClinicId(page.after.unwrap_or(0));
    let clinics = db::clinic::list(&app.db.read, after, page.limit.0).await?;
    list("clinics", &clinics, page.limit, ClinicView::from, |clinic| clinic.clinic_id.0)
}

/// # Errors
/// Those of `flows::clinic::add`.
pub async fn post_clinic(
    app: Data<App>,
    ByAdministrator { what: Json(new), .. }: ByAdministrator<Json<ClinicRequest>>,
) -> Result<HttpResponse, Problem> {
    let new = NewClinic {
        region_id: new.region_id,
        code: new.code.0,
        name: localized(new.name, new.name_ko, new.name_en),
        zone: new.zone.0,
        address: new.address.0,
        phone: new.phone.0,
        latitude: new.latitude,
        longitude: new.longitude,
        amenities: Amenities::default().changed(&new.amenities.unwrap_or_default().change()),
        directions: Directions {
            main: new.directions.map(|text| text.0),
            ko: new.directions_ko.map(|text| text.0),
            en: new.directions_en.map(|text| text.0),
        },
    };
    Ok(created(&ClinicView::from(&flows::clinic::add(&app.db, new).await?)))
}

/// # Errors
/// Those of `flows::clinic::change`.
pub async fn patch_clinic(
    app: Data<App>,
    request: ByAdministrator<(Path<ClinicId>, Json<ClinicChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(clinic_id), Json(change)) = request.what;
    let change = Change {
        region_id: change.region_id,
        name: localized_change(change.name, change.name_ko, change.name_en),
        zone: change.zone.map(|zone| zone.0),
        address: change.address.map(|text| text.0),
        phone: change.phone.map(|text| text.0),
        latitude: change.latitude,
        longitude: change.longitude,
        amenities: change.amenities.unwrap_or_default().change(),
        directions: DirectionsChange {
            main: part(change.directions),
            ko: part(change.directions_ko),
            en: part(change.directions_en),
        },
        version: None,
    };
    let clinic = flows::clinic::change(&app.db, clinic_id, change).await?;
    Ok(ok(&ClinicView::from(&clinic)))
}
