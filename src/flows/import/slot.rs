//! Slots: new ones are added; one that is there already must be the same.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::rows::{RowParser, reject, repeated};
use crate::{
    db::{self, copy::CopyText, import::Clinic},
    domain::{
        Code, Detail,
        fact::Noun,
        import::{Fault, Rejects, Row, cell::plain, slot::Slot},
    },
};

pub(super) struct Parser {
    clinics: HashMap<String, Clinic>,
}

impl Parser {
    pub(super) async fn new(conn: &mut PgConnection) -> sqlx::Result<Self> {
        Ok(Self { clinics: db::import::clinics(conn).await? })
    }
}

impl RowParser for Parser {
    fn stage(&self, line: u64, row: &Row<'_>, to: &mut CopyText) -> Result<(), Fault> {
        let clinic = clinic(&self.clinics, &plain(row.get("clinic_code")))?;
        let slot = Slot::parse(row, clinic.zone)?;
        to.row(line)
            .value(clinic.clinic_id)
            .value(slot.on_date)
            .value(slot.starts_at.to_rfc3339())
            .value(slot.ends_at.to_rfc3339())
            .value(slot.seats)
            .end();
        Ok(())
    }
}

/// The clinic with this code.
pub(super) fn clinic<'a>(
    clinics: &'a HashMap<String, Clinic>,
    code: &str,
) -> Result<&'a Clinic, Fault> {
    let found = clinics.get(code);
    found.ok_or_else(|| Fault::no_such("clinic_code", Noun::Clinic))
}

pub(super) async fn check(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    let removed = db::import::slot::remove_repeated(conn).await?;
    reject(rejects, removed, repeated("clinic_code,starts_at"));
    db::import::slot::lock_clinics(conn).await?;
    let removed = db::import::slot::remove_conflicting(conn).await?;
    reject(rejects, removed, |_| {
        Fault::new(Code::AlreadyExists, "ends_at,seats", Detail::SlotDiffers)
    });
    Ok(())
}
