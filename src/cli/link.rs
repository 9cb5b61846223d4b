//! Shell: `abgleich link USER RECORD [ITEM]`: links a record and an item that are the same (rule D3).

use abgleich::config::{Language, Target};
use abgleich::engine::decide::{self, Candidate};
use abgleich::mailbox::Item;
use abgleich::model::{Field, ItemKind, RecordId};
use clap::Args;

use crate::cli::decide::{failed, noted, whose};
use crate::cli::pst::item_id;
use crate::cli::report::one_of;
use crate::cli::{Global, open, place, say, value};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Link {
    /// The staffITpro user, such as DHO
    user: String,
    /// The record, as reports name it
    record: String,
    /// The item: its number in the list that the command prints without it, its Exchange id, or in a file its id as `abgleich pst` prints it
    item: Option<String>,
}

impl Link {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let mailbox = open::mailbox_of(&settings, &self.user)?;
        let record = RecordId::new(self.record.clone());
        let whose = whose(&settings, mailbox);
        let servers = open::Servers::for_people()?;
        let mut outlook = servers.mailbox(&settings, mailbox, open::Usage::Read)?;
        if let Some(item) = &self.item {
            let item = match &mailbox.target {
                Target::Pst { path, .. } => &item_id(path, item),
                Target::Exchange { .. } => item,
            };
            decide::link(whose, &record, item, outlook.as_mut())
                .map_err(|error| failed(mailbox, error))?;
            let (de, en) = ("Verbunden.", "Linked.");
            noted(settings.language, mailbox, de, en);
            return Ok(Exit::Done);
        }
        let source = open::source(&settings, &mailbox.source)?;
        let found = decide::candidates(whose, &record, &source, outlook.as_mut())
            .map_err(|error| failed(mailbox, error))?;
        say::text!("{}", list(settings.language, mailbox.user.as_str(), &record, &found));
        Ok(Exit::Done)
    }
}

fn list(language: Language, user: &str, record: &RecordId, found: &[Candidate]) -> String {
    if found.is_empty() {
        let none = one_of(
            language,
            "Kein Element in Outlook hat etwas mit diesem Datensatz gemeinsam.",
            "No item in Outlook has anything in common with this record.",
        );
        return format!("{none}\n");
    }
    let mut lines: Vec<_> = found
        .iter()
        .map(|candidate| format!("  {:>4}  {}", candidate.number, summary(&candidate.item)))
        .collect();
    let next = one_of(language, "Verbinden mit", "Link with");
    let item = one_of(language, "NUMMER", "NUMBER");
    lines.push(format!("{next} `abgleich link {user} {record} {item}`."));
    lines.join("\n") + "\n"
}

/// Returns what tells an item from others; the command is there to look at it.
fn summary(item: &Item) -> String {
    let fields: &[Field] = match item.identity.kind {
        Some(ItemKind::Appointment) => &[Field::Subject, Field::Start, Field::Place],
        Some(ItemKind::Task) => &[Field::Subject, Field::Due],
        Some(ItemKind::Contact) | None => &[
            Field::GivenName,
            Field::Surname,
            Field::Company,
            Field::Email1,
            Field::MobilePhone,
            Field::BusinessCity,
        ],
    };
    let shown: Vec<_> = fields
        .iter()
        .filter_map(|field| item.content.slot(*field).filter(|slot| !slot.is_blank()))
        .map(|slot| value::shown(Language::English, slot))
        .collect();
    shown.join(" · ")
}
