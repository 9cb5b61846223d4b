//! Readers in other languages, through the scripts in `fixtures/pst/readers`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use serde_json::Value as Json;

use super::{Attachment, Folder, Item, Properties, Reading, Value, by_row, is_search, missing};

/// Reads a file with libpff; `None` where there is no Python that has it.
pub(super) fn libpff(file: &Path) -> Option<Reading> {
    static PYTHON: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let python = env::var_os("ABGLEICH_PYTHON").map_or_else(|| "python3".into(), PathBuf::from);
        let found = works(Command::new(&python).args(["-c", "import pypff"]));
        if !found {
            let python = python.display();
            missing(&format!("libpff; {python} cannot import pypff (ABGLEICH_PYTHON)"));
        }
        found.then_some(python)
    });
    let script = fixture("libpff.py");
    Some(run(Command::new(PYTHON.as_ref()?).arg(script).arg(file)))
}

/// Reads a file with pst-extractor; `None` where there is none.
pub(super) fn extractor(file: &Path) -> Option<Reading> {
    static MODULES: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
        let beside = "target/pst-extractor/node_modules";
        let modules = env::var_os("ABGLEICH_PST_EXTRACTOR")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(beside), PathBuf::from);
        let mut probe = Command::new("node");
        let found =
            works(probe.args(["-e", "require('pst-extractor')"]).env("NODE_PATH", &modules));
        if !found {
            let place = modules.display();
            missing(&format!("pst-extractor; node finds none in {place} (ABGLEICH_PST_EXTRACTOR)"));
        }
        found.then_some(modules)
    });
    let script = fixture("extractor.js");
    Some(run(Command::new("node").arg(script).arg(file).env("NODE_PATH", MODULES.as_ref()?)))
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pst/readers").join(name)
}

fn works(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|end| end.success())
}

fn run(command: &mut Command) -> Reading {
    let output = command.output().expect("the script runs");
    let mut reading = Reading::default();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        take(&mut reading, &serde_json::from_str(line).expect("a line of the script"));
    }
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        reading.errors.push((None, said));
    }
    reading
}

fn take(reading: &mut Reading, line: &Json) {
    let number = |name: &str| line[name].as_u64().and_then(|id| u32::try_from(id).ok());
    if let Some(error) = line["error"].as_str() {
        reading.errors.push((number("item"), error.to_owned()));
        return;
    }
    let folder = number("folder").expect("a folder");
    if is_search(folder) {
        return;
    }
    let Some(item) = number("item") else {
        let path = line["path"].as_array().expect("a path").iter();
        let path = path.map(|name| name.as_str().unwrap_or_default().to_owned()).collect();
        reading.folders.insert(folder, Folder { path, items: line["items"].as_u64() });
        return;
    };
    let attachments = line["attachments"].as_u64();
    let own = properties(&line["properties"]).expect("properties");
    let below = line["below"].as_object().map(|below| below.iter().map(attachment).collect());
    let rows = line["recipients"].as_array().map(|rows| rows.iter().filter_map(properties));
    let recipients = rows.map(by_row);
    reading.items.insert(item, Item { folder, attachments, properties: own, below, recipients });
}

fn attachment((id, found): (&String, &Json)) -> (u32, Attachment) {
    let own = properties(&found[0]).expect("properties");
    let attachment = Attachment { properties: own, message: properties(&found[1]) };
    (id.parse().expect("an id"), attachment)
}

fn properties(all: &Json) -> Option<Properties> {
    let value = |(id, value): (&String, &Json)| {
        let kind = hexadecimal(value[0].as_str().expect("a type"));
        (hexadecimal(id), Value { kind, bytes: value[1].as_str().map(bytes) })
    };
    Some(all.as_object()?.iter().map(value).collect())
}

fn hexadecimal(text: &str) -> u16 {
    u16::from_str_radix(text, 16).expect("a number of 16 bits")
}

fn bytes(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    let pairs = pairs.map(|pair| std::str::from_utf8(pair).expect("hexadecimal digits"));
    pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal digits")).collect()
}
