//! A series of appointments: the pattern, the time of day, and what is different about changed occurrences (pure).
//! MS-OXOCAL 2.2.1.44.5.

use super::write::{half, word};
use super::{Minutes, RecurrencePattern};
use crate::mapi::blob::{BlobError, BlobFault, Fields};

/// A series of appointments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppointmentRecurrence {
    /// The days.
    pub pattern: RecurrencePattern,
    /// When an occurrence begins, in minutes from its midnight.
    pub starts: u32,
    /// When it ends, in minutes from the midnight of its first day.
    pub ends: u32,
    /// Changed occurrences.
    pub changes: Vec<OccurrenceChange>,
}

/// A changed occurrence (`ExceptionInfo` and `ExtendedException`).
///
/// What is absent is as in the series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OccurrenceChange {
    /// The new start, local.
    pub start: Minutes,
    /// The new end, local.
    pub end: Minutes,
    /// Where the pattern puts it, local.
    pub original_start: Minutes,
    /// The new subject.
    pub subject: Option<String>,
    /// The new flags of a meeting.
    pub meeting: Option<u32>,
    /// The new minutes of the reminder.
    pub reminder_minutes: Option<u32>,
    /// Whether there is a reminder now.
    pub reminder: Option<u32>,
    /// The new place.
    pub place: Option<String>,
    /// The new busy status.
    pub busy: Option<u32>,
    /// Whether it has attachments now.
    pub attachment: Option<u32>,
    /// Whether it takes whole days now.
    pub all_day: Option<u32>,
    /// The new colour.
    pub colour: Option<u32>,
    /// Whether it has a text of its own.
    pub has_body: bool,
    /// What tells attendees which changes count (`ChangeHighlight`), as it was found.
    pub highlight: Vec<u8>,
}

const SUBJECT: u16 = 0x0001;
const MEETING: u16 = 0x0002;
const REMINDER_MINUTES: u16 = 0x0004;
const REMINDER: u16 = 0x0008;
const PLACE: u16 = 0x0010;
const BUSY: u16 = 0x0020;
const ATTACHMENT: u16 = 0x0040;
const ALL_DAY: u16 = 0x0080;
const COLOUR: u16 = 0x0100;
const BODY: u16 = 0x0200;

/// From this version of the writer on, exceptions have a `ChangeHighlight`.
const HIGHLIGHTS: u32 = 0x3009;

impl AppointmentRecurrence {
    /// Reads an appointment's series, for which it does not matter in which code page its texts are.
    ///
    /// # Errors
    ///
    /// The field that cannot be, and where it stands.
    pub fn parse(bytes: &[u8]) -> Result<Self, BlobError> {
        Self::parse_in(bytes, &western)
    }

    /// Reads an appointment's series. The ANSI texts of changed occurrences are taken only where there is no Unicode text; the value
    /// does not say their code page, so `ansi` reads them.
    ///
    /// # Errors
    ///
    /// The field that cannot be, and where it stands.
    pub fn parse_in(bytes: &[u8], ansi: &dyn Fn(&[u8]) -> String) -> Result<Self, BlobError> {
        let mut fields = Fields::new("AppointmentRecurrencePattern", bytes);
        let pattern = RecurrencePattern::take(&mut fields)?;
        fields.word("ReaderVersion2")?;
        let writer = fields.word("WriterVersion2")?;
        let (starts, ends) = (fields.word("StartTimeOffset")?, fields.word("EndTimeOffset")?);
        let count = fields.half("ExceptionCount")?;
        let mut changes = Vec::new();
        for _ in 0..count {
            changes.push(OccurrenceChange::take(&mut fields, ansi)?);
        }
        // Programs other than Outlook leave out what follows; the ANSI texts are all there is then.
        if !fields.is_empty() {
            fields.sized("ReservedBlock1")?;
            for (change, flags) in &mut changes {
                change.extend(*flags, writer, &mut fields)?;
            }
            fields.sized("ReservedBlock2")?;
        }
        // Outlook pads some values with zeros; anything else is a form that we do not know.
        let left = fields.clone();
        if fields.rest().iter().any(|byte| *byte != 0) {
            left.end("ReservedBlock2")?;
        }
        Ok(Self {
            pattern,
            starts,
            ends,
            changes: changes.into_iter().map(|(change, _)| change).collect(),
        })
    }

    /// Returns the binary form, as Outlook 2007 and later write it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.pattern.to_bytes();
        word(&mut out, 0x3006);
        word(&mut out, HIGHLIGHTS);
        word(&mut out, self.starts);
        word(&mut out, self.ends);
        half(&mut out, u16::try_from(self.changes.len()).unwrap_or(u16::MAX));
        for change in &self.changes {
            change.write(&mut out);
        }
        word(&mut out, 0);
        for change in &self.changes {
            change.write_extension(&mut out);
        }
        word(&mut out, 0);
        out
    }
}

impl OccurrenceChange {
    /// Makes a change that moves an occurrence and leaves the rest as in the series.
    pub fn moved(original_start: Minutes, start: Minutes, end: Minutes) -> Self {
        Self {
            start,
            end,
            original_start,
            subject: None,
            meeting: None,
            reminder_minutes: None,
            reminder: None,
            place: None,
            busy: None,
            attachment: None,
            all_day: None,
            colour: None,
            has_body: false,
            highlight: vec![0; 4],
        }
    }

    fn take(
        fields: &mut Fields<'_>,
        decode: &dyn Fn(&[u8]) -> String,
    ) -> Result<(Self, u16), BlobError> {
        let (start, end) = (fields.word("StartDateTime")?, fields.word("EndDateTime")?);
        let original_start = fields.word("OriginalStartDate")?;
        let flags = fields.half("OverrideFlags")?;
        let mut change = Self::moved(Minutes(original_start), Minutes(start), Minutes(end));
        let ansi = |fields: &mut Fields<'_>, field| {
            let with_end = fields.half(field)?;
            let length = fields.half(field)?;
            if with_end != length.wrapping_add(1) {
                return Err(fields.fault(field, BlobFault::Unknown(with_end.into())));
            }
            fields.bytes(field, length.into()).map(decode)
        };
        let set = |flag: u16| flags & flag != 0;
        if set(SUBJECT) {
            change.subject = Some(ansi(fields, "Subject")?);
        }
        for (flag, field, place) in [
            (MEETING, "MeetingType", &mut change.meeting),
            (REMINDER_MINUTES, "ReminderDelta", &mut change.reminder_minutes),
            (REMINDER, "ReminderSet", &mut change.reminder),
        ] {
            if set(flag) {
                *place = Some(fields.word(field)?);
            }
        }
        if set(PLACE) {
            change.place = Some(ansi(fields, "Location")?);
        }
        for (flag, field, place) in [
            (BUSY, "BusyStatus", &mut change.busy),
            (ATTACHMENT, "Attachment", &mut change.attachment),
            (ALL_DAY, "SubType", &mut change.all_day),
            (COLOUR, "AppointmentColor", &mut change.colour),
        ] {
            if set(flag) {
                *place = Some(fields.word(field)?);
            }
        }
        change.has_body = set(BODY);
        Ok((change, flags))
    }

    fn extend(
        &mut self,
        flags: u16,
        writer: u32,
        fields: &mut Fields<'_>,
    ) -> Result<(), BlobError> {
        if writer >= HIGHLIGHTS {
            self.highlight = fields.sized("ChangeHighlight")?.to_vec();
        }
        fields.sized("ReservedBlockEE1")?;
        if flags & (SUBJECT | PLACE) == 0 {
            return Ok(());
        }
        for field in ["StartDateTime", "EndDateTime", "OriginalStartDate"] {
            fields.word(field)?;
        }
        if flags & SUBJECT != 0 {
            let units = fields.half("WideCharSubjectLength")?;
            self.subject = Some(fields.text("WideCharSubject", units.into())?);
        }
        if flags & PLACE != 0 {
            let units = fields.half("WideCharLocationLength")?;
            self.place = Some(fields.text("WideCharLocation", units.into())?);
        }
        fields.sized("ReservedBlockEE2")?;
        Ok(())
    }

    fn flags(&self) -> u16 {
        [
            (self.subject.is_some(), SUBJECT),
            (self.meeting.is_some(), MEETING),
            (self.reminder_minutes.is_some(), REMINDER_MINUTES),
            (self.reminder.is_some(), REMINDER),
            (self.place.is_some(), PLACE),
            (self.busy.is_some(), BUSY),
            (self.attachment.is_some(), ATTACHMENT),
            (self.all_day.is_some(), ALL_DAY),
            (self.colour.is_some(), COLOUR),
            (self.has_body, BODY),
        ]
        .into_iter()
        .filter(|(set, _)| *set)
        .fold(0, |flags, (_, flag)| flags | flag)
    }

    fn write(&self, out: &mut Vec<u8>) {
        for time in [self.start, self.end, self.original_start] {
            word(out, time.0);
        }
        half(out, self.flags());
        if let Some(subject) = &self.subject {
            ansi(out, subject);
        }
        for value in [self.meeting, self.reminder_minutes, self.reminder].into_iter().flatten() {
            word(out, value);
        }
        if let Some(place) = &self.place {
            ansi(out, place);
        }
        for value in [self.busy, self.attachment, self.all_day, self.colour].into_iter().flatten() {
            word(out, value);
        }
    }

    fn write_extension(&self, out: &mut Vec<u8>) {
        word(out, u32::try_from(self.highlight.len()).unwrap_or(u32::MAX));
        out.extend_from_slice(&self.highlight);
        word(out, 0);
        if self.subject.is_none() && self.place.is_none() {
            return;
        }
        for time in [self.start, self.end, self.original_start] {
            word(out, time.0);
        }
        for text in [&self.subject, &self.place].into_iter().flatten() {
            let units: Vec<u16> = text.encode_utf16().take(usize::from(u16::MAX)).collect();
            half(out, u16::try_from(units.len()).unwrap_or(u16::MAX));
            for unit in units {
                half(out, unit);
            }
        }
        word(out, 0);
    }
}

/// What the Western code page of Windows, 1252, has from 80 to 9F, where Latin 1 has control characters.
const WESTERN: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8D}Ž\u{8F}\u{90}‘’“”•–—˜™š›œ\u{9D}žŸ";

fn western(bytes: &[u8]) -> String {
    let letter = |byte: u8| match byte {
        0x80..=0x9F => WESTERN.chars().nth(usize::from(byte) - 0x80),
        _ => None,
    };
    bytes.iter().map(|byte| letter(*byte).unwrap_or(char::from(*byte))).collect()
}

/// Writes text for programs that know no Unicode: what is not in the Western code page becomes a question mark. The whole text
/// follows in the extension.
fn ansi(out: &mut Vec<u8>, text: &str) {
    let byte =
        |letter: char| match (WESTERN.chars().zip(0x80..).find(|(of, _)| *of == letter), letter) {
            (Some((_, byte)), _) => byte,
            (None, '\u{80}'..='\u{9F}') => b'?',
            (None, _) => u8::try_from(u32::from(letter)).unwrap_or(b'?'),
        };
    let bytes: Vec<u8> = text.chars().map(byte).take(usize::from(u16::MAX) - 1).collect();
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX - 1);
    half(out, length + 1);
    half(out, length);
    out.extend_from_slice(&bytes);
}
