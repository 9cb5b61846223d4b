//! Shell: `abgleich pst export FILE`: the contacts, appointments and tasks of a file in forms that other programs read, item by
//! item, so that a big file takes no more memory than a small one.

mod calendar;
mod card;
mod line;
pub(super) mod rows;
mod series;
mod zone;

use std::fs::OpenOptions;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use abgleich::config::Language;
use abgleich::mailbox::pst::advice::ROOM_FOR_NEW;
use abgleich::mailbox::pst::{PstAccess, PstMailbox};
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Item, Mailbox as _};
use abgleich::model::{Field, FieldSet, ItemId, ItemKind};
use abgleich::pst::Nid;
use abgleich::pst::error::is_full;
use abgleich::pst::messaging::{Listed, Store};
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::Settings;
use abgleich::reason::Advice;
use clap::{Args, ValueEnum};

use super::guess::Guesses;
use super::list::{self, Wanted};
use super::{NEW_NAME, Texts, is_missing, unreadable, zone};
use crate::cli::report::{field_names, one_of};
use crate::cli::say;
use crate::cli::value::one_line;
use crate::failure::{Exit, Failure};

use calendar::Calendar;
use card::Cards;
use rows::{Json, Table};

/// How many items are read at once.
const AT_ONCE: usize = 64;

#[derive(Args)]
pub(crate) struct Export {
    /// The file
    file: PathBuf,
    /// Only the items of this folder: its path, such as Kontakte or Kalender/Team, or its id
    #[arg(long, value_name = "PATH")]
    folder: Option<String>,
    /// What lies in Deleted Items as well; a folder that is named with --folder is exported wherever it is
    #[arg(long)]
    deleted: bool,
    /// What to write
    #[arg(long, value_enum)]
    format: Form,
    /// Only items of this kind; CSV holds one kind
    #[arg(long, value_enum, required_if_eq("format", "csv"))]
    kind: Option<Kind>,
    /// Where to write; one that exists is left alone [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The zone in which days are read, as an IANA name
    #[arg(long, value_name = "ZONE", default_value = "Europe/Berlin")]
    zone: String,
    #[command(flatten)]
    texts: Texts,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Contacts as vCard 4.0 (.vcf)
    Vcard,
    /// Appointments and tasks as iCalendar (.ics)
    Icalendar,
    /// Everything, one JSON document
    Json,
    /// A table with one row for each item
    Csv,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Contact,
    Appointment,
    Task,
}

impl Kind {
    const fn kind(self) -> ItemKind {
        match self {
            Self::Contact => ItemKind::Contact,
            Self::Appointment => ItemKind::Appointment,
            Self::Task => ItemKind::Task,
        }
    }
}

/// What takes the items.
enum Sink<'a> {
    Cards(Cards<'a>),
    Calendar(Calendar<'a>),
    Json(Json<'a>),
    Table(Box<Table<'a>>),
}

/// What came of an export.
#[derive(Default)]
struct Counts {
    written: u64,
    /// Items of another kind than was asked for, and what is none of the three.
    skipped: u64,
    /// Items and folders, each with what keeps it from being read.
    unreadable: Vec<String>,
    /// Series of a form that abgleich has no word for.
    wordless: Vec<String>,
    /// Items of which some fields could not be read or understood, and those fields.
    partial: Vec<(String, FieldSet)>,
    /// Items in Deleted Items, which nobody asked for.
    deleted: u64,
    /// In which code page texts were read.
    guesses: Guesses,
}

/// What became of an item.
enum Taken {
    Written,
    Skipped,
    /// It comes again in a way that nobody here can say. A calendar leaves it out: one event in its place would be wrong.
    LeftOut,
    /// The same, in a table: its cell stays empty.
    WithoutSeries,
}

impl Export {
    pub(super) fn run(&self, language: Language) -> Result<Exit, Failure> {
        let zone = zone(&self.zone)?;
        let store = self.texts.open(&self.file)?;
        self.refuse_nothing()?;
        let wanted = list::wanted(&store, &self.file, self.folder.as_deref(), self.deleted)?;
        let failed = |error| self.unwritten(&error);
        let mut to: Box<dyn Write> = match &self.out {
            Some(path) => {
                let made = OpenOptions::new().write(true).create_new(true).open(path);
                Box::new(made.map_err(failed)?)
            }
            None => Box::new(Piped(io::stdout().lock())),
        };
        let written = {
            let mut to = BufWriter::new(&mut to);
            let counts = self.write(&store, &zone, &wanted, &mut to);
            counts.and_then(|counts| to.flush().map(|()| counts).map_err(failed))
        };
        drop(to);
        if let (Err(_), Some(path)) = (&written, &self.out) {
            // Half a file is none, and would be in the way of the next attempt.
            let _ = std::fs::remove_file(path);
        }
        let counts = written?;
        say::aside(format_args!("{}", said(language, &counts)));
        counts.guesses.tell(language, &self.texts);
        let whole =
            counts.unreadable.is_empty() && counts.wordless.is_empty() && counts.partial.is_empty();
        Ok(if whole { Exit::Done } else { Exit::MailboxFailed })
    }

    /// Refuses a kind that the format has no place for.
    fn refuse_nothing(&self) -> Result<(), Failure> {
        let (held, de, en) = match (self.format, self.kind) {
            (Form::Vcard, Some(Kind::Appointment | Kind::Task)) => {
                ("vcard", "nur Kontakte", "contacts only")
            }
            (Form::Icalendar, Some(Kind::Contact)) => {
                ("icalendar", "nur Termine und Aufgaben", "appointments and tasks only")
            }
            _ => return Ok(()),
        };
        Err(Failure::usage(format!("--format {held} takes {en}, and --kind asks for another"))
            .hint(Advice::naming(
                format!("`--format {held}` nimmt {de}; `--format json` oder `csv` nimmt alles"),
                format!("`--format {held}` takes {en}; `--format json` or `csv` takes everything"),
            )))
    }

    /// Returns the ids of a folder's items, as far as they can be read: what is damaged is noted, and the other folders go on.
    fn items(
        &self,
        store: &Store<Ndb>,
        folder: Nid,
        counts: &mut Counts,
    ) -> Result<Vec<ItemId>, Failure> {
        let mut ids = Vec::new();
        let each = &mut |row: Listed| {
            counts.guesses.note(store, row.nid);
            ids.push(ItemId::new(format!("{:x}.{:x}", folder.0, row.nid.0)));
        };
        match store.folder(folder).and_then(|folder| folder.each_item(each)) {
            Err(error) if error.is_of_system() => return Err(unreadable(&self.file, error)),
            Err(error) => counts.unreadable.push(format!("{:x}: {error}", folder.0)),
            Ok(()) => {}
        }
        Ok(ids)
    }

    fn write(
        &self,
        store: &Store<Ndb>,
        zone: &Zone,
        wanted: &Wanted,
        to: &mut dyn Write,
    ) -> Result<Counts, Failure> {
        let failed = |error| self.unwritten(&error);
        let mut mailbox = PstMailbox::new(PstAccess {
            path: self.file.clone(),
            writes: false,
            german: false,
            zone: zone.clone(),
            code_page: self.texts.page(),
            settings: Settings::default(),
        });
        // Ids are unique within a file; its record key makes them so in the world.
        let opened = mailbox.open().map_err(|error| Failure::new(Exit::MailboxFailed, error))?;
        let origin = opened.identity.as_str().replace('/', "-");
        let mut sink = match (self.format, self.kind) {
            (Form::Vcard, _) => Sink::Cards(Cards::new(to, origin)),
            (Form::Icalendar, _) => {
                Sink::Calendar(Calendar::begin(to, zone, origin).map_err(failed)?)
            }
            (Form::Csv, Some(kind)) => {
                Sink::Table(Box::new(Table::begin(to, kind.kind()).map_err(failed)?))
            }
            (Form::Json | Form::Csv, _) => Sink::Json(Json::begin(to).map_err(failed)?),
        };
        let (deleted, unreadable) = (wanted.left_out, wanted.damaged.clone());
        let mut counts = Counts { unreadable, deleted, ..Counts::default() };
        for folder in &wanted.folders {
            let ids = self.items(store, *folder, &mut counts)?;
            for ids in ids.chunks(AT_ONCE) {
                let mut trouble = None;
                let each = &mut |id: ItemId, item: Result<Item, _>| match item {
                    Err(error) => counts.unreadable.push(format!("{}: {error}", id.as_str())),
                    Ok(item) if trouble.is_none() => {
                        let unread = item.unread();
                        match self.take(&mut sink, &item, unread) {
                            Ok(taken) => counts.add(&id, &taken, unread),
                            Err(error) => trouble = Some(error),
                        }
                    }
                    Ok(_) => {}
                };
                mailbox
                    .fetch(ItemKind::Contact, ids, each)
                    .map_err(|error| Failure::new(Exit::MailboxFailed, error))?;
                if let Some(error) = trouble {
                    return Err(failed(error));
                }
            }
        }
        match sink {
            Sink::Cards(_) => Ok(()),
            Sink::Calendar(calendar) => calendar.end(),
            Sink::Json(json) => json.end(),
            Sink::Table(table) => table.end(),
        }
        .map_err(failed)?;
        Ok(counts)
    }

    /// Writes an item, if it is one of those that were asked for.
    fn take(&self, sink: &mut Sink<'_>, item: &Item, unread: FieldSet) -> io::Result<Taken> {
        let Some(kind) = item.identity.kind else { return Ok(Taken::Skipped) };
        if self.kind.is_some_and(|wanted| wanted.kind() != kind) {
            return Ok(Taken::Skipped);
        }
        let wordless = item.unsupported.contains(Field::Recurrence);
        match sink {
            Sink::Cards(cards) if kind == ItemKind::Contact => cards.put(item)?,
            Sink::Calendar(calendar) if kind != ItemKind::Contact => {
                if wordless {
                    return Ok(Taken::LeftOut);
                }
                calendar.put(kind, item)?;
            }
            // Here a field that nobody could read is absent, and a blank one is not.
            Sink::Json(json) => json.put(item, unread)?,
            Sink::Table(table) => {
                table.put(item, unread)?;
                return Ok(if wordless { Taken::WithoutSeries } else { Taken::Written });
            }
            Sink::Cards(_) | Sink::Calendar(_) => return Ok(Taken::Skipped),
        }
        Ok(Taken::Written)
    }

    /// Says that the output cannot be written.
    fn unwritten(&self, error: &io::Error) -> Failure {
        let name = match &self.out {
            Some(path) => path.display().to_string(),
            None => "standard output".to_owned(),
        };
        let failure = Failure::new(Exit::Usage, format!("{name} cannot be written: {error}"));
        match error.kind() {
            io::ErrorKind::AlreadyExists => failure.hint(NEW_NAME),
            _ if is_missing(error) => failure.hint(Advice::new(
                "gibt es den Ordner, und darf dieses Konto dort schreiben?",
                "is the folder there, and may this account write in it?",
            )),
            _ if is_full(error) => failure.hint(ROOM_FOR_NEW),
            _ => failure,
        }
    }
}

impl Counts {
    fn add(&mut self, id: &ItemId, taken: &Taken, unread: FieldSet) {
        if matches!(taken, Taken::Written | Taken::WithoutSeries) && !unread.is_empty() {
            self.partial.push((id.as_str().to_owned(), unread));
        }
        match taken {
            Taken::Written => self.written += 1,
            Taken::Skipped => self.skipped += 1,
            Taken::LeftOut => self.wordless.push(id.as_str().to_owned()),
            Taken::WithoutSeries => {
                self.written += 1;
                self.wordless.push(id.as_str().to_owned());
            }
        }
    }
}

/// Standard output whose reader may have seen enough, which is no failure.
struct Piped<W>(W);

impl<W: Write> Write for Piped<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().or_else(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(error),
        })
    }
}

/// What is said of an export, on standard error.
fn said(language: Language, counts: &Counts) -> String {
    let of = |de, en| one_of(language, de, en);
    let items = |count: u64| match count {
        1 => of("1 Element", "1 item").to_owned(),
        count => format!("{count} {}", of("Elemente", "items")),
    };
    let left_out = match (counts.skipped, language) {
        (0, _) => String::new(),
        (skipped, Language::German) => format!(
            "; {} ausgelassen, für die das Format, die verlangte Art oder abgleich keinen Platz hat",
            items(skipped)
        ),
        (skipped, Language::English) => format!(
            "; {} left out that the format, the kind asked for, or abgleich has no place for",
            items(skipped)
        ),
    };
    let first = format!("{} {}{left_out}", items(counts.written), of("exportiert", "exported"));
    let unreadable = counts
        .unreadable
        .iter()
        .map(|line| format!("{}: {}", of("nicht lesbar", "cannot be read"), one_line(line)));
    let wordless = counts.wordless.iter().map(|id| {
        let wordless = of(
            "eine Serie in einer Form, für die abgleich kein Wort hat; im Kalender fehlt sie, in der Tabelle ihre Wiederholung",
            "a series of a form that abgleich has no word for; a calendar lacks it, a table lacks how it comes again",
        );
        format!("{}: {wordless}", one_line(id))
    });
    let partial = counts.partial.iter().map(|(id, fields)| {
        let fields = field_names(language, *fields);
        let without = of(
            "exportiert ohne das, was nicht zu lesen oder nicht zu verstehen war",
            "exported without what could not be read or understood",
        );
        format!("{}: {without}: {fields}", one_line(id))
    });
    let deleted = (counts.deleted > 0).then(|| {
        let there = of(
            "in „Gelöschte Elemente“ ausgelassen; `--deleted` nimmt sie mit",
            "in Deleted Items left out; `--deleted` takes them along",
        );
        format!("{} {there}", items(counts.deleted))
    });
    let lines = [first].into_iter().chain(deleted).chain(unreadable).chain(wordless).chain(partial);
    lines.collect::<Vec<_>>().join("\n")
}
