//! Workbooks over HTTP: those of spreadsheet programs, and those that mean harm.

use std::io::{Cursor, Write};

use reqwest::Method;
use rust_xlsxwriter::{Format, Workbook};
use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{REGISTER, counts, people, post};
use crate::support::{Answer, Client, TestApp, make};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const HEADER: [&str; 4] = ["이름", "생년월일", "휴대전화", "지역 코드"];

async fn send(client: &Client, what: &str, media_type: &str, file: Vec<u8>) -> Answer {
    let path = format!("/v1/admin/imports/{what}");
    client.request(Method::POST, &path).body(media_type, file).send().await
}

/// The people of `REGISTER`, with dates and numbers as a spreadsheet keeps them.
fn register() -> Vec<u8> {
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.set_name("명부").unwrap();
    for (column, heading) in (0..).zip(HEADER) {
        sheet.write_string(0, column, heading).unwrap();
    }
    for (row, name, day, phone, region) in [
        (1, "Kim Minji", 22_706, 1_012_345_678.0, "P1D1"),
        (3, "Lee Seojun", 24_107, 1_087_654_321.0, "P2D2"),
    ] {
        sheet.write_string(row, 0, name).unwrap();
        sheet.write_number_with_format(row, 1, day, &date).unwrap();
        sheet.write_number(row, 2, phone).unwrap();
        sheet.write_string(row, 3, region).unwrap();
    }
    workbook.add_worksheet().set_name("메모").unwrap().write_string(0, 0, "memo").unwrap();
    workbook.save_to_buffer().unwrap()
}

#[tokio::test]
async fn a_workbook_means_what_the_same_text_means() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let report = send(&admin, "register", XLSX, register()).await.ok(200);
    assert_eq!(counts(&report), (2, 0, 0), "{report}");
    assert_eq!(report["read_as"], json!({"format": "xlsx"}));
    let report = post(&admin, "register", REGISTER).await.ok(200);
    assert_eq!(counts(&report), (0, 2, 0), "the same people");
    assert_eq!(people(&app.db).await, 22);
}

#[tokio::test]
async fn a_file_is_known_by_what_is_in_it_and_a_sheet_by_its_name() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    for media_type in ["text/csv", XLSX, "application/octet-stream", "Text/CSV; charset=euc-kr"] {
        for (file, format) in [(register(), "xlsx"), (REGISTER.into(), "csv")] {
            let report = send(&admin, "register?dry_run=true", media_type, file).await.ok(200);
            assert_eq!(report["read_as"]["format"], format, "{media_type}");
            assert_eq!(counts(&report), (2, 0, 0));
        }
    }
    send(&admin, "register", "application/zip", register())
        .await
        .problem(415, "unsupported_media_type");
    let named = "register?dry_run=true&sheet=%EB%AA%85%EB%B6%80";
    assert_eq!(counts(&send(&admin, named, XLSX, register()).await.ok(200)), (2, 0, 0));
    for (sheet, cause) in [("%EB%A9%94%EB%AA%A8", "no_header"), ("none", "no_such_sheet")] {
        let what = format!("register?dry_run=true&sheet={sheet}");
        let refused = send(&admin, &what, XLSX, register()).await.problem(422, "rows_rejected");
        assert_eq!(refused["rejects"][0]["cause"], cause);
    }
}

#[tokio::test]
async fn a_cell_that_cannot_be_read_is_named_in_the_language_of_the_reader() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let row = |cells: &str| {
        let header = HEADER.map(|heading| format!("<c t=\"str\"><v>{heading}</v></c>")).concat();
        package(&format!("<row>{header}</row><row r=\"7\">{cells}</row>"))
    };
    let text = |text: &str| format!("<c t=\"str\"><v>{text}</v></c>");
    let good = text("Kim") + &text("1962-03-01") + &text("010-1234-5678") + &text("P1D1");
    let what = "register?dry_run=true";
    send(&admin, what, XLSX, row(&good)).await.ok(200);
    for (from, to, column, cause) in [
        ("<c t=\"str\"><v>P1D1", "<c t=\"e\"><v>#SECRET!", "region_code", "cell_error"),
        (&text("P1D1"), "<c><f>A1</f></c>", "region_code", "formula_without_value"),
        (&text("1962-03-01"), "<c><v>22706</v></c>", "birth_date", "date_serial"),
        (&text("1962-03-01"), "<c><v>620301</v></c>", "birth_date", "date_two_digit_year"),
        (&text("010-1234-5678"), "<c><v>212345678</v></c>", "phone", "phone_start"),
        (&text("010-1234-5678"), "<c><v>10.5</v></c>", "phone", "phone_digits"),
        (&text("P1D1"), "", "region_code", "must_be"),
    ] {
        let file = row(&good.replace(from, to));
        let path = format!("/v1/admin/imports/{what}");
        let request = admin.request(Method::POST, &path).header("accept-language", "ko");
        let answer = request.body(XLSX, file).send().await;
        let said = answer.text();
        let refused = answer.problem(422, "rows_rejected");
        let reject = &refused["rejects"][0];
        assert_eq!((&reject["line"], &reject["column"]), (&7.into(), &column.into()), "{said}");
        assert_eq!(reject["cause"], cause, "{said}");
        let text = reject["text"].as_str().unwrap();
        assert!(text.chars().any(|c| ('가'..='힣').contains(&c)), "{text}");
        for value in ["Kim", "22706", "620301", "212345678", "#SECRET"] {
            assert!(!said.contains(value), "{value} in {said}");
        }
    }
}

/// The smallest workbook with these rows.
fn package(rows: &str) -> Vec<u8> {
    parts(&[("xl/worksheets/sheet1.xml", &sheet(rows))])
}

fn sheet(rows: &str) -> Vec<u8> {
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>").into_bytes()
}

fn parts(own: &[(&str, &[u8])]) -> Vec<u8> {
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationship Id=\"{id}\" Type=\"http://x/{kind}\" Target=\"{target}\"/>")
    };
    let relations = |of: String| format!("<Relationships>{of}</Relationships>");
    let root = relations(relation("r1", "officeDocument", "xl/workbook.xml"));
    let workbook = "<workbook><sheets><sheet name=\"1\" r:id=\"r1\"/></sheets></workbook>";
    let of_workbook = relations(
        relation("r1", "worksheet", "worksheets/sheet1.xml")
            + &relation("r2", "sharedStrings", "sharedStrings.xml"),
    );
    let fixed: [(&str, &[u8]); 3] = [
        ("_rels/.rels", root.as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", of_workbook.as_bytes()),
    ];
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in fixed.iter().chain(own) {
        if own.iter().any(|(own, _)| own == name) && fixed.iter().any(|(_, fixed)| fixed == content)
        {
            continue;
        }
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// The one cause that is given, and no row counts.
fn first_cause(refused: &Value) -> &str {
    let rejects = refused["rejects"].as_array().unwrap();
    assert_eq!(rejects.len(), 1, "{refused}");
    assert_eq!(refused["rows_read"], 0);
    rejects[0]["cause"].as_str().unwrap()
}

#[tokio::test]
async fn a_workbook_that_means_harm_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let head = HEADER.map(|heading| format!("<c t=\"str\"><v>{heading}</v></c>")).concat();
    let head = format!("<row>{head}</row>");
    let cells = ["Kim", "1962-03-01", "010-1234-5678", "P1D1"];
    let row = cells.map(|text| format!("<c t=\"str\"><v>{text}</v></c>")).concat();
    let good = format!("{head}<row>{row}</row>");
    let control = send(&admin, "register?dry_run=true", XLSX, package(&good)).await.ok(200);
    assert_eq!(counts(&control), (1, 0, 0), "the control");

    let megabytes = |of: &str, many: usize| of.repeat((many << 20) / of.len());
    let long_text = format!("{good}<row><c t=\"str\"><v>{}</v></c></row>", megabytes("x", 64));
    let comment = format!("{good}<!--{}-->", megabytes("x", 64));
    let many_rows = good.clone() + &"<row/>".repeat(1 << 20);
    let many_cells = format!("{good}<row>{}</row>", "<c/>".repeat(20_000));
    let backwards = format!("{good}<row r=\"1\"/>");
    let entities = b"<!DOCTYPE a [<!ENTITY b \"bbbb\">]><worksheet/>";
    let cut = &sheet(&good)[..200];
    let sheet1 = "xl/worksheets/sheet1.xml";
    let strings = "xl/sharedStrings.xml";
    let good_sheet = sheet(&good);
    let long_string = format!("<sst><si><t>{}</t></si></sst>", megabytes("x", 8));
    let mut damaged = package(&good);
    let cells = damaged.windows(10).rposition(|name| name == b"sheet1.xml").unwrap();
    let cells = damaged[..cells].windows(10).rposition(|name| name == b"sheet1.xml").unwrap();
    damaged[cells + 60..cells + 64].fill(0);
    let mut counted = package(&good);
    let end = counted.windows(4).rposition(|bytes| bytes == b"PK\x05\x06").unwrap();
    counted[end + 10..end + 12].copy_from_slice(&[0xff, 0xff]);
    let mut other_archive = ZipWriter::new(Cursor::new(Vec::new()));
    other_archive.start_file("mimetype", SimpleFileOptions::default()).unwrap();
    other_archive.write_all(b"application/vnd.oasis.opendocument.spreadsheet").unwrap();
    for (what, file, cause) in [
        ("a long text", package(&long_text), "workbook_broken"),
        ("a long comment", package(&comment), "workbook_broken"),
        ("more rows than a sheet has", package(&many_rows), "sheet_too_long"),
        ("more cells than a row has", package(&many_cells), "workbook_broken"),
        ("rows out of order", package(&backwards), "workbook_broken"),
        ("entities", parts(&[(sheet1, entities)]), "workbook_broken"),
        ("a sheet cut off", parts(&[(sheet1, cut)]), "workbook_broken"),
        ("no XML", parts(&[(sheet1, b"\0\x01\x02")]), "workbook_broken"),
        ("no sheet", parts(&[]), "workbook_broken"),
        (
            "a long shared text",
            parts(&[(strings, long_string.as_bytes()), (sheet1, &good_sheet)]),
            "workbook_broken",
        ),
        ("damaged bytes", damaged, "workbook_broken"),
        ("a directory of any length", counted, "workbook_broken"),
        ("cut off", package(&good)[..300].to_vec(), "workbook_broken"),
        ("another archive", other_archive.finish().unwrap().into_inner(), "no_workbook"),
    ] {
        assert!(file.len() < 1 << 20, "{what}: a small file");
        let answer = send(&admin, "register?partial=true", XLSX, file).await;
        assert_eq!(answer.status, 422, "{what}: {}", answer.text());
        let refused = answer.problem(422, "rows_rejected");
        assert_eq!(first_cause(&refused), cause, "{what}: {refused}");
    }
    assert_eq!(people(&app.db).await, 20);
}
