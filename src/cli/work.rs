//! Shell: what `sync` and `plan` have in common: opening everything, running the engine over each mailbox, collecting the
//! reports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use abgleich::config::{Language, MailboxSettings, Settings, Target};
use abgleich::engine::clock::{SystemEntropy, run_id};
use abgleich::engine::report::{Event, Line, MailboxReport, Outcome, Stopped};
use abgleich::engine::{Options, sync_mailbox};
use abgleich::mailbox::Mailbox;
use abgleich::model::{RecordId, Scope, TenantName};
use abgleich::reason::{self, Advice, Code};
use abgleich::source::plugin::PluginSource;
use abgleich::source::{Description, Source as _, User};
use abgleich::state::StateFolder;
use clap::Args;
use jiff::Timestamp;

use crate::cli::progress::Progress;
use crate::cli::report::{Manner, Ran, Run};
use crate::cli::select::Selection;
use crate::cli::{allow, interrupt, open, pool, scope};
use crate::failure::{Exit, Failure};

/// What `sync` and `plan` take.
#[derive(Args)]
pub(crate) struct Work {
    #[command(flatten)]
    selection: Selection,
    /// Only this scope, such as applicants.contacts; may be given several times
    #[arg(long, value_name = "SCOPE", value_parser = scope::parse)]
    scope: Vec<Scope>,
    /// Do the first transfer: create in Outlook what is missing there (rule G8)
    #[arg(long)]
    first_transfer: bool,
    /// Trust no cursor and compare everything
    #[arg(long)]
    full: bool,
    /// Release a brake for exactly the number of its report, once, in the one mailbox chosen; may be given several times
    #[arg(long, value_name = "KIND=N", value_parser = allow::parse)]
    allow: Vec<(String, u64)>,
    /// Print one JSON document instead of text
    #[arg(long)]
    pub(super) json: bool,
    /// End with code 10 if there are findings
    #[arg(long)]
    strict: bool,
    /// Print the values of fields too
    #[arg(long)]
    pub(super) values: bool,
    /// Write the conversation with Exchange into this new folder, for support: without logins, and with invented names,
    /// addresses, texts and ids in place of the real ones
    #[arg(long, value_name = "FOLDER")]
    pub(super) record: Option<PathBuf>,
}

impl Work {
    /// Returns how reports are to be said.
    pub(super) const fn manner(&self, language: Language) -> Manner {
        Manner { language, values: self.values, all: false }
    }

    /// Says whether findings count for the exit code.
    pub(super) const fn strict(&self, settings: &Settings) -> bool {
        self.strict || settings.strict
    }

    /// Returns the mailboxes chosen: exactly one where a word for the brake is given, since the number it repeats is of one mailbox
    /// (rule D7).
    pub(super) fn chosen<'a>(
        &self,
        settings: &'a Settings,
        command: &str,
    ) -> Result<Vec<&'a MailboxSettings>, Failure> {
        let chosen = self.selection.of(settings)?;
        let (Some((kind, number)), [one, _, ..]) = (self.allow.first(), chosen.as_slice()) else {
            return Ok(chosen);
        };
        let words: BTreeSet<_> =
            self.allow.iter().map(|(kind, number)| (kind.as_str(), *number)).collect();
        let words = reason::words(&words);
        let options = asked(self.first_transfer, &self.scope, self.full);
        let user = &one.user;
        Err(Failure::usage(format!(
            "--allow {kind}={number} is a word for one mailbox, and {} are chosen",
            chosen.len()
        ))
        .hint(format!(
            "name the one whose report asked for it, such as `abgleich {command} --mailbox {user}{options} {words}`"
        )))
    }

    /// Runs the engine over the mailboxes.
    pub(super) fn run(
        &self,
        settings: &Settings,
        dry: bool,
        explain: Option<RecordId>,
    ) -> Result<Run, Failure> {
        let chosen = self.chosen(settings, if dry { "plan" } else { "sync" })?;
        // Before anything is begun, so that no Ctrl-C ends the program in silence.
        let progress = Arc::new(Progress::new(settings.language));
        let stop = interrupt::listen(settings.language, &progress);
        let started = Timestamp::now();
        let id = run_id(&SystemEntropy, started)
            .ok_or_else(|| Failure::new(Exit::Internal, "the system gives no random numbers"))?;
        let opened = Opened::open(settings, &chosen, self.record.as_deref())?;
        let options = self.options(settings, dry, explain, stop);
        let mailboxes = pool::each(
            settings,
            &chosen,
            |mailbox| {
                let ran = run_one(settings, &opened, mailbox, &options, &progress);
                progress.finish(&mailbox.user);
                ran
            },
            |mailbox, panic| {
                progress.finish(&mailbox.user);
                let text = format!("a defect of abgleich: {panic}");
                failed(mailbox, Outcome::Failed, Code::MailboxFailed, text, None)
            },
        );
        let concerns = opened.servers.concerns();
        Ok(Run { id, started, finished: Timestamp::now(), mailboxes, concerns })
    }

    pub(super) fn options(
        &self,
        settings: &Settings,
        dry: bool,
        explain: Option<RecordId>,
        stop: Arc<AtomicBool>,
    ) -> Options {
        Options {
            dry,
            first_transfer: self.first_transfer,
            full: self.full,
            scopes: (!self.scope.is_empty()).then(|| self.scope.clone()),
            allow: self.allow.iter().cloned().collect(),
            explain,
            stop,
            patience: TOTAL_PATIENCE,
            journal_days: Some(settings.state.journal_days),
        }
    }
}

/// Returns the options that a command needs that repeats a run, but for its words.
fn asked(first_transfer: bool, scopes: &[Scope], full: bool) -> String {
    let first = first_transfer.then(|| " --first-transfer".to_owned());
    let scopes = scopes.iter().map(|scope| format!(" --scope {scope}"));
    first.into_iter().chain(scopes).chain(full.then(|| " --full".to_owned())).collect()
}

/// How long one call to a server goes on by itself after errors that pass, such as a line that broke.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// How long a run waits in all for a server that wants to be left alone. Exchange asks for up to five minutes at a time.
const TOTAL_PATIENCE: Duration = Duration::from_mins(30);

/// What all mailboxes share.
struct Opened {
    sources: BTreeMap<TenantName, Result<(PluginSource, Description), Failure>>,
    /// The users of each source, where it tells them.
    users: BTreeMap<TenantName, Vec<User>>,
    servers: open::Servers,
    state: StateFolder,
    /// Servers at whose address nobody answers, and what was said.
    down: BTreeMap<String, String>,
}

impl Opened {
    /// Opens each source and prepares each server once. A wrong configuration ends the command; a source that is down
    /// is said of each of its mailboxes, and the others go on.
    fn open(
        settings: &Settings,
        chosen: &[&MailboxSettings],
        record: Option<&Path>,
    ) -> Result<Self, Failure> {
        let names: BTreeSet<_> = chosen.iter().map(|mailbox| &mailbox.source).collect();
        let (mut sources, mut users) = (BTreeMap::new(), BTreeMap::new());
        for name in names {
            let opened = open::source(settings, name).and_then(|source| {
                let described = source.describe().map_err(|error| open::failed(name, error))?;
                Ok((source, described))
            });
            if let Ok((source, _)) = &opened
                && let Ok(told) = source.users()
            {
                users.insert(name.clone(), told);
            }
            match opened {
                Err(failure) if failure.kind != Exit::Down => return Err(failure),
                opened => sources.insert(name.clone(), opened),
            };
        }
        let servers = open::Servers::new(PATIENCE)?.recorded(record)?;
        let (mut tried, mut down) = (BTreeSet::new(), BTreeMap::new());
        for mailbox in chosen {
            servers.prepare(settings, mailbox)?;
            let Target::Exchange { server, .. } = &mailbox.target else { continue };
            if tried.insert(server)
                && let Err(text) = open::Servers::reach(settings, mailbox)
            {
                down.insert(server.clone(), text);
            }
        }
        let state = StateFolder::new(&settings.state.folder);
        Ok(Self { sources, users, servers, state, down })
    }
}

fn run_one(
    settings: &Settings,
    opened: &Opened,
    mailbox: &MailboxSettings,
    options: &Options,
    progress: &Progress,
) -> Ran {
    let (source, described) = match opened.sources.get(&mailbox.source) {
        Some(Ok(opened)) => opened,
        Some(Err(failure)) => {
            let (text, hint) = (failure.told(), failure.advice());
            return failed(mailbox, Outcome::SourceDown, Code::SourceFailed, text, hint);
        }
        None => {
            return failed(mailbox, Outcome::SourceDown, Code::SourceFailed, String::new(), None);
        }
    };
    if let Target::Exchange { server, .. } = &mailbox.target
        && let Some(text) = opened.down.get(server)
    {
        return failed(mailbox, Outcome::Unreachable, Code::MailboxFailed, text.clone(), None);
    }
    let source = OpenSource {
        source,
        described,
        users: opened.users.get(&mailbox.source).map(Vec::as_slice),
    };
    let events = |event: Event| progress.tell(event);
    let (servers, state) = (&opened.servers, &opened.state);
    run_over(settings, &source, servers, state, mailbox, options, &events)
}

/// A source that is open.
pub(super) struct OpenSource<'a> {
    /// The source.
    pub(super) source: &'a PluginSource,
    /// What it says of itself.
    pub(super) described: &'a Description,
    /// Its users, where it tells them.
    pub(super) users: Option<&'a [User]>,
}

/// Runs the engine over one mailbox of a source that is open.
pub(super) fn run_over(
    settings: &Settings,
    source: &OpenSource<'_>,
    servers: &open::Servers,
    state: &StateFolder,
    mailbox: &MailboxSettings,
    options: &Options,
    events: &(dyn Fn(Event) + Sync),
) -> Ran {
    if let Some(users) = source.users
        && !users.iter().any(|user| user.id == mailbox.user)
    {
        // Whoever the source does not know has no records of his own, and would get somebody else's (rule D14).
        let text = format!("staffITpro knows no user {}", mailbox.user);
        let hint = Some(Advice::new(
            "`abgleich users` nennt die, die es kennt; die Zeile richtigstellen",
            "`abgleich users` lists those that it knows; mend the line",
        ));
        return failed(mailbox, Outcome::Failed, Code::SourceFailed, text, hint);
    }
    let usage = if options.dry { open::Usage::Read } else { open::Usage::Write };
    let open = || servers.mailbox(settings, mailbox, usage);
    let run = |mut outlook: Box<dyn Mailbox>| {
        sync(settings, state, source, outlook.as_mut(), mailbox, options, events)
    };
    let ran = match open() {
        Ok(outlook) => run(outlook),
        Err(failure) => {
            let (text, hint) = (failure.told(), failure.advice());
            return failed(mailbox, Outcome::Failed, Code::MailboxFailed, text, hint);
        }
    };
    let is_gone =
        |stop: &Stopped| matches!(stop.code, Code::MailboxMissing | Code::MailboxElsewhere);
    if ran.report.stopped.iter().any(is_gone)
        && servers.forget(settings, mailbox)
        && let Ok(outlook) = open()
    {
        return run(outlook);
    }
    ran
}

/// Runs the engine over a mailbox.
fn sync(
    settings: &Settings,
    state: &StateFolder,
    source: &OpenSource<'_>,
    outlook: &mut dyn Mailbox,
    mailbox: &MailboxSettings,
    options: &Options,
    events: &(dyn Fn(Event) + Sync),
) -> Ran {
    let address = mailbox.target.to_string();
    let job = open::job(settings, mailbox, state, &address);
    // Only `plan` prints lines; a run over 100,000 records does not keep them.
    let mut lines = Vec::new();
    let mut keep = |line| lines.push(line);
    let report = sync_mailbox(
        &job,
        options,
        (source.source, source.described),
        outlook,
        events,
        options.dry.then_some(&mut keep as &mut dyn FnMut(Line)),
    );
    let scopes = options.scopes.as_deref().unwrap_or_default();
    let options = asked(options.first_transfer, scopes, options.full);
    Ran { tenant: mailbox.source.to_string(), report, lines, options }
}

/// Builds the report of a mailbox that the engine never saw.
pub(super) fn failed(
    mailbox: &MailboxSettings,
    outcome: Outcome,
    code: Code,
    text: String,
    hint: Option<Advice>,
) -> Ran {
    let stopped = Stopped {
        code,
        scope: None,
        number: None,
        limit: None,
        examples: Vec::new(),
        text,
        hint,
        request: None,
    };
    let report = MailboxReport {
        user: mailbox.user.clone(),
        address: mailbox.target.to_string(),
        outcome,
        stopped: vec![stopped],
        words: BTreeSet::new(),
        scopes: BTreeMap::new(),
        findings: Vec::new(),
        explanation: None,
    };
    let tenant = mailbox.source.to_string();
    Ran { tenant, report, lines: Vec::new(), options: String::new() }
}
