//! The properties with fixed ids that stores, folders and items have, by their names in MS-OXPROPS (pure). Long because it is
//! one table.

use super::tag::{PropertyId, PropertyTag, PropertyType};

const fn tag(id: u16, kind: PropertyType) -> PropertyTag {
    PropertyId(id).of(kind)
}

// Items of every kind.

/// What the item is, such as `IPM.Contact`.
pub const MESSAGE_CLASS: PropertyTag = tag(0x001A, PropertyType::STRING);
/// 0 low, 1 normal, 2 high.
pub const IMPORTANCE: PropertyTag = tag(0x0017, PropertyType::INTEGER32);
/// -1 not urgent, 0 normal, 1 urgent.
pub const PRIORITY: PropertyTag = tag(0x0026, PropertyType::INTEGER32);
/// 0 normal, 1 personal, 2 private, 3 confidential.
pub const SENSITIVITY: PropertyTag = tag(0x0036, PropertyType::INTEGER32);
/// The subject, in PST files with a lead-in of two characters.
pub const SUBJECT: PropertyTag = tag(0x0037, PropertyType::STRING);
/// Start, as tables of mails show it.
pub const START_DATE: PropertyTag = tag(0x0060, PropertyType::TIME);
/// End, as tables of mails show it.
pub const END_DATE: PropertyTag = tag(0x0061, PropertyType::TIME);
/// The subject without its prefix.
pub const CONVERSATION_TOPIC: PropertyTag = tag(0x0070, PropertyType::STRING);
/// The place in a conversation.
pub const CONVERSATION_INDEX: PropertyTag = tag(0x0071, PropertyType::BINARY);
/// In whose name it was made.
pub const SENT_REPRESENTING_NAME: PropertyTag = tag(0x0042, PropertyType::STRING);
/// Their address.
pub const SENT_REPRESENTING_ADDRESS: PropertyTag = tag(0x0065, PropertyType::STRING);
/// 1 read, 8 unsent, 0x10 has attachments.
pub const MESSAGE_FLAGS: PropertyTag = tag(0x0E07, PropertyType::INTEGER32);
/// Size in bytes.
pub const MESSAGE_SIZE: PropertyTag = tag(0x0E08, PropertyType::INTEGER32);
/// Status; in tables only.
pub const MESSAGE_STATUS: PropertyTag = tag(0x0E17, PropertyType::INTEGER32);
/// Whether there are attachments; readers compute it.
pub const HAS_ATTACHMENTS: PropertyTag = tag(0x0E1B, PropertyType::BOOLEAN);
/// The subject without prefix; readers compute it.
pub const NORMALIZED_SUBJECT: PropertyTag = tag(0x0E1D, PropertyType::STRING);
/// What a subject begins with, such as `RE: `.
pub const SUBJECT_PREFIX: PropertyTag = tag(0x003D, PropertyType::STRING);
/// The plain text.
pub const BODY: PropertyTag = tag(0x1000, PropertyType::STRING);
/// The text as compressed RTF.
pub const RTF_COMPRESSED: PropertyTag = tag(0x1009, PropertyType::BINARY);
/// The text as HTML, in the code page that `INTERNET_CODE_PAGE` says.
pub const HTML: PropertyTag = tag(0x1013, PropertyType::BINARY);
/// Which text is the original: 1 plain, 2 RTF, 3 HTML.
pub const NATIVE_BODY: PropertyTag = tag(0x1016, PropertyType::INTEGER32);
/// Which picture a list shows.
pub const ICON_INDEX: PropertyTag = tag(0x1080, PropertyType::INTEGER32);
/// When it was created.
pub const CREATION_TIME: PropertyTag = tag(0x3007, PropertyType::TIME);
/// When anything of it was changed last.
pub const LAST_MODIFICATION_TIME: PropertyTag = tag(0x3008, PropertyType::TIME);
/// Sixteen random bytes that stay with the item.
pub const SEARCH_KEY: PropertyTag = tag(0x300B, PropertyType::BINARY);
/// Which conversation; in tables only.
pub const CONVERSATION_ID: PropertyTag = tag(0x3013, PropertyType::BINARY);
/// Whether the conversation id is taken from the index.
pub const CONVERSATION_INDEX_TRACKING: PropertyTag = tag(0x3016, PropertyType::BOOLEAN);
/// Who changed it last.
pub const LAST_MODIFIER_NAME: PropertyTag = tag(0x3FFA, PropertyType::STRING);
/// The code page of the HTML text.
pub const INTERNET_CODE_PAGE: PropertyTag = tag(0x3FDE, PropertyType::INTEGER32);
/// The code page of text that is not Unicode.
pub const MESSAGE_CODE_PAGE: PropertyTag = tag(0x3FFD, PropertyType::INTEGER32);

// Stores, folders and tables.

/// Sixteen bytes that tell one store from another.
pub const STORE_RECORD_KEY: PropertyTag = tag(0x0FF9, PropertyType::BINARY);
/// The name that people see.
pub const DISPLAY_NAME: PropertyTag = tag(0x3001, PropertyType::STRING);
/// A remark.
pub const COMMENT: PropertyTag = tag(0x3004, PropertyType::STRING);
/// Which of the special folders there are.
pub const VALID_FOLDER_MASK: PropertyTag = tag(0x35DF, PropertyType::INTEGER32);
/// Entry id of the folder that people see as the top.
pub const IPM_SUBTREE: PropertyTag = tag(0x35E0, PropertyType::BINARY);
/// Entry id of Deleted Items.
pub const DELETED_ITEMS: PropertyTag = tag(0x35E3, PropertyType::BINARY);
/// Entry id of the folder of searches.
pub const FINDER: PropertyTag = tag(0x35E7, PropertyType::BINARY);
/// How many items are in the folder.
pub const CONTENT_COUNT: PropertyTag = tag(0x3602, PropertyType::INTEGER32);
/// How many of them are unread.
pub const CONTENT_UNREAD_COUNT: PropertyTag = tag(0x3603, PropertyType::INTEGER32);
/// Whether there are folders below.
pub const SUBFOLDERS: PropertyTag = tag(0x360A, PropertyType::BOOLEAN);
/// What the folder is for, such as `IPF.Contact`.
pub const CONTAINER_CLASS: PropertyTag = tag(0x3613, PropertyType::STRING);
/// Entry id of the default calendar.
pub const DEFAULT_CALENDAR: PropertyTag = tag(0x36D0, PropertyType::BINARY);
/// Entry id of the default folder for contacts.
pub const DEFAULT_CONTACTS: PropertyTag = tag(0x36D1, PropertyType::BINARY);
/// Entry id of the default folder for tasks.
pub const DEFAULT_TASKS: PropertyTag = tag(0x36D4, PropertyType::BINARY);
/// What the plain text begins with, which lists show below the subject; only PST files have it (MS-PST 2.1.2, `PidTagPstBodyPrefix`).
pub const BODY_PREFIX: PropertyTag = tag(0x6619, PropertyType::STRING);
/// The id of a table row: the node of what it stands for.
pub const ROW_ID: PropertyTag = tag(0x67F2, PropertyType::INTEGER32);
/// A number that is new whenever the row changes.
pub const ROW_VERSION: PropertyTag = tag(0x67F3, PropertyType::INTEGER32);
/// A check sum of the password; 0 means none.
pub const PASSWORD: PropertyTag = tag(0x67FF, PropertyType::INTEGER32);

// Recipients and attachments.

/// 0 organizer, 1 required, 2 optional, 3 resource.
pub const RECIPIENT_TYPE: PropertyTag = tag(0x0C15, PropertyType::INTEGER32);
/// The address.
pub const EMAIL_ADDRESS: PropertyTag = tag(0x3003, PropertyType::STRING);
/// The Internet address of somebody whose address is of another kind.
pub const SMTP_ADDRESS: PropertyTag = tag(0x39FE, PropertyType::STRING);
/// 1 sendable, 2 organizer.
pub const RECIPIENT_FLAGS: PropertyTag = tag(0x5FFD, PropertyType::INTEGER32);
/// Size in bytes.
pub const ATTACH_SIZE: PropertyTag = tag(0x0E20, PropertyType::INTEGER32);
/// The embedded message.
pub const ATTACH_OBJECT: PropertyTag = tag(0x3701, PropertyType::OBJECT);
/// The bytes.
pub const ATTACH_DATA: PropertyTag = tag(0x3701, PropertyType::BINARY);
/// A short file name.
pub const ATTACH_FILE_NAME: PropertyTag = tag(0x3704, PropertyType::STRING);
/// 1 by value, 5 embedded message, 6 OLE.
pub const ATTACH_METHOD: PropertyTag = tag(0x3705, PropertyType::INTEGER32);
/// The file name.
pub const ATTACH_LONG_FILE_NAME: PropertyTag = tag(0x3707, PropertyType::STRING);
/// Where in the text; -1 nowhere.
pub const ATTACH_RENDERING_POSITION: PropertyTag = tag(0x370B, PropertyType::INTEGER32);
/// Flags of an attachment.
pub const ATTACH_FLAGS: PropertyTag = tag(0x3714, PropertyType::INTEGER32);
/// 0.
pub const ATTACH_LINK_ID: PropertyTag = tag(0x7FFA, PropertyType::INTEGER32);
/// The original start of a changed occurrence.
pub const EXCEPTION_REPLACE_TIME: PropertyTag = tag(0x7FF9, PropertyType::TIME);
/// The new start of a changed occurrence, local time as if it were UTC.
pub const EXCEPTION_START: PropertyTag = tag(0x7FFB, PropertyType::TIME);
/// The new end of a changed occurrence, local time as if it were UTC.
pub const EXCEPTION_END: PropertyTag = tag(0x7FFC, PropertyType::TIME);
/// 2 for a changed occurrence.
pub const ATTACHMENT_FLAGS: PropertyTag = tag(0x7FFD, PropertyType::INTEGER32);
/// Whether people do not see the attachment.
pub const ATTACHMENT_HIDDEN: PropertyTag = tag(0x7FFE, PropertyType::BOOLEAN);
/// Whether it is the photo of a contact.
pub const ATTACHMENT_CONTACT_PHOTO: PropertyTag = tag(0x7FFF, PropertyType::BOOLEAN);

// Contacts.

/// Callback.
pub const CALLBACK_PHONE: PropertyTag = tag(0x3A02, PropertyType::STRING);
/// Suffix, such as Jr.
pub const GENERATION: PropertyTag = tag(0x3A05, PropertyType::STRING);
/// First name.
pub const GIVEN_NAME: PropertyTag = tag(0x3A06, PropertyType::STRING);
/// Telephone at work.
pub const BUSINESS_PHONE: PropertyTag = tag(0x3A08, PropertyType::STRING);
/// Telephone at home.
pub const HOME_PHONE: PropertyTag = tag(0x3A09, PropertyType::STRING);
/// Last name.
pub const SURNAME: PropertyTag = tag(0x3A11, PropertyType::STRING);
/// The mailing address in one text.
pub const POSTAL_ADDRESS: PropertyTag = tag(0x3A15, PropertyType::STRING);
/// Company.
pub const COMPANY_NAME: PropertyTag = tag(0x3A16, PropertyType::STRING);
/// Job title.
pub const TITLE: PropertyTag = tag(0x3A17, PropertyType::STRING);
/// Department.
pub const DEPARTMENT_NAME: PropertyTag = tag(0x3A18, PropertyType::STRING);
/// Office.
pub const OFFICE_LOCATION: PropertyTag = tag(0x3A19, PropertyType::STRING);
/// Main telephone.
pub const PRIMARY_PHONE: PropertyTag = tag(0x3A1A, PropertyType::STRING);
/// Second telephone at work.
pub const BUSINESS_PHONE_2: PropertyTag = tag(0x3A1B, PropertyType::STRING);
/// Mobile telephone.
pub const MOBILE_PHONE: PropertyTag = tag(0x3A1C, PropertyType::STRING);
/// Radio telephone.
pub const RADIO_PHONE: PropertyTag = tag(0x3A1D, PropertyType::STRING);
/// Car telephone.
pub const CAR_PHONE: PropertyTag = tag(0x3A1E, PropertyType::STRING);
/// Other telephone.
pub const OTHER_PHONE: PropertyTag = tag(0x3A1F, PropertyType::STRING);
/// Pager.
pub const PAGER: PropertyTag = tag(0x3A21, PropertyType::STRING);
/// Main fax; Outlook shows it as the other fax.
pub const PRIMARY_FAX: PropertyTag = tag(0x3A23, PropertyType::STRING);
/// Fax at work.
pub const BUSINESS_FAX: PropertyTag = tag(0x3A24, PropertyType::STRING);
/// Fax at home.
pub const HOME_FAX: PropertyTag = tag(0x3A25, PropertyType::STRING);
/// Country of the mailing address.
pub const MAIL_COUNTRY: PropertyTag = tag(0x3A26, PropertyType::STRING);
/// City of the mailing address.
pub const MAIL_CITY: PropertyTag = tag(0x3A27, PropertyType::STRING);
/// State of the mailing address.
pub const MAIL_STATE: PropertyTag = tag(0x3A28, PropertyType::STRING);
/// Street of the mailing address.
pub const MAIL_STREET: PropertyTag = tag(0x3A29, PropertyType::STRING);
/// Postal code of the mailing address.
pub const MAIL_POSTAL_CODE: PropertyTag = tag(0x3A2A, PropertyType::STRING);
/// Post-office box of the mailing address.
pub const MAIL_PO_BOX: PropertyTag = tag(0x3A2B, PropertyType::STRING);
/// Telex.
pub const TELEX: PropertyTag = tag(0x3A2C, PropertyType::STRING);
/// ISDN.
pub const ISDN: PropertyTag = tag(0x3A2D, PropertyType::STRING);
/// Telephone of the assistant.
pub const ASSISTANT_PHONE: PropertyTag = tag(0x3A2E, PropertyType::STRING);
/// Second telephone at home.
pub const HOME_PHONE_2: PropertyTag = tag(0x3A2F, PropertyType::STRING);
/// Assistant.
pub const ASSISTANT: PropertyTag = tag(0x3A30, PropertyType::STRING);
/// Anniversary.
pub const WEDDING_ANNIVERSARY: PropertyTag = tag(0x3A41, PropertyType::TIME);
/// Birthday.
pub const BIRTHDAY: PropertyTag = tag(0x3A42, PropertyType::TIME);
/// Middle name.
pub const MIDDLE_NAME: PropertyTag = tag(0x3A44, PropertyType::STRING);
/// Title before the name, such as Dr.
pub const DISPLAY_NAME_PREFIX: PropertyTag = tag(0x3A45, PropertyType::STRING);
/// Profession.
pub const PROFESSION: PropertyTag = tag(0x3A46, PropertyType::STRING);
/// Spouse.
pub const SPOUSE_NAME: PropertyTag = tag(0x3A48, PropertyType::STRING);
/// Text telephone.
pub const TTY_PHONE: PropertyTag = tag(0x3A4B, PropertyType::STRING);
/// Manager.
pub const MANAGER_NAME: PropertyTag = tag(0x3A4E, PropertyType::STRING);
/// Nickname.
pub const NICKNAME: PropertyTag = tag(0x3A4F, PropertyType::STRING);
/// Web page at work.
pub const BUSINESS_HOME_PAGE: PropertyTag = tag(0x3A51, PropertyType::STRING);
/// Main telephone of the company.
pub const COMPANY_PHONE: PropertyTag = tag(0x3A57, PropertyType::STRING);
/// Children.
pub const CHILDREN_NAMES: PropertyTag = tag(0x3A58, PropertyType::MULTIPLE_STRING);
/// City at home.
pub const HOME_CITY: PropertyTag = tag(0x3A59, PropertyType::STRING);
/// Country at home.
pub const HOME_COUNTRY: PropertyTag = tag(0x3A5A, PropertyType::STRING);
/// Postal code at home.
pub const HOME_POSTAL_CODE: PropertyTag = tag(0x3A5B, PropertyType::STRING);
/// State at home.
pub const HOME_STATE: PropertyTag = tag(0x3A5C, PropertyType::STRING);
/// Street at home.
pub const HOME_STREET: PropertyTag = tag(0x3A5D, PropertyType::STRING);
/// Post-office box at home.
pub const HOME_PO_BOX: PropertyTag = tag(0x3A5E, PropertyType::STRING);
/// City of the other address.
pub const OTHER_CITY: PropertyTag = tag(0x3A5F, PropertyType::STRING);
/// Country of the other address.
pub const OTHER_COUNTRY: PropertyTag = tag(0x3A60, PropertyType::STRING);
/// Postal code of the other address.
pub const OTHER_POSTAL_CODE: PropertyTag = tag(0x3A61, PropertyType::STRING);
/// State of the other address.
pub const OTHER_STATE: PropertyTag = tag(0x3A62, PropertyType::STRING);
/// Street of the other address.
pub const OTHER_STREET: PropertyTag = tag(0x3A63, PropertyType::STRING);
/// Post-office box of the other address.
pub const OTHER_PO_BOX: PropertyTag = tag(0x3A64, PropertyType::STRING);

#[cfg(test)]
mod tests {
    use super::{ATTACH_DATA, BIRTHDAY, DISPLAY_NAME, RTF_COMPRESSED};

    /// Tags as MS-OXPROPS prints them.
    #[test]
    fn tags_are_those_of_the_specification() {
        assert_eq!(DISPLAY_NAME.bits(), 0x3001_001F);
        assert_eq!(BIRTHDAY.bits(), 0x3A42_0040);
        assert_eq!(RTF_COMPRESSED.bits(), 0x1009_0102);
        assert_eq!(ATTACH_DATA.bits(), 0x3701_0102);
    }
}
