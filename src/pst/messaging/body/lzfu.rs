//! Decompresses RTF (pure). MS-OXRTFCP.
//!
//! The published crate for this panics on a short value and reserves as much memory as a damaged one asks for.

use crate::pst::bytes::Bytes;
use crate::pst::crc::crc;
use crate::pst::error::PstError;

/// The most bytes of RTF that are made of one value.
const LIMIT: u32 = 32 << 20;

/// `LZFu`.
const COMPRESSED: u32 = 0x7546_5A4C;
/// `MELA`.
const UNCOMPRESSED: u32 = 0x414C_454D;

const HEAD: usize = 16;
const WINDOW: usize = 4096;

/// What the window begins with, so that short texts have something to refer to. MS-OXRTFCP 2.1.2.
const START: &[u8; 207] = b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \
\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \
\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";

/// Returns the RTF of a compressed value that stands at an offset in the file.
pub(super) fn decompress(value: &[u8], at: u64) -> Result<Vec<u8>, PstError> {
    let bytes = Bytes::new("compressed RTF", at, value);
    let size = bytes.u32(4, "RAWSIZE")?;
    if size > LIMIT {
        let (size, limit) = (size.into(), LIMIT.into());
        return Err(PstError::TooBig { what: "RTF text", size, limit });
    }
    let size = usize::try_from(size).unwrap_or_default();
    let kind = bytes.u32(8, "COMPTYPE")?;
    match kind {
        UNCOMPRESSED => bytes.slice(HEAD, size, "contents").map(<[u8]>::to_vec),
        COMPRESSED => {
            // The size counts what follows it; a value may have more behind its end.
            let length = usize::try_from(bytes.u32(0, "COMPSIZE")?).unwrap_or(usize::MAX);
            let length = length
                .checked_sub(HEAD - 4)
                .ok_or_else(|| bytes.damaged("COMPSIZE", 0, 0, "is less than the header"))?;
            let data = bytes.slice(HEAD, length, "contents")?;
            let said = bytes.u32(12, "CRC")?;
            if crc(data) != said {
                return Err(bytes.damaged("CRC", 12, said.into(), "is not the text's checksum"));
            }
            Ok(expand(data, size))
        }
        _ => Err(bytes.damaged("COMPTYPE", 8, kind.into(), "is neither LZFu nor MELA")),
    }
}

/// Expands literal bytes and references into the window, which runs around; ends with the data or with the size.
fn expand(data: &[u8], size: usize) -> Vec<u8> {
    let mut window = [0; WINDOW];
    for (to, from) in window.iter_mut().zip(START) {
        *to = *from;
    }
    let mut next = START.len();
    let mut out = Vec::new();
    let mut put = |byte: u8, window: &mut [u8; WINDOW], next: &mut usize| {
        out.push(byte);
        if let Some(place) = window.get_mut(*next) {
            *place = byte;
        }
        *next = (*next + 1) % WINDOW;
        out.len() >= size
    };
    let mut data = data.iter().copied();
    if size == 0 {
        return Vec::new();
    }
    'all: while let Some(control) = data.next() {
        for bit in 0..8 {
            let Some(first) = data.next() else { break 'all };
            if control & (1 << bit) == 0 {
                if put(first, &mut window, &mut next) {
                    break 'all;
                }
                continue;
            }
            let Some(second) = data.next() else { break 'all };
            let reference = usize::from(u16::from_be_bytes([first, second]));
            let from = reference >> 4;
            if from == next {
                break 'all;
            }
            for step in 0..(reference & 0xF) + 2 {
                let byte = window.get((from + step) % WINDOW).copied().unwrap_or_default();
                if put(byte, &mut window, &mut next) {
                    break 'all;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::decompress;

    /// MS-OXRTFCP 4.1.1: a simple text.
    const SIMPLE: [u8; 49] = [
        0x2d, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x4c, 0x5a, 0x46, 0x75, 0xf1, 0xc5, 0xc7,
        0xa7, 0x03, 0x00, 0x0a, 0x00, 0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a,
        0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77, 0x05, 0xb0, 0x6c, 0x64, 0x7d,
        0x0a, 0x80, 0x0f, 0xa0,
    ];

    /// MS-OXRTFCP 4.1.2: a text that refers to what it is just writing.
    const CROSSING: [u8; 30] = [
        0x1a, 0x00, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x00, 0x4c, 0x5a, 0x46, 0x75, 0xe2, 0xd4, 0x4b,
        0x51, 0x41, 0x00, 0x04, 0x20, 0x57, 0x58, 0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0,
    ];

    #[test]
    fn the_specifications_examples_are_expanded() {
        let text = decompress(&SIMPLE, 0).unwrap();
        assert_eq!(text, b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n");
        let text = decompress(&CROSSING, 0).unwrap();
        assert_eq!(text, b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}");
    }

    #[test]
    fn broken_values_are_errors() {
        for length in 0..SIMPLE.len() {
            assert!(decompress(&SIMPLE[..length], 0).is_err(), "{length} bytes");
        }
        for at in [8, 12, 17, 48] {
            let mut broken = SIMPLE;
            broken[at] ^= 1;
            assert!(decompress(&broken, 0).is_err(), "byte {at}");
        }
        let mut huge = SIMPLE;
        huge[7] = 0xFF;
        assert!(decompress(&huge, 0).is_err(), "more than the limit");
    }
}
