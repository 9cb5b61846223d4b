//! Pure: start, end, zone and all-day of an appointment, which only make sense together (rules.md §4, notes.md §2.2).

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::mailbox::zones::Zone;
use crate::model::{Block, Content, Field, Slot, Value};

/// When an appointment is, as an item keeps it.
#[derive(Clone, Debug)]
pub(super) struct Span {
    /// The first moment.
    pub(super) start: Timestamp,
    /// The moment after the last.
    pub(super) end: Timestamp,
    /// Whether it takes whole days; then both moments are midnights of the zone.
    pub(super) all_day: bool,
    /// The zone it was made in.
    pub(super) zone: Zone,
}

impl Span {
    /// Puts the block into the content, and returns the rules by which days and hours were read. `end_zone` may differ from the
    /// zone of the start, `mailbox` is that of the person who looks, and `stored` are rules of the zone that came with the item.
    pub(super) fn read(
        &self,
        end_zone: &Zone,
        mailbox: &Zone,
        stored: &[TimeZone],
        content: &mut Content,
    ) -> TimeZone {
        content.set(Field::AllDay, Value::Flag(self.all_day));
        content.set_text(Field::Zone, self.zone.name.as_str());
        if self.all_day {
            let (first, after, lived_in) = self.days(end_zone, mailbox, stored);
            content.set(Field::Start, Value::Date(first));
            content.set(Field::End, Value::Date(after));
            lived_in
        } else {
            content.set(Field::Start, Value::Instant(self.start));
            content.set(Field::End, Value::Instant(self.end));
            self.zone.rules.clone()
        }
    }

    /// Returns the first day and the day after the last one. They are the local dates in the zone that the item was made in, by its
    /// history or else by the rules that came along, by which Outlook reckons all years; an item whose zone is wrong or lost (seen
    /// with Teams and with `tzone://Microsoft/Utc`) has its midnights in the mailbox's zone.
    fn days(&self, end_zone: &Zone, mailbox: &Zone, stored: &[TimeZone]) -> (Date, Date, TimeZone) {
        let own = (&self.zone.rules, &end_zone.rules, &self.zone.rules);
        let stored = stored.iter().map(|rules| (rules, rules, &self.zone.rules));
        let utc = TimeZone::UTC;
        let others = [&mailbox.rules, &utc].map(|rules| (rules, rules, rules));
        let fitting = [own]
            .into_iter()
            .chain(stored)
            .chain(others)
            .find(|(from, to, _)| begins_a_day(self.start, from) && begins_a_day(self.end, to));
        let (from, to, lived_in) = fitting.unwrap_or(own);
        let (first, last) = (from.to_datetime(self.start).date(), to.to_datetime(self.end).date());
        // What is not at midnight was not widened by whoever wrote it (grommunio 3.10): it covers the days that it touches.
        let after = if begins_a_day(self.end, to) { last } else { next(last) };
        (first, if after > first { after } else { next(first) }, lived_in.clone())
    }

    /// Says whether a change leaves the zones of an item as they are: only hours move, and what it says of its end's zone, which the
    /// model does not know, stays (rule D11).
    pub(super) fn keeps_zones(content: &Content, before: &Content) -> bool {
        let timed = |content: &Content| {
            !matches!(content.value(Field::Start), Some(Value::Date(_)))
                && content.value(Field::AllDay) != Some(&Value::Flag(true))
        };
        let same =
            content.slot(Field::Zone).is_none_or(|zone| before.slot(Field::Zone) == Some(zone));
        before.value(Field::Zone).is_some() && same && timed(before) && timed(content)
    }

    /// Reckons what to write: always both times with their zone, because a start alone may pass the end and a series in UTC
    /// drifts by an hour. What the change does not say is taken from what the item held before.
    ///
    /// # Errors
    ///
    /// In words, what cannot be.
    pub(super) fn of(
        content: &Content,
        before: &Content,
        mailbox: &Zone,
    ) -> Result<Self, &'static str> {
        let slot = |field| content.slot(field).or_else(|| before.slot(field)).and_then(Slot::value);
        let zone = match slot(Field::Zone).and_then(Value::as_text) {
            Some(name) => Zone::iana(name).unwrap_or_else(|| mailbox.clone()),
            None => mailbox.clone(),
        };
        let start = slot(Field::Start).ok_or("an appointment needs a start")?;
        let end = slot(Field::End).unwrap_or(start);
        let all_day = match slot(Field::AllDay) {
            Some(Value::Flag(all_day)) => *all_day,
            _ => matches!(start, Value::Date(_)),
        };
        // The dates of an all-day item are shown right only where its midnights are those of the person who looks.
        let zone = if all_day { mailbox.clone() } else { zone };
        let (start, end) = if all_day {
            let first = day(start, &zone.rules, false)
                .ok_or("the start of an all-day appointment is no date")?;
            let after = day(end, &zone.rules, true)
                .ok_or("the end of an all-day appointment is no date")?;
            if after < first {
                return Err(ENDS_FIRST);
            }
            let after = if after > first { after } else { next(first) };
            (midnight(first, &zone.rules), midnight(after, &zone.rules))
        } else {
            (moment(start), moment(end))
        };
        let (Some(start), Some(end)) = (start, end) else {
            return Err("start and end of an appointment are neither instants nor days");
        };
        if end < start {
            return Err(ENDS_FIRST);
        }
        Ok(Self { start, end, all_day, zone })
    }
}

const ENDS_FIRST: &str = "the appointment ends before it starts";

/// Says whether an update touches the block.
pub(super) fn concerns(content: &Content) -> bool {
    content.iter().any(|(field, _)| field.block() == Block::Time)
}

/// Returns the first moment of a day: in a zone that changes its clocks at midnight, that is one o'clock.
pub(super) fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0)).compatible().ok()
}

/// Says whether a day begins with this instant: at midnight, or later where the clocks skip it.
fn begins_a_day(instant: Timestamp, zone: &TimeZone) -> bool {
    let wall = zone.to_datetime(instant);
    wall.time() == Time::midnight() || midnight(wall.date(), zone) == Some(instant)
}

fn next(date: Date) -> Date {
    date.checked_add(1.day()).unwrap_or(date)
}

fn day(value: &Value, zone: &TimeZone, is_end: bool) -> Option<Date> {
    match value {
        Value::Date(date) => Some(*date),
        Value::Instant(instant) => {
            let wall = zone.to_datetime(*instant);
            let inside = is_end && wall.time() != Time::midnight();
            Some(if inside { next(wall.date()) } else { wall.date() })
        }
        _ => None,
    }
}

const fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Instant(instant) => Some(*instant),
        _ => None,
    }
}
