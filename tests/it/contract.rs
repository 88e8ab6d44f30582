//! openapi.yaml and the service agree: every route is documented and every documented operation
//! exists, the codes are the same, and each operation admits the roles that it names and no others.
//! (Every other test checks the bodies: see support/openapi.rs.)

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{App, introspection::IntrospectionTree, test, web};
use dosebook::{
    api,
    domain::{Code, Detail, verdict::ReasonCode},
    web as pages,
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Client, Made, TestApp, World,
    openapi::{DOCUMENT, is_page, operations, valid},
};

const TREE: &str = "/tree";

/// Method and path of every route that the service has, pages too.
pub async fn routes_and_pages() -> BTreeSet<(String, String)> {
    let tree = async |tree: web::Data<IntrospectionTree>| tree.report_as_json();
    let service = App::new().configure(api::routes).configure(pages::routes);
    let service = test::init_service(service.route(TREE, web::get().to(tree))).await;
    let report =
        test::call_and_read_body(&service, test::TestRequest::get().uri(TREE).to_request());
    let report: Value = serde_json::from_slice(&report.await).expect("the report is JSON");
    let mut routes = BTreeSet::new();
    for item in report.as_array().expect("a list of routes") {
        let path = item["full_path"].as_str().expect("a path");
        for method in item["methods"].as_array().into_iter().flatten() {
            routes.insert((method.as_str().expect("a method").to_owned(), path.to_owned()));
        }
    }
    routes.retain(|(_, path)| path != TREE);
    routes
}

/// Method and path of every route of the API.
async fn routes() -> BTreeSet<(String, String)> {
    let mut routes = routes_and_pages().await;
    routes.retain(|(_, path)| !is_page(path));
    routes
}

fn documented() -> BTreeSet<(String, String)> {
    operations().into_iter().map(|(method, path, _)| (method, path)).collect()
}

#[actix_web::test]
async fn the_routes_and_the_contract_are_the_same_in_both_directions() {
    let (routes, documented) = (routes().await, documented());
    assert!(routes.len() > 60, "the control: {} routes were found", routes.len());
    let undocumented: Vec<_> = routes.difference(&documented).collect();
    let missing: Vec<_> = documented.difference(&routes).collect();
    assert!(undocumented.is_empty(), "in the service and not in openapi.yaml: {undocumented:?}");
    assert!(missing.is_empty(), "in openapi.yaml and not in the service: {missing:?}");
}

fn strings(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[tokio::test]
async fn the_codes_are_the_same() {
    let schemas = &DOCUMENT["components"]["schemas"];
    let codes: BTreeSet<_> = Code::ALL.iter().map(|code| code.slug()).collect();
    assert_eq!(strings(&schemas["Code"]["enum"]), codes);
    let causes: BTreeSet<_> = Detail::CAUSES.iter().copied().collect();
    assert_eq!(strings(&schemas["Cause"]["enum"]), causes);
    assert_eq!(causes.len(), Detail::CAUSES.len(), "each has its own name");
    let reasons: BTreeSet<_> = ReasonCode::ALL.iter().map(|code| code.slug()).collect();
    assert_eq!(strings(&schemas["Reason"]["properties"]["code"]["enum"]), reasons);
}

#[tokio::test]
async fn every_example_is_one() {
    let mut checked = 0;
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().expect("schemas") {
        for example in schema["examples"].as_array().into_iter().flatten() {
            valid(&format!("example of {name}"), &format!("/components/schemas/{name}"), example);
            checked += 1;
        }
    }
    assert!(checked >= 50, "the control: {checked}");
    let bad = json!({ "status": "ok", "surprise": 1 });
    std::panic::catch_unwind(|| valid("the control", "/components/schemas/Status", &bad))
        .expect_err("a member that is not documented");
}

#[tokio::test]
async fn every_operation_says_what_it_is_for_and_whom() {
    let mut ids = BTreeMap::new();
    for (method, path, operation) in operations() {
        let what = format!("{method} {path}");
        let id = operation["operationId"].as_str().expect("an operationId").to_owned();
        assert_eq!(ids.insert(id.clone(), what.clone()), None, "{what}: {id} is taken");
        let is_admin = path.starts_with("/v1/admin/");
        assert_eq!(id.starts_with("admin_"), is_admin, "{what}: {id}");
        let roles = strings(&operation["x-roles"]);
        let known = ["public", "citizen", "staff", "administrator", "call_centre"];
        assert!(!roles.is_empty() && roles.iter().all(|role| known.contains(role)), "{what}");
        let scheme = match roles.first().copied() {
            Some("public") => json!(null),
            Some("citizen") => json!([{ "citizen": [] }]),
            _ => json!([{ "staff": [] }]),
        };
        assert_eq!(operation["security"], scheme, "{what}: roles {roles:?}");
        assert!(operation["summary"].as_str().is_some_and(|text| text.len() > 3), "{what}");
    }
}

/// Who calls.
struct Caller {
    role: &'static str,
    client: Client,
}

async fn callers(app: &TestApp, made: &Made) -> Vec<Caller> {
    vec![
        Caller { role: "nobody", client: app.public() },
        Caller { role: "a forger", client: app.holder_of("c1.AAAAAAAAAAEAAAAAf_____8") },
        Caller { role: "citizen", client: app.citizen(&made.people[0]) },
        Caller { role: "staff", client: app.staff(made.clinics[0]).await },
        Caller { role: "other staff", client: app.staff(made.clinics[1]).await },
        Caller { role: "administrator", client: app.admin().await },
        Caller { role: "call centre", client: app.staff_user(5, None).await.0 },
    ]
}

/// What somebody who may not do this must be told; nothing for somebody who may.
fn refusal(caller: &str, roles: &BTreeSet<&str>, path: &str) -> Option<(u16, &'static str)> {
    let unauthenticated = Some((401, "unauthenticated"));
    if roles.contains("public") {
        return None;
    }
    let of_one_clinic = path.starts_with("/v1/clinics/{clinic_id}");
    match caller {
        "citizen" if roles.contains("citizen") => None,
        "staff" | "other staff" if roles.contains("staff") => {
            (caller == "other staff" && of_one_clinic).then_some((404, "not_found"))
        }
        "staff" | "other staff" if roles.contains("administrator") => Some((403, "forbidden")),
        "administrator" if roles.contains("administrator") => None,
        "call centre" if roles.contains("call_centre") => None,
        "call centre" if roles.contains("staff") || roles.contains("administrator") => {
            Some((403, "forbidden"))
        }
        _ => unauthenticated,
    }
}

/// A path with ids of things that are there, where there are such things.
fn concrete(path: &str, made: &Made) -> String {
    let allocation = made.allocations[0];
    let ids = [
        ("{campaign_id}", made.campaign_id.to_string()),
        ("{clinic_id}", allocation.clinic_id.to_string()),
        ("{slot_id}", made.slots[0].slot_id.to_string()),
        ("{allocation_id}", allocation.allocation_id.to_string()),
        ("{person_id}", made.people[0].person_id.to_string()),
        ("{pool_id}", made.nation.to_string()),
        ("{booking_id}", uuid::Uuid::now_v7().to_string()),
        ("{step_id}", uuid::Uuid::now_v7().to_string()),
        ("{date}", allocation.on_date.to_string()),
        ("{kind}", "slots".to_owned()),
        ("{import_id}", "999999".to_owned()),
        ("{import_id}", "999999".to_owned()),
        ("{movement_id}", "1-1".to_owned()),
    ];
    let path = ids.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
    let unknown = [
        "cohort",
        "tranche",
        "region",
        "course",
        "roster",
        "product",
        "user",
        "import",
        "exclusion",
    ];
    let path =
        unknown.iter().fold(path, |path, noun| path.replace(&format!("{{{noun}_id}}"), "999999"));
    assert!(!path.contains('{'), "no id for {path}");
    if path.ends_with("/schedule") { format!("{path}?date={}", allocation.on_date) } else { path }
}

#[tokio::test]
async fn each_operation_lets_in_whom_it_says_and_nobody_else() {
    let app = TestApp::start().await;
    let made = World::new().people(3).make(&app.db).await;
    let callers = callers(&app, &made).await;
    let (mut refused, mut let_in) = (0, 0);
    for (method, path, operation) in operations() {
        let roles = strings(&operation["x-roles"]);
        for Caller { role, client } in &callers {
            // Whoever may sign out is signed out by it: others need their sessions still.
            let expected = refusal(role, &roles, &path);
            let is_sign_out = path.ends_with("sessions") && method == "DELETE";
            if is_sign_out && expected.is_none() {
                continue;
            }
            let verb = Method::from_bytes(method.as_bytes()).expect("a method");
            let request = client.request(verb, &concrete(&path, &made));
            // Unreadable, so that nothing is changed by whoever is let in.
            let answer = request.body("application/json", "{").send().await;
            let what = format!("{method} {path} as {role}: {}", answer.text());
            match expected {
                Some(expected) => {
                    assert_eq!((answer.status, answer.code()), expected, "{what}");
                    refused += 1;
                }
                None => {
                    assert!(
                        !matches!(answer.status, 401 | 403) || roles.contains("public"),
                        "{what}"
                    );
                    let_in += 1;
                }
            }
        }
    }
    assert!(refused > 150 && let_in > 100, "the control: {refused} refused, {let_in} let in");
}
