//! A PST file in which something is broken: what is, is told, and everything else goes on.

use abgleich::mailbox::contract::sample;
use abgleich::mailbox::pst::PstMailbox;
use abgleich::mailbox::{Aside, ItemError, Mailbox, Write, Wrote};
use abgleich::mapi::{PropertyName, PropertyTag, Value, name, property};
use abgleich::model::{Content, Field, ItemId, ItemKind};
use abgleich::pst::Nid;
use abgleich::pst::messaging::write::ItemChange;
use abgleich::pst::ndb::write::{Settings, Writer};

use crate::file::{File, access, nids};

/// Three contacts to be made.
fn three(file: &mut File) -> Vec<Write> {
    let folder = file.mailbox.folder(ItemKind::Contact, &[], false).expect("known").expect("there");
    let create = |number: u8| Write::Create {
        folder: folder.clone(),
        content: sample::full(ItemKind::Contact),
        stamp: sample::stamp(&format!("A-{number}"), "00ff"),
    };
    (0..3).map(create).collect()
}

/// Invariant 11, and 3: an item that cannot be written keeps no other from it, and what was done is told as done.
#[test]
fn one_item_that_cannot_be_written_keeps_no_other() {
    let mut file = File::fresh();
    let writes = three(&mut file);
    let wrote = file.mailbox.apply(ItemKind::Contact, &writes).expect("they are made");
    let ids = wrote.iter().map(|wrote| match wrote {
        Wrote::Done { id, .. } => id.clone(),
        other => panic!("{other:?}"),
    });
    let ids: Vec<ItemId> = ids.collect();
    // The second has something of its own in a block that is bent on the disk.
    let (_, bad) = nids(&ids[1]);
    let mut change = ItemChange::default();
    let own = PropertyName::text(name::set::PUBLIC_STRINGS, "Somebody else's");
    change.set.set(own, Value::Binary(vec![0xAB; 5000]));
    file.by_person(|batch| batch.change_item(bad, &change).expect("it is kept"));
    let path = access(&file.folder).path;
    let mut bytes = std::fs::read(&path).expect("it is there");
    let alike = |window: &[u8]| window.iter().all(|byte| *byte == window[0]) && window[0] != 0;
    let at = bytes.windows(5000).position(alike).expect("one byte is always encoded as the same");
    bytes[at] ^= 0xFF;
    std::fs::write(&path, bytes).expect("it is bent");

    let updates = |mailbox: &mut PstMailbox, given: &str| -> Vec<Write> {
        let mut updates = Vec::new();
        mailbox
            .fetch(ItemKind::Contact, &ids, &mut |id, item| {
                let item = item.expect("an item");
                let mut content = Content::new();
                content.set_text(Field::GivenName, given);
                let (version, before) = (item.identity.version, item.content);
                updates.push(Write::Update {
                    id,
                    version,
                    content,
                    before,
                    aside: Aside::default(),
                    stamp: None,
                });
            })
            .expect("read");
        updates
    };
    let writes = updates(&mut file.mailbox, "Anna");
    let wrote = file.mailbox.apply(ItemKind::Contact, &writes).expect("each is answered");
    let [Wrote::Done { .. }, Wrote::Unreadable(text), Wrote::Done { .. }] = &wrote[..] else {
        panic!("{wrote:?}")
    };
    assert!(text.contains("damaged"), "{text}");

    // Without Deleted Items nothing can be deleted. That is no item's fault, and the others are written all the same.
    file.by_person(|batch| {
        let (tag, bytes) = (property::DELETED_ITEMS, [0; 24]);
        batch.set_property(Nid::STORE, tag, &bytes).expect("it is lost");
    });
    let mut writes = updates(&mut file.mailbox, "Berta");
    let Write::Update { id, version, .. } = writes[0].clone() else { panic!("an update") };
    writes[0] = Write::Delete { id, version };
    let wrote = file.mailbox.apply(ItemKind::Contact, &writes).expect("each is answered");
    let [Wrote::Later(_), Wrote::Unreadable(_), Wrote::Done { .. }] = wrote[..] else {
        panic!("{wrote:?}")
    };
    let parked = file.mailbox.parked().expect("the mailbox stops");
    assert!(parked.text.contains("can be Deleted Items"), "{parked}");
}

/// Invariant 3: what is wrong with the file is no item's fault. Named properties that are numbered otherwise than in their order
/// are written by nobody, and each write may be done once the list is mended.
#[test]
fn what_all_items_need_is_no_items_fault() {
    let mut file = File::fresh();
    let writes = three(&mut file);
    let path = access(&file.folder).path;
    let whole = std::fs::read(&path).expect("it is there");
    // The second of two entries (MS-PST 2.4.7.1: eight bytes, the last two of them its place) says five.
    let bent = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 5, 0];
    let entries = PropertyTag::from_bits(0x0003_0102);
    file.by_person(|batch| batch.set_property(Nid::NAME_MAP, entries, &bent).expect("it is set"));
    let error = file.mailbox.apply(ItemKind::Contact, &writes).expect_err("nothing is written");
    assert!(error.text.contains("in their order"), "{error}");

    file.mailbox = PstMailbox::new(access(&file.folder));
    std::fs::write(&path, whole).expect("it is mended");
    let wrote = file.mailbox.apply(ItemKind::Contact, &writes).expect("they are made");
    assert!(wrote.iter().all(|wrote| matches!(wrote, Wrote::Done { .. })), "{wrote:?}");
}

/// What cannot be read is never taken for absent (rule D4): the folder lists the item, and its node is gone.
#[test]
fn an_item_that_is_listed_and_not_there_is_unreadable() {
    let mut file = File::fresh();
    let folder = file.mailbox.folder(ItemKind::Contact, &[], false).expect("known").expect("there");
    let create = Write::Create {
        folder,
        content: sample::full(ItemKind::Contact),
        stamp: sample::stamp("A-1", "00ff"),
    };
    let wrote = file.mailbox.apply(ItemKind::Contact, &[create]).expect("it is made");
    let [Wrote::Done { id, .. }] = &wrote[..] else { panic!("{wrote:?}") };
    let (_, nid) = nids(id);
    file.mailbox = PstMailbox::new(access(&file.folder));
    let path = access(&file.folder).path;
    let mut writer = Writer::open(&path, &Settings::default(), &|_| Ok(false)).expect("it opens");
    let mut tx = writer.begin().expect("a transaction");
    tx.remove_node(nid).expect("it goes");
    tx.commit().expect("durable");
    writer.close().expect("it closes");
    let mut found = Vec::new();
    // Few ids are looked up one by one, many by going through the table.
    for times in [1, 20] {
        let ids = vec![id.clone(); times];
        let each = &mut |_, identity: Result<_, ItemError>| found.extend(identity.err());
        file.mailbox.identify(ItemKind::Contact, &ids, each).expect("it is answered");
    }
    assert_eq!(found.len(), 21);
    assert!(found.iter().all(|error| matches!(error, ItemError::Unreadable(_))), "{found:?}");
}
