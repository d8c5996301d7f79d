//! Where does a JSON value end?
//!
//! Containers are skipped 64 bytes at a time: every block gives four masks with a bit a byte, a prefix-xor of the quotes tells which bytes
//! stand in strings, and a population count of the brackets outside them moves the depth (the way of simdjson and JSONSki: Langdale and
//! Lemire, "Parsing Gigabytes of JSON per Second", 2019; Jiang and Zhao, "JSONSki", 2022). Invariant: a position that is returned is
//! never past the text's end.

use wide::u8x16;

use super::reader::ReadError;

/// Where the JSON text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// As it is: a body, a page's script.
    Plain,
    /// Escaped once, in a string of another JSON text.
    InString,
}

/// What a quote is, after a run of backslashes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    /// It opens or closes a string.
    Structural,
    /// It is a character of a string.
    Character,
    /// It ends the outer string that the text stands in.
    End,
}

impl Level {
    /// In a string of a string every backslash and quote of the inner text has one backslash more: a quote after `k` backslashes is
    /// written after `2k + 1`.
    const fn quote(self, backslashes: usize) -> Quote {
        match (self, backslashes % 4) {
            (Self::Plain, 0 | 2) | (Self::InString, 1) => Quote::Structural,
            (Self::Plain, _) | (Self::InString, 3) => Quote::Character,
            (Self::InString, _) => Quote::End,
        }
    }
}

/// Bytes to a block: the bits of a mask.
const BLOCK: usize = 64;

/// One bit a byte.
struct Masks {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

impl Masks {
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self { quotes: 0, backslashes: 0, opens: 0, closes: 0 };
        let (lanes, _) = block.as_chunks::<16>();
        for (index, lane) in lanes.iter().enumerate() {
            let bytes = u8x16::new(*lane);
            // `[` and `{`, `]` and `}` differ in this bit alone.
            let folded = bytes | u8x16::splat(0x20);
            let shift = 16 * index;
            masks.quotes |= mask(bytes, b'"') << shift;
            masks.backslashes |= mask(bytes, b'\\') << shift;
            masks.opens |= mask(folded, b'{') << shift;
            masks.closes |= mask(folded, b'}') << shift;
        }
        masks
    }
}

#[inline]
fn mask(bytes: u8x16, byte: u8) -> u64 {
    u64::from(bytes.simd_eq(u8x16::splat(byte)).to_bitmask())
}

/// Bit `i` of the result: the parity of bits `0..=i`.
const fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ (bits << 32)
}

/// The positions of a mask's bits, from the lowest.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = mask.trailing_zeros();
        mask &= mask.wrapping_sub(1);
        (bit < u64::BITS).then_some(bit as usize)
    })
}

/// The bytes of `mask` below `bit`.
const fn below(mask: u64, bit: usize) -> u64 {
    mask & ((1 << bit) - 1)
}

fn backslashes_before(bytes: &[u8], at: usize) -> usize {
    bytes.get(..at).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// The position after the bracket that closes the innermost of `depth` containers; `at` stands inside it and outside a string.
pub(super) fn close(bytes: &[u8], at: usize, depth: u32, level: Level) -> Result<usize, ReadError> {
    match level {
        Level::Plain => close_at::<false>(bytes, at, depth),
        Level::InString => close_at::<true>(bytes, at, depth),
    }
}

fn close_at<const IN_STRING: bool>(bytes: &[u8], mut at: usize, mut depth: u32) -> Result<usize, ReadError> {
    let level = if IN_STRING { Level::InString } else { Level::Plain };
    let (mut inside, mut escapes) = (0_u64, 0_u64);
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let masks = match rest.first_chunk::<BLOCK>() {
            Some(block) => Masks::of(block),
            None if rest.is_empty() => return Err(ReadError::Truncated),
            None => Masks::of(&padded(rest)),
        };
        let (quotes, end) = structural_quotes(&masks, escapes, bytes, at, level);
        let strings = prefix_xor(quotes) ^ inside;
        let outside = !strings & below_end(end);
        let (opens, closes) = (masks.opens & outside, masks.closes & outside);
        if closes.count_ones() >= depth
            && let Some(bit) = bits(closes)
                .enumerate()
                .find_map(|(before, bit)| (depth + below(opens, bit).count_ones() == before as u32 + 1).then_some(bit))
        {
            return Ok(at + bit + 1);
        }
        if end != 0 {
            return Err(ReadError::Malformed { at: at + end.trailing_zeros() as usize });
        }
        depth = depth + opens.count_ones() - closes.count_ones();
        inside = ((strings as i64) >> 63) as u64;
        escapes = masks.backslashes;
        at += BLOCK;
    }
}

fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [b' '; BLOCK];
    block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    block
}

const fn below_end(end: u64) -> u64 {
    if end == 0 { u64::MAX } else { (1 << end.trailing_zeros()) - 1 }
}

/// The quotes that open and close strings, and those that end the outer string.
///
/// Nearly every quote follows no backslash, or just the one of its level; only the others are looked at one by one.
#[inline]
fn structural_quotes(masks: &Masks, escapes_before: u64, bytes: &[u8], at: usize, level: Level) -> (u64, u64) {
    let once = (masks.backslashes << 1) | (escapes_before >> 63);
    let twice = (masks.backslashes << 2) | (escapes_before >> 62);
    let (mut quotes, mut end, rare) = match level {
        Level::Plain => (masks.quotes & !once, 0, masks.quotes & once),
        Level::InString => (masks.quotes & once & !twice, masks.quotes & !once, masks.quotes & once & twice),
    };
    for bit in bits(rare) {
        match level.quote(backslashes_before(bytes, at + bit)) {
            Quote::Structural => quotes |= 1 << bit,
            Quote::End => end |= 1 << bit,
            Quote::Character => {}
        }
    }
    (quotes, end)
}

/// The position of the quote that closes a string, the first byte of whose content is at `at`.
pub(super) fn string_end(bytes: &[u8], at: usize, level: Level) -> Result<usize, ReadError> {
    let content = bytes.get(at..).unwrap_or_default();
    for quote in memchr::memchr_iter(b'"', content) {
        match level.quote(backslashes_before(content, quote)) {
            Quote::Structural => return Ok(at + quote),
            Quote::End => return Err(ReadError::Malformed { at: at + quote }),
            Quote::Character => {}
        }
    }
    Err(ReadError::Truncated)
}

/// Whether there is a control character, which no JSON string has as it is.
pub(super) fn has_control(bytes: &[u8]) -> bool {
    let (lanes, tail) = bytes.as_chunks::<16>();
    let most = u8x16::splat(0x1f);
    let in_lanes = lanes
        .iter()
        .map(|lane| u8x16::new(*lane))
        .fold(u8x16::splat(0), |found, lane| found | lane.min(most).simd_eq(lane));
    in_lanes.to_bitmask() != 0 || tail.iter().any(|byte| *byte <= 0x1f)
}

/// The position of the first byte that can't stand in a JSON string as it is: a quote, a backslash, a control character.
pub(super) fn special(bytes: &[u8]) -> Option<usize> {
    let (lanes, tail) = bytes.as_chunks::<16>();
    let found = lanes.iter().enumerate().find_map(|(index, lane)| {
        let lane = u8x16::new(*lane);
        let control = lane.min(u8x16::splat(0x1f)).simd_eq(lane);
        let special = control | lane.simd_eq(u8x16::splat(b'"')) | lane.simd_eq(u8x16::splat(b'\\'));
        let mask = special.to_bitmask();
        (mask != 0).then(|| 16 * index + mask.trailing_zeros() as usize)
    });
    let in_tail =
        || tail.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)).map(|at| bytes.len() - tail.len() + at);
    found.or_else(in_tail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Any JSON of arrays, objects and strings full of what is special.
    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<i32>().prop_map(Value::from),
            r#"["\\\[\]{},:a é\n]{0,70}"#.prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 200, 12, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
                prop::collection::vec((r#"["\\\]}a]{0,5}"#, inner), 0..5)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_container_ends_where_it_ends(value in json(), after in r#"[\]}\[{ ,]{0,80}"#) {
            let text = Value::from(vec![value]).to_string();
            let plain = format!("{text}{after}");
            prop_assert_eq!(close(plain.as_bytes(), 1, 1, Level::Plain), Ok(text.len()));

            let escaped = Value::from(text).to_string();
            let outer = format!("{escaped}{after}\"");
            prop_assert_eq!(close(outer.as_bytes(), 2, 1, Level::InString), Ok(escaped.len() - 1));
        }

        #[test]
        fn a_cut_container_has_no_end(value in json(), share in 0.0..1.0) {
            let text = Value::from(vec![value]).to_string();
            let cut = text.get(..1 + ((text.len() - 1) as f64 * share) as usize);
            if let Some(cut) = cut {
                prop_assert_eq!(close(cut.as_bytes(), 1, 1, Level::Plain), Err(ReadError::Truncated));
            }
        }

        #[test]
        fn a_string_ends_at_its_quote(content in r#"["\\a]{0,12}"#) {
            let text = Value::from(content).to_string();
            prop_assert_eq!(string_end(text.as_bytes(), 1, Level::Plain), Ok(text.len() - 1));
            let outer = Value::from(text).to_string();
            prop_assert_eq!(string_end(outer.as_bytes(), 3, Level::InString), Ok(outer.len() - 2));
        }
    }

    #[test]
    fn the_end_of_the_outer_string_is_the_end() {
        let bytes = br#"[\"a\", 1",]"#;
        assert_eq!(close(bytes, 1, 1, Level::InString), Err(ReadError::Malformed { at: 9 }));
    }
}
