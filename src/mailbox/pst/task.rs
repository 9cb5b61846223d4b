//! Pure: what Outlook keeps in step on a task: status, share and completion, its series, its reminder.

use super::series;
use super::table::{Way, way};
use super::times::{self, Setting};
use super::write::{self, Desk, Unfit, choice};
use crate::mailbox::limits;
use crate::mapi::{Properties, Value as V, named as n, property as p};
use crate::model::{Content, Field, Value};

/// `PidTagIconIndex` of a task.
pub(super) const ICON: i32 = 0x500;
/// The same of a series.
const ICON_OF_SERIES: i32 = 0x501;
/// `PidLidSideEffects` of a task.
const SIDE_EFFECTS: i32 = 0x110;
/// `PidLidTaskStatus`.
pub(super) const NOT_STARTED: i32 = 0;
const IN_PROGRESS: i32 = 1;
const COMPLETE: i32 = 2;

/// Says whether a task is completed by its status.
pub(super) fn is_complete(item: &Properties) -> bool {
    item.value(n::TASK_STATUS).and_then(V::as_i32) == Some(COMPLETE)
}

/// Returns what a new task has besides its fields.
pub(super) fn fresh() -> Vec<Setting> {
    let numbers = [
        (n::SIDE_EFFECTS, SIDE_EFFECTS),
        (n::TASK_VERSION, 1),
        (n::TASK_STATE, 1),
        (n::TASK_OWNERSHIP, 0),
        (n::TASK_ACCEPTANCE, 0),
        (n::TASK_ORDINAL, i32::MAX),
        (n::TASK_MODE, 0),
        (n::TASK_STATUS, 0),
    ];
    let flags = [
        n::TASK_COMPLETE,
        n::TASK_RECURRING,
        n::TEAM_TASK,
        n::TASK_ACCEPTED,
        n::TASK_DEAD_OCCURRENCE,
        n::TASK_STATUS_ON_COMPLETE,
        n::TASK_UPDATES,
        n::TASK_NO_COMPUTE,
        n::TASK_FIX_OFFLINE,
        n::REMINDER_SET,
    ];
    let numbers = numbers.map(|(of, number)| (of.into(), Some(V::Integer32(number))));
    let flags = flags.map(|of| (of.into(), Some(V::Boolean(false))));
    let mut out: Vec<Setting> = numbers.into_iter().chain(flags).collect();
    out.push((n::PERCENT_COMPLETE.into(), Some(V::Floating64(0.0))));
    out.push((p::ICON_INDEX.into(), Some(V::Integer32(ICON))));
    out
}

/// Writes status, percent and completion date so that they agree (MS-OXOTASK 2.2.2.2.2), whichever of them a change says: completed
/// is a hundred percent, not started is none, in progress is between, and only what is completed has a date.
pub(super) fn progress(
    content: &Content,
    before: &Content,
    desk: &Desk<'_>,
) -> Result<Vec<Setting>, Unfit> {
    let Way::Choice(_, words) = way(Field::Status) else { return Ok(Vec::new()) };
    let status = content.slot(Field::Status).map(|slot| choice(Field::Status, words, slot));
    let was = match before.slot(Field::Status) {
        Some(slot) => choice(Field::Status, words, slot).ok(),
        None => before.known().is_empty().then_some(NOT_STARTED),
    };
    let told = Progress { status: status.transpose()?, share: share(content) };
    let now = told.settled(&Progress { status: was, share: share(before) });
    let mut out: Vec<Setting> = Vec::new();
    if let Some(status) = now.status {
        out.push((n::TASK_STATUS.into(), Some(V::Integer32(status))));
        out.push((n::TASK_COMPLETE.into(), Some(V::Boolean(status == COMPLETE))));
    }
    if let Some(share) = now.share {
        out.push((n::PERCENT_COMPLETE.into(), Some(V::Floating64(f64::from(share) / 100.0))));
    }
    // A task that was and stays completed may be so since another day.
    if now.status.or(was) == Some(COMPLETE) {
        let day = match (content.value(Field::Completed), before.value(Field::Completed)) {
            (Some(Value::Date(date)), _) => Some(*date),
            (_, Some(_)) if was == Some(COMPLETE) => None,
            _ => now.status.map(|_| desk.mailbox.rules.to_datetime(desk.now).date()),
        };
        out.extend(day.map(|day| {
            let midnight = crate::mailbox::span::midnight(day, &desk.mailbox.rules);
            (n::TASK_COMPLETED_ON.into(), midnight.and_then(times::file_time))
        }));
    } else if now.status.is_some() {
        out.push((n::TASK_COMPLETED_ON.into(), None));
    }
    Ok(out)
}

/// How far a task is, as far as that is known.
struct Progress {
    /// `PidLidTaskStatus`.
    status: Option<i32>,
    /// Percent.
    share: Option<u8>,
}

impl Progress {
    /// Returns what a change makes of a task: the status decides where it is told, else the share. What is `None` stays.
    fn settled(&self, before: &Self) -> Self {
        let stays = |told: Option<i32>, was| told.is_none() || told == was;
        if stays(self.status, before.status)
            && stays(self.share.map(i32::from), before.share.map(i32::from))
        {
            return Self { status: None, share: None };
        }
        let of = |status, share| Self { status: Some(status), share: Some(share) };
        let between = |share: &u8| (1..=99).contains(share);
        match (self.status, self.share) {
            (Some(COMPLETE), _) | (None, Some(100)) => of(COMPLETE, 100),
            (Some(NOT_STARTED), _) => of(NOT_STARTED, 0),
            (Some(status), told) => {
                let least = u8::from(status == IN_PROGRESS);
                let told = told.filter(|share| *share < 100);
                let share = told.or(before.share.filter(between)).unwrap_or(0);
                of(status, share.max(least))
            }
            (None, share) => match (before.status, share) {
                (Some(COMPLETE | IN_PROGRESS), Some(0)) => of(NOT_STARTED, 0),
                (Some(COMPLETE | NOT_STARTED), Some(share)) => of(IN_PROGRESS, share),
                _ => Self { status: None, share },
            },
        }
    }
}

/// Returns the percent that a content tells; a blank is none.
fn share(content: &Content) -> Option<u8> {
    Some(match content.slot(Field::Percent)?.value() {
        Some(Value::Number(percent)) => u8::try_from((*percent).clamp(0, 100)).unwrap_or(0),
        _ => 0,
    })
}

/// A task that has a start has a day on which it is due (MS-OXOTASK 2.2.2.2.5): where nobody says which, it is the first.
pub(super) fn due(
    content: &Content,
    before: &Content,
    was: &Properties,
    desk: &Desk<'_>,
) -> Result<Vec<Setting>, Unfit> {
    limits::task(content, before)?;
    let none = match content.slot(Field::Due) {
        Some(slot) => slot.is_blank(),
        None => content.slot(Field::TaskStart).is_some() && was.value(n::TASK_DUE).is_none(),
    };
    let start = limits::day(Field::TaskStart, content, before).filter(|_| none);
    Ok(start.map_or_else(Vec::new, |start| write::day((n::TASK_DUE, n::COMMON_END), start, desk)))
}

/// Writes the series, or takes it off.
pub(super) fn series(content: &Content, was: &Properties) -> Result<Vec<Setting>, Unfit> {
    let Some(slot) = content.slot(Field::Recurrence) else { return Ok(Vec::new()) };
    let blob = match slot.value() {
        Some(Value::Recurrence(series)) => Some(series::write_task(series)?.to_bytes()),
        _ => None,
    };
    let recurs = blob.is_some();
    // What recurs says whether it has ended (MS-OXOTASK 2.2.2.2.16).
    let ended = (n::TASK_DEAD_OCCURRENCE.into(), Some(V::Boolean(false)));
    let ended = Some(ended).filter(|_| recurs && was.value(n::TASK_DEAD_OCCURRENCE).is_none());
    let mut out = vec![
        (n::TASK_RECURRENCE.into(), blob.map(V::Binary)),
        (n::TASK_RECURRING.into(), Some(V::Boolean(recurs))),
        (p::ICON_INDEX.into(), Some(V::Integer32(if recurs { ICON_OF_SERIES } else { ICON }))),
    ];
    out.extend(ended);
    Ok(out)
}

/// A reminder that is off has no time; one that is on is written with its time.
pub(super) fn reminder(content: &Content, before: &Content) -> Vec<Setting> {
    let mut out: Vec<Setting> = Vec::new();
    let switched = content.slot(Field::ReminderOn);
    let on = content.is_set(Field::ReminderOn)
        || (switched.is_none() && before.is_set(Field::ReminderOn));
    if switched.is_some() {
        out.push((n::REMINDER_SET.into(), Some(V::Boolean(on))));
    }
    if let Some(slot) = content.slot(Field::ReminderAt) {
        let at = match slot.value() {
            Some(Value::Instant(at)) if on => times::file_time(*at),
            _ => None,
        };
        out.push((n::REMINDER_TIME.into(), at.clone()));
        out.push((n::REMINDER_SIGNAL_TIME.into(), at));
    }
    out
}
