//! The same file again: files that add are known by what their rows say, and a partial import can
//! be repaired by its file.

use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};

use super::{all_counts, allocation::receive, number, post};
use crate::support::{Client, TestApp, make};

const HEADER: &str = "campaign_code,clinic_code,product_code,on_date,doses";
const ROWS: [&str; 3] = ["test,C1,207,2030-01-01,10", "test,C2,207,2030-01-01,20", FOURTH];
const FOURTH: &str = "test,C1,207,2030-01-02,1000";

async fn start() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    receive(&app.db, made.nation, 10_000).await;
    for region in ["P1", "P2"] {
        let pool = super::allocation::pool_of(&app.db, &made, region).await;
        receive(&app.db, pool, 10_000).await;
    }
    let admin = app.admin().await;
    (app, admin)
}

fn file(rows: &[&str]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

async fn granted(app: &TestApp) -> i64 {
    let sql = "select coalesce(sum(granted), 0) from allocation where on_date >= '2030-01-01'";
    number(&app.db, sql).await
}

/// The same rows, as other programs and other people write them.
fn written_otherwise() -> Vec<(&'static str, Vec<u8>)> {
    let plain = file(&ROWS);
    let utf16 = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
    };
    let mut reversed = ROWS;
    reversed.reverse();
    let turned = |row: &&str| row.split(',').rev().collect::<Vec<_>>().join(",");
    let columns = [HEADER].iter().chain(&ROWS).map(turned).collect::<Vec<_>>().join("\n");
    let quoted = |row: &str| format!("\"{}\"", row.replace(',', "\",\""));
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip([HEADER].iter().chain(&ROWS)) {
        for (column, value) in (0..).zip(line.split(',')) {
            match value.parse::<f64>() {
                Ok(number) if column == 4 => sheet.write_number(row, column, number),
                _ => sheet.write_string(row, column, value),
            }
            .unwrap();
        }
    }
    let headings = "사업코드,기관코드,백신코드,접종일,수량";
    vec![
        ("line ends", plain.replace('\n', "\r\n").into()),
        ("a byte order mark", format!("\u{feff}{plain}").into()),
        ("UTF-16", utf16(&plain)),
        ("semicolons", plain.replace(',', ";").into()),
        ("tabs and a line that says so", format!("sep=\t\n{}", plain.replace(',', "\t")).into()),
        ("quotes", plain.lines().map(|row| quoted(row) + "\n").collect::<String>().into()),
        ("another order of rows", file(&reversed).into()),
        ("another order of columns", columns.into()),
        ("Korean headings", plain.replace(HEADER, headings).into()),
        (
            "other numbers",
            plain.replace(",1000\n", ",\"1,000\"\n").replace(",20\n", ",20.0\n").into(),
        ),
        ("other dates", plain.replace("2030-01-0", "2030.1.").into()),
        ("full-width digits", plain.replace(",20\n", ",２０\n").into()),
        (
            "a channel that is the usual one",
            format!("{HEADER},channel\n{},web\n{},\n{},WEB\n", ROWS[0], ROWS[1], ROWS[2]).into(),
        ),
        ("empty rows and columns", plain.replace('\n', ",,\n,,,,,,\n").into()),
        ("a workbook", workbook.save_to_buffer().unwrap()),
    ]
}

#[tokio::test]
async fn the_same_rows_in_other_bytes_are_known_and_named() {
    let (app, admin) = start().await;
    let first = post(&admin, "allocations", file(&ROWS)).await.ok(200);
    assert_eq!(all_counts(&first), [3, 0, 0, 0]);
    assert_eq!(granted(&app).await, 1_030);
    for (what, file) in written_otherwise() {
        for dry_run in ["", "?dry_run=true"] {
            let answer = post(&admin, &format!("allocations{dry_run}"), file.clone()).await;
            assert_eq!(answer.status, 409, "{what}: {}", answer.text());
            let refused = answer.problem(409, "already_loaded");
            assert_eq!(refused["facts"]["import_id"], first["import_id"], "{what}");
            assert!(refused["facts"]["by"].is_string() && refused["facts"]["at"].is_string());
            assert_eq!(refused["rows_read"], 3, "{what}");
        }
    }
    assert_eq!(granted(&app).await, 1_030);
    let again = post(&admin, "allocations?again=true", file(&ROWS)).await.ok(200);
    assert_eq!(all_counts(&again), [3, 0, 0, 0]);
    assert_eq!(granted(&app).await, 2_060, "a true second load");
    let refused = post(&admin, "allocations", file(&ROWS)).await.problem(409, "already_loaded");
    assert_eq!(refused["facts"]["import_id"], again["import_id"], "the latest is named");
}

#[tokio::test]
async fn other_rows_are_another_file() {
    let (app, admin) = start().await;
    post(&admin, "allocations", file(&ROWS)).await.ok(200);
    for (at, rows) in [
        (1_050, vec!["test,C1,207,2030-01-01,20"]),
        (1_090, vec!["test,C1,207,2030-01-03,10", "test,C2,207,2030-01-01,30"]),
        (1_100, vec!["test,C1,207,2030-01-04,10"]),
    ] {
        post(&admin, "allocations", file(&rows)).await.ok(200);
        assert_eq!(granted(&app).await, at, "{rows:?}");
    }
}

#[tokio::test]
async fn a_partial_import_is_repaired_by_its_file() {
    let (app, admin) = start().await;
    let rows = [ROWS[0], "test,LATER,207,2030-01-01,20", "test,C1,207,2030-01-02,30"];
    let first = post(&admin, "allocations?partial=true", file(&rows)).await.ok(200);
    assert_eq!(all_counts(&first), [2, 0, 0, 1]);
    assert_eq!(granted(&app).await, 40);
    let same = post(&admin, "allocations?partial=true", file(&rows)).await.ok(200);
    assert_eq!(all_counts(&same), [0, 0, 2, 1], "nothing was repaired");
    assert_eq!(granted(&app).await, 40);

    sqlx::query("update clinic set code = 'LATER' where code = 'C3'")
        .execute(&app.db)
        .await
        .unwrap();
    let repaired = post(&admin, "allocations", file(&rows)).await.ok(200);
    assert_eq!(all_counts(&repaired), [1, 0, 2, 0], "{repaired}");
    assert_eq!(repaired["continues"], first["import_id"]);
    assert_eq!(granted(&app).await, 60);
    let refused = post(&admin, "allocations", file(&rows)).await.problem(409, "already_loaded");
    assert_eq!(refused["facts"]["import_id"], repaired["import_id"]);
    assert_eq!(dosebook::flows::discrepancy::verify(&app.app.db).await.unwrap(), []);
}

#[tokio::test]
async fn a_partial_import_goes_on_with_its_file_corrected_and_not_with_another() {
    let (app, admin) = start().await;
    let rows = [ROWS[0], "test,NONE,207,2030-01-01,20", ROWS[1]];
    post(&admin, "allocations?partial=true", file(&rows)).await.ok(200);
    let corrected = [ROWS[0], "test,C3,207,2030-01-01,20", ROWS[1]];
    let done = post(&admin, "allocations", file(&corrected)).await.ok(200);
    assert_eq!(all_counts(&done), [1, 0, 2, 0]);
    assert_eq!(granted(&app).await, 50);
    // With only some of those rows it is another file, and its repeated row is asked about.
    let other = [ROWS[0], "test,C3,207,2030-01-05,20"];
    let asked = post(&admin, "allocations", file(&other)).await.problem(409, "confirmation_needed");
    let shares = json!([{"what": "repeated", "rows": 1, "of": 2, "percent_max": 20}]);
    assert_eq!((&asked["facts"]["shares"], &asked["facts"]["confirm"]), (&shares, &json!(1)));
    assert_eq!(granted(&app).await, 50, "nothing half done");
    let meant = post(&admin, "allocations?confirm=1", file(&other)).await.ok(200);
    assert_eq!((all_counts(&meant), granted(&app).await), ([2, 0, 0, 0], 80));
}

#[tokio::test]
async fn an_import_of_an_earlier_version_is_known_by_its_bytes() {
    let (app, admin) = start().await;
    post(&admin, "allocations", file(&ROWS)).await.ok(200);
    // As that version left it.
    for sql in ["update import set content = null", "delete from import_row"] {
        sqlx::query(sql).execute(&app.db).await.unwrap();
    }
    post(&admin, "allocations", file(&ROWS)).await.problem(409, "already_loaded");
    let other = file(&ROWS).replace('\n', "\r\n");
    post(&admin, "allocations", other).await.ok(200);
    assert_eq!(granted(&app).await, 2_060, "the control: what it said was not kept");
}

#[tokio::test]
async fn two_files_at_once_are_loaded_one_after_the_other() {
    let (app, admin) = start().await;
    let beside = app.another().await;
    let other = beside.admin().await;
    let people = |from: u32| {
        let row = |n: u32| format!("Person {n},1962-03-01,011{n:08},P1D1\n");
        let rows: String = (from..from + 500).map(row).collect();
        format!("name,birth_date,phone,region_code\n{rows}")
    };
    let [first, second, doses, same] = tokio::join!(
        post(&admin, "register", people(0)),
        post(&other, "register", people(250)),
        post(&admin, "allocations", file(&ROWS)),
        post(&other, "allocations", file(&ROWS).replace('\n', "\r\n")),
    )
    .into();
    let mut counts = [first, second].map(|answer| all_counts(&answer.ok(200)));
    counts.sort_unstable();
    assert_eq!(counts, [[250, 0, 250, 0], [500, 0, 0, 0]], "who is in both is new once");
    let mut statuses = [doses.status, same.status];
    statuses.sort_unstable();
    assert_eq!((statuses, granted(&app).await), ([200, 409], 1_030));
}

#[tokio::test]
async fn files_that_say_how_things_are_count_what_they_change() {
    let (app, admin) = start().await;
    let header = "code,name,region_code,zone,address,phone,latitude,longitude";
    let clinic = |code: &str, name: &str| format!("{code},{name},P1D1,Asia/Seoul,Street,1339,,\n");
    let load = async |rows: String| -> Value {
        post(&admin, "clinics", format!("{header}\n{rows}")).await.ok(200)
    };
    let first = clinic("N1", "One") + &clinic("N2", "Two");
    let second = clinic("N1", "One") + &clinic("N2", "Other") + &clinic("N3", "Three");
    assert_eq!(all_counts(&load(first.clone()).await), [2, 0, 0, 0]);
    let report = load(second.clone()).await;
    assert_eq!(all_counts(&report), [1, 1, 1, 0]);
    let clinics = number(&app.db, "select count(*) from clinic").await;
    assert_eq!(report["rows_missing"], clinics - 3, "those of the world");
    assert_eq!(all_counts(&load(second).await), [0, 0, 3, 0]);
    assert_eq!(all_counts(&load(first.clone()).await), [0, 1, 1, 0], "what counts is the present");
    assert_eq!(all_counts(&load(first).await), [0, 0, 2, 0]);
}
