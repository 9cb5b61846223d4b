//! The engine: observe → plan → guard → apply. Effect at both ends, pure in the middle: the planner
//! (`view`, `rules`, `merge`, `plan`) and what it rests on (`pairing`, `dress`) touch nothing.

mod apply;
pub mod clock;
pub mod decide;
mod deliberate;
pub mod dress;
mod ended;
mod explain;
pub mod guard;
pub mod identity;
mod kept;
pub mod merge;
mod missing;
mod observe_outlook;
mod observe_source;
pub mod pairing;
mod patient;
pub mod plan;
mod recover;
pub mod report;
pub mod rules;
mod seen;
mod series;
mod session;
#[cfg(test)]
mod smoke;
mod sync;
mod taken_back;
mod tally;
mod tell;
mod twins;
mod unread;
pub mod view;
pub mod watched;

pub use session::{Job, Options};
pub use sync::sync_mailbox;
