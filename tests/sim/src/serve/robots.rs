//! The store's robots.txt: calls are disallowed, and pages of apps allowed.

/// Paths that programs may not ask, and the longer ones below them that they may.
const RULES: [(&str, &str); 5] = [
    ("Disallow", "/_/"),
    ("Disallow", "/store/"),
    ("Allow", "/store/apps/details"),
    ("Allow", "/store/apps/developer"),
    ("Disallow", "/store/apps/details?*&showAllReviews="),
];

/// Sitemaps that it names, as the real one does.
const SITEMAPS: usize = 2;

/// The file.
pub(crate) fn robots() -> String {
    let rules = RULES.iter().map(|(rule, path)| format!("{rule}: {path}\n"));
    let sitemaps =
        (0..SITEMAPS).map(|index| format!("Sitemap: https://play.google.com/sitemaps/sitemaps-index-{index}.xml\n"));
    std::iter::once("User-agent: *\n".to_owned()).chain(rules).chain(sitemaps).collect()
}
