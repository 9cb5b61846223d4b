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
    users: Users,
}

impl Held {
    fn open(settings: &Settings, name: &TenantName) -> Result<Self, Failure> {
        let source = open::source(settings, name)?;
        let described = source.describe().map_err(|error| open::failed(name, error))?;
        Ok(Self { source, described: Mutex::new(Arc::new(described)), users: Users::default() })
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
        self.users.with(wanted, || self.source.users().ok())
    }
}

/// The users of a source, as it last told them.
#[derive(Default)]
struct Users {
    told: Mutex<Option<Arc<Vec<User>>>>,
    /// Whose turn it is to ask.
    turn: Mutex<()>,
}

impl Users {
    /// Returns them, where the source tells them. Whoever is among them waits for nobody's question (invariant 11): that for
    /// somebody who left may take as long as the source likes, each time his line is looked at.
    fn with(
        &self,
        wanted: &UserId,
        ask: impl FnOnce() -> Option<Vec<User>>,
    ) -> Option<Arc<Vec<User>>> {
        let known = || {
            let told = locked(&self.told).clone();
            told.filter(|users| users.iter().any(|user| user.id == *wanted))
        };
        if let Some(users) = known() {
            return Some(users);
        }
        let _turn = locked(&self.turn);
        // Somebody else's question may have been answered meanwhile.
        if let Some(users) = known() {
            return Some(users);
        }
        let users = Arc::new(ask()?);
        *locked(&self.told) = Some(Arc::clone(&users));
        Some(users)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use abgleich::model::UserId;
    use abgleich::source::User;

    use super::Users;

    fn user(id: &str) -> User {
        User { id: UserId::from(id), name: id.to_owned(), email: None, active: true }
    }

    /// Waited for, the one who is known would wait for the answer, which comes after he has his list.
    #[test]
    fn invariant_11_a_question_for_somebody_unknown_is_waited_for_by_nobody_else() {
        let users = Users::default();
        let (asked, is_asked) = channel();
        let (answer, answered) = channel::<Option<Vec<User>>>();
        let first = users.with(&"DHO".into(), || Some(vec![user("DHO")]));
        assert_eq!(first.unwrap().len(), 1);
        thread::scope(|scope| {
            let users = &users;
            let gone = scope.spawn(move || {
                users.with(&"GONE".into(), || {
                    asked.send(()).unwrap();
                    answered.recv().unwrap()
                })
            });
            is_asked.recv().unwrap();
            let known = users.with(&"DHO".into(), || panic!("he is known"));
            assert_eq!(known.unwrap().len(), 1);
            answer.send(Some(vec![user("DHO"), user("CSC")])).unwrap();
            assert_eq!(gone.join().unwrap().unwrap().len(), 2, "what a run needs to name him");
        });
        assert!(users.with(&"CSC".into(), || panic!("he is among them now")).is_some());
        // A question that fails takes nothing away.
        assert!(users.with(&"GONE".into(), || None).is_none());
        assert!(users.with(&"CSC".into(), || panic!("they are known")).is_some());
    }
}
