//! Where the bytes of a file are: on disk, in memory, or, in tests, in memory with a record of every call (effect).
//!
//! Everything is read and written at offsets; nothing has a current position and nothing is loaded whole.

#[cfg(target_os = "linux")]
mod direct;
mod disk;
#[cfg(any(test, feature = "simulation"))]
mod recording;

use std::fs::File;
use std::io;
use std::path::Path;

#[cfg(any(test, feature = "simulation"))]
pub use recording::{Call, Recording};

pub use disk::Disk;

use super::bytes::wide;
use super::error::PstError;

/// The bytes of a file.
#[derive(Debug)]
pub enum Medium {
    /// A file on disk.
    Disk(Disk),
    /// A file in memory.
    Memory(Vec<u8>),
    /// A file in memory that remembers what was done to it.
    #[cfg(any(test, feature = "simulation"))]
    Recording(Recording),
}

impl From<File> for Medium {
    fn from(file: File) -> Self {
        Self::Disk(file.into())
    }
}

impl Medium {
    /// Opens a file on disk for reading.
    pub fn open(path: &Path) -> Result<Self, PstError> {
        File::open(path).map(Self::from).map_err(|error| PstError::opening(error, cfg!(windows)))
    }

    /// Returns the length in bytes.
    pub fn len(&self) -> Result<u64, PstError> {
        match self {
            Self::Disk(disk) => disk.len(),
            Self::Memory(bytes) => Ok(wide(bytes.len())),
            #[cfg(any(test, feature = "simulation"))]
            Self::Recording(recording) => Ok(wide(recording.bytes().len())),
        }
    }

    /// Says whether there are no bytes at all.
    pub fn is_empty(&self) -> Result<bool, PstError> {
        self.len().map(|length| length == 0)
    }

    /// Reads from an offset until the buffer is full or the file ends, and returns how many bytes were read.
    pub fn read_at(&self, at: u64, buffer: &mut [u8]) -> Result<usize, PstError> {
        match self {
            Self::Disk(disk) => disk.read_at(at, buffer),
            Self::Memory(bytes) => Ok(copy_from(bytes, at, buffer)),
            #[cfg(any(test, feature = "simulation"))]
            Self::Recording(recording) => Ok(copy_from(recording.bytes(), at, buffer)),
        }
    }

    /// Writes all bytes at an offset, and makes the file longer where they reach beyond its end.
    pub fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), PstError> {
        match self {
            Self::Disk(disk) => disk.write_at(at, bytes),
            Self::Memory(all) => copy_to(all, at, bytes),
            #[cfg(any(test, feature = "simulation"))]
            Self::Recording(recording) => recording.write(at, bytes),
        }
    }

    /// Writes all bytes at an offset like [`Medium::write_at`], most of which nobody is going to read soon: where the system can,
    /// it takes them straight from here instead of keeping a copy, which would cost more than making them did. If some of it is read
    /// soon it is the end, which can be kept here.
    pub fn write_past_cache(
        &mut self,
        at: u64,
        bytes: &[u8],
        keep_end: bool,
    ) -> Result<(), PstError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Disk(disk) => disk.write_past_cache(at, bytes, keep_end),
            _ => {
                // The system keeps all of it.
                let _ = keep_end;
                self.write_at(at, bytes)
            }
        }
    }

    /// Waits until everything written so far is durable.
    pub fn sync(&mut self) -> Result<(), PstError> {
        match self {
            Self::Disk(disk) => disk.sync(),
            Self::Memory(_) => Ok(()),
            #[cfg(any(test, feature = "simulation"))]
            Self::Recording(recording) => recording.sync(),
        }
    }

    /// Makes the file longer, with zeros, or shorter.
    pub fn set_len(&mut self, length: u64) -> Result<(), PstError> {
        match self {
            Self::Disk(disk) => disk.set_len(length),
            Self::Memory(all) => resize(all, length),
            #[cfg(any(test, feature = "simulation"))]
            Self::Recording(recording) => recording.set_len(length),
        }
    }
}

fn copy_from(bytes: &[u8], at: u64, buffer: &mut [u8]) -> usize {
    let Some(rest) = usize::try_from(at).ok().and_then(|at| bytes.get(at..)) else {
        return 0;
    };
    let length = rest.len().min(buffer.len());
    if let (Some(to), Some(from)) = (buffer.get_mut(..length), rest.get(..length)) {
        to.copy_from_slice(from);
    }
    length
}

fn copy_to(all: &mut Vec<u8>, at: u64, bytes: &[u8]) -> Result<(), PstError> {
    let end = at.saturating_add(wide(bytes.len()));
    if end > wide(all.len()) {
        resize(all, end)?;
    }
    let start = usize::try_from(at).unwrap_or(usize::MAX);
    if let Some(to) = all.get_mut(start..).and_then(|rest| rest.get_mut(..bytes.len())) {
        to.copy_from_slice(bytes);
    }
    Ok(())
}

fn resize(all: &mut Vec<u8>, length: u64) -> Result<(), PstError> {
    let full = |_| PstError::io("grow", length, io::ErrorKind::OutOfMemory.into());
    let wanted = usize::try_from(length).map_err(full)?;
    all.try_reserve(wanted.saturating_sub(all.len()))
        .map_err(|_| PstError::io("grow", length, io::ErrorKind::OutOfMemory.into()))?;
    all.resize(wanted, 0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Medium;

    fn behaves(mut medium: Medium) {
        medium.write_at(4, b"abc").unwrap();
        assert_eq!(medium.len().unwrap(), 7);
        let mut buffer = [9; 5];
        assert_eq!(medium.read_at(3, &mut buffer).unwrap(), 4, "the file ends");
        assert_eq!(buffer, [0, b'a', b'b', b'c', 9]);
        assert_eq!(medium.read_at(100, &mut buffer).unwrap(), 0);
        medium.set_len(5).unwrap();
        medium.sync().unwrap();
        assert_eq!(medium.read_at(4, &mut buffer).unwrap(), 1);
        assert!(!medium.is_empty().unwrap());
    }

    #[test]
    fn a_file_in_memory_is_a_file() {
        behaves(Medium::Memory(Vec::new()));
        behaves(Medium::Recording(super::Recording::new(Vec::new())));
    }

    /// What is not aligned goes the usual way, so that all bytes are there whatever their place and length.
    #[test]
    fn bytes_that_go_past_the_cache_arrive() {
        let mut medium = Medium::from(tempfile::tempfile().unwrap());
        let bytes: Vec<u8> = (0..3 << 20).map(|at: u32| at.to_le_bytes()[1] ^ 0x5A).collect();
        let (within, page) = (bytes.as_ptr().addr() % 4096, 4096_u64);
        for (at, skip) in [(0, 0), (1 << 22, (4096 - within) % 4096), ((1 << 23) + 1024, 7)] {
            let bytes = &bytes[skip..];
            // The first is aligned to the memory, the others mostly are not.
            let at = if skip == 0 { page + u64::try_from(within).unwrap() } else { at };
            medium.write_past_cache(at, bytes, true).unwrap();
            medium.write_at(at + 5000, b"small").unwrap();
            let mut read = vec![0; bytes.len()];
            assert_eq!(medium.read_at(at, &mut read).unwrap(), bytes.len());
            assert!(read[..5000] == bytes[..5000] && read[5005..] == bytes[5005..]);
            assert_eq!(read[5000..5005], *b"small");
            // The end is read from memory, which follows what is written there.
            let last = at + u64::try_from(bytes.len() - 64).unwrap();
            let mut read = [0; 64];
            assert_eq!(medium.read_at(last, &mut read).unwrap(), 64);
            assert_eq!(read, bytes[bytes.len() - 64..]);
            medium.write_at(last + 60, b"late").unwrap();
            assert_eq!(medium.read_at(last, &mut read).unwrap(), 64);
            assert_eq!(read[60..], *b"late");
            medium.set_len(last + 62).unwrap();
            assert_eq!(
                medium.read_at(last, &mut read).unwrap(),
                62,
                "nothing stands behind the end"
            );
        }
    }

    /// What is done to a file, each with an offset and a length or a length alone.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Write(usize, usize),
        /// Past the cache, from memory that lies to pages as the file does or not, with the end kept or not.
        WritePast(usize, usize, bool, bool),
        SetLen(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        // Blocks and pages begin at multiples of 64. Most writes are near each other, so that they overlap.
        let at = || prop_oneof![0..0x4000_usize, 0x2A00..0x2C00_usize].prop_map(|at| at * 64);
        let length = prop_oneof![4 => 1..9000_usize, 1 => 0x1_0000..0x1_8000_usize];
        let long = prop_oneof![4 => 0x1_0000..0x4_0000_usize, 1 => 1..0x9_8000_usize];
        prop_oneof![
            4 => (at(), length).prop_map(|(at, length)| Step::Write(at, length)),
            3 => (at(), long, any::<bool>(), any::<bool>())
                .prop_map(|(at, long, like, keep)| Step::WritePast(at, long, like, keep)),
            1 => at().prop_map(Step::SetLen),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        /// Whatever way bytes go, the file and what is kept of it are those bytes.
        #[test]
        fn a_file_on_disk_is_a_file_in_memory(steps in proptest::collection::vec(step(), 1..25)) {
            let file = tempfile::tempfile().unwrap();
            let from_disk = Medium::from(file.try_clone().unwrap());
            let (mut disk, mut memory) = (Medium::from(file), Medium::Memory(Vec::new()));
            let source: Vec<u8> = (0..0xC_0000_u32).map(|at| (at / 61).to_le_bytes()[0]).collect();
            for (number, step) in steps.into_iter().enumerate() {
                let offset = |at: usize| u64::try_from(at).unwrap();
                let read = match step {
                    Step::Write(at, length) => {
                        let bytes = &source[number * 97..][..length];
                        disk.write_at(offset(at), bytes).unwrap();
                        memory.write_at(offset(at), bytes).unwrap();
                        (at, length)
                    }
                    Step::WritePast(at, length, like, keep) => {
                        let first = at.wrapping_sub(source.as_ptr().addr()) % 4096;
                        let first = number * 4096 + if like { first } else { first ^ 64 };
                        let bytes = &source[first..][..length];
                        disk.write_past_cache(offset(at), bytes, keep).unwrap();
                        memory.write_past_cache(offset(at), bytes, keep).unwrap();
                        (at + length / 2, length)
                    }
                    Step::SetLen(length) => {
                        disk.set_len(offset(length)).unwrap();
                        memory.set_len(offset(length)).unwrap();
                        (length.saturating_sub(5000), 9000)
                    }
                };
                let part = |medium: &Medium, (at, length): (usize, usize)| {
                    let mut bytes = vec![0; length];
                    let read = medium.read_at(offset(at), &mut bytes).unwrap();
                    bytes.truncate(read);
                    bytes
                };
                prop_assert!(part(&disk, read) == part(&memory, read), "read by the same: {step:?}");
            }
            let length = usize::try_from(memory.len().unwrap()).unwrap();
            let mut bytes = vec![0; length + 1];
            prop_assert_eq!(from_disk.read_at(0, &mut bytes).unwrap(), length);
            let Medium::Memory(memory) = memory else { panic!() };
            prop_assert!(bytes[..length] == memory);
        }
    }

    #[test]
    fn a_file_on_disk_is_read_and_written_at_offsets() {
        behaves(Medium::from(tempfile::tempfile().unwrap()));
    }
}
