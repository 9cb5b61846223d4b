//! Shell: whether the person of staffITpro and the person of the mailbox are probably the same.

/// Compares a name of staffITpro with what the mailbox says of its owner: a name in any order, or an address. In doubt they
/// are the same: a warning that is often wrong is not read.
pub(super) fn same(person: &str, email: Option<&str>, owner: &str) -> bool {
    if owner.contains('@') && !owner.contains(' ') {
        return email.is_none_or(|email| email.to_lowercase() == owner.to_lowercase());
    }
    let (person, owner) = (words(person), words(owner));
    let (few, many) = if person.len() <= owner.len() { (person, owner) } else { (owner, person) };
    // Of two names each, one must agree: people marry, and have more than one given name.
    few.is_empty() || few.iter().any(|word| many.contains(word))
}

/// The words of a name without titles, initials and what stands in brackets.
fn words(name: &str) -> Vec<String> {
    let outside = name.split(['(', '[']).next().unwrap_or(name);
    let folded = outside.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
    let folded = folded.replace('ß', "ss");
    let words = folded.split(|character: char| !character.is_alphanumeric());
    let title = |word: &&str| !["dr", "prof", "dipl", "ing", "herr", "frau", "von"].contains(word);
    words.filter(|word| word.len() > 1).filter(title).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn order_titles_and_umlauts_make_no_difference() {
        assert!(same("Dana Hoffmann", None, "Hoffmann, Dana"));
        assert!(same("Dr. Jörg Weiß", None, "Weiss, Joerg (Vertrieb)"));
        assert!(same("Dana Hoffmann", None, "Dana Müller"), "people marry");
        assert!(same(
            "Dana Hoffmann",
            Some("d.hoffmann@firma.example"),
            "D.Hoffmann@firma.example"
        ));
        assert!(same("Dana Hoffmann", None, ""));
    }

    #[test]
    fn another_person_is_noticed() {
        assert!(!same("Dana Hoffmann", None, "Schmidt, Carla"));
        assert!(!same("Dr. Dana Hoffmann", None, "Dr. Carla Schmidt"), "a title is no name");
        assert!(!same(
            "Dana Hoffmann",
            Some("d.hoffmann@firma.example"),
            "c.schmidt@firma.example"
        ));
    }
}
