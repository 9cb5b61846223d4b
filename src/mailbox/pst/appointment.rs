//! Pure: what Outlook keeps in step on an appointment: its times in all their forms, its series, its reminder.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::read;
use super::series::{self, Course, Known};
use super::times::{self, Reckoned, Setting};
use super::write::{Desk, Unfit};
use crate::mailbox::limits;
use crate::mailbox::span::{self, Span};
use crate::mapi::entry::global_object_id;
use crate::mapi::recurrence::{AppointmentRecurrence, OccurrenceChange};
use crate::mapi::{FileTime, Properties, Value as V, named as n, property as p};
use crate::model::recurrence::{Pattern, Range};
use crate::model::{Content, Field, Recurrence, Slot, Value};

/// `PidTagIconIndex` of an appointment; that of a series is the next one (MS-OXOCAL 2.2.1.49).
const ICON: i32 = 0x400;
/// The same of a meeting.
const ICON_OF_MEETING: i32 = 0x402;
/// The bit of `PidLidAppointmentStateFlags` that a meeting has.
const IS_MEETING: i32 = 1;
/// `PidLidSideEffects` of an appointment.
const SIDE_EFFECTS: i32 = 0x171;
/// `PidLidReminderDelta` of an appointment without a reminder, which has it all the same (MS-OXORMDR 2.2.1.3): Outlook's default.
const USUAL_MINUTES: i32 = 15;
/// `PidLidReminderDelta` of a reminder that is to come so long before as is usual: as long as Outlook's default.
const AS_USUAL: i32 = 0x5AE9_80E1;
/// What `PidLidClipEnd` holds for a series without end: 4500-08-31 23:59 (MS-OXOCAL 2.2.1.15).
const NEVER: FileTime = FileTime(915_045_983_400_000_000);

/// Returns what a new appointment has besides its fields.
pub(super) fn fresh(desk: &Desk<'_>) -> Vec<Setting> {
    let created = FileTime::from_1970(desk.now.as_second(), 0).unwrap_or(FileTime(0));
    let id = global_object_id(created, desk.random).to_vec();
    vec![
        (p::ICON_INDEX.into(), Some(V::Integer32(ICON))),
        (n::SIDE_EFFECTS.into(), Some(V::Integer32(SIDE_EFFECTS))),
        (n::GLOBAL_OBJECT_ID.into(), Some(V::Binary(id.clone()))),
        (n::CLEAN_GLOBAL_OBJECT_ID.into(), Some(V::Binary(id))),
        (n::BUSY_STATUS.into(), Some(V::Integer32(2))),
        (n::STATE_FLAGS.into(), Some(V::Integer32(0))),
        (n::RESPONSE_STATUS.into(), Some(V::Integer32(0))),
        (n::INTENDED_BUSY_STATUS.into(), Some(V::Integer32(-1))),
        (n::LOCATION.into(), Some(V::from(""))),
        (n::RECURRING.into(), Some(V::Boolean(false))),
        (n::IS_RECURRING.into(), Some(V::Boolean(false))),
        (n::RECURRENCE_TYPE.into(), Some(V::Integer32(0))),
        (n::INVITED.into(), Some(V::Boolean(false))),
        (n::REMINDER_SET.into(), Some(V::Boolean(false))),
        (n::REMINDER_MINUTES.into(), Some(V::Integer32(USUAL_MINUTES))),
    ]
}

/// Writes times, series and reminder, as far as a change touches them.
pub(super) fn times(
    content: &Content,
    before: &Content,
    was: &Properties,
    desk: &Desk<'_>,
) -> Result<Vec<Setting>, Unfit> {
    let moved = span::concerns(content);
    let series_changed = content.slot(Field::Recurrence).is_some();
    let reminds = [Field::ReminderOn, Field::ReminderMinutes];
    let reminder_changed = reminds.iter().any(|field| content.slot(*field).is_some());
    if !moved && !series_changed && !reminder_changed {
        return Ok(Vec::new());
    }
    let mut out = Vec::new();
    let span = Span::of(content, before, desk.mailbox)?;
    limits::year(span.zone.rules.to_datetime(span.end).date())?;
    let slot = content.slot(Field::Recurrence).or_else(|| before.slot(Field::Recurrence));
    let series = match slot.and_then(Slot::value) {
        Some(Value::Recurrence(series)) => Some(series.as_ref()),
        _ => None,
    };
    // A change of the times alone must not lose a series that the model cannot hold (rule D10).
    let recurred = was.value(n::APPOINTMENT_RECURRENCE).is_some();
    let held = series.is_some() || recurred;
    if moved && held && slot.is_none() {
        return Err(
            "the series of this appointment cannot be read, so its times cannot be moved".into()
        );
    }
    let span = match series {
        Some(series) if moved || series_changed => begun(span, series)?,
        _ => span,
    };
    let known = series::stored(was, desk.code_page);
    let blob = if moved || series_changed {
        let keeps_zones = Span::keeps_zones(content, before);
        let (blob, reckoned) = match series {
            Some(series) => {
                let known = known.as_ref().map(|series| as_it_is(series, was));
                let blob = series::write(series, &course(&span), known)?;
                (Some(blob), Reckoned::series(&span, desk.now))
            }
            None => (None, Reckoned::once(&span)),
        };
        let recurs = (recurred, series.is_some());
        out.extend(times::write(&span, &reckoned, was, recurs, keeps_zones));
        out.extend(pattern(series.zip(blob.as_ref()), &reckoned, recurred)?);
        out.extend(kind(was, recurs));
        if blob != known || recurred && blob.is_none() {
            // It described the series as it was, and need not be there.
            out.push((n::RECURRENCE_TEXT.into(), None));
        }
        blob
    } else {
        known
    };
    let changes = blob.as_ref().map(|blob| &blob.changes[..]).unwrap_or_default();
    let series = series.map(|series| Lived { series, changes });
    // When the next occurrence of a series is that cannot be read, only the item says.
    let next = if held && slot.is_none() {
        was.value(n::REMINDER_TIME).and_then(V::as_time).and_then(times::instant)
    } else {
        None
    };
    let start = next.unwrap_or(span.start);
    out.extend(reminder(content, before, was, &Span { start, ..span }, series, desk.now));
    Ok(out)
}

/// Returns how many minutes before the start a reminder comes.
pub(super) fn minutes(delta: i32) -> i32 {
    if delta == AS_USUAL { USUAL_MINUTES } else { delta }
}

/// A series starts with its first occurrence (MS-OXOCAL 2.2.1.5), also where it is told from a day before it on, as Exchange has it as
/// well. A start from which on the series would be another contradicts the pattern, and which of the two is meant nobody can tell.
fn begun(span: Span, series: &Recurrence) -> Result<Span, Unfit> {
    let wall = |at| span.zone.rules.to_datetime(at);
    let day = wall(span.start).date();
    let first = match series.dates().next() {
        Some(first) if first != day => first,
        _ => return Ok(span),
    };
    let range = match series.range {
        Range::Forever { .. } => Range::Forever { start: day },
        Range::Until { end, .. } => Range::Until { start: day, end },
        Range::Count { count, .. } => Range::Count { start: day, count },
    };
    let told = Recurrence { pattern: series.pattern.clone(), range, exceptions: Vec::new() };
    if told.dates().next() != Some(first) {
        return Err("the series does not begin on the day on which the appointment starts".into());
    }
    let later = first - day;
    let moved = |at| {
        let local = wall(at).checked_add(later).ok()?;
        span.zone.rules.to_ambiguous_timestamp(local).compatible().ok()
    };
    match (moved(span.start), moved(span.end)) {
        (Some(start), Some(end)) => Ok(Span { start, end, ..span }),
        _ => Err("the series begins beyond the calendar".into()),
    }
}

/// Returns what an item says of its series now.
fn as_it_is<'a>(series: &'a AppointmentRecurrence, item: &'a Properties) -> Known<'a> {
    let text = |value: Option<&'a V>| value.and_then(V::as_text).unwrap_or_default();
    Known {
        series,
        subject: read::subject(text(item.value(p::SUBJECT))),
        place: text(item.value(n::LOCATION)),
        all_day: item.value(n::ALL_DAY).and_then(V::as_bool).unwrap_or(false),
    }
}

/// Returns when the occurrences of a series are that has these times.
pub(super) fn course(span: &Span) -> Course {
    let wall = |at: Timestamp| span.zone.rules.to_datetime(at);
    let (start, end) = (wall(span.start), wall(span.end));
    // By the clocks on the wall: an occurrence over a change of them keeps its times of day.
    let minutes = (end.duration_since(start)).as_mins();
    Course {
        starts: start.time(),
        minutes: u32::try_from(minutes).unwrap_or(0),
        all_day: span.all_day,
        zone: span.zone.rules.clone(),
    }
}

/// Tells an appointment from a series, where it becomes the other.
fn kind(was: &Properties, (recurred, recurs): (bool, bool)) -> Vec<Setting> {
    if recurred == recurs {
        return Vec::new();
    }
    let flags = was.value(n::STATE_FLAGS).and_then(V::as_i32).unwrap_or(0);
    let icon = if flags & IS_MEETING == 0 { ICON } else { ICON_OF_MEETING };
    vec![
        (n::RECURRING.into(), Some(V::Boolean(recurs))),
        (n::IS_RECURRING.into(), Some(V::Boolean(recurs))),
        (p::ICON_INDEX.into(), Some(V::Integer32(icon + i32::from(recurs)))),
    ]
}

fn pattern(
    series: Option<(&Recurrence, &AppointmentRecurrence)>,
    reckoned: &Reckoned,
    recurred: bool,
) -> Result<Vec<Setting>, Unfit> {
    let Some((series, blob)) = series else {
        let mut out = vec![
            (n::CLIP_START.into(), times::file_time(reckoned.start)),
            (n::CLIP_END.into(), times::file_time(reckoned.end)),
        ];
        if recurred {
            out.push((n::APPOINTMENT_RECURRENCE.into(), None));
            out.push((n::RECURRENCE_TYPE.into(), Some(V::Integer32(0))));
        }
        return Ok(out);
    };
    let midnight = |date| span::midnight(date, &reckoned.rules).and_then(times::file_time);
    let first = midnight(blob.pattern.start.to_datetime().date());
    let last = match series.range {
        Range::Forever { .. } => Some(V::Time(NEVER)),
        Range::Until { .. } | Range::Count { .. } => midnight(
            series.dates().last().unwrap_or_else(|| blob.pattern.last.to_datetime().date()),
        ),
    };
    let kind = match series.pattern {
        Pattern::Daily { .. } => 1,
        Pattern::Weekly { .. } => 2,
        Pattern::MonthlyOnDay { .. } | Pattern::MonthlyOnWeekday { .. } => 3,
        Pattern::YearlyOnDay { .. } | Pattern::YearlyOnWeekday { .. } => 4,
        Pattern::Regenerating { .. } => {
            return Err("appointments do not regenerate in Outlook".into());
        }
    };
    Ok(vec![
        (n::APPOINTMENT_RECURRENCE.into(), Some(V::Binary(blob.to_bytes()))),
        (n::RECURRENCE_TYPE.into(), Some(V::Integer32(kind))),
        (n::CLIP_START.into(), first),
        (n::CLIP_END.into(), last),
    ])
}

/// A series with what its item says of its changed occurrences.
#[derive(Clone, Copy)]
struct Lived<'a> {
    series: &'a Recurrence,
    changes: &'a [OccurrenceChange],
}

/// A reminder counts from the start; that of a series from its next occurrence.
fn reminder(
    content: &Content,
    before: &Content,
    was: &Properties,
    span: &Span,
    series: Option<Lived<'_>>,
    now: Timestamp,
) -> Vec<Setting> {
    let slot = |field| content.slot(field).or_else(|| before.slot(field));
    let on = slot(Field::ReminderOn).and_then(Slot::value).and_then(Value::as_flag);
    let on = on.unwrap_or(false);
    let told = match slot(Field::ReminderMinutes).map(Slot::value) {
        Some(Some(Value::Number(minutes))) => i32::try_from(*minutes).ok(),
        // What the model has no number for stays.
        None if was.value(n::REMINDER_MINUTES).is_some() => None,
        _ => on.then_some(0),
    };
    let is = was.value(n::REMINDER_MINUTES).and_then(V::as_i32).map(minutes);
    let minutes = told.or(is).unwrap_or(0);
    let mut out: Vec<Setting> = vec![(n::REMINDER_SET.into(), Some(V::Boolean(on)))];
    if told.is_some() {
        out.push((n::REMINDER_MINUTES.into(), Some(V::Integer32(minutes))));
    }
    let usual = Signal::of(span.start, minutes.into());
    let next = series.and_then(|series| series.next(span, minutes.into(), now));
    let Signal { at: signal, start } = next.unwrap_or(usual);
    out.push((n::REMINDER_TIME.into(), times::file_time(start)));
    out.push((n::REMINDER_SIGNAL_TIME.into(), times::file_time(signal)));
    out
}

/// When a reminder comes, and of what start it reminds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Signal {
    at: Timestamp,
    start: Timestamp,
}

impl Signal {
    fn of(start: Timestamp, minutes: i64) -> Self {
        Self { at: start.checked_sub(minutes.minutes()).unwrap_or(start), start }
    }
}

impl Lived<'_> {
    /// Returns the next reminder of the series that has not passed. There is one for the whole series, and Outlook reckons the one
    /// after it only when it is dismissed (MS-OXORMDR 2.2.1.2), so it is that of a moved occurrence where that comes first.
    fn next(self, span: &Span, minutes: i64, now: Timestamp) -> Option<Signal> {
        let zone: &TimeZone = &span.zone.rules;
        let instant = |local| zone.to_ambiguous_timestamp(local).compatible().ok();
        let time = zone.to_datetime(span.start).time();
        let changed = self.changes.iter().map(|change| change.original_start.to_datetime().date());
        let exceptions = self.series.exceptions.iter().map(|exception| exception.original);
        let gone: Vec<Date> = exceptions.chain(changed).collect();
        let today = zone.to_datetime(now).date();
        let by_pattern = self
            .series
            .dates()
            .skip_while(|date| *date < today)
            .filter(|date| !gone.contains(date))
            .filter_map(|date| Some(Signal::of(instant(date.to_datetime(time))?, minutes)))
            .find(|signal| signal.at >= now);
        let of_its_own = self
            .changes
            .iter()
            .filter(|change| change.reminder != Some(0))
            .filter_map(|change| {
                let own = change.reminder_minutes.map(u32::cast_signed).map(self::minutes);
                let own = own.map_or(minutes, i64::from);
                Some(Signal::of(instant(change.start.to_datetime())?, own))
            })
            .filter(|signal| signal.at >= now);
        by_pattern.into_iter().chain(of_its_own).min()
    }
}
