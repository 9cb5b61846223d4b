//! Shell: the JSON documents of `abgleich pst`. The field names are published; a test compares the committed schema
//! `docs/pst.schema.json` with these types.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::list::Folders;

/// What a command tells; `schema` says which.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "schema")]
#[schemars(title = "Documents of abgleich pst")]
pub(super) enum Document {
    /// `pst info --json`.
    #[serde(rename = "abgleich-pst-info/1")]
    Info(Facts),
    /// `pst ls FILE --json`.
    #[serde(rename = "abgleich-pst-folders/1")]
    Folders {
        /// The folders that people see, parents first.
        #[schemars(with = "Vec<FolderRow<'static>>")]
        folders: Folders,
    },
    /// `pst ls FILE FOLDER --json`.
    #[serde(rename = "abgleich-pst-items/1")]
    Items {
        /// The items of the folder.
        items: Vec<ItemRow>,
    },
    /// `pst show FILE ITEM --json`.
    #[serde(rename = "abgleich-pst-item/1")]
    Item(Exported),
    /// `pst check --json`.
    #[serde(rename = "abgleich-pst-check/1")]
    Check(Checked),
    /// `pst export --format json`.
    #[serde(rename = "abgleich-pst-export/1")]
    Export {
        /// The items, folder by folder.
        items: Vec<Exported>,
    },
}

/// What is said of a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct Facts {
    /// The variant of the format: `Unicode`, `ANSI` …
    pub(super) format: &'static str,
    /// Its version (`wVer`).
    pub(super) version: u16,
    /// How blocks are encoded.
    pub(super) encoding: &'static str,
    /// How long the file is, in bytes.
    pub(super) bytes: u64,
    /// Room inside that a later write uses; null where the file does not keep account of it.
    pub(super) free_bytes: Option<u64>,
    /// Whether abgleich writes files of this kind. One with a password takes the operator's word besides.
    pub(super) writable: bool,
    /// What Outlook shows the file as.
    pub(super) name: Option<String>,
    /// What tells it from all other files.
    pub(super) record_key: Option<String>,
    /// Whether it has a password.
    pub(super) password: bool,
    /// How many folders there are.
    pub(super) folders: usize,
    /// The numbers of items by their class.
    pub(super) items: BTreeMap<String, u64>,
    /// Folders of which something cannot be read: what they are, the table of their items, or that of the folders in them. What is
    /// counted is then the least that there is.
    pub(super) unreadable_folders: u64,
}

/// A folder.
#[derive(Serialize, JsonSchema)]
pub(super) struct FolderRow<'a> {
    /// Its id, as commands take it.
    pub(super) id: String,
    /// The names from the uppermost folder to this one, with `/` between them.
    pub(super) path: &'a str,
    /// What it is made for, such as `IPF.Contact`.
    pub(super) class: Option<&'a str>,
    /// How many items it has; null where its contents cannot be read.
    pub(super) items: Option<u64>,
    /// Why it cannot be read, or its contents, or the table of the folders in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<&'a str>,
}

/// An item of a folder.
#[derive(Serialize, JsonSchema)]
pub(super) struct ItemRow {
    /// Its id, as commands take it: the folder's and its own.
    pub(super) id: String,
    /// What it is, such as `IPM.Contact`.
    pub(super) class: Option<String>,
    /// Its subject, or the name of a contact; null where it cannot be read.
    pub(super) name: Option<String>,
    /// When it was changed last (RFC 3339).
    pub(super) modified: Option<String>,
    /// How many bytes it is said to have.
    pub(super) bytes: Option<i32>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

/// An item with its content.
#[derive(Serialize, JsonSchema)]
pub(super) struct Exported {
    /// Its id, as commands take it: the folder's and its own.
    pub(super) id: String,
    /// `contact`, `appointment` or `task`; null where it is none of them, and then there are no fields.
    pub(super) kind: Option<&'static str>,
    /// When it was changed last (RFC 3339).
    pub(super) modified_at: Option<String>,
    /// Its fields, in the form that adapters use. Null is blank; what could not be read or understood is absent.
    pub(super) fields: Map<String, Value>,
    /// What a contact is called; with contacts only.
    #[serde(flatten)]
    pub(super) names: Option<Names>,
    /// Fields that could not be read or understood.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) unreadable: Vec<&'static str>,
}

/// What a contact is called that is no field: it is made of others, or what somebody chose.
#[derive(Serialize, JsonSchema)]
pub(super) struct Names {
    /// What it is shown as.
    pub(super) display_name: Option<String>,
    /// What it is filed by.
    pub(super) file_as: Option<String>,
}

/// What is wrong with a file.
#[derive(Serialize, JsonSchema)]
pub(super) struct Checked {
    /// How often rules are broken.
    pub(super) errors: u64,
    /// How many notes there are: what good files have, too.
    pub(super) notes: u64,
    /// How many pages of both trees were looked at.
    pub(super) pages: u64,
    /// How many blocks.
    pub(super) blocks: u64,
    /// How many nodes.
    pub(super) nodes: u64,
    /// How many folders.
    pub(super) folders: u64,
    /// How many items.
    pub(super) items: u64,
    /// How many bytes are shown as in use and belong to nobody.
    pub(super) lost_bytes: u64,
    /// Whether names, folders and items were looked at, for which the trees have to be whole.
    pub(super) looked_at_folders: bool,
    /// What helps against all errors: `leave` (nothing is lost by them), `repair` (`abgleich pst repair` mends them) or `replace`; null
    /// where there are none.
    pub(super) remedy: Option<&'static str>,
    /// The same as a sentence, in the language that is spoken.
    pub(super) next: Option<String>,
    /// How often each rule is broken: of one that is broken very often not all findings are kept.
    pub(super) rules: Vec<Broken>,
    /// What was found.
    pub(super) findings: Vec<Line>,
}

/// A rule that is broken.
#[derive(Serialize, JsonSchema)]
pub(super) struct Broken {
    /// `error` or `note`.
    pub(super) weight: &'static str,
    /// The rule's name, which does not change.
    pub(super) rule: &'static str,
    /// How often.
    pub(super) times: u64,
}

/// Something that was found.
#[derive(Serialize, JsonSchema)]
pub(super) struct Line {
    /// `error` or `note`.
    pub(super) weight: &'static str,
    /// The rule's name, which does not change.
    pub(super) rule: &'static str,
    /// Where, in English.
    pub(super) place: String,
    /// What, in English.
    pub(super) text: String,
}

#[cfg(test)]
mod tests {
    use super::Document;
    use crate::cli::json;

    #[test]
    fn the_committed_schema_is_the_generated_one() {
        let schema = schemars::schema_for!(Document).to_value();
        json::assert_committed("pst.schema.json", &schema);
    }
}
