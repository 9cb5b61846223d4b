//! What a first push and a first pull cost on the client's side, beside exchangelib, a client that others wrote: CPU seconds of
//! whole processes, against the same simulated Exchange in one run. And how long a push takes beside a bare replay of its very
//! requests, when the server takes two milliseconds for each item.
//!
//! `cargo bench --bench peers` takes 10,000 contacts; a number takes as many. It wants a Python with exchangelib
//! (`ABGLEICH_PYTHON`, else `python3`), and a system that accounts for CPU times as Linux does.

#![allow(
    clippy::cast_precision_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark fails by panicking, and its figures are rounded anyway"
)]

#[path = "shared/adapter.rs"]
mod adapter;
#[path = "shared/cpu.rs"]
mod cpu;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use abgleich::ews::transport::{Login, Passage, Password};
use abgleich::mailbox::exchange::lane::{ActAs, ExchangeServer, ServerAccess};
use abgleich::mailbox::exchange::wire::Patience;
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Mailbox, Stamp, Write, Wrote};
use abgleich::model::{Content, Field, ItemId, ItemKind};
use base64::Engine as _;
use cpu::Cpu;
use exchange_sim::{Options, Server};
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;

const LOGIN: (&str, &str) = (r"FIRMA\svc-abgleich", "geheim");
const ADDRESS: &str = "d.hoffmann@firma.example";
/// How many contacts the comparison with a replay takes; at two milliseconds an item it is the clock that counts.
const REPLAYED: usize = 2_000;

/// The program's own: without it the layer alone would be measured with one that the product does not have.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--serve", record] => return serve(record),
        ["--layer", url, ca, count] => return layer(url, ca, count.parse().expect("a number")),
        _ => {}
    }
    check_sqlite();
    let count = words.iter().find_map(|word| word.parse().ok()).unwrap_or(10_000);
    let peer = peer(count);
    let layer = ours(count, None).0;
    let program = program(count);
    println!("{count} contacts, CPU of the client in microseconds a contact:");
    println!("                    push (user + kernel)    pull (user + kernel)");
    for (name, both) in [("exchangelib", &peer), ("program", &program), ("EWS alone", &layer)] {
        let figures = both.each_ref().map(|cost| {
            let each = |seconds: f64| seconds * 1e6 / count as f64;
            format!(
                "{:7.1} ({:6.1} + {:5.1})",
                each(cost.whole()),
                each(cost.user),
                each(cost.kernel)
            )
        });
        println!("{name:12} {} {}", figures[0], figures[1]);
    }
    let share = |of: &[Cpu; 2], at: usize| peer[at].whole() / of[at].whole();
    println!(
        "program: 1/{:.1} and 1/{:.1} (a tenth is asked for); EWS alone: 1/{:.0} and 1/{:.0} (a fiftieth)",
        share(&program, 0),
        share(&program, 1),
        share(&layer, 0),
        share(&layer, 1)
    );
    replay();
}

/// Fails where SQLite is an old build: when the flags of `.cargo/config.toml` change, what was compiled before them stays in the target
/// folder, and with page caches that share one pool a push reads 80,000 pages again.
fn check_sqlite() {
    let connection = rusqlite::Connection::open_in_memory().expect("memory opens");
    let sql = "SELECT sqlite_compileoption_used('ENABLE_MEMORY_MANAGEMENT')";
    let shared: bool = connection.query_row(sql, [], |row| row.get(0)).expect("SQLite answers");
    assert!(!shared, "SQLite lacks its flags: cargo clean --release -p libsqlite3-sys");
}

/// Reads what a child printed of a push and a pull.
fn read(output: Vec<u8>) -> [Cpu; 2] {
    let text = String::from_utf8(output).expect("it prints text");
    let figures: Vec<f64> =
        text.split_whitespace().map(|figure| figure.parse().expect("a number")).collect();
    let of = |at: usize| Cpu { user: figures[at], kernel: figures[at + 1] };
    [of(0), of(2)]
}

fn peer(count: usize) -> [Cpu; 2] {
    let server = ServerProcess::start("", 0);
    let python = std::env::var("ABGLEICH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/shared/peer.py");
    let output = Command::new(python)
        .arg(script)
        .args([&server.url, LOGIN.0, ADDRESS, &count.to_string()])
        .env("SIM_PASSWORD", LOGIN.1)
        .env("REQUESTS_CA_BUNDLE", &server.ca)
        .stderr(Stdio::inherit())
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "exchangelib failed");
    read(output.stdout)
}

/// Our EWS layer, mapping included, in a process of its own; CPU of push and pull, and how long both took.
fn ours(count: usize, server: Option<&ServerProcess>) -> ([Cpu; 2], Duration) {
    let own = server.is_none().then(|| ServerProcess::start("", 0));
    let server = server.or(own.as_ref()).expect("one of both");
    let begun = Instant::now();
    let this = std::env::current_exe().expect("a program has a path");
    let output = Command::new(this)
        .args(["--layer", &server.url, &server.ca, &count.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .expect("it starts");
    assert!(output.status.success(), "the layer failed");
    let took = begun.elapsed();
    (read(output.stdout), took)
}

/// Makes contacts as the program does, in its batches, and reads them back.
fn layer(url: &str, ca: &str, count: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime starts");
    let access = ServerAccess {
        url: url.to_owned(),
        login: Login::Basic { user: LOGIN.0.to_owned(), password: Password::new(LOGIN.1) },
        ca_file: Some(ca.into()),
        pin: None,
        passage: Passage::default(),
        connect_within: Duration::from_secs(10),
        reply_within: Duration::from_mins(1),
        patience: Patience::of(Duration::ZERO),
    };
    let server = ExchangeServer::new(&access, runtime.handle().clone()).expect("it is well");
    let zone = Zone::iana("Europe/Berlin").expect("a zone");
    let mut mailbox = server.mailbox(&ActAs::Owner(ADDRESS.to_owned()), zone);
    mailbox.open().expect("it opens");
    let folder = mailbox.folder(ItemKind::Contact, &[], false).expect("known").expect("there");
    let contacts: Vec<(Content, Stamp)> = (0..count).map(contact).collect();
    let begun = Cpu::of_this_process();
    let mut ids: Vec<ItemId> = Vec::with_capacity(count);
    let mut contacts = contacts.into_iter().peekable();
    while contacts.peek().is_some() {
        let create = |(content, stamp)| Write::Create { folder: folder.clone(), content, stamp };
        let size = mailbox.batch();
        let writes: Vec<Write> = contacts.by_ref().take(size).map(create).collect();
        for answer in mailbox.apply(ItemKind::Contact, &writes).expect("answers") {
            let Wrote::Done { id, .. } = answer else { panic!("{answer:?}") };
            ids.push(id);
        }
    }
    let pushed = Cpu::of_this_process();
    let mut read = 0;
    mailbox
        .fetch(ItemKind::Contact, &ids, &mut |_, item| read += usize::from(item.is_ok()))
        .expect("they are read");
    assert_eq!(read, count);
    let pulled = Cpu::of_this_process();
    let (push, pull) = (pushed.since(begun), pulled.since(pushed));
    println!("{} {} {} {}", push.user, push.kernel, pull.user, pull.kernel);
}

/// The contact that `shared/peer.py` makes as well.
fn contact(number: usize) -> (Content, Stamp) {
    let mut content = Content::new();
    let mut set = |field, text: &str| content.set_text(field, text);
    set(Field::GivenName, "Jörg");
    set(Field::Surname, &format!("Grünäcker {number}"));
    set(Field::Company, "Grünäcker GmbH & Co. KG");
    set(Field::Department, "Einkauf");
    set(Field::JobTitle, "Leiter");
    set(Field::Email1, &format!("j.{number}@firma.example"));
    set(Field::BusinessPhone, &format!("+49 911 {number:07}"));
    set(Field::MobilePhone, &format!("+49 171 {number:07}"));
    set(Field::BusinessStreet, "Hauptstraße 1");
    set(Field::BusinessCity, "Nürnberg");
    set(Field::BusinessPostalCode, "90402");
    set(Field::BusinessCountry, "Deutschland");
    set(Field::Notes, "Notiz");
    let stamp = Stamp {
        tenant: "staffitpro".into(),
        user: "DHO".into(),
        record: format!("B-{number}").as_str().into(),
        token: format!("{number:032x}").as_str().into(),
        version: "1".to_owned(),
        fingerprint: "0123456789abcdef".to_owned(),
    };
    (content, stamp)
}

/// The whole program: a first transfer, and a run that finds everything in Outlook and has lost its state.
fn program(count: usize) -> [Cpu; 2] {
    adapter::build();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut options =
        staffitpro_sample::Options::of(u32::try_from(count).expect("not so many"), 1, 2026);
    (options.outside, options.activities) = (0, 0);
    let database = folder.path().join("staffitpro.db");
    staffitpro_sample::create(&database, &options).expect("the sample can be made");
    make_alike(&database);
    let server = ServerProcess::start("", 0);
    let config = format!(
        "version = 1\nlanguage = \"en\"\n[state]\nfolder = \"state\"\n\
         [sources.staffitpro]\nadapter = \"sqlite\"\nzone = \"Europe/Berlin\"\nsettings = {{ file = \"staffitpro.db\" }}\n\
         [servers.exchange]\nurl = \"{}\"\naccess = \"impersonation\"\nca_file = '{}'\n\
         login = {{ scheme = \"basic\", user = '{}', password = {{ env = \"ABGLEICH_EXCHANGE\" }} }}\n\
         [defaults]\napplicants.contacts = \"sync\"\nbusiness_contacts.contacts = \"sync\"\n\
         [mailboxes.all]\nDHO = \"{ADDRESS}\"\n",
        server.url, server.ca, LOGIN.0
    );
    fs::write(folder.path().join("abgleich.toml"), config).expect("the file can be written");
    let run = |option: &str| {
        let before = Cpu::of_children();
        let output = Command::new(env!("CARGO_BIN_EXE_abgleich"))
            .current_dir(folder.path())
            .args(["sync", "--json", option])
            .env("ABGLEICH_EXCHANGE", LOGIN.1)
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: serde_json::Value =
            serde_json::from_slice(&output.stdout).expect("the report is JSON");
        (Cpu::of_children().since(before), report["totals"].clone())
    };
    let (push, totals) = run("--first-transfer");
    assert_eq!(totals["created"], count, "{totals}");
    fs::remove_dir_all(folder.path().join("state")).expect("the state can be lost");
    let (pull, totals) = run("--first-transfer");
    assert_eq!((&totals["created"], &totals["linked"]), (&0.into(), &count.into()), "{totals}");
    [push, pull]
}

/// Gives the people of the sample the very fields that [`contact`] and `shared/peer.py` fill, and no others.
fn make_alike(database: &Path) {
    let connection = rusqlite::Connection::open(database).expect("the sample opens");
    let filled = [
        ("given_name", "'Jörg'"),
        ("surname", "'Grünäcker ' || rowid"),
        ("company", "'Grünäcker GmbH & Co. KG'"),
        ("department", "'Einkauf'"),
        ("job_title", "'Leiter'"),
        ("email_1", "'j.' || rowid || '@firma.example'"),
        ("business_phone", "printf('+49 911 %07d', rowid)"),
        ("mobile_phone", "printf('+49 171 %07d', rowid)"),
        ("business_street", "'Hauptstraße 1'"),
        ("business_city", "'Nürnberg'"),
        ("business_postal_code", "'90402'"),
        ("business_country", "'Deutschland'"),
        ("notes", "'Notiz'"),
    ];
    let others = Field::of(ItemKind::Contact)
        .map(|field| (field.key(), "NULL"))
        .filter(|(field, _)| filled.iter().all(|(known, _)| known != field));
    let sets: Vec<String> =
        filled.into_iter().chain(others).map(|(field, sql)| format!("{field} = {sql}")).collect();
    let sql = format!("UPDATE contact SET private = 0, {}", sets.join(", "));
    connection.execute(&sql, []).expect("the people can be changed");
}

/// The same requests, once by our layer and once as they were recorded, by a client that does nothing but send and read.
fn replay() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let server = ServerProcess::start(&folder.path().display().to_string(), 2);
    let (_, ours) = ours(REPLAYED, Some(&server));
    let mut requests: Vec<PathBuf> = fs::read_dir(folder.path())
        .expect("the recording is there")
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with("-request.xml"))
        .collect();
    requests.sort();
    let bodies: Vec<Vec<u8>> = requests.iter().map(|path| fs::read(path).expect("text")).collect();
    let begun = Instant::now();
    send_bare(&server, &bodies);
    let bare = begun.elapsed();
    println!(
        "{REPLAYED} contacts pushed and pulled at 2 ms an item: {} requests, {:.1} s; a bare replay of them {:.1} s: {:.2} times (1.3 are asked for)",
        bodies.len(),
        ours.as_secs_f64(),
        bare.as_secs_f64(),
        ours.as_secs_f64() / bare.as_secs_f64()
    );
}

/// Posts bodies one after the other over one connection and reads each answer to its end.
fn send_bare(server: &ServerProcess, bodies: &[Vec<u8>]) {
    let mut roots = rustls::RootCertStore::empty();
    let ca = rustls::pki_types::CertificateDer::from_pem_file(&server.ca).expect("a certificate");
    roots.add(ca).expect("it is one of an authority");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let authority = server.url.trim_start_matches("https://").split('/').next().expect("a host");
    let name = ServerName::try_from("localhost").expect("a name");
    let tls = rustls::ClientConnection::new(Arc::new(config), name).expect("a connection");
    let socket = TcpStream::connect(authority).expect("the server listens");
    socket.set_nodelay(true).expect("a socket");
    let mut stream = BufReader::new(rustls::StreamOwned::new(tls, socket));
    let login =
        base64::engine::general_purpose::STANDARD.encode(format!("{}:{}", LOGIN.0, LOGIN.1));
    for body in bodies {
        let head = format!(
            "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: {authority}\r\nAuthorization: Basic {login}\r\n\
             Content-Type: text/xml; charset=utf-8\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.get_mut().write_all(head.as_bytes()).expect("sent");
        stream.get_mut().write_all(body).expect("sent");
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).expect("the head");
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer).expect("the answer");
    }
}

/// The simulated Exchange in a process of its own.
struct ServerProcess {
    process: Child,
    /// Held open: the server ends with it.
    _questions: ChildStdin,
    _answers: BufReader<ChildStdout>,
    url: String,
    ca: String,
}

impl ServerProcess {
    fn start(record: &str, service_ms: u64) -> Self {
        let this = std::env::current_exe().expect("a program has a path");
        let mut process = Command::new(this)
            .args(["--serve", record])
            .env("SERVICE_MS", service_ms.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let questions = process.stdin.take().expect("it was piped");
        let mut answers = BufReader::new(process.stdout.take().expect("it was piped"));
        let mut line = || {
            let mut line = String::new();
            answers.read_line(&mut line).expect("the server answers");
            line.trim_end().to_owned()
        };
        let (url, ca) = (line(), line());
        Self { process, _questions: questions, _answers: answers, url, ca }
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // The server is ours and keeps nothing; whether it had ended already does not matter.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn serve(record: &str) {
    let login = exchange_sim::Login::service(LOGIN.0, LOGIN.1);
    let mut options = Options::default().login(login).mailbox(ADDRESS);
    if !record.is_empty() {
        options = options.record(record);
    }
    let server = Server::start(&options).expect("the server starts");
    let service = std::env::var("SERVICE_MS").ok().and_then(|text| text.parse().ok());
    server.set_service_time(service.unwrap_or(0));
    println!("{}\n{}", server.url(), server.ca_file().display());
    for _ in std::io::stdin().lines() {}
}
