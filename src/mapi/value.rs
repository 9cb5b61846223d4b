//! Property values (pure). MS-OXCDATA 2.11.1.

use super::name::Guid;
use super::tag::PropertyType;

/// A value of a property.
///
/// Text in a code page stays bytes until somebody who knows the code page reads it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `PtypInteger16`.
    Integer16(i16),
    /// `PtypInteger32`.
    Integer32(i32),
    /// `PtypFloating32`.
    Floating32(f32),
    /// `PtypFloating64`.
    Floating64(f64),
    /// `PtypCurrency`, in ten-thousandths.
    Currency(i64),
    /// `PtypFloatingTime`, in days since 1899-12-30.
    FloatingTime(f64),
    /// `PtypErrorCode`.
    ErrorCode(u32),
    /// `PtypBoolean`.
    Boolean(bool),
    /// `PtypInteger64`.
    Integer64(i64),
    /// `PtypString8`, undecoded.
    String8(Vec<u8>),
    /// `PtypString`.
    String(String),
    /// `PtypTime`.
    Time(FileTime),
    /// `PtypGuid`.
    Guid(Guid),
    /// `PtypBinary`.
    Binary(Vec<u8>),
    /// `PtypMultipleInteger16`.
    Integers16(Vec<i16>),
    /// `PtypMultipleInteger32`.
    Integers32(Vec<i32>),
    /// `PtypMultipleFloating64`.
    Floatings64(Vec<f64>),
    /// `PtypMultipleInteger64`.
    Integers64(Vec<i64>),
    /// `PtypMultipleString8`, undecoded.
    Strings8(Vec<Vec<u8>>),
    /// `PtypMultipleString`.
    Strings(Vec<String>),
    /// `PtypMultipleTime`.
    Times(Vec<FileTime>),
    /// `PtypMultipleGuid`.
    Guids(Vec<Guid>),
    /// `PtypMultipleBinary`.
    Binaries(Vec<Vec<u8>>),
    /// A type that nothing here needs to understand, with the bytes as they are stored.
    Other(PropertyType, Vec<u8>),
}

impl Value {
    /// Returns the value's type.
    pub fn kind(&self) -> PropertyType {
        match self {
            Self::Integer16(_) => PropertyType::INTEGER16,
            Self::Integer32(_) => PropertyType::INTEGER32,
            Self::Floating32(_) => PropertyType::FLOATING32,
            Self::Floating64(_) => PropertyType::FLOATING64,
            Self::Currency(_) => PropertyType::CURRENCY,
            Self::FloatingTime(_) => PropertyType::FLOATING_TIME,
            Self::ErrorCode(_) => PropertyType::ERROR_CODE,
            Self::Boolean(_) => PropertyType::BOOLEAN,
            Self::Integer64(_) => PropertyType::INTEGER64,
            Self::String8(_) => PropertyType::STRING8,
            Self::String(_) => PropertyType::STRING,
            Self::Time(_) => PropertyType::TIME,
            Self::Guid(_) => PropertyType::GUID,
            Self::Binary(_) => PropertyType::BINARY,
            Self::Integers16(_) => PropertyType::MULTIPLE_INTEGER16,
            Self::Integers32(_) => PropertyType::MULTIPLE_INTEGER32,
            Self::Floatings64(_) => PropertyType::MULTIPLE_FLOATING64,
            Self::Integers64(_) => PropertyType::MULTIPLE_INTEGER64,
            Self::Strings8(_) => PropertyType::MULTIPLE_STRING8,
            Self::Strings(_) => PropertyType::MULTIPLE_STRING,
            Self::Times(_) => PropertyType::MULTIPLE_TIME,
            Self::Guids(_) => PropertyType::MULTIPLE_GUID,
            Self::Binaries(_) => PropertyType::MULTIPLE_BINARY,
            Self::Other(kind, _) => *kind,
        }
    }
}

impl Value {
    /// Returns the text, where it is Unicode.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the number of an integer of up to 32 bits.
    pub fn as_i32(&self) -> Option<i32> {
        match self {
            Self::Integer16(number) => Some((*number).into()),
            Self::Integer32(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the truth of a yes-or-no value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Boolean(truth) => Some(*truth),
            _ => None,
        }
    }

    /// Returns the instant.
    pub fn as_time(&self) -> Option<FileTime> {
        match self {
            Self::Time(time) => Some(*time),
            _ => None,
        }
    }

    /// Returns the bytes of a binary value.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Binary(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Integer32(number)
    }
}

/// An instant in units of 100 nanoseconds since 1601-01-01 00:00 UTC, as Windows counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileTime(pub u64);

impl FileTime {
    /// From 1601-01-01 to 1970-01-01, in seconds.
    const UNIX_EPOCH: i64 = 11_644_473_600;
    const PER_SECOND: i64 = 10_000_000;

    /// Returns the seconds since 1970 and the nanoseconds in that second; `None` from the year 30,828 on.
    pub fn since_1970(self) -> Option<(i64, u32)> {
        let ticks = i64::try_from(self.0).ok()?;
        let seconds = ticks.div_euclid(Self::PER_SECOND) - Self::UNIX_EPOCH;
        let nanoseconds = u32::try_from(ticks.rem_euclid(Self::PER_SECOND) * 100).ok()?;
        Some((seconds, nanoseconds))
    }

    /// Makes a time from seconds since 1970 and nanoseconds, which are cut to units; `None` before 1601.
    pub fn from_1970(seconds: i64, nanoseconds: u32) -> Option<Self> {
        let ticks = seconds
            .checked_add(Self::UNIX_EPOCH)?
            .checked_mul(Self::PER_SECOND)?
            .checked_add(i64::from(nanoseconds / 100))?;
        u64::try_from(ticks).ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::FileTime;

    /// By hand: 1970-01-01 is 369 years with 89 leap days after 1601-01-01, 134,774 days of 86,400 seconds.
    #[test]
    fn file_times_count_from_1601() {
        assert_eq!(FileTime(134_774 * 864_000_000_000).since_1970(), Some((0, 0)));
        assert_eq!(FileTime(0).since_1970(), Some((-11_644_473_600, 0)));
        assert_eq!(FileTime::from_1970(1, 250), Some(FileTime(116_444_736_010_000_002)));
        assert_eq!(FileTime::from_1970(-11_644_473_601, 0), None);
        assert_eq!(FileTime(u64::MAX).since_1970(), None);
    }
}
