//! A PST file keeps the contract of all mailboxes.

use std::path::Path;

use abgleich::mailbox::contract::{self, Bench, Occasion, sample};
use abgleich::mailbox::pst::{PstAccess, PstMailbox};
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Aside, By, Item, Mailbox, Wanted, Whereabouts, Write, Wrote};
use abgleich::mapi::{FileTime, Properties, PropertyName, Value, name, property};
use abgleich::model::recurrence::{Day, Exception, ExceptionChange, Moment, Pattern, Range};
use abgleich::model::{
    Content, Field, FolderId, ItemId, ItemKind, Recurrence, UserId, Value as ModelValue,
};
use abgleich::pst::Nid;
use abgleich::pst::messaging::write::{Batch, ItemChange, NewItem, Occurrence};
use abgleich::pst::messaging::{Attachment, CodePage, Store};
use abgleich::pst::ndb::Nodes;
use abgleich::pst::ndb::write::{Settings, Writer};
use jiff::Timestamp;
use jiff::civil::{DateTime, date};
use jiff::tz::TimeZone;
use tempfile::TempDir;

use crate::bench::over;

/// A file on the bench. The person's program opens it while we have it closed, as Outlook does.
pub(crate) struct File {
    pub(crate) folder: TempDir,
    pub(crate) mailbox: PstMailbox,
}

impl File {
    pub(crate) fn fresh() -> Self {
        let folder = TempDir::new().expect("a folder");
        let mailbox = PstMailbox::new(access(&folder));
        Self { folder, mailbox }
    }

    pub(crate) fn by_person<T>(&mut self, work: impl FnOnce(&mut Batch<'_>) -> T) -> T {
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

pub(crate) fn access(folder: &TempDir) -> PstAccess {
    PstAccess {
        path: folder.path().join("d.hoffmann.pst"),
        writes: true,
        german: true,
        zone: Zone::iana("Europe/Berlin").expect("a zone"),
        code_page: CodePage::WESTERN,
        settings: Settings::default(),
    }
}

pub(crate) fn nids(id: &ItemId) -> (Nid, Nid) {
    let (folder, item) = id.as_str().split_once('.').expect("folder and item");
    let nid = |text| Nid(u32::from_str_radix(text, 16).expect("a number"));
    (nid(folder), nid(item))
}

fn folder(id: &FolderId) -> Nid {
    Nid(u32::from_str_radix(id.as_str(), 16).expect("a number"))
}

/// The clock of a series' zone, as the properties of its occurrences have it.
fn local(wall: DateTime) -> FileTime {
    let at = wall.to_zoned(TimeZone::UTC).expect("a time").timestamp();
    FileTime::from_1970(at.as_second(), 0).expect("after 1601")
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
                property::SUBJECT,
                Value::String(original.subject().expect("readable").unwrap_or_default()),
            );
            drop(original);
            drop(store);
            batch.add_item(to, &NewItem::of(&class, properties)).expect("the copy is made")
        });
        ItemId::new(format!("{:x}.{:x}", to.0, made.0))
    }

    /// No program here moves folders: the store is told that this one is its Deleted Items, whose folders are deleted with it, and so
    /// that it can be that, the folder loses its class.
    fn discards(&mut self, of: &FolderId) {
        self.by_person(|batch| {
            let tag = property::DELETED_ITEMS;
            let known = Store::new(batch.nodes()).properties().expect("a store").value(tag);
            let mut entry =
                known.expect("readable").expect("there").as_bytes().expect("bytes").to_vec();
            let at = entry.len() - 4;
            entry[at..].copy_from_slice(&folder(of).0.to_le_bytes());
            batch.set_property(Nid::STORE, tag, &entry).expect("it is set");
            batch.set_property(folder(of), property::CONTAINER_CLASS, &[]).expect("it is set");
        });
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

    fn keeps_unmapped_on(&mut self, id: &ItemId, occasion: &Occasion, text: &str) {
        let (_, item) = nids(id);
        let mut properties = Properties::new();
        properties.set(property::BODY, Value::from(text));
        let berlin = Zone::iana("Europe/Berlin").expect("a zone").rules;
        let occurrence = Occurrence::new(
            local(occasion.original.at(10, 0, 0, 0)),
            local(berlin.to_datetime(occasion.start)),
            local(berlin.to_datetime(occasion.end)),
            properties,
        );
        self.mailbox = PstMailbox::new(access(&self.folder));
        let dropped = messages(&access(&self.folder).path, item);
        let occurrences = vec![occurrence];
        let change = ItemChange { occurrences, dropped, ..ItemChange::default() };
        self.by_person(|batch| batch.change_item(item, &change).expect("it is kept"));
    }

    fn unmapped_on(&mut self, id: &ItemId, _occasion: &Occasion) -> Option<String> {
        let (_, item) = nids(id);
        self.mailbox = PstMailbox::new(access(&self.folder));
        let texts = texts(&access(&self.folder).path, item);
        let [(_, text)] = &texts[..] else { panic!("{texts:?}") };
        text.clone()
    }
}

#[test]
fn a_pst_file_keeps_the_contract() {
    contract::run(File::fresh);
}

/// Three Tuesdays in a row are other than the series, each an hour later.
pub(crate) fn series() -> Content {
    let mut content = sample::full(ItemKind::Appointment);
    let pattern = Pattern::Weekly { every: 1, days: vec![Day::Tuesday], first_day: Day::Monday };
    let range = Range::Count { start: date(2027, 1, 12), count: 10 };
    let exceptions = [12, 19, 26].map(|day| moved(day, "10", None)).to_vec();
    let series = Recurrence { pattern, range, exceptions };
    content.set(Field::Recurrence, ModelValue::Recurrence(Box::new(series)));
    content
}

pub(crate) fn moved(day: i8, hour: &str, place: Option<&str>) -> Exception {
    let at = |minute: &str| {
        Moment::Instant(format!("2027-01-{day}T{hour}:{minute}:00Z").parse().expect("an instant"))
    };
    let (start, end, place) = (at("00"), at("30"), place.map(str::to_owned));
    let change = ExceptionChange::Changed { start, end, subject: None, place };
    Exception { original: date(2027, 1, day), change }
}

/// Attachments with messages of changed occurrences, in the order in which they were put.
pub(crate) fn messages(path: &Path, item: Nid) -> Vec<Nid> {
    let store = Store::open(path).expect("it opens");
    let item = store.item(item).expect("it is there");
    item.attachments().expect("readable").iter().map(Attachment::nid).collect()
}

/// Texts of the messages of changed occurrences, by the day on which they begin.
pub(crate) fn texts(path: &Path, item: Nid) -> Vec<(i8, Option<String>)> {
    let store = Store::open(path).expect("it opens");
    let item = store.item(item).expect("it is there");
    let mut texts = Vec::new();
    for attachment in item.attachments().expect("readable") {
        let start = attachment.properties().value(property::EXCEPTION_START).expect("readable");
        let (seconds, _) =
            start.and_then(|start| start.as_time()).and_then(FileTime::since_1970).expect("a time");
        let day = Timestamp::from_second(seconds).expect("a time").to_zoned(TimeZone::UTC).day();
        let message = attachment.item().expect("readable").expect("a message");
        texts.push((day, message.properties().text(property::BODY).expect("readable")));
    }
    texts.sort();
    texts
}

/// A new file with [`series`] in it.
pub(crate) fn with_series() -> (File, ItemId) {
    let mut file = File::fresh();
    let folder =
        file.mailbox.folder(ItemKind::Appointment, &[], false).expect("known").expect("there");
    let stamp = sample::stamp("T-1", "00ff");
    let create = Write::Create { folder, content: series(), stamp };
    let wrote = file.mailbox.apply(ItemKind::Appointment, &[create]).expect("it is made");
    let [Wrote::Done { id, .. }] = &wrote[..] else { panic!("{wrote:?}") };
    let id = id.clone();
    (file, id)
}

/// Local time as if it were UTC, which is how Outlook says when an occurrence is.
pub(crate) fn as_if_utc(text: &str) -> FileTime {
    let at: Timestamp = text.parse().expect("an instant");
    FileTime::from_1970(at.as_second(), 0).expect("after 1601")
}

/// A text that staffITpro cleared is gone, in whatever form Outlook keeps it: its own items often have no plain one.
#[test]
fn a_cleared_text_is_gone_however_it_was_stored() {
    let mut file = File::fresh();
    let folder = file.mailbox.folder(ItemKind::Contact, &[], false).expect("known").expect("there");
    let (content, stamp) = (sample::full(ItemKind::Contact), sample::stamp("A-1", "00ff"));
    let create = Write::Create { folder, content, stamp };
    let wrote = file.mailbox.apply(ItemKind::Contact, &[create]).expect("it is made");
    let [Wrote::Done { id, .. }] = &wrote[..] else { panic!("{wrote:?}") };
    let mut change = ItemChange { remove: vec![property::BODY.into()], ..ItemChange::default() };
    change.set.set(property::HTML, Value::Binary(b"<p>Ruft nie zur\xFCck</p>".to_vec()));
    file.by_person(|batch| batch.change_item(nids(id).1, &change).expect("it is kept"));
    let before = fetched(&mut file.mailbox, id);
    let text = before.content.value(Field::Notes).and_then(ModelValue::as_text);
    assert!(text.is_some_and(|text| text.contains("Ruft nie")), "{text:?}");
    let mut content = Content::new();
    content.set_blank(Field::Notes);
    let update = over(before, content);
    let wrote = file.mailbox.apply(ItemKind::Contact, &[update]).expect("it is written");
    assert!(matches!(wrote[..], [Wrote::Done { .. }]), "{wrote:?}");
    let after = fetched(&mut file.mailbox, id).content;
    assert_eq!(after.slot(Field::Notes).map(|slot| slot.value().is_some()), Some(false));
}

pub(crate) fn fetched(mailbox: &mut PstMailbox, id: &ItemId) -> Item {
    let mut found = None;
    let ids = std::slice::from_ref(id);
    mailbox.fetch(ItemKind::Appointment, ids, &mut |_, item| found = Some(item)).expect("read");
    found.expect("an answer").expect("an item")
}

/// Issue 4, point 5: what changed is seen without a look at the items, even where the program that changed it renews neither the
/// row's version nor time nor size.
#[test]
fn a_change_of_which_no_row_tells_is_seen() {
    let mut file = File::fresh();
    let folder = file.mailbox.folder(ItemKind::Contact, &[], false).expect("known").expect("there");
    let contact = |number: u8| Write::Create {
        folder: folder.clone(),
        content: sample::full(ItemKind::Contact),
        stamp: sample::stamp(&format!("A-{number}"), "00ff"),
    };
    let writes: Vec<_> = (0..40).map(contact).collect();
    let wrote = file.mailbox.apply(ItemKind::Contact, &writes).expect("they are made");
    let [_, Wrote::Done { id, .. }, ..] = &wrote[..] else { panic!("{wrote:?}") };
    let page = file.mailbox.changes(&folder, ItemKind::Contact, None).expect("listed");
    assert_eq!(page.changed.len(), 40);
    let (_, nid) = nids(id);
    let title = "Leiter".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    file.by_person(|batch| batch.set_property(nid, property::TITLE, &title).expect("it is set"));
    let since = Some(&page.cursor);
    let page = file.mailbox.changes(&folder, ItemKind::Contact, since).expect("listed");
    let changed: Vec<_> = page.changed.iter().map(|(id, _)| id).collect();
    assert_eq!(changed, [id]);
    let quiet = file.mailbox.changes(&folder, ItemKind::Contact, Some(&page.cursor));
    assert_eq!(quiet.expect("listed").changed, []);
}

/// Rule D4: in a store that is not the default one Outlook lets people delete the default folders, and the store goes on naming
/// them. What lies in Deleted Items goes with it.
#[test]
fn d4_a_default_folder_in_deleted_items_is_none() {
    let mut file = File::fresh();
    let kind = ItemKind::Contact;
    let old = file.mailbox.folder(kind, &[], true).expect("known").expect("there");
    file.discards(&old);
    assert_eq!(file.mailbox.folder(kind, &[], false).expect("asked"), None);
    let new = file.mailbox.folder(kind, &[], true).expect("known").expect("made");
    assert_ne!(new, old);
    assert_eq!(file.mailbox.folder(kind, &[], false).expect("asked"), Some(new.clone()));
    let whereabouts = file.mailbox.whereabouts(&[old, new]).expect("asked");
    assert_eq!(whereabouts, [Whereabouts::Deleted, Whereabouts::Kept]);
}

/// Rule D4: what the store names as its Deleted Items and cannot be that is none. Nothing counts as deleted by it, and what is to be
/// deleted stays.
#[test]
fn d4_a_folder_that_cannot_be_deleted_items_is_none() {
    let kind = ItemKind::Contact;
    let mut file = File::fresh();
    let contacts = file.mailbox.folder(kind, &[], true).expect("known").expect("there");
    let tag = property::DELETED_ITEMS;
    let own = file.by_person(|batch| {
        let named = Store::new(batch.nodes()).properties().expect("a store").value(tag);
        named.expect("readable").expect("there").as_bytes().expect("bytes").to_vec()
    });
    let (content, stamp) = (sample::full(kind), sample::stamp("A-1", "00ff"));
    let create = Write::Create { folder: contacts.clone(), content, stamp };
    let wrote = file.mailbox.apply(kind, &[create]).expect("it is made");
    let [Wrote::Done { id, version }] = &wrote[..] else { panic!("{wrote:?}") };
    let (id, version) = (id.clone(), version.clone());
    // The contacts themselves, the root folder, a node that is not there, a folder of another store.
    for (node, is_own) in [(folder(&contacts).0, true), (0x122, true), (0x9992, true), (0, false)] {
        let mut entry = own.clone();
        if is_own {
            entry[20..].copy_from_slice(&node.to_le_bytes());
        } else {
            entry[4] ^= 1;
        }
        file.by_person(|batch| batch.set_property(Nid::STORE, tag, &entry).expect("set"));
        let found = file.mailbox.whereabouts(std::slice::from_ref(&contacts)).expect("asked");
        assert_eq!(found, [Whereabouts::Kept], "{node:x}");
        let delete = Write::Delete { id: id.clone(), version: version.clone() };
        let stopped = file.mailbox.apply(kind, &[delete]).expect_err("the mailbox stops");
        assert!(stopped.text.contains("can be Deleted Items"), "{node:x}: {stopped}");
    }
    file.by_person(|batch| batch.set_property(Nid::STORE, tag, &own).expect("set"));
    let wrote = file.mailbox.apply(kind, &[Write::Delete { id, version }]).expect("an answer");
    assert!(matches!(&wrote[..], [Wrote::Done { .. }]), "{wrote:?}");
}

/// An inbox that is copied from another file names the default folders of that one: its store, and ids that are other folders here.
#[test]
fn d15_a_default_folder_is_one_of_this_store_and_of_its_class() {
    let mut file = File::fresh();
    let mut of = |kind| file.mailbox.folder(kind, &[], false).expect("known").expect("there");
    let (contacts, calendar) = (of(ItemKind::Contact), of(ItemKind::Appointment));
    let tag = property::DEFAULT_CONTACTS;
    let told = file.by_person(|batch| {
        let root = Store::new(batch.nodes()).root_folder().expect("there").properties().value(tag);
        root.expect("readable").expect("there").as_bytes().expect("bytes").to_vec()
    });
    for (own, node) in [(false, &contacts), (false, &calendar), (true, &calendar)] {
        let mut entry = told.clone();
        if !own {
            entry[4..20].copy_from_slice(&[7; 16]);
        }
        entry[20..].copy_from_slice(&folder(node).0.to_le_bytes());
        file.by_person(|batch| batch.set_property(Nid::ROOT_FOLDER, tag, &entry).expect("set"));
        // The class says which it is.
        let found = file.mailbox.folder(ItemKind::Contact, &[], false).expect("asked");
        assert_eq!(found.as_ref(), Some(&contacts));
    }
}

#[test]
fn an_update_to_what_the_item_holds_writes_nothing() {
    let mut file = File::fresh();
    for kind in ItemKind::ALL {
        let folder = file.mailbox.folder(kind, &[], false).expect("known").expect("there");
        let create = Write::Create {
            folder,
            content: sample::full(kind),
            stamp: sample::stamp("A-1", "00ff"),
        };
        let wrote = file.mailbox.apply(kind, &[create]).expect("it is made");
        let [Wrote::Done { id, version }] = &wrote[..] else { panic!("{wrote:?}") };
        let path = access(&file.folder).path;
        let bytes = std::fs::read(&path).expect("it is there");
        let before = fetched(&mut file.mailbox, id).content;
        let update = Write::Update {
            id: id.clone(),
            version: version.clone(),
            content: before.clone(),
            before,
            aside: Aside::default(),
            stamp: None,
        };
        let again = file.mailbox.apply(kind, &[update]).expect("it is answered");
        assert_eq!(again, wrote, "the version stays");
        assert!(std::fs::read(&path).expect("it is there") == bytes, "{kind:?} was written");
    }
}

/// What cannot be read is never taken for absent: an item in a broken block may carry any stamp, so that it is handed out for each
/// of them.
#[test]
fn an_item_that_cannot_be_read_is_found_whatever_is_looked_for() {
    let mut file = File::fresh();
    let folder = file.mailbox.folder(ItemKind::Contact, &[], false).expect("known").expect("there");
    let contact = |record| Write::Create {
        folder: folder.clone(),
        content: sample::full(ItemKind::Contact),
        stamp: sample::stamp(record, "00ff"),
    };
    let wrote = file.mailbox.apply(ItemKind::Contact, &[contact("A-1"), contact("A-2")]);
    let wrote = wrote.expect("they are made");
    let [Wrote::Done { id: whole, .. }, Wrote::Done { id: broken, .. }] = &wrote[..] else {
        panic!("{wrote:?}")
    };
    let path = access(&file.folder).path;
    file.mailbox = PstMailbox::new(access(&file.folder));
    let store = Store::open(&path).expect("it opens");
    let node = store.nodes().node(nids(broken).1).expect("readable").expect("there");
    let block = store.nodes().block(node.data.expect("data")).expect("readable");
    let mut bytes = std::fs::read(&path).expect("it is there");
    bytes[usize::try_from(block.at()).expect("a small file")] ^= 1;
    std::fs::write(&path, bytes).expect("it is damaged");

    let (tenant, user) = ("haus".into(), UserId::from("DHO"));
    let mut find = |by: By<'_>| {
        let wanted = Wanted { tenant: &tenant, user: &user, by };
        let found = file.mailbox.find(ItemKind::Contact, &wanted).expect("the rest is found");
        let mut found: Vec<_> = found
            .into_iter()
            .map(|found| (found.identity.id, found.identity.stamp.is_some()))
            .collect();
        found.sort();
        found
    };
    let (whole, broken) = ((whole.clone(), true), (broken.clone(), false));
    assert_eq!(find(By::Any), [whole.clone(), broken.clone()]);
    assert_eq!(find(By::Records(&["A-1".into()])), [whole, broken.clone()]);
    assert_eq!(find(By::Tokens(&["other".into()])), [broken]);
}
