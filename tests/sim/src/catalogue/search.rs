//! What a search finds: about thirty apps, an exact match first, and the term that was searched for instead of a misspelt one.
//!
//! Rules stand for the store's judgement, so that a test can choose what happens: a term of one word, or an app's id, has an exact match; a
//! character three times in a row is a misspelling; a term without letters and digits finds nothing.

use super::query::{AppQuery, Price, SearchQuery};
use super::words::{CANDIDATES, candidate};
use super::{App, Catalogue, Locale, exists, ranking, traits};
use crate::dice::Dice;

/// How many apps compete for a search's results.
const POOL: usize = 50;

/// What a search finds.
#[derive(Clone, Debug)]
pub(crate) struct SearchResults {
    /// The app of exactly this name or id.
    pub(crate) exact: Option<App>,
    pub(crate) items: Vec<App>,
    /// The term that was searched for, if it isn't the one that was given.
    pub(crate) corrected: Option<String>,
    /// Whether a notice comes first, as in the European Union.
    pub(crate) notice: bool,
    /// Whether the answer has a token; the store refuses to continue a search by it.
    pub(crate) token: bool,
}

/// Searches the catalogue; nothing if nothing is found.
pub(crate) fn search(catalogue: &Catalogue, query: &SearchQuery) -> Option<SearchResults> {
    let given = query.term.trim().to_lowercase();
    if !given.chars().any(char::is_alphanumeric) {
        return None;
    }
    let term = spelt(&given);
    let seed = catalogue.seed();
    let app = |id: &str| catalogue.app(&AppQuery::new(id, &query.language, &query.country));
    let exact = exact_id(&term).filter(|id| suits(seed, id, query.price)).and_then(|id| app(&id));
    let mut dice = Dice::of(seed, &["search", &term]);
    let pool = pool(seed, &mut dice, query.price);
    let ids = ranking::ranked(seed, &pool, &query.country, dice.between(20, 29) as usize);
    let not_exact = |other: &App| exact.as_ref().is_none_or(|exact| exact.id != other.id);
    let items = ids.into_iter().filter_map(app).filter(not_exact).collect();
    let notice = Locale::of(&query.language, &query.country).place.resold;
    Some(SearchResults { exact, items, corrected: (term != given).then_some(term), notice, token: dice.chance(0.5) })
}

/// The term with each character at most twice in a row, or once if it was there more often.
fn spelt(term: &str) -> String {
    let characters: Vec<_> = term.chars().collect();
    let runs = characters.chunk_by(|left, right| left == right);
    runs.flat_map(|run| run.iter().take(if run.len() > 2 { 1 } else { 2 })).collect()
}

/// The id of the app that a term names exactly.
fn exact_id(term: &str) -> Option<String> {
    if exists(term) {
        return Some(term.to_owned());
    }
    let id = format!("com.{term}");
    (exists(&id) && !term.contains('.')).then_some(id)
}

fn suits(seed: u64, id: &str, price: Price) -> bool {
    match price {
        Price::All => true,
        Price::Free => !traits::is_paid(seed, id),
        Price::Paid => traits::is_paid(seed, id),
    }
}

fn pool(seed: u64, dice: &mut Dice, price: Price) -> Vec<String> {
    let (start, stride) = (dice.below(CANDIDATES), dice.below(CANDIDATES) | 1);
    let walk = (0..CANDIDATES).map(|step| start.wrapping_add(step.wrapping_mul(stride)) % CANDIDATES);
    let ids = walk.map(|number| candidate(number, price == Price::Paid));
    ids.filter(|id| suits(seed, id, price)).take(POOL).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_term_is_corrected() {
        assert_eq!(
            (spelt("pandaaa"), spelt("football"), spelt("zzz")),
            ("panda".into(), "football".into(), "z".into())
        );
    }

    #[test]
    fn one_word_or_an_id_has_an_exact_match() {
        assert_eq!(exact_id("panda").as_deref(), Some("com.panda"));
        assert_eq!(exact_id("org.panda.app").as_deref(), Some("org.panda.app"));
        assert_eq!((exact_id("panda races"), exact_id("2048"), exact_id("missing.app")), (None, None, None));
    }
}
