//! Effect: which contract the servers behind one address keep to, so that not each mailbox has to find it out. Mailboxes of one
//! address may lie on servers of different ages (notes.md §1.0).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::ews::{ServerVersion, ServerVersionInfo};

/// The contract that is tried where nothing is known.
const NEWEST: ServerVersion = ServerVersion::V2016;

/// What was agreed with each server, by the build that it names. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Contracts(Arc<Mutex<BTreeMap<Option<[u16; 4]>, ServerVersion>>>);

impl Contracts {
    /// Returns the contract with which a mailbox begins: the highest that any server agreed to. An older one refuses it, which
    /// costs a question; a newer one would keep to a lower one without a word.
    pub(super) fn begin(&self) -> ServerVersion {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().max().copied().unwrap_or(NEWEST)
    }

    /// Takes note that a server understood a contract. Returns another one to be tried, where the server is new here and was not
    /// asked for more.
    pub(super) fn settle(
        &self,
        server: Option<&ServerVersionInfo>,
        begun: ServerVersion,
        understood: ServerVersion,
    ) -> Option<ServerVersion> {
        let build = server.map(|it| [it.major, it.minor, it.major_build, it.minor_build]);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if understood == begun && begun != NEWEST && !known.contains_key(&build) {
            return Some(NEWEST);
        }
        known.insert(build, understood);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ServerVersion::{V2010Sp2, V2016};

    #[test]
    fn one_old_server_makes_the_others_no_older() {
        let server = |major, minor| ServerVersionInfo { major, minor, ..Default::default() };
        let (old, new) = (server(14, 3), server(15, 2));
        let contracts = Contracts::default();
        assert_eq!(contracts.begin(), V2016);
        // Of three mailboxes the first lies on an old server, and so does the last.
        assert_eq!(contracts.settle(Some(&old), V2016, V2010Sp2), None);
        assert_eq!(contracts.begin(), V2010Sp2, "most addresses have servers of one age");
        assert_eq!(contracts.settle(Some(&new), V2010Sp2, V2010Sp2), Some(V2016));
        assert_eq!(contracts.settle(Some(&new), V2016, V2016), None);
        assert_eq!(contracts.begin(), V2016);
        assert_eq!(contracts.settle(Some(&old), V2016, V2010Sp2), None);
        assert_eq!(contracts.begin(), V2016);
    }
}
