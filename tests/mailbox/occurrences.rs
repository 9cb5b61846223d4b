//! Changed occurrences of a series in a PST file: what their messages hold, and what becomes of it.

use std::path::Path;

use abgleich::mailbox::pst::PstMailbox;
use abgleich::mailbox::{Mailbox, Wrote};
use abgleich::mapi::{Properties, PropertyKey, PropertyName, Value, name, property};
use abgleich::model::{Content, Field, ItemKind, Recurrence, Value as ModelValue};
use abgleich::pst::Nid;
use abgleich::pst::messaging::write::{ItemChange, Occurrence};
use abgleich::pst::messaging::{Attachment, Store};

use crate::bench::over;
use crate::file::{access, as_if_utc, fetched, messages, moved, nids, series, texts, with_series};

/// Whether messages of changed occurrences claim a text of their own (`PidLidFExceptionalBody`), in the order in which they were put.
fn claims(path: &Path, item: Nid) -> Vec<Option<Value>> {
    let store = Store::open(path).expect("it opens");
    let attachments = store.item(item).expect("there").attachments().expect("readable");
    let claim = |one: &Attachment<'_>| {
        let message = one.item().expect("readable").expect("a message");
        message.properties().value(exceptional_body()).expect("readable")
    };
    attachments.iter().map(claim).collect()
}

fn exceptional_body() -> PropertyName {
    PropertyName::number(name::set::APPOINTMENT, 0x8206)
}

/// Outlook's own items say in local time as if UTC when an occurrence would have started, MS-OXOCAL 2.2.10.1.6 wants UTC.
#[test]
fn d11_what_a_changed_occurrence_has_of_its_own_survives_changes_of_the_others_and_of_itself() {
    for original in ["10:00:00Z", "09:00:00Z"] {
        survives(original);
    }
}

fn survives(original: &str) {
    let (mut file, id) = with_series();
    let id = &id;
    let (_, nid) = nids(id);
    let path = access(&file.folder).path;
    file.mailbox = PstMailbox::new(access(&file.folder));
    let attachments = messages(&path, nid);
    // MS-OXOCAL 2.2.10.2.6: what claims a text must have one, and what claims none is shown with that of the series.
    assert_eq!(claims(&path, nid), [None, None, None]);
    // The person writes a text into the second one; Outlook keeps it in the message of the occurrence. The first one is as this
    // program wrote it once.
    let mut occurrences = Vec::new();
    for (day, attachment) in [12, 19, 26].into_iter().zip(attachments) {
        let mut properties = Properties::new();
        if day == 19 {
            properties.set(property::BODY, Value::from("Bitte Mappe mitbringen"));
        }
        properties.set(exceptional_body(), Value::Boolean(day != 26));
        occurrences.push(Occurrence {
            original_start: as_if_utc(&format!("2027-01-{day}T{original}")),
            start: as_if_utc(&format!("2027-01-{day}T11:00:00Z")),
            end: as_if_utc(&format!("2027-01-{day}T11:30:00Z")),
            properties,
            held: Some(attachment),
            remove: Vec::new(),
        });
    }
    let change = ItemChange { occurrences, ..ItemChange::default() };
    file.by_person(|batch| batch.change_item(nid, &change).expect("the text is kept"));
    let mappe = Some("Bitte Mappe mitbringen".to_owned());
    assert_eq!(texts(&path, nid), [(12, None), (19, mappe.clone()), (26, None)]);

    // We move the third, then the second, then the first.
    for (day, place) in [(26, "Raum 3"), (19, "Raum 2"), (12, "Raum 1")] {
        let before = fetched(&mut file.mailbox, id);
        let mut content = Content::new();
        let Some(ModelValue::Recurrence(series)) = before.content.value(Field::Recurrence).cloned()
        else {
            panic!("it is a series")
        };
        let mut series = *series;
        for exception in &mut series.exceptions {
            if exception.original.day() == day {
                *exception = moved(day, "13", Some(place));
            }
        }
        content.set(Field::Recurrence, ModelValue::Recurrence(Box::new(series.clone())));
        let update = over(before, content);
        let wrote = file.mailbox.apply(ItemKind::Appointment, &[update]).expect("it is written");
        assert!(matches!(wrote[..], [Wrote::Done { .. }]), "{wrote:?}");
        let found = fetched(&mut file.mailbox, id).content.value(Field::Recurrence).cloned();
        assert_eq!(found, Some(ModelValue::Recurrence(Box::new(series))));
    }
    file.mailbox = PstMailbox::new(access(&file.folder));
    assert_eq!(texts(&path, nid), [(12, None), (19, mappe), (26, None)]);
    let claim = |told| Some(Value::Boolean(told));
    assert_eq!(claims(&path, nid), [None, claim(true), claim(false)]);
    let report = abgleich::pst::check::check(&path).expect("it opens");
    assert_eq!(report.findings(), []);
}

/// A series that moves to another zone has the same hours on the clocks there. The blob has the clock's hours and stays as it is; the
/// messages of changed occurrences have instants, and when the series would have had them (MS-OXOCAL 2.2.10.2), and other readers and
/// reminders go by these.
#[test]
fn changed_occurrences_go_along_with_zone_and_length_of_their_series() {
    let (mut file, id) = with_series();
    let at = |text: &str| ModelValue::Instant(text.parse().expect("an instant"));
    let mut write = |content: Content| {
        let update = over(fetched(&mut file.mailbox, &id), content);
        let wrote = file.mailbox.apply(ItemKind::Appointment, &[update]).expect("it is written");
        assert!(matches!(wrote[..], [Wrote::Done { .. }]), "{wrote:?}");
        file.mailbox = PstMailbox::new(access(&file.folder));
        let store = Store::open(&access(&file.folder).path).expect("it opens");
        let attachments = store.item(nids(&id).1).expect("there").attachments().expect("readable");
        let start = PropertyName::number(name::set::APPOINTMENT, 0x820D);
        let times = |one: &Attachment<'_>| {
            let message = one.item().expect("readable").expect("a message");
            let value = |key: PropertyKey| message.properties().value(key).expect("readable");
            [value(start.clone().into()), value(property::END_DATE.into())]
        };
        attachments.iter().map(times).collect::<Vec<_>>()
    };
    // By hand: at eleven in London, where nothing is ahead of UTC in winter, instead of from ten to half past eleven.
    let expected = |end: &str| {
        let time =
            |day, time: &str| Some(Value::Time(as_if_utc(&format!("2027-01-{day}T{time}:00Z"))));
        [12, 19, 26].map(|day| [time(day, "11:00"), time(day, end)])
    };
    let mut content = Content::new();
    content.set(Field::Zone, ModelValue::Text("Europe/London".to_owned()));
    content.set(Field::Start, at("2027-01-12T10:00:00Z"));
    content.set(Field::End, at("2027-01-12T11:30:00Z"));
    let Some(ModelValue::Recurrence(own)) = series().value(Field::Recurrence).cloned() else {
        panic!("it is a series")
    };
    let exceptions = [12, 19, 26].map(|day| moved(day, "11", None)).to_vec();
    let moved = Recurrence { exceptions, ..*own };
    content.set(Field::Recurrence, ModelValue::Recurrence(Box::new(moved)));
    assert_eq!(write(content), expected("11:30"));
    let mut longer = Content::new();
    longer.set(Field::End, at("2027-01-12T12:30:00Z"));
    assert_eq!(write(longer), expected("12:30"));
}
