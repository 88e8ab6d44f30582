//! The landing page and the page of a round's numbers: the same numbers as the supply document,
//! made once, given to everybody, in two languages, at the price of no statement.

use std::collections::BTreeSet;

use dosebook::{
    board::{Board, document::Coding},
    config::Site,
    db::Db,
    web::shelf::Maker,
};
use reqwest::Method;
use serde_json::Value;

use super::{LANGUAGES, attributes, faults, grouped, header_faults, inside};
use crate::support::{Answer, Made, TestApp, World, database::TestDatabase, make, wire::Wire};

const PUBLIC: &str = "public, max-age=1, stale-while-revalidate=10";

/// All public pages of the world.
fn pages(made: &Made) -> Vec<String> {
    let pages = LANGUAGES.iter().flat_map(|language| {
        ["", "/style"]
            .map(|path| format!("/{language}{path}"))
            .into_iter()
            .chain([format!("/{language}/campaigns/{}", made.campaign_id)])
    });
    pages.collect()
}

/// The supply and a page of the same snapshot.
async fn together(app: &TestApp, made: &Made, page: &str) -> (Value, String) {
    let supply = format!("/v1/campaigns/{}/supply", made.campaign_id);
    loop {
        app.pages().await;
        let before = app.public().get(&supply).await.ok(200);
        let html = app.public().get(page).await.text();
        app.pages().await;
        let again = app.public().get(page).await.text();
        if app.public().get(&supply).await.ok(200) == before && again == html {
            return (before, html);
        }
    }
}

async fn counted(app: &TestApp) {
    let board = app.app.board.clone();
    crate::support::until(|| {
        board.now().supplies.values().all(|supply| supply.supply.eligible.is_some())
    })
    .await;
    app.pages().await;
}

#[tokio::test]
async fn the_landing_page_says_what_the_supply_document_says() {
    let app = TestApp::start().await;
    let made = World::new().people(300).make(&app.db).await;
    app.refresh().await;
    counted(&app).await;
    for (path, doses, people, odds) in [
        ("/en", "84 doses can be booked now.", "300 people have not booked yet.", "About 1 in 4"),
        (
            "/ko",
            "지금 84회분을 예약할 수 있습니다.",
            "아직 예약하지 않은 대상자는 300명",
            "약 4명 중 1명",
        ),
    ] {
        let (supply, html) = together(&app, &made, path).await;
        assert_eq!(supply["bookable"]["doses"], 84);
        assert_eq!(supply["not_yet_booked"], 300);
        for said in [doses, people, odds, "Test campaign"] {
            assert!(html.contains(said), "{said} is not in {html}");
        }
        let quota = grouped(supply["published_quota"].as_i64().unwrap());
        assert!(html.contains(&format!(" {quota} ")) || html.contains(&format!(" {quota}회분")));
    }
    // What is booked is taken away on the page too.
    let slot = made.slot(0, 1, 0);
    let citizen = app.citizen(&made.people[0]);
    citizen.put_booking(uuid::Uuid::now_v7(), &made.booking(slot)).await.ok(201);
    app.tick().await;
    let (supply, html) = together(&app, &made, "/en").await;
    assert_eq!(
        (&supply["bookable"]["doses"], &supply["not_yet_booked"]),
        (&83.into(), &299.into())
    );
    assert!(html.contains("83 doses can be booked now.") && html.contains("299 people"), "{html}");
}

#[tokio::test]
async fn the_tables_add_up_to_the_headline() {
    let app = TestApp::start().await;
    let made = World::new().clinics(5).make(&app.db).await;
    let citizen = app.citizen(&made.people[0]);
    let body = made.booking(made.slot(1, 2, 1));
    citizen.put_booking(uuid::Uuid::now_v7(), &body).await.ok(201);
    app.refresh().await;
    counted(&app).await;
    let page = format!("/en/campaigns/{}", made.campaign_id);
    let (supply, html) = together(&app, &made, &page).await;
    let free = supply["bookable"]["doses"].as_i64().unwrap();
    assert_eq!(free, 5 * 4 * 7 - 1);
    let sum = |table: &str| -> i64 {
        let begin = format!("<caption id=\"{table}\">");
        let table = inside(&html, &begin, "</table>").expect("the table");
        let bars = table.split("<td class=\"n\">").skip(1).filter(|cell| cell.contains("<svg"));
        let number = |cell: &str| cell.split_whitespace().next().unwrap().replace(',', "");
        bars.map(|cell| number(cell).parse::<i64>().unwrap()).sum()
    };
    assert_eq!((sum("regions"), sum("days")), (free, free));
    let states = inside(&html, "<caption id=\"states\">", "</table>").unwrap();
    for (word, doses) in [("Free to book", free), ("Booked", 1), ("All doses at clinics", 140)] {
        let row = format!("{word}</th><td class=\"n\">{}</td>", grouped(doses));
        assert!(states.contains(&row), "{row} is not in {states}");
    }
    // The map and its twin.
    assert!(html.contains("5 clinics with doses that are free to book"), "{html}");
    let map = inside(&html, "<svg class=\"map\"", "</svg>").expect("a map");
    assert_eq!(map.matches("h0").count(), 5, "a dot for each clinic: {map}");
    let twin = inside(&html, "<caption id=\"clinics\">", "</table>").unwrap();
    assert!(twin.contains("Region P1</th><td class=\"n\">3</td><td class=\"n\">0</td>"), "{twin}");
}

#[tokio::test]
async fn what_is_not_known_is_being_counted_and_not_nought() {
    let database = TestDatabase::new().await;
    make::world(&database.pool).await;
    let db = Db::new(database.options.clone(), 2);
    // Nobody has counted until it is asked to.
    let board = Board::open(db.clone()).await.unwrap();
    let maker = Maker::new(Site::default()).unwrap();
    let page = |path: &str| {
        let pages = maker.pages(board.now(), None).unwrap();
        let bytes = &pages.leaves[path].document.variant(Coding::Identity).bytes;
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    assert_eq!(board.now().supplies.values().next().unwrap().supply.not_yet_booked, None);
    assert!(page("/en").contains("We are still counting how many people may book."));
    assert!(page("/ko").contains("예약 대상자 수를 집계하고 있습니다."));
    assert!(!page("/en").contains("people have not booked yet"), "{}", page("/en"));
    board.count_eligible().await.unwrap();
    assert!(page("/en").contains("20 people have not booked yet."), "the control");
    assert!(!page("/en").contains("still counting"), "the control");
    db.close().await;
}

#[tokio::test]
async fn a_page_is_given_once_and_known_again() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh_pages().await;
    let live = LANGUAGES.map(|language| format!("/{language}/now"));
    for path in pages(&made).into_iter().chain(live) {
        loop {
            let first = app.public().get(&path).await;
            assert_eq!(first.status, 200, "{path}");
            assert_eq!(first.header("cache-control"), PUBLIC, "{path}");
            assert_eq!(first.header("vary"), "Accept-Encoding", "{path}");
            assert_eq!(first.header("content-language"), &path[1..3], "{path}");
            let again = app.public().request(Method::GET, &path);
            let again = again.header("if-none-match", first.header("etag")).send().await;
            if again.status == 200 && again.header("etag") != first.header("etag") {
                // Another snapshot came in between.
                continue;
            }
            assert_eq!((again.status, again.bytes.len()), (304, 0), "{path}");
            assert_eq!(header_faults(&again), [""; 0], "{path}");
            break;
        }
        let other = app.public().request(Method::GET, &path).header("if-none-match", "\"x\"");
        assert_eq!(other.send().await.status, 200, "the control");
        let packed = app.public().request(Method::HEAD, &path).header("accept-encoding", "br");
        assert_eq!(packed.send().await.header("content-encoding"), "br", "{path}");
    }
}

#[tokio::test]
async fn every_page_has_its_headers_and_loads_only_our_own_files() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh_pages().await;
    for path in pages(&made) {
        let page = app.public().get(&path).await;
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(header_faults(&page), [""; 0], "{path}");
        assert!(!page.headers.contains_key("strict-transport-security"), "no TLS here");
        let html = page.text();
        assert_eq!(faults(&html), [""; 0], "{path}");
        assert!(html.contains(&format!("<html lang=\"{}\">", &path[1..3])), "{path}");
        assert_eq!(html.matches("<h1").count(), if path.ends_with("style") { 2 } else { 1 });
        // Its files are there, for good.
        let files = attributes(&html, "href").into_iter().chain(attributes(&html, "src"));
        let files: BTreeSet<_> = files.filter(|file| file.starts_with("/assets/")).collect();
        // The style page shows what else pages have where they need it.
        let expected = if path.ends_with("style") { 4 } else { 3 };
        assert_eq!(files.len(), expected, "{path}: {files:?}");
        for file in files {
            let answer = app.public().get(file).await;
            assert_eq!(answer.status, 200, "{file}");
            assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable");
        }
        // The same page in the other language.
        let other = if path.starts_with("/ko") { "en" } else { "ko" };
        let other = format!("/{other}{}", &path[3..]);
        assert!(html.contains(&format!("<a href=\"{other}\" lang=")), "{path}: {other}");
    }
}

#[tokio::test]
async fn browsers_are_told_to_come_by_tls_only_where_there_is_some() {
    for (url, expected) in
        [("https://book.example.kr", Some("max-age=31536000")), ("http://book.example.kr", None)]
    {
        let app = TestApp::with().public_url(url).start().await;
        for path in ["/en", "/en/nothing"] {
            let page = app.public().get(path).await;
            let found = page.headers.get("strict-transport-security");
            assert_eq!(found.map(|value| value.to_str().unwrap()), expected, "{path} at {url}");
        }
    }
}

#[tokio::test]
async fn the_first_page_answers_in_the_language_of_the_browser() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    app.refresh_pages().await;
    for (accepted, language) in
        [("ko-KR,ko;q=0.9,en-US;q=0.8", "ko"), ("en-GB,en;q=0.9", "en"), ("de", "en"), ("", "en")]
    {
        let page = app.public().request(Method::GET, "/").header("accept-language", accepted);
        let page = page.send().await;
        assert_eq!(page.header("content-language"), language, "{accepted}");
        let vary: Vec<_> = page.headers.get_all("vary").iter().collect();
        assert_eq!(vary, ["Accept-Encoding", "Accept-Language"], "{accepted}");
        assert!(page.text().contains(&format!("<html lang=\"{language}\">")), "{accepted}");
    }
    let slash = app.public().get("/ko/").await;
    assert_eq!((slash.status, slash.header("location")), (303, "/ko"));
}

#[tokio::test]
async fn a_live_document_has_the_sentences_of_its_page() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh_pages().await;
    let page = format!("/ko/campaigns/{}", made.campaign_id);
    for path in ["/en".to_owned(), page] {
        let (html, live): (String, Answer) = loop {
            let html = app.public().get(&path).await.text();
            let live = app.public().get(&format!("{path}/now")).await;
            if app.public().get(&path).await.text() == html {
                break (html, live);
            }
        };
        assert_eq!(attributes(&html, "data-live"), [format!("{path}/now")]);
        let said: std::collections::BTreeMap<String, String> =
            serde_json::from_slice(&live.bytes).expect("texts by key");
        assert_eq!(attributes(&html, "data-turn"), [&said["turn"]]);
        let keys = attributes(&html, "data-key");
        assert_eq!(keys.len(), said.len() - 1, "{said:?}");
        for key in keys {
            let shown = inside(&html, &format!("data-key=\"{key}\">"), "</").unwrap();
            assert_eq!(shown, said[key], "{path}: {key}");
        }
    }
}

/// Only the page of the round that changed is made anew.
#[tokio::test]
async fn a_page_that_says_the_same_stays_as_it_is() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh_pages().await;
    let leaf = |path: &str| app.app.shelf.pages().leaves[path].clone();
    let style = leaf("/en/style");
    let own = format!("/en/campaigns/{}", made.campaign_id);
    let before = leaf(&own);
    let citizen = app.citizen(&made.people[0]);
    let body = made.booking(made.slot(0, 1, 0));
    citizen.put_booking(uuid::Uuid::now_v7(), &body).await.ok(201);
    app.tick().await;
    app.pages().await;
    assert!(std::sync::Arc::ptr_eq(&style, &leaf("/en/style")));
    assert!(!std::sync::Arc::ptr_eq(&before, &leaf(&own)), "the control");
    let maker = Maker::new(app.app.site.clone()).unwrap();
    let pages = app.app.shelf.pages();
    let again = maker.pages(pages.of.clone(), Some(&pages)).unwrap();
    for (path, leaf) in &pages.leaves {
        let is_kept = std::sync::Arc::ptr_eq(leaf, &again.leaves[path]);
        assert!(is_kept || path.ends_with("/style"), "{path}");
    }
}

#[tokio::test]
async fn public_pages_cost_no_statement() {
    let mut database = TestDatabase::new().await;
    let wire = Wire::before(&mut database).await;
    let app = TestApp::with().start_on(std::sync::Arc::new(database)).await;
    let made = make::world(&app.db).await;
    app.refresh_pages().await;
    wire.take();
    for path in pages(&made) {
        for path in [path.clone(), format!("{path}?from=a-leaflet"), format!("{path}/nothing")] {
            app.public().get(&path).await;
        }
    }
    assert_eq!(wire.take(), [""; 0]);
    app.citizen(&made.people[0]).get("/v1/me").await.ok(200);
    assert!(!wire.take().is_empty(), "the control");
}

#[tokio::test]
async fn a_name_is_never_markup() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let bad = "<script>alert('1')</script> & \"quoted\"";
    let sql = [
        "update campaign set name = $1",
        "update region set name = $1",
        "update cohort set name = $1",
        "update supply_history set reason = $1",
        "update catalogue set revision = revision + 1 where $1 <> ''",
    ];
    for sql in sql {
        sqlx::query(sql).bind(bad).execute(&app.db).await.unwrap();
    }
    app.refresh_pages().await;
    for path in pages(&made) {
        let html = app.public().get(&path).await.text();
        assert!(!html.contains("alert('1')"), "{path}");
        assert_eq!(faults(&html), [""; 0], "{path}");
        assert_eq!(html.contains("&#60;script&#62;alert"), !path.ends_with("style"), "{path}");
    }
}

#[tokio::test]
async fn a_draft_has_no_page() {
    let app = TestApp::start().await;
    let made = World::new().state(1).make(&app.db).await;
    app.refresh_pages().await;
    let page = app.public().get(&format!("/ko/campaigns/{}", made.campaign_id)).await;
    assert_eq!(page.status, 404);
    let landing = app.public().get("/ko").await.text();
    assert!(!landing.contains("Test campaign"), "{landing}");
    assert!(landing.contains("지금 예약할 수 있는 예방접종이 없습니다."), "{landing}");
}
