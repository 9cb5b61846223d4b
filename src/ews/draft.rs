//! Items on their way to a server: new ones, and changes to old ones (pure).
//!
//! Both are checked when they are made, so that a request can only hold what the table of
//! properties allows: nothing read-only, nothing of another kind of item, and no guests.

use std::fmt;
use std::sync::Arc;

use crate::ews::id::{ChangeKey, ItemId};
use crate::ews::item::{ItemKind, Properties};
use crate::ews::operation::write;
use crate::ews::property::{
    Access, DistinguishedSet, ExtendedField, ExtendedPath, ExtendedType, Field, Indexed, Property,
    PropertySet, Shape,
};
use crate::ews::recurrence::Pattern;
use crate::ews::value::Value;
use crate::ews::xml::Writer;

/// The kinds of items that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WritableKind {
    /// A contact.
    Contact,
    /// An appointment.
    CalendarItem,
    /// A task.
    Task,
}

impl WritableKind {
    /// Returns the same as the kind of an item.
    pub const fn item_kind(self) -> ItemKind {
        match self {
            Self::Contact => ItemKind::Contact,
            Self::CalendarItem => ItemKind::CalendarItem,
            Self::Task => ItemKind::Task,
        }
    }

    /// Returns the element.
    pub const fn element(self) -> &'static str {
        match self {
            Self::Contact => "Contact",
            Self::CalendarItem => "CalendarItem",
            Self::Task => "Task",
        }
    }
}

/// A property that cannot be written, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwritable {
    /// Which property.
    pub property: Property,
    /// Why not.
    pub why: &'static str,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the property {:?} cannot be written: {}", self.property, self.why)
    }
}

impl std::error::Error for Unwritable {}

/// An item to be created. A copy is the same one, kept for when it has to be sent again.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem(Arc<New>);

#[derive(Debug, PartialEq)]
struct New {
    kind: WritableKind,
    /// In the order of the schema.
    properties: Vec<(Property, Value)>,
    /// As it stands in a request: written once, and measured by that.
    xml: String,
}

impl NewItem {
    /// Makes a new item. Blank texts and empty lists are left out, because servers refuse empty
    /// containers and a new item has nothing to be cleared.
    ///
    /// # Errors
    ///
    /// The first property that items of this kind do not have, that is read-only, or whose value
    /// has the wrong shape.
    pub fn new(kind: WritableKind, properties: Properties) -> Result<Self, Unwritable> {
        let mut kept = Vec::with_capacity(properties.len());
        for (property, value) in properties {
            check(kind, &property, Some(&value), Access::CreateOnly)?;
            if !is_blank(&value) {
                kept.push((property, value));
            }
        }
        // The sort is stable, so extended properties stay as the caller ordered them; slots of
        // one dictionary come to stand together.
        kept.sort_by_cached_key(|(property, _)| (property.order(), slot(property)));
        // The names around a property are some hundred bytes, those of our own properties more.
        let mut xml = Writer::with_capacity(256 * kept.len());
        write::new_item(&mut xml, kind, &kept);
        Ok(Self(Arc::new(New { kind, properties: kept, xml: xml.finish() })))
    }

    /// Returns the kind.
    pub fn kind(&self) -> WritableKind {
        self.0.kind
    }

    /// Returns what will be written, in the order of the schema.
    pub fn properties(&self) -> &[(Property, Value)] {
        &self.0.properties
    }

    /// Returns how many bytes it takes in a request, for bounding batches.
    pub fn wire_len(&self) -> usize {
        self.0.xml.len()
    }

    /// Returns its element in a request.
    pub(crate) fn xml(&self) -> &str {
        &self.0.xml
    }
}

/// One change to an item.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldChange {
    /// Sets a property; a blank value clears it.
    Set(Property, Value),
    /// Clears a property. Setting an empty text instead would leave an empty property behind.
    Clear(Property),
}

impl FieldChange {
    /// Returns the property.
    pub fn property(&self) -> &Property {
        match self {
            Self::Set(property, _) | Self::Clear(property) => property,
        }
    }
}

/// Changes to one item that is there already. A copy is the same one, kept for when it has to be sent again.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemUpdate(Arc<Update>);

#[derive(Debug, PartialEq)]
struct Update {
    kind: WritableKind,
    id: ItemId,
    change_key: ChangeKey,
    changes: Vec<FieldChange>,
    /// As it stands in a request.
    xml: String,
}

impl ItemUpdate {
    /// Makes an update of the version that `change_key` names; of another version the server
    /// refuses it (`NeverOverwrite`). Servers apply changes in their order, so they are put into
    /// the one that works: zones before times, start before due, status before the rest.
    ///
    /// # Errors
    ///
    /// The first property that cannot be changed or cleared, or whose value has the wrong shape.
    pub fn new(
        kind: WritableKind,
        id: ItemId,
        change_key: ChangeKey,
        changes: Vec<FieldChange>,
    ) -> Result<Self, Unwritable> {
        let blank_is_cleared = |change| match change {
            FieldChange::Set(property, value) if is_blank(&value) => FieldChange::Clear(property),
            other => other,
        };
        let changes = changes.into_iter().map(blank_is_cleared).collect();
        Self::checked(kind, id, change_key, changes)
    }

    /// Makes an update of one occurrence of a series. Blank texts are set and not cleared: without a text of its own an occurrence
    /// shows that of its series.
    ///
    /// # Errors
    ///
    /// As [`ItemUpdate::new`].
    pub fn of_occurrence(
        id: ItemId,
        change_key: ChangeKey,
        changes: Vec<FieldChange>,
    ) -> Result<Self, Unwritable> {
        Self::checked(WritableKind::CalendarItem, id, change_key, changes)
    }

    fn checked(
        kind: WritableKind,
        id: ItemId,
        change_key: ChangeKey,
        changes: Vec<FieldChange>,
    ) -> Result<Self, Unwritable> {
        let mut kept = Vec::with_capacity(changes.len());
        for change in changes {
            match &change {
                FieldChange::Set(property, value) => {
                    check(kind, property, Some(value), Access::Writable)?;
                }
                FieldChange::Clear(property) => {
                    check(kind, property, None, Access::Writable)?;
                    if must_stay(property) {
                        return Err(Unwritable {
                            property: property.clone(),
                            why: "items of this kind cannot be without it",
                        });
                    }
                }
            }
            kept.push(change);
        }
        kept.sort_by_key(update_rank);
        let mut xml = Writer::new();
        write::item_change(&mut xml, kind, (&id, &change_key), &kept);
        Ok(Self(Arc::new(Update { kind, id, change_key, changes: kept, xml: xml.finish() })))
    }

    /// Returns the kind.
    pub fn kind(&self) -> WritableKind {
        self.0.kind
    }

    /// Returns which item is changed.
    pub fn id(&self) -> &ItemId {
        &self.0.id
    }

    /// Returns which version of it is changed.
    pub fn change_key(&self) -> &ChangeKey {
        &self.0.change_key
    }

    /// Returns the changes in the order in which they are sent.
    pub fn changes(&self) -> &[FieldChange] {
        &self.0.changes
    }

    /// Returns how many bytes it takes in a request, for bounding batches.
    pub fn wire_len(&self) -> usize {
        self.0.xml.len()
    }

    /// Returns its element in a request.
    pub(crate) fn xml(&self) -> &str {
        &self.0.xml
    }
}

/// Groups the slots of one dictionary, and the parts of one address.
fn slot(property: &Property) -> Option<Indexed> {
    if let Property::Indexed(indexed) = property { Some(*indexed) } else { None }
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.is_empty(),
        Value::Strings(texts) => texts.is_empty(),
        Value::Body(body) => body.text.is_empty(),
        Value::Email(email) => email.address.is_empty(),
        _ => false,
    }
}

/// Properties that Exchange refuses to delete.
fn must_stay(property: &Property) -> bool {
    matches!(
        property,
        Property::Field(
            Field::Start
                | Field::End
                | Field::IsAllDayEvent
                | Field::LegacyFreeBusyStatus
                | Field::PercentComplete
                | Field::Status
                | Field::DisplayName
                | Field::ItemClass
                | Field::Sensitivity
                | Field::Importance
                | Field::ReminderIsSet
                | Field::ReminderMinutesBeforeStart
        )
    )
}

/// The place of a change among the others, where the order matters to servers.
fn update_rank(change: &FieldChange) -> (u8, u16) {
    let property = change.property();
    let rank = match property {
        // What is no series any more may be put on another date.
        Property::Field(Field::TaskRecurrence) if matches!(change, FieldChange::Clear(_)) => 0,
        Property::Field(Field::StartTimeZone | Field::EndTimeZone) => 0,
        Property::Field(Field::StartDate | Field::Status) => 1,
        // What stands beside an e-mail address goes after it. `CompleteDate` needs the status first; a series counts from the start that
        // it has when it is set.
        Property::Extended(ExtendedField {
            path: ExtendedPath::Id(PropertySet::Distinguished(DistinguishedSet::Address), _),
            ..
        })
        | Property::Field(Field::CompleteDate) => 3,
        Property::Field(Field::CalendarRecurrence | Field::TaskRecurrence) => 4,
        _ => 2,
    };
    (rank, property.order())
}

fn check(
    kind: WritableKind,
    property: &Property,
    value: Option<&Value>,
    least: Access,
) -> Result<(), Unwritable> {
    let refuse = |why| Err(Unwritable { property: property.clone(), why });
    if !property.belongs_to(&kind.item_kind()) {
        return refuse("items of this kind do not have it");
    }
    match (property.access(), least) {
        (Access::ReadOnly, _) => return refuse("it is read-only"),
        (Access::CreateOnly, Access::Writable) => {
            return refuse("it can be set only on a new item");
        }
        _ => {}
    }
    match value {
        Some(Value::Recurrence(recurrence))
            if kind == WritableKind::CalendarItem
                && matches!(recurrence.pattern, Pattern::Regeneration { .. }) =>
        {
            refuse("only tasks regenerate")
        }
        Some(value) if !fits(property, value) => refuse("the value has the wrong shape"),
        _ => Ok(()),
    }
}

fn fits(property: &Property, value: &Value) -> bool {
    match property {
        Property::Indexed(Indexed::Email(_)) => matches!(value, Value::Email(_)),
        Property::Indexed(_) => matches!(value, Value::Text(_)),
        Property::Extended(extended) => matches!(
            (extended.kind, value),
            (ExtendedType::String | ExtendedType::Binary, Value::Text(_))
                | (ExtendedType::StringArray, Value::Strings(_))
                | (ExtendedType::Boolean, Value::Bool(_))
                | (
                    ExtendedType::Short | ExtendedType::Integer | ExtendedType::Long,
                    Value::Integer(_)
                )
                | (ExtendedType::Double, Value::Double(_))
                | (ExtendedType::SystemTime, Value::DateTime(_))
        ),
        Property::Field(field) => matches!(
            (field.spec().shape, value),
            (Shape::Text, Value::Text(_))
                | (Shape::Bool, Value::Bool(_))
                | (Shape::Integer, Value::Integer(_))
                | (Shape::Double, Value::Double(_))
                | (Shape::DateTime, Value::DateTime(_))
                | (Shape::Strings, Value::Strings(_))
                | (Shape::Body, Value::Body(_))
                | (Shape::Recurrence, Value::Recurrence(_))
                | (Shape::TimeZone, Value::TimeZone { .. })
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ews::recurrence::{Range, Recurrence, RegenerationUnit};
    use crate::ews::value::Attendee;

    fn one(property: impl Into<Property>, value: impl Into<Value>) -> Properties {
        [(property.into(), value.into())].into_iter().collect()
    }

    #[test]
    fn guests_cannot_be_written() {
        // rules.md D8: nothing ever reaches a calendar guest.
        let guests = Value::Attendees(vec![Attendee::default()]);
        let refused =
            NewItem::new(WritableKind::CalendarItem, one(Field::RequiredAttendees, guests));
        assert_eq!(refused.unwrap_err().why, "it is read-only");
    }

    #[test]
    fn only_what_fits_is_written() {
        let new = |kind, properties| NewItem::new(kind, properties).map(|_| ()).map_err(|e| e.why);
        assert_eq!(
            new(WritableKind::Task, one(Field::Surname, "x")),
            Err("items of this kind do not have it")
        );
        assert_eq!(
            new(WritableKind::Contact, one(Field::Surname, Value::Bool(true))),
            Err("the value has the wrong shape")
        );
        assert_eq!(new(WritableKind::CalendarItem, one(Field::Uid, "u")), Ok(()));
        let regenerating = Value::Recurrence(Recurrence {
            pattern: Pattern::Regeneration { unit: RegenerationUnit::Daily, interval: 1 },
            range: Range::NoEnd { start: jiff::civil::date(2026, 1, 1) },
        });
        assert_eq!(
            new(WritableKind::CalendarItem, one(Field::CalendarRecurrence, regenerating.clone())),
            Err("only tasks regenerate")
        );
        assert_eq!(new(WritableKind::Task, one(Field::TaskRecurrence, regenerating)), Ok(()));
    }

    #[test]
    fn blank_means_left_out_of_a_new_item_and_deleted_from_an_old_one() {
        let new = NewItem::new(WritableKind::Contact, one(Field::Surname, "")).unwrap();
        assert!(new.properties().is_empty());
        let update =
            |changes| ItemUpdate::new(WritableKind::Contact, "i".into(), "c".into(), changes);
        let changes = vec![FieldChange::Set(Field::Surname.into(), "".into())];
        assert_eq!(update(changes).unwrap().changes(), [FieldChange::Clear(Field::Surname.into())]);
        let needed = vec![FieldChange::Clear(Field::DisplayName.into())];
        assert!(update(needed).is_err());
    }

    #[test]
    fn zones_come_before_times_and_the_status_before_the_rest() {
        let order = |kind, fields: &[Field]| {
            let changes = fields.iter().map(|field| {
                let value = match field.spec().shape {
                    Shape::TimeZone => Value::zone("UTC"),
                    Shape::DateTime => {
                        Value::DateTime(crate::ews::DateTime::parse("2026-01-01").unwrap())
                    }
                    Shape::Double => Value::Double(1.0),
                    _ => Value::from("x"),
                };
                FieldChange::Set((*field).into(), value)
            });
            let update = ItemUpdate::new(kind, "i".into(), "c".into(), changes.collect()).unwrap();
            update.changes().iter().map(|change| change.property().clone()).collect::<Vec<_>>()
        };
        assert_eq!(
            order(
                WritableKind::CalendarItem,
                &[Field::Start, Field::End, Field::EndTimeZone, Field::StartTimeZone]
            ),
            [Field::StartTimeZone, Field::EndTimeZone, Field::Start, Field::End]
                .map(Property::from)
        );
        assert_eq!(
            order(
                WritableKind::Task,
                &[Field::CompleteDate, Field::PercentComplete, Field::Status]
            ),
            [Field::Status, Field::PercentComplete, Field::CompleteDate].map(Property::from)
        );
        assert_eq!(
            order(WritableKind::Task, &[Field::DueDate, Field::StartDate]),
            [Field::StartDate, Field::DueDate].map(Property::from)
        );
    }
}
