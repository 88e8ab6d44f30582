//! Merges one person of the register into another. How bookings at the same time are kept from
//! being lost stands in `db::merge`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::time::{Instant, sleep};

use super::{Error, Result, person_record, person_record::Doing, session, session::SignOuts};
use crate::{
    clock::Clock,
    db::{self, Db, Failure, in_tx},
    domain::{
        BookingId, Code, Detail, PersonId, Refusal,
        fact::Noun,
        person_change::{Kind, NewChange},
        session::EndedSession,
    },
};

/// Longer than any booking transaction lasts (a lane gives one up after 8 seconds).
const BOOKINGS_SECONDS_MAX: Duration = Duration::from_secs(10);
/// A booking transaction lasts for milliseconds.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How often a booking of the other person may come between before the merge gives up.
const TRIES_MAX: u32 = 5;

/// What a merge came to.
#[derive(Debug)]
pub struct Merged {
    pub person_id: PersonId,
    pub into: PersonId,
    /// What went over, ended bookings too.
    pub booking_ids: Vec<BookingId>,
}

/// Merges a person into another. Bookings, doses, lists and messages on their way follow; the row
/// stays, and its names find the other one from then on. What the other's row says (name, phone,
/// mark) stays as it is.
///
/// # Errors
/// `not_found`; `invalid_field` for the other person; `person_merged` where one of them was merged
/// before, or is being merged; `changed_meanwhile`; `booked_twice` with the bookings where both
/// have the same dose; `unavailable` where bookings or a file keep it waiting too long.
pub async fn merge(
    db: &Db,
    (sign_outs, clock): (&SignOuts, &Clock),
    (person_id, into): (PersonId, PersonId),
    doing: Doing<'_>,
) -> Result<Merged> {
    if person_id == into {
        return Err(Refusal::field("into_person_id", Detail::SamePerson).into());
    }
    let sealed_at = in_tx(&db.write, "seal person", async |conn| {
        person_record::lock(conn, person_id, doing.version).await?;
        let sealed = db::merge::seal(conn, person_id).await?;
        sealed.ok_or_else(|| Error::Refused(under_way()))
    })
    .await?;
    let done = merge_sealed(db, clock, (person_id, into, sealed_at), &doing).await;
    match done {
        Ok((merged, ended)) => {
            sign_outs.add(ended);
            Ok(merged)
        }
        Err(error) => {
            let lifted = in_tx(&db.write, "lift seal", async |conn| {
                db::merge::lift(conn, person_id, sealed_at).await.map_err(db::Error::from)
            });
            if let Err(error) = lifted.await {
                tracing::warn!(%error, "a seal is left to the sweep");
            }
            Err(error)
        }
    }
}

/// The person is sealed by another merge.
fn under_way() -> Refusal {
    Refusal::new(Code::PersonMerged, Detail::MergeUnderWay)
}

async fn merge_sealed(
    db: &Db,
    clock: &Clock,
    (person_id, into, sealed_at): (PersonId, PersonId, DateTime<Utc>),
    doing: &Doing<'_>,
) -> Result<(Merged, EndedSession)> {
    wait_for_bookings(db).await?;
    for _ in 1..TRIES_MAX {
        match move_all(db, clock, (person_id, into, sealed_at), doing).await {
            Err(Error::Db(error)) if is_overtaken(&error) => {}
            done => return done,
        }
    }
    move_all(db, clock, (person_id, into, sealed_at), doing).await
}

/// The other person has booked in between, or another merge was first: the next look sees it.
fn is_overtaken(error: &db::Error) -> bool {
    matches!(error.failure(), Failure::Unique("booking_one_live_key") | Failure::Conflict)
}

/// Returns when every booking transaction is over that was under way.
///
/// # Errors
/// `unavailable` where one lasts too long.
pub(super) async fn wait_for_bookings(db: &Db) -> Result<()> {
    let deadline = Instant::now() + BOOKINGS_SECONDS_MAX;
    let mut under_way = db::merge::bookings_under_way(&db.write).await?;
    while !under_way.is_empty() {
        if Instant::now() > deadline {
            return Err(Refusal::from(Code::Unavailable).into());
        }
        sleep(LOOK_AGAIN).await;
        let now = db::merge::bookings_under_way(&db.write).await?;
        under_way.retain(|one| now.contains(one));
    }
    Ok(())
}

async fn move_all(
    db: &Db,
    clock: &Clock,
    (person_id, into, sealed_at): (PersonId, PersonId, DateTime<Utc>),
    doing: &Doing<'_>,
) -> Result<(Merged, EndedSession)> {
    in_tx(&db.write, "merge persons", async |conn| {
        db::merge::be_impatient(conn).await?;
        let sides = db::merge::lock(conn, person_id, into).await?;
        let own = sides.iter().find(|side| side.person_id == person_id);
        if own.is_none_or(|side| side.sealed_at != Some(sealed_at)) {
            return Err(Refusal::from(Code::Unavailable).into());
        }
        let other = sides.iter().find(|side| side.person_id == into);
        let other = other.ok_or_else(|| Refusal::no_such("into_person_id", Noun::Person))?;
        if let Some(into) = other.merged_into {
            let field = Some("into_person_id".into());
            return Err(Refusal { field, ..person_record::merged(into) }.into());
        }
        refuse_same_doses(conn, person_id, into).await?;
        // The row says first who they are: only then may their bookings be the other's.
        db::merge::move_rest(conn, person_id, into).await?;
        let ended = session::end_all(conn, clock, person_id).await?;
        // Closing a day has the catalogue before it comes to bookings.
        db::catalogue::touch(conn).await?;
        let booking_ids = db::merge::move_bookings(conn, person_id, into).await?;
        let merged = Merged { person_id, into, booking_ids };
        write_down(conn, &merged, doing).await?;
        Ok((merged, ended))
    })
    .await
}

async fn refuse_same_doses(
    conn: &mut PgConnection,
    person_id: PersonId,
    into: PersonId,
) -> Result<()> {
    let same = db::merge::same_doses(conn, person_id, into).await?;
    let Some(first) = same.first() else { return Ok(()) };
    let refusal = Refusal::new(Code::BookedTwice, Detail::SameDose { both: (*first).into() });
    let all = serde_json::to_value(&same).unwrap_or_default();
    Err(refusal.with("same_doses", all).into())
}

async fn write_down(conn: &mut PgConnection, merged: &Merged, doing: &Doing<'_>) -> Result<()> {
    let Merged { person_id, into, booking_ids } = merged;
    let sides = [(*person_id, Kind::MergedInto, *into), (*into, Kind::TookIn, *person_id)];
    for (person_id, kind, other) in sides {
        let change = NewChange {
            by: doing.by,
            person_id,
            kind,
            reason: doing.reason,
            fields: &[],
            other_person_id: Some(other),
            booking_ids,
        };
        db::person_change::insert(conn, &change).await?;
    }
    Ok(())
}
