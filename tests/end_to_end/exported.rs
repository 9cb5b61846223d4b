//! A mailbox is exported from Exchange into a PST file, as `New-MailboxExportRequest` does, and the line of its user is turned to
//! that file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use abgleich::ews::transport::{Login, Passage, Password};
use abgleich::mailbox::contract::sample;
use abgleich::mailbox::exchange::lane::{ActAs, ExchangeServer, ServerAccess};
use abgleich::mailbox::exchange::wire::Patience;
use abgleich::mailbox::pst::{PstAccess, PstMailbox};
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Mailbox, Write, Wrote};
use abgleich::mapi::{
    FileTime, Guid, Properties, PropertyKey, PropertyName, Value, name, property,
};
use abgleich::model::{Content, ItemId, ItemKind};
use abgleich::pst::Nid;
use abgleich::pst::check::check;
use abgleich::pst::messaging::write::{Batch, NewItem, NewStore, Occurrence, Role, create};
use abgleich::pst::messaging::{self, CodePage, Store};
use abgleich::pst::ndb::write::Settings;
use exchange_sim::Outlook;
use staffitpro_sample::Options;
use tokio::runtime::Runtime;

use crate::document::{self, mailbox, wrote_nothing};
use crate::place::{LOGIN, PASSWORD, PEOPLE, Place, STAMP};

/// The property set of the stamp as a PST file has it: the same as [`STAMP`].
const OURS: Guid =
    Guid::new(0x8c1f_3b52, 0x64d7, 0x4e0a, [0x9b, 0x1e, 0x2f, 0x7c, 0x55, 0xa0, 0xd3, 0xe6]);

/// Issue 4, point 5: a PST that was exported from Exchange keeps its pairs, and rule D15: `rebind` joins them by their stamps.
#[test]
fn d15_a_file_exported_from_exchange_keeps_its_pairs() {
    let place = Place::with(|file| {
        staffitpro_sample::create(file, &Options::of(40, 1, 2026)).expect("the sample is made");
    });
    let (user, address) = PEOPLE[0];
    let of_user = ["--mailbox", user, "--json"];
    let sync = [&["sync"][..], &of_user].concat();
    let first = document::read(&place.run(&[&sync[..], &["--first-transfer"]].concat()).expect(0));
    let known = mailbox(&first, user)["findings"].as_array().unwrap().len();
    let (items, records) = place.items_and_records(address);
    assert!(items == records && items > 50, "{items} items");

    let path = place.path("exported.pst");
    let exported = export(&place, address, &path);
    assert_eq!(exported, items);
    place.configure(|text| {
        let (from, to) =
            (format!("{user} = '{address}'"), format!("{user} = {{ pst = 'exported.pst' }}"));
        assert!(text.contains(&from));
        *text = text.replace(&from, &to);
    });
    let before = fs::read(&path).unwrap();
    place.run(&sync).expect(3).says(&["mailbox-changed"]);
    assert!(fs::read(&path).unwrap() == before, "nothing was written before the word");

    place.run(&["rebind", user]).expect(0);
    for run in ["first", "second"] {
        let document = document::read(&place.run(&sync).expect(0));
        wrote_nothing(&document);
        assert_eq!(document["totals"]["unchanged"], items, "{run}: {document:#}");
        // What is to be said of records and pairs is what was said before.
        let findings = mailbox(&document, user)["findings"].as_array().unwrap();
        assert!(findings.iter().all(|finding| finding["new"] == false), "{run}: {findings:#?}");
        assert_eq!(findings.len(), known, "{run}");
        assert!(fs::read(&path).unwrap() == before, "the {run} run wrote");
    }
    assert_eq!(check(&path).unwrap().findings(), []);

    // The pairs are those of before: what is edited now goes to the item that was exported.
    let town = "UPDATE contact SET business_city = 'Görlitz' WHERE id = 'B-010000'";
    place.database().execute(town, []).unwrap();
    let document = document::read(&place.run(&sync).expect(0));
    assert_eq!(document["totals"]["updated_outlook"], 1, "{document:#}");
    assert_eq!(stamped(&path).len(), usize::try_from(items).unwrap());
}

/// The items of the file by their records, each once.
fn stamped(path: &Path) -> BTreeMap<String, Nid> {
    let store = Store::open(path).unwrap();
    let record = PropertyName::text(OURS, "Record");
    let mut found = BTreeMap::new();
    for folder in store.folders_below(Nid::ROOT_FOLDER).unwrap() {
        for listed in store.folder(folder.nid).unwrap().items().unwrap() {
            let item = store.item(listed.nid).unwrap();
            if let Some(record) = item.properties().text(record.clone()).unwrap() {
                assert_eq!(found.insert(record, listed.nid), None, "doubled");
            }
        }
    }
    found
}

/// Exports the mailbox: each item with the content that it has, and with the named properties that the server keeps of our set, by
/// the names that the server has for them. Their ids are others than in a store of ours, and the items stand in another order.
fn export(place: &Place, address: &str, to: &Path) -> u64 {
    let others = (0..300).map(|number| {
        PropertyName::text(name::set::PUBLIC_STRINGS, &format!("urn:schemas:exchange:{number}"))
    });
    let names = others.chain(names(&place.server.outlook(address)).into_iter().rev()).collect();
    let store = NewStore { names, ..NewStore::english("Export") };
    let (mut file, made) = create(to, &store, &Settings::default()).unwrap();
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    let mut count = 0;
    for (kind, role, items) in converted(place, address) {
        let folder = made.role(role).unwrap();
        for item in items.iter().rev() {
            batch.add_item(folder, item).unwrap();
            count += 1;
        }
        assert!(!items.is_empty(), "{kind:?}");
    }
    batch.commit().unwrap();
    let ours = PropertyKey::from(PropertyName::text(OURS, "Record"));
    file.close().unwrap();
    let store = Store::open(to).unwrap();
    let PropertyKey::Name(ours) = ours else { panic!("a name") };
    assert!(store.names().unwrap().id(&ours).unwrap().0 > 0x8000 + 300, "an id of its own");
    count
}

/// The names of our set that the server has: its name for each says set, name and type.
fn names(outlook: &Outlook) -> Vec<PropertyName> {
    let items = outlook.items("contacts").unwrap();
    items[0].props.keys().filter_map(|key| ours(key)).collect()
}

/// Reads what the server calls a property; `None` where it is of another set.
fn ours(key: &str) -> Option<PropertyName> {
    let word = key.strip_prefix(&format!("ext:{STAMP}:name:"))?;
    Some(PropertyName::text(OURS, word.strip_suffix(":String").expect("texts alone")))
}

/// The items of a kind, and the role of the folder that they are in.
type Converted = (ItemKind, Role, Vec<NewItem>);

/// Makes PST items of all that is in the mailbox. The content takes the way through a file of ours; what this file has of our set
/// is thrown away.
fn converted(place: &Place, address: &str) -> Vec<Converted> {
    let folder = tempfile::tempdir().unwrap();
    let access = PstAccess {
        path: folder.path().join("content.pst"),
        writes: true,
        german: false,
        zone: Zone::iana("Europe/Berlin").unwrap(),
        code_page: CodePage::WESTERN,
        settings: Settings::default(),
    };
    let outlook = place.server.outlook(address);
    let mut ours_of = BTreeMap::new();
    for (kind, contents) in contents(place, address) {
        let mut file = PstMailbox::new(access.clone());
        let home = file.folder(kind, &[], false).unwrap().unwrap();
        for (id, content) in contents {
            let (folder, stamp) = (home.clone(), sample::stamp("X-1", "00ff"));
            let wrote = file.apply(kind, &[Write::Create { folder, content, stamp }]).unwrap();
            let [Wrote::Done { id: made, .. }] = &wrote[..] else { panic!("{wrote:?}") };
            let nid = made.as_str().split_once('.').unwrap().1;
            let nid = Nid(u32::from_str_radix(nid, 16).unwrap());
            let item = outlook.item(id.as_str()).unwrap();
            let own = item.props.into_iter().filter_map(|(key, value)| {
                Some((ours(&key)?, Value::from(value.text().expect("a text"))))
            });
            ours_of.insert((kind, nid), own.collect::<Vec<_>>());
        }
    }
    let store = Store::open(&access.path).unwrap();
    let roles = [
        (ItemKind::Contact, Role::Contacts),
        (ItemKind::Appointment, Role::Calendar),
        (ItemKind::Task, Role::Tasks),
    ];
    let of = |kind: ItemKind| {
        let of_kind = ours_of.iter().filter(|((of, _), _)| *of == kind);
        of_kind.map(|((_, nid), own)| new_item(&store.item(*nid).unwrap(), own)).collect()
    };
    roles.into_iter().map(|(kind, role)| (kind, role, of(kind))).collect()
}

/// Makes an item of one that another file has, with these properties of our set.
fn new_item(item: &messaging::Item<'_>, own: &[(PropertyName, Value)]) -> NewItem {
    let mut new = NewItem::of(&item.class().unwrap(), properties(item));
    for (name, value) in own {
        new.properties.set(name.clone(), value.clone());
    }
    for attachment in item.attachments().unwrap() {
        let time = |tag| {
            let value = attachment.properties().value(tag).unwrap();
            value.and_then(|value| value.as_time()).expect("a time")
        };
        new.occurrences.push(Occurrence::new(
            time(property::EXCEPTION_REPLACE_TIME),
            time(property::EXCEPTION_START),
            time(property::EXCEPTION_END),
            properties(&attachment.item().unwrap().expect("a message")),
        ));
    }
    new
}

/// Returns the properties of an item without those of our set.
fn properties(item: &messaging::Item<'_>) -> Properties {
    let all = item.properties().properties().unwrap();
    let is_ours = |key: &PropertyKey| matches!(key, PropertyKey::Name(name) if name.set == OURS);
    let mut kept: Properties = all
        .iter()
        .filter(|(key, _)| !is_ours(key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(subject) = item.subject().unwrap() {
        kept.set(property::SUBJECT, Value::String(subject));
    }
    kept
}

/// Reads the content of all items as it is on the server.
fn contents(place: &Place, address: &str) -> Vec<(ItemKind, Vec<(ItemId, Content)>)> {
    let access = ServerAccess {
        url: place.server.url(),
        login: Login::Basic { user: LOGIN.to_owned(), password: Password::new(PASSWORD) },
        ca_file: Some(place.server.ca_file().to_owned()),
        pin: None,
        passage: Passage::default(),
        connect_within: Duration::from_secs(10),
        reply_within: Duration::from_secs(30),
        patience: Patience { longest: Duration::from_secs(10), first: Duration::from_millis(1) },
    };
    let runtime = Runtime::new().unwrap();
    let server = ExchangeServer::new(&access, runtime.handle().clone()).unwrap();
    let owner = ActAs::Owner(address.to_owned());
    let mut mailbox = server.mailbox(&owner, Zone::iana("Europe/Berlin").unwrap());
    let outlook = place.server.outlook(address);
    [
        (ItemKind::Contact, "contacts"),
        (ItemKind::Appointment, "calendar"),
        (ItemKind::Task, "tasks"),
    ]
    .into_iter()
    .map(|(kind, folder)| {
        let items = outlook.items(folder).unwrap();
        let ids: Vec<ItemId> = items.iter().map(|item| ItemId::new(&*item.id)).collect();
        let mut found = Vec::new();
        let each = &mut |id, item: Result<abgleich::mailbox::Item, _>| {
            found.push((id, item.expect("it reads").content));
        };
        mailbox.fetch(kind, &ids, each).unwrap();
        (kind, found)
    })
    .collect()
}
