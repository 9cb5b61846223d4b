//! Shell: `abgleich sync --watch`: stays, and keeps the mailboxes in agreement. Runs are those of `sync`; what is new here is
//! when they come: on the schedule, soon after Exchange told of something, soon after staffITpro has something new, and at once
//! after SIGUSR1.
//!
//! A thousand mailboxes take no more threads than a few: so many for each server as it may have connections, one that asks
//! staffITpro, and two for the network.
//!
//! Nothing of this has to survive: after a restart every mailbox is compared by its cursors.

mod bell;
mod listen;
mod poll;
mod sources;
mod voice;

use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use abgleich::config::{MailboxSettings, Settings, Target};
use abgleich::engine::Options;
use abgleich::engine::report::{Event, Outcome};
use abgleich::model::TenantName;
use abgleich::reason::Code;
use abgleich::state::StateFolder;
use abgleich::watch::{Ended, Plan, Who};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::open::{Concern, Told};
use crate::cli::progress::Progress;
use crate::cli::report::{Ran, exit_of};
use crate::cli::watch::bell::Bell;
use crate::cli::watch::listen::Listening;
use crate::cli::watch::sources::Sources;
use crate::cli::watch::voice::{Voice, What, reason};
use crate::cli::work::{OpenSource, PATIENCE, Work, failed, run_over};
use crate::cli::{interrupt, open};
use crate::failure::{Exit, Failure};

/// Watches until it is asked to end.
pub(super) fn watch(work: &Work, settings: &Settings, json: bool) -> Result<Exit, Failure> {
    let chosen = work.chosen(settings, "sync --watch")?;
    let progress = Arc::new(Progress::new(settings.language));
    let hung: Arc<OnceLock<Arc<Bell>>> = Arc::default();
    let rings = Arc::clone(&hung);
    let stop = interrupt::listen_and(settings.language, &progress, move || {
        // One that is not hung yet looks by itself before anybody sleeps.
        if let Some(bell) = rings.get() {
            bell.wake();
        }
    });
    let voice = Voice { json, manner: work.manner(settings.language) };
    let options = work.options(settings, false, None, stop);
    let watching = Watching::open(
        settings,
        chosen,
        options,
        voice,
        (work.strict(settings), work.record.as_deref()),
    )?;
    let _ = hung.set(Arc::clone(&watching.bell));
    let bell = Arc::clone(&watching.bell);
    let hurried = watching.servers.hurried();
    interrupt::on_request(move || {
        hurried();
        bell.hurry();
    });
    watching.stay();
    let exit = watching.exit();
    let runs = watching.bell.agenda().looks();
    voice.say(What::Ended { runs, exit: exit.number() });
    Ok(exit)
}

/// How a mailbox stands.
#[derive(Default)]
struct Standing {
    /// Why it stopped, as it was said.
    said: Option<String>,
    exit: Option<Exit>,
    /// A run has come to its end: what was asked for once is done.
    ran: bool,
}

/// How a server is entered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Entry {
    /// Nothing speaks against it.
    Open,
    /// With another secret than the one that was refused.
    Mended,
}

/// Everything while the program stays.
struct Watching<'a> {
    settings: &'a Settings,
    chosen: Vec<&'a MailboxSettings>,
    options: Options,
    voice: Voice,
    strict: bool,
    servers: open::Servers,
    state: StateFolder,
    sources: Sources<'a>,
    /// The names behind the gates: servers, files, sources, the state.
    gates: Vec<(&'static str, String)>,
    lanes: Vec<usize>,
    zones: Vec<TimeZone>,
    standing: Mutex<Vec<Standing>>,
    /// What was remarked already.
    remarked: Mutex<BTreeSet<Concern>>,
    listening: Listening,
    bell: Arc<Bell>,
}

impl<'a> Watching<'a> {
    /// Opens what mailboxes share. A wrong configuration ends the command; what is down is tried again later.
    fn open(
        settings: &'a Settings,
        chosen: Vec<&'a MailboxSettings>,
        options: Options,
        voice: Voice,
        (strict, record): (bool, Option<&Path>),
    ) -> Result<Self, Failure> {
        let servers = open::Servers::new(PATIENCE)?.recorded(record)?;
        let mut gates: Vec<(&'static str, String)> = Vec::new();
        let mut gate = |part: &'static str, name: &str| {
            let known = gates.iter().position(|gate| gate.0 == part && gate.1 == name);
            known.unwrap_or_else(|| {
                gates.push((part, name.to_owned()));
                gates.len() - 1
            })
        };
        let mut behind = Vec::new();
        for mailbox in &chosen {
            let lane = match &mailbox.target {
                Target::Exchange { server, .. } => {
                    servers.prepare(settings, mailbox)?;
                    gate("server", server)
                }
                Target::Pst { path, .. } => gate("file", &path.display().to_string()),
            };
            let source = gate("source", mailbox.source.as_str());
            let state = gate("state", &settings.state.folder.display().to_string());
            behind.push((lane, vec![lane, source, state]));
        }
        // The gates of servers and files are the lanes as well; those of sources and the state have no mailboxes of their own.
        let lanes = gates.iter().map(|(part, name)| match *part {
            "server" => settings.servers.get(name).map_or(1, |server| server.max_lanes),
            "file" => 1,
            _ => 0,
        });
        let lanes = lanes.map(|lanes| usize::try_from(lanes).unwrap_or(1)).collect();
        let plan = Plan {
            every: settings.watch.every,
            jitter: settings.watch.jitter,
            debounce: settings.watch.debounce,
            // Any number that the next program does not have.
            seed: RandomState::new().build_hasher().finish(),
        };
        let bell = Arc::new(Bell::new(plan, gates.len(), behind, Arc::clone(&options.stop)));
        let zone = |mailbox: &&MailboxSettings| {
            TimeZone::get(mailbox.zone.name()).unwrap_or(TimeZone::UTC)
        };
        let watching = Self {
            zones: chosen.iter().map(zone).collect(),
            standing: Mutex::new(chosen.iter().map(|_| Standing::default()).collect()),
            remarked: Mutex::default(),
            listening: Listening::new(chosen.len()),
            settings,
            chosen,
            options,
            voice,
            strict,
            servers,
            state: StateFolder::new(&settings.state.folder),
            sources: Sources::new(settings),
            gates,
            lanes,
            bell,
        };
        for (part, name) in &watching.gates {
            if *part == "source"
                && let Err(failure) = watching.sources.ready(&TenantName::new(name.as_str()))
                && failure.kind != Exit::Down
            {
                return Err(failure);
            }
        }
        Ok(watching)
    }

    /// Stays until it is asked to end, and then until the runs under way have come to a safe point.
    fn stay(&self) {
        let notifications = self.settings.watch.notifications;
        let mailboxes = self.chosen.len();
        self.voice.say(What::Started { schema: "abgleich-watch/1", mailboxes, notifications });
        let rounds = poll::rounds(self);
        thread::scope(|scope| {
            for (lane, workers) in self.lanes.iter().enumerate() {
                for _ in 0..*workers {
                    scope.spawn(move || self.work(lane));
                }
            }
            scope.spawn(|| poll::keep_asking(self, rounds));
            let mut agenda = self.bell.agenda();
            while !self.bell.ends() {
                let deaf = self.bell.newly_deaf();
                if deaf.is_empty() {
                    agenda = self.bell.wait(agenda, None);
                    continue;
                }
                drop(agenda);
                for mailbox in deaf.into_iter().filter_map(|who| self.chosen.get(who)) {
                    let (user, address) = (mailbox.user.to_string(), mailbox.target.to_string());
                    self.voice.say(What::Deaf { user, address });
                }
                agenda = self.bell.agenda();
            }
        });
    }

    /// Looks at the mailboxes of a lane, one after the other.
    fn work(&self, lane: usize) {
        let mut agenda = self.bell.agenda();
        while !self.bell.ends() {
            let now = self.bell.now();
            if let Some(who) = agenda.take(lane, now, |who| self.quiet_until(who, now)) {
                drop(agenda);
                self.look(who);
                self.bell.wake();
                agenda = self.bell.agenda();
                continue;
            }
            let due = agenda.next(lane);
            agenda = self.bell.wait(agenda, due);
        }
    }

    /// Says until when nothing is done for a mailbox.
    fn quiet_until(&self, who: Who, now: Duration) -> Option<Duration> {
        let moment = Timestamp::now();
        let end = self.settings.watch.quiet.ends(moment, self.zones.get(who)?)?;
        Some(now + Duration::try_from(end.duration_since(moment)).unwrap_or_default())
    }

    /// Runs over one mailbox and says what came of it.
    fn look(&self, who: Who) {
        let Some(mailbox) = self.chosen.get(who) else { return };
        let Some(entry) = self.enter(who, mailbox) else { return };
        let ran = catch_unwind(AssertUnwindSafe(|| self.run(who, mailbox))).unwrap_or_else(|_| {
            let text = "a defect of abgleich; its words are on standard error".to_owned();
            failed(mailbox, Outcome::Failed, Code::MailboxFailed, text, None)
        });
        let (now, outcome) = (self.bell.now(), ran.report.outcome);
        let ended = match (outcome, &mailbox.target) {
            (Outcome::Done | Outcome::Waits | Outcome::Interrupted, _) => Ended::Fine,
            (_, Target::Exchange { server, .. }) if self.servers.is_refused(server) => {
                self.gate("server", server).map_or(Ended::Failed, Ended::Shut)
            }
            (Outcome::Unreachable, Target::Exchange { server, .. }) => {
                self.gate("server", server).map_or(Ended::Failed, Ended::Down)
            }
            (Outcome::SourceDown, _) => {
                self.gate("source", mailbox.source.as_str()).map_or(Ended::Failed, Ended::Down)
            }
            (Outcome::StateFailed, _) => {
                let folder = self.settings.state.folder.display().to_string();
                self.gate("state", &folder).map_or(Ended::Failed, Ended::Down)
            }
            _ => Ended::Failed,
        };
        let is_down = matches!(ended, Ended::Down(_) | Ended::Shut(_));
        let (again, came, went) = {
            let mut agenda = self.bell.agenda();
            let before: Vec<_> = (0..self.gates.len()).map(|gate| agenda.is_down(gate)).collect();
            let again = agenda.done(who, now, ended);
            let changed = |from: bool| {
                let same = before.iter().enumerate();
                let changed =
                    same.filter(|(gate, was)| **was == from && agenda.is_down(*gate) != from);
                changed.map(|(gate, _)| gate).collect::<Vec<_>>()
            };
            (again.map(|at| at.saturating_sub(now).as_secs()), changed(true), changed(false))
        };
        for (part, name) in came.into_iter().filter_map(|gate| self.gates.get(gate)) {
            self.voice.say(What::Up { part, name: name.clone() });
        }
        // A second refusal is news as well: another secret was tried.
        let again_shut = match ended {
            Ended::Shut(gate) if entry == Entry::Mended && !went.contains(&gate) => Some(gate),
            _ => None,
        };
        let went = went.into_iter().chain(again_shut);
        for (part, name) in went.filter_map(|gate| self.gates.get(gate)) {
            let text = ran.report.stopped.first().map(|stopped| stopped.text.clone());
            let (name, text) = (name.clone(), text.unwrap_or_default());
            self.voice.say(match ended {
                Ended::Shut(_) => {
                    let kept_in = open::Servers::kept_in(self.settings, &name);
                    What::Refused { name, text, kept_in }
                }
                _ => What::Down { part, name, text, again_in_seconds: again.unwrap_or_default() },
            });
        }
        self.note(who, &ran, again, is_down);
        self.remark();
        if matches!(outcome, Outcome::Done | Outcome::Waits) {
            self.listen_to(who, mailbox);
        }
    }

    /// Says whether a mailbox's server lets us in, as far as is known: a login that was refused is not tried again before its
    /// secret is another one, and then once.
    fn enter(&self, who: Who, mailbox: &MailboxSettings) -> Option<Entry> {
        let Target::Exchange { server, .. } = &mailbox.target else { return Some(Entry::Open) };
        if !self.servers.is_refused(server) {
            return Some(Entry::Open);
        }
        if self.servers.mend(self.settings, server) {
            self.voice.say(What::Mended { name: server.clone() });
            self.stop_listening(server);
            return Some(Entry::Mended);
        }
        let ended = self.gate("server", server).map_or(Ended::Failed, Ended::Shut);
        self.bell.agenda().done(who, self.bell.now(), ended);
        None
    }

    /// Says what a person should know by now and was not told yet.
    fn remark(&self) {
        let mut remarked = self.remarked.lock().unwrap_or_else(PoisonError::into_inner);
        for concern in self.servers.concerns() {
            if remarked.insert(concern.clone()) {
                let Told { kind, text, next } = concern.told(self.settings.language);
                self.voice.say(What::Remark { kind, text, next });
            }
        }
    }

    fn gate(&self, wanted: &str, name: &str) -> Option<usize> {
        self.gates.iter().position(|(part, known)| *part == wanted && known == name)
    }

    /// Remembers how a mailbox stands, and says what is new of it.
    fn note(&self, who: Who, ran: &Ran, again: Option<u64>, is_down: bool) {
        let outcome = ran.report.outcome;
        if outcome == Outcome::Interrupted {
            return;
        }
        let mut all = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(standing) = all.get_mut(who) else { return };
        standing.exit = Some(exit_of(&ran.report, self.strict));
        standing.ran |= matches!(outcome, Outcome::Done | Outcome::Waits);
        // What is down was said of the server or source, not of each of its mailboxes.
        let reason = reason(ran).filter(|_| !is_down);
        let before =
            if is_down { None } else { std::mem::replace(&mut standing.said, reason.clone()) };
        drop(all);
        self.voice.run(ran);
        match (before, reason) {
            (before, Some(reason)) if before.as_ref() != Some(&reason) => {
                self.voice.stopped(ran, again);
            }
            (Some(_), None) if !is_down => {
                let (user, address) = (ran.report.user.to_string(), ran.report.address.clone());
                self.voice.say(What::GoesOn { user, address });
            }
            _ => {}
        }
    }

    /// Runs over one mailbox. The source is down only where it does not answer when it is asked for nobody: a call that fails
    /// for one mailbox, or does not come back, says nothing of the others (invariant 11).
    fn run(&self, who: Who, mailbox: &MailboxSettings) -> Ran {
        let down = |failure: &Failure| {
            let (text, hint) = (failure.told(), failure.advice());
            failed(mailbox, Outcome::SourceDown, Code::SourceFailed, text, hint)
        };
        let held = match self.sources.ready(&mailbox.source) {
            Ok(held) => held,
            Err(failure) => return down(&failure),
        };
        let (described, users) = (held.described(), held.users(&mailbox.user));
        let source = OpenSource {
            source: &held.source,
            described: &described,
            users: users.as_deref().map(Vec::as_slice),
        };
        let mut options = self.options.clone();
        let all = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(who).is_some_and(|standing| standing.ran) {
            // These are words for one run.
            options.first_transfer = false;
            options.full = false;
            options.allow.clear();
        }
        drop(all);
        let events = |_: Event| {};
        let (servers, state) = (&self.servers, &self.state);
        let mut ran = run_over(self.settings, &source, servers, state, mailbox, &options, &events);
        if ran.report.outcome == Outcome::SourceDown {
            match self.sources.ready(&mailbox.source) {
                Ok(_) => ran.report.outcome = Outcome::Failed,
                Err(failure) => return down(&failure),
            }
        }
        ran
    }

    /// Returns how the program ends: by the worst of how the mailboxes stand.
    fn exit(&self) -> Exit {
        let all = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        let concerns = self.servers.concerns();
        let concerns = concerns.iter().map(|concern| concern.exit(self.strict));
        all.iter()
            .filter_map(|standing| standing.exit)
            .chain(concerns)
            .fold(Exit::Done, Exit::or_worse)
    }
}
