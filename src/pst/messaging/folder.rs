//! Folders, and listing their items without opening them (pure). MS-PST 2.4.4.

use std::sync::Arc;

use crate::mapi::{FileTime, PropertyId, PropertyTag, Value, property};
use crate::pst::error::PstError;
use crate::pst::id::{Nid, NidKind};
use crate::pst::ltp::{Column, Row, TableContext};
use crate::pst::ndb::Node;

use super::object::{Object, decoded};

/// A folder.
pub struct Folder<'a> {
    object: Object<'a>,
}

impl<'a> Folder<'a> {
    pub(super) fn new(object: Object<'a>) -> Self {
        Self { object }
    }

    /// Returns its id.
    pub fn nid(&self) -> Nid {
        self.object.node().nid
    }

    /// Returns its properties.
    pub fn properties(&self) -> &Object<'a> {
        &self.object
    }

    /// Returns its name; empty where it has none.
    pub fn name(&self) -> Result<String, PstError> {
        self.object.text(property::DISPLAY_NAME).map(Option::unwrap_or_default)
    }

    /// Returns what it is for, such as `IPF.Contact`; `None` where it does not say.
    pub fn class(&self) -> Result<Option<String>, PstError> {
        self.object.text(property::CONTAINER_CLASS)
    }

    /// Returns the folders in it, in the order of the table.
    pub fn folders(&self) -> Result<Vec<Nid>, PstError> {
        let table = self.table(NidKind::HIERARCHY, "hierarchy table")?;
        table.rows()?.map(|row| row.map(|row| Nid(row.id()))).collect()
    }

    /// Returns the table of its items; of a search folder, of what was found.
    pub fn contents(&self) -> Result<TableContext<'a>, PstError> {
        if self.nid().kind() == NidKind::SEARCH_FOLDER {
            self.table(NidKind::SEARCH_CONTENTS, "search contents table")
        } else {
            self.table(NidKind::CONTENTS, "contents table")
        }
    }

    /// Lists its items from the contents table, without opening them.
    pub fn items(&self) -> Result<Vec<Listed>, PstError> {
        let mut items = Vec::new();
        self.each_item(&mut |item| items.push(item))?;
        Ok(items)
    }

    /// Passes its items as the contents table lists them, without opening them.
    pub fn each_item(&self, each: &mut dyn FnMut(Listed)) -> Result<(), PstError> {
        let table = self.contents()?;
        let columns = Columns::of(&table);
        let mut class: Arc<str> = Arc::from("");
        for row in table.rows()? {
            each(self.listed(&row?, &columns, &mut class)?);
        }
        Ok(())
    }

    /// Returns one of its items as the contents table lists it, `None` where it does not.
    pub fn item(&self, nid: Nid) -> Result<Option<Listed>, PstError> {
        let table = self.contents()?;
        let columns = Columns::of(&table);
        let row = table.row(nid.0)?;
        row.map(|row| self.listed(&row, &columns, &mut Arc::from(""))).transpose()
    }

    fn listed(
        &self,
        row: &Row<'_, '_>,
        columns: &Columns,
        last: &mut Arc<str>,
    ) -> Result<Listed, PstError> {
        let value =
            |column: &Option<Column>| column.as_ref().map_or(Ok(None), |column| row.cell(column));
        let page = self.object.code_page();
        // Neighbours are mostly of one class, which then stands in memory once.
        let class = match value(&columns.class)?.map(|value| decoded(page, value)) {
            Some(Value::String(class)) => {
                if **last != *class {
                    *last = class.into();
                }
                Some(Arc::clone(last))
            }
            _ => None,
        };
        Ok(Listed {
            nid: Nid(row.id()),
            version: value(&columns.version)?.and_then(|value| value.as_i32()),
            class,
            modified: value(&columns.modified)?.and_then(|value| value.as_time()),
            size: value(&columns.size)?.and_then(|value| value.as_i32()),
        })
    }

    fn table(&self, kind: NidKind, what: &'static str) -> Result<TableContext<'a>, PstError> {
        let nodes = self.object.surroundings().nodes;
        let nid = self.nid().with(kind);
        let node: Node = nodes.node(nid)?.ok_or(PstError::NoNode { nid, what })?;
        TableContext::open(nodes, &node)
    }
}

/// An item as the contents table lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which item.
    pub nid: Nid,
    /// The version of its row, which changes with every change of the row.
    pub version: Option<i32>,
    /// What it is, such as `IPM.Contact`.
    pub class: Option<Arc<str>>,
    /// When it was last changed.
    pub modified: Option<FileTime>,
    /// Its size, in bytes.
    pub size: Option<i32>,
}

/// Where the listed values stand in a table.
struct Columns {
    version: Option<Column>,
    class: Option<Column>,
    modified: Option<Column>,
    size: Option<Column>,
}

impl Columns {
    fn of(table: &TableContext<'_>) -> Self {
        let column = |id: PropertyId| table.column(id).copied();
        let of = |tag: PropertyTag| column(tag.id);
        Self {
            version: of(property::ROW_VERSION),
            class: of(property::MESSAGE_CLASS),
            modified: of(property::LAST_MODIFICATION_TIME),
            size: of(property::MESSAGE_SIZE),
        }
    }
}
