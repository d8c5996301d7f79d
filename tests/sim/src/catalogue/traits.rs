//! Whether it exists, its genre, whether it is paid, and how popular it is, from the seed and the
//! id alone.

use super::genres::{GENRES, Genre};
use super::words::PAID_ENDING;
use crate::dice::Dice;

/// Ids under this prefix are well formed and never exist.
const MISSING: &str = "missing.";

/// Whether the store has an app of this id: any package name of two labels or more has one, but for the missing.
pub(crate) fn exists(id: &str) -> bool {
    let labels = id.split('.');
    labels.clone().count() > 1 && labels.clone().all(is_label) && !id.starts_with(MISSING)
}

fn is_label(label: &str) -> bool {
    label.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The app's main genre.
pub(crate) fn genre(seed: u64, id: &str) -> Genre {
    Dice::of(seed, &["genre", id]).pick(&GENRES)
}

/// Whether the app costs something: by its ending, or by chance, one of sixteen.
pub(crate) fn is_paid(seed: u64, id: &str) -> bool {
    id.ends_with(PAID_ENDING) || Dice::of(seed, &["paid", id]).below(16) == 0
}

/// How popular the app is in the world: most near 1, few at 6 and above.
pub(crate) fn popularity(seed: u64, id: &str) -> f64 {
    -(1.0 - Dice::of(seed, &["popularity", id]).unit()).ln()
}

/// How well the app does in one country beyond that.
pub(crate) fn local_luck(seed: u64, id: &str, country: &str) -> f64 {
    -(1.0 - Dice::of(seed, &["luck", country, id]).unit()).ln() * 0.6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_ids_exist_unless_missing() {
        for id in ["com.whatsapp", "a.b", "com.Foo_1.bar"] {
            assert!(exists(id), "{id}");
        }
        for id in ["whatsapp", "com..b", "com.1a", "com.a b", "", "missing.app", "com.ü"] {
            assert!(!exists(id), "{id}");
        }
    }
}
