//! How many items go into one request (pure).

use std::time::Duration;

use crate::ews::code::ResponseCode;
use crate::ews::error::EwsError;

/// Between what bounds batches move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// The size to begin with, in items.
    pub first: usize,
    /// The smallest that an overburdened server brings about, in items.
    pub least: usize,
    /// The largest, in items.
    pub most: usize,
    /// The largest, in bytes of the request. A single item may exceed it.
    pub bytes: usize,
}

impl Default for BatchLimits {
    /// Begins with a hundred, as most clients do (notes.md §5), and moves between ten, which Microsoft advises to servers that
    /// throttle, and two hundred.
    fn default() -> Self {
        Self { first: 100, least: 10, most: 200, bytes: 1 << 20 }
    }
}

/// Cuts work into batches, smaller when a server is overburdened and larger again when it is not.
#[derive(Debug, Clone)]
pub struct Batcher {
    limits: BatchLimits,
    size: usize,
    /// How many batches in a row went well.
    good: u32,
    /// What an item of the last batch weighed on average, in bytes of the request.
    weight: usize,
}

/// After how many good batches in a row a larger one is tried.
const GROW_AFTER: u32 = 3;

/// A batch that takes longer is not followed by a larger one.
const QUICK: Duration = Duration::from_secs(10);

/// A batch that takes longer is followed by a smaller one: servers delay item by item, and the next thing to come is a time-out
/// (notes.md §3.2 no. 18).
const SLOW: Duration = Duration::from_secs(40);

impl Batcher {
    /// Makes one.
    pub fn new(limits: BatchLimits) -> Self {
        let most = limits.most.max(1);
        let least = limits.least.clamp(1, most);
        let size = limits.first.clamp(least, most);
        Self { limits: BatchLimits { least, most, ..limits }, size, good: 0, weight: 0 }
    }

    /// Returns how many of the next items, whose sizes in bytes are given, go into one request: at
    /// least one where there is one.
    pub fn take(&mut self, sizes: impl IntoIterator<Item = usize>) -> usize {
        let (mut count, mut bytes) = (0_usize, 0_usize);
        for size in sizes.into_iter().take(self.size) {
            let more = bytes.saturating_add(size);
            if count > 0 && more > self.limits.bytes {
                break;
            }
            (count, bytes) = (count + 1, more);
        }
        self.weight = bytes.checked_div(count).unwrap_or(self.weight);
        count
    }

    /// Learns that a batch of so many items went well, and how long it took. One that was far from full says nothing of a
    /// larger one.
    pub fn succeeded(&mut self, items: usize, took: Duration) {
        if took > SLOW {
            self.shrink();
        } else if took <= QUICK && items >= self.size {
            self.good += 1;
            if self.good >= GROW_AFTER {
                self.good = 0;
                self.size = (self.size + self.size.div_ceil(2)).min(self.limits.most);
            }
        }
    }

    /// Learns why a batch failed.
    pub fn failed(&mut self, error: &EwsError) {
        match error {
            EwsError::TimedOut { .. } | EwsError::Unavailable { .. } => self.shrink(),
            EwsError::Fault(fault) => self.refused(&fault.code),
            _ => {}
        }
    }

    /// Learns why an item within a batch was refused.
    pub fn refused(&mut self, code: &ResponseCode) {
        if code.asks_for_less() {
            self.shrink();
        }
    }

    /// Returns the present size, in items: as many as are allowed, and as probably fit into one request by what the last ones
    /// weighed. More of them would only make a second, small request.
    pub fn size(&self) -> usize {
        let room = self.limits.bytes / 10 * 9;
        let fit = room.checked_div(self.weight).unwrap_or(self.limits.most);
        self.size.min(fit.max(self.limits.least))
    }

    fn shrink(&mut self) {
        self.good = 0;
        self.size = (self.size / 2).max(self.limits.least);
    }
}

impl Default for Batcher {
    fn default() -> Self {
        Self::new(BatchLimits::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ews::error::Fault;

    const AT_ONCE: Duration = Duration::ZERO;

    fn busy() -> EwsError {
        EwsError::Fault(Fault { code: ResponseCode::ErrorServerBusy, text: None, details: vec![] })
    }

    #[test]
    fn batches_are_bounded_by_count_and_bytes() {
        let limits = BatchLimits { first: 4, least: 1, most: 8, bytes: 1000 };
        let mut batcher = Batcher::new(limits);
        assert_eq!(batcher.take([10; 9]), 4);
        assert_eq!(batcher.take([10; 3]), 3);
        assert_eq!(batcher.size(), 4);
        assert_eq!(batcher.take([400; 9]), 2);
        assert_eq!(batcher.size(), 2, "four would make two requests");
        assert_eq!(batcher.take([5000, 10]), 1);
        assert_eq!(batcher.size(), 1);
        assert_eq!(batcher.take([10; 9]), 4, "one heavy item says little of the next ones");
        assert_eq!(batcher.take([]), 0);
        assert_eq!(batcher.size(), 4);
    }

    #[test]
    fn quirk_18_they_halve_under_load_and_grow_again_between_ten_and_two_hundred() {
        let mut batcher = Batcher::default();
        let mut sizes = vec![batcher.size()];
        for _ in 0..4 {
            batcher.failed(&busy());
            sizes.push(batcher.size());
        }
        assert_eq!(sizes, [100, 50, 25, 12, 10]);
        sizes.clear();
        for _ in 0..30 {
            batcher.succeeded(batcher.size(), AT_ONCE);
            sizes.push(batcher.size());
        }
        sizes.dedup();
        assert_eq!(sizes, [10, 15, 23, 35, 53, 80, 120, 180, 200]);
        batcher.failed(&EwsError::LoginRefused { offers: vec![] });
        assert_eq!(batcher.size(), 200, "a refused login says nothing of the load");
    }

    #[test]
    fn quirk_18_slow_answers_make_smaller_batches_before_they_time_out() {
        let mut batcher = Batcher::default();
        batcher.succeeded(100, Duration::from_secs(50));
        assert_eq!(batcher.size(), 50);
        for _ in 0..9 {
            batcher.succeeded(50, Duration::from_secs(20));
        }
        assert_eq!(batcher.size(), 50, "neither quick nor slow");
        for _ in 0..9 {
            batcher.succeeded(3, AT_ONCE);
        }
        assert_eq!(batcher.size(), 50, "three items say nothing of fifty");
    }
}
