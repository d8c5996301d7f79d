//! Values of a parameter that texts stand for.

use std::collections::HashSet;
use std::sync::Arc;

use super::axis::Axis;
use super::plan_error::PlanError;
use super::suggestion::refusal;
use crate::parser::{AUTO, Kind, Param};
use crate::types::{address_host, query_param};

/// A parameter that is asked with.
#[derive(Clone, Copy)]
pub(super) struct Asked<'d> {
    /// The parser's hosts.
    pub(super) hosts: &'d [String],
    pub(super) kind: &'d Kind,
    pub(super) name: &'d str,
    pub(super) param: &'d Param,
}

impl Asked<'_> {
    /// The values of the texts, or the default; `None` if it has none.
    ///
    /// # Errors
    /// If a text stands for no value, or there are several values where one is allowed.
    pub(super) fn axis(&self, texts: &[&str]) -> Result<Option<Axis>, PlanError> {
        let mut values = self.given(texts)?;
        if values.is_empty() {
            values.extend(self.param.default().map(Arc::from));
        }
        match values.len() {
            0 => Ok(None),
            count @ 2.. if !self.param.many => Err(PlanError::TooMany { name: self.name.to_owned(), count }),
            _ => Ok(Some(Axis { name: self.name.into(), values })),
        }
    }

    /// The values that the texts stand for, each once, in their order.
    fn given(&self, texts: &[&str]) -> Result<Vec<Arc<str>>, PlanError> {
        let (mut values, mut seen) = (Vec::new(), HashSet::new());
        for text in texts.iter().flat_map(|text| split(self.param, text)) {
            let resolved = self.resolve(text).map_err(|reason| PlanError::Value {
                name: self.name.to_owned(),
                value: text.to_owned(),
                reason,
                choices: self.param.choices().count(),
            })?;
            values.extend(resolved.into_iter().filter(|value| seen.insert(Arc::clone(value))));
        }
        Ok(values)
    }

    /// The values that a text stands for: a group's, the one that an address carries, a choice written in other letters, [`AUTO`], or itself; else
    /// why it stands for none.
    fn resolve(&self, text: &str) -> Result<Vec<Arc<str>>, String> {
        let param = self.param;
        if text.is_empty() && !param.choices().any(|choice| choice.is_empty()) {
            // What wasn't meant to be empty, such as an unset variable of a shell, must not become the default.
            let cure = param.default().map(|default| format!("; leave the parameter out to ask for {default}"));
            return Err(format!("a value is empty{}", cure.unwrap_or_default()));
        }
        if let Some(group) = param.groups.get(text) {
            return Ok(shared(group));
        }
        if let Some(by) = param.default_by.as_deref().filter(|_| text.eq_ignore_ascii_case(AUTO)) {
            return self.auto(by);
        }
        let carried = carried(self.hosts, param, text)?;
        let text = carried.as_deref().unwrap_or(text);
        let choice = param.choices().find(|choice| choice.eq_ignore_ascii_case(text));
        let mut groups = param.groups.iter().filter(|_| choice.is_none());
        if let Some((_, group)) = groups.find(|(name, _)| name.eq_ignore_ascii_case(text)) {
            return Ok(shared(group));
        }
        let value = param.canonical(choice.as_deref().unwrap_or(text));
        value.map(|value| vec![value.into()]).map_err(|invalid| refusal(param, text, invalid))
    }

    /// [`AUTO`] of a parameter that depends on another one, if the kind has that.
    fn auto(&self, by: &str) -> Result<Vec<Arc<str>>, String> {
        if self.kind.params.get(by).is_some() {
            return Ok(vec![AUTO.into()]);
        }
        let name = self.name;
        let cure = self.param.default().map(|default| format!(": give a {name}, or none for {default}"));
        Err(format!("it is the {name} of the {by}, and {} has no {by}{}", self.kind.name, cure.unwrap_or_default()))
    }
}

fn shared(values: &[String]) -> Vec<Arc<str>> {
    values.iter().map(|value| value.as_str().into()).collect()
}

fn split<'t>(param: &Param, text: &'t str) -> Vec<&'t str> {
    if param.many { text.split(',').map(str::trim).collect() } else { vec![text] }
}

/// The value that a text carries which is an address of one of the parser's hosts; `None` if it is not an address.
fn carried(hosts: &[String], param: &Param, text: &str) -> Result<Option<String>, String> {
    let (Some(name), Some(host)) = (&param.url, address_host(text, hosts)) else { return Ok(None) };
    if !hosts.contains(&host) {
        return Err(format!("it is not an address of {}", hosts.join(" or ")));
    }
    query_param(text, name).map(Some).ok_or_else(|| format!("the address has no {name}= in it"))
}
