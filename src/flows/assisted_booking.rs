//! Books for a named person who does not book themselves: the phone channel's doses first, then
//! those of everybody, by the same rules as if they did.

use super::{
    Result,
    lane::{Lanes, ReplyQueue},
    staff_booking::{Made, replay, submit},
};
use crate::{
    db::Db,
    domain::{
        actor::Actor,
        booking::Book,
        staff_booking::{BookFor, Form},
    },
};

/// `form` is always that of an assisted booking.
///
/// # Errors
/// The refusals of a citizen's own booking; `booking_id_reused`; `overloaded` and `unavailable`.
pub async fn book(
    db: &Db,
    lanes: (&Lanes, &ReplyQueue),
    book: Book,
    (form, by): (Form, Actor),
) -> Result<Made> {
    let asked = BookFor { book, form, by };
    match replay(db, &asked).await? {
        Some(made) => Ok(made),
        None => submit(db, lanes, asked).await,
    }
}
