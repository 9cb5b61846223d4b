//! Pure: between the messages of the adapter interface and the types of the seam.

use std::time::Duration;

use abgleich_plugin::messages as wire;
use jiff::Timestamp;

use super::{
    Description, Entry, Fetched, Parent, Record, RecordUpdate, SourceError, SourceErrorKind,
    Updated, User,
};
use crate::model::{
    Content, Field, FieldSet, ItemKind, Module, RecordId, RecordVersion, UserId, json,
};
use crate::reason::Advice;
use crate::source::slots::Slots;

pub(super) const fn module_to_wire(module: Module) -> wire::Module {
    match module {
        Module::Applicants => wire::Module::Applicants,
        Module::BusinessContacts => wire::Module::BusinessContacts,
        Module::Leads => wire::Module::Leads,
        Module::Positions => wire::Module::Positions,
        Module::Contracts => wire::Module::Contracts,
        Module::Offers => wire::Module::Offers,
        Module::General => wire::Module::General,
    }
}

pub(super) const fn module(module: wire::Module) -> Module {
    match module {
        wire::Module::Applicants => Module::Applicants,
        wire::Module::BusinessContacts => Module::BusinessContacts,
        wire::Module::Leads => Module::Leads,
        wire::Module::Positions => Module::Positions,
        wire::Module::Contracts => Module::Contracts,
        wire::Module::Offers => Module::Offers,
        wire::Module::General => Module::General,
    }
}

pub(super) const fn kind_to_wire(kind: ItemKind) -> wire::Kind {
    match kind {
        ItemKind::Contact => wire::Kind::Contact,
        ItemKind::Appointment => wire::Kind::Appointment,
        ItemKind::Task => wire::Kind::Task,
    }
}

pub(super) const fn kind(kind: wire::Kind) -> ItemKind {
    match kind {
        wire::Kind::Contact => ItemKind::Contact,
        wire::Kind::Appointment => ItemKind::Appointment,
        wire::Kind::Task => ItemKind::Task,
    }
}

/// What a reply said that abgleich does not know; each is told once.
pub(super) type Unknown<'a> = &'a mut dyn FnMut(String);

/// Reads a description. The capabilities are the plugin host's own business.
pub(super) fn description(
    described: &wire::Description,
    unknown: Unknown<'_>,
) -> Result<Description, String> {
    if described.identity.trim().is_empty() {
        return Err("the identity is blank".to_owned());
    }
    let has = |capability: &str| described.capabilities.iter().any(|known| known == capability);
    let clock = described.clock.as_deref().map(instant).transpose()?.flatten();
    let mut description = Description {
        identity: described.identity.clone(),
        product: described.product.clone(),
        readable: Vec::new(),
        writable: Vec::new(),
        lengths: Vec::new(),
        feed: has("changes/1"),
        filter_per_user: described.filter_per_user,
        filter_writable: has("set_member/1"),
        news: has("news/1"),
        assigns: described.assigns,
        clock,
    };
    for fields in &described.kinds {
        let kind = kind(fields.kind);
        if description.readable.iter().any(|(known, _)| *known == kind) {
            return Err(format!("the kind `{}` comes twice", kind.key()));
        }
        let mut set = |words: &[String]| -> FieldSet {
            words.iter().filter_map(|word| field(kind, word, unknown)).collect()
        };
        let readable = set(&fields.readable);
        // What nobody may write stays out of it, whatever the adapter would take (rule D8).
        let writable = set(&fields.writable).iter().filter(|field| !field.read_only()).collect();
        description.readable.push((kind, readable));
        description.writable.push((kind, if has("update/1") { writable } else { FieldSet::EMPTY }));
        for (word, length) in &fields.lengths {
            if let (Some(field), Ok(length)) =
                (field(kind, word, unknown), usize::try_from(*length))
            {
                description.lengths.push((kind, field, length));
            }
        }
    }
    Ok(description)
}

pub(super) fn field(kind: ItemKind, word: &str, unknown: Unknown<'_>) -> Option<Field> {
    let field = Field::from_key(word).filter(|field| field.belongs_to(kind));
    if field.is_none() {
        unknown(format!("field `{word}` of `{}`", kind.key()));
    }
    field
}

pub(super) fn user(user: wire::User) -> User {
    User {
        id: UserId::new(user.id),
        name: user.name,
        email: user.email.filter(|email| !email.trim().is_empty()),
        active: user.active,
    }
}

pub(super) fn entry(entry: wire::Entry) -> Entry {
    Entry {
        id: RecordId::new(entry.id),
        version: RecordVersion::new(entry.version),
        kind: kind(entry.kind),
        module: module(entry.module),
        parent: entry.parent.map(RecordId::new),
    }
}

/// Reads the answer for one id. A record that cannot be understood concerns that record only.
pub(super) fn fetched(answer: wire::FetchAnswer<Slots>, unknown: Unknown<'_>) -> Fetched {
    let id = RecordId::new(answer.id);
    match answer.found {
        wire::Found::Gone => Fetched::Gone(id),
        wire::Found::NotYours => Fetched::NotYours(id),
        wire::Found::Unreadable(text) => Fetched::Unreadable(id, text),
        wire::Found::Record(found) => match record(id.clone(), *found, unknown) {
            Ok(record) => Fetched::Record(Box::new(record)),
            Err(text) => Fetched::Unreadable(id, text),
        },
    }
}

fn record(
    id: RecordId,
    record: wire::Record<Slots>,
    unknown: Unknown<'_>,
) -> Result<Record, String> {
    let kind = kind(record.kind);
    if record.version.is_empty() {
        return Err("the version is blank".to_owned());
    }
    Ok(Record {
        id,
        kind,
        module: module(record.module),
        version: RecordVersion::new(record.version),
        number: record.number,
        name: record.name,
        parent: record.parent.map(|parent| Parent {
            id: RecordId::new(parent.id),
            module: module(parent.module),
            number: parent.number,
            name: parent.name,
        }),
        content: record.fields.content(kind, unknown)?,
        changed_at: record.changed_at.as_deref().map(instant).transpose()?.flatten(),
        changed_by: record.changed_by.filter(|who| !who.trim().is_empty()),
        private: record.private,
        editable: record.editable,
    })
}

/// Reads an instant; the dates that mean "no date" are none (rules.md §4).
fn instant(text: &str) -> Result<Option<Timestamp>, String> {
    const NONE: [&str; 2] = ["0001-01-01", "1899-12-30"];
    if text.is_empty() || NONE.iter().any(|date| text.starts_with(date)) {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| "a time is not an instant with a zone".to_owned())
}

pub(super) fn update(update: &RecordUpdate) -> wire::Update {
    let fields = |content: &Content| {
        content.iter().map(|(field, slot)| (field.key().into(), json::to_json(slot))).collect()
    };
    wire::Update {
        id: update.id.as_str().to_owned(),
        kind: kind_to_wire(update.kind),
        version: update.version.as_str().to_owned(),
        expected: fields(&update.expected),
        values: fields(&update.values),
        edited_at: update.edited_at.to_string(),
    }
}

/// Reads what became of an update.
pub(super) fn updated(
    update: &RecordUpdate,
    outcome: wire::Outcome,
    unknown: Unknown<'_>,
) -> Result<Updated, String> {
    Ok(match outcome {
        wire::Outcome::Applied { version, stored } => {
            let stored = Slots::from(&stored).content(update.kind, unknown)?;
            let written = update.values.known();
            if let Some(field) = written.difference(stored.known()).iter().next() {
                return Err(format!("`{}`: it does not say what `{field}` holds now", update.id));
            }
            if version.is_empty() {
                return Err(format!("`{}`: the new version is blank", update.id));
            }
            Updated::Applied { version: RecordVersion::new(version), stored: stored.only(written) }
        }
        wire::Outcome::Stale => Updated::Stale,
        wire::Outcome::Refused { code, field: word } => Updated::Refused {
            code,
            field: word.and_then(|word| field(update.kind, &word, unknown)),
        },
        wire::Outcome::Denied => Updated::Denied,
        wire::Outcome::Busy { retry_after } => Updated::Busy(Duration::from_secs(retry_after)),
        wire::Outcome::Gone => Updated::Gone,
    })
}

/// Turns the error of an adapter into the seam's.
pub(super) fn error(adapter: &str, method: &str, error: wire::AdapterError) -> SourceError {
    let kind = match error.kind {
        wire::ErrorKind::Busy | wire::ErrorKind::Cancelled => {
            SourceErrorKind::Transient(Duration::from_secs(error.retry_after.unwrap_or(5)))
        }
        wire::ErrorKind::Unreachable | wire::ErrorKind::Settings => SourceErrorKind::Unreachable,
        wire::ErrorKind::Denied => SourceErrorKind::Denied,
        wire::ErrorKind::Unsupported => SourceErrorKind::Unsupported,
        wire::ErrorKind::Internal | wire::ErrorKind::Unknown => SourceErrorKind::Broken,
    };
    SourceError {
        kind,
        text: format!("adapter `{adapter}`, `{method}`: {}", error.text),
        hint: error.hint.map(Advice::untranslated),
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::instant;
    use crate::model::{Field, ItemKind, Shape};
    use abgleich_plugin::fields;

    #[test]
    fn no_date_is_no_time_of_change() {
        for none in ["", "0001-01-01T00:00:00Z", "1899-12-30T00:00:00+01:00"] {
            assert_eq!(instant(none), Ok(None), "rules.md §4: {none}");
        }
        assert_eq!(
            instant("2026-11-22T09:00:00+01:00").unwrap().unwrap().as_second(),
            1_795_334_400
        );
        assert!(instant("yesterday").is_err());
    }

    /// The SDK's table is what adapters are written against; a field that is missing there can never be delivered.
    #[test]
    fn the_table_of_the_sdk_is_the_table_of_the_model() {
        for (kind, infos) in [
            (ItemKind::Contact, fields::CONTACT),
            (ItemKind::Appointment, fields::APPOINTMENT),
            (ItemKind::Task, fields::TASK),
        ] {
            let known: Vec<_> = infos.iter().map(|(word, shape)| (*word, *shape)).collect();
            let mut ours: Vec<_> = Field::of(kind).map(|f| (f.key(), shape(f.shape()))).collect();
            let mut theirs = known.clone();
            ours.sort_by_key(|(word, _)| *word);
            theirs.sort_by_key(|(word, _)| *word);
            assert_eq!(theirs, ours, "{}", kind.key());
            for (word, _) in known {
                if let Some(Shape::Choice(words)) = Field::from_key(word).map(Field::shape) {
                    assert_eq!(fields::words(word), words, "{word}");
                }
            }
        }
    }

    fn shape(shape: Shape) -> fields::Shape {
        match shape {
            Shape::Text | Shape::Phone | Shape::Email | Shape::Zone => fields::Shape::Text,
            Shape::Body => fields::Shape::Body,
            Shape::Date => fields::Shape::Date,
            Shape::Moment => fields::Shape::Moment,
            Shape::Instant => fields::Shape::Instant,
            Shape::Flag => fields::Shape::Flag,
            Shape::Number(..) => fields::Shape::Number,
            Shape::Choice(_) => fields::Shape::Choice,
            Shape::List => fields::Shape::List,
            Shape::Recurrence => fields::Shape::Recurrence,
            Shape::Attendees => fields::Shape::Attendees,
        }
    }
}
