//! What administrators do: one file per resource. Every handler takes `ByAdministrator`, so that
//! none can forget who asks, and who may not ask learns nothing about the request.

pub mod allocation;
pub mod campaign;
pub mod campaign_draft;
pub mod check;
pub mod clinic;
pub mod closure;
pub mod cohort;
pub mod course;
pub mod exclusion;
pub mod import;
pub mod mark;
pub mod merge;
pub mod movement;
pub mod opening_hours;
pub mod person;
pub mod person_record;
pub mod pool;
pub mod product;
pub mod region;
pub mod roster;
pub mod slot;
pub mod split;
pub mod staff_user;
pub mod tranche;

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header::CACHE_CONTROL},
};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    domain::{
        Refusal, StaffUserId,
        actor::{Actor, Cause},
        localized::{Localized, LocalizedChange},
    },
    http::{
        field::{Limit, Text, nullable},
        principal::Administrator,
        problem::Problem,
    },
};

/// Why something is done, in the administrator's words; much of it is shown to the public.
pub type Reason = Text<500>;

/// An administrator, and then what they ask: nothing of the request is looked at before.
pub struct ByAdministrator<T> {
    pub by: StaffUserId,
    pub what: T,
}

impl<T: FromRequest + 'static> FromRequest for ByAdministrator<T> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let administrator = Administrator::from_request(request, &mut Payload::None);
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let Administrator(by) = administrator.await?;
            let what = T::from_request(&request, &mut payload).await.map_err(Into::into)?;
            Ok(Self { by, what })
        })
    }
}

/// Which part of a list is wanted.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    #[serde(default)]
    pub limit: Limit,
    /// Goes on after the item with this id.
    pub after: Option<i32>,
}

/// A text in the languages in which it was given.
fn localized<const MAX: usize>(
    main: Text<MAX>,
    ko: Option<Text<MAX>>,
    en: Option<Text<MAX>>,
) -> Localized {
    Localized::new(main.0, ko.map(|text| text.0), en.map(|text| text.0))
}

/// What a change says of a name.
fn localized_change<const MAX: usize>(
    main: Option<Text<MAX>>,
    ko: Option<Option<Text<MAX>>>,
    en: Option<Option<Text<MAX>>>,
) -> LocalizedChange {
    LocalizedChange {
        main: main.map(|text| text.0),
        ko: ko.map(|ko| ko.map(|text| text.0)),
        en: en.map(|en| en.map(|text| text.0)),
    }
}

/// Corrected names; what is left out stays as it is, and null removes a name in a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameChange {
    name: Option<Text<100>>,
    #[serde(default, deserialize_with = "nullable")]
    name_ko: Option<Option<Text<100>>>,
    #[serde(default, deserialize_with = "nullable")]
    name_en: Option<Option<Text<100>>>,
}

impl From<NameChange> for LocalizedChange {
    fn from(change: NameChange) -> Self {
        localized_change(change.name, change.name_ko, change.name_en)
    }
}

/// Who moves doses, and why.
fn cause(by: StaffUserId, reason: Localized) -> Cause {
    Cause { actor: Actor::Administrator(by), reason }
}

fn ok(body: &impl Serialize) -> HttpResponse {
    answer(StatusCode::OK, body)
}

fn created(body: &impl Serialize) -> HttpResponse {
    answer(StatusCode::CREATED, body)
}

/// As `ok` or `created`; 202 with `"settled": false` beside the rest where bookings that were
/// decided before may still be written.
///
/// # Errors
/// `internal` for a body that cannot be written.
fn settled(
    status: StatusCode,
    body: &impl Serialize,
    is_settled: bool,
) -> Result<HttpResponse, Problem> {
    if is_settled {
        return Ok(answer(status, body));
    }
    let mut body = serde_json::to_value(body).map_err(Problem::internal)?;
    if let Value::Object(fields) = &mut body {
        fields.insert("settled".to_owned(), false.into());
    }
    Ok(answer(StatusCode::ACCEPTED, &body))
}

fn answer(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    HttpResponse::build(status).insert_header((CACHE_CONTROL, "no-store")).json(body)
}

/// `{name: items, next_after}`: the items as they are shown, and the key to go on after, or null
/// where the list ends.
fn list<'a, T, V: Serialize, K: Into<Value>>(
    name: &str,
    items: &'a [T],
    limit: Limit,
    view: impl Fn(&'a T) -> V,
    key: impl Fn(&T) -> K,
) -> Result<HttpResponse, Problem> {
    let is_full = i64::try_from(items.len()) == Ok(limit.0);
    let next = items.last().filter(|_| is_full).map_or(Value::Null, |last| key(last).into());
    let mut body = Map::new();
    let views: Vec<_> = items.iter().map(view).collect();
    body.insert(name.to_owned(), serde_json::to_value(views).map_err(Problem::internal)?);
    body.insert("next_after".to_owned(), next);
    Ok(ok(&body))
}

fn found<T>(found: Option<T>) -> Result<T, Problem> {
    found.ok_or_else(|| Refusal::not_found().into())
}
