//! The page of a booking: its number, where and when to come, what to bring, what happens next. One
//! that has ended says so, and how to book again. Another person's booking looks like none.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
    web::Data,
};
use askama::Template;
use chrono::{DateTime, Utc};

use super::{OfBooking, chosen, clinic::Facts};
use crate::{
    board::{alternative::Alternative, catalogue::Card, snapshot::Snapshot},
    config::Origin,
    db,
    domain::{
        BookingId, PersonId, Refusal, SlotId,
        booking::{Booking, State, open_again_until},
        booking_number::BookingNumber,
        booking_standing::{Next, Standing},
        clinic::Clinic,
        closure::Disruption,
        movement::Kind,
        notice::{Appointment, News, Notice},
        own_booking::OwnBooking,
        product::Product,
        sms_length::SmsStandard,
    },
    flows::personal::Personal,
    http::{
        admission::{self, Admitted, admit},
        extract::Path,
        page::guard,
        problem::Problem,
        state::App,
    },
    ics::{CalendarFile, calendar_file},
    web::{
        draw::qr,
        guard::SignedIn,
        page::{Frame, Visit},
        part::Row,
        text::{Html, Texts},
    },
    words::{self, Letterhead},
};

/// The page of a booking, after the language.
pub fn path(booking_id: BookingId) -> String {
    format!("/bookings/{booking_id}")
}

/// The same, for who wanted to book what they have booked already.
pub fn path_again(booking_id: BookingId) -> String {
    format!("/bookings/{booking_id}?again=1")
}

/// So many ways out are shown.
const WAYS_MAX: usize = 6;
/// Set where a press to move was refused.
const NOT_MOVED: &str = "not_moved";

/// The same, for who could not move to the time that they chose.
pub fn path_not_moved(booking_id: BookingId) -> String {
    format!("/bookings/{booking_id}?{NOT_MOVED}=1")
}

/// A booking with what the board knows of its clinic, its campaign and its vaccine.
pub struct Known<'a> {
    pub booking: &'a Booking,
    pub clinic: Option<&'a Clinic>,
    pub card: Option<&'a Card>,
    /// Its vaccine and dose.
    pub what: String,
    /// Local date and time.
    pub when: String,
}

impl<'a> Known<'a> {
    pub fn new(t: Texts, snapshot: &'a Snapshot, booking: &'a Booking) -> Self {
        let clinic = snapshot.catalogue.clinic(booking.clinic_id);
        let card = snapshot.catalogue.campaigns.get(&booking.campaign_id);
        let is_it = |product: &&Product| product.product_id == booking.product_id;
        let product = card.and_then(|card| card.rules.products.iter().find(is_it));
        let campaign = || card.map_or("", |card| t.name(&card.campaign.name));
        let name = product.map_or_else(campaign, |product| t.name(&product.name));
        let when = match clinic {
            Some(clinic) => t.instant(booking.starts_at, clinic.zone),
            None => t.date(booking.on_date),
        };
        Self { booking, clinic, card, what: t.vaccine_and_dose(name, booking.dose_number), when }
    }

    /// Where, when and what.
    pub fn rows(&self, t: Texts) -> Vec<Row> {
        let place = self.clinic.map(|clinic| Row::new(t.booking_where(), t.name(&clinic.name)));
        let when = Row::new(t.booking_when(), self.when.as_str());
        let what = Row::new(t.booking_what(), self.what.as_str());
        [Some(when), place, Some(what)].into_iter().flatten().collect()
    }

    /// Until when a cancelled dose is open to everybody again.
    pub fn open_again_until(&self) -> Option<DateTime<Utc>> {
        let hours = self.card?.campaign.cancel_until_hours;
        Some(open_again_until(self.booking.starts_at, hours))
    }
}

#[derive(Template)]
#[template(path = "booking/booked.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    heading: &'static str,
    /// The press that led here changed nothing.
    is_again: bool,
    /// While the appointment is still to come.
    ahead: Option<Ahead>,
    /// How it stands, otherwise.
    standing: String,
    /// What became of the dose of a cancelled booking.
    dose: Option<&'static str>,
    /// Where to go from an appointment that is lost.
    lost: Option<Lost>,
    rows: Vec<Row>,
    clinic: Option<Facts<'a>>,
    /// Where one books again.
    book_again: Option<String>,
}

struct Ahead {
    when: String,
    place: String,
    number: String,
    qr: Option<Html>,
    calendar: String,
    cancel: String,
}

struct Lost {
    /// What became of the last press.
    note: Option<&'static str>,
    /// Where the forms go.
    to: String,
    ways: Vec<Way>,
    cancel: String,
}

/// A way out, booked by one press.
struct Way {
    clinic: String,
    address: String,
    distance: Option<String>,
    label: String,
    slot_id: SlotId,
    booking_id: BookingId,
}

/// A booking of whoever asks.
///
/// # Errors
/// `not_found`.
pub async fn get_booking(
    visit: Visit,
    personal: Data<Personal>,
    SignedIn(session): SignedIn,
    _: Admitted<admission::Afterwards>,
    Path(OfBooking { booking_id }): Path<OfBooking>,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visit.t, &visit.app);
    let own = personal.booking(booking_id, session.person_id).await?;
    let OwnBooking { booking, name, by } = own.ok_or_else(Refusal::not_found)?;
    let snapshot = app.board.now();
    let known = Known::new(t, &snapshot, &booking);
    let mut page = page(&visit, &known, &by);
    let said = |name| chosen::<u8>(visit.request.query_string(), name) == Some(1);
    page.is_again = said("again");
    if let Some(lost) = &mut page.lost {
        lost.note = said(NOT_MOVED).then(|| t.was_not_moved());
        let ways = snapshot.alternatives(&booking, WAYS_MAX).into_iter();
        lost.ways = ways.filter_map(|way| self::way(&visit, &snapshot, &way)).collect();
    }
    if booking.state == State::Cancelled {
        page.dose = dose(app, booking_id, t).await;
    }
    // For whom it is, which helps who books for others.
    page.rows.insert(0, Row::new(t.booking_for(), t.name(&name)));
    visit.show(&page)
}

/// The booking with this id, if it is this person's.
///
/// # Errors
/// `not_found`.
pub async fn own(app: &App, person_id: PersonId, id: BookingId) -> Result<Booking, Problem> {
    let booking = db::booking::find_own(&app.db.read, id, person_id).await?;
    Ok(booking.ok_or_else(Refusal::not_found)?)
}

/// The same for who changes it: whoever only reads holds none of these connections.
///
/// # Errors
/// `not_found`.
pub async fn own_to_change(
    app: &App,
    person_id: PersonId,
    id: BookingId,
) -> Result<Booking, Problem> {
    let booking = db::booking::find_own(&app.db.write, id, person_id).await?;
    Ok(booking.ok_or_else(Refusal::not_found)?)
}

fn page<'a>(visit: &'a Visit, known: &Known<'a>, by: &Disruption) -> Page<'a> {
    let (t, frame, now) = (visit.t, visit.frame(), visit.app.clock.now());
    let booking = known.booking;
    let zone = known.clinic.map_or(chrono_tz::UTC, |clinic| clinic.zone);
    let standing = Standing::of(booking, by, zone, now);
    let next = standing.next(known.card.map(|card| &card.campaign), now);
    let campaign_id = booking.campaign_id;
    let is_ahead = matches!(standing, Standing::Ahead { .. });
    Page {
        t,
        frame,
        heading: t.booking_heading(&standing),
        is_again: false,
        ahead: is_ahead.then(|| ahead(visit, known)),
        standing: words::standing(t.language(), &standing, next),
        dose: None,
        lost: matches!(standing, Standing::Lost { .. }).then(|| Lost {
            note: None,
            to: frame.to(&format!("{}/move", path(booking.booking_id))),
            ways: Vec::new(),
            cancel: frame.to(&format!("{}/cancel", path(booking.booking_id))),
        }),
        rows: known.rows(t),
        clinic: known.clinic.map(|clinic| Facts::new(t, clinic)),
        book_again: (next == Next::BookAgain)
            .then(|| frame.to(&format!("/campaigns/{campaign_id}/clinics"))),
    }
}

fn ahead(visit: &Visit, known: &Known<'_>) -> Ahead {
    let (t, booking) = (visit.t, known.booking);
    let number = BookingNumber::of(&visit.app.keys.booking_number, booking.booking_id);
    let to = |part: &str| visit.frame().to(&format!("{}{part}", path(booking.booking_id)));
    Ahead {
        when: known.when.clone(),
        place: known.clinic.map_or_else(String::new, |clinic| t.name(&clinic.name).to_owned()),
        qr: qr::picture(&number.digits(), &t.qr_of(&number.to_string())),
        number: number.to_string(),
        calendar: to("/calendar.ics"),
        cancel: to("/cancel"),
    }
}

/// What became of the dose of a cancelled booking, by the line that moved it: the campaign's limit
/// may be another one since. Not worth waiting for.
async fn dose(app: &App, booking_id: BookingId, t: Texts) -> Option<&'static str> {
    let _admitted = admit::<admission::Read>(app).ok()?;
    let kind = db::movement::cancelled_by(&app.db.read, booking_id).await.ok()??;
    Some(t.dose_of_cancelled(kind == Kind::CancelLate))
}

fn way(visit: &Visit, snapshot: &Snapshot, way: &Alternative<'_>) -> Option<Way> {
    let t = visit.t;
    let clinic = snapshot.catalogue.clinic(way.clinic.clinic_id)?;
    let when = t.instant(way.slot.starts_at, clinic.zone);
    Some(Way {
        clinic: t.name(&clinic.name).to_owned(),
        address: clinic.address.clone(),
        distance: way.distance_km.filter(|km| *km > 0.0).map(|km| t.distance(km)),
        label: t.book_there(&when),
        slot_id: way.slot.slot_id,
        booking_id: BookingId(visit.app.clock.id()),
    })
}

/// The calendar file of a booking.
///
/// # Errors
/// `not_found`.
pub async fn get_calendar(
    visit: Visit,
    SignedIn(session): SignedIn,
    _: Admitted<admission::Afterwards>,
    Path(OfBooking { booking_id }): Path<OfBooking>,
) -> Result<HttpResponse, Problem> {
    let app = &visit.app;
    let booking = own(app, session.person_id, booking_id).await?;
    let snapshot = app.board.now();
    let by = db::closure::find(&app.db.read, &[booking_id]).await?;
    let by = by.get(&booking_id).cloned().unwrap_or_default();
    let file = file(&visit, &snapshot, (&booking, by)).ok_or_else(Refusal::not_found)?;
    let media_type = format!("text/calendar; charset=utf-8; method={}", file.method);
    let mut response = HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, media_type))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"vaccination.ics\""))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(file.content);
    guard(response.headers_mut(), &app.site);
    Ok(response)
}

/// The file that messages bring too, so that each replaces the one before it. None where the board
/// does not know clinic or campaign.
fn file(
    visit: &Visit,
    snapshot: &Snapshot,
    (booking, by): (&Booking, Disruption),
) -> Option<CalendarFile> {
    let (app, site) = (&visit.app, &visit.app.site);
    let catalogue = &snapshot.catalogue;
    let (clinic, card) =
        (catalogue.clinic(booking.clinic_id)?, catalogue.campaigns.get(&booking.campaign_id)?);
    let appointment = Appointment {
        booking_id: booking.booking_id,
        booked_at: booking.booked_at,
        on_date: booking.on_date,
        starts_at: booking.starts_at,
        ends_at: booking.ends_at,
        course: card.course.clone(),
        dose_number: booking.dose_number,
        clinic: clinic.name.clone(),
        zone: clinic.zone,
        address: clinic.address.clone(),
        clinic_phone: clinic.phone.clone(),
        directions: clinic.directions.clone(),
        amenities: clinic.amenities,
        closure_reason: None,
        cancelled_because: by.cancelled_because,
    };
    let (news, happened_at) = match (booking.state, booking.ended_at) {
        (State::Cancelled, Some(at)) => (News::Cancelled, at),
        _ if by.lost.is_some() => (News::Closed, app.clock.now()),
        _ => (News::Booked, booking.booked_at),
    };
    let head = Letterhead {
        language: visit.t.language(),
        issuer: visit.frame().issuer(),
        host: site.public_url.as_ref().map(Origin::host),
        helpline: site.helpline.as_deref(),
        standard: SmsStandard::Korean,
    };
    let number = BookingNumber::of(&app.keys.booking_number, booking.booking_id).to_string();
    let organizer = site.public_url.as_ref().map(Origin::as_str);
    let notice = Notice { news, happened_at, appointment };
    Some(calendar_file(head, &notice, &number, organizer))
}
