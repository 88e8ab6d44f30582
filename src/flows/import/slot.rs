//! Slots: a file says how they are on the days that it names at each clinic. New ones are added,
//! others get its ends and seats; those that it does not name stay or go, as is asked.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::rows::{RowParser, reject, repeated};
use crate::{
    db::{
        self,
        copy::CopyText,
        import::{Clinic, staged::Written},
        slot_plan::Overlap,
    },
    domain::{
        Code, Detail,
        fact::{Noun, Overlapped},
        import::{Fault, Rejects, Row, cell::plain, slot::Slot},
        slot_plan::{Changes, Missing},
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

pub(super) async fn check(
    conn: &mut PgConnection,
    rejects: &mut Rejects,
    missing: Missing,
) -> sqlx::Result<()> {
    let removed = db::import::slot::remove_repeated(conn).await?;
    reject(rejects, removed, repeated("clinic_code,starts_at"));
    db::import::slot::lock_clinics(conn).await?;
    db::slot_plan::lock_slots(conn).await?;
    let (rows, listed) = db::slot_plan::remove_taken_with_other_end(conn).await?;
    let taken = |(line, taken)| {
        (line, Fault::new(Code::AlreadyExists, "ends_at", Detail::SlotTaken { taken }))
    };
    rejects.extend(rows, listed.into_iter().map(taken));
    let (rows, listed) = db::slot_plan::remove_overlapping(conn, missing).await?;
    rejects.extend(rows, listed.into_iter().map(overlaps));
    Ok(())
}

fn overlaps(overlap: Overlap) -> (u64, Fault) {
    let Overlap { line, other_line, starts_at, ends_at, zone } = overlap;
    let detail = match other_line {
        Some(line) => Detail::SlotOverlapsLine { line },
        None => {
            let other = Overlapped { starts_at, ends_at, zone: zone.name().to_owned() };
            Detail::SlotOverlaps { other: other.into() }
        }
    };
    (line, Fault::new(Code::AlreadyExists, "starts_at,ends_at", detail))
}

pub(super) async fn write(
    conn: &mut PgConnection,
    missing: Missing,
) -> sqlx::Result<(Written, Option<Changes>)> {
    let changes = db::slot_plan::carry_out(conn, missing).await?;
    let Changes { added: new, changed, removed, .. } = changes;
    Ok((Written { new, changed, removed }, Some(changes)))
}
