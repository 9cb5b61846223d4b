//! Keeps what was read lately within a budget of bytes (pure).

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;

/// Values by key in two generations: when the young one is full it becomes the old one, and what the old one held and nobody
/// asked for since is forgotten.
#[derive(Debug)]
pub(super) struct Cache<Key, Kept> {
    young: HashMap<Key, Kept>,
    old: HashMap<Key, Kept>,
    held: usize,
    budget: usize,
}

impl<Key: Copy + Eq + Hash, Kept: Clone> Cache<Key, Kept> {
    /// Makes a cache whose values take up at most `budget` bytes.
    pub(super) fn new(budget: usize) -> Self {
        Self { young: HashMap::new(), old: HashMap::new(), held: 0, budget }
    }

    /// Returns what is kept; it then counts as young. `size` says how many bytes a value takes.
    pub(super) fn find(&mut self, key: Key, size: impl Fn(&Kept) -> usize) -> Option<Kept> {
        if let Some(kept) = self.young.get(&key) {
            return Some(kept.clone());
        }
        let kept = self.old.remove(&key)?;
        self.keep(key, kept.clone(), size(&kept));
        Some(kept)
    }

    /// Keeps a value of so many bytes.
    pub(super) fn keep(&mut self, key: Key, kept: Kept, size: usize) {
        if self.held.saturating_add(size) > self.budget / 2 {
            self.old = mem::take(&mut self.young);
            self.held = 0;
        }
        self.held = self.held.saturating_add(size);
        self.young.insert(key, kept);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.young.clear();
        self.old.clear();
        self.held = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::Cache;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_goes() {
        let mut cache = Cache::new(8);
        let size = |_: &u8| 1;
        cache.keep(0, 0_u8, 1);
        for key in 1..100 {
            cache.keep(key, 0, 1);
            assert!(cache.find(0, size).is_some(), "0 is asked for all the time");
            assert!(cache.young.len() + cache.old.len() <= 8);
        }
        assert!(cache.find(1, size).is_none());
        assert!(cache.find(99, size).is_some());
        cache.clear();
        assert!(cache.find(0, size).is_none());
    }
}
