//! Effect: what abgleich offers to an adapter.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How grave a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something is odd.
    Warn,
    /// Something worth knowing happened.
    Info,
    /// For people who look for a fault.
    Debug,
    /// Every step.
    Trace,
}

impl Level {
    /// Returns the number that the C interface uses.
    pub const fn number(self) -> i32 {
        match self {
            Self::Error => 1,
            Self::Warn => 2,
            Self::Info => 3,
            Self::Debug => 4,
            Self::Trace => 5,
        }
    }
}

pub(crate) type LogFn = dyn Fn(Level, &str) + Send + Sync;
pub(crate) type CancelledFn = dyn Fn() -> bool + Send + Sync;

/// The host of an adapter. It may be cloned and used from any thread as long as the instance lives.
#[derive(Clone)]
pub struct Host {
    log: Arc<LogFn>,
    asked: Arc<CancelledFn>,
    cancelled: Arc<AtomicBool>,
}

impl Host {
    pub(crate) fn new(
        log: Arc<LogFn>,
        asked: Arc<CancelledFn>,
        cancelled: Arc<AtomicBool>,
    ) -> Self {
        Self { log, asked, cancelled }
    }

    /// Makes a host that logs nothing and never cancels, for an adapter's own tests.
    pub fn silent() -> Self {
        Self::new(Arc::new(|_, _| {}), Arc::new(|| false), Arc::new(AtomicBool::new(false)))
    }

    /// Writes a line to abgleich's log. It must not contain names or values of records; ids are fine.
    pub fn log(&self, level: Level, text: &str) {
        (self.log)(level, text);
    }

    /// Says whether the running call should come to an end, with an error of kind `cancelled`.
    pub fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed) || (self.asked)()
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").finish_non_exhaustive()
    }
}
