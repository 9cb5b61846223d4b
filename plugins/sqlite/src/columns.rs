//! Pure: which tables and columns hold which fields.

use std::sync::LazyLock;

use abgleich_plugin::fields::{APPOINTMENT, CONTACT, FieldInfo, Shape, TASK};
use abgleich_plugin::messages::Kind;

/// The greatest length of a text of one line, in characters.
pub(crate) const LONGEST: u64 = 255;

/// Where the records of a kind are.
#[derive(Debug)]
pub(crate) struct Columns {
    pub(crate) kind: Kind,
    /// The table; also the word for the kind in the change feed.
    pub(crate) table: &'static str,
    /// The SQL of the name that people see.
    pub(crate) name: &'static str,
    all: &'static [FieldInfo],
}

/// The three kinds.
pub(crate) const KINDS: &[Columns] = &[
    Columns {
        kind: Kind::Contact,
        table: "contact",
        name: "coalesce(nullif(trim(coalesce(given_name, '') || ' ' || coalesce(surname, '')), ''), company)",
        all: CONTACT,
    },
    Columns { kind: Kind::Appointment, table: "appointment", name: "subject", all: APPOINTMENT },
    Columns { kind: Kind::Task, table: "task", name: "subject", all: TASK },
];

impl Columns {
    /// Finds the columns of the kind with this word.
    pub(crate) fn of(word: &str) -> Option<&'static Self> {
        KINDS.iter().find(|columns| columns.table == word)
    }

    /// Goes through the fields that have a column. Who is invited is known to mailboxes only.
    pub(crate) fn fields(&self) -> impl Iterator<Item = FieldInfo> + use<> {
        self.all.iter().copied().filter(|(_, shape)| *shape != Shape::Attendees)
    }

    /// Returns the form of a field.
    pub(crate) fn shape(&self, word: &str) -> Option<Shape> {
        self.fields().find(|(known, _)| *known == word).map(|(_, shape)| shape)
    }

    /// Returns the SQL that reads one record: number, name, parent, private, editable, time, editor, fields.
    pub(crate) fn select(&self) -> &'static str {
        static MADE: LazyLock<Vec<(Kind, String)>> = LazyLock::new(|| {
            KINDS.iter().map(|columns| (columns.kind, columns.make_select())).collect()
        });
        MADE.iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, sql)| sql)
    }

    fn make_select(&self) -> String {
        let parent = if self.kind == Kind::Contact { "NULL" } else { "parent" };
        let fields: Vec<_> = self.fields().map(|(word, _)| quoted(word)).collect();
        format!(
            "SELECT number, {}, {parent}, private, editable, changed_at, changed_by, {} FROM {} WHERE id = ?1",
            self.name,
            fields.join(", "),
            self.table
        )
    }
}

/// How many columns [`Columns::select`] reads before the fields.
pub(crate) const BEFORE_FIELDS: usize = 7;

/// Returns a column's name for SQL; `end` is a word of the language.
pub(crate) fn quoted(word: &str) -> String {
    format!("\"{word}\"")
}

/// Says whether a field is text of one line.
pub(crate) const fn is_text(shape: Shape) -> bool {
    matches!(shape, Shape::Text)
}

/// Says whether updates may set a field: all that have a column.
pub(crate) fn is_writable(word: &str) -> bool {
    word != "attendees"
}
