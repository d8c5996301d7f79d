//! One table, with the names in three languages.

use super::speech::Language;

/// A genre, under the id that requests use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Genre {
    /// `GAME_PUZZLE`.
    pub(crate) id: &'static str,
    english: &'static str,
    german: &'static str,
    french: &'static str,
}

const fn genre(id: &'static str, english: &'static str, german: &'static str, french: &'static str) -> Genre {
    Genre { id, english, german, french }
}

/// Every genre.
pub(crate) const GENRES: [Genre; 49] = [
    genre("ART_AND_DESIGN", "Art & Design", "Kunst & Design", "Art et design"),
    genre("AUTO_AND_VEHICLES", "Auto & Vehicles", "Autos & Fahrzeuge", "Auto et véhicules"),
    genre("BEAUTY", "Beauty", "Beauty", "Beauté"),
    genre("BOOKS_AND_REFERENCE", "Books & Reference", "Bücher & Nachschlagewerke", "Livres et références"),
    genre("BUSINESS", "Business", "Büro", "Professionnel"),
    genre("COMICS", "Comics", "Comics", "BD"),
    genre("COMMUNICATION", "Communication", "Kommunikation", "Communication"),
    genre("DATING", "Dating", "Dating", "Rencontres"),
    genre("EDUCATION", "Education", "Lernen", "Enseignement"),
    genre("ENTERTAINMENT", "Entertainment", "Unterhaltung", "Divertissement"),
    genre("EVENTS", "Events", "Veranstaltungen", "Événements"),
    genre("FINANCE", "Finance", "Finanzen", "Finance"),
    genre("FOOD_AND_DRINK", "Food & Drink", "Essen & Trinken", "Cuisine et boissons"),
    genre("HEALTH_AND_FITNESS", "Health & Fitness", "Gesundheit & Fitness", "Santé et remise en forme"),
    genre("HOUSE_AND_HOME", "House & Home", "Haus & Garten", "Maison"),
    genre("LIBRARIES_AND_DEMO", "Libraries & Demo", "Software & Demos", "Bibliothèques et démos"),
    genre("LIFESTYLE", "Lifestyle", "Lifestyle", "Style de vie"),
    genre("MAPS_AND_NAVIGATION", "Maps & Navigation", "Karten & Navigation", "Plans et navigation"),
    genre("MEDICAL", "Medical", "Medizin", "Médecine"),
    genre("MUSIC_AND_AUDIO", "Music & Audio", "Musik & Audio", "Musique et audio"),
    genre("NEWS_AND_MAGAZINES", "News & Magazines", "Nachrichten & Zeitschriften", "Actualités et magazines"),
    genre("PARENTING", "Parenting", "Eltern", "Parents"),
    genre("PERSONALIZATION", "Personalization", "Personalisierung", "Personnalisation"),
    genre("PHOTOGRAPHY", "Photography", "Fotografie", "Photographie"),
    genre("PRODUCTIVITY", "Productivity", "Effizienz", "Productivité"),
    genre("SHOPPING", "Shopping", "Shopping", "Shopping"),
    genre("SOCIAL", "Social", "Soziale Netzwerke", "Réseaux sociaux"),
    genre("SPORTS", "Sports", "Sport", "Sports"),
    genre("TOOLS", "Tools", "Tools", "Outils"),
    genre("TRAVEL_AND_LOCAL", "Travel & Local", "Reisen & Lokales", "Voyages et infos locales"),
    genre("VIDEO_PLAYERS", "Video Players & Editors", "Videoplayer & Editors", "Lecteurs et éditeurs vidéo"),
    genre("WEATHER", "Weather", "Wetter", "Météo"),
    genre("GAME_ACTION", "Action", "Action", "Action"),
    genre("GAME_ADVENTURE", "Adventure", "Abenteuer", "Aventure"),
    genre("GAME_ARCADE", "Arcade", "Arcade", "Arcade"),
    genre("GAME_BOARD", "Board", "Brettspiele", "Jeux de société"),
    genre("GAME_CARD", "Card", "Karten", "Cartes"),
    genre("GAME_CASINO", "Casino", "Kasino", "Jeux de casino"),
    genre("GAME_CASUAL", "Casual", "Gelegenheitsspiele", "Occasionnel"),
    genre("GAME_EDUCATIONAL", "Educational", "Lernspiele", "Jeux éducatifs"),
    genre("GAME_MUSIC", "Music", "Musik", "Musique"),
    genre("GAME_PUZZLE", "Puzzle", "Geduldsspiele", "Réflexion"),
    genre("GAME_RACING", "Racing", "Rennspiele", "Course"),
    genre("GAME_ROLE_PLAYING", "Role Playing", "Rollenspiele", "Jeux de rôles"),
    genre("GAME_SIMULATION", "Simulation", "Simulation", "Simulation"),
    genre("GAME_SPORTS", "Sports", "Sportspiele", "Sport"),
    genre("GAME_STRATEGY", "Strategy", "Strategie", "Stratégie"),
    genre("GAME_TRIVIA", "Trivia", "Quizspiele", "Quiz"),
    genre("GAME_WORD", "Word", "Worträtsel", "Lettres"),
];

impl Genre {
    /// The genre's name for people; English where the table has no other.
    pub(crate) fn name(&self, language: Language) -> &'static str {
        match language {
            Language::German => self.german,
            Language::French => self.french,
            Language::English | Language::Japanese => self.english,
        }
    }

    /// Whether it is a genre of games.
    pub(crate) fn is_game(&self) -> bool {
        self.id.starts_with("GAME_")
    }

    /// Whether its apps stand in the chart of this category.
    pub(crate) fn belongs_to(&self, category: &str) -> bool {
        match category {
            "GAME" => self.is_game(),
            "APPLICATION" => !self.is_game(),
            id => self.id == id,
        }
    }
}
