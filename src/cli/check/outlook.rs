//! Shell: the Outlook side of the check: the server, the login, the mailbox, its folders and its clock.

mod file;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use abgleich::config::{
    Access, Binding, Language, MailboxSettings, Scheme, Settings, Target, Writes,
};
use abgleich::engine::rules::ClockDifference;
use abgleich::ews::ServerVersion;
use abgleich::mailbox::exchange::ExchangeMailbox;
use abgleich::mailbox::exchange::lane::LaneWire;
use abgleich::mailbox::{Mailbox, MailboxError, MailboxErrorKind, Opened, Trouble};
use abgleich::model::{Direction, FolderId, ItemKind, MailboxIdentity, Mode};
use jiff::Timestamp;

use crate::cli::check::probe::probe;
use crate::cli::check::remark::Remark;
use crate::cli::check::server::Way;
use crate::cli::check::stage::{Stage, Walked};
use crate::cli::check::whose;
use crate::cli::check::words::Words;
use crate::cli::open;
use crate::failure::{Exit, Failure};

use file::enter_file;

/// By how many seconds a clock may be off ours before somebody should know (rule D1).
pub(super) const TOLERATED: i64 = 300;

/// What was seen of a mailbox.
#[derive(Default)]
pub(super) struct Outlook {
    /// Whose it is, as the server's directory says.
    pub(super) owner: Option<String>,
    /// Which it is; `None` where it was not entered, or is not the one that the state is about.
    pub(super) identity: Option<MailboxIdentity>,
    /// By how much its clock is ahead of ours, in seconds.
    pub(super) clock: Option<i64>,
    /// The version of its server.
    pub(super) version: Option<String>,
    /// The contract that was agreed.
    pub(super) contract: Option<&'static str>,
    /// The stages that were walked, behind those of the server.
    pub(super) walked: Vec<Walked>,
    /// By what an administrator finds the request that failed.
    pub(super) request: Option<String>,
    /// The URL of its server.
    pub(super) url: Option<String>,
}

/// What was seen of each server, by name and URL.
type Ways = BTreeMap<(String, String), (Way, Result<(), Remark>)>;

/// The servers, and those whose configuration or login failed for one mailbox. Their other mailboxes are not tried: a wrong
/// password tried two hundred times locks the account.
pub(super) struct Tried {
    servers: open::Servers,
    probe: bool,
    failed: Mutex<BTreeMap<String, Remark>>,
    /// The servers by name and URL, and what keeps their mailboxes from being reached.
    ways: Mutex<Ways>,
    /// The servers that let us in; until then one mailbox tries, and the others wait for what comes of it.
    entered: Mutex<BTreeMap<String, bool>>,
}

impl Tried {
    /// Starts with nothing tried.
    pub(super) fn new(probe: bool, record: Option<&Path>) -> Result<Self, Failure> {
        Ok(Self {
            servers: open::Servers::for_people()?.recorded(record)?,
            probe,
            failed: Mutex::default(),
            ways: Mutex::default(),
            entered: Mutex::default(),
        })
    }

    /// Says whether the recording is whole, if there is to be one.
    pub(super) fn recorded_whole(&self, language: Language) -> Result<(), Failure> {
        self.servers.recorded_whole(language)
    }

    /// Returns what was seen of the servers.
    pub(super) fn ways(self) -> Vec<Way> {
        let ways = self.ways.into_inner().unwrap_or_else(PoisonError::into_inner);
        ways.into_values().map(|(way, _)| way).collect()
    }

    fn failed(&self, server: &str) -> Option<Remark> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).get(server).cloned()
    }

    fn note(&self, server: &str, remark: &Remark) {
        // What lies on the way to a server is kept with the way; the account is the same at all servers of a name.
        if matches!(remark.stage, Stage::Config | Stage::Login | Stage::Binding) {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.entry(server.to_owned()).or_insert_with(|| remark.clone());
        }
    }

    /// Walks to the server of a mailbox, once for all that share it; the others hear what came of it.
    fn walk(
        &self,
        settings: &Settings,
        mailbox: &MailboxSettings,
        name: &str,
        words: Words,
    ) -> Result<String, Remark> {
        let server = self.servers.server(settings, mailbox).map_err(|failure| of(&failure))?;
        let login = self.servers.login(settings, mailbox).map_err(|failure| of(&failure))?;
        let url = server.url();
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, ended) = ways
            .entry((name.to_owned(), url.clone()))
            .or_insert_with(|| Way::walk(name, &server, login.0, words, Timestamp::now()));
        ended.clone().map(|()| url)
    }

    /// Notes what the first mailbox that got in saw of the server.
    fn let_in(&self, server: &str, url: &str, walked: &[Walked]) {
        let mut ways = self.ways.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((way, _)) = ways.get_mut(&(server.to_owned(), url.to_owned())) {
            let known = |stage| way.walked.iter().any(|walked: &Walked| walked.stage == stage);
            let of_server = [Stage::Login, Stage::Binding, Stage::Version];
            let fresh: Vec<_> = walked
                .iter()
                .filter(|walked| of_server.contains(&walked.stage) && !known(walked.stage))
                .cloned()
                .collect();
            way.walked.extend(fresh);
        }
    }
}

/// Opens a mailbox and looks at its folders; writes nothing unless a probe was asked for.
pub(super) fn look(
    settings: &Settings,
    tried: &Tried,
    mailbox: &MailboxSettings,
    words: Words,
    remarks: &mut Vec<Remark>,
) -> Outlook {
    let mut seen = Outlook::default();
    if let Err(remark) = walk(settings, tried, mailbox, words, &mut seen, remarks) {
        if let Target::Exchange { server, .. } = &mailbox.target {
            tried.note(server, &remark);
        }
        seen.walked.push(Walked::failed(remark.stage));
        remarks.push(remark);
    }
    seen
}

fn walk(
    settings: &Settings,
    tried: &Tried,
    line: &MailboxSettings,
    words: Words,
    seen: &mut Outlook,
    remarks: &mut Vec<Remark>,
) -> Result<(), Remark> {
    let state = whose::remembered(settings);
    let mut entered = match &line.target {
        Target::Exchange { server, .. } => enter(settings, tried, line, server, words, seen)?,
        Target::Pst { .. } => {
            let is_known = whose::is_known(state.as_ref(), line)?;
            enter_file(settings, tried, (line, is_known), words, seen, remarks)?
        }
    };
    whose::object(settings, state.as_ref(), line, &entered.opened)?;
    seen.identity = entered.opened.exists.then(|| entered.opened.identity.clone());
    entered.walk(settings, tried.probe, line, words, seen, remarks)
}

/// A mailbox that was opened, and what that told.
struct Entered {
    mailbox: Kept,
    opened: Opened,
}

/// Where a mailbox is kept.
enum Kept {
    OnServer(Box<ExchangeMailbox<LaneWire>>),
    InFile(Box<dyn Mailbox>),
}

impl Kept {
    fn mailbox(&mut self) -> &mut dyn Mailbox {
        match self {
            Self::OnServer(mailbox) => mailbox.as_mut(),
            Self::InFile(mailbox) => mailbox.as_mut(),
        }
    }

    fn server(&self) -> Option<&ExchangeMailbox<LaneWire>> {
        match self {
            Self::OnServer(mailbox) => Some(mailbox),
            Self::InFile(_) => None,
        }
    }
}

/// Walks to the server and opens the mailbox. Until one was let in, one at a time tries.
fn enter(
    settings: &Settings,
    tried: &Tried,
    line: &MailboxSettings,
    server: &str,
    words: Words,
    seen: &mut Outlook,
) -> Result<Entered, Remark> {
    let mut entered = Some(tried.entered.lock().unwrap_or_else(PoisonError::into_inner));
    if entered.as_ref().is_some_and(|entered| entered.contains_key(server)) {
        entered = None;
    }
    if let Some(remark) = tried.failed(server) {
        return Err(remark);
    }
    let url = tried.walk(settings, line, server, words)?;
    seen.url = Some(url.clone());
    let mut mailbox = tried.servers.exchange(settings, line).map_err(|failure| of(&failure))?;
    let opened = mailbox.open();
    // Whoever was let in has a login that is right, even where this mailbox is refused.
    if let Some(login) = mailbox.login() {
        let account = tried.servers.login(settings, line).map(|login| login.1).unwrap_or_default();
        let seen_login = format!("{}, {account}", login.scheme.name());
        seen.walked.push(Walked::passed(Stage::Login, seen_login));
        seen.walked.push(Walked::passed(Stage::Binding, words.binding(login.scheme, login.bound)));
    }
    seen.version = mailbox.server().map(|server| server.to_string());
    let opened = match opened {
        Ok(opened) => opened,
        Err(error) => {
            seen.request = mailbox.trace().map(|trace| trace.to_string());
            if matches!(error.trouble, Trouble::Missing | Trouble::Elsewhere) {
                tried.servers.forget(settings, line);
            }
            let before = mailbox.login().is_none() && is_bound_by_hand(settings, server);
            let remark = if before { unbound(&error) } else { refused(&error) };
            if !matches!(remark.stage, Stage::Login | Stage::Binding) && mailbox.login().is_some() {
                tried.let_in(server, &url, &seen.walked);
                if let Some(mut entered) = entered {
                    entered.insert(server.to_owned(), true);
                }
            } else {
                // Before the next one may try, it is known what came of this.
                tried.note(server, &remark);
            }
            return Err(remark);
        }
    };
    let contract = mailbox.contract();
    seen.contract = Some(contract.name());
    let version = seen.version.clone().unwrap_or_else(|| "?".to_owned());
    let version = format!("{version}, {}", contract.name());
    seen.walked.push(Walked::passed(Stage::Version, version));
    if settings.servers.get(server).is_some_and(|it| it.access == Access::Impersonation) {
        seen.walked.push(Walked::quietly(Stage::Impersonation));
    }
    seen.walked.push(Walked::quietly(Stage::Mailbox));
    tried.let_in(server, &url, &seen.walked);
    if let Some(mut entered) = entered {
        entered.insert(server.to_owned(), true);
    }
    Ok(Entered { mailbox: Kept::OnServer(Box::new(mailbox)), opened })
}

impl Entered {
    fn walk(
        &mut self,
        settings: &Settings,
        probes: bool,
        line: &MailboxSettings,
        words: Words,
        seen: &mut Outlook,
        remarks: &mut Vec<Remark>,
    ) -> Result<(), Remark> {
        let contract = self.mailbox.server().map(ExchangeMailbox::contract);
        if matches!(contract, Some(ServerVersion::V2010Sp1 | ServerVersion::V2010Sp2)) {
            remarks.push(Remark::warning(Stage::Version, words.old_server()));
        }
        match self.mailbox.mailbox().person() {
            Ok(person) => seen.owner = person,
            Err(error) => {
                let said = (words.person_untold(&error.text), error.hint);
                remarks.push(Remark::warning(Stage::Mailbox, said));
            }
        }
        if !self.opened.sees_private {
            remarks.push(Remark::warning(Stage::Mailbox, words.private_hidden()));
        }
        if !self.opened.sees_all {
            remarks.push(Remark::warning(Stage::Mailbox, words.folders_hidden()));
        }
        let folders = self.folders(line, words, seen, remarks)?;
        seen.walked.push(Walked::quietly(Stage::Folder));
        if probes && !self.opened.exists {
            remarks.push(Remark::warning(Stage::Probe, words.nothing_to_probe()));
        } else if probes {
            match probe(settings, line, self.mailbox.mailbox(), &folders, words) {
                Ok(count) => {
                    seen.walked.push(Walked::passed(Stage::Probe, words.probed(count)));
                }
                Err(remark) if remark.warning => remarks.push(remark),
                Err(remark) => return Err(self.traced(remark, seen)),
            }
        }
        if let Kept::OnServer(mailbox) = &mut self.mailbox {
            match mailbox.listen_and_leave() {
                Ok(None) => seen.walked.push(Walked::quietly(Stage::Streaming)),
                Ok(Some(error)) => {
                    let said = words.mute_stream(&error.text);
                    remarks.push(Remark::warning(Stage::Streaming, said));
                }
                // Runs do without; it only takes longer until an edit is noticed.
                Err(error) => {
                    let said = words.no_streaming(&error.text);
                    remarks.push(Remark::warning(Stage::Streaming, said));
                }
            }
        }
        self.clock(words, seen, remarks);
        Ok(())
    }

    fn clock(&self, words: Words, seen: &mut Outlook, remarks: &mut Vec<Remark>) {
        let now = Timestamp::now();
        let difference = |clock| match ClockDifference::between(now, Some(clock)) {
            ClockDifference::Within(difference) => difference.as_secs(),
            ClockDifference::Beyond => seconds_between(now, clock),
        };
        seen.clock = self.opened.clock.map(difference);
        match seen.clock {
            Some(seconds) if seconds.abs() > TOLERATED => {
                remarks.push(Remark::warning(Stage::Clock, words.clock("Exchange", seconds)));
            }
            Some(_) => seen.walked.push(Walked::quietly(Stage::Clock)),
            None => {}
        }
    }

    /// Finds the folders of the scopes and looks at the rights on them. Returns those that runs write to, each once.
    fn folders(
        &mut self,
        line: &MailboxSettings,
        words: Words,
        seen: &mut Outlook,
        remarks: &mut Vec<Remark>,
    ) -> Result<Vec<(ItemKind, FolderId)>, Remark> {
        let mut written: Vec<(ItemKind, FolderId)> = Vec::new();
        for scope in line.scopes.iter().filter(|scope| scope.mode != Mode::None) {
            let path: Vec<String> =
                scope.folder.iter().flat_map(|path| path.split('/')).map(str::to_owned).collect();
            let writes = scope.mode.permits(Direction::ToOutlook) && line.writes == Writes::On;
            for kind in ItemKind::ALL.into_iter().filter(|kind| kind.switch() == scope.scope.switch)
            {
                let found = self.mailbox.mailbox().folder(kind, &path, false);
                let found = found.map_err(|error| {
                    let remark = refused(&error);
                    self.traced(remark, seen)
                })?;
                // A server has its default folders; in a file that was made for something else a run makes them.
                let is_makable = !path.is_empty() || self.mailbox.server().is_none();
                let Some(folder) = found else {
                    if !(is_makable && scope.mode.permits(Direction::ToOutlook)) {
                        let said = words.no_folder(kind, scope.folder.as_deref());
                        remarks.push(Remark::error(Stage::Folder, said));
                    }
                    continue;
                };
                if !writes || written.iter().any(|(_, known)| *known == folder) {
                    continue;
                }
                if let Some(rights) =
                    self.mailbox.server().and_then(|server| server.rights(&folder))
                    && !(rights.create && rights.change && rights.delete)
                {
                    let said = words.rights_missing(kind, scope.folder.as_deref(), rights);
                    return Err(Remark::error(Stage::Folder, said));
                }
                written.push((kind, folder));
            }
        }
        let deleted = self.mailbox.server().and_then(ExchangeMailbox::rights_on_deleted);
        if !written.is_empty() && deleted.is_some_and(|rights| !rights.create) {
            remarks.push(Remark::warning(Stage::Folder, words.no_bin()));
        }
        Ok(written)
    }

    fn traced(&self, remark: Remark, seen: &mut Outlook) -> Remark {
        let trace = self.mailbox.server().and_then(ExchangeMailbox::trace);
        seen.request = trace.map(|trace| trace.to_string());
        remark
    }
}

/// Says whether the configuration has a word of its own on what logins are bound to. Servers do not tell why they refuse a login;
/// then that word is the first thing to look at.
fn is_bound_by_hand(settings: &Settings, server: &str) -> bool {
    settings.servers.get(server).is_some_and(|server| {
        server.binding != Binding::Auto && server.login.scheme != Scheme::Basic
    })
}

/// Says at which stage an error of the mailbox is: the seam's words are coarser than ours.
fn refused(error: &MailboxError) -> Remark {
    let stage = match (error.kind, error.trouble) {
        (_, Trouble::Impersonation) => Stage::Impersonation,
        (MailboxErrorKind::Unsupported, _) => Stage::Version,
        _ => error.stage.into(),
    };
    Remark::error(stage, (error.text.clone(), error.hint.clone()))
}

/// The same of a login that the configuration binds to something of its own, or to nothing.
fn unbound(error: &MailboxError) -> Remark {
    let remark = refused(error);
    let stage = if error.trouble == Trouble::Login { Stage::Binding } else { remark.stage };
    Remark { stage, ..remark }
}

/// What keeps a server from being tried at all: the configuration, or that none is found.
fn of(failure: &Failure) -> Remark {
    let said = (failure.told(), failure.advice());
    let usage = failure.kind == Exit::Usage;
    Remark::error(if usage { Stage::Config } else { Stage::Discovery }, said)
}

/// Returns by how many seconds a clock is ahead.
pub(super) fn seconds_between(ours: Timestamp, theirs: Timestamp) -> i64 {
    theirs.as_second() - ours.as_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_that_is_bound_by_hand_is_refused_at_the_binding() {
        let error = |trouble, kind| MailboxError {
            kind,
            stage: abgleich::mailbox::Stage::Login,
            trouble,
            text: "the server refused the login".to_owned(),
            hint: None,
            ambiguous: false,
            source: None,
        };
        let refusal = error(Trouble::Login, MailboxErrorKind::Denied);
        assert_eq!(refused(&refusal).stage, Stage::Login);
        assert_eq!(unbound(&refusal).stage, Stage::Binding);
        let silent = error(Trouble::Unnamed, MailboxErrorKind::Unreachable);
        assert_eq!(unbound(&silent).stage, Stage::Login, "it was not refused");
    }
}
