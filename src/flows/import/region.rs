//! Regions: new ones are added, names of known ones may change.

use sqlx::PgConnection;

use super::rows::{RowParser, reject, repeated};
use crate::{
    db::{self, copy::CopyText},
    domain::{
        Code, Detail,
        fact::Noun,
        import::{Fault, Rejects, Row, region::Region},
    },
};

pub(super) struct Parser;

impl RowParser for Parser {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        let region = Region::parse(row)?;
        to.row(line)
            .text(&region.code)
            .text(region.name)
            .optional_text(region.parent_code.as_deref())
            .optional_text(region.name_ko)
            .optional_text(region.name_en)
            .end();
        Ok(())
    }
}

pub(super) async fn check(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    let removed = db::import::region::remove_repeated(conn).await?;
    reject(rejects, removed, repeated("code"));
    let removed = db::import::region::remove_elsewhere(conn).await?;
    reject(rejects, removed, |_| {
        Fault::new(Code::AlreadyExists, "parent_code", Detail::RegionElsewhere)
    });
    let removed = db::import::region::remove_below_district(conn).await?;
    reject(rejects, removed, |_| Fault::field("parent_code", Detail::DistrictOfDistrict));
    // Last, because a province that was taken out above is none for its districts either.
    let removed = db::import::region::remove_without_parent(conn).await?;
    reject(rejects, removed, |_| Fault::no_such("parent_code", Noun::Region));
    Ok(())
}
