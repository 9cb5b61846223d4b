//! No shift in any zone: what is written and read in every zone that has a Windows name, from 2000 to 2037 and round every change
//! of the clocks, against the instants that Python's zoneinfo has (`fixtures/zones`).

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use jiff::civil::{Date, date};

use crate::ews::item::Properties;
use crate::ews::{DateTime, Field as E, Value as Theirs};
use crate::mailbox::exchange::{exceptions, times};
use crate::mailbox::zones::{self, Zone};
use crate::model::recurrence::{Exception, ExceptionChange, Pattern, Range};
use crate::model::{Content, Field, Recurrence, Value};

/// A day of a zone as Python has it.
struct Day {
    date: Date,
    begins: Timestamp,
    ends: Timestamp,
    nine: Timestamp,
}

/// Asks Python; `None` with a word where there is none with zoneinfo.
fn judged(names: &BTreeSet<&str>) -> Option<Vec<(String, Day)>> {
    let told = std::env::var("ABGLEICH_PYTHON");
    let python = told.clone().unwrap_or_else(|_| "python3".to_owned());
    let run = Command::new(&python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/zones/days.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut run) = run else {
        println!("SKIPPED: {python} cannot be started; set ABGLEICH_PYTHON");
        return None;
    };
    let mut input = run.stdin.take().unwrap();
    let names: Vec<&str> = names.iter().copied().collect();
    input.write_all(names.join("\n").as_bytes()).unwrap();
    drop(input);
    let run = run.wait_with_output().unwrap();
    if !run.status.success() {
        assert!(told.is_err(), "days.py failed with the Python of ABGLEICH_PYTHON");
        println!("SKIPPED: {python} has no zoneinfo or no time zones; set ABGLEICH_PYTHON");
        return None;
    }
    let text = String::from_utf8(run.stdout).unwrap();
    let line = |line: &str| {
        let mut words = line.split(' ');
        let name = words.next().unwrap().to_owned();
        let date = words.next().unwrap().parse().unwrap();
        let mut instant =
            || Timestamp::from_second(words.next().unwrap().parse().unwrap()).unwrap();
        (name, Day { date, begins: instant(), ends: instant(), nine: instant() })
    };
    Some(text.lines().map(line).collect())
}

/// What a server gives back of what it was given.
fn item(written: Vec<(crate::ews::Property, Option<Theirs>)>) -> Properties {
    written.into_iter().filter_map(|(property, value)| Some((property, value?))).collect()
}

fn timed(day: &Day, zone: &Zone) -> Content {
    let mut content = Content::new();
    content.set(Field::Start, Value::Instant(day.nine));
    content.set(Field::End, Value::Instant(day.nine));
    content.set_text(Field::Zone, zone.name.as_str());
    content.set(Field::AllDay, Value::Flag(false));
    content
}

#[test]
fn no_day_and_no_hour_shifts_in_any_zone_of_the_table() {
    let windows: BTreeSet<&str> = zones::table().collect();
    assert!(windows.len() > 130, "the table has {} zones", windows.len());
    let Some(days) = judged(&windows) else { return };
    let elsewhere = Zone::iana("Asia/Tokyo").unwrap();
    let mut seen = 0;
    for days in days.chunk_by(|(one, _), (other, _)| one == other) {
        let zone = Zone::iana(&days[0].0).unwrap();
        let id = zone.windows().expect("a Windows name");
        for (_, day) in days {
            let told = || format!("{id} ({}) on {}", zone.name, day.date);
            // A timed item keeps its instant and its zone, whoever reads it.
            let content = timed(day, &zone);
            let written = item(times::write(&content, &Content::new(), &elsewhere).unwrap());
            let utc = |instant| Some(Theirs::DateTime(DateTime::utc(instant)));
            assert_eq!(written.value(E::Start).cloned(), utc(day.nine), "{}", told());
            assert_eq!(written.value(E::StartTimeZone), Some(&Theirs::zone(id)), "{}", told());
            let mut read = Content::new();
            times::read(&written, &elsewhere, &mut read);
            assert_eq!(read, content, "{}", told());
            // Without an offset, the hour is that of the zone.
            let mut floating = written.clone();
            let wall = day.date.at(9, 0, 0, 0);
            floating.set(E::Start, Theirs::DateTime(DateTime::floating(wall)));
            let mut read = Content::new();
            times::read(&floating, &elsewhere, &mut read);
            assert_eq!(read.value(Field::Start), Some(&Value::Instant(day.nine)), "{}", told());
            // An all-day item is written from the one beginning to the other, and keeps its date in both mailboxes.
            let mut whole = Content::new();
            whole.set(Field::Start, Value::Date(day.date));
            whole.set(Field::End, Value::Date(day.date.tomorrow().unwrap()));
            whole.set_text(Field::Zone, zone.name.as_str());
            whole.set(Field::AllDay, Value::Flag(true));
            let written = item(times::write(&whole, &Content::new(), &zone).unwrap());
            assert_eq!(written.value(E::Start).cloned(), utc(day.begins), "{}", told());
            assert_eq!(written.value(E::End).cloned(), utc(day.ends), "{}", told());
            for mailbox in [&zone, &elsewhere] {
                let mut read = Content::new();
                times::read(&written, mailbox, &mut read);
                assert_eq!(read, whole, "{} in {}", told(), mailbox.name);
            }
            seen += 1;
        }
        series(&zone, days, &elsewhere);
    }
    assert!(seen > 20_000, "{seen} days were looked at");
}

/// A daily series at nine goes through all years: each of its occurrences is where Python has nine o'clock.
fn series(zone: &Zone, days: &[(String, Day)], elsewhere: &Zone) {
    let start = date(2000, 1, 1);
    let first = days.iter().find(|(_, day)| day.date == start).expect("the first of January");
    let mut content = timed(&first.1, zone);
    let deleted = |day: &Day| Exception { original: day.date, change: ExceptionChange::Deleted };
    let mut series = Recurrence {
        pattern: Pattern::Daily { every: 1 },
        range: Range::Forever { start },
        exceptions: days.iter().map(|(_, day)| deleted(day)).collect(),
    };
    // Round the turn of a year, a day may come twice; the day before the first one is none of the series.
    series.exceptions.retain(|exception| exception.original >= start);
    content.set(Field::Recurrence, Value::Recurrence(Box::new(series.clone())));
    let plan = exceptions::plan(&content, &Content::new(), false, elsewhere).unwrap().unwrap();
    let mut properties = item(times::write(&content, &Content::new(), elsewhere).unwrap());
    let nine = |date: Date| days.iter().find(|(_, day)| day.date == date).map(|(_, day)| day.nine);
    for step in &plan.steps {
        assert_eq!(Some(step.start), nine(step.original), "{} on {}", zone.name, step.original);
    }
    // And back: the days are found from the starts of the occurrences.
    let starts = plan.steps.iter().map(|step| DateTime::utc(step.start)).collect();
    properties.set(E::DeletedOccurrences, Theirs::DeletedOccurrences(starts));
    let mut read = Content::new();
    let rules = times::read(&properties, elsewhere, &mut read).unwrap();
    let nothing = exceptions::Fetched::new();
    let found =
        exceptions::read(&properties, &read, (&series, &rules), (&nothing, elsewhere)).unwrap();
    let wanted: BTreeSet<Date> = series.exceptions.iter().map(|e| e.original).collect();
    let found: BTreeSet<Date> = found.iter().map(|exception| exception.original).collect();
    assert!(found == wanted, "{}: {:?}", zone.name, found.symmetric_difference(&wanted));
}
