//! One transaction on a store (effect).
//!
//! Tables that were changed stay open until the commit, so that ten items more in a folder write its table once.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::mapi::{FileTime, PropertyId, PropertyKey, PropertyName, PropertyTag};
use crate::pst::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::write::{Cell, NewContext, RowVersion, TableEdit};
use crate::pst::ndb::write::{Transaction, WriteError, Writer};
use crate::pst::ndb::{Node, Nodes};

use super::names::NameMap;
use super::node::{NodeSource, apply_context, apply_table};
use super::queue::Queue;
use super::stored::StoredProperties;

/// Changes of open tables that are held in memory before they are written.
const MOST_CHANGES: u32 = 2_000;

/// A batch of changes to a store: one transaction. Dropped without [`Batch::commit`], it has not happened.
pub struct Batch<'a> {
    pub(super) tx: Transaction<'a>,
    pub(super) names: NameMap,
    /// When the changes are made.
    pub(super) now: FileTime,
    /// Tables that were changed, each with its node, which stays as it is while the table is open.
    tables: BTreeMap<Nid, (Node, TableEdit)>,
    /// How many changes they hold.
    held: u32,
    /// Folders whose contents changed, and how many unread items they have more.
    pub(super) counts: BTreeMap<Nid, i64>,
    pub(super) queue: Queue,
    /// An empty table of recipients, shared by new items, and its size in bytes.
    pub(super) recipients: Option<(Node, u64)>,
    /// In which each item that is added becomes what is stored.
    pub(super) context: NewContext,
    /// Memory for the properties of one item after the other.
    pub(super) stored: StoredProperties<'static>,
    /// In which big values become what is stored.
    pub(super) scratch: Vec<u8>,
    /// The search key that the last item got.
    pub(super) last_key: Option<u128>,
}

impl<'a> Batch<'a> {
    /// Begins a batch; `now` is noted on what it creates and changes.
    pub fn begin(file: &'a mut Writer, now: FileTime) -> Result<Self, WriteError> {
        Self::over(file.begin()?, now)
    }

    /// Makes a transaction that has begun a batch.
    pub fn over(tx: Transaction<'a>, now: FileTime) -> Result<Self, WriteError> {
        let names = NameMap::load(&tx).map_err(WriteError::shared)?;
        let queue = Queue::load(&tx).map_err(shared)?;
        Ok(Self {
            tx,
            names,
            now,
            tables: BTreeMap::new(),
            held: 0,
            counts: BTreeMap::new(),
            queue,
            recipients: None,
            context: NewContext::default(),
            stored: StoredProperties::default(),
            scratch: Vec::new(),
            last_key: None,
        })
    }

    /// Says which names of properties may be wanted sooner or later. Where the store lacks one that is, it gets all of them: before a
    /// name is added, all that the store holds is looked through once.
    #[must_use]
    pub fn expecting(mut self, names: fn() -> Vec<PropertyName>) -> Self {
        self.names.expect(names);
        self
    }

    /// Returns what the store holds, changes included but for tables and counts that are not written yet.
    pub fn nodes(&self) -> &dyn Nodes {
        &self.tx
    }

    /// Returns the id that the store gives a property; `None` for a name that it does not have.
    pub fn property(&self, key: &PropertyKey) -> Option<PropertyId> {
        self.names.known(key)
    }

    /// Returns the id that the store gives a property, and gives it one where it has none; `None` where it takes no more names.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub fn id_for(&mut self, key: &PropertyKey) -> Result<Option<PropertyId>, WriteError> {
        let name = match key {
            PropertyKey::Id(id) => return Ok(Some(*id)),
            PropertyKey::Name(name) => name,
        };
        match self.names.id(name, &mut self.tx) {
            Ok(id) => Ok(Some(id)),
            Err(WriteError::NoNewNames { .. } | WriteError::NotAllowed { .. }) => Ok(None),
            Err(error) => Err(error.shared()),
        }
    }

    /// Makes everything durable, or nothing.
    pub fn commit(mut self) -> Result<(), WriteError> {
        self.write_shared().map_err(WriteError::shared)?;
        self.tx.commit()
    }

    /// Brings what all items share into the transaction.
    fn write_shared(&mut self) -> Result<(), WriteError> {
        self.write_counts()?;
        self.write_tables()?;
        self.names.write(&mut self.tx)?;
        self.queue.write(&mut self.tx)
    }

    /// Sets a property of a node that is no item, such as a folder or the store itself. Tables do not follow.
    pub fn set_property(
        &mut self,
        nid: Nid,
        tag: PropertyTag,
        bytes: &[u8],
    ) -> Result<(), WriteError> {
        let node = self.node(nid, "node")?;
        let changes = {
            let source = NodeSource::open(&self.tx, &node)?;
            let mut context = source.context()?;
            context.set(tag, bytes, &source)?;
            context.finish(&source)?
        };
        let node = apply_context(&mut self.tx, node, changes, Vec::new())?;
        self.tx.set_node(node)
    }

    /// Finds a node that must be there.
    pub(super) fn node(&self, nid: Nid, what: &'static str) -> Result<Node, WriteError> {
        Ok(self.tx.node(nid)?.ok_or(PstError::NoNode { nid, what })?)
    }

    /// Works on an open table, opening it the first time.
    pub(super) fn with_table<T>(
        &mut self,
        nid: Nid,
        work: impl FnOnce(&mut TableEdit, &NodeSource<'_>) -> Result<T, PstError>,
    ) -> Result<T, WriteError> {
        let (node, table) = match self.tables.entry(nid) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(open_table(&self.tx, nid).map_err(shared)?),
        };
        // Other nodes have been given ids while it was open.
        table.raise_last_value(self.tx.highest(NidKind::VALUE));
        let done = work(table, &NodeSource::unread(&self.tx, *node)).map_err(shared);
        self.tx.raise(Nid::new(NidKind::VALUE, table.last_value()));
        done
    }

    /// Says whether a table is open, and thus there.
    pub(super) fn is_open(&self, table: Nid) -> bool {
        self.tables.contains_key(&table)
    }

    /// Puts a row into a table; `cell` is asked for each column, and told which cells the row has that is replaced.
    pub(super) fn put_row<'v>(
        &mut self,
        table: Nid,
        row: Nid,
        mut cell: impl FnMut(PropertyTag, &[Cell<'_>]) -> Option<Cow<'v, [u8]>>,
    ) -> Result<(), WriteError> {
        let version = RowVersion(self.tx.unique());
        self.with_table(table, |table, source| {
            let old = table.read(row.0, source)?.unwrap_or_default();
            table.put_of(row.0, version, |tag| cell(tag, &old), source)
        })?;
        self.note_change()
    }

    /// Removes a row from a table; says whether it was there and which cells it had.
    pub(super) fn take_row(
        &mut self,
        table: Nid,
        row: Nid,
    ) -> Result<Option<Vec<Cell<'static>>>, WriteError> {
        let taken = self.with_table(table, |table, source| {
            let old = table.read(row.0, source)?;
            table.remove(row.0, source)?;
            Ok(old)
        })?;
        self.note_change()?;
        Ok(taken)
    }

    fn note_change(&mut self) -> Result<(), WriteError> {
        self.held += 1;
        if self.held < MOST_CHANGES { Ok(()) } else { self.write_tables() }
    }

    /// Brings the changes of all open tables into the transaction and frees the memory that they take.
    fn write_tables(&mut self) -> Result<(), WriteError> {
        for (_, (node, mut table)) in std::mem::take(&mut self.tables) {
            let changes = table.finish(&NodeSource::open(&self.tx, &node)?)?;
            let node = apply_table(&mut self.tx, node, changes)?;
            self.tx.set_node(node)?;
        }
        self.held = 0;
        Ok(())
    }
}

fn open_table(tx: &Transaction<'_>, nid: Nid) -> Result<(Node, TableEdit), PstError> {
    let what = table_name(nid);
    let node = tx.node(nid)?.ok_or(PstError::NoNode { nid, what })?;
    let table = NodeSource::open(tx, &node)?.table()?;
    Ok((node, table))
}

/// An error in what all items share.
fn shared(error: PstError) -> WriteError {
    WriteError::from(error).shared()
}

fn table_name(nid: Nid) -> &'static str {
    match nid.kind() {
        NidKind::HIERARCHY => "hierarchy table",
        NidKind::CONTENTS => "contents table",
        _ => "table",
    }
}
