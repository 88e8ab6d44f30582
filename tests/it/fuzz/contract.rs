//! The contract as somebody reads it who means no good: what it allows is told from what it does
//! not, and answers are held against it. It is read from a document, so that a test can hand in a
//! wrong one.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use chrono::NaiveDate;
use jsonschema::{Draft, Validator, error::ValidationErrorKind};
use reqwest::header::HeaderMap;
use serde_json::{Value, json};
use uuid::Uuid;

pub struct Contract {
    /// With what references name in their places.
    pub document: Value,
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// Why a value is not of its schema.
pub struct Fault {
    pub text: String,
    /// It is of another type, has a member too many or lacks one.
    pub is_of_form: bool,
}

/// What a path, a query or a header can say.
#[derive(Clone, Debug)]
pub struct Parameter {
    pub place: String,
    pub name: String,
    pub schema: Value,
}

impl Contract {
    pub fn new(document: &Value) -> Self {
        let whole = inlined(document, document, 0);
        Self { document: whole, validators: Mutex::default() }
    }

    /// Method in capitals, path and operation.
    pub fn operations(&self) -> Vec<(String, String, &Value)> {
        let mut found = Vec::new();
        for (path, item) in self.document["paths"].as_object().expect("paths") {
            for (verb, operation) in item.as_object().expect("a path item") {
                if operation.get("operationId").is_some() {
                    found.push((verb.to_uppercase(), path.clone(), operation));
                }
            }
        }
        found
    }

    pub fn parameters(&self, path: &str, operation: &Value) -> Vec<Parameter> {
        let shared = self.document["paths"][path]["parameters"].as_array();
        let own = operation["parameters"].as_array();
        let all = shared.into_iter().chain(own).flatten();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        all.map(|parameter| Parameter {
            place: text(&parameter["in"]),
            name: text(&parameter["name"]),
            schema: parameter["schema"].clone(),
        })
        .collect()
    }

    /// Why the value is not of the schema; nothing where it is.
    pub fn fault(&self, schema: &Value, value: &Value) -> Option<Fault> {
        let key = schema.to_string();
        let known = self.validators.lock().unwrap().get(&key).cloned();
        let validator = known.unwrap_or_else(|| {
            let made = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .build(schema)
                .unwrap_or_else(|error| panic!("{error}: {schema}"));
            let made = Arc::new(made);
            self.validators.lock().unwrap().insert(key, made.clone());
            made
        });
        let fault = validator.iter_errors(value).next();
        fault.map(|error| Fault {
            text: format!("at {:?}: {error}", error.instance_path().to_string()),
            is_of_form: matches!(
                error.kind(),
                ValidationErrorKind::Type { .. }
                    | ValidationErrorKind::Required { .. }
                    | ValidationErrorKind::AdditionalProperties { .. }
            ),
        })
    }

    /// What is wrong with an answer to this operation, whatever was asked.
    pub fn faults(
        &self,
        operation: &Value,
        (status, headers, bytes): (u16, &HeaderMap, &[u8]),
    ) -> Vec<String> {
        let mut faults = Vec::new();
        if status >= 500 {
            faults.push("a failure of the service".to_owned());
        }
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        if header("x-content-type-options") != Some("nosniff") {
            faults.push("no X-Content-Type-Options".to_owned());
        }
        let kind = header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if status >= 400 && kind != "application/problem+json" {
            faults.push(format!("refused with {kind:?}"));
        }
        let response = &operation["responses"][status.to_string()];
        if response.is_null() {
            faults.push("this status is not documented".to_owned());
            return faults;
        }
        match response.get("content") {
            None if bytes.is_empty() => {}
            None => faults.push("a body that is not documented".to_owned()),
            Some(content) if content[kind].is_null() => {
                faults.push(format!("the media type {kind:?} is not documented"));
            }
            Some(content) if kind.ends_with("json") => match serde_json::from_slice(bytes) {
                Ok(body) => {
                    let fault = self.fault(&content[kind]["schema"], &body);
                    let fault = fault.map(|fault| format!("not as documented: {}", fault.text));
                    faults.extend(fault);
                }
                Err(error) => faults.push(format!("not JSON: {error}")),
            },
            Some(_) => {}
        }
        faults
    }
}

/// What the bounds of a schema just allow, and what they just do not.
pub fn edges(schema: &Value) -> Vec<Value> {
    let number = |name: &str| schema[name].as_i64();
    let length = |name: &str| schema[name].as_u64().map(|length| length as usize);
    let numbers = [
        number("maximum"),
        number("maximum").and_then(|most| most.checked_add(1)),
        number("minimum"),
        number("minimum").and_then(|least| least.checked_sub(1)),
    ];
    let texts = [length("maxLength"), length("maxLength").map(|most| most + 1)];
    let numbers = numbers.into_iter().flatten().map(Value::from);
    numbers.chain(texts.into_iter().flatten().map(|length| "x".repeat(length).into())).collect()
}

/// Whether somebody may write this in a path, a query or a header.
pub fn is_lawful(schema: &Value, written: &str) -> bool {
    let bound = |name: &str| schema[name].as_i64().map(i128::from);
    if let Some(values) = schema["enum"].as_array() {
        return values.contains(&json!(written));
    }
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("integer"), _) => written.parse::<i128>().is_ok_and(|number| {
            number.to_string() == written
                && bound("minimum").is_none_or(|least| number >= least)
                && bound("maximum").is_none_or(|most| number <= most)
        }),
        (Some("boolean"), _) => ["true", "false"].contains(&written),
        (_, Some("date")) => {
            let date = NaiveDate::parse_from_str(written, "%Y-%m-%d");
            date.is_ok_and(|date| date.to_string() == written)
        }
        (_, Some("uuid")) => written.len() == 36 && Uuid::parse_str(written).is_ok(),
        _ => {
            let length = written.chars().count() as u64;
            schema["minLength"].as_u64().is_none_or(|least| length >= least)
                && schema["maxLength"].as_u64().is_none_or(|most| length <= most)
        }
    }
}

/// The value with what it refers to in its places.
fn inlined(document: &Value, value: &Value, depth: usize) -> Value {
    assert!(depth < 60, "a schema that holds itself");
    match value {
        Value::Object(object) => match object.get("$ref").and_then(Value::as_str) {
            Some(reference) => {
                let found = document.pointer(reference.trim_start_matches('#'));
                inlined(document, found.expect("a reference"), depth + 1)
            }
            None => {
                let inner = object.iter();
                let inner =
                    inner.map(|(key, one)| (key.clone(), inlined(document, one, depth + 1)));
                Value::Object(inner.collect())
            }
        },
        Value::Array(all) => {
            all.iter().map(|one| inlined(document, one, depth + 1)).collect::<Vec<_>>().into()
        }
        other => other.clone(),
    }
}
