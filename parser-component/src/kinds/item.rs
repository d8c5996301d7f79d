//! Items: what the store says of an app among others, in today's message and in that of 2022.
//!
//! Invariant: an item is a whole record or none. Items without id or title, and those of books and films, are counted and left out.

use std::cell::LazyCell;
use std::ops::ControlFlow;

use playfast_guest::json::{
    ANY_ELEMENT, Extracted, Field, FieldType, Kind as Json, ReadError, Reader, RecordSchema, Writer,
};
use playfast_guest::{Failure, url};

use crate::request::STORE;

/// The fields without which an item is none, those that identify it in a list, and those that change daily.
pub(super) const REQUIRED_FIELDS: &[&str] = &["app_id", "title"];
pub(super) const KEY: &[&str] = &["app_id"];
pub(super) const NOISY: &[&str] = &["score", "score_text", "installs"];

record! {
    /// An app in a chart, a search, a developer's list or among similar apps.
    ChartApp {
        app_id: String = With(first_text) at [0, 0] or [0, 1], "Package name", expected 1;
        title: String = DecodedText at [3], "Title", expected 1;
        developer: Option<String> = DecodedText at [14], "Developer's name", expected 1;
        icon: Option<String> = Text at [1, 3, 2], "URL of the icon", expected 1;
        score: Option<f64> = Number at [4, 1], "Mean rating, 1 to 5", expected 0.9;
        score_text: Option<String> = Text at [4, 0], "Mean rating as the store shows it", expected 0.9;
        price: Option<f64> = Micros at [8, 1, 0, 0], "Price in units of currency", expected 1;
        currency: Option<String> = Text at [8, 1, 0, 1], "ISO 4217", expected 1;
        price_text: Option<String> = Text at [8, 1, 0, 2], "Price as the store shows it; empty where free", expected 1;
        genre: Option<String> = DecodedText at [5], "Category's name", expected 1;
        description: Option<String> = HtmlAsText at [13, 1], "Description as text", expected 1;
        installs: Option<String> = Text at [15], "Number of installs as the store shows it", expected 1;
        screenshots: Option<Vec<String>> = DistinctTexts at [2, ANY_ELEMENT, 3, 2], "URLs, each once", expected 1;
        video: Option<String> = Text at [12, 0, 0, 3, 2], "URL of a video", expected 0.6;
        header_image: Option<String> = Text at [22, 3, 2], "URL", expected 0.9;
        content_rating: Option<String> = DecodedText at [24, 0], "Content rating's name", expected 1;
        iap_range: Option<String> = Text at [29, 0], "Prices of in-app purchases";
        url: Option<String> = With(address) at [10, 4, 2], "Address of the app's page", expected 1;
    }
}

/// Where the fields lie in the message of 2022, which lacks most of them.
const OLD_FIELDS: &[Field] = &[
    Field::new("app_id", &[&[12, 0], &[12, 1]], FieldType::With(first_text)),
    Field::new("title", &[&[2]], FieldType::DecodedText),
    Field::new("developer", &[&[4, 0, 0, 0]], FieldType::DecodedText),
    Field::new("icon", &[&[1, 1, 0, 3, 2]], FieldType::Text),
    Field::new("score", &[&[6, 0, 2, 1, 1]], FieldType::Number),
    Field::new("score_text", &[&[6, 0, 2, 1, 0]], FieldType::Text),
    Field::new("price", &[&[7, 0, 3, 2, 1, 0, 0]], FieldType::Micros),
    Field::new("currency", &[&[7, 0, 3, 2, 1, 0, 1]], FieldType::Text),
    Field::new("price_text", &[&[7, 0, 3, 2, 1, 0, 2]], FieldType::Text),
    Field::new("genre", &[], FieldType::Text),
    Field::new("description", &[], FieldType::Text),
    Field::new("installs", &[], FieldType::Text),
    Field::new("screenshots", &[], FieldType::Text),
    Field::new("video", &[], FieldType::Text),
    Field::new("header_image", &[], FieldType::Text),
    Field::new("content_rating", &[], FieldType::Text),
    Field::new("iap_range", &[], FieldType::Text),
    Field::new("url", &[&[9, 4, 2]], FieldType::With(address)),
];

/// Where the fields lie in a search's exact match: an app's details, and its price once more.
const CARD_FIELDS: &[Field] = &[
    Field::new("app_id", &[&[16, 11, 0, 0], &[16, 2, 77, 0], &[16, 11, 0, 1]], FieldType::With(first_text)),
    Field::new("title", &[&[16, 2, 0, 0]], FieldType::DecodedText),
    Field::new("developer", &[&[16, 2, 68, 0]], FieldType::DecodedText),
    Field::new("icon", &[&[16, 2, 95, 0, 3, 2]], FieldType::Text),
    Field::new("score", &[&[16, 2, 51, 0, 1]], FieldType::Number),
    Field::new("score_text", &[&[16, 2, 51, 0, 0]], FieldType::Text),
    Field::new("price", &[&[16, 2, 57, 0, 0, 0, 0, 1, 0, 0], &[17, 0, 2, 0, 1, 0, 0]], FieldType::Micros),
    Field::new("currency", &[&[16, 2, 57, 0, 0, 0, 0, 1, 0, 1], &[17, 0, 2, 0, 1, 0, 1]], FieldType::Text),
    Field::new("price_text", &[&[16, 2, 57, 0, 0, 0, 0, 1, 0, 2], &[17, 0, 2, 0, 1, 0, 2]], FieldType::Text),
    Field::new("genre", &[&[16, 2, 79, 0, 0, 0]], FieldType::DecodedText),
    Field::new("description", &[&[16, 2, 12, 0, 0, 1], &[16, 2, 72, 0, 1]], FieldType::HtmlAsText),
    Field::new("installs", &[&[16, 2, 13, 0]], FieldType::Text),
    Field::new("screenshots", &[&[16, 2, 78, 0, ANY_ELEMENT, 3, 2]], FieldType::DistinctTexts),
    Field::new("video", &[&[16, 2, 100, 0, 0, 3, 2]], FieldType::Text),
    Field::new("header_image", &[&[16, 2, 96, 0, 3, 2]], FieldType::Text),
    Field::new("content_rating", &[&[16, 2, 9, 0]], FieldType::DecodedText),
    Field::new("iap_range", &[&[16, 2, 19, 0]], FieldType::Text),
    Field::new(
        "url",
        &[&[17, 0, 0, 4, 2], &[16, 2, 41, 0, 2], &[16, 11, 0, 0], &[16, 2, 77, 0]],
        FieldType::With(address),
    ),
];

/// The document type of an app, next to its id. Books and films have others.
const APP_TYPE: &str = "7";

/// The start of the path of an app's page.
const APP_PAGES: &str = "/store/apps/";

/// The address of an app's page, of which a message has the path, the whole, or only the app's id.
pub fn address(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    let link = values.iter().find_map(|value| *value).and_then(Reader::text);
    match link {
        Some(path) if path.starts_with('/') => writer.string(&[STORE, &path].concat()),
        Some(address) if address.contains("://") => writer.string(&address),
        Some(id) => writer.string(&url::with_query(&format!("{STORE}/store/apps/details"), [("id", id.as_ref())])),
        None => writer.null(),
    }
    Ok(())
}

/// The first text among the values.
fn first_text(values: &[Option<Reader<'_>>], writer: &mut Writer) -> Result<(), ReadError> {
    writer.copy_text(values.iter().flatten().copied().find(|value| value.is_text()));
    Ok(())
}

/// The items that were read so far.
pub(super) struct Items {
    schema: RecordSchema,
    old: LazyCell<RecordSchema>,
    records: Vec<String>,
    /// How many have no id or no title.
    nameless: usize,
    /// How many are no apps.
    others: usize,
    /// The app of a search's exact match, which may stand among the items too.
    exact: Option<String>,
}

impl Items {
    pub(super) fn new() -> Self {
        let old = LazyCell::new(old_schema as fn() -> RecordSchema);
        let schema = RecordSchema::new(FIELDS);
        Self { schema, old, records: Vec::new(), nameless: 0, others: 0, exact: None }
    }

    /// Reads a list whose entries are arrays of which the message is the first element, and moves past it.
    pub(super) fn read_wrapped(&mut self, list: &mut Reader<'_>) -> Result<(), ReadError> {
        list.elements(|_, entry| {
            let mut is_message = false;
            entry.at(&[0], &mut |message| {
                is_message = true;
                self.read(message)
            })?;
            self.nameless += usize::from(!is_message);
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Reads a list whose entries are messages, or arrays of which the message is the first element, and moves past it.
    pub(super) fn read_list(&mut self, list: &mut Reader<'_>) -> Result<(), ReadError> {
        list.elements(|_, entry| {
            match wrapped(*entry)? {
                Some(mut message) => self.read(&mut message)?,
                None => self.read(entry)?,
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// Reads a message, and moves past it.
    fn read(&mut self, message: &mut Reader<'_>) -> Result<(), ReadError> {
        let start = *message;
        let item = self.schema.read(message)?;
        let found = match (Entry::new(&item, 1), &self.exact) {
            // Not one of today's, and so perhaps an old one.
            (Entry::Nameless, exact) => {
                let old = self.old.read(&mut { start })?;
                Found::new(&old, Entry::new(&old, 1), exact.as_deref())?
            }
            (entry, exact) => Found::new(&item, entry, exact.as_deref())?,
        };
        self.add(found);
        Ok(())
    }

    /// Reads the card of a search's exact match.
    pub(super) fn read_card(&mut self, card: &mut Reader<'_>) -> Result<(), ReadError> {
        let schema = RecordSchema::new(CARD_FIELDS);
        let card = schema.read(card)?;
        let found = Found::new(&card, Entry::new(&card, 2), self.exact.as_deref())?;
        if let Found::App(_) = found {
            self.exact = card.value("app_id").and_then(Reader::text).map(|id| id.into_owned());
        }
        self.add(found);
        Ok(())
    }

    fn add(&mut self, found: Found) {
        match found {
            Found::App(record) => self.records.push(record),
            Found::Repeated => {}
            Found::Nameless => self.nameless += 1,
            Found::Other => self.others += 1,
        }
    }

    pub(super) fn records(&self) -> &[String] {
        &self.records
    }

    pub(super) fn into_records(self) -> Vec<String> {
        self.records
    }

    /// Whether there was no entry of any kind.
    pub(super) const fn is_empty(&self) -> bool {
        self.records.is_empty() && self.nameless == 0 && self.others == 0
    }

    /// Checks that entries gave records, if there were any. `what` names them.
    ///
    /// # Errors
    /// If none of the entries is an app.
    pub(super) fn check(&self, what: &str) -> Result<(), Failure> {
        match (self.records.is_empty(), self.nameless, self.others) {
            (true, 1.., _) => Err(Failure::layout_changed(format!("{what} have no ids or titles where they were"))),
            (true, 0, 1..) => Err(Failure::layout_changed(format!("{what} are none: they are books, films or others"))),
            _ => Ok(()),
        }
    }

    /// What was left out.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> + use<> {
        let nameless =
            (self.nameless > 0).then(|| format!("{} entries without id or title were left out", self.nameless));
        let others = (self.others > 0).then(|| format!("{} entries that are no apps were left out", self.others));
        nameless.into_iter().chain(others)
    }
}

fn old_schema() -> RecordSchema {
    RecordSchema::new(OLD_FIELDS)
}

/// The message in an entry that is an array around it. `None`: the entry is the message.
///
/// A message starts with an app's id and its type, or with nothing.
fn wrapped(entry: Reader<'_>) -> Result<Option<Reader<'_>>, ReadError> {
    let Some(mut first) = entry.get(&[0])? else {
        return Ok(None);
    };
    Ok((first.kind()? == Json::Array && !first.get(&[0])?.is_some_and(Reader::is_text)).then_some(first))
}

/// What a message tells of.
enum Entry {
    App,
    /// It has no id or no title.
    Nameless,
    /// A book, a film, a developer.
    Other,
}

impl Entry {
    /// What the message with these values tells of. The path of the id with this number leads to its type.
    fn new(item: &Extracted<'_, '_>, type_path: usize) -> Self {
        let is_text = |field| item.value(field).is_some_and(Reader::is_text);
        let document_type = item.value_at("app_id", type_path).and_then(Reader::number);
        let link = item.value_at("url", 0).and_then(Reader::text);
        let link = link.as_deref().map(|link| link.strip_prefix(STORE).unwrap_or(link));
        if document_type.is_some_and(|own| own != APP_TYPE) || link.is_some_and(|link| !link.starts_with(APP_PAGES)) {
            return Self::Other;
        }
        if is_text("app_id") && is_text("title") { Self::App } else { Self::Nameless }
    }
}

/// What became of an entry.
enum Found {
    App(String),
    /// The exact match once more.
    Repeated,
    Nameless,
    Other,
}

impl Found {
    fn new(item: &Extracted<'_, '_>, entry: Entry, exact: Option<&str>) -> Result<Self, ReadError> {
        Ok(match entry {
            Entry::Other => Self::Other,
            Entry::Nameless => Self::Nameless,
            Entry::App => {
                let id = item.value("app_id").and_then(Reader::text);
                if exact.is_some() && id.as_deref() == exact { Self::Repeated } else { Self::App(item.record()?) }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use playfast_guest::json::Nesting;
    use serde_json::{Value, json};

    use super::*;

    fn read(list: &Value) -> Items {
        let text = list.to_string();
        let mut items = Items::new();
        items.read_list(&mut Reader::new(text.as_bytes(), 0, Nesting::Plain)).unwrap();
        items
    }

    fn ids(items: &Items) -> Vec<String> {
        let id =
            |record: &String| serde_json::from_str::<Value>(record).unwrap()["app_id"].as_str().unwrap().to_owned();
        items.records().iter().map(id).collect()
    }

    #[test]
    fn all_messages_have_the_same_fields() {
        for other in [OLD_FIELDS, CARD_FIELDS] {
            let names = |fields: &[Field]| fields.iter().map(|field| field.name).collect::<Vec<_>>();
            assert_eq!(names(FIELDS), names(other));
        }
    }

    #[test]
    fn entries_are_messages_or_arrays_around_them() {
        let today = json!([["a.b", 7], null, null, "A"]);
        let sparse = json!([{"1": ["c.d", 7], "4": "C"}]);
        let old = json!([null, null, "E", {"13": ["e.f", 7]}]);
        let entries = [today, sparse, old];
        let plain = read(&json!(entries));
        let around = read(&json!(entries.map(|entry| json!([entry, [[1]], 0]))));
        for items in [plain, around] {
            assert_eq!(ids(&items), ["a.b", "c.d", "e.f"]);
            assert_eq!(items.notes().count(), 0);
        }
    }

    #[test]
    fn what_is_no_app_is_counted_and_left_out() {
        let link = |path: &str| json!([null, null, null, null, [null, null, path]]);
        let linked = |path: &str| json!([["x"], null, null, "T", null, null, null, null, null, null, link(path)]);
        let others = [
            json!([["book", 1], null, null, "A book"]),
            json!([null, null, "An old book", null, null, null, null, null, null, null, null, null, ["book", 1]]),
            linked("/store/books/details?id=x"),
            linked("https://play.google.com/store/movies/details?id=x"),
            linked("https://evil.example/store/apps/details?id=x"),
        ];
        let nameless = [json!([["a.b", 7]]), json!([null, null, null, "T"]), json!([]), json!(5)];
        let alone = read(&json!(others));
        assert!(alone.records().is_empty());
        assert!(alone.check("the apps").unwrap_err().message.contains("books, films"));
        let nothing = read(&json!(nameless));
        assert!(nothing.check("the apps").unwrap_err().message.contains("no ids or titles"));
        let app = linked("https://play.google.com/store/apps/details?id=x");
        let all: Vec<_> = others.into_iter().chain(nameless).chain([app]).collect();
        let items = read(&json!(all));
        assert_eq!(ids(&items), ["x"]);
        assert!(items.check("the apps").is_ok());
        let notes: Vec<_> = items.notes().collect();
        assert_eq!(notes, ["4 entries without id or title were left out", "5 entries that are no apps were left out"]);
    }

    #[test]
    fn an_exact_match_is_not_repeated() {
        for card in [json!({"12": [["a.b", 7]]}), json!([["a.b", 7]])] {
            let mut echoed = vec![Value::Null, Value::Null, json!([["A & B"]])];
            if card.is_array() {
                echoed.resize(11, Value::Null);
            }
            echoed.push(card);
            let card = json!([{"17": echoed}]).to_string();
            let mut items = Items::new();
            items.read_card(&mut Reader::new(card.as_bytes(), 0, Nesting::Plain)).unwrap();
            let list = json!([[["c.d", 7], null, null, "C"], [["a.b", 7], null, null, "A"]]).to_string();
            items.read_list(&mut Reader::new(list.as_bytes(), 0, Nesting::Plain)).unwrap();
            assert_eq!(ids(&items), ["a.b", "c.d"]);
            let record: Value = serde_json::from_str(&items.records()[0]).unwrap();
            assert_eq!(record["url"], "https://play.google.com/store/apps/details?id=a.b");
        }
    }
}
