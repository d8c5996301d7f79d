//! Axes of a plan: parameters with their values, alone or several whose values depend on each other.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::parser::{AUTO, Kind};

/// A parameter and its values, each once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    pub(super) name: Arc<str>,
    pub(super) values: Vec<Arc<str>>,
}

/// Axes that vary together. A plan's queries are the product of its dimensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    /// One axis, by its place, with this many values.
    Free { axis: usize, len: usize },
    /// Axes by their places, first the one that the others depend on, and the places of their values in each step: each language with the
    /// countries of which it is asked.
    Joined { axes: Vec<usize>, steps: Vec<Vec<usize>> },
}

impl Dimension {
    pub(super) const fn len(&self) -> usize {
        match self {
            Self::Free { len, .. } => *len,
            Self::Joined { steps, .. } => steps.len(),
        }
    }

    /// Sets the places of the values at a step, in the order of the axes.
    pub(super) fn choose(&self, step: usize, places: &mut [usize]) {
        let mut set = |axis: usize, place: usize| {
            if let Some(chosen) = places.get_mut(axis) {
                *chosen = place;
            }
        };
        match self {
            Self::Free { axis, .. } => set(*axis, step),
            Self::Joined { axes, steps } => {
                let places = steps.get(step).into_iter().flatten();
                axes.iter().zip(places).for_each(|(axis, place)| set(*axis, *place));
            }
        }
    }

    /// The values that an axis has; of one that depends on another, the most that it has with one value of that.
    #[cfg(feature = "play")]
    pub(super) fn max_choices(&self, wanted: usize) -> Option<usize> {
        let (axes, steps) = match self {
            Self::Free { axis, len } => return (*axis == wanted).then_some(*len),
            Self::Joined { axes, steps } => (axes, steps),
        };
        let column = axes.iter().position(|axis| *axis == wanted)?;
        if column == 0 {
            return Some(steps.iter().filter_map(|step| step.first()).collect::<HashSet<_>>().len());
        }
        let mut choices: HashMap<Vec<usize>, usize> = HashMap::new();
        for step in steps {
            let mut others = step.clone();
            others.remove(column);
            *choices.entry(others).or_default() += 1;
        }
        choices.into_values().max()
    }
}

/// The dimensions of the axes of a kind. [`AUTO`] becomes the values that the values of another axis have for it, or the default: it is a value of
/// no axis afterwards.
pub(super) fn dimensions(kind: &Kind, axes: &mut [Axis]) -> Vec<Dimension> {
    replace_orphaned_auto(kind, axes);
    let free = |(axis, own): (usize, &Axis)| Dimension::Free { axis, len: own.values.len() };
    let mut dimensions: Vec<_> = axes.iter().enumerate().map(free).collect();
    for place in 0..axes.len() {
        if let Some(resolved) = resolved(kind, axes, place) {
            join(&mut dimensions, place, &resolved);
            if let Some(axis) = axes.get_mut(place) {
                axis.values = resolved.values;
            }
        }
    }
    dimensions
}

/// Puts the default for [`AUTO`] where the parameter that it depends on has no value at all.
fn replace_orphaned_auto(kind: &Kind, axes: &mut [Axis]) {
    let given: HashSet<_> = axes.iter().map(|axis| Arc::clone(&axis.name)).collect();
    for axis in axes {
        let Some(param) = kind.params.get(&axis.name) else { continue };
        let has_other = param.default_by.as_deref().is_none_or(|by| given.contains(by));
        if let Some(default) = param.default().filter(|_| !has_other) {
            let mut seen = HashSet::new();
            let values =
                axis.values.iter().map(|value| if **value == *AUTO { default.as_str().into() } else { value.clone() });
            axis.values = values.filter(|value| seen.insert(Arc::clone(value))).collect();
        }
    }
}

/// An axis without [`AUTO`].
struct Resolved {
    /// The axis that it depends on.
    by: usize,
    /// All values that it has.
    values: Vec<Arc<str>>,
    /// For each value of the other axis the places of its own values.
    places: Vec<Vec<usize>>,
}

/// The values of an axis for each of the axis that it depends on. `None` if it depends on none.
fn resolved(kind: &Kind, axes: &[Axis], place: usize) -> Option<Resolved> {
    let axis = axes.get(place).filter(|axis| axis.values.iter().any(|value| **value == *AUTO))?;
    let param = kind.params.get(&axis.name)?;
    let by = axes.iter().position(|other| Some(&*other.name) == param.default_by.as_deref())?;
    let other = axes.get(by)?;
    let attributes = kind.params.get(&other.name)?.attributes.get(&*axis.name);
    let default: Arc<str> = param.default()?.into();
    let (mut values, mut known) = (Vec::new(), HashMap::<Arc<str>, usize>::new());
    let mut place_of = |value: Arc<str>| {
        *known.entry(value).or_insert_with_key(|value| {
            values.push(Arc::clone(value));
            values.len() - 1
        })
    };
    let places = other.values.iter().map(|by| {
        let auto = attributes
            .and_then(|values| values.get(&**by))
            .map_or_else(|| default.clone(), |text| text.as_str().into());
        let own = axis.values.iter().map(|value| place_of(if **value == *AUTO { auto.clone() } else { value.clone() }));
        let mut seen = HashSet::new();
        own.filter(|place| seen.insert(*place)).collect()
    });
    let places = places.collect();
    Some(Resolved { by, values, places })
}

/// Takes an axis out of the dimensions, and varies it with the axis that it depends on.
fn join(dimensions: &mut Vec<Dimension>, axis: usize, resolved: &Resolved) {
    dimensions.retain(|dimension| !matches!(dimension, Dimension::Free { axis: other, .. } if *other == axis));
    let column = |dimension: &Dimension| match dimension {
        Dimension::Free { axis, .. } => (*axis == resolved.by).then_some(0),
        Dimension::Joined { axes, .. } => axes.iter().position(|axis| *axis == resolved.by),
    };
    let found = dimensions.iter_mut().find_map(|dimension| column(dimension).map(|column| (dimension, column)));
    let Some((dimension, column)) = found else { return };
    let (mut axes, steps) = match dimension {
        Dimension::Free { axis, len } => (vec![*axis], (0..*len).map(|place| vec![place]).collect()),
        Dimension::Joined { axes, steps } => (std::mem::take(axes), std::mem::take(steps)),
    };
    axes.push(axis);
    let steps = steps.iter().flat_map(|step: &Vec<usize>| {
        let places = step.get(column).and_then(|by| resolved.places.get(*by)).into_iter().flatten();
        places.map(|place| step.iter().copied().chain([*place]).collect())
    });
    *dimension = Dimension::Joined { axes, steps: steps.collect() };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::parser::Description;
    use crate::query::Plan;

    /// Countries with a language of their own, but `aq`; a parameter between the two that depend on each other; and a second dependent one.
    fn description() -> Description {
        Description::parse(
            r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60},
            "kinds": [{"name": "list", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1}, "params": {"properties": {
                "country": {"type": "string", "enum": ["us", "kr", "at", "de", "aq"], "default": "us", "x-many": true,
                    "x-groups": {"dach": ["at", "de"]}, "x-attributes": {
                        "language": {"us": "en", "kr": "ko", "at": "de", "de": "de"},
                        "unit": {"us": "mile", "kr": "km", "at": "km", "de": "km"}}},
                "num": {"type": "integer", "default": 1, "x-many": true},
                "language": {"type": "string", "pattern": "^[a-z]{2}$", "default": "en", "x-many": true, "x-default-by": "country"},
                "unit": {"type": "string", "enum": ["km", "mile"], "default": "km", "x-default-by": "country"}}}},
            {"name": "reviews", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1}, "params": {"properties": {
                "language": {"type": "string", "pattern": "^[a-z]{2}$", "default": "en", "x-many": true, "x-default-by": "country"}}}},
            {"name": "open", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1}, "params": {"properties": {
                "country": {"type": "string", "enum": ["kr"], "x-attributes": {"language": {"kr": "ko"}}},
                "language": {"type": "string", "pattern": "^[a-z]{2}$", "default": "en", "x-many": true, "x-default-by": "country"}}}}]}"#,
        )
        .unwrap()
    }

    fn queries(kind: &str, params: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let plan = Plan::new(&description(), kind, params.iter().copied()).map_err(|error| error.to_string())?;
        let queries: Vec<_> = plan.queries().map(|query| query.to_string()).collect();
        assert_eq!((queries.len(), plan.query(plan.len())), (plan.len(), None));
        Ok(queries)
    }

    /// The values of these parameters in each query.
    fn values(params: &[(&str, &str)]) -> Vec<[String; 3]> {
        let plan = Plan::new(&description(), "list", params.iter().copied()).unwrap();
        let value = |query: &crate::query::Query, name| query.param(name).unwrap_or_default().to_owned();
        plan.queries().map(|query| ["country", "language", "num"].map(|name| value(&query, name))).collect()
    }

    #[test]
    fn auto_is_the_value_that_the_other_parameters_value_has() {
        let expected = [["kr", "ko", "1"], ["us", "en", "1"], ["at", "de", "1"], ["de", "de", "1"]];
        assert_eq!(values(&[("country", "kr,us,dach"), ("language", "auto")]), expected);
        assert_eq!(values(&[("language", "AUTO")]), [["us", "en", "1"]], "the default has one, too");
        assert_eq!(values(&[("country", "aq"), ("language", "auto")]), [["aq", "en", "1"]], "else the default");
        let order = queries("list", &[("country", "kr"), ("language", "auto"), ("num", "5")]).unwrap();
        assert_eq!(order, ["list country=kr num=5 language=ko unit=km"], "in the description's order");
    }

    #[test]
    fn what_is_given_and_what_auto_stands_for_is_asked_once() {
        let expected = [["kr", "ko", "1"], ["us", "en", "1"], ["us", "ko", "1"]];
        assert_eq!(values(&[("country", "kr,us"), ("language", "auto,ko")]), expected);
        assert_eq!(values(&[("country", "kr"), ("language", "ko,auto,ko")]), [["kr", "ko", "1"]]);
    }

    #[test]
    fn several_parameters_may_depend_on_one() {
        let params = [("country", "kr,us"), ("num", "1,2"), ("language", "auto,fr"), ("unit", "auto")];
        let expected = [
            "list country=kr num=1 language=ko unit=km",
            "list country=kr num=2 language=ko unit=km",
            "list country=kr num=1 language=fr unit=km",
            "list country=kr num=2 language=fr unit=km",
            "list country=us num=1 language=en unit=mile",
            "list country=us num=2 language=en unit=mile",
            "list country=us num=1 language=fr unit=mile",
            "list country=us num=2 language=fr unit=mile",
        ];
        assert_eq!(queries("list", &params).unwrap(), expected);
    }

    #[test]
    fn without_the_other_parameter_auto_is_refused_and_without_its_value_the_default() {
        assert_eq!(
            queries("reviews", &[("language", "auto")]).unwrap_err(),
            "language can't be \"auto\": it is the language of the country, and reviews has no country: give a language, or none for en"
        );
        assert_eq!(queries("open", &[("language", "auto,en,fr")]).unwrap(), ["open language=en", "open language=fr"]);
        assert_eq!(
            queries("open", &[("language", "auto"), ("country", "kr")]).unwrap(),
            ["open country=kr language=ko"]
        );
    }

    #[cfg(feature = "play")]
    #[test]
    fn a_value_that_another_parameter_determines_is_one_choice() {
        let choices = |language| {
            let params = [("country", "kr,us"), ("language", language)];
            let plan = Plan::new(&description(), "list", params).unwrap();
            (plan.max_choices("language"), plan.max_choices("country"))
        };
        assert_eq!(choices("auto"), (1, 2));
        assert_eq!(choices("auto,ko"), (2, 2));
        assert_eq!(choices("en,fr"), (2, 2));
    }

    proptest! {
        #[test]
        fn each_query_is_there_once_and_none_says_auto(
            countries in proptest::collection::vec(prop_oneof!["us", "kr", "at", "de", "aq", "dach"], 1..6),
            languages in proptest::collection::vec(prop_oneof!["auto", "en", "ko", "de", "fr"], 1..6),
        ) {
            let (countries, languages) = (countries.join(","), languages.join(","));
            let found = values(&[("country", &countries), ("language", &languages)]);
            let distinct: std::collections::HashSet<_> = found.iter().collect();
            prop_assert_eq!(distinct.len(), found.len());
            prop_assert!(found.iter().flatten().all(|value| value != "auto"));
            for country in Plan::new(&description(), "list", [("country", countries.as_str())]).unwrap().queries() {
                let country = country.param("country").unwrap();
                for language in languages.split(',').filter(|language| *language != "auto") {
                    prop_assert!(found.iter().any(|[has, speaks, _]| has == country && speaks == language));
                }
            }
        }
    }
}
