//! Files that administrators load, over HTTP: what they change, and that they change nothing when
//! they should not.

mod again;
mod allocation;
mod beside;
mod brake;
mod case;
mod clinic_day;
mod dry_run;
mod listed;
pub mod lock;
mod memory;
mod person;
mod register;
mod reject;
mod slot;
mod spool;
mod template;
mod user;
mod workbook;

use dosebook::{
    domain::{import::brake::Limits, keys::Keys},
    flows::import::{Imported, Imports, Options},
};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

use crate::support::{Answer, Client, TestApp, app::SECRET, make};

const REGISTER: &str = "name,birth_date,phone,region_code
Kim Minji,1962-03-01,010-1234-5678,P1D1
Lee Seojun,1965-12-31,+82 10 8765 4321,P2D2
";

/// Sends a file; `what` is a kind, with or without a query.
pub async fn post(client: &Client, what: &str, file: impl Into<reqwest::Body>) -> Answer {
    let path = format!("/v1/admin/imports/{what}");
    client.request(Method::POST, &path).body("text/csv", file).send().await
}

/// Accepted, changed, unchanged and rejected rows.
#[track_caller]
fn all_counts(report: &Value) -> [u64; 4] {
    let count = |name: &str| report[name].as_u64().unwrap();
    let counts = ["rows_accepted", "rows_changed", "rows_unchanged", "rows_rejected"].map(count);
    assert_eq!(count("rows_read"), counts.iter().sum::<u64>(), "{report}");
    counts
}

/// Rows that were accepted or changed something, unchanged and rejected rows.
#[track_caller]
pub fn counts(report: &Value) -> (u64, u64, u64) {
    let [accepted, changed, unchanged, rejected] = all_counts(report);
    (accepted + changed, unchanged, rejected)
}

async fn number(db: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

async fn people(db: &PgPool) -> i64 {
    number(db, "select count(*) from person").await
}

async fn revision(db: &PgPool) -> i64 {
    number(db, "select revision from catalogue").await
}

#[tokio::test]
async fn a_register_is_compared_each_time_and_its_people_can_sign_in() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let (admin, before) = (app.admin().await, revision(&app.db).await);
    let report = post(&admin, "register", REGISTER).await.ok(200);
    assert_eq!(all_counts(&report), [2, 0, 0, 0]);
    assert_eq!(people(&app.db).await, 22);
    assert_eq!(revision(&app.db).await, before + 1);

    let again = post(&admin, "register", REGISTER).await.ok(200);
    assert_eq!(all_counts(&again), [0, 0, 2, 0]);
    assert_eq!(people(&app.db).await, 22);
    let moved = REGISTER.replace("P2D2", "P2D1");
    assert_eq!(all_counts(&post(&admin, "register", moved).await.ok(200)), [0, 1, 1, 0]);
    let back = post(&admin, "register", REGISTER).await.ok(200);
    assert_eq!(all_counts(&back), [0, 1, 1, 0], "the first file again: it is what counts");

    let claim = json!({"name": "kim  minji", "birth_date": "1962-03-01", "phone": "01012345678"});
    app.public().post("/v1/auth/codes", &claim).await.ok(202);
    let (_, page) = app.codes_page(&[]).await;
    assert!(page.contains("010******78"), "a code went out: the person was found: {page}");
}

#[tokio::test]
async fn a_file_from_a_spreadsheet_means_the_same() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    post(&admin, "register", REGISTER).await.ok(200);
    let windows = format!("\u{feff}{}", REGISTER.replace('\n', "\r\n"));
    let report = post(&admin, "register", windows).await.ok(200);
    assert_eq!(counts(&report), (0, 2, 0), "BOM and CRLF");
    let turned = "\"region_code\",\"phone\",\"name\",\"birth_date\"\n\n\
                  P1D1,01012345678,\"KIM   Minji\",1962-03-01\n";
    let report = post(&admin, "register", turned).await.ok(200);
    assert_eq!(counts(&report), (0, 1, 0), "quotes, another order, an empty line");
    assert_eq!(people(&app.db).await, 22);
}

#[tokio::test]
async fn who_moved_is_moved() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    post(&admin, "register", REGISTER).await.ok(200);
    let moved = REGISTER.replace("P1D1", "P1D2");
    assert_eq!(counts(&post(&admin, "register", moved).await.ok(200)), (1, 1, 0));
    let there = "select count(*) from person join region using (region_id)
                 where person.name = 'Kim Minji' and code = 'P1D2'";
    assert_eq!(number(&app.db, there).await, 1);
}

#[tokio::test]
async fn all_rows_or_none_unless_asked() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let (admin, before) = (app.admin().await, revision(&app.db).await);
    let file = format!("{REGISTER}Park Doyun,1962-02-30,01011112222,P1D1\n");
    let refused = post(&admin, "register", file.clone()).await.problem(422, "rows_rejected");
    assert_eq!(refused["rejects"][0]["line"], 4);
    assert_eq!((people(&app.db).await, revision(&app.db).await), (20, before));
    assert_eq!(number(&app.db, "select count(*) from import").await, 0);

    let report = post(&admin, "register?partial=true", file.clone()).await.ok(200);
    assert_eq!(counts(&report), (2, 0, 1));
    assert_eq!(report["rejects"], refused["rejects"]);
    assert_eq!(people(&app.db).await, 22);
    post(&admin, "register", file.clone()).await.problem(422, "rows_rejected");
    let again = post(&admin, "register?partial=true", file).await.ok(200);
    assert_eq!((counts(&again), &again["rejects"]), ((0, 2, 1), &report["rejects"]));

    let bad = "name,birth_date,phone,region_code\nPark Doyun,1962-02-30,01011112222,P1D1\n";
    let refused = post(&admin, "register?partial=true", bad).await;
    refused.problem(422, "rows_rejected");
    assert_eq!(number(&app.db, "select count(*) from import").await, 2, "no good row, no import");
}

#[tokio::test]
async fn a_dry_run_answers_the_same_and_changes_nothing() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let (admin, before) = (app.admin().await, revision(&app.db).await);
    let mut tried = post(&admin, "register?dry_run=true", REGISTER).await.ok(200);
    assert_eq!((&tried["dry_run"], counts(&tried)), (&json!(true), (2, 0, 0)));
    assert_eq!((people(&app.db).await, revision(&app.db).await), (20, before));
    let bad = REGISTER.replace("P1D1", "nowhere");
    post(&admin, "register?dry_run=true", bad).await.problem(422, "rows_rejected");

    let done = post(&admin, "register", REGISTER).await.ok(200);
    tried["dry_run"] = json!(false);
    assert_ne!(tried["import_id"], done["import_id"], "both are remembered");
    tried["import_id"] = done["import_id"].clone();
    assert_eq!(tried, done);
}

#[tokio::test]
async fn the_same_file_sent_by_many_at_once_is_loaded_once() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let pool = allocation::pool_of(&app.db, &made, "P1").await;
    allocation::receive(&app.db, pool, 1000).await;
    let other = app.another().await;
    let clients = [app.admin().await, other.admin().await];
    let file = "campaign_code,clinic_code,product_code,on_date,doses\ntest,C1,207,2030-01-01,50\n";
    let sent = (0..6).map(|n| {
        let client = clients[n % 2].clone();
        tokio::spawn(async move { post(&client, "allocations", file).await })
    });
    let mut loaded = Vec::new();
    let mut refused = Vec::new();
    for answer in sent.collect::<Vec<_>>() {
        let answer = answer.await.unwrap();
        match answer.status {
            200 => loaded.push(answer.ok(200)["import_id"].clone()),
            _ => refused.push(answer.problem(409, "already_loaded")["facts"]["import_id"].clone()),
        }
    }
    assert_eq!((loaded.len(), refused), (1, vec![loaded[0].clone(); 5]), "the one is named");
    let doses = "select sum(doses) from movement where kind = 22 and reason = 'import of a file'";
    assert_eq!(number(&app.db, doses).await, 50);
}

#[tokio::test]
async fn members_join_a_roster_once() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    sqlx::query("insert into roster (code, name) values ('police', 'Police')")
        .execute(&app.db)
        .await
        .unwrap();
    post(&admin, "register", REGISTER).await.ok(200);
    let file = "roster_code,name,birth_date,phone\npolice,Kim Minji,1962-03-01,01012345678\n";
    assert_eq!(counts(&post(&admin, "roster", file).await.ok(200)), (1, 0, 0));
    let more = format!("{file}police,Lee Seojun,1965-12-31,01087654321\n");
    assert_eq!(counts(&post(&admin, "roster", more).await.ok(200)), (1, 1, 0));
    assert_eq!(number(&app.db, "select count(*) from roster_member").await, 2);
}

#[tokio::test]
async fn a_file_of_clinics_may_have_names_in_languages() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let row = "NEW,Clinic,P1D1,Asia/Seoul,Street,1339,,";
    let header = "code,name,region_code,zone,address,phone,latitude,longitude";
    let names = async || -> (Option<String>, Option<String>) {
        let names = "select name_ko, name_en from clinic where code = 'NEW'";
        sqlx::query_as(names).fetch_one(&app.db).await.unwrap()
    };
    let some = |text: &str| Some(text.to_owned());
    for (columns, values, expected, changed, what) in [
        ("", "", (None, None), 1, "a new clinic without names"),
        (",name_ko,name_en", ",의원,Clinic", (some("의원"), some("Clinic")), 1, "both set"),
        (",name_en", ",Practice", (some("의원"), some("Practice")), 1, "no column: it stays"),
        (",name_en,name_ko", ",Practice,의원", (some("의원"), some("Practice")), 0, "the same"),
        ("", "", (some("의원"), some("Practice")), 0, "nothing is said of names"),
        (",name_ko,name_en", ",,Practice", (None, some("Practice")), 1, "an empty value clears"),
    ] {
        let file = format!("{header}{columns}\n{row}{values}\n");
        let report = post(&admin, "clinics", file).await.ok(200);
        assert_eq!(counts(&report), (changed, 1 - changed, 0), "{what}");
        assert_eq!(names().await, expected, "{what}");
    }
    let long = format!("{header},name_en\n{row},{}\n", "x".repeat(201));
    let refused = post(&admin, "clinics", long).await.problem(422, "rows_rejected");
    assert_eq!(refused["rejects"][0]["column"], "name_en");
}

#[tokio::test]
async fn a_file_of_clinics_may_say_what_they_have_and_how_they_are_found() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let row = "NEW,Clinic,P1D1,Asia/Seoul,Street,1339,,";
    let header = "code,name,region_code,zone,address,phone,latitude,longitude";
    let kept = async || -> (Value, Option<String>, Option<String>) {
        let sql = "select amenities, directions, directions_en from clinic where code = 'NEW'";
        sqlx::query_as(sql).fetch_one(&app.db).await.unwrap()
    };
    let some = |text: &str| Some(text.to_owned());
    let both = json!({"step_free": true, "parking": false});
    for (columns, values, expected, changed, what) in [
        ("", "", (json!({}), None, None), 1, "a file as before"),
        (",step_free,parking", ",yes,no", (both.clone(), None, None), 1, "yes and no"),
        (",step_free,parking", ",Yes,NO", (both.clone(), None, None), 0, "the same"),
        (",directions", ",Exit 3", (both.clone(), some("Exit 3"), None), 1, "no column: it stays"),
        (
            ",directions_en,wheelchair,parking",
            ",Exit 4,yes,",
            (json!({"step_free": true, "wheelchair": true}), some("Exit 3"), some("Exit 4")),
            1,
            "an empty value makes one unknown",
        ),
        (
            ",directions,directions_ko",
            ",,",
            (json!({"step_free": true, "wheelchair": true}), None, some("Exit 4")),
            1,
            "and removes directions",
        ),
    ] {
        let file = format!("{header}{columns}\n{row}{values}\n");
        let report = post(&admin, "clinics", file).await.ok(200);
        assert_eq!(counts(&report), (changed, 1 - changed, 0), "{what}");
        assert_eq!(kept().await, expected, "{what}");
    }
    for (column, value) in [("hearing_loop", "perhaps"), ("directions_ko", &"x".repeat(501))] {
        let file = format!("{header},{column}\n{row},{value}\n");
        let refused = post(&admin, "clinics", file).await.problem(422, "rows_rejected");
        assert_eq!(refused["rejects"][0]["column"], column);
    }
    let file = format!("{header},parking\nALSO,Clinic,P1D1,Asia/Seoul,Street,1339,,,no\n");
    post(&admin, "clinics", file).await.ok(200);
    let new =
        "select count(*) from clinic where code = 'ALSO' and amenities = '{\"parking\": false}'";
    assert_eq!(number(&app.db, new).await, 1, "a new clinic too");
}

#[tokio::test]
async fn clinics_are_added_and_rewritten() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let header = "code,name,region_code,zone,address,phone,latitude,longitude";
    let far = "FAR,\"Far \"\"Clinic\"\"\",P2D2,Asia/Seoul,\"1, Back\\Street\",02-123-4567";
    let file = format!("{header}\n{far},,\nPOS,Clinic,P1D1,Asia/Seoul,Street,1339,37.5,127\n");
    assert_eq!(counts(&post(&admin, "clinics", file.clone()).await.ok(200)), (2, 0, 0));
    let change =
        format!("{header}\n{far},37.1,127.2\nPOS,Clinic,P1D1,Asia/Seoul,Street,1339,37.5,127.0\n");
    assert_eq!(counts(&post(&admin, "clinics", change).await.ok(200)), (1, 1, 0));
    let stored: (String, String, Option<f64>) =
        sqlx::query_as("select name, address, latitude from clinic where code = 'FAR'")
            .fetch_one(&app.db)
            .await
            .unwrap();
    assert_eq!(stored, ("Far \"Clinic\"".into(), "1, Back\\Street".into(), Some(37.1)));
}

#[tokio::test]
async fn imported_slots_and_doses_can_be_booked() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    let pool = allocation::pool_of(&app.db, &made, "P1").await;
    allocation::receive(&app.db, pool, 100).await;
    let day = made.allocation(0, 4).on_date + chrono::Days::new(1);
    let slots = format!("clinic_code,starts_at,ends_at,seats\nC1,{day}T08:00,{day}T09:00,1\n");
    assert_eq!(counts(&post(&admin, "slots", slots.clone()).await.ok(200)), (1, 0, 0));
    let more = format!("{slots}C1,{day}T09:00:00+09:00,{day}T10:00:00+09:00,1\n");
    assert_eq!(counts(&post(&admin, "slots", more).await.ok(200)), (1, 1, 0));
    let ids: Vec<i64> = sqlx::query_scalar(
        "select slot_id from slot where clinic_id = $1 and on_date = $2 order by starts_at",
    )
    .bind(made.clinics[0].0)
    .bind(day)
    .fetch_all(&app.db)
    .await
    .unwrap();
    let last =
        made.slots.iter().filter(|slot| slot.clinic_id == made.clinics[0]).map(|s| s.slot_id.0);
    let last = last.max().unwrap();
    assert_eq!(ids, [last + 1, last + 2], "the next numbers within the clinic");

    let body = json!({
        "campaign_id": made.campaign_id, "slot_id": ids[0], "product_id": made.product_id,
    });
    let [first, second] = [0, 1].map(|n| app.citizen(&made.people[n]));
    first.put_booking(Uuid::now_v7(), &body).await.problem(409, "doses_exhausted");
    let doses =
        format!("campaign_code,clinic_code,product_code,on_date,doses\ntest,C1,207,{day},10\n");
    post(&admin, "allocations", doses).await.ok(200);
    first.put_booking(Uuid::now_v7(), &body).await.ok(201);
    second.put_booking(Uuid::now_v7(), &body).await.problem(409, "seat_taken");
}

#[tokio::test]
async fn a_slot_on_a_day_of_closure_is_closed() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    sqlx::query("insert into clinic_closure values ($1, '2030-01-01', 'New Year')")
        .bind(made.clinics[0].0)
        .execute(&app.db)
        .await
        .unwrap();
    let file = "clinic_code,starts_at,ends_at,seats
C1,2030-01-01T08:00,2030-01-01T09:00,5
C1,2030-01-02T08:00,2030-01-02T09:00,5
C2,2030-01-01T08:00,2030-01-01T09:00,5
";
    post(&app.admin().await, "slots", file).await.ok(200);
    let closed = "select count(*) from slot where on_date >= '2030-01-01' and is_closed";
    assert_eq!(number(&app.db, closed).await, 1);
}

#[tokio::test]
async fn only_administrators_load_files() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let staff = app.staff(made.clinics[0]).await;
    post(&app.public(), "register", REGISTER).await.problem(401, "unauthenticated");
    let citizen = app.citizen(&made.people[0]);
    post(&citizen, "register", REGISTER).await.problem(401, "unauthenticated");
    post(&staff, "register", REGISTER).await.problem(403, "forbidden");
    assert_eq!(people(&app.db).await, 20);
}

#[tokio::test]
async fn a_request_that_is_no_import_says_why() {
    let app = TestApp::start().await;
    let admin = app.admin().await;
    post(&admin, "people", REGISTER).await.problem(404, "not_found");
    post(&admin, "register?dryrun=true", REGISTER).await.blames(422, "unknown_field", "dryrun");
    post(&admin, "register?dry_run=yes", REGISTER).await.blames(422, "invalid_field", "dry_run");
    let request = admin.request(Method::POST, "/v1/admin/imports/register");
    let answer = request.body("application/json", "{}").send().await;
    answer.problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn whoever_waits_hears_how_far_it_is() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.csv");
    let mut file = REGISTER.to_owned();
    for number in 0..20_000 {
        file.push_str(&format!("Person {number},1962-03-01,011{number:08},P1D1\n"));
    }
    std::fs::write(&path, &file).unwrap();
    let seen = std::cell::RefCell::new(Vec::new());
    let progress = |bytes| seen.borrow_mut().push(bytes);
    let imports = Imports::new(app.app.db.clone(), Keys::new(&SECRET), Limits::default(), None);
    let opened = std::fs::File::open(&path).unwrap();
    let kind = "register".parse().unwrap();
    let imported = imports.load(kind, opened, Options::default(), progress).await;
    let Ok(Imported::Loaded(report)) = imported else { panic!("{imported:?}") };
    assert_eq!(report.rows_accepted, 20_002);
    let seen = seen.into_inner();
    assert!(seen.len() > 1 && seen.is_sorted(), "{seen:?}");
    assert_eq!(seen.last().copied(), Some(file.len() as u64));
}

/// Runs `dosebook import` on a database; answers its exit code and what it printed.
async fn command(app: &TestApp, arguments: &[&str]) -> (Option<i32>, String) {
    run(app, &[&["import"], arguments].concat()).await
}

/// Runs a command on a database; answers its exit code and what it printed.
async fn run(app: &TestApp, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_dosebook"))
        .args(arguments)
        .env("DATABASE_URL", app.database.url())
        .env("DOSEBOOK_SECRET", data_encoding::HEXLOWER.encode(&SECRET))
        .env("DOSEBOOK_DATA_DIR", folder.path())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn the_command_prints_the_rejected_rows_and_says_so_by_its_exit_code() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("register.csv");
    let path = path.to_str().unwrap();
    std::fs::write(path, format!("{REGISTER}Park Doyun,1962-02-30,01011112222,P1D1\n")).unwrap();
    let (code, text) = command(&app, &["register", path]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("       4  birth_date  invalid_field  The birth date is not"), "{text}");
    assert!(!text.contains("Park"), "{text}");
    assert_eq!(people(&app.db).await, 20);

    let (code, text) = command(&app, &["register", path, "--partial", "--dry-run"]).await;
    assert_eq!((code, people(&app.db).await), (Some(0), 20), "{text}");
    let (code, text) = command(&app, &["register", path, "--partial"]).await;
    assert_eq!((code, people(&app.db).await), (Some(0), 22), "{text}");
    assert!(text.contains("3 rows read, 2 accepted, 0 changed, 0 unchanged, 1 rejected"), "{text}");
    assert_eq!(command(&app, &["register", "no-such-file.csv"]).await.0, Some(1));
    assert_eq!(command(&app, &["people", path]).await.0, Some(2), "a kind that is none");
}
