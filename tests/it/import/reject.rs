//! Every reason for which a row is rejected, each beside a row that is good.

use serde_json::Value;

use super::{REGISTER, people, post};
use crate::support::{Client, TestApp, make};

/// Loads the header, a good row and the bad one; the bad one must be rejected, and alone.
async fn rejected(admin: &Client, kind: &str, (good, bad): (&str, &str), expected: (&str, &str)) {
    let header = match kind {
        "register" => "name,birth_date,phone,region_code",
        "roster" => "roster_code,name,birth_date,phone",
        "clinics" => "code,name,region_code,zone,address,phone,latitude,longitude",
        "slots" => "clinic_code,starts_at,ends_at,seats",
        _ => "campaign_code,clinic_code,product_code,on_date,doses,channel,tranche_name",
    };
    let what = format!("{kind}?dry_run=true");
    post(admin, &what, format!("{header}\n{good}\n")).await.ok(200);
    let answer = post(admin, &what, format!("{header}\n{good}\n{bad}\n")).await;
    let problem = answer.problem(422, "rows_rejected");
    assert_eq!(problem["rows_rejected"], 1, "{bad}: {problem}");
    let reject = &problem["rejects"][0];
    let found = (reject["column"].as_str().unwrap(), reject["code"].as_str().unwrap());
    assert_eq!((found, &reject["line"]), (expected, &Value::from(3)), "{bad}: {problem}");
}

#[tokio::test]
async fn rows_of_a_register_are_rejected_for_what_they_are() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let good = "Kim Minji,1962-03-01,010-1234-5678,P1D1";
    let person = "name,birth_date,phone";
    for (bad, column, code) in [
        (",1962-03-01,01012345679,P1D1", "name", "invalid_field"),
        ("Lee,1962-02-30,01012345679,P1D1", "birth_date", "invalid_field"),
        ("Lee,2999-01-01,01012345679,P1D1", "birth_date", "invalid_field"),
        ("Lee,1899-12-31,01012345679,P1D1", "birth_date", "invalid_field"),
        ("Lee,1962-03-01,0101234x,P1D1", "phone", "invalid_field"),
        ("Lee,1962-03-01,01012345679,P 1", "region_code", "invalid_field"),
        ("Lee,1962-03-01,01012345679,P9", "region_code", "not_found"),
        ("KIM  minji,1962-03-01,+82 10 1234 5678,P1D2", person, "duplicate_row"),
        ("Lee,1962-03-01,01012345679", "", "malformed_row"),
        ("Lee,1962-03-01,01012345679,P1D1,x", "", "malformed_row"),
        ("\"Lee\"x,1962-03-01,01012345679,P1D1", "", "malformed_row"),
        ("\"Lee,1962-03-01,01012345679,P1D1", "", "malformed_row"),
    ] {
        rejected(&admin, "register", (good, bad), (column, code)).await;
    }
    let latin = b"name,birth_date,phone,region_code\nMill\xe1n,1962-03-01,01012345679,P1D1\n";
    let problem = post(&admin, "register", latin.to_vec()).await.problem(422, "rows_rejected");
    assert_eq!(problem["rejects"][0]["code"], "malformed_file", "neither UTF-8 nor CP949");
}

#[tokio::test]
async fn rows_of_a_roster_are_rejected_for_what_they_are() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    sqlx::query("insert into roster (code, name) values ('police', 'Police')")
        .execute(&app.db)
        .await
        .unwrap();
    post(&admin, "register", REGISTER).await.ok(200);
    let good = "police,Kim Minji,1962-03-01,01012345678";
    for (bad, column, code) in [
        ("army,Lee Seojun,1965-12-31,01087654321", "roster_code", "not_found"),
        ("police,Nobody,1965-12-31,01087654321", "name,birth_date,phone", "not_found"),
        ("police,Lee Seojun,1965-12-32,01087654321", "birth_date", "invalid_field"),
        (good, "roster_code,name,birth_date,phone", "duplicate_row"),
    ] {
        rejected(&admin, "roster", (good, bad), (column, code)).await;
    }
}

#[tokio::test]
async fn rows_of_clinics_are_rejected_for_what_they_are() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let good = "NEW,Clinic,P1D1,Asia/Seoul,1 Street,02-123-4567,,";
    for (bad, column, code) in [
        ("N 2,Clinic,P1D1,Asia/Seoul,1 Street,02-123-4567,,", "code", "invalid_field"),
        ("N2,Clinic,P9,Asia/Seoul,1 Street,02-123-4567,,", "region_code", "not_found"),
        ("N2,Clinic,P1D1,Asia/Soul,1 Street,02-123-4567,,", "zone", "invalid_field"),
        ("N2,Clinic,P1D1,Asia/Seoul,,02-123-4567,,", "address", "invalid_field"),
        ("N2,Clinic,P1D1,Asia/Seoul,1 Street,02-123-4567,91,0", "latitude", "invalid_field"),
        ("N2,Clinic,P1D1,Asia/Seoul,1 Street,02-123-4567,37,", "longitude", "invalid_field"),
        ("NEW,Other,P1D1,Asia/Seoul,1 Street,02-123-4567,,", "code", "duplicate_row"),
        ("C1,Clinic,P2D2,Asia/Seoul,1 Street,02-123-4567,,", "region_code", "already_exists"),
        ("C1,Clinic,P1D1,Asia/Tokyo,1 Street,02-123-4567,,", "zone", "already_exists"),
    ] {
        rejected(&admin, "clinics", (good, bad), (column, code)).await;
    }
}

#[tokio::test]
async fn rows_of_slots_are_rejected_for_what_they_are() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    sqlx::query(
        "insert into clinic (region_id, code, name, zone, address, phone)
         select region_id, 'B1', 'Berlin', 'Europe/Berlin', 'x', '1' from region limit 1",
    )
    .execute(&app.db)
    .await
    .unwrap();
    let slots = "clinic_code,starts_at,ends_at,seats\nC1,2030-01-02T09:00,2030-01-02T10:00,5\n";
    post(&admin, "slots", slots).await.ok(200);
    let good = "B1,2030-01-01T09:00,2030-01-01T10:00,5";
    for (bad, column, code) in [
        ("C9,2030-01-01T09:00,2030-01-01T10:00,5", "clinic_code", "not_found"),
        ("C1,2030-02-30T09:00,2030-01-01T10:00,5", "starts_at", "invalid_field"),
        ("B1,2030-03-31T02:30,2030-03-31T04:00,5", "starts_at", "invalid_field"),
        ("B1,2030-10-27T02:30,2030-10-27T04:00,5", "starts_at", "invalid_field"),
        ("C1,2030-01-01T09:00,2030-01-01T09:00,5", "ends_at", "invalid_field"),
        ("C1,2030-01-01T09:00,2030-01-01T10:00,-1", "seats", "invalid_field"),
        ("B1,2030-01-01T08:00:00Z,2030-01-01T10:00,5", "clinic_code,starts_at", "duplicate_row"),
        ("C1,2030-01-02T09:30,2030-01-02T10:30,5", "starts_at,ends_at", "already_exists"),
    ] {
        rejected(&admin, "slots", (good, bad), (column, code)).await;
    }
}

#[tokio::test]
async fn rows_of_allocations_are_rejected_for_what_they_are() {
    let app = TestApp::start().await;
    let made = make::world(&app.db).await;
    let admin = app.admin().await;
    super::allocation::receive(&app.db, made.nation, 1000).await;
    // No pool but the nation's stands above N1.
    for sql in [
        "insert into campaign (code, name, course_id, opens_at, closes_at, zone)
         select 'dry', 'Without pools', course_id, opens_at, closes_at, zone from campaign",
        "insert into campaign_product select campaign_id, 1 from campaign where code = 'dry'",
        "insert into campaign (code, name, course_id, opens_at, closes_at, zone, state,
             published_quota, published_at, state_reason)
         select 'over', 'Closed', course_id, opens_at, closes_at, zone, 5, 10, now(), 'over'
         from campaign where code = 'test'",
        "insert into campaign_product select campaign_id, 1 from campaign where code = 'over'",
        "insert into pool (campaign_id, product_id, received, open)
         select campaign_id, 1, 100, 100 from campaign where code = 'over'",
        "insert into product (code_system, code, name, doses_per_vial)
         values ('other', '208', 'A', 1), ('another', '208', 'B', 1)",
        "insert into campaign_product
         select campaign_id, product_id from campaign c, product p
         where c.code = 'test' and p.code = '208'",
        "insert into region (code, name) values ('P3', 'Island')",
        "insert into clinic (region_id, code, name, zone, address, phone)
         select region_id, 'N1', 'National', 'Asia/Seoul', 'x', '1339' from region
         where code = 'P3'",
    ] {
        sqlx::query(sql).execute(&app.db).await.unwrap();
    }
    let good = "test,N1,207,2030-01-01,50,,";
    let key = "campaign_code,clinic_code,product_code,on_date,channel,tranche_name";
    for (bad, column, code) in [
        ("none,N1,207,2030-01-02,50,,", "campaign_code", "not_found"),
        ("over,N1,207,2030-01-02,50,,", "campaign_code", "wrong_state"),
        ("test,C9,207,2030-01-02,50,,", "clinic_code", "not_found"),
        ("test,N1,999,2030-01-02,50,,", "product_code", "not_found"),
        ("test,N1,208,2030-01-02,50,,", "product_code", "invalid_field"),
        ("test,N1,207,2030-02-30,50,,", "on_date", "invalid_field"),
        ("test,N1,207,2030-01-02,0,,", "doses", "invalid_field"),
        ("test,N1,207,2030-01-02,-5,,", "doses", "invalid_field"),
        ("test,N1,207,2030-01-02,15,,", "doses", "not_whole_vials"),
        ("test,N1,207,2030-01-02,50,fax,", "channel", "invalid_field"),
        ("test,N1,207,2030-01-02,50,,second week", "tranche_name", "not_found"),
        ("test,N1,207,2030-01-02,5000,,", "doses", "not_enough_doses"),
        ("dry,N1,207,2030-01-02,50,,", "doses", "not_enough_doses"),
        ("test,N1,207,2030-01-01,60,web,", key, "duplicate_row"),
    ] {
        rejected(&admin, "allocations", (good, bad), (column, code)).await;
    }
}

#[tokio::test]
async fn a_header_that_is_wrong_is_named() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    for (file, column, code) in [
        ("name,birth_date,phone\n", "region_code", "missing_column"),
        ("name,birth_date,phone,region_code,age\n", "age", "unknown_column"),
        ("name,birth_date,phone,region_code,name\n", "name", "malformed_row"),
        ("", "", "missing_column"),
    ] {
        // Asking for the good rows does not help: no row was read.
        let problem = post(&admin, "register?partial=true", file).await;
        let problem = problem.problem(422, "rows_rejected");
        let reject = &problem["rejects"][0];
        assert_eq!(
            (&reject["column"], &reject["code"]),
            (&column.into(), &code.into()),
            "{problem}"
        );
        assert_eq!(reject["line"], 1);
    }
}

#[tokio::test]
async fn answers_do_not_repeat_what_is_personal() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    for file in [
        "Kim Minji,1962-03-01,010-1234-5678,P1D1\nLee Seojun,1965-12-31,01087654321,P1D1\n",
        "name,Kim Minji,birth_date,phone,region_code\n",
        "name,birth_date,phone,region_code\nKim Minji,Kim Minji,010-1234-5678,P1D1\n",
        "name,birth_date,phone,region_code\nLee,1962-03-01,Kim Minji,P1D1\n",
        "name,birth_date,phone,region_code\nLee,1962-03-01,01012345678,Kim Minji\n",
        "name,birth_date,phone,region_code\n\"Kim Minji\"!,1962-03-01,01012345678,P1D1\n",
    ] {
        let answer = post(&admin, "register", file).await;
        let text = answer.text();
        answer.problem(422, "rows_rejected");
        for value in ["Kim", "Minji", "1234", "1962", "Seojun"] {
            assert!(!text.contains(value), "{value} in {text}");
        }
    }
}

#[tokio::test]
async fn a_thousand_rejects_are_listed_and_all_are_counted() {
    let app = TestApp::start().await;
    make::world(&app.db).await;
    let admin = app.admin().await;
    let mut file = REGISTER.to_owned();
    for number in 0..3_000 {
        file.push_str(&format!("Person {number},1962-02-30,011{number:08},P1D1\n"));
        file.push_str("Kim Minji,1962-03-01,010-1234-5678,P1D1\n");
    }
    let problem = post(&admin, "register", file).await.problem(422, "rows_rejected");
    assert_eq!(problem["rows_rejected"], 6_000);
    let rejects = problem["rejects"].as_array().unwrap();
    assert_eq!((rejects.len(), &rejects[999]["line"]), (1_000, &Value::from(1_003)));
    let codes = rejects.iter().filter(|reject| reject["code"] == "duplicate_row").count();
    assert_eq!(codes, 500, "both reasons, in the order of the file");
    assert_eq!(people(&app.db).await, 20);
}
