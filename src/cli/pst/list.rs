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

/// A folder that people see.
struct Shown {
    nid: Nid,
    row: FolderRow,
    depth: usize,
    /// Whether the path ends with its name, and not with its id for want of one.
    is_named: bool,
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
            let named = folders
                .iter()
                .map(|Shown { row, .. }| (format!("{} {}", row.id, row.path), &row.problem));
            let exit = complain(language, named);
            if self.json {
                let folders = folders.into_iter().map(|shown| shown.row).collect();
                json::print(&Document::Folders { folders })?;
                return Ok(exit);
            }
            for Shown { row: folder, depth, .. } in &folders {
                let items = folder.items.map_or_else(|| "?".to_owned(), |items| items.to_string());
                let name = folder.path.rsplit('/').next().unwrap_or_default();
                let class = folder.class.as_deref().unwrap_or("");
                let name = format!("{}{}", "  ".repeat(*depth), one_line(name));
                say::line!("{:>8}  {items:>7}  {name:<40}  {}", folder.id, one_line(class));
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
    for Shown { nid, row, .. } in rows {
        if nid.kind() == NidKind::SEARCH_FOLDER {
            continue;
        }
        if bin.contains(&nid) {
            wanted.left_out += row.items.unwrap_or_default();
            continue;
        }
        wanted.folders.push(nid);
        // Where its items cannot be read either, who wants them says so.
        if let Some(problem) = row.problem.filter(|_| row.items.is_some()) {
            wanted.damaged.push(format!("{}: {problem}", row.id));
        }
    }
    Ok(wanted)
}

/// Lists the folders that people see, parents first.
fn folders(store: &Store<Ndb>) -> Result<Vec<Shown>, PstError> {
    let top = store.top_folder()?.nid();
    let mut rows: Vec<Shown> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    for Below { depth, nid, unread } in store.folders_below(top)? {
        // One that is damaged is named by its id, and hides none of the others.
        let id = format!("{:x}", nid.0);
        let read = store.folder(nid).and_then(|folder| Ok((folder.name()?, folder.class()?)));
        let is_named = read.is_ok();
        let (name, class, mut problem) = match read {
            Ok((name, class)) => (name, class, None),
            Err(error) if error.is_of_system() => return Err(error),
            Err(error) => (id.clone(), None, Some(error)),
        };
        path.truncate(depth.saturating_sub(1));
        let path = if depth == 0 {
            name
        } else {
            path.push(name);
            path.join("/")
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
        rows.push(Shown {
            nid,
            row: FolderRow { id, path, class, items, problem },
            depth,
            is_named,
        });
    }
    Ok(rows)
}

/// Returns the one folder with a path, or with an id.
fn find(folders: &[Shown], file: &Path, wanted: &str) -> Result<Nid, Failure> {
    let path = wanted.trim_matches('/').to_lowercase();
    let real = || folders.iter().filter(|folder| folder.nid.kind() != NidKind::SEARCH_FOLDER);
    let found: Vec<&Shown> = real().filter(|shown| shown.row.path.to_lowercase() == path).collect();
    match found[..] {
        [shown] => Ok(shown.nid),
        [] => {
            let nid = id(wanted);
            let found = real().map(|shown| shown.nid).find(|one| Some(*one) == nid);
            found.ok_or_else(|| no_folder(folders, file, wanted))
        }
        [..] => {
            let ids: Vec<&str> = found.iter().map(|shown| shown.row.id.as_str()).collect();
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
    let unnamed: Vec<&str> =
        folders.iter().filter(|one| !one.is_named).map(|one| one.row.id.as_str()).collect();
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
