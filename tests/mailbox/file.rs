//! A PST file keeps the contract of all mailboxes.

use abgleich::mailbox::Mailbox;
use abgleich::mailbox::contract::{self, Bench};
use abgleich::mailbox::pst::{PstAccess, PstMailbox};
use abgleich::mailbox::zones::Zone;
use abgleich::mapi::{FileTime, Properties, PropertyName, Value, name};
use abgleich::model::{FolderId, ItemId};
use abgleich::pst::Nid;
use abgleich::pst::messaging::Store;
use abgleich::pst::messaging::write::{Batch, ItemChange, NewItem};
use abgleich::pst::ndb::write::{Settings, Writer};
use tempfile::TempDir;

/// A file on the bench. The person's program opens it while we have it closed, as Outlook does.
struct File {
    folder: TempDir,
    mailbox: PstMailbox,
}

impl File {
    fn fresh() -> Self {
        let folder = TempDir::new().expect("a folder");
        let mailbox = PstMailbox::new(access(&folder));
        Self { folder, mailbox }
    }

    fn by_person<T>(&mut self, work: impl FnOnce(&mut Batch<'_>) -> T) -> T {
        // Dropping the old one closes the file.
        self.mailbox = PstMailbox::new(access(&self.folder));
        let path = access(&self.folder).path;
        let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).expect("it opens");
        let mut batch =
            Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).expect("a batch");
        let done = work(&mut batch);
        batch.commit().expect("the change is durable");
        file.close().expect("it closes");
        done
    }
}

fn access(folder: &TempDir) -> PstAccess {
    PstAccess {
        path: folder.path().join("d.hoffmann.pst"),
        writes: true,
        german: true,
        zone: Zone::iana("Europe/Berlin").expect("a zone"),
        settings: Settings::default(),
    }
}

fn nids(id: &ItemId) -> (Nid, Nid) {
    let (folder, item) = id.as_str().split_once('.').expect("folder and item");
    let nid = |text| Nid(u32::from_str_radix(text, 16).expect("a number"));
    (nid(folder), nid(item))
}

fn folder(id: &FolderId) -> Nid {
    Nid(u32::from_str_radix(id.as_str(), 16).expect("a number"))
}

fn unmapped() -> PropertyName {
    PropertyName::text(name::set::PUBLIC_STRINGS, "Somebody else's")
}

impl Bench for File {
    fn mailbox(&mut self) -> &mut dyn Mailbox {
        &mut self.mailbox
    }

    fn moves(&mut self, id: &ItemId, to: &FolderId) -> ItemId {
        let ((_, item), to) = (nids(id), folder(to));
        self.by_person(|batch| batch.move_item(item, to).expect("it moves"));
        ItemId::new(format!("{:x}.{:x}", to.0, item.0))
    }

    fn copies(&mut self, id: &ItemId, to: &FolderId) -> ItemId {
        let ((_, item), to) = (nids(id), folder(to));
        let made = self.by_person(|batch| {
            let store = Store::new(batch.nodes());
            let original = store.item(item).expect("it is there");
            let class = original.class().expect("it has a class");
            let mut properties: Properties =
                original.properties().properties().expect("it is readable");
            properties.set(
                abgleich::mapi::property::SUBJECT,
                Value::String(original.subject().expect("readable").unwrap_or_default()),
            );
            drop(original);
            drop(store);
            batch.add_item(to, &NewItem::of(&class, properties)).expect("the copy is made")
        });
        ItemId::new(format!("{:x}.{:x}", to.0, made.0))
    }

    fn keeps_unmapped(&mut self, id: &ItemId, text: &str) {
        let (_, item) = nids(id);
        let mut change = ItemChange::default();
        change.set.set(unmapped(), Value::from(text));
        self.by_person(|batch| batch.change_item(item, &change).expect("it is kept"));
    }

    fn unmapped(&mut self, id: &ItemId) -> Option<String> {
        let (_, item) = nids(id);
        self.mailbox = PstMailbox::new(access(&self.folder));
        let store = Store::open(&access(&self.folder).path).expect("it opens");
        let item = store.item(item).expect("it is there");
        item.properties().text(unmapped()).expect("it is readable")
    }
}

#[test]
fn a_pst_file_keeps_the_contract() {
    contract::run(File::fresh);
}
