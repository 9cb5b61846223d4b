//! A file on disk (effect): what was written past the system's memory is not in it when it is read again, so the end of that is
//! kept here: tables and trees come last, and the next transaction begins with them.
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
/// How many bytes are kept at most.
#[cfg(target_os = "linux")]
const KEPT: usize = 512 << 10;

/// A file on disk.
#[derive(Debug)]
pub struct Disk {
    file: File,
    /// Where what is kept begins in the file, and its bytes, which are always those of the file.
    at: u64,
    kept: Vec<u8>,
}

impl From<File> for Disk {
    fn from(file: File) -> Self {
        Self { file, at: 0, kept: Vec::new() }
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
        if let Some(start) = at.checked_sub(self.at)
            && start.saturating_add(wide(buffer.len())) <= wide(self.kept.len())
        {
            return Ok(copy_from(&self.kept, start, buffer));
        }
        read_fully(&self.file, at, buffer)
    }

    /// Writes bytes. Where they fall among what is kept, the whole pages around them are handed over: else the system had to read
    /// these from the disk first, only to write the same whole pages.
    pub(super) fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), PstError> {
        self.patch(at, bytes);
        let pages = (at - at % PAGE, at.saturating_add(wide(bytes.len())).next_multiple_of(PAGE));
        let written = match self.known(pages.0, pages.1) {
            Some(pages_kept) => write_fully(&self.file, pages.0, pages_kept),
            None => write_fully(&self.file, at, bytes),
        };
        written.inspect_err(|_| self.kept.clear())
    }

    /// Writes straight from here, if the system can, and keeps the end.
    #[cfg(target_os = "linux")]
    pub(super) fn write_past_cache(&mut self, at: u64, bytes: &[u8]) -> Result<(), PstError> {
        let before = self.known(at - at % PAGE, at).unwrap_or_default();
        let written = super::direct::write(&self.file, at, before, bytes);
        if written.is_ok() {
            self.keep(at, bytes);
        } else {
            self.kept.clear();
        }
        written
    }

    /// Returns bytes of the file if all of them are kept.
    fn known(&self, from: u64, to: u64) -> Option<&[u8]> {
        let from = usize::try_from(from.checked_sub(self.at)?).ok()?;
        let to = usize::try_from(to.checked_sub(self.at)?).ok()?;
        self.kept.get(from..to)
    }

    /// Brings what is kept in step with bytes that are written.
    fn patch(&mut self, at: u64, bytes: &[u8]) {
        let skipped = usize::try_from(self.at.saturating_sub(at)).unwrap_or(usize::MAX);
        let start = usize::try_from(at.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let kept = self.kept.get_mut(start..).unwrap_or_default();
        let bytes = bytes.get(skipped..).unwrap_or_default();
        kept.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    }

    /// Keeps the end of bytes that were written, behind what was kept where they follow it.
    #[cfg(target_os = "linux")]
    fn keep(&mut self, at: u64, bytes: &[u8]) {
        let skipped = bytes.len().saturating_sub(KEPT);
        let follows = at >= self.at && at <= self.kept_end();
        if skipped > 0 || !follows {
            self.kept.clear();
            self.at = at + wide(skipped);
        }
        self.patch(at, bytes);
        let known = usize::try_from(self.kept_end().saturating_sub(at)).unwrap_or(usize::MAX);
        self.kept.extend_from_slice(bytes.get(known..).unwrap_or_default());
        let spare = self.kept.len().saturating_sub(KEPT);
        self.kept.drain(..spare);
        self.at += wide(spare);
    }

    pub(super) fn sync(&self) -> Result<(), PstError> {
        // The length is made durable with the bytes; times of the file are not waited for.
        self.file.sync_data().map_err(|error| PstError::io("make writes durable", 0, error))
    }

    pub(super) fn set_len(&mut self, length: u64) -> Result<(), PstError> {
        if length < self.kept_end() {
            self.kept.clear();
        }
        let set = self.file.set_len(length);
        set.map_err(|error| PstError::io("change the file's length", length, error))
    }

    fn kept_end(&self) -> u64 {
        self.at.saturating_add(wide(self.kept.len()))
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
