//! Shell: `abgleich pst info FILE`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use abgleich::mapi::property as p;
use abgleich::pst::crypt::Crypt;
use abgleich::pst::messaging::Store;
use abgleich::pst::ndb::Ndb;
use abgleich::pst::{Nid, NidKind, PstError};
use clap::Args;
use serde::Serialize;

use super::{open, size, unreadable};
use crate::cli::value::one_line;
use crate::cli::{json, say};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Info {
    /// The file
    file: PathBuf,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
}

/// What is said of a file.
#[derive(Serialize)]
struct Facts {
    format: &'static str,
    version: u16,
    encoding: &'static str,
    bytes: u64,
    /// Room inside that a later write uses; `None` where the file does not keep account of it.
    free_bytes: Option<u64>,
    /// Whether abgleich can write it, and if not, why.
    writable: bool,
    name: Option<String>,
    record_key: Option<String>,
    password: bool,
    folders: usize,
    /// Items by their class.
    items: BTreeMap<String, u64>,
    /// Folders whose contents cannot be read.
    unreadable_folders: u64,
}

impl Info {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let store = open(&self.file)?;
        let facts = facts(&store).map_err(|error| unreadable(&self.file, error))?;
        if self.json {
            json::print(&facts)?;
        } else {
            say::text!("{}", text(&facts));
        }
        Ok(Exit::Done)
    }
}

fn facts(store: &Store<Ndb>) -> Result<Facts, PstError> {
    let header = store.nodes().header();
    let key = store.record_key()?.map(|key| {
        key.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    });
    let folders = store.folders_below(Nid::ROOT_FOLDER)?;
    let mut items = BTreeMap::new();
    let mut unreadable_folders = 0;
    for (_, nid) in &folders {
        if nid.kind() == NidKind::SEARCH_FOLDER {
            continue;
        }
        let listed = store.folder(*nid).and_then(|folder| {
            folder.each_item(&mut |item| {
                let class = item.class.as_deref().unwrap_or("(without a class)");
                *items.entry(class.to_owned()).or_default() += 1;
            })
        });
        unreadable_folders += u64::from(listed.is_err());
    }
    let unicode = header.layout.wide && !header.layout.deflates;
    Ok(Facts {
        format: header.layout.name,
        version: header.version,
        encoding: match header.crypt {
            Crypt::None => "none",
            Crypt::Permute => "permute (Outlook calls it compressible)",
            Crypt::Cyclic => "cyclic (Outlook calls it high)",
        },
        bytes: store.nodes().medium().len()?,
        free_bytes: (header.maps_valid != 0).then_some(header.free),
        writable: unicode && !header.is_offline_store(),
        name: store.properties()?.text(p::DISPLAY_NAME)?,
        record_key: key,
        password: store.has_password()?,
        folders: folders.len(),
        items,
        unreadable_folders,
    })
}

fn text(facts: &Facts) -> String {
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name:<12}{value}");
    };
    row("format", format!("{} (version {})", facts.format, facts.version));
    row("encoding", facts.encoding.to_owned());
    row("size", size(facts.bytes));
    if let Some(free) = facts.free_bytes {
        row("free inside", size(free));
    }
    row(
        "abgleich",
        if facts.writable {
            "reads and writes it"
        } else {
            "reads it; only Unicode PST files are written"
        }
        .to_owned(),
    );
    row("name", facts.name.as_deref().map(one_line).unwrap_or_default());
    row("record key", facts.record_key.clone().unwrap_or_else(|| "none".to_owned()));
    if facts.password {
        row("password", "Outlook asks for one; the data are not encrypted with it".to_owned());
    }
    row("folders", facts.folders.to_string());
    for (class, count) in &facts.items {
        row("items", format!("{count:>8}  {}", one_line(class)));
    }
    if facts.unreadable_folders > 0 {
        row(
            "unreadable",
            format!("{} folders; `abgleich pst check` says why", facts.unreadable_folders),
        );
    }
    text
}
