//! The unit of what it costs to write PST files: checksum and encoding of the same bytes as anybody would write them down.
//!
//! The checksum is by the processor's own instructions, the encoding byte by byte as MS-PST 5.1 has it. All figures are in this
//! unit; the product's own encoder has become faster than it since.

use abgleich::pst::crc::crc;
use abgleich::pst::crypt::ENCODE;

/// Encodes bytes one by one into memory of the same length, and returns the checksum of what comes out.
#[allow(clippy::indexing_slicing, reason = "a byte cannot lie outside of 256 entries")]
pub(crate) fn encode_and_check(bytes: &[u8], to: &mut [u8]) -> u32 {
    to.iter_mut().zip(bytes).for_each(|(to, byte)| *to = ENCODE[usize::from(*byte)]);
    crc(to)
}
