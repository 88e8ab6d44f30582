//! The register: persons are keyed as they come in; who is known already is no fault.

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{Rows, reject, repeated};
use crate::{
    db::{copy::CopyText, import as db},
    domain::{
        RegionId,
        fact::Noun,
        import::{Fault, Rejects, Row, register::Register, roster::PERSON_COLUMNS},
        keys::{Keys, MatchKey},
        person::match_key,
    },
};

pub(super) struct Typist {
    key: MatchKey,
    today: NaiveDate,
    regions: HashMap<String, RegionId>,
}

impl Typist {
    pub(super) async fn new(conn: &mut PgConnection, keys: &Keys) -> sqlx::Result<Self> {
        let today = db::latest_date(conn).await?;
        Ok(Self { key: keys.matching.clone(), today, regions: db::regions(conn).await? })
    }
}

impl Rows for Typist {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        let person = Register::parse(row, self.today)?;
        let region_id = region(&self.regions, person.region_code)?;
        let key = match_key(&self.key, &person.name, person.birth_date, &person.phone);
        to.row(line)
            .key(key)
            .value(person.birth_date)
            .value(region_id)
            .text(&person.name)
            .text(&person.phone)
            .end();
        Ok(())
    }
}

/// The region with this code.
pub(super) fn region(regions: &HashMap<String, RegionId>, code: &str) -> Result<RegionId, Fault> {
    let found = regions.get(code).copied();
    found.ok_or_else(|| Fault::no_such("region_code", Noun::Region))
}

pub(super) async fn check(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    let removed = db::register::remove_repeated(conn).await?;
    reject(rejects, removed, repeated(PERSON_COLUMNS));
    Ok(())
}
