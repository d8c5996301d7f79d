//! The options of the client: how it connects, what it sends along, and how long it waits.

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches};

use crate::FetchOptions;
use crate::cli::exit::Exit;

/// The longest time that an option takes: a year. Timers reach that far, and sums with the present don't overflow.
const MAX_DURATION: Duration = Duration::from_secs(365 * 24 * 3600);

/// The options, all of them general.
pub(super) fn options() -> [Arg; 8] {
    let value = |name: &'static str, value: &'static str| Arg::new(name).long(name).value_name(value);
    [
        value("proxy", "URL").help("Ask through this proxy: http, https, socks5 or socks5h, with USER:PASSWORD@ where it wants them; HTTPS_PROXY is not read"),
        value("request-header", "NAME: VALUE").action(ArgAction::Append).help("A header for every request, unless the parser gives one of its name"),
        value("cookie", "NAME=VALUE").action(ArgAction::Append).help("A cookie for every host that the parser asks"),
        super::flag("keep-cookies").help("Send back the cookies that hosts set, in later queries too"),
        value("user-agent", "TEXT").help("Who asks, where the parser doesn't say [default: playfast and its version]"),
        value("timeout", "DURATION").allow_negative_numbers(true).value_parser(super::duration).help("For one answer to come in full, such as 500ms, 30s or 2m [default: 30s]"),
        value("connect-timeout", "DURATION").allow_negative_numbers(true).value_parser(super::duration).help("For a connection to stand [default: 10s]"),
        value("idle-timeout", "DURATION").allow_negative_numbers(true).value_parser(super::duration).help("How long a connection is kept that nobody uses [default: 50s]"),
    ]
}

/// What the options say.
pub(super) fn fetch(matches: &ArgMatches) -> Result<FetchOptions, Exit> {
    let mut fetch = FetchOptions::default().keep_cookies(matches.get_flag("keep-cookies"));
    let text = |name: &str| matches.get_one::<String>(name);
    if let Some(proxy) = text("proxy") {
        fetch = fetch.proxy(proxy);
    }
    if let Some(name) = text("user-agent") {
        fetch = fetch.user_agent(name);
    }
    for header in matches.get_many::<String>("request-header").into_iter().flatten() {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| Exit::config("a --request-header is no header: give 'NAME: VALUE'".to_owned()))?;
        fetch = fetch.header(name.trim(), value.trim());
    }
    for cookie in matches.get_many::<String>("cookie").into_iter().flatten() {
        fetch = fetch.cookie(cookie);
    }
    let time = |name: &str| matches.get_one::<Duration>(name).copied();
    if let Some(timeout) = time("timeout") {
        fetch = fetch.timeout(timeout);
    }
    if let Some(timeout) = time("connect-timeout") {
        fetch = fetch.connect_timeout(timeout);
    }
    if let Some(timeout) = time("idle-timeout") {
        fetch = fetch.idle_timeout(timeout);
    }
    Ok(fetch)
}

/// A time as people write it: seconds, or a number with its unit.
pub(in crate::cli) fn duration(text: &str) -> Result<Duration, String> {
    let refused = || format!("{text:?} is no time: give seconds, or a number with ms, s, m or h, such as 500ms or 2m");
    let digits = text.find(|character: char| character.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).ok_or_else(refused)?;
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(refused()),
    };
    let number: f64 = number.trim().parse().map_err(|_| refused())?;
    let duration = Duration::try_from_secs_f64(number * seconds).map_err(|_| refused())?;
    match duration {
        Duration::ZERO => Err(format!("{text:?} is too short: give at least a nanosecond")),
        duration if duration > MAX_DURATION => Err(format!("{text:?} is too long: give a year (8760h) at most")),
        duration => Ok(duration),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::{MAX_DURATION, duration};

    proptest! {
        #[test]
        fn whatever_is_typed_is_a_time_that_can_be_waited_for_or_refused(
            text in prop_oneof![".*", "-?[0-9]{1,30}(\\.[0-9]{1,30})?(e-?[0-9]{1,4})?(ms|s|m|h)?"],
        ) {
            if let Ok(duration) = duration(&text) {
                prop_assert!(!duration.is_zero() && duration <= MAX_DURATION);
                prop_assert!(Instant::now().checked_add(duration).is_some());
            }
        }
    }

    #[test]
    fn a_time_is_read_as_people_write_it() {
        for (text, milliseconds) in
            [("30", 30_000), ("30s", 30_000), ("500ms", 500), ("1.5s", 1500), ("2m", 120_000), ("1h", 3_600_000)]
        {
            assert_eq!(duration(text).unwrap().as_millis(), milliseconds, "{text}");
        }
        for text in ["", "s", "0", "-1s", "1d", "1 month", "nan", "inf", "1e99h", "30 s s", "ü", "8761h"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(duration("8760h").is_ok());
    }
}
