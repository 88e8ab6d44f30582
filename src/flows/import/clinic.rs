//! Clinics: new ones are added; names, address, phone, position, amenities and directions of known
//! ones may change.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::{
    register::region,
    rows::{RowParser, reject, repeated},
};
use crate::{
    db::{self, copy::CopyText},
    domain::{
        Code, Detail, RegionId,
        amenity::Amenity,
        import::{Fault, Rejects, Row, clinic::Clinic},
    },
};

pub(super) struct Parser {
    regions: HashMap<String, RegionId>,
}

impl Parser {
    pub(super) async fn new(conn: &mut PgConnection) -> sqlx::Result<Self> {
        Ok(Self { regions: db::import::regions(conn).await? })
    }
}

impl RowParser for Parser {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        let clinic = Clinic::parse(row)?;
        let region_id = region(&self.regions, &clinic.region_code)?;
        to.row(line)
            .text(&clinic.code)
            .text(clinic.name)
            .optional_text(clinic.name_ko)
            .optional_text(clinic.name_en)
            .value(region_id)
            .text(clinic.zone.name())
            .text(clinic.address)
            .text(clinic.phone)
            .optional(clinic.position.map(|(latitude, _)| latitude))
            .optional(clinic.position.map(|(_, longitude)| longitude))
            .text(&said(&clinic.amenities))
            .optional_text(clinic.directions)
            .optional_text(clinic.directions_ko)
            .optional_text(clinic.directions_en)
            .end();
        Ok(())
    }
}

/// What the row says of amenities, as JSON; null says that one is not known.
fn said(amenities: &[(Amenity, Option<bool>)]) -> String {
    let said = amenities.iter().map(|&(one, is_there)| (one.word().to_owned(), is_there.into()));
    serde_json::Value::Object(said.collect()).to_string()
}

pub(super) async fn check(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    let removed = db::import::clinic::remove_repeated(conn).await?;
    reject(rejects, removed, repeated("code"));
    let removed = db::import::clinic::remove_elsewhere(conn).await?;
    reject(rejects, removed, |_| {
        Fault::new(Code::AlreadyExists, "region_code", Detail::ClinicElsewhere)
    });
    let removed = db::import::clinic::remove_of_other_zone(conn).await?;
    reject(rejects, removed, |_| {
        Fault::new(Code::AlreadyExists, "zone", Detail::ClinicInOtherZone)
    });
    Ok(())
}
