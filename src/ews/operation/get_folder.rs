//! `GetFolder`: what folders are (pure).

use crate::ews::error::ReplyError;
use crate::ews::operation::folder::{Folder, FolderRef, write_shape};
use crate::ews::operation::{Operation, Placed, answered};
use crate::ews::reply::Arrival;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Asks what folders are, by role or id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetFolder {
    /// Which folders.
    pub folders: Vec<FolderRef>,
}

impl Operation for GetFolder {
    const NAME: &'static str = "GetFolder";
    const CHANGES: bool = false;
    /// The place in [`GetFolder::folders`], and the folder.
    type Part = Placed<Folder>;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        xml.element(Ns::Messages, "GetFolder", &[], |xml| {
            write_shape(xml);
            xml.element(Ns::Messages, "FolderIds", &[], |xml| {
                for folder in &self.folders {
                    folder.write(xml);
                }
            });
        });
    }

    fn messages(&self) -> usize {
        self.folders.len()
    }

    fn part(&self, arrival: Arrival) -> Result<Option<Self::Part>, ReplyError> {
        match arrival {
            Arrival::Folder { message, folder } => Ok(Some((message, Ok(folder)))),
            other => answered(other, "folder"),
        }
    }
}
