//! Pure: the occurrences of a series that differ from it, as Exchange has them and as the model does.
//!
//! A master names its changed occurrences by id, original start and present times, and its deleted ones by their original start
//! alone. Both lists are read-only; each occurrence is changed or deleted by an id of its own (notes.md §2.2).

use std::collections::{BTreeMap, HashMap};

use jiff::civil::{Date, DateTime as Wall};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::ews::draft::FieldChange;
use crate::ews::item::Properties;
use crate::ews::{self, DateTime, Field as E, Property, Value as Theirs};
use crate::mailbox::exchange::{guests, times};
use crate::mailbox::zones::Zone;
use crate::mailbox::{limits, span};
use crate::model::canonical::line;
use crate::model::recurrence::{Exception, ExceptionChange, Moment, Pattern, Range};
use crate::model::{Block, Content, Field, ItemId, Recurrence, Slot, Value};

/// What is asked for of a changed occurrence. One alone may have guests that its series has not (rule D8).
pub(super) const WANTED: [E; 12] = [
    E::Subject,
    E::Location,
    E::Start,
    E::End,
    E::IsAllDayEvent,
    E::StartTimeZone,
    E::EndTimeZone,
    E::OriginalStart,
    E::Organizer,
    E::RequiredAttendees,
    E::OptionalAttendees,
    E::Resources,
];

/// Changed occurrences that were fetched, by their ids.
pub(super) type Fetched = HashMap<ItemId, ews::Item>;

/// Returns the ids of the changed occurrences of a series, which are items of their own.
pub(super) fn changed(properties: &Properties) -> impl Iterator<Item = ItemId> + '_ {
    let list = match properties.value(E::ModifiedOccurrences) {
        Some(Theirs::Occurrences(list)) => list.as_slice(),
        _ => &[],
    };
    list.iter().map(|occurrence| occurrence.id.as_str().into())
}

/// Says whether somebody is invited to a single occurrence. One that was not read, and a list that cannot be, may have guests.
pub(super) fn have_guests(properties: &Properties, fetched: &Fetched) -> bool {
    let unreadable =
        !matches!(properties.value(E::ModifiedOccurrences), None | Some(Theirs::Occurrences(_)));
    let invited = |id| fetched.get(&id).is_none_or(|one| guests::are_invited(&one.properties));
    unreadable || changed(properties).any(invited)
}

/// Reads the exceptions of a series whose times are in `content`, lived in `zone`. `None` where one of them cannot be read: then
/// nobody knows what the series is (rule D10).
pub(super) fn read(
    properties: &Properties,
    content: &Content,
    (series, zone): (&Recurrence, &TimeZone),
    (fetched, mailbox): (&Fetched, &Zone),
) -> Option<Vec<Exception>> {
    let course = Course::of(content, zone)?;
    let mut found = BTreeMap::new();
    match properties.value(E::DeletedOccurrences) {
        None => {}
        Some(Theirs::DeletedOccurrences(starts)) => {
            for start in starts {
                found.insert(course.day(*start)?, ExceptionChange::Deleted);
            }
        }
        Some(_) => return None,
    }
    match properties.value(E::ModifiedOccurrences) {
        None => {}
        Some(Theirs::Occurrences(list)) => {
            for occurrence in list {
                let original = course.day(occurrence.original_start)?;
                let item = &fetched.get(&ItemId::new(occurrence.id.as_str()))?.properties;
                if let Some(change) = change(item, content, &course, original, mailbox)? {
                    found.insert(original, change);
                }
            }
        }
        Some(_) => return None,
    }
    // What a server lists beside the pattern, as after a change of it, makes no difference to any occurrence.
    if let Some((last, _)) = found.last_key_value() {
        let dates: Vec<Date> = series.dates().take_while(|date| date <= last).collect();
        found.retain(|date, _| dates.binary_search(date).is_ok());
    }
    Some(found.into_iter().map(|(original, change)| Exception { original, change }).collect())
}

/// Reads one changed occurrence. The outer `None`: it does not read; the inner: it differs in nothing that the model knows.
#[expect(clippy::option_option, reason = "outer: readable; inner: different")]
fn change(
    item: &Properties,
    master: &Content,
    course: &Course,
    original: Date,
    mailbox: &Zone,
) -> Option<Option<ExceptionChange>> {
    let mut own = Content::new();
    times::read(item, mailbox, &mut own)?;
    let (start, end) = (moment(own.value(Field::Start)?)?, moment(own.value(Field::End)?)?);
    let text = |of: E| item.value(of).and_then(Theirs::as_text).unwrap_or_default();
    let different = |of: E, field: Field| {
        let (own, all) = (line(text(of)), line(master.text(field).unwrap_or_default()));
        (own != all).then(|| text(of).to_owned())
    };
    let subject = different(E::Subject, Field::Subject);
    let place = different(E::Location, Field::Place);
    let as_planned = course.span(original) == Some((start, end));
    Some(
        (!as_planned || subject.is_some() || place.is_some()).then_some(ExceptionChange::Changed {
            start,
            end,
            subject,
            place,
        }),
    )
}

/// Says whether an occurrence differs from its series in something, known to the model or not.
pub(super) fn is_exception(item: &Properties) -> bool {
    item.value(E::CalendarItemType).and_then(Theirs::as_text) == Some("Exception")
}

/// Says whether an occurrence still is what a step takes it for; with guests it is not, since the plan knew of none (rule D8).
/// `series` is what its series holds by now.
pub(super) fn is_as_it_was(
    item: &Properties,
    step: &Step,
    series: &Content,
    mailbox: &Zone,
) -> bool {
    if guests::are_invited(item) {
        return false;
    }
    if !is_exception(item) {
        return step.was.is_none();
    }
    let zone = times::zone_of(series, mailbox);
    let course = Course::of(series, &zone.rules);
    course.and_then(|course| change(item, series, &course, step.original, mailbox))
        == Some(step.was.clone())
}

/// Says whether a change touches a series, so that its exceptions have to be thought of.
pub(super) fn concerns(content: &Content, before: &Content) -> bool {
    content.slot(Field::Recurrence).is_some()
        || (recurrence(before).is_some()
            && content.iter().any(|(field, _)| field.block() == Block::Time))
}

/// What has to be written of a series.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// The series to set with its times, which takes every exception off it; `None` leaves pattern and times as they are.
    pub(super) series: Option<Recurrence>,
    /// What is done to single occurrences afterwards.
    pub(super) steps: Vec<Step>,
}

/// A change of one occurrence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// On which day the pattern puts it.
    pub(super) original: Date,
    /// When the pattern has it begin.
    pub(super) start: Timestamp,
    /// Its place among all occurrences, deleted ones included, from one.
    pub(super) position: u32,
    /// Its place among those that are not deleted when the step comes, from one: grommunio 3.10 counts these.
    pub(super) standing: u32,
    /// What to set and clear; `None` deletes it.
    pub(super) changes: Option<Vec<FieldChange>>,
    /// How it differs from the series until then; `None`: in nothing.
    pub(super) was: Option<ExceptionChange>,
}

/// Says what becomes of the exceptions of an appointment with a change. `None` where the change does not touch the series.
///
/// Exchange drops all exceptions when the pattern or the time of a series changes, and cannot bring a deleted occurrence back, so
/// in these cases the series is set anew and every exception after it. Otherwise only the occurrences that differ are touched, so
/// that what the others hold beside our fields survives (rule D11). `afresh` asks for the first in any case.
pub(super) fn plan(
    content: &Content,
    before: &Content,
    afresh: bool,
    mailbox: &Zone,
) -> Result<Option<Plan>, &'static str> {
    let was = recurrence(before);
    let slot = content.slot(Field::Recurrence).or_else(|| before.slot(Field::Recurrence));
    let Some(Slot::Value(Value::Recurrence(now))) = slot else { return Ok(None) };
    let is_set = content.slot(Field::Recurrence).is_some();
    let moved = content
        .iter()
        .any(|(field, slot)| field.block() == Block::Time && before.slot(field) != Some(slot));
    if !is_set && (!moved || now.exceptions.is_empty()) {
        return Ok(None);
    }
    let wanted = by_day(now);
    let kept = was.filter(|was| !afresh && !moved && same_course(was, now)).map(by_day);
    let is_back = |kept: &BTreeMap<Date, &ExceptionChange>| {
        kept.iter().any(|(day, was)| {
            **was == ExceptionChange::Deleted
                && wanted.get(day).is_none_or(|now| **now != ExceptionChange::Deleted)
        })
    };
    let kept = kept.filter(|kept| !is_back(kept));
    let mut steps = Vec::new();
    let empty = BTreeMap::new();
    let had = kept.as_ref().unwrap_or(&empty);
    let days: std::collections::BTreeSet<Date> = wanted.keys().chain(had.keys()).copied().collect();
    let Some(last) = days.last() else {
        return Ok(Some(Plan { series: kept.is_none().then(|| bare(now)), steps }));
    };
    let mut after = before.clone();
    for (field, slot) in content.iter() {
        after.put(field, slot.clone());
    }
    let zone = times::zone_of(&after, mailbox);
    let course = Course::of(&after, &zone.rules).ok_or("a series needs a start and an end")?;
    let dates: Vec<Date> = now.dates().take_while(|date| date <= last).collect();
    let mut gone = 0;
    for day in &days {
        let (was, now) = (had.get(day).copied(), wanted.get(day).copied());
        let Ok(index) = dates.binary_search(day) else {
            return Err("an exception of the series is on a day on which nothing falls");
        };
        let deleted = |change: Option<&ExceptionChange>| change == Some(&ExceptionChange::Deleted);
        if was != now {
            let changes = match now {
                Some(ExceptionChange::Deleted) => None,
                now => Some(course.write(*day, (was, now), &after, mailbox)?),
            };
            let position = u32::try_from(index + 1).unwrap_or(u32::MAX);
            let start = course.start(*day, mailbox).ok_or(OUTSIDE)?;
            let standing = position.saturating_sub(gone);
            let was = was.cloned();
            steps.push(Step { original: *day, start, position, standing, changes, was });
        }
        gone += u32::from(deleted(was));
    }
    Ok(Some(Plan { series: kept.is_none().then(|| bare(now)), steps }))
}

fn recurrence(content: &Content) -> Option<&Recurrence> {
    match content.value(Field::Recurrence)? {
        Value::Recurrence(series) => Some(series),
        _ => None,
    }
}

fn bare(series: &Recurrence) -> Recurrence {
    Recurrence { exceptions: Vec::new(), ..series.clone() }
}

fn by_day(series: &Recurrence) -> BTreeMap<Date, &ExceptionChange> {
    series.exceptions.iter().map(|exception| (exception.original, &exception.change)).collect()
}

/// Says whether two series fall on the same days: the day that a week begins with matters only where weeks are left out.
fn same_course(one: &Recurrence, other: &Recurrence) -> bool {
    let plain = |series: &Recurrence| match &series.pattern {
        Pattern::Weekly { every, days, first_day } => {
            let mut days = days.clone();
            days.sort_unstable();
            days.dedup();
            let first_day =
                if *every == 1 { crate::model::recurrence::Day::Monday } else { *first_day };
            Pattern::Weekly { every: *every, days, first_day }
        }
        other => other.clone(),
    };
    let range = |series: &Recurrence| match series.range {
        // A series starts with its first occurrence, wherever its range begins.
        Range::Forever { .. } => (None, None),
        Range::Until { end, .. } => (Some(end), None),
        Range::Count { count, .. } => (None, Some(count)),
    };
    plain(one) == plain(other)
        && range(one) == range(other)
        && one.dates().next() == other.dates().next()
}

const OUTSIDE: &str = "an occurrence of the series lies outside the calendar";

/// The hours (or days) of the occurrences of a series.
struct Course<'a> {
    zone: &'a TimeZone,
    /// Start and end of the first one: by the clocks of the zone, or days.
    first: (Wall, Wall),
    all_day: bool,
}

impl<'a> Course<'a> {
    fn of(content: &Content, zone: &'a TimeZone) -> Option<Self> {
        let wall = |field| match content.value(field)? {
            Value::Date(date) => Some((date.at(0, 0, 0, 0), true)),
            Value::Instant(instant) => Some((zone.to_datetime(*instant), false)),
            _ => None,
        };
        let ((start, all_day), (end, _)) = (wall(Field::Start)?, wall(Field::End)?);
        Some(Self { zone, first: (start, end), all_day })
    }

    /// Returns the day of the occurrence that once started then. Exchange tells the instant of its original start; grommunio 3.10
    /// tells local midnight for changed occurrences, and ignores daylight saving for deleted ones.
    fn day(&self, original: DateTime) -> Option<Date> {
        let wall = match original.instant() {
            Some(instant) => self.zone.to_datetime(instant),
            None => original.wall,
        };
        let off = wall.duration_since(wall.date().to_datetime(self.first.0.time())).as_secs();
        // Off by an hour at most, round midnight as well: the occurrence that starts there.
        match off {
            82_800.. => wall.date().tomorrow().ok(),
            ..=-82_800 => wall.date().yesterday().ok(),
            _ => Some(wall.date()),
        }
    }

    /// Returns start and end as the pattern has them on a day.
    fn span(&self, day: Date) -> Option<(Moment, Moment)> {
        let (start, end) = self.first;
        let days = end.date().since(start.date()).ok()?.get_days();
        let until = day.checked_add(days.days()).ok()?;
        if self.all_day {
            return Some((Moment::Day(day), Moment::Day(until)));
        }
        let instant = |wall: Wall| self.zone.to_ambiguous_timestamp(wall).compatible().ok();
        Some((
            Moment::Instant(instant(day.to_datetime(start.time()))?),
            Moment::Instant(instant(until.to_datetime(end.time()))?),
        ))
    }

    fn start(&self, day: Date, mailbox: &Zone) -> Option<Timestamp> {
        instant(self.span(day)?.0, mailbox)
    }

    /// Returns what makes an occurrence what it is to be; `None` brings it back to what the series says. Texts that are those of
    /// the series are not set, so that they go on following it.
    fn write(
        &self,
        day: Date,
        (was, now): (Option<&ExceptionChange>, Option<&ExceptionChange>),
        series: &Content,
        mailbox: &Zone,
    ) -> Result<Vec<FieldChange>, &'static str> {
        let planned = || self.span(day).ok_or(OUTSIDE);
        let (start, end) = match now {
            Some(ExceptionChange::Changed { start, end, .. }) => (*start, *end),
            _ => planned()?,
        };
        limits::occurrence(start, end)?;
        let is_day = matches!(start, Moment::Day(_));
        let (Some(from), Some(to)) = (instant(start, mailbox), instant(end, mailbox)) else {
            return Err(OUTSIDE);
        };
        let time = |instant: Timestamp| Theirs::DateTime(DateTime::utc(instant));
        let mut changes = vec![
            FieldChange::Set(E::Start.into(), time(from)),
            FieldChange::Set(E::End.into(), time(to)),
        ];
        if is_day != self.all_day {
            changes.push(FieldChange::Set(E::IsAllDayEvent.into(), Theirs::Bool(is_day)));
        }
        for (of, field) in [(E::Subject, Field::Subject), (E::Location, Field::Place)] {
            let (was, now) = (own(was, field), own(now, field));
            let back = was.map(|_| series.text(field).unwrap_or_default());
            if let Some(text) = now.or(back) {
                changes.push(FieldChange::Set(Property::from(of), Theirs::from(text)));
            }
        }
        Ok(changes)
    }
}

/// All-day occurrences begin at the midnights of the mailbox, as all-day items do.
fn instant(moment: Moment, mailbox: &Zone) -> Option<Timestamp> {
    match moment {
        Moment::Instant(instant) => Some(instant),
        Moment::Day(day) => span::midnight(day, &mailbox.rules),
    }
}

/// The text that an occurrence has instead of that of its series.
fn own(change: Option<&ExceptionChange>, field: Field) -> Option<&str> {
    match change {
        Some(ExceptionChange::Changed { subject, place, .. }) => {
            if field == Field::Subject {
                subject.as_deref()
            } else {
                place.as_deref()
            }
        }
        _ => None,
    }
}

fn moment(value: &Value) -> Option<Moment> {
    match value {
        Value::Instant(instant) => Some(Moment::Instant(*instant)),
        Value::Date(date) => Some(Moment::Day(*date)),
        _ => None,
    }
}
