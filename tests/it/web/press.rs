//! A press that is safe: twice, again after going back, after an answer that was lost, on another
//! device, in a crowd. Whoever has booked ends on the page of the booking; all this without script,
//! and raced.

use std::collections::BTreeSet;

use dosebook::rehearsal::load::connection::Connection;
use futures_util::future::join_all;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::JoinHandle};
use uuid::Uuid;

use super::booking::{LANGUAGES, check_form, check_path, live, said, signed_in};
use crate::support::{
    Browser, Made, Page, Person, TestApp, World,
    browser::Form,
    make::Slot,
    proxy::{LANES, Proxy},
    unguarded, until,
};

const PRESSES: usize = 12;

async fn service(world: World) -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = world.make(&app.db).await;
    app.refresh().await;
    (app, made)
}

/// The form of a check page that somebody opened before they had booked.
fn form(made: &Made, language: &str, slot: Slot) -> Form {
    let id = ("booking_id".to_owned(), Uuid::now_v7().to_string());
    Form { action: check_path(made, language, slot), fields: vec![id] }
}

/// Sends all of them at once, each from a browser of this person.
async fn press_all(app: &TestApp, person: &Person, forms: Vec<Form>) -> Vec<Page> {
    let presses: Vec<JoinHandle<Page>> = forms
        .into_iter()
        .map(|form| {
            let mut browser = signed_in(app, person);
            tokio::spawn(async move { browser.submit(&form).await })
        })
        .collect();
    join_all(presses).await.into_iter().map(Result::unwrap).collect()
}

/// Where they lead, without the language and without the note that it was booked before.
fn ends(pages: &[Page]) -> BTreeSet<String> {
    let place = |page: &Page| {
        let to = page.header("location");
        let to = to.split('?').next().unwrap_or_default();
        format!("{} {}", page.status, to.get(3..).unwrap_or_default())
    };
    pages.iter().map(place).collect()
}

/// The path of the only live booking of a person, after the language.
async fn own(app: &TestApp, person: &Person) -> String {
    let sql = "select booking_id from booking where person_id = $1 and state in (1, 2, 5)";
    let id: Uuid = sqlx::query_scalar(sql)
        .bind(person.person_id.0)
        .fetch_one(&app.db)
        .await
        .expect("one booking");
    assert_eq!(live(app, person).await, 1);
    format!("/bookings/{id}")
}

#[tokio::test]
async fn a_press_many_times_at_once_is_one_booking() {
    let (app, made) = service(World::new().people(2)).await;
    for (person, language) in LANGUAGES.into_iter().enumerate() {
        let person = &made.people[person];
        let path = check_path(&made, language, made.slot(0, 1, 0));
        let form = check_form(&mut signed_in(&app, person), &path).await;
        let pages = press_all(&app, person, vec![form; PRESSES]).await;
        let booking = own(&app, person).await;
        assert_eq!(ends(&pages), BTreeSet::from([format!("303 {booking}")]));
        let page = signed_in(&app, person).open(pages[0].header("location")).await.ok(200);
        assert_eq!(
            page.heading(),
            ["You are booked", "예약되었습니다"][usize::from(language == "ko")]
        );
    }
    let movements: i64 = sqlx::query_scalar("select count(*) from movement where kind = 1")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(movements, 2);
}

#[tokio::test]
async fn presses_of_several_forms_and_devices_at_once_end_on_one_booking() {
    let (app, made) = service(World::new().people(3).clinics(2).slots_per_day(3)).await;
    let person = &made.people[0];
    // Other times, other clinics and so other lanes, other languages; each its own id.
    let forms = (0..PRESSES).map(|n| form(&made, LANGUAGES[n % 2], made.slot(n % 2, 1, n % 3)));
    let pages = press_all(&app, person, forms.collect()).await;
    let booking = own(&app, person).await;
    assert_eq!(ends(&pages), BTreeSet::from([format!("303 {booking}")]));
    let again = pages.iter().filter(|page| page.header("location").ends_with("?again=1"));
    assert_eq!(again.count(), PRESSES - 1, "all but one are told that they have it already");
    // The control: what a program is told in the same place.
    let body = made.booking(made.slot(0, 2, 0));
    let answer = app.citizen(person).put_booking(Uuid::now_v7(), &body).await;
    answer.problem(409, "already_booked");
    // Others are others.
    for other in &made.people[1..] {
        press_all(&app, other, vec![form(&made, "en", made.slot(0, 1, 0))]).await;
        own(&app, other).await;
    }
}

/// Without the rule and the index behind it, the same presses do harm: the test above can fail.
#[tokio::test]
async fn without_its_guard_one_person_would_have_several_bookings() {
    let app = TestApp::with().decide(unguarded::person).start().await;
    let made = World::new().people(1).clinics(2).slots_per_day(3).make(&app.db).await;
    sqlx::query(unguarded::DROP_PERSON_CONSTRAINT).execute(&app.db).await.unwrap();
    app.refresh().await;
    let person = &made.people[0];
    let forms = (0..PRESSES).map(|n| form(&made, "en", made.slot(n % 2, 1, n % 3)));
    press_all(&app, person, forms.collect()).await;
    assert!(live(&app, person).await > 1);
}

#[tokio::test]
async fn who_goes_back_and_presses_again_sees_the_booking() {
    let (app, made) = service(World::new().people(1)).await;
    let mut browser = signed_in(&app, &made.people[0]);
    let path = check_path(&made, "en", made.slot(0, 1, 0));
    let first = check_form(&mut browser, &path).await;
    // The page stood in two tabs, or came back out of the browser's memory.
    let second = check_form(&mut browser, &path).await;
    let booked = browser.press(&first).await.ok(200);
    for form in [&second, &first] {
        let page = browser.press(form).await.ok(200);
        assert_eq!(page.heading(), "You are booked");
        assert_eq!(page.at.split('?').next(), booked.at.split('?').next());
    }
    // A browser that asks for the page anew is shown the booking at once, and that changed nothing.
    let page = browser.open(&path).await.ok(200);
    assert_eq!(page.at, format!("{}?again=1", booked.at));
    assert!(said(&page).contains("Pressing again changed nothing."));
    // Reloading the booking sends no form.
    for _ in 0..3 {
        browser.open(&booked.at).await.ok(200);
    }
    assert_eq!(own(&app, &made.people[0]).await, booked.at[3..]);
}

#[tokio::test]
async fn another_device_sees_the_same_booking() {
    let (app, made) = service(World::new().people(1)).await;
    let person = &made.people[0];
    let (mut phone, mut desktop) = (signed_in(&app, person), signed_in(&app, person));
    let path = check_path(&made, "ko", made.slot(0, 1, 0));
    let (of_phone, of_desktop) =
        (check_form(&mut phone, &path).await, check_form(&mut desktop, &path).await);
    let booked = phone.press(&of_phone).await.ok(200);
    let page = desktop.press(&of_desktop).await.ok(200);
    assert_eq!(page.at, format!("{}?again=1", booked.at));
    assert!(said(&page).contains("이미 예약되어 있습니다. 다시 눌러도 바뀐 것은 없습니다."));
    // In a pause too: who is booked is booked.
    let pause = format!("/v1/admin/campaigns/{}/pause", made.campaign_id);
    app.admin().await.post(&pause, &json!({"reason": "Too hot"})).await.ok(200);
    app.refresh().await;
    let page = desktop.press(&form(&made, "en", made.slot(0, 1, 1))).await.ok(200);
    assert_eq!(page.heading(), "You are booked");
}

#[tokio::test]
async fn the_last_seat_is_one_persons_and_all_their_presses_end_there() {
    let (app, made) = service(World::new().people(6).seats(1).doses(9)).await;
    let slot = made.slot(0, 1, 0);
    let crowd = made.people.iter().map(|person| {
        let form = form(&made, "en", slot);
        press_all(&app, person, vec![form; 4])
    });
    let all = join_all(crowd).await;
    let winners: Vec<_> = all.iter().filter(|pages| pages[0].status == 303).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(ends(winners[0]).len(), 1, "{:?}", ends(winners[0]));
    for (person, pages) in made.people.iter().zip(&all).filter(|(_, pages)| pages[0].status != 303)
    {
        assert_eq!(ends(pages), BTreeSet::from(["409 ".to_owned()]));
        assert!(pages.iter().all(|page| page.text.contains("/check?slot=")), "where to go on");
        assert_eq!(live(&app, person).await, 0);
    }
    // Going back, the winner is not told that somebody was quicker: it was themselves.
    app.tick().await;
    let at = all.iter().position(|pages| pages[0].status == 303).expect("a winner");
    let page = signed_in(&app, &made.people[at]).open(&check_path(&made, "en", slot)).await.ok(200);
    assert_eq!(page.heading(), "You are booked");
}

/// The bytes of a press, for a connection that can be cut.
fn request(app: &TestApp, browser: &Browser, form: &Form) -> Vec<u8> {
    let body = format!("booking_id={}", form.value("booking_id"));
    let host = app.url.trim_start_matches("http://");
    let (action, token) = (&form.action, &browser.cookies["__Host-citizen"]);
    format!(
        "POST {action} HTTP/1.1\r\nHost: {host}\r\nCookie: __Host-citizen={token}\r\n\
         Sec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn an_answer_that_was_lost_is_found_by_pressing_again() {
    let (app, made) = service(World::new().people(2)).await;
    let slot = made.slot(0, 1, 0);
    let mut browser = signed_in(&app, &made.people[0]);
    let form = check_form(&mut browser, &check_path(&made, "en", slot)).await;
    let mut stream = TcpStream::connect(app.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(&request(&app, &browser, &form)).await.unwrap();
    // Booked, and the browser never hears of it.
    let sql = "select count(*) from booking";
    while sqlx::query_scalar::<_, i64>(sql).fetch_one(&app.db).await.unwrap() == 0 {}
    drop(stream);
    let page = browser.press(&form).await.ok(200);
    assert_eq!(page.heading(), "You are booked");
    assert_eq!(own(&app, &made.people[0]).await, page.at[3..]);
    // The control: the same bytes on a connection that lives are answered.
    let mut other = signed_in(&app, &made.people[1]);
    let form = check_form(&mut other, &check_path(&made, "en", slot)).await;
    let address = app.url.trim_start_matches("http://").parse().unwrap();
    let mut connection = Connection::open(address).await.unwrap();
    let answer = connection.ask(&request(&app, &other, &form)).await.unwrap();
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn where_the_outcome_is_not_known_the_same_form_comes_back() {
    // Fifty times the longest wait: half a second.
    let app = TestApp::with().lanes(1).wait_ms(10).start().await;
    let made = World::new().people(2).make(&app.db).await;
    app.refresh().await;
    let slot = made.slot(0, 1, 0);
    for (at, language) in LANGUAGES.into_iter().enumerate() {
        let person = &made.people[at];
        let mut browser = signed_in(&app, person);
        let path = check_path(&made, language, slot);
        let form = check_form(&mut browser, &path).await;
        let mut holder = app.db.begin().await.unwrap();
        let sql = "select from slot where slot_id = $1 for no key update";
        sqlx::query(sql).bind(slot.slot_id.0).execute(&mut *holder).await.unwrap();
        let page = browser.submit(&form).await.ok(503);
        let words = ["We do not know yet whether it went through.", "결과를 확인하지 못했습니다."];
        assert!(said(&page).contains(words[at]), "{}", said(&page));
        let again = page.form(&path);
        assert_eq!(again.value("booking_id"), form.value("booking_id"), "the same booking");
        holder.rollback().await.unwrap();
        let page = browser.press(&again).await.ok(200);
        assert_eq!(own(&app, person).await, page.at[3..]);
    }
}

/// Presses that fill a lane which is held up: they wait there until it goes on.
async fn fill(app: &TestApp, proxy: &Proxy, made: &Made) -> Vec<JoinHandle<Page>> {
    let press = |person: usize| {
        let (mut browser, form) =
            (signed_in(app, &made.people[person]), form(made, "en", made.slot(0, 1, 0)));
        tokio::spawn(async move { browser.submit(&form).await })
    };
    proxy.stall(LANES);
    let mut waiting = vec![press(0)];
    until(|| proxy.holds_back()).await;
    waiting.push(press(1));
    until(|| app.app.metrics.lanes.queued.get() == 1).await;
    waiting
}

#[tokio::test]
async fn in_a_crowd_the_same_form_comes_back_with_the_seconds_to_wait() {
    let options = TestApp::with().lanes(1).queue(1).batch(1).wait_ms(60_000);
    let (app, proxy) = options.start_behind_proxy().await;
    let made = World::new().people(6).seats(20).doses(20).make(&app.db).await;
    app.refresh().await;
    let mut browsers: Vec<Browser> =
        made.people.iter().map(|person| signed_in(&app, person)).collect();
    let mut forms = Vec::new();
    for (at, browser) in browsers.iter_mut().enumerate().skip(2) {
        let path = check_path(&made, LANGUAGES[at % 2], made.slot(0, 1, 0));
        forms.push(check_form(browser, &path).await);
    }
    // The last of them has booked, and its answer was lost.
    let booked = browsers[5].clone().press(&forms[3]).await.ok(200);
    let waiting = fill(&app, &proxy, &made).await;
    for (at, words) in [
        (2, "This press was not taken in. Press again in 1 second"),
        (3, "방금 누르신 요청은 접수되지 않았습니다. 1초 뒤에"),
    ] {
        let form = &forms[at - 2];
        let page = browsers[at].submit(form).await.ok(503);
        assert_eq!(page.header("retry-after"), "1");
        assert!(said(&page).contains(words), "{}", said(&page));
        let again = page.form(&form.action);
        assert_eq!(again.value("booking_id"), form.value("booking_id"));
        forms[at - 2] = again;
    }
    // Who may have booked is looked up, however full the lane is; the page of a booking is shown.
    let again = browsers[5].submit(&forms[3].clone().by_button("again")).await.ok(303);
    assert_eq!(again.header("location"), booked.at);
    browsers[5].open(&booked.at).await.ok(200);
    proxy.resume();
    for page in join_all(waiting).await {
        assert_eq!(page.unwrap().status, 303);
    }
    for at in [2, 3] {
        let page = browsers[at].press(&forms[at - 2]).await.ok(200);
        assert_eq!(own(&app, &made.people[at]).await, page.at[3..]);
    }
}
