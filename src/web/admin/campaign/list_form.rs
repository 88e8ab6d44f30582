//! A page of a campaign that is a list with a form: how a press on it ends, and how something of
//! the list is ended. What another administrator did meanwhile is shown first.

use actix_web::{HttpResponse, http::StatusCode};

use super::{
    end::End,
    head::{find, said},
    version::{Stopped, stopped},
};
use crate::{
    domain::{campaign::Campaign, campaign_version::Target},
    flows::{self, rules::Versioned},
    http::problem::Problem,
    web::{
        admin::field,
        done::Done,
        form::{FieldError, Reader},
        staff_page::StaffVisitor,
    },
};

/// How the page is shown: of which campaign, and why not as it was opened.
pub(super) struct Shown {
    pub campaign: Campaign,
    pub errors: Vec<FieldError>,
    /// What has become of the campaign since the page was opened.
    pub changes: Vec<String>,
    pub status: StatusCode,
}

impl Shown {
    /// As it is opened.
    pub(super) fn opened(campaign: Campaign) -> Self {
        Self { campaign, errors: Vec::new(), changes: Vec::new(), status: StatusCode::OK }
    }
}

/// What a press came to: what was done, or how the page is shown again. `done` is none where the
/// reader has found something wrong.
///
/// # Errors
/// Every one that is no refusal of what was typed.
pub(super) async fn pressed<T>(
    visitor: &StaffVisitor,
    target: Target,
    (mut reader, fields): (Reader<'_>, &[&'static str]),
    done: Option<flows::Result<T>>,
) -> Result<Result<T, Shown>, Problem> {
    let stopped = match done {
        Some(Ok(done)) => return Ok(Ok(done)),
        Some(Err(error)) => Some(stopped(visitor, target, error.into()).await?),
        None => None,
    };
    let mut shown = match stopped {
        Some(Stopped::Changed(campaign, changes)) => {
            Shown { changes, status: StatusCode::PRECONDITION_FAILED, ..Shown::opened(*campaign) }
        }
        Some(Stopped::Refused(problem)) => {
            field::refused(&mut reader, visitor.t(), problem, fields)?;
            wrong(find(visitor, target.campaign_id).await?)
        }
        None => wrong(find(visitor, target.campaign_id).await?),
    };
    shown.errors = reader.errors;
    Ok(Err(shown))
}

fn wrong(campaign: Campaign) -> Shown {
    Shown { status: StatusCode::UNPROCESSABLE_ENTITY, ..Shown::opened(campaign) }
}

/// What the press came to by which something of the list is ended. `page` asks once more, of the
/// campaign as it is; it has nothing to ask where the other one has ended it too, or the same press
/// came twice.
///
/// # Errors
/// Those of ending it.
pub(super) async fn ended<'a, T>(
    visitor: &'a StaffVisitor,
    target: Target,
    done: flows::Result<Versioned<T>>,
    (list, text): (&str, &'static str),
    page: impl AsyncFnOnce(Campaign) -> Result<Option<End<'a>>, Problem>,
) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let error = match done {
        Ok(ended) => return visitor.done(list, said(t, text, ended.is_settled)),
        Err(error) => error,
    };
    match stopped(visitor, target, error.into()).await? {
        Stopped::Changed(now, changes) => match page(*now).await? {
            Some(page) => {
                visitor.show_as(StatusCode::PRECONDITION_FAILED, &End { changes, ..page })
            }
            None => visitor.done(list, Done::well(text)),
        },
        Stopped::Refused(problem) => Err(problem),
    }
}
