//! Pure: shows on the item where it belongs (rule D18), and takes that off again before anything is compared or flows back.
//!
//! The reference is one line at the end of the body, the category one entry among the person's own. Both are recognised by
//! their form alone, so that they come off even when the state was lost.

use crate::model::rules::Reference;
use crate::model::texts::{SEPARATORS, as_category};
use crate::model::{Content, Field, FieldSet, ItemKind, Slot, Value};
use crate::source::Record;
use crate::state::OwnCategories;

const MARK: &str = "[staffITpro: ";

/// What a scope shows on its items.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dress<'a> {
    /// Where the reference goes.
    pub reference: Reference,
    /// The category every item of the scope gets.
    pub category: Option<&'a str>,
    /// Whether module names are German.
    pub german: bool,
}

impl Dress<'_> {
    /// Says in which field the body of a kind is kept.
    pub const fn body(kind: ItemKind) -> Field {
        match kind {
            ItemKind::Contact => Field::Notes,
            ItemKind::Appointment | ItemKind::Task => Field::Body,
        }
    }

    /// Returns what the reference says: module, number and name of the record, or of what it belongs to.
    pub fn label(&self, record: &Record) -> String {
        let (module, number, name) = match &record.parent {
            Some(parent) => (parent.module, parent.number.as_deref(), parent.name.as_deref()),
            None => (record.module, record.number.as_deref(), record.name.as_deref()),
        };
        let module = if self.german {
            module.german().first().copied().unwrap_or(module.key())
        } else {
            module.key()
        };
        let mut label = module.to_owned();
        for part in [number, name].into_iter().flatten() {
            label.push(' ');
            label.push_str(part);
        }
        // Outlook takes a comma or a semicolon in a category for the end of it (notes on categories).
        label.replace(['[', ']', '\n', '\r'], " ").replace(SEPARATORS, " ")
    }

    /// Returns the categories that are shown on an item of this record.
    pub fn shown(&self, record: &Record) -> Vec<String> {
        let mut shown: Vec<String> = self.category.iter().map(|name| (*name).to_owned()).collect();
        if self.reference == Reference::Category {
            shown.push(as_category(&self.label(record)));
        }
        shown
    }

    /// Returns a body with the reference at its end.
    pub fn dress_body(&self, body: Option<&str>, record: &Record) -> Option<String> {
        if self.reference != Reference::Body {
            return body.map(ToOwned::to_owned);
        }
        let line = format!("{MARK}{}]", self.label(record));
        Some(match body.map(str::trim_end).filter(|body| !body.is_empty()) {
            Some(body) => format!("{body}\n\n{line}"),
            None => line,
        })
    }

    /// Says which fields of an item lack what they should show, or show something else.
    pub fn bare(&self, kind: ItemKind, item: &Content, record: &Record) -> FieldSet {
        let mut bare = FieldSet::EMPTY;
        let body = Self::body(kind);
        if item.slot(body).is_some() {
            let wanted = (self.reference == Reference::Body).then(|| self.label(record));
            let found = item.text(body).and_then(reference_line);
            let same = match (&wanted, &found) {
                (Some(wanted), Some(found)) => {
                    crate::model::canonical::line(wanted) == crate::model::canonical::line(found)
                }
                (None, None) => true,
                _ => false,
            };
            if !same {
                bare.insert(body);
            }
        }
        if item.slot(Field::Categories).is_some() {
            let has = categories(item);
            if self.shown(record).iter().any(|wanted| !contains(&has, wanted)) {
                bare.insert(Field::Categories);
            }
        }
        bare
    }
}

/// Takes the reference and the shown categories off an item's content, in place.
pub fn undress(kind: ItemKind, content: &mut Content, own: &OwnCategories, shown: &[String]) {
    let body = Dress::body(kind);
    if let Some(text) = content.text(body)
        && reference_line(text).is_some()
    {
        let kept: Vec<_> = text.lines().filter(|line| as_reference(line).is_none()).collect();
        content.set_text(body, kept.join("\n").trim_end().to_owned());
    }
    if let Some(Slot::Value(Value::List(entries))) = content.slot(Field::Categories) {
        let kept = entries
            .iter()
            .filter(|entry| !contains(&own.shown, entry) && !contains(shown, entry))
            .cloned()
            .collect();
        content.set(Field::Categories, Value::List(kept));
    }
}

/// Returns the categories to write: the item's own, without those the connector put there, with those it puts there now.
pub fn merge_categories(
    item: &Content,
    own: &OwnCategories,
    carried: &[String],
    shown: &[String],
) -> Vec<String> {
    let mut merged: Vec<String> = categories(item)
        .into_iter()
        .filter(|entry| !contains(&own.carried, entry) && !contains(&own.shown, entry))
        .collect();
    for entry in carried.iter().chain(shown) {
        if !contains(&merged, entry) {
            merged.push(entry.clone());
        }
    }
    merged
}

/// Returns the categories of some content.
pub fn categories(content: &Content) -> Vec<String> {
    match content.value(Field::Categories) {
        Some(Value::List(entries)) => entries.clone(),
        _ => Vec::new(),
    }
}

fn contains(entries: &[String], wanted: &str) -> bool {
    let wanted = crate::model::canonical::line(wanted).to_lowercase();
    entries.iter().any(|entry| crate::model::canonical::line(entry).to_lowercase() == wanted)
}

fn reference_line(text: &str) -> Option<&str> {
    text.lines().rev().find_map(as_reference)
}

fn as_reference(line: &str) -> Option<&str> {
    line.trim().strip_prefix(MARK)?.strip_suffix(']')
}

#[cfg(test)]
mod tests {
    use super::{Dress, OwnCategories, merge_categories, undress};
    use crate::model::rules::Reference;
    use crate::model::{
        Content, Field, FieldSet, ItemKind, Module, RecordId, RecordVersion, Value,
    };
    use crate::source::Record;

    fn record() -> Record {
        Record {
            id: RecordId::from("1"),
            kind: ItemKind::Contact,
            module: Module::Applicants,
            version: RecordVersion::from("1"),
            number: Some("BEW-7".into()),
            name: Some("Anna Müller".into()),
            parent: None,
            content: Content::new(),
            changed_at: None,
            changed_by: None,
            private: false,
            editable: true,
        }
    }

    const DRESS: Dress<'static> =
        Dress { reference: Reference::Body, category: Some("staffITpro"), german: true };

    #[test]
    fn d18_what_is_put_on_comes_off_again() {
        let dressed = DRESS.dress_body(Some("Ruft zurück.\n"), &record()).unwrap();
        assert_eq!(dressed, "Ruft zurück.\n\n[staffITpro: Bewerber BEW-7 Anna Müller]");
        let mut item = Content::new();
        item.set_text(Field::Notes, dressed.replace('\n', "\r\n"));
        item.set(Field::Categories, Value::List(vec!["Freunde".into(), "STAFFITPRO".into()]));
        assert_eq!(DRESS.bare(ItemKind::Contact, &item, &record()), FieldSet::EMPTY);
        undress(ItemKind::Contact, &mut item, &OwnCategories::default(), &DRESS.shown(&record()));
        assert_eq!(item.text(Field::Notes), Some("Ruft zurück."));
        assert_eq!(item.value(Field::Categories), Some(&Value::List(vec!["Freunde".into()])));
    }

    #[test]
    fn d18_text_written_below_the_reference_is_kept() {
        let mut item = Content::new();
        item.set_text(Field::Notes, "oben\n[staffITpro: Bewerber BEW-7]\nunten");
        undress(ItemKind::Contact, &mut item, &OwnCategories::default(), &[]);
        assert_eq!(item.text(Field::Notes), Some("oben\nunten"));
    }

    #[test]
    fn d11_categories_of_the_person_stay() {
        let mut item = Content::new();
        item.set(Field::Categories, Value::List(vec!["Freunde".into(), "Java".into()]));
        let own = OwnCategories { carried: vec!["Java".into()], shown: Vec::new() };
        let merged = merge_categories(&item, &own, &["Rust".into()], &["staffITpro".into()]);
        assert_eq!(merged, ["Freunde", "Rust", "staffITpro"]);
    }
}
