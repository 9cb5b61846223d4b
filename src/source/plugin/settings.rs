//! Pure: what a plugin is opened with, and how much it may take.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::model::TenantName;
use crate::source::library::Adapter;

/// What a plugin is opened with.
#[derive(Clone)]
pub struct PluginSettings {
    /// The name of the source in the configuration.
    pub tenant: TenantName,
    /// Which library.
    pub adapter: Adapter,
    /// The IANA zone of times that the database keeps without one.
    pub zone: String,
    /// The folder that relative paths in the settings count from.
    pub folder: PathBuf,
    /// The adapter's settings, secrets among them; never printed.
    pub settings: Map<String, Value>,
    /// How much it may take.
    pub limits: Limits,
}

/// How much a plugin may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time for one call.
    pub call: Duration,
    /// The time a call has to end after it was asked to.
    pub cancel: Duration,
    /// The greatest number of instances that work in parallel.
    pub instances: usize,
    /// How many instances may hang for good before the plugin is given up.
    pub hanging: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Duration::from_mins(2),
            cancel: Duration::from_secs(5),
            instances: 4,
            hanging: 4,
        }
    }
}
