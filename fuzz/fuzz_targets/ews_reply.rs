//! Any bytes as an answer of EWS, in pieces of any size: reading them ends, with parts or with an error, and how they are cut
//! makes no difference.

#![no_main]

use abgleich::ews::{Arrival, Limits, ReplyParser, StreamParser};
use libfuzzer_sys::fuzz_target;

/// Small enough that an input of libFuzzer can go beyond each of them. Tokens are only bounded where they are kept between two
/// pieces, so that the comparison below is made with limits that no input reaches.
const SMALL: Limits = Limits { depth: 24, token: 1 << 10, part: 1 << 14 };

fuzz_target!(|bytes: &[u8]| {
    // Taken from the length, so that a recorded answer is an input as it stands.
    let piece = bytes.len() % 251 + 1;
    let (parts, whole) = read(bytes, usize::MAX);
    let (cut, again) = read(bytes, piece);
    // A document that is refused is refused wherever it is cut, but what came before the refusal may differ by a part.
    assert_eq!(whole, again, "whole and in pieces of {piece}");
    assert!(!whole || parts == cut, "in pieces of {piece} it says something else");

    let mut stream = StreamParser::new(SMALL);
    for piece in bytes.chunks(piece) {
        if stream.feed(piece).is_err() {
            return;
        }
        while stream.next_arrival().is_some() {}
    }
    let _ = stream.finish();
});

/// Reads the bytes as one answer; also says whether they were one.
fn read(bytes: &[u8], piece: usize) -> (Vec<Arrival>, bool) {
    let mut parser = ReplyParser::new(Limits::default());
    let mut arrivals = Vec::new();
    for piece in bytes.chunks(piece) {
        let fed = parser.feed(piece);
        arrivals.extend(std::iter::from_fn(|| parser.next_arrival()));
        if fed.is_err() {
            return (arrivals, false);
        }
    }
    (arrivals, parser.finish(1).is_ok())
}
