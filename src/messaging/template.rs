//! Templates of what a gateway is sent: text with placeholders in braces. Each placeholder is
//! written as the place needs it where it stands; the rest is sent as it is.

use std::collections::BTreeMap;

use super::{outgoing::TextMessage, secret::Secret};

/// What a placeholder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    To,
    ToInternational,
    Text,
    Id,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Field(Field),
    Secret(Secret),
}

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Part>);

/// The secrets of a provider, by the names that its templates call them by.
pub(super) type Secrets = BTreeMap<String, Secret>;

impl Template {
    /// Reads `{to}`, `{to_international}`, `{text}`, `{id}` and `{secret.NAME}`; a brace itself is
    /// written twice.
    ///
    /// # Errors
    /// A sentence for the operator about the first thing that is none of these.
    pub(super) fn parse(source: &str, secrets: &Secrets) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                literal.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                literal.push('}');
                rest = after;
            } else if let Some((name, after)) =
                from.strip_prefix('{').and_then(|inside| inside.split_once('}'))
            {
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(placeholder(name, secrets)?);
                rest = after;
            } else {
                let found = from.chars().next().unwrap_or('{');
                return Err(format!("a single {found}: write {found}{found} for the sign itself"));
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self(parts))
    }

    /// Whether the placeholder is in it.
    pub(super) fn uses(&self, field: Field) -> bool {
        self.0.contains(&Part::Field(field))
    }

    /// The text for a message; `escape` writes what stands for a placeholder as the place needs it.
    pub(super) fn fill(&self, message: &TextMessage, escape: fn(&str) -> String) -> String {
        self.0
            .iter()
            .map(|part| match part {
                Part::Literal(text) => text.clone(),
                Part::Secret(secret) => escape(secret.expose()),
                Part::Field(Field::To) => escape(&message.to),
                Part::Field(Field::ToInternational) => escape(&message.to_international),
                Part::Field(Field::Text) => escape(&message.text),
                Part::Field(Field::Id) => escape(&message.id.to_string()),
            })
            .collect()
    }
}

fn placeholder(name: &str, secrets: &Secrets) -> Result<Part, String> {
    if let Some(name) = name.strip_prefix("secret.") {
        let secret = secrets.get(name);
        return secret
            .cloned()
            .map(Part::Secret)
            .ok_or_else(|| format!("{{secret.{name}}}: `secrets` has no {name}"));
    }
    let field = match name {
        "to" => Field::To,
        "to_international" => Field::ToInternational,
        "text" => Field::Text,
        "id" => Field::Id,
        _ => {
            return Err(format!(
                "{{{name}}} is no placeholder; there are {{to}}, {{to_international}}, {{text}}, \
                 {{id}} and {{secret.NAME}}, and a brace itself is written twice"
            ));
        }
    };
    Ok(Part::Field(field))
}

/// Where nothing has a meaning of its own, or where that is seen to later.
pub(super) fn as_it_is(text: &str) -> String {
    text.to_owned()
}

/// For any part of a URL (RFC 3986, unreserved characters stay).
pub(super) fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::messaging::outgoing::samples;

    fn secrets() -> Secrets {
        Secrets::from([("token".to_owned(), Secret::of("a b"))])
    }

    fn filled(source: &str, escape: fn(&str) -> String) -> String {
        Template::parse(source, &secrets()).unwrap().fill(&samples::text("안녕 & {to}"), escape)
    }

    #[test]
    fn placeholders_are_filled_and_braces_stay() {
        assert_eq!(filled("{to}|{to_international}", as_it_is), "01012345678|+821012345678");
        assert_eq!(filled("a {text} b", as_it_is), "a 안녕 & {to} b", "a text is no template");
        assert_eq!(filled("{{to}} {secret.token}", as_it_is), "{to} a b");
        assert_eq!(
            filled("/x/{text}?t={secret.token}&i={id}", percent_encoded),
            "/x/%EC%95%88%EB%85%95%20%26%20%7Bto%7D?t=a%20b&i=01990000-0000-7000-8000-000000000001"
        );
        assert_eq!(filled("", as_it_is), "");
    }

    #[test]
    fn what_is_no_placeholder_is_refused_with_the_reason() {
        for (source, reason) in [
            ("{too}", "{too} is no placeholder"),
            ("{}", "{} is no placeholder"),
            ("{ to }", "{ to } is no placeholder"),
            ("{secret.key}", "`secrets` has no key"),
            ("{to", "a single {"),
            ("to}", "a single }"),
            ("{{to}", "a single }"),
        ] {
            let refused = Template::parse(source, &secrets()).unwrap_err();
            assert!(refused.contains(reason), "{source}: {refused}");
        }
    }

    #[test]
    fn it_knows_what_it_uses() {
        let template = Template::parse("{to} {{text}}", &secrets()).unwrap();
        assert!(template.uses(Field::To));
        assert!(!template.uses(Field::Text));
    }

    proptest! {
        #[test]
        fn a_percent_encoded_text_comes_back(text in any::<String>()) {
            let encoded = percent_encoded(&text);
            prop_assert!(encoded.is_ascii() && !encoded.contains(['&', '=', '/', ' ', '+']));
            let query = format!("t={encoded}");
            let decoded: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
            prop_assert_eq!(decoded[0].1.as_ref(), text);
        }
    }
}
