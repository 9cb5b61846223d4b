//! The C interface: the header, the published schemas, and libraries that are no adapter of this version.

use std::fs;
use std::path::{Path, PathBuf};

use abgleich::source::SourceErrorKind;
use abgleich::source::library::{Adapter, Library, LoadError};
use abgleich::source::plugin::{Limits, inspect};
use abgleich_plugin::abi;
use abgleich_plugin::schema;
use sha2::{Digest, Sha256};

use crate::built;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// After a wanted change of the messages: ABGLEICH_WRITE_SCHEMAS=1 cargo test --test source schemas.
#[test]
fn the_published_schemas_are_those_of_the_messages() {
    let folder = root().join("plugins/include/schemas");
    let mut names = Vec::new();
    for (name, schema) in schema::all() {
        let path = folder.join(name);
        if std::env::var_os("ABGLEICH_WRITE_SCHEMAS").is_some() {
            let text = serde_json::to_string_pretty(&schema).unwrap();
            fs::write(&path, text + "\n").unwrap();
        }
        let committed: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(committed, *schema.as_value(), "{name}");
        names.push(name.to_owned());
    }
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort_unstable();
    assert_eq!(files, names, "no schema is left over");
}

/// What the header says of sizes and places, written by the C compiler, is what the SDK's tables have.
#[cfg(unix)]
#[test]
fn the_header_compiles_as_c_and_as_cpp_and_agrees_with_the_sdk() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("header.c");
    let program = folder.path().join("header");
    fs::write(
        &source,
        r#"
        #include "abgleich_plugin.h"
        #include <stdio.h>
        const abgleich_adapter *abgleich_adapter_v1(void) {
            static const abgleich_adapter table = { sizeof(abgleich_adapter), ABGLEICH_ABI_MAJOR,
                ABGLEICH_ABI_MINOR, ABGLEICH_MAGIC, "c", "1", "tests", 0, 0, 0, 0, 0 };
            return &table;
        }
        int main(void) {
            printf("%zu %zu %zu %zu %zu %zu %zu %zu %zu %d %d %.8s", sizeof(abgleich_adapter),
                offsetof(abgleich_adapter, magic), offsetof(abgleich_adapter, name),
                offsetof(abgleich_adapter, open), offsetof(abgleich_adapter, cancel),
                offsetof(abgleich_adapter, close), sizeof(abgleich_host),
                offsetof(abgleich_host, cancelled), sizeof(abgleich_bytes), ABGLEICH_ABI_MAJOR,
                ABGLEICH_ABI_MINOR, (const char *)abgleich_adapter_v1()->magic);
            return 0;
        }
        "#,
    )
    .unwrap();
    let compile = |language: &str, standard: &str| {
        let mut cc =
            std::process::Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
        cc.args(["-x", language, standard, "-Wall", "-Wextra", "-Wpedantic", "-Werror"]);
        cc.arg("-I").arg(root().join("plugins/include")).arg(&source).arg("-o").arg(&program);
        let out = cc.output().unwrap();
        assert!(out.status.success(), "{language}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(std::process::Command::new(&program).output().unwrap().stdout).unwrap()
    };
    let expected = format!(
        "{} {} {} {} {} {} {} {} {} {} {} ABGLEICH",
        size_of::<abi::Table>(),
        std::mem::offset_of!(abi::Header, magic),
        std::mem::offset_of!(abi::Table, name),
        std::mem::offset_of!(abi::Table, open),
        std::mem::offset_of!(abi::Table, cancel),
        std::mem::offset_of!(abi::Table, close),
        size_of::<abi::Host>(),
        std::mem::offset_of!(abi::Host, cancelled),
        size_of::<abi::Bytes>(),
        abi::ABI_MAJOR,
        abi::ABI_MINOR,
    );
    assert_eq!(compile("c", "-std=c99"), expected);
    assert_eq!(compile("c++", "-std=c++11"), expected);
}

/// Makes a copy of the faulty plugin in which the header of the table says something else.
fn patched(folder: &Path, name: &str, change: impl FnOnce(&mut [u8])) -> PathBuf {
    let mut bytes = fs::read(built::library("faulty")).unwrap();
    let size = u32::try_from(size_of::<abi::Table>()).unwrap().to_le_bytes();
    let mut pattern = size.to_vec();
    pattern.extend(abi::ABI_MAJOR.to_le_bytes());
    pattern.extend(abi::ABI_MINOR.to_le_bytes());
    pattern.extend(abi::MAGIC);
    let places: Vec<_> = bytes
        .windows(pattern.len())
        .enumerate()
        .filter(|(_, w)| *w == pattern)
        .map(|(i, _)| i)
        .collect();
    assert_eq!(places.len(), 1, "the table is found once in the library");
    change(&mut bytes[places[0]..places[0] + pattern.len()]);
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn digest(path: &Path) -> [u8; 32] {
    Sha256::digest(fs::read(path).unwrap()).into()
}

fn load(path: &Path) -> Result<&'static Library, LoadError> {
    Library::load(&Adapter::File { path: path.to_path_buf(), sha256: digest(path) })
}

#[test]
fn libraries_of_another_version_have_their_own_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = patched(folder.path(), "major", |header| header[4] = 2);
    let error = load(&path).unwrap_err();
    assert!(
        error.to_string().contains("speaks version 2.2 of the interface, this abgleich speaks 1"),
        "{error}"
    );
    assert!(
        error.to_string().contains("major") && error.hint().english().contains("update abgleich")
    );
    let path = patched(folder.path(), "magic", |header| header[8] = b'X');
    assert!(matches!(load(&path).unwrap_err(), LoadError::NotAnAdapter { .. }));
    let path = patched(folder.path(), "small", |header| header[0] = 40);
    assert!(matches!(load(&path).unwrap_err(), LoadError::TooSmall { found: 40, .. }));
    let path = patched(folder.path(), "minor", |header| header[6] = 9);
    assert_eq!(load(&path).unwrap().abi(), (1, 9), "a later minor version is fine");
}

#[test]
fn what_is_no_adapter_has_its_own_errors() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.so");
    let asked = Adapter::File { path: missing, sha256: [0; 32] };
    assert!(matches!(Library::load(&asked).unwrap_err(), LoadError::Unreadable { .. }));
    let text = folder.path().join("text.so");
    fs::write(&text, "not a library").unwrap();
    assert!(matches!(load(&text).unwrap_err(), LoadError::Unloadable { .. }));
    let shipped = |name: &str| {
        Library::load(&Adapter::Shipped {
            name: name.to_owned(),
            folder: folder.path().to_path_buf(),
        })
    };
    assert!(matches!(shipped("../sqlite").unwrap_err(), LoadError::Name { .. }));
    assert!(matches!(shipped("sqlite").unwrap_err(), LoadError::Unreadable { .. }));
}

#[test]
fn another_content_than_the_configured_one_is_not_loaded() {
    let path = built::library("sqlite");
    let error = Library::load(&Adapter::File { path, sha256: [7; 32] }).unwrap_err();
    assert!(error.to_string().contains(&"07".repeat(32)), "{error}");
}

/// What is hashed is what is loaded: the copy that was hashed is loaded even if another file has taken the place since. The
/// race itself cannot be driven from here; that the loaded library does not depend on the file any more, can.
#[cfg(unix)]
#[test]
fn a_vendors_library_does_not_depend_on_its_file_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vendor.so");
    fs::copy(built::library("sqlite"), &path).unwrap();
    let library = load(&path).unwrap();
    let mapped = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    assert!(!mapped.contains(path.to_str().unwrap()), "the file itself is not mapped");
    assert_eq!((library.name(), library.sha256()), ("sqlite", &digest(&path)));
}

#[test]
fn inspecting_tells_what_a_plugin_says_of_itself() {
    let path = built::library("sqlite");
    let info = inspect(&path, Limits::default()).unwrap();
    assert_eq!((info.name.as_str(), info.abi), ("sqlite", (1, 2)));
    assert_eq!(info.version, env!("CARGO_PKG_VERSION"));
    assert_eq!(info.sha256, digest(&path));
    assert!(info.capabilities.iter().any(|capability| capability == "update/1"));
    assert!(
        info.settings.len() == 1 && info.settings[0].name == "file" && info.settings[0].required
    );
    // All fields of contacts; of appointments all but who is invited; all of tasks.
    let counts: Vec<_> =
        info.fields.iter().map(|(_, read, write)| (read.len(), write.len())).collect();
    assert_eq!(counts, [(57, 57), (13, 13), (13, 13)]);
    assert!(info.unknown.is_empty());
    let error = inspect(Path::new(env!("CARGO_BIN_EXE_abgleich")), Limits::default()).unwrap_err();
    assert_eq!(error.kind, SourceErrorKind::Broken);
    assert!(error.hint.is_some());
}
