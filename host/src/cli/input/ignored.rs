//! Ignored columns, which are reported once and not for every line.

use std::collections::HashSet;
use std::sync::Arc;

use crate::cli::exit::print_message;

/// Names in one message. More are counted.
const MAX_NAMED: usize = 8;

/// Names that are remembered: rows have some dozens.
const MAX_REMEMBERED: usize = 1_000;

/// How near a name must be to a parameter's to be taken for a mistake (Jaro-Winkler).
const MIN_SIMILARITY: f64 = 0.9;

/// The columns of the input that are ignored.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    seen: HashSet<Arc<str>>,
    /// Those of the first record that had some were said; these came later.
    later: Vec<String>,
    is_said: bool,
    is_muted: bool,
}

impl Ignored {
    /// Says nothing.
    pub(super) fn muted() -> Self {
        Self { is_muted: true, ..Self::default() }
    }

    /// Records the columns of one record that nothing takes. `params` are the names that there are.
    pub(super) fn record<'p>(&mut self, names: &[&Arc<str>], params: impl Iterator<Item = &'p str> + Clone) {
        if self.is_muted {
            return;
        }
        let mut new = Vec::new();
        for name in names {
            if !self.seen.contains(*name) && self.seen.len() < MAX_REMEMBERED {
                self.seen.insert(Arc::clone(name));
                new.push(described(name, params.clone()));
            }
        }
        if self.is_said {
            self.later.append(&mut new);
        } else if !new.is_empty() {
            self.is_said = true;
            print_message(&message("ignored columns", &new));
        }
    }

    /// Says what came after the first. Called once the input is at its end.
    pub(super) fn finish(&mut self) {
        let later = std::mem::take(&mut self.later);
        if !later.is_empty() {
            print_message(&message("ignored columns of later lines", &later));
        }
    }
}

fn described<'p>(name: &str, params: impl Iterator<Item = &'p str>) -> String {
    let near = |param: &&str| strsim::jaro_winkler(name, param) >= MIN_SIMILARITY;
    let mut near = params.filter(near);
    let name = name.escape_debug();
    near.next().map_or_else(|| name.to_string(), |param| format!("{name} (did you mean {param}?)"))
}

fn message(what: &str, names: &[String]) -> String {
    let named = names.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(MAX_NAMED) {
        0 => format!("{what}: {named}"),
        more => format!("{what}: {named} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_the_first_and_counts_the_others() {
        let names: Vec<_> = (0..10).map(|number| format!("c{number}")).collect();
        assert_eq!(message("ignored columns", &names), "ignored columns: c0, c1, c2, c3, c4, c5, c6, c7 and 2 more");
        assert_eq!(message("ignored columns", &names[..1]), "ignored columns: c0");
    }

    #[test]
    fn a_name_that_is_nearly_a_parameters_is_a_mistake() {
        let params = ["app_id", "country"];
        assert_eq!(described("contry", params.into_iter()), "contry (did you mean country?)");
        assert_eq!(described("title", params.into_iter()), "title");
    }

    #[test]
    fn each_name_is_said_once() {
        let mut ignored = Ignored::default();
        let names: Vec<Arc<str>> = ["title", "score"].map(Arc::from).to_vec();
        for _ in 0..1000 {
            ignored.record(&names.iter().take(1).collect::<Vec<_>>(), [].into_iter());
            ignored.record(&names.iter().collect::<Vec<_>>(), [].into_iter());
        }
        assert_eq!(ignored.later, ["score"]);
    }
}
