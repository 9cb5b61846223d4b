//! Shell: what `discover` says, in both languages.

use abgleich::config::Language;
use abgleich::ews::autodiscover::{Outcome, What};

use crate::cli::report::one_of;

/// Asks for permission.
pub(super) fn permit(language: Language, user: &str, host: &str, found: bool) -> String {
    match (language, found) {
        (Language::German, false) => {
            format!("{host} bietet Autodiscover an. Darf die Anmeldung {user} dorthin? [j/N]")
        }
        (Language::German, true) => {
            format!("Als Server ist {host} genannt. Darf die Anmeldung {user} dorthin? [j/N]")
        }
        (Language::English, false) => {
            format!("{host} offers Autodiscover. May it see the login {user}? [y/N]")
        }
        (Language::English, true) => {
            format!("The server is said to be {host}. May it see the login {user}? [y/N]")
        }
    }
}

/// Says what came of a step.
pub(super) fn what(language: Language, what: &What) -> String {
    let say = |de: &str, en: &str| one_of(language, de, en).to_owned();
    let list = |offers: &[String]| match offers {
        [] => say("nichts", "nothing"),
        offers => offers.join(", "),
    };
    match what {
        What::Failed(problem) => problem.clone(),
        What::NoService(status) => {
            format!("{} (Status {status})", say("kein Autodiscover", "no Autodiscover"))
        }
        What::AsksForLogin(offers) => {
            format!("{}: {}", say("verlangt eine Anmeldung", "wants a login"), list(offers))
        }
        What::NotPermitted => say("darf die Anmeldung nicht sehen", "may not see the login"),
        What::LoginRefused(offers) => format!(
            "{}: {}",
            say("lehnt die Anmeldung ab; angeboten wird", "refuses the login; it offers"),
            list(offers)
        ),
        What::Redirected(to) => format!("{} {to}", say("führt zu", "leads to")),
        What::OddPath(to) => {
            format!("{to} {}", say("ist kein Autodiscover-Dienst", "is no Autodiscover service"))
        }
        What::Circle => say("dort war die Suche schon", "the search has been there"),
        What::TooManyHops => say("zu viele Weiterleitungen", "too many redirects"),
        What::Records(records) if records.is_empty() => say("keine SRV-Einträge", "no SRV records"),
        What::Records(records) => {
            let hosts: Vec<_> =
                records.iter().map(|record| format!("{}:{}", record.host, record.port)).collect();
            format!("SRV: {}", hosts.join(", "))
        }
        What::OtherAddress(address) => {
            format!(
                "{} {address}",
                say("das Postfach hat die Adresse", "the mailbox has the address")
            )
        }
        What::Refused { code, text } => match text {
            Some(text) => format!("{} {code}: {text}", say("lehnt ab mit", "refuses with")),
            None => format!("{} {code}", say("lehnt ab mit", "refuses with")),
        },
        What::Named { internal, external } => {
            let or_none = |url: &Option<String>| url.clone().unwrap_or_else(|| "–".to_owned());
            format!(
                "{} {}, {} {}",
                say("innen", "inside"),
                or_none(internal),
                say("außen", "outside"),
                or_none(external)
            )
        }
        What::Online => say("das ist Exchange Online", "this is Exchange Online"),
        What::Reached => say("ist erreichbar", "can be reached"),
    }
}

/// Says how it ended.
pub(super) fn outcome(language: Language, outcome: &Outcome) -> String {
    match (outcome, language) {
        (Outcome::Found(found), Language::German) => format!("Gefunden: {}", found.url),
        (Outcome::Found(found), Language::English) => format!("Found: {}", found.url),
        (Outcome::Online { host }, Language::German) => format!(
            "Das Postfach liegt in Exchange Online ({host}). Dort schaltet Microsoft EWS ab (von Oktober 2026 bis April 2027); abgleich braucht einen eigenen Exchange-Server (2013 bis SE)."
        ),
        (Outcome::Online { host }, Language::English) => format!(
            "The mailbox is in Exchange Online ({host}). Microsoft switches EWS off there (October 2026 to April 2027); abgleich needs an Exchange server of your own (2013 to SE)."
        ),
        (Outcome::LoginRefused { host, .. }, Language::German) => {
            format!(
                "{host} lehnt die Anmeldung ab. Anderswo wurde sie nicht versucht, damit das Konto nicht gesperrt wird."
            )
        }
        (Outcome::LoginRefused { host, .. }, Language::English) => {
            format!(
                "{host} refuses the login. It was not tried elsewhere, so that the account is not locked."
            )
        }
        (Outcome::NotFound, Language::German) => "Kein Server gefunden.".to_owned(),
        (Outcome::NotFound, Language::English) => "No server was found.".to_owned(),
    }
}

/// Says what to do next where nothing was found. `denied` are hosts that were not allowed to see the login.
pub(super) fn next(language: Language, outcome: &Outcome, denied: &[&str]) -> String {
    let say = |de: &str, en: &str| one_of(language, de, en).to_owned();
    match outcome {
        Outcome::NotFound if !denied.is_empty() => {
            let hosts: Vec<_> = denied.iter().map(|host| format!("--trust {host}")).collect();
            let text = say(
                "gehören diese Rechner der eigenen Firma, den Befehl wiederholen mit",
                "if these hosts are your own company's, repeat the command with",
            );
            format!("{text} `{}`", hosts.join(" "))
        }
        Outcome::LoginRefused { .. } => say(
            "Benutzer und Kennwort bei [servers] prüfen, und ob der Server das Verfahren anbietet",
            "check user and password at [servers], and that the server offers the scheme",
        ),
        Outcome::Online { .. } => say(
            "die Zeile dieses Postfachs aus der Konfiguration nehmen",
            "take the line of this mailbox out of the configuration",
        ),
        Outcome::Found(_) | Outcome::NotFound => say(
            "die Adresse des Webdienstes vom Exchange-Administrator erfragen (`Get-WebServicesVirtualDirectory | Format-List InternalUrl, ExternalUrl`) und als url eintragen",
            "ask the Exchange administrator for the address of the web service (`Get-WebServicesVirtualDirectory | Format-List InternalUrl, ExternalUrl`) and enter it as url",
        ),
    }
}
