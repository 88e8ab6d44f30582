//! Rosters: lists of persons. Who is on them comes in from files and with new persons.

use actix_web::{HttpResponse, web::Data};
use serde::Deserialize;

use super::{Asked, Page, created, list};
use crate::{
    db,
    domain::RosterId,
    flows,
    http::{
        extract::{Json, Query},
        field::Text,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRoster {
    code: Text<32>,
    name: Text<100>,
}

pub async fn list_rosters(
    app: Data<App>,
    Asked { what: Query(page), .. }: Asked<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = RosterId(page.after.unwrap_or(0));
    let rosters = db::roster::list(&app.db.read, after, page.limit.0).await?;
    list("rosters", &rosters, page.limit, |roster| roster.roster_id.0)
}

/// # Errors
/// Those of `flows::roster::add`.
pub async fn post_roster(
    app: Data<App>,
    Asked { what: Json(new), .. }: Asked<Json<NewRoster>>,
) -> Result<HttpResponse, Problem> {
    let roster = flows::roster::add(&app.db, new.code.0, new.name.0).await?;
    Ok(created(&roster))
}
