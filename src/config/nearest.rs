//! Pure: which known word somebody may have meant, and the folding that makes German words easy to write.

/// Folds a word: lower case, umlauts and ß written out, blanks as one.
pub(in crate::config) fn fold(word: &str) -> String {
    let mut folded = String::with_capacity(word.len());
    for part in word.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        for letter in part.chars().flat_map(char::to_lowercase) {
            match letter {
                'ä' => folded.push_str("ae"),
                'ö' => folded.push_str("oe"),
                'ü' => folded.push_str("ue"),
                'ß' => folded.push_str("ss"),
                // A diaeresis on its own, as macOS writes umlauts.
                '\u{308}' => folded.push('e'),
                _ => folded.push(letter),
            }
        }
    }
    folded
}

/// Finds the known word that is nearest to what was written, if one is near enough to be meant.
pub(in crate::config) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let written: Vec<char> = fold(written).replace('-', "_").chars().take(64).collect();
    known
        .into_iter()
        .map(|word| {
            let letters: Vec<char> = fold(word).replace('-', "_").chars().collect();
            (distance(&written, &letters), word)
        })
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// Counts the letters to insert, drop, replace or swap with their neighbour (optimal string alignment).
fn distance(from: &[char], to: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    let mut previous = None;
    for (row, letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in to.iter().enumerate() {
            let at = |line: &[usize], index: usize| line.get(index).copied().unwrap_or(usize::MAX);
            let mut best = at(&last, column) + usize::from(letter != other);
            best = best.min(at(&last, column + 1) + 1).min(at(&current, column) + 1);
            let swapped = column
                .checked_sub(1)
                .filter(|left| to.get(*left) == Some(letter) && previous == Some(other));
            if let Some(left) = swapped {
                best = best.min(at(&before_last, left).saturating_add(1));
            }
            current.push(best);
        }
        before_last = std::mem::replace(&mut last, current);
        previous = Some(letter);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{fold, nearest};

    #[test]
    fn umlauts_may_be_written_in_three_ways() {
        for word in ["Geschäftskontakte", "GESCHAEFTSKONTAKTE", "Gescha\u{308}ftskontakte"] {
            assert_eq!(fold(word), "geschaeftskontakte");
        }
        assert_eq!(fold(" Aufgaben  und Termine "), "aufgaben und termine");
    }

    #[test]
    fn a_slip_is_found_and_a_different_word_is_not() {
        let known = ["contacts", "activities", "past_days"];
        assert_eq!(nearest("contatcs", known), Some("contacts"));
        assert_eq!(nearest("Activites", known), Some("activities"));
        assert_eq!(nearest("past-days", known), Some("past_days"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }
}
