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
pub mod properties;
mod rows;
pub mod table;
pub mod value;

pub use columns::{Column, Columns, ROW_ID, ROW_VERSION};
pub use context::{BuiltContext, Property, Stored};
pub use heap::{Changed, Heap, MAX_ALLOCATION};
pub use properties::{ContextChanges, ContextEdit};
pub use table::{Cell, RowVersion, TableChanges, TableEdit, TableSource};

use std::fmt;

use crate::pst::PstError;
use crate::pst::bytes::wide;
use crate::pst::id::Nid;
use crate::pst::ndb::Block;

/// The name of an allocation in a heap: its block and its number in it, from 1. Zero names nothing. MS-PST 2.3.1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hid(pub u32);

impl Hid {
    /// Names nothing.
    pub const NONE: Self = Self(0);

    fn new(block: u32, number: usize) -> Self {
        Self((block << 16) | (u32::try_from(number).unwrap_or_default() << 5))
    }

    fn block(self) -> u32 {
        self.0 >> 16
    }

    fn number(self) -> usize {
        usize::try_from((self.0 >> 5) & 0x7FF).unwrap_or_default()
    }

    /// Says whether these bits name an allocation rather than a subnode or nothing.
    fn is_one(self) -> bool {
        self.0 != 0 && self.0.trailing_zeros() >= 5
    }
}

impl fmt::Display for Hid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

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

fn too_big(what: &'static str, size: usize, limit: usize) -> PstError {
    PstError::TooBig { what, size: wide(size), limit: wide(limit) }
}

fn no_subnode(nid: Nid) -> PstError {
    damaged("HNID", "nid", u64::from(nid.0), "names a subnode that is not there")
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
