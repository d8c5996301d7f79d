//! Whether a country's edition of the store lists an app, from the id alone.
//!
//! Invariant: ids outside the prefixes below are listed everywhere, so that what the catalogue says of them doesn't depend on this file.

use super::traits::exists;

/// Ids `only.CC.…` are offered in the country CC; elsewhere their page is there and says that they can't be had.
const OFFERED_ONLY: &str = "only";

/// Ids `listed.CC.…` have a page in the country CC alone.
const LISTED_ONLY: &str = "listed";

/// Ids `removed.…` had a page once.
const REMOVED: &str = "removed.";

/// How a country's edition of the store has an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    Offered,
    /// It has a page there and can't be had.
    NotInCountry,
    /// It has no page there: removed, never listed there, or never existed.
    None,
}

/// How a country has the app of this id.
pub(crate) fn listing(id: &str, country: &str) -> Listing {
    let mut labels = id.split('.');
    let here = |home: Option<&str>| home.is_some_and(|home| home.eq_ignore_ascii_case(country));
    if !exists(id) || id.starts_with(REMOVED) {
        return Listing::None;
    }
    match (labels.next(), here(labels.next())) {
        (Some(OFFERED_ONLY), false) => Listing::NotInCountry,
        (Some(LISTED_ONLY), false) => Listing::None,
        _ => Listing::Offered,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_say_where_an_app_is_listed() {
        for (id, here) in [
            ("com.whatsapp", Listing::Offered),
            ("only.de.app", Listing::Offered),
            ("only.us.app", Listing::NotInCountry),
            ("listed.de.app", Listing::Offered),
            ("listed.us.app", Listing::None),
            ("removed.app", Listing::None),
            ("missing.app", Listing::None),
        ] {
            assert_eq!(listing(id, "de"), here, "{id}");
        }
    }
}
