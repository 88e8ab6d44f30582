//! A person who stands at the clinic without a booking for today: what can be given to them now,
//! and what can be booked for them here.

use actix_web::{HttpResponse, http::StatusCode, web::Data};
use askama::Template;
use serde::Deserialize;
use uuid::Uuid;

use super::{
    find,
    name::Names,
    proposed::{CONSENT, Proposals, REASON, SLOT, VISIT},
    vial::Vial,
    visit_form,
    visit_page::born,
};
use crate::{
    domain::{
        BookingId, Code, PersonId, SlotId,
        booking::{Book, Booking},
        booking_number::BookingNumber,
        calendar::local_date,
        person_record::masked,
        staff_booking::{Consent, Form as Booked},
        visit::{Site, Warning},
    },
    flows::{
        self,
        lane::ReplyQueue,
        person_record::Seen,
        staff_booking::Made,
        walk_in::{Offer, WalkIn},
    },
    http::{
        admission::{self, Admitted, admit},
        extract::Path,
        problem::Problem,
    },
    web::{
        done::Done,
        form::{FieldError, Form},
        page::to_tell,
        part::{Choice, Input, Radios, Row, TextField},
        staff_guard::{AtCounter, AtDesk},
        staff_page::StaffFrame,
        text::Texts,
    },
    words,
};

/// The person of the path.
#[derive(Deserialize)]
pub struct OfPerson {
    person_id: PersonId,
}

#[derive(Template)]
#[template(path = "clinic/person.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    to: String,
    errors: Vec<FieldError>,
    obstacles: Vec<String>,
    name: String,
    rows: Vec<Row>,
    /// Bookings of theirs: what, and the way to it where it is at this clinic.
    bookings: Vec<(String, Option<String>)>,
    /// None where no doses are given.
    offers: Option<Vec<Giving>>,
    proposals: Proposals,
}

/// A dose that could be given now.
struct Giving {
    what: String,
    doses: String,
    /// Why it cannot be.
    refusal: Option<String>,
    booking_id: Uuid,
    campaign_id: String,
    product_id: String,
    questions: Vec<(String, String, bool)>,
    lot: TextField,
    sites: Radios,
}

fn path(at: &AtDesk, person_id: PersonId) -> String {
    format!("/clinic/{}/persons/{person_id}", at.clinic_id)
}

/// Shows them. The look is written down.
///
/// # Errors
/// `not_found`; `too_many_requests` for whoever looks at too many.
pub async fn get_person(
    AtCounter(at): AtCounter,
    _: Admitted<admission::Desk>,
    Path(OfPerson { person_id }): Path<OfPerson>,
) -> Result<HttpResponse, Problem> {
    let here = path(&at, person_id);
    let page = page(&at, &here, person_id, &Form::default()).await?;
    at.visitor.show(&page)
}

/// Gives a dose now, or books one for later.
///
/// # Errors
/// `not_found`; what else stands in the way is said on the page, which keeps what was typed.
pub async fn post_person(
    AtCounter(at): AtCounter,
    Path(OfPerson { person_id }): Path<OfPerson>,
    replies: Data<ReplyQueue>,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, here) = (at.visitor.t(), path(&at, person_id));
    // A scanner types wherever the cursor stands: the next person's code is no lot of this one.
    if at.gives_doses()
        && let Some(answer) = find::scanned(&at, form.text(visit_form::LOT)).await?
    {
        return Ok(answer);
    }
    let asked = match form.text("act") {
        "give" if at.gives_doses() => giving(t, &form),
        _ => booking(t, &form),
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(errors) => {
            let page = Page { errors, ..page(&at, &here, person_id, &form).await? };
            return at.visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let Some(made) = make(&at, &replies, person_id, (&form, asked)).await else {
        return Ok(at.visitor.see_other(&here));
    };
    match made {
        Ok(made) => done(&at, &form, &made),
        Err(problem) if problem.refusal.code == Code::NotFound => Err(problem),
        Err(problem) => {
            let said = words::refusal(t.language(), &problem.refusal);
            // It is one more look at them, which may be one too many.
            let page = page(&at, &here, person_id, &form).await;
            let (page, problem) = to_tell(problem, page)?;
            problem.log(None);
            at.visitor.show_refused(&problem, &Page { obstacles: vec![said], ..page })
        }
    }
}

/// What is written down of a dose that is given at once.
fn giving(t: Texts, form: &Form) -> Result<Booked, Vec<FieldError>> {
    let (site, lot) = (Site::named(form.text(visit_form::SITE)), form.text(visit_form::LOT));
    let error = |field, text: &str| FieldError { field, text: text.to_owned() };
    let mut errors = Vec::new();
    if lot.trim().is_empty() {
        errors.push(error(visit_form::LOT, t.clinic_lot_missing()));
    }
    if site.is_none() {
        errors.push(error(visit_form::SITE, t.clinic_site_missing()));
    }
    let Some(site) = site.filter(|_| errors.is_empty()) else { return Err(errors) };
    let is_answered = |warning: &Warning| form.has(&visit_form::answer_name(*warning));
    let answers = Warning::ALL.iter().copied().filter(is_answered).collect();
    Booked::walk_in((site, lot), answers, None)
        .map_err(|_too_long| vec![error(visit_form::LOT, t.clinic_lot_long())])
}

/// Who has agreed to a booking, and why it is made for them.
fn booking(t: Texts, form: &Form) -> Result<Booked, Vec<FieldError>> {
    let error = |field, text: &str| FieldError { field, text: text.to_owned() };
    let consent = Consent::ALL.into_iter().find(|one| one.word() == form.text(CONSENT));
    let mut errors = Vec::new();
    if form.value::<SlotId>(SLOT).is_none() {
        errors.push(error(SLOT, t.clinic_slot_missing()));
    }
    if form.text(REASON).trim().is_empty() {
        errors.push(error(REASON, t.clinic_book_reason_missing()));
    }
    if consent.is_none() {
        errors.push(error(CONSENT, t.clinic_consent_missing()));
    }
    let Some(consent) = consent.filter(|_| errors.is_empty()) else { return Err(errors) };
    Booked::assisted(form.text(REASON), consent)
        .map_err(|_too_long| vec![error(REASON, t.clinic_book_reason_long())])
}

/// None for a form that is no page's of ours.
async fn make(
    at: &AtDesk,
    replies: &Data<ReplyQueue>,
    person_id: PersonId,
    (form, asked): (&Form, Booked),
) -> Option<Result<Made, Problem>> {
    let app = &at.visitor.visit.app;
    let booking_id: BookingId = form.value("booking_id")?;
    let (campaign_id, product_id) = (form.value("campaign_id")?, form.value("product_id")?);
    let by = at.visitor.user.actor();
    let _admitted = match admit::<admission::Booking>(app) {
        Ok(admitted) => admitted,
        Err(crowded) => return Some(Err(crowded)),
    };
    let lanes = (&app.lanes, replies.get_ref());
    let made = match asked {
        Booked::WalkIn(_) => {
            let clinic_id = at.clinic_id;
            let form = asked;
            let walk_in =
                WalkIn { booking_id, clinic_id, person_id, campaign_id, product_id, form, by };
            flows::walk_in::give(&app.db, lanes, walk_in).await
        }
        Booked::Assisted { .. } => {
            let slot_id: SlotId = form.value(SLOT)?;
            if slot_id.clinic() != at.clinic_id {
                return None;
            }
            let book = Book { booking_id, person_id, campaign_id, slot_id, product_id };
            flows::assisted_booking::book(&app.db, lanes, book, (asked, by)).await
        }
    };
    Some(made.map_err(Problem::from))
}

/// The visit of what was given or booked, which can be taken back there.
fn done(at: &AtDesk, form: &Form, made: &Made) -> Result<HttpResponse, Problem> {
    let (t, booking) = (at.visitor.t(), &made.booking);
    let is_given = form.text("act") == "give";
    let key = &at.visitor.visit.app.keys.booking_number;
    let number = BookingNumber::of(key, booking.booking_id).to_string();
    let said = match is_given {
        true => t.clinic_walk_in_done().to_owned(),
        false => t.clinic_booked_done(&t.instant(booking.starts_at, at.desk.zone), &number),
    };
    // The call centre sees no visit: it goes on with the person.
    let to = match at.gives_doses() {
        true => {
            let visit = form.value(VISIT).filter(|_| !is_given).unwrap_or(booking.booking_id);
            format!("/clinic/{}/bookings/{visit}", at.clinic_id)
        }
        false => path(at, booking.person_id),
    };
    let mut response = at.visitor.done(&to, Done::well(said))?;
    if let Some(site) = Site::named(form.text(visit_form::SITE)).filter(|_| is_given) {
        let vial = Vial::new(booking.product_id, site, form.text(visit_form::LOT).trim());
        response.add_cookie(&vial.keep()).map_err(Problem::internal)?;
    }
    Ok(response)
}

async fn page<'a>(
    at: &'a AtDesk,
    here: &'a str,
    person_id: PersonId,
    typed: &Form,
) -> Result<Page<'a>, Problem> {
    let (t, app) = (at.visitor.t(), &at.visitor.visit.app);
    let by = at.visitor.user.staff_user_id;
    let Seen { record, bookings, .. } = flows::person_find::open(&app.db, person_id, by).await?;
    let offers = match at.gives_doses() {
        true => Some(flows::walk_in::offers(&app.db, at.clinic_id, person_id).await?),
        false => None,
    };
    let proposals = flows::next_dose::propose(&app.db, at.clinic_id, person_id).await?;
    let names = Names::new(t, &app.board.now());
    let staff = at.visitor.frame_of(here);
    let today = local_date(app.clock.now(), at.desk.zone);
    let born = born(t, record.birth_date.date(), today);
    let mut rows = vec![
        Row::new(t.birth_label(), born),
        Row::new(t.home_region(), t.name(&record.region_name)),
    ];
    if !record.phone.is_empty() {
        rows.push(Row::new(t.phone_label(), masked(&record.phone)));
    }
    Ok(Page {
        t,
        to: staff.to(here),
        errors: Vec::new(),
        obstacles: Vec::new(),
        name: record.name.clone(),
        rows,
        bookings: bookings.iter().map(|one| booked(at, &names, one)).collect(),
        offers: offers.map(|all| all.iter().map(|one| offered(at, one, typed)).collect()),
        proposals: Proposals::new(at, &proposals, typed, staff.to(here), ""),
        staff,
    })
}

fn booked(at: &AtDesk, names: &Names, booking: &Booking) -> (String, Option<String>) {
    let t = at.visitor.t();
    let what = t.clinic_dose(&names.product(booking.product_id), booking.dose_number);
    let when = t.instant(booking.starts_at, at.desk.zone);
    let path = format!("/clinic/{}/bookings/{}", at.clinic_id, booking.booking_id);
    let is_here = booking.clinic_id == at.clinic_id && at.gives_doses();
    (format!("{when} · {what}"), is_here.then(|| at.visitor.frame().to(&path)))
}

fn offered(at: &AtDesk, offer: &Offer, typed: &Form) -> Giving {
    let (t, product_id) = (at.visitor.t(), offer.product.product_id);
    let is_it = typed.text("act") == "give" && typed.value("product_id") == Some(product_id);
    let kept = Vial::of(&at.visitor.visit.request, product_id);
    let lot = match is_it {
        true => typed.text(visit_form::LOT).to_owned(),
        false => kept.as_ref().map(|vial| vial.lot.clone()).unwrap_or_default(),
    };
    let question = |&warning: &Warning| {
        let name = visit_form::answer_name(warning);
        let is_answered = is_it && typed.has(&name);
        (name, words::warning(t.language(), warning), is_answered)
    };
    let site = |&site: &Site| Choice {
        value: site.word().to_owned(),
        label: words::site_name(t.language(), site).into(),
        hint: "".into(),
    };
    Giving {
        what: t.clinic_dose(t.name(&offer.product.name), offer.dose_number),
        doses: t.clinic_doses_here(offer.spare, offer.open),
        refusal: offer.refusal.as_ref().map(|no| words::refusal(t.language(), no)),
        booking_id: typed
            .value("booking_id")
            .filter(|_| is_it)
            .unwrap_or_else(|| at.visitor.visit.app.clock.id()),
        campaign_id: offer.campaign_id.to_string(),
        product_id: product_id.to_string(),
        questions: offer.warnings.iter().map(question).collect(),
        lot: TextField::new(visit_form::LOT, t.clinic_lot(), Input::Text, &lot)
            .hint(t.clinic_lot_hint()),
        sites: Radios {
            id: visit_form::SITE,
            legend: t.clinic_site().into(),
            hint: "".into(),
            choices: Site::ALL.iter().map(site).collect(),
            chosen: kept.map_or(Site::LeftArm, |vial| vial.site).word().to_owned(),
        },
    }
}
