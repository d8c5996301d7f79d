//! In which order does what waits for a host go?
//!
//! What is urgent first, and every fourth time what has waited longest, so that nothing waits for ever.

use std::collections::VecDeque;

use crate::Priority;

/// Every so often it is the turn of what has waited longest.
const FAIR: u32 = 4;

/// Where a request stands in its host's line: what goes on with a query that was begun goes before new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Level(usize);

/// Priorities, each for what goes on and for what is new.
const LEVELS: usize = 6;

impl Level {
    pub(super) const fn of(priority: Priority, goes_on: bool) -> Self {
        let level = match priority {
            Priority::High => 0,
            Priority::Normal => 2,
            Priority::Low => 4,
        };
        Self(if goes_on { level } else { level + 1 })
    }
}

/// What waits for a host.
#[derive(Debug)]
pub(super) struct Line<T> {
    levels: [VecDeque<(u64, T)>; LEVELS],
    came: u64,
    turns: u32,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { levels: Default::default(), came: 0, turns: 0 }
    }
}

impl<T> Line<T> {
    pub(super) fn len(&self) -> usize {
        self.levels.iter().map(VecDeque::len).sum()
    }

    pub(super) fn first(&self) -> Option<&T> {
        self.levels.iter().find_map(VecDeque::front).map(|(_, waits)| waits)
    }

    pub(super) fn push(&mut self, level: Level, waits: T) {
        self.came += 1;
        if let Some(level) = self.levels.get_mut(level.0) {
            level.push_back((self.came, waits));
        }
    }

    pub(super) fn pop(&mut self) -> Option<T> {
        self.turns = self.turns.wrapping_add(1);
        let is_fair = self.turns.is_multiple_of(FAIR);
        let mut waiting = self.levels.iter_mut().filter(|level| !level.is_empty());
        let level =
            if is_fair { waiting.min_by_key(|level| level.front().map(|(came, _)| *came)) } else { waiting.next() };
        level?.pop_front().map(|(_, waits)| waits)
    }
}
