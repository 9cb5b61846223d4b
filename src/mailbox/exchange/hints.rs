//! Pure: what a person can do about an error of EWS, where its text does not say so by itself.

use crate::ews::error::ProxyProblem;
use crate::ews::{ConnectError, EwsError, LoginError, ReplyError, ResponseCode, TlsProblem};
use crate::reason::Advice;

/// What finds a request whose answer says too little.
const LOGS: Advice = Advice::new(
    "die Anfrage in den Protokollen des Servers suchen (Logging\\Ews, HttpProxy\\Ews, IIS); `abgleich check --ticket` hat ihre Nummer",
    "look for the request in the logs of the server (Logging\\Ews, HttpProxy\\Ews, IIS); `abgleich check --ticket` has its number",
);

/// Returns the next step after an error; `None` where its text has it.
pub(super) fn of_error(error: &EwsError) -> Option<Advice> {
    match error {
        EwsError::Connect(error) => of_connect(error),
        EwsError::LoginRefused { offers } => {
            // Nobody says whether it was the password or the channel binding, and asking again could lock the account.
            let bound =
                |offer: &String| ["ntlm", "negotiate"].contains(&offer.to_lowercase().as_str());
            Some(if offers.iter().any(bound) {
                Advice::new(
                    "Benutzername und Kennwort der Anmeldung des Servers in der Konfiguration prüfen; endet TLS an einem Lastverteiler vor \
                 Exchange, muss `cbt` dazu passen (docs/authentication.md, Extended Protection)",
                    "check user name and password of the server's login in the configuration; where TLS ends at a load balancer in \
                 front of Exchange, `cbt` has to fit (docs/authentication.md, Extended Protection)",
                )
            } else {
                Advice::new(
                    "Benutzername und Kennwort der Anmeldung des Servers in der Konfiguration prüfen, und ob der Server ihr Verfahren anbietet",
                    "check user name and password of the server's login in the configuration, and that the server offers its scheme",
                )
            })
        }
        EwsError::Login(LoginError::Unusable { .. }) => Some(Advice::new(
            "`login` des Servers in der Konfiguration prüfen (docs/authentication.md)",
            "check the server's `login` in the configuration (docs/authentication.md)",
        )),
        EwsError::Login(LoginError::Token { .. }) => Some(Advice::new(
            "nachsehen, ob ein Proxy oder Lastverteiler dazwischen Kopfzeilen ändert; mit einem anderen `scheme` kann es gehen (docs/authentication.md)",
            "look whether a proxy or load balancer in between changes headers; another `scheme` may do (docs/authentication.md)",
        )),
        EwsError::Login(_) => None,
        EwsError::AccountBlocked { status: 440 } => Some(Advice::new(
            "`url` des Servers prüfen: Dahinter ist ein Anmeldeformular, nicht der Webdienst",
            "check the server's `url`: behind it is a login form, not the web service",
        )),
        EwsError::AccountBlocked { .. } => Some(Advice::new(
            "das Konto der Anmeldung entsperren",
            "unlock the account of the login",
        )),
        EwsError::Redirected { .. }
        | EwsError::Reply(ReplyError::NotSoap { .. })
        | EwsError::Status { status: 404, .. } => Some(Advice::new(
            "`url` des Servers prüfen; sie endet auf /EWS/Exchange.asmx",
            "check the server's `url`; it ends in /EWS/Exchange.asmx",
        )),
        EwsError::Lost { .. } => Some(Advice::new(
            "nach einer Firewall, einem Proxy oder Lastverteiler suchen, der Verbindungen kappt; der nächste Lauf geht weiter, wo dieser endete",
            "look for a firewall, proxy or load balancer that cuts connections; the next run goes on where this one ended",
        )),
        EwsError::TimedOut { .. } => Some(Advice::new(
            "die Last des Servers ansehen; ist er immer langsam, `reply_seconds` in seinen `timeouts` erhöhen",
            "look at the load of the server; where it is slow by nature, raise `reply_seconds` in its `timeouts`",
        )),
        EwsError::Unavailable { .. } => Some(Advice::new(
            "nachsehen, ob der Webdienst läuft (Anwendungspool MSExchangeServicesAppPool) und ob der Lastverteiler davor einen Server \
             hat; der nächste Lauf versucht es wieder",
            "look whether the web service runs (application pool MSExchangeServicesAppPool) and whether the load balancer in front \
             has a server; the next run tries again",
        )),
        EwsError::Resting { .. } => Some(Advice::new(
            "es ist nichts zu tun; der nächste Lauf geht weiter",
            "nothing has to be done; the next run goes on",
        )),
        EwsError::RequestTooLarge => Some(Advice::new(
            "erhöhen, was der Webdienst annimmt (maxAllowedContentLength in seiner web.config, oder die Grenze des Proxys davor)",
            "raise what the web service takes (maxAllowedContentLength in its web.config, or the limit of the proxy in front)",
        )),
        EwsError::Status { status: 403, .. } => Some(Advice::new(
            "nachsehen, ob dieses Programm und dieses Postfach EWS benutzen dürfen (Get-CASMailbox, Get-OrganizationConfig: Ews…), und \
             ob eine Firewall den Pfad sperrt",
            "look whether this program and this mailbox may use EWS (Get-CASMailbox, Get-OrganizationConfig: Ews…), and whether a \
             firewall blocks the path",
        )),
        EwsError::Status { .. } | EwsError::Reply(_) => Some(LOGS),
        EwsError::Fault(fault) => of_code(&fault.code).or(Some(LOGS)),
    }
}

/// The same where no connection came about.
const fn of_connect(error: &ConnectError) -> Option<Advice> {
    match error {
        ConnectError::Proxy { problem: ProxyProblem::Login, .. } => Some(Advice::new(
            "`proxy` des Servers eine Anmeldung geben: proxy = { url = \"…\", user = \"…\", password = { env = \"…\" } }",
            "give the server's `proxy` a login: proxy = { url = \"…\", user = \"…\", password = { env = \"…\" } }",
        )),
        ConnectError::Proxy { problem: ProxyProblem::Broken(_), .. } => Some(Advice::new(
            "`proxy` des Servers in der Konfiguration prüfen, und ob der Proxy läuft",
            "check the server's `proxy` in the configuration, and that the proxy runs",
        )),
        ConnectError::Tls { problem: TlsProblem::UnknownIssuer, .. } => Some(Advice::new(
            "das Zertifikat der eigenen Zertifizierungsstelle als `ca_file` des Servers nennen",
            "name the certificate of your authority as the server's `ca_file`",
        )),
        ConnectError::Tls { problem: TlsProblem::BadCertificate { .. }, .. } => Some(Advice::new(
            "das Zertifikat neu ausstellen lassen (mit SHA-256 signiert, für einen Server und nicht für eine Zertifizierungsstelle), oder \
             ihm allein durch `pin` glauben (docs/authentication.md, Certificates)",
            "have the certificate issued anew (signed with SHA-256, for a server and not for an authority), or believe it alone by \
             `pin` (docs/authentication.md, Certificates)",
        )),
        ConnectError::TimedOut { .. } => Some(Advice::new(
            "Host und Port der `url`, Firewall und Proxy prüfen; ist der Weg langsam, `connect_seconds` in `timeouts` erhöhen",
            "check host and port of the `url`, the firewall and the proxy; where the way is slow, raise `connect_seconds` in \
             `timeouts`",
        )),
        ConnectError::Roots { .. } => Some(Advice::new(
            "`ca_file` des Servers prüfen: eine PEM-Datei mit dem Zertifikat der Zertifizierungsstelle",
            "check the server's `ca_file`: a PEM file with the certificate of the authority",
        )),
        ConnectError::Url { .. } => Some(Advice::new(
            "`url` des Servers in der Konfiguration richtigstellen",
            "mend the server's `url` in the configuration",
        )),
        ConnectError::Login { .. } => Some(Advice::new(
            "`login` des Servers in der Konfiguration richtigstellen",
            "mend the server's `login` in the configuration",
        )),
        // These say it themselves.
        ConnectError::Name { .. }
        | ConnectError::Tcp { .. }
        | ConnectError::Proxy { problem: ProxyProblem::Status(_), .. }
        | ConnectError::Tls { .. } => None,
    }
}

/// Returns the next step after a code, where there is a better one than to look into logs.
pub(super) const fn of_code(code: &ResponseCode) -> Option<Advice> {
    match code {
        ResponseCode::ErrorImpersonateUserDenied
        | ResponseCode::ErrorImpersonationDenied
        | ResponseCode::ErrorImpersonationFailed => Some(Advice::new(
            "der Anmeldung die Rolle ApplicationImpersonation für dieses Postfach geben, oder `access` auf \"delegate\" stellen",
            "give the login the role ApplicationImpersonation for this mailbox, or set `access` to \"delegate\"",
        )),
        ResponseCode::ErrorNonExistentMailbox
        | ResponseCode::ErrorCannotFindUser
        | ResponseCode::ErrorNonPrimarySmtpAddress => Some(Advice::new(
            "die Adresse in der Zeile dieses Postfachs prüfen; es muss die primäre sein",
            "check the address in the line of this mailbox; it must be the primary one",
        )),
        ResponseCode::ErrorAccessDenied => Some(Advice::new(
            "der Anmeldung Rechte an den Ordnern dieses Postfachs geben",
            "give the login rights on the folders of this mailbox",
        )),
        ResponseCode::ErrorPasswordExpired | ResponseCode::ErrorPasswordChangeRequired => {
            Some(Advice::new(
                "dem Konto der Anmeldung ein anderes Kennwort geben, und der Konfiguration auch",
                "give the account of the login another password, and the configuration too",
            ))
        }
        ResponseCode::ErrorAccountDisabled => Some(Advice::new(
            "das Konto des Postfachs aktivieren, oder seine Zeile entfernen",
            "enable the mailbox's account, or remove its line",
        )),
        ResponseCode::ErrorFolderNotFound | ResponseCode::ErrorSyncFolderNotFound => {
            Some(Advice::new(
                "den Ordner gibt es nicht mehr; `folder` der Bereiche prüfen",
                "the folder is not there any more; check the `folder` of the scopes",
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::of_error;
    use crate::ews::auth::Scheme;
    use crate::ews::error::{Fault, ProxyProblem};
    use crate::ews::{ConnectError, EwsError, LoginError, ReplyError, ResponseCode, TlsProblem};
    use std::collections::BTreeSet;
    use std::time::Duration;

    /// Issue 3, point 8: "names the failing stage with the next step".
    #[test]
    fn every_error_has_a_next_step_in_its_text_or_beside_it() {
        let text = || "x".to_owned();
        let waited = Duration::from_secs(15);
        let proxy = |problem| ConnectError::Proxy { proxy: text(), problem };
        let tls = |problem| ConnectError::Tls { authority: text(), problem, certificate: None };
        let detail = text;
        let connects = [
            ConnectError::Name { host: text(), problem: text() },
            ConnectError::Tcp { authority: text(), problem: text() },
            proxy(ProxyProblem::Login),
            proxy(ProxyProblem::Status(403)),
            proxy(ProxyProblem::Broken(text())),
            tls(TlsProblem::Expired { detail: detail() }),
            tls(TlsProblem::UnknownIssuer),
            tls(TlsProblem::WrongName { names: Vec::new() }),
            tls(TlsProblem::BadCertificate { detail: detail() }),
            tls(TlsProblem::NotPinned),
            tls(TlsProblem::NoCommonCipher),
            tls(TlsProblem::OldProtocol),
            tls(TlsProblem::Handshake { detail: detail() }),
            ConnectError::TimedOut { authority: text(), stage: "tcp", waited },
            ConnectError::Roots { from: text(), problem: text() },
            ConnectError::Url { url: text(), problem: "x" },
            ConnectError::Login { problem: "x" },
        ]
        .map(EwsError::Connect);
        let scheme = Scheme::Ntlm;
        let logins = [
            LoginError::NotAsked { scheme },
            LoginError::Unusable { problem: "x" },
            LoginError::Library { problem: text() },
            LoginError::Ticket { service: text(), problem: text(), refused: true },
            LoginError::Ticket { service: text(), problem: text(), refused: false },
            LoginError::NoKerberos { service: text() },
            LoginError::NotProven,
            LoginError::Token { scheme, problem: text() },
            LoginError::Interrupted { scheme },
        ]
        .map(EwsError::Login);
        let fault = |code| EwsError::Fault(Fault { code, text: None, details: Vec::new() });
        let others = [
            EwsError::Lost { problem: text() },
            EwsError::TimedOut { waited },
            EwsError::LoginRefused { offers: Vec::new() },
            EwsError::AccountBlocked { status: 440 },
            EwsError::AccountBlocked { status: 456 },
            EwsError::Redirected { location: text() },
            EwsError::Unavailable { status: 503, retry_after: None },
            EwsError::Resting { left: waited },
            EwsError::RequestTooLarge,
            EwsError::Status { status: 403, excerpt: text() },
            EwsError::Status { status: 418, excerpt: text() },
            fault(ResponseCode::ErrorFolderNotFound),
            fault(ResponseCode::Other("ErrorFromTheFuture".into())),
            EwsError::Reply(ReplyError::NotSoap { found: text() }),
            EwsError::Reply(ReplyError::Empty),
        ];
        for error in connects.into_iter().chain(logins).chain(others) {
            let said = match &error {
                EwsError::Connect(error) => error.to_string(),
                EwsError::Login(error) => error.to_string(),
                other => other.to_string(),
            };
            let Some(next) = of_error(&error) else {
                assert!(said.contains(';'), "{said}");
                continue;
            };
            // What is to be typed or looked up is the same in both languages.
            let quoted = |text: &str| {
                let quoted = text.split('`').skip(1).step_by(2).map(str::to_owned);
                quoted.collect::<BTreeSet<_>>()
            };
            assert_eq!(quoted(next.german()), quoted(next.english()));
            assert_ne!(next.german(), next.english());
        }
    }
}
