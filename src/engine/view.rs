//! Pure: turns a record and an item, with their values, into what the planner sees.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::engine::plan::{ItemView, RecordView};
use crate::mailbox::Item;
use crate::model::recurrence::Range;
use crate::model::rules::PastDays;
use crate::model::{Content, Field, FieldSet, Half, ItemKind, Shape, Value};
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
        let all: FieldSet = Field::of(record.kind).collect();
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
        }
    }

    /// Returns what the planner sees of an item whose reference and categories were taken off.
    pub fn item(&self, item: &Item, kind: ItemKind) -> ItemView {
        let mut content = item.content.clone();
        content.forget_all(item.fixed.union(item.unsupported).union(self.except));
        ItemView {
            half: Half::of(&content),
            version: Some(item.identity.version.clone()),
            modified_at: item.modified_at,
            private: item.identity.private,
            guests: item.has_guests,
            fixed: item.fixed,
            unsupported: item.unsupported,
            too_long: self.too_long(kind, &content),
            over: self.ended(kind, &content).is_some_and(|end| end < self.now),
            bare: FieldSet::EMPTY,
        }
    }

    fn too_long(&self, kind: ItemKind, content: &Content) -> FieldSet {
        content
            .iter()
            .filter(|(field, slot)| {
                let length = slot.value().and_then(Value::as_text).map_or(0, |t| t.chars().count());
                self.description.length(kind, *field).is_some_and(|limit| length > limit)
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
            return match series.range {
                Range::Until { end, .. } => self.midnight_after(end),
                Range::Forever { .. } | Range::Count { .. } => None,
            };
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

    fn reminder_is_past(&self, kind: ItemKind, content: &Content) -> bool {
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
