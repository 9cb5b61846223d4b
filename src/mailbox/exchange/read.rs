//! Pure: what an Exchange item says, in the words of the model.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ews::item::Properties;
use crate::ews::{self, BodyType, Field as E, Indexed, Property, Value as Theirs};
use crate::mailbox::exchange::exceptions::{self, Fetched};
use crate::mailbox::exchange::table::{self, Way, way};
use crate::mailbox::exchange::unfinished::Mark;
use crate::mailbox::exchange::{days, guests, kind, series, stamp, times};
use crate::mailbox::names::Shown;
use crate::mailbox::zones::{self, Zone};
use crate::mailbox::{Aside, Identity, Item};
use crate::model::{Content, Field, FieldSet, ItemKind, Shape, Slot, Value};

/// Reads who an item is.
pub(super) fn identity(item: &ews::Item) -> Identity {
    let sensitivity = item.value(E::Sensitivity).and_then(Theirs::as_text);
    Identity {
        id: item.id.as_str().into(),
        version: item.change_key.as_str().into(),
        kind: kind::of(&item.kind),
        // A word that no version of Exchange has today is taken for a private one: nothing of it may leak (rule D9).
        private: !matches!(sensitivity, None | Some("Normal" | "Personal")),
        stamp: stamp::read(&item.properties),
    }
}

/// Reads a whole item, of which [`table::wanted`] was asked for. A property that was asked for and not delivered is blank; one
/// that was delivered and cannot be read is unknown.
/// `fetched` holds its changed occurrences, where it is a series that has some.
pub(super) fn item(mut item: ews::Item, fetched: &Fetched, mailbox: &Zone) -> Item {
    let identity = identity(&item);
    let mut read = Read { properties: &mut item.properties, mailbox, found: Found::default() };
    let mut unsupported = FieldSet::EMPTY;
    let mut has_guests = false;
    if let Some(kind) = identity.kind {
        for field in Field::of(kind) {
            read.field(field);
        }
        let Read { properties, found: Found { content, blank, .. }, .. } = &mut read;
        content.blank_rest(*blank);
        let mut zone = None;
        if kind == ItemKind::Appointment {
            zone = times::read(properties, mailbox, content);
            has_guests =
                guests::read(properties, content) || exceptions::have_guests(properties, fetched);
        }
        if kind != ItemKind::Contact {
            match read.series(kind, zone.as_ref(), fetched) {
                Some(slot) => read.found.content.put(Field::Recurrence, slot),
                None => unsupported.insert(Field::Recurrence),
            }
        }
    }
    let Found { content, fixed, formerly, .. } = read.found;
    let properties = &item.properties;
    let aside = aside(identity.kind, properties);
    let instant = |of: E| -> Option<Timestamp> {
        properties.value(of).and_then(Theirs::as_datetime).and_then(|time| time.instant())
    };
    Item {
        folder: match properties.value(E::ParentFolderId) {
            Some(Theirs::Folder(id)) => Some(id.as_str().into()),
            _ => None,
        },
        read_only: series::read_only(&content),
        content,
        modified_at: instant(E::LastModifiedTime),
        modified_by: properties
            .value(E::LastModifiedName)
            .and_then(Theirs::as_text)
            .map(str::to_owned),
        created_at: instant(E::DateTimeCreated),
        has_guests,
        rich: is_rich(properties),
        fixed,
        unsupported,
        formerly,
        aside,
        identity,
    }
}

/// Reads what a write of the item needs to know, of which [`table::wanted`] was asked for.
pub(super) fn aside(kind: Option<ItemKind>, properties: &Properties) -> Aside {
    let text =
        |of: E| properties.value(of).and_then(Theirs::as_text).unwrap_or_default().to_owned();
    let unfinished = (kind == Some(ItemKind::Appointment)).then(|| {
        let mark = properties.value(table::UNFINISHED).and_then(Theirs::as_text);
        mark.unwrap_or_default().to_owned()
    });
    Aside {
        shown: (kind == Some(ItemKind::Contact)).then(|| Shown {
            display: text(E::DisplayName),
            file_as: text(E::FileAs),
            made_of: None,
        }),
        wants_a_write: unfinished.as_ref().is_some_and(|mark| !mark.is_empty()),
        unfinished,
    }
}

/// Says whether the body has formatting: all that is not plain text (1), or of which nothing is known (0).
fn is_rich(item: &Properties) -> bool {
    match item.value(table::NATIVE_BODY) {
        None => false,
        Some(value) => !matches!(value.as_integer(), Some(0 | 1)),
    }
}

struct Read<'a> {
    /// Texts are taken out of it.
    properties: &'a mut Properties,
    mailbox: &'a Zone,
    found: Found,
}

/// What was read so far.
#[derive(Default)]
struct Found {
    content: Content,
    /// What was asked for and not delivered.
    blank: FieldSet,
    fixed: FieldSet,
    formerly: Content,
}

impl Read<'_> {
    fn field(&mut self, field: Field) {
        let Self { properties, mailbox, found } = self;
        match way(field) {
            Way::Text(of) => self.text(field, &of.into()),
            Way::Extended(of) => self.text(field, &of.into()),
            Way::Slot(of) => self.text(field, &of.into()),
            Way::Body => self.text(field, &E::Body.into()),
            Way::Email(key) => found.email(field, properties.value(Indexed::Email(key))),
            Way::Birthday(of) => found.put(field, properties.value(of), |value| {
                let day = days::read_birthday(value.as_datetime()?, &mailbox.rules);
                Some(Value::Date(day))
            }),
            Way::Day(of) => found.day(field, properties.value(of), mailbox),
            Way::Instant(of) => found.put(field, properties.value(of), |value| {
                value.as_datetime()?.instant().map(Value::Instant)
            }),
            Way::Flag(of) => {
                found.put(field, properties.value(of), |value| value.as_bool().map(Value::Flag));
            }
            Way::Number(of) => {
                found.put(field, properties.value(of), |value| number(field, value.as_integer()?));
            }
            Way::Percent(of) => found.put(field, properties.value(of), |value| {
                // grommunio 3.10 answers an update to 50 with 5000: what is out of range is unknown.
                let share = value.as_double()?.round();
                let whole = (0..=100).find(|whole| (f64::from(*whole) - share).abs() < 0.5)?;
                Some(Value::Number(whole.into()))
            }),
            Way::Choice(of, words) => found.put(field, properties.value(of), |value| {
                let theirs = value.as_text()?;
                let (ours, _) = words.iter().find(|(_, word)| *word == theirs)?;
                Some(Value::Text((*ours).to_owned()))
            }),
            Way::List(of) => found.put(field, properties.value(of), |value| match value {
                Theirs::Strings(entries) => Some(Value::List(entries.clone())),
                _ => None,
            }),
            Way::Times(_) | Way::Series | Way::Guests | Way::Absent(_) => {}
        }
    }

    fn text(&mut self, field: Field, of: &Property) {
        let text = match self.properties.value_mut(of) {
            None => return self.found.blank.insert(field),
            Some(Theirs::Text(text)) => std::mem::take(text),
            // Plain text was asked for; HTML in its place cannot be compared.
            Some(Theirs::Body(body)) if body.kind == BodyType::Text => {
                std::mem::take(&mut body.text)
            }
            Some(_) => return,
        };
        self.found.content.put(field, Slot::of(Value::Text(text)));
    }

    /// Reads the series; `None` where there is one that the model cannot hold, or that cannot be read whole (rule D10). One of
    /// which some occurrences may have been written and others not counts as what it was, so that the next write makes it whole;
    /// unless somebody else has changed it since.
    fn series(&self, kind: ItemKind, zone: Option<&TimeZone>, fetched: &Fetched) -> Option<Slot> {
        let shown = self.shown_series(kind, zone, fetched)?;
        let Some(text) = self.properties.value(table::UNFINISHED).and_then(Theirs::as_text) else {
            return Some(shown);
        };
        let mark = Mark::parse(text)?;
        Some(if mark.explains(&shown) { mark.was } else { shown })
    }

    fn shown_series(
        &self,
        kind: ItemKind,
        zone: Option<&TimeZone>,
        fetched: &Fetched,
    ) -> Option<Slot> {
        let of = table::series(kind)?;
        let master = self.properties.value(E::CalendarItemType).and_then(Theirs::as_text)
            == Some("RecurringMaster");
        let mut series = match self.properties.value(of) {
            None if master => return None,
            None => return Some(Slot::Blank),
            Some(Theirs::Recurrence(series)) => series::read(series)?,
            Some(_) => return None,
        };
        if kind == ItemKind::Appointment {
            let zone = zone.filter(|zone| zones::has_name(zone))?;
            series.exceptions = exceptions::read(
                self.properties,
                &self.found.content,
                (&series, zone),
                (fetched, self.mailbox),
            )?;
        }
        Some(Slot::Value(Value::Recurrence(Box::new(series))))
    }
}

impl Found {
    fn day(&mut self, field: Field, value: Option<&Theirs>, mailbox: &Zone) {
        self.put(field, value, |value| {
            Some(Value::Date(days::read_day(value.as_datetime()?, &mailbox.rules)))
        });
        let formerly = value.and_then(Theirs::as_datetime).map(days::formerly_read);
        let formerly = formerly.map(Value::Date);
        if let Some(formerly) = formerly.filter(|day| self.content.value(field) != Some(day)) {
            self.formerly.set(field, formerly);
        }
    }

    /// Absent is blank, unreadable is unknown.
    fn put(
        &mut self,
        field: Field,
        value: Option<&Theirs>,
        read: impl FnOnce(&Theirs) -> Option<Value>,
    ) {
        match value {
            None => self.blank.insert(field),
            Some(value) => {
                if let Some(value) = read(value) {
                    self.content.put(field, Slot::of(value));
                }
            }
        }
    }

    fn email(&mut self, field: Field, value: Option<&Theirs>) {
        match value {
            None => self.blank.insert(field),
            Some(Theirs::Email(entry)) if entry.is_directory_entry() => self.fixed.insert(field),
            Some(Theirs::Email(entry)) => {
                let address = entry.address.trim();
                let prefix = address.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("smtp:"));
                let address = address.get(prefix.map_or(0, str::len)..).unwrap_or(address);
                self.content.set_text(field, address);
            }
            Some(_) => {}
        }
    }
}

fn number(field: Field, number: i64) -> Option<Value> {
    match field.shape() {
        Shape::Number(low, high) => (low..=high).contains(&number).then_some(Value::Number(number)),
        _ => None,
    }
}
