//! What the search field suggests for the beginning of a term.

use crate::dice::Dice;

/// How many suggestions there are.
const COUNT: usize = 5;

/// What may follow a term.
const ENDINGS: [&str; 12] = [
    "games",
    "app",
    "free",
    "offline",
    "for kids",
    "simulator",
    "2026",
    "pro",
    "tracker",
    "wallpaper",
    "express",
    "vpn",
];

/// The suggestions for a term, the same term first; none for a term without letters and digits.
pub(crate) fn suggestions(seed: u64, term: &str, language: &str) -> Vec<String> {
    let term = term.trim().to_lowercase();
    if !term.chars().any(char::is_alphanumeric) {
        return Vec::new();
    }
    let mut endings = ENDINGS;
    Dice::of(seed, &["suggestions", &term, language]).shuffle(&mut endings);
    std::iter::once(term.clone()).chain(endings.map(|ending| format!("{term} {ending}"))).take(COUNT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions_begin_with_the_term() {
        let found = suggestions(1, " Pand", "en");
        assert_eq!((found.len(), found.first().map(String::as_str)), (COUNT, Some("pand")));
        assert!(found.iter().all(|one| one.starts_with("pand")));
        assert!(suggestions(1, " !?", "en").is_empty());
    }
}
