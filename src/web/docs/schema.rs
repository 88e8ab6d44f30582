//! Schemas of openapi.yaml as tables of members.

use std::fmt::{Result, Write};

use super::{node::Node, prose::inline};
use crate::html::escape;

/// A schema's members, or what kind of value it is.
pub(super) fn write(out: &mut String, document: &Node, schema: &Node) -> Result {
    if let Some(values) = schema.get("enum") {
        out.push_str("<p class=\"values\">");
        for value in values.items() {
            write!(out, "<code>{}</code> ", escape(&value.word()))?;
        }
        out.push_str("</p>\n");
    }
    let properties = schema.get("properties").map(Node::entries).unwrap_or_default();
    if properties.is_empty() {
        if schema.get("enum").is_none() {
            writeln!(out, "<p class=\"kind\">{}</p>", kind(document, schema))?;
        }
        return Ok(());
    }
    out.push_str("<dl class=\"members\">\n");
    members(out, document, schema, "")?;
    out.push_str("</dl>\n");
    Ok(())
}

/// Members, including those of nested objects, each with its path.
fn members(out: &mut String, document: &Node, schema: &Node, within: &str) -> Result {
    let required: Vec<String> = schema
        .get("required")
        .map(|names| names.items().iter().map(Node::word).collect())
        .unwrap_or_default();
    for (name, member) in schema.get("properties").map(Node::entries).unwrap_or_default() {
        let is_required = required.contains(name);
        let optional = if is_required { "" } else { "<span class=\"optional\">optional</span>" };
        writeln!(
            out,
            "<dt><code>{}{}</code> <span class=\"kind\">{}</span> {optional}</dt>\n<dd>{}</dd>",
            escape(within),
            escape(name),
            kind(document, member),
            inline(&note(member)),
        )?;
        match member.get("items") {
            Some(item) if item.get("properties").is_some() => {
                members(out, document, item, &format!("{within}{name}[]."))?;
            }
            _ if member.get("properties").is_some() => {
                members(out, document, member, &format!("{within}{name}."))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// A value's kind in a few words; a named schema is a link.
pub(super) fn kind(document: &Node, schema: &Node) -> String {
    if let (Some(name), _) = schema.resolve(document) {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(choices) = schema.get(word) {
            let kinds: Vec<_> = choices.items().iter().map(|one| kind(document, one)).collect();
            return kinds.join(" or ");
        }
    }
    if let Some(item) = schema.get("items") {
        return format!("list of {}", kind(document, item));
    }
    let types = match schema.get("type") {
        Some(Node::List(types)) => types.iter().map(Node::word).collect::<Vec<_>>().join(" or "),
        Some(one) => one.word(),
        None => "any".to_owned(),
    };
    match schema.text("format") {
        "" | "int64" | "double" => escape(&types),
        format if types == "string" => escape(format),
        format => escape(&types.replace("string", format)),
    }
}

/// What a member means, and its limits.
fn note(member: &Node) -> String {
    let mut parts = vec![member.text("description").trim().replace('\n', " ")];
    if let Some(values) = member.get("enum") {
        let values: Vec<_> =
            values.items().iter().map(|value| format!("`{}`", value.word())).collect();
        parts.push(format!("One of {}.", values.join(", ")));
    }
    for (name, words) in [
        ("minimum", "At least"),
        ("maximum", "At most"),
        ("default", "If left out:"),
        ("pattern", "Matches"),
    ] {
        if let Some(value) = member.get(name) {
            parts.push(format!("{words} `{}`.", value.word()));
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}
