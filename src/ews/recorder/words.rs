//! Which words of a document are the protocol's own (pure).
//!
//! The lists name what is kept. Times of appointments and tasks are kept: without names, subjects and places they say little, and
//! most trouble is about them. What is not named here is invented.

/// What becomes of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Treatment {
    /// It stays if it has the form of a word, a number or a time.
    Keep,
    /// It stays if it is a list of such words.
    Days,
    /// It stays unless it is a mail address: the name of a time zone, of a property.
    Name,
    /// It stays if it is a number.
    Number,
    /// Another day is put in its place.
    Day,
    /// It is invented as a whole.
    Prose,
    /// It is invented but for what every server has in its addresses.
    Url,
    /// It is invented; nobody but the server understands it.
    Token,
    /// It is invented word by word.
    Words,
}

/// Elements whose text is a word of the protocol, a number, a time or a switch.
const KEPT: &[&str] = &[
    // Autodiscover's.
    "AcceptableResponseSchema",
    "AccountType",
    "Action",
    "AuthPackage",
    "ErrorCode",
    "RequestedServerVersion",
    "Setting",
    // Those of EWS.
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
    "DateTime",
    "DateTimeCreated",
    "DateTimeReceived",
    "DateTimeSent",
    "DateTimeStamp",
    "Day",
    "DayOfMonth",
    "DayOfWeek",
    "DayOfWeekIndex",
    "Delete",
    "DeleteItems",
    "DelegationState",
    "DueDate",
    "EditItems",
    "End",
    "EndDate",
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
    "Occurrence",
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
    "TimeOffset",
    "TimeStamp",
    "Timeout",
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
    "Bias",
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
    "MailboxType",
    "MajorBuildNumber",
    "MajorVersion",
    "MaxEntriesReturned",
    "MessageDisposition",
    "MinorBuildNumber",
    "MinorVersion",
    "NumeratorOffset",
    "Offset",
    "PropertyId",
    "PropertySetId",
    "PropertyTag",
    "PropertyType",
    "ResolveNames",
    "ResponseClass",
    "ReturnFullContactData",
    "RoutingType",
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

/// Attributes that hold a name of the protocol or of a field, which may have blanks.
const NAMES: &[&str] = &["PropertyName"];

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

/// Elements that hold a URL or what may be one.
const URLS: &[&str] = &["ASUrl", "EwsUrl", "RedirectAddr", "RedirectTarget", "RedirectUrl"];

/// Elements that hold what only the server understands.
const TOKENS: &[&str] = &["PreviousWatermark", "SubscriptionId", "SyncState", "Watermark"];

/// Attributes of that kind.
const TOKEN_ATTRIBUTES: &[&str] = &["ChangeKey", "Id", "RootItemChangeKey", "RootItemId"];

/// Says what becomes of the text of an element. `value` is how the values of a property are treated of which was spoken last.
pub(super) fn of_element(parent: &str, name: &str, value: Treatment) -> Treatment {
    match (parent, name) {
        // In errors, such as `BackOffMilliseconds`; elsewhere a value of anything.
        ("MessageXml", "Value") => Treatment::Number,
        ("ExtendedProperty" | "Values" | "UserSetting", "Value") => value,
        ("UserSetting", "Name") => Treatment::Keep,
        // Of WS-Addressing; otherwise the period that begins when clocks change, by the name that it has there.
        ("Header", "To") => Treatment::Url,
        (change, "To") if change.ends_with("Transition") => Treatment::Name,
        (_, "Body" | "TextBody" | "UniqueBody") => Treatment::Prose,
        (_, "DaysOfWeek") => Treatment::Days,
        _ if DAYS.contains(&name) => Treatment::Day,
        _ if URLS.contains(&name) => Treatment::Url,
        _ if TOKENS.contains(&name) => Treatment::Token,
        _ if KEPT.contains(&name) => Treatment::Keep,
        _ => Treatment::Words,
    }
}

/// Says what becomes of the value of an attribute.
pub(crate) fn of_attribute(element: &str, key: &str) -> Treatment {
    if key == "xmlns" || key.starts_with("xmlns:") {
        return Treatment::Name;
    }
    let local = key.rsplit(':').next().unwrap_or(key);
    match local {
        "Id" | "Name" if NAMED.contains(&element) => Treatment::Name,
        _ if NAMES.contains(&local) => Treatment::Name,
        // Entries of contacts: `EmailAddress1`, `BusinessPhone`.
        _ if ATTRIBUTES.contains(&local) => Treatment::Keep,
        _ if TOKEN_ATTRIBUTES.contains(&local) => Treatment::Token,
        _ => Treatment::Words,
    }
}

/// Says what becomes of the values of a property, which its path names by these attributes. Numbers of Outlook's own properties are
/// switches; those of others may be somebody's salary.
pub(super) fn of_property<'a>(attribute: impl Fn(&str) -> Option<&'a str>) -> Treatment {
    let set = attribute("DistinguishedPropertySetId");
    let own = attribute("PropertyTag").is_some()
        || set.is_some_and(|set| !matches!(set, "PublicStrings" | "InternetHeaders"));
    match attribute("PropertyType").map(|kind| kind.trim_end_matches("Array")) {
        Some("SystemTime" | "ApplicationTime") => Treatment::Day,
        Some("Integer" | "Short" | "Long") if own => Treatment::Number,
        _ => Treatment::Words,
    }
}

/// Says what becomes of a setting of Autodiscover.
pub(super) fn of_setting(name: &str) -> Treatment {
    match name.trim() {
        "CasVersion" | "EwsSupportedSchemas" => Treatment::Keep,
        name if name.ends_with("Url") => Treatment::Url,
        _ => Treatment::Words,
    }
}
