//! Appointments that are proposed to somebody: by a clinic to whoever it books for, and after a
//! dose that it gave.

use actix_web::{HttpResponse, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    api::booking::private,
    domain::{
        BookingId, CampaignId, ClinicId, PersonId, ProductId, SlotId,
        language::Language,
        proposal::{FreeSlot, Proposal},
    },
    flows,
    http::{
        admission::{self, Admitted},
        extract::{Path, Query},
        language::{Accepted, mark},
        principal::{AtAnyClinic, AtClinic},
        problem::Problem,
        reason::WrittenVerdict,
        state::App,
    },
};

#[derive(Serialize)]
struct ProposalList<'a> {
    clinic_id: ClinicId,
    proposals: Vec<ProposalView<'a>>,
}

/// An appointment that could be made, or why it could not.
#[derive(Serialize)]
pub struct ProposalView<'a> {
    campaign_id: CampaignId,
    product_id: ProductId,
    product_name: &'a str,
    dose_number: i16,
    earliest_on: NaiveDate,
    eligible: bool,
    #[serde(flatten)]
    verdict: WrittenVerdict<'a>,
    slots: Vec<SlotView>,
}

#[derive(Serialize)]
struct SlotView {
    slot_id: SlotId,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    seats: i32,
}

impl From<&FreeSlot> for SlotView {
    fn from(slot: &FreeSlot) -> Self {
        let FreeSlot { slot_id, on_date, starts_at, ends_at, seats } = *slot;
        Self { slot_id, on_date, starts_at, ends_at, seats }
    }
}

impl<'a> ProposalView<'a> {
    fn new(language: Language, proposal: &'a Proposal) -> Self {
        Self {
            campaign_id: proposal.campaign_id,
            product_id: proposal.product.product_id,
            product_name: &proposal.product.name.main,
            dose_number: proposal.dose_number,
            earliest_on: proposal.earliest_on,
            eligible: proposal.verdict.eligible,
            verdict: WrittenVerdict::new(language, &proposal.verdict),
            slots: proposal.slots.iter().map(SlotView::from).collect(),
        }
    }
}

/// Which clinic the call centre asks for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClinicQuery {
    clinic_id: ClinicId,
}

/// What the staff's own clinic can propose to a person.
///
/// # Errors
/// Those of `flows::next_dose::propose`.
pub async fn list_at_clinic(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    Accepted(language): Accepted,
    AtClinic { what: Path((clinic_id, person_id)), .. }: AtClinic<Path<(ClinicId, PersonId)>>,
) -> Result<HttpResponse, Problem> {
    let proposals = flows::next_dose::propose(&app.db, clinic_id, person_id).await?;
    Ok(answer(language, clinic_id, &proposals))
}

/// As [`list_at_clinic`], for any clinic.
///
/// # Errors
/// `forbidden` for the staff of a clinic; else the same.
pub async fn list_anywhere(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    Accepted(language): Accepted,
    AtAnyClinic { what: (Path(person_id), Query(query)), .. }: AtAnyClinic<(
        Path<PersonId>,
        Query<ClinicQuery>,
    )>,
) -> Result<HttpResponse, Problem> {
    let proposals = flows::next_dose::propose(&app.db, query.clinic_id, person_id).await?;
    Ok(answer(language, query.clinic_id, &proposals))
}

/// What the clinic can propose for the dose after one that it gave.
///
/// # Errors
/// Those of `flows::next_dose::propose_after`.
pub async fn list_after(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    Accepted(language): Accepted,
    AtClinic { what: Path((clinic_id, booking_id)), .. }: AtClinic<Path<(ClinicId, BookingId)>>,
) -> Result<HttpResponse, Problem> {
    let proposals = flows::next_dose::propose_after(&app.db, clinic_id, booking_id).await?;
    Ok(answer(language, clinic_id, &proposals))
}

/// The proposals as they are written.
pub fn views(language: Language, proposals: &[Proposal]) -> Vec<ProposalView<'_>> {
    proposals.iter().map(|one| ProposalView::new(language, one)).collect()
}

fn answer(language: Language, clinic_id: ClinicId, proposals: &[Proposal]) -> HttpResponse {
    let proposals = views(language, proposals);
    let mut response = private(HttpResponse::Ok()).json(ProposalList { clinic_id, proposals });
    mark(response.headers_mut(), language);
    response
}
