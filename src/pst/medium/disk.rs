//! A file on disk (effect): what was written past the system's memory is not in it when it is read again, so the end of that is
//! kept here: tables and trees come last, and the next transaction begins with them.

use std::fs::File;
use std::io;

use super::copy_from;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;

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

    pub(super) fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), PstError> {
        let is_before = at.saturating_add(wide(bytes.len())) <= self.at;
        if !is_before && at < self.kept_end() {
            self.kept.clear();
        }
        write_fully(&self.file, at, bytes)
    }

    /// Writes straight from here, if the system can, and keeps the end.
    #[cfg(target_os = "linux")]
    pub(super) fn write_past_cache(&mut self, at: u64, bytes: &[u8]) -> Result<(), PstError> {
        self.kept.clear();
        super::direct::write(&self.file, at, bytes)?;
        let from = bytes.len().saturating_sub(KEPT);
        self.kept.extend_from_slice(bytes.get(from..).unwrap_or_default());
        self.at = at + wide(from);
        Ok(())
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
