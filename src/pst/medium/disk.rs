//! A file on disk (effect): what was written past the system's memory is not in it when it is read again, so the ends of that are
//! kept here: tables and trees come last, and the next transactions begin with them.
//!
//! Small writes to what is kept are made as whole pages. To the disk that is the same, since the system writes whole pages in any case;
//! but it need not read them first.

use std::fs::File;
use std::io;

use super::copy_from;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;

/// What the system holds in its memory as one, in bytes.
const PAGE: u64 = 4096;
/// How many bytes are kept of an end at most.
#[cfg(target_os = "linux")]
const KEPT: usize = 512 << 10;

/// A file on disk.
#[derive(Debug)]
pub struct Disk {
    file: File,
    /// The last end and the one before. What the transaction before the last one replaced, the next one tells the maps.
    kept: [Kept; 2],
}

/// Bytes that are always those of the file.
#[derive(Debug, Default)]
struct Kept {
    /// Where they begin in the file.
    at: u64,
    bytes: Vec<u8>,
}

impl From<File> for Disk {
    fn from(file: File) -> Self {
        Self { file, kept: Default::default() }
    }
}

impl Disk {
    pub(super) fn len(&self) -> Result<u64, PstError> {
        let metadata = self.file.metadata();
        metadata
            .map(|metadata| metadata.len())
            .map_err(|error| PstError::io("ask for the file's length", 0, error))
    }

    pub(super) fn read_at(&self, at: u64, buffer: &mut [u8]) -> Result<usize, PstError> {
        match self.known(at, at.saturating_add(wide(buffer.len()))) {
            Some(known) => Ok(copy_from(known, 0, buffer)),
            None => read_fully(&self.file, at, buffer),
        }
    }

    /// Writes bytes. Where they fall among what is kept, the whole pages around them are handed over.
    pub(super) fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), PstError> {
        self.patch(at, bytes);
        let (first, end) = (at - at % PAGE, at.saturating_add(wide(bytes.len())));
        let written = match self.known(first, end.next_multiple_of(PAGE)) {
            Some(pages) => write_fully(&self.file, first, pages),
            None => write_fully(&self.file, at, bytes),
        };
        written.inspect_err(|_| self.forget())
    }

    /// Writes straight from here, if the system can, and keeps the end if that is wanted.
    #[cfg(target_os = "linux")]
    pub(super) fn write_past_cache(
        &mut self,
        at: u64,
        bytes: &[u8],
        keep_end: bool,
    ) -> Result<(), PstError> {
        let before = self.known(at - at % PAGE, at).unwrap_or_default();
        let written = super::direct::write(&self.file, at, before, bytes);
        written.inspect_err(|_| self.forget())?;
        self.patch(at, bytes);
        if keep_end {
            self.keep(at, bytes);
        }
        Ok(())
    }

    pub(super) fn sync(&self) -> Result<(), PstError> {
        // The length is made durable with the bytes; times of the file are not waited for.
        self.file.sync_data().map_err(|error| PstError::io("make writes durable", 0, error))
    }

    pub(super) fn set_len(&mut self, length: u64) -> Result<(), PstError> {
        if self.kept.iter().any(|kept| length < kept.end()) {
            self.forget();
        }
        let set = self.file.set_len(length);
        set.map_err(|error| PstError::io("change the file's length", length, error))
    }

    /// Returns bytes of the file if all of them are kept.
    fn known(&self, from: u64, to: u64) -> Option<&[u8]> {
        self.kept.iter().find_map(|kept| kept.known(from, to))
    }

    /// Brings what is kept in step with bytes that are written.
    fn patch(&mut self, at: u64, bytes: &[u8]) {
        self.kept.iter_mut().for_each(|kept| kept.patch(at, bytes));
    }

    /// Keeps the end of bytes that were written.
    #[cfg(target_os = "linux")]
    fn keep(&mut self, at: u64, bytes: &[u8]) {
        let [last, before] = &mut self.kept;
        let follows = at >= last.at && at <= last.end() && bytes.len() < KEPT;
        if !follows {
            let skipped = bytes.len().saturating_sub(KEPT);
            std::mem::swap(last, before);
            last.bytes.clear();
            last.at = at + wide(skipped);
        }
        let known = usize::try_from(last.end().saturating_sub(at)).unwrap_or(usize::MAX);
        last.bytes.extend_from_slice(bytes.get(known..).unwrap_or_default());
        let spare = last.bytes.len().saturating_sub(KEPT);
        last.bytes.drain(..spare);
        last.at += wide(spare);
    }

    fn forget(&mut self) {
        self.kept.iter_mut().for_each(|kept| kept.bytes.clear());
    }
}

impl Kept {
    fn end(&self) -> u64 {
        self.at.saturating_add(wide(self.bytes.len()))
    }

    fn known(&self, from: u64, to: u64) -> Option<&[u8]> {
        let from = usize::try_from(from.checked_sub(self.at)?).ok()?;
        let to = usize::try_from(to.checked_sub(self.at)?).ok()?;
        self.bytes.get(from..to)
    }

    fn patch(&mut self, at: u64, bytes: &[u8]) {
        let skipped = usize::try_from(self.at.saturating_sub(at)).unwrap_or(usize::MAX);
        let start = usize::try_from(at.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let kept = self.bytes.get_mut(start..).unwrap_or_default();
        let bytes = bytes.get(skipped..).unwrap_or_default();
        kept.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    }
}

fn read_fully(file: &File, at: u64, buffer: &mut [u8]) -> Result<usize, PstError> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        let from = at.saturating_add(wide(done));
        match read_some(file, from, rest) {
            Ok(0) => break,
            Ok(more) => done += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(PstError::io("read", from, error)),
        }
    }
    Ok(done)
}

pub(super) fn write_fully(file: &File, at: u64, bytes: &[u8]) -> Result<(), PstError> {
    let mut done = 0;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        let to = at.saturating_add(wide(done));
        match write_some(file, to, rest) {
            Ok(0) => return Err(PstError::io("write", to, io::ErrorKind::WriteZero.into())),
            Ok(more) => done += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(PstError::io("write", to, error)),
        }
    }
    Ok(())
}

#[cfg(unix)]
fn read_some(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_some(file: &File, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(unix)]
pub(super) fn write_some(file: &File, at: u64, bytes: &[u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, at)
}

#[cfg(windows)]
pub(super) fn write_some(file: &File, at: u64, bytes: &[u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, at)
}
