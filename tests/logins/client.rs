//! What the tests inside log in with.

use std::collections::BTreeSet;

use abgleich::ews::{
    BindingMode, DistinguishedFolder, Endpoint, EwsError, GetFolder, Header, Lane, Login, Passage,
    Password, PlainHttp, ServerVersion, Settings, Ticket, Timeouts, Trust,
};

use crate::servers::Site;

pub(crate) const PASSWORD: &str = "Secret123!";

pub(crate) fn ntlm() -> Login {
    Login::Ntlm { user: "EXTEST\\alice".into(), password: Password::new(PASSWORD) }
}

pub(crate) fn basic() -> Login {
    Login::Basic { user: "alice".into(), password: Password::new(PASSWORD) }
}

pub(crate) fn kerberos(password: &str) -> Login {
    let user = "alice@EXAMPLE.TEST".into();
    Login::Negotiate(Ticket::Password { user, password: Password::new(password) })
}

/// Every way to a ticket.
pub(crate) fn tickets(site: &Site) -> [Login; 4] {
    let keytab = |user: Option<&str>| {
        let user = user.map(str::to_owned);
        Login::Negotiate(Ticket::Keytab { user, file: site.file("alice.keytab") })
    };
    let cache = format!("FILE:{}", site.file("ticket").display());
    [
        kerberos(PASSWORD),
        keytab(Some("alice@EXAMPLE.TEST")),
        keytab(None),
        Login::Negotiate(Ticket::Present { cache: Some(cache) }),
    ]
}

pub(crate) fn settings(site: &Site, port: u16, path: &str, login: &Login) -> Settings {
    with_trust(&Trust::Only(site.file("ca.pem")), port, path, login)
}

pub(crate) fn with_trust(trust: &Trust, port: u16, path: &str, login: &Login) -> Settings {
    let url = format!("https://localhost:{port}{path}");
    let endpoint = Endpoint::parse(&url, PlainHttp::Never).unwrap();
    Settings::new(endpoint, login, trust, Timeouts::default()).unwrap()
}

pub(crate) async fn ask(lane: &mut Lane) -> Result<(), EwsError> {
    let operation = GetFolder { folders: vec![DistinguishedFolder::Tasks.into()] };
    let folders = lane.each(operation, &Header::new(ServerVersion::V2013Sp1)).await?;
    assert_eq!(folders.len(), 1);
    Ok(())
}

/// Posts so often over one lane.
pub(crate) async fn posts(settings: &Settings, count: usize) -> Result<Lane, EwsError> {
    let mut lane = settings.lane();
    for _ in 0..count {
        ask(&mut lane).await?;
    }
    Ok(lane)
}

pub(crate) fn is_refused(outcome: Result<Lane, EwsError>) -> bool {
    match outcome {
        Ok(_) => false,
        Err(EwsError::LoginRefused { .. }) => true,
        Err(error) => panic!("{error:?}"),
    }
}

/// How many connections the acceptor counted.
pub(crate) fn connections(seen: &[serde_json::Value]) -> usize {
    seen.iter().map(|entry| entry["port"].as_u64().unwrap()).collect::<BTreeSet<_>>().len()
}

pub(crate) fn code(entry: &serde_json::Value) -> u64 {
    entry["code"].as_u64().unwrap()
}

/// Takes a PEM file apart with nothing of the product.
pub(crate) fn der(pem: &str) -> Vec<u8> {
    use base64::Engine as _;
    let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}

pub(crate) fn bound_to(binding: &BindingMode) -> Passage {
    Passage { binding: binding.clone(), ..Passage::default() }
}
