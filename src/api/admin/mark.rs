//! Marks a person of the register as moved away or dead.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};

use super::{ByAdministrator, Reason, ok};
use crate::{
    api::booking::BookingView,
    domain::{Code, PersonId, Refusal, fact::Expected, mark::Mark},
    flows::{self, lane::ReplyQueue, mark::Left, person_record::Doing},
    http::{
        extract::{Json, Path},
        if_match::IfMatch,
        problem::Problem,
        state::App,
    },
};

/// Takes a mark away.
const NONE: &str = "none";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkRequest {
    mark: String,
    reason: Reason,
    #[serde(default)]
    cancel_bookings: bool,
}

impl MarkRequest {
    fn mark(&self) -> Result<Option<Mark>, Refusal> {
        let words = Mark::ALL.into_iter().map(Mark::word).chain([NONE]);
        match (self.mark.as_str(), Mark::named(&self.mark)) {
            (NONE, _) => Ok(None),
            (_, Some(mark)) => Ok(Some(mark)),
            _ => Err(Refusal::expected("mark", Expected::one_of(words))),
        }
    }
}

#[derive(Serialize)]
struct MarkView {
    person_id: PersonId,
    mark: Option<Mark>,
    bookings: Vec<LeftView>,
}

#[derive(Serialize)]
struct LeftView {
    booking: BookingView,
    /// Why it was not cancelled, where it was to be.
    refused: Option<Code>,
}

/// # Errors
/// Those of `flows::mark::mark`; `invalid_field` for a mark that there is not.
pub async fn mark_person(
    app: Data<App>,
    replies: Data<ReplyQueue>,
    request: ByAdministrator<(Path<PersonId>, IfMatch, Json<MarkRequest>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(person_id), if_match, Json(body)) = request.what;
    let (by, mark) = (request.by, body.mark()?);
    let doing = Doing { by, reason: &body.reason.0, version: if_match.version() };
    let ends = (&*app.sign_outs, &app.clock);
    let bookings = flows::mark::mark(&app.db, ends, (person_id, mark), doing).await?;
    let left = match mark {
        Some(_) if body.cancel_bookings => {
            flows::mark::cancel((&app.lanes, &replies), bookings, by).await?
        }
        _ => bookings.into_iter().map(|booking| Left { booking, refused: None }).collect(),
    };
    let bookings = left.iter().map(|left| LeftView {
        booking: BookingView::new(&app.keys, &left.booking),
        refused: left.refused.as_ref().map(|refusal| refusal.code),
    });
    Ok(ok(&MarkView { person_id, mark, bookings: bookings.collect() }))
}
