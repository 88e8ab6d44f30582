//! Users who sign in by a password: staff of clinics, and administrators.

use actix_web::{HttpResponse, web::Data};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{ByAdministrator, Page, created, list, ok};
use crate::{
    api::session::role,
    config::{Origin, Site},
    db,
    domain::{
        ClinicId, Detail, Refusal, StaffUserId,
        staff_user::{Account, Invitation},
    },
    flows::{self, staff_user::Post},
    http::{
        extract::{Json, Path, Query},
        problem::Problem,
        state::App,
    },
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    username: String,
    role: Role,
    clinic_id: Option<ClinicId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    Staff,
    Administrator,
    CallCentre,
}

impl UserRequest {
    /// # Errors
    /// Names `clinic_id`: staff have a clinic and nobody else has one.
    fn post(&self) -> Result<Post<'static>, Refusal> {
        match (&self.role, self.clinic_id) {
            (Role::Administrator, None) => Ok(Post::Administrator),
            (Role::CallCentre, None) => Ok(Post::CallCentre),
            (Role::Staff, Some(clinic_id)) => Ok(Post::At(clinic_id)),
            (Role::Administrator, Some(_)) => {
                Err(Refusal::field("clinic_id", Detail::AdministratorAtClinic))
            }
            (Role::CallCentre, Some(_)) => {
                Err(Refusal::field("clinic_id", Detail::CallCentreAtClinic))
            }
            (Role::Staff, None) => Err(Refusal::field("clinic_id", Detail::StaffWithoutClinic)),
        }
    }
}

#[derive(Serialize)]
struct UserView<'a> {
    user_id: StaffUserId,
    username: &'a str,
    role: &'static str,
    clinic_id: Option<ClinicId>,
    is_enabled: bool,
    has_password: bool,
    invited_until: Option<DateTime<Utc>>,
}

impl<'a> From<&'a Account> for UserView<'a> {
    fn from(account: &'a Account) -> Self {
        let (role, clinic_id) = role(account.role);
        Self {
            user_id: account.staff_user_id,
            username: &account.username,
            role,
            clinic_id,
            is_enabled: account.is_enabled,
            has_password: account.has_password,
            invited_until: account.invited_until,
        }
    }
}

/// A user with the invitation that is told this once.
#[derive(Serialize)]
struct InvitedView<'a> {
    user: UserView<'a>,
    invitation: InvitationView<'a>,
}

#[derive(Serialize)]
struct InvitationView<'a> {
    token: &'a str,
    page: String,
    expires_at: DateTime<Utc>,
}

impl<'a> InvitedView<'a> {
    fn new((account, invitation): &'a (Account, Invitation), site: &Site) -> Self {
        let Invitation { token, expires_at, .. } = invitation;
        let public = site.public_url.as_ref().map_or("", Origin::as_str);
        let page = format!("{public}{}", invitation.path());
        let invitation = InvitationView { token, page, expires_at: *expires_at };
        Self { user: account.into(), invitation }
    }
}

pub async fn list_users(
    app: Data<App>,
    ByAdministrator { what: Query(page), .. }: ByAdministrator<Query<Page>>,
) -> Result<HttpResponse, Problem> {
    let after = StaffUserId(page.after.unwrap_or(0));
    let users = db::staff_user::list(&app.db.read, after, page.limit.0).await?;
    list("users", &users, page.limit, UserView::from, |user| user.staff_user_id.0)
}

/// # Errors
/// Those of `flows::staff_user::invite`.
pub async fn post_user(
    app: Data<App>,
    ByAdministrator { by, what: Json(new) }: ByAdministrator<Json<UserRequest>>,
) -> Result<HttpResponse, Problem> {
    let (key, post) = (&app.keys.invitation, new.post()?);
    let invited = flows::staff_user::invite(&app.db, key, &new.username, post, Some(by)).await?;
    Ok(created(&InvitedView::new(&invited, &app.site)))
}

/// Takes a password away, and invites to choose another.
///
/// # Errors
/// Those of `flows::staff_user::reset`.
pub async fn post_reset(
    app: Data<App>,
    ByAdministrator { by, what: Path(id) }: ByAdministrator<Path<StaffUserId>>,
) -> Result<HttpResponse, Problem> {
    let invited = flows::staff_user::reset(&app.db, &app.keys.invitation, id, Some(by)).await?;
    Ok(ok(&InvitedView::new(&invited, &app.site)))
}

/// Takes all access away at once.
///
/// # Errors
/// Those of `flows::staff_user::disable`.
pub async fn post_disable(
    app: Data<App>,
    ByAdministrator { what: Path(id), .. }: ByAdministrator<Path<StaffUserId>>,
) -> Result<HttpResponse, Problem> {
    Ok(ok(&UserView::from(&flows::staff_user::disable(&app.db, id).await?)))
}

/// Gives access back.
///
/// # Errors
/// Those of `flows::staff_user::enable`.
pub async fn post_enable(
    app: Data<App>,
    ByAdministrator { what: Path(id), .. }: ByAdministrator<Path<StaffUserId>>,
) -> Result<HttpResponse, Problem> {
    Ok(ok(&UserView::from(&flows::staff_user::enable(&app.db, id).await?)))
}
