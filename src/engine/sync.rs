//! Effect: one run over one mailbox, from lock to report.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::engine::clock::run_id;
use crate::engine::ended::explain;
use crate::engine::guard::{columns, direction_key, word};
use crate::engine::identity;
use crate::engine::kept::Kept;
use crate::engine::patient::{Patience, Patient, PatientSource};
use crate::engine::plan::Action;
use crate::engine::report::{Counts, Event, Finding, Line, MailboxReport, Outcome, Phase, Stopped};
use crate::engine::session::{Active, Job, Options, Session, Stop, direction};
use crate::engine::tally::{Tally, found};
use crate::mailbox::{Mailbox, MailboxError, MailboxErrorKind};
use crate::model::fingerprint::FINGERPRINT_VERSION;
use crate::model::rules::FirstTransfer;
use crate::model::{Mode, Scope, Switch};
use crate::reason::{Advice, Code};
use crate::source::{Description, Source, SourceError, SourceErrorKind};
use crate::state::{MailboxId, MailboxLock, ScopeMark, State, StateError};

/// Brings one mailbox into agreement, or with [`Options::dry`] says what that would take and writes nothing.
///
/// Whatever happens to this mailbox stays with it: failures end in the report (invariant 11). What is planned is told line by
/// line to whoever wants to hear it.
pub fn sync_mailbox(
    job: &Job<'_>,
    options: &Options,
    source: (&dyn Source, &Description),
    mailbox: &mut dyn Mailbox,
    events: &(dyn Fn(Event) + Sync),
    lines: Option<&mut dyn FnMut(Line)>,
) -> MailboxReport {
    let mut report = MailboxReport {
        user: job.user.clone(),
        address: job.address.to_owned(),
        outcome: Outcome::Done,
        stopped: Vec::new(),
        words: BTreeSet::new(),
        scopes: std::collections::BTreeMap::new(),
        findings: Vec::new(),
        explanation: None,
    };
    if let Err(stop) = run(job, options, source, mailbox, events, lines, &mut report) {
        let stop = match stop {
            // Ctrl-C while somebody who is busy was waited for.
            Stop::Mailbox(MailboxError { kind: MailboxErrorKind::Transient(_), .. })
            | Stop::Source(SourceError { kind: SourceErrorKind::Transient(_), .. })
                if options.stop.load(Ordering::Relaxed) =>
            {
                Stop::Asked
            }
            stop => stop,
        };
        let (outcome, stopped) = explain(stop);
        report.outcome = outcome;
        report.stopped = stopped;
    }
    let stops = report.stopped.iter().filter_map(|stop| Some((stop.code, stop.number?)));
    report.words.extend(stops.filter_map(word));
    report
}

fn run(
    job: &Job<'_>,
    options: &Options,
    (source, description): (&dyn Source, &Description),
    mailbox: &mut dyn Mailbox,
    events: &(dyn Fn(Event) + Sync),
    mut lines: Option<&mut dyn FnMut(Line)>,
    report: &mut MailboxReport,
) -> Result<(), Stop> {
    let Some(_lock) = MailboxLock::take(job.state.path(), job.tenant, job.user)? else {
        return Err(Stop::Busy);
    };
    let copy = || State::open_copy(job.state.path(), job.tenant, job.user);
    let (mut state, mut kept) =
        if options.dry { (copy()?, false) } else { (job.state.take()?, true) };
    identity::check_source(job, options, &state, description)?;
    let wanted = lines.is_some();
    let mut lines = |line| {
        if let Some(lines) = &mut lines {
            lines(line);
        }
    };
    let waits = |time| events(Event::Waits { user: job.user.clone(), time });
    let busy = |time| events(Event::SourceBusy { user: job.user.clone(), time });
    let patience = |tell| Patience::new(job.clock, &options.stop, tell, options.patience);
    let mut patient = Patient::new(mailbox, patience(&waits));
    let mailbox: &mut dyn Mailbox = &mut patient;
    let patient = PatientSource::new(source, patience(&busy));
    let source: &dyn Source = &patient;
    if state.mailbox(job.tenant, job.user)?.is_some() {
        mailbox.must_exist();
    }
    let opened = mailbox.open()?;
    if !opened.exists && kept {
        // Which mailbox it will be is known when it is made; until then a run leaves nothing behind, as `plan` does.
        job.state.give_back(state);
        (state, kept) = (copy()?, false);
    }
    // Another line may lead to the same mailbox under another name (rule G9); one that is still to be made is nobody's.
    let twin = opened
        .exists
        .then(|| MailboxLock::take_mailbox(job.state.path(), &opened.identity))
        .transpose()?;
    if matches!(twin, Some(None)) {
        return Err(Stop::Waits(vec![identity::occupied(job, &state, &opened)?]));
    }
    let id = identity::settled(job, &state, &opened)?;
    let now = job.clock.now();
    let run = run_id(job.entropy, now).ok_or(Stop::Entropy)?;
    let active = activate(job, options, &state, id)?;
    check_assignment(&active, description)?;
    state.begin_run(id, &run, now)?;
    let salt = state.salt()?;
    let found = state.records_with_findings(id)?;
    let mut session = Session {
        job: *job,
        options,
        source,
        mailbox,
        events,
        lines: wanted.then_some(&mut lines),
        state,
        id,
        run,
        salt,
        description,
        opened,
        now,
        zone: TimeZone::get(job.zone).unwrap_or(TimeZone::UTC),
        active,
        tally: Tally::default(),
        explanation: None,
        unread: std::collections::BTreeSet::new(),
        noticed: std::collections::BTreeMap::new(),
        arrived: std::collections::HashSet::new(),
        searched: BTreeSet::new(),
        sought: std::collections::BTreeSet::new(),
        trouble: None,
        stale: std::collections::BTreeSet::new(),
        only: None,
        released: std::collections::BTreeMap::new(),
        kept: Kept::default(),
        found,
    };
    session.mark_whole()?;
    let outcome = session.work();
    if outcome.is_err() {
        session.state.abandon();
    }
    session.finish(report, &outcome)?;
    if kept {
        // A plan works on a copy in memory and leaves the folder alone.
        if let Some(from) = session.journal_from() {
            session.state.forget_copies(from);
        }
        job.state.give_back(session.state);
    }
    outcome
}

impl Session<'_> {
    fn work(&mut self) -> Result<(), Stop> {
        self.state.open_spool()?;
        self.recover()?;
        self.observe_source()?;
        self.observe_outlook()?;
        self.guard_observed()?;
        if let Some(record) = &self.options.explain
            && let Some(pair) = self.state.pair_of_record(self.id, record)?
        {
            self.state.mark_pair(pair.id)?;
        }
        self.deliberate()?;
        self.guard_planned()?;
        if self.options.dry {
            return self.count_planned();
        }
        self.apply()?;
        self.apply_again()?;
        self.phase(Phase::Finishing);
        self.drain()?;
        self.leave_marks()?;
        match self.trouble.take() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Reads and plans once more what was another item by the time it was to be written, and writes it where that is still
    /// called for (rule D13). Whoever keeps changing it has the next run wait as well.
    fn apply_again(&mut self) -> Result<(), Stop> {
        let stale = std::mem::take(&mut self.stale);
        if stale.is_empty() {
            return Ok(());
        }
        self.heed()?;
        self.state.open_spool()?;
        self.kept.clear();
        self.only = Some(stale);
        self.deliberate()?;
        self.guard_planned()?;
        self.apply()
    }

    /// Has scopes compared as a whole whose mode, mapping or fingerprint is another than in the last run (rule D6). One that is
    /// set to `none` is marked so before anything is read that it passes over.
    fn mark_whole(&mut self) -> Result<(), Stop> {
        for scope in Scope::ALL {
            let mode = self.job.scopes.of(scope).mode;
            if mode == Mode::None
                && let Some(mark) = self.state.scope_mark(self.id, scope)?
                && mark.mode != mode.key()
            {
                let mark = ScopeMark { mode: mode.key().to_owned(), ..mark };
                self.state.set_scope_mark(self.id, scope, &mark)?;
            }
        }
        for at in 0..self.active.len() {
            let Some(active) = self.active.get(at) else { continue };
            let scope = active.scope;
            let mark = self.state.scope_mark(self.id, scope)?;
            let changed = mark.is_none_or(|mark| {
                mark.mode != self.job.scopes.of(scope).mode.key()
                    || mark.mapping != self.mapping(scope)
                    || mark.fingerprint != FINGERPRINT_VERSION
            });
            let whole = changed || active.transferring || self.options.full;
            if let Some(active) = self.active.get_mut(at) {
                active.whole = whole;
            }
            if whole {
                let (module, contacts) = columns(scope);
                self.state.mark_scope(self.id, module, contacts)?;
            }
        }
        Ok(())
    }

    /// Notes what the next run compares its configuration with.
    fn leave_marks(&mut self) -> Result<(), Stop> {
        let marks: Vec<(Scope, ScopeMark)> = self
            .active
            .iter()
            .map(|active| {
                let mode = self.job.scopes.of(active.scope).mode;
                let before = self.state.scope_mark(self.id, active.scope)?;
                let (direction_before, transferred_before) =
                    before.as_ref().map_or((None, None), |m| (m.direction.clone(), m.transferred));
                let mark = ScopeMark {
                    mode: mode.key().to_owned(),
                    direction: direction(mode)
                        .map(|direction| direction_key(direction).to_owned())
                        .or(direction_before),
                    mapping: self.mapping(active.scope),
                    fingerprint: FINGERPRINT_VERSION,
                    transferred: transferred_before.or_else(|| {
                        (active.mode == Mode::StaffitproOverwritesOutlook
                            && self.job.writes_outlook)
                            .then(|| self.now.as_second())
                    }),
                };
                Ok((before != Some(mark.clone())).then_some((active.scope, mark)))
            })
            .filter_map(Result::transpose)
            .collect::<Result<_, StateError>>()?;
        self.state.set_source(self.id, &self.description.identity)?;
        if !marks.is_empty() {
            self.state.atomically(|state| {
                marks
                    .iter()
                    .try_for_each(|(scope, mark)| state.set_scope_mark(self.id, *scope, mark))
            })?;
        }
        Ok(())
    }

    /// Counts what `sync` would do.
    fn count_planned(&mut self) -> Result<(), Stop> {
        let mut after = 0;
        loop {
            let page = self.state.spooled(after, 500)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.id;
            for verdict in page {
                if !verdict.writes() {
                    continue;
                }
                if verdict.action == Action::RemoveTwin.key() {
                    // The pair's own verdict says what becomes of the pair.
                    self.tally.scope(verdict.scope).deleted_outlook += 1;
                    continue;
                }
                let item = !verdict.link && !verdict.to_item.union(verdict.decorate).is_empty();
                let count = |counts: &mut Counts| match verdict.action.as_str() {
                    "create" => counts.created += 1,
                    "delete" => counts.deleted_outlook += 1,
                    _ => {
                        counts.linked += u64::from(verdict.link);
                        counts.updated_outlook += u64::from(item);
                        counts.updated_staffitpro += u64::from(!verdict.to_record.is_empty());
                    }
                };
                // What an earlier run said of the pair (such as that it waits) does not stand beside what would be done now.
                // A pair that was never settled is none of those that count as unchanged.
                self.state.set_outcome(verdict.pair, None, false)?;
                let pair = self.state.pair(self.id, verdict.pair)?;
                if let Some(pair) = &pair {
                    self.resolve(&pair.record, &found(&verdict.reasons).collect::<Vec<_>>())?;
                }
                if pair.is_some_and(|pair| pair.record_half.is_some()) {
                    self.tally.touch(verdict.scope, verdict.pair, count);
                } else {
                    count(self.tally.scope(verdict.scope));
                }
            }
        }
    }

    /// Writes the run's row and fills the report.
    fn finish(
        &mut self,
        report: &mut MailboxReport,
        outcome: &Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut waiting = 0;
        let mut unread = false;
        for active in &self.active.clone() {
            let (module, contacts) = columns(active.scope);
            let standing = self.state.standing(self.id, module, contacts)?;
            let counts = self.tally.finish(active.scope, &standing);
            report.scopes.insert(active.scope, counts);
            waiting += standing
                .iter()
                .find(|(code, _)| *code == Some(Code::FirstTransferWaiting))
                .map_or(0, |(_, count)| *count);
            unread |= standing.iter().any(|(code, _)| *code == Some(Code::PairUnread));
        }
        let unread = if unread { self.count_unread()? } else { 0 };
        for (code, number) in [(Code::FirstTransferWaiting, waiting), (Code::PairUnread, unread)] {
            if number == 0 || outcome.is_err() {
                continue;
            }
            report.outcome = Outcome::Waits;
            report.stopped.push(Stopped {
                code,
                scope: None,
                number: Some(number),
                limit: None,
                examples: Vec::new(),
                text: String::new(),
                hint: None,
                request: None,
            });
        }
        report.findings = self
            .state
            .findings(self.id)?
            .into_iter()
            .map(|row| Finding {
                new: row.run == self.run,
                code: row.code,
                scope: row.scope,
                values: self
                    .tally
                    .values
                    .remove(&(row.record.clone(), row.code))
                    .unwrap_or_default(),
                record: Some(row.record).filter(|record| !record.as_str().is_empty()),
                label: row.label,
                fields: row.fields,
                detail: row.detail,
                first_seen: row.first_seen,
            })
            .collect();
        if matches!(outcome, Err(Stop::Waits(_))) {
            report.words = self.words_again()?;
            if identity::is_another_source(&self.job, &self.state, self.description)? {
                report.words.insert(("tenant", 1));
            }
        }
        report.explanation = self.explanation.take();
        report.findings.append(&mut self.tally.named);
        report.findings.sort_by_key(|finding| !finding.new);
        let word = match outcome {
            Ok(()) => "done",
            Err(Stop::Waits(_)) => "waits",
            Err(Stop::Asked) => "interrupted",
            Err(_) => "failed",
        };
        let counts: serde_json::Map<String, serde_json::Value> = report
            .scopes
            .iter()
            .filter_map(|(scope, counts)| {
                Some((scope.to_string(), serde_json::to_value(counts).ok()?))
            })
            .collect();
        let counts = serde_json::Value::Object(counts).to_string();
        let journal_from = self.journal_from();
        let end = |state: &State| {
            state.end_run(&self.run, self.job.clock.now(), word, &counts)?;
            state.forget_runs(self.id, journal_from)
        };
        // A run that wrote nothing tells of nothing that could not be found again.
        if self.state.has_promised() {
            self.state.durably(end)?;
        } else {
            self.state.atomically(end)?;
        }
        Ok(())
    }

    /// Returns from when on the journal is kept; `None` where all of it is.
    fn journal_from(&self) -> Option<Timestamp> {
        let days = SignedDuration::from_hours(24 * i64::from(self.options.journal_days?));
        self.now.checked_sub(days).ok()
    }
}

/// Finds out which scopes move in this run, and in which mode.
fn activate(
    job: &Job<'_>,
    options: &Options,
    state: &State,
    id: MailboxId,
) -> Result<Vec<Active>, Stop> {
    let mut active = Vec::new();
    for scope in Scope::ALL {
        let settings = job.scopes.of(scope);
        let chosen = options.scopes.as_ref().is_none_or(|scopes| scopes.contains(&scope));
        if settings.mode == Mode::None || !chosen {
            continue;
        }
        let transferred =
            state.scope_mark(id, scope)?.is_some_and(|mark| mark.transferred.is_some());
        let asked = options.first_transfer || settings.first_transfer == FirstTransfer::Auto;
        let transferring = !transferred
            && (settings.mode == Mode::StaffitproOverwritesOutlook
                || (settings.mode == Mode::Sync && asked));
        active.push(Active {
            scope,
            mode: if transferring { Mode::StaffitproOverwritesOutlook } else { settings.mode },
            transferred: transferred || transferring,
            transferring,
            whole: false,
        });
    }
    Ok(active)
}

/// An adapter that cannot say whose an activity is would show everybody's to everybody (rule D14).
fn check_assignment(active: &[Active], description: &Description) -> Result<(), Stop> {
    let activities = active.iter().find(|active| active.scope.switch == Switch::Activities);
    match activities {
        Some(active) if !description.assigns => Err(Stop::Source(SourceError {
            kind: SourceErrorKind::Unsupported,
            text: format!(
                "the adapter cannot say whose an activity is, and {} is to move",
                active.scope
            ),
            hint: Some(Advice::new(
                "alle `activities` dieser Quelle auf \"none\" stellen, oder einen Adapter benutzen, der zuordnet",
                "set all `activities` of this source to \"none\", or use an adapter that assigns",
            )),
            source: None,
        })),
        _ => Ok(()),
    }
}
