//! Pure: what a person can do next, in both languages, where the catalogue of outcomes does not know it.

use std::borrow::Cow;

/// The next step after an error, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Advice {
    de: Cow<'static, str>,
    en: Cow<'static, str>,
}

impl Advice {
    /// Builds an advice from its two texts.
    pub const fn new(de: &'static str, en: &'static str) -> Self {
        Self { de: Cow::Borrowed(de), en: Cow::Borrowed(en) }
    }

    /// Builds an advice that names something, such as a path.
    pub const fn naming(de: String, en: String) -> Self {
        Self { de: Cow::Owned(de), en: Cow::Owned(en) }
    }

    /// Builds an advice from a text that there is in one language only, such as an adapter's.
    pub fn untranslated(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        Self { de: text.clone(), en: text }
    }

    /// Returns the German text.
    pub fn german(&self) -> &str {
        &self.de
    }

    /// Returns the English text.
    pub fn english(&self) -> &str {
        &self.en
    }

    /// Returns the same with both texts changed.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self::naming(change(&self.de), change(&self.en))
    }
}

impl From<String> for Advice {
    fn from(text: String) -> Self {
        Self::untranslated(text)
    }
}

impl From<&'static str> for Advice {
    fn from(text: &'static str) -> Self {
        Self::untranslated(text)
    }
}
