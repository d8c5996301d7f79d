//! Defaults of parameters, for several batches.

use crate::parser::Description;
use crate::query::{Plan, PlanError};

/// What the parser calls its kinds, and which of their parameters may go without saying.
pub(super) const LIST: Kind = Kind { name: "list", defaults: &["collection", "language", "num"] };
pub(super) const APP: Kind = Kind { name: "app", defaults: &["country", "language", "via"] };

pub(super) const REVIEWS: Kind = Kind { name: "reviews", defaults: &["language", "num"] };
pub(super) const SEARCH: Kind = Kind { name: "search", defaults: &["country", "language", "num"] };
pub(super) const SIMILAR: Kind = Kind { name: "similar", defaults: &["country", "language", "num"] };
pub(super) const DEVELOPER: Kind = Kind { name: "developer", defaults: &["country", "language", "num"] };
pub(super) const AVAILABILITY: Kind = Kind { name: "availability", defaults: &[] };
pub(super) const SUGGEST: Kind = Kind { name: "suggest", defaults: &["country", "language"] };
pub(super) const PERMISSIONS: Kind = Kind { name: "permissions", defaults: &["country", "language"] };
pub(super) const DATA_SAFETY: Kind = Kind { name: "datasafety", defaults: &["language"] };

/// A kind of the parser.
pub(super) struct Kind {
    name: &'static str,
    defaults: &'static [&'static str],
}

/// Values of parameters, by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Defaults(Vec<(&'static str, String)>);

/// A parameter's values, as they were given.
pub(super) type Given = (&'static str, Vec<String>);

/// A parameter with these values.
pub(super) fn given(name: &'static str, values: impl IntoIterator<Item = impl AsRef<str>>) -> Given {
    (name, values.into_iter().map(|value| value.as_ref().to_owned()).collect())
}

impl Defaults {
    /// The same with this value, instead of any other of its name.
    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.0.retain(|(other, _)| *other != name);
        self.0.push((name, value));
        self
    }

    /// A plan for these values, and the defaults where there are none; `None` where one of them has no values: nothing is asked then.
    pub(super) fn plan(
        &self,
        description: &Description,
        kind: &Kind,
        given: &[Given],
    ) -> Result<Option<Plan>, PlanError> {
        if given.iter().any(|(_, values)| is_nothing(values)) {
            return Ok(None);
        }
        let says = |name: &str| given.iter().any(|(other, _)| *other == name);
        let defaults: Vec<_> = self.0.iter().filter(|(name, _)| kind.defaults.contains(name) && !says(name)).collect();
        let params = given.iter().flat_map(|(name, values)| values.iter().map(|value| (*name, value.as_str())));
        let params = params.chain(defaults.iter().map(|(name, value)| (*name, value.as_str())));
        let plan = Plan::new(description, kind.name, params)?;
        check_one_each(plan.values().map(|(name, _)| (name, plan.max_choices(name))).filter(|(name, _)| !says(name)))?;
        Ok(Some(plan))
    }
}

/// No values, or none but blanks.
fn is_nothing(values: &[String]) -> bool {
    values.iter().flat_map(|value| value.split(',')).all(|value| value.trim().is_empty())
}

/// Answers are told apart by what was given, so that anything else must have one value.
fn check_one_each<'p>(mut params: impl Iterator<Item = (&'p str, usize)>) -> Result<(), PlanError> {
    match params.find(|(_, count)| *count > 1) {
        Some((name, count)) => Err(PlanError::TooMany { name: name.to_owned(), count }),
        None => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The description of the parser that comes along.
    pub(crate) fn description() -> Description {
        Description::parse(&playfast_play::description()).unwrap()
    }

    fn queries(defaults: Defaults, kind: &Kind, given: &[Given]) -> Result<Vec<String>, String> {
        let plan = defaults.plan(&description(), kind, given).map_err(|error| error.to_string())?;
        Ok(plan.iter().flat_map(Plan::queries).map(|query| query.to_string()).collect())
    }

    #[test]
    fn defaults_of_the_other_kind_are_passed_over() {
        let defaults = Defaults::default().with("num", "5".to_owned()).with("country", "kr".to_owned());
        let defaults = defaults.with("num", "7".to_owned()).with("language", "ko".to_owned());
        let lists = [given("country", ["us"]), given("category", ["SOCIAL"])];
        let expected = ["list collection=topselling_free category=SOCIAL country=us language=ko num=7"];
        assert_eq!(queries(defaults.clone(), &LIST, &lists).unwrap(), expected);
        let apps = [given("app_id", ["a.b", "c.d"])];
        let expected = ["a.b", "c.d"].map(|id| format!("app app_id={id} country=kr language=ko via=auto"));
        assert_eq!(queries(defaults, &APP, &apps).unwrap(), expected);
    }

    #[test]
    fn of_nothing_nothing_is_asked() {
        for nothing in [&[][..], &["", " "], &[","]] {
            let lists = [given("country", ["us"]), given("category", nothing)];
            assert!(queries(Defaults::default(), &LIST, &lists).unwrap().is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn a_default_is_one_value() {
        let lists = [given("country", ["us"]), given("category", ["all-games"])];
        assert_eq!(queries(Defaults::default(), &LIST, &lists).unwrap().len(), 17);
        let defaults = Defaults::default().with("collection", "topselling_free,topgrossing".to_owned());
        assert_eq!(queries(defaults, &LIST, &lists).unwrap_err(), "collection takes one value, not 2");
    }
}
