//! Pure on what [`Files`] hands it: reads the main file and everything that it includes, one after the other, and lays
//! them over each other. Later wins key by key; an included file comes after the one that includes it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::config::check::check;
use crate::config::fault::Fault;
use crate::config::origin::Place;
use crate::config::problem::Problem;
use crate::config::start::default_file;
use crate::config::text::Document;
use crate::config::tree::{self, Node, Table, Value};

/// Where configuration files come from.
pub trait Files {
    /// Reads a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// Lists the names of the files in a folder, in any order.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Returns a path that is the same for every way of writing a file's path.
    fn identity(&self, path: &Path) -> PathBuf;
}

/// All files of a configuration, checked and laid over each other.
pub(in crate::config) struct Gathered {
    /// Everything but `include` and `mailboxes`.
    pub(in crate::config) root: Table,
    /// `[defaults]` of the built-in default file, a layer of its own below that of the files.
    pub(in crate::config) builtin: Table,
    /// The lines of all persons, in the order of reading.
    pub(in crate::config) lines: Vec<Line>,
    /// The folder of each file, by the number under which its places appear.
    pub(in crate::config) folders: BTreeMap<u32, PathBuf>,
    /// The main file as a whole.
    pub(in crate::config) main: Place,
    /// What is wrong so far.
    pub(in crate::config) problems: Vec<Problem>,
    /// Whether a part could not be read, so that something that seems missing may be there.
    pub(in crate::config) incomplete: bool,
}

/// The line of a person.
pub(in crate::config) struct Line {
    pub(in crate::config) group: String,
    pub(in crate::config) user: String,
    pub(in crate::config) place: Place,
    pub(in crate::config) node: Node,
}

/// Reads a configuration.
pub(in crate::config) fn gather(main: &Path, files: &dyn Files) -> Gathered {
    let name = main.display().to_string();
    let main_place = Place { order: 1, file: name.as_str().into(), line: 0, column: 0 };
    let mut reader = Reader {
        files,
        gathered: Gathered {
            root: Table::default(),
            builtin: Table::default(),
            lines: Vec::new(),
            folders: BTreeMap::new(),
            main: main_place.clone(),
            problems: Vec::new(),
            incomplete: false,
        },
        next: 0,
        open: Vec::new(),
        done: BTreeSet::new(),
    };
    let folder = folder_of(main);
    reader.content("default.toml", default_file().into(), &folder);
    let gathered = &mut reader.gathered;
    if let Some(Node { value: Value::Table(defaults), .. }) = gathered.root.take("defaults") {
        gathered.builtin = defaults;
    }
    reader.file(main, &main_place);
    reader.gathered
}

struct Reader<'a> {
    files: &'a dyn Files,
    gathered: Gathered,
    /// The number of the next file.
    next: u32,
    /// The files that are being read, each included by the one before it.
    open: Vec<(PathBuf, String)>,
    /// The files that have been read.
    done: BTreeSet<PathBuf>,
}

impl Reader<'_> {
    /// Reads a file that is named at `asked`.
    fn file(&mut self, path: &Path, asked: &Place) {
        let name = path.display().to_string();
        let identity = self.files.identity(path);
        if self.open.iter().any(|(open, _)| *open == identity) {
            let includer = self.open.last().map(|(_, name)| name.clone()).unwrap_or_default();
            return self.report(asked, Fault::IncludeCycle { path: name, includer });
        }
        if !self.done.insert(identity.clone()) {
            return;
        }
        match self.files.read(path) {
            Ok(bytes) => {
                self.open.push((identity, name.clone()));
                self.content(&name, bytes, &folder_of(path));
                self.open.pop();
            }
            Err(error) => {
                self.gathered.incomplete = true;
                self.report(asked, Fault::Unreadable { path: name, reason: error.to_string() });
            }
        }
    }

    /// Takes in the content of a file and then the files that it includes.
    fn content(&mut self, name: &str, bytes: Vec<u8>, folder: &Path) {
        let order = self.next;
        self.next = self.next.saturating_add(1);
        self.gathered.folders.insert(order, folder.to_owned());
        let document = match Document::decode(order, name, bytes) {
            Ok(document) => document,
            Err(problem) => {
                self.gathered.incomplete = true;
                self.gathered.problems.push(*problem);
                return;
            }
        };
        let (root, slips) = tree::parse(&document);
        let mut found = Vec::new();
        let mut root = check(root, folder, &mut found);
        // What the check says about a line that is no TOML, or about what an open bracket swallowed, is only an echo.
        let broken: BTreeSet<u32> = slips.iter().map(|slip| slip.place.line).collect();
        let open = slips.iter().find(|slip| slip.is_open_bracket()).map(|slip| slip.place.clone());
        let sound = |place: &Place| open.as_ref().is_none_or(|open| place < open);
        found.retain(|problem| sound(&problem.place) && !broken.contains(&problem.place.line));
        self.gathered.incomplete |= !slips.is_empty();
        self.gathered.problems.extend(slips);
        self.gathered.problems.append(&mut found);

        let includes = root.take("include");
        self.lines(root.take("mailboxes"));
        for entry in root.0 {
            match self.gathered.root.0.iter_mut().find(|known| known.key == entry.key) {
                Some(known) => known.node.overlay(entry.node),
                None => self.gathered.root.0.push(entry),
            }
        }
        let Some(Node { value: Value::List(patterns), .. }) = includes else { return };
        for pattern in patterns.into_iter().filter(|pattern| sound(&pattern.place)) {
            if let Some(text) = pattern.text() {
                self.include(text, folder, &pattern.place);
            }
        }
    }

    fn lines(&mut self, mailboxes: Option<Node>) {
        let Some(Node { value: Value::Table(groups), .. }) = mailboxes else { return };
        let mut found = Vec::new();
        for group in groups.0 {
            let Value::Table(lines) = group.node.value else { continue };
            found.extend(lines.0.into_iter().map(|line| Line {
                group: group.key.clone(),
                user: line.key,
                place: line.place,
                node: line.node,
            }));
        }
        found.sort_by(|left, right| left.place.cmp(&right.place));
        self.gathered.lines.append(&mut found);
    }

    fn include(&mut self, pattern: &str, folder: &Path, asked: &Place) {
        let (inner, name) = pattern.rsplit_once('/').map_or(("", pattern), |split| split);
        let folder = match (inner, pattern.starts_with('/')) {
            ("", false) => folder.to_owned(),
            ("", true) => PathBuf::from("/"),
            (inner, _) => folder.join(inner),
        };
        if !name.contains(['*', '?']) {
            return self.file(&folder.join(name), asked);
        }
        let mut names = match self.files.names(&folder) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                self.gathered.incomplete = true;
                let path = folder.display().to_string();
                return self.report(asked, Fault::Unreadable { path, reason: error.to_string() });
            }
        };
        names.retain(|candidate| matches(name, candidate));
        names.sort();
        if names.is_empty() {
            let pattern = pattern.to_owned();
            let problem = Problem::warning(asked.clone(), Fault::IncludeNothing { pattern });
            self.gathered.problems.push(problem);
        }
        for name in names {
            self.file(&folder.join(name), asked);
        }
    }

    fn report(&mut self, place: &Place, fault: Fault) {
        self.gathered.problems.push(Problem::error(place.clone(), fault));
    }
}

/// Returns the folder in which a file lies.
fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_owned).unwrap_or_default()
}

/// Compares a file name with a pattern in which `*` stands for any letters and `?` for one. Names that start with a
/// dot are matched only by patterns that do, so that an editor's swap file is not taken for a configuration.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    // The set of places in the pattern at which the name so far may stand.
    let skip_stars = |mut at: BTreeSet<usize>| {
        let mut open: Vec<usize> = at.iter().copied().collect();
        while let Some(index) = open.pop() {
            if pattern.get(index) == Some(&'*') && at.insert(index + 1) {
                open.push(index + 1);
            }
        }
        at
    };
    let mut at = skip_stars(BTreeSet::from([0]));
    for letter in name.chars() {
        let next = at.iter().filter_map(|index| match pattern.get(*index) {
            Some('*') => Some(*index),
            Some('?') => Some(index + 1),
            Some(wanted) if *wanted == letter => Some(index + 1),
            _ => None,
        });
        at = skip_stars(next.collect());
    }
    at.contains(&pattern.len())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, name) in
            [("*.toml", "a.toml"), ("*", "x"), ("a?c*", "abc"), ("*a*a*", "xaxax"), ("ü.*", "ü.t")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("*.toml", "a.toml~"), ("*.toml", ".a.toml"), ("?", ""), ("a", "ab"), ("", "a")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
