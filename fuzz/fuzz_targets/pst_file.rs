//! Any bytes as a PST file: reading them ends, with data or an error.
//!
//! The checksums of the header are mended, so that the fuzzer gets past it; those of pages and blocks it has to leave alone. What
//! stands behind them is for `pst_content`.

#![no_main]

use abgleich::pst::Medium;
use abgleich::pst::crc::crc;
use abgleich::pst::damage::read_everything;
use abgleich::pst::messaging::Store;
use abgleich::pst::ndb::Ndb;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| {
    let mut file = file.to_vec();
    for (at, end) in [(4, 479), (524, 524)] {
        let Some(sum) = file.get(8..end).map(crc) else { continue };
        if let Some(place) = file.get_mut(at..at + 4) {
            place.copy_from_slice(&sum.to_le_bytes());
        }
    }
    if let Ok(ndb) = Ndb::open(Medium::Memory(file)) {
        let _ = read_everything(&Store::new(ndb));
    }
});
