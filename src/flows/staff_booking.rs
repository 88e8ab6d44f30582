//! Bookings that staff make for somebody else, through the lane of the clinic.

use super::{
    Error, Result,
    lane::{Lanes, ReplyQueue},
};
use crate::{
    db::{self, Db, in_tx},
    domain::{
        Code, Refusal,
        batch::{Outcome, Request},
        booking::Booking,
        staff_booking::{BookFor, Written},
    },
};

/// A booking that was made for somebody, now or by the same request before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    pub booking: Booking,
    pub is_new: bool,
}

/// What the same request came to before, as it stands now; none where it is new.
///
/// # Errors
/// `booking_id_reused` for an id under which something else was asked.
pub(super) async fn replay(db: &Db, asked: &BookFor) -> Result<Option<Made>> {
    let booking_id = asked.book.booking_id;
    let Some((of, written)) = db::staff_booking::find_step(&db.read, booking_id).await? else {
        return Ok(None);
    };
    let found = in_tx(&db.write, "replay assisted booking", async |conn| {
        db::safety::wait_at_commit(conn).await?;
        Ok::<_, Error>(db::visit::bookings(conn, &[booking_id]).await?)
    });
    let booking = found.await?.remove(&booking_id);
    let is_same = of == booking_id && written == Written::from(&asked.form);
    match booking.filter(|booking| is_same && asked.is_for(booking)) {
        Some(booking) => Ok(Some(Made { booking, is_new: false })),
        None => Err(Refusal::from(Code::BookingIdReused).into()),
    }
}

/// Has the booking decided.
///
/// # Errors
/// The refusals of `domain::batch`; `overloaded` and `unavailable`.
pub(super) async fn submit(
    db: &Db,
    (lanes, replies): (&Lanes, &ReplyQueue),
    asked: BookFor,
) -> Result<Made> {
    match lanes.submit(Request::BookFor(asked.clone().into()), replies).await? {
        Outcome::Booked(booking) => Ok(Made { booking, is_new: true }),
        // Another request with this id was faster: whether it was the same stands in its step.
        Outcome::Replayed(booking) => {
            let made = replay(db, &asked).await?;
            Ok(made.unwrap_or(Made { booking, is_new: false }))
        }
        Outcome::Refused(refusal) => Err(refusal.into()),
        Outcome::Cancelled(_) | Outcome::Visited(_) => Err(Refusal::from(Code::Internal).into()),
    }
}
