//! Shell: how scopes are named on the command line.

use abgleich::model::{Module, Scope, Switch};

/// Reads `module.kind` in the words of the configuration, English or German, in any case.
pub(super) fn parse(text: &str) -> Result<Scope, String> {
    let found = text.split_once('.').and_then(|(module, switch)| {
        let (module, switch) = (folded(module), folded(switch));
        let module = Module::ALL.into_iter().find(|candidate| {
            folded(candidate.key()) == module || any(candidate.german(), &module)
        })?;
        let switch = [Switch::Contacts, Switch::Activities].into_iter().find(|candidate| {
            folded(candidate.key()) == switch || any(candidate.german(), &switch)
        })?;
        Scope::new(module, switch)
    });
    found.ok_or_else(|| {
        let known: Vec<_> = Scope::ALL.iter().map(ToString::to_string).collect();
        format!("there are nine scopes: {}", known.join(", "))
    })
}

fn any(words: &[&str], wanted: &str) -> bool {
    words.iter().any(|word| folded(word) == wanted)
}

/// Makes spellings equal that people mean to be: case, umlauts written out, `-` and `_`.
fn folded(word: &str) -> String {
    let lower = word.trim().to_lowercase().replace('-', "_");
    lower.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss")
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn g1_scopes_are_found_in_both_languages() {
        for (text, scope) in [
            ("applicants.contacts", "applicants.contacts"),
            ("Bewerber.Kontakte", "applicants.contacts"),
            ("kandidaten.Aufgaben und Termine", "applicants.activities"),
            ("geschaeftskontakte.kontakte", "business_contacts.contacts"),
            ("business-contacts.contacts", "business_contacts.contacts"),
            ("Verträge.activities", "contracts.activities"),
        ] {
            assert_eq!(parse(text).map(|found| found.to_string()), Ok(scope.to_owned()));
        }
        assert!(parse("leads.contacts").is_err(), "rule G1: leads have no contacts");
        assert!(parse("applicants").unwrap_err().contains("offers.activities"));
    }
}
