//! Effect: the instances of a plugin. Calls on one instance come one after the other; several instances work in parallel.

use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use abgleich_plugin::messages as wire;

use super::{Limits, broken};
use crate::reason::Advice;
use crate::source::channel::{CallError, Channel, Patience};
use crate::source::library::{Instance, Library};
use crate::source::{SourceError, SourceErrorKind, messages};

/// The instances of a plugin.
pub(super) struct Pool {
    library: &'static Library,
    config: Vec<u8>,
    patience: Patience,
    limits: Limits,
    /// Which database it is, as the first instance said.
    identity: OnceLock<String>,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default)]
struct State {
    idle: Vec<Channel>,
    /// Instances that are idle or working.
    open: usize,
    /// Instances that were given up.
    hanging: usize,
    /// A later instance found another database than the first.
    replaced: bool,
}

/// A reply, with the instance that gave it. The instance is used again only if the reply was found sound.
pub(super) struct PoolReply<'a> {
    pub(super) bytes: Vec<u8>,
    place: Place<'a>,
}

impl PoolReply<'_> {
    /// The instance may be used again.
    pub(super) fn keep(mut self) {
        if let Some(channel) = self.place.channel.take() {
            self.place.pool.lock().idle.push(channel);
            self.place.kept = true;
        }
    }
}

/// A place among the instances that are open; given back when dropped.
struct Place<'a> {
    pool: &'a Pool,
    channel: Option<Channel>,
    kept: bool,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.pool.lock().open -= 1;
        }
        // All of them: one that is turned away because the plugin was given up would not wake the next.
        self.pool.freed.notify_all();
    }
}

impl Pool {
    pub(super) fn new(
        library: &'static Library,
        config: Vec<u8>,
        patience: Patience,
        limits: Limits,
    ) -> Self {
        let (identity, state, freed) = (OnceLock::new(), Mutex::default(), Condvar::new());
        Self { library, config, patience, limits, identity, state, freed }
    }

    /// Learns which database it is; behind each later instance it must be the same.
    pub(super) fn expect(&self, identity: String) {
        self.identity.get_or_init(|| identity);
    }

    /// Makes a request on an instance that is free, or on a new one.
    pub(super) fn call(
        &self,
        method: &str,
        request: Vec<u8>,
    ) -> Result<PoolReply<'_>, SourceError> {
        let mut place = self.place(method)?;
        let channel = match place.channel.as_mut() {
            Some(channel) => channel,
            None => place.channel.insert(self.open()?),
        };
        match channel.call(request, self.patience) {
            Ok(bytes) => Ok(PoolReply { bytes, place }),
            Err(error) => Err(self.failed(method, error)),
        }
    }

    /// Takes a place; waits where all are taken, because each of them is free again after a call's time at most.
    fn place(&self, method: &str) -> Result<Place<'_>, SourceError> {
        let mut state = self.lock();
        loop {
            if state.replaced {
                return Err(self.other_database(method));
            }
            if state.hanging >= self.limits.hanging {
                return Err(SourceError {
                    kind: SourceErrorKind::Unreachable,
                    text: format!(
                        "adapter `{}`, `{method}`: not called, because {} calls have not come back before",
                        self.library.name(),
                        state.hanging
                    ),
                    hint: Some(Advice::new(
                        "abgleich neu starten, wenn die Datenbank antwortet",
                        "start abgleich again when the database answers",
                    )),
                    source: None,
                });
            }
            if let Some(channel) = state.idle.pop() {
                return Ok(Place { pool: self, channel: Some(channel), kept: false });
            }
            if state.open < self.limits.instances.max(1) {
                state.open += 1;
                return Ok(Place { pool: self, channel: None, kept: false });
            }
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Opens an instance. Once one finds another database than the first, none is asked any more: no run may read now this one,
    /// now that (rule D7).
    fn open(&self) -> Result<Channel, SourceError> {
        let mut channel = self.connect()?;
        let Some(first) = self.identity.get() else { return Ok(channel) };
        let (name, method) = (self.library.name(), "describe");
        let request = serde_json::to_vec(&wire::Request::Describe)
            .map_err(|error| broken(name, method, &error.to_string()))?;
        let reply =
            channel.call(request, self.patience).map_err(|error| self.failed(method, error))?;
        match serde_json::from_slice(&reply) {
            Ok(wire::Reply::Ok(wire::Description { identity, .. })) if identity == *first => {
                Ok(channel)
            }
            Ok(wire::Reply::Ok(_)) => {
                self.lock().replaced = true;
                Err(self.other_database(method))
            }
            Ok(wire::Reply::Error(error)) => Err(messages::error(name, method, error)),
            Err(_) => Err(broken(name, method, "the reply is not what the interface says")),
        }
    }

    fn other_database(&self, method: &str) -> SourceError {
        SourceError {
            kind: SourceErrorKind::Unreachable,
            text: format!(
                "adapter `{}`, `{method}`: another database stands in the place of the one that was opened",
                self.library.name()
            ),
            hint: Some(Advice::new(
                "der nächste Lauf sagt, welche Postfächer mit der anderen abgeglichen wurden",
                "the next run says which mailboxes were settled with the other",
            )),
            source: None,
        }
    }

    fn connect(&self) -> Result<Channel, SourceError> {
        let library = self.library;
        let config = self.config.clone();
        let open = move || {
            let (instance, reply) = Instance::open(library, &config)?;
            let opened = instance.map(|instance| {
                let cancel = instance.cancel();
                (instance, cancel)
            });
            Ok((opened, reply))
        };
        let (channel, reply) =
            Channel::open(open, self.patience).map_err(|error| self.failed("open", error))?;
        match serde_json::from_slice(&reply) {
            Ok(wire::Reply::Ok(wire::Done {})) if channel.is_open() => Ok(channel),
            Ok(wire::Reply::Ok(_)) => {
                Err(broken(self.library.name(), "open", "it says ok and gives no instance"))
            }
            Ok(wire::Reply::Error(error)) => {
                Err(messages::error(self.library.name(), "open", error))
            }
            Err(_) => {
                Err(broken(self.library.name(), "open", "the reply is not what the interface says"))
            }
        }
    }

    fn failed(&self, method: &str, error: CallError) -> SourceError {
        let timed_out = matches!(error, CallError::Late | CallError::Hangs);
        if !timed_out {
            let mut failure = broken(self.library.name(), method, &error.to_string());
            if error == CallError::NoThread {
                failure.kind = SourceErrorKind::Transient(Duration::from_secs(30));
                failure.hint = Some(Advice::new(
                    "der Rechner ist überlastet; später noch einmal versuchen",
                    "the machine is overloaded; try again later",
                ));
            }
            return failure;
        }
        if error == CallError::Hangs {
            self.lock().hanging += 1;
        }
        SourceError {
            kind: SourceErrorKind::Unreachable,
            text: format!(
                "adapter `{}`, `{method}`: no answer within {} s",
                self.library.name(),
                self.patience.call.as_secs()
            ),
            hint: Some(Advice::new(
                "nachsehen, ob die Datenbank anderen Programmen antwortet",
                "look whether the database answers other programs",
            )),
            source: Some(Box::new(error)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
