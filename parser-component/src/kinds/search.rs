//! Kind `search`: the apps that the store finds for a term.

use std::ops::ControlFlow;

use playfast_guest::json::{Kind as Json, ReadError, Reader};
use playfast_guest::{Failure, Page, Query, html};

use super::find_block::{Found, Said, find_block};
use super::item::{self, Items};
use super::{COUNTRY, Kind, LANGUAGE, Param, PerRequest, unknown_state};
use crate::request::{QueryRequest, STORE};
use crate::{batchexecute, unreadable};

/// The rpc that the page's block answers.
const RPC: &str = "lGYRle";

pub(super) const KIND: Kind = Kind {
    name: "search",
    summary: "The apps that the store finds for a term",
    params: &[
        Param::new(
            "term",
            r#"{"type":"string","pattern":"\\S","x-positional":true,"x-url":"q","title":"search term","description":"What to search for","examples":["panda","photo editor"]}"#,
        ),
        COUNTRY,
        LANGUAGE,
        Param::new(
            "price",
            r#"{"type":"string","enum":["all","free","paid"],"default":"all","x-many":true,"description":"Which apps by their price"}"#,
        ),
        Param::new(
            "num",
            r#"{"type":"integer","minimum":1,"maximum":50,"default":30,"x-limit":true,"x-bytes":40000,"description":"Number of apps; the store gives about 30 and continues no search"}"#,
        ),
    ],
    required: &["term"],
    fields: item::FIELD_DOCS,
    required_fields: item::REQUIRED_FIELDS,
    compact: &["country", "term", "position", "title", "app_id", "developer", "score", "installs", "price", "currency"],
    key: item::KEY,
    noisy: item::NOISY,
    feed: &[],
    per_request: PerRequest::new(1, 1),
    ask,
    read: |queries, body| match batchexecute::is_answer(body) {
        true => batchexecute::answers(queries, body, RPC, answer),
        false => queries.iter().map(|query| page(body, query)).collect(),
    },
};

fn ask(query: &Query) -> Result<QueryRequest, Failure> {
    if query.state.is_some() {
        return Err(unknown_state(query));
    }
    let term = query.param("term").map(str::trim).filter(|term| !term.is_empty());
    let term = term.ok_or_else(|| Failure::invalid_query("search for what? give a term"))?;
    let price = match query.param("price") {
        None | Some("all") => "0",
        Some("free") => "1",
        Some("paid") => "2",
        Some(other) => return Err(Failure::invalid_query(format!("price is {other}; it is all, free or paid"))),
    };
    let params = [("c", "apps"), ("q", term), ("price", price)];
    let params = params.map(|(name, value)| (name, value.to_owned())).into();
    Ok(QueryRequest::Page { address: format!("{STORE}/store/search"), params })
}

/// What messages call the block.
const BLOCK: &str = "the results of the search";

fn page(body: &[u8], query: &Query) -> Result<Page, Failure> {
    find_block(body, RPC, BLOCK, |block, said| {
        let results = Results::read(block)?;
        Ok(match (results.items.is_empty(), said) {
            (true, Said::ByNobody) => Found::Nothing,
            (true, Said::ByPage) => Found::Empty(results.page(block, Some(query))?),
            (false, _) => Found::Answer(results.page(block, Some(query))?),
        })
    })
}

/// The apps in an answer to the rpc.
fn answer(payload: &mut Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
    Results::read(*payload)?.page(*payload, query)
}

/// The sections of an answer.
const SECTIONS: &[u16] = &[0, 1];

/// The items of a section today and in 2022, and the card of an exact match.
const ITEMS: &[u16] = &[22, 0];
const OLD_ITEMS: &[u16] = &[0, 0];
const CARD: &[u16] = &[23];

/// The slot of a section with what the store logs.
const LOG_SLOT: usize = 3;

/// What a search's sections hold.
struct Results {
    items: Items,
    /// What sections say before the items, such as that another term was searched for.
    texts: Vec<String>,
    /// Sections with apps that aren't read.
    unread: usize,
}

impl Results {
    fn read(block: Reader<'_>) -> Result<Self, Failure> {
        let mut results = Self { items: Items::new(), texts: Vec::new(), unread: 0 };
        results.read_sections(block).map_err(|error| unreadable(BLOCK, error))?;
        Ok(results)
    }

    /// Reads the cards first: an exact match is the first result wherever its section is.
    fn read_sections(&mut self, block: Reader<'_>) -> Result<(), ReadError> {
        let Some(sections) = block.get(SECTIONS)? else {
            return Ok(());
        };
        sections.clone().elements(|_, section| {
            if let Some(mut card) = section.get(CARD)? {
                self.items.read_card(&mut card)?;
            }
            Ok(ControlFlow::Continue(()))
        })?;
        let mut has_items = false;
        sections.clone().elements(|_, section| {
            if let Some(mut list) = items_of(*section)? {
                has_items = true;
                self.items.read_list(&mut list)?;
            } else if section.get(CARD)?.is_none() {
                let mut words = Words::default();
                words.read_section(section)?;
                self.unread += usize::from(words.has_app);
                self.texts.extend(words.text.filter(|_| !words.has_app && !has_items));
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    /// The page of these results, which come from this block.
    fn page(self, block: Reader<'_>, query: Option<&Query>) -> Result<Page, Failure> {
        self.items.check("the results of the search")?;
        let count = self.items.records().len();
        if count == 0 {
            let mut words = Words::default();
            words.read(&mut { block }, 0).map_err(|error| unreadable(BLOCK, error))?;
            if words.has_app || { block }.kind() != Ok(Json::Array) {
                return Err(Failure::layout_changed("the results of the search are not where they were"));
            }
        }
        let texts = self.texts.iter().map(|text| format!("the store says: {text}"));
        let unread = (self.unread > 0).then(|| format!("{} further sections with apps were left out", self.unread));
        let notes = texts.chain(few(count, query)).chain(self.items.notes()).chain(unread).collect();
        Ok(Page { records: self.items.into_records(), notes, ..Page::default() })
    }
}

/// The items of a section, if it has some.
fn items_of(section: Reader<'_>) -> Result<Option<Reader<'_>>, ReadError> {
    for path in [ITEMS, OLD_ITEMS] {
        if let Some(mut items) = section.get(path)?
            && items.kind()? == Json::Array
        {
            return Ok(Some(items));
        }
    }
    Ok(None)
}

/// Says that a search found less than was asked for.
fn few(count: usize, query: Option<&Query>) -> Option<String> {
    if count == 0 {
        return Some("the store finds no apps for this term".to_owned());
    }
    let asked = query.and_then(|query| query.param("num")).and_then(|num| num.parse::<usize>().ok());
    asked
        .filter(|asked| count < *asked)
        .map(|asked| format!("the store gave {count} of the {asked} apps asked for, and continues no search"))
}

/// What the texts of a message are.
#[derive(Default)]
struct Words {
    /// Whether one is the address of an app.
    has_app: bool,
    /// The first that is written for people.
    text: Option<String>,
}

/// Depth to which a message is searched for texts. An item's link is ten deep.
const MAX_TEXT_DEPTH: u8 = 16;

/// Characters of the longest text that is passed on.
const MAX_TEXT_CHARS: usize = 200;

impl Words {
    /// Reads a section, except what the store logs.
    fn read_section(&mut self, section: &mut Reader<'_>) -> Result<(), ReadError> {
        section.elements(|slot, value| {
            if slot != LOG_SLOT {
                self.read(value, 0)?;
            }
            Ok(ControlFlow::Continue(()))
        })
    }

    fn read(&mut self, value: &mut Reader<'_>, depth: u8) -> Result<(), ReadError> {
        match value.kind()? {
            Json::Array if depth < MAX_TEXT_DEPTH => value.elements(|_, inner| {
                self.read(inner, depth + 1)?;
                Ok(ControlFlow::Continue(()))
            }),
            Json::String => {
                if let Some(text) = value.text() {
                    self.add(&text);
                }
                value.skip()
            }
            _ => value.skip(),
        }
    }

    fn add(&mut self, text: &str) {
        self.has_app |= text.contains("/store/apps/details");
        if self.text.is_none() && is_prose(text) {
            self.text = Some(html::text(text).trim().chars().take(MAX_TEXT_CHARS).collect());
        }
    }
}

/// Whether a text is written for people: it has several words, or letters of which no token is made.
fn is_prose(text: &str) -> bool {
    let is_link = text.starts_with('/') || text.contains("://") && !text.contains(' ');
    !is_link && (text.trim().contains(' ') || !text.is_ascii())
}
