//! Who signs in by a password: invited, reset, disabled and enabled.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header::HOST},
    web::ServiceConfig,
};
use askama::Template;
use serde::Deserialize;

use crate::{
    domain::{
        Refusal, StaffUserId,
        fact::Noun,
        session::StaffRole,
        staff_user::{Account, Invitation},
    },
    flows::{self, staff_user::Post},
    http::{
        extract::Path,
        problem::Problem,
        route::{get, post},
    },
    web::{
        admin::{field, moment::when},
        form::{FieldError, Form, Reader},
        part::{Choice, Radios, TextField, Tone},
        route::both,
        staff_guard::AdministratorVisitor,
        staff_page::{StaffFrame, StaffVisitor},
        text::Texts,
    },
    words,
};

const USERNAME_CHARS_MAX: usize = 64;
const CLINIC_CHARS_MAX: usize = 64;
const FIELDS: [&str; 3] = ["username", "role", "clinic"];
const STAFF: &str = "staff";
const ADMINISTRATOR: &str = "administrator";
const CALL_CENTRE: &str = "call_centre";

pub fn routes(pages: &mut ServiceConfig) {
    pages
        .service(both("/admin/users").route(get().to(get_users)).route(post().to(post_user)))
        .service(
            both("/admin/users/{user_id}/{change}")
                .route(get().to(get_change))
                .route(post().to(post_change)),
        );
}

#[derive(Template)]
#[template(path = "admin/users.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    errors: Vec<FieldError>,
    users: Vec<Line>,
    username: TextField,
    role: Radios,
    clinic: TextField,
}

struct Line {
    id: StaffUserId,
    name: String,
    role: String,
    tag: (&'static str, Tone),
    is_enabled: bool,
}

/// What an invitation says, once.
#[derive(Template)]
#[template(path = "admin/invited.html")]
struct Invited<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    name: String,
    token: String,
    link: String,
    /// The whole address, with the token behind its `#`.
    address: String,
    until: String,
}

#[derive(Template)]
#[template(path = "admin/user.html")]
struct ChangePage<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    heading: String,
    consequence: &'static str,
    button: &'static str,
    action: String,
    why_not: Option<String>,
    is_harm: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Change {
    Reset,
    Disable,
    Enable,
}

impl Change {
    fn word(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Disable => "disable",
            Self::Enable => "enable",
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
pub struct OneUser {
    user_id: StaffUserId,
    change: Change,
}

/// # Errors
/// The database's.
pub async fn get_users(
    AdministratorVisitor(visitor): AdministratorVisitor,
) -> Result<HttpResponse, Problem> {
    let form = Form::of([("role", STAFF.to_owned())]);
    let page = page(&visitor, &form, Vec::new()).await?;
    visitor.show(&page)
}

/// Invites somebody. The token is on the page that answers, and nowhere else.
///
/// # Errors
/// The database's; what was typed wrongly is said on the page.
pub async fn post_user(
    AdministratorVisitor(visitor): AdministratorVisitor,
    form: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let mut reader = Reader::new(&form, t);
    let username = field::line(&mut reader, t, "username", USERNAME_CHARS_MAX);
    let clinic = match form.text("role") {
        ADMINISTRATOR | CALL_CENTRE => Some(None),
        _ => field::line(&mut reader, t, "clinic", CLINIC_CHARS_MAX).map(Some),
    };
    if let (Some(username), Some(clinic)) = (username, clinic) {
        let post = match (clinic.as_deref(), form.text("role")) {
            (Some(code), _) => Post::Clinic(code),
            (None, CALL_CENTRE) => Post::CallCentre,
            (None, _) => Post::Administrator,
        };
        let (key, by) = (&app.keys.invitation, Some(visitor.user.staff_user_id));
        match flows::staff_user::invite(&app.db, key, &username, post, by).await {
            Ok((_, invitation)) => return invited(&visitor, &invitation),
            Err(error) => field::refused(&mut reader, t, error.into(), &FIELDS)?,
        }
    }
    let page = page(&visitor, &form, reader.errors).await?;
    visitor.show_as(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

async fn page<'a>(
    visitor: &'a StaffVisitor,
    form: &Form,
    errors: Vec<FieldError>,
) -> Result<Page<'a>, Problem> {
    let t = visitor.t();
    let users = flows::staff_user::list(&visitor.visit.app.db).await?;
    let line = |(account, code): (Account, Option<String>)| Line {
        id: account.staff_user_id,
        role: match (account.role, code) {
            (StaffRole::Administrator, _) => t.user_administrator().to_owned(),
            (StaffRole::CallCentre, _) => t.user_call_centre().to_owned(),
            (StaffRole::Staff(_), code) => t.user_at_clinic(&code.unwrap_or_default()),
        },
        tag: tag(t, &account),
        is_enabled: account.is_enabled,
        name: account.username,
    };
    let choice = |value: &str, label: &'static str, hint: &'static str| Choice {
        value: value.to_owned(),
        label: label.into(),
        hint: hint.into(),
    };
    Ok(Page {
        t,
        staff: visitor.frame(),
        errors,
        users: users.into_iter().map(line).collect(),
        username: field::text("username", t.user_name(), form).hint(t.user_name_hint()),
        role: Radios {
            id: "role",
            legend: t.user_role().into(),
            hint: "".into(),
            choices: vec![
                choice(STAFF, t.user_staff(), t.user_staff_hint()),
                choice(CALL_CENTRE, t.user_call_centre(), t.user_call_centre_hint()),
                choice(ADMINISTRATOR, t.user_administrator(), t.user_administrator_hint()),
            ],
            chosen: form.text("role").to_owned(),
        },
        clinic: field::text("clinic", t.user_clinic(), form).hint(t.user_clinic_hint()),
    })
}

fn tag(t: Texts, account: &Account) -> (&'static str, Tone) {
    match (account.is_enabled, account.has_password, account.invited_until) {
        (false, ..) => (t.user_disabled(), Tone::Bad),
        (true, true, _) => (t.user_active(), Tone::Good),
        (true, false, Some(_)) => (t.user_invited(), Tone::Wait),
        (true, false, None) => (t.user_without_password(), Tone::Bad),
    }
}

/// The page that shows a token: it is never shown again, so that it does not redirect.
fn invited(visitor: &StaffVisitor, invitation: &Invitation) -> Result<HttpResponse, Problem> {
    let t = visitor.t();
    let link = visitor.visit.frame().to("/invitation");
    let host = visitor.visit.request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let origin = match (&visitor.visit.app.site.public_url, host) {
        (Some(public), _) => public.as_str().to_owned(),
        (None, Some(host)) => format!("http://{host}"),
        (None, None) => String::new(),
    };
    let page = Invited {
        t,
        staff: visitor.frame_of("/admin/users"),
        name: invitation.username.clone(),
        token: invitation.token.clone(),
        address: format!("{origin}{link}#{}", invitation.token),
        link,
        until: when(visitor, invitation.expires_at),
    };
    visitor.show(&page)
}

/// Asks whether to do it.
///
/// # Errors
/// `not_found`.
pub async fn get_change(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(at): Path<OneUser>,
) -> Result<HttpResponse, Problem> {
    let page = change_page(&visitor, at, None).await?;
    visitor.show(&page)
}

/// Does it.
///
/// # Errors
/// `not_found`; why it cannot be done is said on the page.
pub async fn post_change(
    AdministratorVisitor(visitor): AdministratorVisitor,
    Path(at): Path<OneUser>,
    _: Form,
) -> Result<HttpResponse, Problem> {
    let (t, app) = (visitor.t(), &visitor.visit.app);
    let by = Some(visitor.user.staff_user_id);
    let done = match at.change {
        Change::Reset => {
            let key = &app.keys.invitation;
            match flows::staff_user::reset(&app.db, key, at.user_id, by).await {
                Ok((_, invitation)) => return invited(&visitor, &invitation),
                Err(error) => Err(error),
            }
        }
        Change::Disable => flows::staff_user::disable(&app.db, at.user_id).await,
        Change::Enable => flows::staff_user::enable(&app.db, at.user_id).await,
    };
    match done.map_err(Problem::from) {
        Ok(account) => {
            let text = match at.change {
                Change::Enable => t.user_enabled_done(&account.username),
                _ => t.user_disabled_done(&account.username),
            };
            visitor.done("/admin/users", crate::web::done::Done::well(text))
        }
        Err(problem) if (400..500).contains(&problem.refusal.code.status()) => {
            let why = words::refusal(t.language(), &problem.refusal);
            let page = change_page(&visitor, at, Some(why)).await?;
            visitor.show_as(StatusCode::CONFLICT, &page)
        }
        Err(problem) => Err(problem),
    }
}

async fn change_page<'a>(
    visitor: &'a StaffVisitor,
    at: OneUser,
    why_not: Option<String>,
) -> Result<ChangePage<'a>, Problem> {
    let t = visitor.t();
    let users = flows::staff_user::list(&visitor.visit.app.db).await?;
    let found = users.into_iter().find(|(account, _)| account.staff_user_id == at.user_id);
    let (account, _) = found.ok_or_else(|| Refusal::unknown(Noun::User))?;
    let name = &account.username;
    let (heading, consequence, button) = match at.change {
        Change::Reset => (t.user_reset_title(name), t.user_reset_then(), t.user_reset()),
        Change::Disable => (t.user_disable_title(name), t.user_disable_then(), t.user_disable()),
        Change::Enable => (t.user_enable_title(name), t.user_enable_then(), t.user_enable()),
    };
    Ok(ChangePage {
        t,
        staff: visitor.frame(),
        heading,
        consequence,
        button,
        action: format!("/admin/users/{}/{}", at.user_id, at.change.word()),
        why_not,
        is_harm: at.change != Change::Enable,
    })
}
