//! Rows of apps with a page of their own: those similar to an app, and those of a developer.

use super::contact::NAME_ENDINGS;
use super::query::{AppQuery, ChartQuery, ClusterQuery, Topic};
use super::words::{ids_of_studio, studio, title_of};
use super::{App, Catalogue, Locale, contact};
use crate::dice::Dice;

/// How many similar apps there are.
const SIMILAR: usize = 70;

/// How many apps a developer has at most.
const LARGEST_DEVELOPER: usize = 60;

/// The fewest digits of a developer's number.
const DEVELOPER_DIGITS: usize = 16;

/// The apps of a topic, at most so many; nothing if there is no such topic.
pub(crate) fn cluster(catalogue: &Catalogue, query: &ClusterQuery, limit: usize) -> Option<Vec<App>> {
    let apps: Vec<_> = match &query.topic {
        Topic::Similar(id) => similar(catalogue, &query.app(id), limit.min(SIMILAR))?,
        Topic::Developer(id) if is_number(id) => by_number(catalogue, query, id).take(limit).collect(),
        Topic::Developer(name) => by_name(catalogue, query, name).take(limit.min(LARGEST_DEVELOPER)).collect(),
    };
    (!apps.is_empty()).then_some(apps)
}

/// Whether a developer is asked for by number.
pub(crate) fn is_number(id: &str) -> bool {
    id.len() >= DEVELOPER_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit())
}

/// The leaders of the app's own genre, without the app itself.
fn similar(catalogue: &Catalogue, query: &AppQuery, limit: usize) -> Option<Vec<App>> {
    let app = catalogue.app(query)?;
    let chart = ChartQuery::new(&query.country, app.genre.id, "topselling_free").language(&query.language);
    let leaders = catalogue.chart(&chart.num(limit + 1))?;
    Some(leaders.into_iter().filter(|other| other.id != app.id).take(limit).collect())
}

/// The apps whose own pages name this developer.
fn by_name<'a>(catalogue: &'a Catalogue, query: &'a ClusterQuery, name: &'a str) -> impl Iterator<Item = App> + 'a {
    let labels = NAME_ENDINGS.into_iter().filter_map(|ending| name.strip_suffix(ending));
    let labels = labels.map(|studio| studio.replace(' ', "").to_lowercase()).filter(|label| !label.is_empty());
    let place = Locale::of(&query.language, &query.country).place;
    let ids = labels.flat_map(ids_of_studio);
    let developer = move |id: &str| contact::developer(&mut Dice::of(catalogue.seed(), &["developer", id]), id, place);
    ids.filter(move |id| developer(id).id == name).filter_map(|id| catalogue.app(&query.app(&id)))
}

/// The apps of the studio that a number stands for. An app's own number can't be traced back to the app, so that this page need not hold
/// the app whose page led to it.
fn by_number<'a>(catalogue: &'a Catalogue, query: &'a ClusterQuery, number: &str) -> impl Iterator<Item = App> + 'a {
    let mut dice = Dice::of(catalogue.seed(), &["number", number]);
    let label = studio(dice.below(1 << 10));
    let count = dice.between(4, LARGEST_DEVELOPER as u64) as usize;
    let name = title_of(&label);
    let apps = ids_of_studio(label).take(count).filter_map(|id| catalogue.app(&query.app(&id)));
    apps.map(move |mut app| {
        app.developer.name.clone_from(&name);
        app
    })
}
