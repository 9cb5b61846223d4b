//! Shell: `abgleich pst ls FILE [FOLDER]`.

use std::path::{Path, PathBuf};

use abgleich::config::Language;
use abgleich::mapi::{FileTime, property as p};
use abgleich::pst::messaging::{Folder, Listed, Store};
use abgleich::pst::ndb::Ndb;
use abgleich::pst::{Nid, NidKind, PstError};
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use super::{Texts, unreadable};
use crate::cli::report::one_of;
use crate::cli::value::one_line;
use crate::cli::{json, say};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct List {
    /// The file
    file: PathBuf,
    /// A folder: its path, such as Kontakte or Kalender/Team, or its id; without it the folders are listed
    folder: Option<String>,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    texts: Texts,
}

#[derive(Serialize)]
struct FolderRow {
    id: String,
    path: String,
    class: Option<String>,
    /// `None` where its contents cannot be read.
    items: Option<u64>,
    #[serde(skip)]
    depth: usize,
}

#[derive(Serialize)]
struct ItemRow {
    id: String,
    class: Option<String>,
    name: String,
    modified: Option<Timestamp>,
    bytes: Option<i32>,
}

impl List {
    pub(super) fn run(&self, language: Language) -> Result<Exit, Failure> {
        let store = self.texts.open(&self.file)?;
        let failed = |error| unreadable(&self.file, error);
        let folders = folders(&store).map_err(failed)?;
        let Some(wanted) = &self.folder else {
            if self.json {
                json::print(&folders)?;
                return Ok(Exit::Done);
            }
            for folder in &folders {
                let items = folder.items.map_or_else(|| "?".to_owned(), |items| items.to_string());
                let name = folder.path.rsplit('/').next().unwrap_or_default();
                let class = folder.class.as_deref().unwrap_or("");
                let name = format!("{}{}", "  ".repeat(folder.depth), one_line(name));
                say::line!("{:>8}  {items:>7}  {name:<40}  {}", folder.id, one_line(class));
            }
            return Ok(Exit::Done);
        };
        let folder = find(&folders, wanted).ok_or_else(|| missing(&self.file, wanted))?;
        let folder = store.folder(folder).map_err(failed)?;
        let items = items(language, &folder, &store).map_err(failed)?;
        if self.json {
            json::print(&items)?;
            return Ok(Exit::Done);
        }
        for item in &items {
            let modified = item.modified.map(|time| time.strftime("%Y-%m-%d %H:%M").to_string());
            let class = item.class.as_deref().unwrap_or_default();
            say::line!(
                "{:>8}  {:16}  {:<16}  {}",
                item.id,
                modified.unwrap_or_default(),
                one_line(class),
                one_line(&item.name)
            );
        }
        Ok(Exit::Done)
    }
}

/// Returns the folder that is named, or all that hold items.
pub(super) fn wanted(
    store: &Store<Ndb>,
    file: &Path,
    folder: Option<&str>,
) -> Result<Vec<Nid>, Failure> {
    let folders = folders(store).map_err(|error| unreadable(file, error))?;
    match folder {
        Some(name) => find(&folders, name).map(|nid| vec![nid]).ok_or_else(|| missing(file, name)),
        None => Ok(folders
            .iter()
            .filter_map(|folder| u32::from_str_radix(&folder.id, 16).ok().map(Nid))
            .filter(|nid| nid.kind() != NidKind::SEARCH_FOLDER)
            .collect()),
    }
}

fn missing(file: &Path, folder: &str) -> Failure {
    Failure::usage(format!("{} has no folder {folder}", file.display()))
        .hint("`abgleich pst ls FILE` lists the folders; a path separates names by /")
}

/// Lists the folders that people see, parents first.
fn folders(store: &Store<Ndb>) -> Result<Vec<FolderRow>, PstError> {
    let top = store.top_folder()?.nid();
    let mut rows: Vec<FolderRow> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    for (depth, nid) in store.folders_below(top)? {
        let folder = store.folder(nid)?;
        path.truncate(depth.saturating_sub(1));
        if depth > 0 {
            path.push(folder.name()?);
        }
        let mut items = 0;
        let counted = folder.each_item(&mut |_| items += 1);
        rows.push(FolderRow {
            id: format!("{:x}", nid.0),
            path: if depth == 0 { folder.name()? } else { path.join("/") },
            class: folder.class()?,
            items: counted.is_ok().then_some(items),
            depth,
        });
    }
    Ok(rows)
}

fn find(folders: &[FolderRow], wanted: &str) -> Option<Nid> {
    let wanted = wanted.trim_matches('/');
    let same = |one: &str| one.to_lowercase() == wanted.to_lowercase();
    let row = folders
        .iter()
        .find(|folder| same(&folder.path))
        .or_else(|| folders.iter().find(|folder| folder.id == wanted))?;
    let nid = Nid(u32::from_str_radix(&row.id, 16).ok()?);
    (nid.kind() != NidKind::SEARCH_FOLDER).then_some(nid)
}

fn items(
    language: Language,
    folder: &Folder<'_>,
    store: &Store<Ndb>,
) -> Result<Vec<ItemRow>, PstError> {
    let unreadable = one_of(language, "nicht lesbar", "cannot be read");
    let mut rows = Vec::new();
    for item in folder.items()? {
        let name = name(store, &item).unwrap_or_else(|error| format!("({unreadable}: {error})"));
        let modified = item.modified.and_then(FileTime::since_1970);
        rows.push(ItemRow {
            id: format!("{:x}", item.nid.0),
            class: item.class.as_deref().map(str::to_owned),
            name,
            modified: modified.and_then(|(seconds, _)| Timestamp::from_second(seconds).ok()),
            bytes: item.size,
        });
    }
    Ok(rows)
}

/// What people know an item by: the subject, or the name of a contact.
fn name(store: &Store<Ndb>, item: &Listed) -> Result<String, PstError> {
    let item = store.item(item.nid)?;
    if let Some(subject) = item.subject()?.filter(|subject| !subject.is_empty()) {
        return Ok(subject);
    }
    Ok(item.properties().text(p::DISPLAY_NAME)?.unwrap_or_default())
}
