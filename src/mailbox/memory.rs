//! Pure: a mailbox in memory, the reference of the seam, for tests and simulations only (cargo feature `simulation`).
//!
//! It behaves like Exchange where that matters to the engine: a move gives an item a new id, a copy carries the stamp along,
//! a delete is a move to Deleted Items, versions change with every write, and the feed shows our own writes. What a server
//! or a person does besides is a method here: [`person`] has what people do, [`fault`] what goes wrong.
//! Nothing depends on a clock or on chance: the same calls give the same ids, versions and answers.

pub mod fault;
mod feed;
pub mod normal;
pub mod person;
pub mod store;
mod write;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::mailbox::{
    ChangePage, Found, Identity, Item, ItemError, Mailbox, MailboxError, Opened, Wanted,
    Whereabouts, Write, Wrote,
};
use crate::model::{Cursor, FolderId, ItemId, ItemKind};

use fault::{Call, Fault};
use store::Store;

/// What happens just before or after a call, for tests that let a person act in the middle of a run.
type Meanwhile = Box<dyn FnOnce(&mut Store) + Send>;

/// A connection to a mailbox in memory. Clones are connections to the same mailbox; [`Self::snapshot`] and
/// [`Self::restore`] take and put back what it holds.
#[derive(Clone, Default)]
pub struct MemoryMailbox {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    store: Store,
    faults: VecDeque<(Call, Fault)>,
    meanwhile: VecDeque<(Call, Meanwhile)>,
    afterwards: VecDeque<Meanwhile>,
}

impl std::fmt::Debug for MemoryMailbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("MemoryMailbox").field(&self.lock().store.identity).finish()
    }
}

impl MemoryMailbox {
    /// Makes an empty mailbox with the default folders of all kinds and Deleted Items.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes an empty mailbox that says it is this one.
    pub fn named(identity: &str) -> Self {
        let mailbox = Self::new();
        mailbox.with(|store| store.identity = identity.into());
        mailbox
    }

    /// Looks at what the mailbox holds, or changes it: people act through the methods of [`Store`].
    pub fn with<T>(&self, act: impl FnOnce(&mut Store) -> T) -> T {
        act(&mut self.lock().store)
    }

    /// Takes a copy of all that the mailbox holds.
    pub fn snapshot(&self) -> Store {
        self.lock().store.clone()
    }

    /// Puts back what a snapshot held, as restoring a backup does. Faults in waiting stay.
    pub fn restore(&self, snapshot: Store) {
        self.lock().store = snapshot;
    }

    /// Lets the next call of this kind go wrong; several are used up one after the other.
    pub fn fail_next(&self, call: Call, fault: Fault) {
        self.lock().faults.push_back((call, fault));
    }

    /// Lets something happen just before the next call of this kind is answered.
    pub fn meanwhile(&self, call: Call, act: impl FnOnce(&mut Store) + Send + 'static) {
        self.lock().meanwhile.push_back((call, Box::new(act)));
    }

    /// Lets something happen just after the next writes are done, before anybody reads what became of them.
    pub fn afterwards(&self, act: impl FnOnce(&mut Store) + Send + 'static) {
        self.lock().afterwards.push_back(Box::new(act));
    }

    /// Returns how many faults and interruptions are still waiting, so that a test can tell that they were used.
    pub fn waiting(&self) -> usize {
        let shared = self.lock();
        shared.faults.len() + shared.meanwhile.len() + shared.afterwards.len()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        // A test that panicked while it held the lock has already failed; the others may look on.
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call, lets what waits for it happen, and returns the fault that it is to meet.
    fn begin(shared: &mut Shared, call: Call) -> Result<Option<Fault>, MailboxError> {
        while let Some(at) = shared.meanwhile.iter().position(|(wanted, _)| *wanted == call) {
            if let Some((_, act)) = shared.meanwhile.remove(at) {
                act(&mut shared.store);
            }
        }
        shared.store.count(call);
        shared.store.commit_late();
        let at = shared.faults.iter().position(|(wanted, _)| *wanted == call);
        match at.and_then(|at| shared.faults.remove(at)) {
            Some((_, Fault::Down(kind))) => Err(fault::down(kind, call)),
            Some((_, fault)) => Ok(Some(fault)),
            None => Ok(None),
        }
    }
}

/// Hands out what is read of each id, as far as a fault lets it.
fn hand_out<T>(
    ids: &[ItemId],
    fault: Option<&Fault>,
    mut read: impl FnMut(&ItemId) -> Result<T, ItemError>,
    each: &mut dyn FnMut(ItemId, Result<T, ItemError>),
) {
    for (index, id) in ids.iter().enumerate() {
        match fault.map_or(Ok(true), |fault| fault.answers(index)) {
            Ok(true) => each(id.clone(), read(id)),
            Ok(false) => {}
            Err(error) => each(id.clone(), Err(error)),
        }
    }
}

impl Mailbox for MemoryMailbox {
    fn open(&mut self) -> Result<Opened, MailboxError> {
        let shared = &mut *self.lock();
        Self::begin(shared, Call::Open)?;
        let store = &shared.store;
        Ok(Opened {
            identity: store.identity.clone(),
            exists: true,
            clock: Some(store.now),
            sees_private: store.sees_private,
            sees_all: store.sees_all,
            ids_last: true,
        })
    }

    fn person(&mut self) -> Result<Option<String>, MailboxError> {
        let shared = &mut *self.lock();
        Self::begin(shared, Call::Person)?;
        Ok(shared.store.person.clone())
    }

    fn folder(
        &mut self,
        kind: ItemKind,
        path: &[String],
        create: bool,
    ) -> Result<Option<FolderId>, MailboxError> {
        let shared = &mut *self.lock();
        Self::begin(shared, Call::Folder)?;
        Ok(shared.store.folder_at(kind, path, create))
    }

    fn whereabouts(&mut self, folders: &[FolderId]) -> Result<Vec<Whereabouts>, MailboxError> {
        let shared = &mut *self.lock();
        Self::begin(shared, Call::Folder)?;
        Ok(folders.iter().map(|folder| shared.store.whereabouts(folder)).collect())
    }

    fn changes(
        &mut self,
        folder: &FolderId,
        kind: ItemKind,
        since: Option<&Cursor>,
    ) -> Result<ChangePage, MailboxError> {
        let shared = &mut *self.lock();
        let fault = Self::begin(shared, Call::Changes)?;
        shared.store.feed(folder, kind, since, fault.as_ref())
    }

    fn identify(
        &mut self,
        _kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Identity, ItemError>),
    ) -> Result<(), MailboxError> {
        let shared = &mut *self.lock();
        let fault = Self::begin(shared, Call::Identify)?;
        let store = &shared.store;
        hand_out(ids, fault.as_ref(), |id| store.identify(id), each);
        Ok(())
    }

    fn fetch(
        &mut self,
        _kind: ItemKind,
        ids: &[ItemId],
        each: &mut dyn FnMut(ItemId, Result<Item, ItemError>),
    ) -> Result<(), MailboxError> {
        let shared = &mut *self.lock();
        let fault = Self::begin(shared, Call::Fetch)?;
        let store = &mut shared.store;
        hand_out(ids, fault.as_ref(), |id| store.read(id), each);
        Ok(())
    }

    fn find(&mut self, kind: ItemKind, wanted: &Wanted<'_>) -> Result<Vec<Found>, MailboxError> {
        let shared = &mut *self.lock();
        Self::begin(shared, Call::Find)?;
        Ok(shared.store.find(kind, wanted))
    }

    fn apply(&mut self, kind: ItemKind, writes: &[Write]) -> Result<Vec<Wrote>, MailboxError> {
        let shared = &mut *self.lock();
        let fault = Self::begin(shared, Call::Apply)?;
        let answers = shared.store.apply_all(kind, writes, fault.as_ref());
        for act in std::mem::take(&mut shared.afterwards) {
            act(&mut shared.store);
        }
        match fault {
            Some(Fault::Broken) => Err(fault::broken()),
            _ => Ok(answers),
        }
    }

    fn batch(&self) -> usize {
        self.lock().store.batch
    }

    fn hides_occurrences(&self) -> bool {
        self.lock().store.hides_occurrences
    }
}

#[cfg(test)]
mod tests;
