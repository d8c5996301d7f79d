//! What has changed in the store since it was made, as charts and listings change from day to day.

use std::collections::HashMap;

use super::App;
use crate::dice::Dice;

/// Apps of a chart that are others each day, and pairs of neighbours that change places.
const DAILY_ENTRIES: usize = 3;
const DAILY_SWAPS: usize = 10;

/// Days after which an app has another title.
const DAYS_OF_A_TITLE: u64 = 100;

/// Changes of charts and apps; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    swaps: Vec<(usize, usize)>,
    exits: Vec<usize>,
    entries: Vec<(usize, String)>,
    titles: HashMap<String, String>,
    prices: HashMap<String, i64>,
    day: u32,
}

impl Edits {
    /// This many days have passed: each app has another score, one of a hundred another title each day; in each chart ten pairs of neighbours change
    /// places, and three apps are others.
    #[must_use]
    pub fn day(self, day: u32) -> Self {
        Self { day, ..self }
    }

    /// In each chart, the apps at these two places of the original chart, from 1, change places.
    #[must_use]
    pub fn swap(mut self, left: usize, right: usize) -> Self {
        self.swaps.push((left, right));
        self
    }

    /// In each chart, the app at this place of the original chart leaves.
    #[must_use]
    pub fn exit(mut self, place: usize) -> Self {
        self.exits.push(place);
        self
    }

    /// In each chart, an app enters at this place, from 1.
    #[must_use]
    pub fn entry(mut self, place: usize, id: &str) -> Self {
        self.entries.push((place, id.to_owned()));
        self
    }

    /// An app has this title.
    #[must_use]
    pub fn title(mut self, id: &str, title: &str) -> Self {
        self.titles.insert(id.to_owned(), title.to_owned());
        self
    }

    /// An app costs this, in millionths of its currency's unit.
    #[must_use]
    pub fn price(mut self, id: &str, micros: i64) -> Self {
        self.prices.insert(id.to_owned(), micros);
        self
    }

    /// How many more apps a chart needs, so that it is as long as before.
    pub(super) fn spare(&self) -> usize {
        self.exits.len() + if self.day > 0 { DAILY_ENTRIES } else { 0 }
    }

    /// The changes of a day in a chart.
    fn shuffle(&self, ids: &mut [String], length: usize) {
        let Some(first) = ids.first().filter(|_| self.day > 0 && ids.len() > length) else { return };
        let mut dice = Dice::of(self.day.into(), &["chart", first]);
        for spare in length..ids.len() {
            ids.swap(dice.index(length), spare);
        }
        for _ in 0..DAILY_SWAPS {
            let place = dice.index(length.saturating_sub(1));
            ids.swap(place, (place + 1).min(length.saturating_sub(1)));
        }
    }

    /// A chart's ids after the changes.
    pub(super) fn chart(&self, mut ids: Vec<String>, length: usize) -> Vec<String> {
        self.shuffle(&mut ids, length);
        for (left, right) in &self.swaps {
            if *left.max(right) <= ids.len() && *left.min(right) > 0 {
                ids.swap(left - 1, right - 1);
            }
        }
        let mut place = 0;
        ids.retain(|_| {
            place += 1;
            !self.exits.contains(&place)
        });
        for (place, id) in &self.entries {
            ids.insert(place.saturating_sub(1).min(ids.len()), id.clone());
        }
        ids.truncate(length);
        ids
    }

    /// An app after the changes.
    pub(super) fn app(&self, mut app: App) -> App {
        if self.day > 0 {
            let mut dice = Dice::of(self.day.into(), &["score", &app.id]);
            if let Some(rating) = &mut app.rating {
                rating.score = (rating.score + dice.unit() / 50.0).clamp(1.0, 5.0);
            }
            let days = u64::from(self.day) + Dice::of(0, &["title", &app.id]).below(DAYS_OF_A_TITLE);
            app.title = format!("{} {}", app.title, days / DAYS_OF_A_TITLE);
        }
        if let Some(title) = self.titles.get(&app.id) {
            app.title.clone_from(title);
        }
        if let Some(micros) = self.prices.get(&app.id) {
            app.offer.micros = *micros;
            app.offer.discount = None;
        }
        app
    }
}
