//! As a tree of JSON nodes, turned to text with the escapes that Google's servers use.
//!
//! Invariant: `message` puts slot *i* at index *i*; `sparse` puts the late slots under key *i + 1* of a trailing object. An own tree,
//! because serde_json's neither writes `\u003d` nor builds arrays by slot number.

use std::fmt::Write as _;

/// One JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(String),
    List(Vec<Node>),
    Keyed(Vec<(usize, Node)>),
}

/// A list of anything that turns into nodes.
macro_rules! list {
    ($($item:expr),* $(,)?) => { $crate::wire::Node::List(vec![$($crate::wire::Node::from($item)),*]) };
}
pub(crate) use list;

/// The absent value, short because messages are mostly made of it.
pub(crate) const NULL: Node = Node::Null;

/// A dense message: every slot at its index, nulls between, in ascending order of slots. Absent slots at the end are left out.
pub(crate) fn message<const N: usize>(slots: [(usize, Node); N]) -> Node {
    Node::List(dense(slots))
}

/// A message whose slots from `start` on stand in a trailing object, keyed by field number.
pub(crate) fn sparse<const N: usize>(slots: [(usize, Node); N], start: usize) -> Node {
    let (head, tail): (Vec<_>, Vec<_>) =
        slots.into_iter().filter(|(_, node)| *node != NULL).partition(|(slot, _)| *slot < start);
    let mut items = dense(head);
    if !tail.is_empty() {
        items.push(Node::Keyed(tail.into_iter().map(|(slot, node)| (slot + 1, node)).collect()));
    }
    Node::List(items)
}

fn dense(slots: impl IntoIterator<Item = (usize, Node)>) -> Vec<Node> {
    let mut items = Vec::new();
    for (slot, node) in slots {
        if node != NULL {
            items.resize(slot, NULL);
            items.push(node);
        }
    }
    items
}

impl Node {
    /// The same message with every slot two further on: what a changed layout looks like.
    pub(crate) fn moved(self) -> Self {
        match self {
            Self::List(items) => Self::List([NULL, NULL].into_iter().chain(items).collect()),
            other => other,
        }
    }

    /// The node as JSON.
    pub(crate) fn json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// Appends the node as JSON.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => number(out, value),
            Self::Real(value) => number(out, value),
            Self::Text(text) => quoted(out, text),
            Self::List(items) => write_list(out, items),
            Self::Keyed(items) => write_keyed(out, items),
        }
    }
}

fn number(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a `String` cannot fail.
    let _ = write!(out, "{value}");
}

fn write_list(out: &mut String, items: &[Node]) {
    out.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        item.write(out);
    }
    out.push(']');
}

fn write_keyed(out: &mut String, items: &[(usize, Node)]) {
    out.push('{');
    for (index, (key, item)) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        number(out, format_args!("\"{key}\":"));
        item.write(out);
    }
    out.push('}');
}

/// Appends a JSON string, escaping `= & < >` too as the real store does.
pub(crate) fn quoted(out: &mut String, text: &str) {
    out.push('"');
    replace(out, text, |byte| match byte {
        b'"' => Some("\\\""),
        b'\\' => Some("\\\\"),
        b'\n' => Some("\\n"),
        b'=' => Some("\\u003d"),
        b'&' => Some("\\u0026"),
        b'<' => Some("\\u003c"),
        b'>' => Some("\\u003e"),
        _ => None,
    });
    out.push('"');
}

/// JSON text as the inside of another JSON string.
pub(crate) fn nested(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + json.len() / 16);
    replace(&mut out, json, |byte| match byte {
        b'"' => Some("\\\""),
        b'\\' => Some("\\\\"),
        _ => None,
    });
    out
}

/// Copies `text` with some ASCII characters replaced, in runs.
fn replace(out: &mut String, text: &str, instead: impl Fn(u8) -> Option<&'static str>) {
    let mut start = 0;
    for (index, byte) in text.bytes().enumerate() {
        if let Some(escape) = instead(byte) {
            out.push_str(text.get(start..index).unwrap_or_default());
            out.push_str(escape);
            start = index + 1;
        }
    }
    out.push_str(text.get(start..).unwrap_or_default());
}

impl From<bool> for Node {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Node {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Node {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Node {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Node {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<String> for Node {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<T: Into<Node>> From<Option<T>> for Node {
    fn from(value: Option<T>) -> Self {
        value.map_or(NULL, Into::into)
    }
}

impl<T: Into<Node>> From<Vec<T>> for Node {
    fn from(value: Vec<T>) -> Self {
        Self::List(value.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Node>> FromIterator<T> for Node {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_stand_at_their_index() {
        assert_eq!(message([(1, "a".into()), (3, list![2, NULL]), (5, NULL)]).json(), r#"[null,"a",null,[2,null]]"#);
    }

    #[test]
    fn late_slots_stand_under_their_field_number() {
        assert_eq!(sparse([(0, true.into()), (51, 1.into())], 2).json(), r#"[true,{"52":1}]"#);
        assert_eq!(sparse([(51, 1.into())], 0).json(), r#"[{"52":1}]"#);
    }

    #[test]
    fn strings_are_escaped_as_the_store_does() {
        assert_eq!(Node::from("a=\"b\" & 'ü'\n").json(), r#""a\u003d\"b\" \u0026 'ü'\n""#);
        assert_eq!(nested(r#"["a\u003d"]"#), r#"[\"a\\u003d\"]"#);
    }
}
