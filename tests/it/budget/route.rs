//! Every route of the pages, asked for by somebody whom it is for, with what they would send.

use uuid::Uuid;

use crate::{
    contract::routes_and_pages,
    fuzz::{
        form::{Form, forms},
        page::concrete,
    },
    support::{Browser, Made, Page, TestApp, openapi::is_page},
    web,
};

/// What is typed into fields that are empty.
const TYPED: &[(&str, &str)] = &[
    ("name", "Somebody"),
    ("birth-year", "1964"),
    ("birth-month", "5"),
    ("birth-day", "6"),
    ("phone", "010-1234-5678"),
    ("born", "19640506"),
    ("code", "000000"),
    ("username", "somebody"),
    ("password", "correct horse battery staple"),
    ("token", "i1.somebody"),
];
/// Who has a booking at the first clinic, whose day has begun, and one for another day.
pub const BOOKED: usize = 1;
/// Who is about to book.
const BOOKING: usize = 6;
/// Who signs out.
const LEAVING: usize = 5;

/// One request.
#[derive(Clone)]
pub struct Step {
    /// Method and path, without the language.
    pub route: String,
    browser: Browser,
    path: String,
    /// Of a press.
    fields: Option<Vec<(String, String)>>,
}

impl Step {
    pub async fn send(&self) -> Page {
        let method = if self.fields.is_some() { "POST" } else { "GET" };
        let method = method.parse().unwrap();
        let headers = [("sec-fetch-site", "same-origin")];
        self.browser.clone().send(method, &self.path, self.fields.as_deref(), &headers).await
    }
}

/// A booking today at the first clinic, and another one that can be cancelled.
pub async fn book(app: &TestApp, made: &Made) -> Uuid {
    let today = Uuid::now_v7();
    let citizen = app.citizen(&made.people[BOOKED]);
    citizen.put_booking(today, &made.booking(made.slot(0, 1, 1))).await.ok(201);
    made.begin_day(&app.db, 0, 1).await;
    app.refresh_pages().await;
    today
}

/// Whoever the path is for.
async fn visitor(app: &TestApp, made: &Made, route: &str) -> Browser {
    if route.contains("/admin") {
        return app.staff_browser(3, None).await;
    }
    if route.contains("/call-centre") {
        return app.staff_browser(5, None).await;
    }
    if route.contains("/clinic/") || route.ends_with("/staff") && !route.contains("/sign-in") {
        return app.staff_browser(2, Some(made.clinics[0])).await;
    }
    if route.contains("/sign-in") || route.contains("/invitation") {
        return app.browser();
    }
    let person = match route.rsplit('/').next() {
        Some("sign-out" | "forget" | "everywhere") => LEAVING,
        Some("check") => BOOKING,
        _ => BOOKED,
    };
    app.citizen_browser(&made.people[person])
}

/// The path with ids of what is there, and the query without which it leads elsewhere.
fn path(route: &str, made: &Made, booking_id: Uuid) -> String {
    let path = concrete(route, made, "en", &booking_id.to_string());
    let slot = made.slot(1, 2, 0);
    let query = match route.rsplit('/').next().unwrap_or_default() {
        "check" => format!("?slot={}&product={}", slot.slot_id, made.product_id),
        "{clinic_id}" if route.contains("/campaigns/") => format!("?date={}", slot.on_date),
        _ => String::new(),
    };
    path + &query
}

/// Each field once, the first of those among which one is chosen.
fn filled(form: &Form, number: &str) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for (name, kind, value) in &form.fields {
        if kind == "file" || fields.iter().any(|(known, _)| known == name) {
            continue;
        }
        let typed = TYPED.iter().find(|(known, _)| known == name).map(|(_, typed)| *typed);
        let typed = if name == "number" { number } else { typed.unwrap_or("1") };
        let is_empty = value.is_empty() && !matches!(kind.as_str(), "hidden" | "submit");
        let value = if is_empty { typed } else { value };
        fields.push((name.clone(), value.to_owned()));
    }
    fields
}

/// A request to each route, the presses as forms of the pages have them.
pub async fn steps(app: &TestApp, made: &Made, booking_id: Uuid) -> Vec<Step> {
    let mut all: Vec<_> = routes_and_pages().await.into_iter().collect();
    all.retain(|(_, route)| is_page(route));
    let number = app.number(booking_id).to_string();
    let (mut steps, mut known) = (Vec::new(), Vec::new());
    for (_, route) in all.iter().filter(|(method, _)| method == "GET") {
        let browser = visitor(app, made, route).await;
        let path = path(route, made, booking_id);
        let step = Step { route: format!("GET {}", short(route)), browser, path, fields: None };
        let page = step.clone().browser.open(&step.path).await;
        known.extend(forms(&page.text, &page.at));
        steps.push(step);
    }
    for (_, route) in all.iter().filter(|(method, _)| method == "POST") {
        let (path, mut browser) = (path(route, made, booking_id), visitor(app, made, route).await);
        let is_it = |form: &&Form| form.action.split('?').next() == path.split('?').next();
        let found = known.iter().find(|form| !form.is_get && is_it(form)).cloned();
        let (path, fields) = match found {
            Some(form) => (form.action.clone(), filled(&form, &number)),
            None if route.ends_with("/sign-in/code") => {
                let page = browser.open("/en/sign-in").await;
                let page = browser.press(&web::claim(&page, &made.people[9])).await.ok(200);
                let form = page.form(&path).with(&[("code", "000000")]);
                (form.action, form.fields)
            }
            None => (path, Vec::new()),
        };
        let route = format!("POST {}", short(route));
        steps.push(Step { route, browser, path, fields: Some(fields) });
    }
    steps
}

fn short(route: &str) -> &str {
    route.strip_prefix("/{language:ko|en}").unwrap_or(route)
}
