//! Pure: what an item of a PST file says, in the words of the model.

use jiff::tz::TimeZone;

use super::series::{self, Course};
use super::table::{Way, way};
use super::{appointment, contact, guests, people, stamp, times};
use crate::mailbox::zones::{self, Zone};
use crate::mailbox::{Aside, Identity, Item};
use crate::mapi::recurrence::{AppointmentRecurrence, RecurrencePattern};
use crate::mapi::{Properties, Value as V, named as n, property as p};
use crate::model::{
    Content, Field, FieldSet, FolderId, ItemId, ItemKind, ItemVersion, Shape, Slot, Value,
};
use crate::pst::messaging::CodePage;

/// What was found of an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    /// Its properties; those that could not be read hold an error code.
    pub(super) properties: &'a Properties,
    /// Its recipients; `None` where they could not be read.
    pub(super) recipients: Option<&'a [Properties]>,
    /// Its id.
    pub(super) id: &'a ItemId,
    /// Its version.
    pub(super) version: &'a ItemVersion,
    /// The folder it is in.
    pub(super) folder: &'a FolderId,
}

/// Reads which kind of item a message class stands for; `None` for mails, distribution lists and the like.
pub(super) fn kind(class: &str) -> Option<ItemKind> {
    let is = |prefix: &str| {
        let head = class.get(..prefix.len());
        let rest = class.get(prefix.len()..);
        head.is_some_and(|head| head.eq_ignore_ascii_case(prefix))
            && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    [
        ("IPM.Contact", ItemKind::Contact),
        ("IPM.Appointment", ItemKind::Appointment),
        ("IPM.Task", ItemKind::Task),
    ]
    .into_iter()
    .find_map(|(prefix, kind)| is(prefix).then_some(kind))
}

/// Reads who an item is.
pub(super) fn identity(found: &Found<'_>) -> Identity {
    let item = found.properties;
    let class = item.value(p::MESSAGE_CLASS).and_then(V::as_text).unwrap_or_default();
    // What is no number, or a number that no version of Outlook has today, is taken for private: nothing of it may leak (D9).
    let open = match item.value(p::SENSITIVITY) {
        None => true,
        Some(value) => matches!(value.as_i32(), Some(0 | 1)),
    };
    let flagged = item.value(n::PRIVATE).is_some_and(|value| value.as_bool() != Some(false));
    Identity {
        id: found.id.clone(),
        version: found.version.clone(),
        kind: kind(class),
        private: !open || flagged,
        stamp: stamp::read(item),
    }
}

/// Reads a whole item, whose texts that are not in Unicode are in `code_page`. A property that is not there is blank; one that cannot
/// be read is unknown.
pub(super) fn item(found: &Found<'_>, code_page: CodePage, mailbox: &Zone) -> Item {
    let identity = identity(found);
    let properties = found.properties;
    let (content, fixed) = (Content::new(), FieldSet::EMPTY);
    let mut read = Read { properties, code_page, mailbox, content, fixed };
    let mut unsupported = FieldSet::EMPTY;
    let mut has_guests = false;
    if let Some(kind) = identity.kind {
        for field in Field::of(kind) {
            read.field(field);
        }
        let lived_in = if kind == ItemKind::Appointment {
            has_guests = guests::read(properties, found.recipients, &mut read.content);
            times::read(properties, mailbox, &mut read.content)
        } else {
            None
        };
        if !read.series(kind, lived_in) {
            unsupported.insert(Field::Recurrence);
        }
    }
    let shown = (identity.kind == Some(ItemKind::Contact)).then(|| contact::shown(properties));
    let instant = |of| properties.value(of).and_then(V::as_time).and_then(times::instant);
    Item {
        folder: Some(found.folder.clone()),
        content: read.content,
        modified_at: instant(p::LAST_MODIFICATION_TIME),
        modified_by: properties
            .value(p::LAST_MODIFIER_NAME)
            .and_then(V::as_text)
            .map(str::to_owned),
        created_at: instant(p::CREATION_TIME),
        has_guests,
        rich: [p::RTF_COMPRESSED, p::HTML].iter().any(|of| properties.value(*of).is_some()),
        fixed: read.fixed,
        unsupported,
        read_only: FieldSet::EMPTY,
        formerly: Content::new(),
        aside: Aside { shown, ..Aside::default() },
        identity,
    }
}

struct Read<'a> {
    properties: &'a Properties,
    code_page: CodePage,
    mailbox: &'a Zone,
    content: Content,
    fixed: FieldSet,
}

impl Read<'_> {
    fn field(&mut self, field: Field) {
        match way(field) {
            Way::Text(of, equal) => {
                let own = self.properties.value(of.key());
                let value =
                    own.or_else(|| equal.iter().find_map(|of| self.properties.value(of.key())));
                self.put(field, value, |value| {
                    value.as_text().map(|text| Value::Text(text.to_owned()))
                });
            }
            Way::Email(slot) => {
                people::read(field, slot, self.properties, &mut self.content, &mut self.fixed);
            }
            Way::Birthday(at, local) => {
                let rules = &self.mailbox.rules;
                if let Some(slot) =
                    times::read_birthday(self.properties, at.into(), local.into(), rules)
                {
                    self.content.put(field, slot);
                }
            }
            Way::Day(of, _) => self.put(field, self.properties.value(of), |value| {
                times::read_day(value.as_time()?).map(Value::Date)
            }),
            Way::Completed(of) => {
                let rules = self.mailbox.rules.clone();
                self.put(field, self.properties.value(of), |value| {
                    times::read_completed(value.as_time()?, &rules).map(Value::Date)
                });
            }
            Way::Instant(of) => self.put(field, self.properties.value(of), |value| {
                times::instant(value.as_time()?).map(Value::Instant)
            }),
            Way::Flag(of) => {
                self.put(field, self.properties.value(of), |value| {
                    value.as_bool().map(Value::Flag)
                });
            }
            Way::Minutes(of) => self.put(field, self.properties.value(of), |value| {
                let number = i64::from(appointment::minutes(value.as_i32()?));
                match field.shape() {
                    Shape::Number(low, high) if (low..=high).contains(&number) => {
                        Some(Value::Number(number))
                    }
                    _ => None,
                }
            }),
            Way::Share(of) => self.put(field, self.properties.value(of), |value| match value {
                V::Floating64(share) => {
                    let percent = share * 100.0;
                    let whole =
                        (0..=100).find(|whole| (f64::from(*whole) - percent).abs() <= 0.5)?;
                    Some(Value::Number(whole.into()))
                }
                _ => None,
            }),
            Way::Choice(of, words) => self.put(field, self.properties.value(of.key()), |value| {
                let number = value.as_i32()?;
                let (word, _) = words.iter().find(|(_, other)| *other == number)?;
                Some(Value::Text((*word).to_owned()))
            }),
            Way::List(of) => {
                self.put(field, self.properties.value(of.key()), |value| match value {
                    V::Strings(entries) => Some(Value::List(entries.clone())),
                    _ => None,
                });
            }
            Way::Times | Way::Series | Way::Guests | Way::Absent(_) => {}
        }
    }

    /// Absent is blank, unreadable is unknown.
    fn put(&mut self, field: Field, value: Option<&V>, read: impl FnOnce(&V) -> Option<Value>) {
        match value {
            None => self.content.set_blank(field),
            Some(value) => {
                if let Some(value) = read(value) {
                    self.content.put(field, Slot::of(value));
                }
            }
        }
    }

    /// Reads the series; `false` where there is one that the model cannot hold (rule D10).
    fn series(&mut self, kind: ItemKind, lived_in: Option<TimeZone>) -> bool {
        let flag = match kind {
            ItemKind::Contact => return true,
            ItemKind::Appointment => n::RECURRING,
            ItemKind::Task => n::TASK_RECURRING,
        };
        let recurs = self.properties.value(flag).and_then(V::as_bool).unwrap_or(false);
        if !recurs {
            self.content.set_blank(Field::Recurrence);
            return true;
        }
        // A series without its pattern is one that nobody knows.
        let series = match kind {
            ItemKind::Appointment => lived_in.and_then(|zone| {
                if !zones::has_name(&zone) {
                    return None;
                }
                let series = series::stored(self.properties, self.code_page)?;
                let course = course(&series, self.content.is_set(Field::AllDay), zone)?;
                let text = |field| self.content.text(field).unwrap_or_default();
                series::read(&series, &course, (text(Field::Subject), text(Field::Place)))
            }),
            _ => (self.properties.value(n::TASK_RECURRENCE).and_then(V::as_bytes))
                .and_then(|bytes| RecurrencePattern::parse(bytes).ok())
                .and_then(|series| series::read_task(&series)),
        };
        let Some(series) = series else {
            self.content.forget(Field::Recurrence);
            return false;
        };
        self.content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        true
    }
}

/// Returns the times of day of a series as it was stored.
pub(super) fn course(
    series: &AppointmentRecurrence,
    all_day: bool,
    zone: TimeZone,
) -> Option<Course> {
    let hour = i8::try_from(series.starts / 60).ok()?;
    let minute = i8::try_from(series.starts % 60).ok()?;
    Some(Course {
        starts: jiff::civil::Time::new(hour, minute, 0, 0).ok()?,
        minutes: series.ends.checked_sub(series.starts)?,
        all_day,
        zone,
    })
}

/// Returns a subject without the two characters that stores keep in front, which say how long its prefix is (MS-PST 2.5.3.1.1.1).
pub(super) fn subject(text: &str) -> &str {
    let mut rest = text.chars();
    match rest.next() {
        Some('\u{1}') => {
            rest.next();
            rest.as_str()
        }
        _ => text,
    }
}
