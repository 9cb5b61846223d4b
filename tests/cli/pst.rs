//! `abgleich pst`: copies and exports. What is exported is read by programs that are not ours: the packages icalendar and vobject
//! of the Python that `ABGLEICH_PYTHON` names.

use std::path::{Path, PathBuf};
use std::process::Command;

use abgleich::mailbox::contract::sample;
use abgleich::mailbox::pst::{PstAccess, PstMailbox};
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Mailbox as _, Write, Wrote};
use abgleich::mapi::{FileTime, Properties, PropertyTag, Value as MapiValue, named, property};
use abgleich::model::recurrence::{Day, Pattern, Range, Recurrence, Unit};
use abgleich::model::{Field, ItemKind, Value};
use abgleich::pst::crypt::{Crypt, encode};
use abgleich::pst::messaging::write::{Batch, NewItem};
use abgleich::pst::messaging::{CodePage, Store};
use abgleich::pst::ndb::Ndb;
use abgleich::pst::ndb::write::{Settings, Writer};
use abgleich::pst::{Bid, Nid};
use jiff::civil::date;

use crate::office::Office;
use crate::program::{Ended, Place};

fn done(stdout: &str, stderr: &str) -> Ended {
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
next: `abgleich pst check c.pst` looks at what is in it; if that finds nothing, put it in the place of a.pst
";
    assert_eq!(place.run(&["pst", "repair", "a.pst", "c.pst"]), done(repaired, ""));
    assert_eq!(place.run(&["pst", "check", "b.pst"]).code, 0);
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
    let mut file =
        Writer::open(&place.path("a.pst"), &Settings::default(), &|_| Ok(false)).unwrap();
    let mut properties = Properties::new();
    properties.set(property::GIVEN_NAME.id, MapiValue::String8(b"\xC8\xE2\xE0\xED".to_vec()));
    let contacts = folder_of(file.nodes(), "IPF.Contact");
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    let nid = batch.add_item(contacts, &NewItem::of("IPM.Contact", properties)).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
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

/// Finds the folder of a class, such as `IPF.Contact`.
fn folder_of(nodes: &Ndb, wanted: &str) -> Nid {
    let store = Store::new(nodes);
    let top = store.top_folder().unwrap().nid();
    let folders = store.folders_below(top).unwrap();
    let class = |nid| store.folder(nid).unwrap().class().unwrap();
    folders
        .into_iter()
        .map(|(_, nid)| nid)
        .find(|nid| class(*nid).as_deref() == Some(wanted))
        .unwrap()
}

#[test]
fn an_empty_file_is_an_empty_export() {
    let place = Place::new();
    assert_eq!(place.run(&["pst", "create", "a.pst"]).code, 0);
    let export = |form: &str| place.run(&["pst", "export", "a.pst", "--format", form]);
    assert_eq!(export("json"), done("[\n]\n", "0 items exported\n"));
    assert_eq!(export("vcard"), done("", "0 items exported\n"));
    assert_eq!(export("csv").code, 2, "a table holds one kind");
}

/// A task that comes again (MS-OXOTASK 2.2.2.2.15) without saying how: no calendar may show it as one that does not.
#[test]
fn a_series_without_a_word_for_it_is_named_and_in_no_calendar() {
    let place = Place::new();
    tasks(&place);
    let mut file =
        Writer::open(&place.path("a.pst"), &Settings::default(), &|_| Ok(false)).unwrap();
    let folder = folder_of(file.nodes(), "IPF.Task");
    let mut properties = Properties::new();
    properties.set(property::SUBJECT.id, MapiValue::String("Rätselhaft".to_owned()));
    properties.set(named::TASK_RECURRING, MapiValue::Boolean(true));
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    let nid = batch.add_item(folder, &NewItem::of("IPM.Task", properties)).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
    let item = format!("{:x}.{:x}", folder.0, nid.0);
    let export =
        |form: &str| place.run(&["pst", "export", "a.pst", "--kind", "task", "--format", form]);
    let calendar = export("icalendar");
    let named = ": a series of a form that abgleich has no word for";
    let said: Vec<&str> = calendar.stderr.lines().collect();
    assert_eq!((calendar.code, said[0]), (4, "3 items exported"), "{calendar:?}");
    assert!(said[1].starts_with(&format!("{item}{named}")), "{calendar:?}");
    assert!(!calendar.stdout.contains("Rätselhaft"), "{}", calendar.stdout);
    let table = export("csv");
    assert_eq!(table.code, 4, "{table:?}");
    assert!(table.stdout.contains("Rätselhaft") && table.stderr.contains(&item), "{table:?}");
    let all: serde_json::Value = serde_json::from_str(&export("json").stdout).unwrap();
    let fields = |id: &str| {
        let items = all.as_array().unwrap();
        items.iter().find(|item| item["id"] == id).unwrap()["fields"].as_object().unwrap().clone()
    };
    assert!(!fields(&item).contains_key("recurrence"), "what is not known is absent, not null");
}

/// The names that libpff 20231205 finds in the file (PidTagDisplayName); three contacts have no other.
#[test]
fn a_contact_keeps_the_name_that_it_is_shown_by() {
    let Some(file) = real("aspose-email__MapiContactToPST1.pst") else { return };
    let place = Place::new();
    let file = file.to_string_lossy();
    let export = |words: &[&str]| {
        let ended = place
            .run(&[&["pst", "export", &file, "--kind", "contact", "--format"], words].concat());
        assert_eq!(ended.code, 0, "{ended:?}");
        ended.stdout
    };
    let names = [
        "Sebastian Wright",
        "Wichert Kroos",
        "Christoffer van de Meeberg",
        "Margaret J. Tolle",
        "Matthew R. Wilcox",
        "Bertha A. Buell",
    ];
    let cards = export(&["vcard"]);
    let shown: Vec<&str> = cards.lines().filter_map(|line| line.strip_prefix("FN:")).collect();
    assert_eq!(shown, names);
    let all: serde_json::Value = serde_json::from_str(&export(&["json"])).unwrap();
    let shown = all.as_array().unwrap().iter().map(|item| item["display_name"].as_str().unwrap());
    assert_eq!(shown.collect::<Vec<_>>(), names);
    let table = export(&["csv"]);
    let shown = table.lines().skip(1).filter_map(|row| row.split(',').nth(1));
    assert!(table.starts_with("id,display_name,file_as,") && shown.eq(names), "{table}");
    let shown = place.run(&["pst", "show", &file, "0x200044"]).stdout;
    assert!(
        shown.lines().any(|line| line.starts_with("shown as ") && line.ends_with(" Wichert Kroos")),
        "{shown}"
    );
}

/// libpff finds five appointments in the file, four of them in Deleted Items, and six other items there.
#[test]
fn what_was_thrown_away_is_exported_where_it_is_asked_for() {
    let Some(file) = real("aspose-email__SampleOstFile.ost") else { return };
    let place = Place::new();
    let file = file.to_string_lossy();
    let export = |more: &[&str]| {
        let ended = place.run(&[&["pst", "export", &file, "--format", "icalendar"], more].concat());
        (ended.stdout.matches("BEGIN:VEVENT").count(), ended.stderr)
    };
    let (kept, said) = export(&[]);
    assert_eq!(kept, 1);
    assert!(
        said.contains("10 items in Deleted Items left out; `--deleted` takes them along"),
        "{said}"
    );
    for (more, events) in [(&["--deleted"][..], 5), (&["--folder", "Deleted Items"], 4)] {
        let (found, said) = export(more);
        assert!(found == events && !said.contains("left out;"), "{more:?}: {found}\n{said}");
    }
}

/// A byte of the block that a contact's notes are in is bent, so that its checksum is wrong (MS-PST 2.2.2.8.1).
#[test]
fn what_cannot_be_read_of_an_item_is_named() {
    let place = Place::new();
    assert_eq!(place.run(&["pst", "create", "a.pst"]).code, 0);
    let path = place.path("a.pst");
    let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
    let notes = "Bringt Unterlagen mit. ".repeat(150);
    let mut properties = Properties::new();
    properties.set(property::GIVEN_NAME.id, MapiValue::String("Änne".to_owned()));
    properties.set(property::BODY.id, MapiValue::String(notes.clone()));
    let contacts = folder_of(file.nodes(), "IPF.Contact");
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    let nid = batch.add_item(contacts, &NewItem::of("IPM.Contact", properties)).unwrap();
    batch.commit().unwrap();
    file.close().unwrap();
    let wide: Vec<u8> = notes.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut stored = vec![0; wide.len()];
    encode(Crypt::Permute, Bid(0), &wide, &mut stored);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(stored.len()).position(|part| part == stored).unwrap();
    bytes[at + 100] ^= 1;
    std::fs::write(&path, bytes).unwrap();

    let item = format!("{:x}.{:x}", contacts.0, nid.0);
    for format in ["vcard", "json", "csv"] {
        let ended = place.run(&["pst", "export", "a.pst", "--kind", "contact", "--format", format]);
        let said: Vec<&str> = ended.stderr.lines().collect();
        let named = format!("{item}: exported without what could not be read or understood: notes");
        assert_eq!((ended.code, &said[..]), (4, &["1 item exported", &named][..]), "{format}");
        assert!(ended.stdout.contains("Änne"), "{}", ended.stdout);
        match format {
            "json" => {
                let all: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
                assert_eq!(all[0]["unreadable"], serde_json::json!(["notes"]));
                assert!(all[0]["fields"].get("notes").is_none());
            }
            "csv" => assert_eq!(ended.stdout.matches("(unreadable)").count(), 1),
            _ => {}
        }
    }
    let shown = place.run(&["pst", "show", "a.pst", &format!("{:x}", nid.0)]).stdout;
    assert!(shown.contains("(cannot be read or understood"), "{shown}");
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
    // The header's checksum: nothing opens it, and the same command helps.
    bytes[4] ^= 0xFF;
    std::fs::write(place.path("a.pst"), &bytes).unwrap();
    for command in ["check", "info", "ls"] {
        let refused = place.run(&["pst", command, "a.pst"]);
        assert!(
            refused.code == 4 && refused.stderr.contains("next: `abgleich pst repair"),
            "{refused:?}"
        );
    }
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

/// Returns a file of those that other programs wrote.
fn real(name: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/pst/files");
    let folders = std::env::var_os("ABGLEICH_PST_FILES").unwrap_or_else(|| default.into());
    let found =
        std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.exists());
    if found.is_none() {
        println!("SKIPPED: there is no {name}; ABGLEICH_PST_FILES names a folder");
    }
    found
}

/// Lets Python judge a text; `None` where it has not got the packages.
fn judged(place: &Place, file: &str, judge: &str) -> Option<String> {
    let python = std::env::var("ABGLEICH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let run = |code: &str| Command::new(&python).args(["-c", code]).arg(place.path(file)).output();
    if !run("import icalendar, vobject").is_ok_and(|output| output.status.success()) {
        println!(
            "SKIPPED: {python} has no icalendar and vobject; ABGLEICH_PYTHON names one that has"
        );
        return None;
    }
    let output = run(judge).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The values are those that `readpst` 0.6 finds in the file.
#[test]
fn a_contact_is_a_card_to_others() {
    let Some(file) = real("HiraokaHyperTools__contacts.pst") else { return };
    let place = Place::new();
    let file = file.to_string_lossy();
    let out = ["--format", "vcard", "--out", "a.vcf"];
    let ended = place.run(&[&["pst", "export", &file][..], &out[..]].concat());
    assert_eq!(ended, done("", "1 item exported\n"));
    let card = place.read("a.vcf");
    for line in
        ["N:イグザンプル;コム;ドット;Mr.;殿", "ORG:My work company;My division", "BDAY:20000101"]
    {
        assert!(card.contains(&format!("\r\n{line}\r\n")), "{line} is not in\n{card}");
    }
    let judge = "import sys, vobject\n\
        for card in vobject.readComponents(open(sys.argv[1], newline='', encoding='utf-8').read()):\n\
        \x20   print(ascii(card.fn.value), card.email.value, card.adr.value.code, len(card.tel_list))";
    if let Some(read) = judged(&place, "a.vcf", judge) {
        assert!(read.ends_with(" test@example.com 544-0001 4\n"), "{read}");
    }
}

/// `readpst` 0.6 finds nine events in the file, all on 2011-06-22 at 05:30 UTC.
#[test]
fn appointments_are_events_to_others() {
    let Some(file) = real("aspose-email__Test_part1.pst") else { return };
    let place = Place::new();
    let file = file.to_string_lossy();
    let out = ["--format", "icalendar", "--out", "a.ics"];
    let ended = place.run(&[&["pst", "export", &file][..], &out[..]].concat());
    // Each has a number where categories belong, which are texts.
    assert_eq!((ended.code, ended.stderr.matches(": categories").count()), (4, 9), "{ended:?}");
    let judge = "import sys, icalendar\n\
        calendar = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read())\n\
        events = calendar.walk('VEVENT')\n\
        print(len(events), sum(len(part.errors) for part in events), sorted(e.decoded('DTSTART').isoformat() for e in events)[0])";
    if let Some(read) = judged(&place, "a.ics", judge) {
        assert_eq!(read, "9 0 2011-06-22T07:30:00+02:00\n");
    }
}

/// Makes a file with three tasks: one without a series, one each Friday, one that comes again two weeks after it was completed.
fn tasks(place: &Place) {
    let mut mailbox = PstMailbox::new(PstAccess {
        path: place.path("a.pst"),
        writes: true,
        german: true,
        zone: Zone::iana("Europe/Berlin").unwrap(),
        code_page: CodePage::WESTERN,
        settings: Settings::default(),
    });
    let folder = mailbox.folder(ItemKind::Task, &[], true).unwrap().unwrap();
    let start = date(2027, 1, 8);
    let (weeks, first_day) = (Unit::Week, Day::Monday);
    let patterns = [
        None,
        Some(Pattern::Weekly { every: 1, days: vec![Day::Friday], first_day }),
        Some(Pattern::Regenerating { unit: weeks, every: 2 }),
    ];
    let writes = patterns.into_iter().enumerate().map(|(index, pattern)| {
        let mut content = sample::full(ItemKind::Task);
        content.set_text(Field::Subject, format!("Aufgabe {index}"));
        content.set(Field::TaskStart, Value::Date(start));
        content.set(Field::Due, Value::Date(start));
        if let Some(pattern) = pattern {
            let series =
                Recurrence { pattern, range: Range::Forever { start }, exceptions: Vec::new() };
            content.set(Field::Recurrence, Value::Recurrence(Box::new(series)));
        }
        let stamp = sample::stamp(&format!("T-{index}"), "00ff");
        Write::Create { folder: folder.clone(), content, stamp }
    });
    let wrote = mailbox.apply(ItemKind::Task, &writes.collect::<Vec<_>>()).unwrap();
    assert!(wrote.iter().all(|wrote| matches!(wrote, Wrote::Done { .. })), "{wrote:?}");
    mailbox.close().unwrap();
}

/// Percent, status and priority by RFC 5545, 3.8.1: sample tasks are at 40 per cent, under way and of low priority. What is due has to
/// be later than the start (3.8.2.3), so a task of one day has but one of them, and a series, which needs its start, a length.
#[test]
fn tasks_are_to_dos_to_others() {
    let place = Place::new();
    tasks(&place);
    let out = ["pst", "export", "a.pst", "--format", "icalendar", "--out", "a.ics"];
    assert_eq!(place.run(&out), done("", "3 items exported\n"));
    let judge = "import sys, icalendar, vobject\n\
        text = open(sys.argv[1], newline='', encoding='utf-8').read()\n\
        calendar = icalendar.Calendar.from_ical(text)\n\
        tasks = sorted(calendar.walk('VTODO'), key=lambda task: task['SUMMARY'])\n\
        print(sum(len(part.errors) for part in tasks))\n\
        for task in tasks:\n\
        \x20   rule = task.get('RRULE')\n\
        \x20   days = [str(task.decoded(name)) if name in task else '-' for name in ('DTSTART', 'DUE', 'DURATION')]\n\
        \x20   print(task['SUMMARY'], *days, task['STATUS'], task['PERCENT-COMPLETE'], task['PRIORITY'],\n\
        \x20         rule.to_ical().decode() if rule else '-', task.get('X-ABGLEICH-REGENERATES', '-'))\n\
        again = sorted(vobject.readOne(text).vtodo_list, key=lambda task: task.summary.value)\n\
        print([(task.summary.value, hasattr(task, 'due'), hasattr(task, 'rrule')) for task in again])";
    if let Some(read) = judged(&place, "a.ics", judge) {
        let expected = "\
0
Aufgabe 0 - 2027-01-08 - IN-PROCESS 40 9 - -
Aufgabe 1 2027-01-08 - 1 day, 0:00:00 IN-PROCESS 40 9 FREQ=WEEKLY;BYDAY=FR;WKST=MO -
Aufgabe 2 2027-01-08 - 1 day, 0:00:00 IN-PROCESS 40 9 - P2W
[('Aufgabe 0', True, False), ('Aufgabe 1', False, True), ('Aufgabe 2', False, False)]
";
        assert_eq!(read, expected);
    }
    let json = place.run(&["pst", "export", "a.pst", "--format", "json"]);
    let items: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let pattern = &items[2]["fields"]["recurrence"]["pattern"];
    assert_eq!(*pattern, serde_json::json!({"kind": "regenerating", "unit": "week", "every": 2}));
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
/// refuses names the key that allows it.
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
    assert!(flat(&checked).contains("the file breaks rules of the format"), "{checked:?}");
}

/// Puts a file in the place of the last mailbox of the configuration.
fn configured(place: &Place, path: &str, words: &str) {
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
