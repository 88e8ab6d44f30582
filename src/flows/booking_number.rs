//! Finds bookings by the number that people have. The number is not kept anywhere: it is computed
//! from the ids of all bookings among which it can be, which are few.

use super::Result;
use crate::{
    db::{self, Db},
    domain::{
        BookingId, ClinicId, Code, Detail, Refusal,
        booking_number::BookingNumber,
        keys::BookingNumberKey,
        schedule::{Found, dates_searched},
    },
};

/// The bookings of a clinic with this number, by time: today's, or else those of the days around,
/// from 14 days ago to 42 days ahead at the clinic. There may be several.
///
/// The work grows with the clinic's bookings in these days and with nothing else: 3,000 a day make
/// 171,000, which take a fraction of a second. Those of today take milliseconds.
///
/// # Errors
/// `not_found` for a clinic that is not there; with the field and the dates where it has no such
/// booking.
pub async fn find_at(
    db: &Db,
    key: &BookingNumberKey,
    clinic_id: ClinicId,
    number: BookingNumber,
) -> Result<Vec<Found>> {
    let today = db::schedule::today(&db.read, clinic_id).await?.ok_or_else(Refusal::not_found)?;
    let (from, to) = dates_searched(today);
    for dates in [(today, today), (from, to)] {
        let ids = db::schedule::booking_ids(&db.read, clinic_id, dates).await?;
        let ids = with_number(key, number, ids).await?;
        if !ids.is_empty() {
            return Ok(db::schedule::list_found(&db.read, &ids, today).await?);
        }
    }
    let detail = Detail::NoBookingHere { from, to };
    Err(Refusal { code: Code::NotFound, ..Refusal::field("number", detail) }.into())
}

/// Those of the bookings that have the number. On a thread of its own: a hash takes less than a
/// microsecond, and there may be many.
async fn with_number(
    key: &BookingNumberKey,
    number: BookingNumber,
    ids: Vec<BookingId>,
) -> Result<Vec<BookingId>> {
    let key = key.clone();
    let hashing = tokio::task::spawn_blocking(move || {
        ids.into_iter().filter(|&id| BookingNumber::of(&key, id) == number).collect()
    });
    Ok(hashing.await.map_err(std::io::Error::other)?)
}
