//! Shell: `abgleich filter`: who is in the filter „Outlook Synchronisation“ (rule G2).

use abgleich::config::{MailboxSettings, Settings, Writes};
use abgleich::model::{Module, RecordId};
use abgleich::source::plugin::PluginSource;
use abgleich::source::{Fetched, Members, Source as _};
use clap::{Args, Subcommand};

use crate::cli::report::one_of;
use crate::cli::{Global, open, place, say};
use crate::failure::{Exit, Failure};

#[derive(Subcommand)]
pub(crate) enum Filter {
    /// List the records in the filter „Outlook Synchronisation“
    List(List),
    /// Move records into the filter
    Add(Change),
    /// Take records out of the filter
    Remove(Change),
}

#[derive(Args)]
pub(crate) struct List {
    /// The staffITpro user, such as DHO
    user: String,
}

#[derive(Args)]
pub(crate) struct Change {
    /// The staffITpro user, such as DHO
    user: String,
    /// The records, as reports name them
    #[arg(required = true, value_name = "RECORD")]
    records: Vec<String>,
}

impl Filter {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let (Self::List(List { user })
        | Self::Add(Change { user, .. })
        | Self::Remove(Change { user, .. })) = self;
        let mailbox = open::mailbox_of(&settings, user)?;
        let source = open::source(&settings, &mailbox.source)?;
        match self {
            Self::List(_) => list(&settings, mailbox, &source),
            Self::Add(change) => set(&settings, mailbox, &source, &change.records, true),
            Self::Remove(change) => set(&settings, mailbox, &source, &change.records, false),
        }
    }
}

fn list(
    settings: &Settings,
    mailbox: &MailboxSettings,
    source: &PluginSource,
) -> Result<Exit, Failure> {
    let language = settings.language;
    for module in Module::ALL.into_iter().filter(|module| module.has_filter()) {
        let ids = members(mailbox, source, module)?;
        let name = module.german().first().copied().unwrap_or_default();
        let name = one_of(language, name, module.key());
        say::line!("{name}: {}", ids.len());
        for ids in ids.chunks(CHUNK) {
            let records = source
                .fetch(&mailbox.user, ids)
                .map_err(|error| open::failed(&mailbox.source, error))?;
            for fetched in records {
                say::line!("  {}", line(settings, fetched));
            }
        }
    }
    Ok(Exit::Done)
}

/// How many records are read at once, so that a long list appears as it is read.
const CHUNK: usize = 100;

fn members(
    mailbox: &MailboxSettings,
    source: &PluginSource,
    module: Module,
) -> Result<Vec<RecordId>, Failure> {
    let (mut all, mut page) = (Vec::new(), None);
    loop {
        let members = source
            .members(&mailbox.user, module, None, page.as_ref())
            .map_err(|error| open::failed(&mailbox.source, error))?;
        let Members::Page { ids, next, .. } = members else { return Ok(all) };
        all.extend(ids);
        match next {
            Some(next) => page = Some(next),
            None => return Ok(all),
        }
    }
}

fn line(settings: &Settings, fetched: Fetched) -> String {
    let language = settings.language;
    match fetched {
        Fetched::Record(record) => {
            let number = record.number.as_deref().filter(|number| *number != record.id.as_str());
            let name = match (record.private, record.name.as_deref()) {
                (true, _) => one_of(language, "(privat)", "(private)"),
                (false, name) => name.unwrap_or_default(),
            };
            let parts = [Some(record.id.as_str()), number, Some(name)];
            super::value::one_line(&parts.into_iter().flatten().collect::<Vec<_>>().join("  "))
        }
        Fetched::Gone(id) => {
            format!("{id}  {}", one_of(language, "(gibt es nicht mehr)", "(gone)"))
        }
        Fetched::NotYours(id) => {
            format!(
                "{id}  {}",
                one_of(
                    language,
                    "(für diesen Benutzer nicht sichtbar)",
                    "(not visible to this user)"
                )
            )
        }
        Fetched::Unreadable(id, _) => {
            format!("{id}  {}", one_of(language, "(nicht lesbar)", "(unreadable)"))
        }
    }
}

fn set(
    settings: &Settings,
    mailbox: &MailboxSettings,
    source: &PluginSource,
    records: &[String],
    member: bool,
) -> Result<Exit, Failure> {
    if mailbox.writes == Writes::Off {
        return Err(Failure::usage(format!("writing is switched off for {}", mailbox.user)).hint(
            format!("where it is switched off, `abgleich config show {}` tells", mailbox.user),
        ));
    }
    let failed = |error| open::failed(&mailbox.source, error);
    let described = source.describe().map_err(failed)?;
    if !described.filter_writable {
        return Err(Failure::usage("this source does not let its filter be changed from outside")
            .hint("move the records into the filter „Outlook Synchronisation“ in staffITpro"));
    }
    let mut worst: Option<Failure> = None;
    for record in records {
        let set = source.set_member(&mailbox.user, &RecordId::new(record.clone()), member);
        if let Err(error) = set {
            // The others are independent of it: each that fails is named.
            let next = failed(error);
            worst = Some(match worst {
                None => next,
                Some(before) => {
                    let (kept, other) = before.worse(next);
                    say::aside(format_args!("{}", other.lines(settings.language)));
                    kept
                }
            });
            continue;
        }
        let done = if member {
            one_of(settings.language, "ist jetzt im Filter", "is in the filter now")
        } else {
            one_of(settings.language, "ist nicht mehr im Filter", "is not in the filter any more")
        };
        say::line!("{record} {done}");
    }
    if !described.filter_per_user {
        say::line!(
            "{}",
            one_of(
                settings.language,
                "Der Filter ist in dieser Quelle für alle Benutzer derselbe.",
                "In this source the filter is the same for all users."
            )
        );
    }
    worst.map_or(Ok(Exit::Done), Err)
}
