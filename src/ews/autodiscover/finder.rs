//! Does what a walk says (effect).

use std::error::Error;

use bytes::Bytes;
use serde_json::json;

use crate::ews::autodiscover::answer::{self, LONGEST};
use crate::ews::autodiscover::names::look_up;
use crate::ews::autodiscover::request::{Dialect, body};
use crate::ews::autodiscover::srv::Srv;
use crate::ews::autodiscover::walk::{Outcome, Step, Told, Walk};
use crate::ews::error::{ConnectError, EwsError};
use crate::ews::transport::{
    Endpoint, Lane, Login, Page, Passage, Settings, Timeouts, Trust, knock,
};

/// What is needed to ask.
#[derive(Debug, Clone)]
pub struct Finder {
    /// Who logs in.
    pub login: Login,
    /// Whose certificates are believed.
    pub trust: Trust,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// What else is special on the way.
    pub passage: Passage,
}

impl Finder {
    /// Walks to the end. `permit` is asked whether a host that was not named may see the login; it is told whether the host is
    /// the server found.
    pub async fn follow(
        &self,
        walk: &mut Walk,
        permit: &mut (dyn FnMut(&str, bool) -> bool + Send),
    ) -> Outcome {
        loop {
            let step = walk.step();
            let told = match step.clone() {
                Step::Done(outcome) => return outcome,
                Step::Permit { host, found } => Told::Permitted(permit(&host, found)),
                Step::Probe(url) => self.probe(url).await,
                Step::Knock(host) => self.knock(&host).await,
                Step::LookUp(name) => match look_up(&name, self.timeouts.connect).await {
                    Ok(records) => Told::Records(records),
                    Err(problem) => Told::Failed(problem),
                },
                Step::Ask { url, dialect, address } => {
                    let document = body(dialect, &address, &url.url());
                    self.ask(url, dialect, document).await
                }
                Step::Reach(url) => self.reach(url).await,
            };
            // Logs are passed on: no address, no host and no word of a server.
            tracing::debug!(told = told.name(), "a step of autodiscover");
            self.record(&step, &told);
            walk.told(told);
        }
    }

    /// Writes down a step that has no documents; those of a question are written down by its lane.
    fn record(&self, step: &Step, told: &Told) {
        let Some(recorder) = &self.passage.recorder else { return };
        let (what, place) = match step {
            Step::Probe(url) => ("Probe", url.url()),
            Step::Knock(host) => ("Knock", format!("http://{host}/autodiscover/autodiscover.xml")),
            Step::LookUp(name) => ("LookUp", name.clone()),
            Step::Permit { host, .. } => ("Permit", host.clone()),
            Step::Reach(url) => ("Reach", url.url()),
            Step::Ask { .. } | Step::Done(_) => return,
        };
        let came = match told {
            Told::Status { status, location, offers } => {
                json!({ "status": status, "location": location, "offers": offers })
            }
            Told::Records(records) => {
                let row = |srv: &Srv| json!([srv.priority, srv.weight, srv.port, srv.host]);
                json!({ "outcome": "complete", "records": records.iter().map(row).collect::<Vec<_>>() })
            }
            Told::Permitted(false) => json!({ "outcome": "refused" }),
            Told::Permitted(true) | Told::Reached => json!({ "outcome": "complete" }),
            // Why is said with names in it.
            _ => json!({ "outcome": "failed" }),
        };
        recorder.step(what, &place, came);
    }

    fn lane(&self, url: Endpoint) -> Result<Lane, ConnectError> {
        Settings::new(url, &self.login, &self.trust, self.timeouts)
            .map(|settings| settings.through(&self.passage).lane())
    }

    async fn probe(&self, url: Endpoint) -> Told {
        let mut lane = match self.lane(url) {
            Ok(lane) => lane,
            Err(error) => return Told::Failed(error.to_string()),
        };
        match lane.offer().await {
            Ok(Some(offer)) => Told::Status {
                status: offer.status,
                location: offer.location,
                offers: offer.schemes,
            },
            Ok(None) => Told::Failed("nobody was asked".to_owned()),
            Err(error) => Told::Failed(chain(&error)),
        }
    }

    async fn knock(&self, host: &str) -> Told {
        let path = "/autodiscover/autodiscover.xml";
        match knock(host, 80, path, self.timeouts.connect).await {
            Ok(offer) => {
                Told::Status { status: offer.status, location: offer.location, offers: Vec::new() }
            }
            Err(problem) => Told::Failed(problem),
        }
    }

    async fn ask(&self, url: Endpoint, dialect: Dialect, document: String) -> Told {
        let mut lane = match self.lane(url) {
            Ok(lane) => lane,
            Err(error) => return Told::Failed(error.to_string()),
        };
        // One byte more than an answer may have, so that one that is too long is seen to be.
        match lane.page(dialect.name(), Bytes::from(document), LONGEST + 1).await {
            Ok(Some(page)) => read(page),
            Ok(None) => Told::Failed("nobody was asked".to_owned()),
            Err(EwsError::LoginRefused { offers }) => Told::LoginRefused { offers },
            // Whoever refused it, a domain controller or a server before: nobody presents the login any more, so that every other
            // way ends here as well.
            Err(_) if self.passage.gate.refused().is_some() => {
                Told::LoginRefused { offers: Vec::new() }
            }
            Err(error) => Told::Failed(chain(&error)),
        }
    }

    async fn reach(&self, url: Endpoint) -> Told {
        let mut lane = match self.lane(url) {
            Ok(lane) => lane,
            Err(error) => return Told::Failed(error.to_string()),
        };
        match lane.connect().await {
            Ok(_) => Told::Reached,
            Err(error) => Told::Failed(chain(&error)),
        }
    }
}

/// Faults come with status 500; another status without an answer is said as it is.
fn read(page: Page) -> Told {
    match (page.status, page.location) {
        (300..=399, Some(location)) => Told::Redirected(location),
        // The account is locked, or the login form's time is up: as bad as a refusal, and as dangerous to repeat.
        (440 | 456, _) => Told::LoginRefused { offers: Vec::new() },
        (200 | 500, _) => match answer::read(&page.body) {
            Ok(answer) => Told::Answer(answer),
            Err(error) => Told::Failed(format!("status {}: {error}", page.status)),
        },
        (status, _) => Told::Failed(format!("status {status}")),
    }
}

fn chain(error: &EwsError) -> String {
    // That the server was not reached is said by where it stands.
    if let EwsError::Connect(error) = error {
        return error.to_string();
    }
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::{Finder, read};
    use crate::ews::auth::{LoginError, Password, Refused};
    use crate::ews::autodiscover::answer::Answer;
    use crate::ews::autodiscover::request::Dialect;
    use crate::ews::autodiscover::walk::Told;
    use crate::ews::transport::{Endpoint, Login, Page, Passage, PlainHttp, Timeouts, Trust};

    fn page(status: u16, location: Option<&str>, body: &str) -> Told {
        read(Page {
            status,
            location: location.map(str::to_owned),
            content_type: None,
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn answers_are_told_by_status_and_body() {
        let fault = "<s:Envelope xmlns:s='s'><s:Body><s:Fault><faultcode>a:InvalidServerVersion</faultcode>\
                     <faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>";
        assert!(matches!(page(500, None, fault), Told::Answer(Answer::Refused { .. })));
        assert_eq!(page(302, Some("https://x/"), ""), Told::Redirected("https://x/".to_owned()));
        assert_eq!(page(404, None, "<html/>"), Told::Failed("status 404".to_owned()));
        assert_eq!(page(456, None, ""), Told::LoginRefused { offers: Vec::new() });
        assert!(matches!(page(200, None, "<html/>"), Told::Failed(text) if text.contains("html")));
    }

    #[tokio::test]
    async fn a_login_that_somebody_refused_before_is_refused_here_too() {
        // So that the walk ends, and the next mailbox is told the same instead of walking through all ways.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/autodiscover/autodiscover.xml");
        let url = Endpoint::parse(&url, PlainHttp::OnLoopback).unwrap();
        let service = "HTTP/mail.firma.example".to_owned();
        let of_domain = LoginError::Ticket { service, problem: String::new(), refused: true };
        for refused in [Refused::Mechanism(of_domain), Refused::Blocked { status: 456 }] {
            let passage = Passage::default();
            passage.gate.close(refused);
            let login =
                Login::Ntlm { user: "FIRMA\\svc".into(), password: Password::new("geheim") };
            let (trust, timeouts) = (Trust::System, Timeouts::default());
            let finder = Finder { login, trust, timeouts, passage };
            let told = finder.ask(url.clone(), Dialect::Pox, String::new()).await;
            assert_eq!(told, Told::LoginRefused { offers: Vec::new() });
        }
    }
}
