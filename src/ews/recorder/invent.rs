//! Invents values in place of what is about persons (pure).
//!
//! What is invented depends on the value and on a secret of the recording and on nothing else, so that no table of names has to be
//! kept, and two places with the same name still agree.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

use crate::ews::recorder::parts::{Part, Rewrite};

/// Runs of letters and digits that are shorter than this are kept apart by a table: by chance alone, `c7` and `c8` may become
/// the same.
const SHORT: usize = 12;

/// How many short runs the table holds; those that come later may become the same by chance.
const MOST: usize = 200_000;

/// Invents values for one recording.
pub struct Inventor {
    secret: [u8; 32],
    short: Mutex<Short>,
}

#[derive(Default)]
struct Short {
    invented: HashMap<String, String>,
    taken: HashSet<String>,
}

impl Inventor {
    /// Makes one for a recording with this secret.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret, short: Mutex::default() }
    }

    /// Returns a stranger of the same form for a letter or digit that stands alone: another one of its class, each for one only.
    fn single(&self, plain: &str) -> Option<String> {
        let [byte] = plain.as_bytes() else { return None };
        let (first, count) = match byte {
            b'0'..=b'9' => (b'0', 10),
            b'a'..=b'z' => (b'a', 26),
            _ => return None,
        };
        let shift = Stream::of(self.digest("single", "", 0)).below(count - 1) + 1;
        Some(char::from(first + (byte - first + shift) % count).to_string())
    }

    /// Invents a day in place of another.
    fn day(&self, day: &str) -> String {
        let mut stream = Stream::of(self.digest("day", day, 0));
        let (year, month, of_month) = (stream.below(60), stream.below(12), stream.below(28));
        format!("{}-{:02}-{:02}", 1940 + u32::from(year), month + 1, of_month + 1)
    }

    fn run(&self, run: &str) -> String {
        let plain = run.to_lowercase();
        if let Some(found) = self.single(&plain) {
            return cased(&found, run);
        }
        if plain.chars().count() >= SHORT {
            return like(run, &self.digest("word", &plain, 0));
        }
        let mut short = self.short.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = short.invented.get(&plain) {
            return cased(known, run);
        }
        let mut found = String::new();
        for attempt in 0..400 {
            found = like(&plain, &self.digest("word", &plain, attempt));
            // Short words must not come out as they went in.
            if !short.taken.contains(&found) && found != plain {
                break;
            }
        }
        if short.invented.len() < MOST {
            short.taken.insert(found.clone());
            short.invented.insert(plain, found.clone());
        }
        cased(&found, run)
    }

    fn digest(&self, kind: &str, value: &str, attempt: u32) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(kind.as_bytes());
        hash.update(attempt.to_be_bytes());
        hash.update(value.as_bytes());
        hash.finalize().into()
    }
}

impl Rewrite for Inventor {
    /// Each run of letters and digits becomes another of the same length, with capitals and digits where they were: `Hofer`
    /// becomes the same in a name, in an address and in an id.
    fn part(&self, part: Part<'_>) -> String {
        match part {
            Part::Fixed(text) => text.to_owned(),
            Part::Between(character) => between(character).to_string(),
            Part::Word(run) | Part::Token(run) => self.run(run),
            Part::Day(day) => self.day(day),
            Part::Prose(text) => like(text, &self.digest("prose", text, 0)),
        }
    }
}

/// Returns what is written for a character that is no letter and no digit. A pictogram may say more than a word.
pub(crate) fn between(character: char) -> char {
    if character.is_ascii() || character.is_whitespace() { character } else { '·' }
}

/// Writes a value anew, each character by one of its class.
fn like(value: &str, digest: &[u8; 32]) -> String {
    let mut stream = Stream::of(*digest);
    let mut out = String::with_capacity(value.len());
    for character in value.chars() {
        out.push(match character {
            '0'..='9' => char::from(b'0' + stream.below(10)),
            'a'..='z' => char::from(b'a' + stream.below(26)),
            'A'..='Z' => char::from(b'A' + stream.below(26)),
            letter if letter.is_uppercase() => foreign(&mut stream, ['Ä', 'Ö', 'Ü', 'É']),
            letter if letter.is_alphanumeric() => foreign(&mut stream, ['ä', 'ö', 'ü', 'é']),
            other => between(other),
        });
    }
    out
}

fn foreign(stream: &mut Stream, letters: [char; 4]) -> char {
    letters.get(usize::from(stream.below(4))).copied().unwrap_or('ä')
}

/// Writes a word in the capitals of another of its length.
pub(crate) fn cased(word: &str, like: &str) -> String {
    let upper = |(letter, model): (char, char)| {
        let capital = letter.to_uppercase().next().filter(|_| model.is_uppercase());
        capital.unwrap_or(letter)
    };
    word.chars().zip(like.chars()).map(upper).collect()
}

/// Numbers out of a digest, for as long as they are needed.
struct Stream {
    block: [u8; 32],
    next: usize,
}

impl Stream {
    fn of(block: [u8; 32]) -> Self {
        Self { block, next: 0 }
    }

    fn below(&mut self, limit: u8) -> u8 {
        if self.next == self.block.len() {
            self.block = Sha256::digest(self.block).into();
            self.next = 0;
        }
        let byte = self.block.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        // A slight preference for some letters does no harm.
        byte % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::ews::recorder::words::Treatment;

    impl Inventor {
        fn words(&self, text: &str) -> String {
            self.text(Treatment::Words, text)
        }
    }

    #[test]
    fn the_same_becomes_the_same_and_keeps_its_shape() {
        let one = Inventor::new([1; 32]);
        let name = one.words("Hofer, Doris");
        let address = one.words("doris.hofer@firma.example");
        let shape = |text: &str| -> String {
            let class = |c: char| match c {
                c if c.is_uppercase() => 'A',
                c if c.is_alphabetic() => 'a',
                c if c.is_numeric() => '0',
                c => c,
            };
            text.chars().map(class).collect()
        };
        assert_eq!(shape(&name), "Aaaaa, Aaaaa");
        assert_eq!(shape(&address), "aaaaa.aaaaa@aaaaa.aaaaaaa");
        let lower = name.to_lowercase();
        let (surname, given) = lower.split_once(", ").unwrap();
        assert!(address.starts_with(&format!("{given}.{surname}@")), "{name} {address}");
        assert_eq!(shape(&one.words("+49 (0)30 1234-56")), "+00 (0)00 0000-00");
        let other = Inventor::new([2; 32]);
        assert_ne!(other.words("Hofer, Doris"), name, "each recording invents anew");
    }

    #[test]
    fn short_values_stay_apart_and_none_stays() {
        let inventor = Inventor::new([3; 32]);
        let invented: HashSet<String> =
            (0..1000).map(|number| inventor.words(&format!("c{number:03}"))).collect();
        assert_eq!(invented.len(), 1000);
        for number in 0..1000 {
            assert_ne!(inventor.words(&format!("c{number:03}")), format!("c{number:03}"));
        }
        let long = "AAMkAGVmMDEzMTM4LTZmYWUtNDdkNC1hMDZiLTU1OGY5OTZhYmY4OABGAAAAAADUuTJK1K9";
        assert_eq!(inventor.words(long).len(), long.len());
        assert_ne!(inventor.words(long), inventor.words(&long.replace("K1K9", "K1K8")));
    }

    #[test]
    fn letters_and_digits_that_stand_alone_stay_apart_and_none_stays() {
        let inventor = Inventor::new([5; 32]);
        for alphabet in ["0123456789", "abcdefghijklmnopqrstuvwxyz"] {
            let all: HashSet<String> =
                alphabet.chars().map(|letter| inventor.words(&letter.to_string())).collect();
            assert_eq!(all.len(), alphabet.len());
            for letter in alphabet.chars() {
                assert_ne!(inventor.words(&letter.to_string()), letter.to_string());
            }
        }
    }

    #[test]
    fn what_is_neither_letter_nor_blank_may_say_something() {
        let inventor = Inventor::new([6; 32]);
        let prose = inventor.text(Treatment::Prose, "Prima 🐣, 5 €\r\n");
        assert!(prose.ends_with(" ·\r\n") && !prose.contains('🐣'), "{prose}");
        assert_eq!(inventor.words("→ 🐣"), "· ·");
    }

    #[test]
    fn a_day_becomes_a_day() {
        let inventor = Inventor::new([4; 32]);
        let day = inventor.text(Treatment::Day, "1984-02-29T11:59:00Z");
        assert!(day.ends_with("T11:59:00Z") && day != "1984-02-29T11:59:00Z", "{day}");
        assert!(day[..10].parse::<Date>().is_ok(), "{day}");
        assert_eq!(inventor.text(Treatment::Day, "1984-02-29"), day[..10]);
        assert_ne!(inventor.text(Treatment::Day, "gestern"), "gestern");
    }
}
