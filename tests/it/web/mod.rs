//! Pages, as a browser without script meets them.

mod booking;
mod cancel;
mod check;
mod eligibility;
mod place;
mod press;
mod session;
mod sign_in;
mod time;

use crate::support::{Browser, Page, Person, TestApp, browser::Form};

/// The form of the sign-in page, filled in with who this is.
fn claim(page: &Page, person: &Person) -> Form {
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
async fn code_of(app: &TestApp, page: &Page) -> String {
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
