//! Shell: the language of commands that need no configuration: the one that is asked for, else the configuration's where there is
//! one, else the environment's.

use std::env;

use abgleich::config::{self, Language};

use crate::cli::{Global, place};

/// Returns the language that the operator named, on the command line or in the configuration.
pub(super) fn named(asked: Option<Language>, global: &Global) -> Option<Language> {
    // A configuration with mistakes is no reason not to look at a file.
    let configured = || config::load(&place::found(global)?).ok();
    asked.or_else(|| Some(configured()?.settings.language))
}

/// Returns the language to speak.
pub(super) fn spoken(asked: Option<Language>, global: &Global) -> Language {
    let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
    named(asked, global).unwrap_or_else(|| {
        // The first that is set counts, as the C library has it.
        of(["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(variable).as_deref())
    })
}

/// Reads the value of such a variable: `de_AT.UTF-8`, `C`.
fn of(locale: Option<&str>) -> Language {
    let language = locale.and_then(|locale| locale.split(['_', '.', '@', '-']).next());
    match language {
        Some(language) if language.eq_ignore_ascii_case("de") => Language::German,
        _ => Language::English,
    }
}

#[cfg(test)]
mod tests {
    use abgleich::config::Language;

    use super::of;

    #[test]
    fn german_is_what_the_environment_says() {
        for locale in ["de", "de_DE.UTF-8", "de_AT", "DE_CH@euro", "de-DE"] {
            assert_eq!(of(Some(locale)), Language::German, "{locale}");
        }
        for locale in ["C", "POSIX", "en_US.UTF-8", "den", ""] {
            assert_eq!(of(Some(locale)), Language::English, "{locale}");
        }
        assert_eq!(of(None), Language::English);
    }
}
