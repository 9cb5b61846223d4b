//! Nothing about persons, and nothing secret, gets into a recording: values in every field of the model, in every corner of an answer, in
//! requests, heads and URLs are looked for in every file of the folder, in all the forms in which a value may hide.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use abgleich::ews::recorder::Recorder;
use abgleich::ews::transport::Passage;
use abgleich::ews::{
    DistinguishedFolder, Endpoint, FolderRef, GetFolder, Header, Impersonation, Login, Password,
    PlainHttp, ServerVersion, Settings, Trust,
};
use abgleich::mailbox::contract::sample;
use abgleich::mailbox::exchange::lane::{ActAs, ExchangeServer, ServerAccess};
use abgleich::mailbox::exchange::wire::Patience;
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Aside, By, Mailbox, Stamp, Wanted, Write as ItemWrite, Wrote};
use abgleich::model::{Content, Field, ItemKind, Shape, Value};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use exchange_sim::{Fault, FaultKind, Options, Server};
use jiff::civil::date;

use crate::peer::{Act, Peer, http, timeouts};

const ACCOUNT: &str = "svckontoxy";
const PASSWORD: &str = "Kennwort-Zwetschge";

/// A word that stands for one value and for no other, long enough not to come about by chance.
fn word(number: usize) -> String {
    let letter = |place: u32| {
        let digit = number / 26_usize.pow(place) % 26;
        char::from(b'a' + u8::try_from(digit).unwrap())
    };
    format!("Vqxz{}{}wkj{}", letter(1), letter(0), letter(2))
}

/// The forms in which a value may hide.
fn disguises(value: &str) -> Vec<Vec<u8>> {
    let plain = value.as_bytes().to_vec();
    let utf16: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16_big: Vec<u8> = value.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let [mut percent, mut every, mut hexadecimal] = [(); 3].map(|()| String::new());
    for byte in value.bytes() {
        let _ = write!(hexadecimal, "{byte:02x}");
        let _ = write!(every, "%{byte:02x}");
        if byte.is_ascii_alphanumeric() {
            percent.push(char::from(byte));
        } else {
            let _ = write!(percent, "%{byte:02X}");
        }
    }
    let escaped = value.replace('&', "&amp;").replace('<', "&lt;");
    let mut forms = vec![plain.clone(), utf16.clone(), utf16_big.clone()];
    forms.extend([percent, every, hexadecimal, escaped].map(String::into_bytes));
    // Base64 of the value wherever it stands within something longer: its ends depend on the neighbours and are left off.
    for bytes in [plain, utf16, utf16_big] {
        for before in 0..3 {
            let padded = [vec![b'.'; before], bytes.clone()].concat();
            for engine in [STANDARD, URL_SAFE] {
                let text = engine.encode(&padded);
                let end = text.trim_end_matches('=').len().saturating_sub(1);
                let inside = &text[(before * 4).div_ceil(3).min(end)..end];
                if inside.len() >= 8 {
                    forms.push(inside.as_bytes().to_vec());
                }
            }
        }
    }
    forms
}

fn holds(text: &str, wanted: &str) -> bool {
    text.contains(&wanted.to_ascii_lowercase())
}

/// Asserts that none of these values is in any file of a folder, in small letters or in capitals, and returns how many bytes were
/// searched.
fn nowhere(folder: &Path, values: &[String]) -> usize {
    let forms: Vec<(&String, String)> = values
        .iter()
        .flat_map(|value| disguises(value).into_iter().map(move |form| (value, form)))
        .filter_map(|(value, form)| Some((value, String::from_utf8(form).ok()?)))
        .collect();
    let mut searched = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        searched += text.len();
        let text = format!("{name}\n{text}").to_ascii_lowercase();
        for (value, form) in &forms {
            assert!(!holds(&text, form), "{value} is in {name} as {form:?}");
        }
    }
    searched
}

/// Content with a word of its own in every field that takes one; the words are added to `secrets`.
fn telling(kind: ItemKind, secrets: &mut Vec<String>) -> Content {
    let mut content = sample::full(kind);
    for field in Field::of(kind).filter(|field| field.fits_outlook() && !field.read_only()) {
        let secret = word(secrets.len());
        let text = match (field, field.shape()) {
            (Field::Notes | Field::Body, _) => format!("Liebe Frau {secret},\nanbei & <mehr>"),
            (_, Shape::Text) => format!("Dr. {secret}"),
            (_, Shape::Body) => format!("Weg {secret}\n2. Hof"),
            (_, Shape::Email) => format!("{secret}@{secret}.example"),
            (_, Shape::Phone) => {
                let number = format!("{}", 719_305_284 + secrets.len() * 104_729);
                content.set_text(field, format!("+49 {number}"));
                secrets.push(number);
                continue;
            }
            _ => continue,
        };
        content.set_text(field, text);
        secrets.push(secret);
    }
    let category = word(secrets.len());
    content.set(Field::Categories, Value::List(vec![category.clone()]));
    secrets.push(category);
    if kind == ItemKind::Contact {
        content.set(Field::Birthday, Value::Date(date(1971, 11, 17)));
        content.set(Field::Anniversary, Value::Date(date(1993, 10, 19)));
        secrets.extend(["1971-11-17", "1971-11-16", "1993-10-19", "1993-10-18"].map(str::to_owned));
    }
    content
}

#[test]
fn no_value_of_any_field_is_in_a_recording() {
    let mut secrets: Vec<String> =
        [ACCOUNT, "Zwetschge", "Personxyz", "eigentuemerx", "firmaxyzw", "Ablagexyz"]
            .map(str::to_owned)
            .into();
    let address = "eigentuemerx@firmaxyzw.example";
    let user = format!(r"FIRMAXYZW\{ACCOUNT}");
    let mut options = Options::default().login(exchange_sim::Login::service(&user, PASSWORD));
    options = options.named_mailbox(address, "Personxyz, Vorname");
    let server = Server::start(&options).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("tape");
    let access = ServerAccess {
        url: server.url(),
        login: Login::Basic { user, password: Password::new(PASSWORD) },
        ca_file: Some(server.ca_file().to_owned()),
        pin: None,
        passage: Passage {
            recorder: Some(Recorder::begin_in(&tape).unwrap()),
            ..Passage::default()
        },
        connect_within: Duration::from_secs(10),
        reply_within: Duration::from_secs(30),
        patience: Patience::of(Duration::ZERO),
    };
    let way = ExchangeServer::new(&access, runtime.handle().clone()).unwrap();
    let act_as = ActAs::Owner(address.to_owned());
    let mut mailbox = way.mailbox(&act_as, Zone::iana("Europe/Berlin").unwrap());
    mailbox.open().unwrap();
    assert_eq!(mailbox.person().unwrap().as_deref(), Some("Personxyz, Vorname"));
    for kind in ItemKind::ALL {
        let content = telling(kind, &mut secrets);
        let path = ["Ablagexyz".to_owned()];
        let home = mailbox.folder(kind, &path, true).unwrap().unwrap();
        let [tenant, user, record, token] = std::array::from_fn(|_| {
            let secret = word(secrets.len());
            secrets.push(secret.clone());
            secret
        });
        let stamp = Stamp {
            tenant: tenant.as_str().into(),
            user: user.as_str().into(),
            record: record.as_str().into(),
            token: token.as_str().into(),
            ..sample::stamp("", "")
        };
        let (tenant, user) = (stamp.tenant.clone(), stamp.user.clone());
        let create = ItemWrite::Create { folder: home.clone(), content: content.clone(), stamp };
        let answers = mailbox.apply(kind, &[create]).unwrap();
        let Wrote::Done { id, version } = &answers[0] else { panic!("{answers:?}") };
        let mut before = None;
        mailbox.fetch(kind, std::slice::from_ref(id), &mut |_, item| before = item.ok()).unwrap();
        let before = before.unwrap().content;
        let content = telling(kind, &mut secrets);
        let (id, version) = (id.clone(), version.clone());
        let update = ItemWrite::Update {
            id,
            version,
            content,
            before,
            aside: Aside::default(),
            stamp: None,
        };
        assert!(matches!(mailbox.apply(kind, &[update]).unwrap()[0], Wrote::Done { .. }));
        mailbox.changes(&home, kind, None).unwrap();
        let records = [record.as_str().into()];
        let wanted = Wanted { tenant: &tenant, user: &user, by: By::Records(&records) };
        assert_eq!(mailbox.find(kind, &wanted).unwrap().len(), 1);
    }
    // An error that names people, and one for a mailbox that is not there.
    let denied = FaultKind::Refuse { code: "ErrorImpersonateUserDenied".to_owned() };
    server.fault(Fault::new(denied).once());
    assert!(mailbox.open().is_err());
    secrets.push("niemandxyz".to_owned());
    let nobody = ActAs::OwnerBy {
        address: "niemandxyz@firmaxyzw.example".to_owned(),
        person: Impersonation::Sid("S-1-5-21-niemandxyz".to_owned()),
    };
    assert!(way.mailbox(&nobody, Zone::iana("Europe/Berlin").unwrap()).open().is_err());
    assert!(secrets.len() > 140, "{}", secrets.len());
    let searched = nowhere(&tape, &secrets);
    assert!(searched > 100_000, "{searched} bytes: all of it was said");
}

/// An answer that is well-formed and says something personal wherever it can.
fn talkative() -> String {
    let base64 = STANDARD.encode("Geheimnisvoll, Gertrud");
    let utf16: Vec<u8> = "Geheimnisvoll".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = STANDARD.encode(utf16);
    format!(
        "<?xml version=\"1.0\"?><!-- Geheimnisvoll --><?note Geheimnisvoll?>\
        <s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:m=\"m\" xmlns:t=\"t\"><s:Header>\
        <t:ServerVersionInfo MajorVersion=\"15\" Version=\"Geheimnisvoll heisst sie\"/></s:Header><s:Body><m:GetFolderResponse>\
        <m:ResponseMessages><m:GetFolderResponseMessage ResponseClass=\"Success\" DescriptiveLinkKey=\"Geheimnisvoll\">\
        <m:MessageText>Geheimnisvoll@mailserverx.intern has no rights.</m:MessageText>\
        <m:ResponseCode>Geheimnisvoll has no rights</m:ResponseCode>\
        <m:MessageXml><t:Value Name=\"InnerErrorMessageText\">LegacyDN=/o=x/cn=Geheimnisvoll</t:Value>\
        <t:Value Name=\"Server\">mailserverx</t:Value></m:MessageXml>\
        <m:Folders><t:TasksFolder Owner=\"Geheimnisvoll\"><t:FolderId Id=\"{base64}\" ChangeKey=\"{utf16}\"/>\
        <t:DisplayName><![CDATA[Geheimnisvoll & Co]]></t:DisplayName><t:Start>Geheimnisvoll ab 9 Uhr</t:Start>\
        <t:Type>Geheimnisvoll@mailserverx.intern</t:Type><t:Geheimnisse>Geheimnisvoll</t:Geheimnisse>\
        <t:ExtendedProperty><t:ExtendedFieldURI PropertySetId=\"00062008-0000-0000-c000-000000000046\" PropertyName=\"Gehalt\" PropertyType=\"Integer\"/>\
        <t:Value>719305284</t:Value></t:ExtendedProperty>\
        <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x3a42\" PropertyType=\"SystemTime\"/>\
        <t:Value>1971-11-17T11:59:00Z</t:Value></t:ExtendedProperty>\
        <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x65e3\" PropertyType=\"Binary\"/><t:Value>{base64}</t:Value></t:ExtendedProperty>\
        <t:ExtendedProperty><t:ExtendedFieldURI PropertyTag=\"0x3a45\" PropertyType=\"StringArray\"/>\
        <t:Values><t:Value>Geheimnisvoll</t:Value></t:Values></t:ExtendedProperty>\
        <t:NetShowUrl>https://mailserverx.intern/{base64}?token=Geheimnisvoll%20Gertrud</t:NetShowUrl>\
        <t:Pictogram>🐣</t:Pictogram></t:TasksFolder></m:Folders></m:GetFolderResponseMessage></m:ResponseMessages></m:GetFolderResponse></s:Body></s:Envelope>"
    )
}

#[tokio::test]
async fn no_corner_of_an_answer_and_no_head_is_in_a_recording() {
    let heads = "Set-Cookie: exchangecookie=Keksgeheimnis; path=/\r\nX-FEServer: mailserverx\r\n\
                 X-DiagInfo: mailserverx\r\nX-CalculatedBETarget: mailserverx.intern\r\n";
    let realm = "WWW-Authenticate: Basic realm=\"mailserverx.intern\"\r\n";
    let redirect = "Location: https://anmeldungx.mailserverx.intern/cgi?user=Geheimnisvoll&sid=Keksgeheimnis\r\n";
    let page = "<html><body>Geheimnisvoll at mailserverx</body></html>";
    let soap_page =
        "<html><body title='Geheimnisvoll'><p>mailserverx.intern: Geheimnisvoll</p></body>";
    let pox = "<Autodiscover><Response><User><DisplayName>Geheimnisvoll</DisplayName><LegacyDN>/o=x/cn=Geheimnisvoll</LegacyDN></User>\
               <Account><Action>settings</Action><Protocol><Type>EXPR</Type><Server>mailserverx.intern</Server>\
               <EwsUrl>https://svckontoxy:Zwetschge@mailserverx.intern/ews/Geheimnisvoll/exchange.asmx</EwsUrl></Protocol></Account></Response></Autodiscover>";
    let acts = [
        http("200 OK", heads, &talkative()),
        http("500 Internal Server Error", "", page),
        http("200 OK", "Content-Type: text/html\r\n", soap_page),
        http("302 Found", redirect, page),
        http("200 OK", "", pox),
        http("302 Found", redirect, page),
        // Twice, because it was right a moment ago.
        http("401 Unauthorized", realm, page),
        http("401 Unauthorized", realm, page),
    ];
    let peer = Peer::start(acts.map(Act::Write).into(), None).await;
    let folder = tempfile::tempdir().unwrap();
    let tape = folder.path().join("tape");
    let url = format!("http://127.0.0.1:{}/EWS/Exchange.asmx", peer.port);
    let endpoint = Endpoint::parse(&url, PlainHttp::OnLoopback).unwrap();
    let login = Login::Basic { user: ACCOUNT.to_owned(), password: Password::new(PASSWORD) };
    let recorder = Some(Recorder::begin_in(&tape).unwrap());
    let passage = Passage { recorder, ..Passage::default() };
    let mut lane = Settings::new(endpoint, &login, &Trust::System, timeouts())
        .unwrap()
        .through(&passage)
        .lane();
    let header = Header {
        impersonate: Some(Impersonation::PrincipalName("gertrudx@mailserverx.intern".to_owned())),
        affinity: Some("gertrudx@mailserverx.intern".to_owned()),
        ..Header::new(ServerVersion::V2013Sp1)
    };
    let foreign = FolderRef::Distinguished {
        folder: DistinguishedFolder::Tasks,
        mailbox: Some("gertrudx@mailserverx.intern".to_owned()),
    };
    for round in 0..4 {
        let outcome = lane.each(GetFolder { folders: vec![foreign.clone()] }, &header).await;
        assert_eq!(outcome.is_ok(), round == 0, "{outcome:?}");
    }
    for _ in 0..2 {
        let question = bytes::Bytes::from_static(
            b"<Autodiscover><Request><EMailAddress>gertrudx@mailserverx.intern</EMailAddress></Request></Autodiscover>",
        );
        lane.page("Autodiscover", question, 1 << 20).await.unwrap();
    }
    assert!(lane.each(GetFolder { folders: vec![foreign] }, &header).await.is_err());
    drop(lane);
    let requests = peer.requests().concat().concat();
    for sent in ["Keksgeheimnis", "gertrudx", "authorization", "x-anchormailbox"] {
        assert!(holds(&requests.to_ascii_lowercase(), sent), "{sent} was sent");
    }
    let credentials = STANDARD.encode(format!("{ACCOUNT}:{PASSWORD}"));
    let secrets = [
        "Geheimnisvoll",
        "Gertrud",
        "mailserverx",
        "anmeldungx",
        "Keksgeheimnis",
        "gertrudx",
        "719305284",
        "1971-11-17",
        ACCOUNT,
        "Zwetschge",
        &credentials,
        "Authorization",
        "Cookie",
        "AnchorMailbox",
        "🐣",
        "realm",
    ];
    nowhere(&tape, &secrets.map(str::to_owned));
    // What went wrong is still told.
    let index = fs::read_to_string(tape.join("index.jsonl")).unwrap();
    let told: Vec<(u64, String)> = index
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| {
            let status = line["status"].as_u64().unwrap_or_default();
            (status, line["outcome"].as_str().unwrap().to_owned())
        })
        .collect();
    let (complete, failed) = ("complete".to_owned(), "failed: http".to_owned());
    assert_eq!(
        told,
        [
            (200, complete.clone()),
            // Pages are read to their end: one may say that the account is locked.
            (500, complete.clone()),
            (200, complete.clone()),
            (302, failed),
            (200, complete.clone()),
            (302, complete),
            (0, "failed: login".to_owned()),
        ]
    );
}
