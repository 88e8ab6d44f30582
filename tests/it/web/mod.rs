//! Pages: what a browser gets.

mod admin_campaign;
mod admin_dose;
mod admin_import;
mod admin_journal;
mod admin_person;
mod admin_place;
mod admin_user;
mod away;
mod booking;
mod by_number;
mod cancel;
mod check;
mod clinic;
mod clinic_press;
mod eligibility;
mod error;
mod hiccup;
mod home;
mod place;
mod press;
mod public;
mod session;
mod sign_in;
mod staff;
mod state;
mod style;
mod time;

use crate::support::{Answer, Browser, Page, Person, TestApp, browser::Form};

/// The languages, by their tags.
const LANGUAGES: [&str; 2] = ["ko", "en"];

/// A number as pages write it.
fn grouped(number: i64) -> String {
    dosebook::words::count(number)
}

/// The values of an attribute, in the order of the page.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let begin = format!(" {name}=\"");
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once(&begin) {
        let (value, after) = after.split_once('"').expect("the attribute ends");
        found.push(value);
        rest = after;
    }
    found
}

/// What is between the first such tag and its end.
fn inside<'a>(html: &'a str, tag: &str, end: &str) -> Option<&'a str> {
    let (_, after) = html.split_once(tag)?;
    after.split_once(end).map(|(inside, _)| inside)
}

/// What keeps a page from being shown: what the policy blocks, loads from elsewhere, or moves by
/// itself.
fn faults(html: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for word in
        ["<style", " style=", "http-equiv", "javascript:", " onclick=", "<iframe", "@import"]
    {
        if html.contains(word) {
            faults.push(format!("{word} in the page"));
        }
    }
    for name in ["href", "src", "action"] {
        let is_ours = |to: &&str| {
            let is_path = to.starts_with('/') && !to.starts_with("//");
            to.is_empty() || is_path || ["#", "?", "tel:"].iter().any(|own| to.starts_with(own))
        };
        let foreign = attributes(html, name).into_iter().filter(|to| !is_ours(to));
        faults.extend(foreign.map(|to| format!("{name}={to} leads elsewhere")));
    }
    let scripts = html.matches("<script").count();
    if scripts != html.matches("<script src=\"/assets/").count() {
        faults.push("a script in the page".to_owned());
    }
    let ids = attributes(html, "id");
    let mut seen = std::collections::BTreeSet::new();
    faults.extend(ids.iter().filter(|id| !seen.insert(**id)).map(|id| format!("id {id} twice")));
    let anchors = attributes(html, "href").into_iter().filter_map(|to| to.strip_prefix('#'));
    let lost = anchors.filter(|to| !ids.contains(to));
    faults.extend(lost.map(|to| format!("#{to} leads nowhere")));
    faults
}

/// What is wrong with the headers of a page.
fn header_faults(page: &Answer) -> Vec<String> {
    let expected = [
        ("content-security-policy", dosebook::http::page::POLICY),
        ("referrer-policy", "same-origin"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(self)"),
    ];
    let mut faults = Vec::new();
    for (name, value) in expected {
        let found = page.headers.get(name).and_then(|value| value.to_str().ok());
        if found != Some(value) {
            faults.push(format!("{name}: {found:?}"));
        }
    }
    if page.headers.contains_key("set-cookie") {
        faults.push("a cookie".to_owned());
    }
    faults
}

/// The form of the sign-in page, filled in with who this is.
pub fn claim(page: &Page, person: &Person) -> Form {
    let date = person.birth_date.to_string();
    let [year, month, day] = *date.split('-').collect::<Vec<_>>() else { panic!("a date") };
    let action = page.form_action("/sign-in");
    page.form(&action).with(&[
        ("name", &person.name),
        ("birth-year", year),
        ("birth-month", month),
        ("birth-day", day),
        ("phone", &person.phone),
    ])
}

/// The code of the challenge that the page asks for.
pub async fn code_of(app: &TestApp, page: &Page) -> String {
    let form = page.form(&page.form_action("/sign-in/code"));
    let codes = app.shown_codes().await;
    let code = codes.iter().find(|code| code["challenge_id"] == form.value("challenge"));
    code.expect("a code")["code"].as_str().expect("text").to_owned()
}

/// Another code than this one.
fn wrong(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

/// Signs in on the page at the path, with the code; gives the page where that leads.
async fn sign_in(app: &TestApp, browser: &mut Browser, path: &str, person: &Person) -> Page {
    let page = browser.open(path).await;
    let page = browser.press(&claim(&page, person)).await.ok(200);
    let code = code_of(app, &page).await;
    let form = page.form(&page.form_action("/sign-in/code")).with(&[("code", &code)]);
    browser.press(&form).await
}

#[test]
fn faults_of_pages_are_seen() {
    assert!(faults("<a href=\"/ko\" id=\"a\"><a href=\"#a\">").is_empty());
    for bad in [
        "<p style=\"color:red\">",
        "<meta http-equiv=\"refresh\" content=\"5\">",
        "<img src=\"https://elsewhere.example/a.png\">",
        "<a href=\"//elsewhere.example\">",
        "<script>alert(1)</script>",
        "<a href=\"#nowhere\">",
        "<p id=\"a\"><p id=\"a\">",
    ] {
        assert_eq!(faults(bad).len(), 1, "{bad}: {:?}", faults(bad));
    }
}
