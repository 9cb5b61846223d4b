//! Effect: a run over one mailbox: what it is given, what it holds while it works, and how it can end early.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::engine::clock::{Clock, Entropy};
use crate::engine::dress::Dress;
use crate::engine::kept::Kept;
use crate::engine::report::{Event, Explanation, Line, Phase, Stopped};
use crate::engine::rules::{ClockDifference, Rules};
use crate::engine::tally::Tally;
use crate::engine::view::Lens;
use crate::mailbox::{Identity, Mailbox, MailboxError, Opened, Trouble};
use crate::model::rules::{PastDays, Reference, Scopes};
use crate::model::{
    Direction, ItemId, ItemKind, Mode, Module, RecordId, RunId, Scope, Switch, TenantName, UserId,
};
use crate::reason::Code;
use crate::source::{Description, Source, SourceError};
use crate::state::{MailboxId, PairRow, State, StateError, StateFolder};

/// One mailbox to bring into agreement.
#[derive(Clone, Copy)]
pub struct Job<'a> {
    /// The name of the source.
    pub tenant: &'a TenantName,
    /// The staffITpro user.
    pub user: &'a UserId,
    /// The address or path, for reports.
    pub address: &'a str,
    /// The nine switches.
    pub scopes: &'a Scopes,
    /// Whether anything may be written to the mailbox (rule D19).
    pub writes_outlook: bool,
    /// Whether anything may be written to the source (rule D19).
    pub writes_staffitpro: bool,
    /// The IANA name of the zone that staffITpro's dates are lived in.
    pub zone: &'a str,
    /// Whether references on items are German.
    pub german: bool,
    /// The state.
    pub state: &'a StateFolder,
    /// What time it is.
    pub clock: &'a dyn Clock,
    /// Where tokens come from.
    pub entropy: &'a dyn Entropy,
}

/// What a run is asked for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Nothing is written anywhere: the command `plan`.
    pub dry: bool,
    /// Scopes in `sync` whose first transfer is not done run in S→O this once (rule D2).
    pub first_transfer: bool,
    /// No cursor is trusted and everything is compared.
    pub full: bool,
    /// Only these scopes.
    pub scopes: Option<Vec<Scope>>,
    /// The words given for the brake: kind and exact number (rule D7). Several scopes may ask for one of a kind, each with its number.
    pub allow: BTreeSet<(String, u64)>,
    /// Only this record is planned.
    pub explain: Option<RecordId>,
    /// Set from outside to have the run end after its current batch.
    pub stop: Arc<AtomicBool>,
    /// How long the run waits in all for a server that wants to be left alone; none by default.
    pub patience: Duration,
    /// For how many days before-images are kept (rule D12); for ever by default.
    pub journal_days: Option<u32>,
}

impl Options {
    /// Says whether the word for exactly this number was given.
    pub(super) fn allows(&self, kind: &str, number: u64) -> bool {
        self.allow.iter().any(|(word, given)| word == kind && *given == number)
    }
}

/// Why a run ended early.
#[derive(Debug)]
pub(super) enum Stop {
    /// It waits for a word.
    Waits(Vec<Stopped>),
    /// The mailbox failed.
    Mailbox(MailboxError),
    /// The source failed.
    Source(SourceError),
    /// The state failed.
    State(StateError),
    /// Another process runs this mailbox.
    Busy,
    /// The operating system gave no random bytes.
    Entropy,
    /// It was asked to end.
    Asked,
}

impl From<MailboxError> for Stop {
    fn from(error: MailboxError) -> Self {
        Self::Mailbox(error)
    }
}

impl From<SourceError> for Stop {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

impl From<StateError> for Stop {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// A scope that moves in this run.
#[derive(Clone, Debug)]
pub(super) struct Active {
    pub(super) scope: Scope,
    /// The mode in force; S→O in a first transfer.
    pub(super) mode: Mode,
    /// The first transfer is done, or happens now.
    pub(super) transferred: bool,
    /// This run is the first transfer.
    pub(super) transferring: bool,
    /// The scope is compared as a whole.
    pub(super) whole: bool,
}

impl Active {
    pub(super) fn kinds(&self) -> &'static [ItemKind] {
        match self.scope.switch {
            Switch::Contacts => &[ItemKind::Contact],
            Switch::Activities => &[ItemKind::Appointment, ItemKind::Task],
        }
    }
}

/// What a run holds while it works.
pub(super) struct Session<'a> {
    pub(super) job: Job<'a>,
    pub(super) options: &'a Options,
    pub(super) source: &'a dyn Source,
    pub(super) mailbox: &'a mut dyn Mailbox,
    pub(super) events: &'a (dyn Fn(Event) + Sync),
    pub(super) lines: Option<&'a mut dyn FnMut(Line)>,
    pub(super) state: State,
    pub(super) id: MailboxId,
    pub(super) run: RunId,
    pub(super) salt: Vec<u8>,
    pub(super) description: &'a Description,
    pub(super) opened: Opened,
    pub(super) now: Timestamp,
    pub(super) zone: TimeZone,
    pub(super) active: Vec<Active>,
    pub(super) tally: Tally,
    pub(super) explanation: Option<Explanation>,
    /// Kinds of which some items could not be read, so that nothing of them is created (rule D3).
    pub(super) unread: BTreeSet<ItemKind>,
    /// Pairs whose item was moved or copied, by row, with the code that says so.
    pub(super) noticed: BTreeMap<i64, Code>,
    /// Items with the stamp of a pair whose own item was there when they were listed for the first time in this run: copies, unless
    /// the pair's own item turns out to be where it was no longer.
    pub(super) arrived: HashSet<ItemId>,
    /// Pairs whose item is not where it was, and of which the mailbox has not said what became of it: the next run asks again.
    pub(super) sought: BTreeSet<i64>,
    /// Pairs whose items this run looked for by their stamps and found nowhere but in Deleted Items.
    pub(super) searched: BTreeSet<i64>,
    /// What the mailbox as a whole was found to suffer from while the run could go on.
    pub(super) trouble: Option<MailboxError>,
    /// Pairs that are planned once more in this run: their item was another by the time it was to be written, or they run backwards
    /// and need no write, and the brake had not let the run pass yet.
    pub(super) stale: BTreeSet<i64>,
    /// The only pairs that are planned, when it is the second time.
    pub(super) only: Option<BTreeSet<i64>>,
    /// Brakes that a word for exactly their number has released in this run, with that number (rule D7).
    pub(super) released: BTreeMap<(Scope, Code), u64>,
    /// Items that were read for the plan.
    pub(super) kept: Kept,
    /// Records about which there may be findings; all others have none.
    pub(super) found: HashSet<RecordId>,
}

impl Session<'_> {
    pub(super) fn phase(&self, phase: Phase) {
        (self.events)(Event::Phase { user: self.job.user.clone(), phase });
    }

    pub(super) fn progress(&self, done: u64, total: Option<u64>) {
        (self.events)(Event::Progress { user: self.job.user.clone(), done, total });
    }

    /// Ends the run where it was asked to; called between batches, so that what was begun is settled.
    pub(super) fn heed(&self) -> Result<(), Stop> {
        if self.options.stop.load(Ordering::Relaxed) { Err(Stop::Asked) } else { Ok(()) }
    }

    /// Ends the run where a write told that no further one will be taken. A mailbox that is only full goes on: what it holds can
    /// be read, and the report names it at the end.
    pub(super) fn heed_mailbox(&mut self) -> Result<(), Stop> {
        match self.mailbox.parked() {
            Some(error) if error.trouble == Trouble::Full => {
                self.trouble.get_or_insert(error);
                Ok(())
            }
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Says whether an item carries a stamp of this source and user.
    pub(super) fn is_ours(&self, identity: &Identity) -> bool {
        identity
            .stamp
            .as_ref()
            .is_some_and(|stamp| stamp.tenant == *self.job.tenant && stamp.user == *self.job.user)
    }

    /// Says whether an item carries the stamp of a pair's record.
    pub(super) fn carries_stamp(&self, identity: &Identity, pair: &PairRow) -> bool {
        self.is_ours(identity)
            && identity.stamp.as_ref().is_some_and(|stamp| stamp.record == pair.record)
    }

    /// Returns the active scopes of a module.
    pub(super) fn active_in(&self, module: Module) -> impl Iterator<Item = &Active> {
        self.active.iter().filter(move |active| active.scope.module == module)
    }

    /// Returns the kinds that any active scope moves.
    pub(super) fn kinds(&self) -> Vec<ItemKind> {
        ItemKind::ALL
            .into_iter()
            .filter(|kind| self.active.iter().any(|active| active.kinds().contains(kind)))
            .collect()
    }

    pub(super) fn rules(&self, active: &Active, kind: ItemKind) -> Rules {
        let settings = self.job.scopes.of(active.scope);
        Rules {
            scope: active.scope,
            kind,
            mode: active.mode,
            conflict: settings.conflict,
            on_leave: settings.on_leave,
            on_gone: settings.on_gone,
            transferred: active.transferred,
            create_missing: settings.create_missing,
            writable: self.description.writable(kind),
            writes_outlook: self.job.writes_outlook,
            writes_staffitpro: self.job.writes_staffitpro,
            clock: ClockDifference::between(self.now, self.opened.clock),
        }
    }

    pub(super) fn lens(&self, scope: Scope) -> Lens<'_> {
        let settings = self.job.scopes.of(scope);
        Lens {
            now: self.now,
            zone: &self.zone,
            zone_name: self.job.zone,
            past_days: match scope.switch {
                Switch::Contacts => PastDays::All,
                Switch::Activities => settings.past_days,
            },
            except: settings.except,
            description: self.description,
        }
    }

    pub(super) fn dress(&self, scope: Scope) -> Dress<'_> {
        let settings = self.job.scopes.of(scope);
        Dress {
            reference: settings.reference,
            category: settings.category.as_deref(),
            german: self.job.german,
        }
    }

    /// Returns what decides, besides the mode, where values of a scope go and what becomes of its items; a change compares the scope
    /// once (rule D6).
    pub(super) fn mapping(&self, scope: Scope) -> String {
        let settings = self.job.scopes.of(scope);
        let reference = match settings.reference {
            Reference::Body => "body",
            Reference::Category => "category",
            Reference::None => "none",
        };
        format!(
            "except={:?} folder={:?} category={:?} reference={reference} past={} writes={}{} create={} \
             conflict={:?} leave={:?} gone={:?}",
            settings.except,
            settings.folder,
            settings.category,
            settings.past_days,
            u8::from(self.job.writes_outlook),
            u8::from(self.job.writes_staffitpro),
            settings.create_missing,
            settings.conflict,
            settings.on_leave,
            settings.on_gone,
        )
    }
}

/// Says in which one-way direction a mode carries values.
pub(super) const fn direction(mode: Mode) -> Option<Direction> {
    match mode {
        Mode::StaffitproOverwritesOutlook => Some(Direction::ToOutlook),
        Mode::OutlookOverwritesStaffitpro => Some(Direction::ToStaffitpro),
        Mode::Sync | Mode::None => None,
    }
}
