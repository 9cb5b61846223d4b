//! Pure: the names that Outlook shows and files by. Neither Exchange nor a PST file derives them when the parts change
//! (notes.md §2.1), and a contact without a file-as name is shown blank.

use std::borrow::Cow;

use crate::model::{Block, Content, Field};

/// The two derived names as they are on an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// The displayed name.
    pub(super) display: String,
    /// The name that it is filed under.
    pub(super) file_as: String,
    /// What that is made of, where the item tells: `PidLidFileUnderId` (MS-OXOCNTC 2.2.1.1.12).
    pub(super) made_of: Option<i32>,
}

/// The derived names to write; `None` leaves one as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Derived {
    /// The displayed name.
    pub(super) display: Option<String>,
    /// The name that it is filed under.
    pub(super) file_as: Option<Filed>,
}

/// A name that a contact is filed under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filed {
    /// The name.
    pub(super) name: String,
    /// What it is made of: `PidLidFileUnderId`.
    pub(super) id: i32,
}

/// Says whether a change touches what the names are made of.
pub(super) fn concerns(content: &Content) -> bool {
    content.iter().any(|(field, _)| {
        field.block() == Block::Name || matches!(field, Field::Company | Field::Email1)
    })
}

/// Returns the names of a new contact.
pub(super) fn derive(content: &Content) -> Derived {
    Derived { display: display(content), file_as: first(content) }
}

/// Returns the names to write with a change: a name is followed up where it is blank, or still what comes of the parts as
/// they were; a name that the person chose stays.
pub(super) fn follow(content: &Content, before: &Content, shown: &Shown) -> Derived {
    let mut after = before.clone();
    for (field, slot) in content.iter() {
        after.put(field, slot.clone());
    }
    let new = display(&after);
    let ours = shown.display.trim().is_empty() || same(&shown.display, display(before).as_deref());
    let display = new.filter(|new| ours && !same(&shown.display, Some(new)));
    // The person may file under another of Outlook's formats: it is kept. Several may give the same name, as that of somebody without
    // a given name, and go apart later; the one that the item tells of is asked first.
    let kept = if shown.file_as.trim().is_empty() {
        first(&after)
    } else {
        let is_told = |(id, _): &&Format| *id != TYPED && shown.made_of == Some(*id);
        let told = FORMATS.iter().filter(is_told);
        let mut formats = told.chain(FORMATS.iter().filter(|format| !is_told(format)));
        let format = formats.find(|(_, format)| same(&shown.file_as, Some(&format(before))));
        format.map(|format| filed(format, &after)).filter(|filed| !filed.name.is_empty())
    };
    Derived { display, file_as: kept.filter(|filed| !same(&shown.file_as, Some(&filed.name))) }
}

fn first(content: &Content) -> Option<Filed> {
    FORMATS.iter().map(|format| filed(format, content)).find(|filed| !filed.name.is_empty())
}

fn filed((id, format): &Format, content: &Content) -> Filed {
    Filed { name: format(content), id: *id }
}

fn same(shown: &str, derived: Option<&str>) -> bool {
    derived.is_some_and(|derived| {
        !derived.is_empty()
            && crate::model::canonical::line(shown) == crate::model::canonical::line(derived)
    })
}

/// The full name, else the company, else the first address.
fn display(content: &Content) -> Option<String> {
    let full = join(
        content,
        &[Field::Title, Field::GivenName, Field::MiddleName, Field::Surname, Field::Suffix],
    );
    std::iter::once(full)
        .chain([company, email].iter().map(|name| name(content)))
        .find(|name| !name.is_empty())
}

/// The full name without its title, as Outlook puts it before an address.
pub(super) fn untitled(content: &Content) -> String {
    join(content, &[Field::GivenName, Field::MiddleName, Field::Surname, Field::Suffix])
}

/// What a name to file by is made of, and how.
type Format = (i32, fn(&Content) -> String);

/// `PidLidFileUnderId` of a name that somebody typed.
const TYPED: i32 = -1;

/// The names that Outlook offers for filing, ours first; each is blank where its parts are. Names of two lines stand in brackets where
/// Outlook and Exchange show them in one, and some programs store them so.
const FORMATS: [Format; 20] = [
    (0x8017, comma),
    (0x3A16, company),
    (TYPED, email),
    (0x8018, |content| two_lines(&company(content), &comma(content))),
    (0x8019, |content| two_lines(&comma(content), &company(content))),
    (0x8018, |content| with(&company(content), &comma(content))),
    (0x8019, |content| with(&comma(content), &company(content))),
    (0x3A06, |content| join(content, &[Field::GivenName])),
    (0x3A11, |content| join(content, &[Field::Surname])),
    (0x8037, untitled),
    (TYPED, |content| join(content, &[Field::GivenName, Field::MiddleName, Field::Surname])),
    (0x3001, |content| display(content).unwrap_or_default()),
    (0x8031, apart),
    (0x8030, together),
    (0x8033, |content| two_lines(&company(content), &apart(content))),
    (0x8032, |content| two_lines(&company(content), &together(content))),
    (0x8035, |content| two_lines(&apart(content), &company(content))),
    (0x8034, |content| two_lines(&together(content), &company(content))),
    (0x8036, |content| {
        join(content, &[Field::Surname, Field::GivenName, Field::MiddleName, Field::Suffix])
    }),
    (0x8038, |content| {
        let others = join(content, &[Field::GivenName, Field::MiddleName, Field::Suffix]);
        [&*text(content, Field::Surname), &*others].concat()
    }),
];

/// The surname in front, apart from the others.
fn apart(content: &Content) -> String {
    join(content, &[Field::Surname, Field::GivenName, Field::MiddleName])
}

/// As [`apart`], without a space behind it, as East Asian names are written.
fn together(content: &Content) -> String {
    let others = join(content, &[Field::GivenName, Field::MiddleName]);
    [&*text(content, Field::Surname), &*others].concat()
}

fn two_lines(one: &str, other: &str) -> String {
    match (one.is_empty(), other.is_empty()) {
        (false, false) => format!("{one}\r\n{other}"),
        _ => String::new(),
    }
}

fn comma(content: &Content) -> String {
    let surname = text(content, Field::Surname);
    let given = join(content, &[Field::GivenName, Field::MiddleName]);
    let between = if surname.is_empty() || given.is_empty() { "" } else { ", " };
    [&*surname, between, &*given].concat()
}

fn company(content: &Content) -> String {
    text(content, Field::Company).into_owned()
}

fn email(content: &Content) -> String {
    text(content, Field::Email1).into_owned()
}

fn with(one: &str, other: &str) -> String {
    match (one.is_empty(), other.is_empty()) {
        (false, false) => format!("{one} ({other})"),
        _ => String::new(),
    }
}

fn text(content: &Content, field: Field) -> Cow<'_, str> {
    content.text(field).map(crate::model::canonical::line).unwrap_or_default()
}

fn join(content: &Content, fields: &[Field]) -> String {
    let mut joined = String::new();
    for part in fields.iter().map(|field| text(content, *field)).filter(|part| !part.is_empty()) {
        joined.push_str(if joined.is_empty() { "" } else { " " });
        joined.push_str(&part);
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::{Derived, FORMATS, Shown, derive, follow};
    use crate::model::{Content, Field};

    fn texts(names: Derived) -> Vec<String> {
        names.display.into_iter().chain(names.file_as.map(|filed| filed.name)).collect()
    }

    fn anna() -> Content {
        Content::of_texts(&[
            (Field::Title, "Dr."),
            (Field::GivenName, "Anna"),
            (Field::MiddleName, "Maria"),
            (Field::Surname, "Müller"),
            (Field::Company, "Firma GmbH"),
        ])
    }

    #[test]
    fn a_new_contact_gets_both_names() {
        assert_eq!(texts(derive(&anna())), ["Dr. Anna Maria Müller", "Müller, Anna Maria"]);
        let company = Content::of_texts(&[(Field::Company, "Firma GmbH")]);
        assert_eq!(texts(derive(&company)), ["Firma GmbH", "Firma GmbH"]);
        let address = Content::of_texts(&[(Field::Email1, "info@firma.example")]);
        assert_eq!(texts(derive(&address)), ["info@firma.example", "info@firma.example"]);
        assert!(texts(derive(&Content::new())).is_empty());
    }

    #[test]
    fn names_that_were_derived_follow_and_chosen_ones_stay() {
        let change = Content::of_texts(&[(Field::Surname, "Schmidt")]);
        let shown = |display: &str, file_as: &str| Shown {
            display: display.to_owned(),
            file_as: file_as.to_owned(),
            made_of: None,
        };
        let ours = shown("Dr. Anna Maria Müller", "Müller, Anna Maria");
        let out = follow(&change, &anna(), &ours);
        assert_eq!(texts(out), ["Dr. Anna Maria Schmidt", "Schmidt, Anna Maria"]);
        let blank = shown("", "");
        let out = follow(&change, &anna(), &blank);
        assert_eq!(texts(out), ["Dr. Anna Maria Schmidt", "Schmidt, Anna Maria"]);
        let chosen = shown("Annchen", "Nachbarin");
        assert_eq!(follow(&change, &anna(), &chosen), Derived::default());
        let format = shown("Annchen", "Müller, Anna Maria (Firma GmbH)");
        let out = follow(&change, &anna(), &format);
        assert_eq!(texts(out), ["Schmidt, Anna Maria (Firma GmbH)"]);
    }

    /// MS-OXOCNTC 2.2.1.1.12, by hand. What Outlook files by follows the name, whichever of its formats the person has chosen.
    #[test]
    fn every_format_of_outlook_follows() {
        let mut content = anna();
        content.set_text(Field::Suffix, "MBA");
        let named = |surname: &str, id: i32| match id {
            0x3001 => format!("Dr. Anna Maria {surname} MBA"),
            0x3A06 => "Anna".to_owned(),
            0x3A11 => surname.to_owned(),
            0x3A16 => "Firma GmbH".to_owned(),
            0x8017 => format!("{surname}, Anna Maria"),
            0x8018 => format!("Firma GmbH\r\n{surname}, Anna Maria"),
            0x8019 => format!("{surname}, Anna Maria\r\nFirma GmbH"),
            0x8030 => format!("{surname}Anna Maria"),
            0x8031 => format!("{surname} Anna Maria"),
            0x8032 => format!("Firma GmbH\r\n{surname}Anna Maria"),
            0x8033 => format!("Firma GmbH\r\n{surname} Anna Maria"),
            0x8034 => format!("{surname}Anna Maria\r\nFirma GmbH"),
            0x8035 => format!("{surname} Anna Maria\r\nFirma GmbH"),
            0x8036 => format!("{surname} Anna Maria MBA"),
            0x8037 => format!("Anna Maria {surname} MBA"),
            0x8038 => format!("{surname}Anna Maria MBA"),
            _ => panic!("{id:x}"),
        };
        let change = Content::of_texts(&[(Field::Surname, "Schmidt")]);
        let mut ids: Vec<i32> = FORMATS.iter().map(|(id, _)| *id).filter(|id| *id > 0).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 16);
        for id in ids {
            let file_as = named("Müller", id);
            let shown = Shown { display: "Annchen".to_owned(), file_as, made_of: None };
            let followed = follow(&change, &content, &shown).file_as.map(|filed| filed.name);
            let expected = named("Schmidt", id);
            assert_eq!(followed, (expected != shown.file_as).then_some(expected), "{id:x}");
        }
    }

    /// By hand, of formats that give the same name as long as a part is missing.
    #[test]
    fn the_format_that_a_contact_tells_of_is_asked_first() {
        let mueller = [(Field::Surname, "Müller")];
        let anna = [(Field::GivenName, "Anna"), (Field::Surname, "Müller")];
        for (before, (field, new), file_as, made_of, expected) in [
            (
                &mueller[..],
                (Field::GivenName, "Anna"),
                "Müller",
                Some(0x8017),
                Some("Müller, Anna"),
            ),
            (&mueller[..], (Field::GivenName, "Anna"), "Müller", Some(0x3A11), None),
            (&mueller[..], (Field::GivenName, "Anna"), "Müller", Some(0x8037), Some("Anna Müller")),
            (&anna[..], (Field::Suffix, "MBA"), "MüllerAnna", Some(0x8030), None),
            (&anna[..], (Field::Suffix, "MBA"), "MüllerAnna", Some(0x8038), Some("MüllerAnna MBA")),
            // Typed once, or by a program that told no format: Outlook goes on by the one it is.
            (&anna[..], (Field::Suffix, "MBA"), "Anna Müller", Some(-1), Some("Anna Müller MBA")),
            // What is told and not so is no reason to leave the name behind.
            (&anna[..], (Field::Surname, "Kern"), "Müller, Anna", Some(0x8037), Some("Kern, Anna")),
        ] {
            let (before, change) = (Content::of_texts(before), Content::of_texts(&[(field, new)]));
            let file_as = file_as.to_owned();
            let shown = Shown { display: "Annchen".to_owned(), file_as, made_of };
            let followed = follow(&change, &before, &shown).file_as.map(|filed| filed.name);
            assert_eq!(followed.as_deref(), expected, "{made_of:x?} {field} {new}");
        }
    }

    #[test]
    fn a_change_of_the_company_leaves_the_name_of_a_person() {
        let change = Content::of_texts(&[(Field::Company, "Andere AG")]);
        let ours = Shown {
            display: "Dr. Anna Maria Müller".to_owned(),
            file_as: "Müller, Anna Maria".to_owned(),
            made_of: None,
        };
        assert_eq!(follow(&change, &anna(), &ours), Derived::default());
    }
}
