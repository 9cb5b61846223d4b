//! Subjects as PST files store them (pure). MS-PST 2.5.3.1.1.
//!
//! In front stand two characters, U+0001 and one that counts the characters of a prefix such as "RE: ", itself included.

/// What marks that a count follows.
const LEAD: char = '\u{1}';
/// Prefixes have at most so many letters before their colon.
const LONGEST_PREFIX: usize = 3;

/// Returns the subject as it is stored. One that is stored already stays as it is.
pub(super) fn stored(subject: &str) -> String {
    if subject.starts_with(LEAD) {
        return subject.to_owned();
    }
    let count = u32::try_from(prefix(subject) + 1).ok().and_then(char::from_u32);
    format!("{LEAD}{}{subject}", count.unwrap_or(LEAD))
}

/// Returns the subject without its prefix: the topic of the conversation.
pub(super) fn topic(subject: &str) -> String {
    let plain = if subject.starts_with(LEAD) {
        subject.chars().skip(2).collect()
    } else {
        subject.to_owned()
    };
    plain.chars().skip(prefix(&plain)).collect()
}

/// Returns how many characters a prefix has, its colon and the space behind it included.
fn prefix(subject: &str) -> usize {
    let letters = subject.chars().take_while(|character| character.is_alphabetic()).count();
    let mut behind = subject.chars().skip(letters);
    let is_one = (1..=LONGEST_PREFIX).contains(&letters)
        && behind.next() == Some(':')
        && behind.next() == Some(' ');
    if is_one { letters + 2 } else { 0 }
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
