//! A sound Unicode PST file (`ABGLEICH_PST_FUZZ`), of which bytes are flipped and the checksums mended: checking it ends, with a report
//! or an error.
//!
//! The input is a list of six bytes each: which page or block (16 bits), where in it (24 bits), and which bits to flip.

#![no_main]

use std::{env, fs};

use abgleich::pst::Medium;
use abgleich::pst::check::check_medium;
use abgleich::pst::damage::Piece;
use abgleich::pst::ndb::Ndb;
use libfuzzer_sys::fuzz_target;

thread_local! {
    static BASE: (Vec<u8>, Vec<Piece>) = base();
}

fn base() -> (Vec<u8>, Vec<Piece>) {
    let path = env::var_os("ABGLEICH_PST_FUZZ").expect("ABGLEICH_PST_FUZZ names a small PST file");
    let file = fs::read(path).expect("a file");
    let ndb = Ndb::open(Medium::Memory(file.clone())).expect("a sound file");
    let pieces = Piece::all(&ndb).expect("sound trees");
    (file, pieces)
}

fuzz_target!(|input: &[u8]| {
    BASE.with(|(file, pieces)| {
        let mut file = file.clone();
        for [t0, t1, a0, a1, a2, bits] in input.as_chunks::<6>().0 {
            let piece = usize::from(u16::from_le_bytes([*t0, *t1])) % pieces.len();
            let at = u32::from_le_bytes([*a0, *a1, *a2, 0]);
            pieces[piece].bend(&mut file, usize::try_from(at).expect("24 bits"), *bits);
        }
        if let Ok(report) = check_medium(Medium::Memory(file)) {
            // What it says is read as well.
            for finding in report.findings() {
                let _ = finding.to_string();
            }
        }
    });
});
