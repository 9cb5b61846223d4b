//! Pure: the catalogue of outcomes (rule D20). Every outcome of a run has a code, the rule that decided, a German and an
//! English sentence, and the next step where there is one. It knows no engine and no configuration: whoever prints chooses
//! the language.

mod advice;
mod catalogue;
mod clauses;
pub mod page;

use std::collections::BTreeSet;

pub use advice::Advice;
pub use catalogue::Code;
pub use clauses::german;

/// Whether an outcome is news, a standing fact, or asks somebody for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// Something was done; counted, and named where a person may want to know.
    Done,
    /// Something was deliberately left as it is.
    Kept,
    /// Something waits for a person's word or a later run.
    Waiting,
    /// Something was held back because it is in doubt.
    Held,
    /// Something is outside what this program moves.
    Skipped,
    /// Something failed.
    Failed,
}

impl Class {
    /// All classes, in the order in which the catalogue is printed.
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Kept, Self::Waiting, Self::Held, Self::Skipped, Self::Failed];

    /// Returns the word used in the JSON report.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Kept => "kept",
            Self::Waiting => "waiting",
            Self::Held => "held",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }

    /// Says how urgently a report should name findings of this class: smaller comes first.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Failed => 0,
            Self::Held => 1,
            Self::Waiting => 2,
            Self::Kept => 3,
            Self::Skipped => 4,
            Self::Done => 5,
        }
    }
}

impl Code {
    /// Finds the code that is printed so.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|entry| entry.code() == code)
    }

    /// Returns the KIND of `--allow KIND=N` that lets a run go on; `None` for what no word releases (rule D7).
    pub const fn allowed_by(self) -> Option<&'static str> {
        match self {
            Self::BrakeCreated => Some("created"),
            Self::BrakeUpdatedOutlook => Some("updated-outlook"),
            Self::BrakeUpdatedStaffitpro => Some("updated-staffitpro"),
            Self::BrakeCleared => Some("cleared"),
            Self::BrakeDeleted => Some("deleted"),
            Self::BrakeMissing => Some("missing"),
            Self::BrakeFilter => Some("filter"),
            Self::BrakeRestored => Some("restored"),
            Self::BrakeTurned => Some("turned"),
            Self::BrakeTenant => Some("tenant"),
            Self::PairUnread => Some("unread"),
            _ => None,
        }
    }
}

/// Writes words for the brake as the command line takes them.
pub fn words(words: &BTreeSet<(&str, u64)>) -> String {
    let words: Vec<_> =
        words.iter().map(|(kind, number)| format!("--allow {kind}={number}")).collect();
    words.join(" ")
}

/// A sentence in both languages, with places in braces that [`Facts`] fill in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// In German.
    pub de: &'static str,
    /// In English.
    pub en: &'static str,
}

impl Words {
    /// Returns the German sentence with the facts filled in.
    pub fn german(&self, facts: &Facts<'_>) -> String {
        fill(self.de, |blank| facts.fact(blank).unwrap_or_else(|| blank.unnamed().de.to_owned()))
    }

    /// Returns the English sentence with the facts filled in.
    pub fn english(&self, facts: &Facts<'_>) -> String {
        fill(self.en, |blank| facts.fact(blank).unwrap_or_else(|| blank.unnamed().en.to_owned()))
    }
}

/// What a sentence is about. A fact that is not known is replaced by a word that says so.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The record as commands take it, such as `BEW-1001`.
    pub id: Option<&'a str>,
    /// The names of the fields, in the language of the sentence.
    pub fields: Option<&'a str>,
    /// How many.
    pub number: Option<u64>,
    /// How many are allowed.
    pub limit: Option<u64>,
    /// The staffITpro user.
    pub user: Option<&'a str>,
    /// The source's name in the configuration.
    pub tenant: Option<&'a str>,
    /// The address of the mailbox.
    pub address: Option<&'a str>,
    /// The options that a command needs that repeats the run, such as ` --scope applicants.contacts`.
    pub options: Option<&'a str>,
    /// The words that let the mailbox go on.
    pub words: Option<&'a BTreeSet<(&'static str, u64)>>,
}

impl Facts<'_> {
    fn fact(&self, blank: Blank) -> Option<String> {
        let text = |fact: Option<&str>| fact.filter(|text| !text.is_empty()).map(str::to_owned);
        match blank {
            Blank::Id => text(self.id),
            Blank::Fields => text(self.fields),
            // Plain digits: the number may stand in a command, where a separator would not be understood.
            Blank::Number => self.number.map(|number| number.to_string()),
            Blank::Limit => self.limit.map(|limit| limit.to_string()),
            Blank::User => text(self.user),
            Blank::Tenant => text(self.tenant),
            Blank::Address => text(self.address),
            Blank::Options => text(self.options),
            Blank::Words => self.words.filter(|words| !words.is_empty()).map(words),
        }
    }
}

/// A place in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Blank {
    Id,
    Fields,
    Number,
    Limit,
    User,
    Tenant,
    Address,
    Options,
    Words,
}

impl Blank {
    /// All places, each with the word that stands for it.
    const ALL: [(Self, &'static str); 9] = [
        (Self::Id, "id"),
        (Self::Fields, "fields"),
        (Self::Number, "number"),
        (Self::Limit, "limit"),
        (Self::User, "user"),
        (Self::Tenant, "tenant"),
        (Self::Address, "address"),
        (Self::Options, "options"),
        (Self::Words, "words"),
    ];

    fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, word)| *word == key).map(|(blank, _)| *blank)
    }

    /// Returns what stands there when nobody knows the fact, or when a sentence heads several findings.
    const fn unnamed(self) -> Words {
        match self {
            Self::Id => Words { de: "DATENSATZ", en: "RECORD" },
            Self::Fields => Words { de: "die genannten Felder", en: "the fields named" },
            Self::Number => Words { de: "ANZAHL", en: "NUMBER" },
            Self::Limit => Words { de: "die eingestellte Grenze", en: "the limit that is set" },
            Self::User => Words { de: "BENUTZER", en: "USER" },
            Self::Tenant => Words { de: "staffITpro", en: "staffITpro" },
            Self::Address => Words { de: "des Benutzers", en: "of the user" },
            Self::Options => Words { de: "", en: "" },
            Self::Words => Words { de: "--allow ART=ANZAHL", en: "--allow KIND=NUMBER" },
        }
    }
}

/// Replaces each `{word}` of the template; braces that name no place stay as they are (a test keeps them out).
fn fill(template: &str, fact: impl Fn(Blank) -> String) -> String {
    let mut filled = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        if let Some((word, behind)) = after.split_once('}')
            && let Some(blank) = Blank::from_key(word)
        {
            filled.push_str(&fact(blank));
            rest = behind;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Blank, Class, Code, Facts, Words};

    /// The braces of a template, whether they name a place or not.
    fn braces(template: &str) -> BTreeSet<&str> {
        template
            .split('{')
            .skip(1)
            .map(|part| part.split_once('}').unwrap_or_else(|| panic!("open brace: {template}")).0)
            .collect()
    }

    fn commands(template: &str) -> Vec<&str> {
        let quoted: Vec<_> = template.split('`').collect();
        assert_eq!(quoted.len() % 2, 1, "an open backtick: {template}");
        quoted.into_iter().skip(1).step_by(2).collect()
    }

    fn check(code: Code, words: Words) {
        for (language, text) in [("de", words.de), ("en", words.en)] {
            let place = format!("{} ({language})", code.code());
            assert!(text.ends_with('.') && text.len() > 20, "{place}: not a sentence");
            for word in braces(text) {
                assert!(Blank::from_key(word).is_some(), "{place}: unknown place {{{word}}}");
            }
        }
        assert_eq!(braces(words.de), braces(words.en), "{}: places differ", code.code());
        let english: Vec<_> =
            commands(words.de).iter().map(|text| text.replace("ELEMENT", "ITEM")).collect();
        assert_eq!(english, commands(words.en), "{}: commands differ", code.code());
    }

    #[test]
    fn d20_every_entry_is_complete_in_both_languages() {
        let rules: BTreeSet<String> = (1..=9)
            .map(|number| format!("G{number}"))
            .chain((1..=20).map(|number| format!("D{number}")))
            .chain((1..=13).map(|number| format!("I{number}")))
            .collect();
        let mut codes = BTreeSet::new();
        for code in Code::ALL.iter().copied() {
            assert!(codes.insert(code.code()), "{} comes twice", code.code());
            assert!(rules.contains(code.rule()), "{}: no rule {}", code.code(), code.rule());
            assert_eq!(Code::from_code(code.code()), Some(code));
            check(code, code.said());
            if let Some(next) = code.next() {
                check(code, next);
            }
            let asks = matches!(code.class(), Class::Held | Class::Waiting | Class::Failed);
            assert!(!asks || code.next().is_some(), "{}: no next step", code.code());
        }
        assert!(Code::from_code("no-such-code").is_none());
    }

    #[test]
    fn d20_no_two_entries_say_the_same() {
        let german: BTreeSet<_> = Code::ALL.iter().map(|code| code.said().de).collect();
        let english: BTreeSet<_> = Code::ALL.iter().map(|code| code.said().en).collect();
        assert_eq!((german.len(), english.len()), (Code::ALL.len(), Code::ALL.len()));
    }

    #[test]
    fn d7_whatever_names_a_word_is_released_by_it_and_every_brake_does() {
        for code in Code::ALL.iter().copied() {
            let next = code.next().map_or("", |next| next.en);
            let brakes = code.code().starts_with("brake-");
            // Whatever else holds the mailbox is released with it, in one run and with the options of this one.
            assert_eq!(
                brakes,
                next.contains("--mailbox {user}{options} {words}`"),
                "{}",
                code.code()
            );
            let asked = next.split_once("--allow ").and_then(|(_, word)| word.split_once('='));
            let named = asked.map(|(word, _)| word).or(code.allowed_by().filter(|_| brakes));
            assert_eq!(code.allowed_by(), named, "{}", code.code());
            assert!(!brakes || code.allowed_by().is_some(), "{}", code.code());
        }
    }

    #[test]
    fn facts_fill_the_places_and_missing_ones_say_so() {
        let words = BTreeSet::from([("cleared", 1023), ("cleared", 12)]);
        let facts = Facts { words: Some(&words), user: Some("DHO"), ..Facts::default() };
        let next = Code::BrakeCleared.next().unwrap();
        let line = "`abgleich sync --mailbox DHO --allow cleared=12 --allow cleared=1023`.";
        assert!(next.english(&facts).ends_with(line));
        let facts = Facts { options: Some(" --scope offers.activities"), ..facts };
        assert!(next.german(&facts).contains(" --mailbox DHO --scope offers.activities --allow "));
        let nobody = Facts::default();
        assert!(next.german(&nobody).ends_with("--mailbox BENUTZER --allow ART=ANZAHL`."));
        let facts = Facts { id: Some("BEW-1001"), user: Some("DHO"), ..Facts::default() };
        assert_eq!(
            Code::ConflictHeld.next().unwrap().german(&facts),
            "Entscheiden: `abgleich take DHO BEW-1001 staffitpro` oder `abgleich take DHO BEW-1001 outlook`."
        );
        assert_eq!(
            Code::TooLong.said().german(&Facts::default()),
            "Zu lang für die andere Seite: die genannten Felder. Es wird nie etwas abgeschnitten."
        );
        let facts = Facts { fields: Some("{user}"), ..Facts::default() };
        assert!(Code::TooLong.said().english(&facts).contains("{user}"), "facts are not templates");
    }

    #[test]
    fn d20_what_is_done_names_no_word_that_would_do_nothing() {
        let done = Code::ALL.iter().filter(|code| code.class() == Class::Done);
        for (code, next) in done.filter_map(|code| Some((code, code.next()?))) {
            assert!(!next.en.contains("take") && !next.de.contains("take"), "{}", code.code());
        }
    }
}
