//! Labels, dates and numbers in English, German, French and Japanese; every other language gets English.

/// A language that the store has labels for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
    French,
    Japanese,
}

/// The fixed phrases of a language.
pub(crate) struct Labels {
    pub(crate) install: &'static str,
    pub(crate) buy: &'static str,
    pub(crate) per_item: &'static str,
    pub(crate) top_free: &'static str,
    pub(crate) top_paid: &'static str,
    pub(crate) ratings: [&'static str; 4],
    pub(crate) elements: [&'static str; 4],
    pub(crate) learn_more: &'static str,
    pub(crate) encrypted: &'static str,
    pub(crate) deletable: &'static str,
    pub(crate) shares: &'static str,
    pub(crate) collects: &'static str,
    pub(crate) shares_nothing: &'static str,
    pub(crate) contains_ads: &'static str,
}

const ENGLISH: Labels = Labels {
    install: "Install",
    buy: "Buy",
    per_item: " per item",
    top_free: "top free",
    top_paid: "top paid",
    ratings: ["Everyone", "Everyone 10+", "Teen", "Mature 17+"],
    elements: ["Fantasy Violence", "Mild Language", "Users Interact", "In-Game Purchases"],
    learn_more: "Learn more",
    encrypted: "Data is encrypted in transit",
    deletable: "You can request that data be deleted",
    shares: "This app may share these data types with third parties",
    collects: "This app may collect these data types",
    shares_nothing: "No data shared with third parties",
    contains_ads: "Contains ads",
};

const GERMAN: Labels = Labels {
    install: "Installieren",
    buy: "Kaufen",
    per_item: " pro Artikel",
    top_free: "Top-Artikel für 0 €",
    top_paid: "Bestseller",
    ratings: ["USK ab 0 Jahren", "USK ab 6 Jahren", "USK ab 12 Jahren", "USK ab 16 Jahren"],
    elements: ["Fantasiegewalt", "Milde Sprache", "Chats", "In-Game-Käufe"],
    learn_more: "Weitere Informationen",
    encrypted: "Daten werden bei der Übertragung verschlüsselt",
    deletable: "Du kannst das Löschen der Daten beantragen",
    shares: "Diese App kann diese Datentypen mit Dritten teilen",
    collects: "Diese App kann diese Datentypen erheben",
    shares_nothing: "Keine Daten werden mit Dritten geteilt",
    contains_ads: "Enthält Werbung",
};

const FRENCH: Labels = Labels {
    install: "Installer",
    buy: "Acheter",
    per_item: " par élément",
    top_free: "Top des gratuits",
    top_paid: "Top des payants",
    ratings: ["PEGI 3", "PEGI 7", "PEGI 12", "PEGI 16"],
    elements: ["Violence fantastique", "Langage grossier", "Interactions d'utilisateurs", "Achats de jeu"],
    learn_more: "En savoir plus",
    encrypted: "Les données sont chiffrées lors de leur transfert",
    deletable: "Vous pouvez demander la suppression des données",
    shares: "Cette appli peut partager ces types de données avec des tiers",
    collects: "Cette appli peut recueillir ces types de données",
    shares_nothing: "Aucune donnée partagée avec des tiers",
    contains_ads: "Contient des annonces",
};

const JAPANESE: Labels = Labels {
    install: "インストール",
    buy: "購入",
    per_item: "（1 アイテムあたり）",
    top_free: "人気（無料）",
    top_paid: "人気（有料）",
    ratings: ["3 歳以上", "7 歳以上", "12 歳以上", "16 歳以上"],
    elements: ["ファンタジー暴力", "軽い言葉", "ユーザー間のやりとり", "ゲーム内購入"],
    learn_more: "詳細",
    encrypted: "データは送信中に暗号化されます",
    deletable: "データの削除をリクエストできます",
    shares: "このアプリは第三者とデータを共有することがあります",
    collects: "このアプリはデータを収集することがあります",
    shares_nothing: "第三者と共有されるデータはありません",
    contains_ads: "広告を含む",
};

const ENGLISH_MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FRENCH_MONTHS: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];

impl Language {
    /// The language of an `hl` value such as `de` or `pt-BR`.
    pub(crate) fn of(hl: &str) -> Self {
        match hl.split(['-', '_']).next() {
            Some("de") => Self::German,
            Some("fr") => Self::French,
            Some("ja") => Self::Japanese,
            _ => Self::English,
        }
    }

    /// The fixed phrases.
    pub(crate) fn labels(self) -> &'static Labels {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
            Self::French => &FRENCH,
            Self::Japanese => &JAPANESE,
        }
    }

    /// A count with the language's separators.
    pub(crate) fn count(self, value: u64) -> String {
        let digits = value.to_string();
        let mut text = String::with_capacity(digits.len() + 8);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push_str(self.separators().0);
            }
            text.push(digit);
        }
        text
    }

    /// A number with so many decimals.
    pub(crate) fn decimal(self, value: f64, decimals: usize) -> String {
        format!("{value:.decimals$}").replace('.', self.separators().1)
    }

    /// The separators of thousands and of decimals.
    fn separators(self) -> (&'static str, &'static str) {
        match self {
            Self::English | Self::Japanese => (",", "."),
            Self::German => (".", ","),
            Self::French => ("\u{202f}", ","),
        }
    }

    /// The day of a Unix time, as a date for people.
    pub(crate) fn date(self, seconds: i64) -> String {
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let name = |months: &[&'static str; 12]| months.get((month - 1) as usize).copied().unwrap_or_default();
        match self {
            Self::English => format!("{} {day}, {year}", name(&ENGLISH_MONTHS)),
            Self::German => format!("{day:02}.{month:02}.{year}"),
            Self::French => format!("{day} {} {year}", name(&FRENCH_MONTHS)),
            Self::Japanese => format!("{year}/{month:02}/{day:02}"),
        }
    }
}

/// Year, month and day of a count of days since 1970 (Hinnant's algorithm for eras of 400 years).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_numbers_follow_the_language() {
        assert_eq!(Language::of("en").date(1_313_475_441), "Aug 16, 2011");
        assert_eq!(Language::of("de-AT").date(951_782_400), "29.02.2000");
        assert_eq!(Language::of("fr").date(0), "1 janv. 1970");
        assert_eq!(Language::of("de").count(12_439_170_344), "12.439.170.344");
        assert_eq!(Language::of("de").decimal(4.449, 1), "4,4");
        assert_eq!(Language::of("xx").count(999), "999");
    }
}
