//! An app's reviews: how many there are in each language, which of them a query selects, and what each one says.
//!
//! Invariant: a review follows from the seed, the app, the language and its number; the newest has number 0. No review is in two languages.

use super::numbers::NOW;
use super::query::{Device, ReviewQuery, ReviewSort};
use super::speech::Language;
use super::words::{surname, title_of};
use super::{Catalogue, exists, media, prose, traits};
use crate::dice::Dice;

/// The languages that have reviews, without the aliases.
const LANGUAGES: [&str; 71] = [
    "af", "am", "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi",
    "fil", "fr", "gl", "gu", "hi", "hr", "hu", "hy", "id", "is", "it", "iw", "ja", "ka", "kk", "km", "kn", "ko", "ky",
    "lo", "lt", "lv", "mk", "ml", "mn", "mr", "ms", "my", "nb", "ne", "nl", "or", "pa", "pl", "pt", "ro", "ru", "si",
    "sk", "sl", "sq", "sr", "sv", "sw", "ta", "te", "th", "tr", "uk", "ur", "vi", "zu",
];

/// The languages that get the Russian reviews (PLAY.md, section 6).
const RUSSIAN_ALIASES: [&str; 2] = ["tg", "tk"];

/// What the last label of an app's id starts with when the rest of it is its number of reviews in English.
const COUNTED: &str = "reviews";

/// The seconds between a review and the next one.
const INTERVAL: i64 = 1_800;

/// A review, as the store shows it.
#[derive(Clone, Debug)]
pub(crate) struct Review {
    pub(crate) id: String,
    pub(crate) user_name: String,
    pub(crate) user_number: String,
    pub(crate) user_image: String,
    pub(crate) score: i64,
    /// A review may be stars alone.
    pub(crate) content: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) thumbs_up: i64,
    pub(crate) reply: Option<Reply>,
    pub(crate) app_version: Option<String>,
    pub(crate) criteria: Vec<(&'static str, i64)>,
}

/// The developer's reply.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) author: String,
    pub(crate) content: String,
    pub(crate) at: i64,
}

/// What a query selects and sorts by.
#[derive(Clone, Copy, Debug)]
struct Entry {
    number: usize,
    score: i64,
    thumbs_up: i64,
    device: Device,
}

/// The reviews that a query selects, in its order; each is made when it is read.
#[derive(Debug)]
pub(crate) struct ReviewPage<'a> {
    catalogue: &'a Catalogue,
    app_id: String,
    language: String,
    entries: Vec<Entry>,
}

impl<'a> ReviewPage<'a> {
    /// The reviews of a query.
    pub(crate) fn new(catalogue: &'a Catalogue, query: &ReviewQuery) -> Self {
        let language = language(&query.language);
        let count = count(catalogue.seed(), &query.app_id, &language);
        let mut page = Self { catalogue, app_id: query.app_id.clone(), language, entries: Vec::new() };
        let selects = |entry: &Entry| {
            query.stars.is_none_or(|stars| i64::from(stars) == entry.score)
                && query.device.is_none_or(|device| device == entry.device)
        };
        page.entries = (0..count).map(|number| page.entry(number)).filter(selects).collect();
        // The sorts are stable: within one rank, the newest stay first.
        match query.sort {
            ReviewSort::Newest => {}
            ReviewSort::MostHelpful => page.entries.sort_by_key(|entry| -entry.thumbs_up),
            ReviewSort::Rating => page.entries.sort_by_key(|entry| -entry.score),
        }
        page
    }

    /// How many reviews there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// At most `length` reviews, without the first `skipped`.
    pub(crate) fn read(&self, skipped: usize, length: usize) -> Vec<Review> {
        self.entries.iter().skip(skipped).take(length).map(|entry| self.review(*entry)).collect()
    }

    fn dice(&self, part: &str, number: usize) -> Dice {
        Dice::of(self.catalogue.seed(), &["review", part, &self.app_id, &self.language, &number.to_string()])
    }

    fn entry(&self, number: usize) -> Entry {
        let mut dice = self.dice("entry", number);
        let score = dice.pick(&[1, 1, 2, 3, 4, 4, 5, 5, 5, 5]);
        let thumbs_up = if dice.chance(0.4) { dice.below(4_000) as i64 } else { 0 };
        let device = match dice.below(20) {
            0 | 1 => Device::Tablet,
            2 => Device::Chromebook,
            3 => Device::Tv,
            _ => Device::Phone,
        };
        Entry { number, score, thumbs_up, device }
    }

    fn review(&self, entry: Entry) -> Review {
        let mut dice = self.dice("text", entry.number);
        let speech = Language::of(&self.language);
        let created_at = NOW - entry.number as i64 * INTERVAL - dice.below(INTERVAL as u64) as i64;
        Review {
            id: uuid(&mut dice),
            user_name: format!("{} {}", surname(&mut dice), surname(&mut dice)),
            user_number: format!("1{:020}", dice.below(u64::MAX)),
            user_image: media::picture(&mut dice),
            score: entry.score,
            content: dice.chance(0.97).then(|| text(&mut dice, speech)),
            created_at,
            thumbs_up: entry.thumbs_up,
            reply: dice.chance(0.25).then(|| reply(&mut dice, &self.app_id, speech, created_at)),
            app_version: dice
                .chance(0.8)
                .then(|| format!("{}.{}.{}", dice.between(1, 30), dice.below(60), dice.below(10))),
            criteria: criteria(&mut dice),
        }
    }
}

/// The language whose reviews a request's `hl` gets.
fn language(hl: &str) -> String {
    let base = hl.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    if RUSSIAN_ALIASES.contains(&base.as_str()) { "ru".to_owned() } else { base }
}

/// The number of an app's reviews in a language: an id such as `com.example.reviews5785` says how many it has in English. Other
/// languages have fewer, some none.
fn count(seed: u64, id: &str, language: &str) -> usize {
    if !exists(id) || !LANGUAGES.contains(&language) {
        return 0;
    }
    let english = declared_count(id).unwrap_or_else(|| {
        let most = 40.0 * (1.0 + traits::popularity(seed, id)).powi(3);
        Dice::of(seed, &["reviews", id]).index(most as usize)
    });
    if language == "en" {
        return english;
    }
    let share = Dice::of(seed, &["reviews", id, language]).index(english / 4 + 1);
    share.saturating_sub(english / 50)
}

fn declared_count(id: &str) -> Option<usize> {
    id.rsplit('.').next()?.strip_prefix(COUNTED)?.parse().ok()
}

fn uuid(dice: &mut Dice) -> String {
    let (high, low) = (dice.roll(), dice.roll());
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

fn text(dice: &mut Dice, speech: Language) -> String {
    let sentences: Vec<_> = (0..dice.between(1, 5)).map(|_| prose::sentence(dice, speech)).collect();
    sentences.join(if dice.chance(0.1) { "\n" } else { " " })
}

fn reply(dice: &mut Dice, app_id: &str, speech: Language, created_at: i64) -> Reply {
    let author = title_of(app_id.split('.').nth(1).unwrap_or_default());
    Reply { author, content: text(dice, speech), at: created_at + dice.between(60, 500_000) as i64 }
}

fn criteria(dice: &mut Dice) -> Vec<(&'static str, i64)> {
    const NAMES: [&str; 3] = ["simulated_ease", "simulated_depth", "simulated_look"];
    if dice.chance(0.7) {
        return Vec::new();
    }
    NAMES.into_iter().map(|name| (name, dice.between(1, 3) as i64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count_of(id: &str, hl: &str) -> usize {
        Catalogue::new(1).reviews(&ReviewQuery::new(id, hl)).len()
    }

    #[test]
    fn an_id_says_how_many_reviews_it_has() {
        assert_eq!(count_of("com.example.reviews5785", "en"), 5785);
        assert_eq!(count_of("com.example.reviews5785", "en-GB"), 5785);
        assert_eq!(count_of("com.example.reviews0", "en"), 0);
        assert_eq!(count_of("missing.reviews5785", "en"), 0);
        assert_eq!(count_of("com.example.reviews5785", "xx"), 0);
        assert_eq!(count_of("com.example.reviews5785", "ru"), count_of("com.example.reviews5785", "tg"));
    }

    #[test]
    fn reviews_are_distinct_and_sorted() {
        let catalogue = Catalogue::new(1);
        let read = |query: &ReviewQuery| catalogue.reviews(query).read(0, 400);
        let query = ReviewQuery::new("com.example.reviews400", "en");
        let newest = read(&query);
        let ids: std::collections::HashSet<_> = newest.iter().map(|review| &review.id).collect();
        assert_eq!(ids.len(), 400);
        assert!(newest.is_sorted_by(|left, right| left.created_at > right.created_at));
        assert!(read(&query.clone().sort(ReviewSort::MostHelpful)).is_sorted_by_key(|review| -review.thumbs_up));
        assert!(read(&query.clone().sort(ReviewSort::Rating)).is_sorted_by_key(|review| -review.score));
        assert!(read(&query.stars(2).device(Device::Tablet)).iter().all(|review| review.score == 2));
    }
}
