//! Pure: what becomes of a task of a series when it is completed. Outlook makes the next one when a person completes it, and Exchange
//! when anybody does; a file has nobody else to do it (MS-OXOTASK 3.1.4.6).

use jiff::Span;

use super::times::{self, Setting};
use super::write::{self, Desk, Unfit};
use super::{series, stamp, task};
use crate::mapi::recurrence::RecurrencePattern;
use crate::mapi::{Named, Properties, Value as V, named as n, property as p};

/// What is set beyond what a change says.
pub(super) struct Completed {
    /// On the task itself: it is the next one now, and keeps its id and its stamp.
    pub(super) task: Vec<Setting>,
    /// On a copy of it, which stays as the one that is completed; the last one of a series needs none.
    pub(super) copy: Option<Vec<Setting>>,
}

/// Says what becomes of a task that is `was` now and would be `after`; `None` where that completes no task of a series.
pub(super) fn completed(
    was: &Properties,
    after: &Properties,
    desk: &Desk<'_>,
) -> Result<Option<Completed>, Unfit> {
    const UNKNOWN: &str = "when this recurring task comes again cannot be told here: complete it in Outlook, which makes the next one";
    let is_done = |item: &Properties| is_set(item, n::TASK_COMPLETE) || task::is_complete(item);
    // The finished copy of a series may tell what it was made of, and is no series for that.
    let recurs = is_set(after, n::TASK_RECURRING) && !is_set(was, n::TASK_DEAD_OCCURRENCE);
    if !recurs || !is_done(after) || is_done(was) {
        return Ok(None);
    }
    let blob = after.value(n::TASK_RECURRENCE).and_then(V::as_bytes).ok_or(UNKNOWN)?;
    let stored = RecurrencePattern::parse(blob).map_err(|_| Unfit::from(UNKNOWN))?;
    let series = series::read_task(&stored).ok_or(UNKNOWN)?;
    let day = |of: Named| after.value(of).and_then(V::as_time).and_then(times::read_day);
    let rules = &desk.mailbox.rules;
    let finished = after.value(n::TASK_COMPLETED_ON).and_then(V::as_time);
    let finished = finished.and_then(|time| times::read_completed(time, rules));
    let finished = finished.unwrap_or_else(|| rules.to_datetime(desk.now).date());
    let (start, due) = (day(n::TASK_START), day(n::TASK_DUE));
    let present = start.or(due).unwrap_or(finished);
    let Some(next) = series.next_task(present, finished).ok_or(UNKNOWN)? else {
        let last = vec![(n::TASK_DEAD_OCCURRENCE.into(), Some(V::Boolean(true)))];
        return Ok(Some(Completed { task: last, copy: None }));
    };
    let on = next - present;
    let mut task = open();
    for (days, was) in [
        ((n::TASK_START, n::COMMON_START), start),
        // Without a start it is due on the day itself (MS-OXOTASK 3.1.4.6.2).
        ((n::TASK_DUE, n::COMMON_END), due.or(start.is_none().then_some(present))),
    ] {
        let moved = was.map(|day| day.checked_add(on).map_err(|_| Unfit::from(UNKNOWN)));
        task.extend(moved.transpose()?.into_iter().flat_map(|day| write::day(days, day, desk)));
    }
    task.extend(reminder(after, on, desk));
    Ok(Some(Completed { task, copy: Some(apart(after, desk)) }))
}

fn is_set(item: &Properties, of: Named) -> bool {
    item.value(of).and_then(V::as_bool).unwrap_or(false)
}

/// A task that nobody has begun.
fn open() -> Vec<Setting> {
    vec![
        (n::TASK_STATUS.into(), Some(V::Integer32(task::NOT_STARTED))),
        (n::TASK_COMPLETE.into(), Some(V::Boolean(false))),
        (n::PERCENT_COMPLETE.into(), Some(V::Floating64(0.0))),
        (n::TASK_COMPLETED_ON.into(), None),
        (n::TASK_DEAD_OCCURRENCE.into(), Some(V::Boolean(false))),
    ]
}

/// Moves the reminder along to the same time of day. One that was dismissed comes again, and one that has passed waits for the task
/// after this (MS-OXOTASK 3.1.4.6.2, MS-OXORMDR 3.1.4.8).
fn reminder(item: &Properties, on: Span, desk: &Desk<'_>) -> Vec<Setting> {
    if !is_set(item, n::REMINDER_SET) && !is_set(item, n::TASK_RESET_REMINDER) {
        return Vec::new();
    }
    let rules = &desk.mailbox.rules;
    let at = item.value(n::REMINDER_TIME).and_then(V::as_time).and_then(times::instant);
    let moved = at.and_then(|at| {
        let local = rules.to_datetime(at).checked_add(on).ok()?;
        rules.to_ambiguous_timestamp(local).compatible().ok()
    });
    let Some(moved) = moved else { return Vec::new() };
    let comes = moved > desk.now;
    vec![
        (n::REMINDER_TIME.into(), times::file_time(moved)),
        (n::REMINDER_SIGNAL_TIME.into(), times::file_time(moved)),
        (n::REMINDER_SET.into(), Some(V::Boolean(comes))),
        (n::TASK_RESET_REMINDER.into(), Some(V::Boolean(!comes))),
    ]
}

/// Makes a copy an item of its own: a task that is completed and comes no more, without reminder, and the person's own, so that it
/// has no stamp.
fn apart(item: &Properties, desk: &Desk<'_>) -> Vec<Setting> {
    let mut out: Vec<Setting> = vec![
        (n::TASK_RECURRING.into(), Some(V::Boolean(false))),
        (n::TASK_RECURRENCE.into(), None),
        (n::TASK_DEAD_OCCURRENCE.into(), Some(V::Boolean(true))),
        (n::REMINDER_SET.into(), Some(V::Boolean(false))),
        (p::ICON_INDEX.into(), Some(V::Integer32(task::ICON))),
        (p::SEARCH_KEY.into(), Some(V::Binary(desk.random.to_vec()))),
        (p::CREATION_TIME.into(), times::file_time(desk.now)),
    ];
    if is_set(item, n::TASK_RESET_REMINDER) {
        out.push((n::TASK_RESET_REMINDER.into(), Some(V::Boolean(false))));
    }
    out.extend(stamp::places().map(|place| (place.key(), None)));
    out
}

#[cfg(test)]
mod tests;
