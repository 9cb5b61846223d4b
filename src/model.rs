//! Pure: the words both sides speak. A record of staffITpro and an item of Outlook have the same shape here, a map
//! from field to slot. Nothing in this module knows of EWS, PST, plugins, configuration or the engine.

pub mod scope;

pub use scope::{Direction, Mode, Module, Scope, Switch};
