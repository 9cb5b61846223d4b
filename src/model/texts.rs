//! Pure: texts that Outlook does not hold as they are, in whichever mailbox (rule D11). A server refuses some of them; a file takes
//! them all, and the next time Outlook saves the item it cuts or divides them, which would come back as a person's edit.

use super::canonical::line;
use super::content::Content;
use super::field::{Block, Field, FieldSet, ItemKind, Shape};
use super::recurrence::{Exception, ExceptionChange, Recurrence};
use super::value::Value;

/// The UTF-16 units that a subject has at most: fewer than 254 (MS-OXCMSG 2.2.1.10).
const SUBJECT: usize = 253;

/// The UTF-16 units that a category has at most: fewer than 256 (MS-OXCMSG 2.2.1.17).
const CATEGORY: usize = 255;

/// Where Outlook divides what it is given as one category (MS-OXCICAL 2.1.3.1.1.20.3).
pub const SEPARATORS: [char; 5] = [',', ';', '\u{61B}', '\u{FE54}', '\u{FF1B}'];

/// Where a line ends, in any system's view.
const BREAKS: [char; 7] = ['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'];

/// The fields of a record whose values stay where they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unheld {
    /// Those that are too long for Outlook.
    pub too_long: FieldSet,
    /// The categories, where Outlook would make several of one.
    pub divided: FieldSet,
}

impl Unheld {
    /// Looks through what an item would get.
    pub fn of(kind: ItemKind, content: &Content) -> Self {
        let mut unheld = Self::default();
        match kind {
            ItemKind::Contact => unheld.too_long = names(content),
            ItemKind::Appointment | ItemKind::Task => {
                if content.text(Field::Subject).is_some_and(|text| units(text) > SUBJECT) {
                    unheld.too_long.insert(Field::Subject);
                }
                if let Some(Value::Recurrence(series)) = content.value(Field::Recurrence)
                    && own_subjects(series).any(|text| units(text) > SUBJECT)
                {
                    unheld.too_long.insert(Field::Recurrence);
                }
            }
        }
        if let Some(Value::List(entries)) = content.value(Field::Categories) {
            if entries.iter().any(|entry| units(entry) > CATEGORY) {
                unheld.too_long.insert(Field::Categories);
            } else if !entries.iter().all(|entry| is_category(entry)) {
                unheld.divided.insert(Field::Categories);
            }
        }
        unheld
    }
}

/// The subject of a contact is the name that is shown: the full name, else the company, else the first address. The parts of a name
/// go together or not at all.
fn names(content: &Content) -> FieldSet {
    let mut too_long = FieldSet::EMPTY;
    let company = FieldSet::of(Field::Company);
    for fields in [Block::Name.fields(), company, FieldSet::of(Field::Email1)] {
        let parts = fields.iter().filter_map(|field| content.text(field)).map(line);
        // One more for the space behind each but the last.
        let length: usize = parts.map(|part| units(&part) + 1).sum();
        if length > SUBJECT + 1 {
            too_long = too_long.union(fields);
        } else if length > 0 {
            break;
        }
    }
    too_long
}

/// Lists the subjects that changed occurrences have for themselves: what holds for that of an item holds for each.
fn own_subjects(series: &Recurrence) -> impl Iterator<Item = &String> {
    series.exceptions.iter().filter_map(|Exception { change, .. }| match change {
        ExceptionChange::Changed { subject, .. } => subject.as_ref(),
        ExceptionChange::Deleted => None,
    })
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Says whether a text is one category in Outlook.
pub fn is_category(text: &str) -> bool {
    units(text) <= CATEGORY && !text.contains(SEPARATORS)
}

/// Returns as much of a text as a category holds, in whole characters.
pub fn as_category(text: &str) -> String {
    beginning(text, CATEGORY).to_owned()
}

/// Returns what a text begins with, in whole characters and at most so many UTF-16 units.
pub fn beginning(text: &str, units: usize) -> &str {
    let mut left = units;
    let over = text.char_indices().find(|(_, letter)| {
        let rest = left.checked_sub(letter.len_utf16());
        left = rest.unwrap_or(0);
        rest.is_none()
    });
    over.and_then(|(at, _)| text.get(..at)).unwrap_or(text)
}

/// Writes what has one line in Outlook in one line: a space stands for each end of a line, which makes no difference to any field.
pub fn in_one_line(content: &mut Content) {
    let broken: Vec<(Field, Value)> = content
        .values()
        .filter(|(field, _)| field.shape() != Shape::Body)
        .filter_map(|(field, value)| Some((field, unbroken(value)?)))
        .collect();
    for (field, value) in broken {
        content.set(field, value);
    }
}

/// Returns a value without ends of lines; `None` where it has none.
fn unbroken(value: &Value) -> Option<Value> {
    let is_broken = |text: &String| text.contains(BREAKS);
    let join = |text: &String| -> String {
        let parts = text.split(BREAKS).map(str::trim).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" ")
    };
    match value {
        Value::Text(text) if is_broken(text) => Some(Value::Text(join(text))),
        Value::List(entries) if entries.iter().any(is_broken) => {
            Some(Value::List(entries.iter().map(join).collect()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::{SEPARATORS, Unheld, as_category, in_one_line};
    use crate::model::recurrence::{
        Exception, ExceptionChange, Moment, Pattern, Range, Recurrence,
    };
    use crate::model::{Block, Content, Field, FieldSet, ItemKind, Value};

    fn categories(entries: &[&str]) -> Content {
        let mut content = Content::new();
        content.set(Field::Categories, Value::List(entries.iter().map(|e| (*e).into()).collect()));
        content
    }

    /// A daily series with a changed occurrence of this subject.
    fn with_occurrence(subject: &str) -> Content {
        let day = |day| Moment::Day(date(2027, 1, day));
        let subject = Some(subject.to_owned());
        let change =
            ExceptionChange::Changed { start: day(12), end: day(13), subject, place: None };
        let series = Recurrence {
            pattern: Pattern::Daily { every: 1 },
            range: Range::Forever { start: date(2027, 1, 11) },
            exceptions: vec![Exception { original: date(2027, 1, 12), change }],
        };
        let mut content = Content::of_texts(&[(Field::Subject, "Lage")]);
        content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        content
    }

    /// MS-OXCMSG 2.2.1.10: fewer than 254 characters, which are units of UTF-16.
    #[test]
    fn d11_a_subject_has_at_most_253_units() {
        let of = |kind, parts: &[(Field, String)]| {
            let parts: Vec<_> = parts.iter().map(|(field, text)| (*field, text.as_str())).collect();
            Unheld::of(kind, &Content::of_texts(&parts)).too_long
        };
        let subject = FieldSet::of(Field::Subject);
        for (text, expected) in [
            ("s".repeat(253), FieldSet::EMPTY),
            ("s".repeat(254), subject),
            ("ß".repeat(253), FieldSet::EMPTY),
            // Two units each.
            ("🦉".repeat(126), FieldSet::EMPTY),
            ("🦉".repeat(127), subject),
        ] {
            for kind in [ItemKind::Appointment, ItemKind::Task] {
                assert_eq!(of(kind, &[(Field::Subject, text.clone())]), expected, "{text}");
            }
            // A series whose occurrence has it stays whole where it is (rule D10).
            let series = FieldSet::of(Field::Recurrence);
            let expected = if expected.is_empty() { FieldSet::EMPTY } else { series };
            let unheld = Unheld::of(ItemKind::Appointment, &with_occurrence(&text));
            assert_eq!(unheld.too_long, expected, "{text}");
        }
        // With the space between, 253 and 254.
        let names = |given: usize| {
            let given = (Field::GivenName, "g".repeat(given));
            of(ItemKind::Contact, &[given, (Field::Surname, "n".repeat(200))])
        };
        assert_eq!((names(52), names(53)), (FieldSet::EMPTY, Block::Name.fields()));
        // Without a name the company is shown, and beside one it may be as long as it is.
        let company = (Field::Company, "c".repeat(254));
        assert_eq!(
            of(ItemKind::Contact, std::slice::from_ref(&company)),
            FieldSet::of(Field::Company)
        );
        let both = [company, (Field::Surname, "Kern".to_owned())];
        assert_eq!(of(ItemKind::Contact, &both), FieldSet::EMPTY);
    }

    #[test]
    fn d11_a_category_has_at_most_255_units_and_nothing_that_divides_it() {
        let all = FieldSet::of(Field::Categories);
        for kind in ItemKind::ALL {
            let of = |entries: &[&str]| {
                let unheld = Unheld::of(kind, &categories(entries));
                (unheld.too_long, unheld.divided)
            };
            let (fits, over) = ("k".repeat(255), "k".repeat(256));
            assert_eq!(of(&["Kunde", &fits]), (FieldSet::EMPTY, FieldSet::EMPTY));
            assert_eq!(of(&["Kunde", &over]), (all, FieldSet::EMPTY));
            for separator in SEPARATORS {
                let two = format!("Eins{separator} Zwei");
                assert_eq!(of(&[&two]), (FieldSet::EMPTY, all), "{two}");
            }
        }
    }

    #[test]
    fn what_has_one_line_is_written_in_one() {
        let mut content = categories(&["Eins\u{2028}Zwei"]);
        content.set_text(Field::Company, " Firma\r\n\r\nGmbH \n& Co ");
        content.set_text(Field::BusinessStreet, "Haus 1\nHinterhof");
        content.set_text(Field::Notes, "eins\nzwei");
        let mut expected = categories(&["Eins Zwei"]);
        expected.set_text(Field::Company, "Firma GmbH & Co");
        expected.set_text(Field::BusinessStreet, "Haus 1\nHinterhof");
        expected.set_text(Field::Notes, "eins\nzwei");
        in_one_line(&mut content);
        assert_eq!(content, expected);
    }

    #[test]
    fn a_category_of_ours_ends_with_a_whole_character() {
        assert_eq!(as_category(&"k".repeat(300)), "k".repeat(255));
        assert_eq!(as_category(&"🦉".repeat(200)), "🦉".repeat(127));
        assert_eq!(as_category("Bewerber BEW-7"), "Bewerber BEW-7");
    }
}
