//! Writing lists, tables and properties: heaps, BTHs, property contexts and tables (pure). MS-PST 2.3.
//!
//! Values go in, blocks of bytes come out; [`crate::pst::ndb`] brings them into the file. What is changed in an existing
//! structure is asked for block by block through [`Blocks`], so that a small change of a large table touches a few blocks.

mod block;
pub mod bth;
pub mod columns;
pub mod context;
mod fields;
pub mod heap;
mod pack;
pub mod properties;
mod rows;
pub mod table;
pub mod value;

pub use columns::{Column, Columns};
pub use context::{NewContext, Place, Property};
pub use heap::{Changed, Heap, MAX_ALLOCATION};
pub use properties::{ContextChanges, ContextEdit, Stored};
pub use table::{Cell, RowVersion, TableChanges, TableEdit, TableSource};
pub use value::Given;

use crate::pst::PstError;
use crate::pst::bytes::wide;
use crate::pst::id::{Nid, NidKind};
use crate::pst::layout::Layout;
use crate::pst::ltp::heap::Hid;
use crate::pst::ndb::Block;

/// The blocks of a node as they are in the file.
pub trait Blocks {
    /// Reads a block of the node's data by its place.
    fn block(&self, index: u32) -> Result<Block, PstError>;
    /// Reads a value that lives in a subnode of the same node.
    fn value(&self, nid: Nid) -> Result<Vec<u8>, PstError>;
}

/// No blocks: what is made anew has none in the file.
#[derive(Clone, Copy, Debug)]
pub struct NoBlocks;

impl Blocks for NoBlocks {
    fn block(&self, index: u32) -> Result<Block, PstError> {
        Err(damaged("HID", "hidBlockIndex", u64::from(index), "names a block that is not there"))
    }

    fn value(&self, nid: Nid) -> Result<Vec<u8>, PstError> {
        Err(no_subnode(nid))
    }
}

/// Names an allocation of a Unicode file, the only ones that are written: the block and the number in it, from 1.
fn hid(block: u32, number: usize) -> Hid {
    Hid::new(&Layout::UNICODE, block, u32::try_from(number).unwrap_or_default())
}

/// Returns the block of an allocation.
fn block_of(hid: Hid) -> u32 {
    u32::try_from(hid.block(&Layout::UNICODE)).unwrap_or(u32::MAX)
}

/// Returns the number of an allocation in its block.
fn number_of(hid: Hid) -> usize {
    hid.allocation(&Layout::UNICODE)
}

/// Says whether these bits name an allocation rather than a subnode or nothing.
fn is_allocation(hid: Hid) -> bool {
    hid.0 != 0 && hid.0.trailing_zeros() >= 5
}

fn too_big(what: &'static str, size: usize, limit: usize) -> PstError {
    PstError::TooBig { what, size: wide(size), limit: wide(limit) }
}

fn no_subnode(nid: Nid) -> PstError {
    damaged("HNID", "nid", u64::from(nid.0), "names a subnode that is not there")
}

/// Gives the next id to a big value.
fn next_value(last: &mut u32) -> Result<Nid, PstError> {
    if *last >= Nid::HIGHEST_INDEX {
        let (size, limit) = ((*last).into(), Nid::HIGHEST_INDEX.into());
        return Err(PstError::TooBig { what: "index of a big value", size, limit });
    }
    *last += 1;
    Ok(Nid::new(NidKind::VALUE, *last))
}

/// Makes the error of a structure whose value breaks a rule. Its place is not known here: what is changed was read and found
/// whole before.
fn damaged(
    structure: &'static str,
    field: &'static str,
    value: u64,
    rule: &'static str,
) -> PstError {
    PstError::Damaged { structure, field, value, rule, at: 0 }
}

#[cfg(test)]
mod tests;
