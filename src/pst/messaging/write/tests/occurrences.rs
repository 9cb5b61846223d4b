//! Series, of which some occurrences differ.

use std::ops::ControlFlow;

use super::{NOW, audit, contact, node, number, store};
use crate::mapi::{FileTime, Properties, PropertyId, Value, property};
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::PropertyContext;
use crate::pst::messaging::write::{Batch, ItemChange, Occurrence, Role};
use crate::pst::ndb::subnode;
use crate::pst::ndb::write::Writer;

/// MS-OXOCAL 2.2.10: changed occurrences are messages in hidden attachments. What is not named stays.
#[test]
fn a_series_with_changed_occurrences() {
    let folder = tempfile::tempdir().unwrap();
    let (mut file, made) = store(folder.path());
    let calendar = made.role(Role::Calendar).unwrap();
    let occurrence = |day: u64, subject: &str| {
        let time = FileTime(NOW.0 + day * 864_000_000_000);
        let mut properties = Properties::new();
        properties.set(property::SUBJECT, Value::String(subject.to_owned()));
        properties.set(property::BODY, Value::String(subject.repeat(1000)));
        let (start, end) = (FileTime(time.0 + 36_000_000_000), FileTime(time.0 + 72_000_000_000));
        Occurrence::new(time, start, end, properties)
    };
    let mut item = contact("Jour fixe");
    item.class = "IPM.Appointment".to_owned();
    item.occurrences = vec![occurrence(1, "moved"), occurrence(8, "moved again")];
    let mut batch = Batch::begin(&mut file, NOW).unwrap();
    let nid = batch.add_item(calendar, &item).unwrap();
    batch.commit().unwrap();
    audit(file.nodes());
    let embedded = |file: &Writer| {
        let nodes = file.nodes();
        let mut found = Vec::new();
        subnode::each(nodes, node(nodes, nid).sub, &mut |sub| {
            if sub.nid.kind() == NidKind::ATTACHMENT {
                let context = PropertyContext::open(nodes, &sub).unwrap();
                assert_eq!(
                    context.value(property::ATTACHMENT_HIDDEN.id).unwrap(),
                    Some(Value::Boolean(true))
                );
                assert_eq!(number(context.value(property::ATTACH_METHOD.id).unwrap()), Some(5));
                let (message, _) =
                    context.object(context.property(PropertyId(0x3701)).unwrap()).unwrap();
                let message = PropertyContext::open(nodes, &message).unwrap();
                found.push(message.value(property::SUBJECT.id).unwrap().unwrap());
            }
            Ok(ControlFlow::Continue(()))
        })
        .unwrap();
        found
    };
    let subject = |text: &str| Value::String(format!("\u{1}\u{1}{text}"));
    assert_eq!(embedded(&file), [subject("moved"), subject("moved again")]);

    let attachment = |index| Nid::new(NidKind::ATTACHMENT, index);
    let mut again = occurrence(8, "once more");
    again.held = Some(attachment(0x402));
    for (occurrences, dropped, expected) in [
        (vec![], vec![], vec![subject("moved"), subject("moved again")]),
        (
            vec![again.clone(), occurrence(2, "other")],
            vec![attachment(0x401)],
            vec![subject("once more"), subject("other")],
        ),
        (vec![], vec![attachment(0x402), attachment(0x403)], Vec::new()),
        (vec![occurrence(3, "third")], vec![], vec![subject("third")]),
    ] {
        let change = ItemChange { occurrences, dropped, ..ItemChange::default() };
        let mut batch = Batch::begin(&mut file, NOW).unwrap();
        batch.change_item(nid, &change).unwrap();
        batch.commit().unwrap();
        audit(file.nodes());
        assert_eq!(embedded(&file), expected);
    }
    // A message that is not there is not made under a name of our own.
    let change = ItemChange { occurrences: vec![again], ..ItemChange::default() };
    assert!(Batch::begin(&mut file, NOW).unwrap().change_item(nid, &change).is_err());
}
