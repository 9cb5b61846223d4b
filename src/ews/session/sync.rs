//! Reading all changes of a folder, page by page (pure).

use crate::ews::id::SyncState;

/// Drives `SyncFolderItems` until a folder has nothing more to say.
///
/// It ends at a page that is the last one and brought no deletion. A last page *with* deletions
/// need not be the last one: grommunio 3.10 cuts deletions at the page size and says "last" all the
/// same, so such a page is followed by one more request. It also ends where the state does not
/// move, because a server that repeats itself would be asked for ever.
#[derive(Debug, Clone)]
pub struct SyncLoop {
    state: Option<SyncState>,
    /// Whether the present page brought a deletion.
    deletions: bool,
}

/// What to do after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncStep {
    /// Ask again, since this state.
    Next(SyncState),
    /// All was read; this state is where the next run begins.
    Done(SyncState),
    /// The server says that there is more but does not move on: what came is true, what is missing
    /// is not known. Compare the folder as a whole.
    Stuck(SyncState),
}

impl SyncLoop {
    /// Begins at a state, or at the beginning.
    pub fn new(state: Option<SyncState>) -> Self {
        Self { state, deletions: false }
    }

    /// Returns since when to ask.
    pub fn state(&self) -> Option<&SyncState> {
        self.state.as_ref()
    }

    /// Learns that the present page deletes an item.
    pub fn saw_deletion(&mut self) {
        self.deletions = true;
    }

    /// Learns that the page is complete.
    pub fn page(&mut self, state: SyncState, last: bool, changes: usize) -> SyncStep {
        let moved = self.state.as_ref() != Some(&state);
        let deletions = std::mem::take(&mut self.deletions);
        self.state = Some(state.clone());
        match (last, moved) {
            (true, true) if deletions && changes > 0 => SyncStep::Next(state),
            (true, _) => SyncStep::Done(state),
            (false, true) if changes > 0 => SyncStep::Next(state),
            // A page without changes that moves the state is progress only where it ends.
            (false, _) => SyncStep::Stuck(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_until_the_last_one() {
        let mut sync = SyncLoop::new(None);
        assert_eq!(sync.page("a".into(), false, 512), SyncStep::Next("a".into()));
        assert_eq!(sync.state(), Some(&"a".into()));
        assert_eq!(sync.page("b".into(), true, 3), SyncStep::Done("b".into()));
    }

    #[test]
    fn a_last_page_with_deletions_is_followed_by_another() {
        // recordings README §2: 700 deletions in pages of 100, each of them "last".
        let mut sync = SyncLoop::new(Some("0".into()));
        for number in 1..=7 {
            sync.saw_deletion();
            let state = SyncState::from(number.to_string());
            assert_eq!(sync.page(state.clone(), true, 100), SyncStep::Next(state));
        }
        assert_eq!(sync.page("7".into(), true, 0), SyncStep::Done("7".into()));
    }

    #[test]
    fn a_state_that_does_not_move_ends_the_loop() {
        let mut sync = SyncLoop::new(Some("a".into()));
        assert_eq!(sync.page("a".into(), false, 20), SyncStep::Stuck("a".into()));
        // grommunio 3.10 with MaxChangesReturned=0: never last, never a change.
        assert_eq!(sync.page("b".into(), false, 0), SyncStep::Stuck("b".into()));
        sync.saw_deletion();
        assert_eq!(sync.page("b".into(), true, 1), SyncStep::Done("b".into()));
    }
}
