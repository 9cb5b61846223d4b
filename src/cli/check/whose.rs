//! Shell: whose a mailbox is: the one that the state is about (rule D15), and nobody else's (rule G9).

use std::collections::BTreeMap;

use abgleich::config::{Language, MailboxSettings, Settings};
use abgleich::engine::identity::objection;
use abgleich::mailbox::Opened;
use abgleich::model::MailboxIdentity;
use abgleich::reason::{Code, Facts};
use abgleich::state::{State, StateError};

use crate::cli::check::Looked;
use crate::cli::check::remark::Remark;
use crate::cli::check::stage::Stage;
use crate::cli::check::state::next;
use crate::cli::report::say;

/// Returns what the state knows of mailboxes, as a copy: the state of a program that is running stays as that made it. What is wrong
/// with it is said once, at its own stage.
pub(super) fn remembered(settings: &Settings) -> Option<State> {
    State::open_copy_of_mailboxes(&settings.state.folder).ok()
}

/// Says whether the state knows the mailbox of a line.
pub(super) fn is_known(state: Option<&State>, line: &MailboxSettings) -> Result<bool, Remark> {
    let known = state.map(|state| state.mailbox(&line.source, &line.user)).transpose();
    Ok(known.map_err(|error| unread(&error))?.flatten().is_some())
}

/// Says why a run would not touch the mailbox that was opened.
pub(super) fn object(
    settings: &Settings,
    state: Option<&State>,
    line: &MailboxSettings,
    opened: &Opened,
) -> Result<(), Remark> {
    let Some(state) = state.filter(|_| opened.exists) else { return Ok(()) };
    let address = line.target.to_string();
    let whose = (&line.source, &line.user);
    let stopped =
        objection(state, whose, &address, &opened.identity).map_err(|error| unread(&error))?;
    let user = line.user.as_str();
    stopped.map_or(Ok(()), |stopped| {
        Err(remark(settings.language, stopped.code, (user, &address), &stopped.text))
    })
}

/// Says of mailboxes that were reached over several lines that they are one.
pub(super) fn twins(language: Language, mailboxes: &mut [Looked]) {
    let mut lines: BTreeMap<MailboxIdentity, Vec<String>> = BTreeMap::new();
    for looked in mailboxes.iter() {
        if let Some(identity) = &looked.outlook.identity {
            lines.entry(identity.clone()).or_default().push(looked.user.clone());
        }
    }
    for looked in mailboxes {
        let users = looked.outlook.identity.as_ref().and_then(|identity| lines.get(identity));
        let Some(users) = users.filter(|users| users.len() > 1) else { continue };
        let whose = (looked.user.as_str(), looked.address.as_str());
        let remark = remark(language, Code::MailboxTaken, whose, &users.join(", "));
        looked.remarks.push(remark);
    }
}

fn unread(error: &StateError) -> Remark {
    Remark::error(Stage::State, (error.to_string(), next(error)))
}

fn remark(language: Language, code: Code, (user, address): (&str, &str), detail: &str) -> Remark {
    let facts = Facts { user: Some(user), address: Some(address), ..Facts::default() };
    let text = format!("{} ({detail})", say(language, code.said(), &facts));
    let next = code.next().map(|next| say(language, next, &facts));
    Remark::error(Stage::Mailbox, (text, next))
}

#[cfg(test)]
mod tests {
    use abgleich::config::Language;

    use super::{Looked, twins};
    use crate::cli::check::outlook::Outlook;

    /// Rule G9: what no text of the configuration shows, the mailboxes themselves do.
    #[test]
    fn lines_that_lead_to_one_mailbox_are_named_with_each_other() {
        let looked = |user: &str, identity: Option<&str>| Looked {
            user: user.to_owned(),
            address: format!("{user}@firma.example"),
            person: None,
            outlook: Outlook { identity: identity.map(Into::into), ..Outlook::default() },
            remarks: Vec::new(),
        };
        let mut mailboxes = [
            looked("DHO", Some("1")),
            looked("FWE", Some("2")),
            looked("CSC", Some("1")),
            looked("XYZ", None),
            looked("ABC", None),
        ];
        twins(Language::English, &mut mailboxes);
        let told: Vec<_> = mailboxes
            .iter()
            .filter(|looked| {
                looked.remarks.iter().any(|it| !it.warning && it.text.contains("DHO, CSC"))
            })
            .map(|looked| looked.user.as_str())
            .collect();
        assert_eq!(told, ["DHO", "CSC"]);
        assert!(mailboxes.iter().filter(|looked| !looked.remarks.is_empty()).count() == 2);
    }
}
