//! `abgleich pst`: what is made, copied, checked and listed.

use std::path::{Path, PathBuf};

use abgleich::mapi::{FileTime, Properties, PropertyId, PropertyTag, Value as MapiValue, property};
use abgleich::pst::Nid;
use abgleich::pst::messaging::Store;
use abgleich::pst::messaging::write::{Batch, NewFolder, NewItem};
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::{Settings, Writer};

use crate::office::Office;
use crate::program::{Ended, Place};

pub(crate) fn done(stdout: &str, stderr: &str) -> Ended {
    Ended { code: 0, stdout: stdout.to_owned(), stderr: stderr.to_owned() }
}

#[test]
fn copies_are_made_beside_the_file_and_never_over_one() {
    let place = Place::new();
    assert_eq!(place.run(&["pst", "create", "a.pst"]).code, 0);
    let compacted = place.run(&["pst", "compact", "a.pst", "b.pst"]);
    assert_eq!((compacted.code, compacted.stderr.as_str()), (0, ""), "{compacted:?}");
    assert!(compacted.stdout.starts_with("b.pst holds all "), "{}", compacted.stdout);
    let repaired = "\
c.pst is a copy of a.pst, in which nothing had to be mended
all that is in it was looked at, and nothing is missing; next: put it in the place of a.pst
";
    assert_eq!(place.run(&["pst", "repair", "a.pst", "c.pst"]), done(repaired, ""));
    assert_eq!(place.run(&["pst", "check", "b.pst"]).code, 0);
    // What a link leads to may be a disk that is away: it is not replaced.
    #[cfg(unix)]
    {
        let link = place.path("link.pst");
        std::os::unix::fs::symlink(place.path("away/d.pst"), &link).unwrap();
        for words in [&["create", "link.pst"][..], &["compact", "a.pst", "link.pst"]] {
            let refused = place.run(&[&["pst"], words].concat());
            assert!(refused.code == 2 && refused.stderr.contains("exists already"), "{refused:?}");
        }
        assert!(link.symlink_metadata().unwrap().is_symlink());
    }
    for command in ["compact", "repair"] {
        let again = place.run(&["pst", command, "a.pst", "b.pst"]);
        assert_eq!((again.code, again.stdout.as_str()), (2, ""), "{again:?}");
        assert!(again.stderr.contains("exists already"), "{}", again.stderr);
        // What is wrong with the original is told of the original.
        let missing = place.run(&["pst", command, "old.pst", "new.pst"]);
        let first = missing.stderr.lines().next().unwrap_or_default();
        assert_eq!((missing.code, first), (2, "error: old.pst: could not open old.pst"));
        let text = place.path("letter.txt");
        std::fs::write(&text, "Dear Sir").unwrap();
        let refused = place.run(&["pst", command, "letter.txt", "new.pst"]);
        assert!(refused.stderr.contains("this is no PST or OST file"), "{refused:?}");
        assert!(refused.code == 2 && !refused.stderr.contains("pst repair"), "{refused:?}");
        if let Some(ansi) = real("MailbirdInc__test_ansi.pst") {
            let ansi = ansi.display().to_string();
            let refused = place.run(&["pst", command, &ansi, "new.pst"]);
            let first = refused.stderr.lines().next().unwrap_or_default();
            assert!(first.contains(&format!("{ansi}: this is an ANSI file")), "{first}");
        }
    }
}

/// Windows-1251, by hand: 0xC8 0xE2 0xE0 0xED is Иван. Nothing in the file says in which code page the name is.
#[test]
fn the_code_page_of_old_texts_is_the_operators_word() {
    let place = Place::new();
    assert_eq!(place.run(&["pst", "create", "a.pst"]).code, 0);
    let name = MapiValue::String8(b"\xC8\xE2\xE0\xED".to_vec());
    let nid = add_contact(&place.path("a.pst"), property::GIVEN_NAME.id, name);
    let item = format!("{:x}", nid.0);
    let said = |words: &[&str]| {
        let ended = place.run(words);
        assert_eq!(ended.code, 0, "{ended:?}");
        ended.stdout
    };
    let shown = ["pst", "show", "a.pst", &item];
    assert!(said(&shown).contains("Èâàí"), "Western, where nobody says otherwise");
    for more in [&["--code-page", "1251"][..], &["--code-page", "1251", "--properties"]] {
        assert!(said(&[&shown[..], more].concat()).contains("Иван"), "{more:?}");
    }
    let exported = ["pst", "export", "a.pst", "--format", "json", "--code-page", "1251"];
    assert!(said(&exported).contains("Иван"));
    let unknown = place.run(&["pst", "ls", "a.pst", "--code-page", "4711"]);
    assert_eq!(unknown.code, 2, "{unknown:?}");
    assert!(unknown.stderr.contains("no code page that is known here"), "{unknown:?}");
}

/// Adds a contact with one property.
fn add_contact(path: &Path, id: PropertyId, value: MapiValue) -> Nid {
    let mut file = Writer::open(path, &Settings::default(), &|_| Ok(false)).unwrap();
    let contacts = folder_of(file.nodes(), "IPF.Contact");
    let item = NewItem::of("IPM.Contact", [(id.into(), value)].into_iter().collect());
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    let nid = batch.add_item(contacts, &item).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
    nid
}

/// Finds the folder of a class, such as `IPF.Contact`.
pub(crate) fn folder_of(nodes: &Ndb, wanted: &str) -> Nid {
    let store = Store::new(nodes);
    let top = store.top_folder().unwrap().nid();
    let folders = store.folders_below(top).unwrap();
    let class = |nid| store.folder(nid).unwrap().class().unwrap();
    folders
        .into_iter()
        .map(|below| below.nid)
        .find(|nid| class(*nid).as_deref() == Some(wanted))
        .unwrap()
}

/// Items of an ANSI file may say which code page their texts are in; the names of folders never do.
#[test]
fn a_code_page_that_was_guessed_is_told() {
    let Some(file) = real("HiraokaHyperTools__contacts97-2002.pst") else { return };
    let place = Place::new();
    let file = file.to_string_lossy();
    let said = "texts that are not in Unicode were read in code page 1252";
    let listed = |more: &[&str]| place.run(&[&["pst", "ls", &file][..], more].concat()).stderr;
    assert!(listed(&[]).starts_with(said), "{}", listed(&[]));
    assert_eq!(listed(&["--code-page", "932"]), "");
}

/// What helps depends on what is broken: `pst repair` makes maps anew, and nothing else.
#[test]
fn the_advice_of_a_check_is_what_helps() {
    let place = Place::new();
    assert_eq!(place.run(&["pst", "create", "a.pst"]).code, 0);
    let mut bytes = std::fs::read(place.path("a.pst")).unwrap();
    // The first allocation map lies at 0x4400.
    bytes[0x4400 + 100] ^= 0xFF;
    std::fs::write(place.path("a.pst"), &bytes).unwrap();
    let checked = place.run(&["pst", "check", "a.pst"]);
    assert_eq!(checked.code, 4, "{checked:?}");
    assert!(
        checked.stdout.ends_with(
            "\nnext: `abgleich pst repair FILE INTO` makes a copy in which it is right\n"
        ),
        "{checked:?}"
    );
    assert_eq!(place.run(&["pst", "repair", "a.pst", "b.pst"]).code, 0);
    assert_eq!(place.run(&["pst", "check", "b.pst"]).code, 0);
    // What is wrong above a wrong map is found as well, and stays: one item where the folder says two.
    add_contact(&place.path("b.pst"), property::GIVEN_NAME.id, MapiValue::String("A".to_owned()));
    let mut file =
        Writer::open(&place.path("b.pst"), &Settings::default(), &|_| Ok(false)).unwrap();
    let contacts = folder_of(file.nodes(), "IPF.Contact");
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    batch.set_property(contacts, property::CONTENT_COUNT, &2_u32.to_le_bytes()).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
    let mut twice = std::fs::read(place.path("b.pst")).unwrap();
    twice[0x4400 + 100] ^= 0xFF;
    std::fs::write(place.path("g.pst"), twice).unwrap();
    let checked = place.run(&["pst", "check", "g.pst", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    let broken = report["rules"].as_array().unwrap().iter();
    let broken: Vec<_> = broken.map(|rule| rule["rule"].as_str().unwrap()).collect();
    assert!(broken.contains(&"item-count") && broken.contains(&"unreadable"), "{report:#}");
    assert_eq!((&report["remedy"], &report["items"]), (&"repair".into(), &1.into()));
    assert_eq!(report["schema"], "abgleich-pst-check/1");
    assert!(report["next"].as_str().unwrap().starts_with("`abgleich pst repair FILE"), "{report}");
    let checked = place.run(&["pst", "check", "g.pst"]).stdout;
    assert!(checked.contains("the rest stays in it as it is"), "{checked}");
    assert_eq!(place.run(&["pst", "repair", "g.pst", "h.pst"]).code, 0);
    let left = place.run(&["pst", "check", "h.pst"]).stdout;
    assert!(left.contains("nothing that is in it is lost by this"), "{left}");
    // A copy of it is as good as it is.
    let compacted = place.run(&["pst", "compact", "h.pst", "i.pst"]);
    assert_eq!(compacted.code, 0, "{compacted:?}");
    assert!(compacted.stdout.contains("by which nothing is lost"), "{compacted:?}");
    std::fs::remove_file(place.path("b.pst")).unwrap();
    assert_eq!(place.run(&["pst", "create", "b.pst"]).code, 0);
    // The checksum of the whole header (MS-PST 2.2.2.6): nothing opens it, and the same command helps. Where that of its first
    // sector is wrong as well, no command does, and none is named.
    for (at, copy, mends) in [(524, "e.pst", true), (4, "f.pst", false)] {
        bytes[at] ^= 0xFF;
        std::fs::write(place.path("a.pst"), &bytes).unwrap();
        for command in ["check", "info", "ls"] {
            let refused = place.run(&["pst", command, "a.pst"]);
            let (next, backup) = ("next: `abgleich pst repair FILE INTO`", "from a backup");
            assert_eq!(refused.code, 4, "{refused:?}");
            assert_eq!(refused.stderr.contains(next), mends, "{refused:?}");
            assert_eq!(refused.stderr.contains(backup), !mends, "{refused:?}");
        }
        let repaired = place.run(&["pst", "repair", "a.pst", copy]);
        assert_eq!(repaired.code == 0, mends, "{repaired:?}");
    }
    // `bCryptMethod` at 513 (MS-PST 2.2.2.6): what the store holds tells how it is encoded, if a word for it is there at all.
    for (method, copy) in [(2, "k.pst"), (7, "l.pst")] {
        let mut bytes = std::fs::read(place.path("b.pst")).unwrap();
        bytes[513] = method;
        std::fs::write(place.path("a.pst"), &bytes).unwrap();
        let repaired = place.run(&["pst", "repair", "a.pst", copy]);
        assert!(
            repaired.code == 0 && repaired.stdout.contains("mended: the header"),
            "{repaired:?}"
        );
        assert_eq!(place.run(&["pst", "check", copy, "--strict"]).code, 0);
    }
    // A byte of a long text: it comes along as it is, and the copy is not called whole.
    let text = MapiValue::String("A".repeat(10_000));
    add_contact(&place.path("b.pst"), property::BODY.id, text);
    let mut bytes = std::fs::read(place.path("b.pst")).unwrap();
    let alike =
        |pairs: &[u8]| pairs.chunks(2).all(|pair| pair == &pairs[..2]) && pairs[0] != pairs[1];
    let place_of_text = bytes.windows(64).position(alike).unwrap();
    bytes[place_of_text] ^= 0xFF;
    std::fs::write(place.path("c.pst"), &bytes).unwrap();
    let repaired = place.run(&["pst", "repair", "c.pst", "d.pst"]);
    let said = "d.pst is a copy of c.pst, in which nothing had to be mended\nerror block 0x";
    assert!(repaired.code == 4 && repaired.stdout.starts_with(said), "{repaired:?}");
    assert!(repaired.stdout.contains("\nnext: take the file from a backup"), "{repaired:?}");
    // Five names in other buckets than theirs: whoever reads all of them finds them.
    if let Some(file) = real("aspose-email__MapiContactToPST1.pst") {
        let file = file.to_string_lossy();
        let checked = place.run(&["pst", "check", &file]);
        assert!(checked.stdout.contains("can be read and written as it is"), "{checked:?}");
        assert!(!checked.stdout.contains("pst repair"), "{checked:?}");
    }
    // 72 contacts without three properties each.
    if let Some(file) = real("aspose-email__PersonalStorageFile1.pst") {
        let file = file.to_string_lossy();
        let lines = |words: &[&str]| {
            let stdout = place.run(&[words, &["pst", "check", &file]].concat()).stdout;
            stdout.lines().filter(|line| line.contains("has no property")).count()
        };
        assert_eq!((lines(&[]), lines(&["-v"])), (3, 216));
    }
}

/// Issue 4, point 4: what Outlook's own files differ in is a note, and no file of ours is to have one.
#[test]
fn notes_count_where_that_is_asked_for() {
    let place = Place::new();
    assert_eq!(place.run(&["pst", "create", "a.pst"]).code, 0);
    assert_eq!(place.run(&["pst", "check", "a.pst", "--strict"]).code, 0);
    // Outlook 2007 counted the bytes of items otherwise.
    let Some(file) = real("MailbirdInc__test_unicode.pst") else { return };
    let file = file.to_string_lossy();
    let codes = [&[][..], &["--strict"]].map(|more| {
        let checked = place.run(&[&["pst", "check", &file][..], more].concat());
        assert!(checked.stdout.contains("no rule is broken"), "{checked:?}");
        checked.code
    });
    assert_eq!(codes, [0, 10]);
}

/// Returns a file of those that other programs wrote.
pub(crate) fn real(name: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pst/files");
    let folders = std::env::var_os("ABGLEICH_PST_FILES").unwrap_or_else(|| default.into());
    let found =
        std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.exists());
    if found.is_none() {
        println!("SKIPPED: there is no {name}; ABGLEICH_PST_FILES names a folder");
    }
    found
}

#[test]
fn the_commands_speak_the_language_that_is_asked_for_or_configured_or_set() {
    let place = Place::new();
    let german = "a.pst ist jetzt eine leere Outlook-Datendatei\n";
    assert_eq!(place.run(&["pst", "create", "a.pst", "--language", "de"]), done(german, ""));
    let checked = |ended: &Ended| {
        let last = ended.stdout.lines().last().unwrap_or_default().to_owned();
        (ended.code, last)
    };
    let (de, en) = ("keine Regel ist verletzt", "no rule is broken");
    let english = place.run(&["pst", "check", "a.pst"]);
    assert_eq!(checked(&english), (0, en.to_owned()), "nothing says German");
    let place = place.with("LANG", "de_AT.UTF-8");
    assert_eq!(checked(&place.run(&["pst", "check", "a.pst"])), (0, de.to_owned()));
    let asked = place.run(&["pst", "--language", "en", "check", "a.pst"]);
    assert_eq!(checked(&asked), (0, en.to_owned()));
    let shown = |words: &[&str]| place.run(&[&["pst"], words].concat()).stdout;
    let info = shown(&["info", "a.pst"]);
    for line in ["Kodierung   Permute", "Ordner      ", "abgleich    liest und schreibt sie"] {
        assert!(info.contains(line), "{line} is not in\n{info}");
    }
    assert!(shown(&["compact", "a.pst", "b.pst"]).starts_with("b.pst enthält alle "));
    assert!(
        shown(&["repair", "a.pst", "c.pst"]).contains("in der nichts in Ordnung zu bringen war")
    );
    let export = place.run(&["pst", "export", "a.pst", "--format", "json"]);
    assert_eq!(export.stderr, "0 Elemente exportiert\n");
    // A configuration says more than the system.
    let place = place.file("abgleich.toml", CONFIGURATION);
    assert_eq!(checked(&place.run(&["pst", "check", "a.pst"])), (0, en.to_owned()));
    assert_eq!(place.run(&["pst", "create", "d.pst"]).code, 0);
    assert!(place.run(&["pst", "ls", "d.pst"]).stdout.contains("Calendar"), "folders as well");
}

const CONFIGURATION: &str = "version = 1
language = 'en'
[sources.staffitpro]
adapter = 'sqlite'
zone = 'Europe/Berlin'
[mailboxes.all]
DHO = { pst = 'a.pst', contacts = 'sync' }
";

/// Issue 4, point 3: a store with a password is refused without the operator's word, and so is a file that would grow too long. What
/// refuses names the key that allows it. A folder that a cloud program keeps in step is told by every run.
#[test]
fn a_file_with_a_password_is_written_once_the_configuration_says_so() {
    let office = Office::of_one();
    let place = &office.place;
    assert_eq!(place.run(&["pst", "create", "OneDrive/c.pst"]).code, 2, "no such folder");
    std::fs::create_dir(place.path("OneDrive")).unwrap();
    let made = place.run(&["pst", "create", "OneDrive/c.pst"]);
    assert!(made.stderr.contains("in step with a cloud (OneDrive)"), "{made:?}");
    let path = place.path("OneDrive/c.pst");
    let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    // PidTagPstPassword: the CRC of what Outlook asks for.
    let password = PropertyTag::from_bits(0x67FF_0003);
    batch.set_property(Nid::STORE, password, &0x1234_5678_u32.to_le_bytes()).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();

    let configured = |words: &str| configured(place, "OneDrive/c.pst", words);
    configured("");
    let flat = |ended: &Ended| ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [&["check"][..], &["sync", "--first-transfer"]] {
        let refused = place.run(words);
        assert_eq!(refused.code, 4, "{refused:?}");
        assert!(flat(&refused).contains("`pst_with_password = true` beside `pst`"), "{refused:?}");
    }
    configured(", pst_with_password = true");
    let checked = place.run(&["check"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert!(flat(&checked).contains("in step with a cloud (OneDrive)"), "{checked:?}");
    let synced = place.run(&["sync", "--first-transfer"]);
    assert_eq!(synced.code, 0, "{synced:?}");
    assert!(flat(&synced).contains("in step with a cloud (OneDrive)"), "{synced:?}");
    let (_, report) = office.json(&["sync"]);
    assert_eq!(report["remarks"][0]["kind"], "place-of-file", "{report}");
    let shown = place.run(&["config", "show", "CSC"]);
    assert!(shown.stdout.contains("pst_with_password"), "{shown:?}");
    assert!(place.run(&["pst", "info", "OneDrive/c.pst"]).stdout.contains("password"));

    // What is wrong in the file is told before anything is written to it.
    assert!(!flat(&place.run(&["check"])).contains("breaks rules"));
    let protected = Settings { protected: true, ..Settings::default() };
    let mut file = Writer::open(&path, &protected, &|_| Ok(true)).unwrap();
    let contacts = folder_of(file.nodes(), "IPF.Contact");
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    batch.set_property(contacts, property::CONTENT_COUNT, &7_u32.to_le_bytes()).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
    let checked = place.run(&["check"]);
    assert!(flat(&checked).contains("it can be read and written as it is"), "{checked:?}");
    assert!(!flat(&checked).contains("can cost data"), "{checked:?}");
    // What keeps a run from writing is found as well: the first allocation map lies at 0x4400.
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[0x4400 + 100] ^= 0xFF;
    std::fs::write(&path, bytes).unwrap();
    let [checked, synced] = [&["check"][..], &["sync"]].map(|words| {
        let ended = place.run(words);
        assert!(flat(&ended).contains("damaged AMap page"), "{ended:?}");
        assert!(flat(&ended).contains("pst repair FILE INTO"), "{ended:?}");
        ended.code
    });
    assert_eq!((checked, synced), (4, 4));
}

/// A path leads to the folder that is written exactly so, and a slash in a name is a part of the name. However deep folders lie in each
/// other, every command sees what is in them.
#[test]
fn folders_are_found_by_their_own_names_at_any_depth() {
    let place = Place::new();
    assert_eq!(place.run(&["pst", "create", "c.pst", "--language", "en"]).code, 0);
    let path = place.path("c.pst");
    let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
    let mut level = folder_of(file.nodes(), "IPF.Contact");
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    let mut new = |parent, name: &str| {
        batch.create_folder(parent, &NewFolder::new(name, "IPF.Contact")).unwrap()
    };
    let alike = ["Fall", "FALL", "a/b"].map(|name| new(level, name));
    let mut deep = "Contacts".to_owned();
    for number in 1..=150 {
        level = new(level, &number.to_string());
        deep = format!("{deep}/{number}");
    }
    let mut properties = Properties::new();
    properties.set(property::SUBJECT.id, MapiValue::String("Zwetschge".to_owned()));
    batch.add_item(level, &NewItem::of("IPM.Contact", properties)).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
    let run = |words: &[&str]| place.run(&[&["pst"], words].concat());
    let list = run(&["ls", "c.pst"]);
    assert!(list.code == 0 && list.stderr.is_empty(), "{list:?}");
    let [_, _, slash] = alike.map(|nid| format!("{:>8x}        0", nid.0));
    let shown = |line: &str| line.starts_with(&slash) && line.contains(" a/b ");
    assert!(list.stdout.lines().any(shown), "{list:?}");
    let json = run(&["ls", "c.pst", "--json"]);
    assert!(json.stdout.contains(&format!("\"path\": \"{deep}\"")), "{json:?}");
    for (words, code) in [("Contacts/Fall", 0), ("Contacts/FALL", 0), ("Contacts/fALL", 2)] {
        assert_eq!(run(&["ls", "c.pst", words]).code, code, "{words}");
    }
    assert_eq!(run(&["ls", "c.pst", "contacts/A/B"]).code, 0);
    for words in [&["ls", "c.pst", &deep][..], &["export", "c.pst", "--format", "json"]] {
        let ended = run(words);
        assert!(ended.code == 0 && ended.stdout.contains("Zwetschge"), "{ended:?}");
    }
    for words in [&["check", "c.pst", "--strict"][..], &["info", "c.pst"]] {
        assert_eq!(run(words).code, 0, "{words:?}");
    }
}

/// A full disk behind `>` leaves a cut or empty file: whoever reads it later must not take it for a good one.
#[cfg(target_os = "linux")]
#[test]
fn what_standard_output_does_not_take_counts_for_the_exit_code() {
    let place = Place::new();
    assert_eq!(place.run(&["pst", "create", "c.pst"]).code, 0);
    for words in [&["pst", "ls", "c.pst"][..], &["pst", "info", "c.pst", "--json"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = place.command(words).stdout(full).output().unwrap();
        assert_eq!(ended.status.code(), Some(5), "{words:?}");
        let said = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(said.matches("standard output cannot be written").count(), 1, "{said}");
    }
}

/// Puts a file in the place of the last mailbox of the configuration.
pub(crate) fn configured(place: &Place, path: &str, words: &str) {
    let config = place.read("abgleich.toml");
    let line = config.lines().last().unwrap().to_owned();
    let config = config.replace(&line, &format!("CSC = {{ pst = '{path}'{words} }}"));
    std::fs::write(place.path("abgleich.toml"), config).unwrap();
}

/// A disk that is missing keeps one mailbox from its run; no server has to do with it, and nothing is shown as if it could be done.
#[test]
fn a_folder_that_is_not_there_is_told_by_every_command() {
    let office = Office::of_one();
    let place = &office.place;
    configured(place, "missing/c.pst", "");
    for words in [&["check"][..], &["plan", "--first-transfer"], &["sync", "--first-transfer"]] {
        let ended = place.run(words);
        let said = ended.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(ended.code, 4, "{ended:?}");
        assert!(said.contains("is its disk there"), "{ended:?}");
        assert!(
            !said.contains("server cannot be reached") && !said.contains(".unfinished"),
            "{said}"
        );
    }
}
