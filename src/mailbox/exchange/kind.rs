//! Pure: the kinds of items, in the words of the model and of EWS.

use crate::ews;
use crate::ews::draft::WritableKind;
use crate::ews::operation::create_folder::FolderKind;
use crate::model::ItemKind;

/// Returns the kind of an item that was read, or `None` for something else that lives in such folders.
pub(super) fn of(kind: &ews::ItemKind) -> Option<ItemKind> {
    match kind {
        ews::ItemKind::Contact => Some(ItemKind::Contact),
        ews::ItemKind::CalendarItem => Some(ItemKind::Appointment),
        ews::ItemKind::Task => Some(ItemKind::Task),
        ews::ItemKind::DistributionList | ews::ItemKind::Message | ews::ItemKind::Other(_) => None,
    }
}

/// Returns the kind for writing.
pub(super) const fn writable(kind: ItemKind) -> WritableKind {
    match kind {
        ItemKind::Contact => WritableKind::Contact,
        ItemKind::Appointment => WritableKind::CalendarItem,
        ItemKind::Task => WritableKind::Task,
    }
}

/// Returns the kind of folder to create.
pub(super) const fn folder_kind(kind: ItemKind) -> FolderKind {
    match kind {
        ItemKind::Contact => FolderKind::Contacts,
        ItemKind::Appointment => FolderKind::Calendar,
        ItemKind::Task => FolderKind::Tasks,
    }
}

/// Returns the class of the folders for a kind; derived classes count as well.
pub(super) const fn folder_class(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Contact => "IPF.Contact",
        ItemKind::Appointment => "IPF.Appointment",
        ItemKind::Task => "IPF.Task",
    }
}
