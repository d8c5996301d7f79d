//! Four lists of 32: 2^20 ids of the form `com.<studio>.<name>`, each readable.

use crate::dice::Dice;

const STUDIO_HEADS: [&str; 32] = [
    "amber", "bold", "brisk", "calm", "cedar", "clever", "copper", "crimson", "dapper", "dusk", "ember", "fern",
    "frosty", "gentle", "golden", "hazel", "indigo", "ivory", "jolly", "lucky", "maple", "mellow", "misty", "nimble",
    "opal", "plain", "quiet", "rustic", "silver", "sunny", "violet", "wild",
];
const STUDIO_TAILS: [&str; 32] = [
    "anchor", "badger", "barn", "beacon", "bridge", "brook", "canyon", "compass", "falcon", "forge", "fox", "harbor",
    "heron", "hill", "kettle", "lantern", "meadow", "moose", "oak", "orchard", "otter", "owl", "parrot", "pixel",
    "quarry", "rocket", "sparrow", "spoon", "tiger", "valley", "walrus", "workshop",
];
const NAME_HEADS: [&str; 32] = [
    "astro", "block", "bubble", "candy", "castle", "cloud", "color", "coral", "dragon", "dream", "echo", "farm",
    "galaxy", "garden", "happy", "island", "jungle", "knight", "magic", "moon", "ninja", "ocean", "paper", "pirate",
    "pocket", "river", "royal", "shadow", "sky", "star", "super", "tiny",
];
const NAME_TAILS: [&str; 32] = [
    "arena", "battle", "bounce", "builder", "chase", "city", "craft", "crush", "dash", "diary", "drift", "empire",
    "escape", "express", "hero", "journey", "legend", "mania", "match", "party", "planner", "quest", "racer", "radar",
    "rush", "saga", "story", "studio", "tales", "tracker", "wallet", "world",
];

/// How many ids `candidate` can name.
pub(crate) const CANDIDATES: u64 = 1 << 20;

/// The ending of the ids of paid apps.
pub(crate) const PAID_ENDING: &str = "pro";

/// The id of this number, for numbers under `CANDIDATES`; distinct numbers have distinct ids.
pub(crate) fn candidate(number: u64, paid: bool) -> String {
    let word =
        |list: &[&'static str; 32], shift: u32| list.get((number >> shift & 31) as usize).copied().unwrap_or_default();
    [
        "com.",
        word(&STUDIO_HEADS, 0),
        word(&STUDIO_TAILS, 5),
        ".",
        word(&NAME_HEADS, 10),
        word(&NAME_TAILS, 15),
        if paid { PAID_ENDING } else { "" },
    ]
    .concat()
}

/// The label of a studio of this number, in ids.
pub(crate) fn studio(number: u64) -> String {
    let word =
        |list: &[&'static str; 32], shift: u32| list.get((number >> shift & 31) as usize).copied().unwrap_or_default();
    [word(&STUDIO_HEADS, 0), word(&STUDIO_TAILS, 5)].concat()
}

/// The ids that a studio's apps may have.
pub(crate) fn ids_of_studio(label: String) -> impl Iterator<Item = String> {
    let names = NAME_HEADS.into_iter().flat_map(|head| NAME_TAILS.into_iter().map(move |tail| (head, tail)));
    std::iter::once(format!("com.{label}")).chain(names.map(move |(head, tail)| format!("com.{label}.{head}{tail}")))
}

/// A label of an id as words for people: `riverquestpro` is "River Quest Pro".
pub(crate) fn title_of(label: &str) -> String {
    let lower = label.to_ascii_lowercase();
    let mut words = Vec::new();
    let mut rest = lower.as_str();
    while let Some(word) = known_prefix(rest) {
        words.push(capital(word));
        rest = rest.get(word.len()..).unwrap_or_default();
    }
    words.extend(rest.split('_').filter(|word| !word.is_empty()).map(capital));
    words.join(" ")
}

/// A person's or family's name, for developers and their addresses.
pub(crate) fn surname(dice: &mut Dice) -> String {
    capital(&[dice.pick(&STUDIO_HEADS), dice.pick(&["son", "ton", "by", "wick", "field"])].concat())
}

fn known_prefix(text: &str) -> Option<&'static str> {
    let lists = [&STUDIO_HEADS, &STUDIO_TAILS, &NAME_HEADS, &NAME_TAILS];
    let known = lists.into_iter().flatten().copied().chain([PAID_ENDING]);
    known.filter(|word| text.starts_with(word)).max_by_key(|word| word.len())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_distinct_and_read_back_as_words() {
        let ids: std::collections::HashSet<_> =
            (0..CANDIDATES).step_by(97).map(|number| candidate(number, false)).collect();
        assert_eq!(ids.len(), (0..CANDIDATES).step_by(97).count());
        assert_eq!(title_of("riverquestpro"), "River Quest Pro");
        assert_eq!(title_of("whatsapp"), "Whatsapp");
    }
}
