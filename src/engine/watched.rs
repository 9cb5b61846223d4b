//! Effect: what somebody who stays needs to know between runs: which folders of a mailbox are read, and whether staffITpro has
//! something new. Nothing is moved by asking.

use std::path::Path;

use crate::model::rules::Scopes;
use crate::model::{FolderId, ItemKind, Mode, Module, Scope, TenantName, UserId};
use crate::source::{Members, Source, SourceError};
use crate::state::{State, StateError};

/// A look into the state between runs.
#[derive(Debug)]
pub struct Watched {
    state: State,
}

impl Watched {
    /// Opens the state.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        Ok(Self { state: State::open(folder)? })
    }

    /// Lists the folders that runs read in a mailbox, those that items were moved to among them; none before the first run.
    pub fn folders(&self, tenant: &TenantName, user: &UserId) -> Result<Vec<FolderId>, StateError> {
        let Some(known) = self.state.mailbox(tenant, user)? else { return Ok(Vec::new()) };
        let mut folders = Vec::new();
        for kind in ItemKind::ALL {
            folders.extend(self.state.folders(known.id, kind)?.into_iter().map(|row| row.id));
        }
        folders.sort();
        folders.dedup();
        Ok(folders)
    }

    /// Says whether the source has something new for a user since the last run. It asks as a run would, and forgets the
    /// answer: positions are moved by runs alone. Where no run has been, or the source keeps no feed, there is nothing to say.
    pub fn stirred(
        &self,
        tenant: &TenantName,
        user: &UserId,
        scopes: &Scopes,
        source: &dyn Source,
    ) -> Result<bool, Stirring> {
        let Some(known) = self.state.mailbox(tenant, user)? else { return Ok(false) };
        for module in Module::ALL {
            let moves =
                |scope: &Scope| scope.module == module && scopes.of(*scope).mode != Mode::None;
            if !Scope::ALL.iter().any(moves) {
                continue;
            }
            let (position, members) = self.state.feed(known.id, module)?;
            if let Some(position) = position {
                let news = source.changes(user, module, &position)?;
                if news.lost || !news.changed.is_empty() || !news.gone.is_empty() {
                    return Ok(true);
                }
            }
            if module.has_filter()
                && members.is_some()
                && !matches!(
                    source.members(user, module, members.as_ref(), None)?,
                    Members::Unchanged
                )
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Why it could not be found out whether there is something new.
#[derive(Debug)]
pub enum Stirring {
    /// The state failed.
    State(StateError),
    /// The source failed.
    Source(SourceError),
}

impl From<StateError> for Stirring {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<SourceError> for Stirring {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}
