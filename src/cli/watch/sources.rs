//! Shell: the sources of a program that stays. What a source says of itself is asked anew for each run: meanwhile somebody may have
//! put another database in its place, added a user, or changed what may be written.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use abgleich::config::Settings;
use abgleich::model::{TenantName, UserId};
use abgleich::source::plugin::PluginSource;
use abgleich::source::{Description, Source as _, SourceError, SourceErrorKind, User};

use crate::cli::open;
use crate::failure::Failure;

/// The sources that are open.
pub(super) struct Sources<'a> {
    settings: &'a Settings,
    open: Mutex<BTreeMap<TenantName, Arc<Held>>>,
}

impl<'a> Sources<'a> {
    /// Opens none yet.
    pub(super) fn new(settings: &'a Settings) -> Self {
        Self { settings, open: Mutex::default() }
    }

    /// Returns a source if it is open.
    pub(super) fn held(&self, name: &TenantName) -> Option<Arc<Held>> {
        locked(&self.open).get(name).cloned()
    }

    /// Returns a source that has just said what it is. It is opened if it is not open, and anew if it does not answer: what is
    /// down may come back under another connection.
    pub(super) fn ready(&self, name: &TenantName) -> Result<Arc<Held>, Failure> {
        if let Some(held) = self.held(name) {
            match held.ask() {
                Ok(()) => return Ok(held),
                Err(error) if matches!(error.kind, SourceErrorKind::Transient(_)) => {
                    return Err(open::failed(name, error));
                }
                Err(_) => self.forget(name, &held),
            }
        }
        let mut open = locked(&self.open);
        if let Some(held) = open.get(name) {
            return Ok(Arc::clone(held));
        }
        let held = Arc::new(Held::open(self.settings, name)?);
        open.insert(name.clone(), Arc::clone(&held));
        Ok(held)
    }

    /// Forgets a source, unless another thread has opened it anew already.
    fn forget(&self, name: &TenantName, held: &Arc<Held>) {
        let mut open = locked(&self.open);
        if open.get(name).is_some_and(|known| Arc::ptr_eq(known, held)) {
            open.remove(name);
        }
    }
}

/// A source that is open.
pub(super) struct Held {
    pub(super) source: PluginSource,
    described: Mutex<Arc<Description>>,
    users: Mutex<Option<Arc<Vec<User>>>>,
}

impl Held {
    fn open(settings: &Settings, name: &TenantName) -> Result<Self, Failure> {
        let source = open::source(settings, name)?;
        let described = source.describe().map_err(|error| open::failed(name, error))?;
        Ok(Self { source, described: Mutex::new(Arc::new(described)), users: Mutex::default() })
    }

    fn ask(&self) -> Result<(), SourceError> {
        let described = self.source.describe()?;
        *locked(&self.described) = Arc::new(described);
        Ok(())
    }

    /// Returns what the source last said of itself.
    pub(super) fn described(&self) -> Arc<Description> {
        Arc::clone(&locked(&self.described))
    }

    /// Returns the users, where the source tells them. It is asked again for one who was not among them.
    pub(super) fn users(&self, wanted: &UserId) -> Option<Arc<Vec<User>>> {
        let mut users = locked(&self.users);
        let is_known = |users: &Arc<Vec<User>>| users.iter().any(|user| user.id == *wanted);
        if !users.as_ref().is_some_and(is_known) {
            *users = self.source.users().ok().map(Arc::new);
        }
        users.clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
