//! The engine: observe → plan → guard → apply.

pub mod report;
