//! Finds bookings by the number that people have. The number is not kept anywhere: it is computed
//! from the ids of all bookings among which it can be, which are few.

use chrono::NaiveDate;

use super::{
    Result,
    sign_in::{SignInLane, SignInReplies},
    sign_in_code::{self, Claim},
};
use crate::{
    clock::Clock,
    db::{self, Db, booking::Held},
    domain::{
        BookingId, ClinicId, Code, Detail, PersonId, Refusal,
        birth_date::BirthDate,
        booking_number::BookingNumber,
        code_cap::{Caller, CodeCounts, CodeRoom, by_number, look_ups},
        fact::Noun,
        keys::{BookingNumberKey, Keys},
        person_key::Sought,
        schedule::{Found, dates_searched},
        sign_in::too_many_codes,
        sign_in_code::Challenge,
    },
};

/// As long as most phone numbers of Korea: where nobody has the number that was typed, the message
/// to nobody has this one.
const PHONE_OF_NOBODY: &str = "01000000000";

/// The bookings of a clinic with this number, by time: today's, or else those of the days around,
/// from 14 days ago to 42 days ahead at the clinic. There may be several.
///
/// The work grows with the clinic's bookings in these days and with nothing else. The largest
/// clinics give 3,000 doses a day: those of today take 4 ms, and all 171,000 of these days a
/// quarter of a second, nearly all of it the database's.
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
    let ids = ids_at(db, key, (clinic_id, today), number).await?;
    if ids.is_empty() {
        let (from, to) = dates_searched(today);
        let detail = Detail::NoBookingHere { from, to };
        return Err(Refusal { code: Code::NotFound, ..Refusal::field("number", detail) }.into());
    }
    Ok(db::schedule::list_found(&db.read, &ids, today).await?)
}

async fn ids_at(
    db: &Db,
    key: &BookingNumberKey,
    (clinic_id, today): (ClinicId, NaiveDate),
    number: BookingNumber,
) -> Result<Vec<BookingId>> {
    for dates in [(today, today), dates_searched(today)] {
        let ids = db::schedule::booking_ids(&db.read, clinic_id, dates).await?;
        let ids = with_number(key, number, ids).await?;
        if !ids.is_empty() {
            return Ok(ids);
        }
    }
    Ok(Vec::new())
}

/// Among whose bookings a number is looked for.
#[derive(Clone, Copy, Debug)]
pub enum Among {
    /// Those of a clinic, as [`find_at`] does.
    Clinic(ClinicId),
    /// Those of everybody who was born on a day.
    Born(BirthDate),
}

/// The persons who have a booking with this number, whatever became of it.
///
/// # Errors
/// `invalid_field` for a clinic that is not there.
pub async fn find_holders(
    db: &Db,
    key: &BookingNumberKey,
    among: Among,
    number: BookingNumber,
) -> Result<Vec<PersonId>> {
    match among {
        Among::Clinic(clinic_id) => {
            let today = db::schedule::today(&db.read, clinic_id).await?;
            let today = today.ok_or_else(|| Refusal::no_such("clinic_id", Noun::Clinic))?;
            let ids = ids_at(db, key, (clinic_id, today), number).await?;
            Ok(db::person_record::list_holders(&db.read, &ids).await?)
        }
        Among::Born(birth_date) => {
            let booked = db::person_record::list_booked_by_born_on(&db.read, birth_date).await?;
            off_thread(key, move |key| {
                let has = |(id, _): &(BookingId, PersonId)| BookingNumber::of(key, *id) == number;
                booked.into_iter().filter(has).map(|(_, person_id)| person_id).collect()
            })
            .await
        }
    }
}

/// Those of the bookings that have the number. On a thread of its own: a hash takes a tenth of a
/// microsecond, and there may be many.
async fn with_number(
    key: &BookingNumberKey,
    number: BookingNumber,
    ids: Vec<BookingId>,
) -> Result<Vec<BookingId>> {
    off_thread(key, move |key| {
        ids.into_iter().filter(|&id| BookingNumber::of(key, id) == number).collect()
    })
    .await
}

async fn off_thread<T: Send + 'static>(
    key: &BookingNumberKey,
    work: impl FnOnce(&BookingNumberKey) -> T + Send + 'static,
) -> Result<T> {
    let key = key.clone();
    let done = tokio::task::spawn_blocking(move || work(&key)).await;
    Ok(done.map_err(std::io::Error::other)?)
}

/// Whose booking somebody says it is, and where they ask from.
pub struct NumberClaim<'a> {
    pub number: BookingNumber,
    pub birth_date: BirthDate,
    pub caller: &'a Caller,
}

/// Sends a one-time code to the phone of the person who has a booking with this number and was born
/// on this day, whatever became of the booking. For nobody, for people without a phone, and where
/// two people have the number, it makes a code that can never be used, by the same steps.
///
/// The work grows with the bookings of everybody who was born on that day, whether one of them has
/// the number or not: 7 ms for the two thousand of 3.5 million people born in five years.
///
/// # Errors
/// `too_many_requests`, as for a code by name; also where the address asks too often by number.
///
/// `admitted` is what lets somebody look up, and is given back before the code waits for its turn.
pub async fn request_code(
    (db, lane): (&Db, (&SignInLane, &SignInReplies)),
    keys: &Keys,
    clock: &Clock,
    (claim, room, admitted): (NumberClaim<'_>, CodeRoom, impl Sized),
) -> Result<Challenge> {
    let NumberClaim { number, birth_date, caller } = claim;
    let now = clock.now();
    let look_ups = look_ups(&keys.cap, caller);
    if let Some(until) = db::code_cap::count_look_up(&db.write, &look_ups, now).await? {
        return Err(too_many_codes(until, now).into());
    }
    let held = db::booking::list_of_born_on(&db.read, birth_date).await?;
    let holder = off_thread(&keys.booking_number, move |key| holder(key, number, held)).await?;
    drop(admitted);
    let typed = by_number(&keys.cap, &number.digits(), birth_date);
    let held = holder.as_ref().filter(|held| !held.phone.is_empty());
    let phone = held.map_or(PHONE_OF_NOBODY, |held| held.phone.as_str());
    let sought = &Sought::held(held.map_or(typed, |held| held.match_key));
    let counts = CodeCounts::new(&keys.cap, &typed, caller);
    let claim = Claim { sought, phone, caller };
    sign_in_code::request_counted(lane, keys, clock, (claim, counts, room)).await
}

/// The one person who has the number, by one or more of their bookings. Every booking is looked at,
/// also behind the one that is found.
fn holder(key: &BookingNumberKey, number: BookingNumber, held: Vec<Held>) -> Option<Held> {
    let mut found =
        held.into_iter().filter(|held| BookingNumber::of(key, held.booking_id) == number);
    let first = found.next();
    let others = found.collect::<Vec<_>>();
    first.filter(|first| others.iter().all(|other| other.match_key == first.match_key))
}
