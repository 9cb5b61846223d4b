//! What must be read out of the recorded subscription and its stream. The expectations were written down by hand from the
//! documents.

use abgleich::ews::{
    Arrival, Delivery, EventKind, FolderId, Operation as _, Subscribe, Subscribed, Unsubscribe,
};

use crate::fixtures::{arrivals, bytes};
use crate::recordings::stream;

#[test]
fn a_stream_tells_folders_and_kinds_of_events() {
    // By hand from 10-streaming/0011: a contact made, changed, deleted; a task made and purged; then the end.
    let whole = bytes("10-streaming/0011-GetStreamingEvents");
    let (contacts, deleted, tasks) = ("AAAAABM", "AAAAAAs", "AAAAABI");
    let place = |id: &Option<FolderId>| {
        let id = id.as_ref().map(ToString::to_string).unwrap_or_default();
        [contacts, deleted, tasks].into_iter().find(|end| id.ends_with(&format!("{end}AAAI=")))
    };
    for piece in [1, 333, whole.len()] {
        let (mut news, mut ends) = (Vec::new(), Vec::new());
        for arrival in stream(&whole, piece) {
            match arrival {
                Arrival::Notification { notification, .. } => {
                    assert_eq!(notification.subscription, Some("BQAAAAUAAAA=".into()));
                    let items = notification.events.iter().filter(|event| event.item.is_some());
                    news.push((
                        notification.is_news(),
                        items
                            .map(|event| {
                                (event.kind.clone(), place(&event.parent), place(&event.old_parent))
                            })
                            .collect::<Vec<_>>(),
                    ));
                }
                Arrival::Message(message) => {
                    assert!(message.lost.is_empty(), "an empty list names nobody");
                    ends.push(message.closed);
                }
                other => panic!("{other:?}"),
            }
        }
        let changed = (EventKind::Modified, Some(contacts), None);
        let expected = [
            (true, vec![(EventKind::Created, Some(contacts), None)]),
            (true, vec![changed.clone(), changed]),
            (true, vec![(EventKind::Moved, Some(deleted), Some(contacts))]),
            (
                true,
                vec![
                    (EventKind::Created, Some(tasks), None),
                    (EventKind::Deleted, Some(tasks), None),
                ],
            ),
            (false, vec![]),
        ];
        assert_eq!(news, expected);
        let (goes_on, closes) = (Some(false), Some(true));
        assert_eq!(ends, [goes_on, goes_on, goes_on, goes_on, goes_on, closes, closes]);
    }
}

#[test]
fn a_subscription_has_an_id_and_here_no_watermark() {
    let subscribe = Subscribe { folders: Vec::new(), delivery: Delivery::Streaming };
    let parts: Vec<_> = arrivals("10-streaming/0010-Subscribe", 1)
        .into_iter()
        .filter_map(|arrival| subscribe.part(arrival).unwrap())
        .collect();
    let expected = Subscribed { id: "BQAAAAUAAAA=".into(), watermark: None };
    assert_eq!(parts, [Ok(expected)]);
    let unsubscribe = Unsubscribe { subscription: "BQAAAAUAAAA=".into() };
    let parts: Vec<_> = arrivals("10-streaming/0020-Unsubscribe", 1)
        .into_iter()
        .filter_map(|arrival| unsubscribe.part(arrival).unwrap())
        .collect();
    assert_eq!(parts, [Ok(())]);
}
