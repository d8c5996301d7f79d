//! Everything generated is drawn from a `Dice`, which depends on the seed and on labels alone.
//!
//! Invariant: the same seed and labels give the same draws on every machine and in every build, so no outside generator is used:
//! this is SplitMix64 behind an FNV-1a hash.

/// A small deterministic generator.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice for what `labels` name, under `seed`.
    pub(crate) fn of(seed: u64, labels: &[&str]) -> Self {
        let start = 0xcbf2_9ce4_8422_2325 ^ mix(seed);
        Self(labels.iter().fold(start, |hash, label| mix(fnv(hash, label.as_bytes()))))
    }

    /// The next 64 bits.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number under `limit`; 0 when `limit` is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.roll()) * u128::from(limit);
        u64::try_from(wide >> 64).unwrap_or_default()
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// An index under `limit`.
    pub(crate) fn index(&mut self, limit: usize) -> usize {
        usize::try_from(self.below(limit as u64)).unwrap_or_default()
    }

    /// A number from 0 (included) to 1 (excluded).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Whether something of this probability happens.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One entry of a list; the default of an empty one.
    pub(crate) fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        list.get(self.index(list.len())).copied().unwrap_or_default()
    }

    /// Puts a list in another order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.index(last + 1));
        }
    }

    /// `length` characters that look like an opaque id of Google's.
    pub(crate) fn opaque(&mut self, length: usize) -> String {
        const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut text = String::with_capacity(length);
        let mut bits = 0;
        for place in 0..length {
            if place % 10 == 0 {
                bits = self.roll();
            }
            text.push(char::from(ALPHABET.get((bits & 63) as usize).copied().unwrap_or(b'A')));
            bits >>= 6;
        }
        text
    }
}

fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_draws_of_a_label_never_change() {
        let mut dice = Dice::of(7, &["com.example.app", "media"]);
        let again = dice.clone().roll();
        assert_eq!(dice.roll(), again);
        assert_ne!(Dice::of(8, &["com.example.app", "media"]).roll(), again);
        assert_ne!(Dice::of(7, &["com.example.ap", "pmedia"]).roll(), again);
    }

    #[test]
    fn draws_stay_in_their_range() {
        let mut dice = Dice::of(1, &[]);
        assert!((0..1000).all(|_| (3..=9).contains(&dice.between(3, 9))));
        assert!((0..1000).all(|_| (0.0..1.0).contains(&dice.unit())));
        assert_eq!(dice.opaque(86).len(), 86);
    }
}
