//! Pure: turns a record and an item, with their values, into what the planner sees.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::engine::plan::{ItemView, RecordView};
use crate::mailbox::Item;
use crate::model::recurrence::{ExceptionChange, Moment, Pattern, Range, Recurrence};
use crate::model::rules::PastDays;
use crate::model::texts::Unheld;
use crate::model::{Content, Field, FieldSet, Half, ItemKind, Shape, Slot, Value};
use crate::source::{Description, Record};

/// What the views of a scope are taken with.
#[derive(Clone, Debug)]
pub struct Lens<'a> {
    /// The present.
    pub now: Timestamp,
    /// The zone that dates without a zone are lived in.
    pub zone: &'a TimeZone,
    /// Its IANA name.
    pub zone_name: &'a str,
    /// How old an activity may be to be created (rule D16).
    pub past_days: PastDays,
    /// Fields that count as unknown (rule D19).
    pub except: FieldSet,
    /// What the source says of itself.
    pub description: &'a Description,
}

impl Lens<'_> {
    /// Brings a record's content into the form that is compared and written: fields that the source does not deliver or that
    /// are excepted are unknown, the zone is named, privacy shows in the sensitivity (rule D9).
    pub fn focus_record(&self, record: &mut Record) {
        let known = self.description.readable(record.kind);
        let all = FieldSet::of_kind(record.kind);
        record.content.forget_all(all.difference(known).union(self.except));
        let content = &mut record.content;
        // Private by its own mark or by its sensitivity, which may be known only here.
        if content.is_private() {
            record.private = true;
        } else if record.private {
            content.set_text(Field::Sensitivity, "private");
        }
        if record.kind == ItemKind::Appointment
            && content.value(Field::Start).is_some()
            && content.value(Field::Zone).is_none()
            && !self.except.contains(Field::Zone)
        {
            content.set_text(Field::Zone, self.zone_name);
        }
    }

    /// Returns what the planner sees of a record that is in focus.
    pub fn record(&self, record: &Record) -> RecordView {
        let content = &record.content;
        RecordView {
            half: Half::of(content),
            version: Some(record.version.clone()),
            field_times: Vec::new(),
            changed_at: record.changed_at,
            private: record.private,
            editable: record.editable,
            old: self.is_old(record.kind, content),
            reminder_past: self.reminder_is_past(record.kind, content),
            unheld: Unheld::of(record.kind, content),
        }
    }

    /// Returns what the planner sees of an item whose reference and categories were taken off, beside what its record
    /// holds, where that is at hand.
    pub fn item(&self, item: &Item, kind: ItemKind, beside: Option<(&Content, &Half)>) -> ItemView {
        let hidden = item.fixed.union(item.unsupported).union(self.except);
        let mut content = Cow::Borrowed(&item.content);
        if !hidden.intersection(content.known()).is_empty() {
            content.to_mut().forget_all(hidden);
        }
        ItemView {
            half: beside.map_or_else(|| Half::of(&content), |other| Half::beside(&content, other)),
            version: Some(item.identity.version.clone()),
            modified_at: item.modified_at,
            private: item.identity.private,
            guests: item.has_guests,
            stamped: false,
            fixed: item.fixed,
            read_only: item.read_only,
            unsupported: item.unsupported,
            too_long: self.too_long(kind, &content),
            went_on: beside.is_some_and(|(record, _)| went_on(kind, record, &content)),
            over: self.ended(kind, &content).is_some_and(|end| end < self.now),
            bare: FieldSet::EMPTY,
        }
    }

    fn too_long(&self, kind: ItemKind, content: &Content) -> FieldSet {
        // No text that has fewer bytes than any limit has too many characters.
        let limits = self.description.lengths.iter().filter(|(of, ..)| *of == kind);
        let Some(least) = limits.map(|(_, _, limit)| *limit).min() else { return FieldSet::EMPTY };
        let is_longer = |text: &str, limit| text.chars().count() > limit;
        content
            .values()
            .filter_map(|(field, value)| Some((field, value.as_text()?)))
            .filter(|(_, text)| text.len() > least)
            .filter(|(field, text)| {
                self.description.length(kind, *field).is_some_and(|limit| is_longer(text, limit))
            })
            .map(|(field, _)| field)
            .collect()
    }

    fn is_old(&self, kind: ItemKind, content: &Content) -> bool {
        let PastDays::Days(days) = self.past_days else { return false };
        let limit = SignedDuration::from_hours(24 * i64::from(days));
        self.ended(kind, content).is_some_and(|end| self.now.duration_since(end) > limit)
    }

    /// Returns when an appointment ends or a task was finished; `None`: not at all, or nobody knows.
    fn ended(&self, kind: ItemKind, content: &Content) -> Option<Timestamp> {
        if let Some(Value::Recurrence(series)) = content.value(Field::Recurrence) {
            return self.series_ended(series);
        }
        match kind {
            ItemKind::Contact => None,
            ItemKind::Appointment => {
                let end = content.value(Field::End).or(content.value(Field::Start))?;
                match end {
                    Value::Instant(instant) => Some(*instant),
                    Value::Date(date) => self.midnight(*date),
                    _ => None,
                }
            }
            ItemKind::Task => {
                if content.text(Field::Status) != Some("completed") {
                    return None;
                }
                let day = content.value(Field::Completed).or(content.value(Field::Due));
                match day {
                    Some(Value::Date(date)) => self.midnight_after(*date),
                    // Finished, nobody knows when: as good as long ago.
                    _ => Some(Timestamp::MIN),
                }
            }
        }
    }

    /// Returns when a series is over: after its last day, or after an occurrence that was moved beyond it. `None`: never, or nobody
    /// knows.
    fn series_ended(&self, series: &Recurrence) -> Option<Timestamp> {
        let last = match series.range {
            Range::Forever { .. } => return None,
            Range::Until { end, .. } => end,
            // When it comes again depends on when it is done.
            Range::Count { .. } if matches!(series.pattern, Pattern::Regenerating { .. }) => {
                return None;
            }
            Range::Count { .. } => series.dates().last()?,
        };
        let moved = series.exceptions.iter().filter_map(|exception| match &exception.change {
            ExceptionChange::Changed { end: Moment::Instant(end), .. } => Some(*end),
            ExceptionChange::Changed { end: Moment::Day(day), .. } => self.midnight(*day),
            ExceptionChange::Deleted => None,
        });
        moved.chain(self.midnight_after(last)).max()
    }

    /// Says whether the moment of a reminder lies behind (rule D17).
    pub fn reminder_is_past(&self, kind: ItemKind, content: &Content) -> bool {
        if !content.is_set(Field::ReminderOn) || content.value(Field::Recurrence).is_some() {
            return false;
        }
        let moment = match kind {
            ItemKind::Contact => None,
            ItemKind::Task => match content.value(Field::ReminderAt) {
                Some(Value::Instant(instant)) => Some(*instant),
                _ => None,
            },
            ItemKind::Appointment => {
                let start = match content.value(Field::Start) {
                    Some(Value::Instant(instant)) => Some(*instant),
                    Some(Value::Date(date)) => self.midnight(*date),
                    _ => None,
                };
                let minutes = match content.value(Field::ReminderMinutes) {
                    Some(Value::Number(minutes)) => *minutes,
                    _ => 0,
                };
                start.and_then(|start| start.checked_sub(SignedDuration::from_mins(minutes)).ok())
            }
        };
        moment.is_some_and(|moment| moment < self.now)
    }

    fn midnight(&self, date: jiff::civil::Date) -> Option<Timestamp> {
        date.to_zoned(self.zone.clone()).ok().map(|zoned| zoned.timestamp())
    }

    fn midnight_after(&self, date: jiff::civil::Date) -> Option<Timestamp> {
        self.midnight(date.checked_add(1.day()).ok()?)
    }
}

/// Says whether a task of a series is on a later date of it than its record: the one that the record is about was completed. A task
/// that counts from its completion may come on any day.
fn went_on(kind: ItemKind, record: &Content, item: &Content) -> bool {
    let Some(Value::Recurrence(series)) = item.value(Field::Recurrence) else { return false };
    if kind != ItemKind::Task || record.slot(Field::Recurrence).is_some_and(Slot::is_blank) {
        return false;
    }
    let day = |content: &Content, field| match content.value(field) {
        Some(Value::Date(date)) => Some(*date),
        _ => None,
    };
    let both = |field| day(record, field).zip(day(item, field));
    let Some((before, now)) = both(Field::TaskStart).or_else(|| both(Field::Due)) else {
        return false;
    };
    let comes_then = || {
        matches!(series.pattern, Pattern::Regenerating { .. })
            || series.dates().take_while(|date| *date <= now).last() == Some(now)
    };
    before < now && comes_then()
}

/// Returns one line of a field's value, for `--values` and `--explain`.
pub fn show(content: &Content, field: Field) -> String {
    match content.slot(field) {
        None => "?".to_owned(),
        Some(slot) => match crate::model::json::to_json(slot) {
            serde_json::Value::Null => "–".to_owned(),
            serde_json::Value::String(text) if field.shape() != Shape::Body => text,
            other => other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};
    use jiff::tz::TimeZone;

    use super::Lens;
    use crate::mailbox::Mailbox;
    use crate::mailbox::memory::MemoryMailbox;
    use crate::model::recurrence::{
        Day, Exception, ExceptionChange, Moment, Pattern, Range, Recurrence, Unit,
    };
    use crate::model::rules::PastDays;
    use crate::model::{Content, Field, FieldSet, ItemKind, Value};
    use crate::source::Source;
    use crate::source::memory::{MemorySettings, MemorySource};

    /// Says of a series on Mondays whether it is over (rule D6) and whether it is too old to be created (rule D16), on 22 November
    /// 2026 with thirty days.
    fn seen(pattern: Pattern, range: Range, exceptions: Vec<Exception>) -> (bool, bool) {
        let description = MemorySource::new(MemorySettings::default()).describe().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let lens = Lens {
            now: "2026-11-22T12:00:00Z".parse().unwrap(),
            zone: &zone,
            zone_name: "Europe/Berlin",
            past_days: PastDays::Days(30),
            except: FieldSet::EMPTY,
            description: &description,
        };
        let mut content = Content::new();
        let series = Recurrence { pattern, range, exceptions };
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        let old = lens.is_old(ItemKind::Appointment, &content);
        let mut mailbox = MemoryMailbox::new();
        let now = lens.now;
        let id = mailbox.with(|store| store.person_creates(ItemKind::Appointment, content, now));
        let mut read = None;
        mailbox.fetch(ItemKind::Appointment, &[id], &mut |_, item| read = item.ok()).unwrap();
        (lens.item(&read.unwrap(), ItemKind::Appointment, None).over, old)
    }

    fn mondays() -> Pattern {
        Pattern::Weekly { every: 1, days: vec![Day::Monday], first_day: Day::Monday }
    }

    const fn times(count: u32, start: Date) -> Range {
        Range::Count { start, count }
    }

    #[test]
    fn d6_d16_a_counted_series_ends_with_its_last_occurrence() {
        // 5, 12, 19 and 26 January 2026.
        let four = times(4, date(2026, 1, 5));
        assert_eq!(seen(mondays(), four, Vec::new()), (true, true), "years ago, as good as");
        // The last one is on 9 November: over, but not for thirty days.
        assert_eq!(seen(mondays(), times(2, date(2026, 11, 2)), Vec::new()), (true, false));
        // The last one is on 23 November, tomorrow.
        assert_eq!(seen(mondays(), times(4, date(2026, 11, 2)), Vec::new()), (false, false));
        assert_eq!(
            seen(mondays(), Range::Forever { start: date(2020, 1, 6) }, Vec::new()),
            (false, false)
        );
    }

    #[test]
    fn d6_d16_an_occurrence_that_was_moved_beyond_the_last_day_counts() {
        let moved = |start, end| {
            let change = ExceptionChange::Changed { start, end, subject: None, place: None };
            vec![Exception { original: date(2026, 1, 26), change }]
        };
        let day = |day| Moment::Day(date(2026, 12, day));
        let hour = |text: &str| Moment::Instant(text.parse().unwrap());
        let ranges = [
            times(4, date(2026, 1, 5)),
            Range::Until { start: date(2026, 1, 5), end: date(2026, 1, 31) },
        ];
        for range in ranges {
            let later = moved(hour("2026-12-01T09:00:00Z"), hour("2026-12-01T10:00:00Z"));
            assert_eq!(seen(mondays(), range.clone(), later), (false, false), "{range:?}");
            assert_eq!(seen(mondays(), range.clone(), moved(day(1), day(2))), (false, false));
            let gone = Exception { original: date(2026, 1, 26), change: ExceptionChange::Deleted };
            assert_eq!(seen(mondays(), range, vec![gone]), (true, true));
        }
    }

    #[test]
    fn d16_nobody_knows_when_a_task_ends_that_counts_from_its_completion() {
        let pattern = Pattern::Regenerating { unit: Unit::Week, every: 1 };
        assert_eq!(seen(pattern, times(3, date(2020, 1, 6)), Vec::new()), (false, false));
    }
}
