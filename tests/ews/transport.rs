//! Lanes against a peer that knows nothing of HTTP libraries: it reads bytes and writes bytes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use abgleich::ews::{
    ConnectError, DistinguishedFolder, Endpoint, ErrorKind, EwsError, GetFolder, Header,
    Impersonation, PlainHttp, ReplyError, Scheme, Settings, Timeouts, TlsProblem, Trust,
};
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::peer::{Act, Peer, answer, ask, header, http, login, ok, plain, timeouts};

#[tokio::test]
async fn quirk_04_13_one_connection_carries_many_requests_with_all_that_servers_want() {
    let first =
        Act::Write(http("200 OK", "Set-Cookie: exchangecookie=abc; path=/\r\n", &answer(1)));
    let peer = Peer::start(vec![first, ok(), ok()], None).await;
    let mut lane = plain(&peer, timeouts());
    for _ in 0..3 {
        assert_eq!(ask(&mut lane).await.unwrap(), 1);
    }
    let requests = peer.requests();
    assert_eq!(requests.len(), 1, "one connection");
    assert_eq!(requests[0].len(), 3);
    let head = requests[0][1].to_ascii_lowercase();
    assert!(head.starts_with("post /ews/exchange.asmx http/1.1\r\n"), "{head}");
    for line in [
        format!("host: 127.0.0.1:{}", peer.port),
        "content-type: text/xml; charset=utf-8".to_owned(),
        format!("user-agent: abgleich/{}", env!("CARGO_PKG_VERSION")),
        "cookie: exchangecookie=abc".to_owned(),
        "x-anchormailbox: eva@firma.example".to_owned(),
        "return-client-request-id: true".to_owned(),
    ] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{line} is not in {head}");
    }
    // The base64 of "FIRMA\\svc:geheim".
    let login = requests[0][1].lines().find_map(|line| line.split_once(": Basic ")).unwrap();
    assert_eq!(login, ("authorization", "RklSTUFcc3ZjOmdlaGVpbQ=="));
    assert!(!head.contains("transfer-encoding"), "chunked requests are refused by some servers");
    assert!(!requests[0][0].contains("exchangecookie"));
}

#[tokio::test]
async fn the_front_end_is_told_whose_server_it_is() {
    let peer = Peer::start(vec![ok(), ok(), ok()], None).await;
    let mut lane = plain(&peer, timeouts());
    let (group, eva) = ("erste@firma.example".to_owned(), "eva@firma.example".to_owned());
    // A SID names no address; the mailbox does.
    let by_sid = Header {
        impersonate: Some(Impersonation::Sid("S-1-5-21-7".to_owned())),
        anchor: Some(eva.clone()),
        ..header()
    };
    // Subscriptions of a group live on the server of its first mailbox ("Maintain affinity between a group of subscriptions").
    let grouped = Header { affinity: Some(group.clone()), ..header() };
    for (header, anchor, grouped) in
        [(header(), &eva, false), (by_sid, &eva, false), (grouped, &group, true)]
    {
        let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
        lane.each(operation, &header).await.unwrap();
        let head = peer.requests()[0].last().unwrap().to_ascii_lowercase();
        assert!(head.contains(&format!("\r\nx-anchormailbox: {anchor}\r\n")), "{head}");
        assert_eq!(head.contains("\r\nx-preferserveraffinity: true\r\n"), grouped, "{head}");
    }
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_dialled_again() {
    let peer = Peer::start(vec![Act::AnswerThenClose, Act::AnswerThenClose, ok()], None).await;
    let mut lane = plain(&peer, timeouts());
    for _ in 0..3 {
        assert_eq!(ask(&mut lane).await.unwrap(), 1);
    }
    assert_eq!(peer.requests().iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
}

#[tokio::test]
async fn a_lost_answer_is_ambiguous_and_nothing_is_repeated() {
    let whole = http("200 OK", "", &answer(1));
    let half = whole[..whole.len() - 40].to_vec();
    for act in
        [Act::Close, Act::WriteAndClose(half), Act::WriteAndClose(b"HTTP/1.1 200 OK\r\n".to_vec())]
    {
        let peer = Peer::start(vec![act, ok()], None).await;
        let mut lane = plain(&peer, timeouts());
        let error = ask(&mut lane).await.unwrap_err();
        assert!(matches!(error, EwsError::Lost { .. }), "{error:?}");
        assert!(error.ambiguous());
        assert_eq!(error.kind(), ErrorKind::Transient { retry_after: None });
        assert_eq!(peer.requests().iter().map(Vec::len).sum::<usize>(), 1);
        assert_eq!(ask(&mut lane).await.unwrap(), 1, "the lane recovers");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_without_a_length_is_truncated() {
    let body = &answer(1)[..120];
    let act = Act::WriteAndClose(
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{body}").into_bytes(),
    );
    let peer = Peer::start(vec![act], None).await;
    let error = ask(&mut plain(&peer, timeouts())).await.unwrap_err();
    assert!(matches!(error, EwsError::Reply(ReplyError::Truncated { offset: 120 })), "{error:?}");
    assert!(error.ambiguous());
}

#[tokio::test]
async fn quirk_15_a_silent_server_is_given_up() {
    let short = Timeouts { read: Duration::from_millis(50), ..timeouts() };
    let whole = http("200 OK", "", &answer(1));
    let slow = Act::Write(whole[..whole.len() - 1].to_vec());
    for act in [Act::Hang, slow] {
        let peer = Peer::start(vec![act, ok()], None).await;
        let mut lane = plain(&peer, short);
        let error = ask(&mut lane).await.unwrap_err();
        assert!(matches!(error, EwsError::TimedOut { .. }), "{error:?}");
        assert!(error.ambiguous());
    }
}

#[tokio::test]
async fn statuses_become_errors_and_the_connection_is_not_used_again() {
    let cases: [(&str, &str, &str); 6] = [
        ("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "login"),
        ("302 Found", "Location: /owa/auth/logon.aspx\r\n", "http"),
        ("413 Too Large", "", "http"),
        ("456 Locked", "", "login"),
        ("503 Busy", "Retry-After: 3\r\n", "http"),
        ("507 Full", "", "http"),
    ];
    for (status, headers, stage) in cases {
        let peer =
            Peer::start(vec![Act::Write(http(status, headers, "<html>Nein</html>")), ok()], None)
                .await;
        let mut lane = plain(&peer, timeouts());
        let error = ask(&mut lane).await.unwrap_err();
        assert_eq!(error.stage(), stage, "{status}: {error:?}");
        assert!(!error.to_string().contains("geheim"));
        let again = ask(&mut lane).await;
        let heard: usize = peer.requests().iter().map(Vec::len).sum();
        if stage == "login" {
            // The account would be locked: nobody presents the password again.
            assert_eq!(again.unwrap_err().to_string(), error.to_string());
            assert_eq!(heard, 1, "{status}");
        } else {
            assert_eq!((again.unwrap(), heard), (1, 2), "{status}");
        }
    }
    let page = Act::Write(http(
        "500 Error",
        "",
        "<html><body>Server Error in '/EWS' Application.</body></html>",
    ));
    let peer = Peer::start(vec![page], None).await;
    let error = ask(&mut plain(&peer, timeouts())).await.unwrap_err();
    assert!(matches!(error, EwsError::Status { status: 500, .. }), "{error:?}");
}

#[tokio::test]
async fn what_a_server_offers_is_asked_without_the_password() {
    let offers = "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\n";
    let refused = Act::Write(http("401 Unauthorized", offers, "<html>Nein</html>"));
    let peer = Peer::start(vec![refused, ok()], None).await;
    let mut lane = plain(&peer, timeouts());
    let offer = lane.offer().await.unwrap().unwrap();
    assert_eq!((offer.status, offer.schemes), (401, vec!["Negotiate".into(), "NTLM".into()]));
    assert_eq!(lane.login_facts(), None);
    assert_eq!(ask(&mut lane).await.unwrap(), 1);
    assert_eq!(lane.login_facts().unwrap().scheme, Scheme::Basic);
    let requests = peer.requests();
    assert_eq!(requests.iter().map(Vec::len).collect::<Vec<_>>(), [2], "one connection");
    assert!(!requests[0][0].to_ascii_lowercase().contains("authorization"), "{}", requests[0][0]);
}

#[tokio::test]
async fn pages_of_another_kind_come_as_they_are() {
    let moved = Act::Write(http("302 Found", "Location: https://x.example/\r\n", "gone"));
    let peer = Peer::start(vec![moved, Act::Write(http("200 OK", "", "0123456789"))], None).await;
    let mut lane = plain(&peer, timeouts());
    let page = lane
        .page("Autodiscover", Bytes::from_static(b"<Autodiscover/>"), 4)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((page.status, page.location.as_deref()), (302, Some("https://x.example/")));
    let page = lane.page("Autodiscover", Bytes::new(), 4).await.unwrap().unwrap();
    assert_eq!((page.status, page.body.as_slice()), (200, &b"0123"[..]));
    assert!(peer.requests()[0][0].ends_with("<Autodiscover/>"));
}

#[tokio::test]
async fn an_answer_that_nobody_reads_costs_the_connection_and_nothing_else() {
    let peer = Peer::start(vec![ok(), ok()], None).await;
    let mut lane = plain(&peer, timeouts());
    let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
    drop(lane.call(operation, &header()).await.unwrap());
    assert_eq!(ask(&mut lane).await.unwrap(), 1);
    assert_eq!(peer.requests().len(), 2);
}

#[tokio::test]
async fn an_unreachable_server_names_the_stage() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let lane = |host: &str| {
        let endpoint =
            Endpoint::parse(&format!("https://{host}:{port}/"), PlainHttp::Never).unwrap();
        Settings::new(endpoint, &login(), &only(&Authority::new("Firma")), timeouts())
            .unwrap()
            .lane()
    };
    let error = lane("127.0.0.1").connect().await.unwrap_err();
    assert_eq!((error.stage(), error.ambiguous()), ("tcp", false), "{error:?}");
    // RFC 6761: a name under .invalid never resolves.
    let error = lane("mail.invalid").connect().await.unwrap_err();
    assert_eq!(error.stage(), "dns", "{error:?}");
}

/// A certificate authority of the test.
struct Authority {
    certificate: rcgen::Certificate,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::new(vec![]).unwrap();
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        let issuer = rcgen::Issuer::new(parameters, key);
        Self { certificate, issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        let file = self.folder.path().join("firma.pem");
        std::fs::write(&file, self.certificate.pem()).unwrap();
        file
    }

    /// Makes the TLS side of a server with these names, valid until a year.
    fn server(&self, names: &[&str], until: i32) -> TlsAcceptor {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut parameters = rcgen::CertificateParams::new(names).unwrap();
        parameters.not_after = rcgen::date_time_ymd(until, 1, 1);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

fn only(authority: &Authority) -> Trust {
    Trust::Only(authority.file())
}

/// Returns why, and what is said of the certificate.
async fn tls_problem(server: TlsAcceptor, trust: &Trust) -> (TlsProblem, String) {
    let peer = Peer::start(vec![ok()], Some(server)).await;
    let endpoint =
        Endpoint::parse(&format!("https://localhost:{}/", peer.port), PlainHttp::Never).unwrap();
    let mut lane = Settings::new(endpoint, &login(), trust, timeouts()).unwrap().lane();
    let error = ask(&mut lane).await.unwrap_err();
    assert!(peer.requests().is_empty(), "no request may travel on a connection that is not safe");
    assert_eq!((error.stage(), error.ambiguous()), ("tls", false));
    match error {
        EwsError::Connect(ConnectError::Tls { problem, certificate, .. }) => {
            (problem, certificate.unwrap())
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn quirk_11_a_company_certificate_is_trusted_when_its_file_is_named() {
    let authority = Authority::new("Firma");
    let peer = Peer::start(vec![ok()], Some(authority.server(&["localhost"], 2099))).await;
    let endpoint =
        Endpoint::parse(&format!("https://localhost:{}/", peer.port), PlainHttp::Never).unwrap();
    let trust = Trust::SystemAnd(authority.file());
    let mut lane = Settings::new(endpoint, &login(), &trust, timeouts()).unwrap().lane();
    let dialed = lane.connect().await.unwrap().unwrap();
    let tls = dialed.tls.unwrap();
    assert_eq!(tls.protocol, "TLS 1.3");
    assert_eq!(tls.certificate.names, ["localhost"]);
    assert_eq!(tls.certificate.issuer, "CN=Firma");
    assert_eq!(tls.certificate.not_after.unwrap().to_string(), "2099-01-01T00:00:00Z");
    assert_eq!(tls.certificate.sha256.len(), 64);
    assert_eq!(ask(&mut lane).await.unwrap(), 1);
    assert_eq!(peer.requests().len(), 1, "the dialled connection is used");
}

#[tokio::test]
async fn quirk_11_bad_certificates_say_what_is_wrong_with_them() {
    let (ours, other) = (Authority::new("Firma"), Authority::new("Andere"));
    let (expired, certificate) = tls_problem(ours.server(&["localhost"], 2020), &only(&ours)).await;
    assert!(matches!(expired, TlsProblem::Expired { .. }), "{expired:?}");
    for word in ["issued by CN=Firma", "to 2020-01-01", "for localhost", "SHA-256 "] {
        assert!(certificate.contains(word), "{word} is not in {certificate}");
    }
    let (unknown, certificate) =
        tls_problem(other.server(&["localhost"], 2099), &only(&ours)).await;
    assert_eq!(unknown, TlsProblem::UnknownIssuer);
    assert!(certificate.contains("issued by CN=Andere"), "{certificate}");
    let names = ["mail.firma.example", "autodiscover.firma.example"];
    let (wrong, _) = tls_problem(ours.server(&names, 2099), &only(&ours)).await;
    assert_eq!(wrong, TlsProblem::WrongName { names: names.map(str::to_owned).into() });
    assert!(wrong.to_string().contains("mail.firma.example"));
}

#[test]
fn a_file_without_certificates_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("leer.pem");
    std::fs::write(&file, "kein Zertifikat").unwrap();
    for trust in [Trust::Only(file), Trust::SystemAnd(folder.path().join("fehlt.pem"))] {
        let endpoint = Endpoint::parse("https://localhost/", PlainHttp::Never).unwrap();
        let error = Settings::new(endpoint, &login(), &trust, timeouts()).unwrap_err();
        assert!(matches!(error, ConnectError::Roots { .. }), "{error:?}");
        assert!(error.to_string().contains(".pem"), "{error}");
    }
}
