//! How pages for staff are answered: who asks, what they may go to, and what their last press did.

use actix_web::{
    HttpResponse,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use askama::Template;
use chrono_tz::Tz;

use super::{
    asset,
    done::Done,
    page::{Frame, Visit},
    text::Texts,
};
use crate::{
    domain::{
        ClinicId,
        session::{StaffRole, StaffUser},
    },
    http::problem::Problem,
};

/// Pages at a clinic read codes with the camera, where the browser can.
const CAMERA: &str = "camera=(self), microphone=(), geolocation=()";

/// Somebody who has signed in by a password asks for a page, or presses something there.
pub struct StaffVisitor {
    pub visit: Visit,
    pub user: StaffUser,
    pub username: String,
    /// The clinic of the path, where it names one that they may see.
    pub desk: Option<Desk>,
    /// What their last press did, for this page to say.
    pub done: Option<Done>,
}

/// A clinic, as the head of its pages shows it.
#[derive(Clone, Debug)]
pub struct Desk {
    pub clinic_id: ClinicId,
    /// In the language of the page.
    pub name: String,
    pub zone: Tz,
}

/// What the layout for staff shows, as `staff` in templates.
pub struct StaffFrame<'a> {
    pub frame: Frame<'a>,
    pub username: &'a str,
    /// The clinic's name, or what the area is called.
    pub place: &'a str,
    pub links: Vec<StaffLink>,
    /// Where an administrator who looks at a clinic came from.
    pub way_up: Option<StaffLink>,
    pub done: Option<&'a Done>,
}

/// A link of the navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffLink {
    pub href: String,
    pub label: &'static str,
    /// Whether the page belongs to it.
    pub is_here: bool,
}

impl StaffFrame<'_> {
    pub fn style(&self) -> &'static str {
        asset::staff_style()
    }

    pub fn script(&self) -> &'static str {
        asset::staff_script()
    }

    /// The path of a page in this language.
    pub fn to(&self, path: &str) -> String {
        self.frame.to(path)
    }
}

impl StaffVisitor {
    pub fn t(&self) -> Texts {
        self.visit.t
    }

    /// The frame of the page at this address.
    pub fn frame(&self) -> StaffFrame<'_> {
        let frame = self.visit.frame();
        let here = frame.here.split('?').next().unwrap_or_default().to_owned();
        self.frame_at(frame, &here)
    }

    /// The frame of a page that answers a press elsewhere: `here` is where it may be loaded again.
    pub fn frame_of<'a>(&'a self, here: &'a str) -> StaffFrame<'a> {
        let path = here.split('?').next().unwrap_or_default();
        self.frame_at(Frame::new(self.visit.t, &self.visit.app.site, here), path)
    }

    fn frame_at<'a>(&'a self, frame: Frame<'a>, path: &str) -> StaffFrame<'a> {
        let t = self.visit.t;
        let is_administrator = self.user.role == StaffRole::Administrator;
        let up =
            StaffLink { href: frame.to("/admin"), label: t.staff_administration(), is_here: false };
        StaffFrame {
            frame,
            username: &self.username,
            place: self.desk.as_ref().map_or_else(|| area(t, self.user.role), |desk| &desk.name),
            links: links(t, self, path),
            way_up: (is_administrator && self.desk.is_some()).then_some(up),
            done: self.done.as_ref(),
        }
    }

    /// Answers with a page; no cache keeps it.
    ///
    /// # Errors
    /// `internal` if the page cannot be written.
    pub fn show(&self, page: &impl Template) -> Result<HttpResponse, Problem> {
        self.show_as(StatusCode::OK, page)
    }

    /// The same with another status: 422 for a form with errors, 409 for a refusal.
    ///
    /// # Errors
    /// `internal` if the page cannot be written.
    pub fn show_as(
        &self,
        status: StatusCode,
        page: &impl Template,
    ) -> Result<HttpResponse, Problem> {
        let mut response = self.visit.show_as(status, page)?;
        if self.desk.is_some() {
            let name = HeaderName::from_static("permissions-policy");
            response.headers_mut().insert(name, HeaderValue::from_static(CAMERA));
        }
        if self.done.is_some() {
            response.add_cookie(&Done::forget()).map_err(Problem::internal)?;
        }
        Ok(response)
    }

    /// As `show_as`, with the status of what stood in the way, and when to come again where that
    /// may help.
    ///
    /// # Errors
    /// `internal` if the page cannot be written.
    pub fn show_refused(
        &self,
        problem: &Problem,
        page: &impl Template,
    ) -> Result<HttpResponse, Problem> {
        self.visit.refuse(problem, |status| self.show_as(status, page))
    }

    /// After a change: sends the browser to a page in this language, which says what was done.
    ///
    /// # Errors
    /// `internal` when the machine gives no random bytes.
    pub fn done(&self, path: &str, done: Done) -> Result<HttpResponse, Problem> {
        let (app, frame) = (&self.visit.app, self.visit.frame());
        let cookie = done.keep(&app.keys.seal, &frame.to(path), app.clock.now())?;
        let mut response = self.visit.see_other(path);
        response.add_cookie(&cookie).map_err(Problem::internal)?;
        Ok(response)
    }

    /// Sends the browser to a page in this language, without a word.
    pub fn see_other(&self, path: &str) -> HttpResponse {
        self.visit.see_other(path)
    }
}

/// The first page of a role, after the language.
pub fn home(role: StaffRole) -> String {
    match role {
        StaffRole::Staff(clinic_id) => format!("/clinic/{clinic_id}"),
        StaffRole::Administrator => "/admin".to_owned(),
        StaffRole::CallCentre => "/call-centre".to_owned(),
    }
}

fn area(t: Texts, role: StaffRole) -> &'static str {
    match role {
        StaffRole::Staff(_) => t.staff_area(),
        StaffRole::Administrator => t.staff_administration(),
        StaffRole::CallCentre => t.staff_call_centre(),
    }
}

/// The pages of the clinic that is looked at; else those of the role.
fn links(t: Texts, visitor: &StaffVisitor, here: &str) -> Vec<StaffLink> {
    let pages: Vec<(String, &'static str)> = match (&visitor.desk, visitor.user.role) {
        (_, StaffRole::CallCentre) => vec![("/call-centre".to_owned(), t.nav_call_centre())],
        (Some(Desk { clinic_id, .. }), _) => at_clinic(t, *clinic_id),
        (None, StaffRole::Staff(clinic_id)) => at_clinic(t, clinic_id),
        (None, StaffRole::Administrator) => administration(t),
    };
    placed(t, pages, here)
}

/// The navigation of a page of which only the path is known.
pub fn links_at(t: Texts, path: &str) -> Vec<StaffLink> {
    let mut parts = path.trim_start_matches('/').split('/');
    let pages = match (parts.next(), parts.next().and_then(|id| id.parse().ok())) {
        (Some("clinic"), Some(clinic_id)) => at_clinic(t, clinic_id),
        (Some("admin"), _) => administration(t),
        (Some("call-centre"), _) => vec![("/call-centre".to_owned(), t.nav_call_centre())],
        _ => Vec::new(),
    };
    placed(t, pages, path)
}

fn placed(t: Texts, pages: Vec<(String, &'static str)>, here: &str) -> Vec<StaffLink> {
    // Whom a search has found, and who is added to the register, have come without a booking.
    let here = match here.starts_with("/clinic/") {
        true => here.replace("/persons/", "/walk-in/").replace("/register", "/walk-in"),
        false => here.to_owned(),
    };
    // A page belongs to the longest path that it lies under.
    let is_under = |path: &str| {
        here.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let paths = pages.iter().map(|(path, _)| path.as_str()).filter(|path| is_under(path));
    let nearest = paths.max_by_key(|path| path.len()).map(str::to_owned);
    let to = |path: &str| format!("/{}{path}", t.tag());
    let link = |(path, label): (String, &'static str)| StaffLink {
        href: to(&path),
        label,
        is_here: nearest.as_deref() == Some(path.as_str()),
    };
    pages.into_iter().map(link).collect()
}

fn at_clinic(t: Texts, clinic_id: ClinicId) -> Vec<(String, &'static str)> {
    let page = |path: &str| format!("/clinic/{clinic_id}{path}");
    vec![
        (page(""), t.nav_today()),
        (page("/week"), t.nav_week()),
        (page("/walk-in"), t.nav_walk_in()),
        (page("/close"), t.nav_close()),
    ]
}

fn administration(t: Texts) -> Vec<(String, &'static str)> {
    let page = |path: &str| format!("/admin{path}");
    vec![
        (page(""), t.nav_campaigns()),
        (page("/imports"), t.nav_imports()),
        (page("/pools"), t.nav_doses()),
        (page("/supply"), t.nav_supply()),
        (page("/clinics"), t.nav_clinics()),
        (page("/persons"), t.nav_persons()),
        (page("/users"), t.nav_users()),
        (page("/journal"), t.nav_journal()),
    ]
}
