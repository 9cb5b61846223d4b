//! Effect: settles what an earlier run could not: it runs before anything else (invariant 1).

use crate::engine::report::Phase;
use crate::engine::session::{Session, Stop};
use crate::mailbox::By;
use crate::model::{ItemKind, Token};
use crate::state::{Creating, ItemPresence, State, StateError};

/// How many tokens are looked for at once.
const SEARCH: usize = 40;

impl Session<'_> {
    /// Finds the items of unanswered creates by their tokens. One that is not found is made again with the same token, so
    /// that a late twin is known for what it is. Unanswered updates and deletes show in what the item holds.
    pub(super) fn recover(&mut self) -> Result<(), Stop> {
        let intents = self.state.intents(self.id)?;
        let creating = self.state.creating(self.id)?;
        if intents.is_empty() && creating.is_empty() {
            return Ok(());
        }
        self.phase(Phase::Recovering);
        let (creates, others): (Vec<_>, Vec<_>) =
            intents.into_iter().partition(|intent| intent.token.is_some());
        self.state.atomically(|state| {
            for intent in &others {
                state.mark_pair(intent.pair)?;
                state.fulfil(intent.id)?;
            }
            Ok::<_, Stop>(())
        })?;
        for intent in creates {
            let create: Vec<_> =
                intent.token.into_iter().map(|token| (intent.pair, token)).collect();
            self.recover_creates(intent.kind, &create, |state| state.fulfil(intent.id))?;
        }
        for Creating { id, kind, creates } in creating {
            let mut open = creates.as_slice();
            while !open.is_empty() {
                let (now, later) = open.split_at(open.len().min(SEARCH));
                self.recover_creates(kind, now, |state| state.leave_creates(id, later))?;
                open = later;
            }
        }
        Ok(())
    }

    fn recover_creates(
        &mut self,
        kind: ItemKind,
        creates: &[(i64, Token)],
        settle: impl FnOnce(&State) -> Result<(), StateError>,
    ) -> Result<(), Stop> {
        let tokens: Vec<Token> = creates.iter().map(|(_, token)| token.clone()).collect();
        let mut found = self.search(kind, By::Tokens(&tokens))?;
        found.sort_by_key(|found| (found.deleted, found.created_at));
        self.state.atomically(|state| {
            for (pair, token) in creates {
                let hit = found.iter().find(|found| {
                    found.identity.stamp.as_ref().is_some_and(|stamp| stamp.token == *token)
                });
                match hit {
                    Some(found) => {
                        let presence =
                            if found.deleted { ItemPresence::Deleted } else { ItemPresence::Here };
                        let place = (&found.identity.id, &found.folder);
                        state.forget_unpaired(self.id, &found.identity.id)?;
                        state.set_item(*pair, presence, Some(place))?;
                        state.set_origin(*pair, true, Some(token))?;
                    }
                    None => state.set_repeated(*pair, token, true)?,
                }
            }
            settle(state)?;
            Ok::<_, Stop>(())
        })
    }
}
