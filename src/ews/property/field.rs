//! The table of plain properties (pure).
//!
//! One line per property: path, kind of item that has it, element, position in the sequence of the
//! schema (SE, build 15.2.2562.17), shape of the value, access, and first server that knows it.

use crate::ews::item::ItemKind;
use crate::ews::version::ServerVersion;

/// Which items have a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Home {
    /// All items.
    Item,
    /// Contacts.
    Contact,
    /// Appointments and meetings.
    CalendarItem,
    /// Tasks.
    Task,
}

impl Home {
    /// Says whether items of a kind have the properties of this home.
    pub fn covers(self, kind: &ItemKind) -> bool {
        match self {
            Self::Item => true,
            Self::Contact => *kind == ItemKind::Contact,
            Self::CalendarItem => *kind == ItemKind::CalendarItem,
            Self::Task => *kind == ItemKind::Task,
        }
    }
}

/// What the value of a property looks like; each shape has the variant of the same name in
/// [`Value`](crate::ews::Value).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants of `Value` carry the documentation")]
pub enum Shape {
    Text,
    Bool,
    Integer,
    Double,
    DateTime,
    Strings,
    Body,
    Recurrence,
    Attendees,
    Mailbox,
    Occurrences,
    DeletedOccurrences,
    CompleteName,
    TimeZone,
    Folder,
}

/// Whether and when a property may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Never: the server keeps it, or writing it could reach a guest.
    ReadOnly,
    /// Only while the item is created.
    CreateOnly,
    /// Always.
    Writable,
}

/// What the table says of a property.
#[derive(Debug, Clone, Copy)]
pub struct FieldSpec {
    /// The `FieldURI`, for example `contacts:GivenName`.
    pub uri: &'static str,
    /// Which items have it.
    pub home: Home,
    /// The element that carries it.
    pub element: &'static str,
    /// The position in the sequence of the schema; those of all items come before the others.
    pub order: u16,
    /// What its value looks like.
    pub shape: Shape,
    /// Whether it may be written.
    pub access: Access,
    /// The first version that knows it.
    pub since: ServerVersion,
}

macro_rules! fields {
    ($($name:ident = $uri:literal, $home:ident, $element:literal, $order:literal, $shape:ident, $access:ident, $since:ident;)+) => {
        /// A property with a name of its own.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Field { $(#[doc = concat!("`", $uri, "`")] $name),+ }

        impl Field {
            /// Lists all of them, in the order of the schema within each home.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Returns the line of the table.
            pub const fn spec(self) -> FieldSpec {
                match self {
                    $(Self::$name => FieldSpec {
                        uri: $uri, home: Home::$home, element: $element, order: $order,
                        shape: Shape::$shape, access: Access::$access, since: ServerVersion::$since,
                    }),+
                }
            }
        }

        /// The table once more, in the order of `Field::ALL`, for walking it while parsing.
        static TABLE: &[(Field, FieldSpec)] = &[$((Field::$name, Field::$name.spec())),+];
    };
}

fields! {
    ParentFolderId = "item:ParentFolderId", Item, "ParentFolderId", 2, Folder, ReadOnly, V2010Sp1;
    ItemClass = "item:ItemClass", Item, "ItemClass", 3, Text, Writable, V2010Sp1;
    Subject = "item:Subject", Item, "Subject", 4, Text, Writable, V2010Sp1;
    Sensitivity = "item:Sensitivity", Item, "Sensitivity", 5, Text, Writable, V2010Sp1;
    Body = "item:Body", Item, "Body", 6, Body, Writable, V2010Sp1;
    Size = "item:Size", Item, "Size", 9, Integer, ReadOnly, V2010Sp1;
    Categories = "item:Categories", Item, "Categories", 10, Strings, Writable, V2010Sp1;
    Importance = "item:Importance", Item, "Importance", 11, Text, Writable, V2010Sp1;
    DateTimeCreated = "item:DateTimeCreated", Item, "DateTimeCreated", 20, DateTime, ReadOnly, V2010Sp1;
    ReminderDueBy = "item:ReminderDueBy", Item, "ReminderDueBy", 22, DateTime, Writable, V2010Sp1;
    ReminderIsSet = "item:ReminderIsSet", Item, "ReminderIsSet", 23, Bool, Writable, V2010Sp1;
    ReminderMinutesBeforeStart = "item:ReminderMinutesBeforeStart", Item, "ReminderMinutesBeforeStart", 25, Integer, Writable, V2010Sp1;
    HasAttachments = "item:HasAttachments", Item, "HasAttachments", 29, Bool, ReadOnly, V2010Sp1;
    LastModifiedName = "item:LastModifiedName", Item, "LastModifiedName", 33, Text, ReadOnly, V2010Sp1;
    LastModifiedTime = "item:LastModifiedTime", Item, "LastModifiedTime", 34, DateTime, ReadOnly, V2010Sp1;
    FileAs = "contacts:FileAs", Contact, "FileAs", 200, Text, Writable, V2010Sp1;
    FileAsMapping = "contacts:FileAsMapping", Contact, "FileAsMapping", 201, Text, Writable, V2010Sp1;
    DisplayName = "contacts:DisplayName", Contact, "DisplayName", 202, Text, Writable, V2010Sp1;
    GivenName = "contacts:GivenName", Contact, "GivenName", 203, Text, Writable, V2010Sp1;
    Initials = "contacts:Initials", Contact, "Initials", 204, Text, Writable, V2010Sp1;
    MiddleName = "contacts:MiddleName", Contact, "MiddleName", 205, Text, Writable, V2010Sp1;
    Nickname = "contacts:Nickname", Contact, "Nickname", 206, Text, Writable, V2010Sp1;
    CompleteName = "contacts:CompleteName", Contact, "CompleteName", 207, CompleteName, ReadOnly, V2010Sp1;
    CompanyName = "contacts:CompanyName", Contact, "CompanyName", 208, Text, Writable, V2010Sp1;
    AssistantName = "contacts:AssistantName", Contact, "AssistantName", 213, Text, Writable, V2010Sp1;
    Birthday = "contacts:Birthday", Contact, "Birthday", 214, DateTime, Writable, V2010Sp1;
    BusinessHomePage = "contacts:BusinessHomePage", Contact, "BusinessHomePage", 215, Text, Writable, V2010Sp1;
    Children = "contacts:Children", Contact, "Children", 216, Strings, Writable, V2010Sp1;
    ContactCompanies = "contacts:Companies", Contact, "Companies", 217, Strings, Writable, V2010Sp1;
    Department = "contacts:Department", Contact, "Department", 219, Text, Writable, V2010Sp1;
    Generation = "contacts:Generation", Contact, "Generation", 220, Text, Writable, V2010Sp1;
    JobTitle = "contacts:JobTitle", Contact, "JobTitle", 222, Text, Writable, V2010Sp1;
    Manager = "contacts:Manager", Contact, "Manager", 223, Text, Writable, V2010Sp1;
    ContactMileage = "contacts:Mileage", Contact, "Mileage", 224, Text, Writable, V2010Sp1;
    OfficeLocation = "contacts:OfficeLocation", Contact, "OfficeLocation", 225, Text, Writable, V2010Sp1;
    PostalAddressIndex = "contacts:PostalAddressIndex", Contact, "PostalAddressIndex", 226, Text, Writable, V2010Sp1;
    Profession = "contacts:Profession", Contact, "Profession", 227, Text, Writable, V2010Sp1;
    SpouseName = "contacts:SpouseName", Contact, "SpouseName", 228, Text, Writable, V2010Sp1;
    Surname = "contacts:Surname", Contact, "Surname", 229, Text, Writable, V2010Sp1;
    WeddingAnniversary = "contacts:WeddingAnniversary", Contact, "WeddingAnniversary", 230, DateTime, Writable, V2010Sp1;
    HasPicture = "contacts:HasPicture", Contact, "HasPicture", 231, Bool, ReadOnly, V2010Sp1;
    Uid = "calendar:UID", CalendarItem, "UID", 400, Text, CreateOnly, V2010Sp1;
    RecurrenceId = "calendar:RecurrenceId", CalendarItem, "RecurrenceId", 401, DateTime, ReadOnly, V2010Sp1;
    Start = "calendar:Start", CalendarItem, "Start", 403, DateTime, Writable, V2010Sp1;
    End = "calendar:End", CalendarItem, "End", 404, DateTime, Writable, V2010Sp1;
    OriginalStart = "calendar:OriginalStart", CalendarItem, "OriginalStart", 405, DateTime, ReadOnly, V2010Sp1;
    IsAllDayEvent = "calendar:IsAllDayEvent", CalendarItem, "IsAllDayEvent", 406, Bool, Writable, V2010Sp1;
    LegacyFreeBusyStatus = "calendar:LegacyFreeBusyStatus", CalendarItem, "LegacyFreeBusyStatus", 407, Text, Writable, V2010Sp1;
    Location = "calendar:Location", CalendarItem, "Location", 408, Text, Writable, V2010Sp1;
    IsMeeting = "calendar:IsMeeting", CalendarItem, "IsMeeting", 410, Bool, ReadOnly, V2010Sp1;
    IsCancelled = "calendar:IsCancelled", CalendarItem, "IsCancelled", 411, Bool, ReadOnly, V2010Sp1;
    CalendarIsRecurring = "calendar:IsRecurring", CalendarItem, "IsRecurring", 412, Bool, ReadOnly, V2010Sp1;
    MeetingRequestWasSent = "calendar:MeetingRequestWasSent", CalendarItem, "MeetingRequestWasSent", 413, Bool, ReadOnly, V2010Sp1;
    CalendarItemType = "calendar:CalendarItemType", CalendarItem, "CalendarItemType", 415, Text, ReadOnly, V2010Sp1;
    MyResponseType = "calendar:MyResponseType", CalendarItem, "MyResponseType", 416, Text, ReadOnly, V2010Sp1;
    Organizer = "calendar:Organizer", CalendarItem, "Organizer", 417, Mailbox, ReadOnly, V2010Sp1;
    RequiredAttendees = "calendar:RequiredAttendees", CalendarItem, "RequiredAttendees", 418, Attendees, ReadOnly, V2010Sp1;
    OptionalAttendees = "calendar:OptionalAttendees", CalendarItem, "OptionalAttendees", 419, Attendees, ReadOnly, V2010Sp1;
    Resources = "calendar:Resources", CalendarItem, "Resources", 420, Attendees, ReadOnly, V2010Sp1;
    AppointmentState = "calendar:AppointmentState", CalendarItem, "AppointmentState", 430, Integer, ReadOnly, V2010Sp1;
    CalendarRecurrence = "calendar:Recurrence", CalendarItem, "Recurrence", 431, Recurrence, Writable, V2010Sp1;
    ModifiedOccurrences = "calendar:ModifiedOccurrences", CalendarItem, "ModifiedOccurrences", 434, Occurrences, ReadOnly, V2010Sp1;
    DeletedOccurrences = "calendar:DeletedOccurrences", CalendarItem, "DeletedOccurrences", 435, DeletedOccurrences, ReadOnly, V2010Sp1;
    MeetingTimeZone = "calendar:MeetingTimeZone", CalendarItem, "MeetingTimeZone", 436, TimeZone, ReadOnly, V2010Sp1;
    StartTimeZone = "calendar:StartTimeZone", CalendarItem, "StartTimeZone", 437, TimeZone, Writable, V2010Sp1;
    EndTimeZone = "calendar:EndTimeZone", CalendarItem, "EndTimeZone", 438, TimeZone, Writable, V2010Sp1;
    StartTimeZoneId = "calendar:StartTimeZoneId", CalendarItem, "StartTimeZoneId", 447, Text, ReadOnly, V2013;
    EndTimeZoneId = "calendar:EndTimeZoneId", CalendarItem, "EndTimeZoneId", 448, Text, ReadOnly, V2013;
    IsOrganizer = "calendar:IsOrganizer", CalendarItem, "IsOrganizer", 452, Bool, ReadOnly, V2013;
    ActualWork = "task:ActualWork", Task, "ActualWork", 600, Integer, Writable, V2010Sp1;
    AssignedTime = "task:AssignedTime", Task, "AssignedTime", 601, DateTime, ReadOnly, V2010Sp1;
    BillingInformation = "task:BillingInformation", Task, "BillingInformation", 602, Text, Writable, V2010Sp1;
    ChangeCount = "task:ChangeCount", Task, "ChangeCount", 603, Integer, ReadOnly, V2010Sp1;
    TaskCompanies = "task:Companies", Task, "Companies", 604, Strings, Writable, V2010Sp1;
    CompleteDate = "task:CompleteDate", Task, "CompleteDate", 605, DateTime, Writable, V2010Sp1;
    Contacts = "task:Contacts", Task, "Contacts", 606, Strings, Writable, V2010Sp1;
    DelegationState = "task:DelegationState", Task, "DelegationState", 607, Text, ReadOnly, V2010Sp1;
    Delegator = "task:Delegator", Task, "Delegator", 608, Text, ReadOnly, V2010Sp1;
    DueDate = "task:DueDate", Task, "DueDate", 609, DateTime, Writable, V2010Sp1;
    IsComplete = "task:IsComplete", Task, "IsComplete", 611, Bool, ReadOnly, V2010Sp1;
    TaskIsRecurring = "task:IsRecurring", Task, "IsRecurring", 612, Bool, ReadOnly, V2010Sp1;
    IsTeamTask = "task:IsTeamTask", Task, "IsTeamTask", 613, Bool, ReadOnly, V2010Sp1;
    TaskMileage = "task:Mileage", Task, "Mileage", 614, Text, Writable, V2010Sp1;
    Owner = "task:Owner", Task, "Owner", 615, Text, ReadOnly, V2010Sp1;
    PercentComplete = "task:PercentComplete", Task, "PercentComplete", 616, Double, Writable, V2010Sp1;
    TaskRecurrence = "task:Recurrence", Task, "Recurrence", 617, Recurrence, Writable, V2010Sp1;
    StartDate = "task:StartDate", Task, "StartDate", 618, DateTime, Writable, V2010Sp1;
    Status = "task:Status", Task, "Status", 619, Text, Writable, V2010Sp1;
    StatusDescription = "task:StatusDescription", Task, "StatusDescription", 620, Text, ReadOnly, V2010Sp1;
    TotalWork = "task:TotalWork", Task, "TotalWork", 621, Integer, Writable, V2010Sp1;
}

/// Finds the property of an element. Servers send elements in the order of the schema, so the
/// search goes on where the last one ended and nearly always ends at once.
#[derive(Debug, Default)]
pub(crate) struct FieldFinder {
    next: usize,
}

impl FieldFinder {
    /// Looks only at the property that is expected next.
    pub(crate) fn expected(&mut self, kind: &ItemKind, element: &str) -> Option<(Field, Shape)> {
        let (field, spec) = TABLE.get(self.next)?;
        if spec.element != element || !spec.home.covers(kind) {
            return None;
        }
        self.next += 1;
        Some((*field, spec.shape))
    }

    /// Finds the property that an element of an item of this kind carries, and its shape.
    pub(crate) fn find(&mut self, kind: &ItemKind, element: &str) -> Option<(Field, Shape)> {
        let (before, after) = TABLE.split_at_checked(self.next)?;
        let is_wanted =
            |(_, spec): &&(Field, FieldSpec)| spec.element == element && spec.home.covers(kind);
        let (field, spec) =
            after.iter().find(is_wanted).or_else(|| before.iter().find(is_wanted))?;
        self.next = *field as usize + 1;
        Some((*field, spec.shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_finder_knows_homes_and_any_order() {
        let mut finder = FieldFinder::default();
        let mut find =
            |kind: &ItemKind, element| finder.find(kind, element).map(|(field, _)| field);
        assert_eq!(find(&ItemKind::Task, "Recurrence"), Some(Field::TaskRecurrence));
        assert_eq!(find(&ItemKind::Task, "Subject"), Some(Field::Subject));
        assert_eq!(find(&ItemKind::CalendarItem, "Recurrence"), Some(Field::CalendarRecurrence));
        assert_eq!(find(&ItemKind::Contact, "Recurrence"), None);
        assert_eq!(find(&ItemKind::Message, "Subject"), Some(Field::Subject));
        assert_eq!(find(&ItemKind::Message, "Surname"), None);
        for field in Field::ALL {
            let kind = match field.spec().home {
                Home::Item | Home::Contact => ItemKind::Contact,
                Home::CalendarItem => ItemKind::CalendarItem,
                Home::Task => ItemKind::Task,
            };
            assert_eq!(find(&kind, field.spec().element), Some(*field));
        }
    }

    #[test]
    fn everything_that_can_reach_a_guest_is_read_only() {
        // rules.md D8: attendees are never written; the table is where that is held.
        for field in
            [Field::RequiredAttendees, Field::OptionalAttendees, Field::Resources, Field::Organizer]
        {
            assert_eq!(field.spec().access, Access::ReadOnly, "{field:?}");
        }
    }
}
