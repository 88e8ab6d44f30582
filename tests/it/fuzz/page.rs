//! Every page of the route table, and every form that stands on one, filled in oddly.

use std::collections::BTreeSet;

use reqwest::Method;
use sqlx::{AssertSqlSafe, query};

use super::{
    Stage,
    draw::Draw,
    form::{Form, forms, odd, plain},
    shown,
};
use crate::{
    contract::routes_and_pages,
    support::{Browser, Made, Page, browser, openapi::is_page},
};

/// Odd values in each field of a form.
const IN_A_FIELD: usize = 2;
/// How often a form is pressed, at most.
const PRESSES_MAX: usize = 7;
/// Pages to which the presses of a form have led, and of which the forms are pressed too.
const LED_TO_MAX: usize = 2;

/// What was pressed, and what is wrong with which answer.
#[derive(Default)]
struct Crawl {
    asked: usize,
    pressed: BTreeSet<String>,
    faults: Vec<String>,
}

impl Crawl {
    fn look(&mut self, who: &str, what: &str, page: &Page) {
        self.asked += 1;
        let mut blame = |fault: &str| {
            let main: String = page.main().chars().take(200).collect();
            self.faults.push(format!("{who}, {what:.300}: {}: {fault} {main}", page.status));
        };
        // A machine with too much to do says so, and that is no failure.
        if page.status >= 500 && page.status != 503 {
            blame("a failure of the service");
        }
        if page.status == 405 {
            blame("a form that leads nowhere");
        }
        if page.header("x-content-type-options") != "nosniff" {
            blame("no X-Content-Type-Options");
        }
        let kind = page.header("content-type");
        if page.status >= 400 && !kind.starts_with("text/html") {
            blame(&format!("refused with {kind:?}"));
        }
    }

    /// All forms of a page, once for each kind of form.
    async fn press(&mut self, (who, browser): (&str, &mut Browser), page: &Page, draw: &mut Draw) {
        let mut led_to = Vec::new();
        let mut waiting = forms(&page.text, &page.at);
        while let Some(form) = waiting.pop() {
            if !self.pressed.insert(format!("{who} {}", kind(&form))) || is_left_out(&form.action) {
                continue;
            }
            for (what, sent) in self.presses(&form, draw) {
                let what = format!("{} where {what}", form.action);
                let answer = send(browser, &form, sent).await;
                self.look(who, &what, &answer);
                if answer.status == 303 {
                    led_to.push(answer.header("location").to_owned());
                } else {
                    waiting.extend(forms(&answer.text, &answer.at));
                }
            }
            led_to.truncate(LED_TO_MAX);
            for path in led_to.drain(..).filter(|path| !is_left_out(path)) {
                let page = browser.get(&path).await;
                self.look(who, &path, &page);
                waiting.extend(forms(&page.text, &page.at));
            }
        }
    }

    fn presses(&self, form: &Form, draw: &mut Draw) -> Vec<(String, Vec<(String, String)>)> {
        let presses = odd(form, IN_A_FIELD, draw);
        let mut all = draw.some(presses, PRESSES_MAX);
        all.push(("nothing is odd".to_owned(), plain(form, draw)));
        all
    }
}

/// Where the same fields go to the same kind of page.
pub(super) fn kind(form: &Form) -> String {
    let action = form.action.split('?').next().unwrap_or_default();
    let parts: Vec<_> = action
        .split('/')
        .skip(2)
        .map(|part| if part.contains(|c: char| c.is_ascii_digit()) { "0" } else { part })
        .collect();
    let without_digits = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
    let names: BTreeSet<_> = form.fields.iter().map(|(name, _, _)| without_digits(name)).collect();
    format!("{} {names:?}", parts.join("/"))
}

/// What ends the session, or somebody's access.
pub(super) fn is_left_out(path: &str) -> bool {
    ["sign-out", "/users/"].iter().any(|part| path.contains(part))
}

pub(super) async fn send(browser: &mut Browser, form: &Form, sent: Vec<(String, String)>) -> Page {
    let same_site = [("sec-fetch-site", "same-origin")];
    if form.is_get {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(&sent);
        let path = form.action.split(['?', '#']).next().unwrap_or_default();
        let path = format!("{path}?{}", query.finish());
        return browser.send(Method::GET, &path, None, &same_site).await;
    }
    if form.is_file {
        let form = browser::Form { action: form.action.clone(), fields: sent };
        return browser.upload(&form, "odd.csv", b"code,name\n1,\0\n").await;
    }
    browser.send(Method::POST, &form.action, Some(&sent), &same_site).await
}

/// The path of a page in one language, with ids of what is there.
pub fn concrete(path: &str, made: &Made, language: &str, booking_id: &str) -> String {
    let allocation = made.allocation(0, 1);
    let parts = path.split('/').map(|part| {
        let name = part.trim_start_matches('{').split(['}', ':']).next().unwrap_or_default();
        match (part.starts_with('{'), name) {
            (false, _) => part.to_owned(),
            (true, "language") => language.to_owned(),
            (true, "campaign_id") => made.campaign_id.to_string(),
            (true, "clinic_id") => allocation.clinic_id.to_string(),
            (true, "slot_id") => made.slots[0].slot_id.to_string(),
            (true, "allocation_id") => allocation.allocation_id.to_string(),
            (true, "person_id") => made.people[0].person_id.to_string(),
            (true, "pool_id") => made.nation.to_string(),
            (true, "booking_id") => booking_id.to_owned(),
            (true, "date" | "on_date") => allocation.on_date.to_string(),
            (true, "kind") => "slots".to_owned(),
            (true, _) => "1".to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn crawl(stage: &Stage) -> Crawl {
    let (app, made) = (&stage.app, &stage.made);
    let booking = "select booking_id::text from booking order by person_id limit 1";
    let booking: String = sqlx::query_scalar(booking).fetch_one(&app.db).await.unwrap();
    let citizen = app.citizen_browser(&made.people[1]);
    let browsers = [
        ("nobody", app.browser()),
        ("citizen", citizen),
        ("staff", app.staff_browser(2, Some(made.clinics[0])).await),
        ("administrator", app.staff_browser(3, None).await),
    ];
    let (mut crawl, mut draw) = (Crawl::default(), Draw::new());
    let routes = routes_and_pages().await;
    for (who, mut browser) in browsers {
        let pages = routes.iter().filter(|(method, path)| method == "GET" && is_page(path));
        for (number, (_, path)) in pages.enumerate() {
            let language = ["en", "ko"][number % 2];
            let path = concrete(path, made, language, &booking);
            if !is_left_out(&path) {
                let page = browser.get(&path).await;
                // Of files that are read by no person the kind is another one.
                let is_read = !["/assets/", "/now", ".csv", "/invitation"]
                    .iter()
                    .any(|part| path.contains(part));
                if is_read || page.status < 400 {
                    crawl.look(who, &path, &page);
                }
                crawl.press((who, &mut browser), &page, &mut draw).await;
            }
        }
    }
    crawl
}

#[tokio::test]
async fn no_odd_press_breaks_a_page() {
    let stage = Stage::set().await;
    let crawl = crawl(&stage).await;
    assert!(crawl.faults.is_empty(), "{}", shown(&crawl.faults));
    let (asked, pressed) = (crawl.asked, crawl.pressed.len());
    assert!(asked > 600 && pressed > 30, "the control: {asked} {pressed}");
    assert_eq!(dosebook::flows::discrepancy::verify(&stage.app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn control_a_page_that_fails_is_found() {
    let stage = Stage::set().await;
    query("alter table pool rename to pool_gone").execute(&stage.app.db).await.unwrap();
    let mut browser = stage.app.staff_browser(3, None).await;
    let mut crawl = Crawl::default();
    let page = browser.get("/en/admin/pools").await;
    crawl.look("administrator", "/en/admin/pools", &page);
    assert!(crawl.faults[0].contains("a failure of the service"), "{:?}", crawl.faults);
    let page = browser.get("/en/admin/clinics/new").await.ok(200);
    crawl.faults.clear();
    // Whoever asks is looked up at each press.
    for table in ["staff_session", "staff_user"] {
        let gone = format!("alter table {table} rename to {table}_gone");
        query(AssertSqlSafe(gone)).execute(&stage.app.db).await.unwrap();
    }
    crawl.press(("administrator", &mut browser), &page, &mut Draw::new()).await;
    assert!(crawl.faults.join("\n").contains("a failure of the service"), "{:?}", crawl.faults);
}
