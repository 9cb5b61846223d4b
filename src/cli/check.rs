//! Shell: `abgleich check`: walks all that a run needs, from the configuration to the clock of the mailbox, writes nothing,
//! and says at which stage it fails and what to do.

mod document;
mod outlook;
mod overlap;
mod person;
mod probe;
mod remark;
mod server;
mod setup;
mod show;
mod staffitpro;
mod stage;
mod state;
mod ticket;
mod whose;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use abgleich::config::{MailboxSettings, Settings, Target};
use abgleich::model::TenantName;
use clap::Args;

use crate::cli::select::Selection;
use crate::cli::{Global, json, place, pool, say};
use crate::failure::{Exit, Failure};
use outlook::{Outlook, Tried};
use remark::Remark;
use server::Way;
use staffitpro::Side;
use stage::Stage;
use words::Words;

#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    selection: Selection,
    /// Print one JSON document instead of text
    #[arg(long)]
    json: bool,
    /// End with code 10 if there is something to remark
    #[arg(long)]
    strict: bool,
    /// Also make a private item in each folder that runs write to, read it back, and move it to Deleted Items
    #[arg(long)]
    write_probe: bool,
    /// Print the PowerShell that gives the account its rights on exactly these mailboxes; look at nothing
    #[arg(long, conflicts_with_all = ["json", "strict", "write_probe", "ticket"])]
    exchange_setup: bool,
    /// Print what support needs: versions, stages and request ids, without names, addresses or secrets
    #[arg(long, conflicts_with = "json")]
    ticket: bool,
    /// Write the conversation with Exchange into this new folder, for support: without logins, and with invented names,
    /// addresses, texts and ids in place of the real ones
    #[arg(long, value_name = "FOLDER", conflicts_with = "exchange_setup")]
    record: Option<PathBuf>,
}

/// What the check saw.
struct Seen {
    /// What is to be said of the state.
    state: Option<Remark>,
    /// The staffITpro sides that the mailboxes need.
    sources: BTreeMap<TenantName, Side>,
    /// The servers that were walked to.
    ways: Vec<Way>,
    /// The mailboxes, in the order of the configuration.
    mailboxes: Vec<Looked>,
    /// What concerns several mailboxes, or all: records that they would overwrite in turns, or that there is none.
    overlaps: Vec<Remark>,
}

/// What the check saw of one mailbox.
struct Looked {
    /// The staffITpro user, as the configuration writes it.
    user: String,
    /// The address.
    address: String,
    /// The person's name in staffITpro.
    person: Option<String>,
    /// What was seen on the Outlook side.
    outlook: Outlook,
    /// What is to be said.
    remarks: Vec<Remark>,
}

impl Check {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        // The first thing that everybody runs: without any mailbox it looks at all that there is.
        let chosen = match settings.mailboxes.as_slice() {
            [] if self.selection.is_all() && !self.exchange_setup => Vec::new(),
            _ => self.selection.of(&settings)?,
        };
        if self.exchange_setup {
            say::text!("{}", setup::powershell(&settings, &chosen));
            return Ok(Exit::Done);
        }
        let tried = Tried::new(self.write_probe, self.record.as_deref())?;
        let (seen, recorded) = look(&settings, &chosen, tried);
        if self.json {
            json::print(&document::document(&seen, settings.language))?;
        } else if self.ticket {
            say::text!("{}", ticket::text(&settings, &seen));
        } else {
            say::text!("{}", show::text(&settings, &seen));
        }
        recorded.map(|()| exit(&seen, self.strict))
    }
}

/// Looks at everything, and says whether that was recorded if somebody asked for it.
fn look(
    settings: &Settings,
    chosen: &[&MailboxSettings],
    tried: Tried,
) -> (Seen, Result<(), Failure>) {
    let words = Words { language: settings.language };
    let names: BTreeSet<_> = match chosen {
        [] => settings.sources.keys().collect(),
        _ => chosen.iter().map(|mailbox| &mailbox.source).collect(),
    };
    let sources: BTreeMap<_, _> =
        names.into_iter().map(|name| (name.clone(), Side::look(settings, name, words))).collect();
    let mut mailboxes = pool::each(
        settings,
        chosen,
        |mailbox| look_at(settings, &sources, &tried, mailbox, words),
        |mailbox, text| Looked {
            remarks: vec![Remark::error(Stage::Internal, words.defect(&text))],
            ..Looked::nothing(mailbox)
        },
    );
    whose::twins(settings.language, &mut mailboxes);
    let mut overlaps = overlap::of(chosen, &sources, words);
    overlaps.extend(state::open_to_others(settings, words));
    if chosen.is_empty() {
        overlaps.push(Remark::error(Stage::Config, words.no_mailbox()));
    }
    let recorded = tried.recorded_whole(settings.language);
    let state = state::look(settings, words);
    (Seen { state, sources, ways: tried.ways(), mailboxes, overlaps }, recorded)
}

impl Looked {
    fn nothing(mailbox: &MailboxSettings) -> Self {
        Self {
            user: mailbox.user.to_string(),
            address: mailbox.target.to_string(),
            person: None,
            outlook: Outlook::default(),
            remarks: Vec::new(),
        }
    }
}

fn look_at(
    settings: &Settings,
    sources: &BTreeMap<TenantName, Side>,
    tried: &Tried,
    mailbox: &MailboxSettings,
    words: Words,
) -> Looked {
    let mut looked = Looked::nothing(mailbox);
    looked.remarks.extend(remark::about_settings(mailbox, words));
    let user = sources.get(&mailbox.source).and_then(|side| {
        let user = side.user(mailbox, words, &mut looked.remarks);
        if user.is_some() {
            side.look_at_filter(mailbox, words, &mut looked.remarks);
        }
        user
    });
    looked.person = user.map(|user| user.name.clone());
    looked.outlook = outlook::look(settings, tried, mailbox, words, &mut looked.remarks);
    if let (Some(user), Some(owner)) = (user, &looked.outlook.owner)
        // A file has a name that somebody gave it, which need not be a person's.
        && matches!(mailbox.target, Target::Exchange { .. })
        && !person::same(&user.name, user.email.as_deref(), owner)
    {
        looked.remarks.push(Remark::warning(Stage::Mailbox, words.other_person(&user.name, owner)));
    }
    looked
}

/// A source or server that is down ends the check as it would end a run; what concerns a mailbox likewise.
fn exit(seen: &Seen, strict: bool) -> Exit {
    let sources = seen.sources.values().flat_map(|side| &side.remarks);
    let ways = seen.ways.iter().flat_map(|way| &way.remarks);
    let mailboxes = seen.mailboxes.iter().flat_map(|looked| &looked.remarks);
    sources
        .chain(&seen.state)
        .chain(ways)
        .chain(&seen.overlaps)
        .chain(mailboxes)
        .map(|remark| match remark.exit() {
            Exit::Findings if !strict => Exit::Done,
            exit => exit,
        })
        .fold(Exit::Done, Exit::or_worse)
}
