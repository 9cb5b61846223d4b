//! Blocks as they are stored: trailer, deflation, encoding (pure). MS-PST 2.2.2.8.

use std::sync::Arc;

use flate2::{Decompress, FlushDecompress, Status};

use crate::pst::bytes::{Bytes, wide};
use crate::pst::crc::{crc, signature};
use crate::pst::crypt::{Crypt, decode};
use crate::pst::error::PstError;
use crate::pst::layout::Layout;

use super::node::Block;
use super::page::BlockEntry;

/// Verifies a block as it was read from the file, with padding and trailer, and returns its data inflated and decoded.
pub fn open(
    layout: &Layout,
    crypt: Crypt,
    entry: &BlockEntry,
    stored: &[u8],
) -> Result<Block, PstError> {
    let bytes = Bytes::new("block", entry.at, stored);
    let data = verify(layout, entry, &bytes)?;
    let crypt = if entry.bid.is_internal() { Crypt::None } else { crypt };
    let decoded: Arc<[u8]> = decode(crypt, entry.bid, data);
    let whole =
        if entry.stored == entry.size { decoded } else { inflate(&bytes, entry, &decoded)? };
    Ok(Block::new(entry.at, whole))
}

/// Returns the data of a block, encoded as it is stored.
fn verify<'a>(
    layout: &Layout,
    entry: &BlockEntry,
    bytes: &Bytes<'a>,
) -> Result<&'a [u8], PstError> {
    let length = usize::from(entry.stored);
    let data = bytes.slice(0, length, "cb")?;
    let trailer = layout.block_size(length) - layout.block_trailer;
    let (crc_at, id_at) =
        if layout.wide { (trailer + 4, trailer + 8) } else { (trailer + 8, trailer + 4) };
    let said = bytes.u16(trailer, "cb")?;
    if said != entry.stored {
        return Err(bytes.damaged("cb", trailer, said.into(), "is not what the BBT says"));
    }
    let said = bytes.word(layout.wide, id_at, "bid")?;
    if said & !1 != entry.bid.key().0 {
        return Err(bytes.damaged("bid", id_at, said, "is another block"));
    }
    let signed = bytes.u16(trailer + 2, "wSig")?;
    if signed != signature(entry.at, said) {
        let rule = "does not fit place and id";
        return Err(bytes.damaged("wSig", trailer + 2, signed.into(), rule));
    }
    let said = bytes.u32(crc_at, "dwCRC")?;
    if crc(data) != said {
        return Err(bytes.damaged("dwCRC", crc_at, said.into(), "is not the block's checksum"));
    }
    Ok(data)
}

/// Inflates a zlib stream into exactly the size that the block B-tree says, at most 64 KB.
fn inflate(bytes: &Bytes<'_>, entry: &BlockEntry, data: &[u8]) -> Result<Arc<[u8]>, PstError> {
    let size = usize::from(entry.size);
    let mut whole = vec![0; size];
    let mut inflater = Decompress::new(true);
    let status = inflater.decompress(data, &mut whole, FlushDecompress::Finish);
    if !matches!(status, Ok(Status::StreamEnd)) || inflater.total_out() != wide(size) {
        let rule = "is not what its data inflates to";
        return Err(bytes.damaged("cbInflated", 0, entry.size.into(), rule));
    }
    Ok(whole.into())
}
