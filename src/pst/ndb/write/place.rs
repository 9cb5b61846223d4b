//! Where a file is, and whether it can be written there safely (effect: it asks the system).
//!
//! A network share neither locks nor orders writes in a way that can be relied on. A folder that is kept in step with a cloud
//! may be read, replaced or locked by its program at any moment. Both are told by what the system shows without special
//! rights; a share on systems other than Linux and Windows, or a cloud folder under a name of its own, goes unnoticed.

use std::fmt;
use std::path::{Component, Path, Prefix};

use super::rescue::folder_of;

/// Why a place is not a good one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    /// The file is on a network share.
    NetworkShare,
    /// The file is in a folder that is kept in step with a cloud.
    CloudFolder {
        /// The folder's name, or what else gives it away.
        by: String,
    },
}

impl fmt::Display for Concern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NetworkShare => write!(
                f,
                "the file is on a network share, where locks and the order of writes cannot be relied on"
            ),
            Self::CloudFolder { by } => write!(
                f,
                "the file is in a folder that is kept in step with a cloud ({by}): the program that does so can replace \
                 it, or make copies of it half-written; a folder outside is safer"
            ),
        }
    }
}

/// Returns what is to be said about the place of a file that exists or is to be made.
pub fn concerns(path: &Path) -> Vec<Concern> {
    // A file that is to be made is where its folder is. What cannot be found fails when it is opened.
    let name = path.file_name().unwrap_or_default();
    let made = || folder_of(path).canonicalize().map(|folder| folder.join(name));
    let real = path.canonicalize().or_else(|_| made()).unwrap_or_else(|_| path.to_owned());
    let mut concerns = Vec::new();
    if is_remote(path) || is_remote(&real) || is_on_remote_mount(&real) {
        concerns.push(Concern::NetworkShare);
    }
    let by = cloud_by_name(&real).or_else(|| cloud_by_attributes(&real));
    concerns.extend(by.map(|by| Concern::CloudFolder { by }));
    concerns
}

/// Says whether a path of Windows leads to another machine. Letters of mapped drives are resolved when a path is made real.
fn is_remote(path: &Path) -> bool {
    matches!(
        path.components().next(),
        Some(Component::Prefix(prefix))
            if matches!(prefix.kind(), Prefix::UNC(..) | Prefix::VerbatimUNC(..))
    )
}

#[cfg(target_os = "linux")]
fn is_on_remote_mount(path: &Path) -> bool {
    std::fs::read_to_string("/proc/self/mountinfo")
        .is_ok_and(|mounts| is_remote_mount(&mounts, path))
}

#[cfg(not(target_os = "linux"))]
fn is_on_remote_mount(_: &Path) -> bool {
    false
}

/// File systems whose files are somewhere else.
#[cfg(any(target_os = "linux", test))]
const REMOTE: [&str; 22] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "9p",
    "ceph",
    "lustre",
    "davfs",
    "vboxsf",
    "prl_fs",
    "fuse.sshfs",
    "fuse.rclone",
    "fuse.davfs2",
    "fuse.glusterfs",
    "fuse.smbnetfs",
    "fuse.gvfsd-fuse",
    "fuse.s3fs",
    "fuse.ceph",
    "fuse.vmhgfs-fuse",
];

/// Looks a path up in Linux's list of mounts, proc(5): the deepest mount decides, of several at one place the last.
#[cfg(any(target_os = "linux", test))]
fn is_remote_mount(mounts: &str, path: &Path) -> bool {
    use std::path::PathBuf;

    let mut deepest: Option<(PathBuf, &str)> = None;
    for line in mounts.lines() {
        let Some((before, after)) = line.split_once(" - ") else { continue };
        let (Some(point), Some(kind)) = (before.split(' ').nth(4), after.split(' ').next()) else {
            continue;
        };
        // Blanks in names are written as octal numbers.
        let point = PathBuf::from(point.replace("\\040", " ").replace("\\011", "\t"));
        let is_deeper = deepest.as_ref().is_none_or(|(found, _)| point.starts_with(found));
        if path.starts_with(&point) && is_deeper {
            deepest = Some((point, kind));
        }
    }
    deepest.is_some_and(|(_, kind)| REMOTE.contains(&kind))
}

/// Names of folders that such programs make, in lower case; what follows may be a company or a person.
const CLOUDS: [&str; 20] = [
    "onedrive",
    "dropbox",
    "google drive",
    "googledrive",
    "my drive",
    "meine ablage",
    "iclouddrive",
    "icloud drive",
    "mobile documents",
    "cloudstorage",
    "nextcloud",
    "owncloud",
    "box sync",
    "megasync",
    "pcloud",
    "synologydrive",
    "magentacloud",
    "hidrive",
    "proton drive",
    "seafile",
];

fn cloud_by_name(path: &Path) -> Option<String> {
    folder_of(path).components().find_map(|part| {
        let name = part.as_os_str().to_string_lossy();
        let lower = name.to_lowercase();
        let is_cloud = CLOUDS.iter().any(|cloud| {
            lower.strip_prefix(cloud).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
        });
        is_cloud.then(|| name.into_owned())
    })
}

/// Windows marks files that a cloud's program keeps, or would have to fetch first.
#[cfg(windows)]
fn cloud_by_attributes(path: &Path) -> Option<String> {
    use std::os::windows::fs::MetadataExt;

    /// RECALL_ON_OPEN, PINNED, UNPINNED, RECALL_ON_DATA_ACCESS.
    const KEPT: u32 = 0x0004_0000 | 0x0008_0000 | 0x0010_0000 | 0x0040_0000;
    let attributes = [path, folder_of(path)].into_iter().filter_map(|path| path.metadata().ok());
    let mut attributes = attributes.map(|metadata| metadata.file_attributes());
    attributes.find(|bits| bits & KEPT != 0).map(|bits| format!("attributes {bits:#x}"))
}

#[cfg(not(windows))]
fn cloud_by_attributes(_: &Path) -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Concern, cloud_by_name, concerns, is_remote_mount};

    #[test]
    fn folders_of_clouds_are_known_by_their_names() {
        let by = |path: &str| cloud_by_name(Path::new(path));
        assert_eq!(by("/h/OneDrive - Firma GmbH/a.pst").as_deref(), Some("OneDrive - Firma GmbH"));
        assert_eq!(by("/h/Dropbox/x/a.pst").as_deref(), Some("Dropbox"));
        assert_eq!(by("/h/Dropbox (Personal)/a.pst").as_deref(), Some("Dropbox (Personal)"));
        assert_eq!(by("/Users/h/Library/CloudStorage/x/a.pst").as_deref(), Some("CloudStorage"));
        assert_eq!(by("/h/Dropboxes/a.pst"), None);
        assert_eq!(by("/h/Documents/OneDrive.pst"), None, "it is the folders that count");
    }

    /// Lines as proc(5) shows them.
    #[test]
    fn the_deepest_mount_decides() {
        let mounts = "22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n\
            40 22 0:45 / /srv/share rw,relatime shared:20 - cifs //server/share rw\n\
            41 40 8:2 / /srv/share/local rw - ext4 /dev/sdb1 rw\n\
            42 22 0:46 / /srv/two\\040words rw - nfs4 server:/x rw\n";
        let is = |path: &str| is_remote_mount(mounts, Path::new(path));
        assert!(is("/srv/share/a.pst"));
        assert!(!is("/srv/share/local/a.pst"));
        assert!(is("/srv/two words/a.pst"));
        assert!(!is("/srv/shared/a.pst"));
        assert!(!is_remote_mount("", Path::new("/a")));
    }

    #[test]
    fn a_folder_for_temporary_files_is_a_good_place() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(concerns(&folder.path().join("a.pst")), []);
        let cloud = folder.path().join("OneDrive");
        std::fs::create_dir(&cloud).unwrap();
        let by = "OneDrive".to_owned();
        let expected = [Concern::CloudFolder { by }];
        assert_eq!(concerns(&cloud.join("a.pst")), expected, "one that is to be made");
        std::fs::write(cloud.join("a.pst"), b"").unwrap();
        assert_eq!(concerns(&cloud.join("a.pst")), expected);
    }
}
