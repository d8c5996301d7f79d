//! Fields that rows can have, and the choice of some of them.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::destination::Destination;
use crate::cli::args::RowArgs;
use crate::cli::exit::ExitStatus;
#[cfg(feature = "parquet")]
use crate::output::ColumnType;
use crate::output::Format;
use crate::parser::{Description, Kind};

/// The field that tells where a row comes from.
pub(super) const SOURCE: &str = "_source";

/// The name in `--fields` that stands for a kind's short selection.
const COMPACT: &str = "compact";

/// The fields that rows can have.
#[derive(Debug)]
pub(in crate::cli) struct Columns {
    names: Vec<String>,
    params: Vec<String>,
    compact: Vec<String>,
    /// Columns of the input that rows carry at their end.
    carried: Vec<String>,
    /// Types of the columns that aren't text.
    #[cfg(feature = "parquet")]
    types: Vec<(String, ColumnType)>,
    /// Whether there are no others: a kind may leave open which fields its records have.
    are_all: bool,
}

impl Columns {
    /// Those of parsers, and one of their kinds or all: the queries' parameters, `position`, and the records' fields.
    pub(in crate::cli) fn new(parsers: &[Arc<Description>], only: Option<&str>) -> Self {
        let is_asked = |kind: &&Kind| only.is_none_or(|only| kind.name == only);
        Self::from_kinds(&parsers.iter().flat_map(|parser| parser.kinds.iter().filter(is_asked)).collect::<Vec<_>>())
    }

    /// Those of kinds.
    pub(in crate::cli) fn from_kinds(kinds: &[&Kind]) -> Self {
        let [kind, position, fetched_at] = ["kind", "position", "fetched_at"].map(str::to_owned);
        let params = distinct(kinds.iter().flat_map(|kind| kind.params.properties.iter().map(|(name, _)| name)));
        let fields = kinds.iter().filter_map(|kind| properties(kind)).flat_map(Map::keys);
        let names = distinct([&kind].into_iter().chain(&params).chain([&position]).chain(fields).chain([&fetched_at]));
        let compact = distinct(kinds.iter().flat_map(|kind| kind.compact()));
        Self {
            names,
            params,
            compact,
            carried: Vec::new(),
            #[cfg(feature = "parquet")]
            types: types(kinds),
            are_all: kinds.iter().all(|kind| properties(kind).is_some()),
        }
    }

    /// Columns of these names, among them those of parameters.
    #[cfg(feature = "db")]
    pub(in crate::cli) fn from_names(names: Vec<String>, params: Vec<String>) -> Self {
        Self {
            names,
            params,
            compact: Vec::new(),
            carried: Vec::new(),
            #[cfg(feature = "parquet")]
            types: Vec::new(),
            are_all: true,
        }
    }

    /// The type of a column: the one that all kinds with such a field or parameter give it, or text.
    #[cfg(feature = "parquet")]
    pub(super) fn column_type(&self, name: &str) -> ColumnType {
        let mut types = self.types.iter().filter(|(other, _)| other == name).map(|(_, column_type)| *column_type);
        let first = types.next().unwrap_or(ColumnType::Text);
        if types.all(|other| other == first) { first } else { ColumnType::Text }
    }

    /// With columns of the input that rows carry.
    pub(in crate::cli) fn with_carried(self, names: &[String]) -> Self {
        Self { carried: names.to_vec(), ..self }
    }

    /// Columns of the input that rows carry.
    pub(super) fn carried(&self) -> &[String] {
        &self.carried
    }

    /// The names, that of the source if rows have it, and what rows carry.
    pub(super) fn with_source(&self, has_source: bool) -> Vec<String> {
        let source = has_source.then(|| SOURCE.to_owned());
        self.names.iter().cloned().chain(source).chain(self.carried.iter().cloned()).collect()
    }

    /// The names of the queries' parameters.
    pub(super) fn params(&self) -> &[String] {
        &self.params
    }

    /// Options without those that the environment or the configuration file sets and that have no effect on these rows or their format.
    pub(super) fn suited(&self, options: &RowArgs, destination: &Destination) -> RowArgs {
        let mut options = options.clone();
        let is_unsuited = |option: &str, suits: bool| !suits && !options.is_typed(option);
        let unsuited_sort = is_unsuited("sort", sort_field(&options).is_none_or(|field| self.check("", field).is_ok()));
        let pivot = options.pivot.as_deref().is_none_or(|param| self.check_param("", param).is_ok());
        let unsuited_pivot = is_unsuited("pivot", pivot && destination.format == Format::Table);
        let unsuited_spreadsheet = is_unsuited("spreadsheet", destination.format == Format::Csv);
        if !options.is_typed("fields") {
            let is_known =
                |name: &String| self.check("", name).is_ok() || (name == COMPACT && !self.compact.is_empty());
            let known = options.fields.take().into_iter().flatten().filter(is_known).collect::<Vec<_>>();
            options.fields = (!known.is_empty()).then_some(known);
        }
        options.sort = options.sort.filter(|_| !unsuited_sort);
        options.pivot = options.pivot.filter(|_| !unsuited_pivot);
        options.spreadsheet &= !unsuited_spreadsheet;
        options
    }

    /// The fields that `--fields` chooses. The source comes along if rows have it, and so does what they carry.
    pub(super) fn chosen(&self, options: &RowArgs, has_source: bool) -> Result<Option<Vec<String>>, ExitStatus> {
        let Some(names) = &options.fields else { return Ok(None) };
        let is_compact = |name: &str| name == COMPACT && !self.names.iter().any(|known| known == COMPACT);
        if names.iter().any(|name| is_compact(name)) && self.compact.is_empty() {
            return Err(ExitStatus::config(
                "--fields: the parser names no compact fields: give the names of fields".to_owned(),
            ));
        }
        let expand = |name: &String| if is_compact(name) { self.compact.clone() } else { vec![name.clone()] };
        let mut names: Vec<_> = names.iter().flat_map(expand).collect();
        if has_source && !names.iter().any(|name| name == SOURCE) {
            names.push(SOURCE.to_owned());
        }
        let carried = self.carried.iter().filter(|name| !names.contains(name)).cloned().collect::<Vec<_>>();
        names.extend(carried);
        names.iter().try_for_each(|name| self.check("--fields", name))?;
        Ok(Some(names))
    }

    /// The fields that rows need: those that `--fields` chooses, and that of `--sort`. `None` for all.
    pub(super) fn needed(&self, options: &RowArgs) -> Result<Option<Vec<String>>, ExitStatus> {
        let sort = sort_field(options).map(str::to_owned);
        Ok(self.chosen(options, false)?.map(|fields| fields.into_iter().chain(sort).collect()))
    }

    /// Checks that rows can have the field that an option names.
    pub(super) fn check(&self, option: &str, name: &str) -> Result<(), ExitStatus> {
        if name == SOURCE || !self.are_all || self.names.iter().chain(&self.carried).any(|known| known == name) {
            return Ok(());
        }
        Err(ExitStatus::config(format!("{option}: {}", unknown(name, "rows have no field", &self.names))))
    }

    /// Checks that queries have the parameter that an option names.
    pub(super) fn check_param(&self, option: &str, name: &str) -> Result<(), ExitStatus> {
        if self.params.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(ExitStatus::config(format!("{option}: {}", unknown(name, "queries have no parameter", &self.params))))
    }
}

/// The types of kinds' parameters and fields. A field hides a parameter of its name.
#[cfg(feature = "parquet")]
fn types(kinds: &[&Kind]) -> Vec<(String, ColumnType)> {
    let of_kind = |kind: &&Kind| {
        let fields = properties(kind).into_iter().flatten();
        let fields: Vec<_> =
            fields.map(|(name, schema)| (name.clone(), ColumnType::from_types(schema.get("type")))).collect();
        let params = kind.params.properties.iter().filter(|(name, _)| fields.iter().all(|(field, _)| field != name));
        let params = params.map(|(name, param)| (name.clone(), ColumnType::from_types(param.schema.get("type"))));
        let params: Vec<_> = params.collect();
        params.into_iter().chain(fields)
    };
    kinds.iter().flat_map(of_kind).chain([("position".to_owned(), ColumnType::Integer)]).collect()
}

/// The field that `--sort` names.
fn sort_field(options: &RowArgs) -> Option<&str> {
    options.sort.as_deref().map(|text| text.strip_prefix('-').unwrap_or(text))
}

/// Each name once.
pub(in crate::cli) fn distinct<'n>(names: impl Iterator<Item = &'n String>) -> Vec<String> {
    let mut seen = HashSet::new();
    names.filter(|name| seen.insert(*name)).cloned().collect()
}

/// That there is no such name, and which is nearest.
fn unknown(name: &str, what: &str, names: &[String]) -> String {
    const MIN_SIMILARITY: f64 = 0.75;
    let distance = |other: &String| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let nearest = names.iter().map(|other| (distance(other), other));
    let nearest =
        nearest.max_by(|left, right| left.0.total_cmp(&right.0)).filter(|(distance, _)| *distance >= MIN_SIMILARITY);
    let guess = nearest.map(|(_, other)| format!("; did you mean {other}?")).unwrap_or_default();
    format!("{what} {name:?}{guess} (playfast inspect lists all)")
}

/// The fields of a kind's records, if it names them.
fn properties(kind: &Kind) -> Option<&Map<String, Value>> {
    kind.record.get("properties")?.as_object()
}
