//! The engine: observe → plan → guard → apply.

pub mod merge;
pub mod plan;
pub mod report;
pub mod rules;
