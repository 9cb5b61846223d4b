//! Shell: `abgleich discover ADDRESS`: looks for the server of a mailbox, tells each step, and prints the line to paste.

mod words;

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::PathBuf;

use abgleich::config::{Language, ServerSettings, ServerUrl, Settings};
use abgleich::ews::autodiscover::{Hosts, Outcome, Walk, What};
use clap::Args;

use crate::cli::open::Servers;
use crate::cli::report::{one_of, wrap};
use crate::cli::{Global, place, say};
use crate::failure::{Exit, Failure};

/// Looks for the server of a mailbox, step by step, and prints the line for the configuration.
///
/// The login of the configured server is sent to hosts that the configuration or --trust names, and, where somebody sits in
/// front, to those that are confirmed; to no other.
#[derive(Args)]
pub(crate) struct Discover {
    /// The mail address of a mailbox
    address: String,
    /// Whose login to use, if the configuration has several servers
    #[arg(long, value_name = "SERVER")]
    server: Option<String>,
    /// A host that may see the login, or *.DOMAIN; may be given several times
    #[arg(long, value_name = "HOST")]
    trust: Vec<String>,
    /// Begin at this Autodiscover URL and try no other way
    #[arg(long, value_name = "URL")]
    at: Option<String>,
    /// Write the conversation into this new folder, for support: without logins, and with invented names, addresses and hosts
    /// in place of the real ones
    #[arg(long, value_name = "FOLDER")]
    record: Option<PathBuf>,
}

impl Discover {
    pub(super) fn run(&self, global: &Global) -> Result<Exit, Failure> {
        let settings = place::settings(global)?;
        let (name, server) = self.server(&settings)?;
        let servers = Servers::for_people()?.recorded(self.record.as_deref())?;
        let user = server.login.account();
        let language = settings.language;
        let mut permit = |host: &str, found: bool| confirmed(language, &user, host, found);
        let begin = |mut hosts: Hosts| {
            let named =
                Hosts::parse(&self.trust).map_err(|host| format!("\"{host}\" is no host"))?;
            hosts.join(named);
            Walk::new(&self.address, hosts, self.at.as_deref())
        };
        let (walk, outcome) =
            servers.discover(&settings, name, begin, &self.address, &mut permit)?;
        say::text!("{}", text(language, &self.address, (name, server), &walk, &outcome));
        servers.recorded_whole(language)?;
        Ok(exit(&walk, &outcome))
    }

    /// Finds the server whose login is used.
    fn server<'a>(
        &'a self,
        settings: &'a Settings,
    ) -> Result<(&'a str, &'a ServerSettings), Failure> {
        let names = || settings.servers.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
        match &self.server {
            Some(name) => settings.servers.get_key_value(name).ok_or_else(|| {
                Failure::usage(format!("the configuration has no server {name}"))
                    .hint(format!("it has: {}", names()))
            }),
            None if settings.servers.len() == 1 => {
                settings.servers.first_key_value().ok_or_else(|| Failure::usage("no server"))
            }
            None => Err(Failure::usage("it is not clear whose login to use").hint(format!(
                "name a server of the configuration with --server; it has: {}",
                names()
            ))),
        }
        .map(|(name, server)| (name.as_str(), server))
    }
}

/// Asks whoever sits in front; where nobody does, the answer is no.
fn confirmed(language: Language, user: &str, host: &str, found: bool) -> bool {
    let (mut out, input) = (io::stderr(), io::stdin());
    if !input.is_terminal() || !out.is_terminal() {
        return false;
    }
    let question = words::permit(language, user, host, found);
    let _ = write!(out, "{question} ").and_then(|()| out.flush());
    let mut answer = String::new();
    let read = input.lock().read_line(&mut answer).is_ok();
    read && ["j", "ja", "y", "yes"].contains(&answer.trim().to_lowercase().as_str())
}

fn text(
    language: Language,
    address: &str,
    (name, server): (&str, &ServerSettings),
    walk: &Walk,
    outcome: &Outcome,
) -> String {
    let mut out = format!("{address}\n");
    for event in walk.events() {
        wrap(&mut out, "  ", &format!("{}: {}", event.place, words::what(language, &event.what)));
    }
    wrap(&mut out, "", &words::outcome(language, outcome));
    let next = match outcome {
        Outcome::Found(found) if server.url == ServerUrl::Given(found.url.clone()) => one_of(
            language,
            "so steht es schon in der Konfiguration",
            "the configuration says so already",
        )
        .to_owned(),
        Outcome::Found(found) => {
            format!("[servers.{name}] url = \"{}\"", found.url)
        }
        _ => words::next(language, outcome, &denied(walk)),
    };
    wrap(&mut out, "  → ", &next);
    out
}

/// The hosts that would have had to be trusted.
fn denied(walk: &Walk) -> Vec<&str> {
    let denied = walk.events().iter().filter(|event| event.what == What::NotPermitted);
    denied.map(|event| event.place.as_str()).collect()
}

fn exit(walk: &Walk, outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Found(_) => Exit::Done,
        Outcome::Online { .. } => Exit::Usage,
        Outcome::LoginRefused { .. } => Exit::MailboxFailed,
        Outcome::NotFound if !denied(walk).is_empty() => Exit::Waits,
        Outcome::NotFound => Exit::Down,
    }
}
