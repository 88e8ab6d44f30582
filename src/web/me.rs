//! What somebody who has signed in sees of themselves: what they have booked in every campaign,
//! what happens next, what they can book, and the way out.

use actix_web::{HttpResponse, web::Data};
use askama::Template;
use chrono::{DateTime, Utc};

use super::{
    guard::SignedIn,
    page::{Frame, Visit},
    part::{Row, Tone},
    round::Round,
    text::Texts,
};
use crate::{
    board::{catalogue::Card, snapshot::Snapshot},
    db,
    domain::{
        Refusal,
        booking::{Booking, State},
        booking_number::BookingNumber,
        keys::BookingNumberKey,
    },
    flows::personal::Personal,
    http::{
        admission::{self, Admitted},
        problem::Problem,
    },
};

/// Bookings that are shown; nobody has more than a few.
const BOOKINGS_MAX: i64 = 50;

#[derive(Template)]
#[template(path = "me.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    name: &'a str,
    /// Live ones, the next appointment first.
    bookings: Vec<Booked>,
    /// Ended ones, the newest first.
    earlier: Vec<Booked>,
    rounds: Vec<Round>,
}

/// A booking, as the page shows it.
struct Booked {
    heading: String,
    tag: (&'static str, Tone),
    next: &'static str,
    rows: Vec<Row>,
    href: String,
}

/// # Errors
/// `not_found` for a person who is not in the register any more; `overloaded`.
pub async fn get_me(
    visit: Visit,
    personal: Data<Personal>,
    SignedIn(session): SignedIn,
    _: Admitted<admission::Read>,
) -> Result<HttpResponse, Problem> {
    let (t, app, person_id) = (visit.t, &visit.app, session.person_id);
    let person = personal.person(person_id).await?.ok_or_else(Refusal::not_found)?;
    let mut booked = db::booking::list_own(&app.db.read, person_id, None, BOOKINGS_MAX).await?;
    let (snapshot, now) = (app.board.now(), app.clock.now());
    booked.sort_by_key(|booking| booking.starts_at);
    let (live, ended): (Vec<_>, Vec<_>) =
        booked.iter().partition(|booking| booking.state.is_live());
    let ids: Vec<_> = live.iter().map(|booking| booking.booking_id).collect();
    // A booking whose appointment is lost must not be told as one that stands.
    let by = db::closure::find(&app.db.read, &ids).await?;
    let is_lost = |booking: &Booking| {
        by.get(&booking.booking_id).is_some_and(|by| by.lost.is_some()) && now < booking.ends_at
    };
    let show = |booking: &Booking| {
        let card = card(t, &snapshot, (booking, &app.keys.booking_number), now);
        match is_lost(booking) {
            true => {
                Booked { tag: (t.booking_is_lost(), Tone::Bad), next: t.choose_another(), ..card }
            }
            false => card,
        }
    };
    let page = Page {
        t,
        frame: visit.frame(),
        name: person.name_in(t.language()),
        bookings: live.iter().copied().map(show).collect(),
        earlier: ended.iter().rev().copied().map(show).collect(),
        rounds: open_rounds(t, &snapshot, &live),
    };
    visit.show(&page)
}

fn card(
    t: Texts,
    snapshot: &Snapshot,
    (booking, key): (&Booking, &BookingNumberKey),
    now: DateTime<Utc>,
) -> Booked {
    let catalogue = &snapshot.catalogue;
    let campaign = catalogue.campaigns.get(&booking.campaign_id);
    let campaign = campaign.map_or("", |card| t.name(&card.campaign.name));
    let site = catalogue.place_of(booking.clinic_id).and_then(|at| catalogue.clinics.get(at));
    let is_due = booking.ends_at <= now;
    let mut rows = Vec::new();
    if let Some(site) = site {
        let clinic = &site.clinic;
        rows.push(Row::new(t.booking_when(), t.instant(booking.starts_at, clinic.zone)));
        rows.push(Row::new(t.booking_where(), t.name(&clinic.name)));
        if booking.state == State::Booked {
            rows.push(Row::new(t.booking_address(), clinic.address.as_str()));
            rows.push(Row::phone(t.booking_call(), &clinic.phone));
        }
    } else {
        rows.push(Row::new(t.booking_when(), t.date(booking.on_date)));
    }
    let number = BookingNumber::of(key, booking.booking_id).to_string();
    rows.push(Row::new(t.booking_number(), number));
    Booked {
        heading: t.whole(campaign),
        tag: tag(t, booking.state, is_due),
        next: t.booking_next(booking, is_due),
        rows,
        href: format!("/bookings/{}", booking.booking_id),
    }
}

/// A booking's state in a word or two, and how it is marked.
fn tag(t: Texts, state: State, is_due: bool) -> (&'static str, Tone) {
    match state {
        State::Booked if is_due => (t.booking_is_due(), Tone::Wait),
        State::Booked => (t.dose_booked(), Tone::Good),
        State::Held => (t.booking_held(), Tone::Wait),
        State::Given => (t.dose_given(), Tone::Good),
        State::Cancelled => (t.booking_cancelled(), Tone::Bad),
        State::NoShow => (t.booking_no_show(), Tone::Bad),
        State::NotVaccinated => (t.booking_not_vaccinated(), Tone::Bad),
    }
}

/// The rounds whose dose this person has neither booked nor been given.
fn open_rounds(t: Texts, snapshot: &Snapshot, live: &[&Booking]) -> Vec<Round> {
    let is_booked = |card: &Card| {
        let dose = (card.campaign.course_id, card.campaign.dose_number);
        live.iter().any(|booking| (booking.course_id, booking.dose_number) == dose)
    };
    let campaigns = snapshot.catalogue.campaigns.iter();
    let free = campaigns.filter(|(_, card)| !is_booked(card));
    let rounds = free.filter_map(|(id, _)| Round::new(t, snapshot, *id));
    rounds.filter(|round| !round.phase.is_over()).collect()
}
