//! The attributes of a tag, as they stand in the document (pure).

use std::borrow::Cow;

use memchr::memchr;
use quick_xml::events::attributes::Attributes as Any;

/// Walks attributes: name and value. What follows a malformed one is not read.
#[derive(Debug)]
pub(crate) enum Attributes<'a> {
    /// Each is a blank, a name, and a value in double quotes: `plain_tag` has looked.
    Plain(&'a str),
    /// Written in any other way.
    Any(Any<'a>),
}

impl<'a> Attributes<'a> {
    /// Walks what quick-xml has found to be attributes.
    pub(super) fn any(written: &'a str) -> Self {
        let mut attributes = Any::new(written, 0);
        attributes.with_checks(false);
        Self::Any(attributes)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Plain(rest) => {
                let written = rest.strip_prefix(' ')?;
                let (key, value) = written.split_at_checked(memchr(b'=', written.as_bytes())?)?;
                let value = value.strip_prefix("=\"")?;
                let (value, after) = value.split_at_checked(memchr(b'"', value.as_bytes())?)?;
                *rest = after.strip_prefix('"')?;
                Some((key, Cow::Borrowed(value)))
            }
            Self::Any(attributes) => {
                // The first that is malformed ends the walk.
                let attribute = attributes.next()?.ok();
                if attribute.is_none() {
                    *self = Self::Plain("");
                }
                attribute.map(|attribute| (attribute.key.into_inner(), attribute.value))
            }
        }
    }
}
