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
    /// The name of the back end; blank where no front end tells.
    pub(super) back_end: String,
    /// The contract that it understood.
    pub(super) contract: Option<ServerVersion>,
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
        let same = known
            .homes
            .get(who)
            .is_some_and(|home| home.back_end == back_end && home.contract == Some(contract));
        if !same {
            let home = Home { back_end: back_end.to_owned(), contract: Some(contract) };
            known.homes.insert(who.clone(), home);
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
