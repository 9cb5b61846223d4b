//! Shell: `abgleich plugin inspect FILE`: what an adapter says of itself.

use std::fmt::Write as _;
use std::path::PathBuf;

use abgleich::model::{Field, FieldSet};
use abgleich::source::plugin::{Limits, PluginInfo, inspect};
use clap::{Args, Subcommand};

use crate::cli::report::wrap;
use crate::cli::say;
use crate::failure::{Exit, Failure};

#[derive(Subcommand)]
pub(crate) enum Plugin {
    /// Load an adapter and print what it says of itself, with the SHA-256 that the configuration wants. Its code runs
    Inspect(Inspect),
}

#[derive(Args)]
pub(crate) struct Inspect {
    /// The adapter's library file
    file: PathBuf,
}

impl Plugin {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let Self::Inspect(Inspect { file }) = self;
        let info = inspect(file, Limits::default()).map_err(|error| {
            let hint = error.hint.clone();
            Failure::usage(error).hint_of(hint)
        })?;
        say::text!("{}", text(&info));
        Ok(Exit::Done)
    }
}

fn text(info: &PluginInfo) -> String {
    let mut text = String::new();
    let digest = info.sha256.iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    });
    wrap(&mut text, "file          ", &info.path.display().to_string());
    wrap(&mut text, "sha256        ", &digest);
    wrap(&mut text, "adapter       ", &format!("{} {}, {}", info.name, info.version, info.vendor));
    wrap(&mut text, "interface     ", &format!("{}.{}", info.abi.0, info.abi.1));
    wrap(&mut text, "capabilities  ", &info.capabilities.join(", "));
    for (index, setting) in info.settings.iter().enumerate() {
        let first = if index == 0 { "settings      " } else { "              " };
        let place = if setting.secret { "secrets" } else { "settings" };
        let needed = if setting.required { "required" } else { "optional" };
        wrap(&mut text, first, &format!("{place}.{} ({needed}): {}", setting.name, setting.text));
    }
    for (kind, readable, writable) in &info.fields {
        let name = format!("{:14}", kind.key());
        let read_only = keys(readable.difference(*writable));
        let says = format!("reads {} fields, writes {}", readable.len(), writable.len());
        wrap(
            &mut text,
            &name,
            &match read_only.as_str() {
                "" => says,
                fields => format!("{says}; reads only: {fields}"),
            },
        );
        let missing: FieldSet =
            Field::of(*kind).filter(|field| !readable.contains(*field)).collect();
        if !missing.is_empty() {
            wrap(&mut text, "              ", &format!("does not deliver: {}", keys(missing)));
        }
    }
    if !info.unknown.is_empty() {
        let fields = info.unknown.join(", ");
        wrap(&mut text, "unknown       ", &format!("{fields} (this version does not know these)"));
    }
    text
}

fn keys(fields: FieldSet) -> String {
    fields.iter().map(Field::key).collect::<Vec<_>>().join(", ")
}
