//! Requests made up from the contract: each has one thing about it that is odd.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    contract::{Contract, edges, is_lawful},
    draw::Draw,
    odd,
};
use crate::support::Made;

/// What ends sessions that are still needed, or takes a user's access away.
const LEFT_OUT: [&str; 5] = [
    "delete_session",
    "delete_all_sessions",
    "delete_staff_session",
    "admin_disable_user",
    "admin_reset_user",
];
/// Odd things at each place where something odd can stand.
const AT_A_FIELD: usize = 5;
const AT_A_PARAMETER: usize = 4;
const OF_BODIES: usize = 4;
const OF_HEADERS: usize = 2;

/// A request, and what is odd about it.
pub struct Case {
    pub operation_id: String,
    pub role: &'static str,
    pub method: Method,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Option<(&'static str, Vec<u8>)>,
    pub odd: String,
    /// Whether the contract allows it.
    pub is_lawful: bool,
    /// The member of the body at which it is odd.
    pub member: Option<String>,
}

/// Which of the roles asks.
fn role(operation: &Value) -> &'static str {
    let roles = ["citizen", "staff", "administrator", "call_centre"];
    let is_named = |role: &&str| {
        operation["x-roles"].as_array().is_some_and(|named| named.contains(&json!(role)))
    };
    roles.into_iter().find(is_named).unwrap_or("public")
}

/// Cases for every operation, but for those that are left out.
pub fn cases(contract: &Contract, made: &Made, draw: &mut Draw) -> Vec<Case> {
    let mut cases = Vec::new();
    for (method, template, operation) in contract.operations() {
        let operation_id = operation["operationId"].as_str().expect("an operationId").to_owned();
        if LEFT_OUT.contains(&operation_id.as_str()) {
            continue;
        }
        let body = Base::of(operation);
        let plain = Plain { contract, made, method, template, operation, operation_id, body };
        cases.extend(plain.odd_parameters(draw));
        cases.extend(plain.odd_headers(draw));
        cases.extend(plain.odd_members(draw));
        cases.extend(plain.odd_bodies(draw));
    }
    cases
}

/// A body that an example of the contract shows.
struct Base {
    schema: Value,
    example: Value,
}

impl Base {
    fn of(operation: &Value) -> Option<Self> {
        let content = &operation["requestBody"]["content"]["application/json"];
        let schema = content.get("schema")?.clone();
        let own = content["example"].clone();
        let example = if own.is_null() { schema["examples"][0].clone() } else { own };
        assert!(!example.is_null(), "no example: {schema}");
        Some(Self { schema, example })
    }
}

/// An operation as it is meant.
struct Plain<'a> {
    contract: &'a Contract,
    made: &'a Made,
    method: String,
    template: String,
    operation: &'a Value,
    operation_id: String,
    body: Option<Base>,
}

impl Plain<'_> {
    fn case(&self, odd: String, is_lawful: bool) -> Case {
        let mut headers = Vec::new();
        let parameters = self.contract.parameters(&self.template, self.operation);
        for parameter in parameters.iter().filter(|parameter| parameter.place == "header") {
            match parameter.name.as_str() {
                "Idempotency-Key" => headers.push(("idempotency-key", Uuid::now_v7().to_string())),
                "If-Match" => headers.push(("if-match", "*".to_owned())),
                _ => {}
            }
        }
        let body = self.body.as_ref().map(|body| body.example.to_string().into_bytes());
        let file = || self.operation.get("requestBody").map(|_| b"code,name\n1,2\n".to_vec());
        let body = match body {
            Some(body) => Some(("application/json", body)),
            None => file().map(|file| ("text/csv", file)),
        };
        Case {
            operation_id: self.operation_id.clone(),
            role: role(self.operation),
            method: Method::from_bytes(self.method.as_bytes()).expect("a method"),
            path: self.path(("", "")),
            headers,
            body,
            odd,
            is_lawful,
            member: None,
        }
    }

    /// The path, with one of its parameters written so.
    fn path(&self, (odd, written): (&str, &str)) -> String {
        let mut path = self.template.clone();
        for parameter in self.contract.parameters(&self.template, self.operation) {
            if parameter.place == "path" {
                let named = format!("{{{}}}", parameter.name);
                let meant = self.id(&parameter.name);
                let value = if parameter.name == odd { written } else { &meant };
                path = path.replace(&named, value);
            }
        }
        let query = self.contract.parameters(&self.template, self.operation);
        let mut query: Vec<_> = query
            .into_iter()
            .filter(|parameter| parameter.place == "query" && parameter.name == "date")
            .map(|parameter| format!("date={}", self.id(&parameter.name)))
            .collect();
        if let Some(name) = odd.strip_prefix('?') {
            query.retain(|pair| !pair.starts_with(&format!("{name}=")));
            query.push(format!("{name}={written}"));
        }
        if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
    }

    fn id(&self, name: &str) -> String {
        let allocation = self.made.allocations[0];
        match name {
            "campaign_id" => self.made.campaign_id.to_string(),
            "clinic_id" => allocation.clinic_id.to_string(),
            "slot_id" => self.made.slots[0].slot_id.to_string(),
            "allocation_id" => allocation.allocation_id.to_string(),
            "person_id" => self.made.people[0].person_id.to_string(),
            "pool_id" => self.made.nation.to_string(),
            "course_id" => self.made.course_id.to_string(),
            "product_id" => self.made.product_id.to_string(),
            "region_id" => self.made.provinces[0].to_string(),
            "booking_id" | "step_id" => Uuid::now_v7().to_string(),
            "date" => allocation.on_date.to_string(),
            "kind" => "slots".to_owned(),
            "movement_id" => "1-1".to_owned(),
            _ => "999999".to_owned(),
        }
    }

    fn odd_parameters(&self, draw: &mut Draw) -> Vec<Case> {
        let mut cases = Vec::new();
        for parameter in self.contract.parameters(&self.template, self.operation) {
            let mark = match parameter.place.as_str() {
                "path" => parameter.name.clone(),
                "query" => format!("?{}", parameter.name),
                _ => continue,
            };
            let edges = edges(&parameter.schema).into_iter();
            let edges = edges.map(|edge| edge.as_str().map_or(edge.to_string(), str::to_owned));
            for value in draw.some(odd::texts(), AT_A_PARAMETER).into_iter().chain(edges) {
                // Nothing at all is another path, and what climbs out of it too.
                if mark.starts_with('?') || !(value.is_empty() || value.contains('/')) {
                    let written: String =
                        form_urlencoded::byte_serialize(value.as_bytes()).collect();
                    let written = written.replace('+', "%20");
                    let is_lawful = is_lawful(&parameter.schema, &value);
                    let mut case = self.case(format!("{mark} is {value:.80?}"), is_lawful);
                    case.path = self.path((&mark, &written));
                    cases.push(case);
                }
            }
            let mut bare = self.case(format!("{mark} is no UTF-8"), true);
            bare.path = self.path((&mark, "%ff%00"));
            cases.push(bare);
        }
        cases
    }

    fn odd_headers(&self, draw: &mut Draw) -> Vec<Case> {
        let mut cases: Vec<Case> = draw
            .some(odd::headers(), OF_HEADERS)
            .into_iter()
            .map(|(name, value)| {
                let mut case = self.case(format!("{name}: {value:.80?}"), true);
                case.headers.retain(|(kept, _)| *kept != name);
                case.headers.push((name, value));
                case
            })
            .collect();
        if role(self.operation) != "public" {
            let tokens =
                ["Bearer", "Bearer \u{9}", "Basic eDp4", "Bearer s1.AAAA", "Bearer c1.\u{e9}"];
            let token = tokens[draw.below(tokens.len())];
            let mut case = self.case(format!("authorization: {token:?}"), false);
            case.headers.push(("authorization", token.to_owned()));
            cases.push(case);
        }
        cases
    }

    fn odd_bodies(&self, draw: &mut Draw) -> Vec<Case> {
        let Some(base) = &self.body else {
            if self.operation.get("requestBody").is_none() {
                return Vec::new();
            }
            let files: [&[u8]; 6] =
                [b"", b"\0\0", b"\xff\xfe", b"\"a\nb", b"a,a\n1,2\n", b"PK\x03\x04broken"];
            return files
                .map(|file| {
                    let mut case = self.case(format!("the file is {file:?}"), true);
                    case.body = Some(("text/csv", file.to_vec()));
                    case
                })
                .into();
        };
        let mut cases: Vec<Case> = draw
            .some(odd::bodies(), OF_BODIES)
            .into_iter()
            .map(|(kind, body)| {
                // An empty object may be all that is asked for. JSON has no other character set.
                let is_json = kind.starts_with("application/json");
                let read = serde_json::from_slice::<Value>(&body).ok().filter(|_| is_json);
                let is_lawful =
                    read.is_some_and(|read| self.contract.fault(&base.schema, &read).is_none());
                let shown = String::from_utf8_lossy(&body[..body.len().min(30)]).into_owned();
                let mut case = self.case(format!("the body is {kind} {shown:?}"), is_lawful);
                case.body = Some((kind, body));
                case
            })
            .collect();
        // More than is taken, and so little that nobody is hung up on before all of it was sent.
        let large = format!("{{\"x\": \"{}\"}}", "x".repeat(100_000));
        if draw.below(8) == 0 {
            let mut case = self.case("the body is large".to_owned(), false);
            case.body = Some(("application/json", large.into_bytes()));
            cases.push(case);
        }
        cases
    }

    fn odd_members(&self, draw: &mut Draw) -> Vec<Case> {
        let Some(base) = &self.body else { return Vec::new() };
        let mut cases = Vec::new();
        for (parent, name, schema) in members(&base.schema, &base.example, "") {
            let values = draw.some(odd::values(), AT_A_FIELD).into_iter().chain(edges(&schema));
            for value in values.map(Some).chain([Some(Value::Null), None]) {
                cases.push(self.with_member(base, (&parent, &name), value));
            }
        }
        for parent in objects(&base.example, "") {
            cases.push(self.with_member(base, (&parent, "no_such_member"), Some(json!(1))));
        }
        cases
    }

    fn with_member(&self, base: &Base, (parent, name): (&str, &str), value: Option<Value>) -> Case {
        let mut body = base.example.clone();
        let object = body.pointer_mut(parent).and_then(Value::as_object_mut);
        let object = object.unwrap_or_else(|| panic!("{parent} of {}", base.example));
        let odd = match &value {
            Some(value) => format!("{parent}/{name} is {:.120}", value.to_string()),
            None => format!("{parent}/{name} is missing"),
        };
        match value {
            Some(value) => object.insert(name.to_owned(), value),
            None => object.remove(name),
        };
        let fault = self.contract.fault(&base.schema, &body);
        let mut case = self.case(odd, fault.is_none());
        case.body = Some(("application/json", body.to_string().into_bytes()));
        // Of what has the right form, something else may be said first.
        let is_of_form = fault.is_some_and(|fault| fault.is_of_form);
        let path = format!("{parent}/{name}").replace('/', ".").replace(".0", "[0]");
        case.member = is_of_form.then(|| path.trim_start_matches('.').to_owned());
        case
    }
}

/// The members that objects of the value have or may have: where the object is, name and schema.
fn members(schema: &Value, value: &Value, at: &str) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if value.is_object() {
            found.push((at.to_owned(), name.clone(), schema.clone()));
            found.extend(members(schema, &value[name], &format!("{at}/{name}")));
        }
    }
    if let Some(first) = value.as_array().and_then(|all| all.first()) {
        found.extend(members(&schema["items"], first, &format!("{at}/0")));
    }
    found
}

/// Where the value has objects of fixed members.
fn objects(value: &Value, at: &str) -> Vec<String> {
    match value {
        Value::Object(object) => {
            let inner = object.iter();
            let inner = inner.flat_map(|(name, value)| objects(value, &format!("{at}/{name}")));
            [at.to_owned()].into_iter().chain(inner).collect()
        }
        Value::Array(all) => {
            all.first().map_or_else(Vec::new, |one| objects(one, &format!("{at}/0")))
        }
        _ => Vec::new(),
    }
}
