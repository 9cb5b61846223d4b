//! A sound PST file (`ABGLEICH_PST_FUZZ`), of which bytes are flipped behind the checksums: reading it ends, with data or an error.
//!
//! The input is a list of six bytes each: which page or block (16 bits), where in it (24 bits), and which bits to flip.

#![no_main]

use std::ops::ControlFlow;
use std::{env, fs};

use abgleich::pst::damage::{Bend, Bent, Target, read_everything};
use abgleich::pst::messaging::Store;
use abgleich::pst::ndb::Ndb;
use abgleich::pst::{Medium, PstError};
use libfuzzer_sys::fuzz_target;

/// More pages and blocks than this are read only by something that goes in circles.
const READS: u64 = 1 << 18;

thread_local! {
    static BASE: (Ndb, Vec<Target>) = base();
}

fn base() -> (Ndb, Vec<Target>) {
    let path = env::var_os("ABGLEICH_PST_FUZZ").expect("ABGLEICH_PST_FUZZ names a small PST file");
    let ndb = Ndb::open(Medium::Memory(fs::read(path).expect("a file"))).expect("a sound file");
    let mut targets = Vec::new();
    for tree in [ndb.node_tree(), ndb.block_tree()] {
        tree.pages(&ndb, &mut |place, _| {
            targets.push(Target::Page(place.at));
            Ok::<_, PstError>(())
        })
        .expect("sound trees");
    }
    ndb.block_entries(&mut |entry| {
        targets.push(Target::Block(entry.bid));
        ControlFlow::Continue(())
    })
    .expect("a sound tree");
    (ndb, targets)
}

fuzz_target!(|input: &[u8]| {
    BASE.with(|(ndb, targets)| {
        let bends = input.as_chunks::<6>().0.iter().map(|[t0, t1, a0, a1, a2, bits]| Bend {
            target: targets[usize::from(u16::from_le_bytes([*t0, *t1])) % targets.len()],
            at: usize::try_from(u32::from_le_bytes([*a0, *a1, *a2, 0])).expect("24 bits"),
            bits: *bits,
        });
        let store = Store::new(Bent::new(ndb, bends.collect(), READS));
        let _ = read_everything(&store);
        assert!(!store.nodes().is_spent(), "reading goes in circles");
    });
});
