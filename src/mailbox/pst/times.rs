//! Pure: start, end, zone and all-day of an appointment in their MAPI properties, and the dates of tasks and people.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};

use super::zone_rule;
use crate::mailbox::birthday;
use crate::mailbox::span::Span;
use crate::mailbox::zones::Zone;
use crate::mapi::recurrence::AppointmentRecurrence;
use crate::mapi::zone::{ZoneDefinition, ZoneRule};
use crate::mapi::{FileTime, Properties, PropertyKey, Value as V, named as n, property as p};
use crate::model::{Content, Slot, Value};

/// A year of which the zones' rules of nowadays are taken.
const NOWADAYS: i16 = 2026;

/// A property and what it is to hold; `None` takes it out.
pub(super) type Setting = (PropertyKey, Option<V>);

/// Returns what an item holds on which nothing but these was set.
#[cfg(test)]
pub(super) fn put(settings: Vec<Setting>) -> Properties {
    settings.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
}

/// Reads the block, and returns the rules by which the item's days and hours were read. Where start or end is missing or beyond
/// all calendars, all four fields stay unknown.
pub(super) fn read(item: &Properties, mailbox: &Zone, content: &mut Content) -> Option<TimeZone> {
    let time = |own, common| {
        let time = item.value(own).or_else(|| item.value(common))?.as_time()?;
        instant(time)
    };
    let start = time(n::APPOINTMENT_START, n::COMMON_START)?;
    let end = time(n::APPOINTMENT_END, n::COMMON_END)?;
    let all_day = item.value(n::ALL_DAY).and_then(V::as_bool).unwrap_or(false);
    let zone = [n::SERIES_ZONE, n::START_ZONE]
        .iter()
        .find_map(|of| defined(item.value(*of)?, mailbox))
        .or_else(|| {
            let bytes = item.value(n::TIME_ZONE_STRUCT)?.as_bytes()?;
            Zone::of_rules(&ZoneRule::parse(bytes).ok()?.posix()?, mailbox)
        })
        .unwrap_or_else(|| mailbox.clone());
    let end_zone = item
        .value(n::END_ZONE)
        .and_then(|value| defined(value, mailbox))
        .unwrap_or_else(|| zone.clone());
    let is_series = item.value(n::RECURRING).and_then(V::as_bool).unwrap_or(false);
    let stored = if all_day || is_series { stored(item, &zone) } else { Vec::new() };
    let (start, end) = if is_series && !all_day {
        by_its_clock(item, (start, end), &zone.rules, &stored)
    } else {
        (start, end)
    };
    let span = Span { start, end, all_day, zone };
    Some(span.read(&end_zone, mailbox, &stored, content))
}

/// Returns the rules by which Outlook may have reckoned an item's times: those that came along, of which the one in force holds for
/// all years (MS-OXOCAL 2.2.1.39 and 2.2.1.41), and those that the zone has nowadays, since older versions store none.
fn stored(item: &Properties, zone: &Zone) -> Vec<TimeZone> {
    let bytes = |of| item.value(of).and_then(V::as_bytes);
    let defined = |of| ZoneDefinition::parse(bytes(of)?).ok()?.effective().copied();
    let of_series = || ZoneRule::parse(bytes(n::TIME_ZONE_STRUCT)?).ok();
    let all = [
        defined(n::SERIES_ZONE),
        of_series(),
        defined(n::START_ZONE),
        Some(zone_rule::of(&zone.rules, NOWADAYS)),
    ];
    all.into_iter().flatten().filter_map(|rule| rule.zone()).collect()
}

/// Returns the rules by which Outlook reckons the occurrences of a series: those of the zone that it is lived in, as its definition has
/// them, of which the one in force holds for all years (MS-OXOCAL 2.2.1.41). Where that is the definition of another zone, those by
/// which it was read.
pub(super) fn of_occurrences(item: &Properties, mailbox: &Zone) -> Option<TimeZone> {
    let lived_in = read(item, mailbox, &mut Content::new())?;
    let own = item
        .value(n::SERIES_ZONE)
        .filter(|value| defined(value, mailbox).is_some_and(|zone| zone.rules == lived_in));
    let definition = own.and_then(|value| ZoneDefinition::parse(value.as_bytes()?).ok());
    let rules = definition.and_then(|definition| definition.effective()?.zone());
    Some(rules.unwrap_or(lived_in))
}

/// Returns when the first occurrence of a series is in its zone as it was then. What counts of a series is the hour on its clock,
/// and Outlook reckons the instant by the rule that it has for all years.
fn by_its_clock(
    item: &Properties,
    (start, end): (Timestamp, Timestamp),
    zone: &TimeZone,
    stored: &[TimeZone],
) -> (Timestamp, Timestamp) {
    if stored.iter().all(|rules| rules.to_offset(start) == zone.to_offset(start)) {
        return (start, end);
    }
    let blob = item.value(n::APPOINTMENT_RECURRENCE).and_then(V::as_bytes);
    let Some(Ok(series)) = blob.map(AppointmentRecurrence::parse) else { return (start, end) };
    let fits = |rules: &TimeZone| {
        let wall = rules.to_datetime(start).time();
        let minutes = u32::from(wall.hour().unsigned_abs()) * 60;
        minutes + u32::from(wall.minute().unsigned_abs()) == series.starts
    };
    let rules = stored.iter().find(|rules| fits(rules)).filter(|_| !fits(zone));
    let moved = rules
        .and_then(|rules| Some((reclocked(start, rules, zone)?, reclocked(end, rules, zone)?)));
    moved.unwrap_or((start, end))
}

/// Returns the instant at which the clocks of a zone show what other rules say that they do.
fn reclocked(at: Timestamp, from: &TimeZone, to: &TimeZone) -> Option<Timestamp> {
    if from.to_offset(at) == to.to_offset(at) {
        // An hour that the clocks show twice stays the one that it is.
        return Some(at);
    }
    to.to_ambiguous_timestamp(from.to_datetime(at)).compatible().ok()
}

/// Finds the zone of a definition: by the name that everybody knows, else by its rules.
fn defined(value: &V, mailbox: &Zone) -> Option<Zone> {
    let definition = ZoneDefinition::parse(value.as_bytes()?).ok()?;
    Zone::of_item(&definition.name, mailbox)
        .or_else(|| Zone::of_rules(&definition.effective()?.posix()?, mailbox))
}

/// When an appointment is as Outlook reckons it: by one rule for all years.
pub(super) struct Reckoned {
    rule: ZoneRule,
    /// The same as a zone.
    pub(super) rules: TimeZone,
    /// The first moment.
    pub(super) start: Timestamp,
    /// The moment after the last.
    pub(super) end: Timestamp,
}

impl Reckoned {
    /// Reckons a single appointment, which has the rule of its own year.
    pub(super) fn once(span: &Span) -> Self {
        let rules = span.zone.rules.clone();
        let rule = zone_rule::of(&rules, rules.to_datetime(span.start).year());
        Self { rule, rules, start: span.start, end: span.end }
    }

    /// Reckons the first occurrence of a series. Its rule is not that of a year long past; the clocks show the same by it.
    pub(super) fn series(span: &Span, now: Timestamp) -> Self {
        let own = &span.zone.rules;
        let year = own.to_datetime(span.start).year().max(own.to_datetime(now).year());
        let rule = zone_rule::of(own, year);
        let rules = rule.zone().unwrap_or_else(|| own.clone());
        let at = |at| reclocked(at, own, &rules).unwrap_or(at);
        Self { rule, start: at(span.start), end: at(span.end), rules }
    }
}

/// Writes the block. `recurs` says whether it was a series and whether it is one: that has its zone in three more forms. A single
/// appointment may have them all the same, and then they follow. The zone of the end stays where zones are kept.
pub(super) fn write(
    span: &Span,
    reckoned: &Reckoned,
    was: &Properties,
    (recurred, recurs): (bool, bool),
    keeps_zones: bool,
) -> Vec<Setting> {
    let Reckoned { rule, start, end, .. } = *reckoned;
    // A zone that Windows has no name for keeps its own: the rules are there as well.
    let name = span.zone.windows().unwrap_or(&span.zone.name);
    let zone = || Some(V::Binary(ZoneDefinition::of(name, rule).to_bytes()));
    let minutes = (end.as_second() - start.as_second()) / 60;
    let (start, end) = (file_time(start), file_time(end));
    let mut out = vec![
        (n::APPOINTMENT_START.into(), start.clone()),
        (n::APPOINTMENT_END.into(), end.clone()),
        (n::COMMON_START.into(), start.clone()),
        (n::COMMON_END.into(), end.clone()),
        (p::START_DATE.into(), start),
        (p::END_DATE.into(), end),
        (n::DURATION.into(), i32::try_from(minutes).ok().map(V::Integer32)),
        (n::ALL_DAY.into(), Some(V::Boolean(span.all_day))),
        (n::START_ZONE.into(), zone()),
    ];
    for (of, value) in [
        (n::SERIES_ZONE, zone()),
        (n::TIME_ZONE_STRUCT, Some(V::Binary(rule.to_bytes()))),
        (n::TIME_ZONE_TEXT, Some(V::from(name))),
    ] {
        if recurs || recurred {
            out.push((of.into(), value.filter(|_| recurs)));
        } else if was.value(of).is_some() && !keeps_zones {
            out.push((of.into(), value));
        }
    }
    if !keeps_zones {
        out.push((n::END_ZONE.into(), zone()));
    }
    out
}

/// Reads a birthday or anniversary: the local date that Outlook 2010 and later keep, unless the instant says that another program
/// has changed the day since; else by the instant.
pub(super) fn read_birthday(
    item: &Properties,
    instant_in: PropertyKey,
    local_in: PropertyKey,
    mailbox: &TimeZone,
) -> Option<Slot> {
    let date_of = |key| match item.value(key) {
        None => Some(None),
        Some(value) => value.as_time().and_then(instant).map(Some),
    };
    let (at, local) = (date_of(instant_in)?, date_of(local_in)?);
    let local = local.map(|local| Offset::UTC.to_datetime(local).date());
    let date = match (at, local) {
        (None, local) => local,
        (Some(at), Some(local)) => {
            let noon = Offset::UTC.to_timestamp(local.at(12, 0, 0, 0)).ok()?;
            let hours = (at.as_second() - noon.as_second()).abs() / 3600;
            // Any midnight of the day lies within a day of its noon in UTC.
            if hours <= 26 { Some(local) } else { Some(birthday::day_of(at, mailbox)) }
        }
        (Some(at), None) => Some(birthday::day_of(at, mailbox)),
    };
    Some(date.map_or(Slot::Blank, |date| Slot::of(Value::Date(date))))
}

/// Writes a birthday or anniversary as an instant: a minute before noon UTC is the same date from UTC-11 to UTC+12.
pub(super) fn write_birthday(date: Date) -> Option<V> {
    as_if_utc(date, Time::constant(11, 59, 0, 0))
}

/// Writes a date as its midnight, as if it were in UTC.
pub(super) fn write_day(date: Date) -> Option<V> {
    as_if_utc(date, Time::midnight())
}

fn as_if_utc(date: Date, time: Time) -> Option<V> {
    file_time(Offset::UTC.to_timestamp(date.to_datetime(time)).ok()?)
}

/// Reads a date that was written as its midnight as if in UTC.
pub(super) fn read_day(time: FileTime) -> Option<Date> {
    Some(Offset::UTC.to_datetime(instant(time)?).date())
}

/// Reads the day on which a task was completed: local midnight in UTC by MS-OXOTASK, midnight as if in UTC by other programs.
pub(super) fn read_completed(time: FileTime, mailbox: &TimeZone) -> Option<Date> {
    let at = instant(time)?;
    let local = mailbox.to_datetime(at);
    let utc = Offset::UTC.to_datetime(at);
    let as_if_utc = local.time() != Time::midnight() && utc.time() == Time::midnight();
    Some(if as_if_utc { utc.date() } else { local.date() })
}

/// Makes an instant; `None` beyond the calendar.
pub(super) fn instant(time: FileTime) -> Option<Timestamp> {
    let (seconds, nanoseconds) = time.since_1970()?;
    Timestamp::new(seconds, i32::try_from(nanoseconds).ok()?).ok()
}

/// Makes a value of an instant, cut to its second as staffITpro counts; `None` before 1601.
pub(super) fn file_time(at: Timestamp) -> Option<V> {
    FileTime::from_1970(at.as_second(), 0).map(V::Time)
}

#[cfg(test)]
mod tests {
    use super::{read_birthday, read_completed, write_birthday, write_day};
    use crate::mapi::{FileTime, Properties, Value as V, named as n, property as p};
    use crate::model::Value;
    use jiff::Timestamp;
    use jiff::civil::date;
    use jiff::tz::TimeZone;

    fn at(text: &str) -> FileTime {
        let time: Timestamp = text.parse().unwrap();
        FileTime::from_1970(time.as_second(), 0).unwrap()
    }

    fn birthday(instant: Option<&str>, local: Option<&str>, zone: &str) -> String {
        let mut item = Properties::new();
        for (key, text) in [(p::BIRTHDAY.into(), instant), (n::BIRTHDAY_LOCAL.into(), local)] {
            if let Some(text) = text {
                let key: crate::mapi::PropertyKey = key;
                item.set(key, V::Time(at(text)));
            }
        }
        let zone = TimeZone::get(zone).unwrap();
        let read = read_birthday(&item, p::BIRTHDAY.into(), n::BIRTHDAY_LOCAL.into(), &zone);
        match read.unwrap().value() {
            Some(Value::Date(date)) => date.to_string(),
            _ => "none".to_owned(),
        }
    }

    #[test]
    fn birthdays_keep_their_date_whoever_wrote_them() {
        // Outlook in Berlin: local midnight, and the date itself.
        let both = (Some("1990-06-14T22:00:00Z"), Some("1990-06-15T00:00:00Z"));
        assert_eq!(birthday(both.0, both.1, "America/Los_Angeles"), "1990-06-15");
        assert_eq!(birthday(both.0, None, "Europe/Berlin"), "1990-06-15");
        assert_eq!(birthday(Some("1990-06-15T11:59:00Z"), None, "Pacific/Auckland"), "1990-06-15");
        assert_eq!(birthday(None, both.1, "Europe/Berlin"), "1990-06-15");
        // An old program moved it by a month and knew nothing of the date.
        assert_eq!(birthday(Some("1990-07-14T22:00:00Z"), both.1, "Europe/Berlin"), "1990-07-15");
        assert_eq!(birthday(None, None, "Europe/Berlin"), "none");
    }

    /// 1990-06-15 is 142,244 days after 1601-01-01 by Python's datetime.
    #[test]
    fn dates_are_written_as_windows_counts() {
        let days = 142_244_u64;
        assert_eq!(write_day(date(1990, 6, 15)), Some(V::Time(FileTime(days * 864_000_000_000))));
        let noon = days * 864_000_000_000 + (11 * 60 + 59) * 600_000_000;
        assert_eq!(write_birthday(date(1990, 6, 15)), Some(V::Time(FileTime(noon))));
        assert_eq!(write_day(date(1500, 1, 1)), None);
    }

    #[test]
    fn the_day_of_completion_is_local_midnight_or_midnight_of_utc() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let new_york = TimeZone::get("America/New_York").unwrap();
        assert_eq!(read_completed(at("2026-06-09T22:00:00Z"), &berlin), Some(date(2026, 6, 10)));
        assert_eq!(read_completed(at("2026-06-10T00:00:00Z"), &new_york), Some(date(2026, 6, 10)));
        assert_eq!(read_completed(at("2026-06-10T04:00:00Z"), &new_york), Some(date(2026, 6, 10)));
    }
}
