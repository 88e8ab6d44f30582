//! Bad input, across the whole API: every operation with a body is sent every kind of broken body,
//! taken from its own example in openapi.yaml, and says which field is to blame. Each test has its
//! control: the same request unbroken is not refused as bad.

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    Answer, Client, Made, Request, TestApp, World,
    client::KEY,
    openapi::{DOCUMENT, operations},
};

/// A body of more bytes is not read.
const BODY_BYTES_MAX: usize = 64 * 1024;

/// An operation with a JSON body, ready to be called.
struct Call {
    what: String,
    method: Method,
    path: String,
    client: Client,
    good: Value,
    schema: &'static Value,
}

impl Call {
    async fn send(&self, body: &Value) -> Answer {
        self.request().json(body).send().await
    }

    /// Some need a key, or the version of what they change.
    fn request(&self) -> Request {
        let request = self.client.request(self.method.clone(), &self.path);
        match self.path.rsplit('/').next() {
            Some("receipts" | "doses") => request.header(KEY, &Uuid::now_v7().to_string()),
            Some("close") if self.path.contains("/days/") => request.header("if-match", "*"),
            Some("lift") => request.header("if-match", "*"),
            _ => request,
        }
    }

    async fn send_bytes(&self, kind: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.request().body(kind, body).send().await
    }

    fn without(&self, member: &str) -> Value {
        let mut body = self.good.clone();
        body.as_object_mut().expect("an object").remove(member);
        body
    }

    fn with(&self, member: &str, value: Value) -> Value {
        let mut body = self.good.clone();
        body[member] = value;
        body
    }
}

/// Every operation with a JSON body, each with its example and the ids of things that are there.
async fn calls(app: &TestApp, made: &Made) -> Vec<Call> {
    let (citizen, administrator) = (app.citizen(&made.people[0]), app.admin().await);
    let staff = app.staff(made.clinics[0]).await;
    let agent = app.staff_user(5, None).await.0;
    let lines = administrator.get("/v1/admin/movements?limit=1").await.ok(200);
    let line = lines["movements"][0]["movement_id"].as_str().expect("a line");
    let mut calls = Vec::new();
    for (method, path, operation) in operations() {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        let Some(reference) = schema["$ref"].as_str() else { continue };
        let schema = DOCUMENT.pointer(reference.trim_start_matches('#')).expect(reference);
        let role = operation["x-roles"][0].as_str().expect("a role");
        let mut good = schema["examples"][0].clone();
        assert!(good.is_object(), "{method} {path}: {reference} has no example");
        put_ids(&mut good, made);
        calls.push(Call {
            what: format!("{method} {path}"),
            method: Method::from_bytes(method.as_bytes()).expect("a method"),
            path: with_ids(&path, made).replace("{movement_id}", line),
            client: match role {
                "citizen" => citizen.clone(),
                "staff" => staff.clone(),
                "administrator" => administrator.clone(),
                "call_centre" => agent.clone(),
                _ => app.public(),
            },
            good,
            schema,
        });
    }
    assert!(calls.len() > 25, "the control: {} operations with a body", calls.len());
    calls
}

/// What the ids in examples stand for.
fn ids(made: &Made) -> Vec<(&'static str, Value)> {
    let slot = made.slot(0, 3, 0);
    vec![
        ("kind", json!("register")),
        ("exclusion_id", json!(1)),
        ("campaign_id", json!(made.campaign_id)),
        ("clinic_id", json!(slot.clinic_id)),
        ("slot_id", json!(slot.slot_id)),
        ("allocation_id", json!(made.allocation(0, 3).allocation_id)),
        ("product_id", json!(made.product_id)),
        ("product_ids", json!([made.product_id])),
        ("course_id", json!(made.course_id)),
        ("pool_id", json!(made.nation)),
        ("roster_id", json!(1)),
        ("cohort_id", json!(1)),
        ("tranche_id", json!(1)),
        ("to_pool_id", json!(made.nation.0 + 1)),
        ("region_id", json!(made.districts[0])),
        ("parent_id", json!(made.provinces[0])),
        ("on_date", json!(slot.on_date)),
        ("date", json!(slot.on_date)),
        ("booking_id", json!(Uuid::now_v7())),
        ("step_id", json!(Uuid::now_v7())),
        ("person_id", json!(made.people[1].person_id)),
        ("into_person_id", json!(made.people[2].person_id)),
        // The world is open now, the examples are of 2021.
        ("closes_at", json!(slot.starts_at + TimeDelta::days(20))),
    ]
}

fn put_ids(body: &mut Value, made: &Made) {
    for (name, id) in ids(made) {
        if let Some(member) = body.get_mut(name) {
            *member = id;
        }
    }
}

fn with_ids(path: &str, made: &Made) -> String {
    let mut path = path.to_owned();
    for (name, id) in ids(made) {
        let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
        path = path.replace(&format!("{{{name}}}"), &id);
    }
    path
}

async fn world() -> (TestApp, Made) {
    let app = TestApp::start().await;
    let made = World::new().people(3).make(&app.db).await;
    let roster = "insert into roster (code, name) values ('teachers', 'Teachers')";
    sqlx::query(roster).execute(&app.db).await.expect("a roster");
    let tranche = "
        insert into tranche (campaign_id, name, birth_day_digits, opens_at, since_version)
        select campaign_id, 'all', array[0,1,2,3,4,5,6,7,8,9], opens_at, 1 from campaign";
    sqlx::query(tranche).execute(&app.db).await.expect("a tranche");
    app.app.board.refresh().await.expect("the board reads the new world");
    (app, made)
}

#[tokio::test]
async fn an_unknown_member_is_refused_by_name() {
    let (app, made) = world().await;
    for call in calls(&app, &made).await {
        let answer = call.send(&call.with("surprise", json!(1))).await;
        answer.blames(422, "unknown_field", "surprise");
    }
}

#[tokio::test]
async fn a_missing_member_is_named() {
    let (app, made) = world().await;
    let mut missing = 0;
    for call in calls(&app, &made).await {
        for member in call.schema["required"].as_array().into_iter().flatten() {
            let member = member.as_str().expect("a name");
            call.send(&call.without(member)).await.blames(422, "invalid_field", member);
            missing += 1;
        }
    }
    assert!(missing > 50, "the control: {missing}");
}

#[tokio::test]
async fn a_member_of_the_wrong_type_is_named() {
    let (app, made) = world().await;
    let mut wrong = 0;
    for call in calls(&app, &made).await {
        let members = call.schema["properties"].as_object().expect("properties");
        for (member, schema) in members {
            let named = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
            let named = named.and_then(|name| DOCUMENT.pointer(name));
            let is_object =
                schema["oneOf"].is_array() || named.is_some_and(|one| one["type"] == "object");
            let nonsense = if is_object { json!("nonsense") } else { json!({ "nonsense": [] }) };
            let body = call.with(member, nonsense);
            let what = format!("{}: {member}", call.what);
            let problem = call.send(&body).await.problem(422, "invalid_field");
            let field = problem["errors"][0]["field"].as_str().unwrap_or_default();
            let is_named = field == member || field.starts_with(&format!("{member}["));
            assert!(is_named, "{what}: blames {field:?}: {problem}");
            assert!(!problem.to_string().contains("nonsense"), "{what}: repeats what was sent");
            wrong += 1;
        }
    }
    assert!(wrong > 80, "the control: {wrong}");
}

#[tokio::test]
async fn a_body_that_is_no_json_too_long_or_of_another_kind_is_refused() {
    let (app, made) = world().await;
    for call in calls(&app, &made).await {
        let good = call.good.to_string();
        let json = "application/json";
        for broken in ["", "{", "\u{0}", &good[..good.len() - 1], &format!("{good} x")] {
            call.send_bytes(json, broken.to_owned()).await.problem(400, "malformed_request");
        }
        for other in ["[]", "7", "null", "\"text\""] {
            call.send_bytes(json, other).await.problem(422, "invalid_field");
        }
        let long = format!("{good}{}", " ".repeat(BODY_BYTES_MAX));
        call.send_bytes(json, long).await.problem(413, "body_too_large");
        for kind in ["text/plain", "application/x-www-form-urlencoded", "text/json"] {
            let answer = call.send_bytes(kind, good.clone()).await;
            answer.problem(415, "unsupported_media_type");
        }
    }
}

#[tokio::test]
async fn the_same_requests_unbroken_are_not_refused_as_bad() {
    let (app, made) = world().await;
    // The booking whose number the examples have.
    let body = made.booking(made.slot(0, 2, 0));
    app.citizen(&made.people[2]).put_booking(Uuid::from_u128(1), &body).await.ok(201);
    let mut calls = calls(&app, &made).await;
    // After these nothing else is possible.
    calls.sort_by_key(|call| call.path.ends_with("/pause") || call.path.ends_with("/close"));
    // These speak of a booking that has lost its time, or of what a clinic found: `closure` and
    // `visit` have them.
    let lost = |path: &str| path.contains("/unreached/") || path.ends_with("/move");
    calls.retain(|call| !lost(&call.path) && !call.path.contains("/exclusions/"));
    // These want people and doses at a clinic, or what a dry run said: `visit`, `walk_in`, `day`
    // and `admin::split` have them.
    let stories = ["/steps/", "/walk-ins/", "/assisted-bookings/", "/days/", "/persons", "/splits"];
    calls.retain(|call| {
        let is_admins = call.path.starts_with("/v1/admin/persons");
        is_admins || !stories.iter().any(|part| call.path.contains(part))
    });
    assert!(calls.len() > 25, "the control: {}", calls.len());
    for call in calls {
        let answer = call.send(&call.good).await;
        let is_bad = matches!(answer.status, 400 | 403 | 404 | 413 | 415 | 422 | 500..);
        assert!(!is_bad, "{}: {} {}", call.what, call.good, answer.text());
        // A media type may have parameters, and its case does not count.
        let kind = "Application/JSON; charset=utf-8";
        let answer = call.send_bytes(kind, call.good.to_string()).await;
        let is_bad = matches!(answer.status, 400 | 415);
        assert!(!is_bad, "{}: {}", call.what, answer.text());
    }
}

#[tokio::test]
async fn a_query_with_an_unknown_or_impossible_parameter_names_it() {
    let (app, made) = world().await;
    let (staff, administrator) = (app.staff(made.clinics[0]).await, app.admin().await);
    let agent = app.staff_user(5, None).await.0;
    let mut asked = 0;
    for (method, path, operation) in operations() {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let (good, names) = good_query(&parameters, &made);
        if method != "GET" || names.is_empty() {
            continue;
        }
        let client = match operation["x-roles"][0].as_str() {
            Some("staff") => staff.clone(),
            Some("administrator") => administrator.clone(),
            Some("call_centre") => agent.clone(),
            Some("citizen") => app.citizen(&made.people[0]),
            _ => app.public(),
        };
        let path = with_ids(&path, &made);
        client.get(&format!("{path}?{good}")).await.ok(200);
        let surprised = client.get(&format!("{path}?{good}&surprise=1")).await;
        surprised.blames(422, "unknown_field", "surprise");
        for (name, is_text) in names {
            let bad = if is_text { "%00" } else { "2021-02-30x" };
            let others: Vec<_> =
                good.split('&').filter(|pair| !pair.starts_with(&format!("{name}="))).collect();
            let query = format!("{}&{name}={bad}", others.join("&"));
            client.get(&format!("{path}?{query}")).await.blames(422, "invalid_field", &name);
            asked += 1;
        }
    }
    assert!(asked > 25, "the control: {asked}");
}

/// What must be asked, and all names of what may be, with whether any text will do.
fn good_query(parameters: &[Value], made: &Made) -> (String, Vec<(String, bool)>) {
    let ids = ids(made);
    let (mut query, mut names) = (Vec::new(), Vec::new());
    for parameter in parameters {
        let parameter = match parameter["$ref"].as_str() {
            Some(reference) => {
                DOCUMENT.pointer(reference.trim_start_matches('#')).expect(reference)
            }
            None => parameter,
        };
        if parameter["in"] == "header" {
            continue;
        }
        let name = parameter["name"].as_str().expect("a name").to_owned();
        if parameter["required"] == true {
            let (_, id) = ids.iter().find(|(known, _)| *known == name).expect("an id");
            query.push(format!("{name}={}", id.to_string().trim_matches('"')));
        }
        let schema = &parameter["schema"];
        names.push((name, schema["type"] == "string" && schema["format"].is_null()));
    }
    (query.join("&"), names)
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_refused_as_such() {
    let (app, made) = world().await;
    let administrator = app.admin().await;
    let mut refused = 0;
    for path in DOCUMENT["paths"].as_object().expect("paths").keys() {
        for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE, Method::PATCH] {
            let verb = method.as_str().to_lowercase();
            if DOCUMENT["paths"][path][&verb].is_null() {
                let path = with_ids(path, &made);
                let answer = administrator.request(method, &path).json(&json!({})).send().await;
                answer.problem(405, "method_not_allowed");
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "the control: {refused}");
}

#[tokio::test]
async fn a_path_that_leads_nowhere_is_a_problem_document_too() {
    let (app, made) = world().await;
    for path in ["/v1", "/v1/", "/v1/nothing", "/v1/admin", "/v2/campaigns", "/%00", "/a/b/c/d"] {
        app.public().get(path).await.problem(404, "not_found");
    }
    let campaign = made.campaign_id;
    for id in ["0", "-1", "999999", "1.5", "x", "9999999999999999999", "%20", "1%00"] {
        let path = format!("/v1/campaigns/{id}/supply");
        app.public().get(&path).await.problem(404, "not_found");
        let path = format!("/v1/admin/campaigns/{id}");
        app.admin().await.get(&path).await.problem(404, "not_found");
    }
    app.public().get(&format!("/v1/campaigns/{campaign}/supply")).await.ok(200);
}

#[tokio::test]
async fn impossible_dates_are_named() {
    let (app, made) = world().await;
    let (citizen, staff) = (app.public(), app.staff(made.clinics[0]).await);
    for date in ["2021-02-30", "1961-02-29", "2021-13-01", "12/07/2021", "2021-7-1", "", "today"] {
        let claim = json!({ "name": "Citizen 1", "birth_date": date, "phone": "01012345678" });
        let answer = citizen.post("/v1/auth/codes", &claim).await;
        answer.blames(422, "invalid_field", "birth_date");
        let question = json!({ "campaign_id": made.campaign_id, "birth_date": date });
        let answer = citizen.post("/v1/eligibility", &question).await;
        answer.blames(422, "invalid_field", "birth_date");
        let path = format!("/v1/clinics/{}/schedule?date={date}", made.clinics[0]);
        staff.get(&path).await.blames(422, "invalid_field", "date");
    }
    let claim = json!({ "name": "Citizen 1", "birth_date": "1960-02-29", "phone": "01012345678" });
    citizen.post("/v1/auth/codes", &claim).await.ok(202);
}

#[tokio::test]
async fn what_is_anothers_looks_like_what_is_not_there() {
    let (app, made) = world().await;
    let (owner, other) = (app.citizen(&made.people[0]), app.citizen(&made.people[1]));
    let (id, unknown) = (Uuid::now_v7(), Uuid::now_v7());
    owner.put_booking(id, &made.booking(made.slot(0, 3, 0))).await.ok(201);
    for booking in [id, unknown] {
        let path = format!("/v1/bookings/{booking}");
        let seen = [other.get(&path).await, other.delete(&path).await];
        for answer in seen {
            let problem = answer.problem(404, "not_found");
            let nothing = other.get("/v1/nothing").await.problem(404, "not_found");
            assert_eq!(problem, nothing, "{booking} tells more than that");
        }
    }
    assert_eq!(owner.get(&format!("/v1/bookings/{id}")).await.ok(200)["state"], "booked");
    assert_eq!(other.get("/v1/bookings").await.ok(200)["bookings"], json!([]));
    let foreign = made.booking(made.slot(1, 3, 0));
    other.put_booking(id, &foreign).await.problem(422, "booking_id_reused");
}

/// serde reads a list by position where an object belongs; nobody names values that way.
#[tokio::test]
async fn a_list_in_the_place_of_an_object_is_refused_wherever_one_belongs() {
    let (app, made) = world().await;
    let admin = app.admin().await;
    let clinic = format!("/v1/admin/clinics/{}", made.clinics[0]);
    for list in [json!([]), json!([null]), json!([null, null]), json!(["a", 1, true])] {
        for (method, path, body, field) in [
            (Method::PATCH, clinic.clone(), json!({ "amenities": list }), "amenities"),
            (
                Method::POST,
                "/v1/admin/clinics".to_owned(),
                json!({ "amenities": list }),
                "amenities",
            ),
            (Method::POST, format!("{clinic}/slots"), json!({ "slots": [list] }), "slots[0]"),
            (Method::POST, format!("{clinic}/hours"), json!({ "breaks": [list] }), "breaks[0]"),
        ] {
            let answer = admin.request(method, &path).json(&body).send().await;
            answer.blames(422, "invalid_field", field);
        }
    }
    let named = json!({ "amenities": { "parking": true } });
    admin.request(Method::PATCH, &clinic).json(&named).send().await.ok(200);
}
