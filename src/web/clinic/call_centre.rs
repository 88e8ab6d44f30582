//! Where the call centre begins: with the clinic at which somebody wants an appointment.

use actix_web::HttpResponse;
use askama::Template;

use crate::{
    http::problem::Problem,
    web::{
        form::FieldError,
        part::{Input, TextField},
        staff_guard::CallCentreVisitor,
        staff_page::StaffFrame,
        text::Texts,
    },
};

const CLINICS_MAX: usize = 30;

#[derive(Template)]
#[template(path = "clinic/call_centre.html")]
struct Page<'a> {
    t: Texts,
    staff: StaffFrame<'a>,
    to: String,
    field: TextField,
    errors: Vec<FieldError>,
    /// Name, address and the way on; none before something was looked for.
    found: Option<Vec<(String, String, String)>>,
    is_more: bool,
}

/// Lists the clinics with these words in name or address.
///
/// # Errors
/// `internal` if the page cannot be written.
pub async fn get_call_centre(
    CallCentreVisitor(visitor): CallCentreVisitor,
) -> Result<HttpResponse, Problem> {
    let (t, snapshot) = (visitor.t(), visitor.visit.app.board.now());
    let query = visitor.visit.request.query_string();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let sought = pairs.find(|(name, _)| name == "q").map(|(_, sought)| sought.trim().to_owned());
    let sought = sought.filter(|sought| !sought.is_empty());
    let staff = visitor.frame();
    let is_it = |text: &str, sought: &str| text.to_lowercase().contains(&sought.to_lowercase());
    let found = sought.as_ref().map(|sought| {
        let clinics = snapshot.catalogue.clinics.iter().map(|site| &site.clinic);
        let found = clinics.filter(|clinic| {
            is_it(t.name(&clinic.name), sought)
                || is_it(&clinic.name.main, sought)
                || is_it(&clinic.address, sought)
        });
        let line = found.map(|clinic| {
            let to = staff.to(&format!("/clinic/{}/walk-in", clinic.clinic_id));
            (t.name(&clinic.name).to_owned(), clinic.address.clone(), to)
        });
        line.take(CLINICS_MAX + 1).collect::<Vec<_>>()
    });
    let is_more = found.as_ref().is_some_and(|found| found.len() > CLINICS_MAX);
    let found = found.map(|mut found| {
        found.truncate(CLINICS_MAX);
        found
    });
    let field = TextField::new("q", t.call_which(), Input::Text, &sought.unwrap_or_default());
    let page = Page {
        t,
        to: staff.to("/call-centre"),
        field: TextField { is_focused: true, ..field },
        errors: Vec::new(),
        found,
        is_more,
        staff,
    };
    visitor.show(&page)
}
