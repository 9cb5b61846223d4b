//! `abgleich pst`: copies and exports. What is exported is read by programs that are not ours: the packages icalendar and vobject
//! of the Python that `ABGLEICH_PYTHON` names.

use std::path::{Path, PathBuf};
use std::process::Command;

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
        assert_eq!((again.code, again.stdout.as_str()), (4, ""), "{again:?}");
        assert!(again.stderr.contains("exists already"), "{}", again.stderr);
    }
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
    assert_eq!(ended.code, 0, "{ended:?}");
    let judge = "import sys, icalendar\n\
        calendar = icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read())\n\
        events = calendar.walk('VEVENT')\n\
        print(len(events), sum(len(part.errors) for part in events), sorted(e.decoded('DTSTART').isoformat() for e in events)[0])";
    if let Some(read) = judged(&place, "a.ics", judge) {
        assert_eq!(read, "9 0 2011-06-22T07:30:00+02:00\n");
    }
}
