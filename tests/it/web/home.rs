//! Where somebody who is signed in lives: they see the clinics there without choosing, also while
//! nothing can be looked up, and are sent to no address that tells it.

use super::{
    away::{find, lose},
    booking::{LANGUAGES, link, links, said, signed_in},
    sign_in,
};
use crate::{
    overload::{answers, ask_all, hold_lane},
    support::{Browser, Made, Page, Person, TestApp, World, until},
};

const HOME: &str = "__Host-home";
/// What the page says on which no district is chosen, and what one says that has nothing.
const CHOOSE: [&str; 2] = ["Choose a district, and you see", "지역을 선택하시면"];
const NOTHING: [&str; 2] = ["There is nothing to book here", "예약할 수 있는 백신이 없습니다"];

fn list(made: &Made, language: &str) -> String {
    format!("/{language}/campaigns/{}/clinics", made.campaign_id)
}

/// Signs in on the way to the list of clinics, and comes there.
async fn arrive(app: &TestApp, made: &Made, language: &str, person: &Person) -> (Browser, Page) {
    let mut browser = app.browser();
    let next = format!("/{language}/sign-in?next=/campaigns/{}/clinics", made.campaign_id);
    let page = sign_in(app, &mut browser, &next, person).await.ok(200);
    assert_eq!(page.at, list(made, language));
    (browser, page)
}

/// Whether there is the way to a clinic.
fn has_clinics(page: &Page) -> bool {
    links(page).iter().any(|(href, _)| href.contains("/clinics/"))
}

/// The list of a person's district, as anybody gets it who chooses the district.
async fn of_everybody(app: &TestApp, made: &Made, language: &str, person: &Person) -> Page {
    let path = format!("{}?region={}", list(made, language), person.region_id);
    app.browser().open(&path).await.ok(200)
}

#[tokio::test]
async fn who_signs_in_sees_their_district_and_it_stands_in_no_address() {
    let app = TestApp::start().await;
    let made = World::new().clinics(8).people(8).make(&app.db).await;
    app.refresh().await;
    for (which, language) in LANGUAGES.into_iter().enumerate() {
        let neighbours = [&made.people[which], &made.people[which + made.districts.len()]];
        assert_eq!(neighbours[0].region_id, neighbours[1].region_id);
        for person in neighbours {
            let (mut browser, page) = arrive(&app, &made, language, person).await;
            assert!(has_clinics(&page), "{}", said(&page));
            assert_eq!(page.text, of_everybody(&app, &made, language, person).await.text);
            assert!(browser.visited.iter().all(|path| !path.contains("region")));
            assert!(browser.cookies.contains_key(HOME), "the control");
            // What they choose counts, as before.
            let other = made.districts.iter().find(|district| **district != person.region_id);
            let other = other.expect("another").to_string();
            let form = page.form(&list(&made, language)).with(&[("region", &other)]);
            let query = format!("?region={other}&date={}", form.value("date"));
            let chosen = browser.open(&format!("{}{query}", form.action)).await.ok(200);
            assert_eq!(chosen.form(&form.action).value("region"), other);
            // And a day alone is one in their own district.
            let day = made.allocation(0, 2).on_date;
            let on = browser.open(&format!("{}?date={day}", form.action)).await.ok(200);
            assert_eq!(on.form(&form.action).value("region"), person.region_id.to_string());
            assert_eq!(on.form(&form.action).value("date"), day.to_string());
            let sign_out = format!("/{language}/sign-out");
            let page = browser.open(&sign_out).await;
            browser.press(&page.form(&sign_out)).await.ok(200);
            assert!(!browser.cookies.contains_key(HOME), "{:?}", browser.cookies);
        }
    }
}

#[tokio::test]
async fn nobody_is_taken_for_whoever_signed_in_before_with_the_same_browser() {
    let app = TestApp::start().await;
    let made = World::new().people(2).make(&app.db).await;
    app.refresh().await;
    let district = |page: &Page| page.form(&list(&made, "en")).value("region").to_owned();
    let (browser, page) = arrive(&app, &made, "en", &made.people[0]).await;
    assert_eq!(district(&page), made.people[0].region_id.to_string(), "the control");
    let mut other = signed_in(&app, &made.people[1]);
    other.cookies.insert(HOME.to_owned(), browser.cookies[HOME].clone());
    for text in [None, Some(""), Some("nonsense")] {
        if let Some(text) = text {
            other.cookies.insert(HOME.to_owned(), text.to_owned());
        }
        let page = other.open(&list(&made, "en")).await.ok(200);
        assert_eq!(district(&page), made.people[1].region_id.to_string(), "{text:?}");
    }
    // Without a session it says nothing.
    let mut nobody = app.browser();
    nobody.cookies.insert(HOME.to_owned(), browser.cookies[HOME].clone());
    assert_eq!(district(&nobody.open(&list(&made, "en")).await.ok(200)), "");
}

/// What somebody sees of whom nothing is known and can be looked up: they are asked for a district,
/// and nothing looks as if there were no clinics.
async fn is_asked(app: &TestApp, made: &Made, person: &Person) {
    for (which, language) in LANGUAGES.into_iter().enumerate() {
        // As who has signed in before browsers were told where they live.
        let mut browser = signed_in(app, person);
        let page = browser.open(&list(made, language)).await.ok(200);
        let said = said(&page);
        assert!(said.contains(CHOOSE[which]) && !said.contains(NOTHING[which]), "{said}");
        assert!(!has_clinics(&page) && !browser.cookies.contains_key(HOME));
        let form = page.form(&list(made, language));
        let path = format!("{}?region={}&date=", form.action, person.region_id);
        assert!(has_clinics(&browser.open(&path).await.ok(200)));
    }
}

#[tokio::test]
async fn while_reading_makes_way_whoever_signs_in_sees_clinics() {
    let (app, proxy) = TestApp::with().lanes(1).batch(1).wait_ms(1).start_behind_proxy().await;
    let world = World::new().clinics(8).people(60).seats(100).doses(100);
    let made = world.make(&app.db).await;
    app.refresh().await;
    let (before, _) = arrive(&app, &made, "en", &made.people[50]).await;
    // The control: while it can be looked up, it is.
    let mut old = signed_in(&app, &made.people[51]);
    let page = old.open(&list(&made, "en")).await.ok(200);
    assert!(has_clinics(&page) && old.cookies.contains_key(HOME), "{}", said(&page));
    // Each that waits behind the first adds 2 % of a millisecond to the load.
    let mut asked = hold_lane(&app, &proxy, &made).await;
    asked.extend(ask_all(&app, &made, 1..37));
    until(|| app.app.metrics.lanes.queued.get() == 36).await;
    app.citizen(&made.people[52]).get("/v1/me").await.problem(503, "overloaded");
    let page = before.clone().open(&list(&made, "en")).await.ok(200);
    assert_eq!(page.text, of_everybody(&app, &made, "en", &made.people[50]).await.text);
    for (which, language) in LANGUAGES.into_iter().enumerate() {
        let person = &made.people[53 + which];
        let (_, page) = arrive(&app, &made, language, person).await;
        assert!(has_clinics(&page), "{}", said(&page));
        assert_eq!(page.text, of_everybody(&app, &made, language, person).await.text);
    }
    is_asked(&app, &made, &made.people[55]).await;
    app.citizen(&made.people[52]).get("/v1/me").await.problem(503, "overloaded");
    proxy.resume();
    answers(asked).await;
}

#[tokio::test]
async fn while_the_database_is_away_whoever_is_signed_in_sees_clinics() {
    let (app, proxy) = TestApp::with().start_behind_proxy().await;
    let made = World::new().clinics(8).people(8).make(&app.db).await;
    app.refresh_pages().await;
    let (mut browser, page) = arrive(&app, &made, "ko", &made.people[0]).await;
    assert!(has_clinics(&page), "{}", said(&page));
    lose(&app, &proxy).await;
    let page = browser.open(&list(&made, "ko")).await.ok(200);
    assert!(has_clinics(&page), "{}", said(&page));
    assert_eq!(page.text, of_everybody(&app, &made, "ko", &made.people[0]).await.text);
    is_asked(&app, &made, &made.people[1]).await;
    // The question is the same page for all then.
    let question = format!("/en/campaigns/{}/eligibility", made.campaign_id);
    let page = browser.open(&question).await.ok(200);
    assert_eq!(page.text, app.browser().open(&question).await.ok(200).text);
    find(&app, &proxy).await;
    let page = signed_in(&app, &made.people[1]).open(&list(&made, "en")).await.ok(200);
    assert!(has_clinics(&page), "the control");
}

#[tokio::test]
async fn the_district_of_the_question_is_the_one_whose_clinics_are_shown() {
    let app = TestApp::start().await;
    let made = World::new().clinics(8).people(4).make(&app.db).await;
    app.refresh().await;
    let person = &made.people[0];
    let other = made.districts.iter().find(|district| **district != person.region_id).unwrap();
    let question = format!("/en/campaigns/{}/eligibility", made.campaign_id);
    let born = [("birth-year", "1964"), ("birth-month", "5"), ("birth-day", "6")];
    for chosen in [None, Some(other.to_string())] {
        let mut browser = app.browser();
        let form = browser.open(&question).await.ok(200).form(&question).with(&born);
        let region = chosen.clone().unwrap_or_default();
        let page = browser.press(&form.with(&[("region", &region)])).await.ok(200);
        assert_eq!(page.at, question, "nothing stands in the address");
        let page = sign_in(&app, &mut browser, &link(&page, "/sign-in?"), person).await.ok(200);
        let query = chosen.map(|region| format!("?region={region}")).unwrap_or_default();
        assert_eq!(page.at, format!("{}{query}", list(&made, "en")));
        let home = person.region_id.to_string();
        let shown = if region.is_empty() { home } else { region };
        assert_eq!(page.form(&list(&made, "en")).value("region"), shown);
        // Signed in, it goes on as well.
        let form = browser.open(&question).await.ok(200).form(&question).with(&born);
        let page = browser.press(&form.with(&[("region", &shown)])).await.ok(200);
        let clinics = format!("{}?region={shown}", list(&made, "en"));
        assert_eq!(link(&page, "/clinics"), clinics);
    }
}
