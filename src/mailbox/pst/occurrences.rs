//! Pure: changed occurrences of a series as the embedded messages that Outlook keeps of them (MS-OXOCAL 2.2.10).

use jiff::tz::TimeZone;

use super::series;
use super::times;
use super::write::Unfit;
use crate::mapi::recurrence::{AppointmentRecurrence, Minutes, OccurrenceChange};
use crate::mapi::{FileTime, Properties, PropertyKey, Value as V, named as n, property as p};
use crate::pst::Nid;
use crate::pst::messaging::write::Occurrence;

/// An attachment that holds the message of a changed occurrence, with all that the two say of which one that is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    /// The attachment.
    pub(super) attachment: Nid,
    /// When the occurrence would have started, by the attachment: UTC in MS-OXOCAL 2.2.10.1.6, local as if UTC in items of Outlook.
    pub(super) replaces: Option<FileTime>,
    /// The same by the message: UTC.
    pub(super) message_replaces: Option<FileTime>,
    /// When it starts: local as if UTC.
    pub(super) starts: Option<FileTime>,
    /// Whether the message claims a text of its own and has none: it is shown without any then, not with that of the series.
    pub(super) lacks_its_text: bool,
}

impl Held {
    fn names(&self, change: &OccurrenceChange, zone: Option<&TimeZone>) -> bool {
        let utc = zone.and_then(|zone| utc(change.original_start, zone));
        let replaces = self.replaces.is_some_and(|time| time == local(change.original_start));
        replaces || utc.is_some() && (self.replaces == utc || self.message_replaces == utc)
    }
}

/// A changed occurrence as it was before, and where its message is.
#[derive(Clone, Debug)]
pub(super) struct Before {
    pub(super) change: OccurrenceChange,
    /// The attachment that holds its message, where it has one.
    pub(super) attachment: Option<Nid>,
    /// Whether the attachment tells in UTC when the occurrence would have started.
    in_utc: bool,
    /// Whether its message claims a text of its own and has none.
    lacks_its_text: bool,
}

/// Finds the messages of the changed occurrences of a series that was lived in `zone`. Messages that belong to none of them stay
/// alone; where one might, nothing is guessed.
pub(super) fn before(
    changes: Vec<OccurrenceChange>,
    held: &[Held],
    zone: Option<&TimeZone>,
) -> Result<Vec<Before>, Unfit> {
    let alone = |change| Before { change, attachment: None, in_utc: false, lacks_its_text: false };
    let mut all: Vec<Before> = changes.into_iter().map(alone).collect();
    let mut strangers = false;
    for one in held {
        let named = all.iter().position(|before| one.names(&before.change, zone));
        let starts = || all.iter().position(|b| one.starts == Some(local(b.change.start)));
        match named.or_else(starts).and_then(|place| all.get_mut(place)) {
            Some(Before { attachment: Some(_), .. }) => {
                return Err("a changed occurrence of the series has two messages".into());
            }
            Some(before) => {
                let original = before.change.original_start;
                before.attachment = Some(one.attachment);
                before.lacks_its_text = one.lacks_its_text;
                before.in_utc = one.replaces.is_some_and(|time| time != local(original))
                    && one.replaces == zone.and_then(|zone| utc(original, zone));
            }
            None => strangers = true,
        }
    }
    if strangers && all.iter().any(|before| before.attachment.is_none()) {
        let why =
            "of a message in the series it cannot be told to which changed occurrence it belongs";
        return Err(why.into());
    }
    Ok(all)
}

/// Makes the embedded messages of changed occurrences of a series lived in `zone`, whose definition is `definition`. What is
/// made of one in `before` is taken from there.
pub(super) fn of(
    series: &AppointmentRecurrence,
    changes: &[OccurrenceChange],
    before: &mut Vec<Before>,
    zone: &TimeZone,
    definition: Option<&V>,
) -> Result<Vec<Occurrence>, Unfit> {
    let length = series.ends.saturating_sub(series.starts);
    let made = |change: &OccurrenceChange| {
        let mut made = one(change, length, zone, definition)
            .ok_or("a time in the series lies beyond what Outlook can keep")?;
        made_of(before, change, &mut made, zone);
        Ok(made)
    };
    changes.iter().map(made).collect()
}

/// Says which of the changes from before an occurrence is made of: its message stays, with a text, a reminder or attachments of its
/// own (rule D11).
fn made_of(
    before: &mut Vec<Before>,
    change: &OccurrenceChange,
    made: &mut Occurrence,
    zone: &TimeZone,
) {
    let original = change.original_start;
    let Some(place) = series::before(before, original, |before| before.change.original_start)
    else {
        return;
    };
    let Before { change: old, attachment, in_utc, lacks_its_text } = before.remove(place);
    made.held = attachment;
    if let Some(original) = utc(original, zone).filter(|_| in_utc) {
        made.original_start = original;
    }
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
    // Earlier versions of this program claimed a text for all (MS-OXOCAL 2.2.10.2.6).
    if lacks_its_text && !change.has_body {
        made.remove.push(n::EXCEPTIONAL_BODY.into());
    }
}

/// Returns a time of a series as attachments tell it: local as if it were UTC.
fn local(minutes: Minutes) -> FileTime {
    FileTime(u64::from(minutes.0) * 600_000_000)
}

fn utc(minutes: Minutes, zone: &TimeZone) -> Option<FileTime> {
    let at = zone.to_ambiguous_timestamp(minutes.to_datetime()).compatible().ok()?;
    times::file_time(at)?.as_time()
}

fn one(
    change: &OccurrenceChange,
    length: u32,
    zone: &TimeZone,
    definition: Option<&V>,
) -> Option<Occurrence> {
    let utc = |minutes: Minutes| utc(minutes, zone).map(V::Time);
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

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    use super::{Held, before, local};
    use crate::mapi::FileTime;
    use crate::mapi::recurrence::{Minutes, OccurrenceChange};
    use crate::pst::Nid;

    /// A FILETIME counts 600,000,000 units a minute.
    #[test]
    fn minutes_of_a_series_are_times_of_attachments() {
        assert_eq!(local(Minutes(2)), FileTime(1_200_000_000));
        assert_eq!(local(Minutes(0)), FileTime(0));
    }

    /// In winter Berlin is an hour ahead of UTC. MS-OXOCAL 2.2.10.1.6 has UTC, Outlook's own items have local time.
    #[test]
    fn d11_a_message_is_found_by_what_attachment_or_message_tell_and_never_guessed() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let at = |day, hour| Minutes::from_datetime(date(2027, 1, day).at(hour, 0, 0, 0)).unwrap();
        let change = |day| OccurrenceChange::moved(at(day, 10), at(day, 12), at(day, 13));
        let nothing = Held {
            attachment: Nid(1),
            replaces: None,
            message_replaces: None,
            starts: None,
            lacks_its_text: false,
        };
        let (utc, own) = (Some(local(at(12, 9))), Some(local(at(12, 10))));
        for (held, is_utc) in [
            (Held { replaces: own, ..nothing }, false),
            (Held { replaces: utc, ..nothing }, true),
            (Held { message_replaces: utc, ..nothing }, false),
            (Held { starts: Some(local(at(12, 12))), ..nothing }, false),
        ] {
            let found = before(vec![change(19), change(12)], &[held], Some(&berlin)).unwrap();
            let found: Vec<_> = found.iter().map(|one| (one.attachment, one.in_utc)).collect();
            assert_eq!(found, [(None, false), (Some(Nid(1)), is_utc)], "{held:?}");
            // A message of nobody: which it is cannot be told while one has none.
            let stranger = Held { attachment: Nid(2), ..nothing };
            assert!(
                before(vec![change(19), change(12)], &[held, stranger], Some(&berlin)).is_err()
            );
            assert!(before(vec![change(12)], &[held, stranger], Some(&berlin)).is_ok());
            assert!(before(vec![change(12)], &[held, held], Some(&berlin)).is_err());
        }
    }
}
