//! The forms in which queries are written.

use std::path::Path;

/// How queries are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A JSON object a line.
    Ndjson,
    /// A header, and a record a query.
    Csv,
}

impl Form {
    /// That of a file with this name, where the name says it.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" | "json" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// That of a text which begins with this byte. An empty one is either.
    pub(super) fn of_text(first: Option<u8>) -> Self {
        match first {
            Some(b'{') | None => Self::Ndjson,
            Some(_) => Self::Csv,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_the_form_or_the_first_character_does() {
        for (name, form) in [
            ("a.csv", Some(Form::Csv)),
            ("a.CSV", Some(Form::Csv)),
            ("a.json", Some(Form::Ndjson)),
            ("b.jsonl", Some(Form::Ndjson)),
            ("c.ndjson", Some(Form::Ndjson)),
            ("csv", None),
            ("-", None),
        ] {
            assert_eq!(Form::of_file(Path::new(name)), form, "{name}");
        }
        assert_eq!((Form::of_text(Some(b'{')), Form::of_text(Some(b'k'))), (Form::Ndjson, Form::Csv));
    }
}
