//! Effect: a source that may be busy for a while. It is asked again after as long as it says, within a total for the run. An
//! update is asked again as well: of one that a busy source refused nothing was done, and each names the version that it is for.

use crate::engine::patient::Patience;
use crate::model::{Module, Position, RecordId, UserId};
use crate::source::{
    Changes, Description, Entry, Fetched, Listing, Members, News, QUESTION, RecordUpdate, Source,
    SourceError, SourceErrorKind, Updated, User,
};

/// A source that is waited for.
pub(in crate::engine) struct PatientSource<'a> {
    source: &'a dyn Source,
    patience: Patience<'a>,
}

impl<'a> PatientSource<'a> {
    /// Makes one that is waited for with this patience.
    pub(in crate::engine) fn new(source: &'a dyn Source, patience: Patience<'a>) -> Self {
        Self { source, patience }
    }

    /// Asks until there is an answer or the total is used up.
    fn insist<T>(&self, call: impl Fn() -> Result<T, SourceError>) -> Result<T, SourceError> {
        loop {
            match call() {
                Err(SourceError { kind: SourceErrorKind::Transient(time), .. })
                    if self.patience.wait(time) => {}
                result => return result,
            }
        }
    }
}

impl Source for PatientSource<'_> {
    fn describe(&self) -> Result<Description, SourceError> {
        self.insist(|| self.source.describe())
    }

    fn users(&self) -> Result<Vec<User>, SourceError> {
        self.insist(|| self.source.users())
    }

    fn list(
        &self,
        user: &UserId,
        module: Module,
        page: Option<&Position>,
    ) -> Result<Listing, SourceError> {
        self.insist(|| self.source.list(user, module, page))
    }

    fn changes(
        &self,
        user: &UserId,
        module: Module,
        since: &Position,
    ) -> Result<Changes, SourceError> {
        self.insist(|| self.source.changes(user, module, since))
    }

    fn fetch(&self, user: &UserId, ids: &[RecordId]) -> Result<Vec<Fetched>, SourceError> {
        self.insist(|| self.source.fetch(user, ids))
    }

    fn activities(&self, user: &UserId, parents: &[RecordId]) -> Result<Vec<Entry>, SourceError> {
        self.insist(|| self.source.activities(user, parents))
    }

    fn members(
        &self,
        user: &UserId,
        module: Module,
        known: Option<&Position>,
        page: Option<&Position>,
    ) -> Result<Members, SourceError> {
        self.insist(|| self.source.members(user, module, known, page))
    }

    fn set_member(
        &self,
        user: &UserId,
        record: &RecordId,
        member: bool,
    ) -> Result<(), SourceError> {
        self.insist(|| self.source.set_member(user, record, member))
    }

    /// Asks one question after the other, so that what was answered stands when a later one has to be asked again.
    fn update(&self, user: &UserId, updates: &[RecordUpdate]) -> Result<Vec<Updated>, SourceError> {
        let mut answers = Vec::with_capacity(updates.len());
        for question in updates.chunks(QUESTION) {
            answers.extend(self.insist(|| self.source.update(user, question))?);
        }
        Ok(answers)
    }

    fn news(&self, users: &[UserId], since: Option<&Position>) -> Result<News, SourceError> {
        self.insist(|| self.source.news(users, since))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    use super::PatientSource;
    use crate::engine::patient::Patience;
    use crate::engine::patient::tests::Waited;
    use crate::source::memory::MemorySource;
    use crate::source::{Source as _, SourceErrorKind};

    #[test]
    fn invariant_11_a_busy_source_is_waited_for_within_a_total_and_no_other_failure_is() {
        let (clock, stop) = (Waited::default(), AtomicBool::new(false));
        let told = RefCell::new(Vec::new());
        let tell = |time| told.borrow_mut().push(time);
        let pause = Duration::from_secs(2);
        let busy = SourceErrorKind::Transient(pause);
        let source = MemorySource::default();
        let patient =
            PatientSource::new(&source, Patience::new(&clock, &stop, &tell, pause * 3 / 2));
        source.fail(busy);
        patient.users().unwrap();
        assert_eq!((clock.0.load(Ordering::Relaxed), source.calls("users")), (2000, 2));
        source.fail(busy);
        assert_eq!(patient.users().unwrap_err().kind, busy, "the total is used up");
        source.fail(SourceErrorKind::Unreachable);
        assert_eq!(patient.users().unwrap_err().kind, SourceErrorKind::Unreachable);
        assert_eq!((clock.0.load(Ordering::Relaxed), told.into_inner()), (2000, vec![pause]));
    }
}
