//! Shell: `abgleich pst ls FILE [FOLDER]`.

use std::path::{Path, PathBuf};

use abgleich::config::Language;
use abgleich::mailbox::pst::in_deleted_items;
use abgleich::mapi::{FileTime, property as p};
use abgleich::pst::messaging::{Below, Folder, Listed, Store};
use abgleich::pst::ndb::{Ndb, Nodes as _};
use abgleich::pst::{Nid, NidKind, PstError};
use abgleich::reason::Advice;
use clap::Args;
use jiff::Timestamp;
use serde::ser::{Serialize, SerializeSeq as _, Serializer};

use super::document::{Document, FolderRow, ItemRow};
use super::guess::Guesses;
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

/// A folder that people see. Of where it is it has its depth alone: paths of all folders that lie deep in each other would take room
/// by the square of their number.
struct Shown {
    nid: Nid,
    depth: usize,
    /// Its name; its id where that cannot be read.
    name: String,
    is_named: bool,
    class: Option<String>,
    /// How many items it has; nothing where its contents cannot be read.
    items: Option<u64>,
    /// Why it cannot be read, or its contents, or the table of the folders in it.
    problem: Option<String>,
}

impl Shown {
    fn id(&self) -> String {
        format!("{:x}", self.nid.0)
    }
}

/// Folders that become rows, with their paths, one by one as they are printed.
pub(super) struct Folders(Vec<Shown>);

impl Serialize for Folders {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut rows = serializer.serialize_seq(Some(self.0.len()))?;
        let mut written = Ok(());
        each_path(&self.0, str::to_owned, &mut |shown, path| {
            let row = FolderRow {
                id: shown.id(),
                path,
                class: shown.class.as_deref(),
                items: shown.items,
                problem: shown.problem.as_deref(),
            };
            if written.is_ok() {
                written = rows.serialize_element(&row);
            }
        });
        written?;
        rows.end()
    }
}

impl List {
    pub(super) fn run(&self, language: Language) -> Result<Exit, Failure> {
        let store = self.texts.open(&self.file)?;
        let failed = |error| unreadable(&self.file, error);
        let folders = folders(&store).map_err(failed)?;
        let mut guesses = Guesses::default();
        let Some(wanted) = &self.folder else {
            guesses.note_folders(&store);
            guesses.tell(language, &self.texts);
            let mut exit = Exit::Done;
            each_path(&folders, str::to_owned, &mut |shown, path| {
                if shown.problem.is_some() {
                    let named = (format!("{} {path}", shown.id()), &shown.problem);
                    exit = complain(language, [named].into_iter());
                }
            });
            if self.json {
                json::print(&Document::Folders { folders: Folders(folders) })?;
                return Ok(exit);
            }
            for folder in &folders {
                let items = folder.items.map_or_else(|| "?".to_owned(), |items| items.to_string());
                let class = folder.class.as_deref().unwrap_or("");
                let name = format!("{}{}", "  ".repeat(folder.depth), one_line(&folder.name));
                say::line!("{:>8}  {items:>7}  {name:<40}  {}", folder.id(), one_line(class));
            }
            return Ok(exit);
        };
        let folder = find(&folders, &self.file, wanted)?;
        let folder = store.folder(folder).map_err(failed)?;
        let items = items(&folder, &store, &mut guesses).map_err(failed)?;
        guesses.tell(language, &self.texts);
        let exit = complain(language, items.iter().map(|row| (row.id.clone(), &row.problem)));
        if self.json {
            json::print(&Document::Items { items })?;
            return Ok(exit);
        }
        for item in &items {
            let modified = item.modified.as_deref().map(|time| time.replace('T', " "));
            let modified = modified.as_deref().and_then(|time| time.get(..16));
            let class = item.class.as_deref().unwrap_or_default();
            say::line!(
                "{:>13}  {:16}  {:<16}  {}",
                item.id,
                modified.unwrap_or_default(),
                one_line(class),
                item.name.as_deref().map_or_else(|| "?".to_owned(), one_line)
            );
        }
        Ok(exit)
    }
}

/// Says on standard error what cannot be read, and how the command ends by it.
fn complain<'a>(
    language: Language,
    rows: impl Iterator<Item = (String, &'a Option<String>)>,
) -> Exit {
    let unreadable = one_of(language, "nicht lesbar", "cannot be read");
    let mut exit = Exit::Done;
    for (name, problem) in rows {
        if let Some(problem) = problem {
            say::aside(format_args!("{}: {unreadable}: {problem}", one_line(&name)));
            exit = Exit::MailboxFailed;
        }
    }
    exit
}

/// The folders that somebody wants.
pub(super) struct Wanted {
    pub(super) folders: Vec<Nid>,
    /// How many items are in the others, which are Deleted Items and all folders in it.
    pub(super) left_out: u64,
    /// Folders of which the items can be read and something else cannot, each with what keeps it from that.
    pub(super) damaged: Vec<String>,
}

/// Returns the folder that is named, or all that hold items; Deleted Items are among them only where they are asked for.
pub(super) fn wanted(
    store: &Store<Ndb>,
    file: &Path,
    folder: Option<&str>,
    deleted: bool,
) -> Result<Wanted, Failure> {
    let failed = |error| unreadable(file, error);
    let rows = folders(store).map_err(failed)?;
    if let Some(name) = folder {
        let folders = vec![find(&rows, file, name)?];
        return Ok(Wanted { folders, left_out: 0, damaged: Vec::new() });
    }
    let bin = if deleted { Vec::new() } else { in_deleted_items(store).map_err(failed)? };
    let mut wanted = Wanted { folders: Vec::new(), left_out: 0, damaged: Vec::new() };
    for Shown { nid, items, problem, .. } in rows {
        if nid.kind() == NidKind::SEARCH_FOLDER {
            continue;
        }
        if bin.contains(&nid) {
            wanted.left_out += items.unwrap_or_default();
            continue;
        }
        wanted.folders.push(nid);
        // Where its items cannot be read either, who wants them says so.
        if let Some(problem) = problem.filter(|_| items.is_some()) {
            wanted.damaged.push(format!("{:x}: {problem}", nid.0));
        }
    }
    Ok(wanted)
}

/// Lists the folders that people see, parents first.
fn folders(store: &Store<Ndb>) -> Result<Vec<Shown>, PstError> {
    let top = store.top_folder()?.nid();
    let mut rows: Vec<Shown> = Vec::new();
    for Below { depth, nid, unread } in store.folders_below(top)? {
        // One that is damaged is named by its id, and hides none of the others.
        let read = store.folder(nid).and_then(|folder| Ok((folder.name()?, folder.class()?)));
        let is_named = read.is_ok();
        let (name, class, mut problem) = match read {
            Ok((name, class)) => (name, class, None),
            Err(error) if error.is_of_system() => return Err(error),
            Err(error) => (format!("{:x}", nid.0), None, Some(error)),
        };
        let mut items = 0;
        if problem.is_none() {
            let counted = store.folder(nid).and_then(|one| one.each_item(&mut |_| items += 1));
            problem = counted.err();
        }
        let are_counted = problem.is_none();
        let mut problem = problem.or(unread);
        if let Some(error) = problem.take_if(|error| error.is_of_system()) {
            return Err(error);
        }
        let items = are_counted.then_some(items);
        let problem = problem.map(|error| error.to_string());
        rows.push(Shown { nid, depth, name, is_named, class, items, problem });
    }
    Ok(rows)
}

/// Passes each folder with its path: the names from the uppermost folder to it with `/` between them, spelled that way. The uppermost
/// one is in no other's path.
fn each_path<'a>(
    folders: &'a [Shown],
    spelled: fn(&str) -> String,
    each: &mut dyn FnMut(&'a Shown, &str),
) {
    let mut path = String::new();
    // Where the paths of the folders end that the last one is in, and its own.
    let mut ends: Vec<usize> = Vec::new();
    for shown in folders {
        ends.truncate(shown.depth);
        path.truncate(ends.last().copied().unwrap_or_default());
        if shown.depth > 1 {
            path.push('/');
        }
        path.push_str(&spelled(&shown.name));
        ends.push(if shown.depth == 0 { 0 } else { path.len() });
        each(shown, &path);
    }
}

/// Returns the folders at a path that is spelled that way.
fn at<'a>(folders: &'a [Shown], path: &str, spelled: fn(&str) -> String) -> Vec<&'a Shown> {
    let (wanted, mut found) = (spelled(path), Vec::new());
    each_path(folders, spelled, &mut |shown, path| {
        if path == wanted && shown.nid.kind() != NidKind::SEARCH_FOLDER {
            found.push(shown);
        }
    });
    found
}

/// Returns the one folder with a path, or with an id. One that is written exactly so goes before those that differ in case.
fn find(folders: &[Shown], file: &Path, wanted: &str) -> Result<Nid, Failure> {
    let path = wanted.trim_matches('/');
    let mut found = at(folders, path, str::to_owned);
    if found.is_empty() {
        found = at(folders, path, str::to_lowercase);
    }
    match found[..] {
        [shown] => Ok(shown.nid),
        [] => {
            let nid = id(wanted);
            let real = |one: &Nid| Some(*one) == nid && one.kind() != NidKind::SEARCH_FOLDER;
            let found = folders.iter().map(|shown| shown.nid).find(real);
            found.ok_or_else(|| no_folder(folders, file, wanted))
        }
        [..] => {
            let ids: Vec<String> = found.iter().map(|shown| shown.id()).collect();
            let ids = ids.join(", ");
            let text = format!("{} has {} folders {wanted}", file.display(), found.len());
            Err(Failure::usage(text).hint(Advice::naming(
                format!("den gemeinten mit seiner Id nennen: {ids}"),
                format!("name the one that is meant by its id: {ids}"),
            )))
        }
    }
}

/// Says that there is no such folder, or that it may be one whose name cannot be read.
fn no_folder(folders: &[Shown], file: &Path, wanted: &str) -> Failure {
    let unnamed: Vec<String> = folders.iter().filter(|one| !one.is_named).map(Shown::id).collect();
    if unnamed.is_empty() {
        let text = format!("{} has no folder {wanted}", file.display());
        return Failure::usage(text).hint(Advice::new(
            "`abgleich pst ls DATEI` listet die Ordner; ein Pfad trennt Namen durch /",
            "`abgleich pst ls FILE` lists the folders; a path separates names by /",
        ));
    }
    let ids = unnamed.join(", ");
    let text = format!(
        "{} has no folder {wanted} among those that can be read; it may be one of these, whose names cannot: {ids}",
        file.display()
    );
    Failure::new(Exit::MailboxFailed, text).hint(Advice::new(
        "`abgleich pst ls DATEI` listet die Ordner und sagt, was nicht zu lesen ist; statt eines Pfades geht auch eine Id",
        "`abgleich pst ls FILE` lists the folders and says what cannot be read; an id may stand in place of a path",
    ))
}

/// Reads an id as the commands print it; `pst check` writes 0x in front.
pub(super) fn id(text: &str) -> Option<Nid> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    u32::from_str_radix(digits, 16).ok().map(Nid)
}

/// Returns the id that a mailbox in a file knows an item by, of one without its folder as `pst check` prints nodes; anything else as it
/// is. Fewer than six digits are a number of a list: ids of items are longer.
pub(in crate::cli) fn item_id(path: &Path, text: &str) -> String {
    let full = || {
        let nid = id(text).filter(|nid| nid.kind() == NidKind::MESSAGE && nid.0 > 0xF_FFFF)?;
        let node = Ndb::at(path).ok()?.node(nid).ok()??;
        Some(format!("{:x}.{:x}", node.parent.0, nid.0))
    };
    full().unwrap_or_else(|| text.to_owned())
}

fn items(
    folder: &Folder<'_>,
    store: &Store<Ndb>,
    guesses: &mut Guesses,
) -> Result<Vec<ItemRow>, PstError> {
    let mut rows = Vec::new();
    for item in folder.items()? {
        guesses.note(store, item.nid);
        let (name, problem) = match name(store, &item) {
            Ok(name) => (Some(name), None),
            Err(error) if error.is_of_system() => return Err(error),
            Err(error) => (None, Some(error.to_string())),
        };
        let modified = item.modified.and_then(FileTime::since_1970);
        rows.push(ItemRow {
            id: format!("{:x}.{:x}", folder.nid().0, item.nid.0),
            class: item.class.as_deref().map(str::to_owned),
            name,
            modified: modified
                .and_then(|(seconds, _)| Timestamp::from_second(seconds).ok())
                .map(|at| at.to_string()),
            bytes: item.size,
            problem,
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
