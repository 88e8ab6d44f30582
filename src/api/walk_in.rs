//! A dose for somebody who came without a booking: for a clinic's own staff and administrators.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use crate::{
    api::staff_booking::answer,
    domain::{
        BookingId, CampaignId, ClinicId, PersonId, ProductId, Refusal,
        session::StaffUser,
        staff_booking::Form,
        visit::{LOT_CHARS_MAX, NOTE_CHARS_MAX, Site, Warning},
    },
    flows::{self, lane::ReplyQueue, walk_in::WalkIn},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path},
        field::{Text, Word},
        principal::AtClinic,
        problem::Problem,
        state::App,
    },
};

/// Who is given what.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WalkInRequest {
    person_id: PersonId,
    campaign_id: CampaignId,
    product_id: ProductId,
    /// Where the dose was injected.
    site: Word<Site>,
    /// As it stands on the vial.
    lot: Text<LOT_CHARS_MAX>,
    /// The warnings that were answered.
    #[serde(default)]
    answers: Vec<Word<Warning>>,
    note: Option<Text<NOTE_CHARS_MAX>>,
}

impl WalkInRequest {
    fn walk_in(
        self,
        by: StaffUser,
        (clinic_id, booking_id): (ClinicId, BookingId),
    ) -> Result<WalkIn, Refusal> {
        let Self { person_id, campaign_id, product_id, site, lot, answers, note } = self;
        let answers = answers.into_iter().map(|answer| answer.0).collect();
        let form = Form::walk_in((site.0, &lot.0), answers, note.as_ref().map(|it| it.0.as_str()))?;
        let by = by.actor();
        Ok(WalkIn { booking_id, clinic_id, person_id, campaign_id, product_id, form, by })
    }
}

/// The booking of the path, and what is to be done with it.
type Asked = (Path<(ClinicId, BookingId)>, Json<WalkInRequest>);

/// Gives a dose; the id is the client's, and the same request again is one dose.
///
/// # Errors
/// Those of `flows::walk_in::give`.
pub async fn put_walk_in(
    _: Admitted<admission::Booking>,
    app: Data<App>,
    replies: Data<ReplyQueue>,
    AtClinic { by, what: (Path(path), Json(request)), .. }: AtClinic<Asked>,
) -> Result<HttpResponse, Problem> {
    let walk_in = request.walk_in(by, path)?;
    let made = flows::walk_in::give(&app.db, (&app.lanes, &replies), walk_in).await?;
    Ok(answer(&app.keys, &made))
}
