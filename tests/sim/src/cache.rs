//! A bounded cache of anything, cheap to read.
//!
//! Invariant: it holds at most the given weight. Two generations instead of a list of uses: when the young half is full it becomes the
//! old one, and what is used meanwhile moves back; so the entries dropped are among the least recently used.

use std::collections::HashMap;
use std::hash::Hash;

use parking_lot::Mutex;

/// A bounded cache.
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    half: usize,
    generations: Mutex<Generations<K, V>>,
}

#[derive(Debug)]
struct Generations<K, V> {
    young: HashMap<K, (V, usize)>,
    old: HashMap<K, (V, usize)>,
    young_weight: usize,
}

impl<K: Hash + Eq, V: Clone> Cache<K, V> {
    /// A cache for values of this weight in all.
    pub(crate) fn new(limit: usize) -> Self {
        let generations = Generations { young: HashMap::new(), old: HashMap::new(), young_weight: 0 };
        Self { half: limit / 2, generations: Mutex::new(generations) }
    }

    /// The value, if it is still there.
    pub(crate) fn find(&self, key: &K) -> Option<V> {
        let mut generations = self.generations.lock();
        if let Some((value, _)) = generations.young.get(key) {
            return Some(value.clone());
        }
        let (key, (value, weight)) = generations.old.remove_entry(key)?;
        generations.put(key, value.clone(), weight, self.half);
        Some(value)
    }

    /// Keeps a value for as long as there is room.
    pub(crate) fn keep(&self, key: K, value: V, weight: usize) {
        self.generations.lock().put(key, value, weight, self.half);
    }
}

impl<K: Hash + Eq, V> Generations<K, V> {
    fn put(&mut self, key: K, value: V, weight: usize, half: usize) {
        if weight > half {
            return;
        }
        if self.young_weight + weight > half {
            self.old = std::mem::take(&mut self.young);
            self.young_weight = 0;
        }
        if let Some((_, before)) = self.young.insert(key, (value, weight)) {
            self.young_weight -= before;
        }
        self.young_weight += weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_goes() {
        let cache = Cache::new(8);
        for number in 0..40 {
            cache.keep(number, number, 1);
            assert_eq!(cache.find(&0), Some(0));
        }
        let kept = (0..40).filter(|number| cache.find(number).is_some()).count();
        assert!(kept <= 8, "{kept}");
    }
}
