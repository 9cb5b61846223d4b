//! Shell: lines of text that fit a screen.

/// The width that reports are written for, in characters.
pub(super) const WIDTH: usize = 100;

/// Appends text, broken at blanks; the first line begins with `first`, the others with blanks below it.
pub(in crate::cli) fn wrap(out: &mut String, first: &str, text: &str) {
    let indent = first.chars().count();
    out.push_str(first);
    let mut column = indent;
    for word in words(text) {
        let length = word.chars().count();
        if column > indent && column + 1 + length > WIDTH {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column > indent {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

/// Cuts text at blanks, but never inside a command between backticks, so that it can be copied in one piece.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |character: char| {
        if character == '`' {
            quoted = !quoted;
        }
        !quoted && character.is_whitespace()
    })
    .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{WIDTH, wrap};

    #[test]
    fn long_text_is_broken_at_blanks_and_indented() {
        let mut out = String::new();
        wrap(&mut out, "  → ", &"eins zwei drei ".repeat(15));
        assert!(out.lines().count() > 1);
        for (number, line) in out.lines().enumerate() {
            assert!(line.chars().count() <= WIDTH, "{line}");
            assert!(
                number == 0
                    || line.starts_with("    e")
                    || line.starts_with("    z")
                    || line.starts_with("    d")
            );
        }
        assert_eq!(out.split_whitespace().count(), 46);
    }

    #[test]
    fn a_command_stays_in_one_piece() {
        let mut out = String::new();
        let command = "`abgleich sync --mailbox DHO --allow cleared=23`";
        wrap(&mut out, "", &format!("{} {command}.", "x".repeat(80)));
        assert_eq!(out.lines().nth(1), Some(format!("{command}.").as_str()));
    }
}
