//! Numbers of ratings by stars, as bars.

use serde_json::Value;

use super::line::Lines;
use super::style::Style;
use super::text::width;
use super::value::group_digits;

/// Columns of the longest bar, if the window has room.
const MOST_BAR_COLUMNS: usize = 40;

/// Columns below which bars tell nothing.
const LEAST_BAR_COLUMNS: usize = 5;

/// Numbers of ratings with one to five stars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Histogram([u64; 5]);

impl Histogram {
    /// The histogram in a list of five integers; `None` for anything else, and if nobody rated.
    pub(super) fn from_value(value: &Value) -> Option<Self> {
        let counts: Option<Vec<u64>> = value.as_array()?.iter().map(Value::as_u64).collect();
        let counts: [u64; 5] = counts?.try_into().ok()?;
        counts.iter().any(|count| *count > 0).then_some(Self(counts))
    }

    /// Adds a line for each number of stars, five first.
    pub(super) fn push(self, lines: &mut Lines, limit: usize) {
        let texts = self.0.map(|count| group_digits(&count.to_string()));
        let widest = texts.iter().map(|text| width(text)).max().unwrap_or_default();
        let most = self.0.into_iter().max().unwrap_or_default().max(1);
        // A digit, two gaps and the count are before the bar.
        let bar = limit.saturating_sub(widest + 5).min(MOST_BAR_COLUMNS);
        if widest + 3 > limit {
            return;
        }
        for (stars, (count, text)) in (1..=5_u8).zip(self.0.into_iter().zip(&texts)).rev() {
            lines.push(&stars.to_string(), Style::Dim);
            lines.skip(2 + widest - width(text));
            lines.push(text, Style::Plain);
            if bar >= LEAST_BAR_COLUMNS {
                lines.skip(2);
                lines.push(&blocks(count, most, bar), Style::from_score(stars.into()));
            }
            lines.end();
        }
    }
}

/// A bar of blocks, to an eighth of a column; what isn't zero has an eighth at least.
fn blocks(count: u64, most: u64, columns: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = u128::from(count) * 8 * columns as u128 / u128::from(most);
    let eighths = usize::try_from(eighths).unwrap_or_default().max(usize::from(count > 0));
    let part = PARTS.get(eighths % 8).copied().unwrap_or_default();
    format!("{}{part}", "█".repeat(eighths / 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_long_as_its_share() {
        assert_eq!(blocks(100, 100, 4), "████");
        assert_eq!(blocks(50, 100, 4), "██");
        assert_eq!(blocks(60, 100, 4), "██▍");
        assert_eq!(blocks(1, 1000, 4), "▏");
        assert_eq!(blocks(0, 1000, 4), "");
        assert_eq!(blocks(u64::MAX, u64::MAX, 40), "█".repeat(40));
    }
}
