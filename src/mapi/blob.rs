//! Reads and writes the little-endian binary forms that some values have inside (pure).

use std::fmt;

/// A binary value that does not have its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobError {
    /// The structure, by its name in the specification.
    pub structure: &'static str,
    /// The field, by its name there.
    pub field: &'static str,
    /// Where in the value, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub fault: BlobFault,
}

/// What is wrong with a binary value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobFault {
    /// The value ends before the field does.
    Short,
    /// The field holds something that the specification does not know.
    Unknown(u32),
    /// Bytes are left over.
    Rest(usize),
    /// The text is no UTF-16.
    Text,
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { structure, field, offset, fault } = self;
        write!(f, "{structure}.{field} at byte {offset} ")?;
        match fault {
            BlobFault::Short => f.write_str("goes beyond the end of the value"),
            BlobFault::Unknown(value) => write!(f, "holds {value:#x}, which has no meaning there"),
            BlobFault::Rest(bytes) => {
                write!(f, "is followed by {bytes} bytes that belong to nothing")
            }
            BlobFault::Text => f.write_str("is no UTF-16 text"),
        }
    }
}

impl std::error::Error for BlobError {}

/// Takes fields off the front of a value, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    structure: &'static str,
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Fields<'a> {
    pub(super) fn new(structure: &'static str, bytes: &'a [u8]) -> Self {
        Self { structure, bytes, offset: 0 }
    }

    pub(super) fn fault(&self, field: &'static str, fault: BlobFault) -> BlobError {
        BlobError { structure: self.structure, field, offset: self.offset, fault }
    }

    pub(super) fn bytes(
        &mut self,
        field: &'static str,
        count: usize,
    ) -> Result<&'a [u8], BlobError> {
        let (taken, rest) = self
            .bytes
            .split_at_checked(count)
            .ok_or_else(|| self.fault(field, BlobFault::Short))?;
        self.bytes = rest;
        self.offset += count;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        field: &'static str,
    ) -> Result<[u8; N], BlobError> {
        let (taken, rest) =
            self.bytes.split_first_chunk().ok_or_else(|| self.fault(field, BlobFault::Short))?;
        self.bytes = rest;
        self.offset += N;
        Ok(*taken)
    }

    pub(super) fn byte(&mut self, field: &'static str) -> Result<u8, BlobError> {
        self.array(field).map(u8::from_le_bytes)
    }

    pub(super) fn half(&mut self, field: &'static str) -> Result<u16, BlobError> {
        self.array(field).map(u16::from_le_bytes)
    }

    pub(super) fn word(&mut self, field: &'static str) -> Result<u32, BlobError> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub(super) fn signed(&mut self, field: &'static str) -> Result<i32, BlobError> {
        self.array(field).map(i32::from_le_bytes)
    }

    /// Takes a block whose length stands before it, as a 32-bit number.
    pub(super) fn sized(&mut self, field: &'static str) -> Result<&'a [u8], BlobError> {
        let count = self.word(field)?;
        self.bytes(field, usize::try_from(count).unwrap_or(usize::MAX))
    }

    /// Takes a number of 32-bit numbers, which stands before them.
    pub(super) fn words(&mut self, field: &'static str) -> Result<Vec<u32>, BlobError> {
        let count = usize::try_from(self.word(field)?).unwrap_or(usize::MAX);
        // A count is believed only as far as there are bytes for it.
        let all = self.bytes(field, count.saturating_mul(4))?;
        let (words, _) = all.as_chunks();
        Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }

    /// Takes a text of so many UTF-16 units.
    pub(super) fn text(&mut self, field: &'static str, units: usize) -> Result<String, BlobError> {
        let at = self.clone();
        let (units, _) = self.bytes(field, units.saturating_mul(2))?.as_chunks();
        char::decode_utf16(units.iter().map(|unit| u16::from_le_bytes(*unit)))
            .collect::<Result<_, _>>()
            .map_err(|_| at.fault(field, BlobFault::Text))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns what is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        self.offset += self.bytes.len();
        std::mem::take(&mut self.bytes)
    }

    pub(super) fn end(&self, field: &'static str) -> Result<(), BlobError> {
        match self.bytes.len() {
            0 => Ok(()),
            left => Err(self.fault(field, BlobFault::Rest(left))),
        }
    }
}

/// Returns a text as UTF-16 bytes without an end mark.
pub fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
