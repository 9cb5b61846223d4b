//! Reading numbers out of bytes without ever panicking (pure).
//!
//! Each read names the field, so that an error says which one lies outside of its structure, and where in the file.

use super::error::PstError;

/// The bytes of one structure, with its name and its place in the file.
#[derive(Clone, Copy)]
pub(in crate::pst) struct Bytes<'a> {
    all: &'a [u8],
    structure: &'static str,
    at: u64,
}

impl<'a> Bytes<'a> {
    /// Wraps the bytes of a structure that stands at an offset in the file.
    pub(in crate::pst) fn new(structure: &'static str, at: u64, all: &'a [u8]) -> Self {
        Self { all, structure, at }
    }

    /// Wraps bytes that stand at `start` in these ones.
    pub(in crate::pst) fn part<'b>(&self, start: usize, part: &'b [u8]) -> Bytes<'b> {
        Bytes::new(self.structure, self.at.saturating_add(wide(start)), part)
    }

    /// Returns how many bytes there are.
    pub(in crate::pst) fn len(&self) -> usize {
        self.all.len()
    }

    /// Returns `length` bytes from `start`.
    pub(in crate::pst) fn slice(
        &self,
        start: usize,
        length: usize,
        field: &'static str,
    ) -> Result<&'a [u8], PstError> {
        start
            .checked_add(length)
            .and_then(|end| self.all.get(start..end))
            .ok_or_else(|| self.damaged(field, start, wide(length), "lies outside of it"))
    }

    /// Returns a byte.
    pub(in crate::pst) fn u8(&self, start: usize, field: &'static str) -> Result<u8, PstError> {
        self.array(start, field).map(|[byte]| byte)
    }

    /// Returns a 16-bit number.
    pub(in crate::pst) fn u16(&self, start: usize, field: &'static str) -> Result<u16, PstError> {
        self.array(start, field).map(u16::from_le_bytes)
    }

    /// Returns a 32-bit number.
    pub(in crate::pst) fn u32(&self, start: usize, field: &'static str) -> Result<u32, PstError> {
        self.array(start, field).map(u32::from_le_bytes)
    }

    /// Returns a 64-bit number.
    pub(in crate::pst) fn u64(&self, start: usize, field: &'static str) -> Result<u64, PstError> {
        self.array(start, field).map(u64::from_le_bytes)
    }

    /// Returns a number of 64 bits in wide files, of 32 in others.
    pub(in crate::pst) fn word(
        &self,
        wide: bool,
        start: usize,
        field: &'static str,
    ) -> Result<u64, PstError> {
        if wide { self.u64(start, field) } else { self.u32(start, field).map(u64::from) }
    }

    /// Returns as many bytes as an array has.
    pub(in crate::pst) fn array<const LENGTH: usize>(
        &self,
        start: usize,
        field: &'static str,
    ) -> Result<[u8; LENGTH], PstError> {
        self.all
            .get(start..)
            .and_then(|rest| rest.first_chunk())
            .copied()
            .ok_or_else(|| self.damaged(field, start, wide(self.len()), "ends before its end"))
    }

    /// Makes the error of a field at `start` whose `value` breaks a rule.
    pub(in crate::pst) fn damaged(
        &self,
        field: &'static str,
        start: usize,
        value: u64,
        rule: &'static str,
    ) -> PstError {
        PstError::Damaged {
            structure: self.structure,
            field,
            value,
            rule,
            at: self.at.saturating_add(wide(start)),
        }
    }
}

/// Widens a length; no platform has longer ones.
pub(in crate::pst) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::Bytes;

    #[test]
    fn numbers_are_little_endian() {
        let bytes = Bytes::new("TEST", 0, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(bytes.u8(8, "a").unwrap(), 9);
        assert_eq!(bytes.u16(0, "a").unwrap(), 0x0201);
        assert_eq!(bytes.u32(1, "a").unwrap(), 0x0504_0302);
        assert_eq!(bytes.u64(1, "a").unwrap(), 0x0908_0706_0504_0302);
        assert_eq!(bytes.word(false, 0, "a").unwrap(), 0x0403_0201);
    }

    /// Nothing panics at the end, and the place is the file's.
    #[test]
    fn reading_past_the_end_names_the_field_and_the_offset() {
        let bytes = Bytes::new("TEST", 0x100, &[0; 6]);
        assert_eq!(
            bytes.u32(3, "cEnt").unwrap_err().to_string(),
            "damaged TEST at offset 0x103: cEnt 0x6 ends before its end"
        );
        assert!(bytes.u8(usize::MAX, "a").is_err());
        assert!(bytes.slice(usize::MAX, 2, "a").is_err());
        assert!(bytes.slice(6, 1, "a").is_err());
        assert!(bytes.slice(6, 0, "a").unwrap().is_empty());
    }
}
