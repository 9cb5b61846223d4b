//! Pure: changed occurrences of a series as the embedded messages that Outlook keeps of them (MS-OXOCAL 2.2.10).

use jiff::tz::TimeZone;

use super::times;
use crate::mapi::recurrence::{AppointmentRecurrence, Minutes, OccurrenceChange};
use crate::mapi::{FileTime, Properties, PropertyKey, Value as V, named as n, property as p};
use crate::pst::messaging::write::Occurrence;

/// Makes the embedded messages of changed occurrences of a series lived in `zone`, whose definition is `definition`. `old` are the
/// changed occurrences that it has had.
pub(super) fn of(
    series: &AppointmentRecurrence,
    (changes, old): (&[OccurrenceChange], &[OccurrenceChange]),
    zone: &TimeZone,
    definition: Option<&V>,
) -> Vec<Occurrence> {
    let length = series.ends.saturating_sub(series.starts);
    let made = |change: &OccurrenceChange| {
        let mut made = one(change, length, zone, definition)?;
        made_of(old, change, &mut made);
        Some(made)
    };
    changes.iter().filter_map(made).collect()
}

/// Says which of the changes from before an occurrence is made of: its message stays, with a text, a reminder or attachments of its
/// own (rule D11). A series that moves to another hour takes its occurrences along, day by day.
fn made_of(old: &[OccurrenceChange], change: &OccurrenceChange, made: &mut Occurrence) {
    const DAY: u32 = 24 * 60;
    let exact = old.iter().find(|old| old.original_start == change.original_start);
    let day = |change: &OccurrenceChange| change.original_start.0 / DAY;
    let Some(old) = exact.or_else(|| old.iter().find(|old| day(old) == day(change))) else {
        return;
    };
    made.held = Some(local(old.original_start));
    // What is as in the series is not told.
    for (key, told, is_told) in [
        (PropertyKey::from(p::SUBJECT), true, change.subject.is_some()),
        (n::LOCATION.into(), true, change.place.is_some()),
        (n::ALL_DAY.into(), old.all_day.is_some(), change.all_day.is_some()),
        (n::BUSY_STATUS.into(), old.busy.is_some(), change.busy.is_some()),
    ] {
        if told && !is_told {
            made.remove.push(key);
        }
    }
}

/// Returns a time of a series as attachments tell it: local as if it were UTC.
pub(super) fn local(minutes: Minutes) -> FileTime {
    FileTime(u64::from(minutes.0) * 600_000_000)
}

fn one(
    change: &OccurrenceChange,
    length: u32,
    zone: &TimeZone,
    definition: Option<&V>,
) -> Option<Occurrence> {
    let utc = |minutes: Minutes| {
        let at = zone.to_ambiguous_timestamp(minutes.to_datetime()).compatible().ok()?;
        times::file_time(at)
    };
    let planned_end = Minutes(change.original_start.0.checked_add(length)?);
    let (start, end) = (utc(change.start)?, utc(change.end)?);
    let mut properties = Properties::new();
    for (of, value) in [
        (n::APPOINTMENT_START, start.clone()),
        (n::APPOINTMENT_END, end.clone()),
        (n::COMMON_START, start.clone()),
        (n::COMMON_END, end.clone()),
        (n::CLIP_START, start.clone()),
        (n::CLIP_END, end),
        (n::REMINDER_TIME, start),
        (n::EXCEPTION_REPLACES, utc(change.original_start)?),
        (n::EXCEPTION, V::Boolean(true)),
    ] {
        properties.set(of, value);
    }
    properties.set(p::START_DATE, utc(change.original_start)?);
    properties.set(p::END_DATE, utc(planned_end)?);
    if let Some(definition) = definition {
        properties.set(n::START_ZONE, definition.clone());
        properties.set(n::END_ZONE, definition.clone());
    }
    if let Some(subject) = &change.subject {
        properties.set(p::SUBJECT, V::String(subject.clone()));
    }
    if let Some(place) = &change.place {
        properties.set(n::LOCATION, V::String(place.clone()));
    }
    if let Some(all_day) = change.all_day {
        properties.set(n::ALL_DAY, V::Boolean(all_day != 0));
    }
    if let Some(busy) = change.busy.and_then(|busy| i32::try_from(busy).ok()) {
        properties.set(n::BUSY_STATUS, V::Integer32(busy));
    }
    let (original, start, end) = (change.original_start, change.start, change.end);
    Some(Occurrence::new(local(original), local(start), local(end), properties))
}
