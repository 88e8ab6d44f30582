//! A NUL character, which no database keeps and nobody has typed.

use reqwest::Method;
use serde_json::json;

use super::form::forms;
use crate::support::{TestApp, make::world};

#[tokio::test]
async fn a_nul_character_in_a_form_is_as_if_it_were_not_there() {
    let app = TestApp::start().await;
    world(&app.db).await;
    app.refresh_pages().await;
    let mut browser = app.staff_browser(3, None).await;
    let page = browser.get("/en/admin/clinics/new").await.ok(200);
    let form = forms(&page.text, &page.at).into_iter();
    let form = form.max_by_key(|form| form.fields.len()).expect("a form");
    let mut names: Vec<_> = form.fields.iter().map(|(name, _, _)| name.clone()).collect();
    names.dedup();
    // As a whole text, within one, and in a name.
    for value in ["\0", "a\0b", "\0\0\0"] {
        let fields: Vec<_> = names.iter().map(|name| (name.clone(), value.to_owned())).collect();
        let odd = [("a\0name".to_owned(), value.to_owned())];
        let fields: Vec<_> = fields.into_iter().chain(odd).collect();
        let headers = [("sec-fetch-site", "same-origin")];
        let answer = browser.send(Method::POST, &form.action, Some(&fields), &headers).await;
        assert_eq!(answer.status, 422, "{value:?}: {}", answer.main());
        assert!(!answer.text.contains('\0'), "{value:?}");
    }
    let mut visitor = app.browser();
    for page in ["/en/sign-in", "/en/sign-in/staff", "/en/sign-in/number"] {
        let form = forms(&visitor.get(page).await.ok(200).text, page);
        let form = form.into_iter().find(|form| !form.is_get).expect("a form");
        let fields: Vec<_> =
            form.fields.iter().map(|(name, _, _)| (name.clone(), "a\0b".to_owned())).collect();
        let headers = [("sec-fetch-site", "same-origin")];
        let answer = visitor.send(Method::POST, &form.action, Some(&fields), &headers).await;
        assert!((400..500).contains(&answer.status), "{page}: {}", answer.status);
    }
}

#[tokio::test]
async fn a_nul_character_in_json_or_an_address_is_refused() {
    let app = TestApp::start().await;
    let made = world(&app.db).await;
    app.refresh().await;
    let admin = app.admin().await;
    let region = json!({ "code": "N", "name": "a\0b" });
    admin.post("/v1/admin/regions", &region).await.blames(422, "invalid_field", "name");
    let clinics = |query: &str| format!("/v1/campaigns/{}/clinics?{query}", made.campaign_id);
    for query in ["region=%00", "date=%00", "near=%00", "after=%00"] {
        let answer = admin.get(&clinics(query)).await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text());
    }
    admin.post("/v1/admin/regions", &json!({ "code": "N", "name": "ab" })).await.ok(201);
}

#[tokio::test]
async fn a_nul_character_in_what_a_page_is_asked_for_is_refused() {
    let app = TestApp::start().await;
    world(&app.db).await;
    app.refresh_pages().await;
    let mut browser = app.staff_browser(3, None).await;
    for name in ["campaign", "clinic", "user", "from", "a%00b"] {
        for value in ["%00", "a%00b"] {
            let page = browser.get(&format!("/en/admin/journal?{name}={value}")).await;
            assert_eq!(page.status, 422, "{name}={value}: {}", page.main());
        }
    }
    browser.get("/en/admin/journal?clinic=ab").await.ok(200);
}
