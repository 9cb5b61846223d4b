//! Effect: what runs learn by the way of where mailboxes lie, for those who listen: subscriptions that share a stream must
//! live on one back end.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ews::{ServerVersion, ServerVersionInfo};
use crate::mailbox::exchange::lane::ActAs;

/// Where the mailboxes of a server lie, shared by all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Homes(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    homes: BTreeMap<ActAs, Home>,
    server: Option<ServerVersionInfo>,
}

/// Where a mailbox lies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Home {
    /// The mailboxes that may share a stream, by the name that Autodiscover has for them (`GroupingInformation`).
    group: Option<String>,
    /// The name of the back end; blank where no front end tells.
    back_end: String,
    /// The contract that it understood.
    pub(super) contract: Option<ServerVersion>,
}

impl Home {
    /// Returns where a mailbox lies: what Autodiscover says counts more than the back end that happened to answer. Blank where
    /// neither is known.
    pub(super) fn place(&self) -> &str {
        self.group.as_deref().unwrap_or(&self.back_end)
    }
}

/// How many streams Exchange 2013 lets one account have (notes.md §1.9).
const STREAMS_OF_2013: usize = 3;

/// How many later versions do.
const STREAMS: usize = 10;

impl Homes {
    /// Notes what an answer told.
    pub(super) fn note(
        &self,
        who: &ActAs,
        back_end: Option<&str>,
        contract: ServerVersion,
        server: Option<&ServerVersionInfo>,
    ) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.server.as_ref() != server {
            known.server = server.cloned();
        }
        let back_end = back_end.unwrap_or_default();
        let same = |home: &Home| home.back_end == back_end && home.contract == Some(contract);
        if !known.homes.get(who).is_some_and(same) {
            let home = known.homes.entry(who.clone()).or_default();
            (home.back_end, home.contract) = (back_end.to_owned(), Some(contract));
        }
    }

    /// Notes what Autodiscover told.
    pub(super) fn note_group(&self, who: &ActAs, group: Option<String>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.homes.get(who).is_none_or(|home| home.group != group) {
            known.homes.entry(who.clone()).or_default().group = group;
        }
    }

    /// Returns where a mailbox lies, as far as that is known.
    pub(super) fn of(&self, who: &ActAs) -> Home {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.homes.get(who).cloned().unwrap_or_default()
    }

    /// Returns how many streams the server lets one account have.
    pub(super) fn streams(&self) -> usize {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &known.server {
            Some(server) if (server.major, server.minor) == (15, 0) => STREAMS_OF_2013,
            _ => STREAMS,
        }
    }
}
