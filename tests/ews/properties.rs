//! What holds for any bytes: no panic, and the same result however they are cut.

use proptest::prelude::*;

use crate::recordings::read;

const FIXTURES: [&[u8]; 5] = [
    include_bytes!("../../fixtures/soap/04-calendar/0020-GetItem-response.xml"),
    include_bytes!("../../fixtures/soap/05-tasks/0002-GetItem-response.xml"),
    include_bytes!("../../fixtures/soap/08-sync-paging/0001-SyncFolderItems-response.xml"),
    include_bytes!("../../fixtures/soap/09-impersonation/0006-GetFolder-response.xml"),
    include_bytes!("../../fixtures/soap/03-named-property-search/0001-FindItem-response.xml"),
];

/// Everything that can come in an answer and is hard to cut: references, a comment, CDATA,
/// characters of four bytes, bytes that are no UTF-8, blanks in tags, quotes in attributes.
const NASTY: &[u8] = b"\xEF\xBB\xBF<?xml version='1.0' encoding='UTF-8'?>\r\n<!-- > -- <x> -->\
    <s:Envelope xmlns:s='s'><s:Body ><GetItemResponse><ResponseMessages><x ResponseClass=\"Success\">\
    <ResponseCode>NoError</ResponseCode><Items><Contact><ItemId Id='a&amp;b>c' ChangeKey=\"k'\"/>\
    <Surname>\xF0\x9F\x98\x80&#xD83D;&#xDE00;&#x1;&#0;\xC3\xA4&lt;\r\nx\ry</Surname >\
    <GivenName><![CDATA[<a> & ]] b]]></GivenName><Initials>\xFF\xC3\xEF\xBB\xBF</Initials>\
    <Body BodyType='HTML'>&lt;p&gt;</Body><Unknown><Deeper a='>'/></Unknown><Birthday>gestern</Birthday>\
    </Contact></Items></x></ResponseMessages></GetItemResponse></s:Body></s:Envelope>\n ";

#[test]
fn a_nasty_answer_is_read_as_its_writer_meant_it() {
    use abgleich::ews::{Arrival, Field, Value};
    let (arrivals, reply) = read(NASTY, usize::MAX, 1);
    reply.unwrap();
    let Some(Arrival::Item { item, .. }) = arrivals.first() else { panic!("{arrivals:?}") };
    assert_eq!(item.id.as_str(), "a&b>c");
    assert_eq!(item.change_key.as_str(), "k'");
    let text = |field| item.value(field).and_then(Value::as_text).unwrap();
    assert_eq!(text(Field::Surname), "\u{1f600}\u{1f600}\u{e4}<\nx\ny");
    assert_eq!(text(Field::GivenName), "<a> & ]] b");
    assert_eq!(text(Field::Initials), "\u{fffd}\u{fffd}\u{feff}");
    assert_eq!(item.value(Field::Birthday), Some(&Value::Unreadable("gestern".into())));
    assert_eq!(item.properties.len(), 5);
}

#[test]
fn every_cut_into_two_gives_the_same() {
    let whole = read(NASTY, usize::MAX, 1);
    for cut in 1..NASTY.len() {
        let mut parser = abgleich::ews::ReplyParser::new(abgleich::ews::Limits::default());
        let (head, tail) = NASTY.split_at(cut);
        parser.feed(head).unwrap();
        parser.feed(tail).unwrap();
        let mut arrivals = Vec::new();
        while let Some(arrival) = parser.next_arrival() {
            arrivals.push(arrival);
        }
        assert_eq!(arrivals, whole.0, "cut at {cut}");
        assert_eq!(parser.finish(1).map_err(|error| error.to_string()), whole.1);
    }
}

#[test]
fn every_truncation_is_an_error() {
    for fixture in FIXTURES.into_iter().chain([NASTY]) {
        let end = fixture.iter().rposition(|byte| *byte == b'>').unwrap();
        for length in (0..=end).step_by(7).chain([end]) {
            let (_, reply) = read(&fixture[..length], 300, 1);
            assert!(reply.is_err(), "{length} of {} bytes passed for the whole", fixture.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_result_does_not_depend_on_how_bytes_are_cut(which in 0..FIXTURES.len(), piece in 1_usize..400) {
        prop_assert!(read(FIXTURES[which], piece, 1) == read(FIXTURES[which], usize::MAX, 1));
        prop_assert!(read(NASTY, piece.min(40), 1) == read(NASTY, usize::MAX, 1));
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), piece in 1_usize..100) {
        let (_, reply) = read(&bytes, piece, 1);
        prop_assert!(reply.is_err());
    }

    #[test]
    fn damaged_answers_do_not_make_it_panic(
        which in 0..FIXTURES.len(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        piece in 1_usize..2000,
    ) {
        let mut bytes = FIXTURES[which].to_vec();
        for (place, byte) in damage {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let _ = read(&bytes, piece, 1);
    }

    #[test]
    fn markup_of_any_shape_does_not_make_it_panic(text in "(<[/!?a-zA-Z:\\[\\]\\- ='\">]{0,12}|&[#x0-9a-z;]{0,9}|[a-z>\\]]{0,5}|Envelope|Body|Items){0,40}", piece in 1_usize..50) {
        let (_, reply) = read(text.as_bytes(), piece, 1);
        prop_assert!(reply.is_err());
    }
}

#[test]
fn depth_and_size_are_bounded() {
    use abgleich::ews::{Limits, ReplyError, ReplyParser};
    let limits = Limits { depth: 20, token: 1000, part: 5000 };
    let feed = |text: String| {
        let mut parser = ReplyParser::new(limits);
        text.as_bytes().chunks(100).find_map(|piece| parser.feed(piece).err())
    };
    let head = "<Envelope><Body><R><ResponseMessages><M><Items><Contact><ItemId Id='i'/>";
    let limit = |error: Option<ReplyError>| match error {
        Some(ReplyError::TooLarge { limit, .. }) => limit,
        other => panic!("{other:?}"),
    };
    assert_eq!(limit(feed("<Envelope>".to_owned() + &"<a>".repeat(30))), "nested elements");
    assert_eq!(limit(feed(format!("<Envelope a='{}", "x".repeat(2000)))), "one token");
    assert_eq!(limit(feed(format!("{head}<Surname>{}", "x".repeat(6000)))), "one item");
    assert_eq!(limit(feed(format!("{head}{}", "<Surname/>".repeat(100)))), "one item");
    // What is skipped takes no memory, however long it is.
    assert_eq!(feed(format!("{head}<MimeContent>{}", "x".repeat(60_000))), None);
}
