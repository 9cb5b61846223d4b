//! Answers of Autodiscover: the published samples, and what holds for any bytes.

use std::path::{Path, PathBuf};

use abgleich::ews::autodiscover::{Answer, answer};
use proptest::prelude::*;

fn samples() -> Option<PathBuf> {
    let named = std::env::var_os("ABGLEICH_EWS_SAMPLES").map(PathBuf::from);
    let folder = named
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/ews/samples"));
    folder.is_dir().then_some(folder)
}

#[test]
fn every_published_answer_is_read() {
    let Some(folder) = samples() else {
        eprintln!("skipped: no folder of samples (ABGLEICH_EWS_SAMPLES)");
        return;
    };
    let read = |name: &str| answer::read(&std::fs::read(folder.join(name)).unwrap());
    let settings = |name: &str| match read(name) {
        Ok(Answer::Settings(endpoints)) => endpoints,
        other => panic!("{name}: {other:?}"),
    };
    // The expectations were written down by hand from the documents.
    let pox = settings(
        "docs/how-to-get-user-settings-from-exchange-by-using-autodiscover--04-poxResponse.xml",
    );
    assert_eq!(pox.internal.as_deref(), Some("https://mail.contoso.com/EWS/Exchange.asmx"));
    assert_eq!((pox.external, pox.online), (None, false));
    // One of Exchange 2007, which has no `EwsUrl`.
    let old = settings("docs/pox-autodiscover-response-for-exchange--01-poxResponse.xml");
    assert_eq!(old.internal.as_deref(), Some("https://mail.contoso.com/ews/exchange.asmx"));
    assert_eq!(old.external, old.internal);
    let soap = settings(
        "docs/how-to-use-autodiscover-to-find-connection-points--04-GetUserSettingsResponseMessage.xml",
    );
    assert_eq!(soap.external.as_deref(), Some("https://server.Contoso.com/ews/exchange.asmx"));
    let online = settings("ewsjs/MockXHRData-GetUserSettingsResponseMessage.xml");
    assert!(online.online);
    assert_eq!(online.server.as_deref(), Some("15.01.0201.000"));
    for name in [
        "docs/handling-autodiscover-error-messages--01-GetUserSettingsResponseMessage.xml",
        "docs/handling-autodiscover-error-messages--02-poxResponse.xml",
    ] {
        assert_eq!(read(name), Ok(Answer::RedirectAddress("elvin@mail.contoso.com".to_owned())));
    }
    // This one is damaged; it must be an error and nothing worse.
    assert!(
        read("docs/how-to-get-user-settings-from-exchange-by-using-autodiscover--02-GetUserSettingsResponseMessage.xml")
            .is_err()
    );
}

const WHOLE: &[u8] = b"\xEF\xBB\xBF<?xml version='1.0'?><Autodiscover><Response><User/><Account>\
    <Action>settings</Action><Protocol Type='EXPR'><EwsUrl>https://a.example/?x=1&amp;y=2</EwsUrl></Protocol>\
    <Protocol><Type>EXCH</Type><EwsUrl><![CDATA[https://b.example/]]></EwsUrl></Protocol></Account></Response></Autodiscover>";

#[test]
fn an_answer_cut_off_anywhere_is_an_error() {
    let Ok(Answer::Settings(found)) = answer::read(WHOLE) else { panic!() };
    assert_eq!(found.external.as_deref(), Some("https://a.example/?x=1&y=2"));
    assert_eq!(found.internal.as_deref(), Some("https://b.example/"));
    for end in 0..WHOLE.len() {
        assert!(answer::read(&WHOLE[..end]).is_err(), "cut off after {end} bytes");
    }
}

proptest! {
    #[test]
    fn any_bytes_end_with_a_value_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let _ = answer::read(&bytes);
    }

    #[test]
    fn any_damage_ends_with_a_value_or_an_error(place in 0..WHOLE.len(), byte in any::<u8>(), gone in 0..20_usize) {
        let mut bytes = WHOLE.to_vec();
        bytes[place] = byte;
        bytes.drain(place..(place + gone).min(WHOLE.len()));
        let _ = answer::read(&bytes);
    }
}
