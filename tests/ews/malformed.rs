//! Malformed answers: whatever a server, a proxy or a broken line makes of a page of changes, nothing is taken for deleted that
//! a whole answer did not call deleted.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use abgleich::ews::operation::folder::FolderRef;
use abgleich::ews::transport::scripted::Scripted;
use abgleich::ews::{
    Change, FolderId, Header, Lane, Limits, ServerVersion, StreamParser, SyncFolderItems, SyncPart,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// A page as Exchange 2016 writes it: everything that can come in one, with two deletions.
const PAGE: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\
    <s:Header><h:ServerVersionInfo MajorVersion=\"15\" MinorVersion=\"1\" Version=\"V2017_07_11\" xmlns:h=\"h\"/></s:Header>\
    <s:Body><m:SyncFolderItemsResponse xmlns:m=\"m\" xmlns:t=\"t\"><m:ResponseMessages>\
    <m:SyncFolderItemsResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>\
    <m:SyncState>H4sIAAAA</m:SyncState><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange><m:Changes>\
    <t:Create><t:Contact><t:ItemId Id=\"id-new\" ChangeKey=\"k1\"/></t:Contact></t:Create>\
    <t:Delete><t:ItemId Id=\"id-gone\" ChangeKey=\"k2\"/></t:Delete>\
    <t:Update><t:Task><t:ItemId Id=\"id-changed\" ChangeKey=\"k3\"/></t:Task></t:Update>\
    <t:ReadFlagChange><t:ItemId Id=\"id-read\" ChangeKey=\"k4\"/><t:IsRead>true</t:IsRead></t:ReadFlagChange>\
    <t:Delete><t:ItemId Id=\"id-gone-too\" ChangeKey=\"k5\"/></t:Delete>\
    <t:Create><t:CalendarItem><t:ItemId Id=\"id-date\" ChangeKey=\"k6\"/></t:CalendarItem></t:Create>\
    </m:Changes></m:SyncFolderItemsResponseMessage></m:ResponseMessages></m:SyncFolderItemsResponse></s:Body></s:Envelope>";

/// Asks for a page and returns what is deleted according to it, as the mailbox takes it: all parts or none.
fn deleted(answer: &[u8], piece: usize) -> Option<Vec<String>> {
    let body = answer.to_vec();
    let mut lane =
        Lane::scripted(move |_| Scripted::Answer { status: 200, body: body.clone(), piece });
    let operation = SyncFolderItems {
        folder: FolderRef::Id(FolderId::new("f")),
        state: None,
        max_changes: 512,
        properties: Vec::new(),
        ignore: Vec::new(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let header = Header::new(ServerVersion::V2013Sp1);
    let parts = runtime.block_on(lane.all(operation, &header)).ok()?;
    // A page that ends in a refusal is none, as `mailbox::exchange::feed` has it.
    if parts.iter().any(|part| matches!(part, SyncPart::Refused(_))) {
        return None;
    }
    let gone = parts.into_iter().filter_map(|part| match part {
        SyncPart::Change(Change::Deleted(id)) => Some(id.as_str().to_owned()),
        _ => None,
    });
    Some(gone.collect())
}

/// Writes an element with its children in another order, as roxmltree sees it, which shares no code with what is tested.
fn rearranged(
    node: roxmltree::Node<'_, '_>,
    out: &mut String,
    children: &mut dyn FnMut(usize) -> Vec<usize>,
) {
    if let Some(text) = node.text().filter(|_| node.is_text()) {
        out.push_str(text);
        return;
    }
    let name = node.tag_name().name();
    out.push('<');
    out.push_str(name);
    for attribute in node.attributes() {
        let _ = write!(out, " {}=\"{}\"", attribute.name(), attribute.value());
    }
    out.push('>');
    let inside: Vec<_> = node.children().collect();
    for place in children(inside.len()) {
        rearranged(inside[place], out, children);
    }
    let _ = write!(out, "</{name}>");
}

#[test]
fn a_whole_page_deletes_what_it_says() {
    assert_eq!(deleted(PAGE.as_bytes(), 1000).unwrap(), ["id-gone", "id-gone-too"]);
}

#[test]
fn a_page_cut_off_at_any_byte_deletes_nothing() {
    for end in 0..PAGE.len() {
        assert_eq!(deleted(&PAGE.as_bytes()[..end], 4096), None, "cut off after {end} bytes");
    }
}

#[test]
fn a_page_that_is_no_success_deletes_nothing() {
    let refused =
        PAGE.replace("\"Success\"", "\"Error\"").replace("NoError", "ErrorInternalServerError");
    assert_eq!(
        deleted(refused.as_bytes(), 1000),
        None,
        "what stands beside an error counts for nothing"
    );
    for without in [
        "<m:SyncState>H4sIAAAA</m:SyncState>",
        "<m:IncludesLastItemInRange>true</m:IncludesLastItemInRange>",
    ] {
        assert_eq!(deleted(PAGE.replace(without, "").as_bytes(), 1000), None, "without {without}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Elements in any order, some of them gone and some of them twice: only what stood in a `Delete` is deleted.
    #[test]
    fn elements_in_any_order_delete_nothing_else(
        picks in proptest::collection::vec((any::<Index>(), any::<Index>(), 0..12_u8), 30..60),
        piece in 1_usize..500,
    ) {
        let document = roxmltree::Document::parse(PAGE).unwrap();
        let (mut out, mut picks) = (String::new(), picks.into_iter().cycle());
        rearranged(document.root_element(), &mut out, &mut |count| {
            let mut order: Vec<usize> = (0..count).collect();
            if let (Some((from, to, what)), 1..) = (picks.next(), count) {
                order.swap(from.index(count), to.index(count));
                match what {
                    0 => order.truncate(from.index(count)),
                    1 => order.push(to.index(count)),
                    _ => {}
                }
            }
            order
        });
        let allowed: BTreeSet<&str> = ["id-gone", "id-gone-too"].into();
        for gone in deleted(out.as_bytes(), piece).unwrap_or_default() {
            prop_assert!(allowed.contains(gone.as_str()), "{gone} of {out}");
        }
    }

    /// Bytes gone from the middle or overwritten: as many deletions at most as there are words for one.
    #[test]
    fn damage_makes_no_deletions(
        place in 0..PAGE.len(),
        gone in 0_usize..400,
        put in proptest::collection::vec(any::<u8>(), 0..6),
        piece in 1_usize..700,
    ) {
        let mut bytes = PAGE.as_bytes().to_vec();
        bytes.splice(place..(place + gone).min(PAGE.len()), put);
        let words = bytes.windows(8).filter(|window| *window == b"<t:Delet").count();
        let found = deleted(&bytes, piece);
        prop_assert!(found.as_ref().map_or(0, Vec::len) <= words, "{}", String::from_utf8_lossy(&bytes));
        // How the line cuts it makes no difference, not even to what is broken.
        prop_assert_eq!(found, deleted(&bytes, 100_000));
    }

    /// A stream of events is read envelope by envelope as it comes; any bytes end in events or in an error.
    #[test]
    fn any_bytes_on_a_stream_end(bytes in proptest::collection::vec(any::<u8>(), 0..800), place in 0..PAGE.len(), piece in 1_usize..90) {
        let mut all = PAGE.as_bytes()[..place].to_vec();
        all.extend_from_slice(&bytes);
        let mut parser = StreamParser::new(Limits { depth: 24, token: 4096, part: 16_384 });
        let fed = all.chunks(piece).try_for_each(|piece| {
            let fed = parser.feed(piece);
            while parser.next_arrival().is_some() {}
            fed
        });
        prop_assert!(fed.is_err() || place == 0 || parser.finish().is_err());
    }
}
