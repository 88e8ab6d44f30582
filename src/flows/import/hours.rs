//! Opening hours: each row is a series for a clinic, and makes the slots of its days so. A row of
//! one day wins over rows of several; two that speak of the same day otherwise are refused.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{rows::RowParser, slot::clinic};
use crate::{
    db::{
        self,
        clinic::zone,
        copy::CopyText,
        import::{Clinic, hours::StagedHours, staged::Written},
    },
    domain::{
        Code, Detail, StaffUserId,
        import::{Fault, Rejects, Row, hours::Hours},
        slot_plan::{Changes, Missing},
    },
};

/// Rows for COPY are handed over in chunks of about this size.
const CHUNK_BYTES: usize = 1024 * 1024;

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
        let hours = Hours::parse(row)?;
        let clinic = clinic(&self.clinics, &hours.clinic_code)?;
        let series = serde_json::to_string(&hours.series)
            .map_err(|_unwritable| Fault::malformed(Detail::ValueImpossible))?;
        to.row(line).value(clinic.clinic_id).text(&series).end();
        Ok(())
    }
}

pub(super) async fn check(conn: &mut PgConnection, rejects: &mut Rejects) -> sqlx::Result<()> {
    db::import::hours::lock_clinics(conn).await?;
    let rows = db::import::hours::list_staged(conn).await?;
    let now = db::opening_hours::now(conn).await?;
    db::import::hours::stage_slots(conn).await?;
    let (mut refused, mut chunk) = (Vec::new(), CopyText::default());
    let mut copy = db::slot_plan::open(conn).await?;
    for rows in rows.chunk_by(|a, b| a.clinic_id == b.clinic_id) {
        let days = share_out(rows, rejects, &mut refused);
        for row in rows.iter().filter(|row| !refused.contains(&row.line.cast_signed())) {
            let laid =
                row.series.lay(zone(&row.zone)?, now, |day| days.get(&day) == Some(&row.line));
            db::slot_plan::write_rows(&mut chunk, row.line, row.clinic_id, &laid.days, &laid.slots);
            if chunk.len() >= CHUNK_BYTES {
                copy.send(std::mem::take(&mut chunk).into_bytes()).await?;
            }
        }
    }
    copy.send(chunk.into_bytes()).await?;
    copy.finish().await?;
    db::slot_plan::analyze(conn).await?;
    db::import::hours::remove(conn, &refused).await
}

/// Whose each day is: of the row that has it to itself, else of the only series that speaks of it.
/// A day that has hours of its own from before keeps them, unless a row of one day says otherwise.
fn share_out(
    rows: &[StagedHours],
    rejects: &mut Rejects,
    refused: &mut Vec<i64>,
) -> BTreeMap<NaiveDate, u64> {
    let mut days = BTreeMap::new();
    let (own, several): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.series.is_of_one_day());
    let mut refuse = |row: &StagedHours, line: u64| {
        refused.push(row.line.cast_signed());
        let detail = Detail::DayHasHours { line };
        rejects
            .push(row.line, Fault::new(Code::DuplicateRow, "weekdays,from_date,to_date", detail));
    };
    for row in own {
        let day = row.series.from_date;
        match days.get(&day) {
            Some(&line) => refuse(row, line),
            None => drop(days.insert(day, row.line)),
        }
    }
    let single = days.clone();
    for row in several {
        let is_meant = |day: &NaiveDate| !single.contains_key(day) && !row.own.contains(day);
        let mine: Vec<_> = row.series.days().filter(is_meant).collect();
        match mine.iter().find_map(|day| days.get(day)) {
            Some(&line) => refuse(row, line),
            None => days.extend(mine.into_iter().map(|day| (day, row.line))),
        }
    }
    days
}

pub(super) async fn write(
    conn: &mut PgConnection,
    by: Option<StaffUserId>,
) -> sqlx::Result<(Written, Option<Changes>)> {
    db::slot_plan::lock_slots(conn).await?;
    let changes = db::slot_plan::carry_out(conn, Missing::Lose).await?;
    db::import::hours::save(conn, by).await?;
    let new = u64::try_from(changes.lines.len()).unwrap_or(u64::MAX);
    let written = Written { new, changed: 0, removed: changes.removed };
    Ok((written, Some(changes)))
}
