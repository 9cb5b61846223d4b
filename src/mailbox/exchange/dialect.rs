//! Pure: what a server wants said otherwise than Microsoft's pages have it, and what it cannot be told.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use crate::ews::property::DistinguishedSet;
use crate::ews::{
    DateTime, ExtendedField, ExtendedType, Field as E, Property, PropertySet, Value as Theirs,
};
use crate::mailbox::exchange::series;
use crate::mailbox::exchange::write::{Change, Setting, Unfit};
use crate::mailbox::zones::Zone;
use crate::model::{Content, Field, Recurrence, Slot, Value};

/// What is known of the server that matters to what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dialect {
    /// It is grommunio, which multiplies the share of a task by a hundred when it is updated, and changes a reminder only through
    /// its MAPI property (3.10; recordings, sections 5 and 6).
    pub(super) grommunio: bool,
    /// It keeps to a contract of 2010, whose schema lacks a word.
    pub(super) before_2013: bool,
    /// What its clock shows, where it has told.
    pub(super) now: Option<Timestamp>,
}

/// Whether an item has a reminder (PidLidReminderSet).
const REMINDER_SET: ExtendedField = ExtendedField::id(
    PropertySet::Distinguished(DistinguishedSet::Common),
    0x8503,
    ExtendedType::Boolean,
);

/// Minutes from the reminder to the start (PidLidReminderDelta).
const REMINDER_DELTA: ExtendedField = ExtendedField::id(
    PropertySet::Distinguished(DistinguishedSet::Common),
    0x8501,
    ExtendedType::Integer,
);

impl Dialect {
    /// Puts the progress of a new task into the server's own way. Of status, percent and completion date the one that is processed
    /// last decides for all three (Microsoft's page on `CompleteDate`), and in a new item that is the status, which comes last in the
    /// schema and would make the day of completion today. So the date goes alone; grommunio draws no conclusions and gets all.
    pub(super) fn settle_new(self, settings: &mut Vec<Setting>, mailbox: &Zone) {
        self.leave_out_the_future(settings, mailbox);
        let completed = |(of, _): &Setting| *of == Property::Field(E::CompleteDate);
        if !self.grommunio && settings.iter().any(completed) {
            let implied = [E::Status, E::PercentComplete].map(Property::Field);
            settings.retain(|(of, _)| !implied.contains(of));
        }
    }

    /// Leaves out a day of completion that has not come: servers refuse it, and would refuse the whole task with it. The task is
    /// completed all the same, and the server takes its own day, which counts as its spelling of ours. A server that does not look
    /// at the zone of a request counts from midnight in UTC, so that in the morning east of Greenwich today is in the future, too.
    pub(super) fn leave_out_the_future(self, settings: &mut Vec<Setting>, mailbox: &Zone) {
        let Some(now) = self.now else { return };
        let has_begun = |day: &DateTime, zone: &TimeZone| {
            zone.to_ambiguous_timestamp(day.wall).compatible().is_ok_and(|begins| begins <= now)
        };
        settings.retain(|(of, value)| match value {
            Some(Theirs::DateTime(day)) if *of == Property::Field(E::CompleteDate) => {
                has_begun(day, &mailbox.rules) && has_begun(day, &TimeZone::UTC)
            }
            _ => true,
        });
    }

    /// Puts a day into the server's own way: grommunio 3.10 does not look at the zone of a request, and keeps midnight in UTC as that
    /// day (recordings, sections 5 and 6).
    pub(super) fn day(self, (property, value): Setting) -> Setting {
        let is_day =
            matches!(property, Property::Field(E::StartDate | E::DueDate | E::CompleteDate));
        match value {
            Some(Theirs::DateTime(day)) if self.grommunio && is_day => {
                let day = DateTime { offset: Some(Offset::UTC), ..day };
                (property, Some(Theirs::DateTime(day)))
            }
            value => (property, value),
        }
    }

    /// Says whether the server keeps the hours of a series that is set on an item that is there: grommunio 3.10 makes each of its
    /// occurrences last a day (recordings, section 5), unless they do.
    pub(super) fn takes_series(self, series: &Recurrence, before: &Content) -> Result<(), Unfit> {
        let is_new = !self.grommunio || before.is_set(Field::AllDay);
        let same = matches!(before.value(Field::Recurrence), Some(Value::Recurrence(was))
            if was.pattern == series.pattern && was.range == series.range && was.exceptions.is_empty());
        if is_new || same {
            return Ok(());
        }
        Err("this server (grommunio) makes every occurrence last a day when a series is changed; change it in Outlook".into())
    }

    /// Says whether dates of a task may be set. The planner does not ask for those of a series that goes on; this is the second lock
    /// (rule D10).
    pub(super) fn takes_dates(self, change: &Change<'_>) -> Result<(), Unfit> {
        let ends = change.content.slot(Field::Recurrence).is_some_and(Slot::is_blank);
        let series = series::read_only(change.before);
        if self.grommunio || ends || change.content.known().intersection(series).is_empty() {
            return Ok(());
        }
        Err("Exchange would make one more task of it: move the dates of a recurring task in Outlook".into())
    }

    /// Says whether the schema of the contract has the words that are to be sent; a server refuses the whole batch for one that it has
    /// not (`WorkingElsewhere` is of 2013).
    pub(super) fn has_words(self, settings: &[Setting]) -> Result<(), Unfit> {
        let elsewhere = |(of, value): &Setting| {
            *of == Property::Field(E::LegacyFreeBusyStatus)
                && value.as_ref().and_then(Theirs::as_text) == Some("WorkingElsewhere")
        };
        if self.before_2013 && settings.iter().any(elsewhere) {
            return Err("Exchange 2010 cannot show a time as `working elsewhere`".into());
        }
        Ok(())
    }

    /// Puts a setting of an update into the server's own way.
    pub(super) fn adapt(self, (property, value): Setting) -> Setting {
        if !self.grommunio {
            return (property, value);
        }
        match (&property, value) {
            (Property::Field(E::PercentComplete), Some(Theirs::Double(percent))) => {
                (property, Some(Theirs::Double(percent / 100.0)))
            }
            (Property::Field(E::ReminderIsSet), value) => (REMINDER_SET.into(), value),
            (Property::Field(E::ReminderMinutesBeforeStart), value) => {
                (REMINDER_DELTA.into(), value)
            }
            (_, value) => (property, value),
        }
    }
}
