//! Pure: why a library is not an adapter that may be used.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use abgleich_plugin::abi::{ABI_MAJOR, SYMBOL};

use crate::reason::Advice;

/// Why a library could not be loaded, or is not an adapter.
#[derive(Debug)]
pub enum LoadError {
    /// It is not known where the executable is, so shipped adapters cannot be found.
    NoExecutable {
        /// What the system said.
        source: Option<io::Error>,
    },
    /// This is not a name that a shipped adapter could have.
    Name {
        /// The name.
        name: String,
    },
    /// The file is not there, or cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is something else than a file.
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// Everybody may write the file or replace it.
    WorldWritable {
        /// The file or the folder.
        path: PathBuf,
    },
    /// The content is not the one that the configuration names.
    Digest {
        /// The file.
        path: PathBuf,
        /// The digest of the configuration, in hexadecimal.
        expected: String,
        /// The digest of the file, in hexadecimal.
        found: String,
    },
    /// No private copy could be made.
    Copy {
        /// The folder for temporary files.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system does not load it: no library, one for another system, or one that lacks another library.
    Unloadable {
        /// The file.
        path: PathBuf,
        /// What the loader said.
        source: libloading::Error,
    },
    /// It is a library and does not export the symbol of an adapter.
    NoSymbol {
        /// The file.
        path: PathBuf,
    },
    /// The exported function returned no table, or one whose magic is not an adapter's.
    NotAnAdapter {
        /// The file.
        path: PathBuf,
    },
    /// It speaks another major version of the interface.
    Abi {
        /// The file.
        path: PathBuf,
        /// Major and minor version it speaks.
        found: (u16, u16),
    },
    /// Its table is too short for the version that it claims.
    TooSmall {
        /// The file.
        path: PathBuf,
        /// The size it claims, in bytes.
        found: u32,
        /// The size it must have at least, in bytes.
        expected: usize,
    },
    /// A function or a text that must be there is missing or unreadable.
    Incomplete {
        /// The file.
        path: PathBuf,
        /// Which.
        what: &'static str,
    },
}

impl LoadError {
    /// Returns what the administrator can do about it.
    pub fn hint(&self) -> Advice {
        match self {
            Self::NoExecutable { .. } => Advice::new(
                "abgleich mit vollem Pfad aus einem Ordner starten, den es lesen darf",
                "start abgleich by its full path from a folder that it may read",
            ),
            Self::Name { .. } => Advice::new(
                "ein mitgelieferter Adapter geht nach seinem Namen, etwa \"sqlite\"; der eines Herstellers nach { file = '…', sha256 = \"…\" }",
                "a shipped adapter goes by its name, such as \"sqlite\"; a vendor's by { file = '…', sha256 = \"…\" }",
            ),
            Self::Unreadable { path, .. } | Self::NotAFile { path } => Advice::naming(
                format!(
                    "den Adapter dieser Quelle prüfen; mitgelieferte Adapter liegen neben dem Programm, hier wäre das {}",
                    path.display()
                ),
                format!(
                    "check the adapter of this source; shipped adapters lie beside the executable, here that would be {}",
                    path.display()
                ),
            ),
            Self::WorldWritable { path } => Advice::naming(
                format!("allen das Recht nehmen, sie zu ändern: chmod o-w {}", path.display()),
                format!("take away everybody's right to write: chmod o-w {}", path.display()),
            ),
            Self::Digest { .. } => Advice::new(
                "wer die Bibliothek selbst ersetzt hat, sieht sie mit `plugin inspect` an und trägt ihre neue SHA-256 in die Konfiguration \
                 ein; sonst war es jemand anderes",
                "if you have replaced the library yourself, look at it with `plugin inspect` and put its new SHA-256 into the \
                 configuration; else somebody else has",
            ),
            Self::Copy { .. } => Advice::new(
                "dort Platz schaffen, oder TMPDIR (Windows: TEMP) auf einen Ordner des eigenen Dienstkontos zeigen lassen",
                "make room there, or point TMPDIR (Windows: TEMP) to a folder of the service's own account",
            ),
            Self::Unloadable { .. } => Advice::new(
                "er muss für dieses System und diesen Prozessor gebaut und jede Bibliothek, die er braucht, muss installiert sein; wo \
                 Programme in temporären Ordnern nicht laufen dürfen (noexec), TMPDIR auf einen zeigen lassen, wo sie es dürfen",
                "it must be built for this system and processor, and every library it needs must be installed; where temporary \
                 files may not be executed (noexec), point TMPDIR to a folder where they may",
            ),
            Self::NoSymbol { .. } | Self::NotAnAdapter { .. } => Advice::new(
                "den Pfad prüfen; ein Adapter wird gegen plugins/include/abgleich_plugin.h gebaut",
                "check the path; an adapter is built against plugins/include/abgleich_plugin.h",
            ),
            Self::Abi { found: (major, _), .. } if *major > ABI_MAJOR => Advice::new(
                "abgleich aktualisieren, oder den Hersteller nach einem Adapter der älteren Schnittstelle fragen",
                "update abgleich, or ask the vendor for an adapter of the older interface",
            ),
            Self::Abi { .. } => Advice::new(
                "den Hersteller nach einem Adapter der heutigen Schnittstelle fragen",
                "ask the vendor for an adapter of the current interface",
            ),
            Self::TooSmall { .. } | Self::Incomplete { .. } => Advice::new(
                "der Adapter ist kaputt; seinen Hersteller fragen und diese Meldung nennen",
                "the adapter is broken; ask its vendor, and name this message",
            ),
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExecutable { .. } => f.write_str("the folder of the executable is not known"),
            Self::Name { name } => write!(f, "`{name}` is not the name of an adapter"),
            Self::Unreadable { path, .. } => {
                write!(f, "the adapter {} cannot be read", path.display())
            }
            Self::NotAFile { path } => {
                write!(f, "the adapter {} is not a file", path.display())
            }
            Self::WorldWritable { path } => write!(
                f,
                "everybody may write {}, so nobody knows what would be loaded",
                path.display()
            ),
            Self::Digest { path, expected, found } => write!(
                f,
                "the adapter {} has the SHA-256 {found}, the configuration says {expected}",
                path.display()
            ),
            Self::Copy { folder, .. } => {
                write!(f, "no private copy of the adapter could be made in {}", folder.display())
            }
            Self::Unloadable { path, .. } => {
                write!(f, "the system does not load the adapter {}", path.display())
            }
            Self::NoSymbol { path } => {
                write!(f, "{} is no adapter: it does not export `{SYMBOL}`", path.display())
            }
            Self::NotAnAdapter { path } => write!(
                f,
                "{} is no adapter: what `{SYMBOL}` returns is not an adapter's table",
                path.display()
            ),
            Self::Abi { path, found: (major, minor) } => write!(
                f,
                "the adapter {} speaks version {major}.{minor} of the interface, this abgleich speaks {ABI_MAJOR}",
                path.display()
            ),
            Self::TooSmall { path, found, expected } => write!(
                f,
                "the table of the adapter {} has {found} bytes and must have {expected}",
                path.display()
            ),
            Self::Incomplete { path, what } => {
                write!(f, "the table of the adapter {} lacks {what}", path.display())
            }
        }
    }
}

impl Error for LoadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoExecutable { source } => source.as_ref().map(|source| source as _),
            Self::Unreadable { source, .. } | Self::Copy { source, .. } => Some(source),
            Self::Unloadable { source, .. } => Some(source),
            _ => None,
        }
    }
}
