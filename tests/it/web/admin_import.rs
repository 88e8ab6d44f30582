//! Files by administrators' pages: tried first, loaded by a second press, rejects to download.

use std::time::Duration;

use tokio::time::timeout;

use super::{LANGUAGES, faults, hiccup::plan};
use crate::support::{
    Browser, Page, TestApp, World,
    database::TestDatabase,
    fault::{Fault, Faults, Plan},
};

/// Sends a file and waits for what became of the run.
pub async fn send(browser: &mut Browser, language: &str, kind: &str, file: &[u8]) -> Page {
    let path = format!("/{language}/admin/imports/{kind}");
    let page = browser.open(&path).await.ok(200);
    assert_eq!(faults(&page.text), [""; 0], "{path}");
    let sent = browser.upload(&page.form(&path), "a file.csv", file).await.ok(303);
    settled(browser, sent.header("location")).await
}

/// The page of a file when nothing runs any more.
pub async fn settled(browser: &mut Browser, path: &str) -> Page {
    loop {
        let page = browser.open(path).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0], "{path}");
        if !page.text.contains("data-live") {
            return page;
        }
        let own = path.split('?').next().unwrap_or(path);
        let now = browser.open(&format!("{own}/now")).await.ok(200);
        assert!(now.text.contains("\"turn\""), "{}", now.text);
        tokio::task::yield_now().await;
    }
}

/// Tries a file and loads it.
pub async fn load(browser: &mut Browser, language: &str, kind: &str, file: &str) -> Page {
    let tried = send(browser, language, kind, file.as_bytes()).await;
    let form = tried.form(&tried.at);
    assert!(form.fields.iter().any(|(name, _)| name == "load"), "{kind}: {}", tried.main());
    let loaded = browser.submit(&form).await.ok(303);
    let page = settled(browser, loaded.header("location")).await;
    assert!(page.text.contains("tag good"), "{kind}: {}", page.main());
    page
}

async fn regions(app: &TestApp) -> i64 {
    sqlx::query_scalar("select count(*) from region").fetch_one(&app.db).await.expect("a count")
}

#[tokio::test]
async fn a_file_is_tried_first_and_loaded_by_a_second_press() {
    for language in LANGUAGES {
        let app = TestApp::start().await;
        let mut browser = app.staff_browser(3, None).await;
        let file = "code,name\n11,Seoul\n26,Busan\n";
        let tried = send(&mut browser, language, "regions", file.as_bytes()).await;
        assert_eq!(regions(&app).await, 0, "nothing is changed by trying");
        assert!(tried.text.contains("a file.csv"), "{}", tried.main());
        let form = tried.form(&tried.at);
        let to = browser.submit(&form).await.ok(303).header("location").to_owned();
        settled(&mut browser, &to).await;
        assert_eq!(regions(&app).await, 2);
        // The press again means a page that is older than what is there.
        let page = browser.press(&form).await.ok(200);
        assert!(page.text.contains("tag good"), "{}", page.main());
        // It can be left and come back to, and found in the list.
        let list = browser.open(&format!("/{language}/admin/imports")).await.ok(200);
        assert_eq!(faults(&list.text), [""; 0]);
        let own = tried.at.split('?').next().unwrap_or_default();
        assert!(list.text.contains(own), "{}", list.main());
        let entry = format!("/{language}/admin/imports/regions/2");
        assert!(list.text.contains(&entry), "{}", list.main());
        let page = browser.open(&entry).await.ok(200);
        assert_eq!(faults(&page.text), [""; 0]);
        let of_kind = browser.open(&format!("/{language}/admin/imports?kind=users")).await.ok(200);
        assert!(!of_kind.text.contains(&entry), "{}", of_kind.main());
    }
}

#[tokio::test]
async fn rejected_rows_are_shown_downloaded_inert_and_left_out_on_demand() {
    let app = TestApp::start().await;
    let mut browser = app.staff_browser(3, None).await;
    let file = "code,name,parent_code\n11,Seoul,\n26,,\n27,Daegu,=1+1\n";
    let page = send(&mut browser, "en", "regions", file.as_bytes()).await;
    assert!(page.text.contains("tag bad"), "{}", page.main());
    let own = page.at.split('?').next().unwrap_or_default();
    let csv = browser.open(&format!("{own}/rejects.csv")).await.ok(200);
    assert!(csv.header("content-type").starts_with("text/csv"), "{csv:?}");
    assert!(csv.header("content-disposition").starts_with("attachment"));
    let lines: Vec<_> = csv.text.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].starts_with("3,name,"), "{lines:?}");
    let form = page.form(&page.at);
    assert!(form.fields.iter().any(|(name, _)| name == "partial"), "{form:?}");
    let to = browser.submit(&form).await.ok(303).header("location").to_owned();
    let page = settled(&mut browser, &to).await;
    let form = page.form(&page.at);
    assert!(form.fields.iter().any(|(name, _)| name == "load"), "{}", page.main());
    let to = browser.submit(&form).await.ok(303).header("location").to_owned();
    settled(&mut browser, &to).await;
    assert_eq!(regions(&app).await, 1, "the good one");
    let entry = browser.open("/en/admin/imports/regions/2").await.ok(200);
    assert!(entry.text.contains("rejects.csv"), "{}", entry.main());
    let csv = browser.open("/en/admin/imports/regions/2/rejects.csv").await.ok(200);
    assert_eq!(csv.text.lines().count(), 3);
}

#[tokio::test]
async fn the_brake_asks_and_is_answered_by_its_figure() {
    let app = TestApp::start().await;
    let mut browser = app.staff_browser(3, None).await;
    let rows =
        |name: &str| -> String { (10..50).map(|code| format!("{code},{name} {code}\n")).collect() };
    load(&mut browser, "en", "regions", &format!("code,name\n{}", rows("Old"))).await;
    let renamed = format!("code,name\n{}", rows("New"));
    let page = send(&mut browser, "en", "regions", renamed.as_bytes()).await;
    let form = page.form(&page.at);
    assert!(form.fields.iter().any(|(name, _)| name == "confirm"), "{}", page.main());
    let wrong = browser.press(&form.clone().with(&[("confirm", "39")])).await.ok(422);
    assert_eq!(wrong.errors()[0].0, "confirm");
    let meant = form.with(&[("confirm", "40")]);
    let to = browser.submit(&meant).await.ok(303).header("location").to_owned();
    let page = settled(&mut browser, &to).await;
    let form = page.form(&page.at);
    let to = browser.submit(&form).await.ok(303).header("location").to_owned();
    let page = settled(&mut browser, &to).await;
    assert!(page.text.contains("tag good"), "{}", page.main());
    let name: String = sqlx::query_scalar("select name from region where code = '10'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(name, "New 10");
}

#[tokio::test]
async fn no_file_a_wrong_one_and_one_that_is_gone_are_said() {
    let app = TestApp::start().await;
    let mut browser = app.staff_browser(3, None).await;
    for language in LANGUAGES {
        let path = format!("/{language}/admin/imports/clinics");
        let page = browser.open(&path).await.ok(200);
        let none = browser.upload(&page.form(&path), "", b"").await.ok(422);
        assert_eq!(none.errors()[0].0, "file");
        assert_eq!(faults(&none.text), [""; 0]);
        let page = send(&mut browser, language, "clinics", b"what is this\x00\xff").await;
        assert!(page.text.contains("tag bad"), "{}", page.main());
        let discard = {
            let mut form = page.form(&page.at);
            form.fields = vec![("discard".into(), "on".into())];
            form
        };
        browser.press(&discard).await.ok(200);
        let gone = browser.open(&page.at).await.ok(404);
        assert_eq!(faults(&gone.text), [""; 0]);
    }
    browser.open("/en/admin/imports/people").await.ok(404);
    for format in ["csv", "xlsx"] {
        let path = format!("/en/admin/imports/hours/template?format={format}");
        let file = browser.open(&path).await;
        assert_eq!(file.status, 200);
        assert!(file.header("content-disposition").contains(&format!("hours.{format}")));
    }
    // A file from a page of another site is not taken.
    let form = browser.open("/en/admin/imports/clinics").await.form("/en/admin/imports/clinics");
    let headers =
        [("sec-fetch-site", "cross-site"), ("content-type", "multipart/form-data; boundary=x")];
    browser.send(reqwest::Method::POST, &form.action, None, &headers).await.ok(403);
}

#[tokio::test]
async fn another_process_says_that_it_has_not_got_the_file() {
    let app = TestApp::start().await;
    let mut browser = app.staff_browser(3, None).await;
    let page = send(&mut browser, "en", "regions", b"code,name\n10,New\n").await;
    assert!(page.main().contains("Load it"), "the control: {}", page.main());
    let load = page.form(&page.at);
    let other = app.another().await;
    let mut elsewhere = other.browser();
    elsewhere.cookies = browser.cookies.clone();
    let seen = elsewhere.open(&page.at).await.ok(404);
    assert_eq!(faults(&seen.text), [""; 0]);
    assert!(
        seen.main().contains("Another process of this service has the file"),
        "{}",
        seen.main()
    );
    assert!(seen.main().contains("/en/admin/imports/regions"), "where it is sent again");
    assert!(!seen.main().contains("This press did nothing"));
    let pressed = elsewhere.submit(&load).await.ok(404);
    assert!(pressed.main().contains("This press did nothing"), "{}", pressed.main());
    let regions = "select count(*) from region";
    let regions: i64 = sqlx::query_scalar(regions).fetch_one(&app.db).await.unwrap();
    assert_eq!(regions, 0);
    // Whoever has it has it still.
    let loaded = browser.press(&load).await.ok(200);
    assert_eq!(loaded.at, page.at);
}

#[tokio::test]
async fn a_file_with_other_headings_leads_to_those_that_it_needs() {
    for language in LANGUAGES {
        let app = TestApp::start().await;
        let mut browser = app.staff_browser(3, None).await;
        let page =
            send(&mut browser, language, "regions", "번호,지역명\n11,서울\n".as_bytes()).await;
        let form = format!("/{language}/admin/imports/regions");
        assert!(page.main().contains(&format!("{form}#columns")), "{}", page.main());
        let again = page.text.contains("name=\"try\"");
        assert!(!again, "the same file is no better the second time");
        let needed = browser.open(&form).await.ok(200);
        assert!(needed.text.contains("id=\"columns\"") && needed.text.contains("지역코드"));
    }
}

#[tokio::test]
async fn what_is_loaded_leads_to_what_comes_next() {
    let app = TestApp::start().await;
    let mut browser = app.staff_browser(3, None).await;
    let first = browser.open("/en/admin").await.ok(200);
    assert!(first.main().contains("How to begin"), "{}", first.main());
    assert!(!first.main().contains("tag good"), "nothing is there yet");
    let next = "href=\"/en/admin/imports/clinics\"";
    let file = "code,name\n11,Seoul\n";
    let tried = send(&mut browser, "en", "regions", file.as_bytes()).await;
    assert!(!tried.main().contains(next), "not before it is loaded");
    let loaded = load(&mut browser, "en", "regions", "code,name\n26,Busan\n").await;
    assert!(loaded.main().contains(next), "{}", loaded.main());
    app.refresh().await;
    let first = browser.open("/en/admin").await.ok(200);
    assert_eq!(first.main().matches("tag good").count(), 1, "{}", first.main());
    World::new().make(&app.db).await;
    app.refresh().await;
    let later = browser.open("/en/admin").await.ok(200);
    assert!(!later.main().contains("How to begin"), "there is a campaign");
}

const REGIONS: &[u8] = b"code,name\n11,Seoul\n26,Busan\n";
/// More than a small file needs.
const STATEMENTS_MAX: usize = 100;

async fn faulty() -> (TestApp, Faults) {
    let mut database = TestDatabase::new().await;
    let faults = Faults::before(&mut database).await;
    (TestApp::with().start_on(database.into()).await, faults)
}

/// Tries a file; a run that fails has ended, and is not waited for until its file is thrown away.
async fn send_regions(browser: &mut Browser, language: &str) -> Page {
    let sending = send(browser, language, "regions", REGIONS);
    timeout(Duration::from_secs(60), sending).await.expect("the run comes to its end")
}

/// Presses the first button of a file's page, and waits for what became of it.
async fn press_first(browser: &mut Browser, page: &Page) -> Page {
    let to = browser.submit(&page.form(&page.at)).await.ok(303).header("location").to_owned();
    let ended = timeout(Duration::from_secs(60), settled(browser, &to)).await;
    ended.expect("the run comes to its end")
}

fn has(page: &Page, way: &str) -> bool {
    page.text.contains(&format!("name=\"{way}\" value=\"on\""))
}

#[tokio::test]
async fn a_file_whose_statements_are_refused_has_failed_at_once_and_is_tried_again() {
    for (language, nothing) in
        LANGUAGES.into_iter().zip(["바뀐 것이 없습니다", "Nothing was changed"])
    {
        let (app, faults) = faulty().await;
        let mut browser = app.staff_browser(3, None).await;
        for nth in [1, 3] {
            let refused = Fault::Refused("57014");
            faults.plant(Plan { lasts: true, ..plan("dosebook write", refused, nth) });
            let page = send_regions(&mut browser, language).await;
            assert!(!faults.call_off().is_empty(), "the control");
            assert!(page.text.contains("tag bad") && has(&page, "try"), "{}", page.main());
            assert!(page.main().contains(nothing), "{}", page.main());
            let tried = press_first(&mut browser, &page).await;
            assert!(has(&tried, "load"), "{}", tried.main());
            assert!(press_first(&mut browser, &tried).await.text.contains("tag good"));
            assert_eq!(regions(&app).await, 2);
            // The other way on.
            faults.plant(Plan { lasts: true, ..plan("dosebook write", refused, nth) });
            let page = send_regions(&mut browser, language).await;
            assert!(!faults.call_off().is_empty(), "the control");
            let mut discard = page.form(&page.at);
            discard.fields = vec![("discard".to_owned(), "on".to_owned())];
            browser.press(&discard).await.ok(200);
            browser.open(&page.at).await.ok(404);
        }
    }
}

/// Files that were loaded and not only tried.
async fn loads(app: &TestApp) -> i64 {
    let sql = "select count(*) from import where dry_run_of is null";
    sqlx::query_scalar(sql).fetch_one(&app.db).await.expect("a count")
}

#[tokio::test]
async fn whether_a_file_was_loaded_is_not_told_where_nobody_knows() {
    let not_known =
        ["파일이 반영되었는지 알 수 없습니다", "it is not known whether the file was loaded"];
    for (language, not_known) in LANGUAGES.into_iter().zip(not_known) {
        let (app, faults) = faulty().await;
        let mut browser = app.staff_browser(3, None).await;
        // The connection is cut only beyond the copying of the rows: first, which statement the
        // commit is, where those that are never refused are left out.
        let mut commit = None;
        for nth in 1..STATEMENTS_MAX {
            let tried = send_regions(&mut browser, language).await;
            faults.plant(plan("dosebook write", Fault::Refused("57014"), nth));
            let page = press_first(&mut browser, &tried).await;
            let met = faults.call_off();
            assert!(page.main().contains(not_known), "{met:?}: {}", page.main());
            assert!(!page.main().contains("Nothing was changed"), "{met:?}: {}", page.main());
            if met == ["commit"] {
                commit = Some(nth);
                break;
            }
        }
        assert_eq!(loads(&app).await, 0, "each was refused");
        let (mut lost, first) = (None, commit.expect("it commits"));
        for nth in first..first + 10 {
            let tried = send_regions(&mut browser, language).await;
            faults.plant(plan("dosebook write", Fault::CutAfter, nth));
            let page = press_first(&mut browser, &tried).await;
            let met = faults.call_off();
            assert!(page.main().contains(not_known), "{met:?}: {}", page.main());
            let is_loaded = loads(&app).await > 0;
            assert_eq!(is_loaded, met == ["commit"], "{met:?}");
            if is_loaded {
                lost = Some(page);
                break;
            }
        }
        let page = lost.expect("a commit of which nobody has heard");
        assert_eq!(regions(&app).await, 2, "it was loaded all the same");
        let tried = press_first(&mut browser, &page).await;
        assert!(has(&tried, "load"), "{}", tried.main());
        assert!(press_first(&mut browser, &tried).await.text.contains("tag good"));
        assert_eq!(regions(&app).await, 2, "each once");
    }
}
