//! What has changed in the store since it was made, as charts and listings change from day to day.

use std::collections::HashMap;

use super::App;

/// Changes of charts and apps; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    swaps: Vec<(usize, usize)>,
    exits: Vec<usize>,
    entries: Vec<(usize, String)>,
    titles: HashMap<String, String>,
    prices: HashMap<String, i64>,
}

impl Edits {
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
        self.exits.len()
    }

    /// A chart's ids after the changes.
    pub(super) fn chart(&self, mut ids: Vec<String>, length: usize) -> Vec<String> {
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
