//! Typed values that name a source: `@FILE`, and `-` for stdin.
//!
//! The values of the parameter that a kind is about may be many, and are read while queries are asked already. Those of other parameters are
//! multiplied out, so they are read whole.

use std::sync::Arc;

use super::ignored::Ignored;
use super::source::Source;
use crate::cli::exit::ExitStatus;
use crate::cli::input::queries::{Names, Records, subject, texts};
use crate::parser::{Kind, Param};

/// The parameters of one kind as they were typed.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Typed {
    /// By option or position: `@FILE` and `-` name sources.
    pub(in crate::cli) options: Vec<(String, String)>,
    /// By `--param`: values are what they look like.
    pub(in crate::cli) literal: Vec<(String, String)>,
}

/// Values of the parameter that a kind is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Segment {
    Values(Vec<String>),
    Source(Source),
}

/// Typed parameters with all sources but the subject's read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Expanded {
    pub(in crate::cli) params: Vec<(String, String)>,
    /// The values of the kind's subject in their order, if a source is among them; otherwise they are in `params`.
    pub(in crate::cli) segments: Vec<Segment>,
}

impl Typed {
    /// The files that are read, so that none of them is written.
    pub(in crate::cli) fn sources(&self, kind: &Kind) -> Vec<Source> {
        self.options.iter().filter_map(|(name, value)| source(kind.params.get(name)?, value)).collect()
    }

    /// Reads the sources that parameters name, except the one of the kind's subject.
    ///
    /// # Errors
    /// If a file can't be read or has no value, or stdin is named twice.
    pub(in crate::cli) fn expand(self, kind: &Kind) -> Result<Expanded, ExitStatus> {
        let sources = self.sources(kind);
        if sources.iter().filter(|source| **source == Source::Stdin).count() > 1 {
            return Err(ExitStatus::config("stdin can be read only once: give - once".to_owned()));
        }
        let subject = subject(kind);
        let is_streamed = |(name, value): &(String, String)| {
            subject == Some(name) && kind.params.get(name).is_some_and(|param| source(param, value).is_some())
        };
        let subject = subject.filter(|_| self.options.iter().any(is_streamed));
        let mut expanded = Expanded::default();
        for (name, value) in self.literal {
            expanded.add(subject, name, value, None)?;
        }
        for (name, value) in self.options {
            let source = kind.params.get(&name).and_then(|param| source(param, &value));
            expanded.add(subject, name, value, source)?;
        }
        Ok(expanded)
    }
}

impl Expanded {
    fn add(
        &mut self,
        subject: Option<&str>,
        name: String,
        value: String,
        source: Option<Source>,
    ) -> Result<(), ExitStatus> {
        match source {
            Some(source) if subject == Some(&name) => self.segments.push(Segment::Source(source)),
            Some(source) => self.params.extend(load(&source, &name)?.into_iter().map(|value| (name.clone(), value))),
            None if subject == Some(&name) => match self.segments.last_mut() {
                Some(Segment::Values(values)) => values.push(value),
                _ => self.segments.push(Segment::Values(vec![value])),
            },
            None => self.params.push((name, value)),
        }
        Ok(())
    }
}

/// The source that a value of a parameter names.
fn source(param: &Param, value: &str) -> Option<Source> {
    if param.positional || param.many { Source::from_value(value) } else { None }
}

/// The values of a parameter in a source: one a line, or the parameter's column of rows.
fn load(source: &Source, param: &str) -> Result<Vec<String>, ExitStatus> {
    let text = source.open(&Arc::default(), || true)?;
    let (mut values, mut ignored) = (Vec::new(), Ignored::default());
    for (line, record) in Records::new(text, source.form(), Some(param.to_owned()), Names::of_param(param)) {
        let record = record.map_err(|reason| ExitStatus::config(format!("line {line} of {source}: {reason}")))?;
        values.extend(record.get(param).into_iter().flat_map(texts));
        let others: Vec<_> = record.0.iter().map(|(name, _)| name).filter(|name| ***name != *param).collect();
        ignored.record(&others, std::iter::once(param));
    }
    ignored.finish();
    if values.is_empty() {
        return Err(ExitStatus::config(format!("{source} holds no values of {param}")));
    }
    Ok(values)
}
