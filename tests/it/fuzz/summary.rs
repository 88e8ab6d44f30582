//! Every form of the pages with nothing typed into it: whatever the summary at the top of the page
//! then says must be understood without the form below it.

use std::collections::BTreeSet;

use reqwest::header::HeaderMap;

use super::{
    Stage,
    form::{Form, forms},
    page::{concrete, is_left_out, kind, send},
};
use crate::{
    contract::routes_and_pages,
    support::{Made, Page, openapi::is_page},
};

/// Forms whose summary was looked at, of citizens, of a clinic and of administrators.
const SUMMARIES_MIN: usize = 28;

/// What a page sends by itself, and nothing that somebody types or chooses.
fn untouched(form: &Form) -> Vec<(String, String)> {
    let hidden = form.fields.iter().filter(|(_, kind, _)| kind == "hidden");
    hidden.map(|(name, _, value)| (name.clone(), value.clone())).collect()
}

/// Pages whose path ends in a word of ours.
fn of_a_word(made: &Made) -> Vec<String> {
    let (pool, campaign, person) = (made.nation, made.campaign_id, made.people[0].person_id);
    let all = [
        format!("pools/{pool}/receive"),
        format!("pools/{pool}/transfer"),
        format!("pools/{pool}/lose"),
        format!("campaigns/{campaign}/pause"),
        format!("persons/{person}/correct"),
        format!("persons/{person}/merge"),
        format!("persons/{person}/mark"),
    ];
    all.map(|path| format!("/{{language}}/admin/{path}")).into()
}

/// Presses every form of every page untouched, as each role; the kinds of those that had a summary.
/// The browser of the tests looks at each summary that it gets, whatever the test is about.
async fn press_all(language: &str) -> BTreeSet<String> {
    let stage = Stage::set().await;
    let (app, made) = (&stage.app, &stage.made);
    let booking = "select booking_id::text from booking order by person_id limit 1";
    let booking: String = sqlx::query_scalar(booking).fetch_one(&app.db).await.unwrap();
    let routes = routes_and_pages().await.into_iter();
    let pages = routes.filter(|(method, path)| method == "GET" && is_page(path));
    let paths: Vec<String> = pages.map(|(_, path)| path).chain(of_a_word(made)).collect();
    let browsers = [
        app.browser(),
        app.staff_browser(2, Some(made.clinics[0])).await,
        app.staff_browser(3, None).await,
    ];
    let mut seen = BTreeSet::new();
    for mut browser in browsers {
        let mut pressed = BTreeSet::new();
        for path in &paths {
            let path = concrete(path, made, language, &booking);
            if is_left_out(&path) {
                continue;
            }
            let page = browser.get(&path).await;
            for form in forms(&page.text, &page.at) {
                let kind = kind(&form);
                if !pressed.insert(kind.clone()) || is_left_out(&form.action) {
                    continue;
                }
                let answer = send(&mut browser, &form, untouched(&form)).await;
                if !answer.errors().is_empty() {
                    seen.insert(kind);
                }
            }
        }
    }
    seen
}

#[tokio::test]
async fn every_entry_of_a_summary_names_its_field() {
    let seen = press_all("en").await;
    assert!(seen.len() >= SUMMARIES_MIN, "the control: {seen:#?}");
    assert_eq!(press_all("ko").await, seen);
}

#[test]
fn control_an_entry_without_a_name_is_found() {
    let page = |said: &str, form: &str| {
        let summary = format!("<ul><li><a href=\"#why\">{said}</a></li></ul>");
        let text = format!("<div id=\"errors\">{summary}</div><form>{form}</form>");
        Page { status: 422, headers: HeaderMap::new(), text, at: "/en".to_owned() }
    };
    let label = "<label for=\"why\">Reason</label><input id=\"why\">";
    let group = "<fieldset><legend>Reason</legend><input type=\"radio\" id=\"why\"></fieldset>";
    for form in [label, group] {
        let unnamed = page("Write something here.", form).unnamed();
        assert_eq!(unnamed, ["#why Write something here."]);
        assert_eq!(page("Reason: Write something here.", form).unnamed(), [""; 0]);
    }
    assert_eq!(page("The doses are gone.", "<p id=\"why\">x</p>").unnamed(), [""; 0]);
}
