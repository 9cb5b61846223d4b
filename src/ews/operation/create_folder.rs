//! `CreateFolder`: new folders for contacts, appointments or tasks (pure).

use crate::ews::error::ReplyError;
use crate::ews::operation::folder::{Folder, FolderRef};
use crate::ews::operation::{Operation, Placed, answered};
use crate::ews::reply::Arrival;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Creates folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateFolder {
    /// Where.
    pub parent: FolderRef,
    /// Which.
    pub folders: Vec<NewFolder>,
}

/// A folder to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFolder {
    /// For what; it cannot be changed later.
    pub kind: FolderKind,
    /// Its name; where a folder has it already, in any case, the answer is `ErrorFolderExists`.
    pub name: String,
}

/// What a folder is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FolderKind {
    /// Contacts.
    Contacts,
    /// Appointments.
    Calendar,
    /// Tasks.
    Tasks,
}

impl FolderKind {
    const fn element(self) -> &'static str {
        match self {
            Self::Contacts => "ContactsFolder",
            Self::Calendar => "CalendarFolder",
            Self::Tasks => "TasksFolder",
        }
    }
}

impl Operation for CreateFolder {
    const NAME: &'static str = "CreateFolder";
    const CHANGES: bool = true;
    /// The place in [`CreateFolder::folders`], and the folder, of which only the ids are known.
    type Part = Placed<Folder>;

    fn write(&self, xml: &mut Writer, _: ServerVersion) {
        xml.element(Ns::Messages, "CreateFolder", &[], |xml| {
            xml.element(Ns::Messages, "ParentFolderId", &[], |xml| self.parent.write(xml));
            xml.element(Ns::Messages, "Folders", &[], |xml| {
                for folder in &self.folders {
                    xml.element(Ns::Types, folder.kind.element(), &[], |xml| {
                        xml.text("DisplayName", &folder.name);
                    });
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
