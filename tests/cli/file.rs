//! PST files as mailboxes of the program: what `check` and runs say of them when they are copied, gone or emptied.

use abgleich::mapi::{FileTime, property};
use abgleich::pst::Nid;
use abgleich::pst::messaging::write::Batch;
use abgleich::pst::ndb::write::{Settings, Writer};

use crate::office::Office;
use crate::program::Place;
use crate::pst::{configured, folder_of};

/// Rule G9: the files of two lines are copies of one template. Each run tells one of them, by whatever way the two meet, that the
/// mailbox is taken, and never of another run that there is not.
#[test]
fn g09_copies_of_one_file_are_one_mailbox_and_no_other_run() {
    let office = Office::of(&[("DHO", "d@firma.example", "D"), ("CSC", "c@firma.example", "C")]);
    let place = &office.place;
    assert_eq!(place.run(&["pst", "create", "a.pst"]).code, 0);
    std::fs::copy(place.path("a.pst"), place.path("b.pst")).unwrap();
    let config = place.read("abgleich.toml");
    let config = config.replace("\"d@firma.example\"", "{ pst = 'a.pst' }");
    let config = config.replace("\"c@firma.example\"", "{ pst = 'b.pst' }");
    std::fs::write(place.path("abgleich.toml"), config).unwrap();
    for words in [&["sync", "--first-transfer"][..], &["sync"]] {
        let (code, report) = office.json(words);
        let codes: Vec<_> = report["mailboxes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|mailbox| mailbox["stopped"]["code"].as_str())
            .collect();
        assert_eq!(code, 3, "{report}");
        assert!(codes.contains(&None) && codes.contains(&Some("mailbox-taken")), "{codes:?}");
    }
}

/// What the next run makes is nothing to go to Outlook for: a file of other purposes lacks default folders.
#[test]
fn check_does_not_ask_for_folders_that_the_next_run_makes() {
    let office = Office::of_one();
    let place = &office.place;
    assert_eq!(place.run(&["pst", "create", "c.pst", "--language", "en"]).code, 0);
    configured(place, "c.pst", "");
    let path = place.path("c.pst");
    let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
    let tasks = folder_of(file.nodes(), "IPF.Task");
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    for (tag, text) in [(property::CONTAINER_CLASS, "IPF.Note"), (property::DISPLAY_NAME, "Mails")]
    {
        let text: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        batch.set_property(tasks, tag, &text).unwrap();
    }
    batch.commit().unwrap();
    file.close().unwrap();
    let mode = |from: &str, to: &str| {
        let config = place.read("abgleich.toml");
        assert!(config.contains(from), "{config}");
        std::fs::write(place.path("abgleich.toml"), config.replace(from, to)).unwrap();
    };
    // Where nothing may be made in Outlook, somebody has to.
    mode("activities = \"sync\"", "activities = \"outlook-overwrites-staffitpro\"");
    let checked = place.run(&["check"]);
    assert_eq!(checked.code, 4, "{checked:?}");
    assert!(checked.stdout.contains("there is no folder Tasks"), "{checked:?}");
    mode("activities = \"outlook-overwrites-staffitpro\"", "activities = \"sync\"");
    let checked = place.run(&["check"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert_eq!(place.run(&["sync", "--first-transfer"]).code, 0);
    let listed = place.run(&["pst", "ls", "c.pst"]);
    assert!(listed.stdout.contains("Tasks"), "the run makes it: {listed:?}");
}

/// What a run needs beside the file may be there already, and somebody else's: that is said before the night of the first change.
#[test]
fn check_finds_what_is_in_the_way_beside_the_file() {
    let office = Office::of_one();
    let place = &office.place;
    configured(place, "c.pst", "");
    let refused = |name: &str| {
        std::fs::write(place.path(name), "mine").unwrap();
        let checked = place.run(&["check"]);
        assert_eq!(checked.code, 4, "{checked:?}");
        let said = checked.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&format!("{name} is in the way")), "{said}");
        assert!(said.contains("→ give that file another name"), "{said}");
        assert_eq!(place.read(name), "mine");
        std::fs::remove_file(place.path(name)).unwrap();
    };
    refused("c.pst.unfinished");
    assert_eq!(place.run(&["sync", "--first-transfer"]).code, 0);
    refused("c.pst.rescue");
    assert_eq!(place.run(&["check"]).code, 0);
}

/// Rules D2 and D4: a file is gone for good, and a new one takes its place by the commands that the messages name.
#[test]
fn d15_a_new_file_in_the_place_of_one_that_is_gone_is_filled() {
    let office = Office::of_one();
    let place = &office.place;
    configured(place, "c.pst", "");
    let (_, first) = office.json(&["sync", "--first-transfer"]);
    let count = contacts(place).len();
    std::fs::rename(place.path("c.pst"), place.path("away.pst")).unwrap();
    let stopped = place.run(&["sync"]);
    assert_eq!(stopped.code, 4, "{stopped:?}");
    let said =
        stopped.stdout.split_whitespace().collect::<Vec<_>>().join(" ").replace("USER", "CSC");
    let named: Vec<_> = said.split('`').filter(|part| part.starts_with("abgleich ")).collect();
    let [create, rebind, fill] = named.as_slice() else { panic!("{said}") };
    let run = |line: &str| place.run(&line.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!(run(create).code, 0);
    assert_eq!(place.run(&["sync"]).code, 3, "it is another file");
    let bound = run(rebind);
    assert_eq!(bound.code, 0, "{bound:?}");
    assert!(bound.stdout.contains(&format!("`{fill}`")), "{bound:?}");
    let (code, waiting) = office.json(&["sync"]);
    assert_eq!(
        (code, &waiting["mailboxes"][0]["stopped"]["code"]),
        (3, &"first-transfer-waiting".into())
    );
    assert_eq!(run(fill).code, 0);
    assert_eq!(contacts(place).len(), count);
    let (code, quiet) = office.json(&["sync"]);
    assert_eq!((code, &quiet["totals"]["created"]), (0, &0.into()));
    assert_eq!(quiet["totals"]["unchanged"], first["totals"]["created"]);
}

/// Rule D7: two scopes stop for one kind, each with its number. The line that is printed is said once, and releases both in one run.
#[test]
fn d7_the_line_that_the_brake_prints_releases_what_it_names() {
    let office = Office::of_one();
    let place = &office.place;
    configured(place, "c.pst", "");
    assert_eq!(place.run(&["sync", "--first-transfer"]).code, 0);
    let path = place.path("c.pst");
    let mut file = Writer::open(&path, &Settings::default(), &|_| Ok(false)).unwrap();
    let mut batch = Batch::begin(&mut file, FileTime(134_000_000_000_000_000)).unwrap();
    for id in contacts(place) {
        let own = id.split('.').nth(1).unwrap();
        batch.delete_item(Nid(u32::from_str_radix(own, 16).unwrap())).unwrap();
    }
    batch.commit().unwrap();
    file.close().unwrap();
    let stopped = place.run(&["sync", "--full"]);
    assert_eq!(stopped.code, 3, "{stopped:?}");
    let said = stopped.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(said.matches("brake-missing").count(), 2, "{said}");
    let lines: Vec<_> = said.split('`').filter(|part| part.starts_with("abgleich sync")).collect();
    let [line] = lines.as_slice() else { panic!("one line: {said}") };
    // 60 records of the sample are Clara's: 40 applicants and 20 business contacts, of whom two wait (tests/cli/runs.rs).
    assert_eq!(line.matches("--allow missing=").count(), 2, "{line}");
    assert!(line.starts_with("abgleich sync --mailbox CSC --full --allow"), "{line}");
    let words: Vec<_> = line.split(' ').skip(1).collect();
    let released = place.run(&words);
    assert_eq!(released.code, 0, "{released:?}");
}

/// What a command prints another one takes: an item by its folder's id and its own, by its own alone, and as the node that it is.
#[test]
fn ids_of_items_are_taken_as_they_are_printed() {
    let office = Office::of_one();
    let place = &office.place;
    configured(place, "c.pst", "");
    assert_eq!(place.run(&["sync", "--first-transfer"]).code, 0);
    let id = contacts(place).remove(0);
    let shown = place.run(&["pst", "show", "c.pst", &id]).stdout;
    let said = shown.lines().find_map(|line| line.strip_prefix("record ")).unwrap();
    let record = said.split_whitespace().next().unwrap();
    let own = id.split('.').nth(1).unwrap();
    for word in [id.clone(), own.to_owned(), format!("0x{own}")] {
        assert_eq!(place.run(&["pst", "show", "c.pst", &word]).stdout, shown, "{word}");
        let parted = place.run(&["unlink", "CSC", record]);
        assert_eq!(parted.code, 0, "{parted:?}");
        let linked = place.run(&["link", "CSC", record, &word]);
        assert_eq!(linked.code, 0, "{word}: {linked:?}");
    }
    let json = place.run(&["pst", "show", "c.pst", &id, "--json"]).stdout;
    let item: serde_json::Value = serde_json::from_str(&json).unwrap();
    let named = (&item["schema"], &item["id"], &item["kind"]);
    assert_eq!(named, (&"abgleich-pst-item/1".into(), &id.into(), &"contact".into()));
    let all = place.run(&["pst", "export", "c.pst", "--format", "json"]).stdout;
    let all: serde_json::Value = serde_json::from_str(&all).unwrap();
    assert_eq!(all["schema"], "abgleich-pst-export/1");
    let mut alone = item.as_object().unwrap().clone();
    alone.remove("schema");
    assert!(all["items"].as_array().unwrap().contains(&alone.into()), "both say the same of it");
}

fn contacts(place: &Place) -> Vec<String> {
    let listed = place.run(&["pst", "ls", "c.pst", "Contacts", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let rows = listed["items"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}
