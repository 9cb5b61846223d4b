//! Writing files that are wrong behind their checksums: whatever is bent, changing, moving and deleting items comes to an end, and
//! without a panic.
//!
//! `ABGLEICH_PST_DAMAGE` is how many places of each file are tried (default 100; `all` for every one), `ABGLEICH_PST_SEED` shifts
//! them.

use std::env;
use std::ops::ControlFlow;

use abgleich::pst::Medium;
use abgleich::pst::damage::write_everything;
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::{Settings, Writer};

use crate::real;
use crate::walker::crc;

/// A page or a block: where it begins, how many bytes its checksum is over, and where that stands.
struct Piece {
    at: usize,
    length: usize,
    sum: usize,
}

fn pieces(file: &[u8]) -> Vec<Piece> {
    let ndb = Ndb::open(Medium::Memory(file.to_vec())).unwrap();
    let mut pieces = Vec::new();
    let place = |at: u64| usize::try_from(at).unwrap();
    for tree in [ndb.node_tree(), ndb.block_tree()] {
        tree.pages(&ndb, &mut |page, _| {
            let at = place(page.at);
            pieces.push(Piece { at, length: 496, sum: at + 500 });
            Ok(())
        })
        .unwrap();
    }
    ndb.block_entries(&mut |entry| {
        let (at, length) = (place(entry.at), usize::from(entry.stored));
        // MS-PST 2.2.2.8.1: the last 16 bytes of the 64 that a block ends with.
        let trailer = at + (length + 16).next_multiple_of(64) - 16;
        pieces.push(Piece { at, length, sum: trailer + 4 });
        ControlFlow::Continue(())
    })
    .unwrap();
    pieces
}

/// Chooses places out of so many.
fn chosen(count: usize) -> impl Iterator<Item = usize> {
    let number = |name: &str| env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let all = env::var("ABGLEICH_PST_DAMAGE").is_ok_and(|text| text == "all");
    let wanted = number("ABGLEICH_PST_DAMAGE").unwrap_or(100).max(1);
    let step = if all { 1 } else { count.div_ceil(wanted).max(1) };
    (number("ABGLEICH_PST_SEED").unwrap_or_default() % step..count).step_by(step)
}

/// Issue 4, damage: no panic and no endless loop, when a file is written as well.
#[test]
fn writing_what_is_bent_behind_the_checksums_comes_to_an_end() {
    for (name, file) in real::writable(300_000) {
        let pieces = pieces(&file);
        let places: Vec<(usize, usize)> = (0..pieces.len())
            .flat_map(|piece| (0..pieces[piece].length).map(move |at| (piece, at)))
            .collect();
        let (mut opened, mut done, mut refused, mut tried) = (0, 0, 0, 0);
        for place in chosen(places.len()) {
            let (piece, at) = (&pieces[places[place].0], places[place].1);
            let mut bytes = file.clone();
            bytes[piece.at + at] ^= [0x01, 0x80, 0xFF, 0x10, 0x20][place % 5];
            let sum = crc(&bytes[piece.at..piece.at + piece.length]);
            bytes[piece.sum..piece.sum + 4].copy_from_slice(&sum.to_le_bytes()[..4]);
            tried += 1;
            let (medium, rescue) = (Medium::Memory(bytes), Medium::Memory(Vec::new()));
            let settings = Settings { protected: true, ..Settings::default() };
            let Ok(mut bent) = Writer::in_media(medium, rescue, &settings, &|_| Ok(false)) else {
                continue;
            };
            opened += 1;
            if let Ok((some, others)) = write_everything(&mut bent) {
                done += some;
                refused += others;
            }
        }
        println!("{name}: {tried} places, opened {opened}; {done} writes done, {refused} refused");
        assert!(opened > 0, "{name}: what is in the blocks is not looked at when a file is opened");
    }
}
