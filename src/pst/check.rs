//! Checks a whole file (effect): the rules of the format that a writer can break, from the pages up to the items.
//!
//! It knows nothing of the writer. What both share is the reader with its layouts of primitives (pages, lists, heaps, contexts,
//! named properties, series): what is misread there is misread by both, so tests hold that against other programs' readers.
//!
//! What breaks a rule is a [`Finding`], and the check goes on: one broken item hides none of the others. Only where the trees
//! themselves are broken, the report says that no more was looked at. What Outlook itself leaves in good files (room that belongs
//! to nobody, counts of old versions) is a note.
//!
//! Which rule is checked where:
//!
//! | rules | where |
//! |---|---|
//! | the header: both checksums, its sentinel, a known variant | [`Ndb::open`], which gives an error |
//! | a header that a crash tore, with the record beside the file that the next writer mends it by: a note | here |
//! | the file ends with a whole section, and the header knows where: `ibFileEof`, `ibAMapLast` | `space` |
//! | the pages that sections begin with (AMap, PMap, FMap, FPMap): each in its place, with kind, id and checksum | `space` |
//! | room: nothing is used twice, crosses a section or lies outside; what is used is marked so; `cbAMapFree`, `fAMapValid`; what is marked and belongs to nobody is a note | `space` |
//! | pages of the trees: place, kind, id, signature, checksum, level, first key as above, order of keys, `cEntMax`, `cbEnt`, `bidNextP`; none is empty | `trees` |
//! | blocks: place, size, trailer with id, signature and checksum, `bidNextB`, exact reference counts | `trees` |
//! | nodes: order, `rgnid` | `trees` |
//! | lists: sums, inner blocks full, order of subnodes, first ones as above | `lists` |
//! | heaps: heads, maps within their blocks, allocations in order and not too long, fill levels | `heaps` |
//! | heaps of other nodes (ids of replicas, 0xC01; in copies of mailboxes one beside each folder): as all heaps, their kind, the head of their B-tree, and its order where that is known | `internals` |
//! | zeros behind the last property, which not every reader passes over: a note | `tables` |
//! | B-trees on heaps in order; every id of a value leads to one | the reader, of every node with properties or a table: `tables`, `rows` |
//! | tables: columns in order, row ids and versions in place, cells and bits apart, where cells of each width end (`rgib`), row length, rows without gaps | `rows` |
//! | rows: their node is there and in the folder, every column says what the item or folder says, the conversation (3013) as well | `folders`, `conversations` |
//! | attachments: each has a row and each row an attachment, in items and in messages within them; every column says what the attachment says | `attachments` |
//! | default folders: those that the store and its root folder name are there and of this store: a note | `folders` |
//! | folders: 3602 and 3603 count the rows; every folder, item and setting is in a table, and the root folder leads to it | `folders` |
//! | names: each at its ordinal, of a set that is there, in the bucket of its number or of its text's checksum; buckets name no others | `names` |
//! | ids of named properties that the map does not name: a note | `tables` |
//! | messages within items: their ids are of no other message: a note | `tables` |
//! | messages, attachments and big values within items: their ids are given already (`rgnid`): a note | `tables` |
//! | items: required properties (0E08 among them), 8028 agrees with 8029 and neither is alone, recurrences to their last byte, a message for each changed occurrence, with a text where it claims one | `items`, `occurrences` |
//! | messages of changed occurrences tell the times that the series tells, by its zone: a note | `occurrences` |
//! | items: 0E08 is the sum of their data: a note | `tables` |
//!
//! Where Outlook's own files differ, it is a note: the size of items, which Outlook up to 2007 counted otherwise (and in rows now and
//! then), and the number of unread ones; in copies of mailboxes (OST) what stands in a row alone, such as the time of an item's change.
//!
//! Not looked at is what nobody relies on or nobody has published:
//!
//! * the list of maps with most room (DList) and the bits of PMap, FMap and FPMap, which are hints; of these only where they stand,
//!   their kinds, ids and checksums;
//! * fields of the header that are reserved, and what stands between the header and the first map;
//! * the queues and lists of Outlook's searches, and whether a search folder shows what it would find;
//! * heaps of kinds that are not published, beyond the heap itself (0xE01 and some of copies of mailboxes);
//! * what the columns of views, rules and settings say, and whether messages within items have what every item has.

mod attachments;
mod blocks;
mod conversations;
mod folders;
mod heaps;
mod internals;
mod items;
mod lists;
mod names;
mod occurrences;
mod place;
mod report;
mod rows;
mod rule;
mod space;
mod tables;
mod trees;

use std::path::Path;

use crate::pst::error::PstError;
use crate::pst::medium::Medium;
use crate::pst::messaging::Store;
use crate::pst::ndb::Ndb;

pub use report::{Finding, Remedy, Report, Weight};
pub use rule::{Rule, Said};

/// Checks the file at a path.
///
/// # Errors
///
/// Only where the file cannot be opened at all, because it cannot be read or is none, or where somebody wrote it meanwhile.
pub fn check(path: &Path) -> Result<Report, PstError> {
    check_nodes(&Ndb::at(path)?)
}

/// Checks a file in a medium.
///
/// # Errors
///
/// As [`check`].
pub fn check_medium(medium: Medium) -> Result<Report, PstError> {
    check_nodes(&Ndb::open(medium)?)
}

fn check_nodes(ndb: &Ndb) -> Result<Report, PstError> {
    let mut report = Report::default();
    if ndb.is_torn()? {
        report.note(place::Place::Header, Rule::TornHeader);
    }
    let mut room = space::Room::of(ndb, &mut report)?;
    let blocks = trees::check(ndb, &mut room, &mut report);
    space::check(ndb, &room, &mut report);
    drop(room);
    // What is above cannot be told from what is below when the trees are broken. Wrong maps and counts, and blocks that cannot be
    // read, keep nobody from the rest.
    report.looked_at_folders = trees::are_whole(&blocks, &report);
    if report.looked_at_folders {
        let store = Store::new(ndb);
        names::check(ndb, &mut report);
        tables::check(&store, &blocks, &mut report);
        drop(blocks);
        folders::check(&store, &mut report);
    }
    // What was found then is of two states of the file.
    if report.errors() > 0 && ndb.was_written() { Err(PstError::Written) } else { Ok(report) }
}

#[cfg(test)]
mod tests;
