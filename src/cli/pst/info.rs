//! Shell: `abgleich pst info FILE`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use abgleich::config::Language;
use abgleich::mapi::property as p;
use abgleich::pst::crypt::Crypt;
use abgleich::pst::messaging::Store;
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::only_read;
use abgleich::pst::{Nid, NidKind, PstError};
use clap::Args;

use super::document::{Document, Facts};
use super::{Texts, size, unreadable};
use crate::cli::report::one_of;
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
    #[command(flatten)]
    texts: Texts,
}

impl Info {
    pub(super) fn run(&self, language: Language) -> Result<Exit, Failure> {
        let store = self.texts.open(&self.file)?;
        let facts = facts(&store).map_err(|error| unreadable(&self.file, error))?;
        let is_whole = facts.unreadable_folders == 0;
        if self.json {
            json::print(&Document::Info(facts))?;
        } else {
            say::text!("{}", text(language, &facts, store.nodes().header().crypt));
        }
        Ok(if is_whole { Exit::Done } else { Exit::MailboxFailed })
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
    for below in &folders {
        if below.nid.kind() == NidKind::SEARCH_FOLDER {
            continue;
        }
        let listed = store.folder(below.nid).and_then(|folder| {
            folder.each_item(&mut |item| {
                let class = item.class.as_deref().unwrap_or("(without a class)");
                *items.entry(class.to_owned()).or_default() += 1;
            })
        });
        let is_unread = match listed {
            Err(error) if error.is_of_system() => return Err(error),
            listed => listed.is_err() || below.unread.is_some(),
        };
        unreadable_folders += u64::from(is_unread);
    }
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
        writable: only_read(header).is_none(),
        name: store.properties()?.text(p::DISPLAY_NAME)?,
        record_key: key,
        password: store.has_password()?,
        folders: folders.len(),
        items,
        unreadable_folders,
    })
}

fn text(language: Language, facts: &Facts, crypt: Crypt) -> String {
    let of = |de, en| one_of(language, de, en);
    let mut text = String::new();
    let mut row = |de: &'static str, en: &'static str, value: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{:<12}{value}", one_of(language, de, en));
    };
    row(
        "Format",
        "format",
        format!("{} ({} {})", facts.format, of("Version", "version"), facts.version),
    );
    let encoding = match crypt {
        Crypt::None => of("keine", "none"),
        Crypt::Permute => {
            of("Permute (in Outlook „komprimierbar“)", "permute (Outlook calls it compressible)")
        }
        Crypt::Cyclic => of("Cyclic (in Outlook „hoch“)", "cyclic (Outlook calls it high)"),
    };
    row("Kodierung", "encoding", encoding.to_owned());
    row("Größe", "size", size(language, facts.bytes));
    if let Some(free) = facts.free_bytes {
        row("frei darin", "free inside", size(language, free));
    }
    let writable = match (facts.writable, facts.password) {
        (true, false) => of("liest und schreibt sie", "reads and writes it"),
        (true, true) => of(
            "liest sie, und schreibt sie, wo die Konfiguration es mit `pst_with_password = true` erlaubt",
            "reads it, and writes it where the configuration allows it with `pst_with_password = true`",
        ),
        (false, _) => of(
            "liest sie; nur PST-Dateien in Unicode ohne Windows Information Protection werden geschrieben",
            "reads it; only Unicode PST files without Windows Information Protection are written",
        ),
    };
    row("abgleich", "abgleich", writable.to_owned());
    row("Name", "name", facts.name.as_deref().map(one_line).unwrap_or_default());
    let key = facts.record_key.clone().unwrap_or_else(|| of("keiner", "none").to_owned());
    row("Kennung", "record key", key);
    if facts.password {
        let asked = of(
            "Outlook fragt danach; die Daten sind damit nicht verschlüsselt",
            "Outlook asks for one; the data are not encrypted with it",
        );
        row("Passwort", "password", asked.to_owned());
    }
    row("Ordner", "folders", facts.folders.to_string());
    for (class, count) in &facts.items {
        row("Elemente", "items", format!("{count:>8}  {}", one_line(class)));
    }
    if facts.unreadable_folders > 0 {
        let folders =
            of("Ordner", if facts.unreadable_folders == 1 { "folder" } else { "folders" });
        let why = of(
            "ganz oder zum Teil; `abgleich pst check` sagt, warum",
            "wholly or in part; `abgleich pst check` says why",
        );
        row("unlesbar", "unreadable", format!("{} {folders}, {why}", facts.unreadable_folders));
    }
    text
}
