//! Shell: `abgleich pst show FILE ITEM`.

use std::path::PathBuf;

use abgleich::config::Language;
use abgleich::mailbox::Mailbox as _;
use abgleich::mailbox::pst::{PstAccess, PstMailbox};
use abgleich::mapi::{PropertyType, Value};
use abgleich::model::{Field, ItemId, ItemKind, Slot};
use abgleich::pst::ndb::Nodes as _;
use abgleich::pst::ndb::write::Settings;
use abgleich::pst::{Nid, NidKind};
use abgleich::reason::Advice;
use clap::Args;
use jiff::Timestamp;

use super::document::Document;
use super::export::rows::exported;
use super::guess::Guesses;
use super::{Texts, list, unreadable, zone};
use crate::cli::report::one_of;
use crate::cli::{json, say, value};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Show {
    /// The file
    file: PathBuf,
    /// The item's id, as `abgleich pst ls FILE FOLDER`, `export` or `check` print it
    item: String,
    /// Every property with its type and value, instead of the fields that abgleich knows
    #[arg(long)]
    properties: bool,
    /// Print one JSON document instead of text, as `abgleich pst export` does of all items
    #[arg(long, conflicts_with = "properties")]
    json: bool,
    /// The zone in which days are read, as an IANA name
    #[arg(long, value_name = "ZONE", default_value = "Europe/Berlin")]
    zone: String,
    #[command(flatten)]
    texts: Texts,
}

impl Show {
    pub(super) fn run(&self, language: Language) -> Result<Exit, Failure> {
        let of = |de, en| one_of(language, de, en);
        let unknown = || {
            Failure::usage(format!("{} has no item {}", self.file.display(), self.item))
                .hint(Advice::new(
                    "`abgleich pst ls DATEI ORDNER` listet die Elemente eines Ordners mit ihren Kennungen",
                    "`abgleich pst ls FILE FOLDER` lists the items of a folder with their ids",
                ))
        };
        // In front of the item's own id the folder's may stand.
        let own = self.item.rsplit('.').next().unwrap_or_default();
        let nid = list::id(own).ok_or_else(unknown)?;
        let failed = |error| unreadable(&self.file, error);
        let damaged = |error| {
            Failure::new(Exit::MailboxFailed, error).hint(Advice::new(
                "`--properties` zeigt, was zu lesen ist; `abgleich pst check DATEI` sagt, was beschädigt ist",
                "`--properties` shows what can be read; `abgleich pst check FILE` says what is damaged",
            ))
        };
        let store = self.texts.open(&self.file)?;
        let node = store.nodes().node(nid).map_err(failed)?;
        let node = node.filter(|node| node.nid.kind() == NidKind::MESSAGE).ok_or_else(unknown)?;
        if self.properties {
            return self.all(language, nid);
        }
        let mut guesses = Guesses::default();
        guesses.note(&store, nid);
        guesses.tell(language, &self.texts);
        let zone = zone(&self.zone)?;
        let access = PstAccess {
            path: self.file.clone(),
            writes: false,
            german: false,
            zone,
            code_page: self.texts.page(),
            settings: Settings::default(),
        };
        let id = ItemId::new(format!("{:x}.{:x}", node.parent.0, nid.0));
        let mut found = None;
        PstMailbox::new(access)
            .fetch(ItemKind::Contact, &[id], &mut |_, item| found = Some(item))
            .map_err(|error| Failure::new(Exit::MailboxFailed, error))?;
        let item = match found {
            Some(Ok(item)) => item,
            Some(Err(error)) => return Err(damaged(error)),
            None => return Err(unknown()),
        };
        let unread = item.unread();
        let exit = if unread.is_empty() { Exit::Done } else { Exit::MailboxFailed };
        if self.json {
            json::print(&Document::Item(exported(&item, unread)))?;
            return Ok(exit);
        }
        let Some(kind) = item.identity.kind else {
            say::line!(
                "{}",
                of(
                    "(weder Kontakt noch Termin noch Aufgabe; --properties zeigt es)",
                    "(neither a contact nor an appointment nor a task; --properties shows it)"
                )
            );
            return Ok(Exit::Done);
        };
        let shown_kind = match kind {
            ItemKind::Contact => of("Kontakt", "contact"),
            ItemKind::Appointment => of("Termin", "appointment"),
            ItemKind::Task => of("Aufgabe", "task"),
        };
        let name = |field: Field| of(field.german(), field.key());
        let width = Field::of(kind).map(|field| name(field).chars().count()).max().unwrap_or(0) + 2;
        say::line!("{:<width$}{shown_kind}", of("Art", "kind"));
        for (de, en, name) in [
            ("angezeigt als", "shown as", item.aside.display_name()),
            ("abgelegt unter", "filed as", item.aside.file_as()),
        ] {
            if let Some(name) = name {
                say::line!("{:<width$}{}", of(de, en), value::one_line(name));
            }
        }
        for (field, slot) in item.content.iter().filter(|(_, slot)| **slot != Slot::Blank) {
            say::line!("{:<width$}{}", name(field), value::shown(language, slot));
        }
        for field in unread.iter() {
            let unreadable = of(
                "(nicht lesbar oder nicht zu verstehen; --properties zeigt, was dort steht)",
                "(cannot be read or understood; --properties shows what is there)",
            );
            say::line!("{:<width$}{unreadable}", name(field));
        }
        for field in Field::of(kind).filter(|field| item.unsupported.contains(*field)) {
            let no_word = of(
                "(was dort steht, kann abgleich nicht sagen)",
                "(abgleich has no word for what is there)",
            );
            say::line!("{:<width$}{no_word}", name(field));
        }
        if let Some(stamp) = &item.identity.stamp {
            let (owner, place) = (of("von", "of"), of("in", "in"));
            let record =
                format!("{} {owner} {} {place} {}", stamp.record, stamp.user, stamp.tenant);
            say::line!("{:<width$}{}", of("Datensatz", "record"), value::one_line(&record));
        }
        Ok(exit)
    }

    fn all(&self, language: Language, nid: Nid) -> Result<Exit, Failure> {
        let of = |de, en| one_of(language, de, en);
        let failed = |error| unreadable(&self.file, error);
        let store = self.texts.open(&self.file)?;
        let item = store.item(nid).map_err(failed)?;
        let object = item.properties();
        let mut exit = Exit::Done;
        for property in object.context().properties() {
            let value = if property.kind == PropertyType::OBJECT {
                of("(ein eingebettetes Objekt)", "(an embedded object)").to_owned()
            } else {
                match object.value_of(property) {
                    Ok(value) => shown(&value),
                    Err(error) => {
                        exit = Exit::MailboxFailed;
                        format!("({}: {error})", of("nicht lesbar", "cannot be read"))
                    }
                }
            };
            let key = object.key(property).to_string();
            say::line!("{} {:?}  {value}  [{key}]", property.id, property.kind);
        }
        for attachment in item.attachments().map_err(failed)? {
            let name = attachment.name().map_err(failed)?.unwrap_or_default();
            let attached = of("Anlage", "attachment");
            say::line!("{attached} {:x}  {}", attachment.nid().0, value::one_line(&name));
        }
        Ok(exit)
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => value::one_line(text),
        Value::Strings(texts) => value::one_line(&texts.join("; ")),
        Value::Binary(bytes) => {
            let head: Vec<String> =
                bytes.iter().take(32).map(|byte| format!("{byte:02x}")).collect();
            let more = if bytes.len() > 32 { "…" } else { "" };
            format!("{} bytes {}{more}", bytes.len(), head.concat())
        }
        Value::Time(time) => match time.since_1970().map(|(s, n)| (s, i32::try_from(n))) {
            Some((seconds, Ok(nanoseconds))) => Timestamp::new(seconds, nanoseconds)
                .map_or_else(|_| format!("{} (no date)", time.0), |at| at.to_string()),
            _ => format!("{} (no date)", time.0),
        },
        Value::Integer16(number) => number.to_string(),
        Value::Integer32(number) => number.to_string(),
        Value::Integer64(number) => number.to_string(),
        Value::Floating64(number) => number.to_string(),
        Value::Boolean(truth) => truth.to_string(),
        Value::Guid(guid) => guid.to_string(),
        other => format!("{other:?}"),
    }
}
