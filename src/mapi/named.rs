//! The named properties that Outlook's items have, each with the type of its value (pure). MS-OXPROPS; Outlook's sets only
//! use numbers. Long because it is one table.

use super::name::{Guid, Name, PropertyName, set};
use super::tag::PropertyType;

/// A named property and the type of its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Named {
    /// The set.
    pub set: Guid,
    /// The number in it.
    pub number: u32,
    /// The type.
    pub kind: PropertyType,
}

impl Named {
    /// Returns the name.
    pub const fn name(self) -> PropertyName {
        PropertyName { set: self.set, name: Name::Number(self.number) }
    }
}

const fn named(set: Guid, number: u32, kind: PropertyType) -> Named {
    Named { set, number, kind }
}

/// `PidNameKeywords`: the categories, the one property of items that is named by a word (in [`set::PUBLIC_STRINGS`]).
pub const KEYWORDS: &str = "Keywords";

// Items of every kind.

/// Minutes before the start; a marker in tasks.
pub const REMINDER_MINUTES: Named = named(set::COMMON, 0x8501, PropertyType::INTEGER32);
/// The start that the reminder counts from; in tasks the time of the reminder.
pub const REMINDER_TIME: Named = named(set::COMMON, 0x8502, PropertyType::TIME);
/// Whether there is a reminder.
pub const REMINDER_SET: Named = named(set::COMMON, 0x8503, PropertyType::BOOLEAN);
/// Whether the item is private.
pub const PRIVATE: Named = named(set::COMMON, 0x8506, PropertyType::BOOLEAN);
/// How Outlook treats the item.
pub const SIDE_EFFECTS: Named = named(set::COMMON, 0x8510, PropertyType::INTEGER32);
/// Whether no paper clip is shown.
pub const SMART_NO_ATTACH: Named = named(set::COMMON, 0x8514, PropertyType::BOOLEAN);
/// Start in UTC.
pub const COMMON_START: Named = named(set::COMMON, 0x8516, PropertyType::TIME);
/// End in UTC.
pub const COMMON_END: Named = named(set::COMMON, 0x8517, PropertyType::TIME);
/// 0 a task of one person.
pub const TASK_MODE: Named = named(set::COMMON, 0x8518, PropertyType::INTEGER32);
/// Text of a flag.
pub const FLAG_REQUEST: Named = named(set::COMMON, 0x8530, PropertyType::STRING);
/// Companies.
pub const COMPANIES: Named = named(set::COMMON, 0x8539, PropertyType::MULTIPLE_STRING);
/// Names of linked contacts.
pub const CONTACTS: Named = named(set::COMMON, 0x853A, PropertyType::MULTIPLE_STRING);
/// Version of the program that wrote the item.
pub const CURRENT_VERSION: Named = named(set::COMMON, 0x8552, PropertyType::INTEGER32);
/// The same in words.
pub const CURRENT_VERSION_NAME: Named = named(set::COMMON, 0x8554, PropertyType::STRING);
/// When the reminder is shown next.
pub const REMINDER_SIGNAL_TIME: Named = named(set::COMMON, 0x8560, PropertyType::TIME);

// Contacts.

/// The text a contact is filed by.
pub const FILE_UNDER: Named = named(set::ADDRESS, 0x8005, PropertyType::STRING);
/// How that text is made.
pub const FILE_UNDER_ID: Named = named(set::ADDRESS, 0x8006, PropertyType::INTEGER32);
/// Whether there is a photo.
pub const HAS_PICTURE: Named = named(set::ADDRESS, 0x8015, PropertyType::BOOLEAN);
/// The home address in one text.
pub const HOME_ADDRESS: Named = named(set::ADDRESS, 0x801A, PropertyType::STRING);
/// The work address in one text.
pub const WORK_ADDRESS: Named = named(set::ADDRESS, 0x801B, PropertyType::STRING);
/// The other address in one text.
pub const OTHER_ADDRESS: Named = named(set::ADDRESS, 0x801C, PropertyType::STRING);
/// Which address mail goes to: 0 none, 1 home, 2 work, 3 other.
pub const POSTAL_ADDRESS_ID: Named = named(set::ADDRESS, 0x8022, PropertyType::INTEGER32);
/// Which e-mail slots are in use: 0 to 2, fax 3 to 5.
pub const ADDRESS_BOOK_PROVIDER_EMAIL_LIST: Named =
    named(set::ADDRESS, 0x8028, PropertyType::MULTIPLE_INTEGER32);
/// The same as bits.
pub const ADDRESS_BOOK_PROVIDER_ARRAY_TYPE: Named =
    named(set::ADDRESS, 0x8029, PropertyType::INTEGER32);
/// The web page.
pub const HTML: Named = named(set::ADDRESS, 0x802B, PropertyType::STRING);
/// Street at work.
pub const WORK_STREET: Named = named(set::ADDRESS, 0x8045, PropertyType::STRING);
/// City at work.
pub const WORK_CITY: Named = named(set::ADDRESS, 0x8046, PropertyType::STRING);
/// State at work.
pub const WORK_STATE: Named = named(set::ADDRESS, 0x8047, PropertyType::STRING);
/// Postal code at work.
pub const WORK_POSTAL_CODE: Named = named(set::ADDRESS, 0x8048, PropertyType::STRING);
/// Country at work.
pub const WORK_COUNTRY: Named = named(set::ADDRESS, 0x8049, PropertyType::STRING);
/// Post-office box at work.
pub const WORK_PO_BOX: Named = named(set::ADDRESS, 0x804A, PropertyType::STRING);
/// Address for instant messages.
pub const INSTANT_MESSAGING_ADDRESS: Named = named(set::ADDRESS, 0x8062, PropertyType::STRING);
/// How the first e-mail address is shown.
pub const EMAIL_1_DISPLAY: Named = named(set::ADDRESS, 0x8080, PropertyType::STRING);
/// Its kind: `SMTP` or `EX`.
pub const EMAIL_1_TYPE: Named = named(set::ADDRESS, 0x8082, PropertyType::STRING);
/// The first e-mail address.
pub const EMAIL_1_ADDRESS: Named = named(set::ADDRESS, 0x8083, PropertyType::STRING);
/// The address that the display was made of.
pub const EMAIL_1_ORIGINAL_DISPLAY: Named = named(set::ADDRESS, 0x8084, PropertyType::STRING);
/// The entry id of the address.
pub const EMAIL_1_ORIGINAL_ENTRY_ID: Named = named(set::ADDRESS, 0x8085, PropertyType::BINARY);
/// How the second e-mail address is shown.
pub const EMAIL_2_DISPLAY: Named = named(set::ADDRESS, 0x8090, PropertyType::STRING);
/// Its kind.
pub const EMAIL_2_TYPE: Named = named(set::ADDRESS, 0x8092, PropertyType::STRING);
/// The second e-mail address.
pub const EMAIL_2_ADDRESS: Named = named(set::ADDRESS, 0x8093, PropertyType::STRING);
/// The address that the display was made of.
pub const EMAIL_2_ORIGINAL_DISPLAY: Named = named(set::ADDRESS, 0x8094, PropertyType::STRING);
/// The entry id of the address.
pub const EMAIL_2_ORIGINAL_ENTRY_ID: Named = named(set::ADDRESS, 0x8095, PropertyType::BINARY);
/// How the third e-mail address is shown.
pub const EMAIL_3_DISPLAY: Named = named(set::ADDRESS, 0x80A0, PropertyType::STRING);
/// Its kind.
pub const EMAIL_3_TYPE: Named = named(set::ADDRESS, 0x80A2, PropertyType::STRING);
/// The third e-mail address.
pub const EMAIL_3_ADDRESS: Named = named(set::ADDRESS, 0x80A3, PropertyType::STRING);
/// The address that the display was made of.
pub const EMAIL_3_ORIGINAL_DISPLAY: Named = named(set::ADDRESS, 0x80A4, PropertyType::STRING);
/// The entry id of the address.
pub const EMAIL_3_ORIGINAL_ENTRY_ID: Named = named(set::ADDRESS, 0x80A5, PropertyType::BINARY);
/// The two letters of the home country.
pub const HOME_COUNTRY_CODE: Named = named(set::ADDRESS, 0x80DA, PropertyType::STRING);
/// The two letters of the country at work.
pub const WORK_COUNTRY_CODE: Named = named(set::ADDRESS, 0x80DB, PropertyType::STRING);
/// The two letters of the other country.
pub const OTHER_COUNTRY_CODE: Named = named(set::ADDRESS, 0x80DC, PropertyType::STRING);
/// The two letters of the country that mail goes to.
pub const MAIL_COUNTRY_CODE: Named = named(set::ADDRESS, 0x80DD, PropertyType::STRING);
/// The birthday as a date of its own, midnight as if in UTC.
pub const BIRTHDAY_LOCAL: Named = named(set::ADDRESS, 0x80DE, PropertyType::TIME);
/// The anniversary as a date of its own, midnight as if in UTC.
pub const ANNIVERSARY_LOCAL: Named = named(set::ADDRESS, 0x80DF, PropertyType::TIME);

// Appointments.

/// Further flags.
pub const AUXILIARY_FLAGS: Named = named(set::APPOINTMENT, 0x8207, PropertyType::INTEGER32);
/// 0 free, 1 tentative, 2 busy, 3 away, 4 working elsewhere.
pub const BUSY_STATUS: Named = named(set::APPOINTMENT, 0x8205, PropertyType::INTEGER32);
/// Whether a changed occurrence has a text other than that of its series. Without it, it is shown with the text of the series.
pub const EXCEPTIONAL_BODY: Named = named(set::APPOINTMENT, 0x8206, PropertyType::BOOLEAN);
/// The place.
pub const LOCATION: Named = named(set::APPOINTMENT, 0x8208, PropertyType::STRING);
/// Start in UTC.
pub const APPOINTMENT_START: Named = named(set::APPOINTMENT, 0x820D, PropertyType::TIME);
/// End in UTC.
pub const APPOINTMENT_END: Named = named(set::APPOINTMENT, 0x820E, PropertyType::TIME);
/// Minutes.
pub const DURATION: Named = named(set::APPOINTMENT, 0x8213, PropertyType::INTEGER32);
/// Colour of old label.
pub const COLOUR: Named = named(set::APPOINTMENT, 0x8214, PropertyType::INTEGER32);
/// Whether it takes whole days.
pub const ALL_DAY: Named = named(set::APPOINTMENT, 0x8215, PropertyType::BOOLEAN);
/// The series (`AppointmentRecurrence`).
pub const APPOINTMENT_RECURRENCE: Named = named(set::APPOINTMENT, 0x8216, PropertyType::BINARY);
/// 1 meeting, 2 received, 4 cancelled.
pub const STATE_FLAGS: Named = named(set::APPOINTMENT, 0x8217, PropertyType::INTEGER32);
/// The own answer; 0 none.
pub const RESPONSE_STATUS: Named = named(set::APPOINTMENT, 0x8218, PropertyType::INTEGER32);
/// Whether it is a series.
pub const RECURRING: Named = named(set::APPOINTMENT, 0x8223, PropertyType::BOOLEAN);
/// What an organizer wants shown; -1 none.
pub const INTENDED_BUSY_STATUS: Named = named(set::APPOINTMENT, 0x8224, PropertyType::INTEGER32);
/// Original start of a changed occurrence, in UTC.
pub const EXCEPTION_REPLACES: Named = named(set::APPOINTMENT, 0x8228, PropertyType::TIME);
/// Whether invitations went out.
pub const INVITED: Named = named(set::APPOINTMENT, 0x8229, PropertyType::BOOLEAN);
/// 0 none, 1 daily, 2 weekly, 3 monthly, 4 yearly.
pub const RECURRENCE_TYPE: Named = named(set::APPOINTMENT, 0x8231, PropertyType::INTEGER32);
/// The series in words.
pub const RECURRENCE_TEXT: Named = named(set::APPOINTMENT, 0x8232, PropertyType::STRING);
/// The zone of a series (`TimeZoneStruct`).
pub const TIME_ZONE_STRUCT: Named = named(set::APPOINTMENT, 0x8233, PropertyType::BINARY);
/// The zone in words.
pub const TIME_ZONE_TEXT: Named = named(set::APPOINTMENT, 0x8234, PropertyType::STRING);
/// First moment of the item or series.
pub const CLIP_START: Named = named(set::APPOINTMENT, 0x8235, PropertyType::TIME);
/// Last moment of the item or series.
pub const CLIP_END: Named = named(set::APPOINTMENT, 0x8236, PropertyType::TIME);
/// All guests in one text.
pub const ALL_ATTENDEES: Named = named(set::APPOINTMENT, 0x8238, PropertyType::STRING);
/// Required guests in one text.
pub const TO_ATTENDEES: Named = named(set::APPOINTMENT, 0x823B, PropertyType::STRING);
/// Optional guests in one text.
pub const CC_ATTENDEES: Named = named(set::APPOINTMENT, 0x823C, PropertyType::STRING);
/// The zone of the start (`ZoneDefinition`).
pub const START_ZONE: Named = named(set::APPOINTMENT, 0x825E, PropertyType::BINARY);
/// The zone of the end (`ZoneDefinition`).
pub const END_ZONE: Named = named(set::APPOINTMENT, 0x825F, PropertyType::BINARY);
/// The zone of a series (`ZoneDefinition`).
pub const SERIES_ZONE: Named = named(set::APPOINTMENT, 0x8260, PropertyType::BINARY);

// Meetings.

/// What tells this appointment from all others, occurrences apart.
pub const GLOBAL_OBJECT_ID: Named = named(set::MEETING, 0x0003, PropertyType::BINARY);
/// The same for all occurrences of a series.
pub const CLEAN_GLOBAL_OBJECT_ID: Named = named(set::MEETING, 0x0023, PropertyType::BINARY);

// Tasks.

/// 0 not started, 1 in progress, 2 complete, 3 waiting, 4 deferred.
pub const TASK_STATUS: Named = named(set::TASK, 0x8101, PropertyType::INTEGER32);
/// 0 to 1.
pub const PERCENT_COMPLETE: Named = named(set::TASK, 0x8102, PropertyType::FLOATING64);
/// Whether it is a task of a team.
pub const TEAM_TASK: Named = named(set::TASK, 0x8103, PropertyType::BOOLEAN);
/// First day: midnight of a local date as if in UTC.
pub const TASK_START: Named = named(set::TASK, 0x8104, PropertyType::TIME);
/// Last day: midnight of a local date as if in UTC.
pub const TASK_DUE: Named = named(set::TASK, 0x8105, PropertyType::TIME);
/// Whether the next occurrence needs a reminder.
pub const TASK_RESET_REMINDER: Named = named(set::TASK, 0x8107, PropertyType::BOOLEAN);
/// Whether it was accepted.
pub const TASK_ACCEPTED: Named = named(set::TASK, 0x8108, PropertyType::BOOLEAN);
/// Whether it is a finished part of a series.
pub const TASK_DEAD_OCCURRENCE: Named = named(set::TASK, 0x8109, PropertyType::BOOLEAN);
/// When it was completed.
pub const TASK_COMPLETED_ON: Named = named(set::TASK, 0x810F, PropertyType::TIME);
/// Minutes spent.
pub const TASK_ACTUAL_EFFORT: Named = named(set::TASK, 0x8110, PropertyType::INTEGER32);
/// Minutes expected.
pub const TASK_ESTIMATED_EFFORT: Named = named(set::TASK, 0x8111, PropertyType::INTEGER32);
/// Counts changes.
pub const TASK_VERSION: Named = named(set::TASK, 0x8112, PropertyType::INTEGER32);
/// 1 an own task.
pub const TASK_STATE: Named = named(set::TASK, 0x8113, PropertyType::INTEGER32);
/// When it changed last.
pub const TASK_LAST_UPDATE: Named = named(set::TASK, 0x8115, PropertyType::TIME);
/// The series (`RecurrencePattern`).
pub const TASK_RECURRENCE: Named = named(set::TASK, 0x8116, PropertyType::BINARY);
/// Whether completion is reported.
pub const TASK_STATUS_ON_COMPLETE: Named = named(set::TASK, 0x8119, PropertyType::BOOLEAN);
/// Whether changes are reported.
pub const TASK_UPDATES: Named = named(set::TASK, 0x811B, PropertyType::BOOLEAN);
/// Whether it is complete.
pub const TASK_COMPLETE: Named = named(set::TASK, 0x811C, PropertyType::BOOLEAN);
/// Whose task it is.
pub const TASK_OWNER: Named = named(set::TASK, 0x811F, PropertyType::STRING);
/// Who assigned it.
pub const TASK_ASSIGNER: Named = named(set::TASK, 0x8121, PropertyType::STRING);
/// Who changed it last.
pub const TASK_LAST_USER: Named = named(set::TASK, 0x8122, PropertyType::STRING);
/// Place in a list.
pub const TASK_ORDINAL: Named = named(set::TASK, 0x8123, PropertyType::INTEGER32);
/// Whether nothing is computed.
pub const TASK_NO_COMPUTE: Named = named(set::TASK, 0x8124, PropertyType::BOOLEAN);
/// Who delegated it.
pub const TASK_LAST_DELEGATE: Named = named(set::TASK, 0x8125, PropertyType::STRING);
/// Whether it is a series.
pub const TASK_RECURRING: Named = named(set::TASK, 0x8126, PropertyType::BOOLEAN);
/// Role.
pub const TASK_ROLE: Named = named(set::TASK, 0x8127, PropertyType::STRING);
/// 0 not assigned.
pub const TASK_OWNERSHIP: Named = named(set::TASK, 0x8129, PropertyType::INTEGER32);
/// 0 not assigned.
pub const TASK_ACCEPTANCE: Named = named(set::TASK, 0x812A, PropertyType::INTEGER32);
/// Whether it needs work when offline.
pub const TASK_FIX_OFFLINE: Named = named(set::TASK, 0x812C, PropertyType::BOOLEAN);

#[cfg(test)]
mod tests {
    use super::{APPOINTMENT_RECURRENCE, GLOBAL_OBJECT_ID, TASK_DUE};

    /// Sets and numbers as MS-OXPROPS prints them for PidLidAppointmentRecur, PidLidGlobalObjectId and PidLidTaskDueDate.
    #[test]
    fn names_are_those_of_the_specification() {
        let printed = [APPOINTMENT_RECURRENCE, GLOBAL_OBJECT_ID, TASK_DUE]
            .map(|named| named.name().to_string());
        assert_eq!(printed[0], "00062002-0000-0000-c000-000000000046/8216");
        assert_eq!(printed[1], "6ed8da90-450b-101b-98da-00aa003f1305/0003");
        assert_eq!(printed[2], "00062003-0000-0000-c000-000000000046/8105");
    }
}
