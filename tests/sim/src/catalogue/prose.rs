//! Running text of any length from word lists, as text and as the store's markup.
//!
//! Invariant: the text comes first and the markup is made from it, so that decoding the markup must give the text back.

use super::speech::Language;
use crate::dice::Dice;

/// A text in both of its forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Prose {
    pub(crate) text: String,
    pub(crate) html: String,
}

/// What sentences of a language are made of. Openings hold a verb, so that every combination is a sentence.
struct Bank {
    openings: &'static [&'static str],
    things: &'static [&'static str],
    endings: &'static [&'static str],
    headings: &'static [&'static str],
}

const ENGLISH: Bank = Bank {
    openings: &[
        "Build",
        "Discover",
        "Collect",
        "Master",
        "Explore",
        "Share",
        "Unlock",
        "It's never been easier to enjoy",
        "Don't miss",
        "You'll love",
        "Compare",
        "Plan",
    ],
    things: &[
        "hundreds of hand-made levels",
        "your \"favorite\" recipes",
        "daily challenges & rewards",
        "a world that’s yours",
        "puzzles with < 3 moves left",
        "smart reminders",
        "offline maps",
        "fair matches – no tricks",
        "a calm, ad-light design",
        "themes for every mood ✨",
        "stories told by friends",
        "charts that explain themselves",
        "new seasons every month",
        "a café full of cats 🐱",
        "weekly leaderboards",
        "tools for beginners & experts",
    ],
    endings: &[
        "without an account.",
        "with friends or alone.",
        "whenever you've got a minute.",
        "on phone, tablet and watch.",
        "and keep your progress safe.",
        "at your own pace!",
        "in more than 30 languages.",
        "even without a connection.",
        "and never lose a streak again.",
        "for everyone in the house.",
    ],
    headings: &["KEY FEATURES", "Why you'll stay", "What's inside", "Good to know", "Questions & answers"],
};

const GERMAN: Bank = Bank {
    openings: &[
        "Entdecke",
        "Sammle",
        "Meistere",
        "Baue",
        "Teile",
        "Erlebe",
        "Plane",
        "Vergleiche",
        "Genieße",
        "Spiele",
    ],
    things: &[
        "hunderte handgemachte Level",
        "deine „liebsten“ Rezepte",
        "tägliche Aufgaben & Belohnungen",
        "eine Welt, die dir gehört",
        "Rätsel mit < 3 Zügen",
        "kluge Erinnerungen",
        "Karten für unterwegs",
        "faire Partien – ohne Tricks",
        "ein ruhiges Design",
        "Farben für jede Stimmung ✨",
        "wöchentliche Bestenlisten",
        "Werkzeuge für Anfänger & Profis",
    ],
    endings: &[
        "ganz ohne Konto.",
        "allein oder mit Freunden.",
        "wann immer du Zeit hast.",
        "auf Telefon, Tablet und Uhr.",
        "und sichere deinen Fortschritt.",
        "in deinem Tempo!",
        "in über 30 Sprachen.",
        "auch ohne Verbindung.",
        "für alle im Haus.",
    ],
    headings: &["FUNKTIONEN", "Das gefällt dir", "Was drin ist", "Gut zu wissen", "Fragen & Antworten"],
};

const FRENCH: Bank = Bank {
    openings: &[
        "Découvrez",
        "Collectionnez",
        "Maîtrisez",
        "Construisez",
        "Partagez",
        "Explorez",
        "Planifiez",
        "Comparez",
        "C'est le moment d'aimer",
        "Retrouvez",
    ],
    things: &[
        "des centaines de niveaux faits main",
        "vos recettes « préférées »",
        "des défis & récompenses chaque jour",
        "un monde à vous",
        "l'énigme à < 3 coups",
        "des rappels malins",
        "les cartes hors ligne",
        "des parties équitables – sans pièges",
        "un décor reposant",
        "des thèmes pour chaque humeur ✨",
        "un classement chaque semaine",
        "des outils pour débutants & experts",
    ],
    endings: &[
        "sans compte.",
        "seul ou entre amis.",
        "dès que vous avez une minute.",
        "sur téléphone, tablette et montre.",
        "et gardez votre progression.",
        "à votre rythme !",
        "dans plus de 30 langues.",
        "même sans connexion.",
        "pour toute la maison.",
    ],
    headings: &["FONCTIONS", "Pourquoi rester", "À l'intérieur", "Bon à savoir", "Questions & réponses"],
};

const JAPANESE: Bank = Bank {
    openings: &["さあ、", "今すぐ、", "友だちと、", "ひとりで、", "毎日、", "いつでも、"],
    things: &[
        "手作りのステージを",
        "お気に入りのレシピを",
        "デイリーチャレンジ & 報酬を",
        "あなただけの世界を",
        "残り < 3 手のパズルを",
        "オフライン地図を",
        "静かなデザインを ✨",
        "季節のイベントを",
    ],
    endings: &["楽しもう！", "見つけよう。", "集めよう。", "比べてみよう。", "共有しよう。", "極めよう。"],
    headings: &["主な機能", "ポイント", "内容", "よくある質問 & 回答"],
};

fn bank(language: Language) -> &'static Bank {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::French => &FRENCH,
        Language::Japanese => &JAPANESE,
    }
}

/// One sentence.
pub(crate) fn sentence(dice: &mut Dice, language: Language) -> String {
    let bank = bank(language);
    let gap = if language == Language::Japanese { "" } else { " " };
    [dice.pick(bank.openings), gap, dice.pick(bank.things), gap, dice.pick(bank.endings)].concat()
}

/// A text of about `bytes` bytes in paragraphs and bullets, under headings.
pub(crate) fn description(dice: &mut Dice, language: Language, title: &str, bytes: usize) -> Prose {
    let mut lines = vec![(false, format!("{title}: {}", sentence(dice, language)))];
    let mut size = 0;
    while size < bytes {
        let line = line(dice, language);
        size += line.1.len() + 6;
        lines.push(line);
    }
    rich(&lines)
}

/// A few lines about the newest version.
pub(crate) fn changelog(dice: &mut Dice, language: Language) -> Prose {
    let lines: Vec<_> = (0..dice.between(1, 4)).map(|_| (false, format!("• {}", sentence(dice, language)))).collect();
    rich(&lines)
}

/// A plain line as prose.
pub(crate) fn plain(text: String) -> Prose {
    rich(&[(false, text)])
}

/// A line of a description, and whether it is a heading.
fn line(dice: &mut Dice, language: Language) -> (bool, String) {
    match dice.below(10) {
        0 => (false, String::new()),
        1 => (true, dice.pick(bank(language).headings).to_owned()),
        2..=5 => (false, format!("• {}", sentence(dice, language))),
        _ => (false, [sentence(dice, language), sentence(dice, language)].join(" ")),
    }
}

fn rich(lines: &[(bool, String)]) -> Prose {
    let last = lines.iter().rposition(|(_, line)| !line.is_empty()).map_or(0, |index| index + 1);
    let kept = lines.get(..last).unwrap_or_default();
    let markup =
        |(heading, line): &(bool, String)| if *heading { format!("<b>{}</b>", encode(line)) } else { encode(line) };
    Prose {
        text: kept.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>().join("\n"),
        html: kept.iter().map(markup).collect::<Vec<_>>().join("<br>"),
    }
}

/// Text with the characters that markup needs written as entities.
pub(crate) fn encode(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_stands_for_its_text() {
        let prose = rich(&[(true, "A & B".into()), (false, "it's < \"3\"".into()), (false, String::new())]);
        assert_eq!(prose.text, "A & B\nit's < \"3\"");
        assert_eq!(prose.html, "<b>A &amp; B</b><br>it&#39;s &lt; &quot;3&quot;");
    }

    #[test]
    fn descriptions_are_as_long_as_asked() {
        let prose = description(&mut Dice::of(1, &[]), Language::English, "Some App", 2000);
        assert!((1900..2500).contains(&prose.html.len()), "{}", prose.html.len());
    }
}
