//! Model to file to model: what is written into a file, closed and opened again is read back as it was.

use jiff::civil::Date;
use proptest::prelude::{ProptestConfig, prop_assert_eq, proptest};

use super::{NOTHING, content, different};
use crate::mailbox::contract::sample;
use crate::mailbox::pst::{PstAccess, PstMailbox};
use crate::mailbox::{Aside, Item, Mailbox, Write, Wrote};
use crate::mapi::{FileTime, PropertyKey, Value as V, named as n, property as p};
use crate::model::recurrence::{Day, Exception, ExceptionChange, Moment, Pattern, Range};
use crate::model::{Content, Field, ItemId, ItemKind, Recurrence, Slot, Value};
use crate::pst::Nid;
use crate::pst::check::check;
use crate::pst::messaging::write::{Batch, ItemChange};
use crate::pst::messaging::{CodePage, Store};
use crate::pst::ndb::write::{Settings, Writer};

/// Writes into the mailbox of a folder, closes it, and returns the item as another one reads it.
fn put(folder: &std::path::Path, kind: ItemKind, write: Write) -> Item {
    let mut mailbox = PstMailbox::fresh(folder);
    let id = match mailbox.apply(kind, &[write]).unwrap().remove(0) {
        Wrote::Done { id, .. } => id,
        other => panic!("{other:?}"),
    };
    mailbox.close().unwrap();
    read(PstMailbox::fresh(folder), kind, id)
}

fn read(mut mailbox: PstMailbox, kind: ItemKind, id: ItemId) -> Item {
    let mut found = None;
    let each = &mut |_: ItemId, item: Result<Item, _>| found = Some(item.unwrap());
    mailbox.fetch(kind, &[id], each).unwrap();
    found.unwrap()
}

fn nid(item: &Item) -> Nid {
    let number = item.identity.id.as_str().rsplit_once('.').unwrap().1;
    Nid(u32::from_str_radix(number, 16).unwrap())
}

/// Sets properties of an item as another program would.
fn set(folder: &std::path::Path, item: &Item, change: &ItemChange) {
    let path = folder.join("a.pst");
    let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    batch.change_item(nid(item), change).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
}

fn access(folder: &std::path::Path) -> PstAccess {
    PstAccess {
        path: folder.join("a.pst"),
        writes: true,
        german: true,
        zone: super::zone("Europe/Berlin"),
        code_page: CodePage::WESTERN,
        settings: Settings::default(),
    }
}

fn update(item: &Item, content: Content) -> Write {
    Write::Update {
        id: item.identity.id.clone(),
        version: item.identity.version.clone(),
        content,
        before: item.content.clone(),
        aside: Aside::default(),
        stamp: None,
    }
}

/// Windows' table: 94 is ö in 850, which nothing in the file says.
#[test]
fn texts_of_changed_occurrences_are_in_the_code_page_that_the_store_is_read_with() {
    let folder = tempfile::tempdir().unwrap();
    let kind = ItemKind::Appointment;
    let mut content = sample::full(kind);
    let Some(Value::Recurrence(series)) = content.value(Field::Recurrence).cloned() else {
        panic!("the sample is a series")
    };
    let mut series = *series;
    let at = |text: &str| Moment::Instant(text.parse().unwrap());
    let named = |subject: &str| ExceptionChange::Changed {
        start: at("2027-01-26T09:00:00Z"),
        end: at("2027-01-26T10:30:00Z"),
        subject: Some(subject.to_owned()),
        place: None,
    };
    let original = Date::constant(2027, 1, 26);
    series.exceptions = vec![Exception { original, change: named("#ln") }];
    content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    let mut mailbox = PstMailbox::fresh(folder.path());
    let home = mailbox.folder(kind, &[], true).unwrap().unwrap();
    mailbox.close().unwrap();
    let stamp = sample::stamp("A-1", "00ff");
    let item = put(folder.path(), kind, Write::Create { folder: home, content, stamp });
    // As programs write it that know no Unicode: nothing follows the text.
    let store = Store::open(&folder.path().join("a.pst")).unwrap();
    let blob = store.item(nid(&item)).unwrap().properties().value(n::APPOINTMENT_RECURRENCE);
    let mut blob = blob.unwrap().unwrap().as_bytes().unwrap().to_vec();
    let start = blob.windows(3).position(|window| window == b"#ln").unwrap();
    blob.truncate(start + 3);
    blob[start] = 0x94;
    let mut change = ItemChange::default();
    change.set.set(n::APPOINTMENT_RECURRENCE, V::Binary(blob));
    set(folder.path(), &item, &change);
    for (page, subject) in [(CodePage(850), "öln"), (CodePage::WESTERN, "”ln")] {
        let other = PstAccess { code_page: page, ..access(folder.path()) };
        let found = read(PstMailbox::new(other), kind, item.identity.id.clone());
        let Some(Value::Recurrence(series)) = found.content.value(Field::Recurrence) else {
            panic!("{:?}", found.content)
        };
        assert_eq!(series.exceptions, [Exception { original, change: named(subject) }]);
    }
}

/// MS-OXOCAL 2.2.1.41: of the rules of a series one holds for all years, and by it Outlook reckons the messages of changed occurrences
/// as it does the series. São Paulo was two hours behind UTC in November 1999, and has had no summer time since 2019: 14:15 is 17:15.
#[test]
fn messages_of_changed_occurrences_are_reckoned_as_their_series_is() {
    let folder = tempfile::tempdir().unwrap();
    let kind = ItemKind::Appointment;
    let at = |text: &str| -> jiff::Timestamp { format!("1999-11-{text}:15:00Z").parse().unwrap() };
    let start = Date::constant(1999, 11, 16);
    let change = ExceptionChange::Changed {
        start: Moment::Instant(at("23T16")),
        end: Moment::Instant(at("23T17")),
        subject: None,
        place: None,
    };
    let series = Recurrence {
        pattern: Pattern::Weekly { every: 1, days: vec![Day::Tuesday], first_day: Day::Monday },
        range: Range::Count { start, count: 3 },
        exceptions: vec![Exception { original: Date::constant(1999, 11, 23), change }],
    };
    let mut content = sample::full(kind);
    content.set(Field::Start, Value::Instant(at("16T11")));
    content.set(Field::End, Value::Instant(at("16T13")));
    content.set_text(Field::Zone, "America/Sao_Paulo");
    content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
    let mut mailbox = PstMailbox::fresh(folder.path());
    let home = mailbox.folder(kind, &[], true).unwrap().unwrap();
    mailbox.close().unwrap();
    let (first, stamp) = (content.clone(), sample::stamp("A-1", "00ff"));
    let item = put(folder.path(), kind, Write::Create { folder: home, content: first, stamp });
    assert_eq!(different(&content, &item.content), NOTHING);
    let path = folder.path().join("a.pst");
    assert_eq!(check(&path).unwrap().findings(), []);
    let store = Store::open(&path).unwrap();
    let attachments = store.item(nid(&item)).unwrap().attachments().unwrap();
    let message = attachments[0].item().unwrap().unwrap();
    let told = message.properties().value(n::APPOINTMENT_START).unwrap().unwrap();
    let told = told.as_time().unwrap().since_1970().unwrap();
    assert_eq!(told, (at("23T17").as_second(), 0));
}

/// Programs leave a time of zero where they mean none: nobody was born in 1601.
#[test]
fn a_time_of_zero_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(ItemKind, [PropertyKey; 2]); 2] = [
        (ItemKind::Contact, [p::BIRTHDAY.into(), n::BIRTHDAY_LOCAL.into()]),
        (ItemKind::Task, [n::TASK_DUE.into(), n::COMMON_END.into()]),
    ];
    for (kind, of) in cases {
        let mut mailbox = PstMailbox::fresh(folder.path());
        let home = mailbox.folder(kind, &[], true).unwrap().unwrap();
        mailbox.close().unwrap();
        let (content, stamp) = (sample::full(kind), sample::stamp("A-1", "00ff"));
        let item = put(folder.path(), kind, Write::Create { folder: home, content, stamp });
        let mut change = ItemChange::default();
        for key in of {
            change.set.set(key, V::Time(FileTime(0)));
        }
        set(folder.path(), &item, &change);
        let found = read(PstMailbox::fresh(folder.path()), kind, item.identity.id.clone());
        let field = if kind == ItemKind::Contact { Field::Birthday } else { Field::Due };
        assert_eq!(found.content.slot(field), Some(&Slot::Blank), "{field}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// Issue 4, "round trip by property test": messages of changed occurrences, rows, names and big values included, new,
    /// changed, and written as it was read; and the file breaks no rule.
    #[test]
    fn what_goes_through_a_file_is_read(
        contacts in (content(ItemKind::Contact), content(ItemKind::Contact)),
        appointments in (content(ItemKind::Appointment), content(ItemKind::Appointment)),
        tasks in (content(ItemKind::Task), content(ItemKind::Task)),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.pst");
        let all = [
            (ItemKind::Contact, contacts),
            (ItemKind::Appointment, appointments),
            (ItemKind::Task, tasks),
        ];
        for (kind, (first, second)) in all {
            let mut mailbox = PstMailbox::fresh(folder.path());
            let home = mailbox.folder(kind, &[], false).unwrap().unwrap();
            mailbox.close().unwrap();
            let (content, stamp) = (first.clone(), sample::stamp("A-1", "00ff"));
            let made = put(folder.path(), kind, Write::Create { folder: home, content, stamp });
            prop_assert_eq!(different(&first, &made.content), NOTHING);
            let changed = put(folder.path(), kind, update(&made, second.clone()));
            prop_assert_eq!(different(&second, &changed.content), NOTHING);
            let again = put(folder.path(), kind, update(&changed, changed.content.clone()));
            prop_assert_eq!(different(&changed.content, &again.content), NOTHING);
        }
        let report = check(&path).unwrap();
        prop_assert_eq!(report.findings(), []);
    }
}
