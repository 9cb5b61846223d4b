//! `abgleich pst export`: what is exported is read by programs that are not ours, the packages icalendar and vobject of the Python that
//! `ABGLEICH_PYTHON` names.

use std::process::Command;

use abgleich::mailbox::contract::sample;
use abgleich::mailbox::pst::{PstAccess, PstMailbox};
use abgleich::mailbox::zones::Zone;
use abgleich::mailbox::{Mailbox as _, Write, Wrote};
use abgleich::mapi::{FileTime, Properties, Value as MapiValue, named, property};
use abgleich::model::recurrence::{Day, Pattern, Range, Recurrence, Unit};
use abgleich::model::{Field, ItemKind, Value};
use abgleich::pst::Bid;
use abgleich::pst::crypt::{Crypt, encode};
use abgleich::pst::messaging::CodePage;
use abgleich::pst::messaging::write::{Batch, NewItem};
use abgleich::pst::ndb::write::{Settings, Writer};
use jiff::civil::date;

use crate::program::Place;
use crate::pst::{done, folder_of, real};

#[test]
fn an_empty_file_is_an_empty_export() {
    let place = Place::new();
    assert_eq!(place.run(&["pst", "create", "a.pst"]).code, 0);
    let export = |form: &str| place.run(&["pst", "export", "a.pst", "--format", form]);
    assert_eq!(
        export("json"),
        done("{\"schema\":\"abgleich-pst-export/1\",\"items\":[\n]}\n", "0 items exported\n")
    );
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
        let items = all["items"].as_array().unwrap();
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
    let shown =
        all["items"].as_array().unwrap().iter().map(|item| item["display_name"].as_str().unwrap());
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
                assert_eq!(all["items"][0]["unreadable"], serde_json::json!(["notes"]));
                assert!(all["items"][0]["fields"].get("notes").is_none());
            }
            "csv" => assert_eq!(ended.stdout.matches("(unreadable)").count(), 1),
            _ => {}
        }
    }
    for (more, said) in
        [(&[][..], "(cannot be read or understood"), (&["--properties"], "(cannot be read: ")]
    {
        let item = format!("{:x}", nid.0);
        let shown = place.run(&[&["pst", "show", "a.pst", &item][..], more].concat());
        assert!(shown.code == 4 && shown.stdout.contains(said), "{shown:?}");
    }
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
    let pattern = &items["items"][2]["fields"]["recurrence"]["pattern"];
    assert_eq!(*pattern, serde_json::json!({"kind": "regenerating", "unit": "week", "every": 2}));
}
