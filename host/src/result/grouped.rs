//! Groups of outcomes by the values of a parameter, in the order in which the values came.

use std::collections::HashMap;
use std::sync::Arc;

use super::outcome::Outcome;

/// Groups by the values of a parameter, in the order in which the values came.
///
/// ```no_run
/// # async fn grouped() -> Result<(), Box<dyn std::error::Error>> {
/// use playfast::Host;
///
/// let host = Host::builder().build().await?;
/// let plan = host.plan("list", [("country", "us,kr"), ("category", "GAME,SOCIAL")])?;
/// let charts = host.run(plan.queries()).grouped("country").await.then("category");
/// if let Some(outcomes) = charts.at("kr", "SOCIAL") {
///     println!("{:?}", outcomes.first().map(|outcome| &outcome.rows));
/// }
/// for (country, categories) in &charts {
///     println!("{country}: {}", categories.keys().collect::<Vec<_>>().join(", "));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouped<T> {
    groups: Vec<(Arc<str>, T)>,
    places: HashMap<Arc<str>, usize>,
}

impl Grouped<Vec<Outcome>> {
    /// Groups outcomes by a parameter. Those whose queries don't have it are grouped under the empty text.
    pub fn by(name: &str, outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        let mut groups: HashMap<Arc<str>, (usize, Vec<Outcome>)> = HashMap::new();
        for outcome in outcomes {
            let (place, value) = (groups.len(), outcome.query.param(name).unwrap_or_default());
            match groups.get_mut(value) {
                Some((_, group)) => group.push(outcome),
                None => drop(groups.insert(value.into(), (place, vec![outcome]))),
            }
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_by_key(|(_, (place, _))| *place);
        groups.into_iter().map(|(value, (_, group))| (value, group)).collect()
    }

    /// Groups each group by a further parameter.
    #[must_use]
    pub fn then(self, name: &str) -> Grouped<Self> {
        self.map(|group| Self::by(name, group))
    }
}

/// Of two items with the same value the last wins, in the place of the first.
impl<T> FromIterator<(Arc<str>, T)> for Grouped<T> {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, T)>>(things: I) -> Self {
        let (mut groups, mut places) = (Vec::<(Arc<str>, T)>::new(), HashMap::<_, usize>::new());
        for (value, thing) in things {
            match places.get(&value).and_then(|place| groups.get_mut(*place)) {
                Some(group) => group.1 = thing,
                None => {
                    places.insert(Arc::clone(&value), groups.len());
                    groups.push((value, thing));
                }
            }
        }
        Self { groups, places }
    }
}

impl<T> Grouped<T> {
    /// The group of a value.
    #[must_use]
    pub fn get(&self, value: &str) -> Option<&T> {
        self.places.get(value).and_then(|place| self.groups.get(*place)).map(|(_, thing)| thing)
    }

    /// The number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The values.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.groups.iter().map(|(value, _)| &**value)
    }

    /// The groups.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.groups.iter().map(|(_, thing)| thing)
    }

    /// Values with their groups.
    pub fn iter(&self) -> Iter<'_, T> {
        self.groups.iter().map(|(value, thing)| (value, thing))
    }

    /// Maps each group.
    #[must_use]
    pub fn map<U>(self, mut other: impl FnMut(T) -> U) -> Grouped<U> {
        let groups = self.groups.into_iter().map(|(value, thing)| (value, other(thing)));
        Grouped { groups: groups.collect(), places: self.places }
    }
}

impl<T> Grouped<Grouped<T>> {
    /// The group of these values of the first and the second parameter.
    #[must_use]
    pub fn at(&self, first: &str, second: &str) -> Option<&T> {
        self.get(first)?.get(second)
    }
}

/// Iterator over values with their groups.
type Iter<'g, T> = std::iter::Map<std::slice::Iter<'g, (Arc<str>, T)>, fn(&(Arc<str>, T)) -> (&Arc<str>, &T)>;

impl<'g, T> IntoIterator for &'g Grouped<T> {
    type Item = (&'g Arc<str>, &'g T);
    type IntoIter = Iter<'g, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> IntoIterator for Grouped<T> {
    type Item = (Arc<str>, T);
    type IntoIter = std::vec::IntoIter<(Arc<str>, T)>;

    fn into_iter(self) -> Self::IntoIter {
        self.groups.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Query;

    fn outcome(country: &str, category: &str) -> Outcome {
        Outcome::new(Query::new("list", [("country".into(), country.into()), ("category".into(), category.into())]))
    }

    #[test]
    fn values_keep_the_order_in_which_they_came() {
        let asked = [("us", "B"), ("kr", "B"), ("ad", "B"), ("us", "A"), ("kr", "A"), ("ad", "A")];
        let grouped = Grouped::by("country", asked.map(|(country, category)| outcome(country, category)));
        assert_eq!(grouped.keys().collect::<Vec<_>>(), ["us", "kr", "ad"]);
        assert!(grouped.values().all(|outcomes| outcomes.len() == 2));
        let grouped = grouped.then("category");
        for (_, categories) in &grouped {
            assert_eq!(categories.keys().collect::<Vec<_>>(), ["B", "A"]);
        }
        let found = grouped.at("kr", "A").unwrap();
        assert_eq!(found[0].query.to_string(), "list country=kr category=A");
        assert!(grouped.at("kr", "C").is_none() && grouped.at("jp", "A").is_none());
    }

    #[test]
    fn what_lacks_the_parameter_stands_under_nothing() {
        let grouped = Grouped::by("app_id", [outcome("us", "A")]);
        assert_eq!(grouped.get("").unwrap().len(), 1);
        assert!(Grouped::by("app_id", []).is_empty());
    }

    #[test]
    fn the_last_under_a_value_wins() {
        let grouped: Grouped<_> =
            [("a", 1), ("b", 2), ("a", 3)].map(|(value, thing)| (value.into(), thing)).into_iter().collect();
        assert_eq!(grouped.into_iter().map(|(_, thing)| thing).collect::<Vec<_>>(), [3, 2]);
    }
}
