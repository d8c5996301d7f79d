//! Dates: the day from which on reviews are wanted.

use playfast_guest::{Failure, Query};

/// The parameter.
pub(super) const SINCE: &str = "since";

/// Its schema. Whether the month has the day is for [`since`] to say.
pub(super) const SINCE_SCHEMA: &str = r#"{"type":"string","pattern":"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$","title":"date","x-since":"created_at","description":"Only reviews written or last changed on this day or later (UTC), such as 2026-01-31, and all of them unless num says fewer","examples":["2026-01-31"]}"#;

const SECONDS_A_DAY: i64 = 86_400;

/// When the reviews that a query wants begin, in Unix seconds; `None` if it wants older ones too.
///
/// # Errors
/// If that is no date, or reviews don't come by date: then the first older one is not the end.
pub(super) fn since(query: &Query) -> Result<Option<i64>, Failure> {
    let Some(text) = query.param(SINCE) else { return Ok(None) };
    if query.param("order").is_some_and(|order| order != "newest") {
        return Err(Failure::invalid_query("since needs the order newest"));
    }
    let start = midnight(text).ok_or_else(|| Failure::invalid_query(format!("since is {text}, which is no date")))?;
    Ok(Some(start))
}

/// Unix seconds of the start of a day `YYYY-MM-DD`.
fn midnight(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let length = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let is_valid = (1..=9999).contains(&year) && (1..=length).contains(&day);
    is_valid.then(|| days_from_civil(year, month, day) * SECONDS_A_DAY)
}

/// Days from 1970-01-01 to a day of the Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_start_of_its_day() {
        for (date, seconds) in [
            ("1970-01-01", 0),
            ("2000-02-29", 951_782_400),
            ("2026-01-31", 1_769_817_600),
            ("2026-11-27", 1_795_737_600),
            ("1969-12-31", -86_400),
        ] {
            assert_eq!(midnight(date), Some(seconds), "{date}");
        }
        for date in
            ["", "2026", "2026-13-01", "2026-00-10", "2026-02-29", "2100-02-29", "2026-04-31", "2026-01-00", "a-b-c"]
        {
            assert_eq!(midnight(date), None, "{date}");
        }
    }

    #[test]
    fn reviews_since_a_day_come_by_date() {
        let query = |order: &str| {
            let params = [("since", "2026-01-31"), ("order", order)];
            let params = params.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
            Query { kind: "reviews".to_owned(), params, state: None }
        };
        assert_eq!(since(&query("newest")), Ok(Some(1_769_817_600)));
        assert!(since(&query("helpful")).unwrap_err().message.contains("newest"));
    }
}
