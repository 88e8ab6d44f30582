//! Every route of the pages, asked for by somebody whom it is for: each word of a path is a page of
//! its own, and each press is sent as the form of its page has it.

use dosebook::domain::ClinicId;

use super::{
    office::{Names, Office},
    press::{Before, CITIZENS, DESKS, Press, Who},
    press_admin::{CAMPAIGNS, DOSES, FILES_AND_USERS, PERSONS, PLACES},
};
use crate::{
    contract::routes_and_pages,
    fuzz::form::{self, forms},
    support::{Browser, Page, browser::Form, openapi::is_page},
    web,
};

/// All presses.
pub const PRESSES: [&[Press]; 7] =
    [CITIZENS, DESKS, CAMPAIGNS, FILES_AND_USERS, DOSES, PLACES, PERSONS];

/// How the paths of most routes begin.
const LANGUAGE: &str = "/{language:ko|en}";
/// The words that stand for a part of a path, where that is no id.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("/campaigns/", "{step}", &["publish", "open", "pause", "close"]),
    ("/pools/", "{press}", &["receive", "transfer", "lose", "below"]),
    ("/persons/", "{press}", &["correct", "merge", "mark"]),
    ("/users/", "{change}", &["reset", "disable", "enable"]),
];

/// One request.
#[derive(Clone)]
pub struct Step {
    /// Method and path, without the language and with its word.
    pub route: String,
    browser: Browser,
    path: String,
    /// Of a press.
    fields: Option<Vec<(String, String)>>,
    /// What is sent as a file.
    file: Option<String>,
    /// Counts what the press has done.
    done: String,
}

impl Step {
    pub async fn send(&self) -> Page {
        let mut browser = self.browser.clone();
        if let (Some(file), Some(fields)) = (&self.file, &self.fields) {
            let form = Form { action: self.path.clone(), fields: fields.clone() };
            return browser.upload(&form, "a file.csv", file.as_bytes()).await;
        }
        let method = if self.fields.is_some() { "POST" } else { "GET" };
        let headers = [("sec-fetch-site", "same-origin")];
        let method = method.parse().unwrap();
        browser.send(method, &self.path, self.fields.as_deref(), &headers).await
    }

    /// How often it was done, or something like it; none where nobody can tell.
    pub async fn done(&self, office: &Office<'_>) -> Option<i64> {
        if self.done.is_empty() { None } else { Some(office.count(&self.done).await) }
    }
}

/// The routes of pages, by their method.
async fn routes(method: &str) -> Vec<String> {
    let all = routes_and_pages().await.into_iter();
    all.filter(|(its, route)| its == method && is_page(route)).map(|(_, route)| route).collect()
}

fn short(route: &str) -> &str {
    route.strip_prefix(LANGUAGE).unwrap_or(route)
}

/// A page for each word that its path may have.
fn with_words(route: &str) -> Vec<String> {
    let found = WORDS.iter().find(|(of, name, _)| route.contains(of) && route.contains(name));
    match found {
        Some((_, name, words)) => words.iter().map(|word| route.replace(name, word)).collect(),
        None => vec![route.to_owned()],
    }
}

/// The page of each route, for whom it is.
pub async fn pages(office: &mut Office<'_>) -> Vec<Step> {
    let mut names = office.shown().await;
    names.set("job_id", job_id(&send_file(office).await));
    let mut steps = Vec::new();
    let routes = routes("GET").await;
    for whole in routes.iter().flat_map(|route| with_words(route)) {
        let route = short(&whole);
        let (who, mut names) = (visitor(route), names.clone());
        name(office, (route, who), &mut names).await;
        let browser = match route {
            "/call-centre" => office.app.staff_browser(5, None).await,
            _ => browser(office, who, &names).await,
        };
        let path = match route {
            "/assets/{file}" => dosebook::web::asset::style().to_owned(),
            _ => names.put(&format!("{}{}", whole.replace(LANGUAGE, "/en"), query(route))),
        };
        let (fields, file, done) = (None, None, String::new());
        steps.push(Step { route: format!("GET {route}"), browser, path, fields, file, done });
    }
    steps
}

/// What of several the page is about.
async fn name(office: &mut Office<'_>, (route, who): (&str, Who), names: &mut Names) {
    let of_citizen = ["ahead_person", "ahead_booking_id"];
    let [person, ahead] = of_citizen.map(|name| names.get(name).to_owned());
    names.set("person", person);
    names.set("booking_id", ahead);
    let is_step = WORDS[0].2.iter().any(|word| route.ends_with(&format!("_id}}/{word}")));
    if who == Who::Staff {
        names.set("booking_id", names.get("today_booking_id").to_owned());
    } else if route.starts_with("/admin/clinics/") {
        names.set("clinic_id", office.made.clinics[2]);
    } else if route.starts_with("/admin/campaigns/") && is_step {
        names.set("campaign_id", names.get("draft_id").to_owned());
    } else if route == "/campaigns/{campaign_id}/check" {
        let about_to_book = office.ready(Before::Person).await;
        names.set("person", about_to_book.get("person").to_owned());
    } else if route.starts_with("/campaigns/") {
        names.set("clinic_id", office.made.clinics[1]);
    }
}

/// Without which the page leads elsewhere.
fn query(route: &str) -> &'static str {
    match route {
        "/campaigns/{campaign_id}/check" => "?slot={slot_id}&product={product_id}",
        "/campaigns/{campaign_id}/clinics/{clinic_id}" => "?date={slot_date}",
        "/clinic/{clinic_id}/now" => "?date={today}",
        "/admin/pools/new" | "/admin/supply" => "?campaign={campaign_id}",
        _ => "",
    }
}

/// Whoever the page is for.
fn visitor(route: &str) -> Who {
    let is_for_staff = ["/staff", "/sign-out/staff", "/sign-in/staff/done"].contains(&route);
    match route {
        _ if route.starts_with("/admin") => Who::Administrator,
        _ if route.starts_with("/clinic/") || is_for_staff => Who::Staff,
        "/sign-in/done" => Who::Citizen,
        _ if route.starts_with("/sign-in") || route == "/invitation" => Who::Nobody,
        _ => Who::Citizen,
    }
}

async fn browser(office: &Office<'_>, who: Who, names: &Names) -> Browser {
    match who {
        Who::Nobody => office.app.browser(),
        Who::Citizen => {
            let number: usize = names.get("person").parse().expect("a number");
            office.app.citizen_browser(&office.made.people[number])
        }
        Who::Staff => {
            let clinic = ClinicId(names.get("clinic_id").parse().expect("an id"));
            office.app.staff_browser(2, Some(clinic)).await
        }
        Who::Administrator => office.app.staff_browser(3, None).await,
    }
}

/// Sends a file by its page, and waits until it was tried. Gives the address where it is loaded.
async fn send_file(office: &mut Office<'_>) -> String {
    let names = office.ready(Before::Nothing).await;
    let mut browser = office.app.staff_browser(3, None).await;
    let path = "/en/admin/imports/regions";
    let form = browser.open(path).await.ok(200).form(path);
    let sent = browser.upload(&form, "a file.csv", rows(&names).as_bytes()).await.ok(303);
    let at = sent.header("location").to_owned();
    settle(&mut browser, &at).await;
    at
}

/// Returns when nothing runs any more.
async fn settle(browser: &mut Browser, at: &str) {
    while browser.open(at).await.ok(200).text.contains("data-live") {
        tokio::task::yield_now().await;
    }
}

fn rows(names: &Names) -> String {
    names.put("code,name\nU{n},Region of file {n}\n")
}

fn job_id(address: &str) -> &str {
    let path = address.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}

/// The press, ready to be sent: what it needs is there, and its form has been opened by somebody
/// who has done nothing before.
pub async fn press(office: &mut Office<'_>, press: &Press) -> Step {
    let mut names = office.ready(press.before).await;
    if press.before == Before::File {
        let job = send_file(office).await;
        names.set("job_id", job_id(&job));
    }
    let mut browser = browser(office, press.who, &names).await;
    let path = names.put(&press.path());
    let at = match press.page {
        "" => path.clone(),
        page => format!("/en{}", names.put(page)),
    };
    let mut page = browser.open(&at).await.ok(200);
    if !press.through.is_empty() {
        let at = at.split('?').next().unwrap_or_default();
        let form = filled(&page, (at, None), press.through, &names).expect("the form before");
        page = browser.press(&form).await.ok(200);
    }
    if press.fields.contains(&("code", "{code}")) {
        names.set("code", web::code_of(office.app, &page).await);
    }
    let form = filled(&page, (&path, press.mark), press.fields, &names);
    let form = form.unwrap_or_else(|| panic!("{}: no form in {}", press.route, page.main()));
    let file = page.text.contains("enctype=\"multipart").then(|| rows(&names));
    Step {
        route: press.route.to_owned(),
        browser,
        path: form.action,
        fields: Some(form.fields),
        file,
        done: names.put(press.done),
    }
}

/// The form of the page that goes to this path and has this hidden field, filled in: what stands in
/// it is sent as a browser sends it, but for boxes and radio buttons, which are chosen by hand.
fn filled(
    page: &Page,
    (path, mark): (&str, Option<(&str, &str)>),
    typed: &[(&str, &str)],
    names: &Names,
) -> Option<Form> {
    let parts = page.text.split("<form ").skip(1);
    let parts = parts.filter_map(|rest| rest.split_once("</form>"));
    let mut parts = parts.map(|(form, _)| format!("<form {form}</form>"));
    let is_it = |form: &form::Form| {
        let has = |(name, value): (&str, &str)| {
            form.fields.iter().any(|(its, _, given)| its == name && given == value)
        };
        !form.is_get && form.action.split('?').next() == Some(path) && mark.is_none_or(has)
    };
    let (text, form) = parts.find_map(|text| {
        let form = forms(&text, &page.at).pop().filter(is_it)?;
        Some((text, form))
    })?;
    let chosen = Page { text, ..page.clone() }.form(&form.action);
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: &str| match fields.iter_mut().find(|(its, _)| its == name) {
        Some(field) => value.clone_into(&mut field.1),
        None => fields.push((name.to_owned(), value.to_owned())),
    };
    for (name, kind, value) in &form.fields {
        match kind.as_str() {
            "checkbox" | "radio" | "submit" | "file" => {}
            // The one that is chosen, else the first: one for each name.
            "option" => {
                let mut all = form.fields.iter().filter(|(its, ..)| its == name);
                let first = all.next().map_or("", |(.., value)| value.as_str());
                let own = chosen.value(name);
                set(name, if own.is_empty() { first } else { own });
            }
            _ => set(name, value),
        }
    }
    let boxes = form.fields.iter().filter(|(_, kind, _)| kind == "checkbox");
    for (name, value) in typed {
        match *name {
            "*" => boxes.clone().for_each(|(its, ..)| set(its, value)),
            name => set(&names.put(name), &names.put(value)),
        }
    }
    Some(Form { action: form.action, fields })
}

/// Every press of a route there is, and no other.
pub async fn assert_complete() {
    let routes = routes("POST").await;
    let (routes, presses): (Vec<_>, _) =
        (routes.iter().map(|route| short(route)).collect(), PRESSES.concat());
    assert!(routes.len() > 40, "the control: {routes:?}");
    let without: Vec<_> =
        routes.iter().filter(|route| !presses.iter().any(|press| press.is_of(route))).collect();
    assert!(without.is_empty(), "say in `press` what is sent to {without:?}");
    let gone = presses.iter().filter(|press| !routes.iter().any(|route| press.is_of(route)));
    let gone: Vec<_> = gone.map(|press| press.route).collect();
    assert_eq!(gone, [""; 0], "there are no such routes");
    for (of, name, words) in WORDS {
        for word in *words {
            let is_it = |press: &&Press| {
                let path = press.path();
                path.contains(of) && path.ends_with(&format!("/{word}"))
            };
            assert!(presses.iter().any(|press| is_it(&press)), "{of} {name} {word}");
        }
    }
}
