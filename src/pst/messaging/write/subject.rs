//! Subjects as PST files store them (pure). MS-PST 2.5.3.1.1.
//!
//! In front stand two characters, U+0001 and one that counts the characters of a prefix such as "RE: ", itself included.

use crate::mapi::Value;

/// What marks that a count follows.
const LEAD: char = '\u{1}';
/// Prefixes have at most so many letters before their colon.
const LONGEST_PREFIX: usize = 3;

/// A subject as a message has it.
pub(super) struct Subject<'v> {
    /// As it is stored.
    pub(super) stored: String,
    /// The topic of the conversation.
    pub(super) topic: &'v str,
}

impl<'v> Subject<'v> {
    /// Makes it of the subject that an item has.
    pub(super) fn of(value: Option<&'v Value>) -> Option<Self> {
        match value {
            Some(Value::String(text)) => Some(Self { stored: stored(text), topic: topic(text) }),
            _ => None,
        }
    }
}

/// Returns the subject as it is stored. One that is stored already stays as it is.
fn stored(subject: &str) -> String {
    if subject.starts_with(LEAD) {
        return subject.to_owned();
    }
    let count = u32::try_from(prefix(subject) + 1).ok().and_then(char::from_u32);
    let mut stored = String::with_capacity(2 * LEAD.len_utf8() + subject.len());
    stored.extend([LEAD, count.unwrap_or(LEAD)]);
    stored.push_str(subject);
    stored
}

/// Returns the subject without its prefix: the topic of the conversation.
fn topic(subject: &str) -> &str {
    let plain = if subject.starts_with(LEAD) { behind(subject, 2) } else { subject };
    behind(plain, prefix(plain))
}

/// Returns what stands behind so many characters.
fn behind(text: &str, characters: usize) -> &str {
    let mut rest = text.chars();
    for _ in 0..characters {
        rest.next();
    }
    rest.as_str()
}

/// Returns how many characters a prefix has, its colon and the space behind it included.
fn prefix(subject: &str) -> usize {
    let mut rest = subject.chars();
    for letters in 0..=LONGEST_PREFIX {
        match rest.next() {
            Some(letter) if letter.is_alphabetic() => {}
            Some(':') if letters > 0 && rest.next() == Some(' ') => return letters + 2,
            _ => return 0,
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::{stored, topic};

    /// MS-PST 2.5.3.1.1 and guide, 11.1.
    #[test]
    fn a_subject_says_how_long_its_prefix_is() {
        assert_eq!(stored("Lunch"), "\u{1}\u{1}Lunch");
        assert_eq!(stored("RE: Lunch"), "\u{1}\u{5}RE: Lunch");
        assert_eq!(stored("\u{1}\u{5}RE: Lunch"), "\u{1}\u{5}RE: Lunch");
        assert_eq!(stored("12: Lunch"), "\u{1}\u{1}12: Lunch");
        assert_eq!(stored(""), "\u{1}\u{1}");
        assert_eq!(topic("AW: Lunch: now"), "Lunch: now");
        assert_eq!(topic("\u{1}\u{5}RE: Lunch"), "Lunch");
        assert_eq!(topic("Lunch"), "Lunch");
    }
}
