//! Installs, ratings, price and dates, from its popularity and the country.

use super::app::{Discount, Installs, Offer, Rating, Stamp, Versions};
use super::locale::Locale;
use super::speech::Language;
use crate::dice::Dice;

/// The most installs an app has, as on the real store: more than 32 bits hold.
const MOST_INSTALLS: f64 = 2.3e10;

/// From so many installs on, every app has ratings.
const KNOWN_TO_ALL: u64 = 5_000_000;

/// The day before which every app was last changed: 2026-11-20, in Unix seconds.
pub(super) const NOW: i64 = 1_795_132_800;

/// Seconds in a day.
const DAY: i64 = 86_400;

/// Installs that grow about sevenfold with each step of popularity; one app of a hundred has many more.
pub(crate) fn installs(dice: &mut Dice, popularity: f64, language: Language) -> Installs {
    let giant = if dice.chance(0.02) { 3.4 } else { 0.0 };
    let real = (10_f64.powf(3.0 + popularity * 0.85 + dice.unit() + giant)).min(MOST_INSTALLS) as u64;
    let power = 10_u64.pow(real.ilog10());
    let least = if real >= 5 * power { 5 * power } else { power };
    Installs { text: format!("{}+", language.count(least)), short: short(least), least, real }
}

fn short(value: u64) -> String {
    match value {
        1_000_000_000.. => format!("{}B+", value / 1_000_000_000),
        1_000_000.. => format!("{}M+", value / 1_000_000),
        1_000.. => format!("{}K+", value / 1_000),
        _ => format!("{value}+"),
    }
}

/// Ratings whose score is the mean of their histogram; some apps have none.
pub(crate) fn rating(dice: &mut Dice, installs: u64, language: Language) -> Option<Rating> {
    let total = installs / dice.between(20, 200);
    if total < 50 || (installs < KNOWN_TO_ALL && dice.chance(0.08)) {
        return None;
    }
    let mood = dice.between(3, 20);
    let shares = [dice.between(2, 12), dice.between(1, 5), dice.between(2, 8), dice.between(3, 20), mood * 5];
    let sum: u64 = shares.iter().sum();
    let histogram = shares.map(|share| total * share / sum);
    let ratings: u64 = histogram.iter().sum();
    let stars: u64 = histogram.iter().zip(1..).map(|(count, star)| count * star).sum();
    let score = (stars as f64 / ratings as f64 * 1e7).round() / 1e7;
    Some(Rating { text: language.decimal(score, 1), score, ratings, reviews: ratings / dice.between(8, 60), histogram })
}

/// What the app costs here; a quarter of the paid are reduced for some days.
pub(crate) fn offer(dice: &mut Dice, paid: bool, locale: Locale) -> Offer {
    let Locale { language, place } = locale;
    if !paid {
        return Offer { micros: 0, currency: place.currency, text: String::new(), discount: None };
    }
    let cents = dice.pick(&[99, 199, 299, 499, 699, 999, 1499]);
    let micros = place.micros(cents);
    let original_micros = place.micros(cents * 2);
    let discount = dice.chance(0.25).then(|| Discount {
        original_micros,
        original_text: place.price(original_micros, language),
        ends_at: NOW + DAY * dice.between(1, 20) as i64,
    });
    Offer { micros, currency: place.currency, text: place.price(micros, language), discount }
}

/// The range of prices within the app.
pub(crate) fn iap(dice: &mut Dice, locale: Locale) -> Option<String> {
    let (low, high) = (dice.pick(&[59, 99, 149, 199]), dice.pick(&[499, 999, 4999, 9999, 19_999]));
    dice.chance(0.6).then(|| locale.place.range(low, high, locale.language))
}

/// When it came out and when it last changed.
pub(crate) fn dates(dice: &mut Dice, language: Language) -> (Stamp, Stamp) {
    let updated = NOW - dice.between(1, 300 * DAY as u64) as i64;
    let released = updated - dice.between(DAY as u64, 4000 * DAY as u64) as i64;
    (stamp(released, language), stamp(updated, language))
}

fn stamp(seconds: i64, language: Language) -> Stamp {
    Stamp { seconds, text: language.date(seconds) }
}

/// Which Android it needs; an eighth of the apps vary with the device.
pub(crate) fn versions(dice: &mut Dice) -> Versions {
    let least = dice.pick(&[(21, "5.0"), (23, "6.0"), (24, "7.0"), (26, "8.0"), (29, "10")]);
    let varies = dice.chance(0.125);
    Versions {
        name: (!varies).then(|| format!("{}.{}.{}", dice.between(1, 30), dice.below(60), dice.below(10))),
        least: (!varies).then_some(least),
        most: dice.chance(0.1).then_some("14"),
        target: dice.chance(0.95).then(|| dice.between(33, 36) as i64),
    }
}
