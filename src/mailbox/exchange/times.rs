//! Pure: start, end, zone and all-day of an appointment in the properties of EWS (notes.md §2.2).

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::ews::item::Properties;
use crate::ews::{DateTime, Field as E, Property, Value as Theirs};
use crate::mailbox::span::Span;
use crate::mailbox::zones::Zone;
use crate::model::{Content, Field, Slot, Value};

/// Reads the block, and returns the rules by which the item's days and hours were read. Where start or end is missing or
/// unreadable, all four fields stay unknown.
///
/// The zone of 2007, `MeetingTimeZone`, is not asked for: the oldest contract that we keep to is that of 2010 SP1, under which a
/// server tells `StartTimeZone` of whatever was made with either.
pub(super) fn read(item: &Properties, mailbox: &Zone, content: &mut Content) -> Option<TimeZone> {
    let time = |of: E| item.value(of).and_then(Theirs::as_datetime);
    let (start, end) = (time(E::Start)?, time(E::End)?);
    let start_zone = zone(item, E::StartTimeZone, mailbox).unwrap_or_else(|| mailbox.clone());
    let end_zone = zone(item, E::EndTimeZone, mailbox).unwrap_or_else(|| start_zone.clone());
    let all_day = item.value(E::IsAllDayEvent).and_then(Theirs::as_bool).unwrap_or(false);
    let (start, end) = (instant(start, &start_zone.rules)?, instant(end, &end_zone.rules)?);
    let span = Span { start, end, all_day, zone: start_zone };
    let stored = rules(item).filter(|_| all_day);
    Some(span.read(&end_zone, mailbox, stored.as_slice(), content))
}

/// Returns the rules that came along with the zone of the start.
fn rules(item: &Properties) -> Option<TimeZone> {
    match item.value(E::StartTimeZone)? {
        Theirs::TimeZone { rules, .. } => TimeZone::posix(rules.as_deref()?).ok(),
        _ => None,
    }
}

/// Finds the zone that an item names: by the id that everybody knows, else by the rules that came along. The id that 2013 and later
/// tell by itself (`StartTimeZoneId`) is that of the same property, and is not asked for.
fn zone(item: &Properties, of: E, mailbox: &Zone) -> Option<Zone> {
    match item.value(of)? {
        Theirs::TimeZone { id, rules } => {
            Zone::of_item(id, mailbox).or_else(|| Zone::of_rules(rules.as_deref()?, mailbox))
        }
        _ => None,
    }
}

/// A time without an offset is local to the zone of the item.
fn instant(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    time.instant().or_else(|| zone.to_ambiguous_timestamp(time.wall).compatible().ok())
}

/// Returns the zone in which an appointment of this content is written: all-day ones in that of the mailbox.
pub(super) fn zone_of(content: &Content, mailbox: &Zone) -> Zone {
    let named = content.text(Field::Zone).and_then(Zone::iana);
    let all_day = matches!(content.value(Field::Start), Some(Value::Date(_)));
    named.filter(|_| !all_day).unwrap_or_else(|| mailbox.clone())
}

/// Writes the block, whole. What the change does not say is taken from what the item held before.
pub(super) fn write(
    content: &Content,
    before: &Content,
    mailbox: &Zone,
) -> Result<Vec<(Property, Option<Theirs>)>, &'static str> {
    let Span { start, end, all_day, zone } = Span::of(content, before, mailbox)?;
    let (id, zone_lost) = match (zone.windows(), mailbox.windows()) {
        (Some(id), _) => (id, false),
        (None, Some(id)) => (id, true),
        (None, None) => ("UTC", true),
    };
    let series = content.slot(Field::Recurrence).or_else(|| before.slot(Field::Recurrence));
    if zone_lost && series.and_then(Slot::value).is_some() {
        return Err("Windows has no zone that keeps the time of this series");
    }
    let mut out: Vec<(Property, _)> = vec![(E::StartTimeZone.into(), Some(Theirs::zone(id)))];
    if !Span::keeps_zones(content, before) {
        out.push((E::EndTimeZone.into(), Some(Theirs::zone(id))));
    }
    out.extend([
        (E::Start.into(), Some(Theirs::DateTime(DateTime::utc(start)))),
        (E::End.into(), Some(Theirs::DateTime(DateTime::utc(end)))),
        (E::IsAllDayEvent.into(), Some(Theirs::Bool(all_day))),
    ]);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::ews::item::Properties;
    use crate::ews::{DateTime, Field as E, Property, Value as Theirs};
    use crate::mailbox::zones::Zone;
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
    fn quirk_38_unknown_zones_fall_back_to_the_mailbox() {
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
        // MS-OXOCAL 2.2.1.41: Outlook reckons a day of 1990, when summer time ended in September, by the rules that come along.
        let mut old = item("1990-10-02T22:00:00Z", "1990-10-03T22:00:00Z", id, true);
        let rules = "<STD>-1:00:00<DST>-2:00:00,M3.5.0/2:00:00,M10.5.0/3:00:00".to_owned();
        let zone =
            Theirs::TimeZone { id: "W. Europe Standard Time".into(), rules: Some(rules.into()) };
        old.set(E::StartTimeZone, zone);
        assert_eq!(show(&old, "America/New_York"), "1990-10-03 1990-10-04 Europe/Berlin");
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
        let of = |out: &[(Property, Option<Theirs>)], of: E| {
            out.iter().find(|(property, _)| *property == of.into()).and_then(|(_, v)| v.clone())
        };
        assert_eq!(of(&out, E::StartTimeZone), Some(Theirs::zone("Tokyo Standard Time")));
        let start = DateTime::parse("2026-10-26T09:00:00Z").unwrap();
        assert_eq!(of(&out, E::Start), Some(Theirs::DateTime(start)));
        // A flight ends in another zone than it starts in, and goes on doing so (rule D11).
        assert_eq!(of(&out, E::EndTimeZone), None);
        // Another zone is one for both, and so is that of whole days.
        let end =
            |change: &Content| of(&write(change, &before, &zone("UTC")).unwrap(), E::EndTimeZone);
        change.set_text(Field::Zone, "Europe/Berlin");
        assert_eq!(end(&change), Some(Theirs::zone("W. Europe Standard Time")));
        assert_eq!(
            end(&content("2026-10-26", "2026-10-27", "Asia/Tokyo")),
            Some(Theirs::zone("UTC"))
        );
    }
}
