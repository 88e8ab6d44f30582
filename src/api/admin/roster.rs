//! Rosters: lists of persons. Who is on them comes in from files and with new persons.

use actix_web::{HttpResponse, web::Data};
use serde::{Deserialize, Serialize};

use super::{ByAdministrator, Page, created, list, ok};
use crate::{
    db,
    domain::{
        RosterId,
        roster::{NewRoster, Roster},
    },
    flows,
    http::{
        extract::{Json, Path, Query},
        field::Text,
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterRequest {
    code: Text<32>,
    name: Text<100>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RosterChange {
    name: Text<100>,
}

#[derive(Serialize)]
struct RosterView<'a> {
    roster_id: RosterId,
    code: &'a str,
    name: &'a str,
}

impl<'a> From<&'a Roster> for RosterView<'a> {
    fn from(roster: &'a Roster) -> Self {
        let Roster { roster_id, code, name } = roster;
        Self { roster_id: *roster_id, code, name }
    }
}

pub async fn list_rosters(
    app: Data<App>,
    ByAdministrator { what: Query(page), .. }: ByAdministrator<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = RosterId(page.after.unwrap_or(0));
    let rosters = db::roster::list(&app.db.read, after, page.limit.0).await?;
    list("rosters", &rosters, page.limit, RosterView::from, |roster| roster.roster_id.0)
}

/// # Errors
/// Those of `flows::roster::add`.
pub async fn post_roster(
    app: Data<App>,
    ByAdministrator { what: Json(new), .. }: ByAdministrator<Json<RosterRequest>>,
) -> Result<HttpResponse, Problem> {
    let new = NewRoster { code: new.code.0, name: new.name.0 };
    let roster = flows::roster::add(&app.db, new).await?;
    Ok(created(&RosterView::from(&roster)))
}

/// # Errors
/// Those of `flows::roster::rename`.
pub async fn patch_roster(
    app: Data<App>,
    request: ByAdministrator<(Path<RosterId>, Json<RosterChange>)>,
) -> Result<HttpResponse, Problem> {
    let (Path(roster_id), Json(RosterChange { name })) = request.what;
    let roster = flows::roster::rename(&app.db, roster_id, &name.0).await?;
    Ok(ok(&RosterView::from(&roster)))
}
