//! How long to wait after a server asked to be left alone (pure).

use std::time::Duration;

/// Counts the refusals in a row and says how long to pause.
///
/// While it waits, nothing may be sent for the same budget (account, or impersonated mailbox):
/// attempts prolong the pause ("EWS throttling in Exchange").
#[derive(Debug, Clone)]
pub struct Backoff {
    base: Duration,
    most: Duration,
    failures: u32,
}

impl Backoff {
    /// Makes one that waits `base` after the first failure without a wish of the server, twice as
    /// long after each further one, and by itself never longer than `most`.
    pub const fn new(base: Duration, most: Duration) -> Self {
        Self { base, most, failures: 0 }
    }

    /// Returns how long to wait now: as long as the server asks, and no shorter than our own pause.
    pub fn failed(&mut self, wish: Option<Duration>) -> Duration {
        let own = self.base.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        own.min(self.most).max(wish.unwrap_or_default())
    }

    /// Forgets the failures, after an answer that was none.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }
}

impl Default for Backoff {
    fn default() -> Self {
        Self::new(Duration::from_secs(5), Duration::from_mins(5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_maximum_and_begin_anew() {
        let mut backoff = Backoff::new(Duration::from_secs(10), Duration::from_mins(1));
        let mut pause = || backoff.failed(None).as_secs();
        assert_eq!([pause(), pause(), pause(), pause()], [10, 20, 40, 60]);
        backoff.succeeded();
        assert_eq!(backoff.failed(None).as_secs(), 10);
    }

    #[test]
    fn the_wish_of_the_server_counts_when_it_is_longer() {
        let mut backoff = Backoff::new(Duration::from_secs(10), Duration::from_mins(5));
        // notes.md §3.2: values seen are 25, 5000 and 297749 ms.
        assert_eq!(backoff.failed(Some(Duration::from_millis(297_749))).as_millis(), 297_749);
        assert_eq!(backoff.failed(Some(Duration::from_millis(25))).as_secs(), 20);
        assert_eq!(backoff.failed(Some(Duration::from_secs(9999))).as_secs(), 9999);
    }
}
