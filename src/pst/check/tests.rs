use super::check_medium;
use crate::mapi::FileTime;
use crate::pst::crypt::Crypt;
use crate::pst::medium::Medium;
use crate::pst::messaging::write::{Batch, NewItem, NewStore, Role, fill};
use crate::pst::ndb::write::{Settings, Writer};

/// Two contacts in a new store.
fn file() -> Vec<u8> {
    let memory = Medium::Memory(Vec::new());
    let mut writer = Writer::empty(memory, Crypt::Permute, &Settings::default()).unwrap();
    let made = fill(writer.begin().unwrap(), &NewStore::english("Check")).unwrap();
    let mut batch = Batch::begin(&mut writer, FileTime(134_000_000_000_000_000)).unwrap();
    let contacts = made.role(Role::Contacts).unwrap();
    for name in ["Anna", "Bert"] {
        let mut properties = crate::mapi::Properties::new();
        properties.set(crate::mapi::property::DISPLAY_NAME, crate::mapi::Value::from(name));
        batch.add_item(contacts, &NewItem::of("IPM.Contact", properties)).unwrap();
    }
    batch.commit().unwrap();
    match writer.close_in_media().unwrap().0 {
        Medium::Memory(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_of_ours_breaks_no_rule() {
    let report = check_medium(Medium::Memory(file())).unwrap();
    assert_eq!(report.findings(), []);
    assert_eq!((report.items, report.lost_bytes), (2, 0));
    assert!(report.folders >= 6 && report.blocks > 10);
}

/// Each changes some bytes of a good file; the check must not be content with it.
#[test]
fn what_is_broken_is_found() {
    let good = file();
    let mut cases: Vec<(&str, Vec<u8>)> = Vec::new();
    let mut with = |name, at: usize, bytes: &[u8]| {
        let mut file = good.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        cases.push((name, file));
    };
    // The first allocation map: its own slot shown as free, and with it a checksum that does not fit.
    with("a free bit where something is", 0x4400, &[0x7F]);
    with("a page map that is none", 0x4600 + 496, &[0x84]);
    let mut longer = good.clone();
    longer.extend([0; 64]);
    cases.push(("a file that is longer than it says", longer));
    for (name, file) in cases {
        let report = check_medium(Medium::Memory(file)).unwrap();
        assert!(report.errors() > 0, "{name} was not found");
    }
}
