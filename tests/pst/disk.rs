//! What is on a disk after a crash: of the calls that were recorded, all up to one, the last of them torn, or any of those lost that
//! were not made durable.

use abgleich::pst::medium::Call;

/// What a disk writes at once, in bytes.
pub(crate) const SECTOR: usize = 512;

/// The two files after a crash: the PST file and its rescue record.
pub(crate) type Disk = [Vec<u8>; 2];

/// A file, and what was done to it and to the rescue record beside it.
pub(crate) struct Record {
    pub(crate) original: Vec<u8>,
    pub(crate) calls: Vec<(usize, Call)>,
}

impl Record {
    /// Returns the disk when all of the first `count` calls arrived.
    pub(crate) fn cut(&self, count: usize) -> Disk {
        let mut disk = [self.original.clone(), Vec::new()];
        for (file, call) in &self.calls[..count] {
            call.repeat(&mut disk[*file]).unwrap();
        }
        disk
    }

    /// Returns the disks when the call with this number was a write of several sectors, of which only those before or only those
    /// behind a place arrived. Of long writes at most `places` places are taken.
    pub(crate) fn torn(&self, count: usize, places: usize) -> Vec<Disk> {
        let (file, Call::Write { at, bytes }) = &self.calls[count] else { return Vec::new() };
        let sectors = bytes.len().div_ceil(SECTOR);
        let step = sectors.div_ceil(places.saturating_add(1)).max(1);
        let before = self.cut(count);
        let mut disks = Vec::new();
        for place in (1..sectors).step_by(step) {
            let (head, tail) = bytes.split_at(place * SECTOR);
            let behind = *at + u64::try_from(head.len()).unwrap();
            for (at, part) in [(*at, head), (behind, tail)] {
                let mut disk = before.clone();
                let bytes = part.to_vec();
                Call::Write { at, bytes }.repeat(&mut disk[*file]).unwrap();
                disks.push(disk);
            }
        }
        disks
    }

    /// Returns the disk when, of the first `count` calls, those arrived that were made durable, and of the others only the sectors
    /// that `arrives` picks.
    pub(crate) fn lost(&self, count: usize, mut arrives: impl FnMut() -> bool) -> Disk {
        let durable = |file: usize| {
            let sync = self.calls[..count].iter().rposition(|call| *call == (file, Call::Sync));
            sync.unwrap_or(0)
        };
        let durable = [durable(0), durable(1)];
        let mut disk = [self.original.clone(), Vec::new()];
        for (number, (file, call)) in self.calls[..count].iter().enumerate() {
            if number < durable[*file] {
                call.repeat(&mut disk[*file]).unwrap();
                continue;
            }
            match call {
                Call::Write { at, bytes } => {
                    for (at, bytes) in (*at..).step_by(SECTOR).zip(bytes.chunks(SECTOR)) {
                        if arrives() {
                            let bytes = bytes.to_vec();
                            Call::Write { at, bytes }.repeat(&mut disk[*file]).unwrap();
                        }
                    }
                }
                other if arrives() => other.repeat(&mut disk[*file]).unwrap(),
                _ => {}
            }
        }
        disk
    }
}
