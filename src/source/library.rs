//! Effect: adapter libraries on disk and in memory. This module and the ones below it are the only place of the product that
//! touches the C interface; `plugins/include/abgleich_plugin.h` is its contract.
//!
//! A vendor's library is loaded only when its content has the digest of the configuration, and what is hashed is what is
//! loaded: on Unix the hashed bytes are written to a private file and that one is loaded; on Windows the file is held open
//! so that nobody can write, rename or delete it between hashing and loading. A library is never unloaded: nobody can know
//! whether it still has threads or destructors of its own.

mod error;
mod file;
mod instance;
mod table;

use std::collections::BTreeMap;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use abgleich_plugin::abi;

pub use error::LoadError;
pub(in crate::source) use instance::{Instance, ask_unopened};

/// Which adapter library to load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// One that ships with abgleich.
    Shipped {
        /// Its name, such as `sqlite`.
        name: String,
        /// The folder it is looked up in: that of the executable, see [`beside_executable`].
        folder: PathBuf,
    },
    /// A vendor's, loaded only when its content has this digest.
    File {
        /// Where it is.
        path: PathBuf,
        /// The SHA-256 of its content.
        sha256: [u8; 32],
    },
}

/// Returns the folder of the running executable, the only place where shipped adapters are looked up.
pub fn beside_executable() -> Result<PathBuf, LoadError> {
    let no_folder = |source| LoadError::NoExecutable { source };
    let executable = std::env::current_exe().and_then(|path| path.canonicalize());
    let executable = executable.map_err(|error| no_folder(Some(error)))?;
    executable.parent().map(Path::to_path_buf).ok_or_else(|| no_folder(None))
}

/// Returns the file name of a shipped adapter on this platform, such as `libabgleich_sqlite.so`.
pub fn file_name(name: &str) -> String {
    format!("{DLL_PREFIX}abgleich_{}{DLL_SUFFIX}", name.replace('-', "_"))
}

/// A loaded adapter library.
pub struct Library {
    path: PathBuf,
    sha256: [u8; 32],
    name: String,
    version: String,
    vendor: String,
    table: table::Checked,
}

impl Library {
    /// Loads an adapter library, or finds it among those loaded before.
    pub fn load(adapter: &Adapter) -> Result<&'static Self, LoadError> {
        match adapter {
            Adapter::Shipped { name, folder } => {
                let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
                if name.is_empty() || !name.chars().all(plain) {
                    return Err(LoadError::Name { name: name.clone() });
                }
                Self::open(&folder.join(file_name(name)), file::Trust::Shipped)
            }
            Adapter::File { path, sha256 } => Self::open(path, file::Trust::Digest(*sha256)),
        }
    }

    /// Loads a library that an administrator wants to look at, whatever its digest.
    pub fn inspect(path: &Path) -> Result<&'static Self, LoadError> {
        Self::open(path, file::Trust::Asked)
    }

    fn open(path: &Path, trust: file::Trust) -> Result<&'static Self, LoadError> {
        static LOADED: Mutex<BTreeMap<(PathBuf, [u8; 32]), &'static Library>> =
            Mutex::new(BTreeMap::new());
        let candidate = file::Candidate::read(path, trust)?;
        let key = (candidate.path().to_path_buf(), *candidate.sha256());
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = loaded.get(&key) {
            return Ok(library);
        }
        let library: &'static Self = Box::leak(Box::new(Self::from_candidate(&candidate)?));
        loaded.insert(key, library);
        Ok(library)
    }

    fn from_candidate(candidate: &file::Candidate) -> Result<Self, LoadError> {
        let path = candidate.path().to_path_buf();
        let table = table::Checked::new(candidate.load()?, &path)?;
        Ok(Self {
            name: table.name(&path)?,
            version: table.version(&path)?,
            vendor: table.vendor(&path)?,
            sha256: *candidate.sha256(),
            path,
            table,
        })
    }

    /// Returns where the library is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the SHA-256 of its content.
    pub const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Returns the adapter's name for itself.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the adapter's version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Returns who makes the adapter.
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// Returns major and minor version of the interface that the adapter speaks.
    pub const fn abi(&self) -> (u16, u16) {
        let header = self.table.header();
        (header.abi_major, header.abi_minor)
    }
}

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Library")
            .field("path", &self.path)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The version of the interface that this build speaks.
pub const ABI: (u16, u16) = (abi::ABI_MAJOR, abi::ABI_MINOR);
