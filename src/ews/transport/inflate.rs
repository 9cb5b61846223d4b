//! Answers that were made small for the way (pure).

use std::io::Write as _;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

/// Unpacks a gzip stream piece by piece.
///
/// A few bytes can unpack to a thousand times as many, so that it goes on by small steps: what is
/// unpacked at once stays below a megabyte, whatever the server sends. How much the whole may take
/// is bounded by those who read it.
#[derive(Debug)]
pub(super) struct Inflate {
    decoder: MultiGzDecoder<Vec<u8>>,
    /// What came and is not unpacked yet.
    packed: Bytes,
    any: bool,
}

/// What goes in at once; deflate makes 1032 bytes of one at most.
const STEP: usize = 512;

impl Inflate {
    pub(super) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), packed: Bytes::new(), any: false }
    }

    /// Takes a piece that came. The last one must have been unpacked.
    pub(super) fn feed(&mut self, piece: Bytes) {
        self.any |= !piece.is_empty();
        self.packed = piece;
    }

    /// Unpacks some of it; `None` when more must come first.
    pub(super) fn unpack(&mut self) -> Result<Option<Bytes>, String> {
        while !self.packed.is_empty() {
            let step = self.packed.split_to(STEP.min(self.packed.len()));
            // Flushed at once: an event of a stream must not wait for the next one.
            let done = self.decoder.write_all(&step).and_then(|()| self.decoder.flush());
            done.map_err(|error| error.to_string())?;
            if let Some(plain) = self.take() {
                return Ok(Some(plain));
            }
        }
        Ok(None)
    }

    /// Unpacks what is left at the end of the stream, which must be whole.
    pub(super) fn end(&mut self) -> Result<Option<Bytes>, String> {
        if self.any {
            self.any = false;
            self.decoder.try_finish().map_err(|error| error.to_string())?;
        }
        Ok(self.take())
    }

    fn take(&mut self) -> Option<Bytes> {
        let plain = std::mem::take(self.decoder.get_mut());
        (!plain.is_empty()).then(|| Bytes::from(plain))
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(bytes: &[u8], piece: usize) -> Result<Vec<u8>, String> {
        let (mut inflate, mut plain) = (Inflate::new(), Vec::new());
        for piece in bytes.chunks(piece) {
            inflate.feed(Bytes::copy_from_slice(piece));
            while let Some(more) = inflate.unpack()? {
                assert!(more.len() <= 1 << 20, "{} bytes at once", more.len());
                plain.extend_from_slice(&more);
            }
        }
        while let Some(more) = inflate.end()? {
            plain.extend_from_slice(&more);
        }
        Ok(plain)
    }

    #[test]
    fn quirk_06_what_was_packed_comes_out_however_it_is_cut() {
        // Made by Python: gzip.compress(b"<s:Envelope/>", mtime=0).hex()
        let foreign = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xb3\x29\xb6\x72\xcd\x2b\x4b\xcd\
            \xc9\x2f\x48\xd5\xb7\x03\x00\x61\x9c\x2f\xc6\x0d\x00\x00\x00";
        for piece in [1, 7, 100] {
            assert_eq!(unpack(foreign, piece).unwrap(), b"<s:Envelope/>");
        }
        let plain: Vec<u8> =
            (0..200_000_u32).flat_map(|n| n.wrapping_mul(n).to_le_bytes()).collect();
        for piece in [511, 16 * 1024] {
            assert_eq!(unpack(&packed(&plain), piece).unwrap(), plain);
        }
        assert_eq!(unpack(&[], 1).unwrap(), b"", "an answer without a body");
    }

    #[test]
    fn a_bomb_comes_out_in_small_pieces() {
        let plain = vec![b' '; 64 << 20];
        let packed = packed(&plain);
        assert!(packed.len() < 70_000, "{} bytes make 64 MiB", packed.len());
        assert_eq!(unpack(&packed, 1 << 20).unwrap().len(), plain.len());
    }

    #[test]
    fn broken_streams_are_errors() {
        let whole = packed(b"<s:Envelope/>");
        for end in 1..whole.len() {
            assert!(unpack(&whole[..end], 5).is_err(), "cut at {end}");
        }
        assert!(unpack(b"<s:Envelope/>", 5).is_err(), "not packed at all");
    }
}
