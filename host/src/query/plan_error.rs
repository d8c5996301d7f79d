//! Errors of plans: what can't be asked, and what is likely meant.

use std::fmt;

use crate::swap::Unresolved;

/// Why a plan can't be made. Nothing was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The parser has no such kind.
    #[error("the parser has no kind {name:?}; {hint}")]
    UnknownKind {
        /// What was asked for.
        name: String,
        /// What there is.
        hint: String,
    },
    /// The host has no such parser.
    #[error("there is no parser {name:?}; {hint}")]
    UnknownParser {
        /// What was asked for.
        name: String,
        /// What there is.
        hint: String,
    },
    /// Several parsers have that kind.
    #[error("several parsers have a kind {kind:?}: ask for {choices}")]
    Ambiguous {
        /// What was asked for.
        kind: String,
        /// How it can be asked for.
        choices: String,
    },
    /// The kind has no such parameter.
    #[error("{kind} has no parameter {name:?}; {hint}")]
    UnknownParam {
        /// The kind.
        kind: String,
        /// What was given.
        name: String,
        /// What there is.
        hint: String,
    },
    /// A parameter without which nothing can be asked.
    #[error("{kind} needs a value for {name}: {summary}")]
    Missing {
        /// The kind.
        kind: String,
        /// The parameter.
        name: String,
        /// What it is.
        summary: String,
    },
    /// More than one value for a parameter that takes one.
    #[error("{name} takes one value, not {count}")]
    TooMany {
        /// The parameter.
        name: String,
        /// How many there are.
        count: usize,
    },
    /// A value that the parameter can't have.
    #[error("{name} can't be {}: {reason}", Given(.value))]
    Value {
        /// The parameter.
        name: String,
        /// What was given.
        value: String,
        /// The cause and the cure: what it can be, and what is meant if that can be told.
        reason: String,
        /// How many values it can have; 0 if they are not enumerated.
        choices: usize,
    },
}

impl PlanError {
    /// The error of a kind that no parser answers.
    pub(crate) fn unresolved(parser: Option<&str>, kind: &str, why: Unresolved) -> Self {
        match why {
            Unresolved::Parser(known) => {
                let name = parser.unwrap_or_default();
                Self::UnknownParser { name: name.to_owned(), hint: hint(name, known.into_iter()) }
            }
            Unresolved::Kind(known) => Self::UnknownKind { name: kind.to_owned(), hint: hint(kind, known.into_iter()) },
            Unresolved::Ambiguous(choices) => Self::Ambiguous { kind: kind.to_owned(), choices: choices.join(" or ") },
        }
    }
}

/// A value as messages quote it: numbers as they are, other texts in quotes.
struct Given<'t>(&'t str);

impl fmt::Display for Given<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_number =
            !self.0.is_empty() && self.0.bytes().all(|byte| byte.is_ascii_digit() || b"+-.".contains(&byte));
        if is_number { formatter.write_str(self.0) } else { write!(formatter, "{:?}", self.0) }
    }
}

/// Names that a hint lists; of more it tells the number.
const MAX_LISTED_NAMES: usize = 8;

/// How near a name must be to be taken for what is meant, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.65;

/// The nearest of the names, and all if they are few.
pub(crate) fn hint(text: &str, names: impl Iterator<Item = String>) -> String {
    let names: Vec<_> = names.collect();
    let distance = |name: &String| strsim::jaro_winkler(&text.to_lowercase(), &name.to_lowercase());
    let nearest = names.iter().map(|name| (distance(name), name)).max_by(|left, right| left.0.total_cmp(&right.0));
    let all = if names.len() <= MAX_LISTED_NAMES {
        format!("there are {}", names.join(", "))
    } else {
        format!("there are {}", names.len())
    };
    match nearest {
        Some((distance, name)) if distance >= MIN_SIMILARITY => format!("did you mean {name}? ({all})"),
        _ => all,
    }
}
