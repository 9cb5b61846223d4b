//! The files of the repository.

use std::fs;
use std::path::{Path, PathBuf};

use crate::words::{Word, words};

/// A source file.
pub(crate) struct Source {
    /// Where it is, from the root of the repository, with `/` on every system.
    pub(crate) name: String,
    /// What is in it.
    pub(crate) text: String,
}

impl Source {
    /// Takes the file apart.
    pub(crate) fn words(&self) -> Vec<Word> {
        words(&self.text)
    }

    /// The comment at the top, which says what the module is.
    pub(crate) fn head(&self) -> String {
        let lines = self.text.lines().take_while(|line| line.starts_with("//!"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Whether the file is in a folder, or is the file of that name with any ending.
    pub(crate) fn is_of(&self, place: &str) -> bool {
        let rest = self.name.strip_prefix(place);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
    }

    /// Whether the file holds nothing but tests.
    pub(crate) fn is_test(&self) -> bool {
        self.name.split('/').any(|part| ["tests", "tests.rs", "smoke.rs"].contains(&part))
    }

    /// The names of the modules that lead to this one, below the crate: `src/ews/xml/reader.rs` is `ews, xml, reader`.
    pub(crate) fn module(&self) -> Vec<String> {
        let inside = self.name.split_once("src/").map_or(self.name.as_str(), |(_, inside)| inside);
        let path = inside.strip_suffix(".rs").unwrap_or(inside);
        path.split('/').filter(|part| !["lib", "main"].contains(part)).map(str::to_owned).collect()
    }
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files below a folder of the repository, by name.
pub(crate) fn sources(folder: &str) -> Vec<Source> {
    let mut files = Vec::new();
    collect(&root().join(folder), &mut files);
    files.sort();
    let name = |file: &Path| {
        let parts = file.strip_prefix(root()).expect("a file below the root");
        parts.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
    };
    files
        .iter()
        .map(|file| Source {
            name: name(file),
            text: fs::read_to_string(file).expect("a source file in UTF-8"),
        })
        .collect()
}

/// All Rust files that are ours: the product, the plugins, what the fixtures are made with, and the tests.
pub(crate) fn everything() -> Vec<Source> {
    ["src", "plugins", "fixtures", "tests", "benches"].into_iter().flat_map(sources).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository") {
        let path = entry.expect("an entry of the folder").path();
        let own = path.file_name().is_some_and(|name| name != "target");
        if path.is_dir() && own {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}
