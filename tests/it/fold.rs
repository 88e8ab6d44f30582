//! One person in every spelling: register, roster, administrators and sign-in compare names and
//! phones in one form, and keys of the form before are made anew while everybody is still found.

use dosebook::domain::{
    birth_date::BirthDate,
    keys::Keys,
    person_key::{earlier_match_key, match_key},
};
use serde_json::{Value, json};
use sqlx::{Executor, PgPool, query_scalar};

use crate::{
    import::{counts, post},
    spelling::signs_in,
    support::{Person, TestApp, app::SECRET, make},
    web::{claim, code_of},
};

const HEADER: &str = "name,birth_date,phone,region_code";

/// Name and phone as somebody writes them.
type Written = (&'static str, &'static str);

/// Name, birth date and phone of the register, and how else name and phone are written.
type Known = (&'static str, &'static str, &'static str, &'static [Written]);

const PEOPLE: &[Known] = &[
    (
        "김보람",
        "1964-03-05",
        "010-2000-0001",
        &[
            ("\u{1100}\u{1175}\u{11b7}\u{1107}\u{1169}\u{1105}\u{1161}\u{11b7}", "01020000001"),
            ("김 보람", "+82 10-2000-0001"),
            ("김보람\u{200b}", "０１０－２０００－０００１"),
        ],
    ),
    (
        "O'Neil Dara",
        "1964-03-06",
        "010-2000-0002",
        &[
            ("O’Neil Dara", "010 2000 0002"),
            ("o`neil  DARA", "0082 10 2000 0002"),
            ("O´Neil\u{a0}Dara", "+82 (0)10-2000-0002"),
        ],
    ),
    (
        "Ｌｅｅ　Ｓｏｒａ",
        "1964-03-07",
        "1020000003",
        &[
            ("Lee Sora", "010-2000-0003"),
            ("LEE SORA", "010\u{2013}2000\u{2013}0003"),
            ("\u{feff}lee sora", "10-2000-0003"),
        ],
    ),
    (
        "Anne-Marie van der Zwanenburg-Østergård",
        "1964-03-09",
        "821020000005",
        &[
            ("Anne\u{2011}Marie van der Zwanenburg–Østergård", "010-2000-0005"),
            ("ANNE MARIE VAN DER ZWANENBURG ØSTERGÅRD", "010.2000.0005"),
            ("Anne\u{ad}-Marie van der Zwanenburg-Østerga\u{30a}rd", "821020000005"),
        ],
    ),
    (
        "STRAẞER Ida",
        "1964-03-13",
        "010-2000-0009",
        &[
            ("Straßer Ida", "010-2000-0009"),
            ("strasser ida", "010-2000-0009"),
            ("STRASSER\u{2009}IDA", "010-2000-0009"),
        ],
    ),
];

/// Forgets how often codes were asked for, as if a quarter of an hour had passed.
async fn later(db: &PgPool) {
    db.execute("delete from code_cap; delete from sign_in_code").await.unwrap();
}

async fn me(app: &TestApp, who: (&str, &str, &str)) -> Option<Value> {
    later(&app.db).await;
    Some(signs_in(app, who).await?.get("/v1/me").await.ok(200)["person_id"].clone())
}

#[tokio::test]
async fn whoever_is_in_the_register_in_one_spelling_signs_in_with_every_other() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let rows = PEOPLE.iter().map(|(name, born, phone, _)| format!("{name},{born},{phone},P1D1\n"));
    let file = format!("{HEADER}\n{}", rows.collect::<String>());
    let report = post(&app.admin().await, "register", file).await.ok(200);
    assert_eq!(counts(&report), (5, 0, 0));
    for &(name, born, phone, others) in PEOPLE {
        let id = me(&app, (name, born, phone)).await.expect(name);
        for &(other, phone) in others {
            assert_eq!(me(&app, (other, born, phone)).await.as_ref(), Some(&id), "{other} {phone}");
        }
        assert_eq!(me(&app, (&format!("{name}a"), born, phone)).await, None, "the control");
    }
}

#[tokio::test]
async fn the_page_reads_what_the_register_read() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    app.refresh().await;
    let admin = app.admin().await;
    for &(name, born, phone, others) in PEOPLE {
        let new = json!({
            "name": name, "birth_date": born, "phone": phone, "region_id": made.districts[0],
        });
        let id = admin.post("/v1/admin/persons", &new).await.ok(201)["person_id"].clone();
        for &(other, phone) in others {
            later(&app.db).await;
            let mut browser = app.browser();
            let page = browser.open("/en/sign-in").await.ok(200);
            let typed = Person {
                person_id: made.people[0].person_id,
                name: other.to_owned(),
                birth_date: born.parse().unwrap(),
                phone: phone.to_owned(),
                region_id: made.districts[0],
            };
            let page = browser.press(&claim(&page, &typed)).await.ok(200);
            let code = code_of(&app, &page).await;
            let form = page.form(&page.form_action("/sign-in/code")).with(&[("code", &code)]);
            browser.submit(&form).await.ok(303);
            let signed_in: i64 =
                query_scalar("select person_id from sign_in_code where signed_in_at is not null")
                    .fetch_one(&app.db)
                    .await
                    .unwrap();
            assert_eq!(json!(signed_in), id, "{other} {phone}");
        }
    }
}

#[tokio::test]
async fn a_number_that_cannot_be_one_is_refused_everywhere_with_what_is_wrong() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    for (phone, cause) in [
        ("010-2000-000", "phone_digits"),
        ("4155550100", "phone_start"),
        ("099-1234-5678", "phone_prefix"),
        ("call me", "phone_characters"),
    ] {
        let file = format!("{HEADER}\nNo Number,1964-03-05,{phone},P1D1\n");
        let rejected = post(&admin, "register", file).await.problem(422, "rows_rejected");
        assert_eq!(rejected["rejects"][0]["cause"], cause, "{phone}");
        let mut person = json!({
            "name": "No Number", "birth_date": "1964-03-05", "phone": phone,
        });
        let code = app.public().post("/v1/auth/codes", &person).await;
        assert_eq!(code.blames(422, "invalid_field", "phone")["cause"], cause, "{phone}");
        person["region_id"] = json!(made.districts[0]);
        let added = admin.post("/v1/admin/persons", &person).await;
        assert_eq!(added.blames(422, "invalid_field", "phone")["cause"], cause, "{phone}");
    }
}

/// Puts somebody into the register as the version before did.
async fn of_before(app: &TestApp, (name, born, phone): (&str, &str, &str)) -> i64 {
    let keys = Keys::new(&SECRET);
    let date = born.parse().unwrap();
    let today = chrono::Utc::now().date_naive();
    let key = earlier_match_key(&keys.matching, name, BirthDate::new(date, today).unwrap(), phone);
    query_scalar(
        "insert into person (match_key, birth_date, region_id, name, phone)
         select $1, $2, region_id, $3, $4 from region where code = 'P1D1' returning person_id",
    )
    .bind(key.as_slice())
    .bind(date)
    .bind(name)
    .bind(phone)
    .fetch_one(&app.db)
    .await
    .unwrap()
}

/// Waits until no key is to be made anew.
async fn is_done(db: &PgPool) {
    let waiting = "select count(*) from person where fold = 1";
    while query_scalar::<_, i64>(waiting).fetch_one(db).await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn keys_of_before_are_made_anew_and_nobody_is_locked_out_meanwhile() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    // As a file that is being loaded would, this keeps the keys as they are.
    let mut turn = app.db.begin().await.unwrap();
    turn.execute("select pg_advisory_xact_lock(hashtext('import'))").await.unwrap();
    let born = "1964-03-06";
    let neil = of_before(&app, ("O'Neil Dara", born, "01020000002")).await;
    let lost = of_before(&app, ("Zero Lost", born, "1020000200")).await;
    let korean = of_before(&app, ("김보람", born, "01020000003")).await;
    let keys = Keys::new(&SECRET);
    let date = BirthDate::parse(born, chrono::Utc::now().date_naive()).unwrap();
    let spelled = earlier_match_key(&keys.matching, "Kim Bo-ram", date, "01020000003");
    sqlx::query("insert into person_spelling values ($1, $2, 'en', 'Kim Bo-ram')")
        .bind(spelled.as_slice())
        .bind(korean)
        .execute(&app.db)
        .await
        .unwrap();

    let before = [
        ("o'neil  DARA", "010-2000-0002", Some(neil)),
        ("O’Neil Dara", "010-2000-0002", None),
        ("Zero Lost", "1020000200", Some(lost)),
        ("Zero Lost", "01020000200", None),
        ("김보람", "01020000003", Some(korean)),
        ("Kim Bo-ram", "01020000003", Some(korean)),
        ("Kim Boram", "01020000003", None),
    ];
    for (name, phone, expected) in before {
        let expected = expected.map(|id| json!(id));
        assert_eq!(me(&app, (name, born, phone)).await, expected, "{name}");
    }
    turn.rollback().await.unwrap();
    is_done(&app.db).await;
    for (name, phone, expected) in [
        ("o'neil  DARA", "010-2000-0002", neil),
        ("O’Neil Dara", "010-2000-0002", neil),
        ("Zero Lost", "1020000200", lost),
        ("Zero Lost", "01020000200", lost),
        ("김보람", "01020000003", korean),
        ("Kim Bo-ram", "01020000003", korean),
        ("Kim Boram", "01020000003", korean),
    ] {
        assert_eq!(me(&app, (name, born, phone)).await, Some(json!(expected)), "{name}");
    }
    let made = match_key(&keys.matching, "O'Neil Dara", date, "01020000002");
    let kept: Vec<u8> = query_scalar("select match_key from person where person_id = $1")
        .bind(neil)
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(kept, made);
}

#[tokio::test]
async fn two_persons_of_before_whom_the_form_makes_one_both_stay_and_are_counted() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let mut turn = app.db.begin().await.unwrap();
    turn.execute("select pg_advisory_xact_lock(hashtext('import'))").await.unwrap();
    let (born, phone) = ("1964-03-06", "01020000002");
    let first = of_before(&app, ("O'Neil Dara", born, phone)).await;
    let second = of_before(&app, ("O’Neil Dara", born, phone)).await;
    turn.rollback().await.unwrap();
    is_done(&app.db).await;
    for (name, expected) in [("O'Neil Dara", first), ("O’Neil Dara", second), ("ONeil Dara", first)]
    {
        assert_eq!(me(&app, (name, born, phone)).await, Some(json!(expected)), "{name}");
    }
    let marked: i64 = query_scalar("select person_id from person where fold = 0")
        .fetch_one(&app.db)
        .await
        .unwrap();
    assert_eq!(marked, second);
    let shown = async || app.public().get("/metrics").await.text();
    while !shown().await.contains("dosebook_person_keys_shared 1\n") {
        tokio::task::yield_now().await;
    }
    // A file finds each under their own spelling.
    let file = format!("{HEADER}\nO’Neil Dara,{born},{phone},P2D2\n");
    assert_eq!(counts(&post(&app.admin().await, "register", file).await.ok(200)), (1, 0, 0));
    let moved: i64 = query_scalar(
        "select person_id from person join region using (region_id) where code = 'P2D2'
             and birth_date = '1964-03-06' and person.name like 'O%'",
    )
    .fetch_one(&app.db)
    .await
    .unwrap();
    assert_eq!(moved, second);
}

#[tokio::test]
async fn a_file_finds_persons_of_before_while_their_keys_are_made_anew() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let mut rows = String::new();
    for n in 0..1_500 {
        let (name, phone) = (format!("Old-Name {n}"), format!("0102{n:07}"));
        of_before(&app, (&name, "1964-03-06", &phone)).await;
        rows.push_str(&format!("{name},1964-03-06,{phone},P1D1\n"));
    }
    let people = "select count(*) from person where name like 'Old-Name%'";
    let file = format!("{HEADER}\n{rows}");
    let report = post(&admin, "register", file).await.ok(200);
    assert_eq!(report["rows_rejected"], 0, "{report}");
    is_done(&app.db).await;
    assert_eq!(query_scalar::<_, i64>(people).fetch_one(&app.db).await.unwrap(), 1_500);
    let again = format!("{HEADER}\n\n{}", rows.replace("Old-Name", "OLD NAME"));
    assert_eq!(counts(&post(&admin, "register", again).await.ok(200)), (0, 1_500, 0));
}
