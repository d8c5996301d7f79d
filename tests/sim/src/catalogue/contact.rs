//! A developer's names, addresses and links, from the second label of the id.

use super::app::{Developer, Legal};
use super::places::Place;
use super::words::{surname, title_of};
use crate::dice::Dice;

/// What a studio's name may end with.
pub(super) const NAME_ENDINGS: [&str; 8] = [" Games", " Studio", " Labs", " GmbH", " & Sons", " Ltd.", " A.Ş.", ""];

/// The app's developer, as shown in a country.
pub(crate) fn developer(dice: &mut Dice, id: &str, place: Place) -> Developer {
    let label = id.split('.').nth(1).unwrap_or_default();
    let studio = title_of(label);
    let name = [studio.as_str(), dice.pick(&NAME_ENDINGS)].concat();
    let number = dice.between(1 << 62, (1 << 63) - 1).to_string();
    let site = format!("{}.example", label.to_ascii_lowercase().replace('_', "-"));
    let (developer_id, link) = if dice.chance(0.4) { by_number(&number) } else { by_name(&name) };
    Developer {
        id: developer_id,
        link,
        email: format!("support@{site}"),
        website: dice.chance(0.85).then(|| format!("https://www.{site}/?from=play&app={id}")),
        address: dice.chance(0.5).then(|| address(dice)),
        legal: dice.chance(0.8).then(|| legal(dice, &studio, &site)),
        seller: if place.resold { "Google Commerce Ltd".to_owned() } else { name.clone() },
        privacy_policy: dice.chance(0.95).then(|| format!("https://{site}/privacy?app={id}")),
        number,
        name,
    }
}

fn by_number(number: &str) -> (String, String) {
    (number.to_owned(), format!("/store/apps/dev?id={number}"))
}

fn by_name(name: &str) -> (String, String) {
    let encoded: String = url::form_urlencoded::byte_serialize(name.as_bytes()).collect();
    (name.to_owned(), format!("/store/apps/developer?id={encoded}"))
}

fn legal(dice: &mut Dice, studio: &str, site: &str) -> Legal {
    Legal {
        name: format!("{studio} Holdings {}", dice.pick(&["Inc.", "LLC", "S.à r.l.", "株式会社", "B.V."])),
        email: format!("legal@{site}"),
        address: address(dice),
        phone: format!("+{} {:07}", dice.between(1, 99), dice.below(10_000_000)),
    }
}

fn address(dice: &mut Dice) -> String {
    let street = surname(dice);
    let city = surname(dice);
    format!(
        "{} {street} Street\n{:05} {city}\n{}",
        dice.between(1, 300),
        dice.below(99_999),
        dice.pick(&["Norway", "Canada", "日本", "Türkiye", "United States"])
    )
}
