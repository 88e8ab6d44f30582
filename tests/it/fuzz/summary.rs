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
    support::{Page, openapi::is_page},
};

/// Forms whose summary was looked at, of citizens, of a clinic and of administrators.
const SUMMARIES_MIN: usize = 22;

/// What a page sends by itself, and nothing that somebody types or chooses.
fn untouched(form: &Form) -> Vec<(String, String)> {
    let hidden = form.fields.iter().filter(|(_, kind, _)| kind == "hidden");
    hidden.map(|(name, _, value)| (name.clone(), value.clone())).collect()
}

/// The browser of the tests looks at each summary that it gets, whatever the test is about.
#[tokio::test]
async fn every_entry_of_a_summary_names_its_field() {
    let stage = Stage::set().await;
    let (app, made) = (&stage.app, &stage.made);
    let booking = "select booking_id::text from booking order by person_id limit 1";
    let booking: String = sqlx::query_scalar(booking).fetch_one(&app.db).await.unwrap();
    let routes = routes_and_pages().await;
    let mut seen = BTreeSet::new();
    for language in ["en", "ko"] {
        let browsers = [
            app.browser(),
            app.staff_browser(2, Some(made.clinics[0])).await,
            app.staff_browser(3, None).await,
        ];
        for mut browser in browsers {
            let pages = routes.iter().filter(|(method, path)| method == "GET" && is_page(path));
            let mut pressed = BTreeSet::new();
            for (_, path) in pages {
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
                        seen.insert(format!("{language} {kind}"));
                    }
                }
            }
        }
    }
    let of = |language| seen.iter().filter(|kind| kind.starts_with(language)).count();
    assert!(of("en") >= SUMMARIES_MIN, "the control: {seen:#?}");
    assert_eq!(of("en"), of("ko"), "{seen:#?}");
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
