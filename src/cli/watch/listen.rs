//! Shell: has Exchange tell what happens in the mailboxes that are watched.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use abgleich::config::{MailboxSettings, Settings, Target};
use abgleich::engine::watched::Watched;
use abgleich::ews::session::{self as ews, StreamManner};
use abgleich::mailbox::exchange::lane::ExchangeServer;
use abgleich::mailbox::exchange::listen::{Ears, ListenManner};
use abgleich::model::FolderId;
use abgleich::watch::{Hint, Who};

use crate::cli::open;
use crate::cli::watch::Watching;
use crate::cli::watch::bell::Bell;

/// Who listens, and to what.
pub(super) struct Listening {
    /// By the name of the server and its URL.
    ears: Mutex<BTreeMap<(String, String), Ears>>,
    /// What of each mailbox is listened to.
    heard: Mutex<Vec<Option<Heard>>>,
    watched: Mutex<Option<Watched>>,
}

/// What of a mailbox is listened to: another place has another stream, other folders are another subscription.
#[derive(Clone, PartialEq, Eq)]
struct Heard {
    folders: Vec<FolderId>,
    place: String,
}

impl Listening {
    pub(super) fn new(mailboxes: usize) -> Self {
        let heard = Mutex::new(vec![None; mailboxes]);
        Self { ears: Mutex::default(), heard, watched: Mutex::default() }
    }

    /// Lists the folders that the last run of a mailbox has read.
    fn folders(&self, settings: &Settings, mailbox: &MailboxSettings) -> Option<Vec<FolderId>> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.is_none() {
            *watched = Watched::open(&settings.state.folder).ok();
        }
        watched.as_ref()?.folders(&mailbox.source, &mailbox.user).ok()
    }
}

impl Watching<'_> {
    /// Listens to the folders that the last run has read, if they or the mailbox's place are others than before.
    pub(super) fn listen_to(&self, who: Who, mailbox: &MailboxSettings) {
        let Target::Exchange { server: name, .. } = &mailbox.target else { return };
        if !self.settings.watch.notifications {
            return;
        }
        let Some(folders) = self.listening.folders(self.settings, mailbox) else { return };
        // A server that is not known yet is found by the next run.
        let Ok(server) = self.servers.server(self.settings, mailbox) else { return };
        let act_as = open::act_as(self.settings, mailbox);
        let place = server.place_of(&act_as);
        let heard = Heard { folders: folders.clone(), place };
        let mut all = self.listening.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get_mut(who).filter(|known| known.as_ref() != Some(&heard));
        let Some(known) = known else { return };
        *known = Some(heard);
        drop(all);
        let mut ears = self.listening.ears.lock().unwrap_or_else(PoisonError::into_inner);
        let at = (name.clone(), server.url());
        let ears = ears.entry(at).or_insert_with(|| self.open_ears(name, &server));
        ears.watch(who, act_as, folders);
    }

    /// Listens no more at a server; each mailbox is listened to again after its next run. Those who listened had a login that is
    /// refused.
    pub(super) fn stop_listening(&self, server: &str) {
        let mut ears = self.listening.ears.lock().unwrap_or_else(PoisonError::into_inner);
        ears.retain(|(name, _), _| name != server);
        let mut heard = self.listening.heard.lock().unwrap_or_else(PoisonError::into_inner);
        for (heard, mailbox) in heard.iter_mut().zip(&self.chosen) {
            if matches!(&mailbox.target, Target::Exchange { server: name, .. } if name == server) {
                *heard = None;
            }
        }
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

fn hear(bell: &Bell, who: Who, hint: ews::Hint) {
    bell.hears(who, hint != ews::Hint::Deaf);
    match hint {
        ews::Hint::News => bell.ring(who, Hint::News),
        ews::Hint::Gap => bell.ring(who, Hint::Gap),
        ews::Hint::Deaf => {}
    }
}
