//! The messages of changed occurrences, which tell in UTC what the series tells by its own clock (effect). MS-OXOCAL 2.2.10.

use jiff::tz::TimeZone;

use super::place::Place;
use super::report::Report;
use super::rule::Rule;
use crate::mapi::recurrence::{AppointmentRecurrence, Minutes, OccurrenceChange};
use crate::mapi::zone::{ZoneDefinition, ZoneRule};
use crate::mapi::{FileTime, Value, named as n, property as p};
use crate::pst::error::PstError;
use crate::pst::messaging::{Attachment, Item, Object};

/// Checks the messages of a series, and returns how many there are.
pub(super) fn check(
    item: &Item<'_>,
    series: &AppointmentRecurrence,
    place: Place<'_>,
    report: &mut Report,
) -> Result<usize, PstError> {
    let zones = zones(item.properties())?;
    let mut messages = 0;
    for attachment in item.attachments()? {
        if !attachment.is_occurrence()? {
            continue;
        }
        messages += 1;
        // What of it cannot be read is said where all nodes are looked at.
        let Ok(Some(message)) = attachment.item() else { continue };
        if let Ok(true) = lacks_its_text(&message) {
            report.note(place, Rule::NoOwnText);
        }
        if let Ok(true) = is_elsewhere(&attachment, &message, series, &zones) {
            report.note(place, Rule::OtherTimes);
        }
    }
    Ok(messages)
}

/// Says whether the message of a changed occurrence claims a text other than that of its series and has none (MS-OXOCAL 2.2.10.2.6).
fn lacks_its_text(message: &Item<'_>) -> Result<bool, PstError> {
    let object = message.properties();
    let claims = object.value(n::EXCEPTIONAL_BODY)?.and_then(|claims| claims.as_bool());
    let texts = [p::BODY, p::RTF_COMPRESSED, p::HTML];
    Ok(claims == Some(true) && texts.iter().all(|text| object.property(text.id).is_none()))
}

/// Returns the rules that a series is lived by, in each form that it has them.
fn zones(object: &Object<'_>) -> Result<Vec<TimeZone>, PstError> {
    let mut rules = Vec::new();
    if let Some(Value::Binary(bytes)) = object.value(n::SERIES_ZONE)? {
        let definition = ZoneDefinition::parse(&bytes).ok();
        rules.extend(definition.iter().flat_map(|all| all.rules.iter().map(|one| one.rule)));
    }
    if let Some(Value::Binary(bytes)) = object.value(n::TIME_ZONE_STRUCT)? {
        rules.extend(ZoneRule::parse(&bytes));
    }
    Ok(rules.iter().filter_map(ZoneRule::zone).collect())
}

/// Says whether a message tells another time of its occurrence than the series, by none of the rules that that is lived by. Where it
/// cannot be told of which occurrence it is, nothing is said.
fn is_elsewhere(
    attachment: &Attachment<'_>,
    message: &Item<'_>,
    series: &AppointmentRecurrence,
    zones: &[TimeZone],
) -> Result<bool, PstError> {
    let of_attachment = |tag| -> Result<Option<FileTime>, PstError> {
        Ok(attachment.properties().value(tag)?.and_then(|time| time.as_time()))
    };
    let (starts, replaces) =
        (of_attachment(p::EXCEPTION_START)?, of_attachment(p::EXCEPTION_REPLACE_TIME)?);
    let is_it = |change: &&OccurrenceChange| {
        starts.is_some_and(|time| minute(time) == u64::from(change.start.0))
            || replaces.is_some_and(|time| minute(time) == u64::from(change.original_start.0))
    };
    let Some(change) = series.changes.iter().find(is_it).filter(|_| !zones.is_empty()) else {
        return Ok(false);
    };
    let object = message.properties();
    for (tag, by_series) in [
        (n::APPOINTMENT_START, change.start),
        (n::APPOINTMENT_END, change.end),
        (n::EXCEPTION_REPLACES, change.original_start),
    ] {
        let Some(told) = object.value(tag)?.and_then(|time| time.as_time()) else { continue };
        let is_told = |zone| utc(by_series, zone).is_some_and(|time| time == minute(told));
        if !zones.iter().any(is_told) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the minutes since 1601 of a time.
const fn minute(time: FileTime) -> u64 {
    time.0 / 600_000_000
}

/// Returns when the clocks of a zone show a time, in minutes since 1601.
fn utc(minutes: Minutes, zone: &TimeZone) -> Option<u64> {
    const BETWEEN: i64 = 11_644_473_600;
    let at = zone.to_ambiguous_timestamp(minutes.to_datetime()).compatible().ok()?;
    u64::try_from(at.as_second().checked_add(BETWEEN)?.div_euclid(60)).ok()
}
