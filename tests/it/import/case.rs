//! Files as practice has them, each with its right outcome. They are made up after public reports
//! of people who run such systems; all persons in them are invented.

use std::path::Path;

use chrono::{NaiveDate, Utc};
use serde_json::{Value, json};

use super::{all_counts, allocation::receive, counts, post};
use crate::support::{Client, TestApp, make};

/// What becomes of a file: rows accepted, and of the others line, column and cause.
struct Case {
    file: &'static str,
    accepted: u64,
    rejected: &'static [(u64, &'static str, &'static str)],
    encoding: &'static str,
    separator: &'static str,
}

const fn read(file: &'static str, accepted: u64) -> Case {
    Case { file, accepted, rejected: &[], encoding: "utf-8", separator: "comma" }
}

const CASES: &[Case] = &[
    read("register-names.csv", 7),
    read("register-lost-zero.csv", 1),
    read("register-no-plus.csv", 1),
    read("register-fullwidth-phone.csv", 1),
    Case { encoding: "cp949", ..read("register-cp949.csv", 3) },
    Case { encoding: "utf-16le", ..read("register-utf16.csv", 1) },
    read("register-empty-rows.csv", 1),
    read("register-trailing-comma.csv", 1),
    Case { separator: "semicolon", ..read("register-semicolon.csv", 1) },
    Case { separator: "tab", ..read("register-tab.csv", 1) },
    read("register-sep-line.csv", 1),
    read("register-header-case.csv", 1),
    read("register-header-spaces.csv", 1),
    read("register-header-partcase.csv", 1),
    read("register-excel-text.csv", 1),
    read("register-excel-apos.csv", 1),
    Case {
        rejected: &[
            (5, "birth_date", "date_serial"),
            (6, "birth_date", "date_two_digit_year"),
            (9, "birth_date", "date_order"),
        ],
        ..read("register-dates.csv", 5)
    },
    read("register-no-phone.csv", 1),
    read("register-year-only.csv", 1),
    read("register-changed-phone-1.csv", 1),
    read("register-changed-phone-2.csv", 1),
    Case {
        rejected: &[(3, "name,birth_date,phone", "same_as_line")],
        ..read("register-nfc-nfd.csv", 1)
    },
    Case { rejected: &[(3, "region_code", "no_such")], ..read("register-partial.csv", 1) },
    read("allocations-decimal.csv", 1),
    read("allocations-thousands.csv", 1),
    read("allocations-fullwidth.csv", 1),
    read("allocations-twice-a.csv", 2),
    read("allocations-twice-b.csv", 2),
    read("slots-space.csv", 1),
    read("slots-seconds.csv", 1),
    read("slots-v1.csv", 1),
    read("slots-v2-fewer.csv", 1),
    Case {
        rejected: &[(2, "starts_at", "time_skipped"), (3, "starts_at", "time_twice")],
        ..read("slots-dst.csv", 1)
    },
    read("clinics-phones.csv", 10),
    read("clinics-quoted-newline.csv", 1),
];

/// A file of practice. Days of allocations that were ahead when it was made are as far ahead now.
pub fn bytes(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/import/cases");
    let bytes = std::fs::read(folder.join(file)).unwrap();
    if !file.starts_with("allocations") {
        return bytes;
    }
    let text = String::from_utf8(bytes).unwrap();
    let moved = text.split_inclusive([',', '\n']).map(|value| {
        match value.get(..10).and_then(|day| day.parse::<NaiveDate>().ok()) {
            Some(day) => value.replace(&day.to_string(), &moved(day).to_string()),
            None => value.to_owned(),
        }
    });
    moved.collect::<String>().into_bytes()
}

/// A day of a file, as far ahead as it was when the files were made; one that was past then stays.
fn moved(day: NaiveDate) -> NaiveDate {
    let made_on = NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
    match day > made_on {
        true => Utc::now().date_naive() + (day - made_on),
        false => day,
    }
}

fn kind(file: &str) -> &str {
    file.split('-').next().unwrap()
}

/// The setting of the cases: a campaign, its product, three clinics and two regions.
pub async fn setting() -> (TestApp, Client) {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    receive(&app.db, made.nation, 100_000).await;
    for sql in [
        "insert into region (code, name) values ('1', 'One'), ('11', 'Eleven')",
        "update campaign set code = 'w-2026' where code = 'test'",
        "insert into clinic (region_id, code, name, zone, address, phone)
         select region_id, 'C-' || n, 'Clinic ' || n,
             case n when 2 then 'America/New_York' else 'Asia/Seoul' end, 'x', '1339'
         from region, generate_series(1, 3) n where region.code = '11'",
    ] {
        sqlx::query(sql).execute(&app.db).await.unwrap();
    }
    let admin = app.admin().await;
    (app, admin)
}

#[tokio::test]
async fn each_file_of_practice_has_its_right_outcome() {
    let (_app, admin) = setting().await;
    for case in CASES {
        let Case { file, accepted, rejected, encoding, separator } = *case;
        let what = format!("{}?dry_run=true&partial=true", kind(file));
        let report = post(&admin, &what, bytes(file)).await.ok(200);
        let rejects = report["rejects"].as_array().unwrap().iter();
        let rejects: Vec<_> = rejects
            .map(|reject| {
                let text = |name: &str| reject[name].as_str().unwrap();
                (reject["line"].as_u64().unwrap(), text("column"), text("cause"))
            })
            .collect();
        assert_eq!(rejects, rejected, "{file}");
        let rejected = u64::try_from(rejected.len()).unwrap();
        assert_eq!(counts(&report), (accepted, 0, rejected), "{file}: {report}");
        let read_as = json!({"format": "csv", "encoding": encoding, "separator": separator});
        assert_eq!(report["read_as"], read_as, "{file}");
    }
}

#[tokio::test]
async fn a_partial_import_is_repaired_by_the_same_file_when_its_cause_is_gone() {
    let (app, admin) = setting().await;
    let file = || bytes("register-partial.csv");
    let report = post(&admin, "register?partial=true", file()).await.ok(200);
    assert_eq!(all_counts(&report), [1, 0, 0, 1]);
    sqlx::query("insert into region (code, name) values ('26', 'Busan')")
        .execute(&app.db)
        .await
        .unwrap();
    let report = post(&admin, "register", file()).await.ok(200);
    assert_eq!(all_counts(&report), [1, 0, 1, 0]);
}

#[tokio::test]
async fn the_same_allocations_in_other_bytes_do_not_count_twice() {
    let (app, admin) = setting().await;
    let day = moved(NaiveDate::from_ymd_opt(2026, 12, 14).unwrap());
    let granted = async || -> i64 {
        let sql = "select granted::bigint from allocation join clinic using (clinic_id)
                   where code = 'C-1' and on_date = $1";
        sqlx::query_scalar(sql).bind(day).fetch_one(&app.db).await.unwrap()
    };
    post(&admin, "allocations", bytes("allocations-twice-a.csv")).await.ok(200);
    let twice = || bytes("allocations-twice-b.csv");
    post(&admin, "allocations", twice()).await.problem(409, "already_loaded");
    assert_eq!(granted().await, 10);
    post(&admin, "allocations?again=true", twice()).await.ok(200);
    assert_eq!(granted().await, 20, "a true second load");
}

#[tokio::test]
async fn every_file_of_the_folder_has_an_outcome() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/import/cases");
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    files.sort();
    let mut cases: Vec<_> = CASES.iter().map(|case| case.file).collect();
    cases.extend(super::clinic_day::FILES);
    cases.sort_unstable();
    assert_eq!(files, cases);
}

#[tokio::test]
async fn what_was_read_is_what_people_type() {
    let (app, admin) = setting().await;
    for case in CASES.iter().filter(|case| kind(case.file) == "register") {
        let answer = post(&admin, "register?partial=true", bytes(case.file)).await;
        if ["register-changed-phone-2.csv", "register-utf16.csv"].contains(&case.file) {
            // Perhaps somebody of another file: the same name and birth date, another phone.
            let problem = answer.problem(422, "rows_rejected");
            assert_eq!(problem["rejects"][0]["code"], "possible_duplicate");
        } else {
            answer.ok(200);
        }
    }
    let phones: Vec<String> = sqlx::query_scalar(
        "select phone from person where phone not like '010________' and phone <> ''",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    assert_eq!(phones, [""; 0], "every number is one that can be typed");
    for (name, birth_date, phone) in [
        ("Zero Lost", "1964-04-01", "010-2000-0200"),
        ("No Plus", "1964-04-02", "010-2000-0201"),
        ("Wide Digits", "1964-04-03", "010-2000-0202"),
        ("Excel Text", "1964-03-05", "010-2000-0419"),
        ("Excel Apos", "1964-03-05", "010-2000-0420"),
        ("D One", "1964-03-05", "010-2000-0301"),
        ("D Six", "1964-03-05", "010-2000-0306"),
        ("Tab Row", "1964-03-05", "010-2000-0402"),
        ("Plain Name", "1964-03-07", "010-2000-0407"),
        ("박나래", "1964-07-01", "010-3000-0001"),
        ("Phone Less", "1941-04-05", ""),
        ("Year Only", "1941-12-31", "010-2000-0204"),
        ("Twice Registered", "1964-06-06", "010-2000-0601"),
        ("Part Good", "1964-03-05", "010-2000-0501"),
    ] {
        let found: i64 = sqlx::query_scalar(
            "select count(*) from person
             where name = $1 and birth_date = $2::date and phone = replace($3, '-', '')",
        )
        .bind(name)
        .bind(birth_date.parse::<NaiveDate>().unwrap())
        .bind(phone)
        .fetch_one(&app.db)
        .await
        .unwrap();
        assert_eq!(found, 1, "{name}");
    }
}

#[tokio::test]
async fn phones_of_clinics_are_kept_as_they_are_shown_by_file_and_by_api() {
    let (app, admin) = setting().await;
    for file in ["clinics-phones.csv", "clinics-quoted-newline.csv"] {
        post(&admin, "clinics", bytes(file)).await.ok(200);
    }
    let kept: Vec<(i32, String)> = sqlx::query_as(
        "select clinic_id, phone from clinic where code like 'P-%' order by clinic_id",
    )
    .fetch_all(&app.db)
    .await
    .unwrap();
    let phones: Vec<_> = kept.iter().map(|(_, phone)| phone.as_str()).collect();
    let expected = [
        "02-700-0001",
        "1588-0000",
        "+82-2-700-0003",
        "02-700-0004, 02-700-0005",
        "02-700-0006/7",
        "02-700-0008~9",
        "02-700-0010 (ext. 3)",
        "",
        "02–700–0011",
        "０２－７００－００１２",
    ];
    assert_eq!(phones, expected);
    for (id, phone) in &kept {
        let path = format!("/v1/admin/clinics/{id}");
        let change = json!({"phone": phone, "name": "Other"});
        let answer = admin.request(reqwest::Method::PATCH, &path).json(&change).send().await;
        assert_eq!(answer.ok(200)["phone"], Value::from(phone.as_str()));
    }
    let path = format!("/v1/admin/clinics/{}", kept[0].0);
    let call = json!({"phone": "call us"});
    let answer = admin.request(reqwest::Method::PATCH, &path).json(&call).send().await;
    answer.blames(422, "invalid_field", "phone");
    let address: String = sqlx::query_scalar("select address from clinic where code = 'Q-1'")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(address, "12 Sejong-daero 2nd floor");
}
