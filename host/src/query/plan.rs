//! The queries of a kind with the values of its parameters.
//!
//! The parameters' values multiply out; the product is never made, and a query is put together when its turn comes: 5 countries and 3
//! categories are 8 strings, not 15 requests' worth. Invariant: every query of a plan is complete and fits the parser's description.

use std::sync::Arc;

use super::axis::{Axis, Dimension, dimensions};
use super::plan_error::{PlanError, hint};
use super::values::Asked;
use crate::parser::{Description, Kind, Param};
use crate::types::{KindName, Query};

/// Queries of one kind: the product of its parameters' values, in the description's order, the last one changing fastest.
///
/// A value `auto` stands for the one that depends on another parameter's, such as a country's language: it is resolved here, so that queries, and with
/// them rows and keys, have the real value. A parameter with such a value changes together with the one that it depends on.
///
/// ```
/// # use playfast::{Plan, PlanError, parser::Description};
/// # let description = Description::parse(r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"],
/// #     "pace": {"burst": 1, "per_minute": 60}, "kinds": [{"name": "list", "summary": "", "record": {},
/// #     "per_request": {"default": 1, "max": 1}, "params": {"properties": {
/// #     "country": {"type": "string", "x-many": true}, "num": {"type": "integer", "maximum": 660, "default": 100}}}}]}"#)?;
/// let plan = Plan::new(&description, "list", [("country", "us,kr")])?;
/// let queries: Vec<_> = plan.queries().map(|query| query.to_string()).collect();
/// assert_eq!(queries, ["list country=us num=100", "list country=kr num=100"]);
///
/// let refused = Plan::new(&description, "list", [("num", "1000")]);
/// assert!(matches!(refused, Err(PlanError::Value { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    parser: Option<Arc<str>>,
    kind: Arc<str>,
    axes: Vec<Axis>,
    dimensions: Vec<Dimension>,
}

impl Plan {
    /// The queries of `kind` with these parameters: a name may come more than once, values of one that takes many are split at commas, a
    /// group's name stands for its values, an address of the site for the value that it carries, and what isn't given has its default. Numbers
    /// become what they are: `+5`, `05` and `5.0` are `5`.
    ///
    /// # Errors
    /// If the description has no such kind, parameter or value; the error says which is meant, as far as it can be told.
    pub fn new<'p>(
        description: &Description,
        kind: impl Into<KindName>,
        params: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Self, PlanError> {
        let name = &kind.into();
        let plan = Self::partial(description, name, params)?;
        let kind = find_kind(description, name)?;
        match kind.params.required.iter().find(|name| !plan.axes.iter().any(|axis| *axis.name == ***name)) {
            Some(param) => Err(missing(name, kind, param)),
            None => Ok(plan),
        }
    }

    /// A plan whose required parameters may be missing: a response that is there already tells them itself.
    pub(crate) fn partial<'p>(
        description: &Description,
        name: &KindName,
        params: impl IntoIterator<Item = (&'p str, &'p str)>,
    ) -> Result<Self, PlanError> {
        let kind = find_kind(description, name)?;
        let given: Vec<_> = params.into_iter().collect();
        if let Some((name, _)) = given.iter().find(|(name, _)| kind.params.get(name).is_none()) {
            return Err(unknown_param(kind, name));
        }
        let axes = kind.params.properties.iter().filter_map(|(name, param)| {
            let texts = given.iter().filter(|(key, _)| key == name).map(|(_, text)| *text);
            Asked { hosts: &description.hosts, kind, name, param }.axis(&texts.collect::<Vec<_>>()).transpose()
        });
        let mut axes: Vec<_> = axes.collect::<Result<_, _>>()?;
        let dimensions = dimensions(kind, &mut axes);
        Ok(Self { parser: name.parser().map(Arc::from), kind: kind.name.as_str().into(), axes, dimensions })
    }

    /// The same queries, to be asked of this parser where a host has several.
    #[must_use]
    pub fn with_parser(self, parser: impl Into<Arc<str>>) -> Self {
        Self { parser: Some(parser.into()), ..self }
    }

    /// The kind's name.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// How many queries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.dimensions.iter().map(Dimension::len).fold(1, usize::saturating_mul)
    }

    /// A plan has at least one query.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The parameters with the values that each takes, in the description's order.
    pub fn values(&self) -> impl Iterator<Item = (&str, &[Arc<str>])> {
        self.axes.iter().map(|axis| (&*axis.name, axis.values.as_slice()))
    }

    /// The values that a parameter has; of one that depends on another, the most that it has with one value of that.
    #[cfg(feature = "play")]
    pub(crate) fn max_choices(&self, name: &str) -> usize {
        let axis = self.axes.iter().position(|axis| *axis.name == *name);
        axis.and_then(|axis| self.dimensions.iter().find_map(|dimension| dimension.max_choices(axis))).unwrap_or(0)
    }

    /// The same plan with other copies of its values.
    #[cfg(feature = "play")]
    pub(crate) fn with_texts(mut self, mut copy: impl FnMut(Arc<str>) -> Arc<str>) -> Self {
        for value in self.axes.iter_mut().flat_map(|axis| &mut axis.values) {
            *value = copy(Arc::clone(value));
        }
        self
    }

    /// The query at this place.
    #[must_use]
    pub fn query(&self, index: usize) -> Option<Query> {
        if index >= self.len() {
            return None;
        }
        let (mut rest, mut places) = (index, vec![0; self.axes.len()]);
        for dimension in self.dimensions.iter().rev() {
            dimension.choose(rest % dimension.len(), &mut places);
            rest /= dimension.len();
        }
        let params = self.axes.iter().zip(places);
        let params =
            params.filter_map(|(axis, place)| Some((Arc::clone(&axis.name), Arc::clone(axis.values.get(place)?))));
        let query = Query::new(Arc::clone(&self.kind), params);
        Some(match &self.parser {
            Some(parser) => query.with_parser(Arc::clone(parser)),
            None => query,
        })
    }

    /// All queries, each put together when it is taken.
    pub fn queries(&self) -> impl Iterator<Item = Query> + Send + use<> {
        let plan = self.clone();
        (0..plan.len()).map_while(move |index| plan.query(index))
    }
}

fn find_kind<'d>(description: &'d Description, name: &KindName) -> Result<&'d Kind, PlanError> {
    if name.parser().is_some_and(|parser| parser != description.name) {
        let hint = format!("it is the parser {}", description.name);
        return Err(PlanError::UnknownKind { name: name.to_string(), hint });
    }
    let kind = name.kind();
    description.kind(kind).ok_or_else(|| PlanError::UnknownKind {
        name: kind.to_owned(),
        hint: hint(kind, description.kinds.iter().map(|kind| kind.name.clone())),
    })
}

fn unknown_param(kind: &Kind, name: &str) -> PlanError {
    let names = kind.params.properties.iter().map(|(name, _)| name.clone());
    PlanError::UnknownParam { kind: kind.name.clone(), name: name.to_owned(), hint: hint(name, names) }
}

fn missing(kind_name: &KindName, kind: &Kind, name: &str) -> PlanError {
    let summary = kind.params.get(name).map(Param::summary).unwrap_or_default().to_owned();
    PlanError::Missing { kind: kind_name.to_string(), name: name.to_owned(), summary }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description() -> Description {
        Description::parse(
            r#"{"name": "p", "version": "1.0.0", "summary": "", "hosts": ["example.org"], "pace": {"burst": 1, "per_minute": 60},
            "kinds": [{"name": "list", "summary": "", "record": {}, "per_request": {"default": 1, "max": 1}, "params": {"required": ["id"],
            "properties": {"id": {"type": "string", "pattern": "^[a-z.]+$", "x-many": true},
                "category": {"type": "string", "enum": ["GAME", "GAME_ACTION", "SOCIAL"], "default": "GAME", "x-many": true, "x-groups": {"all": ["GAME", "SOCIAL"]}},
                "num": {"type": "integer", "minimum": 1, "maximum": 660, "default": 100}, "note": {"type": "string"},
                "app": {"type": "string", "pattern": "^[a-z]+([.][a-z]+)+$", "x-url": "id", "title": "package name", "examples": ["com.spotify.music"]}}}}]}"#,
        )
        .unwrap()
    }

    fn queries(params: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let plan = Plan::new(&description(), "list", params.iter().copied()).map_err(|error| error.to_string())?;
        assert_eq!(plan.queries().count(), plan.len());
        Ok(plan.queries().map(|query| query.to_string()).collect())
    }

    #[test]
    fn values_multiply_out_in_the_descriptions_order() {
        let expected = [
            "list id=a category=GAME num=5",
            "list id=a category=SOCIAL num=5",
            "list id=b category=GAME num=5",
            "list id=b category=SOCIAL num=5",
        ];
        assert_eq!(queries(&[("category", "all,game"), ("num", "5"), ("id", "a,b"), ("id", "a")]).unwrap(), expected);
        assert_eq!(queries(&[("id", "a")]).unwrap(), ["list id=a category=GAME num=100"]);
    }

    #[test]
    fn only_what_takes_many_is_split_at_commas() {
        assert_eq!(queries(&[("id", "a"), ("note", "x,y")]).unwrap(), ["list id=a category=GAME num=100 note=x,y"]);
    }

    #[test]
    fn a_number_is_the_same_however_it_is_written() {
        for text in ["5", "+5", "005", "5.0"] {
            assert_eq!(queries(&[("id", "a"), ("num", text)]).unwrap(), ["list id=a category=GAME num=5"], "{text}");
        }
    }

    #[test]
    fn an_address_of_the_site_stands_for_the_value_that_it_carries() {
        let app = |text: &str| queries(&[("id", "a"), ("app", text)]).map(|queries| queries.concat());
        for address in [
            "https://example.org/details?id=com.a.b&hl=de",
            "http://EXAMPLE.org/details?hl=de&id=com%2Ea.b#reviews",
            "example.org/details?id=com.a.b",
        ] {
            assert_eq!(app(address).unwrap(), "list id=a category=GAME num=100 app=com.a.b", "{address}");
        }
        for (address, part) in [
            ("https://example.com/details?id=com.a.b", "it is not an address of example.org"),
            ("https://example.org/details?hl=de", "the address has no id= in it"),
            ("https://example.org/details?id=5", "give a package name such as com.spotify.music"),
        ] {
            let error = app(address).unwrap_err();
            assert!(error.starts_with(&format!("app can't be {address:?}: ")) && error.ends_with(part), "{error}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_the_nearest_right() {
        let cases: [(&[(&str, &str)], &str); 13] = [
            (&[], "list needs a value for id"),
            (&[("id", "")], "id can't be \"\": a value is empty"),
            (&[("id", "a,,b")], "id can't be \"\": a value is empty"),
            (&[("id", "a, ")], "id can't be \"\": a value is empty"),
            (&[("id", "a"), ("category", "")], "category can't be \"\": a value is empty"),
            (&[("id", "a"), ("note", "")], "note can't be \"\": a value is empty"),
            (&[("id", "a"), ("category", "GAME_ACTON")], "did you mean GAME_ACTION?"),
            (&[("id", "a"), ("num", "661")], "num can't be 661: give a number from 1 to 660"),
            (&[("id", "a"), ("num", "many")], "num can't be \"many\": give a whole number from 1 to 660"),
            (&[("id", "A!")], "id can't be \"A!\": it doesn't have the form of a value"),
            (&[("id", "a"), ("app", "nota")], "app can't be \"nota\": give a package name such as com.spotify.music"),
            (&[("id", "a"), ("num", "1"), ("num", "2")], "num takes one value, not 2"),
            (&[("ip", "a")], "did you mean id?"),
        ];
        for (params, part) in cases {
            let error = queries(params).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        let error = Plan::new(&description(), "lists", []).unwrap_err().to_string();
        assert!(error.contains("did you mean list?"), "{error}");
    }
}
