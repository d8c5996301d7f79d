//! The most popular apps of a category, in an order of its own in each country.
//!
//! Invariant: a shorter chart is the beginning of a longer one. The pool of candidates is the same in all countries, so that charts
//! overlap as real ones do.

use super::genres::GENRES;
use super::traits;
use super::words::{CANDIDATES, candidate};
use crate::dice::Dice;

/// The most apps that a chart has, whatever a request asks for (PLAY.md, section 6).
pub(crate) const LONGEST_CHART: usize = 200;

/// How many candidates compete for a chart; more than fit, so that countries differ in who is in.
const POOL: usize = 900;

/// Which list of a category is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Collection {
    Free,
    Paid,
    Grossing,
    NewFree,
    NewPaid,
    Movers,
}

impl Collection {
    /// The collection of a request's CHART value.
    pub(crate) fn of(name: &str) -> Option<Self> {
        match name {
            "topselling_free" => Some(Self::Free),
            "topselling_paid" => Some(Self::Paid),
            "topgrossing" => Some(Self::Grossing),
            "topselling_new_free" => Some(Self::NewFree),
            "topselling_new_paid" => Some(Self::NewPaid),
            "movers_shakers" => Some(Self::Movers),
            _ => None,
        }
    }

    /// Whether all of its apps cost something.
    fn is_paid(self) -> bool {
        matches!(self, Self::Paid | Self::NewPaid)
    }

    fn label(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Paid => "paid",
            Self::Grossing => "grossing",
            Self::NewFree => "new free",
            Self::NewPaid => "new paid",
            Self::Movers => "movers",
        }
    }
}

/// Whether the store has charts of this category.
pub(crate) fn is_category(category: &str) -> bool {
    GENRES.iter().any(|genre| genre.belongs_to(category))
}

/// The candidates for a chart, in no order that means anything.
pub(crate) fn pool(seed: u64, category: &str, collection: Collection) -> Vec<String> {
    let mut dice = Dice::of(seed, &["pool", category, collection.label()]);
    let (start, stride) = (dice.below(CANDIDATES), dice.below(CANDIDATES) | 1);
    let walk = (0..CANDIDATES).map(|step| start.wrapping_add(step.wrapping_mul(stride)) % CANDIDATES);
    let ids = walk.map(|number| candidate(number, collection.is_paid()));
    let fits = |id: &String| traits::genre(seed, id).belongs_to(category) && suits(seed, id, collection);
    ids.filter(fits).take(POOL).collect()
}

fn suits(seed: u64, id: &str, collection: Collection) -> bool {
    match collection {
        Collection::Free | Collection::NewFree => !traits::is_paid(seed, id),
        Collection::Paid | Collection::NewPaid | Collection::Grossing | Collection::Movers => true,
    }
}

/// The candidates in a country's order, at most `length`.
pub(crate) fn ranked<'a>(seed: u64, pool: &'a [String], country: &str, length: usize) -> Vec<&'a str> {
    let country = country.to_ascii_lowercase();
    let weight = |id: &str| traits::popularity(seed, id) + traits::local_luck(seed, id, &country);
    let mut weighed: Vec<(f64, &str)> = pool.iter().map(|id| (weight(id), id.as_str())).collect();
    weighed.sort_by(|left, right| right.0.total_cmp(&left.0));
    weighed.into_iter().map(|(_, id)| id).take(length.min(LONGEST_CHART)).collect()
}
