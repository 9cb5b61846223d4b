//! Effect: what somebody who stays needs to know between runs: which folders of a mailbox are read, and for whom staffITpro has
//! something new. Nothing is moved by asking.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use crate::model::rules::Scopes;
use crate::model::{FolderId, ItemKind, Mode, Module, Position, Scope, TenantName, UserId};
use crate::source::{Description, Members, Source, SourceError, SourceErrorKind};
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
    fn stirred(
        &self,
        tenant: &TenantName,
        user: &UserId,
        modules: &[Module],
        source: &dyn Source,
    ) -> Result<bool, Asked> {
        let Some(known) = self.state.mailbox(tenant, user)? else { return Ok(false) };
        for module in modules.iter().copied() {
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

/// Says whether anything of a module moves for a mailbox.
fn moves(scopes: &Scopes, module: Module) -> bool {
    let moves = |scope: &Scope| scope.module == module && scopes.of(*scope).mode != Mode::None;
    Scope::ALL.iter().any(moves)
}

/// The questions to one source on behalf of many users.
#[derive(Debug)]
pub struct Asking {
    tenant: TenantName,
    /// Each user, with the modules of which anything moves.
    users: Vec<(UserId, Vec<Module>)>,
    /// Up to where a source that is asked for all at once has told.
    since: Option<Position>,
    /// Whose turn it is where each is asked for.
    turn: usize,
    watched: Option<Watched>,
}

/// Of whom a source told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stirred {
    /// Of these, by their places.
    These(Vec<usize>),
    /// Of nobody in particular: something may have been missed.
    Perhaps,
}

impl Asking {
    /// Begins without users.
    pub const fn new(tenant: TenantName) -> Self {
        Self { tenant, users: Vec::new(), since: None, turn: 0, watched: None }
    }

    /// Adds a user; his place is the number of those before him.
    pub fn add(&mut self, user: UserId, scopes: &Scopes) {
        let modules = Module::ALL.into_iter().filter(|module| moves(scopes, *module));
        self.users.push((user, modules.collect()));
    }

    /// Has the source say where it stands, so that what happens from now on is told.
    pub fn begin(
        &mut self,
        source: &dyn Source,
        described: &Description,
    ) -> Result<(), SourceError> {
        if described.news {
            self.since = Some(source.news(&self.names(), None)?.position);
        }
        Ok(())
    }

    /// Returns how many questions it takes to have asked for everybody.
    pub const fn turns(&self, described: &Description) -> usize {
        if described.news { 1 } else { self.users.len() }
    }

    /// Asks the next question.
    pub fn ask(
        &mut self,
        state: &Path,
        source: &dyn Source,
        described: &Description,
    ) -> Result<Stirred, Asked> {
        if described.news {
            Ok(self.ask_for_all(source)?)
        } else {
            self.ask_for_one(state, source, described)
        }
    }

    fn ask_for_all(&mut self, source: &dyn Source) -> Result<Stirred, SourceError> {
        let names = self.names();
        let Some(since) = self.since.clone() else {
            // It was down when all began: since when nobody has listened is not known.
            self.since = Some(source.news(&names, None)?.position);
            return Ok(Stirred::Perhaps);
        };
        let news = match source.news(&names, Some(&since)) {
            Ok(news) => news,
            Err(error) => {
                if error.kind == SourceErrorKind::Unsupported {
                    // It does not take this position: the next question begins anew.
                    self.since = None;
                }
                return Err(error);
            }
        };
        self.since = Some(news.position);
        if news.lost {
            return Ok(Stirred::Perhaps);
        }
        let stirred: BTreeSet<_> = news.stirred.into_iter().collect();
        let told = |(user, modules): &(UserId, Vec<Module>)| {
            modules.iter().any(|module| stirred.contains(&(user.clone(), *module)))
        };
        let all = self.users.iter().enumerate();
        let places = all.filter(|(_, user)| !stirred.is_empty() && told(user));
        Ok(Stirred::These(places.map(|(place, _)| place).collect()))
    }

    fn ask_for_one(
        &mut self,
        state: &Path,
        source: &dyn Source,
        described: &Description,
    ) -> Result<Stirred, Asked> {
        let nobody = Stirred::These(Vec::new());
        let place = if self.turn < self.users.len() { self.turn } else { 0 };
        let Some((user, modules)) = self.users.get(place).filter(|_| described.feed) else {
            return Ok(nobody);
        };
        let watched = match self.watched.take() {
            Some(watched) => watched,
            None => Watched::open(state)?,
        };
        let watched = self.watched.insert(watched);
        self.turn = place + 1;
        let stirred = watched.stirred(&self.tenant, user, modules, source)?;
        Ok(if stirred { Stirred::These(vec![place]) } else { nobody })
    }

    fn names(&self) -> Vec<UserId> {
        self.users.iter().map(|(user, _)| user.clone()).collect()
    }
}

/// Why it could not be found out whether there is something new.
#[derive(Debug)]
pub enum Asked {
    /// The state failed.
    State(StateError),
    /// The source failed.
    Source(SourceError),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State(error) => error.fmt(f),
            Self::Source(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Asked {}

impl From<StateError> for Asked {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

impl From<SourceError> for Asked {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::rules::ScopeSettings;
    use crate::model::{Field, RecordId, Switch};
    use crate::source::memory::{MemorySettings, MemorySource, NewRecord};

    /// A source with a contact for each of three users; of the third nothing moves but activities of leads.
    fn stage() -> (MemorySource, Asking) {
        let source = MemorySource::new(MemorySettings::default());
        let mut asking = Asking::new("staffitpro".into());
        for (user, id) in [("AAA", "B-1"), ("BBB", "B-2"), ("CCC", "B-3")] {
            source.add_user(user, user, "x@firma.example");
            let texts = [(Field::Surname, "Müller")];
            let at = Timestamp::UNIX_EPOCH;
            source.insert(NewRecord::contact(id, Module::Applicants, at, &texts));
            source.put_member(user, id, true);
            let scopes = Scopes::new(|scope| {
                let leads = (scope.module, scope.switch) == (Module::Leads, Switch::Activities);
                let mode = if (user == "CCC") == leads { Mode::Sync } else { Mode::None };
                ScopeSettings { mode, ..ScopeSettings::default_for(scope) }
            });
            asking.add(user.into(), &scopes);
        }
        (source, asking)
    }

    fn ask(asking: &mut Asking, source: &MemorySource) -> Result<Stirred, Asked> {
        let described = source.describe().unwrap();
        let folder = tempfile::tempdir().unwrap();
        asking.ask(folder.path(), source, &described)
    }

    fn these(places: &[usize]) -> Stirred {
        Stirred::These(places.to_vec())
    }

    #[test]
    fn one_question_tells_of_all_and_only_of_what_moves() {
        let (source, mut asking) = stage();
        asking.begin(&source, &source.describe().unwrap()).unwrap();
        assert_eq!(ask(&mut asking, &source).unwrap(), these(&[]));
        for id in ["B-2", "B-3"] {
            source.make_private(id, true);
        }
        assert_eq!(ask(&mut asking, &source).unwrap(), these(&[1]), "contacts of CCC do not move");
        assert_eq!(ask(&mut asking, &source).unwrap(), these(&[]), "told once");
        assert_eq!((source.calls("news"), source.calls("changes")), (4, 0));
    }

    #[test]
    fn what_was_said_to_nobody_is_looked_at_by_all() {
        let (source, mut asking) = stage();
        // The source was down when all began: nobody asked it where it stands.
        assert_eq!(ask(&mut asking, &source).unwrap(), Stirred::Perhaps);
        let before = source.snapshot();
        source.make_private("B-1", true);
        assert_eq!(ask(&mut asking, &source).unwrap(), these(&[0]));
        source.restore(before);
        assert_eq!(ask(&mut asking, &source).unwrap(), Stirred::Perhaps, "a backup was put back");
        source.make_private("B-1", true);
        assert_eq!(ask(&mut asking, &source).unwrap(), these(&[0]), "and on from there");
    }

    #[test]
    fn a_lost_answer_is_asked_for_again() {
        let (source, mut asking) = stage();
        let described = source.describe().unwrap();
        asking.begin(&source, &described).unwrap();
        source.make_private("B-1", true);
        source.lose_answers(1);
        let folder = tempfile::tempdir().unwrap();
        assert!(asking.ask(folder.path(), &source, &described).is_err());
        assert_eq!(asking.ask(folder.path(), &source, &described).unwrap(), these(&[0]));
    }

    #[test]
    fn a_source_that_cannot_is_asked_for_each_in_turn() {
        let (source, mut asking) = stage();
        source.configure(|settings| settings.news = false);
        let described = source.describe().unwrap();
        asking.begin(&source, &described).unwrap();
        assert_eq!(asking.turns(&described), 3);
        // Runs have read everybody up to here.
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        for user in ["AAA", "BBB", "CCC"] {
            let user = UserId::from(user);
            let mailbox = state.add_mailbox(&"staffitpro".into(), &user, &"x".into(), "x").unwrap();
            let position = source.list(&user, Module::Applicants, None).unwrap().position;
            state.set_feed(mailbox, Module::Applicants, position.as_ref(), None).unwrap();
        }
        source.set_member(&"BBB".into(), &RecordId::from("B-1"), true).unwrap();
        source.delete("B-2");
        let mut turn = || asking.ask(folder.path(), &source, &described).unwrap();
        assert_eq!((turn(), turn(), turn()), (these(&[0]), these(&[1]), these(&[])));
        assert_eq!(turn(), these(&[0]), "and again from the first, until a run has read it");
        assert_eq!(source.calls("news"), 0);
    }
}
