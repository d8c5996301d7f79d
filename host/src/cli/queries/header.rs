//! The header of a CSV text, told from a first line that is a query.
//!
//! A header has a name in it that means something here. If none does, and the kind has one parameter that can take them, the lines are its
//! values. Invariant: the first line is a header, a value, or an error: it never vanishes.

use crate::parser::Kind;

/// The column that names a query's kind.
const KIND: &str = "kind";

/// What a first line may be separated by, if not by commas.
const SEPARATORS: [(char, &str); 2] = [(';', "semicolons"), ('\t', "tabs")];

/// The names that the columns of a header can have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    params: Vec<String>,
    /// The parameter whose values lines are without a header.
    of_values: Option<String>,
}

/// How the lines of a CSV text are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// Each has cells of these columns.
    Columns {
        /// As they were typed.
        typed: Vec<String>,
        /// As parameters are called.
        names: Vec<String>,
    },
    /// Each is a value of this parameter.
    Values(String),
}

impl Names {
    /// The parameters of a kind. Lines without a header are values of the one that is positional or required.
    pub(crate) fn of_kind(kind: &Kind) -> Self {
        let is_bare = |name: &String, positional| positional || kind.params.required.contains(name);
        let bare = kind.params.properties.iter().filter(|(name, param)| is_bare(name, param.positional));
        let bare: Vec<_> = bare.map(|(name, _)| name.clone()).collect();
        let of_values = if let [only] = bare.as_slice() { Some(only.clone()) } else { None };
        Self { of_values, ..Self::of_kinds([kind]) }
    }

    /// The parameters of kinds.
    pub(crate) fn of_kinds<'k>(kinds: impl IntoIterator<Item = &'k Kind>) -> Self {
        let params = kinds.into_iter().flat_map(|kind| kind.params.properties.iter().map(|(name, _)| name.clone()));
        Self { params: params.collect(), of_values: None }
    }

    /// The header that these cells are.
    pub(super) fn header(&self, cells: &[String], default_kind: Option<&str>) -> Result<Header, String> {
        let names: Vec<_> = cells.iter().map(|cell| self.canonical(cell)).collect();
        let has_kind = names.iter().any(|name| name == KIND);
        if has_kind || (default_kind.is_some() && names.iter().any(|name| self.params.contains(name))) {
            return Ok(Header::Columns { typed: cells.to_vec(), names });
        }
        let text = cells.join(",");
        if let Some((_, separator)) = SEPARATORS.iter().find(|(separator, _)| self.is_separated(&text, *separator)) {
            return Err(format!("the header {text:?} is separated by {separator}: separate its columns by commas"));
        }
        match (default_kind, &self.of_values) {
            (None, _) => Err(format!("the header {text:?} has no column \"kind\": add one, or give --kind KIND")),
            (Some(_), Some(param)) => Ok(Header::Values(param.clone())),
            (Some(kind), None) => Err(format!(
                "the header {text:?} names no parameter of {kind}: it must name some of {}",
                self.params.join(",")
            )),
        }
    }

    /// A name as it is written elsewhere: spreadsheets and people write it in other letters.
    fn canonical(&self, name: &str) -> String {
        let name = name.trim();
        let same = name.to_ascii_lowercase().replace([' ', '-'], "_");
        if same == KIND || self.params.contains(&same) { same } else { name.to_owned() }
    }

    fn is_separated(&self, text: &str, separator: char) -> bool {
        let names = text.split(separator).map(|name| self.canonical(name.trim_matches('"')));
        text.contains(separator) && names.into_iter().any(|name| name == KIND || self.params.contains(&name))
    }
}
