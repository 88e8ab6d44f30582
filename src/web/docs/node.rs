//! A YAML document as a tree that keeps the order of its members.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

/// A value of the document.
#[derive(Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As written.
    Number(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The member of a map.
    pub(super) fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The node at a path of members.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, name| node.get(name))
    }

    /// The text at a member, empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        match self.get(name) {
            Some(Node::Text(text)) => text,
            _ => "",
        }
    }

    /// The members of a map in their order; none for anything else.
    pub(super) fn entries(&self) -> &[(String, Node)] {
        match self {
            Node::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The members of a list; none for anything else.
    pub(super) fn items(&self) -> &[Node] {
        match self {
            Node::List(items) => items,
            _ => &[],
        }
    }

    /// Follows `$ref` within `document`; gives the last part of the reference too.
    pub(super) fn resolve<'a>(&'a self, document: &'a Node) -> (Option<&'a str>, &'a Node) {
        let Some(reference) = self.text("$ref").strip_prefix("#/") else { return (None, self) };
        let path: Vec<&str> = reference.split('/').collect();
        match document.at(&path) {
            Some(node) => (path.last().copied(), node),
            None => (None, self),
        }
    }

    /// A scalar as it would be written in a sentence.
    pub(super) fn word(&self) -> String {
        match self {
            Node::Null => "null".into(),
            Node::Bool(value) => value.to_string(),
            Node::Number(text) | Node::Text(text) => text.clone(),
            Node::List(_) | Node::Map(_) => String::new(),
        }
    }
}

/// Indented JSON.
impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        json(self, 0, f)
    }
}

fn json(node: &Node, depth: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let line = |f: &mut fmt::Formatter<'_>, depth: usize| write!(f, "\n{:1$}", "", depth * 2);
    match node {
        Node::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
        Node::List(items) if items.is_empty() => f.write_str("[]"),
        Node::List(items) => {
            f.write_str("[")?;
            for (at, item) in items.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { "," })?;
                line(f, depth + 1)?;
                json(item, depth + 1, f)?;
            }
            line(f, depth)?;
            f.write_str("]")
        }
        Node::Map(entries) if entries.is_empty() => f.write_str("{}"),
        Node::Map(entries) => {
            f.write_str("{")?;
            for (at, (name, value)) in entries.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { "," })?;
                line(f, depth + 1)?;
                write!(f, "{}: ", serde_json::Value::from(name.as_str()))?;
                json(value, depth + 1, f)?;
            }
            line(f, depth)?;
            f.write_str("}")
        }
        scalar => f.write_str(&scalar.word()),
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, value: D) -> Result<Node, D::Error> {
        Node::deserialize(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_kept_and_json_can_read_what_is_printed() {
        let yaml = "z: 1\na: [x, 'true', true, null, 1.5]\nempty: {}\n";
        let node: Node = serde_saphyr::from_str(yaml).unwrap();
        let names: Vec<_> = node.entries().iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["z", "a", "empty"]);
        let read: serde_json::Value = serde_json::from_str(&node.to_string()).unwrap();
        let expected =
            serde_json::json!({ "z": 1, "a": ["x", "true", true, null, 1.5], "empty": {} });
        assert_eq!(read, expected);
    }

    #[test]
    fn a_reference_leads_to_what_it_names() {
        let node: Node =
            serde_saphyr::from_str("a: { b: { c: here } }\nr: { $ref: '#/a/b' }").unwrap();
        let (name, found) = node.get("r").unwrap().resolve(&node);
        assert_eq!((name, found.text("c")), (Some("b"), "here"));
    }
}
