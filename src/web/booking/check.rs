//! "Check and book": what is about to be booked, and the press that books it. The booking's id is
//! made here and rides in the form, so that pressing again sends the same request; whatever is
//! pressed, and wherever, who has a booking ends on its page.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::RETRY_AFTER},
    web::Data,
};
use askama::Template;

use super::{InCampaign, booked, campaign, choice::Chosen, refused, standing, times_path};
use crate::{
    board::{catalogue::Card, snapshot::Snapshot},
    db,
    domain::{
        BookingId, Code, Detail, PersonId, Refusal,
        batch::{Outcome, Request},
        booking::{Book, Booking},
        own_booking::{LiveBooking, OfDose},
        product::Product,
    },
    flows::{lane::ReplyQueue, personal::Personal},
    http::{
        admission::{self, Admitted, admit},
        extract::Path,
        problem::Problem,
        state::App,
    },
    web::{
        cut_off,
        form::Form,
        guard::SignedIn,
        page::{Frame, Visit},
        part::Row,
        text::Texts,
    },
    words,
};

/// The hidden field with the booking's id.
const ID: &str = "booking_id";
/// Set where an earlier press of the same form may have booked.
const AGAIN: &str = "again";

#[derive(Template)]
#[template(path = "booking/check.html")]
struct Page<'a> {
    t: Texts,
    frame: Frame<'a>,
    back: String,
    /// Where the form goes: this page, so that its address stays good.
    here: String,
    /// What became of the last press.
    note: Option<String>,
    why_not: Option<String>,
    cut_off: Option<String>,
    rows: Vec<Row>,
    booking_id: BookingId,
    is_again: bool,
    /// In so many seconds the script presses again by itself.
    seconds: Option<u64>,
}

/// What somebody is about to book. Who has booked the dose already is shown that booking.
///
/// # Errors
/// `not_found` for a campaign that is not public.
pub async fn get_check(
    visit: Visit,
    personal: Data<Personal>,
    SignedIn(session): SignedIn,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
) -> Result<HttpResponse, Problem> {
    let snapshot = visit.app.board.now();
    let card = campaign(&snapshot, campaign_id)?;
    // While the database is away nobody is looked up.
    let known = match snapshot.cut_off_since {
        None => known(&visit, &personal, session.person_id, card).await,
        Some(_) => None,
    };
    if let Some(Known { live: Some(booking_id), .. }) = &known {
        return Ok(visit.see_other(&booked::path_again(*booking_id)));
    }
    let Some(chosen) = Chosen::read(&snapshot, card, visit.request.query_string()) else {
        return refused::no_such_time(&visit, campaign_id);
    };
    let page = Page::new(&visit, &chosen, known.as_ref().map(|known| known.name.as_str()));
    // Whose the last seat or dose was is only known of somebody whose bookings are.
    let gone = chosen.gone(&snapshot).filter(|_| known.is_some() && page.why_not.is_none());
    match gone {
        Some(code) => refused::show(&visit, &snapshot, &chosen, code.into()),
        None => visit.show(&page),
    }
}

/// Books. The same press again is the same booking.
///
/// # Errors
/// `forbidden` for a form of another site; `not_found` for a campaign that is not public.
pub async fn post_check(
    visit: Visit,
    SignedIn(session): SignedIn,
    Path(InCampaign { campaign_id }): Path<InCampaign>,
    admitted: Result<Admitted<admission::Booking>, Problem>,
    replies: Data<ReplyQueue>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (app, person_id, snapshot) = (&visit.app, session.person_id, visit.app.board.now());
    let card = campaign(&snapshot, campaign_id)?;
    let booking_id: Option<BookingId> = form.value(ID);
    let Some(chosen) = Chosen::read(&snapshot, card, visit.request.query_string()) else {
        return match earlier(app, person_id, booking_id).await {
            Some(booking) => Ok(visit.see_other(&booked::path(booking.booking_id))),
            None => refused::no_such_time(&visit, campaign_id),
        };
    };
    let Some(booking_id) = booking_id else { return check_again(&visit, &chosen) };
    let (slot_id, product_id) = (chosen.slot.slot_id, chosen.product.product_id);
    let book = Book { booking_id, person_id, campaign_id, slot_id, product_id };
    let outcome = match admitted {
        Ok(_admitted) => app.lanes.submit(Request::Book(book), &replies).await,
        Err(crowded) => {
            return not_taken(&visit, &chosen, (person_id, booking_id), &form, crowded).await;
        }
    };
    match outcome {
        Ok(Outcome::Booked(booking) | Outcome::Replayed(booking) | Outcome::Cancelled(booking)) => {
            Ok(visit.see_other(&booked::path(booking.booking_id)))
        }
        // A lane answers a press to nobody else.
        Ok(Outcome::Visited(_)) => Err(Problem::internal("a booking was answered as a press")),
        Ok(Outcome::Refused(refusal)) => {
            refuse(&visit, &snapshot, &chosen, (person_id, booking_id), refusal).await
        }
        Err(error) => {
            not_taken(&visit, &chosen, (person_id, booking_id), &form, error.into()).await
        }
    }
}

/// A lawful no. Who has the dose already is shown what they have.
async fn refuse(
    visit: &Visit,
    snapshot: &Snapshot,
    chosen: &Chosen<'_>,
    (person_id, booking_id): (PersonId, BookingId),
    refusal: Refusal,
) -> Result<HttpResponse, Problem> {
    match refusal.code {
        Code::AlreadyBooked => {
            let campaign = &chosen.card.campaign;
            let dose = (campaign.course_id, campaign.dose_number);
            match db::booking::find_live(&visit.app.db.read, person_id, dose).await {
                Ok(Some(booking)) => Ok(visit.see_other(&booked::path_again(booking.booking_id))),
                Ok(None) => refused::show(visit, snapshot, chosen, refusal),
                Err(error) => unsure(visit, chosen, booking_id, error.into()),
            }
        }
        Code::BookingIdReused => check_again(visit, chosen),
        // It may go through another time: a person who is being merged, say.
        Code::Internal | Code::Unavailable => unsure(visit, chosen, booking_id, refusal.into()),
        _ => refused::show(visit, snapshot, chosen, refusal),
    }
}

/// The press was not taken in, or its outcome is not known: the same form again, with the same id.
async fn not_taken(
    visit: &Visit,
    chosen: &Chosen<'_>,
    (person_id, booking_id): (PersonId, BookingId),
    form: &Form,
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    let is_crowded = problem.refusal.code == Code::Overloaded;
    // A crowd is told apart from the press before it only where there was one.
    if (!is_crowded || form.has(AGAIN))
        && let Some(booking) = earlier(&visit.app, person_id, Some(booking_id)).await
    {
        return Ok(visit.see_other(&booked::path(booking.booking_id)));
    }
    let Detail::Crowded { retry_after } = problem.refusal.detail else {
        return unsure(visit, chosen, booking_id, problem);
    };
    let page = Page {
        note: Some(visit.t.press_was_not_taken(&words::wait(visit.t.language(), retry_after))),
        booking_id,
        is_again: true,
        seconds: Some(retry_after),
        ..Page::new(visit, chosen, None)
    };
    let mut response = visit.show_as(StatusCode::SERVICE_UNAVAILABLE, &page)?;
    response.headers_mut().insert(RETRY_AFTER, retry_after.into());
    Ok(response)
}

/// Nobody knows yet whether it went through: the same form again, with the same id.
fn unsure(
    visit: &Visit,
    chosen: &Chosen<'_>,
    booking_id: BookingId,
    problem: Problem,
) -> Result<HttpResponse, Problem> {
    problem.log(None);
    let status = StatusCode::from_u16(problem.refusal.code.status());
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let may_pass = status == StatusCode::SERVICE_UNAVAILABLE;
    let seconds = may_pass.then(|| visit.app.seconds_until_again());
    let t = visit.t;
    let note = match seconds {
        Some(seconds) => t.press_again_in(&words::wait(t.language(), seconds)),
        None => t.press_again().to_owned(),
    };
    let page = Page {
        note: Some(note),
        // It is the note that says what to do.
        cut_off: None,
        booking_id,
        is_again: true,
        seconds,
        ..Page::new(visit, chosen, None)
    };
    let mut response = visit.show_as(status, &page)?;
    if let Some(seconds) = seconds {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// The form had no id that can be used: the same form with a new one.
fn check_again(visit: &Visit, chosen: &Chosen<'_>) -> Result<HttpResponse, Problem> {
    let note = Some(visit.t.check_once_more().to_owned());
    let page = Page { note, ..Page::new(visit, chosen, None) };
    visit.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// The booking that an earlier press of the form has made.
async fn earlier(app: &App, person_id: PersonId, id: Option<BookingId>) -> Option<Booking> {
    let _admitted = admit::<admission::Afterwards>(app).ok()?;
    db::booking::find_own(&app.db.read, id?, person_id).await.ok()?
}

/// What is known of whoever is about to book.
struct Known {
    name: String,
    /// What they have booked of the same dose.
    live: Option<BookingId>,
}

/// None when the database is busy or away: the press itself does not depend on it.
async fn known(
    visit: &Visit,
    personal: &Personal,
    person_id: PersonId,
    card: &Card,
) -> Option<Known> {
    let _admitted = admit::<admission::Read>(&visit.app).ok()?;
    let (course_id, dose_number) = (card.campaign.course_id, card.campaign.dose_number);
    let of = OfDose { person_id, course_id, dose_number };
    let LiveBooking { name, booking_id } = personal.live_booking(of).await.ok()??;
    Some(Known { name: visit.t.name(&name).to_owned(), live: booking_id })
}

impl<'a> Page<'a> {
    fn new(visit: &'a Visit, chosen: &Chosen<'_>, name: Option<&str>) -> Self {
        let (t, frame) = (visit.t, visit.frame());
        let campaign_id = chosen.card.campaign.campaign_id;
        let product = format!("&product={}", chosen.product.product_id);
        let times = times_path(campaign_id, chosen.clinic.clinic_id, chosen.date);
        let times = frame.to(&format!("{times}{product}"));
        let clinics =
            format!("/campaigns/{campaign_id}/clinics?region={}", chosen.clinic.region_id);
        let when = t.instant(chosen.slot.starts_at, chosen.clinic.zone);
        let whom = name.map(|name| Row::new(t.booking_for(), name));
        let others = [
            Row::new(t.booking_where(), t.name(&chosen.clinic.name))
                .changed_at(frame.to(&clinics), t.the_place()),
            Row::new(t.booking_address(), chosen.clinic.address.as_str()),
            Row::new(t.booking_when(), when).changed_at(times.clone(), t.the_time()),
            Row::new(t.booking_what(), vaccine(t, chosen.card, chosen.product)),
        ];
        Self {
            t,
            frame,
            back: times,
            here: frame.to(&chosen.path()),
            note: None,
            why_not: standing::why_not(t, &chosen.card.campaign, visit.app.clock.now()),
            cut_off: cut_off::sentence(t, &visit.app.site, &visit.app.board.now()),
            rows: whom.into_iter().chain(others).collect(),
            booking_id: BookingId(visit.app.clock.id()),
            is_again: false,
            seconds: None,
        }
    }
}

/// The vaccine, and which dose of the series it is.
fn vaccine(t: Texts, card: &Card, product: &Product) -> String {
    t.vaccine_and_dose(t.name(&product.name), card.campaign.dose_number)
}
