//! Scanner for the end of a JSON value.
//!
//! Values are skipped 64 bytes at a time: every block gives masks with a bit a byte, a prefix-xor of the quotes tells which bytes stand in
//! strings, and a population count of the brackets outside them moves the depth (the way of simdjson and JSONSki: Langdale and Lemire,
//! "Parsing Gigabytes of JSON per Second", 2019; Jiang and Zhao, "JSONSki", 2022). What is hot is a function of its own that calls no
//! other and takes at most four words: in the sandbox every loop can be interrupted, what it holds in vectors goes to memory and back where
//! it may call, and further words are passed by the stack, where reading them takes as long as a block. Invariant: a position that is
//! returned is never past the text's end.

use wide::u8x16;

use super::reader::ReadError;

/// Where the JSON text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// As it is: a body, a page's script.
    Plain,
    /// Escaped once, in a string of another JSON text.
    Escaped,
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

impl Nesting {
    /// In a string of a string every backslash and quote of the inner text has one backslash more: a quote after `k` backslashes is
    /// written after `2k + 1`.
    const fn quote(self, backslashes: usize) -> Quote {
        match (self, backslashes % 4) {
            (Self::Plain, 0 | 2) | (Self::Escaped, 1) => Quote::Structural,
            (Self::Plain, _) | (Self::Escaped, 3) => Quote::Character,
            (Self::Escaped, _) => Quote::End,
        }
    }
}

/// Bytes to a block: the bits of a mask.
pub(super) const BLOCK: usize = 64;

/// 64 bytes of the text.
struct Block([u8x16; 4]);

impl Block {
    #[inline(always)]
    fn of(bytes: &[u8; BLOCK]) -> Self {
        let (lanes, _) = bytes.as_chunks::<16>();
        let mut block = Self([u8x16::splat(b' '); 4]);
        block.0.iter_mut().zip(lanes).for_each(|(lane, bytes)| *lane = u8x16::new(*bytes));
        block
    }

    /// Where `byte` stands.
    #[inline(always)]
    fn mask(&self, byte: u8) -> u64 {
        self.bits(|lane| lane.simd_eq(u8x16::splat(byte)))
    }

    /// Where a bracket or a brace stands, which differ in one bit alone.
    #[inline(always)]
    fn brackets(&self, brace: u8) -> u64 {
        self.bits(|lane| (lane | u8x16::splat(0x20)).simd_eq(u8x16::splat(brace)))
    }

    #[inline(always)]
    fn bits(&self, test: impl Fn(u8x16) -> u8x16) -> u64 {
        self.0.iter().rev().fold(0, |bits, lane| bits << 16 | u64::from(test(*lane).to_bitmask()))
    }
}

/// A text, and what stands outside the strings of one block of it: that which a cursor is in, so that each is looked at once.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) nesting: Nesting,
    /// Where the block starts.
    block: usize,
    opens: u64,
    closes: u64,
    commas: u64,
    /// The quote that ends the outer string: nothing behind it is in the other masks.
    end: u64,
    /// All ones where the next block starts inside a string.
    inside: u64,
    /// The block's backslashes.
    escapes: u64,
}

/// Where a block stands that no position is in.
const NOWHERE: usize = usize::MAX - BLOCK;

impl<'a> Text<'a> {
    pub(super) const fn new(bytes: &'a [u8], nesting: Nesting) -> Self {
        Self { bytes, nesting, block: NOWHERE, opens: 0, closes: 0, commas: 0, end: 0, inside: 0, escapes: 0 }
    }

    /// Comes to the block where `at` stands, which is outside a string. Gives a mask of what stands from there on.
    #[inline(always)]
    fn enter<const ESCAPED: bool>(&mut self, at: usize) -> Result<u64, ReadError> {
        let before = at.wrapping_sub(self.block);
        if before < BLOCK {
            return Ok(u64::MAX << before);
        }
        (self.block, self.inside, self.escapes) = (NOWHERE, 0, 0);
        if self.read::<ESCAPED>(at) { Ok(u64::MAX) } else { Err(ReadError::Truncated) }
    }

    /// Goes on to the next block.
    #[inline(always)]
    fn next<const ESCAPED: bool>(&mut self) -> Result<u64, ReadError> {
        if self.end != 0 {
            return Err(ReadError::Malformed { at: self.block + self.end.trailing_zeros() as usize });
        }
        if self.read::<ESCAPED>(self.block + BLOCK) { Ok(u64::MAX) } else { Err(ReadError::Truncated) }
    }

    /// Reads the next block from `at` on, after this one, that doesn't stand in a string as a whole. `false`: there is none.
    #[inline(never)]
    fn read<const ESCAPED: bool>(&mut self, mut at: usize) -> bool {
        loop {
            let Some(whole) = self.bytes.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) else {
                return self.read_last::<ESCAPED>(at);
            };
            let block = Block::of(whole);
            let (quotes, rare) = self.quotes::<ESCAPED>(&block);
            if rare != 0 {
                return self.read_rare::<ESCAPED>(whole, at);
            }
            if quotes != 0 || self.inside == 0 {
                self.keep(&block, at, quotes, 0);
                return true;
            }
            self.escapes = block.mask(b'\\');
            at += BLOCK;
        }
    }

    /// The same at the text's end, where less than a block is left.
    #[cold]
    #[inline(never)]
    fn read_last<const ESCAPED: bool>(&mut self, at: usize) -> bool {
        let rest = self.bytes.get(at..).unwrap_or_default();
        let mut padded = [b' '; BLOCK];
        padded.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        !rest.is_empty() && self.read_rare::<ESCAPED>(&padded, at)
    }

    /// The same of a block where quotes follow unusual numbers of backslashes, which are looked at one by one.
    #[cold]
    #[inline(never)]
    fn read_rare<const ESCAPED: bool>(&mut self, block: &[u8; BLOCK], at: usize) -> bool {
        let block = Block::of(block);
        let (mut quotes, mut rare) = self.quotes::<ESCAPED>(&block);
        let mut end = 0;
        while rare != 0 && end == 0 {
            let quote = rare & rare.wrapping_neg();
            rare ^= quote;
            match self.nesting.quote(backslashes_before(self.bytes, at + quote.trailing_zeros() as usize)) {
                Quote::Structural => quotes |= quote,
                Quote::Character => {}
                Quote::End => end = quote,
            }
        }
        self.keep(&block, at, quotes, end);
        true
    }

    /// The quotes that open and close strings, and those of which that isn't known: nearly every quote follows no backslash, or just the
    /// one that the nesting adds.
    #[inline(always)]
    fn quotes<const ESCAPED: bool>(&self, block: &Block) -> (u64, u64) {
        let (quotes, backslashes) = (block.mask(b'"'), block.mask(b'\\'));
        let once = (backslashes << 1) | (self.escapes >> 63);
        let twice = (backslashes << 2) | (self.escapes >> 62);
        if ESCAPED { (quotes & once & !twice, quotes & (!once | twice)) } else { (quotes & !once, quotes & once) }
    }

    /// Becomes the structure of this block.
    #[inline(always)]
    fn keep(&mut self, block: &Block, at: usize, quotes: u64, end: u64) {
        let strings = prefix_xor(quotes) ^ self.inside;
        let outside = !strings & if end == 0 { u64::MAX } else { end - 1 };
        *self = Self {
            block: at,
            opens: block.brackets(b'{') & outside,
            closes: block.brackets(b'}') & outside,
            commas: block.mask(b',') & outside,
            end,
            inside: ((strings as i64) >> 63) as u64,
            escapes: block.mask(b'\\'),
            ..*self
        };
    }

    /// The position after the bracket that closes a container; `at` stands inside it and outside a string.
    pub(super) fn close(&mut self, at: usize) -> Result<usize, ReadError> {
        match self.nesting {
            Nesting::Plain => self.close_at::<false>(at),
            Nesting::Escaped => self.close_at::<true>(at),
        }
    }

    fn close_at<const ESCAPED: bool>(&mut self, at: usize) -> Result<usize, ReadError> {
        let mut left = self.enter::<ESCAPED>(at)?;
        // How many containers are open.
        let mut depth = 1_u32;
        loop {
            let (opens, mut closes) = (self.opens & left, self.closes & left);
            let after = depth + opens.count_ones();
            let count = closes.count_ones();
            if count >= depth {
                let mut closed = 0;
                while closes != 0 {
                    let close = closes & closes.wrapping_neg();
                    closes ^= close;
                    closed += 1;
                    if depth + (opens & (close - 1)).count_ones() == closed {
                        return Ok(self.block + close.trailing_zeros() as usize + 1);
                    }
                }
            }
            depth = after - count;
            left = self.next::<ESCAPED>()?;
        }
    }

    /// Goes over `count` elements of an array from the one at `at` on, but never over an object or the array's end.
    pub(super) fn step(&mut self, at: usize, count: usize) -> Result<Step, ReadError> {
        match self.nesting {
            _ if count == 0 => Ok(Step { at, over: 0 }),
            Nesting::Plain => self.step_over::<false>(at, count),
            Nesting::Escaped => self.step_over::<true>(at, count),
        }
    }

    fn step_over<const ESCAPED: bool>(&mut self, at: usize, count: usize) -> Result<Step, ReadError> {
        let (mut left, mut over) = (self.enter::<ESCAPED>(at)?, 0);
        loop {
            let marks = (self.opens | self.closes | self.commas) & left;
            if marks == 0 {
                left = self.next::<ESCAPED>()?;
                continue;
            }
            let mark = marks & marks.wrapping_neg();
            let at = self.block + mark.trailing_zeros() as usize;
            if self.commas & mark != 0 {
                over += 1;
                if over == count {
                    return Ok(Step { at: at + 1, over });
                }
                left = !mark & !(mark - 1);
            } else if self.opens & mark != 0 && self.bytes.get(at) == Some(&b'[') {
                let after = self.close_at::<ESCAPED>(at + 1)?;
                left = self.enter::<ESCAPED>(after)?;
            } else {
                return Ok(Step { at, over });
            }
        }
    }
}

/// Where a walk over the elements of an array stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    /// At an element, or the white space before it, or the bracket that closes the array.
    pub(super) at: usize,
    /// How many elements it went over, each with its comma.
    pub(super) over: usize,
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

fn backslashes_before(bytes: &[u8], at: usize) -> usize {
    bytes.get(..at).unwrap_or_default().iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// The position of the quote that closes a string, the first byte of whose content is at `at`.
pub(super) fn string_end(bytes: &[u8], at: usize, nesting: Nesting) -> Result<usize, ReadError> {
    let content = bytes.get(at..).unwrap_or_default();
    for quote in memchr::memchr_iter(b'"', content) {
        match nesting.quote(backslashes_before(content, quote)) {
            Quote::Structural => return Ok(at + quote),
            Quote::End => return Err(ReadError::Malformed { at: at + quote }),
            Quote::Character => {}
        }
    }
    Err(ReadError::Truncated)
}

/// Whether it can stand in a JSON string as it is.
pub(super) const fn is_plain(byte: u8) -> bool {
    !matches!(byte, b'"' | b'\\' | 0..=0x1f)
}

/// How many bytes stand before the first that can't stand in a JSON string as it is: a quote, a backslash, a control character.
#[inline(always)]
pub(super) fn plain(block: &[u8; BLOCK]) -> usize {
    let special = Block::of(block).bits(|lane| {
        let control = lane.min(u8x16::splat(0x1f)).simd_eq(lane);
        control | lane.simd_eq(u8x16::splat(b'"')) | lane.simd_eq(u8x16::splat(b'\\'))
    });
    special.trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn close(bytes: &[u8], at: usize, nesting: Nesting) -> Result<usize, ReadError> {
        Text::new(bytes, nesting).close(at)
    }

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
            prop_assert_eq!(close(plain.as_bytes(), 1, Nesting::Plain), Ok(text.len()));

            let escaped = Value::from(text).to_string();
            let outer = format!("{escaped}{after}\"");
            prop_assert_eq!(close(outer.as_bytes(), 2, Nesting::Escaped), Ok(escaped.len() - 1));
        }

        #[test]
        fn a_step_goes_over_elements(values in prop::collection::vec(json(), 1..12), count in 1..12_usize) {
            let text = Value::from(values.clone()).to_string() + ",";
            let stop = values.iter().take(count).position(Value::is_object).unwrap_or(count);
            let expected = match values.get(stop..).filter(|left| !left.is_empty()) {
                Some(left) => Step { at: text.len() - Value::from(left).to_string().len(), over: stop },
                None => Step { at: text.len() - 2, over: values.len() - 1 },
            };
            prop_assert_eq!(Text::new(text.as_bytes(), Nesting::Plain).step(1, count), Ok(expected));

            let outer = Value::from(text.clone()).to_string();
            let before = Value::from(&text[..expected.at]).to_string();
            let expected = Step { at: before.len() - 1, ..expected };
            prop_assert_eq!(Text::new(outer.as_bytes(), Nesting::Escaped).step(2, count), Ok(expected));
        }

        #[test]
        fn a_cut_container_has_no_end(value in json(), share in 0.0..1.0) {
            let text = Value::from(vec![value]).to_string();
            let cut = text.get(..1 + ((text.len() - 1) as f64 * share) as usize);
            if let Some(cut) = cut {
                prop_assert_eq!(close(cut.as_bytes(), 1, Nesting::Plain), Err(ReadError::Truncated));
            }
        }

        #[test]
        fn a_string_ends_at_its_quote(content in r#"["\\a]{0,12}"#) {
            let text = Value::from(content).to_string();
            prop_assert_eq!(string_end(text.as_bytes(), 1, Nesting::Plain), Ok(text.len() - 1));
            let outer = Value::from(text).to_string();
            prop_assert_eq!(string_end(outer.as_bytes(), 3, Nesting::Escaped), Ok(outer.len() - 2));
        }
    }

    #[test]
    fn the_end_of_the_outer_string_is_the_end() {
        let bytes = br#"[\"a\", 1",]"#;
        assert_eq!(close(bytes, 1, Nesting::Escaped), Err(ReadError::Malformed { at: 9 }));
    }
}
