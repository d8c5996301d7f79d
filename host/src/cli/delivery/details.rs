//! `--details`: queries for the details of what charts list, while the charts come.
//!
//! It works for every pair of kinds of one parser in which the records of the first have a field that the second is about: `list` names app ids,
//! and `app` is about an app id. Each query is asked once, however many charts name it. Parameters that both kinds have, such as the country, are
//! the chart's.

use std::collections::HashSet;

use parking_lot::Mutex;
use serde_json::Value;

use crate::cli::input::Refusals;
use crate::cli::input::queries::subject;
use crate::host::Host;
use crate::jobs::follow_up::FollowUp;
use crate::parser::{Description, Kind};
use crate::query::KindName;
use crate::types::{Query, Row};

/// How details are asked.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Details {
    /// With the parser's name if that was typed.
    kind: KindName,
    /// The parameter that the details are about, and the field of a chart's rows that has its value.
    subject: String,
    /// Parameters that both kinds have.
    shared: Vec<String>,
    /// Parameters that only the details have, as they were typed.
    own: Vec<(String, String)>,
}

impl Details {
    /// The details of what `chart` lists, which was typed as `name`. Parameters among `params` that only the details have are taken out.
    ///
    /// # Errors
    /// If no kind is about a field of the chart's records.
    pub(in crate::cli) fn new(
        description: &Description,
        chart: &Kind,
        name: &KindName,
        params: &mut Vec<(String, String)>,
    ) -> Result<Self, String> {
        let fields = chart.record.get("properties").and_then(Value::as_object);
        // A kind about one thing, without a limit of rows, lists nothing: an app has no details.
        let is_list = subject(chart).is_none() || chart.params.properties.iter().any(|(_, param)| param.limit);
        let is_listed = |subject: &str| is_list && fields.is_some_and(|fields| fields.contains_key(subject));
        let others = description.kinds.iter().filter(|kind| kind.name != chart.name);
        let mut pairs = others.filter_map(|kind| Some((kind, subject(kind).filter(|subject| is_listed(subject))?)));
        let Some((kind, subject)) = pairs.next() else {
            return Err(format!("{name} lists nothing that another kind has details of: leave --details out"));
        };
        let is_of_chart = |name: &str| chart.params.get(name).is_some();
        let own = |(name, _): &mut (String, String)| !is_of_chart(name) && kind.params.get(name).is_some();
        let own = params.extract_if(.., own).collect();
        let names = kind.params.properties.iter().map(|(name, _)| name);
        let shared = names.filter(|name| *name != subject && is_of_chart(name)).cloned().collect();
        Ok(Self { kind: name.with_kind(&kind.name), subject: subject.to_owned(), shared, own })
    }

    /// The kind of the details, as it is asked.
    pub(in crate::cli) const fn kind(&self) -> &KindName {
        &self.kind
    }

    /// The field of a chart's rows that the details are about.
    pub(in crate::cli) fn subject(&self) -> &str {
        &self.subject
    }

    /// The queries that rows of charts raise. Those that can't be asked are reported.
    pub(in crate::cli) fn follow_up(&self, host: &Host, refusals: &Refusals) -> FollowUp {
        let (details, host, refusals) = (self.clone(), host.clone(), refusals.clone());
        let seen = Mutex::new(HashSet::new());
        FollowUp::new(move |chart, rows| {
            let mut queries = Vec::new();
            for (row, position) in rows.iter().zip(1..) {
                match details.queries(&host, chart, row) {
                    Ok(of_row) => queries.extend(of_row),
                    Err(reason) => refusals.record_row(&chart.to_string(), position, &reason),
                }
            }
            let mut seen = seen.lock();
            queries.retain(|query: &Query| seen.insert(query.key()));
            queries
        })
    }

    /// As many queries as a chart raises at most, all of the same example: for an estimate. None if nothing limits the chart's rows.
    pub(in crate::cli) fn expected(&self, host: &Host, chart: &Query) -> Vec<Query> {
        let query = || {
            let slot = host.slot_of(&self.kind).ok()?;
            let description = slot.description();
            let example = description.kind(self.kind.kind())?.params.get(&self.subject)?.example()?;
            let row = Row::from_iter([(self.subject.clone(), Value::from(example))]);
            let query = self.queries(host, chart, &row).ok()?.next()?;
            Some(vec![query; description.limit_of(chart)?])
        };
        query().unwrap_or_default()
    }

    fn queries(&self, host: &Host, chart: &Query, row: &Row) -> Result<impl Iterator<Item = Query> + use<>, String> {
        let value = match row.get(&self.subject) {
            Some(Value::String(text)) => text.clone(),
            Some(value) if !value.is_null() => value.to_string(),
            _ => return Err(format!("its {} is missing", self.subject)),
        };
        let shared = self.shared.iter().filter_map(|name| Some((name.as_str(), chart.param(name)?)));
        let own = self.own.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let params = [(self.subject.as_str(), value.as_str())].into_iter().chain(shared).chain(own);
        host.plan(&self.kind, params).map(|plan| plan.queries()).map_err(|error| error.to_string())
    }
}
