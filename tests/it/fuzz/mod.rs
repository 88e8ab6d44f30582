//! The short form of `make fuzz`: odd requests to every operation of openapi.yaml and odd presses
//! on every form of the pages, from a seed. Nothing may fail, nothing may be answered that the
//! contract does not say, and nothing may be done that it does not allow.

mod api;
mod contract;
mod draw;
pub mod form;
mod nul;
mod odd;
pub mod page;
mod summary;

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use sqlx::query;

use self::{
    api::{Case, cases},
    contract::Contract,
    draw::Draw,
};
use crate::support::{Client, Made, TestApp, World, openapi::DOCUMENT};

/// Requests under way at once.
const AT_ONCE: usize = 8;
/// How often somebody asks who is told to ask again.
const TRIES_MAX: u32 = 100;

/// A service, and somebody of each role.
struct Stage {
    app: TestApp,
    made: Made,
    clients: BTreeMap<&'static str, Client>,
}

/// What came of it: how many answers of each status, and what is wrong with which.
#[derive(Default)]
struct Found {
    statuses: BTreeMap<u16, usize>,
    faults: Vec<String>,
}

impl Stage {
    async fn set() -> Self {
        let app = TestApp::with().at_any_hour().start().await;
        let made = World::new().people(30).make(&app.db).await;
        for person in 0..4 {
            let slot = made.slot(0, 1 + person / 2, person % 2);
            let citizen = app.citizen(&made.people[1 + person]);
            citizen.put_booking(uuid::Uuid::now_v7(), &made.booking(slot)).await.ok(201);
        }
        made.begin_day(&app.db, 0, 1).await;
        app.refresh_pages().await;
        let clients = BTreeMap::from([
            ("public", app.public()),
            ("citizen", app.citizen(&made.people[9])),
            ("staff", app.staff(made.clinics[0]).await),
            ("administrator", app.admin().await),
            ("call_centre", app.staff_user(5, None).await.0),
        ]);
        Self { app, made, clients }
    }

    async fn run(&self, contract: &Contract, cases: Vec<Case>) -> Found {
        let operations = contract.operations();
        let operations: BTreeMap<&str, &Value> = operations
            .iter()
            .map(|(_, _, operation)| (operation["operationId"].as_str().unwrap(), *operation))
            .collect();
        let operations = &operations;
        let answers = stream::iter(cases).map(|case| async move {
            let operation = operations[case.operation_id.as_str()];
            let (status, faults) = self.ask(contract, operation, &case).await;
            let Case { operation_id, role, path, odd, .. } = case;
            let what = format!("{operation_id} as {role}, {odd} ({path:.200}): {status}");
            (status, faults.into_iter().map(move |fault| format!("{what}: {fault}")))
        });
        let mut found = Found::default();
        let mut answers = std::pin::pin!(answers.buffer_unordered(AT_ONCE));
        while let Some((status, faults)) = answers.next().await {
            *found.statuses.entry(status).or_default() += 1;
            found.faults.extend(faults);
        }
        found.faults.sort();
        found
    }

    async fn ask(&self, contract: &Contract, operation: &Value, case: &Case) -> (u16, Vec<String>) {
        let named = case.headers.iter().any(|(name, _)| *name == "authorization");
        let client = &self.clients[if named { "public" } else { case.role }];
        let mut tries = 0;
        let (status, headers, bytes) = loop {
            let mut request = client.request(case.method.clone(), &case.path);
            for (name, value) in &case.headers {
                request = request.header(name, value);
            }
            if let Some((kind, body)) = &case.body {
                request = request.body(kind, body.clone());
            }
            tries += 1;
            match request.receive().await {
                // A machine with too much to do: whoever is told so asks again.
                Ok((503, _, _)) if tries < TRIES_MAX => {}
                Ok(answer) => break answer,
                Err(error) => return (0, vec![format!("no answer: {error:?}")]),
            }
        };
        let mut faults = contract.faults(operation, (status, &headers, &bytes));
        if status < 400 && !case.is_lawful {
            faults.push("done, although the contract does not allow it".to_owned());
        }
        if status == 401 && case.role != "public" && !named {
            faults.push("whoever asks was signed out".to_owned());
        }
        if let Some(member) = &case.member {
            faults.extend(unnamed(member, status, &bytes));
        }
        let text: String = String::from_utf8_lossy(&bytes).chars().take(200).collect();
        (status, faults.into_iter().map(|fault| format!("{fault} {text}")).collect())
    }
}

/// Whether a problem with a field names another one than the one that is odd.
fn unnamed(member: &str, status: u16, bytes: &[u8]) -> Option<String> {
    let problem: Value = serde_json::from_slice(bytes).ok()?;
    let is_of_field =
        ["invalid_field", "unknown_field"].iter().any(|code| problem["code"] == *code);
    if status != 422 || !is_of_field {
        return None;
    }
    let named = problem["errors"].as_array().into_iter().flatten();
    let named: Vec<_> = named.filter_map(|error| error["field"].as_str()).collect();
    // The member, or one within it.
    let is_named = named.iter().any(|field| field.starts_with(member));
    (!is_named).then(|| format!("{named:?} is to blame, and not {member}"))
}

fn shown(faults: &[String]) -> String {
    let some: Vec<_> = faults.iter().take(300).map(String::as_str).collect();
    format!("{} faults (DOSEBOOK_FUZZ_SEED: another seed):\n{}", faults.len(), some.join("\n"))
}

#[tokio::test]
async fn no_odd_request_is_answered_wrongly() {
    let stage = Stage::set().await;
    let contract = Contract::new(&DOCUMENT);
    let cases = cases(&contract, &stage.made, &mut Draw::new());
    let asked = cases.len();
    let found = stage.run(&contract, cases).await;
    assert!(found.faults.is_empty(), "{}\n{:?}", shown(&found.faults), found.statuses);
    // The control: much was asked, and some of it was done.
    let of = |status| found.statuses.get(&status).copied().unwrap_or_default();
    assert!(asked > 3_000 && of(200) > 100 && of(422) > 800, "{asked}: {:?}", found.statuses);
    assert_eq!(dosebook::flows::discrepancy::verify(&stage.app.app.db).await.unwrap(), []);
}

/// The cases of one operation only.
fn of(operation_id: &str, contract: &Contract, made: &Made) -> Vec<Case> {
    let mut all = cases(contract, made, &mut Draw::new());
    all.retain(|case| case.operation_id == operation_id);
    all
}

#[tokio::test]
async fn control_what_is_planted_is_found() {
    let stage = Stage::set().await;
    let found = async |document: &Value, operation_id: &str| {
        let contract = Contract::new(document);
        let cases = of(operation_id, &contract, &stage.made);
        assert!(!cases.is_empty(), "{operation_id}");
        stage.run(&contract, cases).await.faults.join("\n")
    };
    let (path, id) = ("/v1/admin/regions", "admin_post_region");
    assert_eq!(found(&DOCUMENT, id).await, "", "nothing is wrong with it");
    // An answer that the contract does not have.
    let mut short = DOCUMENT.clone();
    short["paths"][path]["post"]["responses"].as_object_mut().unwrap().remove("422");
    assert!(found(&short, id).await.contains("this status is not documented"));
    // A contract that says less than the service does: it does what is not lawful then.
    let (id_of_list, limit) = ("admin_list_clinics", "/components/parameters/limit/schema/maximum");
    let mut strict = DOCUMENT.clone();
    *strict.pointer_mut(limit).expect("a limit") = json!(5);
    assert!(found(&strict, id_of_list).await.contains("done, although"));
    assert_eq!(found(&DOCUMENT, id_of_list).await, "", "nothing is wrong with it");
    // A service that fails.
    query("alter table region rename to region_gone").execute(&stage.app.db).await.unwrap();
    let failing = found(&DOCUMENT, id).await;
    assert!(failing.contains("a failure of the service"), "{failing}");
}
