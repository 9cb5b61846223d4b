//! Shell: `abgleich check`: walks all that a run needs, from the configuration to the clock of the mailbox, writes nothing,
//! and says at which stage it fails and what to do.

mod outlook;
mod person;
mod remark;
mod show;
mod staffitpro;

use std::collections::{BTreeMap, BTreeSet};

use abgleich::config::{MailboxSettings, Settings};
use abgleich::model::TenantName;
use clap::Args;

use crate::cli::select::Selection;
use crate::cli::{Global, json, place, pool, say};
use crate::failure::{Exit, Failure};
use outlook::{Outlook, Tried};
use remark::{Remark, Stage, Words};
use staffitpro::Side;

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
}

/// What the check saw.
struct Seen {
    /// The staffITpro sides that the mailboxes need.
    sources: BTreeMap<TenantName, Side>,
    /// The mailboxes, in the order of the configuration.
    mailboxes: Vec<Looked>,
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
        let chosen = self.selection.of(&settings)?;
        let seen = look(&settings, &chosen)?;
        if self.json {
            json::print(&show::document(&seen))?;
        } else {
            say::text!("{}", show::text(&settings, &seen));
        }
        Ok(exit(&seen, self.strict))
    }
}

fn look(settings: &Settings, chosen: &[&MailboxSettings]) -> Result<Seen, Failure> {
    let words = Words { language: settings.language };
    let names: BTreeSet<_> = chosen.iter().map(|mailbox| &mailbox.source).collect();
    let sources: BTreeMap<_, _> =
        names.into_iter().map(|name| (name.clone(), Side::look(settings, name, words))).collect();
    let tried = Tried::new()?;
    let mailboxes = pool::each(
        settings,
        chosen,
        |mailbox| look_at(settings, &sources, &tried, mailbox, words),
        |mailbox, text| Looked {
            remarks: vec![Remark::error(Stage::Internal, words.defect(&text))],
            ..Looked::nothing(mailbox)
        },
    );
    Ok(Seen { sources, mailboxes })
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
        && !person::same(&user.name, user.email.as_deref(), owner)
    {
        looked.remarks.push(Remark::warning(Stage::Mailbox, words.other_person(&user.name, owner)));
    }
    looked
}

/// A source or server that is down ends the check as it would end a run; what concerns a mailbox likewise.
fn exit(seen: &Seen, strict: bool) -> Exit {
    let sources = seen.sources.values().flat_map(|side| &side.remarks);
    let mailboxes = seen.mailboxes.iter().flat_map(|looked| &looked.remarks);
    sources
        .chain(mailboxes)
        .map(|remark| match remark.exit() {
            Exit::Findings if !strict => Exit::Done,
            exit => exit,
        })
        .fold(Exit::Done, Exit::or_worse)
}
