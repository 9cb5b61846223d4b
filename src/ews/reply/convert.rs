//! Turns texts and small trees into values (pure).
//!
//! What does not read as what it should be becomes [`Value::Unreadable`]: it is there, and it must
//! not look as if it were not.

use std::borrow::Cow;

use jiff::civil::Date;

use crate::ews::code::ResponseCode;
use crate::ews::datetime::DateTime;
use crate::ews::error::Fault;
use crate::ews::id::{ChangeKey, FolderId, ItemId};
use crate::ews::operation::folder::{Folder, FolderRights};
use crate::ews::operation::resolve_names::Resolution;
use crate::ews::property::{
    DistinguishedSet, ExtendedField, ExtendedPath, ExtendedType, Guid, PropertySet, Shape,
};
use crate::ews::recurrence::{
    DayOfWeek, DayOfWeekIndex, Month, Pattern, Range, Recurrence, RegenerationUnit,
};
use crate::ews::reply::zone;
use crate::ews::value::{Attendee, CompleteName, Mailbox, Occurrence, Value};
use crate::ews::version::ServerVersionInfo;
use crate::ews::xml::reader::Tag;
use crate::ews::xml::text::{TextBuffer, unescape};
use crate::ews::xml::tree::Element;

/// Reads `xs:boolean`, in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    let text = text.trim();
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// Reads the value of a property that is its text.
pub(super) fn simple(shape: Shape, text: &mut TextBuffer) -> Value {
    if matches!(shape, Shape::Text | Shape::Strings) {
        let text = text.take();
        return if shape == Shape::Text { Value::Text(text) } else { Value::Strings(vec![text]) };
    }
    let value = {
        let text = text.as_str();
        let text = text.trim();
        match shape {
            Shape::Bool => boolean(text).map(Value::Bool),
            Shape::Integer => text.parse().ok().map(Value::Integer),
            Shape::Double => {
                text.parse().ok().filter(|value: &f64| value.is_finite()).map(Value::Double)
            }
            Shape::DateTime => DateTime::parse(text).map(Value::DateTime),
            _ => None,
        }
    };
    match value {
        Some(value) => {
            text.clear();
            value
        }
        None => Value::Unreadable(text.take()),
    }
}

/// Reads a value that is a tree.
pub(super) fn nested(shape: Shape, root: Element<'_>) -> Value {
    let value = match shape {
        Shape::Recurrence => recurrence(root).map(Value::Recurrence),
        Shape::Attendees => Some(Value::Attendees(root.children().map(attendee).collect())),
        Shape::Mailbox => root.child("Mailbox").map(|element| Value::Mailbox(mailbox(element))),
        Shape::Occurrences => {
            root.children().map(occurrence).collect::<Option<Vec<_>>>().map(Value::Occurrences)
        }
        Shape::DeletedOccurrences => root
            .children()
            .map(|deleted| deleted.text_of("Start").and_then(DateTime::parse))
            .collect::<Option<Vec<_>>>()
            .map(Value::DeletedOccurrences),
        Shape::TimeZone => Some(Value::TimeZone {
            // 2007 has names and no ids.
            id: ["Id", "TimeZoneName"]
                .iter()
                .find_map(|name| root.node.attribute(name))
                .unwrap_or_default()
                .to_owned(),
            rules: zone::rules(root).map(String::into_boxed_str),
        }),
        Shape::CompleteName => Some(Value::CompleteName(Box::new(complete_name(root)))),
        _ => None,
    };
    value.unwrap_or_else(|| {
        let texts = root.descendants().map(|node| format!("{}={}", node.name, node.text.trim()));
        Value::Unreadable(texts.collect::<Vec<_>>().join(" "))
    })
}

fn attendee(element: Element<'_>) -> Attendee {
    Attendee {
        mailbox: element.child("Mailbox").map(mailbox).unwrap_or_default(),
        response: element.owned_text_of("ResponseType"),
    }
}

fn mailbox(element: Element<'_>) -> Mailbox {
    Mailbox {
        name: element.owned_text_of("Name"),
        address: element.owned_text_of("EmailAddress"),
        routing_type: element.owned_text_of("RoutingType"),
    }
}

fn occurrence(element: Element<'_>) -> Option<Occurrence> {
    let time = |name| element.text_of(name).and_then(DateTime::parse);
    let id = element.child("ItemId")?.node;
    Some(Occurrence {
        id: ItemId::from(id.attribute("Id")?),
        change_key: id.attribute("ChangeKey").map(ChangeKey::from),
        start: time("Start")?,
        end: time("End")?,
        original_start: time("OriginalStart")?,
    })
}

fn complete_name(element: Element<'_>) -> CompleteName {
    CompleteName {
        title: element.owned_text_of("Title"),
        first: element.owned_text_of("FirstName"),
        middle: element.owned_text_of("MiddleName"),
        last: element.owned_text_of("LastName"),
        suffix: element.owned_text_of("Suffix"),
        initials: element.owned_text_of("Initials"),
        full: element.owned_text_of("FullName"),
        nickname: element.owned_text_of("Nickname"),
    }
}

fn recurrence(root: Element<'_>) -> Option<Recurrence> {
    let pattern = root.children().find_map(pattern)?;
    let range = root.children().find_map(range)?;
    Some(Recurrence { pattern, range })
}

fn pattern(element: Element<'_>) -> Option<Pattern> {
    let interval = || element.text_of("Interval")?.parse().ok();
    let day = || element.text_of("DayOfMonth")?.parse().ok();
    let weekday = || DayOfWeek::by_name(element.text_of("DaysOfWeek")?);
    let index = || DayOfWeekIndex::by_name(element.text_of("DayOfWeekIndex")?);
    let month = || Month::by_name(element.text_of("Month")?);
    let regeneration = |unit| Some(Pattern::Regeneration { unit, interval: interval()? });
    match element.node.name.as_str() {
        "DailyRecurrence" => Some(Pattern::Daily { interval: interval()? }),
        "WeeklyRecurrence" => {
            let names = element.text_of("DaysOfWeek")?.split_whitespace();
            Some(Pattern::Weekly {
                interval: interval()?,
                days: names.map(DayOfWeek::by_name).collect::<Option<_>>()?,
                first_day: element.text_of("FirstDayOfWeek").and_then(DayOfWeek::by_name),
            })
        }
        "AbsoluteMonthlyRecurrence" => {
            Some(Pattern::AbsoluteMonthly { interval: interval()?, day: day()? })
        }
        "RelativeMonthlyRecurrence" => Some(Pattern::RelativeMonthly {
            interval: interval()?,
            day: weekday()?,
            index: index()?,
        }),
        "AbsoluteYearlyRecurrence" => {
            Some(Pattern::AbsoluteYearly { day: day()?, month: month()? })
        }
        "RelativeYearlyRecurrence" => {
            Some(Pattern::RelativeYearly { day: weekday()?, index: index()?, month: month()? })
        }
        "DailyRegeneration" => regeneration(RegenerationUnit::Daily),
        "WeeklyRegeneration" => regeneration(RegenerationUnit::Weekly),
        "MonthlyRegeneration" => regeneration(RegenerationUnit::Monthly),
        "YearlyRegeneration" => regeneration(RegenerationUnit::Yearly),
        _ => None,
    }
}

fn range(element: Element<'_>) -> Option<Range> {
    let date = |name| element.text_of(name).and_then(date_as_written);
    let start = date("StartDate");
    match element.node.name.as_str() {
        "NoEndRecurrence" => Some(Range::NoEnd { start: start? }),
        "EndDateRecurrence" => Some(Range::EndDate { start: start?, end: date("EndDate")? }),
        "NumberedRecurrence" => Some(Range::Numbered {
            start: start?,
            occurrences: element.text_of("NumberOfOccurrences")?.parse().ok()?,
        }),
        _ => None,
    }
}

/// Reads the date at the beginning, whatever is glued to it (`2014-03-08-08:00` from Exchange,
/// `2026-10-12T00:00:00.000000Z` from grommunio 3.10). It is never converted.
fn date_as_written(text: &str) -> Option<Date> {
    DateTime::parse(text).map(|value| value.date())
}

/// Reads `ExtendedFieldURI`; `None` for types that we do not exchange.
pub(super) fn extended_field(tag: &Tag<'_>) -> Option<ExtendedField> {
    let (mut kind, mut set, mut path) = (None, None, None);
    for (name, value) in tag.attributes() {
        match name {
            "PropertyType" => kind = ExtendedType::by_word(&value),
            "DistinguishedPropertySetId" => {
                set = DistinguishedSet::by_word(&value).map(PropertySet::Distinguished);
            }
            "PropertySetId" => set = set.or(Guid::parse(&value).map(PropertySet::Guid)),
            "PropertyTag" => path = Some(Key::Tag(u16::try_from(number(&value)?).ok()?)),
            "PropertyId" => path = Some(Key::Id(number(&value)?)),
            "PropertyName" => path = Some(Key::Name(unescape(&value))),
            _ => {}
        }
    }
    let path = match path? {
        Key::Tag(tag) => ExtendedPath::Tag(tag),
        Key::Id(id) => ExtendedPath::Id(set?, id),
        Key::Name(name) => ExtendedPath::Name(set?, Cow::Owned(name)),
    };
    Some(ExtendedField { path, kind: kind? })
}

/// What is left of an extended path without its set.
enum Key {
    Tag(u16),
    Id(u32),
    Name(String),
}

/// Reads a number in decimal or, with `0x`, in hexadecimal (grommunio 3.10 echoes `0x8199`).
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Reads the version that a server says it has.
pub(super) fn server_version(tag: &Tag<'_>) -> ServerVersionInfo {
    let number = |name| tag.attribute(name).and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    ServerVersionInfo {
        major: number("MajorVersion"),
        minor: number("MinorVersion"),
        major_build: number("MajorBuildNumber"),
        minor_build: number("MinorBuildNumber"),
        label: tag.attribute("Version").filter(|text| !text.is_empty()),
    }
}

/// Reads `s:Fault`.
pub(super) fn fault(root: Element<'_>) -> Fault {
    let detail = root.child("detail");
    let of_detail = |name| detail.and_then(|detail| detail.text_of(name));
    let from_code = || {
        // `a:ErrorServerBusy` from Exchange, `ErrorImpersonateUserDenied` from grommunio 3.10,
        // `s:Client` from what is no EWS server.
        let text = root.text_of("faultcode").unwrap_or_default();
        text.rsplit(':').next().unwrap_or_default()
    };
    Fault {
        code: ResponseCode::parse(of_detail("ResponseCode").unwrap_or_else(from_code)),
        text: of_detail("Message").or_else(|| root.text_of("faultstring")).map(str::to_owned),
        details: detail
            .map(|detail| {
                let mut pairs = detail.child("MessageXml").map(details).unwrap_or_default();
                // What a schema violation says stands beside `MessageXml` or in it.
                for name in ["LineNumber", "LinePosition", "Violation"] {
                    if let Some(text) = detail.text_of(name) {
                        pairs.push((name.to_owned(), text.to_owned()));
                    }
                }
                pairs
            })
            .unwrap_or_default(),
    }
}

/// Reads `MessageXml`: `<t:Value Name="…">` and whatever else is in it.
pub(super) fn details(root: Element<'_>) -> Vec<(String, String)> {
    root.descendants()
        .filter_map(|node| {
            let name = node.attribute("Name").unwrap_or(&node.name);
            let text = match node.text.trim() {
                "" => node.attribute("FieldURI").or_else(|| node.attribute("Id"))?,
                text => text,
            };
            Some((name.to_owned(), text.to_owned()))
        })
        .collect()
}

/// Reads a folder; `None` when it has no id.
pub(super) fn folder(root: Element<'_>) -> Option<Folder> {
    let id = root.child("FolderId")?.node;
    let hidden = root.children().filter(|child| child.node.name == "ExtendedProperty").find_map(
        |property| {
            let tag = number(property.child("ExtendedFieldURI")?.node.attribute("PropertyTag")?)?;
            (tag == 0x10F4).then(|| property.text_of("Value").and_then(boolean))?
        },
    );
    Some(Folder {
        id: FolderId::from(id.attribute("Id")?),
        change_key: id.attribute("ChangeKey").map(ChangeKey::from),
        element: root.node.name.as_str().into(),
        parent: root
            .child("ParentFolderId")
            .and_then(|parent| parent.node.attribute("Id"))
            .map(FolderId::from),
        class: root.owned_text_of("FolderClass"),
        name: root.owned_text_of("DisplayName"),
        total: root.text_of("TotalCount").and_then(|text| text.parse().ok()),
        children: root.text_of("ChildFolderCount").and_then(|text| text.parse().ok()),
        hidden,
        rights: root.child("EffectiveRights").map(rights),
    })
}

/// Reads somebody of `ResolveNames`. The contact holds the addresses of the person as the directory
/// keeps them.
pub(super) fn resolution(root: Element<'_>) -> Resolution {
    let contact = root.child("Contact");
    let entries = contact.and_then(|contact| contact.child("EmailAddresses"));
    let texts = entries.into_iter().flat_map(Element::children);
    Resolution {
        mailbox: root.child("Mailbox").map(mailbox).unwrap_or_default(),
        display_name: contact.and_then(|contact| contact.owned_text_of("DisplayName")),
        addresses: texts
            .map(|entry| entry.node.text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect(),
    }
}

fn rights(element: Element<'_>) -> FolderRights {
    let right = |name| element.text_of(name).and_then(boolean);
    FolderRights {
        create_contents: right("CreateContents").unwrap_or_default(),
        create_hierarchy: right("CreateHierarchy").unwrap_or_default(),
        modify: right("Modify").unwrap_or_default(),
        delete: right("Delete").unwrap_or_default(),
        read: right("Read").unwrap_or_default(),
        view_private_items: right("ViewPrivateItems"),
    }
}
