//! Opening hours: a series is compared with the slots of its days and carried out, clinic by
//! clinic. A dry run does all of it and takes it back, so that it says exactly what would happen.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{Error, Result};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        ClinicId, Refusal, RegionId, StaffUserId,
        day::accounted,
        fact::Noun,
        opening_hours::Series,
        slot_plan::{Changes, HITS_MAX, Hit, Missing},
    },
};

/// Clinics of one request; more come from a file.
pub const CLINICS_MAX: usize = 500;

/// How hours are saved.
#[derive(Clone, Copy, Debug)]
pub struct Saving {
    /// Do everything, then take it back.
    pub dry_run: bool,
    pub by: StaffUserId,
}

/// What a series comes to at a clinic.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub clinic_id: ClinicId,
    /// Days that it speaks of, those that are over or have hours of their own not counted.
    pub days: usize,
    /// Days that keep the hours of their own.
    pub days_kept: usize,
    /// Slots and seats that those days have by it.
    pub slots: usize,
    pub seats: i64,
    /// Windows left out because clocks skip them or show them twice.
    pub left_out: u64,
    pub changes: Changes,
    /// Bookings in slots that go.
    pub bookings_hit: u64,
    /// The first of them.
    pub hits: Vec<Hit>,
}

/// Saves a series for a clinic and makes its slots so.
///
/// # Errors
/// `not_found` for an unknown clinic; `invalid_field` for a series that cannot be.
pub async fn save(
    db: &Db,
    clinic_id: ClinicId,
    series: &Series,
    saving: Saving,
) -> Result<Outcome> {
    check(series)?;
    let done = in_tx(&db.write, "save opening hours", async |conn| {
        if series.is_of_one_day() {
            unless_accounted(conn, clinic_id, series.from_date).await?;
        }
        let outcome = apply(conn, clinic_id, series).await?;
        db::opening_hours::insert(conn, clinic_id, series, Some(saving.by)).await?;
        finish(conn, outcome, saving.dry_run).await
    });
    settled(done.await)
}

/// Forgets that a day has hours of its own: it gets those of the newest series that speaks of it,
/// or keeps its slots where there is none.
///
/// # Errors
/// `not_found` for an unknown clinic, or a day without hours of its own.
pub async fn forget_day(
    db: &Db,
    clinic_id: ClinicId,
    date: NaiveDate,
    dry_run: bool,
) -> Result<Option<Outcome>> {
    let done = in_tx(&db.write, "forget opening hours", async |conn| {
        db::clinic::lock(conn, clinic_id).await?.ok_or_else(|| no_clinic(clinic_id))?;
        unless_accounted(conn, clinic_id, date).await?;
        if !db::opening_hours::delete_day(conn, clinic_id, date).await? {
            return Err(Error::from(Refusal::not_found()).into());
        }
        let over = db::opening_hours::newest_over(conn, clinic_id, date).await?;
        let speaks = |series: &&Series| series.days().any(|day| day == date);
        let Some(series) = over.iter().find(speaks).map(|series| series.on_day(date)) else {
            return if dry_run { Err(Undone::Nothing) } else { Ok(None) };
        };
        let outcome = apply(conn, clinic_id, &series).await?;
        finish(conn, outcome, dry_run).await.map(Some)
    });
    match done.await {
        Ok(outcome) => Ok(outcome),
        Err(Undone::Nothing) => Ok(None),
        Err(Undone::DryRun(outcome)) => Ok(Some(*outcome)),
        Err(Undone::Failed(error)) => Err(error),
    }
}

/// The clinics of a request: those that it names, or all of a region and the regions in it.
///
/// # Errors
/// `invalid_field` for a region or clinic that is not there, or too many clinics.
pub async fn clinics_of(db: &Db, region_id: RegionId) -> Result<Vec<ClinicId>> {
    let limit = i64::try_from(CLINICS_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let clinics = db::clinic::list_of_region(&db.read, region_id, limit).await?;
    match clinics {
        Some(clinics) => Ok(clinics),
        None => Err(Refusal::no_such("region_id", Noun::Region).into()),
    }
}

/// # Errors
/// `wrong_state` for a day that is accounted for. A series of many days leaves such a day's slots
/// closed.
async fn unless_accounted(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    on_date: NaiveDate,
) -> Result<()> {
    match db::day::is_closed(conn, clinic_id, on_date).await? {
        true => Err(accounted(on_date).into()),
        false => Ok(()),
    }
}

fn check(series: &Series) -> Result<()> {
    series.check().map_err(|(member, detail)| Refusal::field(member, detail).into())
}

/// Compares and carries out. The clinic is locked first, then its slots by their ids.
async fn apply(
    conn: &mut PgConnection,
    clinic_id: ClinicId,
    series: &Series,
) -> std::result::Result<Outcome, Undone> {
    let clinic = db::clinic::lock(conn, clinic_id).await?.ok_or_else(|| no_clinic(clinic_id))?;
    let now = db::opening_hours::now(conn).await?;
    let range = (series.from_date, series.to_date);
    let own = match series.is_of_one_day() {
        true => Vec::new(),
        false => db::opening_hours::days_of_their_own(conn, clinic_id, range).await?,
    };
    let laid = series.lay(clinic.zone, now, |day| !own.contains(&day));
    db::slot_plan::stage(conn, clinic_id, &laid.days, &laid.slots).await?;
    db::slot_plan::lock_slots(conn).await?;
    let (bookings_hit, hits) = db::slot_plan::hits(conn, HITS_MAX).await?;
    let changes = db::slot_plan::carry_out(conn, Missing::Lose).await?;
    Ok(Outcome {
        clinic_id,
        days: laid.days.len(),
        days_kept: own.iter().filter(|day| series.days().any(|other| other == **day)).count(),
        slots: laid.slots.len(),
        seats: laid.slots.iter().map(|slot| i64::from(slot.seats)).sum(),
        left_out: laid.left_out,
        changes,
        bookings_hit,
        hits,
    })
}

async fn finish(
    conn: &mut PgConnection,
    outcome: Outcome,
    dry_run: bool,
) -> std::result::Result<Outcome, Undone> {
    if dry_run {
        return Err(Undone::DryRun(Box::new(outcome)));
    }
    db::catalogue::touch(conn).await?;
    Ok(outcome)
}

fn settled(done: std::result::Result<Outcome, Undone>) -> Result<Outcome> {
    match done {
        Ok(outcome) => Ok(outcome),
        Err(Undone::DryRun(outcome)) => Ok(*outcome),
        Err(Undone::Failed(error)) => Err(error),
        Err(Undone::Nothing) => Err(Refusal::not_found().into()),
    }
}

/// Why the transaction is rolled back.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error("a dry run")]
    DryRun(Box<Outcome>),
    #[error("a dry run that came to nothing")]
    Nothing,
    #[error(transparent)]
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Undone {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

fn no_clinic(clinic_id: ClinicId) -> Refusal {
    Refusal::none(Noun::Clinic, clinic_id)
}
