//! Logins where a server, or somebody in between, does not behave: the peer knows only literal bytes. Those that do behave
//! are in `tests/logins`.

use abgleich::ews::{
    DistinguishedFolder, Endpoint, EwsError, GetFolder, Header, Impersonation, Lane, Login,
    LoginError, Password, PlainHttp, Settings, Trust,
};

use crate::peer::{Act, Peer, answer, ask, header, http, ok, plain, timeouts};

/// The challenge of `fixtures/logins/ntlm_vectors.py`.
const CHALLENGE: &str = "TlRMTVNTUAACAAAADAAMADgAAAAFgomiASNFZ4mrze8AAAAAAAAAADEAMQBEAAAACgAAAAAAAA9FAFgAVABFAFMAVA\
     ACAAwARQBYAFQARQBTAFQAAQAGAFMAUgBWADQSAwB4eXoHAAgAAIAgm8uC2AEAAAAA";

fn challenge(more: &str) -> Vec<u8> {
    http("401 Unauthorized", &format!("WWW-Authenticate: NTLM {CHALLENGE}\r\n{more}"), "<html/>")
}

fn no(scheme: &str) -> Act {
    Act::Write(http("401 Unauthorized", &format!("WWW-Authenticate: {scheme}\r\n"), "<html/>"))
}

/// A lane to the peer by NTLM.
fn ntlm(peer: &Peer) -> Lane {
    settings(peer).lane()
}

/// What lanes to the peer by NTLM share.
fn settings(peer: &Peer) -> Settings {
    with(peer, &Login::Ntlm { user: "FIRMA\\svc".into(), password: Password::new("geheim") })
}

/// What lanes to the peer share that log in like this.
fn with(peer: &Peer, login: &Login) -> Settings {
    let url = format!("http://127.0.0.1:{}/EWS/Exchange.asmx", peer.port);
    let endpoint = Endpoint::parse(&url, PlainHttp::OnLoopback).unwrap();
    Settings::new(endpoint, login, &Trust::System, timeouts()).unwrap()
}

fn counts(peer: &Peer) -> Vec<usize> {
    peer.requests().iter().map(Vec::len).collect()
}

#[tokio::test]
async fn quirk_08_the_first_word_carries_nothing_and_the_cookie_of_its_answer_comes_back() {
    let first = Act::Write(challenge("Set-Cookie: balancer=a; path=/\r\n"));
    let peer = Peer::start(vec![first, ok(), ok()], None).await;
    let mut lane = ntlm(&peer);
    for _ in 0..2 {
        assert_eq!(ask(&mut lane).await.unwrap(), 1);
    }
    let requests = peer.requests();
    assert_eq!(counts(&peer), [3], "one connection");
    let heads: Vec<String> = requests[0].iter().map(|text| text.to_ascii_lowercase()).collect();
    // "TlRMTVNTUAAB" is NTLMSSP and a 1, "TlRMTVNTUAAD" NTLMSSP and a 3, in base64.
    assert!(
        requests[0][0].contains("NTLM TlRMTVNTUAAB") && heads[0].contains("content-length: 0\r\n")
    );
    assert!(requests[0][1].contains("NTLM TlRMTVNTUAAD") && heads[1].contains("getfolder"));
    assert!(heads[1].contains("cookie: balancer=a\r\n"), "the balancer finds the connection again");
    assert!(!heads[2].contains("authorization:"), "the connection is ours now");
    assert!(!format!("{lane:?}").contains("geheim"));
}

#[tokio::test]
async fn a_connection_that_is_closed_between_two_words_is_tried_once_more() {
    let close = || Act::WriteAndClose(challenge("Connection: close\r\n"));
    let peer = Peer::start(vec![close(), Act::Write(challenge("")), ok()], None).await;
    assert_eq!(ask(&mut ntlm(&peer)).await.unwrap(), 1);
    assert_eq!(counts(&peer), [1, 2]);

    let peer = Peer::start(vec![close(), close()], None).await;
    let error = ask(&mut ntlm(&peer)).await.unwrap_err();
    assert!(matches!(error, EwsError::Login(LoginError::Interrupted { .. })), "{error:?}");
    assert!(!error.ambiguous(), "the request was not sent");
    assert_eq!(counts(&peer), [1, 1]);
}

#[tokio::test]
async fn an_answer_to_nothing_is_no_answer() {
    let peer = Peer::start(vec![ok()], None).await;
    let error = ask(&mut ntlm(&peer)).await.unwrap_err();
    assert!(matches!(error, EwsError::Login(LoginError::NotAsked { .. })), "{error:?}");
    // A load balancer without a server behind it knows nothing of logins.
    let peer =
        Peer::start(vec![Act::Write(http("503 Busy", "Retry-After: 3\r\n", ""))], None).await;
    let error = ask(&mut ntlm(&peer)).await.unwrap_err();
    assert!(matches!(error, EwsError::Unavailable { status: 503, .. }), "{error:?}");
}

#[tokio::test]
async fn a_challenge_that_cannot_be_read_sends_no_answer() {
    for token in ["TlRMTVNTUAAC", "AAAA", "TlRMTVNTUAAD"] {
        let peer = Peer::start(vec![no(&format!("NTLM {token}"))], None).await;
        let error = ask(&mut ntlm(&peer)).await.unwrap_err();
        assert!(matches!(error, EwsError::Login(LoginError::Token { .. })), "{token}: {error:?}");
        assert_eq!(counts(&peer), [1]);
    }
}

#[tokio::test]
async fn a_login_that_was_right_a_moment_ago_is_presented_once_more() {
    // notes.md §3.1 no. 3: under load a 401 comes in the middle of a good run.
    let peer = Peer::start(vec![ok(), no("Basic realm=x"), ok()], None).await;
    let mut lane = plain(&peer, timeouts());
    assert_eq!(ask(&mut lane).await.unwrap(), 1);
    assert_eq!(ask(&mut lane).await.unwrap(), 1);
    assert_eq!(counts(&peer).iter().sum::<usize>(), 3);

    let peer = Peer::start(vec![ok(), no("Basic realm=x"), no("Basic realm=x")], None).await;
    let mut lane = plain(&peer, timeouts());
    assert_eq!(ask(&mut lane).await.unwrap(), 1);
    for _ in 0..3 {
        let error = ask(&mut lane).await.unwrap_err();
        assert!(matches!(error, EwsError::LoginRefused { .. }), "{error:?}");
    }
    assert_eq!(counts(&peer).iter().sum::<usize>(), 3, "then nobody asks any more");
}

#[tokio::test]
async fn a_refusal_without_an_offer_is_a_refusal_all_the_same() {
    // A proxy may take `WWW-Authenticate` away. Each further attempt could count towards a lock-out.
    let bare = || Act::Write(http("401 Unauthorized", "", "<html/>"));
    let peer = Peer::start(vec![bare()], None).await;
    let mut lane = plain(&peer, timeouts());
    for _ in 0..3 {
        let error = ask(&mut lane).await.unwrap_err();
        assert!(matches!(error, EwsError::LoginRefused { .. }), "{error:?}");
    }
    assert_eq!(counts(&peer).iter().sum::<usize>(), 1, "the password was presented once");

    // The password's proof was heard, whatever is offered then.
    for second in [bare(), no("Negotiate")] {
        let peer = Peer::start(vec![Act::Write(challenge("")), second], None).await;
        let mut lane = ntlm(&peer);
        for _ in 0..3 {
            let error = ask(&mut lane).await.unwrap_err();
            assert!(matches!(error, EwsError::LoginRefused { .. }), "{error:?}");
        }
        assert_eq!(counts(&peer).iter().sum::<usize>(), 2);
    }

    // Before that, a server that offers something else has judged nothing.
    let peer = Peer::start(vec![no("Negotiate"), no("Negotiate")], None).await;
    let mut lane = ntlm(&peer);
    for _ in 0..2 {
        let error = ask(&mut lane).await.unwrap_err();
        assert!(matches!(error, EwsError::Login(LoginError::NotOffered { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_it_wants_each_request_logged_in_is_believed() {
    let each = Act::Write(http("200 OK", "Persistent-Auth: false\r\n", &answer(1)));
    let word = || Act::Write(challenge(""));
    let peer = Peer::start(vec![word(), each, word(), ok()], None).await;
    let mut lane = ntlm(&peer);
    assert_eq!(ask(&mut lane).await.unwrap(), 1);
    assert!(lane.login_facts().unwrap().each_request);
    assert_eq!(ask(&mut lane).await.unwrap(), 1);
    assert_eq!(counts(&peer), [4], "nothing is sent in vain");
}

#[tokio::test]
async fn quirk_03_an_account_that_is_locked_in_mid_run_is_presented_by_nobody() {
    // notes.md §3.1 no. 3: 456 says that the account is locked, also on a connection that is logged in. 440 says only that the
    // server wants its login form filled in: one more presents the login, alone.
    let blocked = |status| Act::Write(http(status, "", "<html/>"));
    let begins = || vec![Act::Write(challenge("")), ok()];
    let locked = [begins(), vec![blocked("456 Locked")]].concat();
    let again = [Act::Write(challenge("")), blocked("440 Login Timeout")];
    let form = [begins(), vec![blocked("440 Login Timeout")], again.into()].concat();
    for acts in [locked, form] {
        let sent = acts.len();
        let peer = Peer::start(acts, None).await;
        let settings = settings(&peer);
        let (mut one, mut two) = (settings.lane(), settings.lane());
        assert_eq!(ask(&mut one).await.unwrap(), 1);
        for lane in [&mut one, &mut two, &mut settings.lane()] {
            let error = ask(lane).await.unwrap_err();
            assert!(matches!(error, EwsError::AccountBlocked { .. }), "{error:?}");
        }
        assert_eq!(counts(&peer).iter().sum::<usize>(), sent, "nothing more");
    }
}

#[tokio::test]
async fn quirk_03_a_page_that_says_that_the_account_is_locked_ends_all_attempts() {
    // notes.md §3.1 no. 3: ASP.NET says so in a page, whatever its status. The number is ERROR_ACCOUNT_LOCKED_OUT (1909).
    let page =
        "<html><head><title>Das Konto ist gesperrt. (HRESULT: 0x80070775)</title></head></html>";
    let html = "Content-Type: text/html\r\n";
    let login = Login::Basic { user: "FIRMA\\svc".into(), password: Password::new("geheim") };
    for (status, headers) in [
        ("500 Internal Server Error", html),
        ("500 Internal Server Error", ""),
        ("401 Unauthorized", "WWW-Authenticate: Basic realm=x\r\n"),
        ("403 Forbidden", html),
        ("200 OK", html),
    ] {
        // With the first attempt, and in the middle of a good run.
        for good in 0..2 {
            let acts =
                vec![ok(); good].into_iter().chain([Act::Write(http(status, headers, page))]);
            let peer = Peer::start(acts.collect(), None).await;
            let settings = with(&peer, &login);
            let mut first = settings.lane();
            for _ in 0..good {
                assert_eq!(ask(&mut first).await.unwrap(), 1);
            }
            for lane in [&mut first, &mut settings.lane(), &mut settings.lane()] {
                let error = ask(lane).await.unwrap_err();
                assert!(matches!(error, EwsError::AccountBlocked { .. }), "{status}: {error:?}");
            }
            assert_eq!(counts(&peer).iter().sum::<usize>(), good + 1, "{status}: nothing more");
        }
    }
}

#[tokio::test]
async fn quirk_03_a_page_proves_no_login() {
    // A proxy sends it without a look at the password; the refusal behind it is the first word about that, and the last.
    for (status, headers) in
        [("500 Oops", "Content-Type: text/html\r\n"), ("200 OK", "Content-Type: text/html\r\n")]
    {
        let page = Act::Write(http(status, headers, "<html>Server Error in '/EWS'</html>"));
        let peer = Peer::start(vec![page, no("Basic realm=x"), no("Basic realm=x")], None).await;
        let mut lane = plain(&peer, timeouts());
        let error = ask(&mut lane).await.unwrap_err();
        assert!(!matches!(error, EwsError::LoginRefused { .. }), "{error:?}");
        for _ in 0..2 {
            let error = ask(&mut lane).await.unwrap_err();
            assert!(matches!(error, EwsError::LoginRefused { .. }), "{error:?}");
        }
        assert_eq!(counts(&peer).iter().sum::<usize>(), 2, "the password was refused once");
    }
}

#[tokio::test]
async fn quirk_30_no_two_people_share_a_connection() {
    // notes.md §3.4 no. 30: a server may keep what it knows of a person with the connection.
    let peer = Peer::start(vec![ok(); 6], None).await;
    let login = Login::Basic { user: "FIRMA\\svc".into(), password: Password::new("geheim") };
    let settings = with(&peer, &login);
    let people = [Some("eva@firma.example"), Some("bernd@firma.example"), None];
    let mut lanes = people.map(|who| (who, settings.lane()));
    for _ in 0..2 {
        for (who, lane) in &mut lanes {
            let impersonate = who.map(|who| Impersonation::PrimarySmtpAddress(who.to_owned()));
            let header = Header { impersonate, ..header() };
            let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
            assert_eq!(lane.all(operation, &header).await.unwrap().len(), 1);
        }
    }
    assert_eq!(counts(&peer), [2, 2, 2], "one connection each");
    for requests in peer.requests() {
        let who = |text: &String| people.iter().flatten().find(|who| text.contains(**who)).copied();
        assert_eq!(who(&requests[0]), who(&requests[1]), "one person a connection");
    }
}
