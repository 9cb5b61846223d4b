//! Shell: has Exchange tell what happens in the mailboxes that are watched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use abgleich::config::{MailboxSettings, Target};
use abgleich::engine::watched::Watched;
use abgleich::ews::session::{Hint, StreamManner};
use abgleich::mailbox::exchange::lane::ExchangeServer;
use abgleich::mailbox::exchange::listen::{Ears, ListenManner};
use abgleich::model::FolderId;
use abgleich::watch::Who;

use crate::cli::open;
use crate::cli::watch::{Bell, Watching};

/// Who listens, and to what.
pub(super) struct Listening {
    /// By the URL of the server.
    ears: Mutex<BTreeMap<String, Ears>>,
    /// The folders of each mailbox that are listened to.
    folders: Mutex<Vec<Vec<FolderId>>>,
}

impl Listening {
    pub(super) fn new(mailboxes: usize) -> Self {
        Self { ears: Mutex::default(), folders: Mutex::new(vec![Vec::new(); mailboxes]) }
    }
}

impl Watching<'_> {
    /// Begins to listen to all mailboxes that earlier programs have read.
    pub(super) fn listen_again(&self) {
        if !self.settings.watch.notifications {
            return;
        }
        let Ok(watched) = Watched::open(&self.settings.state.folder) else { return };
        for (who, mailbox) in self.chosen.iter().enumerate() {
            self.listen_with(&watched, who, mailbox);
        }
    }

    /// Listens to the folders that the last run has read, if they are others than before.
    pub(super) fn listen_to(&self, who: Who, mailbox: &MailboxSettings) {
        if self.settings.watch.notifications
            && let Ok(watched) = Watched::open(&self.settings.state.folder)
        {
            self.listen_with(&watched, who, mailbox);
        }
    }

    fn listen_with(&self, watched: &Watched, who: Who, mailbox: &MailboxSettings) {
        let Target::Exchange { server: name, .. } = &mailbox.target else { return };
        let Ok(folders) = watched.folders(&mailbox.source, &mailbox.user) else { return };
        let mut all = self.listening.folders.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = all.get_mut(who).filter(|known| **known != folders) else { return };
        // A server that is not known yet is found by the next run.
        let Ok(server) = self.servers.server(self.settings, mailbox) else { return };
        known.clone_from(&folders);
        drop(all);
        let mut ears = self.listening.ears.lock().unwrap_or_else(PoisonError::into_inner);
        let ears = ears.entry(server.url()).or_insert_with(|| self.open_ears(name, &server));
        ears.watch(who, open::act_as(self.settings, mailbox), folders);
    }

    fn open_ears(&self, name: &str, server: &Arc<ExchangeServer>) -> Ears {
        let most = self.settings.servers.get(name).and_then(|server| server.max_streams);
        let stream =
            StreamManner { pull_every: self.settings.watch.pull, ..StreamManner::default() };
        let most_streams = most.map(|most| usize::try_from(most).unwrap_or(usize::MAX));
        let manner = ListenManner { stream, most_streams, ..ListenManner::default() };
        let bell = Arc::clone(&self.bell);
        server.listen(manner, move |who, hint| hear(&bell, who, hint))
    }
}

fn hear(bell: &Bell, who: Who, hint: Hint) {
    let hears = hint != Hint::Deaf;
    let changed = bell.agenda().hears(who, hears, bell.now());
    if hears {
        bell.ring(who);
    } else if changed {
        bell.deaf.lock().unwrap_or_else(PoisonError::into_inner).push(who);
        bell.rung.notify_all();
    }
}
