//! Checks answers against openapi.yaml: the operation must be there, the status must be documented
//! for it, and the body must match the schema of that status, without further members.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex},
};

use jsonschema::{Draft, Registry, Validator};
use reqwest::{Method, header::HeaderMap};
use serde_json::{Map, Value, json};

const TEXT: &str = include_str!("../../../openapi.yaml");
const URI: &str = "urn:dosebook:openapi";

/// Routes that are no operations: they only lead on to pages.
pub const NO_OPERATIONS: &[&str] = &["/", "/invitation"];

/// Whether a path is that of a page or of its files: these are for browsers, and in no contract.
pub fn is_page(path: &str) -> bool {
    let begins = ["/ko", "/en", "/assets", "/{language:"];
    begins.into_iter().any(|begin| path.starts_with(begin)) || NO_OPERATIONS.contains(&path)
}

/// The document as it stands.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_saphyr::from_str(TEXT).expect("openapi.yaml is YAML"));

/// The same with every object closed: clients must bear new members, our tests must not.
static CLOSED: LazyLock<Value> = LazyLock::new(|| {
    let mut document = DOCUMENT.clone();
    close(&mut document);
    document
});

static REGISTRY: LazyLock<Registry<'static>> = LazyLock::new(|| {
    Registry::new()
        .draft(Draft::Draft202012)
        .add(URI, &*CLOSED)
        .expect("openapi.yaml is a resource")
        .prepare()
        .expect("the references of openapi.yaml")
});

static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Status, headers and body of an answer.
type Received<'a> = (u16, &'a HeaderMap, &'a [u8]);

/// Panics unless the answer is as documented; gives the JSON in it, or null.
pub fn check(method: &Method, path: &str, received: Received) -> Value {
    let (status, headers, bytes) = received;
    let what = format!("{method} {path} -> {status}");
    let kind = media_type(headers);
    let body = if kind.ends_with("json") && method != Method::HEAD {
        serde_json::from_slice(bytes)
            .unwrap_or_else(|error| panic!("{what}: not JSON: {error}: {}", text(bytes)))
    } else {
        Value::Null
    };
    if is_page(path) {
        return body;
    }
    let Some(template) = template(path) else {
        refused(&what, (404, "not_found"), status, &body);
        return body;
    };
    let verb = if method == Method::HEAD { "get".into() } else { method.as_str().to_lowercase() };
    let operation = &DOCUMENT["paths"][&template][&verb];
    if operation.is_null() && method == Method::HEAD {
        assert_eq!(status, 405, "{what}: not in openapi.yaml");
        return body;
    }
    if operation.is_null() {
        refused(&what, (405, "method_not_allowed"), status, &body);
        return body;
    }
    let pointer = format!("/paths/{}/{verb}/responses/{status}", escape(&template));
    let (pointer, response) = resolve(pointer);
    let response = response.unwrap_or_else(|| {
        panic!("{what}: this status is not documented for {template}: {}", text(bytes))
    });
    required_headers(&what, response, headers);
    if method == Method::HEAD {
        assert!(bytes.is_empty(), "{what}: a body in answer to HEAD");
        return body;
    }
    match response["content"].as_object() {
        None => assert!(bytes.is_empty(), "{what}: no body is documented: {}", text(bytes)),
        Some(content) => in_content(&what, content, (&pointer, &kind), (&body, bytes)),
    }
    body
}

/// The templates of all paths with their methods in capitals.
pub fn operations() -> Vec<(String, String, &'static Value)> {
    const VERBS: [&str; 6] = ["get", "put", "post", "delete", "patch", "head"];
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let mut found = Vec::new();
    for (template, item) in paths {
        for (verb, operation) in item.as_object().expect("a path item") {
            if VERBS.contains(&verb.as_str()) {
                found.push((verb.to_uppercase(), template.clone(), operation));
            }
        }
    }
    found
}

/// The name of the operation that a request asks for.
pub fn operation_id(method: &Method, path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    let template = template(path).unwrap_or_else(|| panic!("{path} is not in openapi.yaml"));
    let operation = &DOCUMENT["paths"][&template][&method.as_str().to_lowercase()];
    operation["operationId"].as_str().expect("an operationId").to_owned()
}

/// What is not in the document at all must be refused, and in the one way.
fn refused(what: &str, expected: (u16, &str), status: u16, body: &Value) {
    let code = body["code"].as_str().unwrap_or_default();
    assert_eq!((status, code), expected, "{what}: not in openapi.yaml, and yet: {body}");
    valid(what, "/components/schemas/Problem", body);
}

fn required_headers(what: &str, response: &Value, headers: &HeaderMap) {
    for (name, header) in response["headers"].as_object().into_iter().flatten() {
        let header = match header["$ref"].as_str() {
            Some(pointer) => DOCUMENT.pointer(pointer.trim_start_matches('#')).expect(pointer),
            None => header,
        };
        if header["required"] == true {
            assert!(headers.contains_key(name), "{what}: the header {name} is missing");
        }
    }
}

fn in_content(
    what: &str,
    content: &Map<String, Value>,
    (pointer, kind): (&str, &str),
    (body, bytes): (&Value, &[u8]),
) {
    assert!(
        content.contains_key(kind),
        "{what}: {kind:?} is not documented, but {:?}: {}",
        content.keys().collect::<Vec<_>>(),
        text(bytes)
    );
    if kind.ends_with("json") {
        valid(what, &format!("{pointer}/content/{}/schema", escape(kind)), body);
    }
}

/// Panics unless the body is of the schema at the pointer.
pub fn valid(what: &str, pointer: &str, body: &Value) {
    let validator = VALIDATORS.lock().unwrap().get(pointer).cloned();
    let validator = validator.unwrap_or_else(|| {
        let fragment = pointer.replace('{', "%7B").replace('}', "%7D");
        let schema = json!({ "$ref": format!("{URI}#{fragment}") });
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_registry(&REGISTRY)
            .should_validate_formats(true)
            .build(&schema)
            .unwrap_or_else(|error| panic!("openapi.yaml {pointer}: {error}"));
        let validator = Arc::new(validator);
        VALIDATORS.lock().unwrap().insert(pointer.to_owned(), validator.clone());
        validator
    });
    let faults: Vec<String> = validator
        .iter_errors(body)
        .map(|error| format!("  at {:?}: {error}", error.instance_path().to_string()))
        .collect();
    assert!(
        faults.is_empty(),
        "{what}: not as openapi.yaml {pointer} has it:\n{}\n{body:#}",
        faults.join("\n")
    );
}

/// Follows a reference, if there is one at the pointer.
fn resolve(pointer: String) -> (String, Option<&'static Value>) {
    let found = DOCUMENT.pointer(&pointer);
    match found.and_then(|value| value["$ref"].as_str()) {
        Some(reference) => {
            let pointer = reference.trim_start_matches('#').to_owned();
            let found = DOCUMENT.pointer(&pointer);
            (pointer, found)
        }
        None => (pointer, found),
    }
}

/// The template that a path fits; one without parameters goes before one with.
fn template(path: &str) -> Option<String> {
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    let fitting = paths.keys().filter(|template| fits(template, path));
    fitting.min_by_key(|template| template.matches('{').count()).cloned()
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) =
        (template.split('/').collect(), path.split('/').collect());
    template.len() == path.len()
        && template.iter().zip(&path).all(|(wanted, given)| {
            wanted == given || (wanted.starts_with('{') && !given.is_empty())
        })
}

fn close(value: &mut Value) {
    match value {
        Value::Object(object) => {
            let is_schema = object.get("properties").is_some_and(Value::is_object);
            if is_schema && !object.contains_key("additionalProperties") {
                object.insert("additionalProperties".into(), false.into());
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get("content-type").and_then(|value| value.to_str().ok());
    value.and_then(|value| value.split(';').next()).unwrap_or_default().trim().to_owned()
}

fn escape(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(2000).collect()
}
