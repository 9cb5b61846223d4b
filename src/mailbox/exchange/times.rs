//! Pure: start, end, zone and all-day of an appointment, which only make sense together (rules.md §4, notes.md §2.2).

use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

use crate::ews::item::Properties;
use crate::ews::{DateTime, Field as E, Property, Value as Theirs};
use crate::mailbox::exchange::zones::Zone;
use crate::model::{Block, Content, Field, Slot, Value};

/// Reads the block, and returns the rules by which the item's days and hours were read. Where start or end is missing or
/// unreadable, all four fields stay unknown.
pub(super) fn read(item: &Properties, mailbox: &Zone, content: &mut Content) -> Option<TimeZone> {
    let time = |of: E| item.value(of).and_then(Theirs::as_datetime);
    let (start, end) = (time(E::Start)?, time(E::End)?);
    let start_zone = zone(item, E::StartTimeZone, E::StartTimeZoneId, mailbox)
        .or_else(|| zone(item, E::MeetingTimeZone, E::MeetingTimeZone, mailbox))
        .unwrap_or_else(|| mailbox.clone());
    let end_zone =
        zone(item, E::EndTimeZone, E::EndTimeZoneId, mailbox).unwrap_or_else(|| start_zone.clone());
    let all_day = item.value(E::IsAllDayEvent).and_then(Theirs::as_bool).unwrap_or(false);
    let (start, end) = (instant(start, &start_zone.rules)?, instant(end, &end_zone.rules)?);
    content.set(Field::AllDay, Value::Flag(all_day));
    content.set_text(Field::Zone, start_zone.name.as_str());
    if all_day {
        let (first, after, lived_in) = days(start, end, &start_zone, &end_zone, mailbox);
        content.set(Field::Start, Value::Date(first));
        content.set(Field::End, Value::Date(after));
        Some(lived_in)
    } else {
        content.set(Field::Start, Value::Instant(start));
        content.set(Field::End, Value::Instant(end));
        Some(start_zone.rules)
    }
}

/// Finds the zone that an item names: by the id that everybody knows, else by the rules that came along, else by the id that
/// stands beside them (2013 and later).
fn zone(item: &Properties, of: E, beside: E, mailbox: &Zone) -> Option<Zone> {
    let named = match item.value(of) {
        Some(Theirs::TimeZone { id, rules }) => {
            Zone::of_item(id, mailbox).or_else(|| Zone::of_rules(rules.as_deref()?, mailbox))
        }
        _ => None,
    };
    named.or_else(|| Zone::of_item(item.value(beside)?.as_text()?, mailbox))
}

/// A time without an offset is local to the zone of the item.
fn instant(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    time.instant().or_else(|| zone.to_ambiguous_timestamp(time.wall).compatible().ok())
}

/// Returns the first day and the day after the last one. They are the local dates in the zone that the item was made in; an
/// item whose zone is wrong or lost (seen with Teams and with `tzone://Microsoft/Utc`) has its midnights in the mailbox's zone.
fn days(
    start: Timestamp,
    end: Timestamp,
    start_zone: &Zone,
    end_zone: &Zone,
    mailbox: &Zone,
) -> (Date, Date, TimeZone) {
    let candidates = [
        (&start_zone.rules, &end_zone.rules),
        (&mailbox.rules, &mailbox.rules),
        (&TimeZone::UTC, &TimeZone::UTC),
    ];
    let fitting =
        candidates.iter().find(|(from, to)| begins_a_day(start, from) && begins_a_day(end, to));
    let (from, to) = fitting.unwrap_or(&candidates[0]);
    let (first, last) = (from.to_datetime(start).date(), to.to_datetime(end).date());
    // What is not at midnight was not widened by the server (grommunio 3.10): it covers the days that it touches.
    let after = if begins_a_day(end, to) { last } else { next(last) };
    (first, if after > first { after } else { next(first) }, (*from).clone())
}

/// Says whether a day begins with this instant: at midnight, or later where the clocks skip it.
fn begins_a_day(instant: Timestamp, zone: &TimeZone) -> bool {
    let wall = zone.to_datetime(instant);
    wall.time() == Time::midnight() || midnight(wall.date(), zone) == Some(instant)
}

fn next(date: Date) -> Date {
    date.checked_add(1.day()).unwrap_or(date)
}

/// Returns the zone in which an appointment of this content is written: all-day ones in that of the mailbox.
pub(super) fn zone_of(content: &Content, mailbox: &Zone) -> Zone {
    let named = content.text(Field::Zone).and_then(Zone::iana);
    let all_day = matches!(content.value(Field::Start), Some(Value::Date(_)));
    named.filter(|_| !all_day).unwrap_or_else(|| mailbox.clone())
}

/// Says whether an update touches the block.
pub(super) fn concerns(content: &Content) -> bool {
    content.iter().any(|(field, _)| field.block() == Block::Time)
}

/// Writes the block: always both times with their zone, because a start alone may pass the end and a series in UTC drifts
/// by an hour. What the change does not say is taken from what the item held before.
pub(super) fn write(
    content: &Content,
    before: &Content,
    mailbox: &Zone,
) -> Result<Vec<(Property, Option<Theirs>)>, &'static str> {
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
    let zone = if all_day { mailbox } else { &zone };
    let (start, end) = if all_day {
        let first = day(start, &zone.rules, false)
            .ok_or("the start of an all-day appointment is no date")?;
        let after =
            day(end, &zone.rules, true).ok_or("the end of an all-day appointment is no date")?;
        let after = if after > first { after } else { next(first) };
        (midnight(first, &zone.rules), midnight(after, &zone.rules))
    } else {
        (moment(start), moment(end))
    };
    let (Some(start), Some(end)) = (start, end) else {
        return Err("start and end of an appointment are neither instants nor days");
    };
    let (id, zone_lost) = match (zone.windows(), mailbox.windows()) {
        (Some(id), _) => (id, false),
        (None, Some(id)) => (id, true),
        (None, None) => ("UTC", true),
    };
    if zone_lost && slot(Field::Recurrence).is_some() {
        return Err("Windows has no zone that keeps the time of this series");
    }
    let zone = || Some(Theirs::zone(id));
    Ok(vec![
        (E::StartTimeZone.into(), zone()),
        (E::EndTimeZone.into(), zone()),
        (E::Start.into(), Some(Theirs::DateTime(DateTime::utc(start)))),
        (E::End.into(), Some(Theirs::DateTime(DateTime::utc(end)))),
        (E::IsAllDayEvent.into(), Some(Theirs::Bool(all_day))),
    ])
}

fn day(value: &Value, zone: &TimeZone, is_end: bool) -> Option<Date> {
    match value {
        Value::Date(date) => Some(*date),
        Value::Instant(instant) => {
            let wall = zone.to_datetime(*instant);
            Some(if is_end && wall.time() != Time::midnight() {
                next(wall.date())
            } else {
                wall.date()
            })
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

/// The first moment of a day: in a zone that changes its clocks at midnight, that is one o'clock.
pub(super) fn midnight(date: Date, zone: &TimeZone) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0)).compatible().ok()
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::ews::item::Properties;
    use crate::ews::{DateTime, Field as E, Value as Theirs};
    use crate::mailbox::exchange::zones::Zone;
    use crate::model::{Content, Field, Value, json};

    fn zone(name: &str) -> Zone {
        Zone::iana(name).unwrap()
    }

    fn item(start: &str, end: &str, id: Option<&str>, all_day: bool) -> Properties {
        let mut item = Properties::new();
        item.set(E::Start, Theirs::DateTime(DateTime::parse(start).unwrap()));
        item.set(E::End, Theirs::DateTime(DateTime::parse(end).unwrap()));
        item.set(E::IsAllDayEvent, Theirs::Bool(all_day));
        if let Some(id) = id {
            item.set(E::StartTimeZone, Theirs::zone(id));
            item.set(E::EndTimeZone, Theirs::zone(id));
        }
        item
    }

    fn show(item: &Properties, mailbox: &str) -> String {
        let mut content = Content::new();
        read(item, &zone(mailbox), &mut content);
        let text = |field| {
            let json = json::to_json(content.slot(field).unwrap());
            json.as_str().unwrap_or_default().to_owned()
        };
        format!("{} {} {}", text(Field::Start), text(Field::End), text(Field::Zone))
    }

    #[test]
    fn timed_items_keep_instant_and_zone() {
        // 10:00 in Berlin, before and after the change of 29 March 2026 (zoneinfo: 09:00Z and 08:00Z).
        let id = Some("W. Europe Standard Time");
        let winter = item("2026-03-28T09:00:00Z", "2026-03-28T10:00:00Z", id, false);
        assert_eq!(show(&winter, "UTC"), "2026-03-28T09:00:00Z 2026-03-28T10:00:00Z Europe/Berlin");
        let offset = item("2026-03-30T10:00:00+02:00", "2026-03-30T11:00:00+02:00", id, false);
        assert_eq!(show(&offset, "UTC"), "2026-03-30T08:00:00Z 2026-03-30T09:00:00Z Europe/Berlin");
        // Without an offset, the zone of the item governs (notes.md §2.2).
        let floating = item("2026-03-30T10:00:00", "2026-03-30T11:00:00", id, false);
        assert_eq!(show(&floating, "UTC"), show(&offset, "UTC"));
    }

    #[test]
    fn unknown_zones_fall_back_to_the_mailbox() {
        for id in [None, Some(""), Some("tzone://Microsoft/Custom"), Some("Hausinterne Zeit")] {
            let item = item("2026-03-30T08:00:00Z", "2026-03-30T09:00:00Z", id, false);
            let wanted = "2026-03-30T08:00:00Z 2026-03-30T09:00:00Z Europe/Vienna";
            assert_eq!(show(&item, "Europe/Vienna"), wanted);
        }
        let iana = item("2026-03-30T08:00:00Z", "2026-03-30T09:00:00Z", Some("Asia/Tokyo"), false);
        assert!(show(&iana, "Europe/Vienna").ends_with("Asia/Tokyo"));
    }

    #[test]
    fn all_day_items_keep_their_local_dates_in_every_zone_pair() {
        // Made in Berlin over the change to summer time: 27 and 28 March 2026, midnights 23:00Z and 22:00Z.
        let id = Some("W. Europe Standard Time");
        let spring = item("2026-03-27T23:00:00Z", "2026-03-29T22:00:00Z", id, true);
        for mailbox in ["Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC"] {
            assert_eq!(show(&spring, mailbox), "2026-03-28 2026-03-30 Europe/Berlin", "{mailbox}");
        }
        // Over the change to winter time: 25 October 2026, midnights 22:00Z and 23:00Z.
        let autumn = item("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", id, true);
        assert_eq!(show(&autumn, "America/New_York"), "2026-10-25 2026-10-26 Europe/Berlin");
        let tokyo =
            item("2026-06-09T15:00:00Z", "2026-06-10T15:00:00Z", Some("Tokyo Standard Time"), true);
        assert_eq!(show(&tokyo, "Europe/Berlin"), "2026-06-10 2026-06-11 Asia/Tokyo");
    }

    #[test]
    fn all_day_items_with_a_lost_zone_have_the_midnights_of_the_mailbox() {
        let lost = item(
            "2026-06-09T22:00:00Z",
            "2026-06-10T22:00:00Z",
            Some("tzone://Microsoft/Utc"),
            true,
        );
        assert!(show(&lost, "Europe/Berlin").starts_with("2026-06-10 2026-06-11"));
        // grommunio 3.10 keeps what it is given: one in the afternoon until two is that day.
        let odd = item(
            "2026-06-10T11:00:00Z",
            "2026-06-10T12:00:00Z",
            Some("W. Europe Standard Time"),
            true,
        );
        assert!(show(&odd, "Europe/Berlin").starts_with("2026-06-10 2026-06-11"));
    }

    fn written(content: &Content, mailbox: &str) -> Result<String, &'static str> {
        let out = write(content, &Content::new(), &zone(mailbox))?;
        let parts: Vec<_> = out
            .into_iter()
            .map(|(_, value)| match value {
                Some(Theirs::TimeZone { id, .. }) => id,
                Some(Theirs::DateTime(time)) => time.to_string(),
                Some(Theirs::Bool(flag)) => flag.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        Ok(parts[1..].join(" "))
    }

    fn content(start: &str, end: &str, zone: &str) -> Content {
        let mut content = Content::new();
        for (field, text) in [(Field::Start, start), (Field::End, end)] {
            content.put(field, json::from_json(field, &serde_json::json!(text)).unwrap());
        }
        content.set(Field::AllDay, Value::Flag(start.len() == 10));
        content.set_text(Field::Zone, zone);
        content
    }

    #[test]
    fn all_day_is_written_as_midnights_of_the_mailbox() {
        let days = content("2026-03-28", "2026-03-30", "America/New_York");
        let wanted = "W. Europe Standard Time 2026-03-27T23:00:00Z 2026-03-29T22:00:00Z true";
        assert_eq!(written(&days, "Europe/Berlin").as_deref(), Ok(wanted));
        // Cuba changes its clocks at midnight: 8 March 2026 begins at 01:00, which is 05:00Z.
        let gap = content("2026-03-08", "2026-03-09", "America/Havana");
        let wanted = "Cuba Standard Time 2026-03-08T05:00:00Z 2026-03-09T04:00:00Z true";
        assert_eq!(written(&gap, "America/Havana").as_deref(), Ok(wanted));
        let none = content("2026-03-08", "2026-03-08", "UTC");
        let wanted = "UTC 2026-03-08T00:00:00Z 2026-03-09T00:00:00Z true";
        assert_eq!(written(&none, "UTC").as_deref(), Ok(wanted), "the end is exclusive");
    }

    #[test]
    fn timed_is_written_as_instants_with_the_zone_it_was_made_in() {
        let timed = content("2026-10-26T09:00:00Z", "2026-10-26T10:00:00Z", "America/New_York");
        let wanted = "Eastern Standard Time 2026-10-26T09:00:00Z 2026-10-26T10:00:00Z false";
        assert_eq!(written(&timed, "Europe/Berlin").as_deref(), Ok(wanted));
        let mut none = Content::new();
        none.set_blank(Field::Start);
        assert!(written(&none, "Europe/Berlin").is_err());
    }

    #[test]
    fn what_is_not_said_is_as_before() {
        let before = content("2026-10-26T09:00:00Z", "2026-10-26T10:00:00Z", "Asia/Tokyo");
        let mut change = Content::new();
        change.set(Field::End, Value::Instant("2026-10-26T11:00:00Z".parse().unwrap()));
        let out = write(&change, &before, &zone("Europe/Berlin")).unwrap();
        assert_eq!(out[0].1, Some(Theirs::zone("Tokyo Standard Time")));
        let start = DateTime::parse("2026-10-26T09:00:00Z").unwrap();
        assert_eq!(out[2].1, Some(Theirs::DateTime(start)));
    }
}
