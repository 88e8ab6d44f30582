//! The style page shows every component, and search engines leave it alone.

use super::{LANGUAGES, attributes, faults};
use crate::support::TestApp;

/// Every macro of the parts, by a mark of what it makes. A new macro must be shown and named here.
const MARKS: &[(&str, &str)] = &[
    ("back", "class=\"before\""),
    ("bar_cell", "<svg class=\"bar\""),
    ("button", "<button class=\"button\">"),
    ("by_itself", "<div data-again=\"3600\" hidden>"),
    ("counted", "<p data-said=\""),
    ("cut_off", "20:00:07"),
    ("date", "id=\"birth-year\""),
    ("details", "<details>"),
    ("errors", "<div class=\"summary\" id=\"errors\""),
    ("explained", "id=\"name-hint\""),
    ("link_button", "<a class=\"button\" href"),
    ("looks_by_itself", "<div data-again=\"3601\" hidden>"),
    ("near_button", "data-near=\"?\""),
    ("notice", "<div class=\"note\">"),
    ("pagination", "<nav class=\"steps\""),
    ("panel", "<div class=\"panel\">"),
    ("quiet_button", "<button class=\"button quiet\">"),
    ("quiet_link_button", "<a class=\"button quiet\" href"),
    ("radios", "type=\"radio\""),
    ("select", "<select id=\"district\""),
    ("summary", "<dl class=\"rows\">"),
    ("table", "<caption id=\"sample-table\">"),
    ("tag", "<strong class=\"tag good\">"),
    ("text", "autocomplete=\"one-time-code\""),
    ("warning", "<div class=\"note warn\">"),
    ("warning_button", "<button class=\"button harm\">"),
];

const PARTS: [&str; 3] = [
    include_str!("../../../src/web/templates/part/form.html"),
    include_str!("../../../src/web/templates/part/list.html"),
    include_str!("../../../src/web/templates/part/state.html"),
];

#[test]
fn every_component_has_a_mark() {
    let macros = PARTS.iter().flat_map(|part| part.split("{% macro ").skip(1));
    let mut macros: Vec<_> = macros.filter_map(|rest| rest.split('(').next()).collect();
    macros.sort_unstable();
    assert!(macros.len() > 15, "the control: {macros:?}");
    let marked: Vec<_> = MARKS.iter().map(|(name, _)| *name).collect();
    assert_eq!(macros, marked);
}

#[tokio::test]
async fn every_component_is_on_the_page() {
    let app = TestApp::start().await;
    for language in LANGUAGES {
        let page = app.public().get(&format!("/{language}/style")).await;
        assert_eq!(page.status, 200);
        let html = page.text();
        for (name, mark) in MARKS {
            assert!(html.contains(mark), "{language}: {name} is not shown as {mark}");
        }
        assert_eq!(faults(&html), [""; 0], "{language}");
        assert!(html.contains("<meta name=\"robots\" content=\"noindex\">"));
        let title = if language == "ko" { "<title>오류: " } else { "<title>Error: " };
        assert!(html.contains(title), "{language}");
    }
}

#[tokio::test]
async fn every_input_has_a_label_and_every_error_its_input() {
    let app = TestApp::start().await;
    let html = app.public().get("/en/style").await.text();
    let labels = attributes(&html, "for");
    let inputs = html.split("<input ").skip(1).filter_map(|rest| rest.split('>').next());
    let mut count = 0;
    for input in inputs {
        let input = format!(" {input}");
        let id = attributes(&input, "id")[0];
        assert!(labels.contains(&id), "{id} has no label");
        count += 1;
        let is_wrong = ["name", "birth-year"].contains(&id);
        assert_eq!(input.contains("aria-invalid=\"true\""), is_wrong, "{id}");
        for by in attributes(&input, "aria-describedby").iter().flat_map(|ids| ids.split(' ')) {
            assert!(html.contains(&format!("id=\"{by}\"")), "{id} is described by {by}");
        }
    }
    assert!(count >= 8, "the control: {count}");
    // What was typed stays.
    assert!(html.contains("value=\"64\"") && html.contains("value=\"012 345\""), "{html}");
    assert!(html.contains("<a href=\"#birth-year\">Date of birth: Write the year"), "{html}");
}
