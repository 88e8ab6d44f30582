//! What happens at a clinic with one booking: for its own staff and administrators.

use actix_web::{HttpResponse, web::Data};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    api::{
        booking::private,
        proposal::{ProposalView, views},
    },
    domain::{
        BookingId, CampaignId, ClinicId, Code, CourseId, Detail, ProductId, Refusal, SlotId,
        StaffUserId, StepId,
        booking::{Booking, State},
        booking_number::BookingNumber,
        channel::Channel,
        keys::Keys,
        language::Language,
        proposal::Proposal,
        session::StaffUser,
        visit::{
            Act, LOT_CHARS_MAX, NOTE_CHARS_MAX, NotGiven, Press, Site, Step, StepKind, Warning,
        },
        visit_rule::Seen,
    },
    flows::{self, lane::ReplyQueue},
    http::{
        admission::{self, Admitted},
        extract::{Json, Path},
        field::{Day, Text, Word},
        language::{Accepted, mark},
        principal::AtClinic,
        problem::Problem,
        reason,
        state::App,
    },
    words,
};

/// A press.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepRequest {
    step: Word<StepKind>,
    /// The warnings that were answered.
    #[serde(default)]
    answers: Vec<Word<Warning>>,
    /// Where the dose was injected.
    site: Option<Word<Site>>,
    /// As it stands on the vial.
    lot: Option<Text<LOT_CHARS_MAX>>,
    /// Why nothing was given.
    reason: Option<Word<NotGiven>>,
    /// On which day the dose was had elsewhere.
    had_on: Option<Day>,
    /// From which day somebody unwell can have the dose.
    until: Option<Day>,
    undoes: Option<StepId>,
    /// What the person said, to be compared.
    birth_date: Option<Day>,
    note: Option<Text<NOTE_CHARS_MAX>>,
}

impl StepRequest {
    /// # Errors
    /// Names the field that the step needs and that is missing, or that it does not have.
    fn press(
        self,
        by: StaffUser,
        (clinic_id, booking_id, step_id): (ClinicId, BookingId, StepId),
    ) -> Result<Press, Refusal> {
        let kind = self.step.0;
        self.refuse_foreign(kind)?;
        let missing = |field: &'static str| Refusal::field(field, Detail::FieldMissing);
        let act = match kind {
            StepKind::Arrive => Act::Arrive,
            StepKind::Give => Act::Give {
                site: self.site.ok_or_else(|| missing("site"))?.0,
                lot: self.lot.ok_or_else(|| missing("lot"))?.0,
            },
            StepKind::NoShow => Act::NoShow,
            StepKind::NotVaccinated => Act::NotVaccinated {
                reason: self.reason.ok_or_else(|| missing("reason"))?.0,
                had_on: self.had_on.map(|day| day.0),
                until: self.until.map(|day| day.0),
            },
            StepKind::Cancel => Act::Cancel,
            StepKind::Undo => Act::Undo { of: self.undoes.ok_or_else(|| missing("undoes"))? },
            StepKind::WalkIn | StepKind::Assist => {
                return Err(Refusal::field("step", Detail::ValueImpossible));
            }
        };
        let mut answers: Vec<_> = self.answers.into_iter().map(|answer| answer.0).collect();
        answers.sort_unstable();
        answers.dedup();
        let birth_date = self.birth_date.map(|day| day.0);
        let note = self.note.map(|note| note.0);
        let by = by.actor();
        Ok(Press { step_id, clinic_id, booking_id, act, answers, birth_date, note, by })
    }

    /// What belongs to another step is a mistake, not something to be left out.
    fn refuse_foreign(&self, kind: StepKind) -> Result<(), Refusal> {
        let is_give = kind == StepKind::Give;
        // Who somebody is can be asked when they come, and again before the dose.
        let is_asked = is_give || kind == StepKind::Arrive;
        let is_not_given = kind == StepKind::NotVaccinated;
        let is_unwell = self.reason.is_some_and(|reason| reason.0 == NotGiven::Unwell);
        let had_it = self.reason.is_some_and(|reason| reason.0 == NotGiven::AlreadyHad);
        let checks = [
            ("site", self.site.is_some(), is_give),
            ("lot", self.lot.is_some(), is_give),
            ("answers", !self.answers.is_empty(), is_asked),
            ("birth_date", self.birth_date.is_some(), is_asked),
            ("reason", self.reason.is_some(), is_not_given),
            ("had_on", self.had_on.is_some(), is_not_given && had_it),
            ("until", self.until.is_some(), is_not_given && is_unwell),
            ("undoes", self.undoes.is_some(), kind == StepKind::Undo),
        ];
        match checks.into_iter().find(|(_, is_there, belongs)| *is_there && !belongs) {
            None => Ok(()),
            Some((field, ..)) => {
                let refusal = Refusal::field(field, Detail::FieldUnknown);
                Err(Refusal { code: Code::UnknownField, ..refusal })
            }
        }
    }
}

/// The path of a step, and what is pressed.
type PressedStep = (Path<(ClinicId, BookingId, StepId)>, Json<StepRequest>);

/// How a visit stands.
#[derive(Serialize)]
struct VisitView<'a> {
    clinic_id: ClinicId,
    booking: BookingView,
    person: PersonView<'a>,
    /// The present local date at the clinic.
    today: NaiveDate,
    /// When the account of the booking's day was closed.
    day_closed_at: Option<DateTime<Utc>>,
    warnings: Vec<WarningView>,
    refusals: Vec<RefusalView>,
    steps: Vec<StepView<'a>>,
    /// Appointments for the dose after the one that was given; null where nobody looked for any.
    next_dose: Option<Vec<ProposalView<'a>>>,
}

#[derive(Serialize)]
struct BookingView {
    booking_id: BookingId,
    number: BookingNumber,
    state: State,
    not_given: Option<NotGiven>,
    channel: Channel,
    campaign_id: CampaignId,
    product_id: ProductId,
    course_id: CourseId,
    dose_number: i16,
    slot_id: SlotId,
    on_date: NaiveDate,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    booked_at: DateTime<Utc>,
    arrived_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct PersonView<'a> {
    name: &'a str,
    birth_date: NaiveDate,
    birth_precision: &'static str,
    phone: &'a str,
}

#[derive(Serialize)]
struct WarningView {
    code: Warning,
    text: String,
}

#[derive(Serialize)]
struct RefusalView {
    code: Code,
    cause: &'static str,
    text: String,
    facts: Value,
}

#[derive(Serialize)]
struct StepView<'a> {
    step_id: StepId,
    step: StepKind,
    at: DateTime<Utc>,
    /// Null is the service itself.
    by: Option<UserView<'a>>,
    reason: Option<NotGiven>,
    had_on: Option<NaiveDate>,
    until: Option<NaiveDate>,
    site: Option<Site>,
    lot: Option<&'a str>,
    answers: &'a [Warning],
    undoes: Option<StepId>,
    is_undone: bool,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct UserView<'a> {
    staff_user_id: StaffUserId,
    username: Option<&'a str>,
}

impl<'a> VisitView<'a> {
    fn new(
        keys: &Keys,
        language: Language,
        seen: &'a Seen,
        next: Option<&'a [Proposal]>,
    ) -> Result<Self, Problem> {
        let facts = &seen.facts;
        let patient = &facts.patient;
        let refusals = seen.refusals.iter().map(|one| RefusalView::new(language, one));
        Ok(Self {
            clinic_id: seen.booking.clinic_id,
            booking: BookingView::new(keys, &seen.booking),
            person: PersonView {
                name: &patient.name,
                birth_date: patient.birth_date.date(),
                birth_precision: patient.birth_date.precision().word(),
                phone: &patient.phone,
            },
            today: seen.today,
            day_closed_at: facts.closed_at,
            warnings: seen
                .warnings
                .iter()
                .map(|&code| WarningView { code, text: words::warning(language, code) })
                .collect(),
            refusals: refusals.collect::<Result<_, _>>()?,
            steps: facts.steps.iter().map(|step| StepView::new(step, &facts.steps)).collect(),
            next_dose: next.map(|next| views(language, next)),
        })
    }
}

impl BookingView {
    fn new(keys: &Keys, booking: &Booking) -> Self {
        Self {
            booking_id: booking.booking_id,
            number: BookingNumber::of(&keys.booking_number, booking.booking_id),
            state: booking.state,
            not_given: booking.not_given,
            channel: booking.channel,
            campaign_id: booking.campaign_id,
            product_id: booking.product_id,
            course_id: booking.course_id,
            dose_number: booking.dose_number,
            slot_id: booking.slot_id,
            on_date: booking.on_date,
            starts_at: booking.starts_at,
            ends_at: booking.ends_at,
            booked_at: booking.booked_at,
            arrived_at: booking.arrived_at,
            ended_at: booking.ended_at,
        }
    }
}

impl RefusalView {
    fn new(language: Language, refusal: &Refusal) -> Result<Self, Problem> {
        Ok(Self {
            code: refusal.code,
            cause: refusal.detail.cause(),
            text: words::refusal(language, refusal),
            facts: reason::facts(&refusal.detail).map_err(Problem::internal)?,
        })
    }
}

impl<'a> StepView<'a> {
    fn new(step: &'a Step, all: &[Step]) -> Self {
        let username = step.username.as_deref();
        Self {
            step_id: step.step_id,
            step: step.kind,
            at: step.at,
            by: step.by.map(|staff_user_id| UserView { staff_user_id, username }),
            reason: step.reason,
            had_on: step.had_on,
            until: step.until,
            site: step.site,
            lot: step.lot.as_deref(),
            answers: &step.answers,
            undoes: step.undoes,
            is_undone: all.iter().any(|other| other.undoes == Some(step.step_id)),
            note: step.note.as_deref(),
        }
    }
}

/// A booking of the clinic, and what must be asked before its dose is given; what could be booked
/// next once it was. The look is written down.
///
/// # Errors
/// `not_found` for a clinic that is not the staff's own, and a booking that is not the clinic's.
pub async fn get_visit(
    _: Admitted<admission::Desk>,
    app: Data<App>,
    Accepted(language): Accepted,
    AtClinic { by, what: Path(path), .. }: AtClinic<Path<(ClinicId, BookingId)>>,
) -> Result<HttpResponse, Problem> {
    let (clinic_id, booking_id) = path;
    let seen = flows::visit::open(&app.db, path, by.staff_user_id).await?;
    let next = match seen.booking.state {
        State::Given => {
            match flows::next_dose::propose_after(&app.db, clinic_id, booking_id).await {
                Ok(next) => Some(next),
                // Of somebody who has died since, or is being merged, the visit is shown all the
                // same.
                Err(flows::Error::Refused(_)) => None,
                Err(error) => return Err(error.into()),
            }
        }
        _ => None,
    };
    answer(&app, language, &seen, next.as_deref())
}

/// Makes a step of a visit; the id is the client's, and the same step again is made once.
///
/// # Errors
/// `not_found`, `invalid_field`, and those of `flows::visit::press`.
pub async fn put_step(
    _: Admitted<admission::Booking>,
    app: Data<App>,
    replies: Data<ReplyQueue>,
    Accepted(language): Accepted,
    AtClinic { by, what: (Path(path), Json(request)), .. }: AtClinic<PressedStep>,
) -> Result<HttpResponse, Problem> {
    let press = request.press(by, path)?;
    let seen = flows::visit::press((&app.lanes, &replies), press).await?;
    // A press is answered at once: whoever wants to book the next dose looks again.
    answer(&app, language, &seen, None)
}

fn answer(
    app: &App,
    language: Language,
    seen: &Seen,
    next: Option<&[Proposal]>,
) -> Result<HttpResponse, Problem> {
    let mut response = private(match seen.is_new {
        true => HttpResponse::Created(),
        false => HttpResponse::Ok(),
    })
    .json(VisitView::new(&app.keys, language, seen, next)?);
    mark(response.headers_mut(), language);
    Ok(response)
}
