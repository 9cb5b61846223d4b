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
    /// it takes them straight from here instead of keeping a copy, which would cost more than making them did.
    pub fn write_past_cache(&mut self, at: u64, bytes: &[u8]) -> Result<(), PstError> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Disk(disk) => disk.write_past_cache(at, bytes),
            _ => self.write_at(at, bytes),
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
            medium.write_past_cache(at, bytes).unwrap();
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

    #[test]
    fn a_file_on_disk_is_read_and_written_at_offsets() {
        behaves(Medium::from(tempfile::tempfile().unwrap()));
    }
}
