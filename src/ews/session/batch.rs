//! How many items go into one request (pure).

use crate::ews::code::ResponseCode;
use crate::ews::error::EwsError;

/// Between what bounds batches move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// The size to begin with, in items.
    pub first: usize,
    /// The largest, in items.
    pub most: usize,
    /// The largest, in bytes of the request. A single item may exceed it.
    pub bytes: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        Self { first: 50, most: 100, bytes: 1 << 20 }
    }
}

/// Cuts work into batches, smaller when a server is overburdened and larger again when it is not.
#[derive(Debug, Clone)]
pub struct Batcher {
    limits: BatchLimits,
    size: usize,
    /// How many batches in a row went well.
    good: u32,
}

/// After how many good batches in a row a larger one is tried.
const GROW_AFTER: u32 = 3;

impl Batcher {
    /// Makes one.
    pub fn new(limits: BatchLimits) -> Self {
        let most = limits.most.max(1);
        Self { limits: BatchLimits { most, ..limits }, size: limits.first.clamp(1, most), good: 0 }
    }

    /// Returns how many of the next items, whose sizes in bytes are given, go into one request: at
    /// least one where there is one.
    pub fn take(&self, sizes: impl IntoIterator<Item = usize>) -> usize {
        let mut bytes = 0_usize;
        let fits = |(index, size): &(usize, usize)| {
            bytes = bytes.saturating_add(*size);
            *index == 0 || bytes <= self.limits.bytes
        };
        sizes.into_iter().take(self.size).enumerate().take_while(fits).count()
    }

    /// Learns that a batch went well.
    pub fn succeeded(&mut self) {
        self.good += 1;
        if self.good >= GROW_AFTER {
            self.good = 0;
            self.size = (self.size + self.size.div_ceil(2)).min(self.limits.most);
        }
    }

    /// Learns why a batch failed; `true` when a smaller one is worth a try. With one item left the
    /// size cannot be the reason.
    pub fn failed(&mut self, error: &EwsError) -> bool {
        match error {
            EwsError::RequestTooLarge | EwsError::TimedOut { .. } => self.shrink(),
            EwsError::Fault(fault) => self.refused(&fault.code),
            _ => false,
        }
    }

    /// Learns why an item within a batch was refused; `true` when a smaller batch is worth a try.
    pub fn refused(&mut self, code: &ResponseCode) -> bool {
        if code.asks_for_less() { self.shrink() } else { false }
    }

    /// Returns the present size, in items.
    pub fn size(&self) -> usize {
        self.size
    }

    fn shrink(&mut self) -> bool {
        let smaller = self.size > 1;
        self.good = 0;
        self.size = (self.size / 2).max(1);
        smaller
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

    fn busy() -> EwsError {
        EwsError::Fault(Fault { code: ResponseCode::ErrorServerBusy, text: None, details: vec![] })
    }

    #[test]
    fn batches_are_bounded_by_count_and_bytes() {
        let batcher = Batcher::new(BatchLimits { first: 4, most: 8, bytes: 1000 });
        assert_eq!(batcher.take([10; 9]), 4);
        assert_eq!(batcher.take([10; 3]), 3);
        assert_eq!(batcher.take([400; 9]), 2);
        assert_eq!(batcher.take([5000, 10]), 1);
        assert_eq!(batcher.take([]), 0);
    }

    #[test]
    fn they_halve_under_load_and_grow_again() {
        let mut batcher = Batcher::new(BatchLimits { first: 10, most: 12, bytes: 1000 });
        assert!(batcher.failed(&busy()));
        assert_eq!(batcher.size(), 5);
        assert!(batcher.failed(&EwsError::RequestTooLarge));
        assert!(batcher.failed(&busy()));
        assert_eq!(batcher.size(), 1);
        assert!(!batcher.failed(&busy()));
        let mut sizes = Vec::new();
        for _ in 0..15 {
            batcher.succeeded();
            sizes.push(batcher.size());
        }
        assert_eq!(sizes, [1, 1, 2, 2, 2, 3, 3, 3, 5, 5, 5, 8, 8, 8, 12]);
        assert!(!batcher.failed(&EwsError::LoginRefused { offers: vec![] }));
        assert_eq!(batcher.size(), 12);
    }
}
