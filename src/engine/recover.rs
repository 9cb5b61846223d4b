//! Effect: settles what an earlier run could not: it runs before anything else (invariant 1).

use crate::engine::report::Phase;
use crate::engine::session::{Session, Stop};
use crate::mailbox::{By, Wanted};
use crate::model::{ItemKind, Token};
use crate::state::{Intent, ItemPresence};

/// How many tokens are looked for at once.
const SEARCH: usize = 40;

impl Session<'_> {
    /// Finds the items of unanswered creates by their tokens. One that is not found is made again with the same token, so
    /// that a late twin is known for what it is. Unanswered updates and deletes show in what the item holds.
    pub(super) fn recover(&mut self) -> Result<(), Stop> {
        let intents = self.state.intents(self.id)?;
        if intents.is_empty() {
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
        for kind in ItemKind::ALL {
            let of_kind: Vec<&Intent> = creates.iter().filter(|i| i.kind == kind).collect();
            for intents in of_kind.chunks(SEARCH) {
                self.recover_creates(kind, intents)?;
            }
        }
        Ok(())
    }

    fn recover_creates(&mut self, kind: ItemKind, intents: &[&Intent]) -> Result<(), Stop> {
        let tokens: Vec<Token> = intents.iter().filter_map(|intent| intent.token.clone()).collect();
        let wanted =
            Wanted { tenant: self.job.tenant, user: self.job.user, by: By::Tokens(&tokens) };
        let mut found = self.mailbox.find(kind, &wanted)?;
        found.sort_by_key(|found| (found.deleted, found.created_at));
        self.state.atomically(|state| {
            for intent in intents {
                let Some(token) = &intent.token else { continue };
                let hit = found.iter().find(|found| {
                    found.identity.stamp.as_ref().is_some_and(|stamp| stamp.token == *token)
                });
                match hit {
                    Some(found) => {
                        let presence =
                            if found.deleted { ItemPresence::Deleted } else { ItemPresence::Here };
                        let place = (&found.identity.id, &found.folder);
                        state.forget_unpaired(self.id, &found.identity.id)?;
                        state.set_item(intent.pair, presence, Some(place))?;
                        state.set_origin(intent.pair, true, Some(token))?;
                    }
                    None => state.set_repeated(intent.pair, token, true)?,
                }
                state.fulfil(intent.id)?;
            }
            Ok::<_, Stop>(())
        })
    }
}
