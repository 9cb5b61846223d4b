//! Writing past the system's memory (effect): Linux takes aligned bytes straight from here, without a copy of its own. For a file
//! that is made, that copy is the dearest part of all.
//!
//! What is not aligned, and what a file system does not take this way, is written the usual way. Durable is neither before it is
//! synchronised.

use std::fs::File;
use std::io::{self, IoSlice};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use super::disk::write_fully;
use crate::pst::bytes::wide;
use crate::pst::error::PstError;

/// What every disk is content with, in bytes.
pub(super) const PAGE: usize = 4096;
/// Less than so many bytes are not worth it.
const LEAST: usize = 64 << 10;

/// A page in memory that the system can take.
#[repr(align(4096))]
struct Aligned([u8; PAGE]);

/// Writes all bytes at an offset. `before` is what stands in the file between the start of a page and there, or nothing where that is
/// not known: with it the first page is whole. The system writes whole pages in any case.
pub(super) fn write(file: &File, at: u64, before: &[u8], bytes: &[u8]) -> Result<(), PstError> {
    let within = usize::try_from(at % wide(PAGE)).unwrap_or_default();
    let Some((head, pages)) = bytes.split_at_checked((PAGE - within) % PAGE) else {
        return write_fully(file, at, bytes);
    };
    let (pages, tail) = pages.split_at(pages.len() / PAGE * PAGE);
    if pages.len() < LEAST || !pages.as_ptr().addr().is_multiple_of(PAGE) {
        return write_fully(file, at, bytes);
    }
    let mut first = Aligned([0; PAGE]);
    let is_whole = !head.is_empty() && before.len() == within;
    if is_whole {
        first.0.iter_mut().zip(before.iter().chain(head)).for_each(|(to, from)| *to = *from);
    } else {
        write_fully(file, at, head)?;
    }
    let first: &[u8] = if is_whole { &first.0 } else { &[] };
    let start = at + wide(head.len()) - wide(first.len());
    let done = take(file, start, first, pages).map_err(|error| PstError::io("write", at, error))?;
    let (first_done, pages_done) = (done.min(first.len()), done.saturating_sub(first.len()));
    write_fully(file, start + wide(first_done), first.get(first_done..).unwrap_or_default())?;
    let start = at + wide(head.len());
    let rest = pages.get(pages_done..).unwrap_or_default();
    write_fully(file, start + wide(pages_done), rest)?;
    write_fully(file, start + wide(pages.len()), tail)
}

/// Lets the system take a first page and those behind it as long as it does; returns how many bytes it took.
fn take(file: &File, at: u64, first: &[u8], pages: &[u8]) -> io::Result<usize> {
    let usual = fcntl_getfl(file)?;
    if fcntl_setfl(file, usual | OFlags::DIRECT).is_err() {
        return Ok(0);
    }
    let all = first.len() + pages.len();
    let mut done = 0;
    while done < all {
        let first = first.get(done..).unwrap_or_default();
        let pages = pages.get(done.saturating_sub(all - pages.len())..).unwrap_or_default();
        let parts = [IoSlice::new(first), IoSlice::new(pages)];
        let parts = if first.is_empty() { &parts[1..] } else { &parts[..] };
        match rustix::io::pwritev(file, parts, at + wide(done)) {
            Ok(more) if more > 0 => done += more,
            // Whether it cannot be written at all turns out when it is written the usual way.
            _ => break,
        }
    }
    fcntl_setfl(file, usual)?;
    Ok(done)
}
