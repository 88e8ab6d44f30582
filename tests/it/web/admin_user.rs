//! Users on administrators' pages: invited, reset, disabled, enabled, and the last one kept.

use super::{LANGUAGES, faults};
use crate::support::{Page, TestApp, World};

fn token(page: &Page) -> String {
    let (_, rest) = page.text.split_once("<p class=\"code\">").expect("a token");
    rest.split_once("</p>").expect("its end").0.to_owned()
}

#[tokio::test]
async fn a_user_is_invited_once_and_chooses_a_password() {
    for language in LANGUAGES {
        let app = TestApp::start().await;
        World::new().make(&app.db).await;
        app.refresh().await;
        let clinic: String =
            sqlx::query_scalar("select min(code) from clinic").fetch_one(&app.db).await.unwrap();
        let mut browser = app.staff_browser(3, None).await;
        let users = format!("/{language}/admin/users");
        let page = browser.open(&users).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        let mut form = page.form(&users);
        // A browser sends the one radio button that is chosen.
        form.fields.retain(|(name, value)| name != "role" || value == "staff");
        let nobody = form.clone().with(&[("username", "x"), ("clinic", "nowhere")]);
        let wrong = browser.press(&nobody).await.ok(422);
        assert!(!wrong.errors().is_empty() && faults(&wrong.text).is_empty(), "{}", wrong.main());
        let form = form.with(&[("username", "desk.one"), ("clinic", &clinic)]);
        let invited = browser.press(&form).await.ok(200);
        assert_eq!(faults(&invited.text), [""; 0]);
        let again = browser.press(&form).await.ok(422);
        assert_eq!(again.errors()[0].0, "username", "there is one already");
        let mut desk = app.browser();
        let page = desk.open(&format!("/{language}/invitation")).await.ok(200);
        let form = page.form(&format!("/{language}/invitation"));
        assert!(form.fields.len() >= 2, "{form:?}");
        let token = token(&invited);
        let link = format!("/{language}/invitation#{token}\"");
        assert!(invited.text.contains(&link), "a link to hand over: {}", invited.main());
        let list = browser.open(&users).await.ok(200);
        assert!(list.text.contains("desk.one") && !list.text.contains(&token), "told once");
    }
}

#[tokio::test]
async fn the_last_administrator_stays_and_others_come_and_go() {
    let app = TestApp::start().await;
    let (_, own) = app.staff_user(3, None).await;
    let mut browser = app.staff_browser(3, None).await;
    let path = |id: i32, change: &str| format!("/en/admin/users/{id}/{change}");
    let ask = path(own.0, "disable");
    let page = browser.open(&ask).await.ok(200);
    assert_eq!(faults(&page.text), [""; 0]);
    browser.press(&page.form(&ask)).await.ok(200);
    browser.press(&page.form(&ask)).await.ok(200);
    let is_active = async |id: i32| -> bool {
        sqlx::query_scalar("select is_active from staff_user where staff_user_id = $1")
            .bind(id)
            .fetch_one(&app.db)
            .await
            .unwrap()
    };
    assert!(!is_active(own.0).await);
    let last: i32 = sqlx::query_scalar("select max(staff_user_id) from staff_user")
        .fetch_one(&app.db)
        .await
        .unwrap();
    let ask = path(last, "disable");
    let page = browser.open(&ask).await.ok(200);
    let kept = browser.press(&page.form(&ask)).await.ok(409);
    assert!(kept.text.contains("role=\"alert\""), "{}", kept.main());
    assert!(is_active(last).await);
    let ask = path(own.0, "enable");
    let page = browser.open(&ask).await.ok(200);
    browser.press(&page.form(&ask)).await.ok(200);
    assert!(is_active(own.0).await);
    let ask = path(own.0, "reset");
    let page = browser.open(&ask).await.ok(200);
    let invited = browser.press(&page.form(&ask)).await.ok(200);
    assert!(!token(&invited).is_empty());
    browser.open(&path(9_999, "reset")).await.ok(404);
    browser.open(&path(own.0, "promote")).await.ok(404);
}
