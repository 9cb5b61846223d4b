//! Pure: text from outside, fit to stand in a one-line message.

use std::fmt::{self, Write};

/// The longest piece of a file that a message repeats, in characters.
const LONGEST: usize = 120;

/// Shows text from outside: cut to a sensible length, control characters as escapes.
pub(in crate::config) const fn shown(text: &str) -> Shown<'_> {
    Shown(text)
}

/// See [`shown`].
pub(in crate::config) struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, letter) in self.0.chars().enumerate() {
            if index == LONGEST {
                return f.write_char('…');
            }
            match letter {
                letter if letter.is_control() || ('\u{2028}'..='\u{202e}').contains(&letter) => {
                    write!(f, "{}", letter.escape_unicode())?;
                }
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// Shows words with commas between them.
pub(in crate::config) const fn list(words: &[String]) -> List<'_> {
    List(words)
}

/// See [`list`].
pub(in crate::config) struct List<'a>(&'a [String]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}", shown(word))?;
        }
        Ok(())
    }
}
