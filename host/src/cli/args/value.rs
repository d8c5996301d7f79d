//! Values of options: whole numbers with their ranges, durations, names.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use http::StatusCode;
use url::{Host, Url};

/// Requests in flight at once. Each has a socket or stream, a task and a body in memory.
pub(super) const MAX_CONCURRENCY: u32 = 10_000;

/// Retries of a query. Backoff makes more than some dozens of them take days.
pub(super) const MAX_RETRIES: u32 = 1_000;

/// The longest duration that an option takes: a year. Timers reach that far, and sums with the present don't overflow.
const MAX_DURATION: Duration = Duration::from_secs(365 * 24 * 3600);

/// Returns a parser of whole numbers in a range.
pub(super) fn whole_number(
    range: RangeInclusive<u32>,
) -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("give a whole number from {} to {}", range.start(), range.end()))
    }
}

/// An HTTP status.
pub(super) fn status_code(text: &str) -> Result<StatusCode, String> {
    let code = whole_number(100..=599)(text)?;
    u16::try_from(code)
        .ok()
        .and_then(|code| StatusCode::from_u16(code).ok())
        .ok_or_else(|| "give an HTTP status".into())
}

/// Parses a duration as people write it: seconds, a number with a unit, or several of these such as `1h30m`.
pub(in crate::cli) fn duration(text: &str) -> Result<Duration, String> {
    let duration = seconds(text).or_else(|| humantime::parse_duration(text.trim()).ok());
    match duration {
        None => Err("give seconds, or a duration such as 500ms, 90s, 1h30m or 1d".to_owned()),
        Some(Duration::ZERO) => Err("0 leaves no time: give a longer one".to_owned()),
        Some(duration) if duration > MAX_DURATION => Err("it is too long: give a year (365d) at most".to_owned()),
        Some(duration) => Ok(duration),
    }
}

/// Parses an age such as `90d` or `1y`.
#[cfg(feature = "db")]
pub(in crate::cli) fn age(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text.trim()).map_err(|error| format!("{error}: give an age such as 90d or 1y"))
}

/// A number of seconds, or of another unit if it has a fraction, which humantime refuses.
fn seconds(text: &str) -> Option<Duration> {
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0), ("", 1.0)];
    let (number, unit) = units.iter().find_map(|(unit, seconds)| Some((text.trim().strip_suffix(unit)?, seconds)))?;
    Duration::try_from_secs_f64(number.trim().parse::<f64>().ok()? * unit).ok()
}

/// Parses the name of a file that is written next to the rows, for which stdout is not free.
pub(super) fn file_beside_rows(text: &str) -> Result<PathBuf, String> {
    match text {
        "" => Err("the name of a file is empty".to_owned()),
        "-" => Err("stdout is for rows: give the name of a file".to_owned()),
        name => Ok(PathBuf::from(name)),
    }
}

/// Parses the name of a host.
pub(super) fn host_name(text: &str) -> Result<String, String> {
    let name = text.trim();
    match Url::parse(name).ok().and_then(|url| url.host_str().map(str::to_owned)) {
        Some(host) => Err(format!("give the name of the host only: {host}")),
        None if Host::parse(name).is_err() => Err("give the name of a host, such as example.org".to_owned()),
        None => Ok(name.to_owned()),
    }
}

/// Parses a cookie.
pub(super) fn cookie(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((name, _)) if !name.trim().is_empty() => Ok(text.to_owned()),
        _ => Err("give NAME=VALUE".to_owned()),
    }
}

/// Parses a text that must say something.
pub(super) fn text(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(text.to_owned()) }
}

/// Parses the name of a field in a list.
pub(super) fn field_name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("a name is empty: give the names of fields, separated by commas".to_owned()),
        name => Ok(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_outside_the_range_are_refused_with_it() {
        let read = whole_number(1..=10_000);
        assert_eq!((read("1"), read(" 10000 ")), (Ok(1), Ok(10_000)));
        for text in ["0", "10001", "-1", "1.5", "many", "", "99999999999999999999999"] {
            assert_eq!(read(text).unwrap_err(), "give a whole number from 1 to 10000", "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_duration_that_can_be_waited_for_or_refused(
            text in prop_oneof![".*", "-?[0-9]{1,30}(\\.[0-9]{1,30})?(e-?[0-9]{1,4})?(ms|s|m|h|d)?"],
        ) {
            if let Ok(duration) = duration(&text) {
                prop_assert!(!duration.is_zero() && duration <= MAX_DURATION);
                prop_assert!(Instant::now().checked_add(duration).is_some());
            }
        }
    }

    #[test]
    fn a_host_is_named_without_anything_around_it() {
        for name in ["example.org", " play.google.com ", "xn--bcher-kva.example", "127.0.0.1", "[::1]"] {
            assert_eq!(host_name(name).as_deref(), Ok(name.trim()));
        }
        assert_eq!(host_name("https://example.org/x").unwrap_err(), "give the name of the host only: example.org");
        for name in ["", "example.org/", "example.org:8443", "a b", "me@example.org", "example.org?x", "a:"] {
            assert!(host_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_duration_is_read_as_people_write_it() {
        for (text, seconds) in [
            ("30", 30.0),
            ("30s", 30.0),
            ("500ms", 0.5),
            ("1.5s", 1.5),
            ("2m", 120.0),
            ("2 min", 120.0),
            ("1h", 3600.0),
            ("1.5h", 5400.0),
            ("1h30m", 5400.0),
            ("1d", 86_400.0),
        ] {
            assert_eq!(duration(text).unwrap().as_secs_f64(), seconds, "{text}");
        }
        for text in ["", "s", "0", "-1s", "nan", "inf", "1e99h", "30 s s", "ü", "366d"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(duration("8760h").is_ok());
    }
}
