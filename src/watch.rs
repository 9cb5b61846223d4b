//! Pure: when which mailbox is looked at. It knows neither mailboxes nor servers, only numbers for them and a clock that
//! whoever drives it counts up.

pub mod agenda;

pub use agenda::{Agenda, Ended, Hint, Plan, Who};
