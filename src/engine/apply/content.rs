//! Pure: what is written on an item, new or changed: the record's fields with reference and categories, as Outlook has them.

use crate::engine::dress::{Dress, categories, merge_categories};
use crate::model::texts::in_one_line;
use crate::model::{Content, Field, FieldSet, ItemKind, Slot, Value};
use crate::source::Record;
use crate::state::OwnCategories;

/// Returns a record's fields as they go to an item: blank ones left out, with reference and categories.
pub(super) fn dressed(
    kind: ItemKind,
    record: &Record,
    fields: FieldSet,
    dress: &Dress<'_>,
    reminder_past: bool,
) -> Content {
    let mut content: Content = record
        .content
        .values()
        .filter(|(field, _)| fields.contains(*field))
        .map(|(field, value)| (field, Slot::Value(value.clone())))
        .collect();
    let body = Dress::body(kind);
    if let Some(text) = dress.dress_body(content.text(body), record) {
        content.put(body, Slot::of(Value::Text(text)));
    }
    let mut entries = categories(&content);
    for entry in dress.shown(record) {
        if !entries.contains(&entry) {
            entries.push(entry);
        }
    }
    if !entries.is_empty() {
        content.set(Field::Categories, Value::List(entries));
    }
    if reminder_past {
        // A reminder whose moment has passed would ring at once (rule D17).
        content.set(Field::ReminderOn, Value::Flag(false));
        content.forget(Field::ReminderAt);
    }
    in_one_line(&mut content);
    content
}

/// What the new content of an item is made of.
pub(super) struct Changes<'a> {
    pub(super) kind: ItemKind,
    pub(super) record: &'a Record,
    pub(super) item: &'a Content,
    pub(super) raw: &'a Content,
    pub(super) own: &'a OwnCategories,
    pub(super) carried: &'a [String],
    pub(super) shown: &'a [String],
    pub(super) dress: &'a Dress<'a>,
    pub(super) reminder_past: bool,
}

impl Changes<'_> {
    /// Returns the fields to set and to clear; all others stay as they are (rule D11).
    pub(super) fn content(&self, to_item: FieldSet, decorate: FieldSet) -> Content {
        let mut content = self.record.content.only(to_item);
        let body = Dress::body(self.kind);
        let base = if to_item.contains(body) {
            Some(self.record.content.text(body))
        } else if decorate.contains(body) {
            Some(self.item.text(body))
        } else {
            None
        };
        if let Some(text) = base {
            match self.dress.dress_body(text, self.record) {
                Some(text) => content.put(body, Slot::of(Value::Text(text))),
                None => content.set_blank(body),
            }
        }
        if to_item.union(decorate).contains(Field::Categories) {
            let merged = merge_categories(self.raw, self.own, self.carried, self.shown);
            content.set(Field::Categories, Value::List(merged));
        }
        if self.reminder_past && to_item.contains(Field::ReminderOn) {
            content.set(Field::ReminderOn, Value::Flag(false));
            content.forget(Field::ReminderAt);
            content.forget(Field::ReminderMinutes);
        }
        in_one_line(&mut content);
        content
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, dressed};
    use crate::engine::dress::Dress;
    use crate::model::rules::Reference;
    use crate::model::{Content, Field, FieldSet, ItemKind, Module, RecordId, RecordVersion};
    use crate::source::Record;
    use crate::state::OwnCategories;

    /// Outlook has no place for an end of a line in them; what staffITpro holds, and is asked for before it is changed, stays.
    #[test]
    fn what_has_one_line_goes_to_new_and_to_changed_items_in_one() {
        let kind = ItemKind::Contact;
        let content =
            Content::of_texts(&[(Field::Company, "Firma\r\nGmbH"), (Field::Notes, "eins\nzwei")]);
        let record = Record {
            id: RecordId::from("1"),
            kind,
            module: Module::Applicants,
            version: RecordVersion::from("1"),
            number: None,
            name: None,
            parent: None,
            content: content.clone(),
            changed_at: None,
            changed_by: None,
            private: false,
            editable: true,
        };
        let dress = Dress { reference: Reference::None, category: None, german: true };
        let (item, own) = (Content::new(), OwnCategories::default());
        let changes = Changes {
            kind,
            record: &record,
            item: &item,
            raw: &item,
            own: &own,
            carried: &[],
            shown: &[],
            dress: &dress,
            reminder_past: false,
        };
        let expected = [(Field::Company, "Firma GmbH"), (Field::Notes, "eins\nzwei")];
        let expected = Content::of_texts(&expected);
        let fields = content.known();
        assert_eq!(dressed(kind, &record, fields, &dress, false), expected);
        assert_eq!(changes.content(fields, FieldSet::EMPTY), expected);
        assert_eq!(record.content, content);
    }
}
