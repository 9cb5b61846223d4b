//! Shell: the server itself, before anybody logs in: its name, the connection, TLS, the certificate, and what it offers.

use abgleich::ews::transport::{Certificate, Dialed, ENDS_SOON, Offer, Scheme};
use abgleich::mailbox::MailboxError;
use abgleich::mailbox::exchange::lane::ExchangeServer;
use jiff::{Timestamp, Unit};

use crate::cli::check::remark::Remark;
use crate::cli::check::stage::{Stage, Walked};
use crate::cli::check::words::Words;

/// What was seen of a server.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// Its name in the configuration.
    pub(super) name: String,
    /// Its URL.
    pub(super) url: String,
    /// The stages that were walked.
    pub(super) walked: Vec<Walked>,
    /// What is to be said of it; what keeps it from working is said of its mailboxes as well.
    pub(super) remarks: Vec<Remark>,
}

impl Way {
    /// Walks to a server without logging in. The error is what keeps all its mailboxes from being reached.
    pub(super) fn walk(
        name: &str,
        server: &ExchangeServer,
        scheme: Scheme,
        words: Words,
        now: Timestamp,
    ) -> (Self, Result<(), Remark>) {
        let mut way = Self { name: name.to_owned(), url: server.url(), ..Self::default() };
        let ended = match server.knock() {
            Ok((dialed, offer)) => way.saw(dialed.as_ref(), offer.as_ref(), scheme, words, now),
            Err(error) => Err(way.not_reached(&error)),
        };
        if let Err(remark) = &ended {
            way.walked.push(Walked::failed(remark.stage));
        }
        (way, ended)
    }

    fn saw(
        &mut self,
        dialed: Option<&Dialed>,
        offer: Option<&Offer>,
        scheme: Scheme,
        words: Words,
        now: Timestamp,
    ) -> Result<(), Remark> {
        if let Some(dialed) = dialed {
            self.walked.push(Walked::quietly(Stage::Dns));
            self.walked.push(Walked::passed(Stage::Network, dialed.address.to_string()));
            if let Some(tls) = &dialed.tls {
                self.walked.push(Walked::passed(Stage::Tls, tls.protocol.clone()));
                self.remarks.extend(ends_soon(&tls.certificate, words, now));
                let seen = words.certificate(&tls.certificate);
                self.walked.push(Walked::passed(Stage::Certificate, seen));
            }
        }
        let Some(offer) = offer else { return Ok(()) };
        if offer.status != 401 {
            let said = words.no_login_wanted(offer.status, offer.location.as_deref());
            return Err(Remark::error(Stage::Schemes, said));
        }
        let offered = offer.schemes.join(", ");
        if !offer.schemes.iter().any(|offered| offered.eq_ignore_ascii_case(scheme.name())) {
            let said = words.not_offered(scheme.name(), &offered);
            return Err(Remark::error(Stage::Schemes, said));
        }
        self.walked.push(Walked::passed(Stage::Schemes, offered));
        Ok(())
    }

    /// The stages before the one that failed were passed.
    fn not_reached(&mut self, error: &MailboxError) -> Remark {
        let stage = Stage::from(error.stage);
        let before = [Stage::Dns, Stage::Network, Stage::Tls];
        let passed = before.into_iter().filter(|passed| *passed < stage);
        self.walked.extend(passed.map(Walked::quietly));
        Remark::error(stage, (error.text.clone(), error.hint.clone()))
    }
}

fn ends_soon(certificate: &Certificate, words: Words, now: Timestamp) -> Option<Remark> {
    let end = certificate.not_after.filter(|_| certificate.ends_before(now + ENDS_SOON))?;
    let days = (end - now).total(Unit::Hour).map_or(0.0, |hours| (hours / 24.0).floor());
    Some(Remark::warning(Stage::Certificate, words.certificate_ends(days, end)))
}

#[cfg(test)]
mod tests {
    use abgleich::config::Language;
    use abgleich::ews::transport::TlsFacts;

    use super::*;

    const WORDS: Words = Words { language: Language::English };

    fn seen(end: &str, status: u16, schemes: &[&str]) -> (Way, Result<(), Remark>) {
        let certificate = Certificate {
            subject: "CN=mail.firma.example".to_owned(),
            issuer: "CN=Firma CA".to_owned(),
            names: vec!["mail.firma.example".to_owned()],
            not_before: None,
            not_after: end.parse().ok(),
            sha256: "00".to_owned(),
        };
        let dialed = Dialed {
            address: "192.0.2.1:443".parse().unwrap(),
            local: "192.0.2.2:50000".parse().unwrap(),
            tls: Some(TlsFacts { protocol: "TLS 1.2".to_owned(), certificate }),
        };
        let schemes = schemes.iter().map(|scheme| (*scheme).to_owned()).collect();
        let offer = Offer { status, schemes, location: None };
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut way = Way::default();
        let ended = way.saw(Some(&dialed), Some(&offer), Scheme::Ntlm, WORDS, now);
        (way, ended)
    }

    #[test]
    fn a_certificate_that_ends_within_30_days_is_a_warning() {
        let (way, ended) = seen("2026-12-01T12:00:00Z", 401, &["Negotiate", "NTLM"]);
        assert_eq!(ended, Ok(()));
        let said = "the server's certificate ends in 9 days, on 2026-12-01";
        assert_eq!((way.remarks[0].warning, way.remarks[0].text.as_str()), (true, said));
        let (way, _) = seen("2026-12-22T12:00:01Z", 401, &["NTLM"]);
        assert!(way.remarks.is_empty(), "30 days and a second");
    }

    #[test]
    fn a_scheme_that_is_not_offered_is_said_before_a_login_is_wasted() {
        let (_, ended) = seen("2036-12-01T12:00:00Z", 401, &["Basic"]);
        let remark = ended.unwrap_err();
        assert_eq!(remark.stage, Stage::Schemes);
        assert_eq!(remark.text, "the server does not offer NTLM; it offers Basic");
        let (_, ended) = seen("2036-12-01T12:00:00Z", 404, &[]);
        assert!(ended.unwrap_err().text.contains("status 404"));
    }
}
