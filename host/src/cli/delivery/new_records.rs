//! `--new`: queries of feeds, such as reviews, from the newest stored record on.

use futures::StreamExt;

use crate::cli::args::RowArgs;
use crate::cli::exit::{ExitStatus, print_error};
use crate::host::Host;
use crate::output::database::{Database, DatabaseError};
use crate::parser::Kind;
use crate::run::Input;
use crate::types::{Query, chain};

/// The same queries, those of feeds from the day of their newest stored record on. A limit of rows applies only while nothing is stored: it would
/// leave a gap.
pub(in crate::cli) fn from_newest(input: Input, host: &Host, options: &RowArgs) -> Result<Input, ExitStatus> {
    // The sink refuses other outputs.
    let Some(path) = options.file() else { return Ok(input) };
    let (database, host) = (Database::open(path)?, host.clone());
    let since = move |query: Query| match bounded(&database, &host, &query) {
        Ok(query) => query,
        Err(error) => {
            print_error(&format!("{query}: all of it is asked: {}", chain(&error)));
            query
        }
    };
    Ok(Input { queries: input.queries.map(since).boxed(), ..input })
}

/// Refuses a kind whose records have no time, or don't come newest first.
pub(in crate::cli) fn check(kind: &Kind) -> Result<(), ExitStatus> {
    if kind.is_feed() && kind.since().is_some() {
        return Ok(());
    }
    Err(ExitStatus::config(format!(
        "--new: records of {} don't come newest first: leave it out, and playfast diff shows what is new",
        kind.name
    )))
}

fn bounded(database: &Database, host: &Host, query: &Query) -> Result<Query, DatabaseError> {
    let Ok(slot) = host.slot_of(&query.kind_name()) else { return Ok(query.clone()) };
    let description = slot.description();
    let Some(kind) = description.kind(query.kind()).filter(|kind| kind.is_feed()) else { return Ok(query.clone()) };
    let Some((param, _)) = kind.since() else { return Ok(query.clone()) };
    let value = |name: &str| {
        let default = || kind.params.get(name).and_then(|param| param.default());
        query.param(name).map(str::to_owned).or_else(default)
    };
    if let Some((name, wanted)) = kind.feed_params().find(|(name, wanted)| value(name).as_deref() != Some(*wanted)) {
        print_error(&format!("{query}: --new needs {name}={wanted}: all of it is asked"));
        return Ok(query.clone());
    }
    let Some(newest) = database.newest(kind, query)? else { return Ok(query.clone()) };
    let day = day(newest);
    let since = query.param(param).map_or(day.clone(), |given| day.max(given.to_owned()));
    let is_limit = |name: &str| kind.params.get(name).is_some_and(|param| param.limit);
    Ok(query.without_params(is_limit).with_param(param, &since))
}

/// The day of a time in Unix seconds, such as `2026-01-31`.
fn day(seconds: i64) -> String {
    let seconds = u64::try_from(seconds).unwrap_or_default();
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
    let text = humantime::format_rfc3339_seconds(time).to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_of_a_day() {
        assert_eq!(day(1_769_817_600), "2026-01-31");
        assert_eq!(day(1_769_817_599), "2026-01-30");
        assert_eq!(day(-1), "1970-01-01");
    }
}
