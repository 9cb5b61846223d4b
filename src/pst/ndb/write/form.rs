//! Pages and blocks as bytes (pure). MS-PST 2.2.2.7 and 2.2.2.8.

use super::bits::{MAP_BYTES, Map, Reserved};
use super::tree::{Kind, Page};
use crate::pst::crc::{crc, signature};
use crate::pst::crypt::{Crypt, encode};
use crate::pst::id::{Bid, PageRef};
use crate::pst::layout::Layout;
use crate::pst::ndb::page::PageKind;

/// Bytes of a page.
pub(super) const PAGE: usize = Layout::UNICODE.page;
const PAGE_BODY: usize = PAGE - Layout::UNICODE.page_trailer;

/// Makes a page of a tree.
pub(super) fn tree_page(kind: Kind, content: &Page, place: PageRef) -> [u8; PAGE] {
    let size = kind.entry(content.level);
    let most = Layout::UNICODE.tree_entries / size;
    let byte = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    let mut page = [0; PAGE];
    put(&mut page, 0, &content.entries);
    let head = [byte(content.entries.len() / size), byte(most), byte(size), content.level];
    put(&mut page, Layout::UNICODE.tree_entries, &head);
    close(kind.page(), place, page)
}

/// Makes an allocation map.
pub(super) fn allocation_map(at: u64, map: &Map) -> [u8; PAGE] {
    map_page(PageKind::AllocationMap, at, &map.bytes())
}

/// Makes one of the other maps. Their bodies say "nothing known to be free", which is right for every version of Outlook.
pub(super) fn reserved_page(kind: Reserved, at: u64) -> [u8; PAGE] {
    map_page(reserved_kind(kind), at, &[0xFF; MAP_BYTES])
}

/// Returns what kind of page it is.
pub(super) fn reserved_kind(kind: Reserved) -> PageKind {
    match kind {
        Reserved::Pages => PageKind::PageMap,
        Reserved::Free => PageKind::FreeMap,
        Reserved::FreePages => PageKind::FreePageMap,
    }
}

/// Makes a density list that names no section; the id is the next one for pages, and is not used up by it.
pub(super) fn density_list(place: PageRef) -> [u8; PAGE] {
    close(PageKind::DensityList, place, [0; PAGE])
}

fn map_page(kind: PageKind, at: u64, body: &[u8; MAP_BYTES]) -> [u8; PAGE] {
    let mut page = [0; PAGE];
    put(&mut page, 0, body);
    // The id of a map is its own offset.
    close(kind, PageRef { id: crate::pst::id::PageId(at), at }, page)
}

/// Adds the trailer.
fn close(kind: PageKind, place: PageRef, mut page: [u8; PAGE]) -> [u8; PAGE] {
    let sum = crc(page.get(..PAGE_BODY).unwrap_or_default());
    let sign = if kind.is_map() { 0 } else { signature(place.at, place.id.0) };
    put(&mut page, PAGE_BODY, &[kind.byte(), kind.byte()]);
    put(&mut page, PAGE_BODY + 2, &sign.to_le_bytes());
    put(&mut page, PAGE_BODY + 4, &sum.to_le_bytes());
    put(&mut page, PAGE_BODY + 8, &place.id.0.to_le_bytes());
    page
}

/// Makes a block of as many bytes as [`Layout::block_size`] says: data, padding, trailer.
pub(super) fn block(crypt: Crypt, bid: Bid, at: u64, data: &[u8], to: &mut [u8]) {
    let Some((body, rest)) = to.split_at_mut_checked(data.len()) else { return };
    // Lists are never encoded.
    let crypt = if bid.is_internal() { Crypt::None } else { crypt };
    encode(crypt, bid, data, body);
    let sum = crc(body);
    let Some((padding, trailer)) =
        rest.split_at_mut_checked(rest.len().saturating_sub(Layout::UNICODE.block_trailer))
    else {
        return;
    };
    padding.fill(0);
    let length = u16::try_from(data.len()).unwrap_or(u16::MAX);
    put(trailer, 0, &length.to_le_bytes());
    put(trailer, 2, &signature(at, bid.0).to_le_bytes());
    put(trailer, 4, &sum.to_le_bytes());
    put(trailer, 8, &bid.0.to_le_bytes());
}

/// Puts bytes at an offset; all offsets are within.
fn put(to: &mut [u8], start: usize, bytes: &[u8]) {
    if let Some(to) = to.get_mut(start..).and_then(|rest| rest.get_mut(..bytes.len())) {
        to.copy_from_slice(bytes);
    }
}
