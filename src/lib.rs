//! abgleich.

pub mod config;
pub mod engine;
pub mod ews;
pub mod mailbox;
pub mod model;
pub mod reason;
pub mod source;
pub mod state;
