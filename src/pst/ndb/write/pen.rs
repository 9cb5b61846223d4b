//! Writing what lies side by side in one call (effect): blocks of a new section follow each other, and a call for each would
//! cost more than the blocks do.

use crate::pst::bytes::wide;
use crate::pst::error::PstError;
use crate::pst::medium::Medium;

/// How much is held back at most, in bytes.
const MOST: usize = 128 * 1024;

/// Bytes on their way into a file.
#[derive(Debug, Default)]
pub(super) struct Pen {
    at: u64,
    bytes: Vec<u8>,
}

impl Pen {
    /// Returns what so many bytes at an offset are to be appended to.
    pub(super) fn place(
        &mut self,
        medium: &mut Medium,
        at: u64,
        size: usize,
    ) -> Result<&mut Vec<u8>, PstError> {
        let length = self.bytes.len();
        if at != self.at + wide(length) || length + size > MOST {
            self.flush(medium)?;
            self.at = at;
        }
        Ok(&mut self.bytes)
    }

    /// Writes bytes at an offset.
    pub(super) fn write(
        &mut self,
        medium: &mut Medium,
        at: u64,
        bytes: &[u8],
    ) -> Result<(), PstError> {
        self.place(medium, at, bytes.len()).map(|to| to.extend_from_slice(bytes))
    }

    /// Hands over what is held back.
    pub(super) fn flush(&mut self, medium: &mut Medium) -> Result<(), PstError> {
        if !self.bytes.is_empty() {
            medium.write_at(self.at, &self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
    }

    /// Returns bytes that are held back, or `None` when they are in the file.
    pub(super) fn held(&self, at: u64, length: usize) -> Option<&[u8]> {
        let start = usize::try_from(at.checked_sub(self.at)?).ok()?;
        self.bytes.get(start..start.checked_add(length)?)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Pen};
    use crate::pst::medium::{Call, Medium, Recording};

    #[test]
    fn neighbours_are_written_together() {
        let mut medium = Medium::Recording(Recording::new(Vec::new()));
        let mut pen = Pen::default();
        pen.write(&mut medium, 64, b"one").unwrap();
        pen.write(&mut medium, 67, b"two").unwrap();
        assert_eq!(pen.held(66, 2).unwrap(), b"et");
        assert_eq!(pen.held(66, 5), None);
        pen.write(&mut medium, 128, b"three").unwrap();
        assert_eq!(pen.held(64, 3), None);
        pen.write(&mut medium, 133, &vec![7; MOST]).unwrap();
        pen.flush(&mut medium).unwrap();
        pen.flush(&mut medium).unwrap();
        let Medium::Recording(recording) = medium else { panic!() };
        let lengths: Vec<_> = recording
            .calls()
            .iter()
            .map(|(_, call)| match call {
                Call::Write { at, bytes } => (*at, bytes.len()),
                _ => panic!(),
            })
            .collect();
        assert_eq!(lengths, [(64, 6), (128, 5), (133, MOST)]);
    }
}
