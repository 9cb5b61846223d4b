//! Changing, moving and deleting the items of a file that is [bent](bent::bent) behind its checksums ends, done or refused.

#![no_main]

mod bent;

use abgleich::pst::Medium;
use abgleich::pst::damage::write_everything;
use abgleich::pst::ndb::write::{Settings, Writer};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let rescue = Medium::Memory(Vec::new());
    let opened = Writer::in_media(bent::bent(input), rescue, &Settings::default(), &|_| Ok(false));
    if let Ok(mut file) = opened {
        let _ = write_everything(&mut file);
    }
});
