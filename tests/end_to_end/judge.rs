//! exchangelib, a client that others wrote, reads the mailbox after a run, and a script compares it field by field with what
//! stands in the database. Neither shares a line with us. Skipped with a word where Python has no exchangelib; where
//! `ABGLEICH_PYTHON` names one, it must have it.

use std::path::Path;
use std::process::Command;

use jiff::Zoned;
use staffitpro_sample::Options;

use crate::place::{LOGIN, PASSWORD, PEOPLE, Place, STAMP};

/// Exit status by which the script says that exchangelib is missing.
const MISSING: i32 = 77;

#[test]
fn exchangelib_sees_every_field_of_a_hundred_records_of_each_kind_as_staffitpro_has_them() {
    let named = std::env::var("ABGLEICH_PYTHON");
    let python = named.clone().unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/judge.py");
    let asked = Command::new(&python).arg(&script).arg("--ready").output();
    if !asked.is_ok_and(|asked| asked.status.success()) {
        assert!(named.is_err(), "{python} of ABGLEICH_PYTHON has no exchangelib");
        eprintln!("SKIPPED: {python} has no exchangelib; set ABGLEICH_PYTHON to one that has");
        return;
    }
    // As of today, so that the activities are as far from being over as the sample's were when it was made.
    let today = Zoned::now().date();
    let options =
        Options { records: 260, outside: 20, activities: 620, users: 1, seed: 1871, today };
    let place = Place::with(|file| staffitpro_sample::create(file, &options).expect("a database"));
    place.configure(|text| text.truncate(text.find("CSC = ").expect("the second mailbox")));
    place.run(&["sync", "--first-transfer"]).expect(0);
    let (user, address) = PEOPLE[0];
    let run = Command::new(&python)
        .arg(&script)
        .args([&place.server.url(), LOGIN, address, user, STAMP])
        .arg(place.path("staffitpro.db"))
        .env("SIM_PASSWORD", PASSWORD)
        .env("REQUESTS_CA_BUNDLE", place.server.ca_file())
        .output()
        .expect("Python starts");
    let (out, err) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    assert_ne!(run.status.code(), Some(MISSING));
    assert!(run.status.success() && out.ends_with("all agree\n"), "{out}{err}");
}
