//! Which words of a document are the protocol's own (pure).
//!
//! The lists name what is kept. Times of appointments and tasks are kept: without names, subjects and places they say little, and
//! most trouble is about them. What is not named here is invented.

/// What becomes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    /// It stays.
    Keep,
    /// It stays if it is a number.
    Number,
    /// Another day is put in its place.
    Day,
    /// It is invented as a whole.
    Prose,
    /// It is invented word by word.
    Words,
}

/// Elements whose text is a word of the protocol, a number, a time or a switch.
const KEPT: &[&str] = &[
    "ActualWork",
    "BaseShape",
    "Bias",
    "BodyType",
    "CalendarItemType",
    "ChildFolderCount",
    "CompleteDate",
    "ConflictResolution",
    "ConnectionStatus",
    "ConnectionTimeout",
    "Count",
    "CreateAssociated",
    "CreateContents",
    "CreateHierarchy",
    "Culture",
    "DateTimeCreated",
    "DateTimeReceived",
    "DateTimeSent",
    "DateTimeStamp",
    "DayOfMonth",
    "DayOfWeek",
    "DayOfWeekIndex",
    "DaysOfWeek",
    "Delete",
    "DeleteItems",
    "DelegationState",
    "DueDate",
    "EditItems",
    "End",
    "EndDate",
    "ErrorCode",
    "EventType",
    "FileAsMapping",
    "FirstDayOfWeek",
    "FolderClass",
    "FreeBusyStatus",
    "Importance",
    "IncludesLastItemInRange",
    "Interval",
    "IsRead",
    "ItemClass",
    "LastModifiedTime",
    "LegacyFreeBusyStatus",
    "MailboxType",
    "MaxChangesReturned",
    "Modify",
    "Month",
    "MoreEvents",
    "MyResponseType",
    "NewStart",
    "NumberOfOccurrences",
    "Offset",
    "OriginalStart",
    "PercentComplete",
    "PermissionLevel",
    "PostalAddressIndex",
    "Read",
    "ReadItems",
    "RecurrenceId",
    "ReminderDueBy",
    "ReminderMinutesBeforeStart",
    "ReminderNextTime",
    "ResponseCode",
    "ResponseType",
    "RoutingType",
    "Sensitivity",
    "Size",
    "Start",
    "StartDate",
    "Status",
    "StatusFrequency",
    "SyncScope",
    "Time",
    "Timeout",
    "To",
    "TotalCount",
    "TotalWork",
    "Traversal",
    "Type",
    "UnreadCount",
    "ViewPrivateItems",
    "Year",
    "faultcode",
];

/// Days that are about a person.
const DAYS: &[&str] =
    &["Birthday", "WeddingAnniversary", "BirthdayLocal", "WeddingAnniversaryLocal"];

/// Attributes whose value is a word of the protocol wherever they stand.
const ATTRIBUTES: &[&str] = &[
    "AffectedTaskOccurrences",
    "BasePoint",
    "BodyType",
    "ConflictResolution",
    "ContainmentComparison",
    "ContainmentMode",
    "DeleteType",
    "DistinguishedPropertySetId",
    "FieldIndex",
    "FieldURI",
    "IncludesLastItemInRange",
    "IndexedPagingOffset",
    "InstanceIndex",
    "IsTruncated",
    "Key",
    "Kind",
    "MajorBuildNumber",
    "MajorVersion",
    "MaxEntriesReturned",
    "MessageDisposition",
    "MinorBuildNumber",
    "MinorVersion",
    "NumeratorOffset",
    "Offset",
    "PropertyId",
    "PropertyName",
    "PropertySetId",
    "PropertyTag",
    "PropertyType",
    "ResolveNames",
    "ResponseClass",
    "ReturnFullContactData",
    "SearchScope",
    "SendMeetingCancellations",
    "SendMeetingInvitations",
    "SendMeetingInvitationsOrCancellations",
    "SubscribeToAllFolders",
    "SuppressReadReceipts",
    "TotalItemsInView",
    "Traversal",
    "Version",
    "mustUnderstand",
    "type",
];

/// Elements whose `Id` or `Name` is a word of the protocol or the name of a time zone.
const NAMED: &[&str] = &[
    "DistinguishedFolderId",
    "TimeZoneDefinition",
    "Period",
    "TransitionsGroup",
    "Value",
    "StartTimeZone",
    "EndTimeZone",
    "MeetingTimeZone",
];

/// Says what becomes of the text of an element.
pub(super) fn of_element(parent: &str, name: &str) -> Treatment {
    match name {
        // In errors, such as `BackOffMilliseconds`; elsewhere a value of anything.
        "Value" if parent == "MessageXml" => Treatment::Number,
        "Body" | "TextBody" | "UniqueBody" => Treatment::Prose,
        _ if DAYS.contains(&name) => Treatment::Day,
        _ if KEPT.contains(&name) => Treatment::Keep,
        _ => Treatment::Words,
    }
}

/// Says what becomes of the value of an attribute.
pub(super) fn of_attribute(element: &str, key: &str) -> Treatment {
    let named = || matches!(key, "Id" | "Name") && NAMED.contains(&element);
    let space = key == "xmlns" || key.starts_with("xmlns:");
    // Entries of contacts: `EmailAddress1`, `BusinessPhone`.
    if space || named() || ATTRIBUTES.contains(&key.rsplit(':').next().unwrap_or(key)) {
        return Treatment::Keep;
    }
    Treatment::Words
}
