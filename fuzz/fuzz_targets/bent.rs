//! A sound Unicode PST file (`ABGLEICH_PST_FUZZ`), of which bytes are flipped and the checksums mended.

use std::{env, fs};

use abgleich::pst::Medium;
use abgleich::pst::damage::Piece;
use abgleich::pst::ndb::Ndb;

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

/// Returns the file as an input bends it: a list of six bytes each, which page or block (16 bits), where in it (24 bits), and which bits
/// to flip.
pub fn bent(input: &[u8]) -> Medium {
    BASE.with(|(file, pieces)| {
        let mut file = file.clone();
        for [t0, t1, a0, a1, a2, bits] in input.as_chunks::<6>().0 {
            let piece = usize::from(u16::from_le_bytes([*t0, *t1])) % pieces.len();
            let at = u32::from_le_bytes([*a0, *a1, *a2, 0]);
            pieces[piece].bend(&mut file, usize::try_from(at).expect("24 bits"), *bits);
        }
        Medium::Memory(file)
    })
}
