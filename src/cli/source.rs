//! Shell: `abgleich source show USER RECORD`: a record as the connector understood it.

use abgleich::config::Language;
use abgleich::model::{Field, ItemKind, RecordId, Slot};
use abgleich::source::{Fetched, Record, Source as _};
use clap::{Args, Subcommand};

use crate::cli::report::{one_of, wrap};
use crate::cli::{Global, open, place, say, value};
use crate::failure::{Exit, Failure};

#[derive(Subcommand)]
pub(crate) enum Source {
    /// Show a record as the connector understood it; its values are printed
    Show(Show),
}

#[derive(Args)]
pub(crate) struct Show {
    /// The staffITpro user for whom to ask, such as DHO
    user: String,
    /// The record, as reports name it
    record: String,
    /// Print the values of a private record too
    #[arg(long)]
    values: bool,
}

impl Source {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let Self::Show(show) = self;
        let settings = place::settings(global)?;
        let mailbox = open::mailbox_of(&settings, &show.user)?;
        let source = open::source(&settings, &mailbox.source)?;
        let id = RecordId::new(show.record.clone());
        let answers = source
            .fetch(&mailbox.user, std::slice::from_ref(&id))
            .map_err(|error| open::failed(&mailbox.source, error))?;
        match answers.into_iter().next() {
            Some(Fetched::Record(record)) => {
                say::text!("{}", text(settings.language, &record, show.values));
                Ok(Exit::Done)
            }
            Some(Fetched::Gone(_)) | None => {
                Err(Failure::usage(format!("there is no record {id}"))
                    .hint("a record is named by its id; reports show it, in brackets where it differs from the number"))
            }
            Some(Fetched::NotYours(_)) => {
                Err(Failure::usage(format!("{} may not see the record {id}", mailbox.user)).hint(
                    "an activity belongs to the user it is assigned to; rights are given in staffITpro",
                ))
            }
            Some(Fetched::Unreadable(_, why)) => {
                Err(Failure::usage(format!("the adapter delivers the record {id} in a form that cannot be understood: {why}"))
                    .hint("turn to the maker of the adapter with this message"))
            }
        }
    }
}

fn text(language: Language, record: &Record, values: bool) -> String {
    let mut out = String::new();
    let label = |de: &'static str, en: &'static str| format!("{:28}", one_of(language, de, en));
    let yes = |flag: bool| {
        one_of(language, if flag { "ja" } else { "nein" }, if flag { "yes" } else { "no" })
    };
    wrap(&mut out, &label("Datensatz", "record"), record.id.as_str());
    let german = record.module.german().first().copied().unwrap_or_default();
    let module = one_of(language, german, record.module.key());
    let kind = match record.kind {
        ItemKind::Contact => one_of(language, "Kontakt", "contact"),
        ItemKind::Appointment => one_of(language, "Termin", "appointment"),
        ItemKind::Task => one_of(language, "Aufgabe", "task"),
    };
    wrap(&mut out, &label("Art", "kind"), kind);
    wrap(&mut out, &label("Modul", "module"), module);
    let number = record.number.as_deref().unwrap_or_default();
    let name = record.name.as_deref().unwrap_or_default();
    let hidden = record.private && !values;
    let named = if hidden { one_of(language, "(privat)", "(private)") } else { name };
    wrap(
        &mut out,
        &label("Nummer und Name", "number and name"),
        &format!("{number} {}", value::one_line(named)),
    );
    if let Some(parent) = &record.parent {
        let words =
            [parent.module.key(), parent.id.as_str(), parent.number.as_deref().unwrap_or_default()];
        let name = parent.name.as_deref().filter(|_| !hidden).unwrap_or_default();
        wrap(
            &mut out,
            &label("Gehört zu", "belongs to"),
            &format!("{} {}", words.join(" "), value::one_line(name)),
        );
    }
    wrap(&mut out, &label("Version", "version"), record.version.as_str());
    if let Some(at) = record.changed_at {
        wrap(&mut out, &label("Zuletzt geändert", "last changed"), &at.to_string());
    }
    if let Some(by) = &record.changed_by {
        wrap(&mut out, &label("Geändert von", "changed by"), by);
    }
    wrap(&mut out, &label("Privat", "private"), yes(record.private));
    wrap(&mut out, &label("Darf geändert werden", "may be changed"), yes(record.editable));
    let (mut unknown, mut blank) = (Vec::new(), Vec::new());
    for field in Field::of(record.kind) {
        let name = one_of(language, field.german(), field.key());
        match record.content.slot(field) {
            None => unknown.push(name),
            Some(_) if hidden => {}
            Some(Slot::Blank) => blank.push(name),
            Some(slot) => wrap(&mut out, &format!("  {name:26}"), &value::shown(language, slot)),
        }
    }
    if hidden {
        let shown = one_of(language, "`--values` zeigt die Werte", "`--values` shows the values");
        wrap(&mut out, &label("  Felder", "  fields"), shown);
    }
    if !blank.is_empty() {
        wrap(&mut out, &label("Leer", "blank"), &blank.join(", "));
    }
    if !unknown.is_empty() {
        wrap(&mut out, &label("Nicht geliefert", "not delivered"), &unknown.join(", "));
    }
    out
}
