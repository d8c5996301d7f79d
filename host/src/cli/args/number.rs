//! Whole numbers of options, each with its range.

use std::ops::RangeInclusive;

use clap::ArgMatches;

/// Requests under way at once. Each has a socket or stream, a task and a body in memory.
pub(super) const MAX_CONCURRENCY: u32 = 10_000;

/// Times that a query is asked again. Backoff makes more than some dozens of them take days.
pub(super) const MAX_RETRIES: u32 = 1_000;

/// Reads a whole number of this range.
pub(super) fn whole_number(
    range: RangeInclusive<u32>,
) -> impl Fn(&str) -> Result<u32, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| format!("give a whole number from {} to {}", range.start(), range.end()))
    }
}

/// The number that was given for an option, as a count.
pub(in crate::cli) fn count(matches: &ArgMatches, name: &str) -> Option<usize> {
    matches.get_one::<u32>(name).and_then(|number| usize::try_from(*number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_the_range_are_refused_with_it() {
        let read = whole_number(1..=10_000);
        assert_eq!((read("1"), read(" 10000 ")), (Ok(1), Ok(10_000)));
        for text in ["0", "10001", "-1", "1.5", "many", "", "99999999999999999999999"] {
            assert_eq!(read(text).unwrap_err(), "give a whole number from 1 to 10000", "{text}");
        }
    }
}
