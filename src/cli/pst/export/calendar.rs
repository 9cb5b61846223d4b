//! Pure: appointments and tasks as iCalendar (RFC 5545).

use std::collections::BTreeSet;
use std::io::{self, Write};

use abgleich::mailbox::Item;
use abgleich::mailbox::zones::Zone;
use abgleich::model::recurrence::{Exception, ExceptionChange, Moment, Range, Recurrence};
use abgleich::model::{Content, Field, ItemKind, Value};
use jiff::Timestamp;
use jiff::civil::{Date, Time};

use super::line::{Given, Ical, bound, calendar};
use super::series;
use super::zone;

/// The property of a task whose state iCalendar has no word for.
const STATUS: &str = "X-ABGLEICH-STATUS";

/// Writes one calendar, item by item. A zone stands before the first item that names it.
pub(super) struct Calendar<'a> {
    to: &'a mut dyn Write,
    zone: &'a Zone,
    written: BTreeSet<String>,
    origin: String,
}

impl<'a> Calendar<'a> {
    /// Begins a calendar; items without a zone are in this one.
    pub(super) fn begin(to: &'a mut dyn Write, zone: &'a Zone, origin: String) -> io::Result<Self> {
        bound(to, "BEGIN:VCALENDAR")?;
        bound(to, "VERSION:2.0")?;
        bound(to, concat!("PRODID:-//abgleich//", env!("CARGO_PKG_VERSION"), "//EN"))?;
        Ok(Self { to, zone, written: BTreeSet::new(), origin })
    }

    pub(super) fn end(self) -> io::Result<()> {
        bound(self.to, "END:VCALENDAR")
    }

    pub(super) fn put(&mut self, kind: ItemKind, item: &Item) -> io::Result<()> {
        let content = &item.content;
        let zone = content.text(Field::Zone).and_then(Zone::iana);
        let zone = zone.unwrap_or_else(|| self.zone.clone());
        let start = moment(content, Field::Start).or_else(|| moment(content, Field::TaskStart));
        let series = match content.value(Field::Recurrence) {
            Some(Value::Recurrence(series)) => Some(&**series),
            _ => None,
        };
        let instants = start.into_iter().chain(moments(series));
        if zone.name != "UTC" && instants.into_iter().any(|at| matches!(at, Moment::Instant(_))) {
            self.zone_of(&zone)?;
        }
        // A task's series needs a first day, which the task may not have.
        let start = start.or_else(|| series.map(|series| Moment::Day(first_of(series))));
        let entry = Entry { item, zone: &zone, start, origin: &self.origin };
        match kind {
            ItemKind::Task => entry.task(self.to, series),
            _ => entry.appointment(self.to, series),
        }
    }

    fn zone_of(&mut self, zone: &Zone) -> io::Result<()> {
        if self.written.insert(zone.name.clone()) { zone::write(self.to, zone) } else { Ok(()) }
    }
}

struct Entry<'a> {
    item: &'a Item,
    zone: &'a Zone,
    start: Option<Moment>,
    origin: &'a str,
}

impl Entry<'_> {
    fn appointment(&self, to: &mut dyn Write, series: Option<&Recurrence>) -> io::Result<()> {
        let content = &self.item.content;
        bound(to, "BEGIN:VEVENT")?;
        self.head(to)?;
        self.rule(to, series)?;
        self.time(to, Ical::Dtstart, self.start)?;
        self.time(to, Ical::Dtend, moment(content, Field::End))?;
        self.text(to, Ical::Summary, Field::Subject)?;
        self.text(to, Ical::Location, Field::Place)?;
        self.shared(to)?;
        bound(to, "END:VEVENT")?;
        for exception in series.into_iter().flat_map(|series| &series.exceptions) {
            self.changed(to, exception)?;
        }
        Ok(())
    }

    /// Writes what all occurrences of an appointment share.
    fn shared(&self, to: &mut dyn Write) -> io::Result<()> {
        let content = &self.item.content;
        self.rest(to)?;
        if let Some(state) = content.text(Field::ShowAs) {
            let (seen, state) = match state {
                "free" => ("TRANSPARENT", "FREE"),
                "tentative" => ("OPAQUE", "TENTATIVE"),
                "out_of_office" => ("OPAQUE", "OOF"),
                "working_elsewhere" => ("OPAQUE", "WORKINGELSEWHERE"),
                _ => ("OPAQUE", "BUSY"),
            };
            calendar(to, Ical::Transp, &[], &[seen])?;
            let name = "X-MICROSOFT-CDO-BUSYSTATUS".to_owned();
            calendar(to, Ical::Other(name), &[], &[state])?;
        }
        if let Some(Value::Attendees(people)) = content.value(Field::Attendees) {
            for person in people.iter().filter(|person| person.address.contains('@')) {
                let name = [(Given::Cn, person.name.as_str())];
                let named = if person.name.is_empty() { &[][..] } else { &name[..] };
                calendar(to, Ical::Attendee, named, &[&format!("mailto:{}", person.address)])?;
            }
        }
        if let Some(Value::Number(minutes)) = content.value(Field::ReminderMinutes)
            && content.is_set(Field::ReminderOn)
        {
            self.alarm(to, &[], &format!("-PT{minutes}M"))?;
        }
        Ok(())
    }

    fn task(&self, to: &mut dyn Write, series: Option<&Recurrence>) -> io::Result<()> {
        let content = &self.item.content;
        bound(to, "BEGIN:VTODO")?;
        self.head(to)?;
        self.rule(to, series)?;
        self.days(to, series.is_some())?;
        self.text(to, Ical::Summary, Field::Subject)?;
        self.rest(to)?;
        if let Some(status) = content.text(Field::Status) {
            let (status, own) = match status {
                "in_progress" => ("IN-PROCESS", None),
                "completed" => ("COMPLETED", None),
                "waiting" => ("NEEDS-ACTION", Some("WAITING")),
                "deferred" => ("NEEDS-ACTION", Some("DEFERRED")),
                _ => ("NEEDS-ACTION", None),
            };
            calendar(to, Ical::Status, &[], &[status])?;
            if let Some(own) = own {
                calendar(to, Ical::Other(STATUS.to_owned()), &[], &[own])?;
            }
        }
        if let Some(Value::Number(percent)) = content.value(Field::Percent) {
            calendar(to, Ical::PercentComplete, &[], &[&percent.to_string()])?;
        }
        if let Some(Value::Date(date)) = content.value(Field::Completed) {
            // iCalendar wants an instant; Outlook knows the day, whose noon is on that day for most people.
            let noon = date.at(12, 0, 0, 0).to_zoned(self.zone.rules.clone());
            if let Ok(noon) = noon {
                calendar(to, Ical::Completed, &[], &[&utc(noon.timestamp())])?;
            }
        }
        if let Some(priority) = content.text(Field::Priority) {
            let number = match priority {
                "high" => "1",
                "low" => "9",
                _ => "5",
            };
            calendar(to, Ical::Priority, &[], &[number])?;
        }
        if let Some(Value::Instant(at)) = content.value(Field::ReminderAt)
            && content.is_set(Field::ReminderOn)
        {
            self.alarm(to, &[(Given::Value, "DATE-TIME")], &utc(*at))?;
        }
        bound(to, "END:VTODO")
    }

    /// Writes on which days a task begins and is due. A due day has to be later than the first (RFC 5545 3.8.2.3), and a series has
    /// to have a first: a task of a single day says that it lasts one where it comes again, and when it is due where it does not.
    fn days(&self, to: &mut dyn Write, comes_again: bool) -> io::Result<()> {
        let due = moment(&self.item.content, Field::Due);
        let (Some(Moment::Day(first)), Some(Moment::Day(last))) = (self.start, due) else {
            self.time(to, Ical::Dtstart, self.start)?;
            return self.time(to, Ical::Due, due);
        };
        if first >= last && comes_again {
            self.time(to, Ical::Dtstart, self.start)?;
            return calendar(to, Ical::Duration, &[], &["P1D"]);
        }
        if first < last {
            self.time(to, Ical::Dtstart, self.start)?;
        }
        self.time(to, Ical::Due, due)
    }

    /// Writes who the item is, the same for all its occurrences.
    fn head(&self, to: &mut dyn Write) -> io::Result<()> {
        let item = self.item;
        let uid = format!("{}.{}@abgleich", item.identity.id.as_str(), self.origin);
        calendar(to, Ical::Uid, &[], &[&uid])?;
        let changed = item.modified_at.or(item.created_at).unwrap_or(Timestamp::UNIX_EPOCH);
        calendar(to, Ical::Dtstamp, &[], &[&utc(changed)])
    }

    /// Writes what appointments and tasks share.
    fn rest(&self, to: &mut dyn Write) -> io::Result<()> {
        let content = &self.item.content;
        self.text(to, Ical::Description, Field::Body)?;
        match content.text(Field::Sensitivity) {
            Some("private" | "personal") => calendar(to, Ical::Class, &[], &["PRIVATE"])?,
            Some("confidential") => calendar(to, Ical::Class, &[], &["CONFIDENTIAL"])?,
            _ => {}
        }
        if let Some(Value::List(entries)) = content.value(Field::Categories) {
            let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
            calendar(to, Ical::Categories, &[], &entries)?;
        }
        Ok(())
    }

    fn rule(&self, to: &mut dyn Write, series: Option<&Recurrence>) -> io::Result<()> {
        let Some(series) = series else { return Ok(()) };
        let until = match series.range {
            Range::Until { end, .. } => self.on(end).map(|end| match end {
                Moment::Day(end) => day(end),
                Moment::Instant(end) => utc(end),
            }),
            _ => None,
        };
        if let Some(rule) = series::rule(&series.pattern, &series.range, until.as_deref()) {
            calendar(to, Ical::Rrule, &[], &[&rule])?;
        }
        if let Some(after) = series::regenerates(&series.pattern) {
            calendar(to, Ical::Other(series::REGENERATES.to_owned()), &[], &[&after])?;
        }
        for exception in &series.exceptions {
            if exception.change == ExceptionChange::Deleted {
                self.time(to, Ical::Exdate, self.on(exception.original))?;
            }
        }
        Ok(())
    }

    /// Writes an occurrence that was changed; what it shares with the series is written again, as the format wants.
    fn changed(&self, to: &mut dyn Write, exception: &Exception) -> io::Result<()> {
        let ExceptionChange::Changed { start, end, subject, place } = &exception.change else {
            return Ok(());
        };
        let own = |text: &Option<String>, field| {
            text.clone().or_else(|| self.item.content.text(field).map(str::to_owned))
        };
        bound(to, "BEGIN:VEVENT")?;
        self.head(to)?;
        self.time(to, Ical::RecurrenceId, self.on(exception.original))?;
        self.time(to, Ical::Dtstart, Some(*start))?;
        self.time(to, Ical::Dtend, Some(*end))?;
        let texts = [
            (Ical::Summary, own(subject, Field::Subject)),
            (Ical::Location, own(place, Field::Place)),
        ];
        for (property, text) in texts {
            if let Some(text) = text.filter(|text| !text.is_empty()) {
                calendar(to, property, &[], &[&text])?;
            }
        }
        self.shared(to)?;
        bound(to, "END:VEVENT")
    }

    fn alarm(&self, to: &mut dyn Write, form: &[(Given, &str)], at: &str) -> io::Result<()> {
        bound(to, "BEGIN:VALARM")?;
        calendar(to, Ical::Action, &[], &["DISPLAY"])?;
        let subject = self.item.content.text(Field::Subject).unwrap_or("Reminder");
        calendar(to, Ical::Description, &[], &[subject])?;
        calendar(to, Ical::Trigger, form, &[at])?;
        bound(to, "END:VALARM")
    }

    fn text(&self, to: &mut dyn Write, property: Ical, field: Field) -> io::Result<()> {
        match self.item.content.text(field) {
            Some(text) => calendar(to, property, &[], &[text]),
            None => Ok(()),
        }
    }

    /// Returns when the series' occurrence of a day begins.
    fn on(&self, date: Date) -> Option<Moment> {
        match self.start? {
            Moment::Day(_) => Some(Moment::Day(date)),
            Moment::Instant(start) => {
                let time: Time = start.to_zoned(self.zone.rules.clone()).time();
                let local = date.to_datetime(time).to_zoned(self.zone.rules.clone()).ok()?;
                Some(Moment::Instant(local.timestamp()))
            }
        }
    }

    fn time(&self, to: &mut dyn Write, property: Ical, at: Option<Moment>) -> io::Result<()> {
        match at {
            None => Ok(()),
            Some(Moment::Day(date)) => {
                calendar(to, property, &[(Given::Value, "DATE")], &[&day(date)])
            }
            Some(Moment::Instant(at)) if self.zone.name == "UTC" => {
                calendar(to, property, &[], &[&utc(at)])
            }
            Some(Moment::Instant(at)) => {
                let local = at.to_zoned(self.zone.rules.clone());
                let local = local.strftime("%Y%m%dT%H%M%S").to_string();
                calendar(to, property, &[(Given::Tzid, &self.zone.name)], &[&local])
            }
        }
    }
}

/// Returns when the changed occurrences of a series begin and end.
fn moments(series: Option<&Recurrence>) -> Vec<Moment> {
    let exceptions = series.map_or(&[][..], |series| &series.exceptions);
    exceptions
        .iter()
        .filter_map(|exception| match exception.change {
            ExceptionChange::Changed { start, end, .. } => Some([start, end]),
            ExceptionChange::Deleted => None,
        })
        .flatten()
        .collect()
}

fn moment(content: &Content, field: Field) -> Option<Moment> {
    match content.value(field)? {
        Value::Date(date) => Some(Moment::Day(*date)),
        Value::Instant(at) => Some(Moment::Instant(*at)),
        _ => None,
    }
}

const fn first_of(series: &Recurrence) -> Date {
    match series.range {
        Range::Forever { start } | Range::Until { start, .. } | Range::Count { start, .. } => start,
    }
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use abgleich::mailbox::zones::Zone;
    use abgleich::mailbox::{Aside, Identity, Item};
    use abgleich::model::recurrence::{
        Exception, ExceptionChange, Moment, Pattern, Range, Recurrence,
    };
    use abgleich::model::{Content, Field, FieldSet, ItemId, ItemKind, ItemVersion, Value};
    use jiff::civil::date;

    use super::Calendar;

    /// Three mornings across the end of summer time in Berlin (2026-10-25), the second removed, the third put off to noon. Written
    /// by hand from RFC 5545, 3.8.4.4 and 3.8.5.
    #[test]
    fn a_series_names_what_was_removed_and_what_was_moved_by_the_time_it_had() {
        let moved = |text: &str| Moment::Instant(text.parse().unwrap());
        let change = ExceptionChange::Changed {
            start: moved("2026-10-26T11:00:00Z"),
            end: moved("2026-10-26T11:30:00Z"),
            subject: None,
            place: Some("Raum 1, hinten".to_owned()),
        };
        let series = Recurrence {
            pattern: Pattern::Daily { every: 1 },
            range: Range::Until { start: date(2026, 10, 24), end: date(2026, 10, 26) },
            exceptions: vec![
                Exception { original: date(2026, 10, 25), change: ExceptionChange::Deleted },
                Exception { original: date(2026, 10, 26), change },
            ],
        };
        let mut content = Content::new();
        content.set_text(Field::Subject, "Früh; kurz");
        content.set_text(Field::Zone, "Europe/Berlin");
        content.set(Field::Start, Value::Instant("2026-10-24T07:00:00Z".parse().unwrap()));
        content.set(Field::End, Value::Instant("2026-10-24T07:30:00Z".parse().unwrap()));
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        content.set_text(Field::ShowAs, "out_of_office");
        content.set(Field::ReminderOn, Value::Flag(true));
        content.set(Field::ReminderMinutes, Value::Number(30));
        let text = exported(content);
        let (_, events) = text.split_once("END:VTIMEZONE\r\n").unwrap();
        // What an occurrence has replaces what the series has, all of it.
        let shared = "\
TRANSP:OPAQUE
X-MICROSOFT-CDO-BUSYSTATUS:OOF
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Früh\\; kurz
TRIGGER:-PT30M
END:VALARM
END:VEVENT
";
        let expected = format!(
            "\
BEGIN:VEVENT
UID:1.2.pst@abgleich
DTSTAMP:19700101T000000Z
RRULE:FREQ=DAILY;UNTIL=20261026T080000Z
EXDATE;TZID=Europe/Berlin:20261025T090000
DTSTART;TZID=Europe/Berlin:20261024T090000
DTEND;TZID=Europe/Berlin:20261024T093000
SUMMARY:Früh\\; kurz
{shared}BEGIN:VEVENT
UID:1.2.pst@abgleich
DTSTAMP:19700101T000000Z
RECURRENCE-ID;TZID=Europe/Berlin:20261026T090000
DTSTART;TZID=Europe/Berlin:20261026T120000
DTEND;TZID=Europe/Berlin:20261026T123000
SUMMARY:Früh\\; kurz
LOCATION:Raum 1\\, hinten
{shared}END:VCALENDAR
"
        );
        assert_eq!(events.replace("\r\n", "\n"), expected);
        let summer = "BEGIN:DAYLIGHT\r\nDTSTART:19800406T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n";
        assert!(text.contains(summer), "the first summer time after 1970, of 1980\n{text}");
    }

    /// A day of a series was given hours: they are in a zone, which has to stand in the calendar (RFC 5545 3.6.5).
    #[test]
    fn a_zone_that_one_occurrence_alone_names_is_in_the_calendar() {
        let at = |text: &str| Moment::Instant(text.parse().unwrap());
        let change = ExceptionChange::Changed {
            start: at("2026-10-25T08:00:00Z"),
            end: at("2026-10-25T09:00:00Z"),
            subject: None,
            place: None,
        };
        let series = Recurrence {
            pattern: Pattern::Daily { every: 1 },
            range: Range::Until { start: date(2026, 10, 24), end: date(2026, 10, 26) },
            exceptions: vec![Exception { original: date(2026, 10, 25), change }],
        };
        let mut content = Content::new();
        content.set_text(Field::Zone, "Europe/Berlin");
        content.set(Field::Start, Value::Date(date(2026, 10, 24)));
        content.set(Field::End, Value::Date(date(2026, 10, 25)));
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        let text = exported(content);
        assert!(text.contains("DTSTART;TZID=Europe/Berlin:20261025T090000\r\n"), "{text}");
        assert_eq!(text.matches("TZID:Europe/Berlin\r\n").count(), 1, "{text}");
    }

    fn exported(content: Content) -> String {
        let identity = Identity {
            id: ItemId::new("1.2"),
            version: ItemVersion::new("1"),
            kind: Some(ItemKind::Appointment),
            private: false,
            stamp: None,
        };
        let item = Item {
            identity,
            folder: None,
            content,
            modified_at: None,
            modified_by: None,
            created_at: None,
            has_guests: false,
            rich: false,
            fixed: FieldSet::EMPTY,
            unsupported: FieldSet::EMPTY,
            read_only: FieldSet::EMPTY,
            formerly: Content::new(),
            aside: Aside::default(),
        };
        let (mut text, utc) = (Vec::new(), Zone::utc());
        let mut calendar = Calendar::begin(&mut text, &utc, "pst".to_owned()).unwrap();
        calendar.put(ItemKind::Appointment, &item).unwrap();
        calendar.end().unwrap();
        String::from_utf8(text).unwrap()
    }
}
