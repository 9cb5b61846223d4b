//! The text of an item, whatever form it is stored in (pure). MS-OXCMSG 2.2.1.58, MS-OXBBODY.

mod html;
mod lzfu;
mod reference;
mod rtf;

use crate::mapi::{Value, property};
use crate::pst::error::PstError;

use super::code_page::CodePage;
use super::object::Object;

/// The text of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The text, with CR LF between lines as Outlook has it.
    pub text: String,
    /// What it was taken from.
    pub form: Form,
}

/// In which form a text is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// As plain text.
    Plain,
    /// As compressed RTF.
    Rtf,
    /// As HTML.
    Html,
}

/// Reads the text of an item: plain where it is stored so, otherwise out of HTML or RTF.
pub(super) fn of(object: &Object<'_>) -> Result<Option<Body>, PstError> {
    if let Some(Value::String(text)) = object.value(property::BODY)? {
        return Ok(Some(Body { text, form: Form::Plain }));
    }
    if let Some(stored) = object.property(property::HTML) {
        let page = object.value(property::INTERNET_CODE_PAGE)?.and_then(|page| page.as_i32());
        let page = page.and_then(|page| u32::try_from(page).ok()).map(CodePage);
        let page = page.filter(|page| page.is_known()).unwrap_or(object.code_page());
        let source = match object.value_of(stored)? {
            Value::Binary(bytes) => page.decode(&bytes),
            Value::String(text) => text,
            _ => return Ok(None),
        };
        return Ok(Some(Body { text: html::text(&source), form: Form::Html }));
    }
    let Some(stored) = object.property(property::RTF_COMPRESSED) else { return Ok(None) };
    let content = object.context().content(stored)?;
    if content.is_empty() {
        return Ok(None);
    }
    let source = lzfu::decompress(&content, content.at())?;
    Ok(Some(Body { text: rtf::text(&source, object.code_page()), form: Form::Rtf }))
}
