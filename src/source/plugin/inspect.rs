//! Effect: what a plugin says of itself, without opening a database.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use abgleich_plugin::messages as wire;

use super::{Limits, broken};
use crate::model::{Field, FieldSet, ItemKind};
use crate::source::channel::{CallError, Cancel, Channel, Patience, Peer};
use crate::source::library::{Library, ask_unopened};
use crate::source::{SourceError, SourceErrorKind, messages};

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginInfo {
    /// Where the library is.
    pub path: PathBuf,
    /// The SHA-256 of its content; the configuration wants it of a vendor's adapter.
    pub sha256: [u8; 32],
    /// The adapter's name for itself.
    pub name: String,
    /// The adapter's version.
    pub version: String,
    /// Who makes it.
    pub vendor: String,
    /// Major and minor version of the interface.
    pub abi: (u16, u16),
    /// What it implements, as `name/revision`.
    pub capabilities: Vec<String>,
    /// The settings that it takes.
    pub settings: Vec<PluginSetting>,
    /// The fields that it can read and write, by kind.
    pub fields: Vec<(ItemKind, FieldSet, FieldSet)>,
    /// Fields that it names and this version does not know.
    pub unknown: Vec<String>,
}

/// A setting that an adapter takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginSetting {
    /// Its key under `settings`, or under `secrets`.
    pub name: String,
    /// What it is for, in the adapter's words.
    pub text: String,
    /// Whether the adapter cannot be opened without it.
    pub required: bool,
    /// Whether it belongs under `secrets`.
    pub secret: bool,
}

/// Loads a library and asks it what it is. The library's code runs, so this is for files that the administrator trusts.
pub fn inspect(path: &Path, limits: Limits) -> Result<PluginInfo, SourceError> {
    let library = Library::inspect(path).map_err(|error| SourceError {
        kind: SourceErrorKind::Broken,
        text: error.to_string(),
        hint: Some(error.hint()),
        source: Some(Box::new(error)),
    })?;
    let failed = |what: &str| broken(library.name(), "manifest", what);
    let request =
        serde_json::to_vec(&wire::Request::Manifest).map_err(|error| failed(&error.to_string()))?;
    let patience = Patience { call: limits.call, cancel: limits.cancel };
    let nothing: Cancel = Arc::new(|| ());
    let open = move || Ok((Some((Unopened(library), nothing)), Vec::new()));
    let reply = Channel::open(open, patience)
        .and_then(|(mut channel, _)| channel.call(request, patience))
        .map_err(|error| failed(&error.to_string()))?;
    let manifest: wire::Manifest = match serde_json::from_slice(&reply) {
        Ok(wire::Reply::Ok(manifest)) => manifest,
        Ok(wire::Reply::Error(error)) => {
            return Err(messages::error(library.name(), "manifest", error));
        }
        Err(_) => return Err(failed("the reply is not what the interface says")),
    };
    let mut unknown = Vec::new();
    let fields = manifest
        .kinds
        .iter()
        .map(|fields| {
            let kind = messages::kind(fields.kind);
            let mut known = |words: &[String]| -> FieldSet {
                words
                    .iter()
                    .filter_map(|word| {
                        let field = Field::from_key(word).filter(|field| field.belongs_to(kind));
                        if field.is_none() {
                            unknown.push(format!("{}.{word}", kind.key()));
                        }
                        field
                    })
                    .collect()
            };
            (kind, known(&fields.readable), known(&fields.writable))
        })
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    let settings = manifest.settings.into_iter().map(|setting| PluginSetting {
        name: setting.name,
        text: setting.text,
        required: setting.required,
        secret: setting.secret,
    });
    Ok(PluginInfo {
        path: library.path().to_path_buf(),
        sha256: *library.sha256(),
        name: library.name().to_owned(),
        version: library.version().to_owned(),
        vendor: library.vendor().to_owned(),
        abi: library.abi(),
        capabilities: manifest.capabilities,
        settings: settings.collect(),
        fields,
        unknown,
    })
}

/// A library that is asked without an instance, on a thread of its own like any other call.
struct Unopened(&'static Library);

impl Peer for Unopened {
    fn call(&mut self, request: &[u8]) -> Result<Vec<u8>, CallError> {
        ask_unopened(self.0, request)
    }
}
