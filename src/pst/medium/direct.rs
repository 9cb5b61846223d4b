//! Writing past the system's memory (effect): Linux takes aligned bytes straight from here, without a copy of its own. For a file
//! that is made, that copy is the dearest part of all.
//!
//! What is not aligned, and what a file system does not take this way, is written the usual way. Durable is neither before it is
//! synchronised.

use std::fs::File;
use std::io;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::disk::{write_fully, write_some};
use crate::pst::bytes::wide;
use crate::pst::error::PstError;

/// What every disk is content with, in bytes.
const ALIGNMENT: usize = 4096;
/// Less than so many bytes are not worth it.
const LEAST: usize = 1 << 20;

/// Writes all bytes at an offset.
pub(super) fn write(file: &File, at: u64, bytes: &[u8]) -> Result<(), PstError> {
    let within = usize::try_from(at % wide(ALIGNMENT)).unwrap_or_default();
    let head = (ALIGNMENT - within) % ALIGNMENT;
    let Some((before, aligned)) = bytes.split_at_checked(head) else {
        return write_fully(file, at, bytes);
    };
    let (aligned, after) = aligned.split_at(aligned.len() / ALIGNMENT * ALIGNMENT);
    if aligned.len() < LEAST || !aligned.as_ptr().addr().is_multiple_of(ALIGNMENT) {
        return write_fully(file, at, bytes);
    }
    write_fully(file, at, before)?;
    let at = at + wide(head);
    let done = take(file, at, aligned).map_err(|error| PstError::io("write", at, error))?;
    let rest = aligned.get(done..).unwrap_or_default();
    write_fully(file, at + wide(done), rest)?;
    write_fully(file, at + wide(aligned.len()), after)
}

/// Lets the system take bytes as long as it does; returns how many it took.
fn take(file: &File, at: u64, bytes: &[u8]) -> io::Result<usize> {
    let usual = fcntl_getfl(file)?;
    if fcntl_setfl(file, usual | OFlags::DIRECT).is_err() {
        return Ok(0);
    }
    let mut done = 0;
    while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
        match write_some(file, at + wide(done), rest) {
            Ok(more) if more > 0 => done += more,
            // Whether it cannot be written at all turns out when it is written the usual way.
            _ => break,
        }
    }
    fcntl_setfl(file, usual)?;
    Ok(done)
}
