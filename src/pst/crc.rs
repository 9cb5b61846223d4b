//! Checksums and signatures (pure). MS-PST 5.3 and 5.5.

use super::bytes::wide;

/// Computes the checksum of headers, pages, blocks and names: CRC-32 with the usual polynomial, but starting from zero and
/// not inverted at the end.
pub fn crc(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial_len(u32::MAX, wide(bytes.len()));
    hasher.update(bytes);
    !hasher.finalize()
}

/// Computes the signature of a block or tree page from its offset in the file and its id.
pub fn signature(at: u64, id: u64) -> u16 {
    let [b0, b1, b2, b3, ..] = (at ^ id).to_le_bytes();
    u16::from_le_bytes([b2, b3]) ^ u16::from_le_bytes([b0, b1])
}

#[cfg(test)]
mod tests {
    use super::{crc, signature};

    /// The CRC-32 of a table-driven routine after MS-PST 5.3, by hand, and Outlook's bucket of "Keywords" in UTF-16.
    #[test]
    fn checksums_are_those_of_the_specification() {
        assert_eq!(crc(b"123456789"), 0x2DFD_2D88);
        let keywords: Vec<u8> = "Keywords".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(crc(&keywords), 0x2EDA_4D3B);
        assert_eq!(crc(b""), 0);
    }

    #[test]
    fn signatures_fold_place_and_id() {
        assert_eq!(signature(0x5000, 0x1234), 0x4234);
        assert_eq!(signature(0x1_0002_0001, 0), 0x0003, "the upper half does not count");
    }
}
