//! Header of a CSV text, and how to tell it from a first line that is a value.
//!
//! A header has a known name in it: `kind`, or a parameter. If none is, and the kind has one parameter that values can be of, the lines are its
//! values. Invariant: the first line is a header, a value, or an error: it never vanishes.

use std::sync::Arc;

use super::record::cells;
use crate::parser::Kind;

/// The column that names a query's kind.
pub(crate) const KIND: &str = "kind";

/// What may separate the cells of a line. The first one that makes a header of the first line does.
pub(super) const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The names that a header is known by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    known: Vec<String>,
    /// The parameter that lines without a header are values of.
    values: Option<Arc<str>>,
}

/// The columns of a CSV text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// As they were typed.
    pub(super) typed: Vec<String>,
    /// Known names as parameters are called, others as typed.
    pub(super) names: Vec<Arc<str>>,
    pub(super) separator: u8,
}

/// How the lines of a CSV text are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Each has cells of these columns.
    Columns(Columns),
    /// Each is a value of this parameter.
    Values(Arc<str>),
}

impl Names {
    /// The parameters of a kind. Lines without a header are values of its [`subject`].
    pub(crate) fn of_kind(kind: &Kind) -> Self {
        Self { values: subject(kind).map(Arc::from), ..Self::of_kinds([kind]) }
    }

    /// The parameters of several kinds.
    pub(crate) fn of_kinds<'k>(kinds: impl IntoIterator<Item = &'k Kind>) -> Self {
        let params = kinds.into_iter().flat_map(|kind| kind.params.properties.iter().map(|(name, _)| name.clone()));
        Self { known: params.collect(), values: None }
    }

    /// One parameter, which lines without a header are values of.
    pub(crate) fn of_param(name: &str) -> Self {
        Self { known: vec![name.to_owned()], values: Some(name.into()) }
    }

    /// The header that a first line is. `kind` is what is asked where a record says no kind.
    pub(super) fn header(&self, line: &[u8], kind: Option<&str>) -> Result<Header, String> {
        for separator in SEPARATORS {
            let typed = cells(line, separator)?;
            let names: Vec<Arc<str>> = typed.iter().map(|cell| self.canonical(cell).into()).collect();
            let is_known = |name: &Arc<str>| **name == *KIND || (kind.is_some() && self.is_known(name));
            if names.iter().any(is_known) {
                return Ok(Header::Columns(Columns { typed, names, separator }));
            }
        }
        let text = String::from_utf8_lossy(line);
        match (kind, &self.values) {
            (None, _) => Err(format!("the header {text:?} has no column \"kind\": add one, or give --kind KIND")),
            (Some(_), Some(param)) => Ok(Header::Values(Arc::clone(param))),
            (Some(kind), None) => Err(format!(
                "the header {text:?} names no parameter of {kind}: it must name some of {}",
                self.known.join(",")
            )),
        }
    }

    fn is_known(&self, name: &str) -> bool {
        self.known.iter().any(|known| *known == name)
    }

    /// A known name as it is written elsewhere, since spreadsheets and people write `App ID`. Others are only trimmed.
    fn canonical(&self, name: &str) -> String {
        let name = name.trim();
        let same = name.to_ascii_lowercase().replace([' ', '-'], "_");
        if same == KIND || self.is_known(&same) { same } else { name.to_owned() }
    }
}

/// The parameter that says what a query is about: the only one that is positional or required, such as an app's id.
pub(crate) fn subject(kind: &Kind) -> Option<&str> {
    let mut bare =
        kind.params.properties.iter().filter(|(name, param)| param.positional || kind.params.required.contains(name));
    match (bare.next(), bare.next()) {
        (Some((name, _)), None) => Some(name),
        _ => None,
    }
}
