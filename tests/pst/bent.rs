//! Writing files that are wrong behind their checksums: whatever is bent, changing, moving and deleting items comes to an end, and
//! without a panic.
//!
//! `ABGLEICH_PST_DAMAGE` is how many places of each file are tried (default 100; `all` for every one), `ABGLEICH_PST_SEED` shifts
//! them.

use std::env;

use abgleich::pst::Medium;
use abgleich::pst::damage::{Piece, write_everything};
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::{Settings, Writer};

use crate::real;

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
        let ndb = Ndb::open(Medium::Memory(file.clone())).unwrap();
        let pieces = Piece::all(&ndb).unwrap();
        let places: Vec<(usize, usize)> = (0..pieces.len())
            .flat_map(|piece| (0..pieces[piece].length).map(move |at| (piece, at)))
            .collect();
        let (mut opened, mut done, mut refused, mut tried) = (0, 0, 0, 0);
        for place in chosen(places.len()) {
            let (piece, at) = places[place];
            let mut bytes = file.clone();
            pieces[piece].bend(&mut bytes, at, [0x01, 0x80, 0xFF, 0x10, 0x20][place % 5]);
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
