//! Effect: the file of an adapter library: who may write it, what is in it, and loading just that.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::LoadError;

/// Why a file may be loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    /// It lies beside the executable and is trusted like it.
    Shipped,
    /// Its content has this digest.
    Digest([u8; 32]),
    /// An administrator asked to look at it.
    Asked,
}

/// A file that passed the checks and may be loaded.
pub(super) struct Candidate {
    path: PathBuf,
    sha256: [u8; 32],
    trust: Trust,
    #[cfg_attr(windows, expect(dead_code, reason = "Windows loads the file that is held open"))]
    bytes: Vec<u8>,
    /// On Windows this keeps everybody from writing, renaming and deleting the file until it is loaded.
    _held: File,
}

impl Candidate {
    /// Opens the file, checks who may write it, and hashes its content.
    pub(super) fn read(path: &Path, trust: Trust) -> Result<Self, LoadError> {
        let unreadable =
            |source: io::Error| LoadError::Unreadable { path: path.to_path_buf(), source };
        let canonical = path.canonicalize().map_err(unreadable)?;
        let mut file = hold(&canonical).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(LoadError::NotAFile { path: canonical });
        }
        refuse_world_writable(&canonical, &metadata)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(unreadable)?;
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        if let Trust::Digest(expected) = trust
            && expected != sha256
        {
            return Err(LoadError::Digest {
                path: canonical,
                expected: hex(&expected),
                found: hex(&sha256),
            });
        }
        Ok(Self { path: canonical, sha256, trust, bytes, _held: file })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// Loads the library. What was hashed is what is loaded.
    pub(super) fn load(&self) -> Result<libloading::Library, LoadError> {
        if self.trust == Trust::Shipped { self.load_from(&self.path) } else { self.load_hashed() }
    }

    #[cfg(not(windows))]
    fn load_hashed(&self) -> Result<libloading::Library, LoadError> {
        let copy = private::Copy::of(&self.bytes)
            .map_err(|source| LoadError::Copy { folder: std::env::temp_dir(), source })?;
        // The copy may go as soon as it is mapped; dropping it removes it.
        self.load_from(copy.path())
    }

    #[cfg(windows)]
    fn load_hashed(&self) -> Result<libloading::Library, LoadError> {
        self.load_from(&self.path)
    }

    #[cfg(not(windows))]
    #[allow(unsafe_code)]
    fn load_from(&self, file: &Path) -> Result<libloading::Library, LoadError> {
        // SAFETY: loading runs the library's initialisers. The administrator trusts this content: it is the executable's
        // neighbour, has the digest of the configuration, or was named on the command line for inspection.
        unsafe { libloading::Library::new(file) }
            .map_err(|source| LoadError::Unloadable { path: self.path.clone(), source })
    }

    #[cfg(windows)]
    #[allow(unsafe_code)]
    fn load_from(&self, file: &Path) -> Result<libloading::Library, LoadError> {
        use libloading::os::windows::{
            LOAD_LIBRARY_SEARCH_DEFAULT_DIRS, LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR, Library,
        };
        // What the library needs is looked up in its own folder and the system's, never in the current one.
        let flags = LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR | LOAD_LIBRARY_SEARCH_DEFAULT_DIRS;
        // SAFETY: loading runs the library's initialisers. The administrator trusts this content: it is the executable's
        // neighbour, has the digest of the configuration, or was named on the command line for inspection.
        unsafe { Library::load_with_flags(file, flags) }
            .map(Into::into)
            .map_err(|source| LoadError::Unloadable { path: self.path.clone(), source })
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(not(windows))]
fn hold(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(windows)]
fn hold(path: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_SHARE_READ: u32 = 1;
    File::options().read(true).share_mode(FILE_SHARE_READ).open(path)
}

/// Refuses a file that everybody may write, and one in a folder where everybody may put another in its place.
#[cfg(unix)]
fn refuse_world_writable(path: &Path, metadata: &std::fs::Metadata) -> Result<(), LoadError> {
    use std::os::unix::fs::PermissionsExt;
    const OTHERS_WRITE: u32 = 0o002;
    const STICKY: u32 = 0o1000;
    if metadata.permissions().mode() & OTHERS_WRITE != 0 {
        return Err(LoadError::WorldWritable { path: path.to_path_buf() });
    }
    if let Some(folder) = path.parent()
        && let Ok(metadata) = folder.metadata()
        && metadata.permissions().mode() & (OTHERS_WRITE | STICKY) == OTHERS_WRITE
    {
        return Err(LoadError::WorldWritable { path: folder.to_path_buf() });
    }
    Ok(())
}

/// On Windows the rights of a file are inherited from its folder, and `Program Files` lets only administrators write. The
/// digest and the held file guard a vendor's library; a shipped one is as safe as the executable beside it.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "called alike on every system")]
fn refuse_world_writable(_: &Path, _: &std::fs::Metadata) -> Result<(), LoadError> {
    Ok(())
}

#[cfg(not(windows))]
mod private {
    use std::fs::{DirBuilder, OpenOptions};
    use std::io::{self, Write};
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    use std::path::{Path, PathBuf};

    /// A copy that nobody but this account can see, in a folder of its own; removed when dropped.
    pub(super) struct Copy {
        folder: PathBuf,
        path: PathBuf,
    }

    impl Copy {
        pub(super) fn of(bytes: &[u8]) -> io::Result<Self> {
            let mut random = [0; 16];
            getrandom::fill(&mut random).map_err(io::Error::other)?;
            let folder = std::env::temp_dir().join(format!("abgleich-{}", super::hex(&random)));
            // Creating fails if something is there already, so nobody can have prepared the folder.
            DirBuilder::new().mode(0o700).create(&folder)?;
            let copy = Self { path: folder.join("adapter"), folder };
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o500).open(&copy.path)?;
            file.write_all(bytes)?;
            Ok(copy)
        }

        pub(super) fn path(&self) -> &Path {
            &self.path
        }
    }

    impl Drop for Copy {
        fn drop(&mut self) {
            // What is left behind in the folder for temporary files does no harm.
            let _ = std::fs::remove_file(&self.path);
            let _ = std::fs::remove_dir(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Candidate, Trust, hex};
    use crate::source::library::LoadError;

    /// The digest of "abc" is the example of FIPS 180-2, appendix B.1.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn another_content_than_the_configured_one_is_refused_with_both_digests() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.so");
        std::fs::write(&path, "abc").unwrap();
        let Err(error) = Candidate::read(&path, Trust::Digest([0; 32])) else { panic!("accepted") };
        let LoadError::Digest { found, expected, .. } = error else { panic!("{error}") };
        assert_eq!((found.as_str(), expected), (ABC, hex(&[0; 32])));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_or_folder_that_everybody_may_write_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.so");
        std::fs::write(&path, "abc").unwrap();
        let mode = |path: &std::path::Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        let refused =
            || matches!(Candidate::read(&path, Trust::Asked), Err(LoadError::WorldWritable { .. }));
        assert!(!refused());
        mode(&path, 0o666);
        assert!(refused(), "the file");
        mode(&path, 0o644);
        mode(folder.path(), 0o777);
        assert!(refused(), "the folder");
    }
}
