//! A file in memory that remembers every call, for crash tests (pure).

use std::io;

use super::{copy_to, resize};
use crate::pst::error::PstError;

/// One call that changed the file or made its changes durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Bytes were written at an offset.
    Write {
        /// The offset, in bytes.
        at: u64,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// The length was set, in bytes.
    SetLen(u64),
    /// Everything before is durable from here on.
    Sync,
}

/// The file, what it was at first, and what happened to it.
#[derive(Clone, Debug)]
pub struct Recording {
    first: Vec<u8>,
    now: Vec<u8>,
    calls: Vec<Call>,
    left: Option<usize>,
}

impl Recording {
    /// Starts from the bytes of a file.
    pub fn new(first: Vec<u8>) -> Self {
        Self { now: first.clone(), first, calls: Vec::new(), left: None }
    }

    /// Makes every call after the next `calls` ones fail, as a full or broken disk does.
    #[must_use]
    pub fn failing_after(mut self, calls: usize) -> Self {
        self.left = Some(calls);
        self
    }

    /// Returns what the file was at first.
    pub fn first(&self) -> &[u8] {
        &self.first
    }

    /// Returns what the file is now.
    pub fn bytes(&self) -> &[u8] {
        &self.now
    }

    /// Returns the calls in their order.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), PstError> {
        self.spend("write", at)?;
        self.calls.push(Call::Write { at, bytes: bytes.to_vec() });
        copy_to(&mut self.now, at, bytes)
    }

    pub(super) fn set_len(&mut self, length: u64) -> Result<(), PstError> {
        self.spend("change the file's length", length)?;
        self.calls.push(Call::SetLen(length));
        resize(&mut self.now, length)
    }

    pub(super) fn sync(&mut self) -> Result<(), PstError> {
        self.spend("make writes durable", 0)?;
        self.calls.push(Call::Sync);
        Ok(())
    }

    fn spend(&mut self, action: &'static str, at: u64) -> Result<(), PstError> {
        match &mut self.left {
            None => Ok(()),
            Some(0) => Err(PstError::io(action, at, io::ErrorKind::StorageFull.into())),
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Call, Recording};
    use crate::pst::medium::Medium;

    #[test]
    fn every_call_is_remembered_until_one_fails() {
        let mut medium = Medium::Recording(Recording::new(vec![1, 2, 3]).failing_after(2));
        medium.write_at(1, &[9]).unwrap();
        medium.sync().unwrap();
        assert!(medium.set_len(0).is_err());
        let Medium::Recording(recording) = medium else { panic!() };
        assert_eq!(recording.calls(), [Call::Write { at: 1, bytes: vec![9] }, Call::Sync]);
        assert_eq!(recording.first(), [1, 2, 3]);
        assert_eq!(recording.bytes(), [1, 9, 3]);
    }
}
