//! Templates: what is filled in can be loaded.

use dosebook::domain::import::Kind;
use reqwest::Method;
use rust_xlsxwriter::Workbook;

use super::{allocation::receive, counts};
use crate::support::{Client, TestApp, make};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

async fn template(admin: &Client, kind: Kind, query: &str, accept: &str) -> (String, Vec<u8>) {
    let path = format!("/v1/admin/imports/{kind}/template{query}");
    let request = admin.request(Method::GET, &path).header("accept", accept);
    let answer = request.send().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let ending = if answer.header("content-type") == XLSX { "xlsx" } else { "csv" };
    let name = format!("attachment; filename=\"{kind}.{ending}\"");
    assert_eq!(answer.header("content-disposition"), name);
    (answer.header("content-type").to_owned(), answer.bytes.clone())
}

#[tokio::test]
async fn a_template_comes_as_text_or_as_a_workbook() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let both = format!("{XLSX}, text/csv");
    for (query, accept, expected) in [
        ("", "*/*", "text/csv"),
        ("", "text/csv", "text/csv"),
        ("", XLSX, XLSX),
        ("", &format!("{XLSX};q=0.9, */*;q=0.1"), XLSX),
        ("", &both, "text/csv"),
        ("?format=xlsx", "text/csv", XLSX),
        ("?format=csv", XLSX, "text/csv"),
    ] {
        for &kind in Kind::ALL {
            let (media_type, bytes) = template(&admin, kind, query, accept).await;
            assert_eq!(media_type, expected, "{kind}{query} {accept}");
            assert_eq!(bytes.starts_with(b"PK"), expected == XLSX);
        }
    }
    let path = "/v1/admin/imports/register/template?format=pdf";
    admin.get(path).await.blames(422, "invalid_field", "format");
    admin.get("/v1/admin/imports/people/template").await.problem(404, "not_found");
}

/// The examples of the columns, in a file of each form.
fn filled(kind: Kind, template: &[u8], is_workbook: bool) -> Vec<u8> {
    let examples = kind.columns().iter().map(|column| column.example);
    if !is_workbook {
        let row = examples.map(|example| format!("\"{example}\"")).collect::<Vec<_>>();
        return [template, row.join(",").as_bytes(), b"\r\n"].concat();
    }
    // What the template has in its first line, filled in by a program of its own.
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, column) in (0..).zip(kind.columns()) {
        sheet.write_string(0, at, column.name).unwrap();
        sheet.write_string(1, at, column.example).unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

#[tokio::test]
async fn a_template_that_is_filled_in_with_its_examples_is_loaded() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    receive(&app.db, made.nation, 1_000).await;
    for sql in [
        "insert into region (code, name) values ('11680', 'Gangnam')",
        "insert into roster (code, name) values ('police', 'Police')",
        "update campaign set code = 'w-2026' where code = 'test'",
    ] {
        sqlx::query(sql).execute(&app.db).await.unwrap();
    }
    let admin = app.admin().await;
    // In an order in which each finds what it names.
    for &kind in Kind::ALL {
        for format in ["csv", "xlsx"] {
            let query = format!("?format={format}");
            let (media_type, empty) = template(&admin, kind, &query, "*/*").await;
            let path = format!("/v1/admin/imports/{kind}");
            let send = async |file: Vec<u8>, query: &str| {
                let request = admin.request(Method::POST, &format!("{path}{query}"));
                request.body(&media_type, file).send().await
            };
            let nothing = send(empty.clone(), "?dry_run=true").await.ok(200);
            assert_eq!(counts(&nothing), (0, 0, 0), "{kind} {format}: the header is one");
            let file = filled(kind, &empty, format == "xlsx");
            // The same doses once more, in a file of another form, are meant.
            let is_again = kind == Kind::Allocations && format == "xlsx";
            let report = send(file, if is_again { "?again=true" } else { "" }).await.ok(200);
            assert_eq!(report["rows_read"], 1, "{kind} {format}: {report}");
            assert_eq!(report["rows_rejected"], 0, "{kind} {format}: {report}");
        }
    }
}

#[tokio::test]
async fn the_second_sheet_speaks_the_language_of_the_reader() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    let mut texts = Vec::new();
    for language in ["en", "ko"] {
        let path = "/v1/admin/imports/register/template?format=xlsx";
        let request = admin.request(Method::GET, path).header("accept-language", language);
        let answer = request.send().await;
        assert_eq!(answer.header("content-language"), language);
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(answer.bytes)).unwrap();
        let part = archive.by_name("xl/sharedStrings.xml").unwrap();
        texts.push(std::io::read_to_string(part).unwrap());
    }
    assert!(texts[0].contains("may be left out") && texts[1].contains("생략 가능"));
}
