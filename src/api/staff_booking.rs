//! Bookings that staff make for a named person: at their own clinic, or by the call centre at any.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};

use crate::{
    api::booking::{BookingView, private},
    domain::{
        BookingId, CampaignId, ClinicId, Detail, PersonId, ProductId, Refusal, SlotId,
        booking::Book,
        channel::Channel,
        fact::Noun,
        keys::Keys,
        staff_booking::{Consent, Form},
        visit::NOTE_CHARS_MAX,
    },
    flows::{self, lane::ReplyQueue, staff_booking::Made},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path},
        field::{Text, Word},
        principal::{AtAnyClinic, AtClinic},
        problem::Problem,
        state::App,
    },
};

/// For whom, what and when.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistedRequest {
    person_id: PersonId,
    campaign_id: CampaignId,
    slot_id: SlotId,
    product_id: ProductId,
    /// Why the person does not book themselves.
    reason: Text<NOTE_CHARS_MAX>,
    /// Who has agreed.
    consent: Option<Word<Consent>>,
}

impl AssistedRequest {
    fn book(&self, booking_id: BookingId) -> Result<(Book, Form), Refusal> {
        let Self { person_id, campaign_id, slot_id, product_id, .. } = *self;
        let missing = || Refusal::field("consent", Detail::ConsentMissing);
        let consent = self.consent.ok_or_else(missing)?.0;
        let form = Form::assisted(&self.reason.0, consent)?;
        Ok((Book { booking_id, person_id, campaign_id, slot_id, product_id }, form))
    }
}

/// A booking that staff made.
#[derive(Serialize)]
struct MadeView {
    #[serde(flatten)]
    booking: BookingView,
    person_id: PersonId,
    channel: Channel,
}

/// The booking of the path, and what is to be done with it.
type Asked = (Path<(ClinicId, BookingId)>, Json<AssistedRequest>);

/// Books at the staff's own clinic; the id is the client's, and the same request again finds the
/// same booking.
///
/// # Errors
/// `invalid_field` for a slot of another clinic and where nobody has agreed; those of
/// `flows::assisted_booking::book`.
pub async fn put_at_clinic(
    _: Admitted<admission::Booking>,
    app: Data<App>,
    replies: Data<ReplyQueue>,
    AtClinic { by, what: (Path(path), Json(request)), .. }: AtClinic<Asked>,
) -> Result<HttpResponse, Problem> {
    let (clinic_id, booking_id) = path;
    let (book, form) = request.book(booking_id)?;
    if book.slot_id.clinic() != clinic_id {
        return Err(Refusal::no_such("slot_id", Noun::Slot).into());
    }
    let lanes = (&app.lanes, &**replies);
    let made = flows::assisted_booking::book(&app.db, lanes, book, (form, by.actor())).await?;
    Ok(answer(&app.keys, &made))
}

/// As [`put_at_clinic`], at any clinic.
///
/// # Errors
/// `forbidden` for the staff of a clinic; else the same.
pub async fn put_anywhere(
    _: Admitted<admission::Booking>,
    app: Data<App>,
    replies: Data<ReplyQueue>,
    AtAnyClinic { by, what: (Path(booking_id), Json(request)) }: AtAnyClinic<(
        Path<BookingId>,
        Json<AssistedRequest>,
    )>,
) -> Result<HttpResponse, Problem> {
    let (book, form) = request.book(booking_id)?;
    let lanes = (&app.lanes, &**replies);
    let made = flows::assisted_booking::book(&app.db, lanes, book, (form, by.actor())).await?;
    Ok(answer(&app.keys, &made))
}

/// A booking that was made now, or by the same request before.
pub(super) fn answer(keys: &Keys, made: &Made) -> HttpResponse {
    let Made { booking, is_new } = made;
    let view = MadeView {
        booking: BookingView::new(keys, booking),
        person_id: booking.person_id,
        channel: booking.channel,
    };
    private(match is_new {
        true => HttpResponse::Created(),
        false => HttpResponse::Ok(),
    })
    .json(view)
}
