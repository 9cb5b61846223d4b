//! abgleich.

pub mod model;
