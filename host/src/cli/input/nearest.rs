//! Nearest name to a misspelled one.

/// Similarity (Jaro-Winkler) from which a name is suggested: one letter too few, too many, wrong or swapped, not just a common beginning.
const MIN_SIMILARITY: f64 = 0.8;

/// Letters from which a name can be guessed: almost any two letters are near to something.
const MIN_LETTERS: usize = 3;

/// The nearest of the names to a text; `None` if none is near.
pub(in crate::cli) fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let text = text.to_lowercase();
    let similarities = names.map(|name| (strsim::jaro_winkler(&text, &name.to_lowercase()), name));
    let nearest = similarities.max_by(|left, right| left.0.total_cmp(&right.0));
    nearest
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY && text.chars().count() >= MIN_LETTERS)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_nothing_else() {
        let names = ["list", "app", "run", "retries", "rate", "country"];
        for (text, name) in [
            ("lst", Some("list")),
            ("contry", Some("country")),
            ("RATE", Some("rate")),
            ("uk", None),
            ("com.spotify.music", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, names.into_iter()), name, "{text}");
        }
    }
}
