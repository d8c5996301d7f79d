//! Numbers, times and sizes as people read them.

use std::time::Duration;

/// A count with its digits in groups: `1,234,567`.
pub(in crate::cli) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: `1 query`, `2 queries`.
pub(in crate::cli) fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { several })
}

/// A time of a request: `52 ms`, `1.2 s`.
pub(in crate::cli) fn short(time: Duration) -> String {
    match time.as_millis() {
        0..1000 => format!("{} ms", time.as_millis()),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// A time of a run, in its two largest units: `45s`, `2m 30s`, `5h 7m`, `2d 3h`.
pub(in crate::cli) fn long(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];
    let first = units.iter().position(|(_, length)| seconds >= *length).unwrap_or(3);
    let shown = units.iter().enumerate().skip(first).take(2).filter_map(|(index, (unit, length))| {
        let above = index.checked_sub(1).and_then(|above| units.get(above)).map_or(u64::MAX, |(_, above)| *above);
        let count = seconds % above / length;
        (count > 0 || index == first).then(|| format!("{count}{unit}"))
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Bytes: `16.9 KB`.
pub(in crate::cli) fn size(bytes: f64) -> String {
    match bytes {
        bytes if bytes < 1e3 => format!("{bytes:.0} B"),
        bytes if bytes < 1e6 => format!("{:.1} KB", bytes / 1e3),
        bytes if bytes < 1e9 => format!("{:.1} MB", bytes / 1e6),
        bytes => format!("{:.2} GB", bytes / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_people_read_them() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([1, 2].map(|count| counted(count, "query", "queries")), ["1 query", "2 queries"]);
        let times = [0, 45, 60, 150, 3600, 18_420, 183_600].map(|seconds| long(Duration::from_secs(seconds)));
        assert_eq!(times, ["0s", "45s", "1m", "2m 30s", "1h", "5h 7m", "2d 3h"]);
        assert_eq!([12.0, 16_900.0, 1_234_567.0, 2.5e9].map(size), ["12 B", "16.9 KB", "1.2 MB", "2.50 GB"]);
    }
}
