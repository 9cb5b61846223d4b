//! What is tested while the servers run: who must be let in, who must not, and over how many connections.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use abgleich::ews::{
    BindingMode, ConnectError, Endpoint, ErrorKind, EwsError, Login, LoginError, Passage, Password,
    PlainHttp, Proxy, ProxyProblem, Scheme, Settings, Ticket, Timeouts, TlsProblem, Trust,
};
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use crate::client::{
    PASSWORD, ask, basic, bound_to, code, connections, der, is_refused, kerberos, ntlm, posts,
    settings, tickets, with_trust,
};
use crate::servers::Site;

macro_rules! inside {
    ($(#[doc = $doc:literal])* async fn $name:ident($site:ident) $body:block) => {
        $(#[doc = $doc])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        #[ignore = "runs inside of the test that starts the servers"]
        async fn $name() {
            let Some($site) = Site::find() else { return };
            $body
        }
    };
}

inside! {
    async fn apache_takes_every_scheme(site) {
        let apache = site.port("APACHE");
        let mut rows = vec![("/basic", basic()), ("/ntlm", ntlm()), ("/nego", ntlm())];
        for place in ["/krb", "/nego"] {
            rows.extend(tickets(&site).map(|login| (place, login)));
        }
        for (number, (place, login)) in rows.iter().enumerate() {
            let path = format!("{place}/reply.xml?t=apache{number}");
            posts(&settings(&site, apache, &path, login), 10).await.unwrap_or_else(|error| {
                panic!("{path}, {}: {error:?}", login.account())
            });
            // NTLM has one 401 in all: the login is made once. The others have none.
            let wanted = usize::from(login.scheme() == Scheme::Ntlm);
            let lines = site.lines("access.log", &format!("t=apache{number}"), 10 + wanted);
            let ports: BTreeSet<_> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
            assert_eq!(ports.len(), 1, "one lane is one connection: {lines:?}");
            let refused = lines.iter().filter(|line| line.contains(" 401 ") || line.ends_with(" 401")).count();
            assert_eq!((refused, lines.len()), (wanted, 10 + wanted), "{path}: {lines:?}");
        }
    }
}

inside! {
    async fn ntlm_is_version_2_with_code_service_and_binding(site) {
        let base = site.port("BASE");
        let lane = posts(&settings(&site, base, "/ntlm/require/conn/x?t=proper", &ntlm()), 10).await.unwrap();
        let facts = lane.login_facts().unwrap();
        assert_eq!((facts.scheme, facts.bound, facts.each_request), (Scheme::Ntlm, true, false));
        let seen = site.seen("proper", 11);
        assert_eq!((seen.len(), connections(&seen)), (11, 1), "one login for ten posts");
        let login = &seen[1];
        assert_eq!(login["mech"], "ntlm-raw");
        assert_eq!(login["ntlmv2"], true);
        assert_eq!(login["spn"], "HTTP/localhost");
        assert_eq!(login["lm_zero"], true);
        assert_eq!(login["flags"], "02000000", "there is a code over all messages");
        assert_ne!(login["mic"], "0".repeat(32));
        // The acceptor reckons the hash by python-cryptography; this is a third way, by openssl's file and plain MD5.
        assert_eq!(login["has_cbt"], true);
        assert!(seen[2..].iter().all(|entry| entry["auth"] == "-" && code(entry) == 200));
    }
}

inside! {
    /// The rows "no CBT" and "wrong CBT" of the matrix: what a server must refuse, it refuses; nothing else.
    async fn quirk_09_bindings_are_enforced(site) {
        let base = site.port("BASE");
        let wrong = BindingMode::Hash(Sha256::digest(b"another certificate").to_vec());
        for (scheme, login) in [("ntlm", ntlm()), ("krb", kerberos(PASSWORD)), ("nego", kerberos(PASSWORD))] {
            for (cbt, right, none, other) in [
                ("require", true, false, false),
                ("accept", true, true, false),
                ("ignore", true, true, true),
            ] {
                for (binding, wanted) in
                    [(BindingMode::Auto, right), (BindingMode::Off, none), (wrong.clone(), other)]
                {
                    let path = format!("/{scheme}/{cbt}/conn/x?t=bound");
                    let settings = settings(&site, base, &path, &login).through(&bound_to(&binding));
                    let refused = is_refused(posts(&settings, 3).await);
                    assert_eq!(!refused, wanted, "{path} with {binding:?}");
                }
            }
        }
    }
}

inside! {
    /// TLS that ends at a proxy with another certificate: refused, unless the hash of the one behind is configured.
    async fn quirk_09_tls_that_ends_elsewhere_is_noticed(site) {
        let port = site.port("BASE") + 10;
        let behind = fs::read_to_string(site.file("ec256.pem")).unwrap();
        let behind = BindingMode::Hash(Sha256::digest(der(&behind)).to_vec());
        for (scheme, login) in [("ntlm", ntlm()), ("krb", kerberos(PASSWORD))] {
            let settings = settings(&site, port, &format!("/{scheme}/require/conn/x"), &login);
            assert!(is_refused(posts(&settings, 1).await), "{scheme}");
            let settings = settings.through(&bound_to(&behind));
            posts(&settings, 3).await.unwrap();
        }
    }
}

inside! {
    /// The hash follows the signature of the certificate; the acceptor reckons it by python-cryptography.
    async fn quirk_09_every_kind_of_certificate_has_its_hash(site) {
        let base = site.port("BASE");
        for (offset, name) in ["rsa256", "rsa384", "rsa512", "ec384", "pss256", "pss384"].into_iter().enumerate() {
            let port = base + u16::try_from(offset).unwrap();
            for (scheme, login) in [("ntlm", ntlm()), ("krb", kerberos(PASSWORD))] {
                let settings = settings(&site, port, &format!("/{scheme}/require/conn/x"), &login);
                posts(&settings, 2).await.unwrap_or_else(|error| panic!("{name}, {scheme}: {error:?}"));
            }
        }
        // What no authority vouches for is trusted when it is pinned, and only then.
        for (offset, name) in [(6, "sha1"), (7, "self"), (8, "selfsha1"), (9, "selfca")] {
            let pem = fs::read_to_string(site.file(&format!("{name}.pem"))).unwrap();
            let pin: [u8; 32] = Sha256::digest(der(&pem)).into();
            for (scheme, login) in [("ntlm", ntlm()), ("krb", kerberos(PASSWORD))] {
                let path = format!("/{scheme}/require/conn/x");
                let settings = with_trust(&Trust::Pinned(pin), base + offset, &path, &login);
                posts(&settings, 2).await.unwrap_or_else(|error| panic!("{name}, {scheme}: {error:?}"));
            }
            let unknown = settings(&site, base + offset, "/ntlm/require/conn/x", &ntlm());
            let error = posts(&unknown, 1).await.unwrap_err();
            assert!(matches!(error, EwsError::Connect(ConnectError::Tls { .. })), "{name}: {error:?}");
            let other = with_trust(&Trust::Pinned([7; 32]), base + offset, "/ntlm/require/conn/x", &ntlm());
            let error = posts(&other, 1).await.unwrap_err();
            let EwsError::Connect(ConnectError::Tls { problem, certificate, .. }) = error else {
                panic!("{error:?}")
            };
            assert_eq!(problem, TlsProblem::NotPinned);
            assert!(certificate.unwrap().contains("CN="), "the message says which certificate it was");
        }
    }
}

inside! {
    async fn passwords_may_have_any_letters(site) {
        let login = Login::Ntlm { user: "EXTEST\\bob".into(), password: Password::new("pässwörd€") };
        posts(&settings(&site, site.port("BASE"), "/ntlm/require/conn/x", &login), 2).await.unwrap();
        posts(&settings(&site, site.port("APACHE"), "/ntlm/reply.xml", &login), 2).await.unwrap();
        let login = Login::Basic { user: "bob".into(), password: Password::new("pässwörd€") };
        posts(&settings(&site, site.port("BASE"), "/basic/ignore/conn/x", &login), 2).await.unwrap();
    }
}

inside! {
    async fn a_server_that_closes_is_dialled_again(site) {
        for (number, (scheme, login)) in
            [("ntlm", ntlm()), ("krb", kerberos(PASSWORD))].into_iter().enumerate()
        {
            let path = format!("/{scheme}/require/conn/x?t=close{number}&close=3");
            posts(&settings(&site, site.port("BASE"), &path, &login), 20).await.unwrap();
            let firsts = if scheme == "ntlm" { 7 } else { 0 };
            let seen = site.seen(&format!("close{number}"), 20 + firsts);
            assert_eq!(seen.len(), 20 + firsts, "one login for each connection");
            assert_eq!(connections(&seen), 7, "{scheme}: three posts for each connection");
            assert_eq!(seen.iter().filter(|entry| code(entry) == 200).count(), 20);
        }
        posts(&settings(&site, site.port("CLOSING"), "/ntlm/reply.xml", &ntlm()), 20).await.unwrap();
        posts(&settings(&site, site.port("CLOSING"), "/krb/reply.xml", &kerberos(PASSWORD)), 20).await.unwrap();
    }
}

inside! {
    async fn quirk_07_a_server_that_asks_again_gets_the_login_on_the_same_connection(site) {
        for (number, (scheme, login)) in
            [("ntlm", ntlm()), ("krb", kerberos(PASSWORD))].into_iter().enumerate()
        {
            let path = format!("/{scheme}/require/conn/x?t=forget{number}&forget=3");
            let lane = posts(&settings(&site, site.port("BASE"), &path, &login), 20).await.unwrap();
            // Six times the server asks again; NTLM has a first word besides, each time.
            let wanted = 20 + 6 + if scheme == "ntlm" { 7 } else { 0 };
            let seen = site.seen(&format!("forget{number}"), wanted);
            assert_eq!(seen.len(), wanted);
            assert_eq!(connections(&seen), 1, "{scheme}");
            assert_eq!(seen.iter().filter(|entry| code(entry) == 200).count(), 20);
            assert!(!lane.login_facts().unwrap().each_request);
        }
    }
}

inside! {
    /// A server that wants a ticket with each request: the lane learns it after two refusals in a row.
    async fn quirk_07_logins_for_each_request_are_learnt(site) {
        let path = "/krb/require/req/x?t=each";
        let lane = posts(&settings(&site, site.port("BASE"), path, &kerberos(PASSWORD)), 10).await.unwrap();
        assert!(lane.login_facts().unwrap().each_request);
        let seen = site.seen("each", 12);
        assert_eq!(connections(&seen), 1);
        let refused = seen.iter().filter(|entry| code(entry) == 401).count();
        assert_eq!((refused, seen.len()), (2, 12), "ten posts, and two that had to be said again");
        let path = "/krbreq/reply.xml?t=krbreq";
        let lane = posts(&settings(&site, site.port("APACHE"), path, &kerberos(PASSWORD)), 10).await.unwrap();
        assert!(lane.login_facts().unwrap().each_request);
        let lines = site.lines("access.log", "t=krbreq", 12);
        let ports: BTreeSet<_> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
        assert_eq!((ports.len(), lines.len()), (1, 12), "{lines:?}");
    }
}

inside! {
    /// A server that cannot prove that it holds the service's key is not the one that we mean.
    async fn a_server_without_proof_is_not_believed(site) {
        let path = "/krb/require/conn/x?t=proof&nomutual=1";
        let error = posts(&settings(&site, site.port("BASE"), path, &kerberos(PASSWORD)), 1).await.unwrap_err();
        assert!(matches!(error, EwsError::Login(LoginError::NotProven)), "{error:?}");
        assert!(error.ambiguous(), "whoever it was has the request");
        assert_eq!(site.seen("proof", 1).len(), 1, "it is not sent again");
    }
}

inside! {
    async fn quirk_08_a_large_request_travels_once(site) {
        const SIZE: usize = 35 << 20;
        let body = Bytes::from(vec![b'x'; SIZE]);
        for (number, (scheme, login)) in
            [("ntlm", ntlm()), ("krb", kerberos(PASSWORD))].into_iter().enumerate()
        {
            let path = format!("/{scheme}/require/conn/x?t=large{number}");
            let mut lane = settings(&site, site.port("BASE"), &path, &login).lane();
            let page = lane.page("Large", body.clone(), 1 << 20).await.unwrap().unwrap();
            assert_eq!(page.status, 200);
            for _ in 0..5 {
                ask(&mut lane).await.unwrap();
            }
            let words = if scheme == "ntlm" { 2 } else { 1 };
            let seen = site.seen(&format!("large{number}"), words + 5);
            let sizes: Vec<u64> = seen.iter().map(|entry| entry["blen"].as_u64().unwrap()).collect();
            let large = u64::try_from(SIZE).unwrap();
            assert_eq!(sizes.iter().filter(|size| **size == large).count(), 1, "{sizes:?}");
            if scheme == "ntlm" {
                assert_eq!(sizes[..2], [0, large], "the first word carries nothing");
            }
            assert_eq!(connections(&seen), 1);
        }
    }
}

inside! {
    async fn quirk_07_sixteen_lanes_are_sixteen_connections(site) {
        for (number, (scheme, login)) in
            [("ntlm", ntlm()), ("krb", kerberos(PASSWORD))].into_iter().enumerate()
        {
            let path = format!("/{scheme}/require/conn/x?t=lanes{number}");
            let settings = settings(&site, site.port("BASE"), &path, &login);
            let lanes: Vec<_> = (0..16)
                .map(|_| {
                    let settings = settings.clone();
                    tokio::spawn(async move { posts(&settings, 50).await.map(drop) })
                })
                .collect();
            for lane in lanes {
                lane.await.unwrap().unwrap();
            }
            let firsts = if scheme == "ntlm" { 16 } else { 0 };
            let seen = site.seen(&format!("lanes{number}"), 16 * 50 + firsts);
            assert_eq!(connections(&seen), 16, "{scheme}");
            assert_eq!(seen.iter().filter(|entry| code(entry) == 200).count(), 16 * 50);
        }
    }
}

/// Sixteen lanes with a wrong password, all at once. All must hear the same.
async fn all_refused(settings: &Settings) -> String {
    let lanes: Vec<_> = (0..16)
        .map(|_| {
            let settings = settings.clone();
            tokio::spawn(async move { posts(&settings, 1).await.unwrap_err().to_string() })
        })
        .collect();
    let mut said = BTreeSet::new();
    for lane in lanes {
        said.insert(lane.await.unwrap());
    }
    assert_eq!(said.len(), 1, "{said:?}");
    said.pop_first().unwrap()
}

inside! {
    /// A directory locks an account after a few wrong passwords: however many lanes there are, it hears one.
    async fn a_wrong_password_is_presented_once(site) {
        let base = site.port("BASE");
        let wrong = Login::Ntlm { user: "EXTEST\\alice".into(), password: Password::new("falsch") };
        let said = all_refused(&settings(&site, base, "/ntlm/require/conn/x?t=wrong1", &wrong)).await;
        assert!(said.contains("refused") && !said.contains("falsch"), "{said}");
        let seen = site.seen("wrong1", 2);
        assert_eq!(seen.iter().filter(|entry| !entry["err"].is_null()).count(), 1, "{seen:?}");
        assert_eq!(seen.len(), 2, "the first word of one login, and the last");

        let wrong = Login::Basic { user: "alice".into(), password: Password::new("falsch") };
        all_refused(&settings(&site, base, "/basic/ignore/conn/x?t=wrong2", &wrong)).await;
        assert_eq!(site.seen("wrong2", 1).len(), 1);

        // The domain controller hears it, and the server nothing.
        let before = site.lines("kdc.log", "PREAUTH_FAILED", 0).len();
        let settings = settings(&site, base, "/krb/require/conn/x?t=wrong3", &kerberos("falsch"));
        let said = all_refused(&settings).await;
        assert!(said.contains("Kerberos refused") && !said.contains("falsch"), "{said}");
        assert_eq!(site.lines("kdc.log", "PREAUTH_FAILED", before + 1).len() - before, 1);
        assert_eq!(site.seen("wrong3", 0).len(), 0);
        assert!(settings.gate().refused().is_some());
        assert!(!format!("{settings:?}").contains("falsch"));
    }
}

inside! {
    /// The account is one, whatever the server: what the first refused is presented to no second.
    async fn two_servers_share_the_refusal_of_an_account(site) {
        let passage = Passage::default();
        let wrong = Login::Ntlm { user: "EXTEST\\alice".into(), password: Password::new("falsch") };
        let one = settings(&site, site.port("BASE"), "/ntlm/require/conn/x?t=first", &wrong).through(&passage);
        let two = settings(&site, site.port("BASE") + 1, "/ntlm/require/conn/x?t=second", &wrong).through(&passage);
        assert!(is_refused(posts(&one, 1).await));
        assert!(is_refused(posts(&two, 1).await));
        assert_eq!(site.seen("second", 0).len(), 0);
        // Another password is another login, with a gate of its own; whoever still holds the first one stays shut out.
        let fresh = settings(&site, site.port("BASE") + 1, "/ntlm/require/conn/x?t=second", &wrong);
        assert!(is_refused(posts(&fresh, 1).await));
        assert_eq!(site.seen("second", 2).len(), 2, "one attempt");
        assert!(is_refused(posts(&two, 1).await));
        assert_eq!(site.seen("second", 2).len(), 2);
    }
}

inside! {
    /// What is configured is used; nothing else takes its place.
    async fn a_scheme_that_is_not_offered_is_named_and_nothing_weaker_is_tried(site) {
        let base = site.port("BASE");
        for (scheme, login, offered) in [
            ("basic", ntlm(), "Basic"),
            ("basic", kerberos(PASSWORD), "Basic"),
            ("ntlm", basic(), "NTLM"),
            ("ntlm", kerberos(PASSWORD), "NTLM"),
            ("krb", ntlm(), "Negotiate"),
        ] {
            let mark = format!("offer-{scheme}-{}", login.scheme().name());
            let settings = settings(&site, base, &format!("/{scheme}/accept/conn/x?t={mark}"), &login);
            let error = posts(&settings, 1).await.unwrap_err();
            let EwsError::Login(LoginError::NotOffered { offers, .. }) = &error else { panic!("{error:?}") };
            assert_eq!(offers, &[offered]);
            assert!(error.to_string().contains(offered) && !error.ambiguous());
            let seen = site.seen(&mark, 1);
            let sent: BTreeSet<_> = seen.iter().map(|entry| entry["auth"].as_str().unwrap()).collect();
            let word = login.scheme().name();
            assert!(sent.iter().all(|sent| word.starts_with(sent.trim()) || sent.starts_with(word)), "{sent:?}");
        }
    }
}

inside! {
    async fn what_a_server_offers_is_seen_without_a_login(site) {
        let mut lane = settings(&site, site.port("BASE"), "/nego/require/conn/x?t=seen", &kerberos(PASSWORD)).lane();
        let offer = lane.offer().await.unwrap().unwrap();
        assert_eq!((offer.status, offer.schemes), (401, vec!["Negotiate".to_owned(), "NTLM".to_owned()]));
        ask(&mut lane).await.unwrap();
        let seen = site.seen("seen", 2);
        assert_eq!((connections(&seen), seen[0]["auth"].as_str()), (1, Some("-")));
        assert_eq!(seen[1]["mech"], "gss-krb5");
        assert_eq!((&seen[1]["cbt_bound"], &seen[1]["mutual"]), (&true.into(), &true.into()));
    }
}

inside! {
    async fn packed_answers_are_unpacked(site) {
        let plain = fs::read(site.file("www/reply.xml")).unwrap();
        let mut lane = settings(&site, site.port("APACHE"), "/basic/packed.xml", &basic()).lane();
        let page = lane.page("Packed", Bytes::new(), 1 << 20).await.unwrap().unwrap();
        assert_eq!((page.status, page.body), (200, plain));
        ask(&mut lane).await.unwrap();
    }
}

inside! {
    async fn lanes_go_through_a_proxy(site) {
        let port = site.port("BASE");
        let url = format!("http://localhost:{}", site.port("PROXY"));
        let through = |password: &str| {
            let proxy = Proxy::new(&url, Some(("eva", &Password::new(password)))).unwrap();
            settings(&site, port, "/ntlm/require/conn/x?t=proxied", &ntlm()).through(&Passage { proxy: Some(proxy), ..Passage::default() })
        };
        posts(&through("geheim"), 5).await.unwrap();
        assert_eq!(connections(&site.seen("proxied", 6)), 1);
        let error = posts(&through("falsch"), 1).await.unwrap_err();
        let EwsError::Connect(ConnectError::Proxy { problem, .. }) = &error else { panic!("{error:?}") };
        assert_eq!(*problem, ProxyProblem::Login);
        assert_eq!((error.stage(), error.ambiguous()), ("proxy", false));
        let asked = site.lines("proxy.log", "CONNECT", 2);
        assert_eq!(asked, [format!("CONNECT localhost:{port} 200"), format!("CONNECT localhost:{port} 407")]);
    }
}

inside! {
    /// Windows Server 2012 R2 with an RSA certificate offers no cipher that is safe.
    async fn quirk_10_a_server_without_safe_ciphers_is_refused_by_name(site) {
        let error = posts(&settings(&site, site.port("OLD"), "/x", &ntlm()), 1).await.unwrap_err();
        let EwsError::Connect(connect @ ConnectError::Tls { problem, .. }) = &error else { panic!("{error:?}") };
        assert_eq!(*problem, TlsProblem::NoCommonCipher);
        assert!(connect.to_string().contains("docs/authentication.md"), "{connect}");
    }
}

inside! {
    /// TLS 1.0 and 1.1 are broken, and rustls does not speak them.
    async fn quirk_10_a_server_with_old_tls_only_is_refused_by_name(site) {
        let error = posts(&settings(&site, site.port("ANCIENT"), "/x", &ntlm()), 1).await.unwrap_err();
        let EwsError::Connect(connect @ ConnectError::Tls { problem, .. }) = &error else { panic!("{error:?}") };
        assert_eq!(*problem, TlsProblem::OldProtocol);
        assert!(connect.to_string().contains("TLS 1.2"), "{connect}");
    }
}

inside! {
    /// A proxy's page comes before anybody looked at the ticket: it proves nothing and refuses nothing, and it passes.
    async fn quirk_03_a_page_that_nobody_logged_in_for_is_no_missing_proof(site) {
        let page = "HTTP/1.1 500 Oops\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>";
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}/EWS/Exchange.asmx", listener.local_addr().unwrap().port());
        let proxy = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"Envelope>") {
                let mut piece = [0; 4096];
                let length = stream.read(&mut piece).unwrap();
                assert_ne!(length, 0, "the request comes whole");
                request.extend_from_slice(&piece[..length]);
            }
            stream.write_all(page.as_bytes()).unwrap();
        });
        let endpoint = Endpoint::parse(&url, PlainHttp::OnLoopback).unwrap();
        let login = kerberos(PASSWORD);
        let settings = Settings::new(endpoint, &login, &Trust::System, Timeouts::default()).unwrap();
        let error = posts(&settings, 1).await.unwrap_err();
        proxy.join().unwrap();
        assert!(matches!(error, EwsError::Status { status: 500, .. }), "{error:?}");
        assert!(matches!(error.kind(), ErrorKind::Transient { .. }), "{error:?}");
        assert!(settings.gate().refused().is_none());
        drop(site);
    }
}

inside! {
    /// No ticket is no refusal: somebody may fetch one, and the next attempt finds it.
    async fn a_missing_ticket_closes_nothing(site) {
        let cache = format!("FILE:{}", site.file("no-such-ticket").display());
        let login = Login::Negotiate(Ticket::Present { cache: Some(cache) });
        let settings = settings(&site, site.port("BASE"), "/krb/require/conn/x?t=missing", &login);
        let error = posts(&settings, 1).await.unwrap_err();
        assert!(matches!(error, EwsError::Login(LoginError::Ticket { refused: false, .. })), "{error:?}");
        assert!(error.to_string().contains("HTTP/localhost"), "{error}");
        assert!(settings.gate().refused().is_none());
        assert_eq!(site.seen("missing", 0).len(), 0);
        // A service that nobody registered: the message says which, and Kerberos' own reason. The address leads backwards to
        // `localhost`, which has a key: with MIT's own defaults DNS would put that name in its place.
        let endpoint = Endpoint::parse(&format!("https://127.0.0.1:{}/krb/accept/conn/x", site.port("BASE")), PlainHttp::Never);
        let pem = fs::read_to_string(site.file("rsa256.pem")).unwrap();
        let trust = Trust::Pinned(Sha256::digest(der(&pem)).into());
        let settings = Settings::new(endpoint.unwrap(), &kerberos(PASSWORD), &trust, Timeouts::default()).unwrap();
        let said = posts(&settings, 1).await.unwrap_err().to_string();
        assert!(said.contains("HTTP/127.0.0.1") && said.contains("not found in Kerberos database"), "{said}");
        let asked = site.lines("kdc.log", "HTTP/127.0.0.1@EXAMPLE.TEST", 1);
        assert!(asked[0].contains("TGS_REQ"), "{asked:?}");
    }
}
