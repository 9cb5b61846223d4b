//! Pure: the mark on a series of which some occurrences may have been written and others not (see [`super::occurrences`]).
//!
//! While it stands, the series counts as what it was, so that the next write makes it whole. That holds only as long as nobody
//! else has changed it: a pattern that is not the one we set, or an occurrence that is neither what it was nor what it was to be,
//! is a person's edit, and then the series is what it shows.

use serde_json::{Value as Json, json};

use crate::model::canonical::line;
use crate::model::recurrence::{ExceptionChange, Range};
use crate::model::{Field, Recurrence, Slot, Value, json};

/// How many occurrences are compared of two series: more than a lifetime has.
const MANY: usize = 20_000;

/// What the mark holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    /// What the series was when the write began.
    pub(super) was: Slot,
    /// What it was to become.
    to: Slot,
}

impl Mark {
    /// Makes the mark of a write that begins.
    pub(super) fn new(was: Option<&Slot>, to: Option<&Slot>) -> Self {
        let slot = |slot: Option<&Slot>| slot.cloned().unwrap_or(Slot::Blank);
        Self { was: slot(was), to: slot(to) }
    }

    /// Reads a mark; `None` where it is none of ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let json: Json = serde_json::from_str(text).ok()?;
        let slot = |key| json::from_json(Field::Recurrence, json.get(key)?).ok();
        Some(Self { was: slot("was")?, to: slot("to")? })
    }

    /// Returns the text that is kept on the item.
    pub(super) fn text(&self) -> String {
        json!({ "was": json::to_json(&self.was), "to": json::to_json(&self.to) }).to_string()
    }

    /// Says whether a series is one that our own write can have left behind, however far it came.
    pub(super) fn explains(&self, now: &Slot) -> bool {
        let (Some(to), Some(now)) = (series(&self.to), series(now)) else { return false };
        let was = series(&self.was);
        same_days(to, now)
            && now.exceptions.iter().all(|exception| {
                let ours = |series: &Recurrence| {
                    series.exceptions.iter().any(|known| {
                        known.original == exception.original
                            && same_change(&known.change, &exception.change)
                    })
                };
                ours(to) || was.is_some_and(ours)
            })
    }
}

fn series(slot: &Slot) -> Option<&Recurrence> {
    match slot.value()? {
        Value::Recurrence(series) => Some(series),
        _ => None,
    }
}

/// Servers may say the same pattern in other words, so that the days are compared.
fn same_days(one: &Recurrence, other: &Recurrence) -> bool {
    let endless = |series: &Recurrence| matches!(series.range, Range::Forever { .. });
    endless(one) == endless(other) && one.dates().take(MANY).eq(other.dates().take(MANY))
}

fn same_change(one: &ExceptionChange, other: &ExceptionChange) -> bool {
    let same = |one: &Option<String>, other: &Option<String>| {
        one.as_deref().map(line) == other.as_deref().map(line)
    };
    match (one, other) {
        (
            ExceptionChange::Changed { start, end, subject, place },
            ExceptionChange::Changed { start: s, end: e, subject: t, place: p },
        ) => (start, end) == (s, e) && same(subject, t) && same(place, p),
        (one, other) => one == other,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::Mark;
    use crate::model::recurrence::{Day, Exception, ExceptionChange, Pattern, Range};
    use crate::model::{Recurrence, Slot, Value};

    fn weekly(days: &[Day], exceptions: &[(i8, ExceptionChange)]) -> Slot {
        let exception = |(day, change): &(i8, ExceptionChange)| Exception {
            original: date(2027, 1, *day),
            change: change.clone(),
        };
        Slot::Value(Value::Recurrence(Box::new(Recurrence {
            pattern: Pattern::Weekly { every: 1, days: days.to_vec(), first_day: Day::Monday },
            range: Range::Until { start: date(2027, 1, 4), end: date(2027, 12, 31) },
            exceptions: exceptions.iter().map(exception).collect(),
        })))
    }

    fn renamed(text: &str) -> ExceptionChange {
        let moment = |text: &str| text.to_owned().try_into().unwrap();
        ExceptionChange::Changed {
            start: moment("2027-01-11T09:00:00Z"),
            end: moment("2027-01-11T10:00:00Z"),
            subject: Some(text.to_owned()),
            place: None,
        }
    }

    #[test]
    fn i2_whatever_our_own_write_left_is_explained_and_nothing_else() {
        let monday = [Day::Monday];
        let was = weekly(&monday, &[(11, renamed("A"))]);
        let to = weekly(&monday, &[(11, renamed("B")), (18, ExceptionChange::Deleted)]);
        let mark = Mark::new(Some(&was), Some(&to));
        assert_eq!(Mark::parse(&mark.text()), Some(mark.clone()));
        for ours in [
            weekly(&monday, &[]),
            was.clone(),
            to.clone(),
            weekly(&monday, &[(11, renamed("A")), (18, ExceptionChange::Deleted)]),
            weekly(&monday, &[(11, renamed(" B "))]),
        ] {
            assert!(mark.explains(&ours), "{ours:?}");
        }
        for theirs in [
            weekly(&[Day::Tuesday], &[]),
            weekly(&monday, &[(11, renamed("C"))]),
            weekly(&monday, &[(25, ExceptionChange::Deleted)]),
            Slot::Blank,
        ] {
            assert!(!mark.explains(&theirs), "{theirs:?}");
        }
        let fresh = Mark::new(None, Some(&to));
        assert!(fresh.explains(&weekly(&monday, &[])) && !fresh.explains(&was));
    }
}
