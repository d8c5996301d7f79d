//! Forms in which records are written: NDJSON or CSV.

use std::path::Path;

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A JSON object a line. Lines of a JSON array count too: `[`, `{…},` and `]`.
    Ndjson,
    /// A header and a record a line, or a value a line.
    Csv,
}

impl Form {
    /// The form that a file's name says, if it says one. `.gz` at its end is passed over.
    pub(crate) fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "gz" => Self::of_file(Path::new(path.file_stem()?)),
            "csv" | "tsv" => Some(Self::Csv),
            "ndjson" | "jsonl" | "json" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// The form of a text that begins with this byte. An empty one has either.
    pub(super) const fn of_text(first: Option<u8>) -> Self {
        match first {
            Some(b'{' | b'[') | None => Self::Ndjson,
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
            ("a.csv.gz", Some(Form::Csv)),
            ("a.tsv", Some(Form::Csv)),
            ("a.json", Some(Form::Ndjson)),
            ("b.jsonl", Some(Form::Ndjson)),
            ("c.ndjson", Some(Form::Ndjson)),
            ("c.ndjson.GZ", Some(Form::Ndjson)),
            ("csv", None),
            ("ids.txt.gz", None),
            ("-", None),
        ] {
            assert_eq!(Form::of_file(Path::new(name)), form, "{name}");
        }
        let forms = [Some(b'{'), Some(b'['), Some(b'k')].map(Form::of_text);
        assert_eq!(forms, [Form::Ndjson, Form::Ndjson, Form::Csv]);
    }
}
