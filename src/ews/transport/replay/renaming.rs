//! Values that go by another name in a recording (pure; for tests and simulations only).
//!
//! A recording holds invented values in place of those that were sent, the same for the same. Whoever asks again with the values of that
//! time, or with others, is understood as long as it stays consistent: what was one value then is one value now.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::ews::error::ReplyError;
use crate::ews::recorder::invent::{between, cased};
use crate::ews::recorder::parts::{Part, Rewrite, parts};
use crate::ews::recorder::scrub::Place;
use crate::ews::recorder::words::{Treatment, of_attribute};
use crate::ews::xml::reader::{Handler, Limits, PushReader, Tag};
use crate::ews::xml::text::{TextBuffer, unescape};

/// What is called what; days, texts and words apart, words in small letters.
#[derive(Debug, Default)]
pub(super) struct Renaming {
    recorded: HashMap<(Kind, String), String>,
    asked: HashMap<(Kind, String), String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Word,
    Day,
    Prose,
}

impl Renaming {
    /// Compares a request with the recorded one, and learns the names in it. Returns the first difference.
    pub(super) fn learn(&mut self, recorded: &str, asked: &str) -> Option<String> {
        let (was, is) = (pieces(recorded), pieces(asked));
        (0..was.len().max(is.len())).find_map(|place| {
            let (old, new) = (was.get(place), is.get(place));
            let same = match (old, new) {
                (Some(old), Some(new)) => {
                    old.markup == new.markup
                        && old.treatment == new.treatment
                        && self.agree(old.treatment, &old.text, &new.text)
                }
                _ => false,
            };
            let shown = |piece: Option<&Piece>| piece.map_or("(the end)".to_owned(), Piece::shown);
            (!same).then(|| {
                let before = place.checked_sub(1).and_then(|before| was.get(before));
                format!(
                    "after {}\n- recorded: {}\n+ asked:    {}",
                    before.map_or("(the beginning)".to_owned(), Piece::shown),
                    shown(old),
                    shown(new)
                )
            })
        })
    }

    /// Says whether a value is called so, and learns that it is.
    pub(super) fn agree(&mut self, treatment: Treatment, recorded: &str, asked: &str) -> bool {
        let (was, is) = (parts(treatment, recorded), parts(treatment, asked));
        was.len() == is.len()
            && was.iter().zip(&is).all(|(was, is)| match (*was, *is) {
                (Part::Between(was), Part::Between(is)) => was == between(is),
                (Part::Word(was), Part::Word(is)) => {
                    self.name(Kind::Word, &was.to_lowercase(), &is.to_lowercase())
                }
                (Part::Day(was), Part::Day(is)) => self.name(Kind::Day, was, is),
                (Part::Prose(was), Part::Prose(is)) => self.name(Kind::Prose, was, is),
                // Ids are the server's: they are asked for as they were given.
                (was, is) => was == is,
            })
    }

    fn name(&mut self, kind: Kind, recorded: &str, asked: &str) -> bool {
        let other = self.back(kind, recorded).is_some_and(|other| other != asked);
        match self.recorded.entry((kind, asked.to_owned())) {
            Entry::Occupied(known) => known.get() == recorded,
            // Of days and short lines there are few, so that two may have come out as one.
            Entry::Vacant(_) if other && kind == Kind::Word => false,
            Entry::Vacant(free) => {
                free.insert(recorded.to_owned());
                self.asked.insert((kind, recorded.to_owned()), asked.to_owned());
                true
            }
        }
    }

    fn back(&self, kind: Kind, recorded: &str) -> Option<&String> {
        self.asked.get(&(kind, recorded.to_owned()))
    }
}

impl Rewrite for Renaming {
    /// Returns what the one who asks calls it; what it never spoke of keeps the name of the recording.
    fn part(&self, part: Part<'_>) -> String {
        match part {
            Part::Word(run) => match self.back(Kind::Word, &run.to_lowercase()) {
                Some(asked) => cased(asked, run),
                None => run.to_owned(),
            },
            Part::Day(day) => self.back(Kind::Day, day).map_or(day, String::as_str).to_owned(),
            Part::Prose(text) => {
                self.back(Kind::Prose, text).map_or(text, String::as_str).to_owned()
            }
            Part::Token(text) | Part::Fixed(text) => text.to_owned(),
            Part::Between(character) => character.to_string(),
        }
    }
}

/// A value of a document, or markup without one.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    /// What stands before the value: `<t:Surname>`, ` Id=`.
    markup: String,
    treatment: Treatment,
    text: String,
}

impl Piece {
    fn shown(&self) -> String {
        format!("{}{}", self.markup, self.text)
    }
}

/// Takes a document apart. One of our own can always be read.
fn pieces(document: &str) -> Vec<Piece> {
    let mut walk = Walk::default();
    let mut reader = PushReader::new(Limits::default());
    if reader.feed(document.as_bytes(), &mut walk).is_err() {
        walk.push("(what is no XML)".to_owned(), Treatment::Keep, document.to_owned());
    }
    walk.out
}

#[derive(Default)]
struct Walk {
    place: Place,
    text: TextBuffer,
    out: Vec<Piece>,
}

impl Walk {
    fn push(&mut self, markup: String, treatment: Treatment, text: String) {
        self.out.push(Piece { markup, treatment, text });
    }

    fn flush(&mut self) {
        let text = self.text.take();
        if !text.is_empty() {
            self.place.read(&text);
            let markup = format!("<{}>", self.place.name());
            self.push(markup, self.place.treatment(), text);
        }
    }
}

impl Handler for Walk {
    fn start(&mut self, element: &Tag<'_>, _offset: u64) -> Result<(), ReplyError> {
        self.flush();
        self.push(format!("<{}>", element.whole_name()), Treatment::Keep, String::new());
        for (key, value) in element.whole_attributes() {
            let markup = format!("<{} {key}=", element.whole_name());
            self.push(markup, of_attribute(element.name(), key), unescape(&value));
        }
        self.place.enter(element);
        Ok(())
    }

    fn text(&mut self, raw: &str, _offset: u64) -> Result<(), ReplyError> {
        self.text.fragment(raw);
        Ok(())
    }

    fn reference(&mut self, name: &str) {
        self.text.reference(name);
    }

    fn end(&mut self) {
        self.flush();
        if let Some(name) = self.place.leave() {
            self.push(format!("</{name}>"), Treatment::Keep, String::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Renaming;
    use crate::ews::recorder::parts::Rewrite as _;
    use crate::ews::recorder::words::Treatment;

    #[test]
    fn another_name_is_understood_as_long_as_it_is_the_same() {
        let mut names = Renaming::default();
        let recorded =
            "<c><Surname>Qwert</Surname><Address>qwert@asd.yx</Address><Size>7</Size></c>";
        let asked = |surname: &str, address: &str, size: &str| {
            format!(
                "<c><Surname>{surname}</Surname><Address>{address}</Address><Size>{size}</Size></c>"
            )
        };
        assert_eq!(names.learn(recorded, &asked("Hofer", "hofer@haus.de", "7")), None);
        assert_eq!(names.text(Treatment::Words, "QWERT, Poiu"), "HOFER, Poiu");
        let told = |surname: &str, address: &str, size: &str| {
            Renaming::default().learn(recorded, &asked(surname, address, size)).unwrap()
        };
        assert_eq!(
            told("Hofer", "huber@haus.de", "7"),
            "after <Address>\n- recorded: <Address>qwert@asd.yx\n+ asked:    <Address>huber@haus.de"
        );
        assert!(told("Hofer", "hofer@haus.de", "8").contains("+ asked:    <Size>8"));
        assert!(told("Hofer", "hofer+x@haus.de", "7").contains("+ asked:    <Address>"));
        let more = "<c><Surname>Hofer</Surname></c>";
        assert!(Renaming::default().learn(recorded, more).unwrap().contains("+ asked:    </c>"));
    }

    #[test]
    fn ids_are_asked_for_as_they_were_given() {
        let mut names = Renaming::default();
        let id = |id: &str| format!("<ItemId Id=\"{id}\"/>");
        assert_eq!(names.learn(&id("AAMk/7="), &id("AAMk/7=")), None);
        assert!(names.learn(&id("AAMk/7="), &id("AAMk/8=")).is_some());
    }

    #[test]
    fn days_and_texts_go_by_another_name_as_a_whole() {
        let mut names = Renaming::default();
        let item = |day: &str, text: &str| {
            format!("<c><Birthday>{day}T11:59:00Z</Birthday><Body>{text}</Body></c>")
        };
        assert_eq!(
            names.learn(&item("1971-05-06", "Xy ab"), &item("1984-02-29", "So so 🐣")),
            None
        );
        assert_eq!(names.text(Treatment::Day, "1971-05-06T00:00:00Z"), "1984-02-29T00:00:00Z");
        assert_eq!(names.text(Treatment::Prose, "Xy ab"), "So so 🐣");
        assert_eq!(names.text(Treatment::Prose, "Xy"), "Xy");
    }
}
