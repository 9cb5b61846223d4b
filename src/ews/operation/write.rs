//! Writes paths, values and items (pure).

use crate::ews::draft::{FieldChange, WritableKind};
use crate::ews::id::{ChangeKey, ItemId};
use crate::ews::property::{ExtendedField, ExtendedPath, Field, Indexed, Property, PropertySet};
use crate::ews::recurrence::{DayOfWeek, Pattern, Range, Recurrence, RegenerationUnit};
use crate::ews::value::Value;
use crate::ews::version::ServerVersion;
use crate::ews::xml::writer::{Ns, Writer};

/// Writes a path.
pub(crate) fn path(xml: &mut Writer, property: &Property) {
    match property {
        Property::Field(field) => {
            xml.empty(Ns::Types, "FieldURI", &[("FieldURI", field.spec().uri)]);
        }
        Property::Indexed(indexed) => xml.empty(
            Ns::Types,
            "IndexedFieldURI",
            &[("FieldURI", indexed.uri()), ("FieldIndex", indexed.key())],
        ),
        Property::Extended(extended) => extended_path(xml, extended),
    }
}

/// Writes the path of a MAPI property, of which every item of ours has some: words and numbers have nothing that needs escaping.
fn extended_path(xml: &mut Writer, extended: &ExtendedField) {
    let set = |xml: &mut Writer, set: &PropertySet| match set {
        PropertySet::Distinguished(set) => {
            xml.raw("DistinguishedPropertySetId=\"");
            xml.raw(set.word());
        }
        PropertySet::Guid(set) => {
            xml.raw("PropertySetId=\"");
            xml.raw(set.text().as_str());
        }
    };
    xml.raw("<t:ExtendedFieldURI ");
    match &extended.path {
        ExtendedPath::Tag(tag) => {
            xml.raw("PropertyTag=\"");
            xml.raw(&format!("0x{tag:04X}"));
        }
        ExtendedPath::Id(of, id) => {
            set(xml, of);
            xml.raw("\" PropertyId=\"");
            xml.raw(&id.to_string());
        }
        ExtendedPath::Name(of, name) => {
            set(xml, of);
            xml.raw("\" PropertyName=\"");
            xml.in_attribute(name);
        }
    }
    xml.raw("\" PropertyType=\"");
    xml.raw(extended.kind.word());
    xml.raw("\"/>");
}

/// Says whether a contract knows a property.
pub(crate) fn is_known(property: &Property, version: ServerVersion) -> bool {
    !matches!(property, Property::Field(field) if field.spec().since > version)
}

/// Writes the shape of items: ids, and what is named in addition.
///
/// grommunio 3.10 returns attendees only where `calendar:IsMeeting` is asked for as well.
pub(crate) fn item_shape(
    xml: &mut Writer,
    properties: &[Property],
    body: Option<&str>,
    version: ServerVersion,
) {
    xml.element(Ns::Messages, "ItemShape", &[], |xml| {
        xml.text("BaseShape", "IdOnly");
        if let Some(body) = body {
            xml.text("BodyType", body);
        }
        let mut known = properties.iter().filter(|property| is_known(property, version)).peekable();
        if known.peek().is_none() {
            return;
        }
        xml.element(Ns::Types, "AdditionalProperties", &[], |xml| {
            known.for_each(|property| path(xml, property));
            let has = |wanted: &[Field]| {
                properties.iter().any(
                    |property| matches!(property, Property::Field(field) if wanted.contains(field)),
                )
            };
            if has(&[Field::RequiredAttendees, Field::OptionalAttendees, Field::Resources])
                && !has(&[Field::IsMeeting])
            {
                path(xml, &Field::IsMeeting.into());
            }
        });
    });
}

/// Writes a new item.
pub(crate) fn new_item(xml: &mut Writer, kind: WritableKind, properties: &[(Property, Value)]) {
    xml.element(Ns::Types, kind.element(), &[], |xml| {
        let mut rest = properties;
        while let Some(((property, value), tail)) = rest.split_first() {
            if let Property::Indexed(indexed) = property {
                let same = |(other, _): &&(Property, Value)| {
                    matches!(other, Property::Indexed(next) if next.container() == indexed.container())
                };
                let length = rest.iter().take_while(same).count();
                let (slots, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                dictionary(xml, slots);
                rest = after;
            } else {
                plain(xml, property, value);
                rest = tail;
            }
        }
    });
}

/// Writes the changes of one item.
pub(crate) fn item_change(
    xml: &mut Writer,
    kind: WritableKind,
    (id, key): (&ItemId, &ChangeKey),
    changes: &[FieldChange],
) {
    xml.element(Ns::Types, "ItemChange", &[], |xml| {
        xml.empty(Ns::Types, "ItemId", &[("Id", id.as_str()), ("ChangeKey", key.as_str())]);
        xml.element(Ns::Types, "Updates", &[], |xml| {
            for change in changes {
                field_change(xml, kind, change);
            }
        });
    });
}

fn field_change(xml: &mut Writer, kind: WritableKind, change: &FieldChange) {
    match change {
        FieldChange::Clear(property) => {
            xml.element(Ns::Types, "DeleteItemField", &[], |xml| path(xml, property));
        }
        FieldChange::Set(property, value) => {
            xml.element(Ns::Types, "SetItemField", &[], |xml| {
                path(xml, property);
                xml.element(Ns::Types, kind.element(), &[], |xml| match property {
                    Property::Indexed(_) => dictionary(xml, &[(property.clone(), value.clone())]),
                    _ => plain(xml, property, value),
                });
            });
        }
    }
}

/// Writes slots of one dictionary.
fn dictionary(xml: &mut Writer, slots: &[(Property, Value)]) {
    let Some((Property::Indexed(first), _)) = slots.first() else { return };
    xml.element(Ns::Types, first.container(), &[], |xml| {
        let mut rest = slots;
        while let Some(((Property::Indexed(indexed), value), tail)) = rest.split_first() {
            rest = tail;
            match (indexed, value) {
                (Indexed::Address(key, _), _) => {
                    let of_key = |(other, _): &&(Property, Value)| {
                        matches!(other, Property::Indexed(Indexed::Address(next, _)) if next == key)
                    };
                    let more = tail.iter().take_while(of_key).count();
                    xml.element(Ns::Types, "Entry", &[("Key", key.name())], |xml| {
                        for (property, value) in slots_of(slots, tail, more) {
                            address_part(xml, property, value);
                        }
                    });
                    rest = tail.split_at_checked(more).map_or(&[], |(_, after)| after);
                }
                (_, Value::Email(email)) => {
                    let mut attributes = vec![("Key", indexed.key())];
                    let named = [
                        ("Name", &email.name),
                        ("RoutingType", &email.routing_type),
                        ("MailboxType", &email.mailbox_type),
                    ];
                    for (name, value) in named {
                        if let Some(value) = value {
                            attributes.push((name, &**value));
                        }
                    }
                    xml.element(Ns::Types, "Entry", &attributes, |xml| xml.characters(&email.address));
                }
                (_, Value::Text(text)) => {
                    xml.element(Ns::Types, "Entry", &[("Key", indexed.key())], |xml| xml.characters(text));
                }
                _ => {}
            }
        }
    });
}

/// Returns the slot before `tail` and the first `more` of it.
fn slots_of<'a>(
    slots: &'a [(Property, Value)],
    tail: &[(Property, Value)],
    more: usize,
) -> impl Iterator<Item = &'a (Property, Value)> {
    slots.iter().skip(slots.len() - tail.len() - 1).take(more + 1)
}

fn address_part(xml: &mut Writer, property: &Property, value: &Value) {
    if let (Property::Indexed(Indexed::Address(_, part)), Value::Text(text)) = (property, value) {
        xml.text(part.name(), text);
    }
}

/// Writes a property that is no slot of a dictionary. The value has the right shape, because
/// drafts were checked when they were made.
fn plain(xml: &mut Writer, property: &Property, value: &Value) {
    let field = match property {
        Property::Field(field) => field,
        Property::Extended(extended) => return extended_property(xml, extended, value),
        Property::Indexed(_) => return,
    };
    let element = field.spec().element;
    match value {
        Value::Text(text) => xml.text(element, text),
        Value::Bool(value) => xml.display(element, value),
        Value::Integer(value) => xml.display(element, value),
        Value::Double(value) => xml.display(element, value),
        Value::DateTime(value) => xml.display(element, value),
        Value::Strings(texts) => xml.element(Ns::Types, element, &[], |xml| {
            for text in texts {
                xml.text("String", text);
            }
        }),
        Value::Body(body) => {
            let kind = [("BodyType", body.kind.name())];
            xml.element(Ns::Types, element, &kind, |xml| xml.characters(&body.text));
        }
        Value::TimeZone { id, .. } => xml.empty(Ns::Types, element, &[("Id", id)]),
        Value::Recurrence(value) => recurrence(xml, element, value),
        _ => {}
    }
}

fn extended_property(xml: &mut Writer, extended: &ExtendedField, value: &Value) {
    xml.element(Ns::Types, "ExtendedProperty", &[], |xml| {
        extended_path(xml, extended);
        match value {
            Value::Text(text) => xml.text("Value", text),
            Value::Bool(value) => xml.display("Value", value),
            Value::Integer(value) => xml.display("Value", value),
            Value::Double(value) => xml.display("Value", value),
            Value::DateTime(value) => xml.display("Value", value),
            Value::Strings(texts) => xml.element(Ns::Types, "Values", &[], |xml| {
                for text in texts {
                    xml.text("Value", text);
                }
            }),
            _ => {}
        }
    });
}

fn recurrence(xml: &mut Writer, element: &str, recurrence: &Recurrence) {
    xml.element(Ns::Types, element, &[], |xml| {
        pattern(xml, &recurrence.pattern);
        match &recurrence.range {
            Range::NoEnd { start } => {
                xml.element(Ns::Types, "NoEndRecurrence", &[], |xml| {
                    xml.display("StartDate", start);
                });
            }
            Range::EndDate { start, end } => {
                xml.element(Ns::Types, "EndDateRecurrence", &[], |xml| {
                    xml.display("StartDate", start);
                    xml.display("EndDate", end);
                });
            }
            Range::Numbered { start, occurrences } => {
                xml.element(Ns::Types, "NumberedRecurrence", &[], |xml| {
                    xml.display("StartDate", start);
                    xml.display("NumberOfOccurrences", occurrences);
                });
            }
        }
    });
}

fn pattern(xml: &mut Writer, pattern: &Pattern) {
    let mut element = |name: &str, inside: &dyn Fn(&mut Writer)| {
        xml.element(Ns::Types, name, &[], inside);
    };
    match pattern {
        Pattern::Daily { interval } => {
            element("DailyRecurrence", &|xml| xml.display("Interval", interval));
        }
        Pattern::Weekly { interval, days, first_day } => element("WeeklyRecurrence", &|xml| {
            let days: Vec<&str> = days.iter().copied().map(DayOfWeek::name).collect();
            xml.display("Interval", interval);
            xml.text("DaysOfWeek", &days.join(" "));
            if let Some(day) = first_day {
                xml.text("FirstDayOfWeek", day.name());
            }
        }),
        Pattern::AbsoluteMonthly { interval, day } => {
            element("AbsoluteMonthlyRecurrence", &|xml| {
                xml.display("Interval", interval);
                xml.display("DayOfMonth", day);
            });
        }
        Pattern::RelativeMonthly { interval, day, index } => {
            element("RelativeMonthlyRecurrence", &|xml| {
                xml.display("Interval", interval);
                xml.text("DaysOfWeek", day.name());
                xml.text("DayOfWeekIndex", index.name());
            });
        }
        Pattern::AbsoluteYearly { day, month } => element("AbsoluteYearlyRecurrence", &|xml| {
            xml.display("DayOfMonth", day);
            xml.text("Month", month.name());
        }),
        Pattern::RelativeYearly { day, index, month } => {
            element("RelativeYearlyRecurrence", &|xml| {
                xml.text("DaysOfWeek", day.name());
                xml.text("DayOfWeekIndex", index.name());
                xml.text("Month", month.name());
            });
        }
        Pattern::Regeneration { unit, interval } => {
            let name = match unit {
                RegenerationUnit::Daily => "DailyRegeneration",
                RegenerationUnit::Weekly => "WeeklyRegeneration",
                RegenerationUnit::Monthly => "MonthlyRegeneration",
                RegenerationUnit::Yearly => "YearlyRegeneration",
            };
            element(name, &|xml| xml.display("Interval", interval));
        }
    }
}
