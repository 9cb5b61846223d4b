//! Shell: says when texts that are not in Unicode were read in a code page that nothing in the file names.

use std::collections::BTreeSet;

use abgleich::config::Language;
use abgleich::mapi::{Value, property as p};
use abgleich::pst::Nid;
use abgleich::pst::messaging::{CodePage, Store};
use abgleich::pst::ndb::Ndb;

use super::Texts;
use crate::cli::say;

/// What of a file was read by a guess. Who names a code page guesses nothing.
#[derive(Default)]
pub(super) struct Guesses {
    /// Whether something names no code page.
    unnamed: bool,
    /// The code pages that are named and not known here.
    unknown: BTreeSet<u32>,
}

impl Guesses {
    /// Notes an item; it is read again by whoever wants more of it.
    pub(super) fn note(&mut self, store: &Store<Ndb>, item: Nid) {
        if store.nodes().header().layout.wide {
            return;
        }
        // What cannot be read is told by whoever reads it.
        let Ok(item) = store.item(item) else { return };
        let named = item.properties().value(p::MESSAGE_CODE_PAGE).ok().flatten();
        match named.as_ref().and_then(Value::as_i32).and_then(|page| u32::try_from(page).ok()) {
            None => self.unnamed = true,
            Some(page) if CodePage(page).is_known() => {}
            Some(page) => {
                self.unknown.insert(page);
            }
        }
    }

    /// Notes the names of a file's folders, which never name a code page.
    pub(super) fn note_folders(&mut self, store: &Store<Ndb>) {
        self.unnamed |= !store.nodes().header().layout.wide;
    }

    /// Says on standard error what was guessed.
    pub(super) fn tell(&self, language: Language, texts: &Texts) {
        if texts.code_page.is_some() || (!self.unnamed && self.unknown.is_empty()) {
            return;
        }
        let page = texts.page().0;
        let unknown: Vec<String> = self.unknown.iter().map(u32::to_string).collect();
        let unknown = unknown.join(", ");
        let why = match (language, unknown.as_str()) {
            (Language::German, "") => "denn nichts nennt ihre".to_owned(),
            (Language::English, "") => "since nothing names theirs".to_owned(),
            (Language::German, unknown) => {
                format!(
                    "denn die Datei nennt für sie keine oder eine, die hier nicht bekannt ist ({unknown})"
                )
            }
            (Language::English, unknown) => {
                format!(
                    "since the file names none for them, or one that is not known here ({unknown})"
                )
            }
        };
        match language {
            Language::German => say::aside(format_args!(
                "Texte, die nicht in Unicode sind, wurden in der Codepage {page} gelesen, {why}; `--code-page` nennt eine andere"
            )),
            Language::English => say::aside(format_args!(
                "texts that are not in Unicode were read in code page {page}, {why}; `--code-page` names another"
            )),
        }
    }
}
