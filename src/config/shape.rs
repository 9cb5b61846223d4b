//! Pure: how the table of keys says what a value must look like.

use crate::config::fault::Allowed;
use crate::model::{Mode, Switch};

/// A key of a table.
#[derive(Debug)]
pub(in crate::config) struct Key {
    /// The word.
    pub(in crate::config) name: &'static str,
    /// German words for it; compared folded.
    pub(in crate::config) also: &'static [&'static str],
    /// What its value looks like.
    pub(in crate::config) shape: Shape,
    /// What it is for, one sentence for editors.
    pub(in crate::config) about: &'static str,
}

/// What a value looks like.
#[derive(Debug)]
pub(in crate::config) enum Shape {
    /// A text.
    Text(Text),
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Count { min: u32, max: u32 },
    /// The number of a code page that is known.
    CodePage,
    /// A number of days or `"all"`.
    Days,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of the four modes, in English or German.
    Mode,
    /// A way of logging in; some have other names elsewhere.
    Scheme,
    /// Field names of a kind of data.
    Fields(Switch),
    /// A list of texts; one text stands for a list of one.
    Texts(Text),
    /// A table with these keys.
    Table(&'static [Key]),
    /// A text, or a table in which that text is the value of a key; the key need not be one of the table's.
    TextOr { key: &'static str, text: &'static Shape, table: &'static [Key] },
    /// A table whose keys are names that people choose.
    Named { name: Name, of: &'static Shape },
    /// Where a secret is kept.
    Secret,
    /// Whatever an adapter wants.
    Unread,
}

/// What a text must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Text {
    /// Any line of text.
    Line,
    /// A path; a relative one counts from the folder of the file it stands in.
    Path,
    /// A path that may not be on a network share.
    LocalPath,
    /// A file name with or without `*` and `?`, perhaps in a folder.
    Pattern,
    /// An IANA time zone.
    Zone,
    /// A mail address.
    Address,
    /// The end of a mail address, from the `@`.
    AddressEnd,
    /// The address of a web service, or the word `autodiscover`.
    Url,
    /// The name of a host, or `*.` and a domain.
    HostPattern,
    /// A security identifier.
    Sid,
    /// Hours of quiet.
    Quiet,
    /// A folder of a mailbox.
    Folder,
    /// A category of Outlook.
    Category,
    /// A SHA-256 in hexadecimal.
    Digest,
    /// The name of an adapter that ships with abgleich.
    Adapter,
    /// The address of a proxy, `http://host:port`.
    Proxy,
    /// What a login is bound to: `auto`, `off`, or a hash in hexadecimal.
    Binding,
    /// The SHA-256 of a certificate in hexadecimal, with or without colons.
    Pin,
}

/// What a name must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Name {
    /// Letters, digits, `-` and `_`: it becomes part of stamps and messages.
    Plain,
    /// Any line of text.
    Free,
    /// A group of mailboxes, whose entries are lines of persons.
    MailboxGroup,
}

/// Words for ways of logging in that people know and that are none here, or are called otherwise.
pub(in crate::config) const OTHER_SCHEMES: &[&str] = &["kerberos", "oauth"];

impl Shape {
    /// Returns what messages say about a value of the wrong sort.
    pub(in crate::config) const fn allowed(&self) -> Allowed {
        match self {
            Self::Text(_) => Allowed::Text,
            Self::Flag => Allowed::Flag,
            Self::Count { min, max } => Allowed::Count { min: *min, max: *max },
            Self::CodePage => Allowed::Count { min: 1, max: 65_535 },
            Self::Days => Allowed::Days,
            Self::Word(words) => Allowed::Words(words),
            Self::Mode => Allowed::Words(MODES),
            Self::Scheme => Allowed::Words(crate::config::settings::Scheme::KEYS),
            Self::Texts(_) => Allowed::TextOrList,
            Self::Fields(_) => Allowed::List,
            Self::Table(_) | Self::Named { .. } | Self::Unread => Allowed::Table,
            Self::TextOr { .. } => Allowed::TextOrTable,
            Self::Secret => Allowed::Secret,
        }
    }
}

/// The words of the four modes.
pub(in crate::config) const MODES: &[&str] = &[
    Mode::Sync.key(),
    Mode::StaffitproOverwritesOutlook.key(),
    Mode::OutlookOverwritesStaffitpro.key(),
    Mode::None.key(),
];
