//! Shell: `abgleich rebind USER`: the mailbox behind the address is another one, and that is right (rule D15).

use abgleich::config::Language;
use abgleich::engine::decide;
use abgleich::model::Scope;
use clap::Args;

use crate::cli::decide::{failed, noted, whose};
use crate::cli::report::{scope_name, wrap};
use crate::cli::{Global, open, place, say};
use crate::failure::{Exit, Failure};

#[derive(Args)]
pub(crate) struct Rebind {
    /// The staffITpro user, such as DHO
    user: String,
}

impl Rebind {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let mailbox = open::mailbox_of(&settings, &self.user)?;
        let servers = open::Servers::for_people()?;
        let mut outlook = servers.mailbox(&settings, mailbox, open::Usage::Read)?;
        let address = mailbox.target.to_string();
        let anew = decide::rebind(whose(&settings, mailbox), &address, outlook.as_mut())
            .map_err(|error| failed(mailbox, error))?;
        if !anew.is_empty() {
            say::text!("{}", begins_anew(settings.language, mailbox.user.as_str(), &anew));
            return Ok(Exit::Done);
        }
        let (de, en) = (
            "Das Postfach ist neu gebunden; seine Elemente werden an ihren Kennzeichnungen wiedererkannt.",
            "The mailbox is bound anew; its items will be recognised by their stamps.",
        );
        noted(settings.language, mailbox, de, en);
        Ok(Exit::Done)
    }
}

/// Says that nothing of some scopes is in the mailbox, and how it gets there.
fn begins_anew(language: Language, user: &str, scopes: &[Scope]) -> String {
    let scopes: Vec<_> = scopes.iter().map(|scope| scope_name(language, *scope)).collect();
    let scopes = scopes.join(", ");
    let (said, next) = match language {
        Language::German => (
            format!(
                "Das Postfach ist neu gebunden. Von diesen Bereichen ist nichts darin, und sie beginnen neu: {scopes}. Was sonst \
                 darin ist, wird an seinen Kennzeichnungen wiedererkannt."
            ),
            format!(
                "Ansehen mit `abgleich plan --first-transfer --mailbox {user}`, füllen mit `abgleich sync --first-transfer --mailbox {user}`."
            ),
        ),
        Language::English => (
            format!(
                "The mailbox is bound anew. Nothing of these scopes is in it, and they begin anew: {scopes}. What else is in it \
                 will be recognised by its stamps."
            ),
            format!(
                "See it with `abgleich plan --first-transfer --mailbox {user}`, fill it with `abgleich sync --first-transfer --mailbox {user}`."
            ),
        ),
    };
    let mut text = String::new();
    wrap(&mut text, "", &said);
    wrap(&mut text, "", &next);
    text
}
