//! Effect: has series compared from time to time where the mailbox does not show what becomes of their occurrences (grommunio:
//! neither the feed nor the version of the series tells of it).
//!
//! The settled series are marked in rounds, in the order of their pairs: a round begins once a day, and a run marks a limited number
//! of series, so that it is bounded by a constant and not by the size of the mailbox (invariant 13). How far a round came stands in the
//! state; between rounds a run reads nothing and writes nothing for it (invariant 4).

use crate::engine::session::{Session, Stop};
use crate::model::{Field, ItemKind};
use crate::state::SeriesRound;

/// How many seconds lie between the beginnings of two rounds.
const ROUND: i64 = 24 * 60 * 60;

/// How many series a run compares at most.
const SERIES: usize = 100;

/// How many pairs are looked through at once.
const PAGE: usize = 500;

impl Session<'_> {
    /// Marks the series whose turn it is.
    pub(super) fn mark_series(&mut self) -> Result<(), Stop> {
        if !self.mailbox.hides_occurrences() || !self.kinds().contains(&ItemKind::Appointment) {
            return Ok(());
        }
        let now = self.now.as_second();
        let mut round = match self.state.series_round(self.id)? {
            Some(round) if !round.ended => round,
            // A clock that was put back does not keep a round from beginning.
            Some(round) if (0..ROUND).contains(&(now - round.begun)) => return Ok(()),
            _ => SeriesRound { begun: now, after: 0, ended: false },
        };
        let mut marked = 0;
        self.state.atomically(|state| {
            while !round.ended && marked < SERIES {
                let pairs = state.settled_appointments(self.id, round.after, PAGE)?;
                round.ended = pairs.len() < PAGE;
                for (pair, half) in pairs {
                    if marked == SERIES {
                        round.ended = false;
                        break;
                    }
                    round.after = pair;
                    if half.get(Field::Recurrence).is_some_and(|series| !series.is_blank()) {
                        state.mark_pair(pair)?;
                        marked += 1;
                    }
                }
            }
            state.set_series_round(self.id, round)
        })?;
        tracing::debug!(series = marked, ended = round.ended, "series are compared");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use jiff::{SignedDuration, Timestamp};

    use super::SERIES;
    use crate::engine::Options;
    use crate::engine::report::MailboxReport;
    use crate::engine::smoke::run_at;
    use crate::mailbox::contract::sample;
    use crate::mailbox::memory::MemoryMailbox;
    use crate::mailbox::memory::fault::Call;
    use crate::mailbox::memory::store::Store;
    use crate::model::recurrence::{Exception, ExceptionChange};
    use crate::model::{Field, ItemId, ItemKind, Mode, Module, Recurrence, Value};
    use crate::source::memory::{MemorySettings, MemorySource, NewRecord};

    /// More series than a run compares, and an appointment that is none.
    const COUNT: usize = SERIES + 20;

    fn noon() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn source() -> MemorySource {
        let source = MemorySource::new(MemorySettings::default());
        source.add_user("DHO", "Dora Hoffmann", "d.hoffmann@firma.example");
        for number in 0..=COUNT {
            let kind = ItemKind::Appointment;
            let before = noon() - SignedDuration::from_hours(24);
            let id = format!("T-{number:03}");
            let mut record = NewRecord::activity(&id, kind, Module::General, "DHO", before, &[]);
            record.content = sample::full(kind);
            record.content.set_text(Field::Subject, format!("Termin {number}"));
            if number == COUNT {
                record.content.set_blank(Field::Recurrence);
            }
            source.insert(record);
        }
        source
    }

    /// Runs so many hours after noon; returns the report and how many items were read.
    fn after(
        hours: i64,
        folder: &Path,
        source: &MemorySource,
        mailbox: &mut MemoryMailbox,
    ) -> (MailboxReport, usize) {
        mailbox.with(Store::forget_calls);
        let options = Options { first_transfer: hours == 0, ..Options::default() };
        let now = noon() + SignedDuration::from_hours(hours);
        let report = run_at(now, folder, source, mailbox, (Mode::Sync, &options));
        let ids: Vec<ItemId> =
            mailbox.with(|store| store.items().map(|(id, _)| id.clone()).collect());
        let read = mailbox.with(|store| ids.iter().filter(|id| store.was_read(id)).count());
        (report, read)
    }

    #[test]
    fn occurrences_that_no_feed_shows_are_found_within_a_day_and_a_run_reads_so_many_at_most() {
        let folder = tempfile::tempdir().unwrap();
        let source = source();
        let mut mailbox = MemoryMailbox::new();
        mailbox.with(|store| store.hides_occurrences = true);
        let (report, _) = after(0, folder.path(), &source, &mut mailbox);
        assert_eq!(report.totals().created, COUNT as u64 + 1);
        let (report, read) = after(1, folder.path(), &source, &mut mailbox);
        assert_eq!((report.totals().writes(), read), (0, 0), "invariant 4: a round was just made");

        // The person deletes an occurrence of the last series.
        let id = mailbox.with(|store| store.item_of(&format!("T-{:03}", COUNT - 1))).unwrap();
        let gone = Exception {
            original: jiff::civil::date(2027, 1, 26),
            change: ExceptionChange::Deleted,
        };
        mailbox.with(|store| {
            store.person_changes_unseen(&id, noon() + SignedDuration::from_hours(2), |content| {
                let Some(Value::Recurrence(series)) = content.value(Field::Recurrence) else {
                    panic!("it is a series")
                };
                let series = Recurrence { exceptions: vec![gone.clone()], ..(**series).clone() };
                content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
            });
        });
        let (report, read) = after(3, folder.path(), &source, &mut mailbox);
        assert_eq!((report.totals().writes(), read), (0, 0), "nothing shows it");

        let (report, read) = after(25, folder.path(), &source, &mut mailbox);
        assert_eq!((report.totals().writes(), read), (0, SERIES), "invariant 13");
        let (report, read) = after(26, folder.path(), &source, &mut mailbox);
        assert_eq!((report.totals().updated_staffitpro, read), (1, COUNT - SERIES), "the rest");
        let record = source.record(&format!("T-{:03}", COUNT - 1)).unwrap();
        let Some(Value::Recurrence(series)) = record.content.value(Field::Recurrence) else {
            panic!("it is a series")
        };
        assert_eq!(series.exceptions, [gone]);
        let (report, read) = after(27, folder.path(), &source, &mut mailbox);
        assert_eq!((report.totals().writes(), read), (0, 0), "the round is over");
    }

    #[test]
    fn where_the_feed_shows_them_no_series_is_read_without_cause() {
        let folder = tempfile::tempdir().unwrap();
        let source = source();
        let mut mailbox = MemoryMailbox::new();
        after(0, folder.path(), &source, &mut mailbox);
        let (report, read) = after(49, folder.path(), &source, &mut mailbox);
        assert_eq!((report.totals().writes(), read), (0, 0));
        assert_eq!(mailbox.with(|store| store.calls(Call::Fetch)), 0);
    }
}
