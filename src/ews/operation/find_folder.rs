//! `FindFolder`: the folders below others (pure).

use crate::ews::error::ReplyError;
use crate::ews::operation::folder::{Folder, FolderRef, write_shape};
use crate::ews::operation::{FindPage, Operation, Placed, page};
use crate::ews::reply::Arrival;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Lists folders below others at any depth. Choose by [`Folder::has_class`]: folders without a
/// class exist, and servers differ in what a restriction on it finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindFolder {
    /// Below which folders.
    pub parents: Vec<FolderRef>,
    /// Where the page begins.
    pub offset: u32,
    /// How many at most, 1 to 1000; others are brought into that range.
    pub page_size: u32,
}

impl Operation for FindFolder {
    const NAME: &'static str = "FindFolder";
    const CHANGES: bool = false;
    /// The place in [`FindFolder::parents`], and a folder or the end of the page.
    type Part = Placed<FindPage<Folder>>;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        xml.element(Ns::Messages, "FindFolder", &[("Traversal", "Deep")], |xml| {
            write_shape(xml);
            let size = self.page_size.clamp(1, 1000).to_string();
            let offset = self.offset.to_string();
            let view =
                [("MaxEntriesReturned", &*size), ("Offset", &*offset), ("BasePoint", "Beginning")];
            xml.empty(Ns::Messages, "IndexedPageFolderView", &view);
            xml.element(Ns::Messages, "ParentFolderIds", &[], |xml| {
                for folder in &self.parents {
                    folder.write(xml);
                }
            });
        });
    }

    fn messages(&self) -> usize {
        self.parents.len()
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        match arrival {
            Arrival::Folder { message, folder } => Ok(Some((message, Ok(FindPage::Entry(folder))))),
            other => page(other),
        }
    }
}
