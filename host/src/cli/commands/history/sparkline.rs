//! Sparkline: numbers over time on one line.

/// Bars from the lowest to the highest.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What a time without a number is shown as.
const GAP: char = '·';

/// A bar for each number, in at most `width` columns; of more numbers, the last of each column's. With `is_reversed` the lowest number has the highest
/// bar, as the first place of a chart should.
pub(super) fn sparkline(numbers: &[Option<f64>], width: usize, is_reversed: bool) -> String {
    let columns = numbers.len().min(width.max(1));
    let last_of = |column: usize| numbers.get((column + 1) * numbers.len() / columns - 1).copied().flatten();
    let known = || numbers.iter().flatten().copied();
    let (lowest, highest) = (known().fold(f64::INFINITY, f64::min), known().fold(f64::NEG_INFINITY, f64::max));
    let bar = |number: f64| {
        let share = if highest > lowest { (number - lowest) / (highest - lowest) } else { 0.5 };
        let share = if is_reversed { 1.0 - share } else { share };
        let place = (share * (BARS.len() - 1) as f64).round() as usize;
        BARS.get(place).copied().unwrap_or(GAP)
    };
    (0..columns).map(|column| last_of(column).map_or(GAP, bar)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_high_as_its_number_among_the_others() {
        let numbers = [1.0, 4.5, 8.0].map(Some);
        assert_eq!(sparkline(&numbers, 10, false), "▁▅█");
        assert_eq!(sparkline(&numbers, 10, true), "█▅▁");
        assert_eq!(sparkline(&[Some(3.0), None, Some(3.0)], 10, false), "▅·▅");
        assert_eq!(sparkline(&[None], 10, false), "·");
    }

    #[test]
    fn many_numbers_fit_the_width() {
        let numbers: Vec<_> = (0..365).map(|number| Some(f64::from(number))).collect();
        let line = sparkline(&numbers, 40, false);
        assert_eq!(line.chars().count(), 40);
        assert!(line.ends_with('█'));
    }
}
