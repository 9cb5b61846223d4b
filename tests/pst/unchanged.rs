//! PST → model → the same PST writes nothing: what Outlook, Aspose and Exchange left in real files is read into the model and given
//! back as it was read, every field of every contact, appointment and task. Each answer is that it is done, at the version that the
//! item had, and the file keeps every byte. Files that are only read (ANSI, 4 KB pages) are asked as well: where something were to be
//! changed, they would refuse it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use abgleich::mailbox::pst::{PstAccess, PstMailbox};
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Item, Mailbox, Write, Wrote};
use abgleich::model::{ItemId, ItemKind};
use abgleich::pst::messaging::{CodePage, Store};
use abgleich::pst::ndb::write::Settings;
use abgleich::pst::{Nid, NidKind};

use crate::compare::{ASPOSE, BROKEN};
use crate::files::{files, name, named};

/// How many contacts, appointments and tasks the collection holds, by its manifest.
const HELD: [usize; 3] = [108, 184, 0];

fn access(path: &Path, writes: bool) -> PstAccess {
    PstAccess {
        path: path.to_owned(),
        writes,
        german: false,
        zone: Zone::iana("Europe/Berlin").unwrap(),
        code_page: CodePage::WESTERN,
        settings: Settings { protected: true, ..Settings::default() },
    }
}

/// Lists the items of each kind in all folders.
fn items(path: &Path) -> BTreeMap<ItemKind, Vec<ItemId>> {
    let store = Store::open(path).unwrap();
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for below in store.folders_below(Nid::ROOT_FOLDER).unwrap() {
        let (_, folder) = below.whole().unwrap();
        if folder.kind() != NidKind::FOLDER {
            continue;
        }
        for row in store.folder(folder).unwrap().items().unwrap() {
            let class = store.item(row.nid).unwrap().class().unwrap();
            let kind = match class.as_str() {
                "IPM.Contact" => ItemKind::Contact,
                "IPM.Appointment" => ItemKind::Appointment,
                "IPM.Task" => ItemKind::Task,
                _ => continue,
            };
            let id = ItemId::new(format!("{:x}.{:x}", folder.0, row.nid.0));
            found.entry(kind).or_default().push(id);
        }
    }
    found
}

/// Issue 4: PST → model → the same PST writes nothing.
#[test]
fn what_is_given_back_as_it_was_read_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut counts, mut wrong) = ([0; 3], Vec::new());
    for original in files().iter().filter(|file| name(file) != BROKEN) {
        let path = folder.path().join(name(original));
        let bytes = fs::read(original).unwrap();
        fs::write(&path, &bytes).unwrap();
        let is_writable = bytes[8..11] == *b"SM\x17";
        let mut mailbox = PstMailbox::new(access(&path, is_writable));
        mailbox.open().unwrap();
        // Opening a file for writing settles what its last writer left; what is looked at is what happens then.
        let opened = fs::read(&path).unwrap();
        for (kind, ids) in items(&path) {
            counts[kind as usize] += ids.len();
            let mut read: Vec<Item> = Vec::new();
            mailbox.fetch(kind, &ids, &mut |_, item| read.push(item.unwrap())).unwrap();
            assert_eq!(read.len(), ids.len());
            for item in read {
                let place = format!("{} {kind:?} {}", name(original), item.identity.id.as_str());
                let done = Wrote::Done {
                    id: item.identity.id.clone(),
                    version: item.identity.version.clone(),
                };
                let back = Write::Update {
                    id: item.identity.id,
                    version: item.identity.version,
                    content: item.content.clone(),
                    before: item.content,
                    aside: item.aside,
                    stamp: None,
                };
                match mailbox.apply(kind, &[back]) {
                    Ok(answers) if answers == [done] => {}
                    other => wrong.push(format!("{place}: {other:?}")),
                }
                if is_writable && fs::read(&path).unwrap() != opened {
                    wrong.push(format!("{place}: the file was written"));
                }
            }
        }
        mailbox.close().unwrap();
    }
    println!("{counts:?}");
    assert!(wrong.is_empty(), "{} items:\n{}", wrong.len(), wrong.join("\n"));
    if named(ASPOSE).is_some() {
        assert!(counts.iter().zip(HELD).all(|(count, held)| *count >= held), "{counts:?}");
    }
}
