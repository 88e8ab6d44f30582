//! Presses at a clinic that were refused, or whose answer was lost: what is said, and the way on.

use super::clinic::{Desk, walk_in};
use crate::support::{Page, browser::Form};

/// The form that moves doses of the day, filled in.
fn moving(desk: &Desk, page: &Page, doses: &str) -> Form {
    let allocation = desk.made.allocations[0].allocation_id.to_string();
    let form = desk.form_with(page, ("press", "doses"));
    let typed = [("allocation", allocation.as_str()), ("act", "withhold"), ("doses", doses)];
    let mut form = form.with(&typed);
    form.fields.push(("reason".to_owned(), "For those who come".to_owned()));
    form
}

#[tokio::test]
async fn a_press_of_the_evening_whose_answer_was_lost_is_in_the_way_of_no_other() {
    for (language, earlier) in
        [("en", "Your earlier press was done"), ("ko", "앞서 누르신 것은 답이 전해지지 않았지만")]
    {
        let mut desk = Desk::open(language, 1).await;
        let path = desk.path("/close");
        let [_, before, _] = desk.doses().await;
        let page = desk.browser.open(&path).await.ok(200);
        let key = |desk: &Desk, page: &Page, press: &str| {
            desk.form_with(page, ("press", press)).value("key").to_owned()
        };
        assert_ne!(key(&desk, &page, "close"), key(&desk, &page, "doses"), "each its own");

        // What was typed wrong is the same press when it is mended.
        let first = moving(&desk, &page, "1");
        let wrong = first.clone().with(&[("doses", "x")]);
        let wrong = desk.browser.submit(&wrong).await.ok(422);
        assert_eq!(key(&desk, &wrong, "doses"), first.value("key"));
        assert_ne!(key(&desk, &wrong, "close"), first.value("key"));

        // Its answer is lost: nobody looks at it.
        desk.browser.submit(&first).await.ok(303);
        assert_eq!(desk.doses().await[1], before + 1);
        let other = first.clone().with(&[("doses", "2")]);
        let told = desk.browser.submit(&other).await.ok(422);
        assert!(told.main().contains(earlier), "{}", told.main());
        assert!(told.text.contains("<details class=\"noprint\" open>"), "what is written is seen");
        assert!(!page.text.contains("<details class=\"noprint\" open>"), "the control");
        assert_eq!(desk.doses().await[1], before + 1, "nothing more is done unseen");
        let again = moving(&desk, &told, "2");
        assert_ne!(again.value("key"), first.value("key"));
        assert_ne!(again.value("key"), key(&desk, &told, "close"));
        desk.browser.submit(&again).await.ok(303);
        assert_eq!(desk.doses().await[1], before + 3);
        // The control: the same press is the same.
        desk.browser.submit(&again).await.ok(303);
        assert_eq!(desk.doses().await[1], before + 3);
    }
}

/// As if this many had been found in this minute, or in the one that begins meanwhile.
async fn have_found(desk: &Desk, finds: i32) {
    let sql = "update person_find set finds = $1, minute = date_trunc('minute', clock_timestamp())";
    sqlx::query(sql).bind(finds).execute(&desk.app.db).await.unwrap();
}

#[tokio::test]
async fn what_became_of_a_press_is_told_also_to_whoever_has_looked_at_too_many() {
    let mut desk = Desk::open("en", 0).await;
    let search = desk.browser.open(&desk.path("/walk-in")).await.ok(200);
    let search = search.form(&desk.path("/walk-in")).with(&[
        ("name", "Nobody"),
        ("birth-year", "1962"),
        ("birth-month", "1"),
        ("birth-day", "1"),
    ]);
    let evening = desk.browser.open(&desk.path("/close")).await.ok(200);
    desk.browser.submit(&moving(&desk, &evening, "1")).await.ok(303);
    let page = walk_in(&mut desk, 10).await;
    // Nobody was asked what must be asked: it is refused, and said on the page.
    let mut give = desk.form_with(&page, ("act", "give")).with(&[("lot", "EW0182")]);
    give.fields.push(("site".to_owned(), "left_arm".to_owned()));
    let told = desk.browser.submit(&give).await;
    assert!((400..500).contains(&told.status) && told.status != 429, "{}", told.main());
    let mut refused = None;
    for _ in 0..2 {
        have_found(&desk, 30).await;
        let page = desk.browser.submit(&give).await;
        assert_eq!(page.status, told.status, "{}", page.main());
        have_found(&desk, 30).await;
        let page = desk.browser.get(&page.at).await;
        refused = (page.status == 429).then_some(page).or(refused);
    }
    let refused = refused.expect("the control: at least one of two in the same minute");
    assert!(!refused.header("retry-after").is_empty(), "{:?}", refused.headers);
    // The page of the search says it by itself, and when to come again.
    let mut refused = None;
    for _ in 0..2 {
        have_found(&desk, 30).await;
        let page = desk.browser.submit(&search).await;
        refused = (page.status == 429).then_some(page).or(refused);
    }
    let refused = refused.expect("at least one of two in the same minute");
    let seconds: u64 = refused.header("retry-after").parse().expect("when to come again");
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert!(refused.text.contains("value=\"Nobody\""), "what was typed stays");
}
