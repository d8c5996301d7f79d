//! Each part is drawn from dice of its own, so that one part's changes don't stir the others.

use super::app::{App, Availability, Standing, Tag};
use super::genres::{GENRES, Genre};
use super::locale::Locale;
use super::speech::Language;
use super::words::title_of;
use super::{contact, declared, media, numbers, prose, traits};
use crate::dice::Dice;

/// The app of this id, as shown in one edition of the store.
pub(crate) fn make(seed: u64, id: &str, locale: Locale) -> App {
    let language = locale.language;
    let dice = |part: &str| Dice::of(seed, &[part, id]);
    let (genre, paid) = (traits::genre(seed, id), traits::is_paid(seed, id));
    let availability = availability(&mut dice("availability"), id);
    let soon = availability == Availability::Preregister;
    let title = title(&mut dice("title"), id, genre, language);
    let installs = numbers::installs(&mut dice("installs"), traits::popularity(seed, id), language);
    let (released, updated) = numbers::dates(&mut dice("dates"), language);
    let mut text = dice("text");
    let length = 1000 + text.index(2500);
    App {
        id: id.to_owned(),
        language,
        summary: prose::plain(prose::sentence(&mut dice("summary"), language)),
        description: prose::description(&mut text, language, &title, length),
        translated: language != Language::English && text.chance(0.3),
        developer: contact::developer(&mut dice("developer"), id, locale.place),
        tags: tags(&mut dice("tags"), genre, language),
        rating: numbers::rating(&mut dice("rating"), installs.real, language).filter(|_| !soon),
        offer: numbers::offer(&mut dice("offer"), paid, locale),
        iap: numbers::iap(&mut dice("iap"), locale),
        versions: numbers::versions(&mut dice("versions")),
        media: media::media(&mut dice("media")),
        content: declared::content(&mut dice("content"), language),
        contains_ads: !paid && dice("ads").chance(0.6),
        play_pass: dice("pass").chance(0.1),
        released: Some(released).filter(|_| !soon),
        updated,
        changelog: dice("changes").chance(0.8).then(|| prose::changelog(&mut dice("changelog"), language)),
        standing: standing(&mut dice("standing"), genre, paid, language),
        permissions: declared::permissions(&mut dice("permissions"), id),
        safety: declared::safety(&mut dice("safety"), id, language),
        genre,
        title,
        availability,
        installs,
    }
}

/// The name, mostly with what the app is about behind it, in the store's language.
fn title(dice: &mut Dice, id: &str, genre: Genre, language: Language) -> String {
    let name = title_of(id.rsplit('.').next().unwrap_or_default());
    if !dice.chance(0.6) {
        return name;
    }
    let about = genre.name(language);
    let after = match language {
        Language::English if genre.is_game() => dice.pick(&[" Game", " Games", " Adventure"]),
        Language::Japanese => "アプリ",
        _ => "",
    };
    [name.as_str(), dice.pick(&[": ", " – ", " | "]), about, after].concat()
}

/// Ids under this prefix can be preregistered for.
const SOON: &str = "soon.";

fn availability(dice: &mut Dice, id: &str) -> Availability {
    if id.starts_with(SOON) {
        return Availability::Preregister;
    }
    match dice.below(40) {
        0 => Availability::Preregister,
        1 => Availability::EarlyAccess,
        _ => Availability::Available,
    }
}

/// Tags, of which the first is a genre; three of ten apps have none.
fn tags(dice: &mut Dice, genre: Genre, language: Language) -> Vec<Tag> {
    if dice.chance(0.3) {
        return Vec::new();
    }
    let second: Genre = dice.pick(&GENRES);
    let mut tags: Vec<_> = [genre, second].into_iter().map(|genre| genre_tag(dice, genre, language)).collect();
    let names: [&'static str; 6] = ["Single player", "Offline", "Stylized", "Multiplayer", "Casual", "Realistic"];
    for name in names {
        if dice.chance(0.3) {
            tags.push(Tag { name: name.to_owned(), id: None, topic: topic(dice) });
        }
    }
    tags
}

fn genre_tag(dice: &mut Dice, genre: Genre, language: Language) -> Tag {
    Tag { name: genre.name(language).to_owned(), id: Some(genre.id), topic: topic(dice) }
}

fn topic(dice: &mut Dice) -> String {
    format!("/m/0{}", dice.opaque(5).to_ascii_lowercase())
}

fn standing(dice: &mut Dice, genre: Genre, paid: bool, language: Language) -> Option<Standing> {
    let labels = language.labels();
    let chart = if paid { labels.top_paid } else { labels.top_free };
    dice.chance(0.2).then(|| Standing {
        label: format!("{chart} – {}", genre.name(language).to_lowercase()),
        rank: format!("#{}", dice.between(1, 100)),
    })
}
