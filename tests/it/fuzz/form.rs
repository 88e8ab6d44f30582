//! Forms of pages as they stand there, and filled in by somebody who means no good.

use super::{draw::Draw, odd};

/// A form of a page.
#[derive(Clone, Debug)]
pub struct Form {
    pub action: String,
    pub is_get: bool,
    pub is_file: bool,
    /// Name, kind and value, in the order of the page.
    pub fields: Vec<(String, String, String)>,
}

/// All forms of a page.
pub fn forms(text: &str, at: &str) -> Vec<Form> {
    let forms = text.split("<form").skip(1);
    forms
        .map(|rest| {
            let whole = rest.split_once("</form>").map_or(rest, |(form, _)| form);
            let (tag, inner) = whole.split_once('>').expect("a tag");
            let action = attribute(tag, "action").unwrap_or_else(|| at.to_owned());
            Form {
                action,
                is_get: attribute(tag, "method").is_none_or(|method| method != "post"),
                is_file: attribute(tag, "enctype").is_some(),
                fields: fields(inner),
            }
        })
        .collect()
}

fn fields(inner: &str) -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    let mut select = None;
    for part in inner.split('<').skip(1) {
        let tag = part.split_once('>').map_or(part, |(tag, _)| tag);
        let word = tag.split([' ', '\n']).next().unwrap_or_default();
        let value = || attribute(tag, "value").unwrap_or_default();
        match word {
            "input" | "textarea" | "button" => {
                let usual = if word == "button" { "submit" } else { "text" };
                let kind = attribute(tag, "type").unwrap_or_else(|| usual.to_owned());
                found.extend(attribute(tag, "name").map(|name| (name, kind, value())));
            }
            "select" => select = attribute(tag, "name"),
            "/select" => select = None,
            "option" => {
                let name = select.clone();
                found.extend(name.map(|name| (name, "option".to_owned(), value())));
            }
            _ => {}
        }
    }
    found
}

/// The form as it stands, with one value for each name.
pub fn plain(form: &Form, draw: &mut Draw) -> Vec<(String, String)> {
    let mut sent: Vec<(String, String)> = Vec::new();
    for (name, kind, value) in &form.fields {
        let has_one = sent.iter().position(|(known, _)| known == name);
        match (has_one, kind.as_str()) {
            (Some(at), "option" | "radio" | "submit") if draw.below(2) == 0 => {
                value.clone_into(&mut sent[at].1);
            }
            (Some(_), "option" | "radio" | "submit") => {}
            (_, "checkbox") if draw.below(2) == 0 => {}
            (_, "file") => {}
            _ => sent.push((name.clone(), value.clone())),
        }
    }
    sent
}

/// The form with one field that is odd: what is odd, and what is sent.
pub fn odd(form: &Form, n: usize, draw: &mut Draw) -> Vec<(String, Vec<(String, String)>)> {
    let mut names: Vec<String> = form.fields.iter().map(|(name, _, _)| name.clone()).collect();
    names.sort();
    names.dedup();
    let mut all = Vec::new();
    for name in names {
        for value in draw.some(odd::texts(), n) {
            let mut sent = plain(form, draw);
            // The same name twice, once in a while, and otherwise in its place.
            if draw.below(10) > 0 {
                sent.retain(|(known, _)| *known != name);
            }
            let shown = format!("{name} is {value:.80?}");
            sent.push((name.clone(), value));
            all.push((shown, sent));
        }
        let mut without = plain(form, draw);
        without.retain(|(known, _)| *known != name);
        all.push((format!("{name} is missing"), without));
    }
    all
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {}", tag.replace('\n', " "));
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split_once('"')?.0;
    let entities =
        [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")];
    Some(
        entities.iter().fold(value.to_owned(), |text, (entity, plain)| text.replace(entity, plain)),
    )
}
