//! Pure: what the model says, as MAPI properties of an item.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::people;
use super::renames::Renames;
use super::table::{Place, Way, way};
use super::times::{self, Setting};
use super::{address, appointment, contact, stamp, task};
use crate::mailbox::Stamp;
use crate::mailbox::zones::Zone;
use crate::mapi::{Named, Properties, Value as V, named as n, property as p};
use crate::model::texts::beginning;
use crate::model::{Block, Content, Field, FieldSet, ItemKind, Shape, Slot, Value};
use crate::pst::messaging::CodePage;

/// How much of a text Outlook keeps apart, in units of UTF-16.
const BEGINNING: usize = 255;

/// A value that cannot be put on an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unfit(pub(super) String);

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unfit {}

impl From<&'static str> for Unfit {
    fn from(why: &'static str) -> Self {
        Self(why.to_owned())
    }
}

/// What an item needs beyond its content when it is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Desk<'a> {
    /// The zone of the person who looks.
    pub(super) mailbox: &'a Zone,
    /// What the clock shows.
    pub(super) now: Timestamp,
    /// Sixteen random bytes, used once.
    pub(super) random: [u8; 16],
    /// The code page of what the item holds and is not in Unicode.
    pub(super) code_page: CodePage,
}

/// Makes the properties of a new item.
pub(super) fn new_item(
    kind: ItemKind,
    content: &Content,
    stamp: &Stamp,
    desk: &Desk<'_>,
) -> Result<Vec<Setting>, Unfit> {
    let mut settings = usual();
    settings.extend(match kind {
        ItemKind::Contact => contact::fresh(),
        ItemKind::Appointment => appointment::fresh(desk),
        ItemKind::Task => task::fresh(),
    });
    settings.extend(change(kind, content, &Content::new(), &Properties::new(), desk)?);
    settings.extend(stamp::write(stamp));
    Ok(last_of_each(settings))
}

/// What Outlook's tables ask of items of every kind, where a content does not say it. Without a sensitivity Outlook's results are
/// undefined (Microsoft's page on `PidTagSensitivity`).
fn usual() -> Vec<Setting> {
    vec![
        (p::IMPORTANCE.into(), Some(V::Integer32(1))),
        (p::PRIORITY.into(), Some(V::Integer32(0))),
        (p::SENSITIVITY.into(), Some(V::Integer32(0))),
        (n::PRIVATE.into(), Some(V::Boolean(false))),
    ]
}

/// Makes the changes of an item that holds `was` now and read as `before` when it was planned.
pub(super) fn update(
    kind: ItemKind,
    (content, before): (&Content, &Content),
    stamp: Option<&Stamp>,
    was: &Properties,
    desk: &Desk<'_>,
) -> Result<Vec<Setting>, Unfit> {
    let mut settings = change(kind, &changed(kind, content, before), before, was, desk)?;
    settings.extend(stamp.into_iter().flat_map(stamp::write));
    Ok(last_of_each(settings))
}

/// Returns the blocks of a content that are not as they were. Programs have several forms for the same thing, such as the fractions of
/// a second and the zone of a time: what says the same already is not put into ours (rule D11).
fn changed(kind: ItemKind, content: &Content, before: &Content) -> Content {
    let differs =
        |field: &Field| content.slot(*field).is_some_and(|slot| before.slot(*field) != Some(slot));
    let blocks = Field::of(kind).filter(differs).map(|field| field.block().fields());
    content.only(blocks.fold(FieldSet::EMPTY, FieldSet::union))
}

/// A property that is set twice gets what was said last. Texts have no character of code zero: there they end for Outlook, and the
/// next time it saves the item the rest is gone.
pub(super) fn last_of_each(settings: Vec<Setting>) -> Vec<Setting> {
    let last: std::collections::BTreeMap<_, _> = settings.into_iter().collect();
    let whole = |value| match value {
        V::String(text) if text.contains('\0') => V::String(text.replace('\0', " ")),
        value => value,
    };
    last.into_iter().map(|(key, value)| (key, value.map(whole))).collect()
}

fn change(
    kind: ItemKind,
    content: &Content,
    before: &Content,
    was: &Properties,
    desk: &Desk<'_>,
) -> Result<Vec<Setting>, Unfit> {
    let mut out = Vec::new();
    for (field, slot) in content.iter().filter(|(field, _)| field.belongs_to(kind)) {
        single(field, slot, desk, &mut out)?;
    }
    match kind {
        ItemKind::Contact => {
            let names = contact::names(content, before, was);
            let renames = Renames::of(content, before, was, &names);
            out.extend(people::write(content, was, &names.shown, &renames));
            out.extend(names.settings);
            out.extend(address::addresses(content, before, was));
        }
        ItemKind::Appointment => {
            out.extend(appointment::times(content, before, was, desk)?);
        }
        ItemKind::Task => {
            out.extend(task::progress(content, before, desk)?);
            out.extend(task::due(content, before, was, desk)?);
            out.extend(task::series(content, was)?);
            out.extend(task::reminder(content, before));
        }
    }
    Ok(out)
}

/// Writes a field that stands on its own; what goes together is written together elsewhere, and guests never are.
fn single(field: Field, slot: &Slot, desk: &Desk<'_>, out: &mut Vec<Setting>) -> Result<(), Unfit> {
    if field.block() == Block::Progress {
        return Ok(());
    }
    match way(field) {
        Way::Text(of, equal) => {
            let is_body = field.shape() == Shape::Body;
            let text = slot.value().and_then(Value::as_text);
            let text = text.map(|text| if is_body { newlines(text) } else { text.to_owned() });
            if is_body {
                // Each text of Outlook's has it; the lists that show one below the subject show this.
                let start = text.as_deref().map(|text| V::from(beginning(text, BEGINNING)));
                out.push((p::BODY_PREFIX.into(), start));
            }
            for place in [&[of], equal].concat() {
                out.push((place.key(), text.clone().map(V::String)));
            }
        }
        Way::Birthday(at, local) => {
            let date = date(slot);
            out.push((at.into(), date.and_then(times::write_birthday)));
            out.push((local.into(), date.and_then(times::write_day)));
        }
        Way::Day(of, utc) => match date(slot) {
            Some(date) => out.extend(day((of, utc), date, desk)),
            None => out.extend([(of.into(), None), (utc.into(), None)]),
        },
        Way::Choice(of, words) => {
            let number = choice(field, words, slot)?;
            out.push((of.key(), Some(V::Integer32(number))));
            match of {
                Place::Tag(p::SENSITIVITY) => {
                    out.push((n::PRIVATE.into(), Some(V::Boolean(number >= 2))));
                }
                Place::Tag(p::IMPORTANCE) => {
                    out.push((p::PRIORITY.into(), Some(V::Integer32(number - 1))));
                }
                _ => {}
            }
        }
        Way::List(of) => {
            let entries = match slot.value() {
                Some(Value::List(entries)) if !entries.is_empty() => {
                    Some(V::Strings(entries.clone()))
                }
                _ => None,
            };
            out.push((of.key(), entries));
        }
        Way::Email(_)
        | Way::Completed(_)
        | Way::Flag(_)
        | Way::Minutes(_)
        | Way::Instant(_)
        | Way::Share(_)
        | Way::Times
        | Way::Series
        | Way::Guests
        | Way::Absent(_) => {}
    }
    Ok(())
}

/// Writes the day of a task: as its midnight as if in UTC, and as its midnight where the person is.
pub(super) fn day((of, utc): (Named, Named), date: Date, desk: &Desk<'_>) -> Vec<Setting> {
    let midnight = crate::mailbox::span::midnight(date, &desk.mailbox.rules);
    vec![(of.into(), times::write_day(date)), (utc.into(), midnight.and_then(times::file_time))]
}

fn date(slot: &Slot) -> Option<Date> {
    match slot.value() {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    }
}

/// Outlook knows no blank for these: a blank is its first word.
pub(super) fn choice(field: Field, words: &[(&str, i32)], slot: &Slot) -> Result<i32, Unfit> {
    let ours = slot.value().and_then(Value::as_text);
    let found = match ours {
        None => words.first(),
        Some(ours) => words.iter().find(|(word, _)| *word == ours),
    };
    found
        .map(|(_, number)| *number)
        .ok_or_else(|| Unfit(format!("field `{field}` holds a word that Outlook does not have")))
}

/// Outlook ends lines as Windows does.
pub(super) fn newlines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut after_return = false;
    for letter in text.chars() {
        if letter == '\n' && !after_return {
            out.push('\r');
        }
        after_return = letter == '\r';
        out.push(letter);
    }
    out
}
