//! Pure: what the model says, as properties of an Exchange item.

use std::borrow::Cow;
use std::fmt;

use crate::ews::draft::{FieldChange, ItemUpdate, NewItem, Unwritable};
use crate::ews::item::Properties;
use crate::ews::property::{DistinguishedSet, EmailKey};
use crate::ews::{
    Body, BodyType, DateTime, EmailEntry, ExtendedField, ExtendedType, Field as E, Indexed,
    Property, PropertySet, Value as Theirs,
};
use crate::mailbox::Stamp;
use crate::mailbox::exchange::dialect::Dialect;
use crate::mailbox::exchange::exceptions::{self, Plan, Step};
use crate::mailbox::exchange::table::{self, Way, way};
use crate::mailbox::exchange::unfinished::Mark;
use crate::mailbox::exchange::{days, kind, series, stamp, times};
use crate::mailbox::names::{self, Derived, Shown};
use crate::mailbox::zones::Zone;
use crate::mailbox::{limits, span};
use crate::model::{Block, Content, Field, ItemId, ItemKind, ItemVersion, Slot, Value};

/// A value that cannot be put on an Exchange item.
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

impl From<Unwritable> for Unfit {
    fn from(error: Unwritable) -> Self {
        Self(error.to_string())
    }
}

/// A property and what it is to hold; `None` clears it.
pub(super) type Setting = (Property, Option<Theirs>);

/// Something to send, and what is done to single occurrences of it afterwards.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Draft<T> {
    pub(super) load: T,
    pub(super) steps: Vec<Step>,
}

/// Makes a new item.
pub(super) fn new_item(
    kind: ItemKind,
    content: &Content,
    stamp: &Stamp,
    mailbox: &Zone,
    dialect: Dialect,
) -> Result<Draft<NewItem>, Unfit> {
    let plan = plan(kind, content, &Content::new(), false, mailbox)?;
    let mut settings = settings(kind, content, None, plan.as_ref(), mailbox)?;
    dialect.has_words(&settings)?;
    match kind {
        ItemKind::Contact => settings.extend(named(names::derive(content))),
        // Servers turn the reminder of a new appointment on when nothing is said.
        ItemKind::Appointment | ItemKind::Task if !content.is_set(Field::ReminderOn) => {
            settings.push((E::ReminderIsSet.into(), Some(Theirs::Bool(false))));
        }
        ItemKind::Appointment | ItemKind::Task => {}
    }
    dialect.settle_new(&mut settings, mailbox);
    settings.extend(stamp::write(stamp));
    let properties: Properties = settings
        .into_iter()
        .map(|setting| dialect.day(setting))
        .filter_map(|(property, value)| Some((property, value?)))
        .collect();
    let load = NewItem::new(kind::writable(kind), properties)?;
    Ok(Draft { load, steps: plan.map(|plan| plan.steps).unwrap_or_default() })
}

fn plan(
    kind: ItemKind,
    content: &Content,
    before: &Content,
    afresh: bool,
    mailbox: &Zone,
) -> Result<Option<Plan>, Unfit> {
    if kind != ItemKind::Appointment {
        return Ok(None);
    }
    Ok(exceptions::plan(content, before, afresh, mailbox)?)
}

/// An update as the engine asks for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    /// Which item.
    pub(super) id: &'a ItemId,
    /// The version it must still have.
    pub(super) version: &'a ItemVersion,
    /// The fields to set and to clear.
    pub(super) content: &'a Content,
    /// What the item held before.
    pub(super) before: &'a Content,
    /// The new stamp, if it changes.
    pub(super) stamp: Option<&'a Stamp>,
    /// What its series was before an earlier write that did not reach every occurrence.
    pub(super) unfinished: Option<&'a Slot>,
}

/// Makes an update, or `None` where nothing is to be changed. `shown` are the derived names that the item has now, needed
/// where [`names::concerns`] says so.
pub(super) fn update(
    kind: ItemKind,
    change: &Change<'_>,
    shown: Option<&Shown>,
    mailbox: &Zone,
    dialect: Dialect,
) -> Result<Option<Draft<ItemUpdate>>, Unfit> {
    // It was read as what it was: nobody knows which of its occurrences were written. An update that is about something else makes
    // it what it was, unless the server would take the hours of the series for that.
    let was = change.unfinished.filter(|was| change.before.slot(Field::Recurrence) == Some(was));
    let aside = was.filter(|_| change.content.slot(Field::Recurrence).is_none());
    let stays_unfinished = aside.is_some() && dialect.grommunio;
    let content = match aside.filter(|_| !stays_unfinished) {
        Some(was) => {
            let mut content = change.content.clone();
            content.put(Field::Recurrence, was.clone());
            Cow::Owned(content)
        }
        None => Cow::Borrowed(change.content),
    };
    let plan = plan(kind, &content, change.before, was.is_some(), mailbox)?;
    if let Some(Plan { series: Some(series), .. }) = &plan {
        dialect.takes_series(series, change.before)?;
    }
    if kind == ItemKind::Task {
        dialect.takes_dates(change)?;
    }
    let mut settings = settings(kind, &content, Some(change.before), plan.as_ref(), mailbox)?;
    dialect.has_words(&settings)?;
    let leaves_nothing_undone = plan.as_ref().is_none_or(|plan| plan.steps.is_empty());
    if change.unfinished.is_some() && leaves_nothing_undone && !stays_unfinished {
        settings.push((table::UNFINISHED.into(), None));
    }
    if !dialect.grommunio {
        settings.extend(beside_emails(&settings));
    }
    if let Some(shown) = shown {
        settings.extend(named(names::follow(&content, change.before, shown)));
    }
    dialect.leave_out_the_future(&mut settings, mailbox);
    settings.extend(change.stamp.into_iter().flat_map(stamp::write));
    if settings.is_empty() {
        return Ok(None);
    }
    let changes = settings
        .into_iter()
        .map(|setting| dialect.adapt(dialect.day(setting)))
        .map(|(property, value)| match value {
            Some(value) => FieldChange::Set(property, value),
            None => FieldChange::Clear(property),
        })
        .collect();
    let (id, key) = (change.id.as_str().into(), change.version.as_str().into());
    let load = ItemUpdate::new(kind::writable(kind), id, key, changes)?;
    Ok(Some(Draft { load, steps: plan.map(|plan| plan.steps).unwrap_or_default() }))
}

/// Clears what stands beside e-mail addresses that are cleared: how each is shown, its type, the address itself, what it was made of
/// and its entry in the directory. The address is one of this group, and taking it away alone leaves the others (Microsoft,
/// jj585538; MS-OXOCNTC 2.2.1.2), among them the person's name with the old address in it.
fn beside_emails(settings: &[Setting]) -> Vec<Setting> {
    let group = |key: EmailKey| {
        let first = match key {
            EmailKey::EmailAddress1 => 0x8080,
            EmailKey::EmailAddress2 => 0x8090,
            EmailKey::EmailAddress3 => 0x80A0,
        };
        let set = PropertySet::Distinguished(DistinguishedSet::Address);
        let kind = |id| if id == 5 { ExtendedType::Binary } else { ExtendedType::String };
        [0, 2, 3, 4, 5].map(|id| (ExtendedField::id(set, first + id, kind(id)).into(), None))
    };
    settings
        .iter()
        .filter_map(|(of, value)| match (of, value) {
            (Property::Indexed(Indexed::Email(key)), None) => Some(group(*key)),
            _ => None,
        })
        .flatten()
        .collect()
}

fn named(names: Derived) -> impl Iterator<Item = Setting> {
    let names =
        [(E::DisplayName, names.display), (E::FileAs, names.file_as.map(|filed| filed.name))];
    names.into_iter().filter_map(|(of, name)| Some((of.into(), Some(Theirs::Text(name?)))))
}

/// Works out what to set and to clear. A new item held nothing `before`: there is nothing to clear.
fn settings(
    kind: ItemKind,
    content: &Content,
    before: Option<&Content>,
    plan: Option<&Plan>,
    mailbox: &Zone,
) -> Result<Vec<Setting>, Unfit> {
    let mut out = Vec::with_capacity(32);
    let is_new = before.is_none();
    let none = Content::new();
    let before = before.unwrap_or(&none);
    for (field, slot) in content.iter().filter(|(field, _)| field.belongs_to(kind)) {
        if field.block() == Block::Progress {
            continue;
        }
        let setting = match way(field) {
            // Where Exchange knows no blank it has a word for it.
            way if is_new && slot.is_blank() && !matches!(way, Way::Choice(..)) => None,
            Way::Text(of) => Some((of.into(), text(slot))),
            Way::Extended(of) => Some((of.into(), text(slot))),
            Way::Slot(of) => Some((of.into(), text(slot))),
            // A slot that was read and stayed unknown holds an entry of the address book; it is left alone (rule D11).
            Way::Email(_) if !before.known().is_empty() && before.slot(field).is_none() => None,
            Way::Email(key) => {
                let entry = slot.value().and_then(Value::as_text).map(EmailEntry::new);
                Some((Indexed::Email(key).into(), entry.map(Theirs::Email)))
            }
            Way::Body => {
                let body = slot
                    .value()
                    .and_then(Value::as_text)
                    .map(|text| Theirs::Body(Body { kind: BodyType::Text, text: text.to_owned() }));
                Some((E::Body.into(), body))
            }
            Way::Birthday(of) => Some((of.into(), date(slot, days::write_birthday))),
            Way::Day(of) => Some((of.into(), date(slot, days::write_day))),
            Way::Choice(of, words) => Some((of.into(), Some(choice(field, words, slot)?))),
            Way::List(of) => {
                let entries = match slot.value() {
                    Some(Value::List(entries)) => entries.clone(),
                    _ => Vec::new(),
                };
                Some((of.into(), (!entries.is_empty()).then_some(Theirs::Strings(entries))))
            }
            // Below, with the times.
            Way::Series if plan.is_some() => None,
            Way::Series => match (table::series(kind), slot.value()) {
                (Some(of), Some(Value::Recurrence(value))) => {
                    if kind == ItemKind::Task {
                        limits::series_of_tasks(value)?;
                    }
                    Some((of.into(), Some(Theirs::Recurrence(series::write(value)?))))
                }
                (Some(of), _) => Some((of.into(), None)),
                (None, _) => None,
            },
            // What goes together is written together, below; guests never are.
            Way::Percent(_)
            | Way::Flag(_)
            | Way::Number(_)
            | Way::Instant(_)
            | Way::Times(_)
            | Way::Guests
            | Way::Absent(_) => None,
        };
        out.extend(setting);
    }
    if kind == ItemKind::Appointment {
        // A series needs its zone, also where a single appointment becomes one (notes.md §1.7); and where its pattern stays, setting
        // the time would cost it its exceptions.
        if plan.map_or_else(|| span::concerns(content), |plan| plan.series.is_some()) {
            out.extend(times::write(content, before, mailbox)?);
        }
        if let Some(Plan { series: Some(series), .. }) = plan {
            out.push((
                E::CalendarRecurrence.into(),
                Some(Theirs::Recurrence(series::write(series)?)),
            ));
        }
        if plan.is_some_and(|plan| !plan.steps.is_empty()) {
            let was = before.slot(Field::Recurrence);
            let mark = Mark::new(was, content.slot(Field::Recurrence).or(was));
            out.push((table::UNFINISHED.into(), Some(Theirs::Text(mark.text()))));
        }
    }
    if kind == ItemKind::Task {
        limits::task(content, before)?;
    }
    out.extend(progress(content, before)?);
    out.extend(reminder(content, before));
    Ok(out)
}

fn text(slot: &Slot) -> Option<Theirs> {
    slot.value().and_then(Value::as_text).map(Theirs::from)
}

fn date(slot: &Slot, write: impl FnOnce(jiff::civil::Date) -> DateTime) -> Option<Theirs> {
    match slot.value() {
        Some(Value::Date(date)) => Some(Theirs::DateTime(write(*date))),
        _ => None,
    }
}

/// Exchange knows no blank for these: a blank is its first word (`Normal`, `Busy`).
fn choice(field: Field, words: &[(&str, &str)], slot: &Slot) -> Result<Theirs, Unfit> {
    let ours = slot.value().and_then(Value::as_text);
    let found = match ours {
        None => words.first(),
        Some(ours) => words.iter().find(|(word, _)| *word == ours),
    };
    match found {
        Some((_, theirs)) => Ok(Theirs::from(*theirs)),
        None => Err(Unfit(format!("field `{field}` holds a word that Outlook does not have"))),
    }
}

/// Writes status, percent and completion date of a task so that the server's own rules agree with them: completed is a
/// hundred percent, a hundred percent is completed, and only what is completed has a date (notes.md §2.3).
fn progress(content: &Content, before: &Content) -> Result<Vec<Setting>, Unfit> {
    let mut out = Vec::new();
    let done = || content.slot(Field::Completed).and_then(|slot| date(slot, days::write_day));
    let done = || done().map(|done| (E::CompleteDate.into(), Some(done)));
    let Some(status) = content.slot(Field::Status) else {
        // A task that was and stays completed, on another day.
        if before.text(Field::Status) == Some("completed") {
            out.extend(done());
            return Ok(out);
        }
        if let Some(percent) = percent(content) {
            out.push((E::PercentComplete.into(), Some(Theirs::Double(percent))));
        }
        return Ok(out);
    };
    if let Way::Choice(of, words) = way(Field::Status) {
        out.push((of.into(), Some(choice(Field::Status, words, status)?)));
    }
    if status.value().and_then(Value::as_text) == Some("completed") {
        out.push((E::PercentComplete.into(), Some(Theirs::Double(100.0))));
        // Without a date of ours the server takes today.
        out.extend(done());
    } else if let Some(percent) = percent(content).filter(|percent| *percent < 100.0) {
        out.push((E::PercentComplete.into(), Some(Theirs::Double(percent))));
    }
    Ok(out)
}

fn percent(content: &Content) -> Option<f64> {
    match content.slot(Field::Percent)? {
        Slot::Value(Value::Number(percent)) => {
            u8::try_from(*percent).ok().filter(|percent| *percent <= 100).map(f64::from)
        }
        Slot::Value(_) => None,
        Slot::Blank => Some(0.0),
    }
}

/// A reminder that is off has no time; one that is on is written with its time.
fn reminder(content: &Content, before: &Content) -> Vec<Setting> {
    let switched = content.slot(Field::ReminderOn);
    let on = content.is_set(Field::ReminderOn)
        || (switched.is_none() && before.is_set(Field::ReminderOn));
    let mut out: Vec<Setting> = Vec::new();
    if on {
        match content.value(Field::ReminderMinutes) {
            Some(Value::Number(minutes)) => {
                out.push((E::ReminderMinutesBeforeStart.into(), Some(Theirs::Integer(*minutes))));
            }
            _ if switched.is_some() && content.slot(Field::ReminderMinutes).is_some() => {
                out.push((E::ReminderMinutesBeforeStart.into(), Some(Theirs::Integer(0))));
            }
            _ => {}
        }
        if let Some(Value::Instant(at)) = content.value(Field::ReminderAt) {
            out.push((E::ReminderDueBy.into(), Some(Theirs::DateTime(DateTime::utc(*at)))));
        }
    }
    if switched.is_some() {
        out.push((E::ReminderIsSet.into(), Some(Theirs::Bool(on))));
    }
    out
}
