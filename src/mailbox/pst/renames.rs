//! Pure: what a contact is called before a change and after it, for the texts that Outlook's address book has of its own.

use super::contact::Names;
use crate::mailbox::names;
use crate::mapi::entry::OneOff;
use crate::mapi::{Properties, Value as V, property as p};
use crate::model::Content;

/// The names that a change replaces, each with its new one. Whatever is none of them a person chose: it stays (rule D11).
#[derive(Debug, Default)]
pub(super) struct Renames(Vec<(String, String)>);

impl Renames {
    /// Compares what a contact is shown as, what its subject is, and what its parts make, before a change and after it.
    pub(super) fn of(content: &Content, before: &Content, was: &Properties, new: &Names) -> Self {
        if new.settings.is_empty() && !names::concerns(content) {
            return Self::default();
        }
        let mut after = before.clone();
        for (field, slot) in content.iter() {
            after.put(field, slot.clone());
        }
        let stored = [p::DISPLAY_NAME, p::SUBJECT].map(|tag| {
            let of_tag = new.settings.iter().rev().find(|(key, _)| *key == tag.into());
            let now = of_tag.and_then(|(_, value)| text(value.as_ref()));
            (text(was.value(tag)).unwrap_or_default(), now.unwrap_or_default())
        });
        let made = (names::untitled(before), names::untitled(&after));
        let differ = |(old, new): &(String, String)| {
            !old.trim().is_empty() && !new.trim().is_empty() && old != new
        };
        Self(stored.into_iter().chain([made]).filter(differ).collect())
    }

    /// Returns what a name becomes; `None` where it is none of the old ones.
    pub(super) fn name(&self, text: &str) -> Option<&str> {
        self.0.iter().find(|(old, _)| old == text).map(|(_, new)| new.as_str())
    }

    /// Returns what a way of showing an address becomes: the name alone, or the address in brackets behind it.
    pub(super) fn shown(&self, text: &str, address: &str) -> Option<String> {
        if let Some(new) = self.name(text) {
            return Some(new.to_owned());
        }
        let name = text.strip_suffix(')')?.strip_suffix(address)?.strip_suffix(" (")?;
        Some(display(self.name(name)?, address))
    }
}

/// Returns how Outlook shows an address.
pub(super) fn display(name: &str, address: &str) -> String {
    format!("{name} ({address})")
}

/// Returns the entry id of an address with another name or address in it; `None` where it is as it was, or no such entry.
pub(super) fn entry(was: Option<&V>, follow: impl FnOnce(&mut OneOff)) -> Option<V> {
    let old = OneOff::parse(was?.as_bytes()?).ok()??;
    let mut new = old.clone();
    follow(&mut new);
    (new != old).then(|| V::Binary(new.to_bytes()))
}

fn text(value: Option<&V>) -> Option<String> {
    value.and_then(V::as_text).map(str::to_owned)
}
