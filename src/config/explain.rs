//! Pure: every setting in effect for one mailbox, with the line it came from.

use std::fmt::Display;

use crate::config::origin::{Explained, Origin};
use crate::config::resolve::{origin, quoted};
use crate::config::settings::{MailboxSettings, Owner, PstLimits, Settings, Target};
use crate::config::tree::Node;
use crate::model::Switch;
use crate::model::rules::{PastDays, ScopeSettings, Writes};

/// Lists the settings: those of all, those of the mailbox's source and server, its own, and those of each switch.
pub(in crate::config) fn explain(settings: &Settings, mailbox: &MailboxSettings) -> Vec<Explained> {
    let mut rows: Vec<_> = settings.origins.for_mailbox(mailbox).cloned().collect();
    let line = Origin::File(mailbox.place.clone());
    let mut row = |key: String, value: &dyn Display, origin: Origin| {
        rows.push(Explained { key, value: value.to_string(), origin });
    };
    let from = |node: Option<&Node>| node.map_or(Origin::Default, |node| origin(&node.place));
    let common = |key: &str| from(mailbox.layers.common(key));

    row("user".to_owned(), &quoted(mailbox.user.as_str()), line.clone());
    row("group".to_owned(), &quoted(&mailbox.group), line);
    row("source".to_owned(), &quoted(mailbox.source.as_str()), common("source"));
    match &mailbox.target {
        Target::Exchange { server, address } => {
            row("server".to_owned(), &quoted(server), common("server"));
            row("address".to_owned(), &quoted(address), common("address"));
            match &mailbox.owner {
                Owner::Address => {}
                Owner::Upn(upn) => row("upn".to_owned(), &quoted(upn), common("upn")),
                Owner::Sid(sid) => row("sid".to_owned(), &quoted(sid), common("sid")),
            }
        }
        Target::Pst { path, limits } => {
            row("pst".to_owned(), &quoted(&path.display().to_string()), common("pst"));
            let PstLimits { with_password, on_share, max_gb, code_page } = limits;
            let rows: [(&str, &dyn Display); 4] = [
                ("pst_with_password", with_password),
                ("pst_on_share", on_share),
                ("pst_max_gb", max_gb),
                ("pst_code_page", &code_page.0),
            ];
            for (key, value) in rows {
                row(key.to_owned(), value, common(key));
            }
        }
    }
    let source_key = format!("sources.{}", mailbox.source);
    let of_source = |key: &str| {
        let key = format!("{source_key}.{key}");
        settings.origins.all().find(|row| row.key == key).map(|row| row.origin.clone())
    };
    let off_by_source =
        settings.sources.get(&mailbox.source).is_some_and(|source| source.writes == Writes::Off);
    let writes = if off_by_source { of_source("writes") } else { None };
    let writes = writes.unwrap_or_else(|| common("writes"));
    row("writes".to_owned(), &quoted(mailbox.writes.key()), writes);
    let zone = match mailbox.layers.common("zone") {
        None => of_source("zone").unwrap_or(Origin::Default),
        node => from(node),
    };
    row("zone".to_owned(), &quoted(mailbox.zone.name()), zone);
    if let Some(node) = mailbox.layers.common("address_must") {
        row("address_must".to_owned(), &list(node.texts().unwrap_or_default()), from(Some(node)));
    }
    for scope in &mailbox.scopes {
        for (key, value) in values(scope) {
            let origin = from(mailbox.layers.of(scope.scope, key));
            row(format!("{}.{key}", scope.scope), &value, origin);
        }
    }
    rows
}

/// Lists the settings of a switch as a file would write them.
fn values(scope: &ScopeSettings) -> Vec<(&'static str, String)> {
    let optional = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), quoted);
    let mut rows = vec![
        ("mode", quoted(scope.mode.key())),
        ("except", list(scope.except.iter().map(|field| field.key().to_owned()))),
        ("folder", optional(&scope.folder)),
        ("category", optional(&scope.category)),
        ("reference", quoted(scope.reference.key())),
    ];
    if scope.scope.switch == Switch::Activities {
        let days = match scope.past_days {
            PastDays::Days(days) => days.to_string(),
            PastDays::All => quoted("all"),
        };
        rows.push(("past_days", days));
    }
    rows.extend([
        ("conflict", quoted(scope.conflict.key())),
        ("on_leave", quoted(scope.on_leave.key())),
        ("on_gone", quoted(scope.on_gone.key())),
        ("adopt", quoted(scope.adopt.key())),
        ("create_missing", scope.create_missing.to_string()),
        ("first_transfer", quoted(scope.first_transfer.key())),
    ]);
    let mut brake = scope.brake;
    for (key, limit) in brake.by_key_mut() {
        rows.push((key, limit.to_string()));
    }
    rows
}

fn list(words: impl IntoIterator<Item = String>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| quoted(&word)).collect();
    format!("[{}]", words.join(", "))
}
