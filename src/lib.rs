//! abgleich.

pub mod config;
pub mod mailbox;
pub mod model;
pub mod source;
