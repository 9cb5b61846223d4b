//! A file in memory that remembers every call, for crash tests (pure). Two files can share one record, in which their calls
//! stand in the order in which they were made.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

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

impl Call {
    /// Does to a file what the call did, as far as bytes go.
    pub fn repeat(&self, file: &mut Vec<u8>) -> Result<(), PstError> {
        match self {
            Self::Write { at, bytes } => copy_to(file, *at, bytes),
            Self::SetLen(length) => resize(file, *length),
            Self::Sync => Ok(()),
        }
    }
}

/// When calls fail, as on a full or broken disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Failing {
    #[default]
    Never,
    /// Every call after so many.
    After(usize),
    /// One call, after so many.
    Once(usize),
}

#[derive(Debug, Default)]
struct Log {
    calls: Vec<(usize, Call)>,
    failing: Failing,
}

/// The file, and what happened to it.
#[derive(Clone, Debug)]
pub struct Recording {
    now: Vec<u8>,
    number: usize,
    log: Arc<Mutex<Log>>,
}

impl Recording {
    /// Starts from the bytes of a file; its number is 0.
    pub fn new(now: Vec<u8>) -> Self {
        Self { now, number: 0, log: Arc::default() }
    }

    /// Starts another file with the next number, whose calls stand in the same record.
    #[must_use]
    pub fn beside(&self, now: Vec<u8>) -> Self {
        Self { now, number: self.number + 1, log: Arc::clone(&self.log) }
    }

    /// Makes every call after the next `calls` ones fail, to whichever file.
    #[must_use]
    pub fn failing_after(self, calls: usize) -> Self {
        self.change_log(|log| log.failing = Failing::After(calls));
        self
    }

    /// Makes one call fail, after the next `calls` ones, to whichever file.
    #[must_use]
    pub fn failing_once_after(self, calls: usize) -> Self {
        self.change_log(|log| log.failing = Failing::Once(calls));
        self
    }

    /// Returns what the file is now.
    pub fn bytes(&self) -> &[u8] {
        &self.now
    }

    /// Returns the calls so far in their order, each with the number of its file.
    pub fn calls(&self) -> Vec<(usize, Call)> {
        self.change_log(|log| log.calls.clone())
    }

    pub(super) fn write(&mut self, at: u64, bytes: &[u8]) -> Result<(), PstError> {
        self.note("write", at, Call::Write { at, bytes: bytes.to_vec() })?;
        copy_to(&mut self.now, at, bytes)
    }

    pub(super) fn set_len(&mut self, length: u64) -> Result<(), PstError> {
        self.note("change the file's length", length, Call::SetLen(length))?;
        resize(&mut self.now, length)
    }

    pub(super) fn sync(&mut self) -> Result<(), PstError> {
        self.note("make writes durable", 0, Call::Sync)
    }

    /// Remembers a call, unless it is to fail.
    fn note(&self, action: &'static str, at: u64, call: Call) -> Result<(), PstError> {
        let number = self.number;
        self.change_log(|log| {
            let fails = match &mut log.failing {
                Failing::Never => false,
                Failing::After(left) | Failing::Once(left) if *left > 0 => {
                    *left -= 1;
                    false
                }
                Failing::After(_) => true,
                Failing::Once(_) => {
                    log.failing = Failing::Never;
                    true
                }
            };
            if fails {
                return Err(PstError::io(action, at, io::ErrorKind::StorageFull.into()));
            }
            log.calls.push((number, call));
            Ok(())
        })
    }

    fn change_log<T>(&self, change: impl FnOnce(&mut Log) -> T) -> T {
        change(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
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
        assert!(medium.sync().is_err());
        let Medium::Recording(recording) = medium else { panic!() };
        assert_eq!(
            recording.calls(),
            [(0, Call::Write { at: 1, bytes: vec![9] }), (0, Call::Sync)]
        );
        assert_eq!(recording.bytes(), [1, 9, 3]);
    }

    #[test]
    fn two_files_share_a_record_and_a_failure() {
        let first = Recording::new(Vec::new());
        let mut second = Medium::Recording(first.beside(vec![7]).failing_once_after(1));
        let mut medium = Medium::Recording(first);
        medium.sync().unwrap();
        assert!(second.write_at(0, &[1]).is_err());
        second.set_len(0).unwrap();
        let Medium::Recording(recording) = medium else { panic!() };
        assert_eq!(recording.calls(), [(0, Call::Sync), (1, Call::SetLen(0))]);
        let mut file = vec![1, 2];
        Call::Write { at: 3, bytes: vec![5] }.repeat(&mut file).unwrap();
        assert_eq!(file, [1, 2, 0, 5]);
    }
}
