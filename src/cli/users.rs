//! Shell: `abgleich users`: the staffITpro users, as a list or as lines for the configuration.

use std::fmt::Write as _;

use abgleich::config::Settings;
use abgleich::model::TenantName;
use abgleich::source::{Source as _, User};
use clap::Args;

use crate::cli::report::one_of;
use crate::cli::{Global, open, place, say};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Users {
    /// Print the users that have no line yet as lines to paste into the configuration
    #[arg(long)]
    toml: bool,
    /// Only the users of this source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
}

impl Users {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let names: Vec<TenantName> = match &self.source {
            Some(name) => vec![TenantName::new(name.clone())],
            None => settings.sources.keys().cloned().collect(),
        };
        for name in &names {
            let source = open::source(&settings, name)?;
            let mut users = source.users().map_err(|error| open::failed(name, error))?;
            users.sort_by(|left, right| left.id.cmp(&right.id));
            let text = if self.toml {
                lines(&settings, name, &users)
            } else {
                list(&settings, name, &users)
            };
            say::text!("{text}");
        }
        Ok(Exit::Done)
    }
}

/// Lists the users, each with the mailbox that the configuration gives them.
fn list(settings: &Settings, name: &TenantName, users: &[User]) -> String {
    let language = settings.language;
    let mut text = String::new();
    let ids = users.iter().map(|user| user.id.as_str().chars().count()).max().unwrap_or(0);
    let names = users.iter().map(|user| user.name.chars().count()).max().unwrap_or(0);
    let active = users.iter().filter(|user| user.active).count();
    let heading = one_of(language, "Benutzer, davon aktiv", "users, active among them");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{name}: {} {heading}: {active}", users.len());
    for user in users {
        let state = if user.active { "" } else { one_of(language, " (inaktiv)", " (inactive)") };
        let mailbox = mailbox(settings, name, user);
        let mailbox = mailbox.unwrap_or_else(|| {
            one_of(language, "keine Zeile in der Konfiguration", "no line in the configuration")
                .to_owned()
        });
        let _ =
            writeln!(text, "  {:ids$}  {:names$}  {mailbox}{state}", user.id.as_str(), user.name);
    }
    text
}

fn mailbox(settings: &Settings, source: &TenantName, user: &User) -> Option<String> {
    let mailbox = settings.mailbox(user.id.as_str()).filter(|mailbox| mailbox.source == *source)?;
    Some(mailbox.target.to_string())
}

/// Prints a section with a line for each active user that has none yet.
fn lines(settings: &Settings, name: &TenantName, users: &[User]) -> String {
    let language = settings.language;
    let mut text = String::new();
    let missing: Vec<_> = users
        .iter()
        .filter(|user| user.active && mailbox(settings, name, user).is_none())
        .collect();
    if missing.is_empty() {
        let all = one_of(
            language,
            "alle aktiven Benutzer haben eine Zeile",
            "every active user has a line",
        );
        return format!("# {name}: {all}\n");
    }
    let intro = one_of(
        language,
        "staffITpro-Benutzer = Outlook-Postfach; jede Zeile prüfen, dann in die Konfiguration übernehmen",
        "staffITpro user = Outlook mailbox; look at each line, then paste into the configuration",
    );
    // Writing to a string cannot fail.
    let _ = writeln!(text, "# {intro}\n[mailboxes.{}]", key(name.as_str()));
    for user in missing {
        let id = key(user.id.as_str());
        let name = one_line(&user.name);
        let address = user.email.as_deref().map(str::trim).unwrap_or_default();
        let _ = if address.is_empty() {
            let none = one_of(language, "keine Adresse in staffITpro", "no address in staffITpro");
            writeln!(text, "#{id} = \"\"  # {name}: {none}")
        } else {
            writeln!(text, "{id} = {}  # {name}", quoted(address))
        };
    }
    text
}

/// Writes a TOML key; one that is not bare is quoted.
fn key(word: &str) -> String {
    let bare = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    if !word.is_empty() && word.chars().all(bare) { word.to_owned() } else { quoted(word) }
}

/// Writes a TOML string. JSON's escapes are a subset of those of a basic string in TOML.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string().replace('\u{7f}', "\\u007f")
}

/// Keeps a name from outside on the line of its comment.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::{key, one_line, quoted};

    #[test]
    fn keys_and_values_are_valid_toml_whatever_staffitpro_holds() {
        for text in ["DHO", "d.hoffmann", "Jörg", "a\"b", "a\\b", "a\nb", "", "tab\t", "del\u{7f}"]
        {
            let line = format!("{} = {}  # {}\n", key(text), quoted(text), one_line(text));
            let table: toml::Table = toml::from_str(&line).unwrap();
            assert_eq!(table.get(text).and_then(toml::Value::as_str), Some(text), "{line}");
        }
        assert_eq!(key("DHO"), "DHO");
    }
}
