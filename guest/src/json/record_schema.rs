//! Schemas of records: the fields of a message by name, path and type.
//!
//! All paths of a schema are followed in one walk over the message: they form a tree, and runs of slots outside it are skipped together.

use std::borrow::Cow;
use std::ops::ControlFlow;

use super::reader::{Kind, Mark, ReadError, Reader, SPARSE_TAIL};
use super::writer::{Key, Writer};
use crate::html;

/// Type of a field. A value that is missing or of another type becomes `null`.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum FieldType {
    /// A string.
    Text,
    /// A string in which HTML's character references are decoded, once: plain text that a site escaped.
    DecodedText,
    /// A string of HTML, as plain text.
    HtmlAsText,
    /// A number.
    Number,
    /// A number of millionths.
    Micros,
    /// Whether it is this number; absent is false.
    Equals(i64),
    /// Whether there is any.
    Present,
    /// Whether it counts as true; absent is false.
    Truthy,
    /// Whether it is a string; absent is false.
    IsText,
    /// The strings at a path with [`ANY_ELEMENT`] in it.
    Texts,
    /// As [`FieldType::Texts`], each string once.
    DistinctTexts,
    /// A function that gets the value at each of the field's paths, and writes one value.
    With(fn(&[Option<Reader<'_>>], &mut Writer) -> Result<(), ReadError>),
}

/// One field of a record.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name in the record.
    pub name: &'static str,
    /// Its paths; the first value that isn't `null` counts.
    pub paths: &'static [&'static [u16]],
    /// Its type.
    pub field_type: FieldType,
}

impl Field {
    /// A field that lies at one of `paths`.
    #[must_use]
    pub const fn new(name: &'static str, paths: &'static [&'static [u16]], field_type: FieldType) -> Self {
        Self { name, paths, field_type }
    }
}

/// Slot of a path that stands for every element. A path has at most one.
pub const ANY_ELEMENT: u16 = u16::MAX;

/// Node of the tree of paths: what is captured of a value and below it.
#[derive(Debug, Default)]
struct Node {
    /// The places among the captured values where this one goes.
    places: Vec<usize>,
    /// The places whose lists this value is an element of.
    lists: Vec<usize>,
    /// The slots of single elements of which something is wanted, ascending.
    slots: Vec<usize>,
    /// What is wanted of each of them.
    nodes: Vec<Node>,
    /// What is wanted of every element.
    every: Option<Box<Node>>,
}

impl Node {
    /// Wants the value at `path` in `place`; `in_list`: the path comes from an [`ANY_ELEMENT`].
    fn add_path(&mut self, path: &[u16], place: usize, in_list: bool) {
        match path.split_first() {
            None if in_list => self.lists.push(place),
            None => self.places.push(place),
            Some((&ANY_ELEMENT, rest)) => {
                // What stands before every element is kept too: whether there is a list at all.
                self.places.push(place);
                self.every.get_or_insert_default().add_path(rest, place, true);
            }
            Some((slot, rest)) => {
                let slot = usize::from(*slot);
                let at = self.slots.binary_search(&slot).unwrap_or_else(|at| {
                    self.slots.insert(at, slot);
                    self.nodes.insert(at, Self::default());
                    at
                });
                if let Some(node) = self.nodes.get_mut(at) {
                    node.add_path(rest, place, in_list);
                }
            }
        }
    }

    /// Captures what is wanted of the value that comes next, which isn't `null`, and below it. May move past it.
    #[inline(always)]
    fn read<'a>(&self, reader: &mut Reader<'a>, values: &mut Values<'a>) -> Result<(), ReadError> {
        for place in &self.places {
            if let Some(kept) = values.first.get_mut(*place) {
                kept.get_or_insert(reader.mark());
            }
        }
        for place in &self.lists {
            values.every.push((*place, reader.mark()));
        }
        match (&self.every, self.slots.first()) {
            (None, None) => Ok(()),
            (None, Some(_)) => self.read_slots(reader, values),
            (Some(every), _) => self.read_every(every, reader, values),
        }
    }

    #[inline(never)]
    fn read_slots<'a>(&self, reader: &mut Reader<'a>, values: &mut Values<'a>) -> Result<(), ReadError> {
        // The place of the slot that comes next, and whether one was `null`, which a tail may still fill.
        let (mut place, mut missing) = (0, false);
        reader.slots(self.slots.first().copied().unwrap_or(SPARSE_TAIL), |slot, element| {
            let Some(element) = element else {
                missing = true;
                place += 1;
                return Ok(Some(self.slots.get(place).copied().unwrap_or(SPARSE_TAIL)));
            };
            // Elements come in the order of the slots, a tail's members in any.
            let found = if self.slots.get(place) == Some(&slot) { Ok(place) } else { self.slots.binary_search(&slot) };
            if let Some(node) = found.ok().and_then(|place| self.nodes.get(place)) {
                node.read(element, values)?;
            }
            place += 1;
            Ok(self.slots.get(place).copied().or(missing.then_some(SPARSE_TAIL)))
        })
    }

    #[inline(never)]
    fn read_every<'a>(&self, every: &Self, reader: &mut Reader<'a>, values: &mut Values<'a>) -> Result<(), ReadError> {
        reader.elements(|slot, element| {
            match self.slots.binary_search(&slot).ok().and_then(|place| self.nodes.get(place)) {
                Some(own) => {
                    every.read(&mut { *element }, values)?;
                    own.read(element, values)?;
                }
                None => every.read(element, values)?,
            }
            Ok(ControlFlow::Continue(()))
        })
    }
}

/// A compiled schema.
#[derive(Debug)]
pub struct RecordSchema {
    fields: Cow<'static, [Field]>,
    /// The fields' names as a record's keys.
    keys: Vec<Key>,
    /// How many values are captured: one a path.
    places: usize,
    root: Node,
}

/// Values of a message at a schema's paths, in the schema's order.
#[derive(Debug)]
pub struct Extracted<'t, 'a> {
    schema: &'t RecordSchema,
    values: Values<'a>,
}

/// The first value at each path, and all those at the paths with [`ANY_ELEMENT`], with their places.
#[derive(Debug)]
struct Values<'a> {
    first: Vec<Option<Mark<'a>>>,
    every: Vec<(usize, Mark<'a>)>,
}

impl RecordSchema {
    /// Compiles the schema of these fields.
    #[must_use]
    pub fn new(fields: impl Into<Cow<'static, [Field]>>) -> Self {
        let fields = fields.into();
        let (mut root, mut places) = (Node::default(), 0);
        for path in fields.iter().flat_map(|field| field.paths.iter()) {
            root.add_path(path, places, false);
            places += 1;
        }
        let keys = fields.iter().map(|field| Key::new(field.name)).collect();
        Self { fields, keys, places, root }
    }

    /// Reads the message that comes next and moves past it.
    ///
    /// # Errors
    /// When the text ends in it, or it isn't JSON: never half a message.
    pub fn read<'t, 'a>(&'t self, reader: &mut Reader<'a>) -> Result<Extracted<'t, 'a>, ReadError> {
        let mut values = Values { first: vec![None; self.places], every: Vec::new() };
        let before = reader.position();
        if reader.kind()? != Kind::Null {
            self.root.read(reader, &mut values)?;
        }
        if reader.position() == before {
            reader.skip()?;
        }
        Ok(Extracted { schema: self, values })
    }
}

impl<'a> Extracted<'_, 'a> {
    /// The record.
    ///
    /// # Errors
    /// When a value's text ends in the middle, or isn't JSON.
    pub fn record(&self) -> Result<String, ReadError> {
        let mut writer = Writer::new();
        let (mut values, mut place) = (self.values.first.as_slice(), 0);
        for (field, key) in self.schema.fields.iter().zip(&self.schema.keys) {
            let (own, rest) = values.split_at_checked(field.paths.len()).unwrap_or_default();
            values = rest;
            writer.ready_key(key);
            match field.field_type {
                FieldType::Texts => self.write_texts(own, place, &mut writer, Writer::copy_texts),
                FieldType::DistinctTexts => self.write_texts(own, place, &mut writer, Writer::copy_distinct_texts),
                FieldType::With(write) => {
                    let own: Vec<_> = own.iter().map(|mark| mark.map(Mark::reader)).collect();
                    write(&own, &mut writer)?;
                }
                field_type => field_type.write(own.iter().find_map(|mark| *mark).map(Mark::reader), &mut writer),
            }
            place += field.paths.len();
        }
        Ok(writer.finish())
    }

    /// Has `copy` write the strings at a field's places from `first` on.
    fn write_texts(
        &self,
        lists: &[Option<Mark<'a>>],
        first: usize,
        writer: &mut Writer,
        copy: fn(&mut Writer, &mut dyn Iterator<Item = Reader<'a>>),
    ) {
        if lists.iter().all(Option::is_none) {
            return writer.null();
        }
        let own = first..first + lists.len();
        let values = self.values.every.iter().filter(|(place, _)| own.contains(place)).map(|(_, mark)| mark.reader());
        copy(writer, &mut values.filter(|value| value.is_text()));
    }

    /// Gives the field with this name a value where the message had none.
    #[must_use]
    pub fn or_value(mut self, name: &str, value: Option<Reader<'a>>) -> Self {
        if let Some(kept) = self.place(name).and_then(|place| self.values.first.get_mut(place)) {
            *kept = kept.or(value.map(|value| value.mark()));
        }
        self
    }

    /// The value of the field with this name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<Reader<'a>> {
        let count = self.schema.fields.iter().find(|field| field.name == name)?.paths.len();
        self.values.first.iter().skip(self.place(name)?).take(count).find_map(|mark| *mark).map(Mark::reader)
    }

    /// The value at one of the paths, counted from 0, of the field with this name.
    #[must_use]
    pub fn value_at(&self, name: &str, path: usize) -> Option<Reader<'a>> {
        let count = self.schema.fields.iter().find(|field| field.name == name)?.paths.len();
        let place = self.place(name)? + path;
        (path < count).then(|| *self.values.first.get(place)?).flatten().map(Mark::reader)
    }

    /// The place of the field's first value.
    fn place(&self, name: &str) -> Option<usize> {
        let index = self.schema.fields.iter().position(|field| field.name == name)?;
        Some(self.schema.fields.iter().take(index).map(|field| field.paths.len()).sum())
    }
}

impl FieldType {
    fn write(self, value: Option<Reader<'_>>, writer: &mut Writer) {
        match self {
            Self::With(_) | Self::Texts | Self::DistinctTexts => writer.null(),
            Self::Truthy => writer.bool(value.is_some_and(Reader::truthy)),
            Self::IsText => writer.bool(value.is_some_and(Reader::is_text)),
            Self::Text => writer.copy_text(value),
            Self::DecodedText => writer.decoded_text(value),
            Self::HtmlAsText => {
                or_null(value.and_then(Reader::text), writer, |text, writer| writer.string(&html::text(&text)));
            }
            Self::Number => or_null(value.and_then(Reader::number), writer, |number, writer| writer.number(number)),
            Self::Micros => {
                or_null(value.and_then(number), writer, |number, writer| writer.float(number / 1e6));
            }
            Self::Equals(wanted) => writer.bool(value.and_then(number) == Some(wanted as f64)),
            Self::Present => writer.bool(value.is_some()),
        }
    }
}

fn number(value: Reader<'_>) -> Option<f64> {
    value.number()?.parse().ok()
}

fn or_null<T>(value: Option<T>, writer: &mut Writer, write: impl FnOnce(T, &mut Writer)) {
    match value {
        Some(value) => write(value, writer),
        None => writer.null(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::json::Nesting;

    const FIELDS: &[Field] = &[
        Field { name: "title", paths: &[&[0, 0]], field_type: FieldType::Text },
        Field { name: "text", paths: &[&[9], &[1, 1]], field_type: FieldType::HtmlAsText },
        Field { name: "price", paths: &[&[2, 0]], field_type: FieldType::Micros },
        Field { name: "free", paths: &[&[2, 0]], field_type: FieldType::Equals(0) },
        Field { name: "images", paths: &[&[3, ANY_ELEMENT, 1]], field_type: FieldType::Texts },
        Field { name: "distinct", paths: &[&[3, ANY_ELEMENT, 1]], field_type: FieldType::DistinctTexts },
        Field { name: "first", paths: &[&[3, 0, 1]], field_type: FieldType::Text },
        Field { name: "ads", paths: &[&[48]], field_type: FieldType::Truthy },
        Field { name: "name", paths: &[&[50]], field_type: FieldType::DecodedText },
    ];

    fn record(text: &str) -> Result<Value, ReadError> {
        let schema = RecordSchema::new(FIELDS);
        let mut reader = Reader::new(text.as_bytes(), 0, Nesting::Plain);
        let record = schema.read(&mut reader)?.record()?;
        assert_eq!(reader.position(), text.len(), "the whole message is read");
        Ok(serde_json::from_str(&record).unwrap())
    }

    /// Escaped once too often, and in part twice.
    const NAME: &str = r#""R&amp;B&#39;s &amp;amp; \"B\"""#;

    #[test]
    fn fields_are_found_in_slots_and_tails_alike() {
        let expected = json!({"title": "T", "text": "a\n<b", "price": 1.99, "free": false, "images": ["x", "y", "x"], "distinct": ["x", "y"], "first": "x", "ads": true, "name": "R&B's &amp; \"B\""});
        let dense = r#"[["T"],[0,"a<br>&lt;b"],[1990000],[[0,"x"],[1],[2,"y"],[3,"x"]],5]"#;
        let positional = dense.replace(",5]", &format!("{},[1],0,{NAME}]", ",null".repeat(44)));
        let sparse = r#"[["T"],{"2":[{"2":"a<br>&lt;b"}],"49":1,"51":NAME,"3":[1990000],"4":[[0,{"2":"x"}],[1],[{"2":"y"}],[3,"x"]]}]"#;
        assert_eq!(record(&positional).unwrap(), expected);
        assert_eq!(record(&sparse.replace("NAME", NAME)).unwrap(), expected);
    }

    #[test]
    fn absent_or_of_another_type_is_null() {
        let nothing = json!({"title": null, "text": null, "price": null, "free": false, "images": null, "distinct": null, "first": null, "ads": false, "name": null});
        for text in ["[]", "null", r#""x""#, r#"[[5],null,["x"]]"#, r#"[{"1":{"1":"T"}}]"#] {
            assert_eq!(record(text).unwrap(), nothing, "{text}");
        }
    }

    #[test]
    fn a_cut_message_is_no_message() {
        let text = r#"[["T"],[0,"a"],[1],[[0,"x"]],[{"5":1}],"after",[{"49":1}]]"#;
        for length in 0..text.len() {
            assert_eq!(record(&text[..length]), Err(ReadError::Truncated), "{length}");
        }
    }
}
