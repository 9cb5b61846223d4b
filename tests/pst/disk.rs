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

    /// Returns in how many ways the call with this number can be torn: at each sector within a write, with only what is before it or
    /// only what is behind it on the disk.
    pub(crate) fn ways(&self, number: usize) -> usize {
        match &self.calls[number].1 {
            Call::Write { bytes, .. } => bytes.len().div_ceil(SECTOR).saturating_sub(1) * 2,
            _ => 0,
        }
    }

    /// Returns the disk when all calls before this one arrived, and of it so much as the way says.
    pub(crate) fn torn(&self, number: usize, way: usize) -> Disk {
        let (file, Call::Write { at, bytes }) = &self.calls[number] else { panic!("no write") };
        let (before, behind) = bytes.split_at((1 + way / 2) * SECTOR);
        let further = *at + u64::try_from(before.len()).unwrap();
        let (at, bytes) = if way.is_multiple_of(2) { (*at, before) } else { (further, behind) };
        let mut disk = self.cut(number);
        Call::Write { at, bytes: bytes.to_vec() }.repeat(&mut disk[*file]).unwrap();
        disk
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
