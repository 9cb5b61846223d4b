//! The configuration from the outside: files in, settings or problems out. The files are in `fixtures/config`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use abgleich::config::{
    self, Access, Adapter, Binding, Digest, Files, Language, Leftover, Loaded, Login, PastDays,
    Problem, Problems, Proof, ProxySettings, PstLimits, Scheme, SecretRef, Settings, Target,
    Writes,
};
use abgleich::model::{Field, Mode, Module, Scope, Switch};
use abgleich::pst::messaging::CodePage;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, proptest};

/// Files in memory. Names are written with `/` on every system, so that messages are the same everywhere.
#[derive(Default)]
struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl Memory {
    fn with(mut self, name: &str, content: impl Into<Vec<u8>>) -> Self {
        self.0.insert(PathBuf::from(name), content.into());
        self
    }

    fn read(&self) -> Result<Loaded, Problems> {
        config::read(Path::new("abgleich.toml"), self)
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let missing = || io::Error::new(io::ErrorKind::NotFound, "no such file");
        self.0.get(&self.identity(path)).cloned().ok_or_else(missing)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let inside = self.0.keys().filter(|path| path.parent() == Some(folder));
        Ok(inside.map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect())
    }

    fn identity(&self, path: &Path) -> PathBuf {
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => {
                    plain.pop();
                }
                Component::CurDir => {}
                part => plain.push(part),
            }
        }
        plain
    }
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config")
}

/// Takes a fixture into memory: a file, or a folder with `abgleich.toml` and what that includes.
fn fixture(name: &str) -> Memory {
    let path = fixtures().join(name);
    let file = path.with_extension("toml");
    if file.is_file() {
        return Memory::default().with("abgleich.toml", fs::read(file).unwrap());
    }
    let mut memory = Memory::default();
    let mut open = vec![path.clone()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                open.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "toml") {
                let name = entry.strip_prefix(&path).unwrap().to_owned();
                memory.0.insert(name, fs::read(&entry).unwrap());
            }
        }
    }
    memory
}

/// Compares with `NAME.txt` beside the fixture, or writes it if `ABGLEICH_BLESS` is set.
fn assert_text(name: &str, found: &str) {
    let path = fixtures().join(format!("{name}.txt"));
    let found = found.replace("mailboxes\\", "mailboxes/").replace("..\\", "../");
    if std::env::var_os("ABGLEICH_BLESS").is_some() {
        fs::write(path, &found).unwrap();
        return;
    }
    let wanted = fs::read_to_string(&path).unwrap_or_default();
    let wanted: Vec<_> = wanted.lines().collect();
    assert_eq!(found.lines().collect::<Vec<_>>(), wanted, "{name}");
}

fn in_both_languages<'a>(problems: impl Iterator<Item = &'a Problem> + Clone) -> String {
    let mut text = String::new();
    for problem in problems.clone() {
        writeln!(text, "{}", problem.line(Language::English)).unwrap();
    }
    text.push('\n');
    for problem in problems {
        writeln!(text, "{}", problem.line(Language::German)).unwrap();
    }
    text
}

#[test]
fn refused_files_say_everything_that_is_wrong_at_once() {
    let mut count = 0;
    for entry in fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if !name.starts_with("x-") || path.extension().is_some_and(|extension| extension == "txt") {
            continue;
        }
        count += 1;
        let problems = fixture(&name).read().expect_err(&name);
        let text = in_both_languages(problems.iter());
        assert!(!text.contains("Wachtmeister"), "{name} shows a secret:\n{text}");
        assert_text(&name, &text);
        let places: Vec<_> = problems.iter().map(Problem::place).collect();
        assert!(places.is_sorted(), "{name}: sorted by file and position");
    }
    assert!(count >= 12, "only {count} fixtures");
}

#[test]
fn the_language_of_the_file_decides() {
    let german = fixture("x-secrets").read().unwrap_err();
    assert_eq!(german.language(), Language::German);
    assert!(german.to_string().contains("ist ein Geheimnis"));
    let english = fixture("x-servers").read().unwrap_err();
    assert!(english.to_string().contains("is Exchange Online"));
    assert_eq!(english.to_string().lines().count(), english.iter().count());
}

#[test]
fn doubts_do_not_stop_anything() {
    for name in ["warnings", "warnings-empty"] {
        let loaded = fixture(name).read().unwrap();
        assert!(loaded.warnings.iter().all(Problem::is_warning));
        assert_text(name, &in_both_languages(loaded.warnings.iter()));
    }
}

fn settings(name: &str) -> Settings {
    let loaded = fixture(name).read().unwrap_or_else(|problems| panic!("{name}:\n{problems}"));
    assert_eq!(loaded.warnings, [], "{name}");
    loaded.settings
}

fn scope(module: Module, switch: Switch) -> Scope {
    Scope::new(module, switch).unwrap()
}

#[test]
fn german_words_mean_the_same() {
    let (german, english) = (settings("german"), settings("english"));
    let (german, english) = (&german.mailboxes[0].scopes, &english.mailboxes[0].scopes);
    assert_eq!(german, english);
    let activities = german.of(scope(Module::Applicants, Switch::Activities));
    assert_eq!(activities.mode, Mode::StaffitproOverwritesOutlook);
    assert_eq!(activities.except.iter().collect::<Vec<_>>(), [Field::Subject]);
}

#[test]
fn every_way_to_log_in_can_be_written() {
    let settings = settings("logins");
    let server = |name: &str| &settings.servers[name];
    let env = |name: &str| SecretRef::Env(name.to_owned());
    let with_password = |user: &str| Proof::Password { user: user.into(), password: env("A") };
    for (name, scheme, proof) in [
        ("basic", Scheme::Basic, with_password(r"FIRMA\svc")),
        ("ntlm", Scheme::Ntlm, with_password(r"FIRMA\svc")),
        ("sso", Scheme::Ntlm, Proof::OfAccount),
        ("password", Scheme::Negotiate, with_password("svc@FIRMA.EXAMPLE")),
        ("keytab", Scheme::Negotiate, Proof::Keytab { user: None, file: "svc.keytab".into() }),
        ("cache", Scheme::Negotiate, Proof::TicketCache("FILE:/run/abgleich/ticket".into())),
        ("account", Scheme::Negotiate, Proof::OfAccount),
    ] {
        assert_eq!(server(name).login, Login { scheme, proof }, "{name}");
    }
    let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let digest = Digest::from_hex(hash).unwrap();
    assert_eq!(server("ntlm").pin, Some(digest));
    assert_eq!(server("basic").binding, Binding::Auto);
    assert_eq!(server("ntlm").binding, Binding::Off);
    assert_eq!(server("password").binding, Binding::Hash(digest.bytes().to_vec()));
    let proxy = |url: &str, login| Some(ProxySettings { url: url.to_owned(), login });
    assert_eq!(server("ntlm").proxy, proxy("http://proxy.firma.example:3128", None));
    let login = Some(("eva".to_owned(), env("B")));
    assert_eq!(server("password").proxy, proxy("proxy.firma.example", login));
}

#[test]
fn a_windows_file_with_bom_and_backslashes_loads() {
    let settings = settings("windows");
    let source = settings.sources.values().next().unwrap();
    assert_eq!(source.settings["file"], r"D:\staffitpro\demo.db");
    assert_eq!(source.zone.name(), "Europe/Berlin");
    let server = &settings.servers["exchange"];
    let password = SecretRef::File(r"C:\geheim\exchange.txt".into());
    assert_eq!(server.login.proof, Proof::Password { user: r"FIRMA\svc".into(), password });
    assert_eq!(server.access, Access::Impersonation);
    assert_eq!(server.ca_file.as_deref(), Some(Path::new("ca.pem")));
    let pst = |path: &str, limits| Target::Pst { path: path.into(), limits };
    let usual = PstLimits {
        with_password: false,
        on_share: false,
        max_gb: 50,
        code_page: CodePage::WESTERN,
    };
    let weber = pst(r"D:\pst\f.weber.pst", usual);
    assert_eq!(settings.mailbox("FWE").unwrap().target, weber);
    let allowed =
        PstLimits { with_password: true, on_share: true, max_gb: 20, code_page: CodePage(1251) };
    let kraft = pst(r"\\dateien\pst\g.kraft.pst", allowed);
    assert_eq!(settings.mailbox("GKR").unwrap().target, kraft);
}

#[test]
fn later_layers_win_key_by_key() {
    let settings = settings("layers");
    let contacts = scope(Module::Applicants, Switch::Contacts);
    let activities = scope(Module::Applicants, Switch::Activities);
    let leads = scope(Module::Leads, Switch::Activities);

    let all = settings.mailbox("AAA").unwrap();
    assert_eq!(all.scope(contacts).mode, Mode::Sync);
    assert_eq!(all.scope(leads).mode, Mode::Sync);
    assert_eq!(all.scope(leads).past_days, PastDays::Days(60));
    assert_eq!(all.scope(activities).brake.created, 50);
    assert_eq!(all.scope(leads).brake.created, 1000);
    assert_eq!(all.scope(leads).on_gone, Leftover::Delete);
    // The included file adds a key to what the main file says about the same switch.
    let except: Vec<_> = all.scope(contacts).except.iter().collect();
    assert_eq!(except, [Field::Nickname, Field::Email4]);

    let sales = settings.mailbox("dho").unwrap();
    assert_eq!(sales.scope(contacts).mode, Mode::None);
    assert_eq!(sales.scope(leads).mode, Mode::None);
    assert_eq!(sales.scope(activities).past_days, PastDays::All);

    let line = settings.mailbox("CSC").unwrap();
    assert_eq!(line.scope(contacts).mode, Mode::StaffitproOverwritesOutlook);
    assert_eq!(line.scope(contacts).folder.as_deref(), Some("staffITpro/Bewerber"));
    assert_eq!((line.writes, line.zone.name()), (Writes::Off, "Europe/London"));
    assert_eq!((sales.writes, sales.zone.name()), (Writes::On, "Europe/Berlin"));

    let source = settings.sources.values().next().unwrap();
    assert!(matches!(source.adapter, Adapter::File { .. }));
}

#[test]
fn every_setting_knows_the_line_that_it_came_from() {
    let settings = settings("layers");
    let mut text = String::new();
    for user in ["DHO", "CSC"] {
        writeln!(text, "{user}").unwrap();
        for row in settings.explain(user).unwrap() {
            writeln!(text, "  {} = {}  ({})", row.key, row.value, row.origin).unwrap();
        }
    }
    assert!(settings.explain("nobody").is_none());
    assert_text("layers", &text);
}

#[test]
fn a_source_that_is_off_switches_its_mailboxes_off() {
    let text = String::from_utf8(fs::read(fixtures().join("english.toml")).unwrap()).unwrap();
    let text = text.replace("adapter = \"sqlite\"", "adapter = \"sqlite\"\nwrites = \"off\"");
    let text = text.replace("[defaults]", "[defaults]\nwrites = \"on\"");
    let loaded = Memory::default().with("abgleich.toml", text).read().unwrap();
    assert_eq!(loaded.settings.mailboxes[0].writes, Writes::Off);
    let rows = loaded.settings.explain("DHO").unwrap();
    let writes = rows.iter().find(|row| row.key == "writes").unwrap();
    assert_eq!(
        (writes.value.as_str(), writes.origin.to_string()),
        ("\"off\"", "abgleich.toml:3".into())
    );
}

/// Switches the suggestions of a commented file on: `#key = …` becomes `key = …`, `# prose` stays.
fn with_suggestions(text: &str) -> String {
    let mut lines = String::new();
    for line in text.lines() {
        let suggestion = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        writeln!(lines, "{}", suggestion.unwrap_or(line)).unwrap();
    }
    lines
}

#[test]
fn the_starting_files_load_as_they_are_and_with_their_suggestions() {
    for language in Language::ALL {
        let text = config::starting_file(*language);
        let loaded = Memory::default().with("abgleich.toml", text).read();
        let loaded = loaded.unwrap_or_else(|problems| panic!("{language}:\n{problems}"));
        assert_eq!(loaded.settings.language, *language);
        // Only that there is no mailbox yet.
        assert_eq!(loaded.warnings.len(), 1, "{language}");

        let text = with_suggestions(text).replace("#:schema", "").replace(":schema", "#");
        let loaded = Memory::default()
            .with(
                "abgleich.toml",
                text.replace("groups.sales", "groups.vertrieb")
                    .replace("mailboxes.sales", "mailboxes.vertrieb"),
            )
            .with("mailboxes/empty.toml", "")
            .with("postfaecher/empty.toml", "")
            .read();
        let loaded = loaded.unwrap_or_else(|problems| panic!("{language}:\n{problems}"));
        assert_eq!(loaded.warnings, [], "{language}");
        let user = loaded.settings.mailbox("DHO").unwrap();
        assert_eq!(user.scope(scope(Module::Applicants, Switch::Contacts)).mode, Mode::None);
        let activities = user.scope(scope(Module::BusinessContacts, Switch::Activities));
        assert_eq!(activities.mode, Mode::Sync);
        assert_eq!(user.scope(scope(Module::General, Switch::Activities)).mode, Mode::None);
    }
}

#[test]
fn both_starting_files_say_the_same() {
    let scopes = |language| {
        let text = format!("{}\nX = \"x@firma.example\"\n", config::starting_file(language));
        let loaded = Memory::default().with("abgleich.toml", text).read().unwrap();
        loaded.settings.mailboxes[0].scopes.clone()
    };
    assert_eq!(scopes(Language::German), scopes(Language::English));
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/abgleich.schema.json");
    let mut generated = serde_json::to_string_pretty(&config::schema()).unwrap();
    generated.push('\n');
    if std::env::var_os("ABGLEICH_BLESS").is_some() {
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed.lines().eq(generated.lines()),
        "config/abgleich.schema.json is old: ABGLEICH_BLESS=1 cargo test --test config"
    );
}

#[test]
fn a_configuration_loads_from_disk_with_includes_and_without_a_folder_in_its_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("mailboxes")).unwrap();
    for name in ["abgleich.toml", "mailboxes/sales.toml"] {
        fs::copy(fixtures().join("layers").join(name), folder.path().join(name)).unwrap();
    }
    let loaded = config::load(&folder.path().join("abgleich.toml")).unwrap();
    assert_eq!(loaded.settings.mailboxes.len(), 3);
    let refused = config::load(&folder.path().join("absent.toml")).unwrap_err();
    assert_eq!(refused.iter().count(), 1, "{refused}");
    assert!(refused.to_string().contains("absent.toml"), "{refused}");
}

/// Strings near to a configuration: pieces of one in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "\n",
        "\"",
        "'",
        " ",
        "\t",
        "\\",
        "#",
        "\"\"\"",
        "1",
        "-",
        "true",
        "contacts",
        "Kontakte",
        "mailboxes",
        "defaults",
        "sources",
        "servers",
        "groups",
        "DHO",
        "include",
        "*.toml",
        "abgleich.toml",
        "a@b.c",
        "\"sync\"",
        "password",
        "env",
        "brake",
        "ä",
        "\u{feff}",
        "\r",
        "past_days",
        "except",
        "\"Verträge\"",
        "[[",
        "1979-05-27",
        "0x",
        "1e9",
        "inf",
    ]);
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_give_settings_or_problems(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check_any(bytes);
    }

    #[test]
    fn any_pieces_of_a_configuration_give_settings_or_problems(text in pieces()) {
        check_any(text.into_bytes());
    }

    #[test]
    fn a_configuration_with_a_piece_cut_out_gives_settings_or_problems(from in 0usize..2000, count in 0usize..40) {
        let mut bytes = fs::read(fixtures().join("layers/abgleich.toml")).unwrap();
        let from = from.min(bytes.len());
        let to = (from + count).min(bytes.len());
        bytes.drain(from..to);
        let problems = check_any(bytes);
        prop_assert!(problems.is_none_or(|problems| problems.iter().all(|problem| problem.place().line < 60)));
    }
}

fn check_any(bytes: Vec<u8>) -> Option<Problems> {
    let files = Memory::default().with("abgleich.toml", bytes);
    match files.read() {
        Ok(loaded) => {
            for mailbox in &loaded.settings.mailboxes {
                assert!(loaded.settings.explain(mailbox.user.as_str()).is_some());
            }
            None
        }
        Err(problems) => {
            assert!(problems.iter().any(|problem| !problem.is_warning()));
            assert_eq!(problems.to_string().lines().count(), problems.iter().count());
            Some(problems)
        }
    }
}
