//! Pure: changed occurrences of a series as the embedded messages that Outlook keeps of them (MS-OXOCAL 2.2.10).

use jiff::tz::TimeZone;

use super::times;
use crate::mapi::recurrence::{AppointmentRecurrence, Minutes, OccurrenceChange};
use crate::mapi::{FileTime, Properties, Value as V, named as n, property as p};
use crate::pst::messaging::write::Occurrence;

/// Makes the embedded messages of changed occurrences of a series lived in `zone`, whose definition is `definition`.
pub(super) fn of(
    series: &AppointmentRecurrence,
    changes: &[OccurrenceChange],
    zone: &TimeZone,
    definition: Option<&V>,
) -> Vec<Occurrence> {
    let length = series.ends.saturating_sub(series.starts);
    changes.iter().filter_map(|change| one(change, length, zone, definition)).collect()
}

/// Puts what is new of an occurrence over what its message holds now, so that a text or a reminder of its own survives (rule D11).
pub(super) fn over(mut was: Properties, occurrence: &mut Occurrence) {
    // These are told by the series; one that is as in the series is not told.
    was.remove(p::SUBJECT);
    was.remove(n::LOCATION);
    for (key, value) in std::mem::take(&mut occurrence.properties) {
        was.set(key, value);
    }
    occurrence.properties = was;
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
    Some(Occurrence {
        original_start: local(change.original_start),
        start: local(change.start),
        end: local(change.end),
        properties,
    })
}
