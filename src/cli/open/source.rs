//! Shell: opens a source of the configuration: its secrets, its adapter.

use abgleich::config::{self, Settings, SourceSettings};
use abgleich::model::TenantName;
use abgleich::reason::Advice;
use abgleich::source::library::{Adapter, beside_executable};
use abgleich::source::plugin::{Limits, PluginSettings, PluginSource};
use abgleich::source::{SourceError, SourceErrorKind};
use serde_json::{Map, Value};

use crate::failure::{Exit, Failure};

/// Opens the source of this name.
pub(in crate::cli) fn source(
    settings: &Settings,
    name: &TenantName,
) -> Result<PluginSource, Failure> {
    let Some(source) = settings.sources.get(name) else {
        let known: Vec<_> = settings.sources.keys().map(TenantName::as_str).collect();
        return Err(Failure::usage(format!("the configuration has no source {name}"))
            .hint(format!("it has: {}", known.join(", "))));
    };
    let plugin = plugin_settings(name, source)?;
    PluginSource::open(&plugin).map_err(|error| failed(name, error))
}

fn plugin_settings(name: &TenantName, source: &SourceSettings) -> Result<PluginSettings, Failure> {
    let adapter = match &source.adapter {
        config::Adapter::Shipped(adapter) => {
            let folder = beside_executable().map_err(|error| {
                let hint = error.hint();
                Failure::usage(error).hint(hint)
            })?;
            Adapter::Shipped { name: adapter.clone(), folder }
        }
        config::Adapter::File { path, sha256 } => {
            Adapter::File { path: path.clone(), sha256: *sha256.bytes() }
        }
    };
    Ok(PluginSettings {
        tenant: name.clone(),
        adapter,
        zone: source.zone.name().to_owned(),
        folder: source.folder.clone(),
        settings: with_secrets(name, source)?,
        limits: Limits::default(),
    })
}

/// Adds the secrets to what the adapter is opened with, each under its name.
fn with_secrets(name: &TenantName, source: &SourceSettings) -> Result<Map<String, Value>, Failure> {
    let mut opened_with = match &source.settings {
        Value::Object(settings) => settings.clone(),
        _ => Map::new(),
    };
    for (key, place) in &source.secrets {
        let secret = place.resolve().map_err(|error| {
            Failure::usage(error)
                .hint(format!("it is the secret `{key}` of the source `{name}`, kept in {place}"))
        })?;
        opened_with.insert(key.clone(), Value::String(secret.expose().to_owned()));
    }
    Ok(opened_with)
}

/// Turns a failed call on a source into a failure of the command.
pub(in crate::cli) fn failed(name: &TenantName, error: SourceError) -> Failure {
    let kind = match error.kind {
        SourceErrorKind::Transient(_) | SourceErrorKind::Unreachable => Exit::Down,
        SourceErrorKind::Denied | SourceErrorKind::Unsupported | SourceErrorKind::Broken => {
            Exit::Usage
        }
    };
    let hint = error.hint.clone();
    let failure = Failure::new(kind, error).hint_of(hint);
    if failure.hints.is_empty() {
        return failure.hint(Advice::naming(
            format!("`abgleich check` geht alles durch, was die Quelle `{name}` braucht"),
            format!("`abgleich check` walks all that the source `{name}` needs"),
        ));
    }
    failure
}
