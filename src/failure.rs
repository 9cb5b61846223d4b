//! Shell: what is said when the program cannot do what was asked, and the exit codes that are published in the README.

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;

use abgleich::config::Language;
use abgleich::reason::Advice;

/// How the program ends. The numbers are published in the README and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done, with or without findings.
    Done,
    /// A defect of this program.
    Internal,
    /// The command line or the configuration is wrong.
    Usage,
    /// A mailbox waits for a word: brake, first transfer, rebind.
    Waits,
    /// A mailbox failed.
    MailboxFailed,
    /// The source or a server is down, or the state cannot be used.
    Down,
    /// Another run is active.
    Busy,
    /// Done, with findings, and `--strict` asked for them to count.
    Findings,
    /// Ended by Ctrl-C, in order or at once.
    Interrupted,
}

impl Exit {
    /// From the worst to the best: of several mailboxes the worst ending is the program's. A defect comes before
    /// everything; what keeps many mailboxes from working (configuration, source, server) comes before what concerns one;
    /// what failed comes before what only waits.
    pub(crate) const WORST_FIRST: [Self; 9] = [
        Self::Internal,
        Self::Usage,
        Self::Down,
        Self::MailboxFailed,
        Self::Busy,
        Self::Interrupted,
        Self::Waits,
        Self::Findings,
        Self::Done,
    ];

    /// Returns the number that the program ends with.
    pub(crate) const fn number(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::Waits => 3,
            Self::MailboxFailed => 4,
            Self::Down => 5,
            Self::Busy => 6,
            Self::Findings => 10,
            Self::Interrupted => 130,
        }
    }

    /// Returns the worse of two endings.
    #[must_use]
    pub(crate) fn or_worse(self, other: Self) -> Self {
        Self::WORST_FIRST.into_iter().find(|exit| [self, other].contains(exit)).unwrap_or(self)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// What a command returns when it cannot go on.
#[derive(Debug)]
pub(crate) struct Failure {
    /// What sort of failure it is; decides the exit code.
    pub(crate) kind: Exit,
    /// What happened; its sources are the causes.
    pub(crate) error: Box<dyn Error + Send + Sync>,
    /// What to do next.
    pub(crate) hints: Vec<Advice>,
}

impl Failure {
    /// Builds a failure from an error.
    pub(crate) fn new(kind: Exit, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, error: error.into(), hints: Vec::new() }
    }

    /// Builds a failure that is the caller's to put right.
    pub(crate) fn usage(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Exit::Usage, error)
    }

    /// Adds what to do next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<Advice>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Returns heading, causes and hints, one a line. An error of several lines (a configuration with many problems) stays as it
    /// is. What happened is told in English, in the words of the part that it happened in; what to do next in the reader's language.
    pub(crate) fn lines(&self, language: Language) -> String {
        let (error, because, next) = match language {
            Language::German => ("Fehler", "Ursache", "als Nächstes"),
            Language::English => ("error", "because", "next"),
        };
        let mut text = format!("{error}: {}", self.error);
        for cause in self.causes() {
            let _ = write!(text, "\n  {because}: {cause}");
        }
        for hint in &self.hints {
            let hint = match language {
                Language::German => hint.german(),
                Language::English => hint.english(),
            };
            let _ = write!(text, "\n{next}: {hint}");
        }
        if self.kind == Exit::Internal {
            text.push_str(match language {
                Language::German => {
                    "\nDas ist ein Fehler in abgleich. Bitte mit den Zeilen oben melden."
                }
                Language::English => {
                    "\nThis is a defect of abgleich. Please report it with the lines above."
                }
            });
        }
        text
    }

    /// Returns the worse of two failures, of equals the first, and the other one.
    pub(crate) fn worse(self, other: Self) -> (Self, Self) {
        if self.kind.or_worse(other.kind) == self.kind { (self, other) } else { (other, self) }
    }

    /// Returns what happened, with its causes, in one line.
    pub(crate) fn told(&self) -> String {
        let mut text = self.error.to_string();
        for cause in self.causes() {
            text.push_str(": ");
            text.push_str(&cause);
        }
        text
    }

    /// Returns all that is to be done next.
    pub(crate) fn advice(&self) -> Option<Advice> {
        let mut hints = self.hints.iter();
        let first = hints.next()?.clone();
        Some(hints.fold(first, |all, next| {
            let and = |all: &str, next: &str| format!("{all}; {next}");
            Advice::naming(and(all.german(), next.german()), and(all.english(), next.english()))
        }))
    }

    /// Returns the causes. Libraries often repeat their source in their own text; saying it twice helps nobody.
    fn causes(&self) -> Vec<String> {
        let mut said = self.error.to_string();
        let mut causes = Vec::new();
        let mut cause = self.error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !said.contains(&text) {
                said.push_str(&text);
                causes.push(text);
            }
            cause = error.source();
        }
        causes
    }

    /// Adds what to do next, where the error knows it.
    #[must_use]
    pub(crate) fn hint_of(mut self, hint: Option<impl Into<Advice>>) -> Self {
        self.hints.extend(hint.map(Into::into));
        self
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use abgleich::config::Language;
    use abgleich::reason::Advice;

    use super::{Exit, Failure};

    #[test]
    fn every_ending_has_its_own_number_and_a_rank() {
        let mut numbers = Exit::WORST_FIRST.map(Exit::number);
        numbers.sort_unstable();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 10, 130]);
    }

    #[test]
    fn the_worse_ending_counts() {
        assert_eq!(Exit::Done.or_worse(Exit::Findings), Exit::Findings);
        assert_eq!(Exit::Waits.or_worse(Exit::MailboxFailed), Exit::MailboxFailed);
        assert_eq!(Exit::MailboxFailed.or_worse(Exit::Waits), Exit::MailboxFailed);
        assert_eq!(Exit::Down.or_worse(Exit::Busy), Exit::Down);
        assert_eq!(Exit::Internal.or_worse(Exit::Down), Exit::Internal);
        assert_eq!(Exit::Done.or_worse(Exit::Done), Exit::Done);
    }

    #[test]
    fn of_two_failures_the_worse_is_known_whichever_came_first() {
        let both =
            || (Failure::new(Exit::Down, "down"), Failure::new(Exit::MailboxFailed, "failed"));
        let (down, failed) = both();
        let (worse, other) = down.worse(failed);
        assert_eq!((worse.kind, other.kind), (Exit::Down, Exit::MailboxFailed));
        let (down, failed) = both();
        let (worse, other) = failed.worse(down);
        assert_eq!((worse.kind, other.kind), (Exit::Down, Exit::MailboxFailed));
    }

    #[test]
    fn a_failure_shows_heading_causes_and_hints() {
        #[derive(Debug)]
        struct Outer(io::Error);
        impl std::fmt::Display for Outer {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the file x.toml cannot be read")
            }
        }
        impl std::error::Error for Outer {
            fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
                Some(&self.0)
            }
        }
        let failure =
            Failure::usage(Outer(io::Error::other("no such file"))).hint("run `abgleich init`");
        assert_eq!(
            failure.lines(Language::English),
            "error: the file x.toml cannot be read\n  because: no such file\nnext: run `abgleich init`"
        );
        let advice = Advice::new("noch einmal versuchen", "try again");
        let failure = failure.hint(advice);
        assert_eq!(
            failure.lines(Language::German),
            "Fehler: the file x.toml cannot be read\n  Ursache: no such file\n\
             als Nächstes: run `abgleich init`\nals Nächstes: noch einmal versuchen"
        );
        // A report has the same in two texts.
        assert_eq!(failure.told(), "the file x.toml cannot be read: no such file");
        let advice = failure.advice().unwrap();
        assert_eq!(advice.english(), "run `abgleich init`; try again");
    }
}
