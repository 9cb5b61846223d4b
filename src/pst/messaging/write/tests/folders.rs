//! New folders: in each other, as deep as somebody puts them, and with names that Outlook takes.

use super::{NOW, audit, contact, node, store, text};
use crate::mapi::property;
use crate::pst::check::check;
use crate::pst::id::Nid;
use crate::pst::messaging::Store;
use crate::pst::messaging::write::{Batch, NewFolder, Role};
use crate::pst::ndb::write::{Settings, WriteError, Writer};

/// Folders in folders, with names of any kind.
#[test]
fn folders_are_created_in_folders() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let contacts = made.role(Role::Contacts).unwrap();
    let below = batch.create_folder(contacts, &NewFolder::new("Kunden 😀", "IPF.Contact")).unwrap();
    let deeper =
        batch.create_folder(below, &NewFolder { name: "ä".repeat(200), class: None }).unwrap();
    let item = batch.add_item(deeper, &contact("deep")).unwrap();
    batch.commit().unwrap();
    let contents = audit(file.nodes());
    assert_eq!(contents[&deeper], [item]);
    assert_eq!(node(file.nodes(), deeper).parent, below);
    assert_eq!(text(file.nodes(), below, property::DISPLAY_NAME.id), "Kunden 😀");
    // Moves that change nothing, and moves to where nothing is.
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    batch.move_item(item, deeper).unwrap();
    assert!(batch.move_item(item, Nid(0xFFE2)).is_err());
    assert!(batch.add_item(Nid(0xFFE2), &contact("lost")).is_err());
}

/// No rule of MS-PST says how deep folders may be in each other. What ends a walk in circles is that it comes where it was, and the
/// check tells of it: by where a folder belongs, and of the root folder, which belongs to itself, by its being listed at all.
#[test]
fn folders_are_as_deep_as_they_are_and_circles_end() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let path = folder.path().join("test.pst");
    let contacts = made.role(Role::Contacts).unwrap();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let mut chain = vec![contacts];
    for level in 1..=150 {
        let new = NewFolder::new(&format!("Ebene {level}"), "IPF.Contact");
        chain.push(batch.create_folder(*chain.last().unwrap(), &new).unwrap());
    }
    let deepest = *chain.last().unwrap();
    let item = batch.add_item(deepest, &contact("deep")).unwrap();
    batch.commit().unwrap();
    assert_eq!(audit(file.nodes())[&deepest], [item]);
    file.close().unwrap();
    let walk = || {
        let below = Store::open(&path).unwrap().folders_below(contacts).unwrap();
        let depths = below.iter().map(|below| below.depth);
        assert!(depths.eq(0..=150) && below.iter().all(|below| below.unread.is_none()));
        assert!(below.iter().map(|below| below.nid).eq(chain.iter().copied()));
    };
    walk();
    assert_eq!(check(&path).unwrap().findings(), []);
    let whole = std::fs::read(&path).unwrap();
    for (listed, wherein) in [(contacts, deepest), (Nid::ROOT_FOLDER, Nid::ROOT_FOLDER)] {
        std::fs::write(&path, &whole).unwrap();
        let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
        let mut batch = Batch::begin(&mut file, NOW).unwrap();
        batch.enter_folder(listed, wherein).unwrap();
        batch.commit().unwrap();
        file.close().unwrap();
        walk();
        let report = check(&path).unwrap();
        let told = report.findings().iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(report.errors() > 0 && told.contains("belongs to another"), "{listed}: {told}");
    }
}

/// Names that Outlook does not take are refused before anything is written; the longest that it takes is taken.
#[test]
fn a_new_folder_has_a_name_that_outlook_takes() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let contacts = made.role(Role::Contacts).unwrap();
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let mut named =
        |name: &str| batch.create_folder(contacts, &NewFolder::new(name, "IPF.Contact"));
    for name in ["", " ", "\r\n", "a\0b", &"ä".repeat(256), &"😀".repeat(128)] {
        let refused = named(name);
        assert!(matches!(refused, Err(WriteError::FolderName { .. })), "{name}: {refused:?}");
    }
    named(&"ä".repeat(255)).unwrap();
    named(&format!("{}a", "😀".repeat(127))).unwrap();
}
