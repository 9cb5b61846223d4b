//! Folders: how requests name them and what answers say of them (pure).

use crate::ews::id::{ChangeKey, FolderId};
use crate::ews::xml::writer::{Ns, Writer};

/// How a request names a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FolderRef {
    /// By its id.
    Id(FolderId),
    /// By its role, in the mailbox of the one who acts or in another one (delegate access).
    Distinguished {
        /// Which role.
        folder: DistinguishedFolder,
        /// Whose, by SMTP address; `None` is the one who acts.
        mailbox: Option<String>,
    },
}

impl FolderRef {
    pub(crate) fn write(&self, xml: &mut Writer) {
        match self {
            Self::Id(id) => xml.empty(Ns::Types, "FolderId", &[("Id", id.as_str())]),
            Self::Distinguished { folder, mailbox: None } => {
                xml.empty(Ns::Types, "DistinguishedFolderId", &[("Id", folder.name())]);
            }
            Self::Distinguished { folder, mailbox: Some(address) } => {
                xml.element(Ns::Types, "DistinguishedFolderId", &[("Id", folder.name())], |xml| {
                    xml.element(Ns::Types, "Mailbox", &[], |xml| xml.text("EmailAddress", address));
                });
            }
        }
    }
}

impl From<FolderId> for FolderRef {
    fn from(id: FolderId) -> Self {
        Self::Id(id)
    }
}

impl From<DistinguishedFolder> for FolderRef {
    fn from(folder: DistinguishedFolder) -> Self {
        Self::Distinguished { folder, mailbox: None }
    }
}

/// The roles of folders that we need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DistinguishedFolder {
    /// `calendar`
    Calendar,
    /// `contacts`
    Contacts,
    /// `tasks`
    Tasks,
    /// `deleteditems`
    DeletedItems,
    /// `inbox`
    Inbox,
    /// `msgfolderroot`, the top of what Outlook shows.
    MsgFolderRoot,
}

impl DistinguishedFolder {
    /// Returns the name in the schema.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Contacts => "contacts",
            Self::Tasks => "tasks",
            Self::DeletedItems => "deleteditems",
            Self::Inbox => "inbox",
            Self::MsgFolderRoot => "msgfolderroot",
        }
    }
}

/// What an answer says of a folder. What a server left out is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Its id.
    pub id: FolderId,
    /// Its version.
    pub change_key: Option<ChangeKey>,
    /// The element that carried it: `ContactsFolder`, `CalendarFolder`, `TasksFolder`, `Folder`…
    pub element: Box<str>,
    /// The folder that it lies in.
    pub parent: Option<FolderId>,
    /// `IPF.Contact`, `IPF.Appointment`, `IPF.Task` or one derived from them; folders without a
    /// class exist.
    pub class: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// How many items lie in it.
    pub total: Option<u32>,
    /// How many folders lie in it.
    pub children: Option<u32>,
    /// Whether Outlook hides it (PR_ATTR_HIDDEN).
    pub hidden: Option<bool>,
    /// What the account may do in it.
    pub rights: Option<FolderRights>,
}

impl Folder {
    /// Says whether the folder's class is `class` or derived from it (`IPF.Contact` covers
    /// `IPF.Contact.MOC.QuickContacts`), in any case.
    pub fn has_class(&self, class: &str) -> bool {
        self.class.as_deref().is_some_and(|own| {
            own.split_at_checked(class.len()).is_some_and(|(head, tail)| {
                head.eq_ignore_ascii_case(class) && (tail.is_empty() || tail.starts_with('.'))
            })
        })
    }
}

/// What an account may do in a folder (`t:EffectiveRights`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FolderRights {
    /// Create items.
    pub create_contents: bool,
    /// Create folders.
    pub create_hierarchy: bool,
    /// Change.
    pub modify: bool,
    /// Delete.
    pub delete: bool,
    /// Read.
    pub read: bool,
    /// See private items; without it their absence proves nothing.
    pub view_private_items: Option<bool>,
}

/// The shape of folders in every request: a handful of properties, because `PermissionSet` and
/// `DistinguishedFolderId` make some servers fail.
pub(crate) fn write_shape(xml: &mut Writer) {
    xml.element(Ns::Messages, "FolderShape", &[], |xml| {
        xml.text("BaseShape", "IdOnly");
        xml.element(Ns::Types, "AdditionalProperties", &[], |xml| {
            for uri in [
                "folder:ParentFolderId",
                "folder:FolderClass",
                "folder:DisplayName",
                "folder:TotalCount",
                "folder:ChildFolderCount",
                "folder:EffectiveRights",
            ] {
                xml.empty(Ns::Types, "FieldURI", &[("FieldURI", uri)]);
            }
            xml.empty(
                Ns::Types,
                "ExtendedFieldURI",
                &[("PropertyTag", "0x10F4"), ("PropertyType", "Boolean")],
            );
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_class_counts() {
        let folder = |class: &str| Folder {
            id: FolderId::new("f"),
            change_key: None,
            element: "Folder".into(),
            parent: None,
            class: Some(class.to_owned()),
            name: None,
            total: None,
            children: None,
            hidden: None,
            rights: None,
        };
        assert!(folder("IPF.Contact").has_class("IPF.Contact"));
        assert!(folder("ipf.contact.x").has_class("IPF.Contact"));
        assert!(!folder("IPF.Contacts").has_class("IPF.Contact"));
        assert!(!folder("IPF").has_class("IPF.Contact"));
    }
}
