//! Doses of a clinic's day that nobody was promised: offered again, kept for walk-ins, written off,
//! and taken back.
//!
//! Locks: the allocation and nothing else. Closing the day locks it too, so that a closed day stays
//! as it is.

use chrono::NaiveDate;

use super::{Result, day_close::actor, idempotency::once};
use crate::{
    db::{self, Db, idempotency_key::Keyed, in_tx},
    domain::{
        AllocationId, ClinicId, Code, Detail, Refusal,
        actor::Cause,
        day::{Day, accounted},
        day_dose::Act,
        fact::Noun,
        grant::Grant,
        session::StaffUser,
    },
};

/// What is to be done with which doses.
#[derive(Clone, Debug)]
pub struct Move {
    pub act: Act,
    pub allocation_id: AllocationId,
    pub doses: i32,
    pub reason: String,
}

/// Does it, and answers with the day as it is then.
///
/// # Errors
/// `not_found` for a clinic that is not there; `invalid_field` for doses that the day does not
/// have; `wrong_state` for a day that is closed, for offering again what nobody could book, and for
/// withholding on another day than today; those of `Act::apply`.
pub async fn act(
    db: &Db,
    (clinic_id, date): (ClinicId, NaiveDate),
    wanted: &Move,
    by: StaffUser,
    keyed: Option<&Keyed>,
) -> Result<Day> {
    let cause = Cause { actor: actor(by), reason: wanted.reason.as_str().into() };
    let no_clinic = || Refusal::none(Noun::Clinic, clinic_id);
    in_tx(&db.write, "move doses of the day", async |conn| {
        once(conn, keyed, async |conn| {
            let grant = db::allocation::lock(conn, wanted.allocation_id).await?;
            let is_of_day = |grant: &Grant| (grant.clinic_id, grant.on_date) == (clinic_id, date);
            let not_of_day = || Refusal::field("allocation_id", Detail::NotOfDay);
            let mut grant = grant.filter(is_of_day).ok_or_else(not_of_day)?;
            if db::day::is_closed(&mut *conn, clinic_id, date).await? {
                return Err(accounted(date).into());
            }
            let today = db::schedule::today(&mut *conn, clinic_id).await?.ok_or_else(no_clinic)?;
            if wanted.act == Act::Withhold && today != date {
                return Err(Refusal::new(Code::WrongState, Detail::OnlyToday { today }).into());
            }
            if wanted.act == Act::OfferAgain
                && !db::day::has_seats_to_come(&mut *conn, clinic_id, date).await?
            {
                return Err(Refusal::new(Code::WrongState, Detail::NobodyCouldBook).into());
            }
            let not_recorded = db::day::not_recorded(&mut *conn, &grant).await?;
            let lines = wanted.act.apply(&mut grant, wanted.doses, not_recorded, &cause)?;
            db::day_close::set_allocations(conn, &[grant]).await?;
            db::movement::insert_all(conn, &lines).await?;
            Ok(db::day::find(conn, clinic_id, date).await?.ok_or_else(no_clinic)?)
        })
        .await
    })
    .await
}
