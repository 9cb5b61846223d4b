//! Effect: a mailbox whose server may ask to be left alone for a while. What it asks for is waited, within a total for the run,
//! and then asked again; a read goes on with what is missing, a write is sent again only where nothing of it was done. Nothing
//! is sent meanwhile, and Ctrl-C ends the wait. A source that is busy is waited for in the same way.

mod source;

use std::cell::Cell;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::engine::clock::Clock;
use crate::mailbox::{
    ChangePage, Found, Identity, Item, ItemError, Mailbox, MailboxError, MailboxErrorKind, Opened,
    Wanted, Whereabouts, Write, Wrote,
};
use crate::model::{Cursor, FolderId, ItemId, ItemKind};

pub(super) use source::PatientSource;

/// How long a wait goes on without a look at whether the run is to end.
const SLICE: Duration = Duration::from_millis(200);

/// How long a run waits for one that it asks.
pub(super) struct Patience<'a> {
    clock: &'a dyn Clock,
    stop: &'a AtomicBool,
    /// Tells how long the wait that begins now is.
    tell: &'a dyn Fn(Duration),
    /// What is left of the total.
    left: Cell<Duration>,
}

impl<'a> Patience<'a> {
    /// Makes one that waits so long in all.
    pub(super) fn new(
        clock: &'a dyn Clock,
        stop: &'a AtomicBool,
        tell: &'a dyn Fn(Duration),
        total: Duration,
    ) -> Self {
        Self { clock, stop, tell, left: Cell::new(total) }
    }

    /// Waits; `false` when that is longer than what is left, or the run is to end. A wait is never cut short by the total: a
    /// request in the middle of a back-off prolongs it.
    fn wait(&self, time: Duration) -> bool {
        let Some(left) = self.left.get().checked_sub(time) else { return false };
        if time.is_zero() {
            return false;
        }
        (self.tell)(time);
        self.left.set(left);
        let mut rest = time;
        while !rest.is_zero() {
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            let slice = rest.min(SLICE);
            self.clock.wait(slice);
            rest = rest.saturating_sub(slice);
        }
        true
    }
}

/// A mailbox that is waited for.
pub(super) struct Patient<'a> {
    mailbox: &'a mut dyn Mailbox,
    patience: Patience<'a>,
}

impl<'a> Patient<'a> {
    /// Makes one that is waited for with this patience.
    pub(super) fn new(mailbox: &'a mut dyn Mailbox, patience: Patience<'a>) -> Self {
        Self { mailbox, patience }
    }

    /// Repeats a call that changes nothing until it is answered or the total is used up.
    fn insist<T>(
        &mut self,
        mut call: impl FnMut(&mut dyn Mailbox) -> Result<T, MailboxError>,
    ) -> Result<T, MailboxError> {
        loop {
            match call(self.mailbox) {
                Err(error) if self.waits_for(&error) => {}
                result => return result,
            }
        }
    }

    /// Waits where an error is one that passes soon enough; `true` when it is time to ask again.
    fn waits_for(&self, error: &MailboxError) -> bool {
        match error.kind {
            // A mailbox that is being moved is so for longer than a run.
            MailboxErrorKind::Transient(time) if !error.trouble.lasts() => self.patience.wait(time),
            _ => false,
        }
    }

    /// Reads items and asks again for those that did not come.
    fn each<T>(
        &mut self,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, T),
        read: impl Fn(
            &mut dyn Mailbox,
            &[ItemId],
            &mut dyn FnMut(ItemId, T),
        ) -> Result<(), MailboxError>,
    ) -> Result<(), MailboxError> {
        let mut came: HashSet<ItemId> = HashSet::new();
        let mut open = ids.to_vec();
        loop {
            let outcome = read(self.mailbox, &open, &mut |id, item| {
                came.insert(id.clone());
                each(id, item);
            });
            match outcome {
                Err(error) if self.waits_for(&error) => open.retain(|id| !came.contains(id)),
                outcome => return outcome,
            }
        }
    }
}

impl Mailbox for Patient<'_> {
    fn must_exist(&mut self) {
        self.mailbox.must_exist();
    }

    fn open(&mut self) -> Result<Opened, MailboxError> {
        self.insist(|mailbox| mailbox.open())
    }

    fn person(&mut self) -> Result<Option<String>, MailboxError> {
        self.insist(|mailbox| mailbox.person())
    }

    fn folder(
        &mut self,
        kind: ItemKind,
        path: &[String],
        create: bool,
    ) -> Result<Option<FolderId>, MailboxError> {
        self.insist(|mailbox| mailbox.folder(kind, path, create))
    }

    fn whereabouts(&mut self, folders: &[FolderId]) -> Result<Vec<Whereabouts>, MailboxError> {
        self.insist(|mailbox| mailbox.whereabouts(folders))
    }

    fn changes(
        &mut self,
        folder: &FolderId,
        kind: ItemKind,
        since: Option<&Cursor>,
    ) -> Result<ChangePage, MailboxError> {
        self.insist(|mailbox| mailbox.changes(folder, kind, since))
    }

    fn is_behind(&mut self, since: &Cursor) -> Result<bool, MailboxError> {
        self.insist(|mailbox| mailbox.is_behind(since))
    }

    fn identify(
        &mut self,
        kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Identity, ItemError>),
    ) -> Result<(), MailboxError> {
        self.each(ids, each, |mailbox, ids, each| mailbox.identify(kind, ids, each))
    }

    fn fetch(
        &mut self,
        kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Item, ItemError>),
    ) -> Result<(), MailboxError> {
        self.each(ids, each, |mailbox, ids, each| mailbox.fetch(kind, ids, each))
    }

    fn find(&mut self, kind: ItemKind, wanted: &Wanted<'_>) -> Result<Vec<Found>, MailboxError> {
        self.insist(|mailbox| mailbox.find(kind, wanted))
    }

    fn apply(&mut self, kind: ItemKind, writes: &[Write]) -> Result<Vec<Wrote>, MailboxError> {
        let mut answers = self.insist(|mailbox| send(mailbox, kind, writes))?;
        loop {
            let later = |answer: &Wrote| match answer {
                Wrote::Later(time) if !time.is_zero() => Some(*time),
                _ => None,
            };
            let Some(time) = answers.iter().filter_map(later).max() else { break };
            if !self.patience.wait(time) {
                break;
            }
            let places: Vec<usize> =
                (0..).zip(&answers).filter(|(_, a)| later(a).is_some()).map(|(at, _)| at).collect();
            let again: Vec<Write> =
                places.iter().filter_map(|at| writes.get(*at)).cloned().collect();
            // What was answered stands, whatever becomes of the rest; nothing was done of what failed as a whole.
            let Ok(given) = send(self.mailbox, kind, &again) else { break };
            for (at, answer) in places.iter().zip(given) {
                if let Some(slot) = answers.get_mut(*at) {
                    *slot = answer;
                }
            }
        }
        Ok(answers)
    }

    fn batch(&self) -> usize {
        self.mailbox.batch()
    }

    fn hides_occurrences(&self) -> bool {
        self.mailbox.hides_occurrences()
    }

    fn parked(&mut self) -> Option<MailboxError> {
        self.mailbox.parked()
    }
}

/// Sends writes once and returns an answer for each. An error of the whole call says that nothing was done, unless it is ambiguous;
/// then, and where the answers are not as many as the writes, nobody knows of any of them (invariant 1).
fn send(
    mailbox: &mut dyn Mailbox,
    kind: ItemKind,
    writes: &[Write],
) -> Result<Vec<Wrote>, MailboxError> {
    match mailbox.apply(kind, writes) {
        Ok(answers) if answers.len() == writes.len() => Ok(answers),
        Err(error) if !error.ambiguous => Err(error),
        Ok(_) | Err(_) => Ok(vec![Wrote::Unanswered; writes.len()]),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::time::Duration;

    use jiff::Timestamp;

    use super::{Patience, Patient};
    use crate::engine::clock::Clock;
    use crate::mailbox::contract::sample;
    use crate::mailbox::memory::MemoryMailbox;
    use crate::mailbox::memory::fault::{Call, Fault, Which};
    use crate::mailbox::{Mailbox, MailboxErrorKind, Write, Wrote};
    use crate::model::ItemKind;

    /// A clock whose waits take no time and are added up.
    #[derive(Default)]
    pub(super) struct Waited(pub(super) AtomicU64);

    impl Clock for Waited {
        fn now(&self) -> Timestamp {
            Timestamp::UNIX_EPOCH
        }

        fn wait(&self, time: Duration) {
            self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::Relaxed);
        }
    }

    const BUSY: Duration = Duration::from_millis(297_749);

    fn creates(mailbox: &mut MemoryMailbox, count: usize) -> Vec<Write> {
        let folder = mailbox.folder(ItemKind::Task, &[], false).unwrap().unwrap();
        let create = |number| Write::Create {
            folder: folder.clone(),
            content: sample::full(ItemKind::Task),
            stamp: sample::stamp(&format!("T-{number}"), &format!("t{number}")),
        };
        (0..count).map(create).collect()
    }

    #[test]
    fn quirk_16_a_read_waits_as_long_as_the_server_asks_within_a_total() {
        let (clock, stop) = (Waited::default(), AtomicBool::new(false));
        let told = RefCell::new(Vec::new());
        let tell = |time| told.borrow_mut().push(time);
        let mailbox = MemoryMailbox::new();
        let mut inner = mailbox.clone();
        let mut patient =
            Patient::new(&mut inner, Patience::new(&clock, &stop, &tell, BUSY * 5 / 2));
        let busy = || mailbox.fail_next(Call::Open, Fault::Down(MailboxErrorKind::Transient(BUSY)));
        busy();
        busy();
        patient.open().unwrap();
        assert_eq!(clock.0.load(Ordering::Relaxed), 2 * 297_749);
        assert_eq!(*told.borrow(), [BUSY; 2]);
        busy();
        let error = patient.open().unwrap_err();
        assert_eq!(error.kind, MailboxErrorKind::Transient(BUSY), "the total is used up");
        assert_eq!(told.borrow().len(), 2, "and a wait is never cut short");
    }

    #[test]
    fn invariant_1_only_writes_of_which_nothing_was_done_are_sent_again() {
        let (clock, stop) = (Waited::default(), AtomicBool::new(false));
        let mailbox = MemoryMailbox::new();
        let mut inner = mailbox.clone();
        let writes = creates(&mut inner, 3);
        mailbox.fail_next(Call::Apply, Fault::Busy(Which::Only(1), BUSY));
        let mut patient = Patient::new(&mut inner, Patience::new(&clock, &stop, &|_| {}, BUSY));
        let answers = patient.apply(ItemKind::Task, &writes).unwrap();
        assert!(answers.iter().all(|answer| matches!(answer, Wrote::Done { .. })), "{answers:?}");
        assert_eq!(mailbox.with(|store| store.living().count()), 3, "each was made once");
        assert_eq!(clock.0.load(Ordering::Relaxed), 297_749);
    }

    #[test]
    fn invariant_1_nobody_knows_of_what_was_sent_again_when_the_connection_broke() {
        let (clock, stop) = (Waited::default(), AtomicBool::new(false));
        let mailbox = MemoryMailbox::new();
        let mut inner = mailbox.clone();
        let writes = creates(&mut inner, 3);
        mailbox.fail_next(Call::Apply, Fault::Busy(Which::From(1), BUSY));
        mailbox.fail_next(Call::Apply, Fault::Broken);
        let mut patient = Patient::new(&mut inner, Patience::new(&clock, &stop, &|_| {}, BUSY));
        let answers = patient.apply(ItemKind::Task, &writes).unwrap();
        assert!(matches!(answers[0], Wrote::Done { .. }), "{answers:?}");
        assert_eq!(answers[1..], [Wrote::Unanswered, Wrote::Unanswered]);
        assert_eq!(mailbox.with(|store| store.living().count()), 3, "and they were made");
    }

    #[test]
    fn what_was_sent_again_and_never_arrived_stays_for_later() {
        let (clock, stop) = (Waited::default(), AtomicBool::new(false));
        let mailbox = MemoryMailbox::new();
        let mut inner = mailbox.clone();
        let writes = creates(&mut inner, 2);
        mailbox.fail_next(Call::Apply, Fault::Busy(Which::From(1), BUSY));
        mailbox.fail_next(Call::Apply, Fault::Down(MailboxErrorKind::Unreachable));
        let mut patient = Patient::new(&mut inner, Patience::new(&clock, &stop, &|_| {}, BUSY));
        let answers = patient.apply(ItemKind::Task, &writes).unwrap();
        assert_eq!(answers[1], Wrote::Later(BUSY));
        assert_eq!(mailbox.with(|store| store.living().count()), 1);
    }

    #[test]
    fn ctrl_c_ends_a_wait() {
        let (clock, stop) = (Waited::default(), AtomicBool::new(true));
        let mailbox = MemoryMailbox::new();
        let mut inner = mailbox.clone();
        mailbox.fail_next(Call::Open, Fault::Down(MailboxErrorKind::Transient(BUSY)));
        let mut patient = Patient::new(&mut inner, Patience::new(&clock, &stop, &|_| {}, BUSY));
        assert!(patient.open().is_err());
        assert_eq!(clock.0.load(Ordering::Relaxed), 0);
    }
}
