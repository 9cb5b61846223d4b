//! Batches, pages and pauses as machines that touch nothing (pure).
//!
//! A machine says what to send next and learns from what came back; whoever drives it owns the
//! connection and the clock. So every sequence can be tested without a socket or a sleep.

pub mod backoff;
pub mod batch;
pub mod gate;
pub mod stream;

pub use backoff::Backoff;
pub use batch::{BatchLimits, Batcher};
pub use gate::Gate;
pub use stream::{Hint, Listener, StreamEnd, StreamGroup, StreamManner, StreamStep};
