//! Marks a person of the register as moved away or dead, or takes the mark away.

use super::{
    Result,
    lane::{Lanes, ReplyQueue},
    merge::wait_for_bookings,
    person_record,
    person_record::Doing,
    session,
    session::SignOuts,
};
use crate::{
    clock::Clock,
    db::{self, Db, in_tx},
    domain::{
        Code, PersonId, Refusal, StaffUserId,
        batch::{Outcome, Request},
        booking::{Booking, State},
        mark::Mark,
        person_change::{Kind, NewChange},
    },
};

/// A booking of a marked person.
pub struct Left {
    pub booking: Booking,
    /// Why it was not cancelled, where it was to be.
    pub refused: Option<Refusal>,
}

/// Marks a person. Whoever is marked neither signs in nor books, and is sent nothing. Gives their
/// live bookings, which stay: no other can come, because booking transactions that may have read
/// the person before are waited for.
///
/// # Errors
/// `not_found`; `person_merged`; `changed_meanwhile`; `unavailable` where a booking transaction
/// lasts too long: the mark stands then.
pub async fn mark(
    db: &Db,
    (sign_outs, clock): (&SignOuts, &Clock),
    (person_id, mark): (PersonId, Option<Mark>),
    doing: Doing<'_>,
) -> Result<Vec<Booking>> {
    let ended = in_tx(&db.write, "mark person", async |conn| {
        person_record::lock(conn, person_id, doing.version).await?;
        db::person_record::set_mark(conn, person_id, mark).await?;
        let kind = match mark {
            Some(Mark::MovedAway) => Kind::MarkedMovedAway,
            Some(Mark::Deceased) => Kind::MarkedDeceased,
            None => Kind::Unmarked,
        };
        let change = NewChange {
            by: doing.by,
            person_id,
            kind,
            reason: doing.reason,
            fields: &[],
            other_person_id: None,
            booking_ids: &[],
        };
        db::person_change::insert(conn, &change).await?;
        let ended = match mark {
            Some(_) => {
                db::outbox::delete_of(conn, person_id).await?;
                Some(session::end_all(conn, clock, person_id).await?)
            }
            None => None,
        };
        db::catalogue::touch(conn).await?;
        super::Result::Ok(ended)
    })
    .await?;
    if let Some(ended) = ended {
        sign_outs.add(ended);
        wait_for_bookings(db).await?;
    }
    Ok(db::person_record::list_live_bookings(&db.write, &[person_id]).await?)
}

/// Cancels those of the bookings that are still to come, through their lanes as the person would:
/// the doses flow back, and the journal names the administrator. One that cannot be cancelled says
/// why, and the others are cancelled nevertheless.
///
/// # Errors
/// None but the database's; a lane that is too busy is the reason of its bookings.
pub async fn cancel(
    (lanes, replies): (&Lanes, &ReplyQueue),
    bookings: Vec<Booking>,
    by: StaffUserId,
) -> Result<Vec<Left>> {
    let mut left = Vec::new();
    for booking in bookings {
        if booking.state != State::Booked {
            left.push(Left { booking, refused: None });
            continue;
        }
        let request = Request::CancelFor { booking: booking.clone(), by };
        left.push(match lanes.submit(request, replies).await {
            Ok(
                Outcome::Booked(booking) | Outcome::Cancelled(booking) | Outcome::Replayed(booking),
            ) => Left { booking, refused: None },
            Ok(Outcome::Refused(refusal)) | Err(super::Error::Refused(refusal)) => {
                Left { booking, refused: Some(refusal) }
            }
            // A lane answers a press to nobody else.
            Ok(Outcome::Visited(_)) => Left { booking, refused: Some(Code::Internal.into()) },
            Err(error) => return Err(error),
        });
    }
    Ok(left)
}
