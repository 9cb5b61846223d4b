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

/// Declares the names, and lists them.
macro_rules! names {
    ($($(#[$said:meta])* $name:ident = $set:ident $number:literal $kind:ident;)+) => {
        $(
            $(#[$said])*
            pub const $name: Named =
                Named { set: set::$set, number: $number, kind: PropertyType::$kind };
        )+

        /// All of them.
        pub const ALL: &[Named] = &[$($name),+];
    };
}

/// `PidNameKeywords`: the categories, the one property of items that is named by a word (in [`set::PUBLIC_STRINGS`]).
pub const KEYWORDS: &str = "Keywords";

names! {
    // Items of every kind.
    /// Minutes before the start; a marker in tasks.
    REMINDER_MINUTES = COMMON 0x8501 INTEGER32;
    /// The start that the reminder counts from; in tasks the time of the reminder.
    REMINDER_TIME = COMMON 0x8502 TIME;
    /// Whether there is a reminder.
    REMINDER_SET = COMMON 0x8503 BOOLEAN;
    /// Whether the item is private.
    PRIVATE = COMMON 0x8506 BOOLEAN;
    /// How Outlook treats the item.
    SIDE_EFFECTS = COMMON 0x8510 INTEGER32;
    /// Whether no paper clip is shown.
    SMART_NO_ATTACH = COMMON 0x8514 BOOLEAN;
    /// Start in UTC.
    COMMON_START = COMMON 0x8516 TIME;
    /// End in UTC.
    COMMON_END = COMMON 0x8517 TIME;
    /// 0 a task of one person.
    TASK_MODE = COMMON 0x8518 INTEGER32;
    /// Text of a flag.
    FLAG_REQUEST = COMMON 0x8530 STRING;
    /// Companies.
    COMPANIES = COMMON 0x8539 MULTIPLE_STRING;
    /// Names of linked contacts.
    CONTACTS = COMMON 0x853A MULTIPLE_STRING;
    /// Version of the program that wrote the item.
    CURRENT_VERSION = COMMON 0x8552 INTEGER32;
    /// The same in words.
    CURRENT_VERSION_NAME = COMMON 0x8554 STRING;
    /// When the reminder is shown next.
    REMINDER_SIGNAL_TIME = COMMON 0x8560 TIME;

    // Contacts.

    /// The text a contact is filed by.
    FILE_UNDER = ADDRESS 0x8005 STRING;
    /// How that text is made.
    FILE_UNDER_ID = ADDRESS 0x8006 INTEGER32;
    /// Whether there is a photo.
    HAS_PICTURE = ADDRESS 0x8015 BOOLEAN;
    /// The home address in one text.
    HOME_ADDRESS = ADDRESS 0x801A STRING;
    /// The work address in one text.
    WORK_ADDRESS = ADDRESS 0x801B STRING;
    /// The other address in one text.
    OTHER_ADDRESS = ADDRESS 0x801C STRING;
    /// Which address mail goes to: 0 none, 1 home, 2 work, 3 other.
    POSTAL_ADDRESS_ID = ADDRESS 0x8022 INTEGER32;
    /// Which e-mail slots are in use: 0 to 2, fax 3 to 5.
    ADDRESS_BOOK_PROVIDER_EMAIL_LIST = ADDRESS 0x8028 MULTIPLE_INTEGER32;
    /// The same as bits.
    ADDRESS_BOOK_PROVIDER_ARRAY_TYPE = ADDRESS 0x8029 INTEGER32;
    /// The web page.
    HTML = ADDRESS 0x802B STRING;
    /// Street at work.
    WORK_STREET = ADDRESS 0x8045 STRING;
    /// City at work.
    WORK_CITY = ADDRESS 0x8046 STRING;
    /// State at work.
    WORK_STATE = ADDRESS 0x8047 STRING;
    /// Postal code at work.
    WORK_POSTAL_CODE = ADDRESS 0x8048 STRING;
    /// Country at work.
    WORK_COUNTRY = ADDRESS 0x8049 STRING;
    /// Post-office box at work.
    WORK_PO_BOX = ADDRESS 0x804A STRING;
    /// Address for instant messages.
    INSTANT_MESSAGING_ADDRESS = ADDRESS 0x8062 STRING;
    /// How the first e-mail address is shown.
    EMAIL_1_DISPLAY = ADDRESS 0x8080 STRING;
    /// Its kind: `SMTP` or `EX`.
    EMAIL_1_TYPE = ADDRESS 0x8082 STRING;
    /// The first e-mail address.
    EMAIL_1_ADDRESS = ADDRESS 0x8083 STRING;
    /// The address that the display was made of.
    EMAIL_1_ORIGINAL_DISPLAY = ADDRESS 0x8084 STRING;
    /// The entry id of the address.
    EMAIL_1_ORIGINAL_ENTRY_ID = ADDRESS 0x8085 BINARY;
    /// How the second e-mail address is shown.
    EMAIL_2_DISPLAY = ADDRESS 0x8090 STRING;
    /// Its kind.
    EMAIL_2_TYPE = ADDRESS 0x8092 STRING;
    /// The second e-mail address.
    EMAIL_2_ADDRESS = ADDRESS 0x8093 STRING;
    /// The address that the display was made of.
    EMAIL_2_ORIGINAL_DISPLAY = ADDRESS 0x8094 STRING;
    /// The entry id of the address.
    EMAIL_2_ORIGINAL_ENTRY_ID = ADDRESS 0x8095 BINARY;
    /// How the third e-mail address is shown.
    EMAIL_3_DISPLAY = ADDRESS 0x80A0 STRING;
    /// Its kind.
    EMAIL_3_TYPE = ADDRESS 0x80A2 STRING;
    /// The third e-mail address.
    EMAIL_3_ADDRESS = ADDRESS 0x80A3 STRING;
    /// The address that the display was made of.
    EMAIL_3_ORIGINAL_DISPLAY = ADDRESS 0x80A4 STRING;
    /// The entry id of the address.
    EMAIL_3_ORIGINAL_ENTRY_ID = ADDRESS 0x80A5 BINARY;
    /// The kind of the address of the main fax: `FAX`.
    FAX_1_TYPE = ADDRESS 0x80B2 STRING;
    /// The main fax as an address: a name, `@`, and the number.
    FAX_1_ADDRESS = ADDRESS 0x80B3 STRING;
    /// The name alone.
    FAX_1_ORIGINAL_DISPLAY = ADDRESS 0x80B4 STRING;
    /// The entry id of the address.
    FAX_1_ORIGINAL_ENTRY_ID = ADDRESS 0x80B5 BINARY;
    /// The kind of the address of the fax at work: `FAX`.
    FAX_2_TYPE = ADDRESS 0x80C2 STRING;
    /// The fax at work as an address: a name, `@`, and the number.
    FAX_2_ADDRESS = ADDRESS 0x80C3 STRING;
    /// The name alone.
    FAX_2_ORIGINAL_DISPLAY = ADDRESS 0x80C4 STRING;
    /// The entry id of the address.
    FAX_2_ORIGINAL_ENTRY_ID = ADDRESS 0x80C5 BINARY;
    /// The kind of the address of the fax at home: `FAX`.
    FAX_3_TYPE = ADDRESS 0x80D2 STRING;
    /// The fax at home as an address: a name, `@`, and the number.
    FAX_3_ADDRESS = ADDRESS 0x80D3 STRING;
    /// The name alone.
    FAX_3_ORIGINAL_DISPLAY = ADDRESS 0x80D4 STRING;
    /// The entry id of the address.
    FAX_3_ORIGINAL_ENTRY_ID = ADDRESS 0x80D5 BINARY;
    /// The two letters of the home country.
    HOME_COUNTRY_CODE = ADDRESS 0x80DA STRING;
    /// The two letters of the country at work.
    WORK_COUNTRY_CODE = ADDRESS 0x80DB STRING;
    /// The two letters of the other country.
    OTHER_COUNTRY_CODE = ADDRESS 0x80DC STRING;
    /// The two letters of the country that mail goes to.
    MAIL_COUNTRY_CODE = ADDRESS 0x80DD STRING;
    /// The birthday as a date of its own, midnight as if in UTC.
    BIRTHDAY_LOCAL = ADDRESS 0x80DE TIME;
    /// The anniversary as a date of its own, midnight as if in UTC.
    ANNIVERSARY_LOCAL = ADDRESS 0x80DF TIME;

    // Appointments.

    /// Further flags.
    AUXILIARY_FLAGS = APPOINTMENT 0x8207 INTEGER32;
    /// 0 free, 1 tentative, 2 busy, 3 away, 4 working elsewhere.
    BUSY_STATUS = APPOINTMENT 0x8205 INTEGER32;
    /// Whether a changed occurrence has a text other than that of its series. Without it, it is shown with the text of the series.
    EXCEPTIONAL_BODY = APPOINTMENT 0x8206 BOOLEAN;
    /// The place.
    LOCATION = APPOINTMENT 0x8208 STRING;
    /// Start in UTC.
    APPOINTMENT_START = APPOINTMENT 0x820D TIME;
    /// End in UTC.
    APPOINTMENT_END = APPOINTMENT 0x820E TIME;
    /// Minutes.
    DURATION = APPOINTMENT 0x8213 INTEGER32;
    /// Colour of old label.
    COLOUR = APPOINTMENT 0x8214 INTEGER32;
    /// Whether it takes whole days.
    ALL_DAY = APPOINTMENT 0x8215 BOOLEAN;
    /// The series (`AppointmentRecurrence`).
    APPOINTMENT_RECURRENCE = APPOINTMENT 0x8216 BINARY;
    /// 1 meeting, 2 received, 4 cancelled.
    STATE_FLAGS = APPOINTMENT 0x8217 INTEGER32;
    /// The own answer; 0 none.
    RESPONSE_STATUS = APPOINTMENT 0x8218 INTEGER32;
    /// Whether it is a series.
    RECURRING = APPOINTMENT 0x8223 BOOLEAN;
    /// What an organizer wants shown; -1 none.
    INTENDED_BUSY_STATUS = APPOINTMENT 0x8224 INTEGER32;
    /// Original start of a changed occurrence, in UTC.
    EXCEPTION_REPLACES = APPOINTMENT 0x8228 TIME;
    /// Whether invitations went out.
    INVITED = APPOINTMENT 0x8229 BOOLEAN;
    /// 0 none, 1 daily, 2 weekly, 3 monthly, 4 yearly.
    RECURRENCE_TYPE = APPOINTMENT 0x8231 INTEGER32;
    /// The series in words.
    RECURRENCE_TEXT = APPOINTMENT 0x8232 STRING;
    /// The zone of a series (`TimeZoneStruct`).
    TIME_ZONE_STRUCT = APPOINTMENT 0x8233 BINARY;
    /// The zone in words.
    TIME_ZONE_TEXT = APPOINTMENT 0x8234 STRING;
    /// First moment of the item or series.
    CLIP_START = APPOINTMENT 0x8235 TIME;
    /// Last moment of the item or series.
    CLIP_END = APPOINTMENT 0x8236 TIME;
    /// All guests in one text.
    ALL_ATTENDEES = APPOINTMENT 0x8238 STRING;
    /// Required guests in one text.
    TO_ATTENDEES = APPOINTMENT 0x823B STRING;
    /// Optional guests in one text.
    CC_ATTENDEES = APPOINTMENT 0x823C STRING;
    /// The zone of the start (`ZoneDefinition`).
    START_ZONE = APPOINTMENT 0x825E BINARY;
    /// The zone of the end (`ZoneDefinition`).
    END_ZONE = APPOINTMENT 0x825F BINARY;
    /// The zone of a series (`ZoneDefinition`).
    SERIES_ZONE = APPOINTMENT 0x8260 BINARY;

    // Meetings.

    /// What tells this appointment from all others, occurrences apart.
    GLOBAL_OBJECT_ID = MEETING 0x0003 BINARY;
    /// The same for all occurrences of a series.
    CLEAN_GLOBAL_OBJECT_ID = MEETING 0x0023 BINARY;
    /// Whether it belongs to a series (`PidLidIsRecurring`).
    IS_RECURRING = MEETING 0x0005 BOOLEAN;

    // Tasks.

    /// 0 not started, 1 in progress, 2 complete, 3 waiting, 4 deferred.
    TASK_STATUS = TASK 0x8101 INTEGER32;
    /// 0 to 1.
    PERCENT_COMPLETE = TASK 0x8102 FLOATING64;
    /// Whether it is a task of a team.
    TEAM_TASK = TASK 0x8103 BOOLEAN;
    /// First day: midnight of a local date as if in UTC.
    TASK_START = TASK 0x8104 TIME;
    /// Last day: midnight of a local date as if in UTC.
    TASK_DUE = TASK 0x8105 TIME;
    /// Whether the next occurrence needs a reminder.
    TASK_RESET_REMINDER = TASK 0x8107 BOOLEAN;
    /// Whether it was accepted.
    TASK_ACCEPTED = TASK 0x8108 BOOLEAN;
    /// Whether it is a finished part of a series.
    TASK_DEAD_OCCURRENCE = TASK 0x8109 BOOLEAN;
    /// When it was completed.
    TASK_COMPLETED_ON = TASK 0x810F TIME;
    /// Minutes spent.
    TASK_ACTUAL_EFFORT = TASK 0x8110 INTEGER32;
    /// Minutes expected.
    TASK_ESTIMATED_EFFORT = TASK 0x8111 INTEGER32;
    /// Counts changes.
    TASK_VERSION = TASK 0x8112 INTEGER32;
    /// 1 an own task.
    TASK_STATE = TASK 0x8113 INTEGER32;
    /// When it changed last.
    TASK_LAST_UPDATE = TASK 0x8115 TIME;
    /// The series (`RecurrencePattern`).
    TASK_RECURRENCE = TASK 0x8116 BINARY;
    /// Whether completion is reported.
    TASK_STATUS_ON_COMPLETE = TASK 0x8119 BOOLEAN;
    /// Whether changes are reported.
    TASK_UPDATES = TASK 0x811B BOOLEAN;
    /// Whether it is complete.
    TASK_COMPLETE = TASK 0x811C BOOLEAN;
    /// Whose task it is.
    TASK_OWNER = TASK 0x811F STRING;
    /// Who assigned it.
    TASK_ASSIGNER = TASK 0x8121 STRING;
    /// Who changed it last.
    TASK_LAST_USER = TASK 0x8122 STRING;
    /// Place in a list.
    TASK_ORDINAL = TASK 0x8123 INTEGER32;
    /// Whether nothing is computed.
    TASK_NO_COMPUTE = TASK 0x8124 BOOLEAN;
    /// Who delegated it.
    TASK_LAST_DELEGATE = TASK 0x8125 STRING;
    /// Whether it is a series.
    TASK_RECURRING = TASK 0x8126 BOOLEAN;
    /// Role.
    TASK_ROLE = TASK 0x8127 STRING;
    /// 0 not assigned.
    TASK_OWNERSHIP = TASK 0x8129 INTEGER32;
    /// 0 not assigned.
    TASK_ACCEPTANCE = TASK 0x812A INTEGER32;
    /// Whether it needs work when offline.
    TASK_FIX_OFFLINE = TASK 0x812C BOOLEAN;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ALL, APPOINTMENT_RECURRENCE, GLOBAL_OBJECT_ID, TASK_DUE};

    /// Sets and numbers as MS-OXPROPS prints them for PidLidAppointmentRecur, PidLidGlobalObjectId and PidLidTaskDueDate.
    #[test]
    fn names_are_those_of_the_specification() {
        let printed = [APPOINTMENT_RECURRENCE, GLOBAL_OBJECT_ID, TASK_DUE]
            .map(|named| named.name().to_string());
        assert_eq!(printed[0], "00062002-0000-0000-c000-000000000046/8216");
        assert_eq!(printed[1], "6ed8da90-450b-101b-98da-00aa003f1305/0003");
        assert_eq!(printed[2], "00062003-0000-0000-c000-000000000046/8105");
        let different: BTreeSet<_> = ALL.iter().map(|named| named.name()).collect();
        assert_eq!(different.len(), ALL.len(), "each stands once");
    }
}
