//! abgleich.

pub mod config;
pub mod model;
