//! Bookings of the citizen who asks. Another person's booking looks like none.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, LOCATION},
    web::Data,
};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    board::{snapshot::Snapshot, view::ClinicView},
    db,
    domain::{
        BookingId, CampaignId, ClinicId, CourseId, ProductId, Refusal, SlotId,
        batch::{Outcome, Request},
        booking::{Book, Booking, State},
        booking_number::BookingNumber,
        booking_standing::{Next, Standing},
        closure::Disruption,
        fact::Noun,
        keys::Keys,
        language::Language,
    },
    flows::{lane::ReplyQueue, personal::Personal},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path, Query},
        field::Limit,
        language::{Accepted, mark},
        principal::Citizen,
        problem::Problem,
        state::App,
    },
    words,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingRequest {
    campaign_id: CampaignId,
    slot_id: SlotId,
    product_id: ProductId,
}

/// Which part of the list is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookingPage {
    #[serde(default)]
    limit: Limit,
    /// Goes on after the booking with this id.
    after: Option<BookingId>,
}

#[derive(Serialize)]
struct BookingList<'a> {
    bookings: Vec<SeenBooking<'a>>,
    /// Ask for what comes after this booking; none at the end.
    next_after: Option<BookingId>,
}

/// A booking as its person sees it.
#[derive(Serialize)]
pub struct BookingView {
    booking_id: BookingId,
    number: BookingNumber,
    campaign_id: CampaignId,
    product_id: ProductId,
    course_id: CourseId,
    dose_number: i16,
    state: State,
    clinic_id: ClinicId,
    slot_id: SlotId,
    rule_version: i32,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    booked_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl BookingView {
    pub fn new(keys: &Keys, booking: &Booking) -> Self {
        Self {
            booking_id: booking.booking_id,
            number: BookingNumber::of(&keys.booking_number, booking.booking_id),
            campaign_id: booking.campaign_id,
            product_id: booking.product_id,
            course_id: booking.course_id,
            dose_number: booking.dose_number,
            state: booking.state,
            clinic_id: booking.clinic_id,
            slot_id: booking.slot_id,
            rule_version: booking.rule_version,
            on_date: booking.on_date,
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            booked_at: booking.booked_at,
            ended_at: booking.ended_at,
        }
    }
}

/// A booking for whoever looks at it again: where it is, how it stands and what to do next.
#[derive(Serialize)]
struct SeenBooking<'a> {
    #[serde(flatten)]
    booking: BookingView,
    /// None while the clinic is so new that the board has not read it.
    clinic: Option<ClinicView<'a>>,
    standing: StandingView,
}

#[derive(Serialize)]
struct StandingView {
    code: &'static str,
    text: String,
    facts: Standing,
    next: Next,
}

impl<'a> SeenBooking<'a> {
    fn new(
        app: &App,
        board: &'a Snapshot,
        language: Language,
        (booking, by): (&Booking, &Disruption),
    ) -> Self {
        let now = app.clock.now();
        let place = board.catalogue.place_of(booking.clinic_id);
        let site = place.and_then(|place| board.catalogue.clinics.get(place));
        let card = board.catalogue.campaigns.get(&booking.campaign_id);
        let campaign = card.map(|card| &card.campaign);
        let zone = site.map(|site| site.clinic.zone).or(campaign.map(|campaign| campaign.zone));
        let facts = Standing::of(booking, by, zone.unwrap_or_default(), now);
        let next = facts.next(campaign, now);
        let text = words::standing(language, &facts, next);
        Self {
            booking: BookingView::new(&app.keys, booking),
            clinic: site.map(|site| (&site.clinic).into()),
            standing: StandingView { code: facts.code(), text, facts, next },
        }
    }
}

/// Books; the id is the client's, and the same request again finds the same booking.
///
/// # Errors
/// The refusals of `domain::batch`, `overloaded`, `unavailable`.
pub async fn put_booking(
    _: Admitted<admission::Booking>,
    app: Data<App>,
    replies: Data<ReplyQueue>,
    Citizen(person_id): Citizen,
    Path(booking_id): Path<BookingId>,
    Json(request): Json<BookingRequest>,
) -> Result<HttpResponse, Problem> {
    let BookingRequest { campaign_id, slot_id, product_id } = request;
    let book = Book { booking_id, person_id, campaign_id, slot_id, product_id };
    answer(&app.keys, app.lanes.submit(Request::Book(book), &replies).await?)
}

/// Cancels; a booking that is cancelled already stays so.
///
/// # Errors
/// `not_found`, `booking_ended`, `overloaded`, `unavailable`.
pub async fn delete_booking(
    _: Admitted<admission::Cancel>,
    app: Data<App>,
    replies: Data<ReplyQueue>,
    Citizen(person_id): Citizen,
    Path(booking_id): Path<BookingId>,
) -> Result<HttpResponse, Problem> {
    // Whoever only reads holds none of these connections.
    let booking = db::booking::find_own(&app.db.write, booking_id, person_id).await?;
    let booking = booking.ok_or_else(Refusal::not_found)?;
    answer(&app.keys, app.lanes.submit(Request::Cancel(booking), &replies).await?)
}

/// One booking.
///
/// # Errors
/// `not_found`.
pub async fn get_booking(
    _: Admitted<admission::Afterwards>,
    (app, personal): (Data<App>, Data<Personal>),
    Citizen(person_id): Citizen,
    Accepted(language): Accepted,
    Path(booking_id): Path<BookingId>,
) -> Result<HttpResponse, Problem> {
    let own = personal.booking(booking_id, person_id).await?.ok_or_else(Refusal::not_found)?;
    let board = app.board.now();
    let booking = SeenBooking::new(&app, &board, language, (&own.booking, &own.by));
    let mut response = private(HttpResponse::Ok()).json(booking);
    mark(response.headers_mut(), language);
    Ok(response)
}

/// Bookings, those that are live first, each newest first, a page at a time.
///
/// # Errors
/// `invalid_field` where `after` is no booking of the person's.
pub async fn list_bookings(
    _: Admitted<admission::Read>,
    app: Data<App>,
    Citizen(person_id): Citizen,
    Accepted(language): Accepted,
    Query(BookingPage { limit, after }): Query<BookingPage>,
) -> Result<HttpResponse, Problem> {
    let bookings = db::booking::list_own(&app.db.read, person_id, after, limit.0).await?;
    if let Some(id) = after.filter(|_| bookings.is_empty()) {
        let known = db::booking::find_own(&app.db.read, id, person_id).await?;
        known.ok_or_else(|| Refusal::no_such("after", Noun::Booking))?;
    }
    let is_full = i64::try_from(bookings.len()) == Ok(limit.0);
    let next_after = bookings.last().filter(|_| is_full).map(|last| last.booking_id);
    let board = app.board.now();
    let ids: Vec<_> = bookings.iter().map(|booking| booking.booking_id).collect();
    let by = db::closure::find(&app.db.read, &ids).await?;
    let untouched = Disruption::default();
    let see = |booking: &Booking| {
        let by = by.get(&booking.booking_id).unwrap_or(&untouched);
        SeenBooking::new(&app, &board, language, (booking, by))
    };
    let bookings = bookings.iter().map(see).collect();
    let mut response = private(HttpResponse::Ok()).json(BookingList { bookings, next_after });
    mark(response.headers_mut(), language);
    Ok(response)
}

fn answer(keys: &Keys, outcome: Outcome) -> Result<HttpResponse, Problem> {
    match outcome {
        Outcome::Booked(booking) => {
            let location = format!("/v1/bookings/{}", booking.booking_id);
            let mut created = private(HttpResponse::Created());
            Ok(created.insert_header((LOCATION, location)).json(BookingView::new(keys, &booking)))
        }
        Outcome::Cancelled(booking) | Outcome::Replayed(booking) => {
            Ok(private(HttpResponse::Ok()).json(BookingView::new(keys, &booking)))
        }
        // A lane answers a press to nobody else.
        Outcome::Visited(_) => Err(Problem::internal("a booking was answered as a press")),
        Outcome::Refused(refusal) => Err(refusal.into()),
    }
}

/// What concerns one person is kept by no cache.
pub fn private(mut response: actix_web::HttpResponseBuilder) -> actix_web::HttpResponseBuilder {
    response.insert_header((CACHE_CONTROL, "no-store"));
    response
}
